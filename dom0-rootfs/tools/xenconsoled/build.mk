# xenconsoled. XENCONSOLED_CORE is what the tests link.
XENCONSOLED := dom0-rootfs/tools/xenconsoled
XENCONSOLED_CORE := $(addprefix $(XENCONSOLED)/,cring.c logfile.c backlog.c guest.c)
XENCONSOLED_SRC := $(XENCONSOLED_CORE) \
	$(addprefix $(XENCONSOLED)/,guests.c main.c) $(LIBXS_SRC) $(LIBSVC_SRC)
XENCONSOLED_OBJ := $(XENCONSOLED_SRC:%.c=$(B)/tools/xenconsoled.o/%.o)

TOOLS += $(B)/tools/xenconsoled

$(B)/tools/xenconsoled.o/%.o: %.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -D_GNU_SOURCE -Idom0-rootfs/tools \
		-MMD -MP -c $< -o $@

$(B)/tools/xenconsoled: $(XENCONSOLED_OBJ)
	$(Q)echo "  LINK     $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) $^ $(TOOL_LDFLAGS) -o $@

-include $(XENCONSOLED_OBJ:.o=.d)
