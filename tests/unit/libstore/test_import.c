/*
 * Import: every format as qemu-img makes it; damaged and hostile images; being
 * cancelled and being killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libstore/internal.h"
#include "world.h"

static struct world w;

int __wrap_setrlimit(int what, const struct rlimit *limit);
int __wrap_setrlimit(int what, const struct rlimit *limit)
{
	(void)what;
	(void)limit;
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	world_open(&w);
	world_pool(&w, "a");
	world_run(&w, "chmod 755 . && truncate -s 9M disk.raw && dd if=/dev/urandom "
		  "of=disk.raw bs=64k count=20 seek=9 conv=notrunc && "
		  "printf end | dd of=disk.raw bs=1 seek=9437181 conv=notrunc");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

static int import(const char *file, const struct store_progress *progress)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", w.root, file);
	return store_import(w.store, path, "a/v", 0, progress, &w.err);
}

static void assert_says(int got, int want, const char *words)
{
	if (got != want)
		fail_msg("%d, not %d: %s", got, want, w.err.text);
	if (!strstr(w.err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", w.err.text, words);
	assert_int_equal(world_files(&w, "a"), 0);
}

static void test_formats(void **state)
{
	static const struct {
		const char *options;
		enum store_format format;
	} cases[] = {
		{ "-O raw", STORE_RAW },
		{ "-O qcow2", STORE_QCOW2 },
		{ "-c -O qcow2", STORE_QCOW2 },
		{ "-O qcow2 -o compat=0.10,cluster_size=4k", STORE_QCOW2 },
		{ "-O vmdk", STORE_VMDK },
		{ "-O vmdk -o subformat=streamOptimized", STORE_VMDK },
		{ "-O vmdk -o subformat=monolithicFlat", STORE_VMDK },
		{ "-O vpc -o force_size=on", STORE_VHD },
		{ "-O vpc -o force_size=on,subformat=fixed", STORE_VHD },
		{ "-O vhdx", STORE_VHD },
	};
	struct store_image_info info;
	char path[128];
	(void)state;

	snprintf(path, sizeof(path), "%s/image", w.root);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		world_run(&w, "rm -f image*; qemu-img convert %s disk.raw image",
			  cases[i].options);
		assert_int_equal(store_image_info(path, &info, &w.err), 0);
		assert_int_equal(info.format, cases[i].format);
		assert_int_equal(info.size, 9 << 20);
		if (import("image", NULL))
			fail_msg("%s: %s", cases[i].options, w.err.text);
		world_run(&w, "cmp disk.raw a/v.img && [ $(stat -c %%b a/v.img) -lt 3000 ]");
		assert_int_equal(store_volume_delete(w.store, "a/v", false, &w.err), 0);
	}
}

static void test_sizes(void **state)
{
	char path[128];
	struct stat st;
	(void)state;

	snprintf(path, sizeof(path), "%s/disk.raw", w.root);
	assert_says(store_import(w.store, path, "a/v", 4096, NULL, &w.err), -EINVAL,
		    "holds 9 MiB");
	assert_int_equal(store_import(w.store, path, "a/v", 20 << 20, NULL, &w.err), 0);
	snprintf(path, sizeof(path), "%s/a/v.img", w.root);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 20 << 20);
	world_run(&w, "cmp -n 9437184 disk.raw a/v.img");
}

static void test_refused(void **state)
{
	(void)state;

	assert_says(import("nothing", NULL), -ENOENT, "cannot be opened");
	assert_says(import("a", NULL), -EINVAL, "no image");
	world_run(&w, ": >none");
	assert_says(import("none", NULL), -ENODATA, "empty");
	world_run(&w, "qemu-img create -f qcow2 -b $PWD/disk.raw -F raw image");
	assert_says(import("image", NULL), -ENOTSUP, "base image");
	world_run(&w, "qemu-img convert -O qcow2 disk.raw image; truncate -s 60 image");
	assert_says(import("image", NULL), -EINVAL, "cut short");
	world_run(&w, "qemu-img convert -O qcow2 disk.raw image; truncate -s 500K image");
	assert_says(import("image", NULL), -EINVAL, "cut short");
	/* Feature bits that change what the tables mean (here: an external data file). */
	world_run(&w, "qemu-img convert -O qcow2 disk.raw image; "
		  "printf '\\4' | dd of=image bs=1 seek=79 conv=notrunc");
	assert_says(import("image", NULL), -EINVAL, "features");
}

