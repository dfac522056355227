# tests: each kind of test has its own build.mk.
include $(wildcard tests/*/build.mk tests/unit/*/build.mk)
