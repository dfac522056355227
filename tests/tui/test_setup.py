"""The installer's screens on a pseudo-terminal, on a prepared machine."""
import re
import subprocess

import pytest

import setup_tree

# The way through the pages: how each is left towards the next one.
WAY = [
    ('Keyboard', ['Enter']),
    ('What to do', ['Enter']),
    ('Hardware check', ['Enter']),
    ('System disk', ['Space', 'Enter']),
    ('VM storage', ['Tab', 'Enter']),
    ('Network', ['Tab', 'Enter']),
    ('Name and time', ['Enter']),
    ('Log-in', [*'longenough', 'Down', *'longenough', 'Enter']),
    ('Options', ['Tab', 'Enter']),
    ('Summary', []),
]
# Back is the second button, or the third where a line can be changed.
THREE = ('VM storage', 'Network', 'Options', 'Summary')


@pytest.fixture
def tree():
    with setup_tree.Tree() as t:
        t.disk('nvme0n1', 1800, 'Samsung SSD 970', 'S4EV01', setup_tree.lvm_label())
        t.disk('sda', 500, 'WDC WD5000', 'WD-1')
        t.disk('sdb', 64, 'Stick', 'X', readonly=True)
        yield t


def screens(tree, size=(80, 24), **more):
    return tree.setup(size, term='vt220', **more)


def step(c, title):
    return c.wait(rf'{title} - Step \d+ of \d+')


def walk(c, to):
    """From the first page on, with the answers of WAY."""
    for title, keys in WAY:
        step(c, title)
        if title == to:
            return
        c.press(*keys)


def press_back(c, title):
    form = title in ('Name and time', 'Log-in')
    c.press('Tab', 'Tab') if title in THREE or form else c.press('Tab')
    c.press('Enter')


def test_every_page_forth_and_back(tree, size):
    with screens(tree, size) as c:
        walk(c, 'Summary')
        for (title, _), (before, _) in zip(WAY[:0:-1], WAY[-2::-1]):
            press_back(c, title)
            step(c, before)
        # What was chosen is still there on the way forth.
        for title, keys in WAY[:3]:
            step(c, title)
            c.press(*keys)
        step(c, 'System disk').wait(r'\[\*\] nvme0n1')
    assert not (tree.root / 'answers').exists()


def test_texts_of_the_pages(tree, size):
    """What each page is there to tell."""
    expected = {
        'Keyboard': ['Which keyboard'],
        'What to do': ['Try', 'Install', 'Upgrade', 'Restore', 'Shell'],
        'Hardware check': ['ok +Processor +AMD EPYC 7302P 16-Core Processor, 32 CPUs',
                           'ok +Virtualization +in use', 'ok +Memory +64.0 GiB',
                           'note +IOMMU', '3 found, 2 can be', '2 cards, 1 with'],
        'System disk': [r'\[ \] nvme0n1 +1.8 TB +Samsung SSD 970 \(S4EV01\): holds LVM',
                        r'\[ \] sda +500 GB +WDC WD5000 \(WD-1\): empty',
                        r'\[ \] sdb .*not possible: it is read-only'],
        'VM storage': ['LVM thin pool', 'the rest of the system disk'],
        'Network': ['Cards +eth0', 'IPv4 +by DHCP', 'Links: +eth0 UP +eth1 down'],
        'Name and time': ['Host name +basalt', 'Time zone +UTC'],
        'Log-in': ['root gets a shell', 'Password', 'SSH key'],
        'Options': ['Memory +auto', 'Serial console +COM1', 'When done +restart'],
        'Summary': ['erase /dev/nvme0n1, 1.8 TB, Samsung SSD 970: holds LVM',
                    'eth0, IPv4 by DHCP', 'root and operator, with the password'],
    }
    with screens(tree, size) as c:
        for title, keys in WAY:
            step(c, title)
            for pattern in expected[title]:
                c.wait(pattern)
            c.press(*keys)


