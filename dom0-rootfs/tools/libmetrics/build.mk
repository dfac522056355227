# libmetrics: the files in which hostd keeps metrics, as a static library.
LIBMETRICS := $(B)/tools/libmetrics/libmetrics.a

$(B)/tools/libmetrics/ring.o: dom0-rootfs/tools/libmetrics/ring.c | $(SYSROOT)
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(TOOL_CFLAGS) -D_GNU_SOURCE -Idom0-rootfs/tools -MMD -MP -c -o $@ $<

$(LIBMETRICS): $(B)/tools/libmetrics/ring.o
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

-include $(B)/tools/libmetrics/ring.d
