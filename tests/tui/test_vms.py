"""The dashboard and a VM's own screen."""
import os
import time

import harness


def in_order(console, *names):
    """Waits until the screen shows these rows in this order."""
    console.wait(r'(?s)' + '.*'.join(rf'\n {n} ' for n in names))


def test_table(host, size):
    """Running, stopped and mistaken VMs in one table; sorting and searching."""
    host.add_vm('web1', mib=1024, vcpus=2, load=500)
    host.add_vm('db1', mib=2048, vcpus=1, load=10)
    host.define_vm('spare', mib=256)
    host.write('/etc/xen/wrong.cfg', 'name = "wrong"\nmemory = "much"\n')
    host.start('hostd', '-F')
    with harness.Console(host, size) as c:
        c.wait('2 running, 1 stopped, 1 mistake')
        c.wait(r'web1 +running.* 1\.0 GiB').wait(r'spare +stopped.* 256 MiB')
        c.wait(r'web1 .*5[0-9] +1\.0 GiB')          # its CPU, once measured
        in_order(c, 'db1', 'spare', 'web1', 'wrong')
        c.press('=')
        in_order(c, 'wrong', 'web1', 'spare', 'db1')
        c.press('=', '>', '>')                      # by CPU, most first
        c.wait(r'CPU[▾v]')
        in_order(c, 'web1', 'db1', 'spare')
        c.press('/').type('SPA')
        c.wait('1 found').wait_gone(' web1 ')
        c.press('Esc').wait(' web1 ')
        if size[0] > 100:
            c.wait('written')


def test_mistake_is_told(host, size):
    host.write('/etc/xen/wrong.cfg', 'name = "wrong"\nmemory = "much"\n')
    with harness.Console(host, size) as c:
        c.wait('wrong').wait('wrong.cfg:2: memory')


def test_life(host, size):
    """Pause, resume, shut down, force off; the state is followed live."""
    host.add_vm('web1')
    host.start('hostd', '-F')
    with harness.Console(host, size) as c:
        c.wait('web1 +running').press('p')
        c.wait('web1 +paused').wait(r'\$ xl pause web1')
        c.wait('p Resume')
        c.press('p').wait('web1 +running')
        c.press('d').wait(r'\$ xl shutdown web1').press('Esc')
        c.wait_gone('power button')
        c.press('d').wait('Shut down web1').press('y')
        c.wait('stopping|ended')
        c.wait_gone('web1 +(running|stopping)')
    host.add_vm('web2')
    with harness.Console(host, size) as c:
        c.wait('web2 +running').press('End', 'x').wait('plug were pulled')
        c.press('Enter').wait_gone('plug were pulled')  # "no" is preset
        assert 'web2' in c.text()
        c.press('x').wait('plug were pulled').press('Left', 'Enter')
        c.wait_gone(' web2 ')


def test_failure_is_told(host, size):
    """A command that fails says why, in words."""
    host.define_vm('spare')
    with harness.Console(host, size) as c:
        c.wait('spare +stopped').press('s')
        c.wait('was not started').wait('vmlinuz')
        c.press('Enter').wait_gone('was not started')


def test_detail(host, size):
    """Graphs from hostd's rings, devices and addresses from xenstore, events."""
    vm = host.add_vm('web1', mib=1024, vcpus=2, load=500)
    back = f'/local/domain/0/backend/vif/{vm}/0'
    front = f'/local/domain/{vm}/device/vif/0'
    for path, value in {f'{back}/frontend': front, f'{back}/mac': '00:16:3e:01:02:03',
                        f'{back}/bridge': 'xenbr0', f'{back}/state': '4',
                        f'{back}/handle': '0', f'{front}/backend': back,
                        f'{front}/state': '4', f'{front}/mac': '00:16:3e:01:02:03',
                        f'/local/domain/{vm}/attr/vif/0/ipv4/0': '10.1.2.3'}.items():
        host.store(path, value)
    host.write('/var/log/basalt/hostd.log',
               '2026-01-01 00:00:00 web1 started again as domain 1\n'
               '2026-01-01 00:00:01 web11 started again as domain 9\n')
    host.start('hostd', '-F')
    host.wait_for_path('run/basalt/metrics/host')
    with harness.Console(host, size) as c:
        c.wait('web1 +running').press('Enter')
        c.wait('VMs > VM > web1').wait('CPU +5[0-9] %')
        c.wait('00:16:3e:01:02:03 +xenbr0 +10.1.2.3 +connected')
        c.press('Down', 'Down', 'Down')
        c.wait('web1 started again')
        assert 'web11' not in c.text()
        c.press('F1').wait('last five minutes').press('Esc', 'Esc')
        c.wait('1 VMs')


