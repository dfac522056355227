/*
 * libxs: a small client of the xenstore protocol (xen/io/xs_wire.h).
 *
 * What it is: one blocking connection, for use from one thread, with no
 * global state. Functions return 0 (or a count) or a negative errno; they
 * never print and never exit.
 *
 * The daemon may be restarted at any time. The library then reconnects by
 * itself, repeats the request that was under way and registers all watches
 * again (each of which fires once more). A transaction is lost by that: its
 * next call, at the latest xs_tx_commit(), returns -EAGAIN, just as a conflict
 * does. So a transaction is always a loop, and repeating it must do no harm:
 *
 *	do {
 *		err = xs_tx_start(x, &tx);
 *		if (err == 0)
 *			err = body(x, tx);
 *		err = xs_tx_end(x, tx, err);
 *	} while (err == -EAGAIN);
 *
 * Errors every function may return: -EINVAL bad argument or a bad path,
 * -ENOTCONN no daemon there (for 5 s), -ETIMEDOUT no answer for 30 s, -ENOMEM,
 * -EPROTO answer makes no sense, and whatever the daemon answers (-ENOENT,
 * -EACCES, -EEXIST, -ENOSPC, -E2BIG, ...).
 */
#ifndef LIBXS_XS_H
#define LIBXS_XS_H

#include <stddef.h>
#include <stdint.h>

#define XS_SOCKET    "/run/xenstored/socket"
#define XS_DEVICE    "/dev/xen/xenbus"
#define XS_PATH_SIZE 3073 /* longest absolute path and its NUL */
#define XS_VALUE_MAX 4096 /* longest value */
#define XS_TX_NONE   0

struct xs;

/* Handle of a transaction; XS_TX_NONE means "outside any". */
typedef uint64_t xs_tx;

struct xs_perm {
	unsigned int domid;
	char access; /* 'n' none, 'r' read, 'w' write, 'b' both */
};

/* Children of a node; name[i] point into one allocation. */
struct xs_dir {
	size_t count;
	char **name;
};

/* Both strings stay valid until the next xs_next_event() or xs_close(). */
struct xs_event {
	const char *path;
	const char *token;
};

/*
 * Connect. path NULL: the daemon's socket (XS_SOCKET), and if that is not
 * there the kernel's device (XS_DEVICE); otherwise exactly that socket or
 * device. Does not wait: a missing daemon is -ENOTCONN at once.
 */
int xs_open(struct xs **out, const char *path);
void xs_close(struct xs *x);

/*
 * Read a value into buf and put a NUL behind it. Returns its length without
 * that NUL; -ERANGE if it does not fit (size <= XS_VALUE_MAX + 1 is enough).
 */
int xs_read(struct xs *x, xs_tx tx, const char *path, char *buf, size_t size);

/* Read a value that must be one decimal number; anything else is -EINVAL. */
int xs_read_u64(struct xs *x, xs_tx tx, const char *path, uint64_t *out);

/* Write a value; missing parents are made. */
int xs_write(struct xs *x, xs_tx tx, const char *path, const void *data, size_t len);
int xs_printf(struct xs *x, xs_tx tx, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Make sure that the node is there; its value, if it has one, stays. */
int xs_mkdir(struct xs *x, xs_tx tx, const char *path);

/* Remove a node and all below it. A node that is not there is no error. */
int xs_rm(struct xs *x, xs_tx tx, const char *path);

/* Names of the children, of any number of them. Release with xs_dir_free(). */
int xs_directory(struct xs *x, xs_tx tx, const char *path, struct xs_dir *dir);
void xs_dir_free(struct xs_dir *dir);

/*
 * Permissions: entry 0 names the owner and everybody else's access. Returns
 * how many there are; only the first max are stored.
 */
int xs_get_perms(struct xs *x, xs_tx tx, const char *path, struct xs_perm *perm,
		 unsigned int max);
int xs_set_perms(struct xs *x, xs_tx tx, const char *path, const struct xs_perm *perm,
		 unsigned int count);

int xs_tx_start(struct xs *x, xs_tx *tx);
int xs_tx_commit(struct xs *x, xs_tx tx); /* -EAGAIN: start over */
void xs_tx_abort(struct xs *x, xs_tx tx);
/* Commit if err is 0, else abort and return err. */
int xs_tx_end(struct xs *x, xs_tx tx, int err);

/* An event comes at once, then one for each change at or below path. */
int xs_watch(struct xs *x, const char *path, const char *token);
int xs_unwatch(struct xs *x, const char *path, const char *token);

/*
 * Becomes readable when an event waits; it stays the same over reconnections.
 * For poll() only: never read from it or close it.
 */
int xs_fd(const struct xs *x);

/*
 * Take the next event without waiting: 0, or -EAGAIN when there is none.
 * -ENOTCONN: the daemon is away; call again later, for xs_fd() will not tell.
 * A path and token that were already waiting are not queued twice.
 */
int xs_next_event(struct xs *x, struct xs_event *ev);

/* The same, waiting up to timeout_ms (-1: for ever); -EAGAIN after that. */
int xs_wait_event(struct xs *x, struct xs_event *ev, int timeout_ms);

/* Domains: for the control domain only. gfn is that of the store ring. */
int xs_introduce(struct xs *x, unsigned int domid, uint64_t gfn, unsigned int port);
int xs_release(struct xs *x, unsigned int domid);
int xs_resume(struct xs *x, unsigned int domid);
int xs_set_target(struct xs *x, unsigned int domid, unsigned int target);
int xs_is_introduced(struct xs *x, unsigned int domid); /* 1, 0, -errno */
int xs_get_domain_path(struct xs *x, unsigned int domid, char *buf, size_t size);

/* Daemon's control command; arg may be NULL. Returns the answer's length. */
int xs_control(struct xs *x, const char *cmd, const char *arg, char *buf, size_t size);

#endif
