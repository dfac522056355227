#!/usr/bin/env python3
"""`make soak`: power cuts whose disks are really started.

Takes the recordings that test_install.py left, makes the disk that a cut at a
random point leaves, and starts QEMU from it: after a cut installation the BIOS
finds nothing, or the system comes to its log-in; after a cut upgrade a system
comes to its log-in every time.

usage: soak_powercut.py [COUNT [SEED]]      (COUNT points of each, 50)

A point is started once: with all of its unflushed writes, or with some.
"""
import random
import shutil
import subprocess
import sys

import pexpect

import machine
import powercut

WAYS = {
    'installation': ('install-writes.log', None, {'nothing', 'login'}),
    'upgrade': ('upgrade-writes.log', 'install-new.img', {'login'}),
}


def started(image, name):
    """What comes of a power-on: 'nothing', 'login' or 'hangs'."""
    args = ['-drive', f'file={image},format=raw,if=virtio,cache=unsafe']
    m = machine.Machine(name, boot='disk', smp=1, net=False,
                        extra=args + ['-machine', 'graphics=off'])
    try:
        ends = ['No bootable device|not a bootable disk', 'login: ', pexpect.EOF, pexpect.TIMEOUT]
        end = m.child.expect(ends, timeout=machine.BOOT_TIMEOUT)
        return ['nothing', 'login', 'ends', 'hangs'][end]
    finally:
        m.kill()


def one_of_each(found, seed):
    """Of a point's views one: (name, view)."""
    dice, point = random.Random(seed), None
    for name, view in found:
        if name.split()[0] != point:
            point, wanted = name.split()[0], dice.choice(('all', 'some'))
        alone = len(view.disk.pending) < 2
        if alone or name.endswith('all') == (wanted == 'all'):
            yield name, view


def soak(way, count, seed):
    log, base, allowed = WAYS[way]
    image = machine.LOGS / 'soak-base.img'
    if base:
        shutil.copyfile(machine.LOGS / base, image)
    else:
        with open(image, 'wb') as f:
            f.truncate(1 << 30)
    bad, tally = 0, {}
    cut = machine.LOGS / 'soak-cut.img'
    found = powercut.views(machine.LOGS / log, image, count, seed)
    for name, view in one_of_each(found, seed):
        view.disk.stable.flush()
        subprocess.run(['cp', '--sparse=always', image, cut], check=True)
        with open(cut, 'r+b') as f:
            for at, data in view.kept:
                f.seek(at)
                f.write(data)
        end = started(cut, 'soak')
        tally[end] = tally.get(end, 0) + 1
        print(f'{way}: cut at {name}: {end}', flush=True)
        if end not in allowed:
            bad += 1
            print(f'{way}: FAILED: cut at {name}: {end}', flush=True)
    print(f'{way}: {tally}', flush=True)
    return sum(tally.values()), bad


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    results = [soak(way, count, seed) for way in WAYS]
    passed = sum(n - bad for n, bad in results)
    failed = sum(bad for _, bad in results)
    print(f'soak: {passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
