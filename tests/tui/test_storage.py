"""The storage screens, over the real `storage` and `task` in the prepared root; a
few disks are fake entries of sysfs, a pool is a directory."""
import os

import harness

DISKS = '''#!/bin/sh
case $1 in
disks)
	printf 'disk\\tnvme0n1\\tFast One\\tS1\\tnvme\\t512110190592\\tempty\\t\\t\\n'
	printf 'disk\\tsda\\tOld\\tS2\\tsata\\t2000398934016\\tLVM group %s\\t\\t\\n' "'vg0'"
	printf 'part\\tsda1\\tsda\\t2000397885440\\tLVM group %s\\t\\t\\n' "'vg0'"
	printf 'disk\\tsdb\\tStick\\tS3\\tusb\\t16000000000\\tvfat\\tmounted on /\\tremovable\\n'
	;;
pools) cat /tmp/pools 2>/dev/null || : ;;
pool)
	echo "$@" >>/tmp/did
	printf 'fast\\tlvm\\t512000000000\\t0\\t0.01\\t0\\t/dev/nvme0n1\\t\\n' >/tmp/pools
	;;
esac
'''


STORAGE = ('basalt', '--screen', 'storage')


def with_pool(host, volumes=()):
    host.write('/state/etc/pools.conf', 'pool = files dir path:/state/images\n')
    for name, mib in volumes:
        path = host.inside(f'/state/images/{name}.img')
        with open(path, 'wb') as f:
            f.truncate(mib << 20)


def open_storage(c):
    return c.wait('What is there')


def open_pool(c, name='files'):
    open_storage(c).wait(f'{name} .*pool')
    return c.press('Enter').wait('Belongs to')


def type_line(c, text):
    for ch in text:
        c.press('Space' if ch == ' ' else ch)
    return c


def test_disks_and_a_new_pool(host, size):
    """A disk in use is refused, one that is not empty is erased only by name."""
    host.write('/usr/sbin/storage', DISKS, 0o755)
    with harness.Console(host, size, argv=STORAGE) as c:
        open_storage(c).wait('no storage pool yet')
        assert 'empty' in c.row('nvme0n1')
        assert "LVM group 'vg0'" in c.row('sda1')
        assert 'mounted on /' in c.row('sdb')
        c.press('Enter').wait('Fast One').wait('S1').press('Esc')
        c.press('Down', 'n').wait('New storage pool')
        type_line(c, 'fast').wait('storage pool create fast --lvm /dev/sda')
        c.press('F2').wait('destroyed')
        assert "LVM group 'vg0'" in c.text()
        c.press('Esc').wait_gone('destroyed')
        assert not host.inside('/tmp/did').exists()
        c.press('Tab', 'Tab', 'Left').wait('--lvm /dev/nvme0n1')
        c.press('F2').wait('fast +LVM pool')
    assert host.read('/tmp/did') == 'pool create fast --lvm /dev/nvme0n1\n'


def test_volumes(host, size):
    with_pool(host, [('web', 8), ('db', 16)])
    host.define_vm('vm1', extra="disk = ['file:/state/images/web.img,xvda,w']\n")
    with harness.Console(host, size, argv=STORAGE) as c:
        open_pool(c).wait('db ').wait('web ')
        assert 'vm1' in c.row('web ')
        host.run('storage', 'create', 'files/other', '4M')
        c.press('F5').wait('other ', 4)
        host.run('storage', 'delete', 'files/other')
        c.press('n').wait('New volume')
        type_line(c, 'new')
        c.press('F2')
        c.wait('new +20.0 GiB')
        c.press('Home', 's').wait('Name of the snapshot')
        type_line(c, 'one').press('Enter').wait('db.one: done')
        c.wait(r'\.one')
        c.press('Home', 'Down', 'd').wait('Delete the snapshot')
        type_line(c, 'db.one').press('Enter').wait_gone(r' \.one')
    names = sorted(p.name for p in host.inside('/state/images').iterdir())
    assert names == ['db.img', 'new.img', 'web.img']


def test_import_goes_on_and_is_cancelled(host, size):
    """A damaged image is refused in the form; a good one becomes a task."""
    with_pool(host)
    host.inside('/root/good.raw').write_bytes(os.urandom(1 << 20) + bytes(3 << 20))
    host.inside('/root/bad.qcow2').write_bytes(b'QFI\xfb' + os.urandom(4096))
    with harness.Console(host, size, argv=STORAGE) as c:
        open_pool(c).press('i').wait('Import an image')
        type_line(c, '/root/bad.qcow2').press('Tab').wait('cannot be read')
        c.press('BackTab')
        for _ in 'bad.qcow2':
            c.press('Backspace')
        type_line(c, 'good.raw').press('Tab', 'Tab')
        type_line(c, 'copy').wait('storage import /root/good.raw files/copy')
        c.press('F2').wait('Import good.raw as files/copy: done')
        c.wait('copy +4.0 MiB')
        with open(host.inside('/root/large.raw'), 'wb') as f:
            f.truncate(12 << 30)
        c.press('i').wait('Import an image')
        type_line(c, '/root/large.raw').press('Tab', 'Tab')
        type_line(c, 'large').press('F2').wait('At work').wait(' of 12288 MiB')
        c.press('x').wait('What was copied so far is removed')
        c.press('Left', 'Enter').wait('Import large.raw as files/large: cancelled')
        c.wait_gone('At work')
    names = sorted(p.name for p in host.inside('/state/images').iterdir())
    assert names == ['copy.img']
    assert host.inside('/state/images/copy.img').read_bytes() == \
        host.inside('/root/good.raw').read_bytes()


def test_help(host, size):
    with_pool(host)
    with harness.Console(host, size, argv=STORAGE) as c:
        open_storage(c).press('F1').wait('where VMs have their disks')
        c.press('Esc').wait('What is there').wait('files ')
        c.press('Enter').wait('has no volumes yet').press('F1').wait('Grow|larger')
