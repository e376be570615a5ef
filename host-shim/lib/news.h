/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt has told of a domain since its XML was read: whether that is still what it says.
 * Pure. */
#pragma once

#include "domain-xml.h"

/* The disk that was attached last is told of when its XML has been read, and so may be some of
 * several that were attached together. */
#define NEWS_ADDED_MAX 8

/* Longer than those that we give. */
#define NEWS_ALIAS_SIZE 64

struct news {
	bool changed; /* something else, or more than there is room for */
	size_t n_added;
	char added[NEWS_ADDED_MAX][NEWS_ALIAS_SIZE];
};

/* A device has come. */
void news_add(struct news *news, const char *alias);

/* Whether XML, which was read since the news begin, has all that they tell of. */
bool news_are_known(const struct news *news, const struct domain_xml *xml);
