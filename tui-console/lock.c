/*
 * See lock.h. Who is logged in is what the log-in has put into the environment; the
 * password of root opens too. Where no password is set there is nothing to lock with.
 */
#include "lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsettings/settings.h"

static const char *account(void)
{
	const char *name = getenv("LOGNAME");

	return name && *name ? name : "root";
}

static bool is_password(void *ctx, const char *password)
{
	const char *name = ctx;

	if (account_has_password(name, "") && account_password_is(name, password, ""))
		return true;
	return strcmp(name, "root") && account_has_password("root", "") &&
	       account_password_is("root", password, "");
}

static bool can_lock(void)
{
	return account_has_password(account(), "") || account_has_password("root", "");
}

static void lock(struct ui *ui)
{
	char text[160];

	snprintf(text, sizeof(text), "Virtual machines go on. The password of %s opens it.",
		 account());
	ui_wall(ui, "The console is locked", text, is_password,
		(void *)(uintptr_t)account());
}

void lock_now(struct ui *ui)
{
	if (can_lock())
		lock(ui);
	else
		ui_fail(ui, "No password is set, so nothing could open it again: set one "
			"under Settings");
}

void lock_if_due(struct ui *ui, int64_t idle_ms)
{
	struct settings s;

	if (settings_load(&s, "", NULL) || !s.lock_minutes ||
	    idle_ms < (int64_t)s.lock_minutes * 60000 || !can_lock())
		return;
	lock(ui);
}
