# task: the command line over libtask.
TASK_OBJ := $(patsubst %.c,$(B)/tools/task.o/%.o,\
	dom0-rootfs/tools/task/main.c $(LIBTASK_SRC) $(LIBCONF_SRC))

TOOLS += $(B)/tools/task

$(B)/tools/task.o/%.o: %.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c $< -o $@

$(B)/tools/task: $(TASK_OBJ)
	$(Q)echo "  LINK     $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) $^ $(TOOL_LDFLAGS) -o $@

-include $(TASK_OBJ:.o=.d)
