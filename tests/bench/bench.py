#!/usr/bin/env python3
"""Measures the hypervisor in instructions, beside Xen where that was fetched.

QEMU runs with -icount shift=0,sleep=off and one CPU: one TSC tick is one
instruction, minima repeat to the last one, and a busy machine changes nothing.
Both hypervisors run the same kernels in the same order. What cannot be
measured on one side is shown as "-".
"""
import argparse
import csv
import datetime
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
OUT = f"{TOP}/build/tests/bench"
GUEST = f"{TOP}/build/tests/guest"
HISTORY = f"{HERE}/history.csv"
LINE = re.compile(r"BENCH (\w+) (0x[0-9a-f]+|\d+)")
RAM_KIB = 3072 * 1024 - 516  # what firmware leaves of QEMU's -m 3072M

HVS = {
    "basalt": {
        "kernel": f"{TOP}/build/hypervisor/basalt.elf",
        "cpu": "max",
        "devices": [],
        "append": "com1=115200 console=com1 dom0_mem=1024M",
    },
    "xen": {
        "kernel": f"{OUT}/xen/xen",
        "cpu": "max,-smap,-rdtscp,-xsave",
        "devices": ["-device", "amd-iommu"],
        "append": "com1=115200,8n1 console=com1 dom0=pvh dom0_mem=1024M,max:1024M "
        "dom0_max_vcpus=1",
    },
}

# (key, what it is); the order is the table's.
ROWS = [
    ("rdtsc", "RDTSC, native"),
    ("cpuid", "CPUID exit"),
    ("port_read", "unknown port read"),
    ("lapic_read", "local APIC register read (MMIO)"),
    ("x2apic_read", "local APIC register read (MSR)"),
    ("hypercall", "null hypercall"),
    ("yield", "sched yield"),
    ("event_send_pending", "event send, target pending"),
    ("event_send_upcall", "event send + upcall to self"),
    ("grant_copy_4k", "grant copy 4 KiB"),
    ("grant_copy_8", "grant copy 8 B"),
    ("add_to_physmap", "add_to_physmap"),
    ("timer_halt", "one-shot timer + HLT"),
    ("dom0_hypercall", "dom0: hypercall, net of the ioctl"),
    ("dom0_notify", "dom0: event notify"),
    ("dom0_ping_pong", "dom0: event ping-pong of two processes"),
    ("dom0_copy_4k", "dom0: gntdev copy 4 KiB"),
    ("dom0_map_unmap", "dom0: gntdev map, touch, unmap"),
    ("guest_read_4k", "guest: 4 KiB read (blkback on brd)"),
    ("guest_read_1m", "guest: 1 MiB read"),
    ("create_paused_first", "xl create -p, xz kernel"),
    ("create_paused_again", "xl create -p, that kernel again"),
    ("create_paused_elf", "xl create -p, unpacked kernel"),
    ("unpause_to_line", "xl unpause to the guest's first line"),
    ("entry_to_dom0", "entry to dom0's first instruction"),
    ("kept_kib", "memory kept of 3 GiB, KiB"),
    ("domain_extra_kib", "per 24 MiB domain (pool of 4 MiB asked), KiB"),
    ("image_kib", "image in memory, KiB"),
    ("text_kib", "  text and read-only data, KiB"),
    ("data_kib", "  data, KiB"),
    ("bss_kib", "  bss, KiB"),
    ("lines", "lines without comments and blanks"),
    ("iso_kib", "ISO, KiB"),
]


def boot(hv, kernel, initrd, timeout):
    """One run under icount; gives the BENCH lines as a dictionary."""
    cmd = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg",
           "-icount", "shift=0,sleep=off", "-cpu", hv["cpu"], "-smp", "1",
           "-m", "3072M", "-display", "none", "-vga", "none", "-nodefaults",
           "-no-reboot", *hv["devices"], "-kernel", kernel,
           "-append", hv["append"], "-initrd", initrd, "-serial", "stdio"]
    found, text = {}, ""
    with subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as qemu:
        killer = subprocess.Popen(["sleep", str(timeout)])
        try:
            for raw in qemu.stdout:
                line = raw.decode(errors="replace")
                text += line
                match = LINE.search(line)
                if match:
                    found[match[1]] = int(match[2], 0)
                if "Test result:" in line or killer.poll() is not None:
                    break
        finally:
            killer.kill()
            killer.wait()
            qemu.kill()
    return found, text


