# storage: the command line over libstore.
STORAGE_OBJ := $(patsubst %.c,$(B)/tools/storage.o/%.o,\
	$(addprefix dom0-rootfs/tools/storage/,main.c show.c change.c) \
	$(LIBSTORE_SRC) $(LIBCONF_SRC))

TOOLS += $(B)/tools/storage

$(B)/tools/storage.o/%.o: %.c | $(SYSROOT) $(LIBSTORE_DEPS)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c $< -o $@

$(B)/tools/storage: $(STORAGE_OBJ)
	$(Q)echo "  LINK     $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) $^ $(TOOL_LDFLAGS) $(LIBSTORE_LIBS) -o $@

-include $(STORAGE_OBJ:.o=.d)
