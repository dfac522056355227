/*
 * The configuration parser: golden pairs (what is said about a file and what comes
 * out of it), the round trip through config_write(), device numbers, overrides, and
 * that no mutation of a good file breaks it. Runs from the top of the tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdom/config.h"
#include "libdom/config_near.h"

#define GOLDEN "tests/golden/config"

static const char *const level_names[] = { "error", "warning", "note" };

static void report_to_file(void *ctx, enum config_level level, const char *text)
{
	fprintf(ctx, "%s: %s\n", level_names[level], text);
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(text);
	*len = f ? fread(text, 1, (1 << 20) - 1, f) : 0;
	if (f)
		fclose(f);
	return text;
}

/* Messages, then the configuration; what `xl create -n` lets one see. */
static char *dump(const char *file, const char *text, size_t len,
		  const char *const *extra, size_t nextra)
{
	struct config_input in = {
		.file = file,
		.text = text,
		.len = len,
		.extra = extra,
		.nextra = nextra,
		.report = report_to_file,
	};
	struct vm_config cfg;
	char *out = NULL;
	size_t size;
	int err;

	in.ctx = open_memstream(&out, &size);
	assert_non_null(in.ctx);
	err = config_parse(&in, &cfg);
	if (!err) {
		assert_int_equal(config_write(&cfg, in.ctx), 0);
		config_free(&cfg);
	} else {
		assert_int_equal(err, -EINVAL);
		assert_null(cfg.name);
	}
	fclose(in.ctx);
	return out;
}

/* What config_write() makes of the text, or NULL when it is refused. */
static char *rewrite(const char *text, size_t len)
{
	struct config_input in = { .file = "rewrite", .text = text, .len = len };
	struct vm_config cfg;
	char *out = NULL;
	size_t size;
	FILE *f;

	if (config_parse(&in, &cfg))
		return NULL;
	f = open_memstream(&out, &size);
	assert_non_null(f);
	assert_int_equal(config_write(&cfg, f), 0);
	fclose(f);
	config_free(&cfg);
	return out;
}

/* Reading what was written gives the same text again. */
static void check_round_trip(const char *text, size_t len)
{
	char *once = rewrite(text, len), *twice;

	if (!once)
		return;
	twice = rewrite(once, strlen(once));
	assert_non_null(twice);
	assert_string_equal(once, twice);
	free(once);
	free(twice);
}

static void golden_pair(const char *name)
{
	char path[512], expect[512], *text, *want, *got;
	size_t len, unused;
	FILE *f;

	snprintf(path, sizeof(path), GOLDEN "/%s", name);
	snprintf(expect, sizeof(expect), GOLDEN "/%.*s.expect", (int)strlen(name) - 4, name);
	text = read_file(path, &len);
	got = dump(name, text, len, NULL, 0);
	check_round_trip(text, len);
	if (getenv("GOLDEN_UPDATE")) {
		f = fopen(expect, "w");
		assert_non_null(f);
		fputs(got, f);
		fclose(f);
	}
	want = read_file(expect, &unused);
	assert_string_equal(got, want);
	free(text);
	free(want);
	free(got);
}

static int is_cfg(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 4 && !strcmp(e->d_name + n - 4, ".cfg");
}

