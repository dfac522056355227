"""The host's network: bonds, VLANs, bridges, and changes that go back."""
import re

# By the menu's "Start live, serial console".
MACHINE = {'entry': 'c', 'mem': 1024, 'net': False, 'extra': [
    '-netdev', 'user,id=n0,net=10.0.2.0/24',
    '-device', 'e1000e,netdev=n0,mac=52:54:00:00:00:01',
    '-netdev', 'user,id=n1,net=10.0.3.0/24',
    '-device', 'virtio-net-pci,netdev=n1,mac=52:54:00:00:00:02',
    '-serial', 'null']}

BOND = """bond = bond0 ports=eth0,eth1 mode=active-backup
vlan = bond0.20 on=bond0 id=20 ipv4=192.0.2.20/24
bridge = xenbr0 ports=bond0 ipv4=dhcp ipv6=auto
bridge = private0 ipv4=192.168.123.1/24 nat=yes dhcp=192.168.123.10-192.168.123.99
"""


def wait(live, condition, seconds=120):
    live.run(f'for i in $(seq {seconds}); do {condition} && break; sleep 1; '
             f'done; {condition}')


def try_file(live, text, arguments='', status=0):
    live.write_file('/tmp/new.conf', text)
    return live.run(f'network try {arguments} /tmp/new.conf 2>&1', status=status)


def test_serial_console(live):
    """The kernel's messages are on the serial line, and only there."""
    said = live.run('cat /proc/cmdline')
    assert 'console=hvc0' in said and 'tty0' not in said and 'quiet' not in said
    assert 'Linux version' in live.log_path.read_text(errors='replace')


def test_as_delivered(live):
    """One card by DHCP, the VMs' bridge with its server, nothing on trial."""
    wait(live, 'ip route | grep -q default')
    shown = live.run('network')
    assert '192.168.123.1/24' in shown and 'Gateway: 10.0.' in shown
    assert 'Name servers: 10.0.' in shown and 'trial' not in shown
    live.run('pidof udhcpc && pidof udhcpd')
    live.run('iptables -t nat -S basalt | grep -q MASQUERADE')


def test_serial_ports_of_dom0_have_a_session(live):
    """The second port is dom0's; the first is the hypervisor's and not seen."""
    assert live.run('grep ^ttyS /etc/inittab') == \
        'ttyS1::respawn:-/sbin/session'
    wait(live, 'fuser /dev/ttyS1 >/dev/null 2>&1')


def test_bad_trials_change_nothing(live):
    before = live.run('network config; ip -o addr | grep -v inet6')
    for text, says in (
            ('nic = eth7 ipv4=dhcp', 'no such card'),
            ('nic = eth0 ipv4=192.0.2.1', 'give'),
            ('bond = bond0 ports=eth0,eth7', 'no card eth7'),
            ('nonsense', 'key = value')):
        assert says in try_file(live, text + '\n', status=1)
    assert live.run('network config; ip -o addr | grep -v inet6') == before


def test_unconfirmed_goes_back(live):
    """Even if the watch is killed in between, and nobody is there any more."""
    live.run('cp /run/net/active /tmp/before')
    try_file(live, 'nic = eth0 ipv4=192.0.2.1/24\n', '-t 10')
    assert '192.0.2.1/24' in live.run('ip addr show eth0')
    live.run('kill -9 $(cat /run/serve/network)')
    wait(live, '! network | grep -q trial')
    wait(live, 'cmp -s /run/net/active /tmp/before')
    assert '192.0.2.1/24' not in live.run('ip addr show eth0')
    wait(live, 'ip route | grep -q "default via 10.0"')
    live.run('[ ! -e /state/etc/network.conf ]')


def test_bond_vlan_bridge(live):
    assert 'confirm' in try_file(live, BOND)
    wait(live, 'ip addr show xenbr0 | grep -q "inet 10.0."')
    shown = live.run('network')
    assert 'On trial' in shown
    for line in (r'eth0 .* bond0 *$', r'eth1 .* bond0 *$',
                 r'bond0 +bond .* xenbr0 *$',
                 r'bond0\.20 +vlan 20 .* 192\.0\.2\.20/24'):
        assert re.search('^' + line, shown, re.M), shown
    assert 'active-backup' in live.run('cat /sys/class/net/bond0/bonding/mode')
    gateway = re.search(r'Gateway: (10\S+)', shown).group(1)
    assert '3 packets received' in live.run(f'ping -c 3 {gateway}')
    live.run('network confirm')
    assert live.run('cat /state/etc/network.conf') == BOND.strip()
    wait(live, 'ip -6 addr show xenbr0 | grep -q "inet6 fec0"')


def test_bond_survives_a_card(live):
    """The link of one card goes: the other one takes over."""
    # Both have their link: the bond's own line and one for each.
    wait(live, '[ $(grep -c "MII Status: up" /proc/net/bonding/bond0) = 3 ]')
    active = live.run('cat /sys/class/net/bond0/bonding/active_slave')
    # What was confirmed just now may still be at work and set it up again.
    wait(live, f'{{ ip link set {active} down; [ "$(cat '
         f'/sys/class/net/bond0/bonding/active_slave)" != {active} ]; }}')
    live.run(f'ip link set {active} up')


def test_applied_again_is_the_same(live):
    before = live.run('ip -o link | cut -d" " -f2; ip -o -4 addr | cut -c1-40')
    live.run('network apply; network apply')
    assert live.run('ip -o link | cut -d" " -f2; ip -o -4 addr | cut -c1-40') \
        == before


def test_mode_changes_and_all_goes(live):
    try_file(live, BOND.replace('active-backup', '802.3ad'))
    assert '802.3ad' in live.run('cat /sys/class/net/bond0/bonding/mode')
    live.run('network revert')
    assert 'active-backup' in live.run('cat /sys/class/net/bond0/bonding/mode')
    try_file(live, 'nic = lan0 mac=52:54:00:00:00:02 ipv4=192.0.2.9/24 '
             'gateway4=192.0.2.1\ndns = 192.0.2.53\n')
    shown = live.run('network')
    assert 'bond0' not in shown and 'xenbr0' not in shown
    assert 'lan0' in shown and '192.0.2.9/24' in shown and '192.0.2.53' in shown
    live.run('! pidof udhcpc; [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]')
    live.run('network revert')
    wait(live, 'ip addr show xenbr0 | grep -q "inet 10.0."')


def test_vm_interfaces_stay_in_their_bridge(live):
    """Changing the host's side of a bridge does not unplug VMs."""
    live.run('tunctl -t tap9 >/dev/null; ip link set tap9 master xenbr0 2>/dev/null '
             '|| brctl addif xenbr0 tap9')
    live.run('network apply')
    live.run('[ -e /sys/class/net/xenbr0/brif/tap9 ]')
    live.run('tunctl -d tap9')
