#!/usr/bin/env python3
"""`make test`: every level, one after the other, and one sum at the end.

A level is a make target whose output holds lines "name: N passed, N failed".
All levels run even when one fails. A level that fails without counting a
failure (a build error, say) counts as one failed test.
"""
import re
import subprocess
import sys
import time

LEVELS = ['check', 'check-tui', 'check-guest', 'check-guest-vmx', 'check-system']
COUNT = re.compile(r'^[\w -]+: (\d+) passed, (\d+) failed$')


def run_level(target):
    """Runs one level, echoing its output; (passed, failed)."""
    passed = failed = 0
    process = subprocess.Popen(['make', '--no-print-directory', target],
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True,
                               errors='replace')
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        match = COUNT.match(line.strip())
        if match:
            passed += int(match.group(1))
            failed += int(match.group(2))
    if process.wait() and not failed:
        failed = 1
    return passed, failed


def main():
    total_passed = total_failed = 0
    report = []
    for target in LEVELS:
        start = time.monotonic()
        passed, failed = run_level(target)
        total_passed += passed
        total_failed += failed
        report.append(f'{target:14} {passed:5} passed {failed:5} failed '
                      f'{time.monotonic() - start:7.0f} s')
    print('\n' + '\n'.join(report))
    print(f'{total_passed} passed, {total_failed} failed')
    return 1 if total_failed or not total_passed else 0


if __name__ == '__main__':
    sys.exit(main())
