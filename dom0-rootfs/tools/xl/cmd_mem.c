/* xl mem-set, xl mem-max: a running VM's memory. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "libdom/change.h"

/* "512", "512m", "2g": KiB in *kib; without a letter MiB are meant. */
static int read_memory(const char *text, uint64_t *kib)
{
	static const char units[] = "bkmgt";
	unsigned long long n;
	const char *unit;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	unit = *end ? strchr(units, tolower((unsigned char)*end)) : units + 2;
	if (!isdigit((unsigned char)*text) || errno || !unit || (*end && end[1]) ||
	    n > UINT64_MAX >> 32) {
		xl_error("\"%s\" is no amount of memory: write a number of MiB, or one "
			 "with t, g, m, k or b behind it", text);
		return XL_USAGE;
	}
	*kib = unit == units ? n >> 10 : n << 10 * (unit - units - 1);
	return XL_OK;
}

static int change(struct xl *xl, const struct xl_args *args,
		  int (*fn)(struct dom *, uint32_t, uint64_t, struct dom_error *))
{
	struct dom_error err;
	uint32_t domid;
	uint64_t kib;
	int status = read_memory(args->operand[1], &kib);

	if (status)
		return status;
	if (xl_find(xl, args->operand[0], &domid))
		return XL_FAILED;
	if (!fn(xl->dom, domid, kib, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

static int run_set(struct xl *xl, const struct xl_args *args)
{
	return change(xl, args, dom_mem_set);
}

static int run_max(struct xl *xl, const struct xl_args *args)
{
	return change(xl, args, dom_mem_max);
}

const struct xl_cmd cmd_mem_set = {
	.name = "mem-set",
	.usage = "DOMAIN MEMORY['b'[bytes]|'k'[KiB]|'m'[MiB]|'g'[GiB]|'t'[TiB]]",
	.summary = "Set the current memory usage for a domain",
	.min_operands = 2,
	.max_operands = 2,
	.run = run_set,
};

const struct xl_cmd cmd_mem_max = {
	.name = "mem-max",
	.usage = "DOMAIN MEMORY['b'[bytes]|'k'[KiB]|'m'[MiB]|'g'[GiB]|'t'[TiB]]",
	.summary = "Set the maximum amount of memory for a domain",
	.min_operands = 2,
	.max_operands = 2,
	.run = run_max,
};
