/*
 * cpus = and cpus_soft =: which physical CPUs the vCPUs may, or rather should, run
 * on. A string holds for every vCPU, each part of a list for one vCPU. Names of
 * NUMA nodes are not looked up (this is a pure parser): they are warned about and
 * the key is left out, which only costs speed.
 */
#include "config_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void set_range(struct vm_cpuset *set, unsigned int from, unsigned int to, bool on)
{
	for (unsigned int cpu = from; cpu <= to; cpu++) {
		uint64_t bit = UINT64_C(1) << cpu % 64;

		if (on)
			set->bits[cpu / 64] |= bit;
		else
			set->bits[cpu / 64] &= ~bit;
	}
}

static bool is_empty(const struct vm_cpuset *set)
{
	for (size_t i = 0; i < CONFIG_PCPUS_MAX / 64; i++) {
		if (set->bits[i])
			return false;
	}
	return true;
}

static int cpu_number(const char *text, char **end, unsigned int *cpu)
{
	unsigned long number;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	number = strtoul(text, end, 10);
	if (number >= CONFIG_PCPUS_MAX)
		return -EINVAL;
	*cpu = (unsigned int)number;
	return 0;
}

/* One of "all", "3", "0-3", each with an optional ^ in front. */
static int parse_part(const char *part, struct vm_cpuset *set)
{
	bool on = *part != '^';
	unsigned int from, to;
	char *end;

	if (!on)
		part++;
	if (!strcmp(part, "all")) {
		set_range(set, 0, CONFIG_PCPUS_MAX - 1, on);
		return 0;
	}
	if (cpu_number(part, &end, &from))
		return -EINVAL;
	to = from;
	if (*end == '-' && cpu_number(end + 1, &end, &to))
		return -EINVAL;
	if (*end || to < from)
		return -EINVAL;
	set_range(set, from, to, on);
	return 0;
}

static void parse_set(struct config_parser *p, const char *key,
		      const struct config_value *v, struct vm_cpuset *set)
{
	char *text = config_strdup(p, v->text), *cursor = text, *part, *value;

	if (!text)
		return;
	while ((part = config_spec_next(&cursor, &value))) {
		size_t n = strlen(part);

		while (n && part[n - 1] == ' ')
			part[--n] = '\0';
		if (value || parse_part(part, set)) {
			config_say(p, CONFIG_ERROR, v, "%s: \"%s\" is no set of CPUs below "
				   "%u: write it as \"all\", \"0-3,5\" or \"all,^7\"", key,
				   v->text, CONFIG_PCPUS_MAX);
			free(text);
			return;
		}
	}
	free(text);
	if (is_empty(set))
		config_say(p, CONFIG_ERROR, v, "%s: \"%s\" leaves no CPU to run on", key,
			   v->text);
}

static bool names_nodes(const struct config_value *v)
{
	if (v->type != VALUE_LIST)
		return strstr(v->text, "node") != NULL;
	for (size_t i = 0; i < v->nitems; i++) {
		if (v->items[i].type != VALUE_LIST && strstr(v->items[i].text, "node"))
			return true;
	}
	return false;
}

static size_t vcpu_count(const struct vm_config *cfg)
{
	size_t n = cfg->maxvcpus > cfg->vcpus ? cfg->maxvcpus : cfg->vcpus;

	return n ? n : 1;
}

static void set_affinity(struct config_parser *p, const char *key,
			 const struct config_value *v, struct vm_cpuset **sets, size_t *n)
{
	size_t count = vcpu_count(p->cfg), given = count;

	if (names_nodes(v)) {
		config_say(p, CONFIG_WARNING, v, "%s: NUMA nodes are not known here: "
			   "name CPUs; the guest may run on any of them", key);
		return;
	}
	if (v->type == VALUE_LIST && !v->nitems)
		return;
	*sets = calloc(count, sizeof(**sets));
	if (!*sets) {
		p->nomem = true;
		return;
	}
	if (v->type != VALUE_LIST) {
		parse_set(p, key, v, *sets);
		for (size_t i = 1; i < count; i++)
			(*sets)[i] = (*sets)[0];
	} else {
		given = v->nitems < count ? v->nitems : count;
		if (v->nitems > count)
			config_say(p, CONFIG_WARNING, v, "%s: the list has %zu parts for "
				   "%zu vCPUs: the rest is ignored", key, v->nitems, count);
		for (size_t i = 0; i < given; i++) {
			if (v->items[i].type == VALUE_LIST)
				config_say(p, CONFIG_ERROR, &v->items[i], "%s: each part "
					   "of the list must be a 'set of CPUs'", key);
			else
				parse_set(p, key, &v->items[i], &(*sets)[i]);
		}
	}
	*n = given;
}

void config_set_cpus(struct config_parser *p, const struct config_value *v)
{
	set_affinity(p, "cpus", v, &p->cfg->hard, &p->cfg->nhard);
}

void config_set_cpus_soft(struct config_parser *p, const struct config_value *v)
{
	set_affinity(p, "cpus_soft", v, &p->cfg->soft, &p->cfg->nsoft);
}
