# xl: the command line over libdom.
XL_DIR := $(B)/tools/xl
XL_SRC := main cmd config_args console json run vm_json cmd_block cmd_clone cmd_config_update \
	cmd_console cmd_create cmd_define cmd_destroy cmd_dmesg cmd_domid cmd_info \
	cmd_list cmd_mem cmd_network cmd_new cmd_pause cmd_rename cmd_sched cmd_seed \
	cmd_shutdown cmd_top cmd_uptime cmd_vcpu cmd_vm_list volumes
XL_OBJ := $(XL_SRC:%=$(XL_DIR)/%.o)
XL_LIBS := $(B)/tools/libdom/libdom.a $(B)/tools/libhv/libhv.a

$(XL_OBJ): $(XL_DIR)/%.o: dom0-rootfs/tools/xl/%.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(XL_DIR)/xl: $(XL_OBJ) $(XL_LIBS)
	@echo "  LD       $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS)

TOOLS += $(XL_DIR)/xl
-include $(XL_OBJ:.o=.d)
