"""Create, edit, delete, rename, clone, template, autostart: on the screens."""
import re

import harness
import pytest

# The command, but for imports and clones: their copying gives up root, which a user
# namespace with one user in it has no room for.
STORAGE = '''#!/bin/sh
echo "$*" >>/tmp/storage.calls
case $1 in
import)
	echo "40 copying"
	while [ "$3" = /root/slow.img ] && [ ! -e /tmp/go ]; do sleep 0.1; done
	exec storage.real create "$4" "${5:-1M}" ;;
clone) echo "40 copying"; exec storage.real create "$3" 1M ;;
esac
exec storage.real "$@"
'''
KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6F5oWNJCxYbSeWQyQ5iyd3iKNC7I7Ek+JJSlGX3Y1E'


@pytest.fixture
def pool(host):
    """A host with a storage pool, a bridge and something to make VMs from."""
    (host.root / 'usr/sbin/storage').rename(host.root / 'usr/sbin/storage.real')
    host.write('/usr/sbin/storage', STORAGE, 0o755)
    host.run('storage', 'pool', 'create', 'local', '--dir', '/state/images')
    for bridge in 'xenbr0', 'lan':
        (host.root / 'sys/class/net' / bridge / 'bridge').mkdir(parents=True)
    host.write('/root/debian.img', 'x' * (2 << 20))
    return host


def console(host, size):
    c = harness.Console(host, size)
    return c.wait('F10 Quit')


def choose_source(c, steps):
    """From the name's field on, with the source as the next."""
    c.press('Tab', *['Right'] * steps)


def clear(c):
    """Empties the field under the cursor."""
    c.press(*['Backspace'] * 30)


def definitions(host):
    return sorted(p.name for p in (host.root / 'state/xen').glob('*.cfg'))


def volumes(host):
    return sorted(p.name for p in (host.root / 'state/images').glob('*.img'))


def test_image_becomes_a_vm(pool, size):
    with console(pool, size) as c:
        c.press('n').wait('1 of 4').press('F2').wait('it is empty')
        c.type('web 1').press('F2').wait('2 of 4')
        c.press('F2').wait('a path from / on')
        c.type('/root/no.img').press('F2').wait('there is no such file')
        clear(c)
        c.type('/root/debian.img').press('Tab')
        clear(c)
        c.type('1M').press('F2').wait('the image needs')
        clear(c)
        c.type('1x').press('F2').wait('a size such as')
        clear(c)
        c.type('1').press('F2').wait('3 of 4')
        c.press('F3').wait('2 of 4').wait('/root/debian.img').press('F2').wait('3 of 4')
        c.press('Space', 'F2').wait("cloud-init needs a user's name")
        c.type('Ada').press('F2').wait('must begin with a small letter')
        clear(c)
        c.type('ada').press('Tab').type('hello').press('F2').wait('is no public key')
        clear(c)
        c.type(KEY + ' ada').press('Tab', 'Space', 'Tab', 'Space', 'F2').wait('4 of 4')
        c.wait(r'storage import /root/debian.img local/web-1 1024M')
        c.wait(r'xl seed web 1 -u ada').wait('xl autostart web 1 on')
        assert 'xl start' not in c.text()
        c.wait('name = "web 1"').wait('vcpus = 1').wait('memory = 1024')
        assert definitions(pool) == [] and volumes(pool) == []
        c.press('F2').wait('New VM web 1').wait('done, ').press('Enter')
        c.wait('web 1 +stopped')
    text = pool.read('/etc/xen/web 1.cfg')
    assert 'target=/state/images/web-1.img' in text and 'bridge=xenbr0' in text
    assert re.search(r'access=ro, target=/etc/xen/seed/[-0-9a-f]+\.img', text)
    seed, = (pool.root / 'state/xen/seed').iterdir()
    assert b'name: ada' in seed.read_bytes() and KEY.encode() in seed.read_bytes()
    assert (pool.root / 'state/xen/auto/web 1.cfg').is_symlink()
    assert volumes(pool) == ['web-1.img']


def start_slow_import(pool, c):
    """The wizard to its end; the import then waits for /tmp/go."""
    pool.write('/root/slow.img', 'x' * (1 << 20))
    c.press('n').wait('1 of 4').type('web1').press('F2').wait('2 of 4')
    c.type('/root/slow.img').press('Tab')
    clear(c)
    c.press('F2').wait('3 of 4').press('Space', 'Tab').type('ada')
    c.press('Tab', 'Tab', 'Tab', 'Space', 'F2').wait('4 of 4').press('F2')
    c.wait('New VM web1').wait('copying').wait('40 %')


