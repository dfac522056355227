# Unit tests of the configuration parser, of xl's command table and of hostd's
# restart policy. `make golden` rewrites tests/golden/config/*.expect: look at the
# difference before committing it.
XL_TEST_CFLAGS := $(WARN) -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -I$(DOM0)/tools
XL_TEST_CONFIG := $(LIBDOM_CONFIG:%=$(B)/tests/unit/xl/config_%.o)

$(B)/tests/unit/xl/%.o: tests/unit/xl/%.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(XL_TEST_CFLAGS) -MMD -c $< -o $@

$(B)/tests/unit/xl/%.o: $(DOM0)/tools/libdom/%.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(XL_TEST_CFLAGS) -MMD -c $< -o $@

$(B)/tests/unit/xl/%.o: $(DOM0)/tools/xl/%.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(XL_TEST_CFLAGS) -MMD -c $< -o $@

$(B)/tests/unit/xl/%.o: $(DOM0)/tools/hostd/%.c | $(B)/.deps
	@mkdir -p $(@D)
	$(Q)gcc $(XL_TEST_CFLAGS) -MMD -c $< -o $@

$(B)/tests/unit/xl/test_config: $(XL_TEST_CONFIG)
$(B)/tests/unit/xl/test_cmd: $(XL_TEST_CONFIG) \
	$(patsubst %,$(B)/tests/unit/xl/%.o,cmd json vm_json)
$(B)/tests/unit/xl/test_policy: $(B)/tests/unit/xl/policy.o
XL_TESTS := $(patsubst %,$(B)/tests/unit/xl/%,test_config test_cmd test_policy)

$(XL_TESTS): %: %.o
	@echo "  LD       $@"
	$(Q)gcc -fsanitize=address,undefined $^ -lcmocka -o $@

UNIT_TESTS += $(XL_TESTS)

.PHONY: golden
golden: $(B)/tests/unit/xl/test_config
	GOLDEN_UPDATE=1 $<

-include $(wildcard $(B)/tests/unit/xl/*.d)
