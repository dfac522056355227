"""The evaluator's first minute: the demo guest, and a guest's whole life."""
import re

MACHINE = {'mem': 2048}

# What must be the same before and after guests have lived.
LEDGER = """
xl info | grep free_memory
xl list | wc -l
xenstore-ls -f / | grep -v -e /local/domain/0/backend | sort
losetup -a | wc -l
ls /sys/class/net | sort
cat /sys/hypervisor/properties/features
"""
CONFIG = '/etc/basalt/demo.cfg'


def ledger(live):
    return live.run('(' + LEDGER.strip().replace('\n', '; ') + ')')


def wait_gone(live, name, seconds=120):
    live.run(f'for i in $(seq {seconds}); do xl domid {name} >/dev/null 2>&1 '
             f'|| break; sleep 1; done; ! xl domid {name} 2>/dev/null')


def start_on_console(live, arguments=''):
    """xl create -c up to the guest's shell; the console stays attached."""
    live.send(f'xl create {CONFIG} {arguments} -c\r')
    live.expect('demo', 600)
    live.expect('# ', 600)


def detach(live):
    live.send('\x1d')
    live.expect('brings it back')
    live.send("stty -echo; PS1=''\r")
    live.sync()


def test_demo_on_its_console(live):
    start_on_console(live)
    live.send('cat /sys/hypervisor/type; nproc\r')
    live.expect('xen')
    live.send('dmesg | grep xen:events\r')
    live.expect('Using FIFO-based ABI')
    detach(live)
    listed = live.run('xl list demo').split('\n')[1].split()
    assert listed[0] == 'demo' and listed[2] == '128' and listed[3] == '1'


def test_console_again(live):
    live.send('xl console demo\r')
    live.send('\r')
    live.expect('# ')
    live.send('echo still-$((40 + 2))\r')
    live.expect('still-42')
    detach(live)


def test_pause(live):
    live.run('xl pause demo')
    assert live.run('xl list demo').split('\n')[1].split()[4][2] == 'p'
    live.run('xl unpause demo')
    assert live.run('xl list demo').split('\n')[1].split()[4][2] == '-'


def test_rename(live):
    live.run('xl rename demo other')
    live.run('xl list demo', status=1)
    domid = live.run('xl domid other')
    assert live.run(f'xl domname {domid}') == 'other'
    live.run('xl rename other demo')


def test_json(live):
    text = live.run('xl list -l demo')
    assert re.search(r'"domid": \d+', text) and '"name": "demo"' in text


def test_name_taken(live):
    message = live.run(f'xl create {CONFIG} 2>&1', status=1)
    assert 'demo' in message and 'name' in message


def test_guest_network(live):
    """The guest has an address from us, answers, and reaches outside."""
    log = live.run('cat /var/log/xen/console/guest-demo.log')
    address = re.search(r'network: (192\.168\.123\.\d+)', log).group(1)
    assert '3 packets received' in live.run(f'ping -c 3 {address}')


def test_reboot(live):
    before = live.run('xl domid demo')
    live.run('xl reboot demo')
    live.run(f'for i in $(seq 120); do d=$(xl domid demo 2>/dev/null); '
             f'[ -n "$d" ] && [ "$d" != {before} ] && break; sleep 1; done; '
             f'[ "$(xl domid demo)" != {before} ]')
    # It comes up to where it can be asked to shut down.
    live.run('for i in $(seq 200); do xenstore-read '
             '/local/domain/$(xl domid demo)/control/feature-poweroff '
             '2>/dev/null | grep -q 1 && break; sleep 1; done')


def test_shutdown(live):
    """Its kernel hears the request before its init does, which then is lost:
    on a slow machine it has to be asked again."""
    live.run('while xl domid demo >/dev/null 2>&1; do '
             'timeout 30 xl shutdown -w demo || sleep 1; done', timeout=600)
    wait_gone(live, 'demo')


def test_rounds_leave_nothing(live):
    """20 rounds of create and destroy: everything is as it was."""
    live.run(f'xl create -p {CONFIG}; xl destroy demo', timeout=600)
    before = ledger(live)
    for _ in range(20):
        live.run(f'xl create {CONFIG} >/dev/null && xl destroy demo',
                 timeout=600)
    assert ledger(live) == before


def test_destroy_while_busy(live):
    before = ledger(live)
    live.run(f'xl create {CONFIG} >/dev/null; sleep 3; xl destroy demo')
    assert ledger(live) == before


def test_several_vcpus(live):
    live.run(f'xl create {CONFIG} vcpus=4 >/dev/null')
    live.run('for i in $(seq 200); do xenstore-read '
             '/local/domain/$(xl domid demo)/control/feature-poweroff '
             '2>/dev/null | grep -q 1 && break; sleep 1; done')
    live.send('xl console demo\r')
    live.send('\r')
    live.expect('# ')
    live.send('echo cpus-$(nproc)\r')
    live.expect('cpus-4')
    detach(live)
    live.run('xl destroy demo')


