# Basalt: one make for everything. Each part has its own build.mk; all output
# goes to build/. The two commands a newcomer needs: `make run`, `make test`.
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
B := build
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# Your own settings (LEVEL=1, XEN=0, ...); not kept in the repository.
-include local.mk

.PHONY: all
all: iso

# Warnings every C file of ours is built with, for every target. Parameters may be
# unused: handlers in a table have one signature.
WARN := -std=gnu11 -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wno-unused-parameter -Werror

include configs/deps.mk
include hypervisor/build.mk
include dom0-rootfs/build.mk
include iso/build.mk
include tests/build.mk

.PHONY: clean
clean:
	rm -rf $(B)
