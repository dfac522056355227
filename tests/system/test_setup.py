"""Keyboard only: the menu's "Install", a VM defined live and taken along, the
answers saved on a stick, a mirror of two disks installed to; repaired,
upgraded and taken back from the medium; started without the medium, from the
one disk and from the other.
"""
import re
import subprocess

import pexpect
import pytest

import machine
import powercut
import screen
import test_install

EMPTY_FIELD = '\x15'
PASSWORD = 'horse staple'
NVME, SATA = ('nvme', 'first'), ('ide-hd', 'second')


@pytest.fixture(scope='module')
def disks(tmp_path_factory):
    """One held something; one is larger; the third is a FAT stick."""
    folder = tmp_path_factory.mktemp('install')
    paths = [folder / name for name in ('first', 'second', 'stick')]
    for path, size in zip(paths, (1100 << 20, 1 << 30, 8 << 20)):
        path.write_bytes(b'old' * 100000 if path.name == 'second' else b'')
        with open(path, 'r+b') as f:
            f.truncate(size)
    subprocess.run(['/sbin/mkfs.vfat', '-n', 'KEYS', paths[2]], check=True,
                   stdout=subprocess.DEVNULL)
    yield paths
    for path in paths:
        path.unlink()


def start(name, disks, *chosen, boot='cd', **more):
    """With some of the disks; without the CD, the first is the BIOS's first."""
    return machine.Machine(name, boot=boot, disks=[
        (disks[(NVME, SATA).index(disk)], disk[0] + (
            f',bootindex={n}' if boot == 'disk' else ''), disk[1])
        for n, disk in enumerate(chosen, 1)], **more)


def walk_to_summary(s):
    s.wait('Keyboard - Step', machine.BOOT_TIMEOUT).press('Enter')
    s.wait('What to do').press('Down').wait('Upgrade').press('Enter')
    s.wait('Nothing is installed').press('Enter')
    s.wait('What to do').press('Down', 'Down', 'Enter')
    s.wait(':~#').type("sed 's/\"demo\"/\"kept\"/' /etc/basalt/demo.cfg "
                       '>/etc/xen/kept.cfg && exit\r')
    s.wait('What to do').press('Up', 'Up', 'Up', 'Enter')
    s.wait('Hardware check').wait('ok +Virtualization').press('Enter')
    s.wait('System disk').wait('nvme0n1 +1.2 GB .*empty')
    s.wait('sda +1.1 GB .*holds data of an')
    s.press('Space', 'Down', 'Space', 'Enter')
    s.wait('VM storage - ').press('Tab', 'Enter')
    s.wait('Take along').wait(r'\[\*\] VMs +1: kept').press('Enter')
    s.wait('Network - ').wait('Cards +eth0').press('Tab', 'Enter')
    s.wait('Name and time').press(EMPTY_FIELD).type('rack7')
    s.press('Enter').wait('Log-in - ').type(PASSWORD).press('Down')
    s.type(PASSWORD).press('Enter').wait('Options - ').press('Tab', 'Enter')
    return s.wait('Summary - ').wait('two as a mirror')


def test_install_by_keyboard(disks):
    m = start('setup-install', disks, SATA, mem=1536, extra=powercut.qemu_args(
        disks[0], machine.LOGS / 'mirror-writes.log', 'first', 'nvme') +
        machine.disk_args(disks[2], serial='stick'))
    try:
        m.choose('i')
        s = walk_to_summary(screen.Screen(m))
        s.press('Tab', 'Enter').wait('On which volume').wait('/dev/vda +vfat')
        s.press('Enter').wait('Saved as answers.txt').press('Enter')
        s.wait('Summary - ').press('Enter').wait('erase /dev/sda')
        s.wait('Type its name').type('sda').press('Enter').wait('At work')
        s.wait('It is done', 900).wait('Name +rack7').press('Enter')
        m.expect(pexpect.EOF, 300)
    finally:
        m.kill()


def test_saved_answers(disks):
    """The file on the stick says what was chosen, without the password."""
    saved = subprocess.run(['mtype', '-i', disks[2], '::answers.txt'], check=True,
                           capture_output=True, text=True).stdout
    for line in ('disk = /dev/nvme0n1', 'disk = /dev/sda', 'raid = raid1',
                 'hostname = rack7', 'existing = wipe', 'end = reboot'):
        assert f'\n{line}\n' in saved, saved
    assert '\noperator_password_hash = $6$' in saved and PASSWORD not in saved


def test_power_cuts_of_a_mirror(disks):
    """Each of the two starts nothing, or the whole system."""
    ends = test_install.cuts('mirror-writes.log', None, 4)
    assert len(ends) > test_install.CUTS and ends == sorted(ends)
    assert ends[0] == '' and ends[-1] == 'a'


def copy(disk):
    path = disk.with_name(disk.name + '-copy')
    subprocess.run(['cp', '--sparse=always', disk, path], check=True)
    return path


@pytest.fixture(scope='module')
def first_before(disks):
    """The first disk as it was before the second one ran alone."""
    yield copy(disks[0])


