# libtask: long commands that run by themselves; sources that users link in,
# with LIBCONF_SRC. Include "libtask/libtask.h".
LIBTASK_SRC := $(addprefix dom0-rootfs/tools/libtask/,error.c keep.c look.c start.c)
