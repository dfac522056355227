# libsettings: needs LIBCONF and, behind all, -lcrypt. Include
# "libsettings/settings.h".
LIBSETTINGS_SRC := $(addprefix dom0-rootfs/tools/libsettings/,account.c apply.c \
	keys.c names.c settings.c)
LIBSETTINGS := $(B)/tools/libsettings/libsettings.a
LIBSETTINGS_OBJ := $(LIBSETTINGS_SRC:dom0-rootfs/tools/%.c=$(B)/tools/%.o)

$(LIBSETTINGS_OBJ): $(B)/tools/%.o: dom0-rootfs/tools/%.c | $(SYSROOT) \
		$(B)/packages/libxcrypt.done
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(LIBSETTINGS): $(LIBSETTINGS_OBJ)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

-include $(LIBSETTINGS_OBJ:.o=.d)
