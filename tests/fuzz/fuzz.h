/* What a fuzz target is: one function, called for each input by libFuzzer or replay.c. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
#define MUST(x)                                                              \
	do {                                                                 \
		if (!(x))                                                    \
			__builtin_trap();                                    \
	} while (0)

#endif
