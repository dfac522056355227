# xenstored. XENSTORED_SRC without main.c and hv.c is what the tests link.
XENSTORED := dom0-rootfs/tools/xenstored
XENSTORED_CORE := mem.c path.c perms.c node.c store.c transact.c ring.c \
	journal.c watch.c conn.c domain.c request.c control.c state.c server.c
XENSTORED_CORE := $(addprefix $(XENSTORED)/,$(XENSTORED_CORE))
XENSTORED_SRC := $(XENSTORED_CORE) \
	$(addprefix $(XENSTORED)/,hv.c hv_none.c main.c) $(LIBSVC_SRC)
XENSTORED_OBJ := $(XENSTORED_SRC:%.c=$(B)/tools/xenstored.o/%.o)

TOOLS += $(B)/tools/xenstored

$(B)/tools/xenstored.o/%.o: %.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -D_GNU_SOURCE -Idom0-rootfs/tools \
		-MMD -MP -c $< -o $@

$(B)/tools/xenstored: $(XENSTORED_OBJ)
	$(Q)echo "  LINK     $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) $^ $(TOOL_LDFLAGS) -o $@

-include $(XENSTORED_OBJ:.o=.d)
