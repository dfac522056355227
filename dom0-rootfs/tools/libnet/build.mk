# libnet: needs LIBCONF. Include "libnet/net.h".
LIBNET_SRC := $(addprefix dom0-rootfs/tools/libnet/,net_apply.c net_check.c net_files.c \
	net_lease.c net_make.c net_parse.c net_status.c net_words.c netlink.c)
LIBNET := $(B)/tools/libnet/libnet.a
LIBNET_OBJ := $(LIBNET_SRC:dom0-rootfs/tools/%.c=$(B)/tools/%.o)

$(LIBNET_OBJ): $(B)/tools/%.o: dom0-rootfs/tools/%.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -D_GNU_SOURCE -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(LIBNET): $(LIBNET_OBJ)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

-include $(LIBNET_OBJ:.o=.d)