def test_erasing_is_confirmed_by_name(tree):
    with screens(tree) as c:
        walk(c, 'Summary')
        c.press('Enter').wait('erase /dev/nvme0n1, 1.8 TB')
        c.type('sda').press('Enter').wait('not the disk').press('Enter')
        c.wait('erase /dev/nvme0n1')
        assert not (tree.root / 'answers').exists()
        c.type('nvme0n1').press('Enter').wait('It is done')
        c.press('Enter')
        assert c.wait_end() == 0
    assert tree.ran().endswith('reboot\n')
    answers = tree.answers()
    assert 'action = install' in answers and 'disk = /dev/nvme0n1' in answers
    assert 'existing = wipe' in answers and 'end = stop' in answers
    assert 'net.bridge = xenbr0 ports=eth0 ipv4=dhcp ipv6=auto' in answers
    for account in ('root', 'operator'):
        assert any(re.match(rf'{account}_password_hash = \$6\$', a) for a in answers)
    assert 'longenough' not in '\n'.join(answers)


def test_going_back_from_the_confirmation(tree):
    with screens(tree) as c:
        walk(c, 'Summary')
        c.press('Enter').wait('erase /dev').press('Tab', 'Tab', 'Enter')
        step(c, 'Summary')
    assert not (tree.root / 'answers').exists()


def test_mirror_on_empty_disks_needs_no_name(tree):
    """Nothing is lost: a plain question, with "no" marked."""
    tree.disk('nvme0n1', 500)
    with screens(tree) as c:
        walk(c, 'System disk')
        c.press('Space', 'Down', 'Space', 'Enter')
        step(c, 'VM storage')
        for _, keys in WAY[4:-1]:
            c.press(*keys).pump(0.2)
        step(c, 'Summary').wait('two as a mirror')
        c.press('Enter').wait('Begin').press('Enter')
        step(c, 'Summary')
        c.press('Enter').wait('Begin').press('Left', 'Enter').wait('It is done')
    answers = tree.answers()
    assert [a for a in answers if a.startswith('disk')] == \
        ['disk = /dev/nvme0n1', 'disk = /dev/sda']
    assert 'raid = raid1' in answers and 'existing = refuse' in answers


def test_long_line_is_shown_in_full(tree):
    """What a disk holds is never hidden by a narrow screen."""
    tree.disk('nvme0n1', 1800, 'Samsung SSD 970 EVO Plus 2TB MZ-V7S2T0', 'S4EV01',
              setup_tree.lvm_label())
    with screens(tree) as c:
        walk(c, 'System disk')
        c.wait(r'^ +1.8 TB +Samsung SSD 970 EVO Plus 2TB MZ-V7S2T0 \(S4EV01\): holds LVM')
        c.press('Down').wait('WDC')
        assert 'holds LVM' not in c.text()


def test_disks_that_cannot_be(tree):
    with screens(tree) as c:
        walk(c, 'System disk')
        c.press('Enter').wait('No disk is chosen').press('Enter')
        step(c, 'System disk')
        c.press('Down', 'Down', 'Space', 'Enter')
        c.wait('/dev/sdb cannot be chosen: it is read-only').press('Enter')
        step(c, 'System disk')


def test_another_disk_for_vms(tree):
    with screens(tree) as c:
        walk(c, 'VM storage')
        c.press('Down', 'Enter').wait('Disk for VMs').wait('sda +500 GB')
        assert 'nvme0n1' not in c.text()
        c.press('Down', 'Enter')
        step(c, 'VM storage').wait('Where +/dev/sda')
        for _, keys in WAY[4:-1]:
            c.press(*keys).pump(0.2)
        step(c, 'Summary').wait('LVM thin pool on').wait('erase /dev/sda')


def test_progress_and_its_log(tree):
    tree.write('hold', '')
    with screens(tree) as c:
        walk(c, 'Summary')
        c.press('Enter').wait('Type its name').type('nvme0n1').press('Enter')
        c.wait('At work').wait('Making partitions').wait('10 %')
        c.press('Tab').wait('back to the bar').wait('Making partitions')
        c.press('Tab').wait('what is being done')
        (tree.root / 'hold').unlink()
        c.wait('It is done')


