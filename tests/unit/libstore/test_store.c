/*
 * Disks and what is on them, pools in directories, volumes and their copies, and
 * what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/internal.h"
#include "world.h"

#define MIB (1ull << 20)

static struct world w;

static int set_up(void **state)
{
	(void)state;
	world_open(&w);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

static void assert_says(int got, int want, const char *words)
{
	if (got != want)
		fail_msg("%d, not %d: %s", got, want, w.err.text);
	if (!strstr(w.err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", w.err.text, words);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: refused */
	} cases[] = {
		{ "1", 1 },	      { "512M", 512 * MIB },  { "20G", 20480 * MIB },
		{ "1.5T", 1572864 * MIB }, { "4k", 4096 },	      { "2GiB", 2048 * MIB },
		{ "10MB", 10 * MIB }, { "", 0 },	      { "0", 0 },
		{ "-1", 0 },	      { "G", 0 },	      { "1X", 0 },
		{ "1G1", 0 },	      { "1e9", 0 },	      { "9999999P", 0 },
		{ " 1", 0 },	      { "0x10", 0 },	      { "nan", 0 },
	};
	uint64_t bytes;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = store_parse_size(cases[i].text, &bytes);

		assert_int_equal(ret, cases[i].bytes ? 0 : -EINVAL);
		if (!ret)
			assert_int_equal(bytes, cases[i].bytes);
	}
}

static void test_names(void **state)
{
	static const char *const bad[] = { "", "a", "/", "a/", "/b", "a/b/c", "a/.b", "a/b.",
		"a/b.c.d", "../b", "a/..", "a/_half", "a/-b", "a/b c", "a/thinpool",
		"a/b\n", "a/b;c", "a/$(b)" };
	char longest[128];
	struct volume_name n;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(volume_name_parse(bad[i], &n, NULL), -EINVAL);
	assert_int_equal(volume_name_parse("data/web-1.be_fore", &n, NULL), 0);
	assert_string_equal(n.pool, "data");
	assert_string_equal(n.volume, "web-1");
	assert_string_equal(n.snapshot, "be_fore");
	assert_string_equal(n.raw, "web-1.be_fore");
	snprintf(longest, sizeof(longest), "p/%0*d", STORE_NAME_MAX, 1);
	assert_int_equal(volume_name_parse(longest, &n, NULL), 0);
	snprintf(longest, sizeof(longest), "p/%0*d", STORE_NAME_MAX + 1, 1);
	assert_int_equal(volume_name_parse(longest, &n, NULL), -EINVAL);
}

/* Four uberblocks are what makes somebody's ZFS. */
static void forge_zfs(const char *disk)
{
	const uint64_t magic = 0x00bab10c;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/dev/%s", w.root, disk);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pwrite(fd, &magic, 8, (128 + i) * 1024), 8);
	close(fd);
}

static const struct store_disk *disk_named(const struct store_disk *list, size_t n,
					   const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	fail_msg("no disk %s", name);
	return NULL;
}

static void test_disks(void **state)
{
	struct store_disk *list;
	size_t n;
	(void)state;

	world_disk(&w, "nvme0n1", 16);
	world_disk(&w, "vda", 16);
	world_disk(&w, "sda", 64);
	world_disk(&w, "sdb", 0);
	world_disk(&w, "loop0", 16);
	world_disk(&w, "sr0", 16);
	world_run(&w, "mke2fs -q -t ext4 -L 'my data' dev/vda");
	world_run(&w, "mkdir sys/block/sda/sda1 sys/block/sda/sda10 sys/block/sda/sda2; "
		  "for p in 1 2 10; do echo 1 >sys/block/sda/sda$p/partition; "
		  "echo 8192 >sys/block/sda/sda$p/size; truncate -s 4M dev/sda$p; done");
	world_run(&w, "mkswap -L s dev/sda2; echo '/dev/sda10 /mnt ext4 rw 0 0' "
		  ">proc/self/mounts; mkdir sys/block/nvme0n1/device; "
		  "printf 'Fast\\033[31m Disk  \\n' >sys/block/nvme0n1/device/model");
	assert_int_equal(store_disks(w.store, &list, &n, &w.err), 0);
	assert_int_equal(n, 3); /* no loop, no CD drive, no empty slot */
	assert_string_equal(list[0].name, "nvme0n1");
	assert_string_equal(list[0].content, "empty");
	assert_string_equal(list[0].model, "Fast?[31m Disk");
	assert_int_equal(list[0].size, 16 * MIB);
	assert_string_equal(disk_named(list, n, "vda")->content, "ext4 'my data'");

	const struct store_disk *sda = disk_named(list, n, "sda");

	assert_int_equal(sda->nparts, 3);
	assert_string_equal(sda->parts[1].name, "sda2");
	assert_string_equal(sda->parts[2].name, "sda10");
	assert_string_equal(sda->content, "empty, swap space 's', empty");
	assert_string_equal(sda->use, "sda10 mounted on /mnt");
	store_disks_free(list, n);
}

