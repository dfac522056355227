# Unit tests of the console's parts that need no terminal: texts and numbers, the rows
# of the dashboard, log files, a guest's screen.
CONSOLE_TEST := $(B)/tests/unit/console
CONSOLE_TEST_CFLAGS := $(UT_CFLAGS) -D_GNU_SOURCE -I$(DOM0)/tools -Itui-console
CONSOLE_TESTS := $(patsubst %,$(CONSOLE_TEST)/%,test_text test_vms test_logfile \
	test_guest_term test_records)

$(CONSOLE_TEST)/test_text: tui-console/ui/text.c
$(CONSOLE_TEST)/test_vms: $(patsubst %,tui-console/model/%.c,vms detail logfile) \
	$(DOM0)/tools/libmetrics/ring.c
$(CONSOLE_TEST)/test_records: tui-console/model/records.c
$(CONSOLE_TEST)/test_logfile: tui-console/model/logfile.c
$(CONSOLE_TEST)/test_guest_term: tui-console/model/guest_term.c tui-console/ui/text.c
$(CONSOLE_TEST)/test_guest_term: CONSOLE_TEST_LIBS := -lvterm

$(CONSOLE_TESTS): $(CONSOLE_TEST)/%: tests/unit/console/%.c | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(CONSOLE_TEST_CFLAGS) -MMD $(filter %.c,$^) -lcmocka \
		$(CONSOLE_TEST_LIBS) -lm -o $@

UNIT_TESTS += $(CONSOLE_TESTS)
-include $(wildcard $(CONSOLE_TEST)/*.d)
