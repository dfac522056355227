# tests/system: the ISO in QEMU, as a person would use it. TESTS= picks files.
.PHONY: check-system
check-system: deps iso
	$(Q)python3 -m pytest -q --tb=short -p no:cacheprovider \
		tests/system/$(TESTS)