static void test_golden(void **state)
{
	struct dirent **list;
	int n = scandir(GOLDEN, &list, is_cfg, alphasort);

	(void)state;
	assert_true(n > 10);
	for (int i = 0; i < n; i++) {
		golden_pair(list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

static void test_vdev_numbers(void **state)
{
	static const struct {
		const char *vdev;
		uint32_t devid;
	} good[] = {
		{ "xvda", 51712 }, { "xvda1", 51713 }, { "xvdb", 51728 },
		{ "xvdp15", 51967 }, { "xvdq", 1u << 28 | 16 << 8 },
		{ "xvda16", 1u << 28 | 16 }, { "xvdz", 1u << 28 | 25 << 8 },
		{ "xvdaa", 1u << 28 | 26 << 8 }, { "sda", 2048 }, { "sda1", 2049 },
		{ "sdb", 2064 }, { "hda", 768 }, { "hdb", 832 }, { "hdc", 5632 },
		{ "hdc1", 5633 }, { "d0", 51712 }, { "d0p1", 51713 },
		{ "d536p37", 1u << 28 | 536 << 8 | 37 }, { "51712", 51712 },
		{ "0xca10", 51728 },
	};
	static const char *const bad[] = {
		"", "xvd", "xvda0", "xvda01", "xvda256", "xvda1x", "sdq", "sda16",
		"hde", "d", "dp1", "d1p", "d00", "vda", "xvdA", "1", "-5", "99999999999",
	};
	uint32_t devid;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(config_vdev_number(good[i].vdev, &devid), 0);
		assert_int_equal(devid, good[i].devid);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(config_vdev_number(bad[i], &devid), -EINVAL);
}

static void check_overrides(const char *const *extra, size_t n, const char *find)
{
	static const char base[] = "name='a'\nmemory=64\nkernel='/k'\n";
	char *got = dump("f", base, strlen(base), extra, n);

	if (!strstr(got, find))
		fail_msg("no \"%s\" in:\n%s", find, got);
	free(got);
}

static void test_overrides(void **state)
{
	static const struct {
		const char *extra, *find;
	} cases[] = {
		{ "name=\"b\"", "name = \"b\"\n" },
		{ "name=b", "name = \"b\"\n" },
		{ "memory=128", "memory = 128\n" },
		{ "vcpus=2; memory=0x50", "memory = 80\n" },
		{ "kernel=/boot/vmlinuz-6.1", "kernel = \"/boot/vmlinuz-6.1\"\n" },
		{ "extra=root=/dev/xvda ro", "cmdline = \"root=/dev/xvda ro\"\n" },
		{ "disk=['/d,,xvda']", "target=/d" },
		{ "foo", "error: command line: foo: no = follows" },
		{ "memory=lots", "error: command line: memory: \"lots\" is not a number" },
		{ "=5", "error: command line: a line must be KEY = VALUE" },
		{ "name=", "error: command line: name: no value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_overrides(&cases[i].extra, 1, cases[i].find);
}

static void test_near(void **state)
{
	static const char *const words[] = { "memory", "maxmem", "vcpus", "vif" };

	(void)state;
	assert_int_equal(near_distance("memory", "memroy"), 1);
	assert_int_equal(near_distance("", "abc"), 3);
	assert_string_equal(near_word("memroy", words, 4, sizeof(*words)), "memory");
	assert_string_equal(near_word("vcpu", words, 4, sizeof(*words)), "vcpus");
	assert_string_equal(near_word("vlf", words, 4, sizeof(*words)), "vif");
	assert_null(near_word("x", words, 4, sizeof(*words)));
	assert_null(near_word("hostname", words, 4, sizeof(*words)));
}

static void test_name_problem(void **state)
{
	char longest[CONFIG_NAME_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_non_null(config_name_problem(longest));
	longest[CONFIG_NAME_MAX] = '\0';
	assert_null(config_name_problem(longest));
	assert_null(config_name_problem("web-1.example"));
	assert_non_null(config_name_problem("Domain-0"));
	assert_non_null(config_name_problem("17"));
	assert_non_null(config_name_problem(""));
	assert_non_null(config_name_problem("../x"));
	assert_non_null(config_name_problem("a\nb"));
}

static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* One to eight bytes changed, dropped, doubled or swapped for a telling one. */
static size_t mutate(char *text, size_t len, uint64_t *seed)
{
	static const char telling[] = "[]'\"=,;#\n\\\0^-: x9";
	unsigned int edits = 1 + (unsigned int)(next_random(seed) % 8);

	for (; edits && len > 1; edits--) {
		size_t at = next_random(seed) % len;
		uint64_t what = next_random(seed) % 4;

		if (what == 0) {
			text[at] = telling[next_random(seed) % (sizeof(telling) - 1)];
		} else if (what == 1) {
			text[at] = (char)next_random(seed);
		} else if (what == 2) {
			memmove(text + at, text + at + 1, len - at - 1);
			len--;
		} else {
			len = at ? at : len;
		}
	}
	return len;
}

static void count_report(void *ctx, enum config_level level, const char *text)
{
	unsigned int *errors = ctx;

	assert_null(strchr(text, '\n'));
	*errors += level == CONFIG_ERROR;
}

static void mutate_file(const char *name, uint64_t seed)
{
	char path[512], *text, *copy;
	size_t len;

	snprintf(path, sizeof(path), GOLDEN "/%s", name);
	text = read_file(path, &len);
	for (int i = 0; i < 300; i++) {
		unsigned int errors = 0;
		struct config_input in = {
			.file = "m", .report = count_report, .ctx = &errors,
		};
		struct vm_config cfg;

		/* an exact allocation, so that one byte too far is seen */
		copy = malloc(len + 1);
		assert_non_null(copy);
		memcpy(copy, text, len);
		in.len = mutate(copy, len, &seed);
		copy = realloc(copy, in.len + 1);
		copy[in.len] = '\'';
		in.text = copy;
		if (config_parse(&in, &cfg)) {
			assert_true(errors > 0);
		} else {
			assert_int_equal(errors, 0);
			assert_non_null(cfg.kernel);
			assert_true(cfg.vcpus >= 1 && cfg.vcpus <= cfg.maxvcpus);
			assert_true(cfg.memory_mib <= cfg.maxmem_mib);
			config_free(&cfg);
			check_round_trip(in.text, in.len);
		}
		free(copy);
	}
	free(text);
}

static void test_mutations(void **state)
{
	struct dirent **list;
	int n = scandir(GOLDEN, &list, is_cfg, alphasort);

	(void)state;
	for (int i = 0; i < n; i++) {
		mutate_file(list[i]->d_name, 88172645463325252u + (uint64_t)i);
		free(list[i]);
	}
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_vdev_numbers),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_name_problem),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
