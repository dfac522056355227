/*
 * See host_panel.h. Four things (CPU, memory, storage, network), two beside two in
 * two lines; on a large screen beside each other with their history.
 */
#include "screens/host_panel.h"

#include <math.h>
#include <stdio.h>

#define TALL_ROWS    34
#define TALL_COLUMNS 120
#define TALL_HEIGHT  6

static bool tall(struct ui_rect area)
{
	return area.h >= TALL_ROWS && area.w >= TALL_COLUMNS;
}

int host_panel_height(struct ui_rect area)
{
	return tall(area) ? TALL_HEIGHT : 2;
}

struct bar {
	const char *name;
	char text[40];	    /* "12 % of 4 CPUs" */
	double fraction;    /* NAN: no meter, only history */
	struct ui_limits limits;
	const double *history;
	double max;	    /* of the history; 0: its largest */
	enum ui_style style;
};

static const char *gib(uint64_t used_kib, uint64_t total_kib, char *buf, size_t size)
{
	char a[16], b[16];

	snprintf(buf, size, "%s of %s", ui_bytes(used_kib << 10, a),
		 ui_bytes(total_kib << 10, b));
	return buf;
}

static void fill(const struct host *h, struct bar bar[4])
{
	double cpu = h->cpus ? h->rate.cpu / h->cpus : NAN;
	double mem = h->total_kib ? (double)h->used_kib / (double)h->total_kib : NAN;
	double storage = h->storage_kib ? (double)h->storage_used_kib /
					  (double)h->storage_kib : NAN;
	char in[16], out[16];

	bar[0] = (struct bar){ "CPU", "", cpu, UI_LOAD_LIMITS, h->cpu, 1, UI_GOOD };
	snprintf(bar[0].text, sizeof(bar[0].text), "%.0f %% of %u CPUs",
		 isnan(cpu) ? 0 : cpu * 100, h->cpus);
	bar[1] = (struct bar){ "Memory", "", mem, UI_FULL_LIMITS, h->mem, 1, UI_GOOD };
	gib(h->used_kib, h->total_kib, bar[1].text, sizeof(bar[1].text));
	bar[2] = (struct bar){ "Storage", "-", storage, UI_FULL_LIMITS, h->disk, 0,
			       UI_ACCENT };
	if (h->storage_kib)
		gib(h->storage_used_kib, h->storage_kib, bar[2].text,
		    sizeof(bar[2].text));
	bar[3] = (struct bar){ "Network", "", NAN, UI_LOAD_LIMITS, h->net, 0, UI_ACCENT };
	snprintf(bar[3].text, sizeof(bar[3].text), "%s in, %s out",
		 ui_rate(h->rate.net_in, in), ui_rate(h->rate.net_out, out));
}

/* "CPU      ######....  12 % of 4 CPUs" */
static void draw_short(struct ui *ui, const struct host *h, const struct bar *b,
		       struct ui_rect at)
{
	int w = at.w - 9 - 21;

	ui_put(ui, at.y, at.x, 8, UI_TITLE, b->name);
	if (isnan(b->fraction))
		ui_sparkline(ui, (struct ui_rect){ at.y, at.x + 9, 1, w }, b->history, h->n,
			     b->max, b->style);
	else
		ui_meter(ui, at.y, at.x + 9, w, b->fraction, b->limits);
	ui_put(ui, at.y, at.x + 9 + w + 1, 20, UI_PLAIN, b->text);
}

static void draw_tall(struct ui *ui, const struct host *h, const struct bar *b,
		      struct ui_rect at)
{
	ui_put(ui, at.y, at.x, at.w, UI_TITLE, b->name);
	ui_put_right(ui, at.y, at.x + 8, at.w - 8, UI_PLAIN, b->text);
	if (!isnan(b->fraction))
		ui_meter(ui, at.y + 1, at.x, at.w, b->fraction, b->limits);
	ui_sparkline(ui, (struct ui_rect){ at.y + (isnan(b->fraction) ? 1 : 2), at.x,
					   isnan(b->fraction) ? 4 : 3, at.w },
		     b->history, h->n, b->max, b->style);
}

void host_panel_draw(struct ui *ui, const struct host *h, struct ui_rect area)
{
	struct bar bar[4];
	int w;

	fill(h, bar);
	if (tall(area)) {
		w = (area.w - 2 - 3 * 3) / 4;
		for (int i = 0; i < 4; i++)
			draw_tall(ui, h, &bar[i], (struct ui_rect){ area.y, area.x + 1 +
				  i * (w + 3), TALL_HEIGHT - 1, w });
		return;
	}
	w = (area.w - 3) / 2;
	for (int i = 0; i < 4; i++)
		draw_short(ui, h, &bar[i], (struct ui_rect){ area.y + i / 2, area.x + 1 +
			   i % 2 * (w + 1), 1, w });
}
