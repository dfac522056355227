# Unit tests of the installer's pure parts: answers, matches, layout, the
# environment block, partition tables, the boot loader's placing.
INST_TEST_CFLAGS := $(WARN) -O1 -g -D_GNU_SOURCE -fsanitize=address,undefined \
	-fno-sanitize-recover=all -Iinstaller -Iinstaller/engine -I$(DOM0)/tools
INST_TEST_DIR := $(B)/tests/unit/installer
INST_TESTS := $(addprefix $(INST_TEST_DIR)/,test_answers test_layout test_bootenv \
	test_disk test_loader test_along test_contents)
INST_ENGINE := installer/engine

$(INST_TEST_DIR)/test_answers: installer/answers.c $(INST_ENGINE)/match.c \
	$(LIBCONF_SRC)
$(INST_TEST_DIR)/test_layout: $(addprefix $(INST_ENGINE)/,layout.c fault.c)
$(INST_TEST_DIR)/test_bootenv: $(addprefix $(INST_ENGINE)/,bootenv.c fault.c)
$(INST_TEST_DIR)/test_disk: $(addprefix $(INST_ENGINE)/,disk.c match.c gpt.c \
	found.c layout.c fault.c settle.c) installer/answers.c $(LIBCONF_SRC)
$(INST_TEST_DIR)/test_loader: $(addprefix $(INST_ENGINE)/,loader.c bootenv.c \
	fault.c) $(LIBCONF_SRC)

$(INST_TEST_DIR)/test_contents: $(INST_ENGINE)/contents.c
$(INST_TEST_DIR)/test_contents: INST_TEST_LDFLAGS := -lblkid

$(INST_TEST_DIR)/test_along: $(INST_ENGINE)/fault.c $(LIBCONF_SRC)
$(INST_TEST_DIR)/test_along: INST_TEST_LDFLAGS := -Wl,--wrap=access

$(INST_TESTS): $(INST_TEST_DIR)/%: tests/unit/installer/%.c | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(INST_TEST_CFLAGS) -MMD $(filter %.c,$^) $(INST_TEST_LDFLAGS) \
		-lcmocka -o $@

UNIT_TESTS += $(INST_TESTS)
-include $(wildcard $(INST_TEST_DIR)/*.d)
