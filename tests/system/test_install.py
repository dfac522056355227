"""Installation from the ISO, and the installed system's life: it starts by
itself, with what was set and made live; it is upgraded into the other slot;
it goes back to the version before; a slot that does not come up is given up.
While it is installed and upgraded, every write is recorded, and power cuts
are tried on the recording.

The tests follow each other: one disk, several starts.
"""
import hashlib
import re
import shutil

import pexpect
import pytest

import machine
import powercut

CUTS = 50

VM = '''name = "web"
memory = 128
vcpus = 1
kernel = "/usr/lib/basalt/demo/vmlinuz"
ramdisk = "/usr/lib/basalt/demo/initramfs.gz"
extra = "console=hvc0 quiet"
disk = ['file:/state/images/data.img,xvda,w']
'''
ANSWERS = '''action = install
disk = serial=target bus=virtio
hostname = rack7
storage = lvm
take_along = vms
root_password = horse staple
end = stop
'''
# Answer files that are refused on this machine, and the words that say why.
REFUSED = {
    'action = install\ndisk = any\n': 'selects 2 disks',
    'action = install\ndisk = serial=nobody\n': 'selects no disk',
    'action = install\ndisk = serial=locked\n': 'is read-only',
    'action = install\ndisk = serial=other\n': 'holds data of an unknown kind',
    'action = install\ndisk = serial=other\nexisting = wipe\n': 'too small',
    'action = install\ndisk = serial=target\nraid = raid1\n': 'two disks',
    'action = install\ndisk = serial=target\ncolour = blue\n': 'unknown key',
    'action = install\ndisk = serial=target\nhostname = -x\n': 'not a host name',
    'action = install\ndisk = serial=target\nnet.vlan = v on=eth0 id=5000\n':
        'a number from 1 to 4094',
    'action = upgrade\n': 'no installation',
    'action = restore\n': 'no installation',
}


def disk(path, serial, more=''):
    drive = f'd-{serial}'
    return ['-drive', f'file={path},format=raw,if=none,id={drive},'
            f'cache=unsafe{more}',
            '-device', f'virtio-blk-pci,drive={drive},serial={serial}']


class World:
    """The disks that stay, and the machine that runs at the moment."""

    def __init__(self):
        machine.LOGS.mkdir(parents=True, exist_ok=True)
        self.target = machine.LOGS / 'install-target.img'
        self.other = machine.LOGS / 'install-other.img'
        self.target.unlink(missing_ok=True)
        with open(self.target, 'wb') as f:
            f.truncate(1 << 30)
        self.other.write_bytes(hashlib.sha256(b'other').digest() * (1 << 21))
        self.other_sum = hashlib.sha256(self.other.read_bytes()).digest()
        self.m = None
        self.starts = 0

    def recorded(self, name):
        """The target disk, with a recording of its writes."""
        return powercut.qemu_args(self.target, machine.LOGS / name, 'target')

    def keep(self, name):
        """A copy of the target as it is now."""
        shutil.copyfile(self.target, machine.LOGS / name)

    def start(self, boot='disk', extra=(), disks=None, uefi=False):
        if self.m:
            self.m.kill()
        self.starts += 1
        args = disks if disks is not None else disk(self.target, 'target')
        self.m = machine.Machine(f'install-{self.starts}', boot=boot, smp=1,
                                 uefi=uefi, extra=args + list(extra))
        return self.m

    def write(self, text):
        self.m.write_file('/tmp/answers', text)


@pytest.fixture(scope='module')
def world():
    w = World()
    yield w
    if w.m:
        w.m.kill()


@pytest.fixture
def live(world):
    """For conftest.py: the log that is shown when a test fails."""
    return world.m


def test_the_iso_starts(world):
    world.start('cd', disks=world.recorded('install-writes.log') +
                disk(world.other, 'other') +
                disk(world.other, 'locked', ',readonly=on,file.locking=off')
                ).wait_shell()
    world.m.run('cat /usr/lib/basalt/boot/core.img >/dev/null')


@pytest.mark.parametrize('text', REFUSED)
def test_refused(world, live, text):
    """With one clear reason, before anything is written."""
    world.write(text)
    said = live.run('installer --check /tmp/answers 2>&1', status=1)
    assert REFUSED[text].lower() in said.lower(), said
    live.run('installer --run /tmp/answers >/dev/null 2>&1', status=1)
    live.run('cmp -n 1048576 /dev/vda /dev/zero')