def test_console(host, size):
    """A guest's console: typed keys reach it, colours and history are kept."""
    vm = host.add_vm('web1')
    line = host.guest_console(vm)
    os.write(line, b'\x1b[31mhello\x1b[0m from the guest\r\n')
    with harness.Console(host, size) as c:
        c.wait('web1 +running').press('c').wait('hello from the guest')
        c.wait(r'\^\] Leave')
        row = next(i for i, line in enumerate(c.screen.display) if 'hello' in line)
        assert c.screen.buffer[row][0].fg == 'red'
        c.type('ls -l\r').press('Up', 'F10', 'Esc')
        got = b''
        while b'\x1b[A' not in got or not got.endswith(b'\x1b'):
            c.pump(0.02)
            got += os.read(line, 100)
        assert got.startswith(b'ls -l\r')
        os.write(line, b''.join(b'line %d\r\n' % i for i in range(200)))
        c.wait('line 199')
        c.press('F12', 'g').wait('hello from the guest')
        c.press('Esc').wait('line 199')
        c.type('\x1d')
        c.wait('1 VMs').wait('xl console web1')
        c.press('c').wait('line 199')               # kept while we were away
        c.press('F12', '/').type('line 42\r')
        c.wait(r'^line 42$')
        c.type('\x1d')
        c.wait('1 VMs')


def test_console_of_the_dead(host):
    """The guest ends while its console is looked at."""
    vm = host.add_vm('web1')
    line = host.guest_console(vm)
    os.write(line, b'last words\r\n')
    with harness.Console(host) as c:
        c.wait('web1 +running').press('c').wait('last words')
        host.run('xl', 'destroy', 'web1')
        os.close(host.ptys.pop(0))
        c.wait('The guest has ended').press('Esc').wait('1 VMs')


def test_many(host):
    """50 VMs: all are there, and a second of looking at them costs little."""
    for i in range(50):
        host.add_vm(f'vm{i:02}', mib=128, load=i)
    host.start('hostd', '-F')
    with harness.Console(host, (160, 70)) as c:
        c.wait('50 running').wait(' vm49 ')
        ticks = os.sysconf('SC_CLK_TCK')

        def cpu():
            fields = open(f'/proc/{c.pid}/stat').read().rsplit(')', 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / ticks

        before, start = cpu(), time.monotonic()
        c.pump(3)
        share = (cpu() - before) / (time.monotonic() - start)
        print(f'console with 50 VMs: {share:.2%} of a CPU')
        assert share < 0.2      # a gross mistake; the figure is in docs/CONSOLE.md


def test_storage_bar(host, size):
    """The host's storage bar is the pools' room where there are pools."""
    host.write('/usr/sbin/storage', '#!/bin/sh\n'
               'printf "a\\tlvm\\t107374182400\\t53687091200\\t0\\t1\\tsda\\t\\n"\n'
               'printf "b\\tdir\\t107374182400\\t0\\t0\\t1\\tsdb\\t\\n"\n', 0o755)
    with harness.Console(host, size) as c:
        c.wait(r'Storage.*50\.0 GiB of 200')


def test_store_away(host):
    """xenstored dies and comes back: what was known stays, and it is said."""
    host.add_vm('web1')
    host.define_vm('spare')
    with harness.Console(host) as c:
        c.wait('web1 +running')
        host.daemons[0].kill()
        host.daemons[0].wait()
        c.wait('xenstored does not answer')
        assert 'web1' in c.text() and 'spare' in c.text()
        host.daemons[0] = host.start('xenstored', '--no-hypervisor', '-F')
        c.wait_gone('xenstored does not answer').wait('web1 +running')


def test_leaving_ends_nothing(host):
    """A VM that was being started is started, although the console was left."""
    host.define_vm('spare')
    host.write('/usr/sbin/xl', '#!/bin/sh\nsleep 1\necho words to nobody\n'
               'echo "$@" >/tmp/new\nmv /tmp/new /tmp/done\n', 0o755)
    with harness.Console(host) as c:
        c.wait('spare +stopped').press('s').wait('spare +starting').press('F10')
        assert c.wait_end() == 0
    host.wait_for_path('tmp/done')
    assert host.read('/tmp/done') == 'start spare\n'
