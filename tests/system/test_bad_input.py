"""Bad input at `xl create`: one clear line, status 1, nothing left behind."""
import pytest

MACHINE = {'mem': 1024, 'smp': 2}

BASE = {'name': '"bad"', 'memory': '128', 'vcpus': '1',
        'kernel': '"/usr/lib/basalt/demo/vmlinuz"',
        'ramdisk': '"/usr/lib/basalt/demo/initramfs.gz"'}

# Each: changes to BASE (None takes a key out), words that the message holds.
CONFIGURATIONS = {
    'no name': ({'name': None}, ['name']),
    'no memory for it': ({'memory': '100000'}, ['memory']),
    'memory is a word': ({'memory': '"lots"'}, ['memory']),
    'memory is nothing': ({'memory': '0'}, ['memory']),
    'vcpus out of range': ({'vcpus': '4000'}, ['vcpus']),
    'maxmem under memory': ({'maxmem': '64'}, ['maxmem']),
    'kernel absent': ({'kernel': '"/nowhere"'}, ['/nowhere']),
    'kernel is no kernel': ({'kernel': '"/etc/passwd"'}, ['/etc/passwd']),
    'kernel truncated': ({'kernel': '"/tmp/short"'}, ['/tmp/short']),
    'kernel does not fit': ({'memory': '16'}, ['memory']),
    'ramdisk absent': ({'ramdisk': '"/nowhere"'}, ['/nowhere']),
    'type hvm': ({'type': '"hvm"'}, ['hvm']),
    'pci': ({'pci': "['00:1f.2']"}, ['pci']),
    'disk absent': ({'disk': "['file:/nowhere,xvda,w']"}, ['/nowhere']),
    'disk is a folder': ({'disk': "['file:/tmp,xvda,w']"}, ['/tmp']),
    'disk read-only': ({'disk': "['file:/tmp/ro/disk,xvda,w']"},
                       ['/tmp/ro/disk', 'read-only']),
    'disk twice': ({'disk': "['file:/tmp/disk,xvda,w', "
                            "'file:/tmp/disk2,xvda,w']"}, ['xvda']),
    'bridge absent': ({'vif': "['bridge=nobridge']"}, ['nobridge']),
    'bad mac': ({'vif': "['mac=zz:00,bridge=xenbr0']"}, ['mac']),
    'name taken': ({'name': '"Domain-0"'}, ['Domain-0']),
}

LEDGER = ('(xl info | grep free_memory; xl list | wc -l; '
          'xenstore-ls -f / | sort; losetup -a | wc -l; ls /sys/class/net; '
          'ls /run/basalt/domains 2>/dev/null)')


def config_text(changes):
    keys = {**BASE, **changes}
    return ''.join(f'{k} = {v}\n' for k, v in keys.items() if v is not None)


@pytest.fixture(scope='module')
def prepared(live):
    live.run('head -c 2000000 /usr/lib/basalt/demo/vmlinuz > /tmp/short; '
             'truncate -s 1M /tmp/disk /tmp/disk2; mkdir -p /tmp/ro; '
             'mount -t tmpfs tmpfs /tmp/ro; truncate -s 1M /tmp/ro/disk; '
             'mount -o remount,ro /tmp/ro')
    # The first guest's traces that stay (uuid folders and the like) are made.
    live.write_file('/tmp/good.cfg', config_text({}))
    live.run('xl create -p /tmp/good.cfg && xl destroy bad', timeout=600)
    return live


@pytest.mark.parametrize('case', CONFIGURATIONS, ids=str)
def test_configuration(prepared, case):
    live = prepared
    changes, words = CONFIGURATIONS[case]
    live.write_file('/tmp/bad.cfg', config_text(changes))
    before = live.run(LEDGER)
    output = live.run('xl create /tmp/bad.cfg 2>&1', status=1, timeout=600)
    assert all(word in output for word in words), output
    errors = [line for line in output.split('\n')
              if not line.startswith('Parsing config')]
    assert 1 <= len(errors) <= 2, output
    assert live.run(LEDGER) == before


def test_misspelt_key_is_named(prepared):
    live = prepared
    live.write_file('/tmp/bad.cfg', config_text({'memroy': '64'}))
    output = live.run('xl create -n /tmp/bad.cfg 2>&1', status=None)
    assert 'memroy' in output and 'memory' in output


def test_disk_in_use(prepared):
    live = prepared
    live.write_file('/tmp/one.cfg', config_text(
        {'name': '"one"', 'disk': "['file:/tmp/disk,xvda,w']"}))
    live.write_file('/tmp/two.cfg', config_text(
        {'name': '"two"', 'disk': "['file:/tmp/disk,xvda,w']"}))
    live.run('xl create -p /tmp/one.cfg', timeout=600)
    before = live.run(LEDGER)
    output = live.run('xl create -p /tmp/two.cfg 2>&1', status=1, timeout=600)
    assert '/tmp/disk' in output and 'use' in output
    assert live.run(LEDGER) == before
    live.run('xl destroy one')


def test_usage(live):
    live.run('xl no-such-command', status=2)
    live.run('xl create', status=2)
    live.run('xl destroy', status=2)
    live.run('xl create --no-such-option /tmp/good.cfg', status=2)


def test_unknown_domain(live):
    for command in ['destroy', 'shutdown', 'pause', 'console', 'domid']:
        assert 'nobody' in live.run(f'xl {command} nobody 2>&1', status=1)
