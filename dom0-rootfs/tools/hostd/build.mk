# hostd: reacts to guests that end.
HOSTD_DIR := $(B)/tools/hostd
HOSTD_SRC := main autostart load log policy react restart sample sysfs
HOSTD_OBJ := $(HOSTD_SRC:%=$(HOSTD_DIR)/%.o)
HOSTD_LIBS := $(B)/tools/libmetrics/libmetrics.a $(B)/tools/libdom/libdom.a $(B)/tools/libhv/libhv.a

$(HOSTD_OBJ): $(HOSTD_DIR)/%.o: dom0-rootfs/tools/hostd/%.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(HOSTD_DIR)/hostd: $(HOSTD_OBJ) $(HOSTD_LIBS)
	@echo "  LD       $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS)

TOOLS += $(HOSTD_DIR)/hostd
-include $(HOSTD_OBJ:.o=.d)
