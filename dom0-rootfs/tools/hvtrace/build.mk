# hvtrace: the hypervisor's trace and counters as text.
HVTRACE_OBJ := $(B)/tools/hvtrace.o/main.o $(B)/tools/hvtrace.o/decode.o

$(HVTRACE_OBJ): $(B)/tools/hvtrace.o/%.o: dom0-rootfs/tools/hvtrace/%.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(B)/tools/hvtrace: $(HVTRACE_OBJ) $(B)/tools/libhv/libhv.a
	@echo "  LD       $@"
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -o $@ $^ $(TOOL_LDFLAGS)

TOOLS += $(B)/tools/hvtrace
-include $(HVTRACE_OBJ:.o=.d)
