/* Finding and reading definitions. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "libdom/define_internal.h"

const char *define_dir(const char *dir)
{
	return dir ? dir : DEFINE_DIR;
}

static int is_config(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".cfg") == 0;
}

void define_files_free(char **paths, int n)
{
	while (n-- > 0)
		free(paths[n]);
	free(paths);
}

static char *join(const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s/%s", dir, name);
	return path;
}

int define_files(const char *dir, char ***paths)
{
	struct dirent **names;
	int n, i, bad = 0;

	*paths = NULL;
	n = scandir(define_dir(dir), &names, is_config, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	*paths = calloc((size_t)n + 1, sizeof(**paths));
	for (i = 0; i < n; i++) {
		if (*paths)
			(*paths)[i] = join(define_dir(dir), names[i]->d_name);
		bad |= *paths && !(*paths)[i];
		free(names[i]);
	}
	free(names);
	if (*paths && !bad)
		return n;
	if (*paths)
		define_files_free(*paths, n);
	return -ENOMEM;
}

static void mark_path(const char *dir, const char *mark, const char *path,
		      char out[DEFINE_PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(out, DEFINE_PATH_MAX, "%s/%s/%s", define_dir(dir), mark,
		 slash ? slash + 1 : path);
}

bool define_marked(const char *dir, const char *mark, const char *path)
{
	char link[DEFINE_PATH_MAX];
	struct stat st;

	mark_path(dir, mark, path, link);
	return lstat(link, &st) == 0;
}

static void keep_error(void *ctx, enum config_level level, const char *text)
{
	struct dom_error *err = ctx;

	if (level == CONFIG_ERROR && !err->text[0])
		snprintf(err->text, sizeof(err->text), "%s", text);
}

int define_read(const char *dir, const char *path, struct definition *def,
		struct dom_error *err)
{
	struct dom_error first = {.text = ""};
	struct config_input in = {.file = path, .report = keep_error, .ctx = &first};
	int ret;

	memset(def, 0, sizeof(*def));
	ret = file_read(path, DEFINE_TEXT_MAX, &def->text, &def->len);
	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be read", path);
	snprintf(def->path, sizeof(def->path), "%s", path);
	def->autostart = define_marked(dir, DEFINE_AUTO, path);
	def->template = define_marked(dir, DEFINE_TEMPLATE, path);
	in.text = def->text;
	in.len = def->len;
	ret = config_parse(&in, &def->cfg);
	if (ret == 0)
		return 0;
	define_free(def);
	if (ret == -EINVAL)
		return dom_fail(err, ret, "%s", first.text);
	return dom_fail_errno(err, ret, "%s", path);
}

void define_free(struct definition *def)
{
	free(def->text);
	config_free(&def->cfg);
	memset(def, 0, sizeof(*def));
}

/* --- by name ----------------------------------------------------------------- */

static bool says_name(const char *dir, const char *path, const char *name)
{
	struct definition def;
	bool is;

	if (define_read(dir, path, &def, NULL))
		return false;
	is = strcmp(def.cfg.name, name) == 0;
	define_free(&def);
	return is;
}

int define_find(const char *dir, const char *name, char path[DEFINE_PATH_MAX])
{
	bool found = false;
	char **files;
	int n, i;

	/* nearly always it is called so */
	if (snprintf(path, DEFINE_PATH_MAX, "%s/%s.cfg", define_dir(dir), name) <
		    DEFINE_PATH_MAX && says_name(dir, path, name))
		return 0;
	n = define_files(dir, &files);
	if (n < 0)
		return n;
	for (i = 0; i < n && !found; i++) {
		found = says_name(dir, files[i], name);
		if (found)
			snprintf(path, DEFINE_PATH_MAX, "%s", files[i]);
	}
	define_files_free(files, n);
	return found ? 0 : -ENOENT;
}

int define_load(const char *dir, const char *name, struct definition *def,
		struct dom_error *err)
{
	char path[DEFINE_PATH_MAX];
	int ret = define_find(dir, name, path);

	memset(def, 0, sizeof(*def));
	if (ret == 0)
		return define_read(dir, path, def, err);
	if (ret != -ENOENT)
		return dom_fail_errno(err, ret, "%s: cannot be read", define_dir(dir));
	/* a file of that name with a mistake in it is worth more than "none" */
	snprintf(path, sizeof(path), "%s/%s.cfg", define_dir(dir), name);
	if (access(path, F_OK) == 0) {
		ret = define_read(dir, path, def, err);
		if (ret)
			return ret;
		define_free(def);
	}
	return dom_fail(err, -ENOENT, "%s: no VM of that name is defined: see `xl "
			"defined`", name);
}

