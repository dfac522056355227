/*
 * The decoder of instructions on device registers: no input makes it read past its
 * bytes, and what it says about an instruction can be carried out.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#include <x86/decode.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int widths[] = {2, 4, 8};
	struct mmio_insn in;
	uint64_t flags = 0x202, r;
	uint8_t *exact;
	size_t n;

	if (size < 1)
		return 0;
	n = size - 1;
	exact = malloc(n ? n : 1);	/* so that one byte too far is seen */
	memcpy(exact, data + 1, n);
	if (!mmio_decode(exact, (unsigned int)n, widths[data[0] % 3], &in)) {
		MUST(in.length >= 1 && in.length <= INSN_MAX && in.length <= n);
		MUST(in.size == 1 || in.size == 2 || in.size == 4 || in.size == 8);
		MUST(in.reg_size >= in.size || !in.sign_extend);
		MUST(in.reg < 16 && in.op <= MMIO_XCHG);
		MUST(!in.high_byte || (in.reg < 4 && in.reg_size == 1));
		r = mmio_compute(in.op, in.imm, data[0] * 0x0123456789abcdefull, in.size,
				 &flags);
		MUST(in.size == 8 || !(r >> (8 * in.size)));
		MUST((flags & ~0x8d5ull) == 0x202);	/* only arithmetic flags change */
	}
	free(exact);
	return 0;
}