def test_failure_says_why_and_leads_back(tree):
    reason = '/dev/nvme0n1: write error at 1 MiB: the disk is broken: use another one'
    tree.write('fail', reason + '\n')
    with screens(tree, (100, 30)) as c:
        walk(c, 'Summary')
        c.press('Enter').wait('Type its name').type('nvme0n1').press('Enter')
        c.wait('It did not work').wait('the disk is broken')
        c.press('Down', 'Enter').wait('Making partitions').wait('write error')
        c.press('Enter').wait('It did not work').press('Up', 'Enter')
        step(c, 'Summary')
        (tree.root / 'fail').unlink()
        c.press('Enter').wait('Type its name').type('nvme0n1').press('Enter')
        c.wait('It is done')


def test_engine_refuses(tree):
    """What the engine finds wrong is shown before anything is asked."""
    tree.write('refuse', 'disk: /dev/nvme0n1 is gone: plug it in\n')
    with screens(tree) as c:
        walk(c, 'Summary')
        c.press('Enter').wait('Not possible').wait('is gone').press('Enter')
        step(c, 'Summary')
    assert not (tree.root / 'answers').exists()


def test_bad_network(tree):
    with screens(tree) as c:
        walk(c, 'Network')
        c.press('Down', 'Enter').wait('1 to 4094').type('4095').press('Enter')
        step(c, 'Network').wait('VLAN +4095')
        c.press('Tab', 'Enter').wait('not a number from 1 to 4094').press('Enter')
        step(c, 'Network')


def test_static_address_and_bond(tree):
    with screens(tree) as c:
        walk(c, 'Network')
        c.press('Enter').wait('Mark one card').press('Down', 'Space', 'Enter')
        step(c, 'Network').wait('Cards +eth0, eth1').wait('Bond +active-backup')
        c.press('Down', 'Down', 'Down', 'Enter').wait('an address of your own')
        c.press('Down', 'Enter').wait('Address/length').type('192.0.2.10/24')
        c.press('Down').type('192.0.3.1').press('Enter')
        step(c, 'Network').wait('static 192.0.2.10/24')
        c.press('Tab', 'Enter').wait('does not lie in the network')
        c.press('Enter')
        step(c, 'Network')


def test_network_is_tried(tree):
    tree.program('network', f'#!/bin/sh\necho "network $1" >>{tree.root}/ran\n'
                 f'[ "$1" != try ] || cp "$4" {tree.root}/tried\n'
                 '[ "$1" != show ] || echo "xenbr0 has 10.0.2.15"\n')
    with screens(tree) as c:
        walk(c, 'Network')
        c.press(*['Down'] * 6, 'Enter').wait('xenbr0 has 10.0.2.15')
        c.press('Enter')
        step(c, 'Network')
    assert tree.ran().split('\n')[-4:-1] == ['network try', 'network show',
                                             'network revert']
    assert (tree.root / 'tried').read_text() == \
        'bridge = xenbr0 ports=eth0 ipv4=dhcp ipv6=auto\n'


def test_bad_name_and_passwords(tree):
    with screens(tree) as c:
        walk(c, 'Name and time')
        c.type('-').press('Enter').wait('Host name').wait('letters, digits')
        c.press('Enter')
        step(c, 'Name and time')
        c.press('Backspace', 'Enter')
    with screens(tree) as c:
        walk(c, 'Log-in')
        c.type('longenough').press('Enter').wait('not the same').press('Enter')
        step(c, 'Log-in')
        assert 'longenough' not in c.text()
    with screens(tree) as c:
        walk(c, 'Log-in')
        c.press('Enter').wait('No password').press('Enter')
        step(c, 'Log-in')


def test_a_field_is_emptied(tree):
    """Ctrl-U: what stood in the field is gone, not only moved."""
    with screens(tree) as c:
        walk(c, 'Name and time')
        c.press('\x15').type('rack7').press('Enter')
        for _, keys in WAY[7:-1]:
            c.press(*keys).pump(0.2)
        step(c, 'Summary').wait('Host name +rack7, time zone UTC')


def test_hardware_problem(tree):
    """No virtualization: words, and a look again after it was switched on."""
    (tree.root / 'sys/hypervisor/type').unlink()
    with screens(tree) as c:
        walk(c, 'Hardware check')
        c.wait('PROBLEM +Virtualization +not found: switch on SVM')
        c.press('Left', 'Enter').wait('This will not work')
        tree.write('sys/hypervisor/type', 'xen\n')
        c.press('Enter')
        step(c, 'Hardware check').wait('ok +Virtualization')


