/* Kernel images: what elf_parse() accepts lies inside the file and can be loaded. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include <hv/elf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image e;
	uint8_t *exact = malloc(size ? size : 1);
	int inside = 0;

	memcpy(exact, data, size);
	if (!elf_parse(exact, size, &e)) {
		MUST(e.seg_nr && e.seg_nr <= ELF_SEGMENTS_MAX && e.start < e.end);
		for (unsigned int i = 0; i < e.seg_nr; i++) {
			const struct elf_segment *s = &e.seg[i];

			MUST(s->filesz <= s->memsz);
			MUST(s->offset <= size && s->filesz <= size - s->offset);
			MUST(s->paddr >= e.start && s->paddr + s->memsz <= e.end);
			inside |= e.entry - s->paddr < s->filesz;
		}
		MUST(inside);
	}
	free(exact);
	return 0;
}
