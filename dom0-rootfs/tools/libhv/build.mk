# libhv: the hypervisor's toolstack interface, as a static library.
LIBHV := $(B)/tools/libhv/libhv.a
LIBHV_SRC := handle.c domctl.c hvm.c memory.c map.c window.c event.c host.c
LIBHV_OBJ := $(LIBHV_SRC:%.c=$(B)/tools/libhv/%.o)

$(LIBHV_OBJ): $(B)/tools/libhv/%.o: dom0-rootfs/tools/libhv/%.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(LIBHV): $(LIBHV_OBJ)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

-include $(LIBHV_OBJ:.o=.d)
