# tests/lint: the house rules that a machine can check.
.PHONY: lint
lint:
	$(Q)python3 tests/lint/lint.py
