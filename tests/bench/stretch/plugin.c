/*
 * A plugin for QEMU's translator (its plugin interface, version 1): measures for
 * how many instructions the hypervisor goes on without a look at what is due.
 *
 * Interrupts are on only at an STI (in the window of the CPU's loop, in its
 * sleep, and before VMRUN), and a long operation looks up at the function named
 * by "look="; from one of those to the next is a stretch. It counts what is
 * executed between "start=" and "end=", per CPU, from the first VMRUN on: boot is
 * not meant. A repeated string instruction counts once a round.
 *
 * For each way into the code (the first functions called, of those in the file
 * "entries=": an address a line) the longest stretch is kept and written to
 * "out=".<pid>, with what was executed every 1000 instructions of it, so that a
 * symbolizer can tell where it went. QEMU's own header is in no Debian package:
 * what is used of it is declared here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;

extern void qemu_plugin_register_vcpu_tb_trans_cb(
	uint64_t id, void (*fn)(uint64_t id, struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_tb_exec_cb(
	struct qemu_plugin_tb *tb, void (*fn)(unsigned int cpu, void *data),
	int flags, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
							size_t i);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_atexit_cb(uint64_t id, void (*fn)(uint64_t id, void *data),
					   void *data);

#define EXPORT	__attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

#define CPUS	64
#define WAY	12	/* functions that tell one way from another */
#define SAMPLES	64
#define EVERY	1000	/* instructions from sample to sample */
#define KEPT	64
#define ENTRIES	8192

struct stretch {
	uint64_t length;
	unsigned int nr_way, nr_samples;
	uint64_t way[WAY], sample[SAMPLES];
};

/* What is to be done when a translated block runs. */
struct block {
	uint64_t at;
	unsigned int insns;
	bool look, entry, vmrun;
};

static struct stretch now[CPUS], kept[KEPT];
static unsigned int nr_kept;
static bool running;	/* a guest ran */
static uint64_t start, end, look, entries[ENTRIES];
static unsigned int nr_entries;
static char out[512];

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The longest of each way stays; the table is larger than there are ways. */
static void keep(const struct stretch *s)
{
	unsigned int i;

	for (i = 0; i < nr_kept; i++)
		if (kept[i].nr_way == s->nr_way &&
		    !memcmp(kept[i].way, s->way, s->nr_way * sizeof(s->way[0])))
			break;
	if (i == KEPT) {
		i = 0;
		for (unsigned int j = 1; j < KEPT; j++)
			if (kept[j].length < kept[i].length)
				i = j;
	} else if (i == nr_kept) {
		kept[nr_kept++].length = 0;
	}
	if (s->length > kept[i].length)
		kept[i] = *s;
}

static void block_runs(unsigned int cpu, void *data)
{
	const struct block *b = data;
	struct stretch *s = &now[cpu % CPUS];

	if (b->look) {
		if (running && s->length > 2 * EVERY)
			keep(s);
		memset(s, 0, offsetof(struct stretch, way));
	}
	running |= b->vmrun;
	if (b->entry && s->nr_way < WAY)
		s->way[s->nr_way++] = b->at;
	if (s->length / EVERY != (s->length + b->insns) / EVERY && s->nr_samples < SAMPLES)
		s->sample[s->nr_samples++] = b->at;
	s->length += b->insns;
}

static void block_translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t at = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
	struct block *b;

	(void)id;
	if (at < start || at >= end)
		return;
	b = calloc(1, sizeof(*b));	/* lives as long as the block may */
	if (!b)
		return;
	b->at = at;
	b->insns = (unsigned int)qemu_plugin_tb_n_insns(tb);
	b->look = at == look;
	b->entry = bsearch(&at, entries, nr_entries, sizeof(at), by_address);
	for (size_t i = 0; i < b->insns; i++) {
		const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *op = qemu_plugin_insn_data(insn);

		if (op[0] == 0xfb)	/* STI */
			b->look = true;
		if (qemu_plugin_insn_size(insn) == 3 && !memcmp(op, "\x0f\x01\xd8", 3))
			b->vmrun = true;
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, 0, b);
}

static void write_out(uint64_t id, void *data)
{
	FILE *f = fopen(out, "w");

	(void)id;
	(void)data;
	for (unsigned int i = 0; f && i < nr_kept; i++) {
		fprintf(f, "%lu", (unsigned long)kept[i].length);
		for (unsigned int j = 0; j < kept[i].nr_way; j++)
			fprintf(f, " %lx", (unsigned long)kept[i].way[j]);
		fprintf(f, " :");
		for (unsigned int j = 0; j < kept[i].nr_samples; j++)
			fprintf(f, " %lx", (unsigned long)kept[i].sample[j]);
		fprintf(f, "\n");
	}
	if (f)
		fclose(f);
}

static void read_entries(const char *name)
{
	FILE *f = fopen(name, "r");
	unsigned long at;

	while (f && nr_entries < ENTRIES && fscanf(f, "%lx", &at) == 1)
		entries[nr_entries++] = at;
	if (f)
		fclose(f);
	qsort(entries, nr_entries, sizeof(entries[0]), by_address);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		const char *value = strchr(argv[i], '=');

		if (!value++)
			return 1;
		if (!strncmp(argv[i], "start=", 6))
			start = strtoull(value, NULL, 16);
		else if (!strncmp(argv[i], "end=", 4))
			end = strtoull(value, NULL, 16);
		else if (!strncmp(argv[i], "look=", 5))
			look = strtoull(value, NULL, 16);
		else if (!strncmp(argv[i], "entries=", 8))
			read_entries(value);
		else if (!strncmp(argv[i], "out=", 4))
			snprintf(out, sizeof(out), "%s.%d", value, (int)getpid());
		else
			return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	qemu_plugin_register_atexit_cb(id, write_out, NULL);
	return 0;
}