def test_hardware_warning(tree):
    for nic in ('eth0', 'eth1'):
        (tree.root / f'sys/class/net/{nic}/device/driver').unlink()
        (tree.root / f'sys/class/net/{nic}/device').rmdir()
    with screens(tree) as c:
        walk(c, 'Hardware check')
        c.wait('WARNING +Network +no card found')
        c.press('Left', 'Enter').wait('Continue anyway').press('Left', 'Enter')
        step(c, 'System disk')


def test_taking_along(tree):
    tree.write('state/xen/web.cfg', 'name = "web"\n')
    tree.write('state/xen/db.cfg', 'name = "db"\n')
    tree.write('state/etc/network.conf', 'nic = eth0 ipv4=dhcp\n')
    with screens(tree) as c:
        for title, keys in WAY[:5]:
            step(c, title)
            c.press(*keys)
        step(c, 'Take along').wait(r'\[\*\] VMs +2: ').wait(r'\[\*\] Network')
        assert 'web' in c.text() and 'db' in c.text()
        c.press('Enter')
        step(c, 'Network').wait('as in the live system')
        for _, keys in WAY[5:-1]:
            c.press(*keys).pump(0.2)
        step(c, 'Summary').wait('Taken along +vms, network')
        c.press('Enter').wait('Type its name').type('nvme0n1').press('Enter')
        c.wait('It is done')
    assert 'take_along = vms network' in tree.answers()
    assert not [a for a in tree.answers() if a.startswith('net.')]


def test_nothing_to_upgrade(tree):
    """Said at once, before any other question; with the disk there it goes on."""
    with screens(tree) as c:
        walk(c, 'What to do')
        c.press('Down', 'Enter').wait('Nothing is installed').press('Enter')
        step(c, 'What to do')
        c.press('Down', 'Enter').wait('Nothing is installed').press('Enter')
        step(c, 'What to do')
        tree.installation('sda')
        c.press('Enter')
        step(c, 'Hardware check')


def test_upgrade(tree):
    tree.installation('sda')
    with screens(tree) as c:
        walk(c, 'What to do')
        c.press('Down', 'Enter')
        step(c, 'Hardware check')
        c.press('Enter')
        step(c, 'Summary').wait('/dev/sda, 500 GB, .*a Basalt installation')
        c.wait('VMs and settings stay')
        c.press('Enter').wait('Begin').press('Left', 'Enter').wait('It is done')
    assert tree.answers() == ['action = upgrade', 'end = stop']


def test_leaving(tree):
    """Esc asks; Try leaves at once; nothing was run."""
    with screens(tree) as c:
        walk(c, 'VM storage')
        c.press('Esc').wait('Leave the installer').press('Enter')
        step(c, 'VM storage')
        c.press('Esc').wait('Leave the installer').press('Left', 'Enter')
        assert c.wait_end() == 0
    with screens(tree) as c:
        walk(c, 'What to do')
        c.press('Up', 'Enter')
        assert c.wait_end() == 0
    assert not (tree.root / 'answers').exists()


def test_help(tree):
    with screens(tree) as c:
        walk(c, 'System disk')
        c.press('F1').wait('disks that are not marked are').press('Enter')
        step(c, 'System disk')


def test_saving_needs_a_volume(tree):
    with screens(tree) as c:
        walk(c, 'Summary')
        c.press('Tab', 'Enter').wait('No volume that could be').press('Enter')
        step(c, 'Summary')


def test_repair(tree):
    tree.program('installer', '#!/bin/sh\necho "/dev/sda: the boot loader was '
                 f'written"\necho "$@" >>{tree.root}/ran\n')
    with screens(tree, options=['--repair']) as c:
        c.wait('Repair an installed system')
        c.press('Down', 'Enter').wait('written anew to every disk')
        c.press('Left', 'Enter').wait('/dev/sda: the boot loader was written')
        c.press('Enter').wait('Repair an installed system')
    assert '--loader' in tree.ran()


def test_needs_a_terminal(tree):
    p = subprocess.run([setup_tree.SETUP], capture_output=True, text=True,
                       stdin=subprocess.DEVNULL, check=False)
    assert p.returncode == 1 and 'needs a terminal' in p.stderr
