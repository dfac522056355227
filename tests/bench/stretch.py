#!/usr/bin/env python3
"""The longest stretches for which the hypervisor does not look at what is due.

    tests/bench/stretch.py [--dom0] [TEST...]

Runs tiny kernels (all of them, or those named) in QEMU with stretch/plugin.c and
prints, longest first, how many instructions passed between two looks at
interrupts, timers and other vCPUs, the way into the code, and where it went. With
--dom0 also the bench's control domain: real domains made, run and destroyed.
"""
import argparse
import bisect
import collections
import glob
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = f"{TOP}/build/tests/bench/stretch"
KERNEL = f"{TOP}/build/hypervisor/basalt"
LIMIT = 50_000
# On every way, so they tell nothing.
COMMON = {"svm_run", "svm_enter", "timer_run", "hvm_prepare_events", "cpu_main", "this_cpu",
          "npt_look_locked", "svm_get_mode", "guest_read", "arch_guest_page", "memcpy"}


class Symbols:
    def __init__(self):
        text = subprocess.run(["nm", "-n", f"{KERNEL}.sym"], capture_output=True, text=True,
                              check=True).stdout
        self.all = [(int(a, 16), name) for a, kind, name in
                    (line.split() for line in text.splitlines())
                    if kind in "tT" and int(a, 16) > 1 << 63]
        self.starts = [a for a, _ in self.all]

    def at(self, name):
        return next(a for a, n in self.all if n == name)

    def name(self, address):
        """Without what the compiler added to it."""
        return self.all[bisect.bisect_right(self.starts, address) - 1][1].split(".")[0]


def plugin(symbols):
    os.makedirs(OUT, exist_ok=True)
    for old in glob.glob(f"{OUT}/run.*"):
        os.remove(old)
    with open(f"{OUT}/entries", "w", encoding="ascii") as f:
        f.writelines(f"{a:x}\n" for a in symbols.starts)
    return (f"-plugin {OUT}/plugin.so,start={symbols.at('hv_start'):x},"
            f"end={symbols.starts[-1] + 4096:x},look={symbols.at('hypercall_preempt_check'):x},"
            f"entries={OUT}/entries,out={OUT}/run")


def run_kernels(arg, tests):
    subprocess.run([f"{TOP}/tests/guest/run.py", "-j", "1", f"--qemu={arg}", *tests], check=True)


def run_dom0(arg):
    """To the power-off of a control domain that makes and destroys domains."""
    cmd = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=single", "-cpu", "max",
           "-smp", "2", "-m", "3072M", "-display", "none", "-vga", "none", "-nodefaults",
           "-no-reboot", "-kernel", f"{KERNEL}.elf", "-append",
           "com1=115200 console=com1 dom0_mem=1024M", "-initrd",
           f"{TOP}/build/image/vmlinux console=hvc0 quiet,"
           f"{TOP}/build/tests/bench/dom0.cpio", "-serial", "stdio", *arg.split()]
    with open(f"{OUT}/dom0.log", "wb") as log:
        subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=log, timeout=1500, check=True)


def read(symbols):
    """The longest of each way: (length, way, where it went)."""
    longest = {}
    for path in glob.glob(f"{OUT}/run.*"):
        with open(path, encoding="ascii") as f:
            for line in f:
                way, samples = line.split(":")
                length, *way = way.split()
                names = [symbols.name(int(a, 16)) for a in way]
                names = tuple(n for n in names if n not in COMMON)[:5]
                went = collections.Counter(symbols.name(int(a, 16)) for a in samples.split())
                longest[names] = max(longest.get(names, (0,)), (int(length), names, went),
                                     key=lambda s: s[0])
    return sorted(longest.values(), key=lambda s: -s[0])


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    p.add_argument("--dom0", action="store_true", help="the bench's control domain too")
    p.add_argument("tests", nargs="*")
    opts = p.parse_args()
    symbols = Symbols()
    arg = plugin(symbols)
    if opts.tests != ["none"]:
        run_kernels(arg, opts.tests)
    if opts.dom0:
        run_dom0(arg)
    found = read(symbols)
    for length, way, went in found[:20]:
        where = ", ".join(f"{name} {n}k" for name, n in went.most_common(3))
        print(f"{length:9,}  {' '.join(way)}\n{'':11}{where}")
    return 0 if found and found[0][0] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
