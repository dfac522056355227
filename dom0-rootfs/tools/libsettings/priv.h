/*
 * What the files of libsettings share.
 */
#ifndef LIBSETTINGS_PRIV_H
#define LIBSETTINGS_PRIV_H

#include "libsettings/settings.h"

#define ZONES	"/usr/share/zoneinfo"
#define KEYMAPS "/usr/share/keymaps"
#define HOST_CHARS                                                                \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

#endif