/* Somebody's ZFS, LVM (its label only) and ext4; a mounted disk; a missing one. */
static void test_what_is_not_empty_is_not_taken(void **state)
{
	struct store_pool_spec spec = { .name = "data", .kind = STORE_DIR,
					.on = "/dev/vda" };
	(void)state;

	world_disk(&w, "vda", 80);
	world_disk(&w, "vdb", 16);
	forge_zfs("vda");
	world_run(&w, "mke2fs -q -t ext4 dev/vdb; sha256sum dev/vd? >sums");
	assert_says(store_pool_create(w.store, &spec, &w.err), -EEXIST,
		    "not empty (member of a ZFS pool)");
	spec.on = "/dev/vdb";
	assert_says(store_pool_create(w.store, &spec, &w.err), -EEXIST, "ext4");
	world_run(&w, "echo '/dev/vdb /mnt ext4 rw 0 0' >proc/self/mounts");
	spec.erase = true;
	assert_says(store_pool_create(w.store, &spec, &w.err), -EBUSY,
		    "in use (mounted on /mnt)");
	spec.on = "/dev/vdx";
	assert_says(store_pool_create(w.store, &spec, &w.err), -ENOENT, "no such disk");
	spec.name = "../x";
	assert_says(store_pool_create(w.store, &spec, &w.err), -EINVAL, "no name");
	world_run(&w, "sha256sum -c sums; ! [ -e etc/pools.conf ]");
}

static void test_pools_conf(void **state)
{
	struct store_pool *list;
	size_t n;
	(void)state;

	world_run(&w, "printf '# mine\\narray = md0 1:2\\npool = far dir uuid:1-2\\n' "
		  ">etc/pools.conf");
	world_pool(&w, "near");
	world_run(&w, "grep -q 'array = md0 1:2' etc/pools.conf");
	world_run(&w, "grep -q 'pool = near dir path:/near' etc/pools.conf");
	assert_int_equal(store_pools(w.store, &list, &n, &w.err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].problem, "its disk is not there");
	assert_true(list[1].active && list[1].size > 0);
	free(list);
	assert_int_equal(store_pool_delete(w.store, "far", false, &w.err), 0);
	assert_int_equal(store_pool_delete(w.store, "near", false, &w.err), 0);
	world_run(&w, "! grep pool etc/pools.conf && grep -q array etc/pools.conf");
	world_run(&w, "echo 'pool = x/y lvm' >etc/pools.conf");
	assert_says(store_pools(w.store, &list, &n, &w.err), -EINVAL, "line 1");
}

