/*
 * A process that is killed while it makes a VM leaves a paused domain behind, which
 * once kept its disks and, when it had one, its name: no retry could succeed. The
 * next making of that VM destroys it, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdom/internal.h"

static char root[] = "/tmp/test-making-XXXXXX";
static struct dom_info domains[2];
static unsigned int destroyed; /* a bit for each */
static int destroy_result;

/* --- what it stands on ------------------------------------------------------ */

int __real_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

static const char *below_root(const char *path)
{
	static char full[256];

	assert_memory_equal(path, RUN_DIR "/making/", strlen(RUN_DIR "/making/"));
	snprintf(full, sizeof(full), "%s/%s", root, strrchr(path, '/') + 1);
	return full;
}

int __wrap_open(const char *path, int flags, mode_t mode)
{
	return __real_open(below_root(path), flags, mode);
}

int __wrap_unlink(const char *path)
{
	return __real_unlink(below_root(path));
}

int run_dir_make(const char *sub)
{
	assert_string_equal(sub, "making");
	return 0;
}

int dom_list(struct dom *dom, struct dom_info **list, size_t *count,
	     struct dom_error *err)
{
	(void)dom;
	(void)err;
	*list = malloc(sizeof(domains));
	assert_non_null(*list);
	memcpy(*list, domains, sizeof(domains));
	*count = 2;
	return 0;
}

int destroy_locked(struct dom *dom, uint32_t domid, struct dom_error *err)
{
	(void)dom;
	(void)err;
	destroyed |= 1u << domid;
	return destroy_result;
}

/* --- tests ------------------------------------------------------------------ */

static const uint8_t uuid[16] = {1, 2, 3};

/* Killed while it made web1, domain 1. */
static int killed(void **state)
{
	(void)state;
	destroyed = 0;
	destroy_result = 0;
	memset(domains, 0, sizeof(domains));
	domains[1] = (struct dom_info){.domid = 1, .paused = true};
	memcpy(domains[1].uuid, uuid, 16);
	return making_begin("web1", uuid, NULL);
}

static unsigned int clean_up(const char *name)
{
	assert_int_equal(making_clean_up(NULL, name, NULL), 0);
	return destroyed;
}

static void the_half_made_goes(void **state)
{
	assert_int_equal(clean_up("web1"), 2);
	killed(state);
	strcpy(domains[1].name, "web1"); /* its nodes were written already */
	assert_int_equal(clean_up("web1"), 2);
	killed(state);
	domains[1].dying = true; /* killed while it undid */
	assert_int_equal(clean_up("web1"), 2);
}

static void what_has_run_stays(void **state)
{
	domains[1].cpu_ns = 1;
	assert_int_equal(clean_up("web1"), 0);
	killed(state);
	domains[1].paused = false;
	assert_int_equal(clean_up("web1"), 0);
}

static void others_stay(void **state)
{
	assert_int_equal(clean_up("web2"), 0);
	strcpy(domains[1].name, "web3");
	assert_int_equal(clean_up("web1"), 0);
	killed(state);
	domains[1].uuid[15] = 9;
	assert_int_equal(clean_up("web1"), 0);
}

static void what_was_made_stays(void **state)
{
	(void)state;
	making_end("web1");
	assert_int_equal(clean_up("web1"), 0);
}

static void it_is_done_once(void **state)
{
	(void)state;
	destroy_result = -ETIMEDOUT;
	assert_int_equal(making_clean_up(NULL, "web1", NULL), -ETIMEDOUT);
	destroy_result = 0;
	destroyed = 0;
	assert_int_equal(clean_up("web1"), 2);
	destroyed = 0;
	assert_int_equal(clean_up("web1"), 0);
}

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	making_end("web1");
	return rmdir(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_half_made_goes, killed),
		cmocka_unit_test_setup(what_has_run_stays, killed),
		cmocka_unit_test_setup(others_stay, killed),
		cmocka_unit_test_setup(what_was_made_stays, killed),
		cmocka_unit_test_setup(it_is_done_once, killed),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
