/*
 * A seed volume for cloud-init's NoCloud: a small FAT image labelled CIDATA with the
 * files user-data and meta-data, which a guest with cloud-init finds on any of its
 * disks at its first boot. Pure but for the last two.
 */
#ifndef LIBDOM_SEED_H
#define LIBDOM_SEED_H

#include "libdom/libdom.h"

struct seed {
	const char *instance_id; /* changes: cloud-init runs again. The VM's uuid */
	const char *hostname;
	const char *user;	 /* made, with sudo; NULL: the image's default user */
	const char *ssh_key;	 /* lines of authorized_keys; NULL: none */
	const char *password;	 /* crypt(3) hash; NULL: none */
	const char *user_data;	 /* whole file instead of the three above; NULL */
};

/* NULL when fine, otherwise why not. */
const char *seed_user_problem(const char *user);
const char *seed_key_problem(const char *ssh_key);

/*
 * The image, to be freed. -EINVAL: user or key cannot be used; -E2BIG.
 */
int seed_make(const struct seed *seed, void **image, size_t *size,
	      struct dom_error *err);
/* The same into a file, replaced whole; its directory is made. */
int seed_write(const struct seed *seed, const char *path, struct dom_error *err);
/* What is in one that was made here: user_data for a clone's; to be freed. */
int seed_read(const char *path, char **user_data, struct dom_error *err);

#endif
