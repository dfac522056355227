/* The create wizard's model: checks of what is typed, and the configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/vm_form.h"

static struct vm_form form;
static char problem[256];

static int begin(void **state)
{
	(void)state;
	vm_form_defaults(&form);
	strcpy(form.name, "web1");
	problem[0] = '\0';
	return 0;
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: refused */
	} cases[] = {
		{ "20", 20ull << 30 }, { "512M", 512ull << 20 }, { "512m", 512ull << 20 },
		{ "1.5T", 1536ull << 30 }, { "8k", 8192 }, { "", 0 }, { "-1", 0 },
		{ "20 G", 0 }, { "20GB", 0 }, { "1e9", 0 }, { "x", 0 }, { ".5", 0 },
		{ "99999999T", 0 }, { "0x10", 0 },
	};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bytes = 0;
		assert_int_equal(vm_size(cases[i].text, &bytes), cases[i].bytes ? 0 : -EINVAL);
		assert_true(bytes == cases[i].bytes);
	}
	assert_int_equal(vm_size("0", &bytes), 0);
	assert_true(bytes == 0);
}

static void single_values(void **state)
{
	char buf[80];

	(void)state;
	assert_null(vm_check_count("1", 1, 128, buf));
	assert_string_equal(vm_check_count("0", 1, 128, buf), "a number from 1 to 128");
	assert_non_null(vm_check_count("129", 1, 128, buf));
	assert_non_null(vm_check_count("", 0, 128, buf));
	assert_non_null(vm_check_count("1 ", 1, 128, buf));
	assert_non_null(vm_check_count("99999999999", 1, 128, buf));
	assert_null(vm_check_path("/a b,c", buf));
	assert_non_null(vm_check_path("a", buf));
	assert_non_null(vm_check_path("", buf));
	assert_non_null(vm_check_path("/a\"b", buf));
	assert_non_null(vm_check_path("/a\nb", buf));
}

static void volume_names(void **state)
{
	char name[41];

	(void)state;
	vm_volume_name("web1", 0, name);
	assert_string_equal(name, "web1");
	vm_volume_name("web1", 1, name);
	assert_string_equal(name, "web1-2");
	vm_volume_name("_my vm.x\xc3\xa9", 0, name);
	assert_string_equal(name, "my-vm-x--");
	vm_volume_name("...", 0, name);
	assert_string_equal(name, "vm");
	vm_volume_name("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee", 998, name);
	assert_string_equal(name, "aaaaaaaaaabbbbbbbbbbccccccccccdddd-999");
}

static void from_its_disk(void **state)
{
	struct vm_config cfg;

	(void)state;
	strcpy(form.vcpus, "2");
	assert_int_equal(vm_form_config(&form, "/dev/data/web1", &cfg, problem, 256), 0);
	assert_true(cfg.from_disk);
	assert_int_equal(cfg.vcpus, 2);
	assert_int_equal(cfg.memory_mib, 1024);
	assert_int_equal(cfg.ndisks, 1);
	assert_string_equal(cfg.disks[0].target, "/dev/data/web1");
	assert_false(cfg.disks[0].readonly);
	assert_string_equal(cfg.vifs[0].bridge, "xenbr0");
	config_free(&cfg);
}

/* Names and paths may have characters that mean something in the file. */
static void odd_characters_are_kept(void **state)
{
	struct vm_config cfg;

	(void)state;
	strcpy(form.name, "a \"b\" \\ c");
	form.bridge[0] = '\0';
	assert_int_equal(vm_form_config(&form, "/my disks/a=b.img", &cfg, problem, 256), 0);
	assert_string_equal(cfg.name, "a \"b\" \\ c");
	assert_string_equal(cfg.disks[0].target, "/my disks/a=b.img");
	assert_int_equal(cfg.nvifs, 0);
	config_free(&cfg);
}

static void medium_comes_second(void **state)
{
	struct vm_config cfg;

	(void)state;
	form.source = VM_FROM_ISO;
	strcpy(form.path, "/iso/debian.iso");
	assert_true(vm_makes_disk(&form));
	assert_int_equal(vm_form_config(&form, "/dev/data/web1", &cfg, problem, 256), 0);
	assert_int_equal(cfg.ndisks, 2);
	assert_string_equal(cfg.disks[0].vdev, "xvda");
	assert_string_equal(cfg.disks[1].target, "/iso/debian.iso");
	assert_true(cfg.disks[1].cdrom && cfg.disks[1].readonly);
	config_free(&cfg);
}

static void kernel_with_and_without_disk(void **state)
{
	struct vm_config cfg;

	(void)state;
	form.source = VM_FROM_KERNEL;
	strcpy(form.kernel, "/k");
	strcpy(form.size, "0");
	assert_false(vm_makes_disk(&form));
	assert_int_equal(vm_form_config(&form, NULL, &cfg, problem, 256), 0);
	assert_string_equal(cfg.kernel, "/k");
	assert_null(cfg.ramdisk);
	assert_string_equal(cfg.cmdline, "console=hvc0");
	assert_int_equal(cfg.ndisks, 0);
	config_free(&cfg);
	strcpy(form.size, "1");
	assert_true(vm_makes_disk(&form));
}

/* What no field's own check has seen is said without a place in a file. */
static void contradictions_are_told(void **state)
{
	struct vm_config cfg;

	(void)state;
	strcpy(form.memory, "1");
	assert_int_equal(vm_form_config(&form, "/d", &cfg, problem, 256), -EINVAL);
	assert_int_equal(strncmp(problem, "memory: 1 is out of range", 25), 0);
	begin(NULL);
	form.source = VM_FROM_VOLUME;
	assert_int_equal(vm_form_config(&form, "", &cfg, problem, 256), -EINVAL);
	assert_null(strstr(problem, "form:"));
}

static void clones_are_resized(void **state)
{
	struct vm_config cfg = { .vcpus = 1, .maxvcpus = 4, .memory_mib = 64,
				 .maxmem_mib = 64 };

	(void)state;
	strcpy(form.vcpus, "2");
	vm_form_resize(&form, &cfg);
	assert_int_equal(cfg.vcpus, 2);
	assert_int_equal(cfg.maxvcpus, 4);
	assert_int_equal(cfg.memory_mib, 1024);
	assert_int_equal(cfg.maxmem_mib, 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sizes, begin),
		cmocka_unit_test_setup(single_values, begin),
		cmocka_unit_test_setup(volume_names, begin),
		cmocka_unit_test_setup(from_its_disk, begin),
		cmocka_unit_test_setup(odd_characters_are_kept, begin),
		cmocka_unit_test_setup(medium_comes_second, begin),
		cmocka_unit_test_setup(kernel_with_and_without_disk, begin),
		cmocka_unit_test_setup(contradictions_are_told, begin),
		cmocka_unit_test_setup(clones_are_resized, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
