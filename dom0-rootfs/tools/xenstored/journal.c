/*
 * The journal: see journal.h. File: a magic word, then records of {u32 length,
 * u32 checksum, bytes}.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "journal.h"

#define NEW_FILE   JOURNAL_FILE ".new"
#define LOCK_FILE  "lock"
#define RECORD_MAX (1u << 30)
#define LOCK_TRIES 100 /* 20 ms apart: a killed daemon takes time to end */

static const char magic[8] = "xsjrnl1\n";

struct record_head {
	uint32_t len, sum;
};

void journal_init(struct journal *j)
{
	*j = (struct journal){.dir = -1, .lock = -1, .fd = -1};
}

void journal_close(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	if (j->lock >= 0)
		close(j->lock);
	if (j->dir >= 0)
		close(j->dir);
	buf_free(&j->pending);
	journal_init(j);
}

int journal_open(struct journal *j, const char *dir)
{
	const struct timespec pause = {.tv_nsec = 20000000};

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	j->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir < 0)
		return -errno;
	j->lock = openat(j->dir, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (j->lock < 0)
		return -errno;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(j->lock, LOCK_EX | LOCK_NB) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

/* FNV-1a: finds torn records, not malice; the file is root's. */
static uint32_t checksum(const char *data, size_t len)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (uint8_t)data[i]) * 16777619u;
	return sum;
}

static int write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static int read_file(int fd, struct buf *out)
{
	char part[65536];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_add(out, part, (size_t)n);
	return n < 0 ? -errno : 0;
}

static int load_records(const struct buf *file, int (*fn)(void *arg, struct cursor *c),
			void *arg)
{
	const char *at = file->data + sizeof(magic);
	const char *end = file->data + file->len;
	struct record_head head;
	int err = 0;

	while (!err && (size_t)(end - at) >= sizeof(head)) {
		struct cursor c;

		memcpy(&head, at, sizeof(head));
		at += sizeof(head);
		if (head.len > (size_t)(end - at) || checksum(at, head.len) != head.sum)
			break;
		c = (struct cursor){.at = at, .end = at + head.len};
		err = fn(arg, &c);
		at += head.len;
	}
	return err;
}

int journal_load(struct journal *j, int (*fn)(void *arg, struct cursor *c), void *arg)
{
	struct buf file = {0};
	int fd = openat(j->dir, JOURNAL_FILE, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = read_file(fd, &file);
	close(fd);
	if (!err && (file.len < sizeof(magic) || memcmp(file.data, magic, sizeof(magic))))
		err = -EINVAL;
	if (!err)
		err = load_records(&file, fn, arg);
	buf_free(&file);
	return err;
}

/* A record is one write, so that a kill cannot come between its parts. */
static int write_record(int fd, const struct buf *record)
{
	struct record_head head = {(uint32_t)record->len,
				   checksum(record->data, record->len)};
	struct buf whole = {0};
	int err;

	if (record->len > RECORD_MAX)
		return -EFBIG;
	buf_add(&whole, &head, sizeof(head));
	buf_add(&whole, record->data, record->len);
	err = write_all(fd, whole.data, whole.len);
	buf_free(&whole);
	return err;
}

int journal_rewrite(struct journal *j, const struct buf *state)
{
	int err, fd;

	if (j->dir < 0)
		return 0;
	fd = openat(j->dir, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, magic, sizeof(magic));
	if (!err)
		err = write_record(fd, state);
	if (!err && renameat(j->dir, NEW_FILE, j->dir, JOURNAL_FILE) < 0)
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	if (j->fd >= 0)
		close(j->fd);
	j->fd = fd;
	j->size = j->fresh = sizeof(magic) + state->len;
	j->pending.len = 0;
	j->failed = false;
	return 0;
}

int journal_commit(struct journal *j)
{
	int err = 0;

	if (j->fd >= 0 && j->pending.len && !j->failed) {
		err = write_record(j->fd, &j->pending);
		j->size += sizeof(struct record_head) + j->pending.len;
		/* What follows a torn record would never be read. */
		j->failed = err != 0;
	}
	j->pending.len = 0;
	return err;
}

bool journal_is_long(const struct journal *j)
{
	return j->fd >= 0 && (j->failed || j->size > 2 * j->fresh + JOURNAL_GROWTH);
}
