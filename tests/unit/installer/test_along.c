/*
 * VMs taken along: how their configurations are rewritten when their images
 * become volumes. libstore is a list of names here; its file is included, since
 * what is tested is inside of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/storage.c"

static char volumes[8][STORE_FULL_SIZE];
static int volumes_n, imports;

int __wrap_access(const char *path, int how);
int __wrap_access(const char *path, int how)
{
	(void)how;
	return strstr(path, "missing") ? -1 : 0;
}

int store_open(struct store **out, const struct store_where *where,
	       struct store_error *err)
{
	(void)where;
	(void)err;
	*out = NULL;
	return 0;
}

void store_close(struct store *s)
{
	(void)s;
}

int store_pool_create(struct store *s, const struct store_pool_spec *spec,
		      struct store_error *err)
{
	(void)s;
	(void)spec;
	(void)err;
	return -EIO;
}

int store_volume_get(struct store *s, const char *full, struct store_volume *out,
		     struct store_error *err)
{
	(void)s;
	(void)err;
	for (int i = 0; i < volumes_n; i++)
		if (!strcmp(volumes[i], full)) {
			snprintf(out->target, sizeof(out->target), "phy:/dev/%s", full);
			return 0;
		}
	return -ENOENT;
}

int store_import(struct store *s, const char *file, const char *full, uint64_t size,
		 const struct store_progress *progress, struct store_error *err)
{
	(void)s;
	(void)size;
	(void)progress;
	imports++;
	if (strstr(file, "broken")) {
		snprintf(err->text, sizeof(err->text), "broken: why: what to do");
		return -EIO;
	}
	snprintf(volumes[volumes_n++], STORE_FULL_SIZE, "%s", full);
	return 0;
}

int run(const char *const argv[], const struct run *r, struct fault *f)
{
	(void)argv;
	(void)r;
	(void)f;
	return 0;
}

void log_line(const char *fmt, ...)
{
	(void)fmt;
}

int job_progress(struct job *j, unsigned int percent, struct fault *f)
{
	(void)j;
	(void)percent;
	(void)f;
	return 0;
}

static struct answers answers;
static struct job job = {.a = &answers, .pool = "vms"};
static struct moves moves;
static struct fault fault;
static char out[CONFIG_MAX];

static int set_up(void **state)
{
	(void)state;
	volumes_n = imports = moves.n = 0;
	answers.storage = STORAGE_LVM;
	return 0;
}

static void becomes(const char *text, const char *wanted)
{
	assert_int_equal(move_images(&job, &moves, text, out, &fault), 0);
	assert_string_equal(out, wanted);
}

/* Every way in which a configuration may name an image. */
static void ways_to_name(void **state)
{
	(void)state;
	becomes("disk = ['file:/state/images/a.img,xvda,w']\n",
		"disk = ['phy:/dev/vms/a,xvda,w']\n");
	becomes("disk = [\"format=raw, vdev=xvda, target=/state/images/b.img\"]\n",
		"disk = [\"format=raw, vdev=xvda, target=/dev/vms/b\"]\n");
	becomes("disk = ['/state/images/c.img,raw,xvda,rw', '/dev/sda,raw,xvdb,w']",
		"disk = ['/dev/vms/c,raw,xvda,rw', '/dev/sda,raw,xvdb,w']");
	becomes("kernel = \"/usr/lib/x\"\n", "kernel = \"/usr/lib/x\"\n");
	assert_int_equal(imports, 3);
}

/* Two disks, one of them shared with another VM: copied once. */
static void shared_image(void **state)
{
	(void)state;
	becomes("disk = ['file:/state/images/a.img,xvda,w',\n"
		"'file:/state/images/b.img,xvdb,w']",
		"disk = ['phy:/dev/vms/a,xvda,w',\n'phy:/dev/vms/b,xvdb,w']");
	becomes("disk = ['file:/state/images/b.img,xvda,r']",
		"disk = ['phy:/dev/vms/b,xvda,r']");
	assert_int_equal(imports, 2);
}

/* Different images whose names become the same one. */
static void names_that_meet(void **state)
{
	(void)state;
	becomes("'file:/state/images/a.img,' 'file:/state/images/a.raw,'"
		" 'file:/state/images/.x y,'",
		"'phy:/dev/vms/a,' 'phy:/dev/vms/a-2,' 'phy:/dev/vms/x y,'");
}

static void not_there_stays(void **state)
{
	(void)state;
	becomes("disk = ['file:/state/images/missing.img,xvda,w']",
		"disk = ['file:/state/images/missing.img,xvda,w']");
	assert_int_equal(imports, 0);
}

static void without_a_pool(void **state)
{
	(void)state;
	answers.storage = STORAGE_NONE;
	becomes("disk = ['file:/state/images/a.img,xvda,w']",
		"disk = ['file:/state/images/a.img,xvda,w']");
	assert_int_equal(imports, 0);
}

static void failures(void **state)
{
	static char big[CONFIG_MAX + 100];

	(void)state;
	assert_int_not_equal(move_images(&job, &moves, "/state/images/broken.img", out,
					 &fault), 0);
	assert_string_equal(fault.text, "broken: why: what to do");
	memset(big, 'x', sizeof(big) - 1);
	assert_int_not_equal(move_images(&job, &moves, big, out, &fault), 0);
	memcpy(big, LIVE_IMAGES, strlen(LIVE_IMAGES));
	assert_int_not_equal(move_images(&job, &moves, big, out, &fault), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ways_to_name, set_up),
		cmocka_unit_test_setup(shared_image, set_up),
		cmocka_unit_test_setup(names_that_meet, set_up),
		cmocka_unit_test_setup(not_there_stays, set_up),
		cmocka_unit_test_setup(without_a_pool, set_up),
		cmocka_unit_test_setup(failures, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
