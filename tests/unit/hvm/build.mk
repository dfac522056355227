# Unit tests of x86/hvm on the host: the shared code between a guest's exits
# and what is done about them, with a fake vendor below (fakes.c) and a scripted
# CPU (fake/x86/asm.h).
HVM_TEST := tests/unit/hvm
HVM_X86 := hypervisor/x86/hvm
HVM_TEST_CFLAGS := $(WARN) -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-builtin -D__XEN_TOOLS__ \
	-I$(HVM_TEST)/fake -Ihypervisor/include -I$(HVM_X86)
HVM_TESTS := $(addprefix $(B)/$(HVM_TEST)/,test_decode test_vlapic \
	test_guest_walk test_npt test_cpuid test_msr test_context test_inject)
HVM_VLAPIC := $(addprefix $(HVM_X86)/,vlapic.c vlapic_ipi.c vlapic_access.c)
HVM_MEMORY := $(HVM_X86)/npt.c $(HVM_X86)/guest_walk.c \
	hypervisor/core/guest_copy.c

$(B)/$(HVM_TEST)/test_decode: $(HVM_X86)/decode.c
$(B)/$(HVM_TEST)/test_vlapic: $(HVM_VLAPIC)
$(B)/$(HVM_TEST)/test_guest_walk: $(HVM_MEMORY)
$(B)/$(HVM_TEST)/test_npt: $(HVM_X86)/npt.c
$(B)/$(HVM_TEST)/test_cpuid: $(HVM_X86)/cpuid_policy.c $(HVM_X86)/cpuid.c
$(B)/$(HVM_TEST)/test_msr: $(HVM_X86)/msr.c $(HVM_VLAPIC)
$(B)/$(HVM_TEST)/test_context: $(addprefix $(HVM_X86)/,context.c records.c \
	state.c xstate.c msr.c cpuid_policy.c cpuid.c) $(HVM_VLAPIC) $(HVM_MEMORY)
$(B)/$(HVM_TEST)/test_inject: $(HVM_X86)/inject.c $(HVM_VLAPIC)

$(HVM_TESTS): $(B)/$(HVM_TEST)/%: $(HVM_TEST)/%.c $(HVM_TEST)/fakes.c \
		hypervisor/core/spinlock.c hypervisor/lib/debug/on.c \
		hypervisor/x86/svm/msr.c \
		$(HVM_TEST)/fakes.h | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(HVM_TEST_CFLAGS) -MMD -o $@ $(filter %.c,$^) -lcmocka

UNIT_TESTS += $(HVM_TESTS)
-include $(wildcard $(B)/$(HVM_TEST)/*.d)
