# Unit tests of libtask, with the real `task` as keeper (built with the same
# sanitizers, found through PATH).
LIBTASK_TEST_DIR := $(B)/tests/unit/libtask

$(LIBTASK_TEST_DIR)/task: $(DOM0)/tools/task/main.c $(LIBTASK_SRC) $(LIBCONF_SRC)
$(LIBTASK_TEST_DIR)/test_task: tests/unit/libtask/test_task.c $(LIBTASK_SRC) \
	$(LIBCONF_SRC) | $(LIBTASK_TEST_DIR)/task

$(LIBTASK_TEST_DIR)/task $(LIBTASK_TEST_DIR)/test_task: | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(UT_CFLAGS) -I$(DOM0)/tools -MMD $(filter %.c,$^) -lcmocka -o $@

UNIT_TESTS += $(LIBTASK_TEST_DIR)/test_task
-include $(wildcard $(LIBTASK_TEST_DIR)/*.d)
