/*
 * Microcode files: the first byte says how the rest is read (as an archive, as
 * Intel's, as AMD's); what is chosen lies inside and is newer.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include <x86/ucode.h>

static void inside(const struct ucode *u, const uint8_t *p, size_t n)
{
	const uint8_t *data = u->data;

	MUST(data >= p && u->size <= n && (size_t)(data - p) <= n - u->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ucode_cpu cpu = {
		.signature = 0x306a9, .platform = 0x10, .revision = 5,
	};
	struct ucode file = {.size = size ? size - 1 : 0}, best = {.data = NULL};
	uint8_t *exact = malloc(size ? size : 1);
	const char *wrong = NULL;

	file.data = exact;
	if (size)
		memcpy(exact, data + 1, size - 1);
	if (!size || data[0] % 3 == 0) {
		if (!cpio_find(exact, file.size, "kernel/x86/microcode/AuthenticAMD.bin",
			       &best))
			best.data = NULL;
	} else if (data[0] % 3 == 1) {
		wrong = ucode_pick_intel(&file, &cpu, &best);
		MUST(!best.data || (int32_t)best.revision > 5);
	} else {
		wrong = ucode_pick_amd(&file, &cpu, &best);
		MUST(!best.data || best.revision > 5);
	}
	MUST(!wrong || *wrong);
	if (best.data)
		inside(&best, exact, file.size);
	free(exact);
	return 0;
}
