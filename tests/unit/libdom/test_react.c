/*
 * rename-restart: the ended VM steps aside under another name. What was kept of its
 * configuration once said rename-restart as before, so that a restarted hostd saw a
 * VM that had ended and restarted it again, and that one's predecessor, without end.
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

#include "libdom/internal.h"

#include <xen/sched.h>

static char store_name[DOM_NAME_SIZE], record_name[DOM_NAME_SIZE];
static enum vm_action record_action;
static int save_result, creations;
static bool new_has_uuid;

/* --- the world: one domain, 7, and what is known of it ---------------------- */

static void describe(struct xen_domctl_getdomaininfo *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = 7;
	info->flags = XEN_DOMINF_shutdown | SHUTDOWN_reboot << XEN_DOMINF_shutdownshift;
}

int domain_state(struct dom *dom, uint32_t domid, struct xen_domctl_getdomaininfo *info,
		 struct dom_error *err)
{
	(void)dom;
	(void)err;
	assert_int_equal(domid, 7);
	describe(info);
	return 0;
}

void domain_name(struct dom *dom, uint32_t domid, char name[DOM_NAME_SIZE])
{
	(void)dom;
	(void)domid;
	strcpy(name, store_name);
}

int dom_find(struct dom *dom, const char *name_or_id, uint32_t *domid,
	     struct dom_error *err)
{
	(void)dom;
	(void)err;
	*domid = 7;
	return strcmp(name_or_id, store_name) ? -ESRCH : 0;
}

int record_load(const uint8_t uuid[16], struct vm_config *cfg, struct dom_error *err)
{
	(void)uuid;
	(void)err;
	memset(cfg, 0, sizeof(*cfg));
	cfg->name = strdup(record_name);
	cfg->has_uuid = true;
	for (int i = 0; i < VM_SHUTDOWN_COUNT; i++)
		cfg->action[i] = record_action;
	return 0;
}

int dom_config(struct dom *dom, uint32_t domid, struct vm_config *cfg,
	       struct dom_error *err)
{
	(void)dom;
	(void)domid;
	return record_load(NULL, cfg, err);
}

int record_save(const struct vm_config *cfg, struct dom_error *err)
{
	(void)err;
	if (save_result)
		return save_result;
	strcpy(record_name, cfg->name);
	record_action = cfg->action[0];
	for (int i = 1; i < VM_SHUTDOWN_COUNT; i++)
		assert_int_equal(cfg->action[i], cfg->action[0]);
	return 0;
}

int create_locked(struct dom *dom, struct vm_config *cfg,
		  const struct dom_create_opts *opts, uint32_t *domid,
		  struct dom_error *err)
{
	(void)dom;
	(void)opts;
	(void)err;
	creations++;
	new_has_uuid = cfg->has_uuid;
	assert_string_equal(cfg->name, "web1");
	assert_int_equal(cfg->action[0], VM_ACTION_RENAME_RESTART);
	*domid = 8;
	return 0;
}

int xs_printf(struct xs *x, xs_tx tx, const char *path, const char *fmt, ...)
{
	va_list ap;

	(void)x;
	(void)tx;
	if (strcmp(path, "/local/domain/7/name"))
		return 0;
	va_start(ap, fmt);
	vsnprintf(store_name, sizeof(store_name), fmt, ap);
	va_end(ap);
	return 0;
}

void config_free(struct vm_config *cfg)
{
	free(cfg->name);
	cfg->name = NULL;
}

void dom_uuid_text(const uint8_t uuid[16], char text[DOM_UUID_TEXT_SIZE])
{
	(void)uuid;
	strcpy(text, "uuid");
}

int xs_tx_start(struct xs *x, xs_tx *tx)
{
	(void)x;
	*tx = 1;
	return 0;
}

int xs_tx_end(struct xs *x, xs_tx tx, int err)
{
	(void)x;
	(void)tx;
	return err;
}

int vm_lock_take(const char *name, struct vm_lock *lock, struct dom_error *err)
{
	(void)name;
	(void)lock;
	(void)err;
	return 0;
}

int vm_lock_take_domain(struct dom *dom, uint32_t domid, struct vm_lock *lock,
			struct dom_error *err)
{
	(void)dom;
	(void)domid;
	return vm_lock_take(store_name, lock, err);
}

void vm_lock_drop(struct vm_lock *lock)
{
	(void)lock;
}

const char *config_name_problem(const char *name)
{
	(void)name;
	return NULL;
}

void detach_devices(struct dom *dom, uint32_t domid)
{
	(void)dom;
	(void)domid;
}

int destroy_locked(struct dom *dom, uint32_t domid, struct dom_error *err)
{
	(void)dom;
	(void)domid;
	(void)err;
	fail_msg("it was to step aside, not to go");
	return 0;
}

/* --- tests ------------------------------------------------------------------ */

static struct dom dom;

static int has_ended(void **state)
{
	(void)state;
	strcpy(store_name, "web1");
	strcpy(record_name, "web1");
	record_action = VM_ACTION_RENAME_RESTART;
	save_result = creations = 0;
	new_has_uuid = true;
	return 0;
}

static void the_old_one_is_left_alone(void **state)
{
	struct dom_outcome out;

	(void)state;
	assert_int_equal(dom_react(&dom, 7, &out, NULL), 0);
	assert_int_equal(out.domid, 8);
	assert_int_equal(creations, 1);
	assert_false(new_has_uuid);
	assert_string_equal(store_name, "web1-7");
	assert_string_equal(record_name, "web1-7");
	assert_int_equal(record_action, VM_ACTION_PRESERVE);

	assert_int_equal(dom_react(&dom, 7, &out, NULL), 0);
	assert_int_equal(out.action, VM_ACTION_PRESERVE);
	assert_int_equal(creations, 1);
}

/* Killed after xenstore had the new name and before the record had it. */
static void stepping_aside_can_be_repeated(void **state)
{
	struct dom_outcome out;

	(void)state;
	strcpy(store_name, "web1-7");
	assert_int_equal(dom_react(&dom, 7, &out, NULL), 0);
	assert_string_equal(store_name, "web1-7");
	assert_string_equal(record_name, "web1-7");
	assert_int_equal(record_action, VM_ACTION_PRESERVE);
}

static void a_renamed_one_keeps_its_actions(void **state)
{
	(void)state;
	assert_int_equal(dom_rename(&dom, 7, "web2", NULL), 0);
	assert_string_equal(store_name, "web2");
	assert_string_equal(record_name, "web2");
	assert_int_equal(record_action, VM_ACTION_RENAME_RESTART);
}

static void half_a_renaming_is_undone(void **state)
{
	(void)state;
	save_result = -ENOSPC;
	assert_int_equal(dom_rename(&dom, 7, "web2", NULL), -ENOSPC);
	assert_string_equal(store_name, "web1");
	assert_string_equal(record_name, "web1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_old_one_is_left_alone, has_ended),
		cmocka_unit_test_setup(stepping_aside_can_be_repeated, has_ended),
		cmocka_unit_test_setup(a_renamed_one_keeps_its_actions, has_ended),
		cmocka_unit_test_setup(half_a_renaming_is_undone, has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
