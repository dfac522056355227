# network: the host's network from the command line.
NETWORK_SRC := $(addprefix dom0-rootfs/tools/network/,children.c main.c show.c watch.c)
NETWORK_OBJ := $(NETWORK_SRC:dom0-rootfs/tools/network/%.c=$(B)/tools/network.o/%.o)

TOOLS += $(B)/tools/network

$(NETWORK_OBJ): $(B)/tools/network.o/%.o: dom0-rootfs/tools/network/%.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -D_GNU_SOURCE -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(B)/tools/network: $(NETWORK_OBJ) $(LIBNET) $(LIBCONF)
	$(Q)echo "  LINK     $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS)

-include $(NETWORK_OBJ:.o=.d)