def test_second_disk_starts(disks, first_before):
    """Alone, on the smallest host: the operator's password, and the VM that was
    taken along, which runs in what 512 MiB leave."""
    m = start('setup-second', disks, SATA, mem=512, boot='disk')
    try:
        m.expect('mirror runs on one of its two disks', machine.BOOT_TIMEOUT)
        m.log_in(user='operator', password=PASSWORD)
        assert m.run('hostname') == 'rack7'
        assert '/state ext4' in m.run('cat /proc/mounts')
        assert m.run('cat /proc/mdstat').count('[_U]') == 2
        assert 'vms' in m.run('storage pools')
        m.run('xl create /etc/xen/kept.cfg', timeout=600)
        assert m.run('xl list kept').split('\n')[1].startswith('kept ')
        m.run('for i in $(seq 120); do grep -q demo:/ $LOG && break; sleep 1; '
              'done; grep -q demo:/ $LOG'.replace(
                  '$LOG', '/var/log/xen/console/guest-kept.log'))
        m.power_off()
    finally:
        m.kill()


def test_histories_that_went_separate_ways(disks, first_before):
    """The first disk ran alone, too: the halves are not mixed. It is said which
    one is left out, and the command that is named makes them one."""
    both = [first_before, copy(disks[1])]
    log_in = {'host': 'rack7', 'password': PASSWORD, 'user': 'operator'}
    m = start('setup-first-alone', both, NVME, mem=512, boot='disk')
    try:
        m.expect('mirror runs on one of its two disks', machine.BOOT_TIMEOUT)
        m.log_in(**log_in).run('echo first >/state/who; sync')
        m.power_off()
    finally:
        m.kill()
    m = start('setup-diverged', both, NVME, SATA, mem=512, boot='disk')
    try:
        m.log_in(**log_in)
        said = dict(re.findall(r'(/dev/\S+) ran without the rest of its mirror.*'
                               r'(mdadm --zero-superblock \S+ && mdadm \S+ --add \S+)',
                               m.log_path.read_text()))
        assert len(said) == 2 and m.run('cat /proc/mdstat').count('_') == 2
        state = next(part for part in said if 'basalt-state' in said[part])
        who = m.run('cat /state/who 2>/dev/null', status=None)
        assert who == ('' if 'nvme' in state else 'first')
        for part, cure in said.items():
            assert f'--zero-superblock {part} ' in cure
            m.run(cure)
        m.run('for i in $(seq 300); do grep -q _ /proc/mdstat || break; sleep 1; '
              'done; [ $(grep -c "\\[UU\\]" /proc/mdstat) = 2 ]')
        m.run('echo check >/sys/class/block/$(basename $(readlink -f '
              '/dev/md/basalt-state))/md/sync_action; mdadm --wait '
              '/dev/md/basalt-state', status=None)
        assert set(m.run('cat /sys/block/md*/md/mismatch_cnt').split()) == {'0'}
        m.power_off()
    finally:
        m.kill()


def upgrade(s, key, status):
    """From a shell: an action's way through the pages, to the shell again."""
    s.type('clear; setup\r').wait('Keyboard - Step').press('Enter')
    s.wait('What to do').press(*key, 'Enter').wait('Hardware').press('Enter')
    s.wait('Summary - ').wait('nvme0n1, 1.2 GB.* a Basalt installation')
    s.press('Enter').wait('Begin').press('Left', 'Enter').wait('At work')
    s.wait('It is done', 900).press('Tab', 'Enter').wait(':~#')
    s.type(f'clear; echo "<$(slots status | grep -c "starts slot {status}")>"\r')
    s.wait('<2>')


def test_repair_upgrade_and_restore(disks):
    """The menu's "Repair": the loader written anew, the passwords taken away.
    Then, from the shell, an upgrade, and back; all on both disks."""
    m = start('setup-repair', disks, NVME, SATA, mem=1024)
    try:
        m.choose('r')
        s = screen.Screen(m)
        s.wait('What shall be done', machine.BOOT_TIMEOUT).press('Down', 'Enter')
        s.wait('written anew to every disk').press('Left', 'Enter')
        s.wait('/dev/sda: the boot loader was written').press('Enter')
        s.wait('What shall be done').press('Down', 'Enter').wait('next start nobody')
        s.press('Left', 'Enter').wait('has no password now').press('Enter')
        s.wait('What shall be done').press('Down', 'Enter').wait(':~#')
        s.type('ls /mnt/state/xen && exit\r').wait('What shall be done')
        s.press('Tab', 'Enter').wait('1 VMs').press('!').wait(':~#')
        upgrade(s, ['Down'], 'b (on trial, 2 left)')
        upgrade(s, ['Down', 'Down'], 'a (on trial, 2 left)')
        s.type('poweroff\r')
        m.expect(pexpect.EOF, 300)
    finally:
        m.kill()


def test_first_disk_starts(disks):
    """With the other one there: it was away, and is taken in again; nobody is
    asked for a password any more."""
    m = start('setup-first', disks, NVME, SATA, boot='disk', smp=1)
    try:
        m.wait_shell()
        m.run('for i in $(seq 120); do grep -q _ /proc/mdstat || break; sleep 1; '
              'done; [ $(grep -c "\\[UU\\]" /proc/mdstat) = 2 ]')
        assert 'starts slot a' in m.run('slots status')
        m.power_off()
    finally:
        m.kill()