static void test_volumes(void **state)
{
	struct store_volume *list, v;
	size_t n;
	(void)state;

	world_pool(&w, "a");
	assert_int_equal(store_volume_create(w.store, "a/web", 8 * MIB, &w.err), 0);
	assert_says(store_volume_create(w.store, "a/web", 8 * MIB, &w.err), -EEXIST,
		    "choose another");
	assert_says(store_volume_create(w.store, "b/web", 8 * MIB, &w.err), -ENOENT,
		    "no such pool");
	assert_says(store_volume_create(w.store, "a/web.x", 8 * MIB, &w.err), -EINVAL,
		    "not a snapshot");
	assert_says(store_volume_create(w.store, "a/odd", 1000, &w.err), -EINVAL,
		    "no size");
	assert_says(store_volume_create(w.store, "a/huge", 1ull << 55, &w.err), -ENOSPC,
		    "too small");
	assert_says(store_volume_grow(w.store, "a/web", 8 * MIB, &w.err), -EINVAL,
		    "larger size");
	assert_int_equal(store_volume_grow(w.store, "a/web", 12 * MIB, &w.err), 0);
	/* What lies there besides is none of ours. */
	world_run(&w, "mkdir a/d.img; : >a/_odd.img; : >a/x.y.img; : >a/notes");
	world_run(&w, "echo \"disk = ['file:$PWD/a/web.img,xvda,w']\" >etc/xen/vm1.cfg; "
		  "echo \"disk = ['file:$PWD/a/web.img2,xvda,w']\" >etc/xen/vm2.cfg");
	assert_int_equal(store_volumes(w.store, NULL, &list, &n, &w.err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].vms, "vm1");
	assert_int_equal(list[0].size, 12 * MIB);
	free(list);
	assert_says(store_volume_delete(w.store, "a/web", false, &w.err), -EBUSY,
		    "belongs to the VM vm1");
	assert_int_equal(store_volume_delete(w.store, "a/web", true, &w.err), 0);
	assert_int_equal(store_volume_get(w.store, "a/web", &v, &w.err), -ENOENT);
}

static void test_in_use_is_refused(void **state)
{
	(void)state;

	world_pool(&w, "a");
	assert_int_equal(store_volume_create(w.store, "a/web", 8 * MIB, &w.err), 0);
	assert_int_equal(store_snapshot_create(w.store, "a/web.s", NULL, &w.err), 0);
	world_run(&w, "mkdir -p sys/block/loop3/loop; "
		  "echo $PWD/a/web.img >sys/block/loop3/loop/backing_file");
	assert_says(store_volume_delete(w.store, "a/web", true, &w.err), -EBUSY, "in use");
	assert_says(store_volume_grow(w.store, "a/web", 9 * MIB, &w.err), -EBUSY, "in use");
	assert_says(store_snapshot_create(w.store, "a/web.t", NULL, &w.err), -EBUSY,
		    "in use");
	assert_says(store_snapshot_revert(w.store, "a/web.s", NULL, &w.err), -EBUSY,
		    "in use");
	assert_says(store_volume_clone(w.store, "a/web", "a/w2", NULL, &w.err), -EBUSY,
		    "in use");
	assert_says(store_pool_delete(w.store, "a", true, &w.err), -EBUSY, "in use");
	/* A snapshot can be read meanwhile. */
	assert_int_equal(store_volume_clone(w.store, "a/web.s", "a/w3", NULL, &w.err), 0);
	assert_int_equal(world_files(&w, "a"), 3);
}

static void test_snapshots_and_clones(void **state)
{
	struct store_volume *list;
	size_t n;
	(void)state;

	world_pool(&w, "a");
	world_pool(&w, "b");
	assert_int_equal(store_volume_create(w.store, "a/web", 8 * MIB, &w.err), 0);
	world_run(&w, "printf one | dd of=a/web.img bs=1M seek=3 conv=notrunc; "
		  "cp a/web.img one");
	assert_int_equal(store_snapshot_create(w.store, "a/web.s", NULL, &w.err), 0);
	world_run(&w, "printf two | dd of=a/web.img bs=1M seek=3 conv=notrunc; "
		  "cp a/web.img two");
	assert_int_equal(store_volume_clone(w.store, "a/web", "b/copy", NULL, &w.err), 0);
	assert_int_equal(store_volume_clone(w.store, "a/web.s", "a/old", NULL, &w.err), 0);
	world_run(&w, "cmp b/copy.img two && cmp a/old.img one && cmp a/web.img two");
	assert_int_equal(store_snapshot_revert(w.store, "a/web.s", NULL, &w.err), 0);
	world_run(&w, "cmp a/web.img one && cmp a/web.s.snap one");
	/* Sparse stays sparse. */
	assert_int_equal(store_volumes(w.store, "a", &list, &n, &w.err), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[1].name, "web");
	assert_string_equal(list[2].snapshot, "s");
	for (size_t i = 0; i < n; i++)
		assert_true(list[i].used <= 128 * 1024);
	free(list);
	assert_int_equal(store_volume_delete(w.store, "a/web", false, &w.err), 0);
	assert_int_equal(world_files(&w, "a"), 1);
	assert_says(store_pool_delete(w.store, "a", false, &w.err), -ENOTEMPTY, "1 volumes");
	assert_int_equal(store_pool_delete(w.store, "a", true, &w.err), 0);
	assert_int_equal(world_files(&w, "a"), 0);
}

