# libconf: settings as text, files replaced whole, programs of several commands.
# Sources that users link in, or a static library. Include "libconf/conf.h" or
# "libconf/command.h".
LIBCONF_SRC := $(addprefix dom0-rootfs/tools/libconf/,command.c conf.c file.c)
LIBCONF := $(B)/tools/libconf/libconf.a
LIBCONF_OBJ := $(LIBCONF_SRC:dom0-rootfs/tools/%.c=$(B)/tools/%.o)

$(LIBCONF_OBJ): $(B)/tools/%.o: dom0-rootfs/tools/%.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(LIBCONF): $(LIBCONF_OBJ)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

-include $(LIBCONF_OBJ:.o=.d)
