# settings: the host's settings from the command line.
SETTINGS_OBJ := $(B)/tools/settings.o/main.o

TOOLS += $(B)/tools/settings

$(SETTINGS_OBJ): dom0-rootfs/tools/settings/main.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -D_GNU_SOURCE -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(B)/tools/settings: $(SETTINGS_OBJ) $(LIBSETTINGS) $(LIBCONF)
	$(Q)echo "  LINK     $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS) -lcrypt

-include $(SETTINGS_OBJ:.o=.d)