/* What a killed process left is swept up, but not what one is at work on. */
static void test_half_made_volumes(void **state)
{
	struct store_volume *list;
	size_t n;
	int lock;
	struct pool p;
	(void)state;

	world_pool(&w, "a");
	world_run(&w, ": >a/_half.dead.half; : >a/_half.busy.half; : >a/_half.v.s.half");
	assert_int_equal(store_volumes(w.store, "a", &list, &n, &w.err), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_int_equal(pools_find(w.store, "a", &p, &w.err), 0);
	lock = volume_lock(w.store, &p, "busy", &w.err);
	assert_true(lock >= 0);
	assert_int_equal(store_volume_create(w.store, "a/web", 8 * MIB, &w.err), 0);
	world_run(&w, "[ \"$(ls a | xargs)\" = '_half.busy.half web.img' ]");
	store_unlock(lock);
	assert_int_equal(store_volume_delete(w.store, "a/web", false, &w.err), 0);
	assert_int_equal(world_files(&w, "a"), 0);
}

/* By what is in them, not by their names; once, though two ways lead there. */
static void test_images(void **state)
{
	static const struct {
		const char *name;
		enum store_format format;
	} want[] = {
		{ "a.qcow2", STORE_QCOW2 }, { "b.img", STORE_VMDK }, { "c.iso", STORE_ISO },
		{ "d.img", STORE_RAW },	    { "e.VHD", STORE_VHD },
	};
	struct store_image *list;
	char pool[] = "pool files";
	size_t n;
	(void)state;

	world_run(&w, "mkdir -p state/images/sub/.hidden mnt/1/2/3/4/5 && cd state/images && "
		  "truncate -s 1M d.img notes.txt .x.img sub/.hidden/h.img x-flat.vmdk && "
		  "qemu-img convert -O qcow2 d.img a.qcow2 && "
		  "qemu-img convert -O vmdk d.img sub/b.img && "
		  "qemu-img convert -O vpc d.img e.VHD && truncate -s 40K c.iso && "
		  "printf CD001 | dd of=c.iso bs=1 seek=32769 conv=notrunc && "
		  "cp d.img ../../mnt/1/2/3/4/5/deep.img && ln -s /etc/passwd l.img");
	world_run(&w, "echo 'pool = files dir path:/state/images' >etc/pools.conf");
	assert_int_equal(store_images(w.store, &list, &n, &w.err), 0);
	assert_int_equal(n, ARRAY_SIZE(want));
	for (size_t i = 0; i < n; i++) {
		size_t j = 0;

		while (j < ARRAY_SIZE(want) && strcmp(want[j].name, list[i].name))
			j++;
		if (j == ARRAY_SIZE(want))
			fail_msg("%s", list[i].path);
		assert_int_equal(list[i].format, want[j].format);
		assert_string_equal(list[i].where, pool);
	}
	free(list);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_sizes),
		TEST(test_names),
		TEST(test_disks),
		TEST(test_what_is_not_empty_is_not_taken),
		TEST(test_pools_conf),
		TEST(test_volumes),
		TEST(test_in_use_is_refused),
		TEST(test_snapshots_and_clones),
		TEST(test_half_made_volumes),
		TEST(test_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
