# libxs: sources that users of the library link in; include "libxs/xs.h".
LIBXS_SRC := $(addprefix dom0-rootfs/tools/libxs/,xs.c xs_conn.c xs_event.c)
