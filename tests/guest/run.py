#!/usr/bin/env python3
"""Runs tiny guest kernels on the hypervisor in QEMU and tells who passed.

    tests/guest/run.py                  all tests
    tests/guest/run.py hello evtchn     these
    tests/guest/run.py -v hello         with the machine's console as it runs
    tests/guest/run.py --bochs corei7_skylake_x ...   on Intel VT-x, in Bochs
    tests/guest/run.py --hv xen --kernel /path/to/xen ...   on the reference

A test passes when its last "Test result:" line says SUCCESS and the machine
then goes off by itself; SKIP is counted apart; silence is a crash. Logs are
kept beside the kernels (NAME.log) and shown for failures only. A folder named
dom0-* is run as dom0 itself, all others as a domU made by runner.elf.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
import bochs  # pylint: disable=wrong-import-position

RESULT = re.compile(rb"Test result: (\w+)")

# What differs between the hypervisors a test may run on.
HVS = {
    "basalt": {
        "cpu": "max",
        "smp": 2,
        "devices": [],
        "append": "com1=115200 console=com1 dom0_mem=192M",
        "runner": "",
        "words": "",
        "powers_off": True,
    },
    # Xen wants an IOMMU for a PVH dom0 and trips over QEMU's RDTSCP and XSETBV
    # exits; it frees some pages late, halts instead of powering off, and hangs now
    # and then with two of QEMU's CPUs.
    "xen": {
        "cpu": "max,-smap,-rdtscp,-xsave",
        "smp": 1,
        "devices": ["-device", "amd-iommu"],
        "append": "com1=115200,8n1 console=com1 loglvl=all guest_loglvl=all "
        "dom0=pvh dom0_mem=128M,max:128M dom0_max_vcpus=2",
        "runner": "slack=128 ",
        "words": "reference",
        "powers_off": False,
    },
}

# What one test wants of its machine beside that.
EXTRA = {
    "dom0-irq": {"devices": ["-device", "edu", "-device", "e1000e"],
                 "append": "irq_limit=2000"},
}


def all_tests():
    names = sorted(os.listdir(HERE))
    return [n for n in names
            if os.path.exists(f"{HERE}/{n}/main.c") and n != "runner"]


def modules(opts, name):
    """What the hypervisor is given beside its own words: files and theirs."""
    hv = HVS[opts.hv]
    elf = f"{opts.build}/{name}.elf"
    words = f"{hv['words']} {opts.args}".strip()
    if name.startswith("dom0-"):
        return [(elf, words)]
    return [(f"{opts.build}/runner.elf",
             f"{hv['runner']}timeout={opts.timeout} -- {words}"), (elf, "")]


def start_qemu(opts, name, log):
    hv = HVS[opts.hv]
    extra = EXTRA.get(name, {"devices": [], "append": ""})
    initrd = ",".join(f"{elf} {words}".strip() for elf, words in modules(opts, name))
    with open(log, "wb") as out:
        return subprocess.Popen(
            ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=single",
             "-cpu", hv["cpu"], "-smp", str(opts.smp or hv["smp"]), "-m", "512M",
             "-display", "none", "-vga", "none", "-nodefaults", "-no-reboot",
             *hv["devices"], *extra["devices"], "-kernel", opts.kernel,
             "-append", f"{hv['append']} {extra['append']} {opts.append}".strip(),
             "-initrd", initrd, "-serial", "stdio", *opts.qemu.split()],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)


def start_bochs(opts, name, log):
    hv = HVS[opts.hv]
    iso = f"{opts.build}/{name}.iso"
    parts = [(opts.kernel, f"{hv['append']} {opts.append}"), *modules(opts, name)]
    bochs.make_iso(iso, [f for f, _ in parts], " --- ".join(
        f"/{os.path.basename(f)} {words}" for f, words in parts))
    return bochs.Bochs(iso, f"mode=file, dev={os.path.abspath(log)}",
                       model=opts.bochs, cpus=opts.smp or hv["smp"])


def run_machine(opts, name, log):
    """Runs one machine to its end; gives (result word or None, why it ended)."""
    limit = time.monotonic() + opts.timeout + 30
    start = start_bochs if opts.bochs else start_qemu
    with open(log, "wb"):
        pass  # nothing of an earlier run
    with start(opts, name, log) as machine:
        seen, shown = None, 0
        try:
            while machine.poll() is None and time.monotonic() < limit:
                time.sleep(0.05)
                with open(log, "rb") as f:
                    text = f.read()
                if opts.verbose:
                    sys.stdout.buffer.write(text[shown:])
                    sys.stdout.flush()
                    shown = len(text)
                if seen is None and RESULT.search(text):
                    seen = time.monotonic()
                    patience = 10 if HVS[opts.hv]["powers_off"] else 0.3
                    limit = min(limit, seen + patience)
            ended = machine.poll() is not None
        finally:
            if machine.poll() is None:
                machine.kill()
    with open(log, "rb") as f:
        found = RESULT.findall(f.read())
    if not found:
        return None, "no result: the machine ended" if ended else "no result in time"
    if not ended and HVS[opts.hv]["powers_off"]:
        return found[-1].decode(), "the machine did not power off"
    return found[-1].decode(), None


def run_test(opts, name):
    log = f"{opts.build}/{name}{'.bochs' if opts.bochs else ''}.log"
    begin = time.monotonic()
    result, why = run_machine(opts, name, log)
    word = result or "CRASH"
    if why and result == "SUCCESS":
        word = "FAILURE"
    text = f"{word:8} {name} ({time.monotonic() - begin:.1f} s)"
    return word, text + (f": {why}" if why else ""), log


def show(log):
    with open(log, "rb") as f:
        lines = f.read().decode(errors="replace").splitlines()
    for line in lines[-60:]:
        print("    " + line)


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    p.add_argument("tests", nargs="*", help="names of tests; all if none")
    p.add_argument("--hv", choices=HVS, default="basalt")
    p.add_argument("--kernel", help="the hypervisor's ELF (Multiboot 1)")
    p.add_argument("--build", default=f"{TOP}/build/tests/guest")
    p.add_argument("--timeout", type=int, default=60, help="seconds a test may take")
    p.add_argument("--smp", type=int, help="physical CPUs")
    p.add_argument("--append", default="", help="more hypervisor options")
    p.add_argument("--args", default="", help="words for the test kernel")
    p.add_argument("--bochs", metavar="MODEL", help="in Bochs with this CPU model")
    p.add_argument("--qemu", default="", help="more QEMU options")
    p.add_argument("-j", type=int, default=1, help="machines at once, 2 at most")
    p.add_argument("-v", "--verbose", action="store_true", help="show the console")
    p.add_argument("-l", "--list", action="store_true", help="list the tests")
    opts = p.parse_args()
    if not opts.kernel:
        opts.kernel = f"{TOP}/build/hypervisor/basalt.elf"
    return opts


def main():
    opts = options()
    if opts.list:
        print("\n".join(all_tests()))
        return 0
    names = opts.tests or all_tests()
    unknown = [n for n in names if not os.path.exists(f"{opts.build}/{n}.elf")]
    if unknown or not os.path.exists(opts.kernel):
        what = ", ".join(unknown) or opts.kernel
        print(f"run.py: {what}: not built: run `make guest-tests`", file=sys.stderr)
        return 2
    count = {"SUCCESS": 0, "SKIP": 0}
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(min(opts.j, 2)) as pool:
        for word, text, log in pool.map(lambda n: run_test(opts, n), names):
            print(text, flush=True)
            if word in count:
                count[word] += 1
            else:
                failed += 1
                if not opts.verbose:
                    show(log)
    if count["SKIP"]:
        print(f"{count['SKIP']} skipped")
    level = f"check-guest-{opts.bochs}" if opts.bochs else "check-guest"
    print(f"{level}: {count['SUCCESS']} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
