"""The boot menu on the serial line, and its entry that checks the medium."""
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

    def start(name, iso=machine.ISO):
        m = machine.Machine(name, mem=1024, smp=1, iso=iso)
        machines.append(m)
        m.expect('Starting in', 120)
        return m

    yield start
    for m in machines:
        m.kill()


def check_medium(m):
    # The hot key marks the line; it is drawn again before Enter counts.
    m.send('m')
    m.expect('medium', 30)
    m.send('\r')
    m.expect('Checking the medium', machine.BOOT_TIMEOUT)
    m.expect('Press Enter to restart', 300)
    return machine.clean(m.child.before)


def restart(m):
    """Enter restarts the machine (QEMU then ends)."""
    m.send('\r')
    m.expect(pexpect.EOF, 120)


def test_entries_and_good_medium(boot):
    m = boot('menu-good')
    menu = machine.clean(m.child.before)
    for entry in ENTRIES:
        assert entry in menu, entry
    report = check_medium(m)
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
