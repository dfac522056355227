#!/bin/sh
# Runs unit test programs: one line each, the output of those that fail, and a
# total.   usage: run.sh LOGDIR PROGRAM...
set -eu

logs=$1
shift
passed=0
failed=0
for test in "$@"; do
	log=$logs/$(basename "$(dirname "$test")")-$(basename "$test").log
	if timeout 300 "$test" >"$log" 2>&1; then
		passed=$((passed + 1))
		echo "  ok     $test ($(grep -c '^\[       OK' "$log" || true))"
	else
		failed=$((failed + 1))
		echo "  FAILED $test: $log"
		cat "$log"
	fi
done
echo "unit tests: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
