"""A prepared machine for the installer's screens: sysfs, devices, live state.

`setup --root TREE` reads it in place of the machine's own. Devices are small
files with real signatures, so that what is on them is really looked for.
"""
import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import harness

SETUP = harness.BUILD / 'installer' / 'screens' / 'setup'
TERMINFO = harness.BUILD / 'packages' / 'ncurses' / 'terminfo'

CPUINFO = '''processor\t: 0
model name\t: AMD EPYC 7302P 16-Core Processor
flags\t\t: fpu vme
processor\t: 1
model name\t: AMD EPYC 7302P 16-Core Processor
flags\t\t: fpu vme
'''

XL = '''#!/bin/sh
[ "$1" = info ] || exit 1
echo "nr_cpus                : 32"
echo "total_memory           : 65536"
'''

# Stands in for the engine: checks nothing, and works or fails as it is told.
ENGINE = '''#!/bin/sh
tree=%s
case $1 in
--check)
	[ ! -e "$tree/refuse" ] || { cat "$tree/refuse"; exit 1; }
	;;
--run)
	cp "$2" "$tree/answers"
	echo "Making partitions" >&2
	echo "10 Making partitions"
	while [ -e "$tree/hold" ]; do sleep 0.1; done
	[ ! -e "$tree/fail" ] || { cat "$tree/fail" >&2; exit 1; }
	echo "100 Done"
	;;
esac
'''


def lvm_label():
    """The first two sectors of an LVM physical volume."""
    label = bytearray(512)
    body = struct.pack('<I8s', 32, b'LVM2 001') + b'A' * 32
    label[20:20 + len(body)] = body
    # LVM's checksum: the usual polynomial, another start, not inverted.
    crc = zlib.crc32(bytes(label[20:]), 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff
    label[:20] = struct.pack('<8sQI', b'LABELONE', 1, crc)
    return bytes(512) + bytes(label)


class Tree:
    """A machine with two network cards and what a test adds."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix='basalt-setup-'))
        self.write('proc/cpuinfo', CPUINFO)
        self.write('proc/meminfo', 'MemTotal: 500000 kB\n')
        self.write('proc/mounts', '')
        self.write('proc/swaps', '')
        self.write('sys/hypervisor/type', 'xen\n')
        (self.root / 'dev').mkdir()
        self.program('xl', XL)
        self.program('engine', ENGINE % self.root)
        for name in ('settings', 'network', 'reboot', 'poweroff', 'blkid'):
            self.program(name, f'#!/bin/sh\necho {name} "$@" >>{self.root}/ran\n')
        self.nic('eth0', link=True)
        self.nic('eth1', link=False)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.root, ignore_errors=True)

    def write(self, path, text, mode=0o644):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def program(self, name, text):
        self.write(f'bin/{name}', text, 0o755)

    def nic(self, name, link):
        base = f'sys/class/net/{name}'
        self.write(f'{base}/address', f'52:54:00:12:34:{name[-1]:0>2}\n')
        self.write(f'{base}/carrier', f'{int(link)}\n')
        self.write(f'{base}/speed', '1000\n' if link else '-1\n')
        device = self.root / base / 'device'
        device.mkdir(exist_ok=True)
        if not (device / 'driver').is_symlink():
            (device / 'driver').symlink_to('../../../bus/pci/drivers/e1000e')

    def disk(self, name, gigabytes, model='', serial='', content=b'', readonly=False):
        base = f'sys/class/block/{name}'
        self.write(f'{base}/size', f'{gigabytes * 1000000000 // 512}\n')
        self.write(f'{base}/ro', f'{int(readonly)}\n')
        self.write(f'{base}/queue/logical_block_size', '512\n')
        self.write(f'{base}/device/model', f'{model}\n')
        self.write(f'{base}/device/serial', f'{serial}\n')
        with open(self.root / 'dev' / name, 'wb') as f:
            f.write(content)
            f.truncate(4 << 20)

    def installation(self, name, megabytes=700):
        """Gives a device that disk() made the partitions of an installation."""
        path = self.root / 'dev' / name
        os.truncate(path, megabytes << 20)
        parts = ''.join(
            f'{i} : size={size}M, uuid=00C0FFEE-0042-4BA5-8A5A-17BA5A01{i:02X}00\n'
            for i, size in enumerate((1, 64, 160, 160, 100), 1))
        subprocess.run(['/sbin/sfdisk', '-q', path], input='label: gpt\n' + parts,
                       text=True, check=True)

    def file_system(self, name, *mkfs):
        """Makes a file system on a device that disk() made."""
        subprocess.run([*mkfs, self.root / 'dev' / name], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'})

    def argv(self, *command):
        """Any user may do it; /run is the program's own."""
        return ['unshare', '-rm', 'sh', '-c',
                'mount -t tmpfs run /run && exec "$0" "$@"', *command]

    def env(self, **more):
        return {'PATH': f'{self.root}/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/',
                'TERMINFO': str(TERMINFO), **more}

    def setup(self, size, options=(), **more):
        return harness.Console(
            self, size, argv=(str(SETUP), '--root', str(self.root), '--engine',
                              str(self.root / 'bin' / 'engine'), *options), **more)

    def ran(self):
        path = self.root / 'ran'
        return path.read_text() if path.exists() else ''

    def answers(self):
        """What the engine was given, without comments."""
        text = (self.root / 'answers').read_text()
        return [line for line in text.split('\n') if line and line[0] != '#']