def test_import_goes_on_when_it_is_left(pool, size):
    """It is found again under Tasks, also by another console, and ends well."""
    with console(pool, size) as c:
        start_slow_import(pool, c)
        c.press('Esc').wait('F10 Quit').press('F10')
    assert definitions(pool) == []
    with console(pool, size) as c:
        c.press('4').wait('New VM web1 +running').wait('40 %').press('1')
        pool.write('/tmp/go', '')
        c.wait('web1 +stopped')
    assert volumes(pool) == ['web1.img'] and definitions(pool) == ['web1.cfg']


def test_import_cancelled_leaves_nothing(pool):
    with console(pool, (80, 24)) as c:
        start_slow_import(pool, c)
        c.press('Esc').wait('F10 Quit').press('4').wait('New VM web1 +running')
        c.press('x').wait('is taken back').press('Left', 'Enter').wait('cancelled')
    assert definitions(pool) == [] and volumes(pool) == []
    assert not list((pool.root / 'state/xen').glob('seed/*'))


def test_left_at_the_last_page_nothing_is_made(pool, size):
    with console(pool, size) as c:
        c.press('n').wait('1 of 4').type('web1').press('F2').wait('2 of 4')
        c.type('/root/debian.img').press('F2').wait('3 of 4').press('F2').wait('4 of 4')
        c.press('Esc')
        c.wait('F10 Quit')
    assert definitions(pool) == [] and volumes(pool) == []


def test_failure_takes_the_disk_back(pool):
    """The definition's file cannot be written: the volume goes again."""
    pool.write('/etc/xen/web1.cfg', 'name = "other"\nmemory = 64\nkernel = "/k"\n')
    with console(pool, (80, 24)) as c:
        c.press('n').wait('1 of 4').type('web1')
        choose_source(c, 2)
        c.press('F2').wait('2 of 4').type('/root/debian.img').press('F2').wait('3 of 4')
        c.press('End', 'F2').wait('4 of 4').press('F2').wait('The VM was not made')
        c.wait('is there already')
    assert volumes(pool) == []
    assert 'other' in pool.read('/etc/xen/web1.cfg')


def test_kernel_without_disk(pool, size):
    pool.write('/boot/vmlinuz', 'x')
    with console(pool, size) as c:
        c.press('n').wait('1 of 4').type('k1')
        choose_source(c, 4)
        c.press('Tab')
        clear(c)
        c.type('500').press('F2').wait('a number from 1 to 128')
        clear(c)
        c.type('2').press('Tab')
        clear(c)
        c.type('99999').press('F2').wait('the whole host has 16384 MiB')
        clear(c)
        c.type('256').press('Tab', 'Right', 'F2').wait('2 of 4')
        c.type('/boot/vmlinuz').press('Tab', 'Tab').type(' quiet').press('Tab')
        clear(c)
        c.type('0').press('F2').wait('3 of 4').press('Tab', 'Tab', 'Space', 'F2')
        c.wait('4 of 4').wait('xl define k1.cfg').press('F2').wait('k1 is made')
    text = pool.read('/etc/xen/k1.cfg')
    assert 'kernel = "/boot/vmlinuz"' in text and 'cmdline = "console=hvc0 quiet"' in text
    assert 'vcpus = 2' in text and 'memory = 256' in text and 'disk' not in text


def test_template_is_cloned(pool, size):
    pool.run('storage', 'create', 'local/gold', '1M')
    pool.define_vm('gold', extra='disk = [ "/state/images/gold.img,raw,xvda,w" ]\n')
    with console(pool, size) as c:
        c.wait('gold').press('t').wait(r'xl template gold on')
        c.press('n').wait('1 of 4').type('web1')
        choose_source(c, 1)
        c.press('Tab', 'Tab')
        clear(c)
        c.type('768').press('F2').wait('2 of 4').wait('< gold >').press('F2').wait('3 of 4')
        c.press('Tab', 'Space', 'F2').wait('4 of 4').wait('xl clone gold web1')
        c.press('F2').wait('web1 is made')
    text = pool.read('/etc/xen/web1.cfg')
    assert 'memory = 768' in text and 'target=/state/images/web1.img' in text
    assert volumes(pool) == ['gold.img', 'web1.img']


# --- the edit screen ---------------------------------------------------------------


def edit(c, name):
    return c.wait(name).press('e').wait(f'Edit > {name}')


def to_row(c, number):
    return c.press('Home', *['Down'] * number)


