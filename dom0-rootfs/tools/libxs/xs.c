/*
 * libxs: one function per operation of the protocol, over xs_talk().
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xs_priv.h"

#define PERM_TEXT 16 /* access, domid in decimal, NUL */

static struct iovec text(const char *s)
{
	return (struct iovec){(void *)(uintptr_t)s, strlen(s) + 1};
}

static int talk_path(struct xs *x, uint32_t type, xs_tx tx, const char *path,
		     struct xs_reply *reply)
{
	struct iovec iov = text(path);

	return xs_talk(x, type, tx, &iov, 1, reply);
}

static int copy_out(const struct xs_reply *r, char *buf, size_t size)
{
	if (r->len >= size)
		return -ERANGE;
	memcpy(buf, r->data, r->len);
	buf[r->len] = 0;
	return (int)r->len;
}

static int parse_u64(const char *s, uint64_t *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(s, &end, 10);
	return *end || errno ? -EINVAL : 0;
}

int xs_read(struct xs *x, xs_tx tx, const char *path, char *buf, size_t size)
{
	struct xs_reply r;
	int err = talk_path(x, XS_READ, tx, path, &r);

	return err ? err : copy_out(&r, buf, size);
}

int xs_read_u64(struct xs *x, xs_tx tx, const char *path, uint64_t *out)
{
	char buf[24];
	int len = xs_read(x, tx, path, buf, sizeof(buf));

	if (len < 0)
		return len == -ERANGE ? -EINVAL : len;
	return (size_t)len == strlen(buf) ? parse_u64(buf, out) : -EINVAL;
}

int xs_write(struct xs *x, xs_tx tx, const char *path, const void *data, size_t len)
{
	const struct iovec iov[2] = {text(path), {(void *)(uintptr_t)data, len}};

	return xs_talk(x, XS_WRITE, tx, iov, 2, NULL);
}

int xs_printf(struct xs *x, xs_tx tx, const char *path, const char *fmt, ...)
{
	char buf[XS_VALUE_MAX + 1];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (len < 0)
		return -EINVAL;
	if ((size_t)len >= sizeof(buf))
		return -E2BIG;
	return xs_write(x, tx, path, buf, (size_t)len);
}

int xs_mkdir(struct xs *x, xs_tx tx, const char *path)
{
	int err = talk_path(x, XS_MKDIR, tx, path, NULL);

	return err == -EEXIST ? 0 : err;
}

int xs_rm(struct xs *x, xs_tx tx, const char *path)
{
	int err = talk_path(x, XS_RM, tx, path, NULL);

	return err == -ENOENT ? 0 : err;
}

/* Turn "a\0b\0" of len bytes into a list; takes over the memory. */
static int dir_split(char *names, size_t len, struct xs_dir *dir)
{
	size_t count = 0, i, n = 0;
	char *all;

	for (i = 0; i < len; i++)
		count += names[i] == 0;
	dir->count = count;
	dir->name = malloc(count * sizeof(char *) + len + 1);
	if (!dir->name) {
		free(names);
		return -ENOMEM;
	}
	all = (char *)(dir->name + count);
	memcpy(all, names, len);
	free(names);
	for (i = 0; n < count; i += strlen(all + i) + 1)
		dir->name[n++] = all + i;
	return 0;
}

/*
 * Put the part in r behind what names holds. The answer starts with the
 * node's generation: if that changed, everything so far is void. Returns 1
 * at the end of the list, which an empty name marks.
 */
static int dir_append(const struct xs_reply *r, char generation[32], char **names,
		      size_t *len)
{
	size_t head = strlen(r->data) + 1, more;
	char *grown;

	if (head > 32 || head > r->len)
		return -EPROTO;
	if (*len && strcmp(generation, r->data)) {
		*len = 0;
		return 0;
	}
	strcpy(generation, r->data);
	more = r->len - head;
	if (!more)
		return -EPROTO;
	grown = realloc(*names, *len + more);
	if (!grown)
		return -ENOMEM;
	*names = grown;
	memcpy(*names + *len, r->data + head, more);
	*len += more;
	if (*len > 1 && (*names)[*len - 2] != 0)
		return 0;
	*len -= 1;
	return 1;
}

static int directory_parts(struct xs *x, xs_tx tx, const char *path, struct xs_dir *dir)
{
	char generation[32] = "", offset[24], *names = NULL;
	struct xs_reply r;
	size_t len = 0;
	int err;

	do {
		snprintf(offset, sizeof(offset), "%zu", len);
		err = xs_talk(x, XS_DIRECTORY_PART, tx,
			      (struct iovec[]){text(path), text(offset)}, 2, &r);
		if (!err)
			err = dir_append(&r, generation, &names, &len);
	} while (err == 0);
	if (err < 0) {
		free(names);
		return err;
	}
	return dir_split(names, len, dir);
}

int xs_directory(struct xs *x, xs_tx tx, const char *path, struct xs_dir *dir)
{
	struct xs_reply r;
	char *names;
	int err = talk_path(x, XS_DIRECTORY, tx, path, &r);

	if (err == -E2BIG)
		return directory_parts(x, tx, path, dir);
	if (err)
		return err;
	names = malloc(r.len + 1);
	if (!names)
		return -ENOMEM;
	memcpy(names, r.data, r.len);
	return dir_split(names, r.len, dir);
}

