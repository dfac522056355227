# Unit test of libhv: dom0's devices are wrapped, a small hypervisor answers.
LIBHV_TEST := $(B)/tests/unit/libhv/test_libhv

$(LIBHV_TEST): tests/unit/libhv/test_libhv.c \
		$(LIBHV_SRC:%=dom0-rootfs/tools/libhv/%) | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(WARN) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
		-I$(DOM0)/tools -MMD $(filter %.c,$^) \
		-Wl,--wrap=open,--wrap=close,--wrap=mmap,--wrap=munmap,--wrap=ioctl \
		-lcmocka -o $@

UNIT_TESTS += $(LIBHV_TEST)
-include $(LIBHV_TEST:=.d)