/* A descriptor that reaches for a file of the host. */
static void test_a_vmdk_cannot_reach_elsewhere(void **state)
{
	static const char *const reach[] = { "/etc/passwd", "../store/secret", "..\\\\x" };
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(reach); i++) {
		int ret;

		world_run(&w, "qemu-img convert -O vmdk -o subformat=monolithicFlat disk.raw "
			  "image; sed -i 's|\"image-flat\"|\"%s\"|; "
			  "s|\"image-f[^\"]*\"|\"%s\"|' image; grep -q passwd image || "
			  "grep -q '\\.\\.' image", reach[i], reach[i]);
		ret = import("image", NULL);
		if (ret != -ENOTSUP && ret != -EINVAL)
			fail_msg("%s: %d", reach[i], ret);
		assert_int_equal(world_files(&w, "a"), 0);
	}
}

/* Bytes changed at random in the first 64 KiB, where the tables are. */
static void test_damaged_at_random(void **state)
{
	static const char *const formats[] = { "qcow2", "vmdk", "vpc", "vhdx" };
	char path[128];
	(void)state;

	srand(1);
	snprintf(path, sizeof(path), "%s/image", w.root);
	for (int i = 0; i < 24; i++) {
		int fd, ret;

		if (i % 6 == 0)
			world_run(&w, "qemu-img convert -O %s disk.raw good",
				  formats[i / 6]);
		world_run(&w, "cp good image");
		fd = open(path, O_WRONLY);
		for (int n = 0; n < 20; n++) {
			char byte = (char)rand();

			assert_int_equal(pwrite(fd, &byte, 1, rand() % 65536 >> rand() % 12),
					 1);
		}
		close(fd);
		ret = import("image", NULL);
		assert_int_equal(world_files(&w, "a"), ret == 0);
		if (ret == 0)
			assert_int_equal(store_volume_delete(w.store, "a/v", 0, &w.err), 0);
		else
			assert_true(strlen(w.err.text) > 20);
	}
}

static int stop_at_once(void *ctx, unsigned int percent, const char *text)
{
	(void)percent;
	(void)text;
	return ++*(int *)ctx > 2;
}

static void test_cancel_leaves_nothing(void **state)
{
	int calls = 0;
	struct store_progress progress = { stop_at_once, &calls };
	(void)state;

	assert_says(import("disk.raw", &progress), -ECANCELED, "cancelled");
	assert_int_equal(calls, 3);
}

/* Killed at any moment: no volume or a whole one, and the next change tidies up. */
static void test_killed(void **state)
{
	struct store_volume *list;
	unsigned int whole = 0, none = 0;
	size_t n;
	(void)state;

	for (int i = 0; i < 12; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(import("disk.raw", NULL) != 0);
		usleep((unsigned int)i * 3000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(store_volumes(w.store, "a", &list, &n, &w.err), 0);
		assert_in_range(n, 0, 1);
		if (n) {
			world_run(&w, "cmp disk.raw a/v.img");
			assert_int_equal(store_volume_delete(w.store, "a/v", 0, &w.err), 0);
		}
		whole += n != 0;
		none += n == 0;
		free(list);
		/* As soon as the copying child has heard of it. */
		for (int try = 0; try < 500; try++) {
			assert_int_equal(store_volume_create(w.store, "a/x", 4096,
							     &w.err), 0);
			n = world_files(&w, "a");
			assert_int_equal(store_volume_delete(w.store, "a/x", 0, &w.err),
					 0);
			if (n == 1)
				break;
			usleep(10000);
		}
		assert_int_equal(n, 1);
	}
	assert_true(none > 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_formats),
		TEST(test_sizes),
		TEST(test_refused),
		TEST(test_a_vmdk_cannot_reach_elsewhere),
		TEST(test_damaged_at_random),
		TEST(test_cancel_leaves_nothing),
		TEST(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
