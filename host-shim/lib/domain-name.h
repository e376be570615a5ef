/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of a domain, which is another one after 'virsh domrename'. */
#pragma once

struct hotslot_domain;

/* A name that a domain has had. What was handed out of it is good as long as the domain. */
struct old_name {
	struct old_name *next;
	char *text;
};

/* It is called NAME now. With the connection's lock held. Without memory it keeps the old one. */
void domain_name_update(struct hotslot_domain *domain, const char *name);

/* Frees the name and those of before. */
void domain_name_done(struct hotslot_domain *domain);
