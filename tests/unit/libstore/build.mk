# Unit tests of libstore in a world of its own below a temporary directory: fake
# sysfs, files as disks, directory pools; images made by qemu-img. Debian's libyal
# and libblkid stand for those built on musl. LVM is tested on the ISO.
LIBSTORE_TEST_DIR := $(B)/tests/unit/libstore

$(LIBSTORE_TEST_DIR)/test_store: tests/unit/libstore/test_store.c \
		tests/unit/libstore/world.c
$(LIBSTORE_TEST_DIR)/test_import: tests/unit/libstore/test_import.c \
		tests/unit/libstore/world.c
# The sanitizer needs more address space than the reader of images may have.
$(LIBSTORE_TEST_DIR)/test_import: LIBSTORE_TEST_LDFLAGS := -Wl,--wrap=setrlimit

LIBSTORE_TESTS := $(patsubst %,$(LIBSTORE_TEST_DIR)/%,test_store test_import)

$(LIBSTORE_TESTS): $(LIBSTORE_SRC) $(LIBCONF_SRC) tests/unit/libstore/world.h \
		$(DOM0)/tools/libstore/internal.h | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  CC       $@"
	$(Q)gcc $(UT_CFLAGS) -I$(DOM0)/tools -Itests/unit/libstore -MMD \
		$(filter %.c,$^) $(LIBSTORE_TEST_LDFLAGS) $(LIBSTORE_LIBS) -lcmocka -o $@

UNIT_TESTS += $(LIBSTORE_TESTS)
-include $(wildcard $(LIBSTORE_TEST_DIR)/*.d)
