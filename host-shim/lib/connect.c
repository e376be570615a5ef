/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting to the agent for its own sake: what does it say of itself? */
#include "error.h"
#include "options.h"
#include "session.h"

int hotslot_domain_connect(struct hotslot_domain *domain, unsigned timeout_ms,
	struct hotslot_agent_info *ret_info, struct hotslot_error *error)
{
	_cleanup_domain_xml_ struct domain_xml *xml = NULL;
	struct hotslot_error ignored;
	_cleanup_call_ struct hotslot_domain *call = NULL;
	int r;

	error = error_begin(error, &ignored);
	r = domain_begin(domain, timeout_ms, &call, error);
	if (r == 0)
		r = session_open(
			domain, deadline_after(timeout_ms, TIMEOUT_DEFAULT_MS), &xml, error);
	if (r < 0)
		return r;
	if (ret_info) {
		const struct hotslot_agent_info *info = session_info(domain);
		size_t size = ret_info->size < info->size ? ret_info->size : info->size;

		memcpy(ret_info, info, size);
		ret_info->size = size;
	}
	return 0;
}
