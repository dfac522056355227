"""The first hour with a server, by keyboard alone: the ISO starts live, a storage
pool is made on the second disk, a Debian disk image comes from a stick and becomes
a VM, which is used on its console; then Basalt is installed to the first, empty
disk. The machine starts from that disk without the medium, and the VM is there,
with what was written in it.
"""
import re
import subprocess

import pexpect
import pytest

import machine
import screen

GUEST_BOOT = 1500
PROMPT = 'root@debian-guest:~#'
# What cloud-init would look for, and find, at the guest's first start.
SEED = "mount -r LABEL=CIDATA /mnt && grep 'name: ada' /mnt/user-data; umount /mnt"
STICK_SIZE, SYSTEM_SIZE, POOL_SIZE = '900M', 3 << 30, 12 << 30


def make_stick(folder):
    """FAT, with the Debian disk as qcow2: what a person brings along."""
    image, stick = folder / 'debian.qcow2', folder / 'stick.img'
    subprocess.run(['qemu-img', 'convert', '-O', 'qcow2',
                    machine.BUILD / 'tests' / 'debian.img', image], check=True)
    subprocess.run(['truncate', '-s', STICK_SIZE, stick], check=True)
    subprocess.run(['mkfs.vfat', '-n', 'STICK', stick], check=True,
                   capture_output=True)
    subprocess.run(['mcopy', '-i', stick, image, '::'], check=True)
    image.unlink()
    return stick


@pytest.fixture(scope='module')
def disks(tmp_path_factory):
    """The stick, and two empty disks that outlive the machine's start."""
    folder = tmp_path_factory.mktemp('box')
    made = {'stick': make_stick(folder)}
    for name, size in (('system', SYSTEM_SIZE), ('pool', POOL_SIZE)):
        made[name] = folder / f'{name}.img'
        with open(made[name], 'wb') as f:
            f.truncate(size)
    yield made
    for path in made.values():
        path.unlink()


class Server:
    """The machine, and the person before its screen."""

    def __init__(self, name, disks, boot):
        extra = []
        for disk in ('system', 'pool'):
            extra += ['-drive', f'file={disks[disk]},format=raw,if=none,'
                      f'id={disk},cache=unsafe',
                      '-device', f'nvme,drive={disk},serial={disk}']
        if boot == 'cd':
            extra += ['-drive', f'file={disks["stick"]},format=raw,if=none,'
                      'id=stick,readonly=on',
                      '-device', 'usb-storage,drive=stick,removable=on']
        self.m = machine.Machine(name, mem=2048, smp=1, boot=boot, extra=extra)
        self.screen = screen.Screen(self.m)

    def __enter__(self):
        self.screen.wait('F10 Quit', machine.BOOT_TIMEOUT)
        return self.screen

    def __exit__(self, *_):
        self.m.kill()


def fill(s, text):
    """Types into a field that may hold something."""
    return s.press(*['Backspace'] * 12).type(text)


def use_guest(s, command):
    """The VM under the cursor: its console, a command there; its words."""
    s.press('c').wait(PROMPT, GUEST_BOOT)
    s.type(f'clear; {command}; echo "<$?>"\r').wait(r'<\d+>', 900)
    assert '<0>' in s.text(), s.text()
    said = s.text()
    s.press('Leave').wait('F10 Quit')
    return said


def make_pool(s):
    s.press('2').wait('no storage pool yet').press('/').type('nvme1n1\r')
    s.press('n').wait('New storage pool').type('data')
    s.wait('storage pool create data --lvm /dev/nvme1n1')
    s.press('F2').wait(r'data +LVM pool')


def create_vm(s):
    """Every page of the wizard; ends with the VM started."""
    s.press('1').wait('no virtual machine').press('n').wait('1 of 4').type('web')
    s.press('Tab', 'Tab', 'Tab')
    fill(s, '384').press('F2').wait('2 of 4').press('F4')
    s.wait(r'debian\.qcow2 +.*STICK').press('Enter')
    s.wait(r'/debian\.qcow2').press('F2').wait('3 of 4')
    s.press('Space', 'Tab').type('ada').press('F2').wait('4 of 4')
    s.wait(r'storage import /\S+/debian\.qcow2 data/web').wait('xl start web')
    s.press('F2').wait('New VM web').press('Esc').wait('no virtual machine')
    s.press('4').wait('New VM web +running').wait('[1-9][0-9]* %')
    s.wait('New VM web +done', 1500).press('1').wait('web +running')


def install(s):
    """From the console's Power screen to the end, with the VM taken along."""
    s.press('7').wait('Install ').press('Down', 'Enter')
    s.wait('Keyboard - Step').press('Enter').wait('What to do - ')
    s.press('Enter').wait('Hardware check').press('Enter')
    s.wait('System disk').wait('nvme0n1 .*empty').press('Space', 'Enter')
    s.wait('VM storage - ').press('Tab', 'Enter')
    s.wait('Take along').wait(r'\[\*\] VMs +1: web').press('Enter')
    s.wait('Network - ').press('Tab', 'Enter')
    s.wait('Name and time').press('Enter').wait('Log-in - ').press('Enter')
    s.wait('No password').press('Left', 'Enter').wait('Options - ')
    s.press('Tab', 'Enter').wait('Summary - ').wait('erase /dev/nvme0n1')
    s.press('Enter').wait('Begin').press('Left', 'Enter').wait('At work')
    s.wait('It is done', 1500).press('Enter')


def checksum(said):
    found = re.search(r'\b[0-9a-f]{64}\b', said)
    assert found, said
    return found.group()


SEEN = {}


def test_live_import_use_and_install(disks):
    with Server('box-live', disks, 'cd') as s:
        make_pool(s)
        create_vm(s)
        SEEN['sum'] = checksum(use_guest(
            s, 'mount -o remount,rw /; '
            'dd if=/dev/urandom of=/root/data bs=1M count=8 2>/dev/null; '
            f'sync; sha256sum /root/data; {SEED}'))
        s.press('d').wait('Shut down web').press('y').wait('web +stopped', 900)
        install(s)
        s.child.expect(pexpect.EOF, 300)


def test_starts_from_its_disk_with_the_vm(disks):
    with Server('box-installed', disks, 'disk') as s:
        s.wait('web +stopped').press('s').wait('web +running')
        said = use_guest(s, f'sha256sum /root/data; {SEED}')
        assert checksum(said) == SEEN['sum']
        s.press('2').wait(r'data +LVM pool').press('/').type('data\r')
        s.press('Home', 'Enter').wait(r'web .*\bweb\b')