def test_disk_in_use(world, live):
    """Even when it may be wiped: something is mounted from it."""
    live.run('mke2fs -q -F /dev/vda 16M && mount -t ext4 /dev/vda /mnt')
    world.write('action = install\ndisk = serial=target\nexisting = wipe\n')
    said = live.run('installer --run /tmp/answers 2>&1', status=1)
    assert 'cannot be used: mounted on /mnt' in said, said
    live.run('umount /mnt && dd if=/dev/zero of=/dev/vda bs=1M count=16 '
             '2>/dev/null')


def test_damaged_medium(world, live):
    """One octet of the system image differs: nothing is written."""
    live.run('dd if=/dev/sr0 of=/tmp/bad.iso bs=1M 2>/dev/null')
    live.run('printf x | dd of=/tmp/bad.iso bs=1 seek=40000000 conv=notrunc '
             '2>/dev/null')
    world.write(ANSWERS + 'source = /tmp/bad.iso\n')
    said = live.run('installer --run /tmp/answers 2>&1', status=1)
    assert 'is damaged' in said.split('\n')[-1], said
    live.run('rm /tmp/bad.iso; cmp -n 1048576 /dev/vda /dev/zero')


def test_install(world, live):
    live.run('dd if=/dev/urandom of=/state/images/data.img bs=1M count=8 '
             '2>/dev/null')
    world.sum = live.run('sha256sum </state/images/data.img').split()[0]
    live.write_file('/state/xen/web.cfg', VM)
    world.write(ANSWERS)
    said = live.run('installer --check /tmp/answers')
    assert re.search(r'erase /dev/vda, .*1024 MiB, holds nothing: system', said)
    said = live.run('installer --run /tmp/answers --progress 2>/tmp/log || '
                    '{ tail -n 40 /tmp/log; false; }', timeout=600)
    percents = [int(p) for p in re.findall(r'^(\d+) ', said, re.M)]
    assert percents == sorted(percents) and percents[-1] == 100
    live.power_off()
    world.keep('install-new.img')
    assert hashlib.sha256(world.other.read_bytes()).digest() == world.other_sum


def test_installed_system(world):
    """It starts without the ISO; what was set and made is there."""
    m = world.start(disks=world.recorded('upgrade-writes.log'),
                    extra=['-drive', f'file={machine.ISO},format=raw,'
                           'media=cdrom,if=none,id=cd', '-device',
                           'ide-cd,drive=cd'] + disk(world.other, 'other'))
    m.log_in()
    assert m.run('cat /state/etc/system.conf').split('\n')[0] == \
        'hostname = rack7'
    assert m.run('hostname') == 'rack7'
    assert 'ext4' in m.run('grep " /state " /proc/mounts')
    assert m.run("grep ^disk /etc/xen/web.cfg") == \
        "disk = ['phy:/dev/vms/data,xvda,w']"
    assert m.run('dd if=/dev/vms/data bs=1M count=8 2>/dev/null | '
                 'sha256sum').split()[0] == world.sum
    m.run('xl create /etc/xen/web.cfg')
    m.run('xl list web')
    assert 'a: version' in m.run('slots status')


def test_upgrade(world, live):
    world.write('action = upgrade\nsource = /dev/sr0\nend = stop\n')
    live.run('installer --run /tmp/answers 2>/tmp/log || '
             '{ tail -n 40 /tmp/log; false; }', timeout=600)
    status = live.run('slots status')
    assert 'starts slot b (on trial, 2 left)' in status, status
    live.power_off()
    world.keep('install-upgraded.img')
    assert hashlib.sha256(world.other.read_bytes()).digest() == world.other_sum


def wanted(size):
    """The loader and the slot's checksum of a complete system."""
    core = (machine.BUILD / 'installer/core.img').read_bytes()
    iso = machine.ISO.read_bytes()
    return core, hashlib.sha256(iso[:size]).hexdigest()


def iso_size():
    with open(machine.ISO, 'rb') as f:
        f.seek(32768 + 80)
        return int.from_bytes(f.read(4), 'little') * 2048


