# tests: each kind of test has its own build.mk. `make check` is what one runs
# before each commit, `make test` is everything (what CI calls).
include $(wildcard tests/*/build.mk tests/unit/*/build.mk)

.PHONY: check test
check: deps
	$(Q)$(MAKE) --no-print-directory lint
	$(Q)$(MAKE) --no-print-directory check-unit

test: deps
	$(Q)python3 tests/test.py