void xs_dir_free(struct xs_dir *dir)
{
	free(dir->name);
	dir->name = NULL;
	dir->count = 0;
}

int xs_get_perms(struct xs *x, xs_tx tx, const char *path, struct xs_perm *perm,
		 unsigned int max)
{
	struct xs_reply r;
	unsigned int n = 0;
	uint64_t domid;
	int err = talk_path(x, XS_GET_PERMS, tx, path, &r);

	if (err)
		return err;
	for (char *s = r.data; s < r.data + r.len; s += strlen(s) + 1) {
		if (!strchr("nrwb", *s) || parse_u64(s + 1, &domid))
			return -EPROTO;
		if (n < max)
			perm[n] = (struct xs_perm){(unsigned int)domid, *s};
		n++;
	}
	return (int)n;
}

int xs_set_perms(struct xs *x, xs_tx tx, const char *path, const struct xs_perm *perm,
		 unsigned int count)
{
	char list[64 * PERM_TEXT];
	size_t len = 0;

	if (!count || count > 64)
		return -EINVAL;
	for (unsigned int i = 0; i < count; i++)
		len += (size_t)snprintf(list + len, PERM_TEXT, "%c%u", perm[i].access,
					perm[i].domid) +
		       1;
	return xs_talk(x, XS_SET_PERMS, tx, (struct iovec[]){text(path), {list, len}}, 2,
		       NULL);
}

int xs_tx_start(struct xs *x, xs_tx *tx)
{
	struct xs_reply r;
	uint64_t id;
	int err = talk_path(x, XS_TRANSACTION_START, XS_TX_NONE, "", &r);

	if (err)
		return err;
	if (parse_u64(r.data, &id) || id == 0 || id > UINT32_MAX)
		return -EPROTO;
	*tx = (uint64_t)x->generation << 32 | id;
	return 0;
}

int xs_tx_commit(struct xs *x, xs_tx tx)
{
	return talk_path(x, XS_TRANSACTION_END, tx, "T", NULL);
}

void xs_tx_abort(struct xs *x, xs_tx tx)
{
	/* A transaction that cannot be ended is gone already. */
	(void)talk_path(x, XS_TRANSACTION_END, tx, "F", NULL);
}

int xs_tx_end(struct xs *x, xs_tx tx, int err)
{
	if (!err)
		return xs_tx_commit(x, tx);
	xs_tx_abort(x, tx);
	return err;
}

static int talk_domid(struct xs *x, uint32_t type, unsigned int domid,
		      struct xs_reply *reply)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", domid);
	return talk_path(x, type, XS_TX_NONE, id, reply);
}

int xs_introduce(struct xs *x, unsigned int domid, uint64_t gfn, unsigned int port)
{
	char id[16], frame[24], evtchn[16];
	struct iovec iov[3];

	snprintf(id, sizeof(id), "%u", domid);
	snprintf(frame, sizeof(frame), "%" PRIu64, gfn);
	snprintf(evtchn, sizeof(evtchn), "%u", port);
	iov[0] = text(id);
	iov[1] = text(frame);
	iov[2] = text(evtchn);
	return xs_talk(x, XS_INTRODUCE, XS_TX_NONE, iov, 3, NULL);
}

int xs_release(struct xs *x, unsigned int domid)
{
	return talk_domid(x, XS_RELEASE, domid, NULL);
}

int xs_resume(struct xs *x, unsigned int domid)
{
	return talk_domid(x, XS_RESUME, domid, NULL);
}

int xs_set_target(struct xs *x, unsigned int domid, unsigned int target)
{
	char id[16], to[16];

	snprintf(id, sizeof(id), "%u", domid);
	snprintf(to, sizeof(to), "%u", target);
	return xs_talk(x, XS_SET_TARGET, XS_TX_NONE, (struct iovec[]){text(id), text(to)},
		       2, NULL);
}

int xs_is_introduced(struct xs *x, unsigned int domid)
{
	struct xs_reply r;
	int err = talk_domid(x, XS_IS_DOMAIN_INTRODUCED, domid, &r);

	return err ? err : r.data[0] == 'T';
}

int xs_get_domain_path(struct xs *x, unsigned int domid, char *buf, size_t size)
{
	struct xs_reply r;
	int err = talk_domid(x, XS_GET_DOMAIN_PATH, domid, &r);

	if (err)
		return err;
	err = copy_out(&r, buf, size);
	return err < 0 ? err : 0;
}

int xs_control(struct xs *x, const char *cmd, const char *arg, char *buf, size_t size)
{
	struct iovec iov[2] = {text(cmd), {NULL, 0}};
	struct xs_reply r;
	int err;

	if (arg)
		iov[1] = text(arg);
	err = xs_talk(x, XS_CONTROL, XS_TX_NONE, iov, arg ? 2 : 1, &r);
	return err ? err : copy_out(&r, buf, size);
}
