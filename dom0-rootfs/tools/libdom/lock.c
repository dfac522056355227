/*
 * One writer for each VM: a file in /run/basalt, locked with flock(2), so that
 * a killed process leaves no lock. The file itself is removed by the last user;
 * therefore, after locking, its name is checked to be still that file's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdom/internal.h"

/* Another operation on this VM may be about to end: worth a little patience. */
#define LOCK_PATIENCE_MS 2000

/* 1: locked; 0: try again (held, or the file was replaced meanwhile). */
static int lock_try(struct vm_lock *lock)
{
	struct stat mine, named;

	lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock->fd < 0)
		return -errno;
	if (flock(lock->fd, LOCK_EX | LOCK_NB) == 0 &&
	    fstat(lock->fd, &mine) == 0 && stat(lock->path, &named) == 0 &&
	    mine.st_ino == named.st_ino && mine.st_dev == named.st_dev)
		return 1;
	close(lock->fd);
	return 0;
}

int vm_lock_wait(const char *name, int patience_ms, struct vm_lock *lock,
		 struct dom_error *err)
{
	int64_t until = wait_now_ms() + patience_ms;
	unsigned int turn = 0;
	int ret = run_dir_make(NULL);

	snprintf(lock->path, sizeof(lock->path), RUN_DIR "/vm-%s.lock", name);
	while (ret == 0) {
		ret = lock_try(lock);
		if (ret == 1)
			return 0;
		if (ret == 0 && wait_now_ms() > until)
			return dom_fail(err, -EBUSY,
					"%s: another operation on this VM is under "
					"way: try again when it has ended", name);
		if (ret == 0)
			wait_pause(&turn);
	}
	return dom_fail_errno(err, ret, "%s: cannot be locked", lock->path);
}

int vm_lock_take(const char *name, struct vm_lock *lock, struct dom_error *err)
{
	return vm_lock_wait(name, LOCK_PATIENCE_MS, lock, err);
}

void vm_lock_drop(struct vm_lock *lock)
{
	unlink(lock->path);
	close(lock->fd);
}

int vm_lock_take_domain(struct dom *dom, uint32_t domid, struct vm_lock *lock,
			struct dom_error *err)
{
	char name[DOM_NAME_SIZE];

	domain_name(dom, domid, name);
	if (!name[0])
		snprintf(name, sizeof(name), "%u", domid);
	return vm_lock_take(name, lock, err);
}
