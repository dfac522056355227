"""xl on the fake host: the shapes of its output, defined VMs, races of commands."""
import re
import subprocess

import pytest

KERNEL = '/usr/lib/basalt/demo/vmlinuz'


def fields(line):
    return line.split()


def node(host, path):
    return host.run('xenstore-read', path, status=None).strip()


@pytest.fixture
def web(host):
    return host.add_vm('web', mib=512, vcpus=3)


def test_lists_have_their_shapes(host, web):
    lines = host.run('xl', 'vcpu-list', 'web').split('\n')
    assert lines[0] == ('Name                                ID  VCPU   CPU State   '
                        'Time(s) Affinity (Hard / Soft)')
    assert re.fullmatch(r'web {30} +\d +0 +\d+   [-r][-b]-  +[\d.]+  all / all', lines[1])
    assert len(lines) == 5
    lines = host.run('xl', 'sched-credit2', '-d', 'web').split('\n')
    assert lines[0] == 'Name' + ' ' * 32 + 'ID Weight  Cap'
    assert fields(lines[1]) == ['web', str(web), '256', '0']
    assert host.run('xl', 'sched-credit2').startswith('Cpupool Pool-0:\nName')
    back = f'/local/domain/0/backend/vbd/{web}/51712'
    host.store(f'{back}/state', '4')
    host.store(f'/local/domain/{web}/device/vbd/51712/state', '4')
    host.store(f'/local/domain/{web}/device/vbd/51712/queue-0/ring-ref', '8')
    lines = host.run('xl', 'block-list', 'web').split('\n')
    assert fields(lines[0]) == ['Vdev', 'BE', 'handle', 'state', 'evt-ch', 'ring-ref',
                                'BE-path']
    assert fields(lines[1]) == ['51712', '0', str(web), '4', '-1', '8', back]
    back = f'/local/domain/0/backend/vif/{web}/0'
    host.store(f'{back}/mac', '00:16:3e:01:02:03')
    lines = host.run('xl', 'network-list', 'web').split('\n')
    assert fields(lines[0])[:6] == ['Idx', 'BE', 'Mac', 'Addr.', 'handle', 'state']
    assert fields(lines[1]) == ['0', '0', '00:16:3e:01:02:03', '0', '0', '-1', '-1/-1',
                                back]


def test_changes(host, web):
    host.run('xl', 'mem-set', 'web', '256')
    host.run('xl', 'mem-max', 'web', '1g')
    assert node(host, f'/local/domain/{web}/memory/target') == str(256 << 10)
    host.run('xl', 'mem-set', 'web', '512m')
    host.run('xl', 'mem-set', 'web', '2g', status=1)
    host.run('xl', 'mem-set', 'web', 'much', status=2)
    host.run('xl', 'vcpu-set', 'web', '2')
    assert node(host, f'/local/domain/{web}/cpu/1/availability') == 'online'
    assert node(host, f'/local/domain/{web}/cpu/2/availability') == 'offline'
    host.run('xl', 'vcpu-set', 'web', '4', status=1)
    host.run('xl', 'vcpu-set', 'web', 'x', status=2)
    host.run('xl', 'vcpu-pin', 'web', 'all', '0-2', '-')
    host.run('xl', 'vcpu-pin', 'web', '0', 'node:0', status=2)
    host.run('xl', 'vcpu-pin', 'Domain-0', '0', '0')
    host.run('xl', 'vcpu-pin', 'Domain-0', 'all', 'all')
    host.run('xl', 'vcpu-set', 'Domain-0', '1', status=1)
    host.run('xl', 'sched-credit2', '-d', 'web', '-w', '512', '-c', '50')
    host.run('xl', 'sched-credit2', '-d', 'web', '-w', '0', status=1)
    host.run('xl', 'block-detach', 'web', 'xvdq', status=1)
    host.run('xl', 'block-attach', 'web', '/no/such,raw,xvdb,w', status=1)
    host.run('xl', 'network-attach', 'web', 'bridge=nobr', status=1)
    assert node(host, f'/local/domain/0/backend/vif/{web}/0/state') == ''


def test_defined_vms(host):
    host.write('/tmp/a.cfg', f'# mine\nname = "a"\nmemory = 64\nkernel = "{KERNEL}"\n'
               'vif = [ "bridge=xenbr0" ]\n')
    host.run('xl', 'define', '/tmp/a.cfg')
    text = host.read('/etc/xen/a.cfg')
    assert text.startswith('# mine\nname = "a"\n') and 'uuid = ' in text and 'mac=' in text
    host.run('xl', 'define', '/tmp/a.cfg', status=1)
    assert host.run('xl', 'autostart', 'a') == 'off\n'
    host.run('xl', 'autostart', 'a', 'on')
    assert host.run('xl', 'autostart', 'a') == 'on\n'
    host.run('xl', 'rename', 'a', 'b')
    assert (host.root / 'state/xen/auto/b.cfg').is_symlink()
    host.run('xl', 'seed', 'b', '-u', 'ada')
    assert re.search(r'xvda, access=ro, target=/etc/xen/seed/[-0-9a-f]+\.img',
                     host.read('/etc/xen/b.cfg'))
    host.run('xl', 'template', 'b', 'on')
    assert 'template' in host.run('xl', 'defined')
    host.run('xl', 'start', 'b', status=1)
    host.run('xl', 'undefine', 'b')
    assert host.run('xl', 'defined').count('\n') == 1
    assert not any((host.root / 'state/xen').glob('*/*'))


