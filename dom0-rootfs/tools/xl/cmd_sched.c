/* xl sched-credit2: shares of the CPUs, shown and set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "libdom/change.h"

static void print_head(void)
{
	printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
}

static int print_one(struct xl *xl, const struct dom_info *info)
{
	unsigned int weight, cap;
	struct dom_error err;

	if (dom_sched(xl->dom, info->domid, &weight, &cap, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	printf("%-33s %4u %6u %4u\n", xl_name(info), info->domid, weight, cap);
	return XL_OK;
}

static int show_all(struct xl *xl)
{
	struct dom_info *list;
	int status = XL_OK;
	size_t n;

	if (xl_domains(xl, &list, &n))
		return XL_FAILED;
	puts("Cpupool Pool-0:");
	print_head();
	for (size_t i = 0; i < n; i++)
		status |= print_one(xl, &list[i]);
	free(list);
	return status;
}

/* Option's value as a number, -1 when it was not given. */
static int read_option(const struct xl_args *args, unsigned char letter, int *out)
{
	const char *text = args->value[letter];

	*out = -1;
	if (!text)
		return XL_OK;
	if (!*text || strlen(text) > 7 || text[strspn(text, "0123456789")]) {
		xl_error("-%c: \"%s\" is not a number", letter, text);
		return XL_USAGE;
	}
	*out = atoi(text);
	return XL_OK;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;
	struct dom_info info;
	int weight, cap, status = read_option(args, 'w', &weight);
	uint32_t domid;

	if (!status)
		status = read_option(args, 'c', &cap);
	if (status)
		return status;
	if (!args->value['d']) {
		if (weight < 0 && cap < 0)
			return show_all(xl);
		xl_error("sched-credit2: -w and -c need a domain: name it with -d");
		return XL_USAGE;
	}
	if (xl_find(xl, args->value['d'], &domid))
		return XL_FAILED;
	if (weight < 0 && cap < 0 && !dom_get(xl->dom, domid, &info, &err)) {
		print_head();
		return print_one(xl, &info);
	}
	if (!dom_sched_set(xl->dom, domid, weight, cap, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

const struct xl_cmd cmd_sched_credit2 = {
	.name = "sched-credit2",
	.usage = "[-d DOMAIN [-w WEIGHT] [-c CAP]]",
	.summary = "Get/set credit2 scheduler parameters",
	.options = {
		{ 'd', "domain", "DOMAIN", "Domain to show or change." },
		{ 'w', "weight", "WEIGHT", "Its share, from 1 to 65535 (256 is usual)." },
		{ 'c', "cap", "CAP", "Its limit in percent of one CPU; 0: none." },
	},
	.run = run,
};
