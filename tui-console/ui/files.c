/* Choosing a file or a directory: one directory at a time, as a table. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "ui/priv.h"
#include "ui/text.h"

struct entry {
	char name[256];
	uint64_t size;
	bool directory;
};

struct files {
	const struct ui_files *options;
	char path[1024];
	char problem[200];
	struct entry *list;
	size_t n;
	struct ui_table table;
};

static bool wanted(const struct ui_files *o, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = o->suffixes; s && *s; s += strlen(s) + 1) {
		size_t n = strlen(s);

		if (len > n && !strcasecmp(name + len - n, s))
			return true;
	}
	return !o->suffixes;
}

static void add(struct files *f, const char *name)
{
	char path[1300];
	struct stat st;
	struct entry *p;

	if (!strcmp(name, ".") || (name[0] == '.' && strcmp(name, "..")))
		return;
	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	if (stat(path, &st) || (!S_ISDIR(st.st_mode) &&
				(f->options->directories || !wanted(f->options, name))))
		return;
	p = realloc(f->list, (f->n + 1) * sizeof(*p));
	if (!p)
		return;
	f->list = p;
	p += f->n++;
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->directory = S_ISDIR(st.st_mode);
	p->size = (uint64_t)st.st_size;
}

static void read_directory(struct files *f)
{
	DIR *dir = opendir(*f->path ? f->path : "/");
	struct dirent *e;

	f->n = 0;
	f->problem[0] = '\0';
	if (!dir) {
		snprintf(f->problem, sizeof(f->problem), "%.100s: cannot be read: %s",
			 f->path, strerror(errno));
		add(f, "..");
	}
	while (dir && (e = readdir(dir)))
		add(f, e->d_name);
	if (dir)
		closedir(dir);
	f->table.cursor = f->table.top = 0;
	f->table.has_selected = false;
	f->table.filter[0] = '\0';
	f->table.filtering = false;
	ui_table_update(&f->table);
}

static size_t count(void *ctx)
{
	return ((struct files *)ctx)->n;
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	const struct entry *e = &((struct files *)ctx)->list[row];
	char text[16];

	if (column == 0)
		snprintf(buf, size, "%s%s", e->name, e->directory ? "/" : "");
	else if (!e->directory)
		snprintf(buf, size, "%s", ui_bytes(e->size, text));
}

static int compare(void *ctx, size_t a, size_t b, size_t column)
{
	const struct entry *x = &((struct files *)ctx)->list[a];
	const struct entry *y = &((struct files *)ctx)->list[b];

	if (x->directory != y->directory)
		return x->directory ? -1 : 1;
	if (column == 1 && x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static enum ui_style style(void *ctx, size_t row, size_t column)
{
	const struct entry *e = &((struct files *)ctx)->list[row];

	return column ? UI_DIM : e->directory ? UI_ACCENT : UI_PLAIN;
}

static const struct ui_table_model model = {
	.columns = (const struct ui_column[]){
		{ .title = "Name", .width = 30, .weight = 1 },
		{ .title = "Size", .width = 10, .align = UI_RIGHT },
		{ .title = NULL },
	},
	.count = count, .cell = cell, .compare = compare, .style = style,
};

static void draw(struct ui *ui, void *ctx)
{
	static const char *const keys[] = { "Enter", "Open", "/", "Search", "Esc", "Cancel",
					    NULL };
	static const char *const dir_keys[] = { "Enter", "Open", "F2", "Take this directory",
						"Esc", "Cancel", NULL };
	struct files *f = ctx;
	struct ui_rect in = ui_box(ui, centred(ui, ui->rows - 6, 76), f->options->title);

	ui_put(ui, in.y, in.x, in.w, UI_BOLD, *f->path ? f->path : "/");
	if (f->problem[0])
		ui_put(ui, in.y + 1, in.x, in.w, UI_BAD, f->problem);
	ui_table_draw(ui, &f->table, (struct ui_rect){ in.y + 2, in.x - 1, in.h - 2,
						       in.w + 2 });
	draw_keys(ui, f->options->directories ? dir_keys : keys);
}

static void go_up(struct files *f)
{
	char *slash = strrchr(f->path, '/');

	if (slash)
		*slash = '\0';
}

/* 1: the choice is made. */
static int open_entry(struct files *f, char *path, size_t size)
{
	size_t row = ui_table_row(&f->table), len = strlen(f->path);
	const struct entry *e = row < f->n ? &f->list[row] : NULL;

	if (!e)
		return -1;
	if (!strcmp(e->name, "..")) {
		go_up(f);
	} else if (!e->directory) {
		if ((size_t)snprintf(path, size, "%s/%s", f->path, e->name) < size)
			return 1;
		snprintf(f->problem, sizeof(f->problem), "This path is too long.");
		return -1;
	} else if (len + strlen(e->name) + 2 < sizeof(f->path)) {
		snprintf(f->path + len, sizeof(f->path) - len, "/%s", e->name);
	}
	read_directory(f);
	return -1;
}

static int files_key(struct ui *ui, struct files *f, int key, char *path, size_t size)
{
	if (key == UI_KEY_ENTER && !f->table.filtering)
		return open_entry(f, path, size);
	if (ui_table_key(ui, &f->table, key))
		return -1;
	if (key == UI_KEY_BACKSPACE || key == UI_KEY_LEFT) {
		go_up(f);
		read_directory(f);
	} else if (key == UI_KEY_F0 + 2 && f->options->directories) {
		return (size_t)snprintf(path, size, "%s", *f->path ? f->path : "/") < size;
	} else if (key == UI_KEY_ESC || key == UI_KEY_F10) {
		return 0;
	}
	return -1;
}

/* Where to begin: the directory of path, or the nearest one above that is there. */
static void begin_at(struct files *f, const char *path)
{
	struct stat st;

	snprintf(f->path, sizeof(f->path), "%s", path);
	while (*f->path && (stat(f->path, &st) || !S_ISDIR(st.st_mode))) {
		if (!strchr(f->path, '/'))
			f->path[0] = '\0';
		go_up(f);
	}
	if (!strcmp(f->path, "/"))
		f->path[0] = '\0';
}

bool ui_choose_file(struct ui *ui, const struct ui_files *options, char *path, size_t size)
{
	struct files f = { .options = options };
	struct overlay o = { .draw = draw, .ctx = &f };
	int answer = -1;

	ui_table_init(&f.table, &model, &f, 0);
	begin_at(&f, path);
	read_directory(&f);
	push_overlay(ui, &o);
	while (answer < 0 && !ui->quit) {
		int key = step(ui);

		if (key != UI_KEY_NONE)
			answer = files_key(ui, &f, key, path, size);
	}
	pop_overlay(ui, &o);
	ui_table_free(&f.table);
	free(f.list);
	return answer == 1;
}
