# xenstore: the store from the command line. XENSTORE_LINKS are its names.
XENSTORE := dom0-rootfs/tools/xenstore
XENSTORE_LINKS := $(addprefix xenstore-,read write rm list ls exists chmod watch)
XENSTORE_OBJ := $(patsubst %.c,$(B)/tools/xenstore.o/%.o,\
	$(XENSTORE)/main.c $(LIBXS_SRC))

TOOLS += $(B)/tools/xenstore

$(B)/tools/xenstore.o/%.o: %.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c $< -o $@

$(B)/tools/xenstore: $(XENSTORE_OBJ)
	$(Q)echo "  LINK     $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) $^ $(TOOL_LDFLAGS) -o $@

-include $(XENSTORE_OBJ:.o=.d)
