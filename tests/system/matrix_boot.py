#!/usr/bin/env python3
"""`make matrix`: starts the ISO on machines of every kind, uses disk and network
card, switches off; prints a table. Each two of the kinds come together on some
machine; `--full` takes all combinations, hours of them.

usage: matrix_boot.py [--full | --list] [WORD...]    only rows with all the words
"""
import itertools
import subprocess
import sys
import time

import pexpect

import machine
import pairs

# What a machine is made with.
FIRMWARE = {'bios': False, 'uefi': True}
SAYS = {'no-iommu': 'the firmware shows none', 'amd-vi': 'AMD-Vi, 1 unit',
        'vt-d': 'Intel VT-d, 1 unit'}
IOMMU = {'no-iommu': [], 'amd-vi': ['-device', 'amd-iommu'],
         'vt-d': ['-machine', 'kernel-irqchip=split',
                  '-device', 'intel-iommu,intremap=on,aw-bits=48']}
# A stick is the medium itself; with the others the medium is a CD.
DISKS = {'nvme': (['-device', 'nvme,drive=disk,serial=d'], 'nvme0n1'),
         'ahci': (['-device', 'ide-hd,drive=disk,bus=ide.0'], 'sda'),
         'virtio-blk': (['-device', 'virtio-blk-pci,drive=disk'], 'vda'),
         'megasas': (['-device', 'megasas,id=sas', '-device',
                      'scsi-hd,drive=disk,bus=sas.0'], 'sda'),
         'usb-stick': (['-device', 'usb-storage,drive=disk,removable=on,bootindex=1'],
                       'sda')}
CARDS = ('e1000e', 'igb', 'virtio-net-pci', 'vmxnet3')
CPUS = (1, 2, 4)
MEMORY = (512, 4096, 16384)


def axes():
    """As far as this QEMU has the devices."""
    known = subprocess.run(['qemu-system-x86_64', '-device', 'help'], check=True,
                           capture_output=True, text=True).stdout
    cards = [card for card in CARDS if f'name "{card}"' in known]
    return FIRMWARE, IOMMU, DISKS, cards, CPUS, MEMORY


def start(name, row):
    firmware, iommu, disk, card, cpus, memory = row
    stick = disk == 'usb-stick'
    path = machine.ISO
    if not stick:
        path = machine.LOGS / 'matrix-boot.img'
        machine.LOGS.mkdir(parents=True, exist_ok=True)
        with open(path, 'wb') as f:
            f.truncate(64 << 20)
    return machine.Machine(
        name, uefi=FIRMWARE[firmware], smp=cpus, mem=memory, net=False,
        boot='disk' if stick else 'cd',
        extra=IOMMU[iommu] + ['-drive', f'file={path},format=raw,if=none,id=disk,'
                              f'readonly={"on" if stick else "off"}'] +
        DISKS[disk][0] + ['-netdev', 'user,id=n0', '-device', f'{card},netdev=n0'])


def use(m, row):
    """Raises what does not work."""
    _, iommu, disk, _, cpus, memory = row
    node = '/dev/' + DISKS[disk][1]
    m.run(f'for i in $(seq 60); do [ -b {node} ] && break; sleep 1; done; [ -b {node} ]')
    if disk == 'usb-stick':
        m.run(f'blkid {node} | grep BASALT')
    else:
        m.run('dd if=/dev/urandom of=/tmp/x bs=1M count=4 2>/dev/null; '
              f'dd if=/tmp/x of={node} bs=1M conv=fsync 2>/dev/null; '
              'echo 3 >/proc/sys/vm/drop_caches; '
              f'dd if={node} bs=1M count=4 2>/dev/null | cmp - /tmp/x')
    m.run('for i in $(seq 60); do ip route | grep -q default && break; sleep 1; done; '
          'ping -c 1 10.0.2.2')
    assert f'IOMMU: {SAYS[iommu]}' in m.run('xl dmesg'), 'the IOMMU is not used'
    assert m.run('nproc') == str(cpus)
    total = int(m.run("xl info | sed -n 's/^total_memory *: //p'"))
    assert memory * 0.9 < total <= memory, f'{total} MiB'


def attempt(row):
    """None, or what went wrong."""
    m = start('matrix-' + '-'.join(map(str, row)), row)
    try:
        m.wait_shell()
        use(m, row)
        m.power_off()
    except (pexpect.ExceptionPexpect, AssertionError) as e:
        return f'{type(e).__name__}: {str(e).splitlines()[0]} (see {m.log_path})'
    finally:
        m.kill()
    return None


def main():
    words = [w for w in sys.argv[1:] if not w.startswith('--')]
    every = itertools.product(*axes()) if '--full' in sys.argv else pairs.choose(axes())
    rows = [r for r in every if set(words) <= set(map(str, r))]
    failed = 0
    for row in rows:
        print(('{:5} {:9} {:11} {:15} {} CPUs {:5} MiB').format(*row), end='  ', flush=True)
        if '--list' in sys.argv:
            print()
            continue
        began = time.monotonic()
        wrong = attempt(row)
        failed += wrong is not None
        print(f'{wrong or "good"}, {time.monotonic() - began:.0f} s', flush=True)
    if '--list' not in sys.argv:
        print(f'matrix: {len(rows) - failed} passed, {failed} failed')
    return 1 if failed or not rows else 0


if __name__ == '__main__':
    sys.exit(main())
