# Unit tests of the create wizard's model: what is typed, and the configuration.
VM_FORM_TEST := $(B)/tests/unit/vm_form/test_vm_form

$(VM_FORM_TEST): tests/unit/vm_form/test_vm_form.c tui-console/model/vm_form.c \
		$(LIBDOM_CONFIG:%=$(DOM0)/tools/libdom/config_%.c) | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(WARN) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
		-D_GNU_SOURCE -I$(DOM0)/tools -Itui-console -MMD $(filter %.c,$^) -lcmocka \
		-o $@

UNIT_TESTS += $(VM_FORM_TEST)
-include $(VM_FORM_TEST).d
