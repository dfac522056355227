/* xl uptime: since when domains run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cmd.h"

/* "3 days,  4:05:06"; without seconds when brief. */
static void format_uptime(uint64_t seconds, bool brief, char *text, size_t size)
{
	uint64_t days = seconds / 86400;
	unsigned int hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;
	char day[40] = "", tail[8] = "";

	if (days)
		snprintf(day, sizeof(day), "%" PRIu64 " day%s, ", days, days > 1 ? "s" : "");
	if (!brief)
		snprintf(tail, sizeof(tail), ":%02u", (unsigned int)(seconds % 60));
	snprintf(text, size, "%s%2u:%02u%s", day, hours, minutes, tail);
}

static int show(struct xl *xl, uint32_t domid, const char *name, bool brief)
{
	struct dom_error err;
	uint64_t seconds;
	char text[64], clock[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (dom_uptime(xl->dom, domid, &seconds, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	format_uptime(seconds, brief, text, sizeof(text));
	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (brief)
		printf(" %s up %s, %s (%u)\n", clock, text, name, domid);
	else
		printf("%-33s %4u %s\n", name, domid, text);
	return XL_OK;
}

static int show_all(struct xl *xl, bool brief)
{
	struct dom_info *list;
	size_t n;
	int status = XL_OK;

	if (xl_domains(xl, &list, &n))
		return XL_FAILED;
	for (size_t i = 0; i < n; i++)
		status |= show(xl, list[i].domid, xl_name(&list[i]), brief);
	free(list);
	return status;
}

static int show_one(struct xl *xl, const char *who, bool brief)
{
	struct dom_error err;
	struct dom_info info;
	uint32_t domid;

	if (xl_find(xl, who, &domid))
		return XL_FAILED;
	if (dom_get(xl->dom, domid, &info, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	return show(xl, domid, xl_name(&info), brief);
}

static int run(struct xl *xl, const struct xl_args *args)
{
	bool brief = args->count['s'];
	int status = XL_OK;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (!brief)
		printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
	if (!args->noperands)
		return show_all(xl, brief);
	for (unsigned int i = 0; i < args->noperands; i++)
		status |= show_one(xl, args->operand[i], brief);
	return status;
}

const struct xl_cmd cmd_uptime = {
	.name = "uptime",
	.usage = "[-s] [DOMAIN …]",
	.summary = "Print uptime for all/some domains",
	.max_operands = 1000,
	.options = {
		{ 's', NULL, NULL, "One line for each, with the time of day, as uptime(1)." },
	},
	.run = run,
};
