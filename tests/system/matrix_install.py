#!/usr/bin/env python3
"""`make matrix-install`: installs, unattended, to a disk on each kind of bus that
servers have, and starts the machine from it.

usage: matrix_install.py [KIND...]
"""
import sys

import pexpect

import machine
from test_unattended import image, install, volume

ANSWERS = '''action = install
disk = {match}
hostname = {kind}
storage = lvm
end = poweroff
'''
# The device, what it hangs on, and the words that select it.
KINDS = {
    'nvme': ('nvme', [], 'bus=nvme serial=target'),
    'sata': ('ide-hd', [], 'bus=sata serial=target'),
    'virtio': ('virtio-blk-pci', [], 'bus=virtio serial=target'),
    'megasas': ('scsi-hd,bus=ctl.0', ['-device', 'megasas,id=ctl'],
                'bus=sas serial=target'),
    # Linux passes over a SAS target without an address, and QEMU's disks have
    # none unless it is given.
    'mptsas': ('scsi-hd,bus=ctl.0,wwn=0x5000c500a1b2c3d4',
               ['-device', 'mptsas1068,id=ctl'], 'bus=sas serial=target'),
    'lsi': ('scsi-hd,bus=ctl.0', ['-device', 'lsi53c895a,id=ctl'],
            'bus=sas serial=target'),
    'pvscsi': ('scsi-hd,bus=ctl.0', ['-device', 'pvscsi,id=ctl'],
               'bus=sas serial=target'),
    'virtio-scsi': ('scsi-hd,bus=ctl.0', ['-device', 'virtio-scsi-pci,id=ctl'],
                    'bus=virtio serial=target'),
    'usb': ('usb-storage', [], 'bus=usb size>=1G'),
}


def disks(kind, path):
    device, controller, _ = KINDS[kind]
    return controller + [
        '-drive', f'file={path},format=raw,if=none,id=target,cache=unsafe',
        '-device', f'{device},drive=target,serial=target']


def try_kind(kind):
    """None, or what went wrong."""
    path = image(f'matrix-{kind}.img', 1 << 30)
    answers = volume(f'matrix-{kind}-answers.img', 'BASALT-ANSWERS', {
        'answers.txt': ANSWERS.format(kind=kind, match=KINDS[kind][2])})
    m = install(f'matrix-{kind}', 'basalt.mode=answers', disks(kind, path) + [
        '-drive', f'file={answers},format=raw,if=none,id=answers',
        '-device', 'usb-storage,drive=answers'])
    try:
        end = m.installer_end(1200)
        if end != 'done':
            return end
        m.expect('Power down')
    except pexpect.ExceptionPexpect as e:
        return f'the installation: {type(e).__name__}'
    finally:
        m.kill()
    m = machine.Machine(f'matrix-{kind}-start', boot='disk', smp=1,
                        extra=disks(kind, path))
    try:
        m.wait_shell()
        host = m.run('cat /state/etc/system.conf')
        return None if f'hostname = {kind}' in host else host
    except pexpect.ExceptionPexpect as e:
        return f'the start: {type(e).__name__}'
    finally:
        m.kill()


def main():
    failed = 0
    kinds = sys.argv[1:] or KINDS
    for kind in kinds:
        wrong = try_kind(kind)
        failed += wrong is not None
        print(f'  {kind}: {wrong or "installed, started"}', flush=True)
    print(f'matrix: {len(kinds) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
