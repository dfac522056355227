"""The boot menu on the serial line: its entries that check the medium and that
start from a disk. Its other entries are started by other files' tests.
"""
import mmap
import re
import shutil

import pexpect
import pytest

import machine

ENTRIES = ['Start live', 'Start live, safe graphics',
           'Start live, serial console', 'Install',
           'Install from answer file', 'Repair an installed system',
           'Check this medium', 'Boot from first disk']


@pytest.fixture
def boot():
    """Boots a medium up to its menu."""
    machines = []

    def start(name, iso=machine.ISO, **more):
        m = machine.Machine(name, mem=1024, smp=1, iso=iso, **more)
        machines.append(m)
        return m

    yield start
    for m in machines:
        m.kill()


def check_medium(m):
    m.choose('m')
    m.expect('Checking the medium', machine.BOOT_TIMEOUT)
    m.expect('Press Enter to restart', 300)
    return machine.clean(m.child.before)


def restart(m):
    """Enter restarts the machine (QEMU then ends)."""
    m.send('\r')
    m.expect(pexpect.EOF, 120)


def test_entries_and_good_medium(boot):
    m = boot('menu-good')
    report = check_medium(m)
    for entry in ENTRIES:
        assert entry in m.menu, entry
    for name in ('basalt.elf', 'initramfs.zst', 'system.img', 'vmlinux.gz'):
        assert f'boot/{name}: good' in report
    assert re.search(r'This medium is good: all \d+ files', report)
    restart(m)


def test_damaged_medium(boot, tmp_path):
    """One wrong byte in the middle of the system image is found and named."""
    iso = tmp_path / 'damaged.iso'
    shutil.copy(machine.ISO, iso)
    image = (machine.BUILD / 'image' / 'system.img').read_bytes()
    with open(iso, 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
        at = m.find(image[:65536]) + len(image) // 2
        m[at] ^= 0x20
    m = boot('menu-damaged', iso)
    report = check_medium(m)
    assert 'boot/system.img: DAMAGED' in report
    assert 'boot/initramfs.zst: good' in report
    assert re.search(r'This medium is damaged: 1 of \d+ files', report)
    restart(m)


# Says on COM1 as which of the BIOS's disks it was started, "A" being the first:
# ds = 0; the letter into the text; then octet after octet to the port.
BOOT_SECTOR = bytes.fromhex('31c08ed8 88d004c1 a2217c be197c baf803'
                            'ac 84c0 74fe ee ebf8') + b'Started A.\n\0'


def boot_sector(path):
    path.write_bytes(BOOT_SECTOR.ljust(510, b'\0') + b'\x55\xaa' + bytes(1 << 20))
    return path


def test_first_disk_from_a_cd(boot, tmp_path):
    m = boot('menu-disk', disks=[(boot_sector(tmp_path / 'disk'), 'ide-hd', 'd')])
    m.choose('d')
    m.expect('Started A', 60)


def test_first_disk_from_a_stick(boot, tmp_path):
    """The stick is the BIOS's first disk; the other one believes that it is."""
    m = boot('menu-stick', boot='disk', disks=[
        (boot_sector(tmp_path / 'disk'), 'ide-hd,bootindex=2', 'd')], extra=[
        '-drive', f'file={machine.ISO},format=raw,if=none,id=stick,readonly=on',
        '-device', 'usb-storage,drive=stick,bootindex=1'])
    m.choose('k')
    m.expect('Started A', 60)
