/*
 * Defined VMs in a directory of their own: finding, adding, editing without touching
 * what a person wrote, marks, renaming cut short at every step, clones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "libdom/config_edit.h"
#include "libdom/define_internal.h"

static char dir[64];
static const char *running; /* name of the one domain there is, 7 */
static char created[DOM_NAME_SIZE];
static int renames_left;    /* calls of rename(2) before one fails; -1: none does */

/* --- the world --------------------------------------------------------------- */

int dom_find(struct dom *dom, const char *name, uint32_t *domid, struct dom_error *err)
{
	(void)dom;
	(void)err;
	*domid = 7;
	return running && strcmp(name, running) == 0 ? 0 : -ESRCH;
}

void domain_name(struct dom *dom, uint32_t domid, char name[DOM_NAME_SIZE])
{
	(void)dom;
	(void)domid;
	fail_msg("%s", name);
}

int rename_locked(struct dom *dom, uint32_t domid, const char *name, bool retire,
		  struct dom_error *err)
{
	static char copy[DOM_NAME_SIZE];

	(void)dom;
	(void)err;
	assert_int_equal(domid, 7);
	assert_false(retire);
	snprintf(copy, sizeof(copy), "%s", name);
	running = copy;
	return 0;
}

int dom_create(struct dom *dom, struct vm_config *cfg, const struct dom_create_opts *opts,
	       uint32_t *domid, struct dom_error *err)
{
	(void)dom;
	(void)opts;
	(void)err;
	strcpy(created, cfg->name);
	*domid = 8;
	return 0;
}

void dom_uuid_text(const uint8_t u[16], char text[DOM_UUID_TEXT_SIZE])
{
	snprintf(text, DOM_UUID_TEXT_SIZE, "%02x%02x-%02x", u[0], u[1], u[15]);
}

/* Few values, so that they clash; by name, number and turn as the real one. */
void vif_pick_mac(const char *name, uint32_t devid, unsigned int turn, uint8_t mac[6]);
void vif_pick_mac(const char *name, uint32_t devid, unsigned int turn, uint8_t mac[6])
{
	memcpy(mac, "\x00\x16\x3e\x00\x00", 5);
	mac[5] = (uint8_t)((strlen(name) + devid + turn) % 16);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
	if (renames_left == 0) {
		errno = EIO;
		return -1;
	}
	if (renames_left > 0)
		renames_left--;
	return __real_rename(from, to);
}

/* --- helpers ----------------------------------------------------------------- */

static void path_of(const char *file, char path[256])
{
	snprintf(path, 256, "%s/%s", dir, file);
}

