# tests/system: the ISO in QEMU, as a person would use it. TESTS= picks files.
# Debian's own python3 is named: the one that has Debian's pytest and pexpect.
# Two machines at a time, a thread each (J=1: one); a file's tests share one.
.PHONY: check-system
check-system: deps iso netboot $(B)/tests/debian.img $(B)/tests/guest/runner.elf \
		$(B)/tests/guest/idle.elf
	$(Q)/usr/bin/python3 -m pytest -q --tb=short -p no:cacheprovider \
		-n $(or $(J),2) --dist loadfile \
		$(addprefix tests/system/,$(or $(TESTS),.))

# An ordinary Debian disk; mmdebstrap needs root or user namespaces.
$(B)/tests/debian.img: tests/system/debian-image.sh | $(B)/.deps
	@mkdir -p $(@D)
	@echo "  DEBIAN   $@"
	$(Q)$(SUDO) tests/system/debian-image.sh $@ >$@.log 2>&1 || \
		{ tail -20 $@.log; exit 1; }

# What takes too long for every change: Bochs's minutes.
.PHONY: check-nightly
check-nightly: deps iso
	$(Q)/usr/bin/python3 -m pytest -q --tb=short -p no:cacheprovider \
		tests/system/nightly_vtx.py

# Power cuts of installation and upgrade, each started in QEMU: hours. CUTS=
# says how many of each. test_install.py must have run: it records the writes.
CUTS ?= 50
.PHONY: soak
soak: deps iso
	$(Q)[ -e $(B)/tests/system/upgrade-writes.log ] || \
		$(MAKE) --no-print-directory check-system TESTS=test_install.py
	$(Q)/usr/bin/python3 tests/system/soak_powercut.py $(CUTS)

# Starts on machines of every kind, half an hour; KINDS="uefi nvme" picks those
# that have both, FULL=1 takes all combinations.
.PHONY: matrix
matrix: deps iso
	$(Q)/usr/bin/python3 tests/system/matrix_boot.py $(if $(FULL),--full) $(KINDS)

# An installation to each kind of disk, and a start from it. KINDS= picks some.
.PHONY: matrix-install
matrix-install: deps iso
	$(Q)/usr/bin/python3 tests/system/matrix_install.py $(KINDS)
