# Unit tests of x86/vmx: what is pure in it.
VMX_TEST := tests/unit/vmx
VMX_X86 := hypervisor/x86/vmx
VMX_TEST_CFLAGS := $(WARN) -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -D__XEN_TOOLS__ \
	-Itests/unit/hvm/fake -Ihypervisor/include -I$(VMX_X86)
VMX_TESTS := $(addprefix $(B)/$(VMX_TEST)/,test_caps test_mtrr)

$(B)/$(VMX_TEST)/test_caps: $(VMX_X86)/caps.c
$(B)/$(VMX_TEST)/test_mtrr: $(VMX_X86)/mtrr.c
$(VMX_TESTS): $(B)/$(VMX_TEST)/%: $(VMX_TEST)/%.c | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(VMX_TEST_CFLAGS) -MMD -o $@ $(filter %.c,$^) -lcmocka

UNIT_TESTS += $(VMX_TESTS)
-include $(wildcard $(B)/$(VMX_TEST)/*.d)
