/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt knows of a volume of a storage pool. */
#include "image-volume.h"

#include "xml.h"

static char *read_format(const char *text)
{
	_cleanup_xml_ xmlDoc *document = xml_read(text);
	xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;

	return xml_attribute(xml_child(xml_child(root, "target"), "format"), "type");
}

static virStorageVolPtr find_volume(struct hotslot *hotslot, const struct source *source)
{
	_cleanup_connection_ virConnectPtr connection = connection_get(hotslot);
	virStoragePoolPtr pool = virStoragePoolLookupByName(connection, source->pool);
	virStorageVolPtr volume = pool ? virStorageVolLookupByName(pool, source->name) : NULL;

	if (pool)
		virStoragePoolFree(pool);
	return volume;
}

char *image_volume_format(struct hotslot *hotslot, const struct source *source)
{
	virStorageVolPtr volume = find_volume(hotslot, source);
	_cleanup_free_ char *text = volume ? virStorageVolGetXMLDesc(volume, 0) : NULL;

	if (volume)
		virStorageVolFree(volume);
	return text ? read_format(text) : NULL;
}

char *image_volume_path(struct hotslot *hotslot, const struct source *source)
{
	virStorageVolPtr volume = find_volume(hotslot, source);
	char *path = volume ? virStorageVolGetPath(volume) : NULL;

	if (volume)
		virStorageVolFree(volume);
	return path;
}
