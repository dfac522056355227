"""Keyboard only: the menu's "Install", a VM defined live and taken along, a disk
installed to, and the machine started from that disk without the medium."""
import pexpect
import pytest

import machine
import screen

DISK_SIZE = 6 << 30
EMPTY_FIELD = '\x15'


@pytest.fixture(scope='module')
def disk(tmp_path_factory):
    path = tmp_path_factory.mktemp('install') / 'disk.img'
    with open(path, 'wb') as f:
        f.truncate(DISK_SIZE)
    yield path
    path.unlink()


def choose(m, key, label):
    """An entry of the boot menu, by its hot key."""
    m.expect('Starting in', 120)
    m.send(key)
    m.expect(label, 30)
    m.send('\r')


def test_install_by_keyboard(disk):
    m = machine.Machine('setup-install', mem=1536,
                        disks=[(disk, 'nvme', 'basalt0')])
    try:
        choose(m, 'i', 'nstall')
        s = screen.Screen(m)
        s.wait('Keyboard - Step', machine.BOOT_TIMEOUT).press('Enter')
        s.wait('What to do').press('Down', 'Down', 'Down', 'Enter')
        s.wait(':~#').type("sed 's/\"demo\"/\"kept\"/' /etc/basalt/demo.cfg "
                           '>/etc/xen/kept.cfg && exit\r')
        s.wait('What to do').press('Up', 'Up', 'Up', 'Enter')
        s.wait('Hardware check').wait('ok +Virtualization').press('Enter')
        s.wait('System disk').wait('nvme0n1 +6.4 GB .*empty')
        s.press('Space', 'Enter').wait('VM storage - ').press('Tab', 'Enter')
        s.wait('Take along').wait(r'\[\*\] VMs +1: kept').press('Enter')
        s.wait('Network - ').wait('Cards +eth0').press('Tab', 'Enter')
        s.wait('Name and time').press(EMPTY_FIELD).type('rack7')
        s.press('Enter').wait('Log-in - ').press('Enter').wait('No password')
        s.press('Left', 'Enter').wait('Options - ').press('Tab', 'Enter')
        s.wait('Summary - ').wait('erase /dev/nvme0n1, 6.4 GB').press('Enter')
        s.wait('Begin').press('Left', 'Enter').wait('At work')
        s.wait('It is done', 900).wait('Name +rack7').press('Enter')
        m.expect(pexpect.EOF, 300)
    finally:
        m.kill()


def test_repair(disk):
    """The menu's "Repair": the loader written anew, root's password taken away."""
    m = machine.Machine('setup-repair', mem=1024,
                        disks=[(disk, 'nvme', 'basalt0')])
    try:
        choose(m, 'r', 'epair')
        s = screen.Screen(m)
        s.wait('What shall be done', machine.BOOT_TIMEOUT).press('Down', 'Enter')
        s.wait('written anew to every disk').press('Left', 'Enter')
        s.wait('/dev/nvme0n1: the boot loader was written').press('Enter')
        s.wait('What shall be done').press('Down', 'Enter').wait('taken away')
        s.press('Left', 'Enter').wait('has no password now').press('Enter')
        s.wait('What shall be done').press('Down', 'Enter').wait(':~#')
        s.type('ls /mnt/state/xen && exit\r').wait('What shall be done')
        s.press('Down', 'Enter')
        m.expect(pexpect.EOF, 300)
    finally:
        m.kill()


def test_starts_from_its_disk(disk):
    """Without the medium: name, state partition and the VM are there; it starts."""
    m = machine.Machine('setup-start', mem=1536, boot='disk',
                        disks=[(disk, 'nvme', 'basalt0')])
    try:
        m.wait_shell()
        assert m.run('hostname') == 'rack7'
        assert '/state ext4' in m.run('cat /proc/mounts')
        m.run('xl create /etc/xen/kept.cfg', timeout=600)
        assert m.run('xl list kept').split('\n')[1].startswith('kept ')
        m.run('xl destroy kept')
        m.power_off()
    finally:
        m.kill()
