/*
 * The compressed kernel inside a bzImage. Pure.
 *
 * Layout: Linux' boot protocol (Documentation/x86/boot.rst), 2.08 or later,
 * which first told where the payload lies.
 */
#include <errno.h>
#include <string.h>

#include "libdom/internal.h"
#include "libdom/kernel.h"

enum {
	SETUP_SECTS = 0x1f1,
	BOOT_FLAG = 0x1fe,	/* 0xaa55 */
	MAGIC = 0x202,		/* "HdrS" */
	VERSION = 0x206,
	PAYLOAD_OFFSET = 0x248, /* from the protected-mode part */
	PAYLOAD_LENGTH = 0x24c,
	HEADER_END = 0x250,
};

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

bool kernel_is_bzimage(const uint8_t *data, size_t size)
{
	return size >= HEADER_END && data[BOOT_FLAG] == 0x55 &&
	       data[BOOT_FLAG + 1] == 0xaa && memcmp(data + MAGIC, "HdrS", 4) == 0;
}

int kernel_find_payload(const uint8_t *data, size_t size, const char *name,
			const uint8_t **payload, size_t *len,
			struct dom_error *err)
{
	unsigned int version, sects;
	uint64_t start, length;

	if (!kernel_is_bzimage(data, size))
		return dom_fail(err, -ENOEXEC,
				"%s: not a usable kernel: neither ELF nor bzImage: use "
				"an ELF or bzImage kernel built for PVH", name);
	version = data[VERSION] | (unsigned int)data[VERSION + 1] << 8;
	if (version < 0x208)
		return dom_fail(err, -ENOEXEC,
				"%s: not a usable kernel: boot protocol %u.%02u is too "
				"old: use a kernel with 2.08 or later (and PVH)",
				name, version >> 8, version & 0xff);
	sects = data[SETUP_SECTS] ? data[SETUP_SECTS] : 4;
	start = (sects + 1) * UINT64_C(512) + le32(data + PAYLOAD_OFFSET);
	length = le32(data + PAYLOAD_LENGTH);
	if (length < 8 || start > size || length > size - start)
		return dom_fail(err, -ENOEXEC,
				"%s: not a usable kernel: bzImage is truncated or its "
				"header is damaged: copy the file again", name);
	*payload = data + start;
	*len = (size_t)length;
	return 0;
}
