# libsvc: what the daemons share; sources that they link in.
LIBSVC_SRC := $(addprefix dom0-rootfs/tools/libsvc/,peer.c service.c)
