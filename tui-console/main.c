/*
 * The console: what comes up on the server's own screen, on serial lines and for
 * ssh log-ins. This file holds the table of the main screens and the start; screens/
 * holds the screens, ui/ the layer they are written on, model/ what needs no terminal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "lock.h"
#include "model/guest_term.h"
#include "screens/screens.h"
#include "ui/main.h"

const struct ui_screen *const ui_main_screens[] = {
	&screen_vms,
	&screen_storage,
	&screen_network,
	&screen_tasks,
	&screen_logs,
	&screen_settings,
	&screen_power,
};
const size_t ui_nmain_screens = sizeof(ui_main_screens) / sizeof(ui_main_screens[0]);

struct dom *app_dom(struct ui *ui, struct dom_error *err)
{
	struct app *app = ui_app(ui);

	if (!app->dom && dom_open(&app->dom, err))
		app->dom = NULL;
	return app->dom;
}

void app_lost(struct ui *ui)
{
	struct app *app = ui_app(ui);

	dom_close(app->dom);
	app->dom = NULL;
}

static void shell(struct ui *ui)
{
	char *const argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-l" }, NULL };

	ui_outside(ui, "Shell; \"exit\" comes back to the console.", argv);
}

static const struct ui_screen *find_screen(const char *name)
{
	for (size_t i = 0; i < ui_nmain_screens; i++) {
		if (!strcmp(ui_main_screens[i]->name, name))
			return ui_main_screens[i];
	}
	return NULL;
}

static int usage(FILE *to)
{
	fputs("Usage: basalt [--screen NAME]\nThe console of this server. Screens:", to);
	for (size_t i = 0; i < ui_nmain_screens; i++)
		fprintf(to, " %s", ui_main_screens[i]->name);
	fputs("\n", to);
	return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	const struct ui_screen *first = ui_main_screens[0];
	struct app app = { .dom = NULL };
	struct ui_options options = { .app = &app, .host = app.host, .shell = shell,
				      .idle = lock_if_due, .lock = lock_now };
	char problem[200];
	struct ui *ui;
	int status;

	if (argc == 3 && !strcmp(argv[1], "--screen"))
		first = find_screen(argv[2]);
	else if (argc > 1)
		first = NULL;
	if (!first)
		return usage(argc == 2 && !strcmp(argv[1], "--help") ? stdout : stderr);
	gethostname(app.host, sizeof(app.host) - 1);
	ui = ui_start(&options, problem, sizeof(problem));
	if (!ui) {
		fprintf(stderr, "basalt: %s\n", problem);
		return 1;
	}
	status = ui_main(ui, first);
	ui_end(ui);
	for (size_t i = 0; i < APP_TERMS; i++)
		gterm_free(app.terms[i].term);
	dom_close(app.dom);
	return status;
}