/* --- all --------------------------------------------------------------------- */

/* A file that cannot be used goes by its own name, without the suffix. */
static void name_by_file(const char *path, char name[DOM_NAME_SIZE])
{
	const char *base = strrchr(path, '/') + 1;

	snprintf(name, DOM_NAME_SIZE, "%.*s", (int)strlen(base) - 4, base);
}

static void fill_info(const char *dir, const char *path, struct define_info *out)
{
	struct dom_error err = {.text = ""};
	const struct vm_config *cfg;
	struct definition def;

	memset(out, 0, sizeof(*out));
	snprintf(out->path, sizeof(out->path), "%s", path);
	out->autostart = define_marked(dir, DEFINE_AUTO, path);
	out->template = define_marked(dir, DEFINE_TEMPLATE, path);
	if (define_read(dir, path, &def, &err)) {
		name_by_file(path, out->name);
		snprintf(out->problem, sizeof(out->problem), "%s", err.text);
		return;
	}
	cfg = &def.cfg;
	snprintf(out->name, sizeof(out->name), "%s", cfg->name);
	out->has_uuid = cfg->has_uuid;
	memcpy(out->uuid, cfg->uuid, sizeof(out->uuid));
	out->vcpus = cfg->vcpus;
	out->maxvcpus = cfg->maxvcpus;
	out->memory_mib = cfg->memory_mib;
	out->maxmem_mib = cfg->maxmem_mib;
	out->ndisks = cfg->ndisks;
	out->nvifs = cfg->nvifs;
	define_free(&def);
}

static int by_name(const void *a, const void *b)
{
	const struct define_info *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->path, y->path);
}

static void tell_twins(struct define_info *list, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (strcmp(list[i].name, list[i - 1].name) == 0 && !list[i].problem[0])
			snprintf(list[i].problem, sizeof(list[i].problem),
				 "%.100s: has the same name= as %.100s: change one",
				 list[i].path, list[i - 1].path);
}

int define_list(const char *dir, struct define_info **list, size_t *count,
		struct dom_error *err)
{
	char **files;
	int n = define_files(dir, &files), i;

	*list = NULL;
	*count = 0;
	if (n < 0)
		return dom_fail_errno(err, n, "%s: cannot be read", define_dir(dir));
	*list = calloc((size_t)n + 1, sizeof(**list));
	for (i = 0; *list && i < n; i++)
		fill_info(dir, files[i], &(*list)[i]);
	define_files_free(files, n);
	if (!*list)
		return dom_fail_errno(err, -ENOMEM, "%s", define_dir(dir));
	*count = (size_t)n;
	qsort(*list, *count, sizeof(**list), by_name);
	tell_twins(*list, *count);
	return 0;
}

/* --- has anything changed? --------------------------------------------------- */

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		hash = (hash ^ *p++) * UINT64_C(0x100000001b3); /* FNV-1a */
	return hash;
}

/* A directory's and its entries' times and sizes. */
static uint64_t mix_dir(uint64_t hash, const char *path)
{
	struct dirent *e;
	struct stat st;
	DIR *dir = opendir(path);

	if (!dir)
		return hash;
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.' ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		hash = mix(hash, e->d_name, strlen(e->d_name) + 1);
		hash = mix(hash, &st.st_mtim, sizeof(st.st_mtim));
		hash = mix(hash, &st.st_size, sizeof(st.st_size));
		hash = mix(hash, &st.st_ino, sizeof(st.st_ino));
	}
	closedir(dir);
	return hash;
}

uint64_t define_stamp(const char *dir)
{
	const uint64_t start = UINT64_C(0xcbf29ce484222325);
	char path[DEFINE_PATH_MAX];
	uint64_t hash = mix_dir(start, define_dir(dir));

	snprintf(path, sizeof(path), "%s/" DEFINE_AUTO, define_dir(dir));
	hash = mix_dir(hash, path);
	snprintf(path, sizeof(path), "%s/" DEFINE_TEMPLATE, define_dir(dir));
	hash = mix_dir(hash, path);
	return hash == start ? 0 : hash;
}