def complete(view, name, host):
    """What starts, by BIOS or UEFI, is whole, and the settings are those of @host; the
    slot that a BIOS starts."""
    size = iso_size()
    core, good = wanted(size)
    start = powercut.start_of(view, core)
    efi = powercut.efi_program(view, machine.LOGS / 'cut-esp.img')
    if start is None and efi is None:
        return None
    program = (machine.BUILD / 'installer/bootx64.efi').read_bytes()
    assert efi in (None, program), name
    env = powercut.environment(view)
    assert env, name
    # Only one of the two starts it: just installed, or being cleared.
    slot = start[0] if start else env['active']
    assert powercut.slot_sum(view, slot, size) == good, name
    conf = powercut.state_file(view, machine.LOGS / 'cut-state.img',
                               '/etc/system.conf')
    assert f'hostname = {host}' in conf, name
    return start and slot


def cuts(log, base, seed, host='rack7'):
    """What starts after each cut, in the order of the cuts; '' for nothing.
    Of the cuts between two flushes any may keep a write that another has lost:
    only between one such span and the next is an order due. So each span's are
    sorted, and '' is the least."""
    ends = [(view.flushes, complete(view, name, host) or '')
            for name, view in power_cuts(log, base, seed)]
    return [end for _, end in sorted(ends)]


def power_cuts(log, base, seed):
    image = machine.LOGS / 'cut.img'
    if base:
        shutil.copyfile(machine.LOGS / base, image)
    else:
        with open(image, 'wb') as f:
            f.truncate(1 << 30)
    return powercut.views(machine.LOGS / log, image, CUTS, seed)


def test_power_cuts_of_an_installation(world):
    """Nothing starts, or the whole system; with the very last write it does."""
    ends = cuts('install-writes.log', None, 1)
    assert len(ends) > CUTS and 0 < ends.count('a') < 10
    assert ends == sorted(ends) and ends[0] == '' and ends[-1] == 'a'


def test_power_cuts_of_a_reinstallation(world):
    """Over an older system: that one whole, nothing, or the new one whole."""
    ends = cuts('install-writes.log', 'install-new.img', 2)
    assert len(ends) > CUTS and ends[-1] == 'a' and '' in ends


def test_power_cuts_of_an_upgrade(world):
    """At every instant one whole version starts."""
    ends = cuts('upgrade-writes.log', 'install-new.img', 3)
    assert len(ends) > CUTS and ends[0] == 'a' and ends[-1] == 'b'
    assert ends == sorted(ends)


def test_upgraded_system_proves_itself(world):
    m = world.start()
    m.log_in()
    m.run('for i in $(seq 100); do [ ! -e /run/basalt/slot-good ] || break; '
          'sleep 1; done')
    status = m.run('slots status')
    assert 'starts slot b;' in status and 'b: version 0' in status, status
    assert '(running)' in status.split('b: version')[1]
    m.run('[ -e /etc/xen/web.cfg ]')
    assert 'from now on' in m.run('slots previous')
    assert 'starts slot a (on trial, 2 left)' in m.run('slots status')
    m.power_off()


def kernel_argument(path, word):
    """Into the boot loader's environment block, as a person would by GRUB."""
    with open(path, 'r+b') as f:
        f.seek(powercut.ENV_AT)
        block = f.read(powercut.SECTOR)
        f.seek(powercut.ENV_AT)
        f.write(block.replace(b'\ndom0=', b'\ndom0=' + word)[:powercut.SECTOR])


def test_given_up_after_two_starts(world):
    """Power goes before the console is reached; then it hangs: with a few
    seconds' patience any start does. The hang ends by itself. UEFI's loader
    counts with the BIOS's, goes back like it, and starts what is left."""
    m = world.start(uefi=True)
    m.expect('loading slot a', machine.BOOT_TIMEOUT)
    m.expect('looking for the system', machine.BOOT_TIMEOUT)
    m.kill()
    kernel_argument(world.target, b'basalt.watch=3')
    m = world.start()
    m.expect('loading slot a', machine.BOOT_TIMEOUT)
    m.expect('the console has not come up: restarting', machine.BOOT_TIMEOUT)
    m.expect(pexpect.EOF)
    m = world.start(uefi=True)
    m.expect('slot a did not come up; going back to slot b',
             machine.BOOT_TIMEOUT)
    m.log_in()
    status = m.run('slots status')
    assert 'starts slot b;' in status and 'no version to go back' in status
    m.power_off()
