# Unit tests on the build host. Each folder's build.mk appends its programs to
# UNIT_TESTS; a program exits with 0 when all its cases passed.
#   UT_CFLAGS  what every one of them is compiled with
UT_CFLAGS := $(WARN) -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all

.SECONDEXPANSION:
.PHONY: check-unit
check-unit: $$(UNIT_TESTS)
	$(Q)sh tests/unit/run.sh $(B)/tests/unit $^
