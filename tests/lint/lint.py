#!/usr/bin/env python3
"""House rules that a machine can check (docs/HACKING.md lists them).

One function per rule; each yields "file:line: message". Exit status 1 when a
rule is broken. Warnings (functions over 60 lines) are counted, not fatal.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_WARN, FUNCTION_MAX, FILE_MAX, COLUMNS_MAX = 60, 80, 1000, 100

# Functions allowed over FUNCTION_MAX, each with its reason. Only shrinks.
LONG_FUNCTIONS = {}

# What a part may include, by the first component of a <hv/...> style include.
HYPERVISOR_HEADERS = re.compile(r'#\s*include\s*[<"](hv|x86)/')
X86_HEADERS = re.compile(r'#\s*include\s*[<"]x86/')
VENDOR_HEADERS = re.compile(r'#\s*include\s*[<"](x86/)?(svm|vmx)/')
XEN_PRIVCMD = re.compile(r'#\s*include\s*[<"](libhv/|libhv\.h|hv\.h)')

# The direct map behind map_frame() may be used by name only here: boot code
# that runs before any guest, and the file that implements map_frame() itself.
DIRECT_MAP = re.compile(r'\b(phys_to_virt|DIRECTMAP_BASE)\b')
DIRECT_MAP_FILES = re.compile(
    r'hypervisor/(x86/(boot|dom0)/|x86/(paging|acpi|smp|setup)\.c|mm/page_alloc\.c'
    r'|mm/heap\.c|include/x86/platform\.h)')


def tracked(*patterns):
    """Files of ours that git knows or would add, by suffix."""
    out = subprocess.run(
        ['git', '-C', str(ROOT), 'ls-files', '-co', '--exclude-standard'],
        capture_output=True, text=True, check=True).stdout.split('\n')
    return [f for f in out if f.endswith(patterns) and (ROOT / f).is_file()]


def lines_of(name):
    return (ROOT / name).read_text(errors='replace').split('\n')


def grep(files, pattern, message, skip=None):
    for name in files:
        if skip and skip.search(name):
            continue
        for n, line in enumerate(lines_of(name), 1):
            if pattern.search(line):
                yield f'{name}:{n}: {message}: {line.strip()}'


def rule_layers():
    """The dependency law of the architecture."""
    code = tracked('.c', '.h', '.S')
    outside = [f for f in code if f.startswith(
        ('dom0-rootfs/', 'tui-console/', 'installer/', 'tests/guest/'))]
    yield from grep(outside, HYPERVISOR_HEADERS, "includes the hypervisor's")
    inner = [f for f in code if re.match(r'hypervisor/(core|mm|lib)/', f)
             or f.startswith('hypervisor/include/hv/')]
    yield from grep(inner, X86_HEADERS, 'core, mm and lib know only hv/arch.h')
    shared = [f for f in code if not f.startswith('hypervisor/x86/svm/')]
    yield from grep(shared, VENDOR_HEADERS, 'vendor files are included by nobody')
    clients = [f for f in code if re.match(
        r'(dom0-rootfs/tools/(xl|hostd|xentop)|tui-console|installer)/', f)]
    yield from grep(clients, XEN_PRIVCMD, 'reach the hypervisor through libdom')


def rule_direct_map():
    """Guest memory is reached through map_frame() and guest_read() only."""
    files = [f for f in tracked('.c', '.h') if f.startswith('hypervisor/')]
    yield from grep(files, DIRECT_MAP, 'direct map used', DIRECT_MAP_FILES)


def functions(name):
    """(first line, last line, header) of each function in K&R style."""
    lines, start, header = lines_of(name), None, ''
    for n, line in enumerate(lines, 1):
        if line == '{':
            start, header = n, lines[n - 2].strip()
        elif line == '}' and start:
            yield start, n, header
            start = None


def rule_sizes():
    """Functions over 80 lines, files over 1000, lines over 100 columns."""
    over = total = 0
    for name in tracked('.c', '.h', '.S', '.py', '.sh', '.mk'):
        lines = lines_of(name)
        if len(lines) > FILE_MAX:
            yield f'{name}:1: {len(lines)} lines, the limit is {FILE_MAX}'
        for n, line in enumerate(lines, 1):
            if len(line.expandtabs(8)) > COLUMNS_MAX:
                yield f'{name}:{n}: over {COLUMNS_MAX} columns'
        if not name.endswith('.c'):
            continue
        for first, last, header in functions(name):
            total += 1
            size = last - first
            over += size > FUNCTION_WARN
            if size > FUNCTION_MAX and header not in LONG_FUNCTIONS:
                yield f'{name}:{first}: {size} lines: {header}'
    print(f'lint: {total} functions, {over} over {FUNCTION_WARN} lines')


def rule_conditionals():
    """No #if inside a function."""
    for name in tracked('.c'):
        lines = lines_of(name)
        for first, last, _ in functions(name):
            for n in range(first, last):
                if re.match(r'#\s*(if|else|elif)', lines[n]):
                    yield f'{name}:{n + 1}: #if inside a function'


def rule_unfinished():
    """Nothing in the tree says that it is not finished."""
    mark = re.compile(r'\b(TODO|FIXME|XXX)\b')
    yield from grep(tracked('.c', '.h', '.S', '.sh', '.mk'), mark, 'unfinished')


def rule_headers_alone():
    """Each header of ours compiles by itself."""
    base = ['gcc', '-std=gnu11', '-fsyntax-only', '-Wall', '-x', 'c', '-']
    hv = ['-ffreestanding', '-D__XEN_TOOLS__', f'-I{ROOT}/hypervisor/include']
    for name in tracked('.h'):
        if not name.startswith('hypervisor/include/'):
            continue
        run = subprocess.run(base + hv, text=True, capture_output=True,
                             input=f'#include "{ROOT / name}"\n')
        if run.returncode:
            yield f'{name}:1: does not compile alone: {run.stderr[:300]}'


def main():
    rules = [v for k, v in sorted(globals().items()) if k.startswith('rule_')]
    broken = 0
    for rule in rules:
        for message in rule():
            broken += 1
            print(message)
    print(f'lint: {len(rules)} rules, {broken} broken')
    return 1 if broken else 0


if __name__ == '__main__':
    sys.exit(main())