def test_edit_stopped(pool, size):
    pool.define_vm('web1', extra='# of Ada\ndisk = [ "/root/debian.img,raw,xvda,w" ]\n'
                   'vif = [ "bridge=xenbr0" ]\n')
    with console(pool, size) as c:
        edit(c, 'web1').wait('It does not run')
        to_row(c, 1).press('Enter').wait('At most')
        clear(c)
        c.type('4').press('F2').wait('less than what it starts with')
        clear(c)
        c.type('4').press('F2').wait(r'CPUs +4')
        to_row(c, 6).press('Enter').wait('Rebooted from inside').press('Space', 'F2')
        c.wait('off: is started again')
        c.press('a').wait('New disk').press('Tab')
        clear(c)
        c.type('1M').press('F2').wait(r'Disk xvdb +/state/images/web1-2.img')
        c.press('n').wait('MAC address').press('Right', 'Tab').type('xx').press('F2')
        c.wait('mac')
        clear(c)
        c.press('F2').wait(r'Network 1')
        to_row(c, 7).press('d').wait('taken away').press('Right', 'Enter')
        c.wait_gone('Disk xvda')
        c.press('f').wait('# of Ada').press('Esc')
    text = pool.read('/etc/xen/web1.cfg')
    assert '# of Ada' in text and 'vcpus = 4' in text and 'on_poweroff = "restart"' in text
    assert 'debian.img' not in text and 'web1-2.img' in text
    assert len(re.findall('bridge=', text)) == 2


def test_edit_running(pool, size):
    """Memory and CPUs change in the guest, and what cannot is kept for later."""
    pool.define_vm('web1', mib=1024, vcpus=2, extra='maxvcpus = 3\nmaxmem = 2048\n')
    domid = pool.add_vm('web1', mib=1024, vcpus=3)
    with console(pool, size) as c:
        edit(c, 'web1').wait('It runs')
        to_row(c, 2).press('Enter').wait('MiB')
        clear(c)
        c.type('512').press('F2').wait('xl mem-set web1 512')
        assert pool.store(f'/local/domain/{domid}/memory/target') == str(512 << 10)
        to_row(c, 1).press('Enter').wait('At most')
        clear(c)
        c.type('1').press('F2').wait('xl vcpu-set web1 1')
        assert pool.store(f'/local/domain/{domid}/cpu/1/availability') == 'offline'
    text = pool.read('/etc/xen/web1.cfg')
    assert 'memory = 512' in text and 'vcpus = 1' in text


def test_failed_live_change_changes_nothing(pool):
    """A disk that cannot be attached is not in the definition, and its volume goes."""
    pool.define_vm('web1')
    pool.add_vm('web1')
    (pool.root / 'sys/bus/xen-backend/drivers/vbd').rmdir()
    before = pool.read('/etc/xen/web1.cfg')
    with console(pool, (80, 24)) as c:
        edit(c, 'web1').press('a').wait('New disk').press('Tab')
        clear(c)
        c.type('1M').press('F2').wait('no back end for such devices').press('Enter')
        c.wait('Edit > web1')
        c.pump(0.5)
    assert pool.read('/etc/xen/web1.cfg') == before
    assert volumes(pool) == []


# --- what is done in one go ----------------------------------------------------------


def test_delete_names_what_goes(pool, size):
    pool.run('storage', 'create', 'local/web1', '1M')
    pool.run('storage', 'create', 'local/keep', '1M')
    pool.define_vm('web1', extra='disk = [ "/state/images/web1.img,raw,xvda,w", '
                   '"/state/images/keep.img,raw,xvdb,w" ]\n')
    pool.run('xl', 'seed', 'web1', '-u', 'ada')
    with console(pool, size) as c:
        c.wait('web1').press('D').wait('local/web1, 1.0 MiB')
        c.press('Space', 'F2').wait('cannot be brought back').wait('/etc/xen/web1.cfg')
        c.wait('seed volume').wait('disk local/web1').wait('Disks that stay: 1')
        c.type('web2').press('Enter').pump(0.3)
        assert definitions(pool) == ['web1.cfg']
        c.press(*['Backspace'] * 4).type('web1').press('Enter').wait_gone('Type web1')
        c.wait('xl undefine web1')
    assert definitions(pool) == [] and volumes(pool) == ['keep.img']
    assert not list((pool.root / 'state/xen/seed').iterdir())


def test_running_ones_are_refused(pool):
    pool.define_vm('web1')
    pool.add_vm('web1')
    with console(pool, (80, 24)) as c:
        c.wait('web1').press('D', 'C', 't').pump(0.5)
        c.wait(r'web1 +running')
    assert definitions(pool) == ['web1.cfg']


def test_rename_clone_autostart(pool, size):
    pool.define_vm('web1')
    with console(pool, size) as c:
        c.wait('web1').press('R').wait('New name')
        clear(c)
        c.type('7').press('Enter').wait('digits alone')
        clear(c)
        c.type('www').press('Enter').wait('xl rename web1 www')
        c.press('a').wait('xl autostart www on').press('C').wait('Name of the clone')
        c.press('Enter').wait('xl clone www www-2')
    assert definitions(pool) == ['www-2.cfg', 'www.cfg']
    assert (pool.root / 'state/xen/auto/www.cfg').is_symlink()
