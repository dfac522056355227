"""A machine of 512 MiB, one CPU, started from a stick, runs the demo guest."""
import os

import machine

# Which disk the ISO is written to; CI tries one, a release all: nvme,
# ide-hd, virtio-blk-pci, usb-storage.
STICK = os.environ.get('STICK', 'usb-storage')


def MACHINE():
    stick = machine.LOGS / 'stick.img'
    machine.LOGS.mkdir(parents=True, exist_ok=True)
    stick.write_bytes(machine.ISO.read_bytes())
    return {'mem': 512, 'smp': 1, 'boot': 'disk',
            'disks': [(stick, f'{STICK},bootindex=0', 'stick')]}


def test_runs_from_the_stick(live):
    assert int(live.run("awk '/^MemTotal/{print $2}' /proc/meminfo")) < 300000
    assert '/dev/' in live.run("dmesg | grep -c . ; blkid | grep BASALT")


def test_demo(live):
    live.run('xl create /etc/basalt/demo.cfg')
    live.run("for i in $(seq 120); do "
             "grep -q demo:/ /var/log/xen/console/guest-demo.log && break; "
             "sleep 1; done; "
             "grep -q demo:/ /var/log/xen/console/guest-demo.log")
    assert 'Out of memory' not in live.run('dmesg')
    live.run('xl destroy demo')