def processes(host, *commands):
    return [subprocess.Popen(host.argv(*c), env=host.env(), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for c in commands]


def left_over(host):
    store = host.run('xenstore-ls', '-f', '/')
    return ([line for line in store.split('\n')
             if re.match(r'/local/domain/[1-9]|/vm/.', line)] +
            [p.name for p in (host.root / 'run/basalt').glob('vm-*')])


def test_destroyed_by_many_at_once(host):
    """Two destructions of one VM beside hostd's own, in every order that comes: each
    command ends well, none waits for ever, and nothing is left in the store."""
    host.start('hostd', '-F')
    for turn in range(8):
        domid = host.add_vm('web', uuid=f'{turn:08x}-0000-0000-0000-000000000001')
        commands = [('xl', 'destroy', 'web')] * 3
        commands.insert(turn % 4, ('fakehost', 'end', str(domid), '0'))
        for p in processes(host, *commands):
            out = p.communicate(timeout=60)[0]
            assert p.returncode == 0 or 'no VM of that name' in out or \
                'fakehost' in out, out
        assert left_over(host) == []


def test_killed_destruction_is_swept_up(host):
    """Killed between the domain's death and the end of its destruction, xl destroy
    left nodes that no command could name."""
    for path in ('name', 'memory/target', 'device/vbd/51712/state'):
        host.store(f'/local/domain/77/{path}', 'x')
    host.store('/local/domain/77/vm', '/vm/0a000000-0000-0000-0000-00000000000b')
    host.store('/vm/0a000000-0000-0000-0000-00000000000b/name', 'x')
    host.store('/local/domain/0/backend/vbd/77/51712/state', '4')
    host.write('/run/basalt/domains/0a000000-0000-0000-0000-00000000000b.cfg', 'name="x"')
    hostd = host.start('hostd', '-F')
    for _ in range(100):
        if not left_over(host):
            break
    assert left_over(host) == [] and hostd.poll() is None
    assert '77' not in host.run('xenstore-ls', '-f', '/')
    assert not list((host.root / 'run/basalt/domains').glob('*.cfg'))


def test_hostd_after_a_kill(host):
    """Started in the very moment in which another one was killed it said that it ran
    already: the dying process still held the lock."""
    first = host.start('hostd', '-F')
    host.wait_for_path('run/hostd.pid')
    second = processes(host, ('hostd', '-F'))[0]
    first.kill()
    pause = processes(host, ("sleep", "3"))[0]
    pause.wait()
    assert second.poll() is None, second.communicate()[0]
    second.kill()
    second.wait()


# A stand-in for the command: volumes are files in /storage/data.
STORAGE = r'''#!/bin/sh
set -eu
cd /storage/data
case $1 in
list)
	for f in *.img; do
		printf 'data/%s\t1\t1\t0\t\t\tfile:/storage/data/%s\n' "${f%.img}" "$f"
	done ;;
clone) [ ! -e "${3#data/}.img" ]; [ ! -e fail-"${3#data/}" ]
	[ "${4-}" != --progress ] || echo "50 copying"; cp "${2#data/}.img" "${3#data/}.img" ;;
delete) rm "${2#data/}.img" ;;
esac
'''


def test_clone(host):
    host.write('/usr/sbin/storage', STORAGE, 0o755)
    host.write('/storage/data/web.img', 'system')
    host.write('/storage/data/web2.img', 'somebody else\'s')
    host.write('/storage/data/logs.img', 'data')
    host.define_vm('web', extra='disk = [ "/storage/data/web.img,raw,xvda,w", '
                   '"/storage/data/logs.img,raw,xvdb,w", "/a.iso,raw,xvdc,r" ]\n'
                   'vif = [ "mac=00:16:3e:00:00:01,bridge=xenbr0" ]\n')
    host.run('xl', 'seed', 'web', '-u', 'ada')
    # The second disk cannot be copied: the first copy is taken back.
    host.write('/storage/data/fail-web2-3', '')
    host.run('xl', 'clone', 'web', 'web2', status=1)
    names = sorted(p.name for p in (host.root / 'storage/data').glob('*.img'))
    assert names == ['logs.img', 'web.img', 'web2.img']
    assert not (host.root / 'state/xen/web2.cfg').exists()
    (host.root / 'storage/data/fail-web2-3').unlink()
    assert '50 copying' in host.run('xl', 'clone', '--progress', 'web', 'web2')
    text = host.read('/etc/xen/web2.cfg')
    assert 'target=/storage/data/web2-2.img' in text
    assert 'target=/storage/data/web2-3.img' in text
    assert 'target=/a.iso' in text and '00:16:3e:00:00:01' not in text
    assert host.read('/storage/data/web2-2.img') == 'system'
    seeds = list((host.root / 'state/xen/seed').iterdir())
    assert len(seeds) == 2 and f'/etc/xen/seed/{seeds[0].name}' in \
        text + host.read('/etc/xen/web.cfg')
    assert all(b'name: ada' in s.read_bytes() for s in seeds)
    assert any(b'local-hostname: web2' in s.read_bytes() for s in seeds)
    host.run('xl', 'clone', 'web', 'web2', status=1)
    host.run('xl', 'clone', 'web', '7', status=2)