static void put(const char *file, const char *text)
{
	char path[256];
	FILE *f;

	path_of(file, path);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void assert_file(const char *file, const char *want)
{
	char path[256], *text;

	path_of(file, path);
	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_string_equal(text, want);
	free(text);
}

static bool there(const char *file)
{
	char path[256];
	struct stat st;

	path_of(file, path);
	return lstat(path, &st) == 0;
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-define-XXXXXX");
	assert_non_null(mkdtemp(dir));
	running = NULL;
	created[0] = '\0';
	renames_left = -1;
	return 0;
}

static int drop_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

#define SMALL(name) "name='" name "'\nmemory=64\nkernel='/k'\n"

static const char web[] =
	"# The web server. Ask before you stop it.\n"
	"name = 'web'\n"
	"memory = 512   # it was 256 once\n"
	"localtime = 1\n"
	"extra = 'quiet'; root = '/dev/xvda1'\n"
	"kernel = '/boot/k'\n"
	"disk = [ 'phy:/dev/a,xvda,w', # system\n"
	"\t'phy:/dev/b,xvdb,w' ]\n"
	"vif = [ 'bridge=br0' ]\n";

static void load(const char *name, struct definition *def)
{
	struct dom_error err = {.text = ""};

	if (define_load(dir, name, def, &err))
		fail_msg("%s", err.text);
}

/* --- looking ----------------------------------------------------------------- */

static void none_is_fine(void **state)
{
	struct define_info *list;
	struct definition def;
	struct dom_error err;
	size_t n;

	(void)state;
	assert_int_equal(define_list("/tmp/there/is/no/such", &list, &n, NULL), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_true(define_stamp("/tmp/there/is/no/such") == 0);
	assert_int_equal(define_load(dir, "web", &def, &err), -ENOENT);
	assert_non_null(strstr(err.text, "web: no VM of that name"));
}

/* Whatever the file is called; a bad one is listed with what is wrong. */
static void found_by_name(void **state)
{
	struct define_info *list;
	struct definition def;
	struct dom_error err;
	size_t n;

	(void)state;
	put("zzz.cfg", web);
	put("twin.cfg", SMALL("web"));
	put("broken.cfg", "name='broken'\nmemory=64\nvcpus=none\n");
	put(".hidden.cfg", SMALL("hidden"));
	put("notes.txt", "name='notes'\n");
	assert_int_equal(define_list(dir, &list, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].name, "broken");
	assert_non_null(strstr(list[0].problem, "broken.cfg:3: vcpus"));
	assert_string_equal(list[1].name, "web");
	assert_string_equal(list[1].problem, "");
	assert_int_equal(list[1].memory_mib, 64);
	assert_string_equal(list[2].name, "web");
	assert_non_null(strstr(list[2].problem, "has the same name= as"));
	assert_int_equal(list[2].ndisks, 2);
	free(list);
	assert_int_equal(define_load(dir, "broken", &def, &err), -EINVAL);
	assert_non_null(strstr(err.text, "broken.cfg:3: vcpus"));
	load("web", &def);
	define_free(&def);
}

static void stamp_moves(void **state)
{
	uint64_t stamps[4];

	(void)state;
	put("web.cfg", web);
	stamps[0] = define_stamp(dir);
	assert_true(stamps[0] == define_stamp(dir));
	assert_int_equal(define_autostart(dir, "web", true, NULL), 0);
	stamps[1] = define_stamp(dir);
	put("web.cfg", SMALL("web"));
	stamps[2] = define_stamp(dir);
	put("b.cfg", web);
	stamps[3] = define_stamp(dir);
	for (int i = 0; i < 3; i++)
		assert_true(stamps[i] != stamps[i + 1]);
}

/* --- adding ------------------------------------------------------------------ */

static void added_with_identity(void **state)
{
	char name[DOM_NAME_SIZE] = "";
	struct definition def;
	struct dom_error err;

	(void)state;
	put("old.cfg", SMALL("old") "vif=['mac=00:16:3e:00:00:03']\n");
	assert_int_equal(define_add(dir, web, strlen(web), NULL, NULL, name, NULL), 0);
	assert_string_equal(name, "web");
	load("web", &def);
	assert_true(def.cfg.has_uuid);
	assert_true(def.cfg.vifs[0].has_mac);
	assert_int_equal(def.cfg.vifs[0].mac[5], 4); /* 3 is taken by old */
	assert_memory_equal(def.text, web, 100); /* the rest is as it was given */
	define_free(&def);
	assert_int_equal(define_add(dir, web, strlen(web), NULL, NULL, NULL, &err), -EEXIST);
	put("free.cfg", SMALL("other"));
	assert_int_equal(define_add(dir, SMALL("free"), strlen(SMALL("free")), NULL, NULL, NULL,
				    &err), -EEXIST);
	assert_file("free.cfg", SMALL("other"));
	assert_int_equal(define_add(dir, "name='bad'\n memory", 18, NULL, NULL, NULL, &err),
			 -EINVAL);
	assert_false(there("bad.cfg"));
}

static int parse(const char *text, struct vm_config *cfg)
{
	struct config_input in = {.file = "t", .text = text, .len = strlen(text)};

	return config_parse(&in, cfg);
}

/* Only what has no default is said, and no GRUB's path. */
static void text_is_short(void **state)
{
	struct vm_config cfg;
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(parse("name='a b'\nmemory=256\nvcpus=2\n"
			       "disk=['/x \"y.img,raw,xvda,w']\non_crash='restart'\n", &cfg),
			 0);
	assert_int_equal(define_text(&cfg, &text, &len, NULL), 0);
	assert_string_equal(text,
		"name = \"a b\"\nvcpus = 2\nmemory = 256\n"
		"disk = [\n\t\"vdev=xvda, access=rw, target=/x \\\"y.img\",\n]\n"
		"on_crash = \"restart\"\n");
	free(text);
	assert_int_equal(define_new(dir, &cfg, NULL), 0);
	assert_true(there("a b.cfg"));
	config_free(&cfg);
}

/* --- editing ----------------------------------------------------------------- */

static void only_what_changed_changes(void **state)
{
	struct vm_config cfg;
	struct definition def;

	(void)state;
	put("web.cfg", web);
	load("web", &def);
	assert_int_equal(config_copy(&def.cfg, &cfg), 0);
	cfg.memory_mib = 1024;
	cfg.maxmem_mib = 1024;
	cfg.vcpus = cfg.maxvcpus = 2;
	assert_int_equal(define_save(&def, &cfg, NULL), 0);
	assert_file("web.cfg",
		"# The web server. Ask before you stop it.\n"
		"name = 'web'\n"
		"memory = 1024   # it was 256 once\n"
		"localtime = 1\n"
		"extra = 'quiet'; root = '/dev/xvda1'\n"
		"kernel = '/boot/k'\n"
		"disk = [ 'phy:/dev/a,xvda,w', # system\n"
		"\t'phy:/dev/b,xvdb,w' ]\n"
		"vif = [ 'bridge=br0' ]\n"
		"maxvcpus = 2\nvcpus = 2\nmaxmem = 1024\n");
	/* what it holds is what was asked for, and can be saved again */
	cfg.ndisks = 1;
	free(cfg.cmdline);
	cfg.cmdline = strdup("single");
	assert_int_equal(define_save(&def, &cfg, NULL), 0);
	cfg.ndisks = 2;
	config_free(&cfg);
	define_free(&def);
	assert_file("web.cfg",
		"# The web server. Ask before you stop it.\n"
		"name = 'web'\n"
		"memory = 1024   # it was 256 once\n"
		"localtime = 1\n"
		" "
		"kernel = '/boot/k'\n"
		"disk = [\n\t\"vdev=xvda, access=rw, target=/dev/a\",\n]\n"
		"vif = [ 'bridge=br0' ]\n"
		"maxvcpus = 2\nvcpus = 2\nmaxmem = 1024\ncmdline = \"single\"\n");
}

static void from_kernel_to_disk_and_back(void **state)
{
#define BASE "name='a'\nmemory=64\ndisk=['/d,raw,xvda,w']\n"
	static const char start[] = BASE "bootloader='pygrub'\n";
	struct vm_config disk, kernel;
	char *text, *back;
	size_t len;

	(void)state;
	assert_int_equal(parse(start, &disk), 0);
	assert_int_equal(parse(BASE "kernel='/k'\nramdisk='/r'\n", &kernel), 0);
	assert_int_equal(config_edit(start, strlen(start), &disk, &kernel, &text, &len), 0);
	assert_string_equal(text, BASE "kernel = \"/k\"\nramdisk = \"/r\"\n");
	assert_int_equal(config_edit(text, len, &kernel, &disk, &back, &len), 0);
	assert_string_equal(back, BASE);
	free(text);
	free(back);
	config_free(&disk);
	config_free(&kernel);
}

/*
 * Less memory than before, and as much at most: the file said only "memory", so that its
 * maximum went down with it, which was taken for a file that cannot be changed.
 */
static void pairs_are_written_out(void **state)
{
	static const char text[] = SMALL("a");
	static const char most[] = "name='a'\nmaxmem=64\nmaxvcpus=2\nkernel='/k'\n";
	struct vm_config from, to;
	char *out;
	size_t len;

	(void)state;
	assert_int_equal(parse(text, &from), 0);
	assert_int_equal(config_copy(&from, &to), 0);
	to.memory_mib = 32;
	to.maxvcpus = 2;
	assert_int_equal(config_edit(text, strlen(text), &from, &to, &out, &len), 0);
	assert_string_equal(out, "name='a'\nmemory = 32\nkernel='/k'\n"
				 "maxvcpus = 2\nvcpus = 1\nmaxmem = 64\n");
	free(out);
	config_free(&from);
	config_free(&to);
	assert_int_equal(parse(most, &from), 0);
	assert_int_equal(config_copy(&from, &to), 0);
	to.maxmem_mib = 128;
	to.maxvcpus = 4;
	assert_int_equal(config_edit(most, strlen(most), &from, &to, &out, &len), 0);
	assert_string_equal(out, "name='a'\nmaxmem = 128\nmaxvcpus = 4\nkernel='/k'\n"
				 "vcpus = 2\nmemory = 64\n");
	free(out);
	config_free(&from);
	config_free(&to);
}

/* += and keys given twice: one assignment is left. */
static void joined_lists_become_one(void **state)
{
	static const char text[] = "name='a'\nmemory=64\ndisk=['/a,raw,xvda,w']\n"
				   "disk+=['/b,raw,xvdb,w']\n";
	struct vm_config from, to;
	char *out;
	size_t len;

	(void)state;
	assert_int_equal(parse(text, &from), 0);
	assert_int_equal(config_copy(&from, &to), 0);
	to.disks[1].readonly = true;
	assert_int_equal(config_edit(text, strlen(text), &from, &to, &out, &len), 0);
	assert_string_equal(out, "name='a'\nmemory=64\n"
		"disk = [\n\t\"vdev=xvda, access=rw, target=/a\",\n"
		"\t\"vdev=xvdb, access=ro, target=/b\",\n]\n");
	free(out);
	config_free(&from);
	config_free(&to);
}

static void anothers_change_is_not_lost(void **state)
{
	struct definition def;
	struct dom_error err;

	(void)state;
	put("web.cfg", web);
	load("web", &def);
	put("web.cfg", SMALL("web"));
	assert_int_equal(define_save(&def, &def.cfg, &err), -ESTALE);
	assert_file("web.cfg", SMALL("web"));
	define_free(&def);
}

/* --- marks ------------------------------------------------------------------- */

static void marks(void **state)
{
	uint32_t domid;

	(void)state;
	put("web.cfg", web);
	assert_int_equal(define_autostart(dir, "web", true, NULL), 0);
	assert_int_equal(define_autostart(dir, "web", true, NULL), 0);
	assert_file("auto/web.cfg", web); /* the link leads there */
	running = "web";
	assert_int_equal(define_template((struct dom *)1, dir, "web", true, NULL), -EBUSY);
	running = NULL;
	assert_int_equal(define_template((struct dom *)1, dir, "web", true, NULL), 0);
	assert_false(there("auto/web.cfg"));
	assert_true(there("template/web.cfg"));
	assert_int_equal(define_autostart(dir, "web", true, NULL), -EINVAL);
	assert_int_equal(define_start(NULL, dir, "web", NULL, &domid, NULL), -EPERM);
	assert_string_equal(created, "");
	assert_int_equal(define_template(NULL, dir, "web", false, NULL), 0);
	assert_int_equal(define_template(NULL, dir, "web", false, NULL), 0);
	assert_int_equal(define_start(NULL, dir, "web", NULL, &domid, NULL), 0);
	assert_string_equal(created, "web");
	assert_int_equal(define_autostart(dir, "no", true, NULL), -ENOENT);
}

static void removed_whole(void **state)
{
	static const char text[] = SMALL("web")
				   "uuid='00112233-4455-6677-8899-aabbccddeeff'\n";

	(void)state;
	put("web.cfg", text);
	put("broken.cfg", "name=\n");
	assert_int_equal(define_autostart(dir, "web", true, NULL), 0);
	assert_int_equal(define_remove((struct dom *)1, dir, "none", NULL), -ENOENT);
	running = "web";
	assert_int_equal(define_remove((struct dom *)1, dir, "web", NULL), -EBUSY);
	assert_file("web.cfg", text);
	running = NULL;
	char seed[256];
	path_of("seed", seed);
	mkdir(seed, 0700);
	put("seed/0011-ff.img", "x");
	assert_int_equal(define_remove((struct dom *)1, dir, "web", NULL), 0);
	assert_false(there("web.cfg"));
	assert_false(there("auto/web.cfg"));
	assert_false(there("seed/0011-ff.img"));
	assert_int_equal(define_remove(NULL, dir, "broken", NULL), 0);
	assert_false(there("broken.cfg"));
}

/* --- renaming ---------------------------------------------------------------- */

static void renamed_whole(void **state)
{
	struct definition def;

	(void)state;
	put("web.cfg", web);
	put("other.cfg", SMALL("other"));
	put("taken.cfg", SMALL("x"));
	assert_int_equal(define_autostart(dir, "web", true, NULL), 0);
	assert_int_equal(define_rename(NULL, dir, "web", "7", NULL), -EINVAL);
	assert_int_equal(define_rename(NULL, dir, "web", "other", NULL), -EEXIST);
	assert_int_equal(define_rename(NULL, dir, "web", "taken", NULL), -EEXIST);
	running = "web";
	assert_int_equal(define_rename((struct dom *)1, dir, "web", "www1", NULL), 0);
	assert_string_equal(running, "www1");
	assert_false(there("web.cfg"));
	assert_false(there("auto/web.cfg"));
	load("www1", &def);
	assert_true(def.autostart);
	assert_int_equal(def.cfg.vifs[0].mac[5], 3); /* by its old name */
	assert_non_null(strstr(def.text, "# it was 256 once"));
	define_free(&def);
}

/* Whichever of its steps fails, it has one name, with its mark, and can go on. */
static void renaming_can_be_cut_short(void **state)
{
	struct define_info *list;
	size_t n;

	for (int left = 0; left < 2; left++) {
		make_dir(state);
		put("web.cfg", web);
		assert_int_equal(define_autostart(dir, "web", true, NULL), 0);
		running = "web";
		renames_left = left;
		assert_int_equal(define_rename((struct dom *)1, dir, "web", "www1", NULL),
				 -EIO);
		assert_string_equal(running, "web");
		assert_int_equal(define_list(dir, &list, &n, NULL), 0);
		assert_int_equal(n, 1);
		assert_string_equal(list[0].name, "web");
		assert_true(list[0].autostart);
		free(list);
		renames_left = -1;
		assert_int_equal(define_rename((struct dom *)1, dir, "web", "www1", NULL), 0);
		assert_false(there("auto/web.cfg"));
		assert_true(there("auto/www1.cfg"));
		if (left == 0)
			drop_dir(state);
	}
}

/* --- clones ------------------------------------------------------------------ */

static void clone_is_another(void **state)
{
	const char *targets[] = {"/dev/c", NULL};
	struct vm_config from, to;

	(void)state;
	assert_int_equal(parse("name='a'\nmemory=64\nuuid='00112233-4455-6677-8899-"
			       "aabbccddeeff'\nvif=['mac=00:16:3e:00:00:01,vifname=v0,"
			       "ip=10.0.0.1,bridge=b']\ndisk=['/dev/a,raw,xvda,w',"
			       "'/b.iso,raw,xvdb,r']\n", &from), 0);
	assert_int_equal(define_clone(&from, "0", targets, &to, NULL), -EINVAL);
	assert_int_equal(define_clone(&from, "b", targets, &to, NULL), 0);
	assert_string_equal(to.name, "b");
	assert_true(to.has_uuid);
	assert_memory_not_equal(to.uuid, from.uuid, 16);
	assert_false(to.vifs[0].has_mac);
	assert_null(to.vifs[0].vifname);
	assert_null(to.vifs[0].ip);
	assert_string_equal(to.vifs[0].bridge, "b");
	assert_string_equal(to.disks[0].target, "/dev/c");
	assert_string_equal(to.disks[1].target, "/b.iso");
	config_free(&from);
	config_free(&to);
}

/* --- pieces ------------------------------------------------------------------ */

static void single_entries(void **state)
{
	struct vm_cpuset set;
	struct vm_disk disk;
	struct vm_vif vif;
	char problem[200];

	(void)state;
	assert_int_equal(config_parse_disk("phy:/dev/a,xvdb,r", &disk, problem, 200), 0);
	assert_int_equal(disk.devid, 51728);
	assert_true(disk.readonly);
	config_free_disk(&disk);
	assert_int_equal(config_parse_disk("/dev/a", &disk, problem, 200), -EINVAL);
	assert_non_null(strstr(problem, "has no vdev"));
	assert_int_equal(problem[0] == ':', 0);
	assert_int_equal(config_parse_disk("/dev/a\n,raw,xvda,w", &disk, problem, 200),
			 -EINVAL);
	assert_int_equal(config_parse_vif("bridge=br1,mac=00:16:3e:00:00:09", &vif, problem,
					  200), 0);
	assert_string_equal(vif.bridge, "br1");
	config_free_vif(&vif);
	assert_int_equal(config_parse_vif("mac=01:16:3e:00:00:09", &vif, problem, 200),
			 -EINVAL);
	assert_int_equal(config_parse_cpuset("0-2,^1", &set, problem, 200), 0);
	assert_true(set.bits[0] == 5);
	assert_int_equal(config_parse_cpuset("node:0", &set, problem, 200), -EINVAL);
	assert_int_equal(config_parse_cpuset("x", &set, problem, 200), -EINVAL);
}

#define IN_DIR(fn) cmocka_unit_test_setup_teardown(fn, make_dir, drop_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(none_is_fine),
		IN_DIR(found_by_name),
		IN_DIR(stamp_moves),
		IN_DIR(added_with_identity),
		IN_DIR(text_is_short),
		IN_DIR(only_what_changed_changes),
		IN_DIR(from_kernel_to_disk_and_back),
		IN_DIR(pairs_are_written_out),
		IN_DIR(joined_lists_become_one),
		IN_DIR(anothers_change_is_not_lost),
		IN_DIR(marks),
		IN_DIR(removed_whole),
		IN_DIR(renamed_whole),
		IN_DIR(renaming_can_be_cut_short),
		IN_DIR(clone_is_another),
		IN_DIR(single_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
