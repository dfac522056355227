#!/usr/bin/python3
"""Do weights and caps hold? Tiny guests that compute for ever, on the ISO in QEMU.

    make bench-shares       a table of wanted and measured shares; fails beyond 2 %

Three guests of weights 256, 512 and 1024 share one CPU; two capped at 25 and 60 % of a
CPU, with two vCPUs each, run beside them. CPU time and the clock are read in the control
domain. The machine's clock is its count of instructions, so that a busy host takes no
time away from anybody.
"""
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'system'))
import machine  # pylint: disable=wrong-import-position

SPIN = machine.BUILD / 'tests' / 'bench' / 'spin.elf'
TOLERANCE = 2.0
TOLD = 0.1          # seconds: `xl list` tells CPU time to that
SECONDS = 20

# Name, vCPUs, CPU, weight, cap, wanted share (of the weighted ones together; of a CPU).
GUESTS = [
    ('w256', 1, '1', 256, 0, 1 / 7),
    ('w512', 1, '1', 512, 0, 2 / 7),
    ('w1024', 1, '1', 1024, 0, 4 / 7),
    ('cap25', 2, '0', 256, 25, 0.25),
    ('cap60', 2, '0-1', 256, 60, 0.60),
]


def create(live, name, vcpus, cpus, weight, cap):
    live.write_file(f'/tmp/{name}.cfg', f'name = "{name}"\ntype = "pvh"\n'
                    f'kernel = "/tmp/spin.elf"\nmemory = 32\nvcpus = {vcpus}\n'
                    f'cpus = "{cpus}"\ncpu_weight = {weight}\ncap = {cap}\n'
                    f'extra = "vcpus={vcpus}"')
    live.run(f'xl create /tmp/{name}.cfg')


def look(live):
    """The clock, and each guest's CPU time, in seconds."""
    out = live.run('cut -d" " -f1 /proc/uptime; xl list').split('\n')
    times = {f[0]: float(f[-1]) for f in (line.split() for line in out[2:]) if f}
    return float(out[0]), times


def shares(before, after):
    """Percent by which each guest is off what it should have had, and whether too far."""
    elapsed = after[0] - before[0]
    used = {name: after[1][name] - before[1][name] for name, *_ in GUESTS}
    together = sum(used[name] for name, *rest in GUESTS if not rest[3])
    for name, _, _, _, cap, wanted in GUESTS:
        got = used[name] / (elapsed if cap else together)
        off = 100 * (got / wanted - 1)
        told = 100 * TOLD / used[name] if used[name] else 0
        yield name, wanted, got, off, abs(off) > TOLERANCE + told


def main():
    with tempfile.NamedTemporaryFile() as disk:
        data = SPIN.read_bytes()
        disk.write(data + bytes(-len(data) % 512))
        disk.flush()
        live = machine.Machine('shares', mem=1024, net=False, disks=[(disk.name,)],
                               extra=('-icount', 'shift=0,sleep=off'))
        try:
            live.wait_shell()
            live.run('dd if=/dev/vda of=/tmp/spin.elf bs=64k 2>/dev/null')
            for guest in GUESTS:
                create(live, *guest[:5])
            live.run('sleep 3')
            before = look(live)
            live.run(f'sleep {SECONDS}')
            after = look(live)
        finally:
            live.kill()
    bad = 0
    print(f'{"guest":8} {"wanted":>7} {"got":>7} {"off by":>7}')
    for name, wanted, got, off, missed in shares(before, after):
        print(f'{name:8} {wanted:7.4f} {got:7.4f} {off:6.2f}% {"MISSED" if missed else "ok"}')
        bad += missed
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