def run(hv, kernel, initrd, name, timeout=300):
    found, text = boot(hv, kernel, initrd, timeout)
    log = f"{OUT}/{name}.log"
    with open(log, "w", encoding="utf-8") as f:
        f.write(text)
    if not found or ("Test result:" in text and "SUCCESS" not in text):
        print(f"bench.py: {name}: no clean end; see {log}", file=sys.stderr)
    return found


def measure(name):
    hv = HVS[name]
    facts = f"{OUT}/facts.elf x"
    paths = f"{GUEST}/runner.elf facts slack=100000 timeout=600 -- x,{OUT}/paths.elf"
    got = run(hv, hv["kernel"], paths, f"{name}-paths")
    told = run(hv, hv["kernel"], facts, f"{name}-facts")
    stub = run(hv, f"{OUT}/stub.elf", facts, f"{name}-stub")
    got.update(run(hv, hv["kernel"], f"{TOP}/build/image/vmlinux console=hvc0 quiet "
                   f"randomize_kstack_offset=off,{OUT}/dom0.cpio", f"{name}-dom0", 1500))
    got["image_kib"] = image_size(hv["kernel"]) // 1024
    if "free_kib" in told:
        got["kept_kib"] = RAM_KIB - told["free_kib"] - told["dom0_kib"]
    if told.get("entry_tsc", 0) > stub.get("stub_tsc", 1 << 63):
        got["entry_to_dom0"] = told["entry_tsc"] - stub["stub_tsc"]
    return got


def output(*cmd):
    return subprocess.run(cmd, capture_output=True, text=True, check=True).stdout


def image_size(elf):
    """Bytes that the loadable segments take in memory."""
    segments = re.findall(r"^ *LOAD +(?:\S+ +){4}(0x[0-9a-f]+)", output("readelf", "-lW", elf),
                          flags=re.M)
    return sum(int(n, 16) for n in segments)


def code_lines(folder):
    """Lines of C and assembly that hold more than comment and blanks."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            if not name.endswith((".c", ".h", ".S")):
                continue
            with open(f"{path}/{name}", encoding="utf-8") as f:
                text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"),
                              f.read(), flags=re.S)
            text = re.sub(r"//.*", "", text)
            total += sum(1 for line in text.splitlines() if line.strip())
    return total


def own_facts():
    facts = {"lines": code_lines(f"{TOP}/hypervisor")}
    sections = output("size", f"{TOP}/build/hypervisor/basalt.sym").splitlines()[1].split()
    for key, size in zip(("text_kib", "data_kib", "bss_kib"), sections):
        facts[key] = int(size) // 1024
    iso = f"{TOP}/build/basalt.iso"
    if os.path.exists(iso):
        facts["iso_kib"] = os.path.getsize(iso) // 1024
    return facts


def table(ours, theirs):
    print(f"{'':50} {'Basalt':>12} {'Xen':>12} {'ratio':>7}")
    for key, what in ROWS:
        a, b = ours.get(key), theirs.get(key)
        if a is None and b is None:
            continue
        ratio = f"{a / b:.2f}" if a is not None and b else "-"
        cells = ["-" if n is None else f"{n:,}" for n in (a, b)]
        print(f"{what:50} {cells[0]:>12} {cells[1]:>12} {ratio:>7}")


def save(ours, theirs):
    commit = subprocess.run(["git", "-C", TOP, "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True, check=False).stdout.strip()
    new = not os.path.exists(HISTORY)
    with open(HISTORY, "a", newline="", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator="\n")
        if new:
            out.writerow(["date", "commit", "figure", "basalt", "xen"])
        for key, _ in ROWS:
            if key in ours:
                out.writerow([datetime.date.today().isoformat(), commit, key,
                              ours[key], theirs.get(key, "")])


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    p.add_argument("--save", action="store_true", help="add the figures to history.csv")
    p.add_argument("--xen", help="Xen's ELF, if not the one fetched")
    p.add_argument("--only-xen", action="store_true", help="measure Xen alone")
    opts = p.parse_args()
    if opts.xen:
        HVS["xen"]["kernel"] = opts.xen
    ours = {} if opts.only_xen else {**measure("basalt"), **own_facts()}
    theirs = measure("xen") if os.path.exists(HVS["xen"]["kernel"]) else {}
    table(ours, theirs)
    if opts.save:
        save(ours, theirs)
    return 0 if opts.only_xen or "hypercall" in ours else 1


if __name__ == "__main__":
    sys.exit(main())
