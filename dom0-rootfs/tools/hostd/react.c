/*
 * See react.h. What is known of a guest's restarts is in struct guests and may be
 * lost at any moment: a new hostd begins with the domains as it finds them.
 */
#include "react.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "restart.h"

#define SUSPENDED 2	    /* SHUTDOWN_suspend: it is being saved, not ending */
#define BUSY_RETRY_MS 1000  /* somebody else works on that VM */
#define FAIL_RETRY_MS 60000 /* it could not be done */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *reason_name(int reason)
{
	static const char *const names[] = {
		"power-off", "reboot", "suspend", "crash", "watchdog", "soft reset",
	};

	return reason >= 0 && reason < 6 ? names[reason] : "unknown reason";
}

static bool restarts(enum vm_action action)
{
	return action != VM_ACTION_DESTROY && action != VM_ACTION_COREDUMP_DESTROY &&
	       action != VM_ACTION_PRESERVE;
}

/* A life has ended: is it ours, and how soon is something to be done? */
static void look(struct dom *dom, struct guest *guest, const struct dom_info *info,
		 struct log *log)
{
	enum vm_action action = VM_ACTION_DESTROY;
	struct vm_config cfg;
	uint64_t lived = POLICY_QUICK_S;
	int64_t wait_ms;

	guest->known = true;
	guest->domid = info->domid;
	guest->pending = false;
	if (dom_config(dom, info->domid, &cfg, NULL))
		return; /* made by another toolstack, which looks after it */
	if (info->shutdown_reason >= 0 && info->shutdown_reason < VM_SHUTDOWN_COUNT)
		action = cfg.action[info->shutdown_reason];
	config_free(&cfg);
	dom_uptime(dom, info->domid, &lived, NULL);
	wait_ms = guest_ended(guest, info->domid, lived, restarts(action), now_ms());
	log_line(log, LOG_INFO, "%s (domain %u) has ended by %s: %s", info->name, info->domid,
		 reason_name(info->shutdown_reason), config_action_name(action));
	if (wait_ms)
		log_line(log, LOG_WARNING, "%s has ended %u times in a row within %d s of "
			 "its start: it is started again in %" PRId64 " s: look at its "
			 "console, or stop it with xl destroy", info->name, guest->quick,
			 POLICY_QUICK_S, wait_ms / 1000);
}

/* Lets the VM be found again should we be killed between its two lives. */
static void note_restart(struct dom *dom, const struct dom_info *info, struct log *log)
{
	struct vm_config cfg;
	enum vm_action action;
	int err;

	if (info->shutdown_reason < 0 || info->shutdown_reason >= VM_SHUTDOWN_COUNT ||
	    dom_config(dom, info->domid, &cfg, NULL))
		return;
	action = cfg.action[info->shutdown_reason];
	if (action == VM_ACTION_RENAME_RESTART)
		cfg.has_uuid = false; /* the one that stays keeps it */
	err = restarts(action) ? restart_note(&cfg) : 0;
	if (err)
		log_line(log, LOG_WARNING, "%s: its restart cannot be noted: %s", cfg.name,
			 strerror(-err));
	config_free(&cfg);
}

static void follow(struct dom *dom, struct guests *guests, const struct dom_info *old,
		   uint32_t domid)
{
	struct dom_info info;

	if (!dom_get(dom, domid, &info, NULL))
		guest_inherit(guests, old->uuid, info.uuid, now_ms());
}

/* May move the records: guest is not to be used afterwards. */
static void deal_with(struct dom *dom, struct guests *guests, struct guest *guest,
		      const struct dom_info *info, struct log *log)
{
	struct dom_outcome out = { .domid = 0 };
	struct dom_error err;
	uint32_t domid;
	int result;

	note_restart(dom, info, log);
	result = dom_react(dom, info->domid, &out, &err);
	guest->pending = result == -EBUSY || result == -EAGAIN;
	guest->due_ms = now_ms() + BUSY_RETRY_MS;
	if (result && result != -ESRCH && !guest->pending) {
		log_line(log, LOG_ERR, "%s (domain %u): %s", info->name, info->domid,
			 err.text);
		guest->due_ms = guests->lost_due_ms = now_ms() + FAIL_RETRY_MS;
		guest->pending = !dom_find(dom, info->name, &domid, NULL);
		if (!guest->pending)
			return; /* it is gone without a next life: the note stays */
	}
	restart_forget(info->name);
	if (!result && out.domid) {
		log_line(log, LOG_INFO, "%s started again as domain %u", out.name, out.domid);
		follow(dom, guests, info, out.domid);
	}
}

static void react_to(struct dom *dom, struct guests *guests, const struct dom_info *info,
		     struct log *log)
{
	struct guest *guest = guests_get(guests, info->uuid, now_ms());

	if (!guest || !info->domid || !info->shutdown || info->dying ||
	    info->shutdown_reason == SUSPENDED)
		return;
	if (!guest->known || guest->domid != info->domid)
		look(dom, guest, info, log);
	if (guest->pending && guest->due_ms <= now_ms())
		deal_with(dom, guests, guest, info, log);
}

/* A domain that somebody else removed has nothing left to wait for. */
static void drop_gone(struct guests *guests, const struct dom_info *list, size_t n)
{
	for (size_t i = 0; i < guests->n; i++) {
		bool there = false;

		for (size_t k = 0; k < n; k++)
			there |= list[k].domid == guests->list[i].domid;
		if (!there)
			guests->list[i].pending = false;
	}
}

/* VMs noted for a restart that did not come about. */
static void retry_lost(struct dom *dom, struct guests *guests, struct log *log)
{
	int64_t now = now_ms();

	if (guests->lost_due_ms >= 0 && guests->lost_due_ms <= now)
		guests->lost_due_ms = restart_lost(dom, log) ? now + FAIL_RETRY_MS : -1;
}

static int lost_next_ms(const struct guests *guests)
{
	int64_t left = guests->lost_due_ms - now_ms();

	if (guests->lost_due_ms < 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

static int sooner(int a_ms, int b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

int react_to_all(struct dom *dom, struct guests *guests, struct log *log)
{
	struct dom_info *list;
	struct dom_error err;
	bool again = dom_sweep(dom);
	int wait_ms;
	size_t n;

	retry_lost(dom, guests, log);
	if (dom_list(dom, &list, &n, &err)) {
		log_line(log, LOG_ERR, "%s", err.text);
		return FAIL_RETRY_MS;
	}
	drop_gone(guests, list, n);
	for (size_t i = 0; i < n; i++)
		react_to(dom, guests, &list[i], log);
	free(list);
	guests_forget(guests, now_ms());
	wait_ms = sooner(guests_next_ms(guests, now_ms()), lost_next_ms(guests));
	return again ? sooner(wait_ms, BUSY_RETRY_MS) : wait_ms;
}
