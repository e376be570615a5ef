/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a device of a domain is on PCI: the functions on the way to it, in the XML and as its guest
 * names them. Pure. */
#include "pci-path.h"

#include <string.h>

/* The limits of PCI's own addresses. */
#define BUS_MAX 0xff
#define SLOT_NUMBER_MAX 0x1f
#define FUNCTION_MAX 7
#define DOMAIN_MAX 0xffff

/* "0000:02:00.0" */
#define GUEST_STEP_LENGTH 12

struct address {
	unsigned domain, bus, slot, function;
};

static bool is_hex(const char *s, size_t length)
{
	return strspn(s, "0123456789abcdefABCDEF") >= length;
}

/* libvirt writes 0x1f, and takes decimal numbers, too. */
static int parse_part(xmlNode *node, const char *name, unsigned max, unsigned *ret)
{
	_cleanup_free_ char *text = xml_attribute(node, name);
	bool hex = text && strncmp(text, "0x", 2) == 0;
	uint64_t value = 0;

	if (hex) {
		size_t length = strlen(text + 2);

		/* Eight digits fit in any long. */
		if (length < 1 || length > 8 || !is_hex(text + 2, length))
			return -EBADMSG;
		value = strtoul(text + 2, NULL, 16);
	} else if (text && parse_u64(text, max, &value) < 0) {
		return -EBADMSG;
	}
	if (value > max)
		return -EBADMSG;
	*ret = (unsigned)value;
	return 0;
}

/* Returns 1, or 0 if the device has no PCI address. */
static int parse_address(xmlNode *device, struct address *ret)
{
	xmlNode *address = xml_child(device, "address");

	if (!address || !xml_attribute_is(address, "type", "pci"))
		return 0;
	if (parse_part(address, "domain", DOMAIN_MAX, &ret->domain) < 0 ||
		parse_part(address, "bus", BUS_MAX, &ret->bus) < 0 ||
		parse_part(address, "slot", SLOT_NUMBER_MAX, &ret->slot) < 0 ||
		parse_part(address, "function", FUNCTION_MAX, &ret->function) < 0)
		return -EBADMSG;
	return 1;
}

/* The controller that makes a bus; NULL if there is none. */
static xmlNode *find_controller(xmlNode *devices, unsigned bus)
{
	for (xmlNode *node = devices->children; node; node = node->next) {
		unsigned index;

		if (xml_is(node, "controller") && xml_attribute_is(node, "type", "pci") &&
			xml_number(node, "index", &index) == 0 && index == bus)
			return node;
	}
	return NULL;
}

/* The same, NULL if it is a root: pSeries has several, too. */
static xmlNode *find_bridge(xmlNode *devices, unsigned bus)
{
	static const char *const roots[] = { "pci-root", "pcie-root", "pci-expander-bus",
		"pcie-expander-bus" };
	xmlNode *node = find_controller(devices, bus);

	for (size_t i = 0; node && i < ARRAY_SIZE(roots); i++)
		if (xml_attribute_is(node, "model", roots[i]))
			return NULL;
	return node;
}

static int add_step(struct pci_path *path, unsigned slot, unsigned function)
{
	if (path->length == PCI_PATH_MAX)
		return -E2BIG;
	path->steps[path->length].slot = slot;
	path->steps[path->length++].function = function;
	return 0;
}

/* BUS is a root or there is no bridge to it. Returns 1 if it is an expander whose number is known:
 * the firmware leaves that as it is. */
static int end_at_expander(xmlNode *devices, unsigned bus, struct pci_path *path)
{
	xmlNode *node = find_controller(devices, bus);
	bool pcie = node && xml_attribute_is(node, "model", "pcie-expander-bus");

	if (!pcie && (!node || !xml_attribute_is(node, "model", "pci-expander-bus")))
		return 0;
	if (parse_part(xml_child(node, "target"), "busNr", BUS_MAX, &path->root) < 0)
		return -EBADMSG;
	/* QEMU puts a bridge of its own on a conventional one: hw/pci-bridge/pci_expander_bridge.c
	 */
	return path->root > 0 && (pcie || add_step(path, 0, 0) == 0);
}

static void reverse(struct pci_path *path)
{
	for (size_t i = 0; i < path->length / 2; i++) {
		size_t k = path->length - 1 - i;
		__typeof__(path->steps[0]) step = path->steps[i];

		path->steps[i] = path->steps[k];
		path->steps[k] = step;
	}
}

int pci_path_parse(xmlNode *devices, xmlNode *device, struct pci_path *ret)
{
	struct pci_path path = {};
	struct address address = {};
	int r;

	*ret = (struct pci_path){};
	do {
		r = parse_address(device, &address);
		if (r < 0)
			return r;
		if (r == 0 || address.domain != 0 ||
			add_step(&path, address.slot, address.function) < 0)
			return 0;
		if (address.bus > 0)
			device = find_bridge(devices, address.bus);
	} while (device && address.bus > 0);
	r = device ? 1 : end_at_expander(devices, address.bus, &path);
	if (r <= 0)
		return r;
	reverse(&path);
	*ret = path;
	return 0;
}

static int compare_numbers(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

int pci_path_compare(const struct pci_path *a, const struct pci_path *b)
{
	if (a->length == 0 || b->length == 0)
		return (a->length == 0) - (b->length == 0);
	if (a->root != b->root)
		return compare_numbers(a->root, b->root);
	for (size_t i = 0; i < a->length && i < b->length; i++) {
		int r = compare_numbers(a->steps[i].slot, b->steps[i].slot);

		if (r == 0)
			r = compare_numbers(a->steps[i].function, b->steps[i].function);
		if (r != 0)
			return r;
	}
	return compare_numbers(a->length, b->length);
}

/* "DDDD:BB:SS.F" */
static bool parse_guest_step(const char *text, struct address *ret)
{
	if (strnlen(text, GUEST_STEP_LENGTH) < GUEST_STEP_LENGTH || !is_hex(text, 4) ||
		text[4] != ':' || !is_hex(text + 5, 2) || text[7] != ':' || !is_hex(text + 8, 2) ||
		text[10] != '.' || !is_hex(text + 11, 1))
		return false;
	*ret = (struct address){
		.domain = (unsigned)strtoul(text, NULL, 16),
		.bus = (unsigned)strtoul(text + 5, NULL, 16),
		.slot = (unsigned)strtoul(text + 8, NULL, 16),
		.function = (unsigned)strtoul(text + 11, NULL, 16),
	};
	return true;
}

bool pci_path_is(const struct pci_path *path, const char *guest)
{
	for (size_t i = 0; i < path->length; i++, guest += GUEST_STEP_LENGTH) {
		struct address step;

		if (i > 0 && *guest++ != '/')
			return false;
		if (!parse_guest_step(guest, &step) || step.domain != 0 ||
			(i == 0 && step.bus != path->root) || step.slot != path->steps[i].slot ||
			step.function != path->steps[i].function)
			return false;
	}
	return path->length > 0 && *guest == '\0';
}

void pci_path_format(const struct pci_path *path, char ret[PCI_PATH_TEXT_SIZE])
{
	size_t length = 0;

	*ret = '\0';
	if (path->root > 0)
		length = (size_t)snprintf(ret, PCI_PATH_TEXT_SIZE, "%02x:", path->root & BUS_MAX);
	for (size_t i = 0; i < path->length; i++)
		length += (size_t)snprintf(ret + length, PCI_PATH_TEXT_SIZE - length, "%s%02x.%x",
			i > 0 ? "/" : "", path->steps[i].slot & SLOT_NUMBER_MAX,
			path->steps[i].function & FUNCTION_MAX);
}
