# libconf: settings as text, files replaced whole; sources that users link in.
# Include "libconf/conf.h".
LIBCONF_SRC := $(addprefix dom0-rootfs/tools/libconf/,conf.c file.c)
