/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt has told of a domain since its XML was read. Pure.
 *
 * An event comes some time after what it tells of. That a disk has come which the XML has is no
 * news: had it gone since, and come again, its removal would be told before.
 */
#include "news.h"

#include <string.h>

void news_add(struct news *news, const char *alias)
{
	size_t length = strlen(alias);

	if (news->n_added == NEWS_ADDED_MAX || length >= NEWS_ALIAS_SIZE) {
		news->changed = true;
		return;
	}
	memcpy(news->added[news->n_added++], alias, length + 1);
}

bool news_are_known(const struct news *news, const struct domain_xml *xml)
{
	if (news->changed)
		return false;
	for (size_t i = 0; i < news->n_added; i++)
		if (!domain_xml_disk_by_alias(xml, news->added[i]))
			return false;
	return true;
}
