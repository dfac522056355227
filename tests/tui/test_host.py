"""The host's own screens: network, settings, power."""
import re

import harness

# Cards of a namespace of its own, so that nothing real is touched.
CARDS = ('ip link add name eth0 type veth peer name far0; ip link set far0 up; '
         'ip link set lo up; network apply; ')


def start_network(host, size, config, more=''):
    host.write('/state/etc/network.conf', config)
    host.write('/etc/basalt/network.conf', '')
    return harness.Console(host, size, argv=(
        'unshare', '-n', 'sh', '-c', CARDS + more + 'exec basalt --screen network'))


def test_network_is_shown(host, size):
    with start_network(host, size, 'bridge = xenbr0 ports=eth0 ipv4=192.0.2.10/24 '
                       'gateway4=192.0.2.1\ndns = 192.0.2.53\n') as c:
        c.wait('xenbr0 +bridge')
        assert '192.0.2.10/24' in c.row('^ *xenbr0') and 'fixed' in c.row('^ *xenbr0')
        assert re.search(r'eth0 .* xenbr0 ', c.row('^ *eth0'))
        assert 'Gateway 192.0.2.1' in c.text() and '192.0.2.53' in c.text()
        c.press('F1').wait('goes back by itself')


def test_network_change_is_tried_and_kept(host, size):
    with start_network(host, size, 'nic = eth0 ipv4=192.0.2.10/24\n') as c:
        c.wait('192.0.2.10/24')
        c.press('g', 'Enter').wait('Address')
        # IPv4, its address, gateway: the address is the second field.
        c.press('Tab').press(*['Backspace'] * 20).type('192.0.2.77/24')
        c.wait('network.conf: nic = eth0 ipv4=192.0.2.77/24')
        c.press('F2').wait('goes back in [0-9]+ s').wait('192.0.2.77/24')
        assert host.read('/state/etc/network.conf') == 'nic = eth0 ipv4=192.0.2.10/24\n'
        c.press('c').wait('network confirm').wait_gone('goes back in')
        assert host.read('/state/etc/network.conf') == 'nic = eth0 ipv4=192.0.2.77/24\n'


def test_network_goes_back_by_hand(host, size):
    with start_network(host, size, 'nic = eth0 ipv4=192.0.2.10/24\n',
                       'echo "nic = eth0 ipv4=192.0.2.99/24" >/tmp/new; '
                       'network try /tmp/new >/dev/null; ') as c:
        c.wait('192.0.2.99/24').wait('goes back in')
        c.press('v').wait('192.0.2.10/24').wait_gone('goes back in')


def test_network_wrong_address_is_told(host, size):
    with start_network(host, size, 'nic = eth0 ipv4=192.0.2.10/24\n') as c:
        c.wait('192.0.2.10/24').press('g', 'Enter').wait('Address')
        c.press('Tab').press(*['Backspace'] * 20).type('192.0.2.0/24')
        c.press('F2').wait('not an address that a host can have')


def test_settings(host, size):
    for name in 'zoneinfo/Europe', 'keymaps':
        host.inside(f'/usr/share/{name}').mkdir(parents=True, exist_ok=True)
    for zone in 'UTC', 'Europe/Berlin':
        host.write(f'/usr/share/zoneinfo/{zone}', 'TZif2' + '\0' * 100)
    for board in 'de', 'us':
        host.write(f'/usr/share/keymaps/{board}.bmap', 'x')
    # The real one would change the build machine's keyboard.
    host.inside('/sbin/loadkmap').unlink()
    host.write('/sbin/loadkmap', '#!/bin/sh\ncat >/tmp/map\n', 0o755)
    host.run('settings', 'apply')
    with harness.Console(host, size, argv=('basalt', '--screen', 'settings')) as c:
        c.wait('Host name +basalt').wait('No password is set')
        assert 'UTC' in c.row('Time zone')
        c.press('g', 'j', 'Enter').wait('Europe/Berlin')
        c.press('k', 'Enter').wait(r'settings set timezone Europe/Berlin')
        assert 'timezone = Europe/Berlin' in host.read('/state/etc/system.conf')
        c.press('j', 'Enter').wait('Names or addresses').type('not/good')
        c.press('Enter').wait('not a host')
        c.press(*['Backspace'] * 8).type('192.0.2.123').press('Enter')
        c.wait('Time servers +192.0.2.123')
        c.press('j', 'j', 'j', 'Enter').wait('Once more')
        c.type('correct horse').press('Tab').type('correct horse')
        c.press('F2').wait('Password of operator +set')
        assert 'correct horse' not in c.text()
    assert 'operator:$6$' in host.inside('/state/etc/shadow').read_text()


def test_power_can_be_cancelled(host, size):
    host.write('/sbin/poweroff', '#!/bin/sh\necho down >/tmp/down\n', 0o755)
    with harness.Console(host, size, argv=('basalt', '--screen', 'power')) as c:
        c.wait('Power off').press('G', 'Enter').wait('gets a minute')
        c.press('Enter').wait_gone('gets a minute')        # "no" is preset
        c.press('Enter').wait('gets a minute').press('Left', 'Enter')
        c.wait(r'poweroff in [0-9]+ s').press('c').wait('Cancelled')
        c.wait_gone('poweroff in')
    assert not host.inside('/tmp/down').exists()


def test_power_off_after_the_countdown(host):
    host.inside('/sbin/poweroff').unlink()
    host.write('/sbin/poweroff', '#!/bin/sh\necho down >/tmp/down\n', 0o755)
    with harness.Console(host, argv=('basalt', '--screen', 'power')) as c:
        c.wait('Power off').press('G', 'Enter').wait('gets a minute')
        c.press('Left', 'Enter').wait(r'poweroff in').wait('Going down')
    assert host.read('/tmp/down') == 'down\n'