def until(live, condition, seconds=200):
    """Waits for a shell's condition, and fails when it does not come about."""
    live.run(f'for i in $(seq {seconds}); do {condition} && break; sleep 1; done; '
             f'{condition}')


def connected(kind, count):
    return f'[ $(xl {kind}-list demo | grep -c "^[0-9].* 4 ") = {count} ]'


def megabytes(test):
    return f"xl list demo | awk 'NR == 2 {{ exit !($3 {test}) }}'"


def test_changes_while_it_runs(live):
    """Disk, interface, memory and CPUs come and go, and the guest follows. Its kernel
    brings memory online that it gets beyond what it booted with."""
    live.run(f'xl create {CONFIG} vcpus=2 maxmem=256 '
             'extra="console=hvc0 quiet memhp_default_state=online" >/dev/null')
    until(live, connected('network', 1))
    live.run('truncate -s 64M /state/images/more.img')
    live.run('xl block-attach demo /state/images/more.img,raw,xvdb,w')
    live.run('xl network-attach demo bridge=xenbr0')
    until(live, connected('block', 1))
    until(live, connected('network', 2))
    live.run('xl block-attach demo /state/images/more.img,raw,xvdc,w', status=1)
    # The guest has looked for partitions: what lies on the live system's overlay can
    # be read (it could not, with direct I/O).
    live.run('! dmesg | grep "I/O error, dev loop"')
    live.run('xl block-detach demo xvdb; xl network-detach demo 1')
    assert 'more.img' not in live.run('losetup -a')
    assert live.run('xl block-list demo').count('\n') == 0
    live.run('xl mem-set demo 96')
    until(live, megabytes('<= 97'))
    live.run('xl mem-set demo 192')
    until(live, megabytes('>= 190'))
    live.run('xl mem-set demo 300', status=1)
    live.run('xl vcpu-set demo 1')
    until(live, 'xl vcpu-list demo | grep -q -e --p')
    live.run('xl vcpu-pin demo 0 1')
    assert '1 / all' in live.run('xl vcpu-list demo')
    live.run('xl vcpu-pin demo 0 7', status=1)
    live.run('xl vcpu-pin Domain-0 1 0')
    assert '0 / all' in live.run('xl vcpu-list Domain-0')
    live.run('xl vcpu-pin Domain-0 all all')


def test_changes_outlive_a_reboot(live):
    live.run('xl block-attach demo /state/images/more.img,raw,xvdb,w')
    before = live.run('xl domid demo')
    live.run('xl reboot demo')
    until(live, f'[ "$(xl domid demo 2>/dev/null)" != {before} ] && ' +
          connected('block', 1))
    assert live.run('xl list demo').split('\n')[1].split()[2] == '192'
    live.run('xl destroy demo; rm /state/images/more.img')


def test_destroyed_by_two_at_once(live):
    before = ledger(live)
    for _ in range(2):
        live.run(f'xl create {CONFIG} >/dev/null; xl destroy demo & xl destroy demo; '
                 'r=$?; wait $!; [ $r$? = 00 ]')
    assert ledger(live) == before


def test_starts_with_the_host(live):
    """hostd, started for the first time since boot, starts what is linked."""
    live.run(f'xl define -q {CONFIG}; xl autostart demo on')
    live.run('rm /run/basalt/autostart.done; kill -9 $(pidof hostd)')
    until(live, 'xl domid demo >/dev/null 2>&1')
    live.run('xl undefine demo', status=1)
    live.run('xl destroy demo; xl undefine demo; [ -z "$(ls /etc/xen/auto)" ]')


def test_daemons_can_be_killed(live):
    """Kill each of our processes: init starts it anew, a guest goes on."""
    live.run(f'xl create {CONFIG} >/dev/null')
    live.run('for i in $(seq 200); do xenstore-read '
             '/local/domain/$(xl domid demo)/control/feature-poweroff '
             '2>/dev/null | grep -q 1 && break; sleep 1; done')
    for daemon in 'xenconsoled', 'xenstored', 'hostd':
        before = live.run(f'pidof -s {daemon}')
        live.run(f'kill -9 {before}; for i in $(seq 60); do '
                 f'[ "$(pidof -s {daemon})" != {before} ] && '
                 f'pidof {daemon} >/dev/null && break; sleep 1; done; '
                 f'pidof {daemon}')
    live.send('xl console demo\r')
    live.send('\r')
    live.expect('# ')
    detach(live)
    live.run('xl shutdown -w demo', timeout=600)
    wait_gone(live, 'demo')


def test_control_domain_may_run_anywhere(live):
    """Its disks' and cards' interrupts do not hold its vCPUs to a CPU."""
    rows = live.run('xl vcpu-list Domain-0').split('\n')[1:]
    assert len(rows) == 2 and all('all / all' in row for row in rows)
