# Unit tests of the metrics' files and of what hostd reads from /sys for them.
METRICS_TEST_CFLAGS := $(UT_CFLAGS) -D_GNU_SOURCE -I$(DOM0)/tools
METRICS_TESTS := $(patsubst %,$(B)/tests/unit/metrics/%,test_ring test_sysfs)

$(B)/tests/unit/metrics/test_ring: $(DOM0)/tools/libmetrics/ring.c
$(B)/tests/unit/metrics/test_sysfs: $(DOM0)/tools/hostd/sysfs.c

$(METRICS_TESTS): $(B)/tests/unit/metrics/%: tests/unit/metrics/%.c | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(METRICS_TEST_CFLAGS) -MMD $(filter %.c,$^) -lcmocka -lpthread -o $@

UNIT_TESTS += $(METRICS_TESTS)
-include $(wildcard $(B)/tests/unit/metrics/*.d)
