# Unit tests of libdom's pure parts: hostile kernels, unpacking, what a guest
# finds in its memory, plans, seed volumes; and of those that can do with a world of
# a few lines: makings cut short, reactions, the log, definitions.
LIBDOM_CONFIG := check cpu disk keys lex near parse vif write
LIBDOM_TEST_CFLAGS = $(WARN) -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -I$(DOM0)/tools -Itests/unit/libdom \
	-DRUN_DIR='"$(LIBDOM_TEST_DIR)/run"'
LIBDOM_TEST_DIR := $(B)/tests/unit/libdom
LIBDOM_TESTS := $(patsubst %,$(LIBDOM_TEST_DIR)/%,test_kernel test_unpack \
	test_guest test_plan test_making test_react test_host test_define test_seed test_change)

$(LIBDOM_TEST_DIR)/test_kernel: $(patsubst %,$(DOM0)/tools/libdom/%.c, \
	kernel_elf blake2b error)
$(LIBDOM_TEST_DIR)/test_unpack: $(patsubst %,$(DOM0)/tools/libdom/%.c, \
	kernel_bzimage kernel_unpack kernel_lz4 error)
$(LIBDOM_TEST_DIR)/test_guest: $(patsubst %,$(DOM0)/tools/libdom/%.c, \
	guest_layout guest_acpi guest_context error)
$(LIBDOM_TEST_DIR)/test_plan: $(DOM0)/tools/libdom/plan.c
$(LIBDOM_TEST_DIR)/test_making: $(patsubst %,$(DOM0)/tools/libdom/%.c,making error)
$(LIBDOM_TEST_DIR)/test_making: LIBDOM_TEST_LDFLAGS := -Wl,--wrap=open,--wrap=unlink
$(LIBDOM_TEST_DIR)/test_react: $(patsubst %,$(DOM0)/tools/libdom/%.c, \
	dom_react dom_rename error)
$(LIBDOM_TEST_DIR)/test_host: $(patsubst %,$(DOM0)/tools/libdom/%.c,dom_host error)
$(LIBDOM_TEST_DIR)/test_define: $(patsubst %,$(DOM0)/tools/libdom/%.c, \
	define define_list define_mark config_edit config_piece $(LIBDOM_CONFIG:%=config_%) \
	uuid lock wait error) $(DOM0)/tools/libconf/file.c
$(LIBDOM_TEST_DIR)/test_define: LIBDOM_TEST_LDFLAGS := -Wl,--wrap=rename
$(LIBDOM_TEST_DIR)/test_change: $(patsubst %,$(DOM0)/tools/libdom/%.c, \
	changing change_memory change_cpu change_device change_config record config_piece \
	$(LIBDOM_CONFIG:%=config_%) lock wait error)
$(LIBDOM_TEST_DIR)/test_change: LIBDOM_TEST_LDFLAGS := -Wl,--wrap=rename
$(LIBDOM_TEST_DIR)/test_seed: $(patsubst %,$(DOM0)/tools/libdom/%.c,seed error) \
	$(DOM0)/tools/libconf/file.c

$(LIBDOM_TESTS): $(LIBDOM_TEST_DIR)/%: tests/unit/libdom/%.c | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(LIBDOM_TEST_CFLAGS) -MMD $(filter %.c,$^) $(LIBDOM_TEST_LDFLAGS) \
		-lcmocka -llzma -lz -lzstd -o $@

UNIT_TESTS += $(LIBDOM_TESTS)
-include $(wildcard $(LIBDOM_TEST_DIR)/*.d)
