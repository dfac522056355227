"""Logs, events and tasks."""
import harness


def test_logs(host, size):
    host.write('/var/log/basalt/hostd.log',
               ''.join(f'2026-01-01 00:00:{i % 60:02} event {i}\n' for i in range(300)))
    host.write('/var/log/xen/console/guest-web1.log', 'Linux \x1b[1mboots\x1b[0m\r\nup\n')
    with harness.Console(host, size) as c:
        c.wait('1 VMs').press('5')
        c.wait('Events .*300 of 300, followed').wait('event 299')
        with open(host.inside('/var/log/basalt/hostd.log'), 'a') as f:
            f.write('2026-01-01 00:01:00 web1 has ended by crash: restart\n')
        c.wait('web1 has ended by crash')
        c.press('/').type('event 77\r')
        c.wait('78 of 301').wait('event 77')
        c.press('n').wait('does not occur further up')
        c.press('Enter').wait('The whole line').press('Esc')
        c.press('G').wait('followed')
        c.press('o').wait('Which log').wait('Console of web1').press('End', 'Enter')
        c.wait('^ Linux boots$')
        c.press('Left').wait('fake host: 4 CPUs')
        c.press('Left').wait('Nothing was logged here yet')


def test_tasks(host, size):
    """A task is followed, left, found again and stopped."""
    host.write('/usr/bin/work', '#!/bin/sh\necho "30 reading"\necho a line of its log\n'
               'trap "echo cleaned up; exit 1" TERM\nwhile :; do sleep 0.1; done\n', 0o755)
    with harness.Console(host, size) as c:
        c.wait('1 VMs').press('4').wait('No long command')
        host.run('task', 'run', 'Import of disk.qcow2', 'work')
        c.wait('Import of disk.qcow2 +running').wait('30 %').press('Enter')
        c.wait('a line of its log').wait('30 %').wait('reading')
        c.press('x').wait('task cancel 1').press('y')
        c.wait('cancelled').wait('cleaned up')
        c.press('Enter').wait('0 running, 1 ended')
        c.press('f').wait('No long command')
