"""Settings take effect at once; who may log in over the network, and how."""
import os
import socket
import subprocess

import pexpect

import machine

KEY = machine.LOGS / 'access-key'
with socket.socket() as s:
    s.bind(('127.0.0.1', 0))
    PORT = s.getsockname()[1]
SSH = ['-p', str(PORT), '-o', 'StrictHostKeyChecking=no', '-o',
       'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-o',
       'ConnectTimeout=60']


def MACHINE():
    machine.LOGS.mkdir(parents=True, exist_ok=True)
    for file in KEY, KEY.with_suffix('.pub'):
        file.unlink(missing_ok=True)
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C',
                    'anna@laptop', '-f', str(KEY)], check=True)
    return {'mem': 1024, 'net': False, 'extra': [
        '-netdev', f'user,id=n0,hostfwd=tcp:127.0.0.1:{PORT}-:22',
        '-device', 'virtio-net-pci,netdev=n0']}


def ssh(account, *command, key=True):
    """Status and output of a command over ssh."""
    with_key = ['-i', str(KEY), '-o', 'PasswordAuthentication=no'] if key else []
    p = subprocess.run(['ssh', *SSH, *with_key, f'{account}@127.0.0.1', *command],
                       capture_output=True, text=True, timeout=300,
                       env={**os.environ, 'SSH_AUTH_SOCK': ''})
    return p.returncode, p.stdout + p.stderr


def wait_listening(live, there):
    live.run('for i in $(seq 60); do netstat -ltn | grep -q ":22 " '
             f'{"&&" if there else "||"} break; sleep 1; done; '
             f'{"" if there else "!"} netstat -ltn | grep ":22 "')


def test_nobody_listens_at_first(live):
    wait_listening(live, False)
    live.run('settings locked', status=1)
    live.run('for i in $(seq 90); do ip route | grep -q default && break; '
             'sleep 1; done; ip route | grep default')


def test_name_time_keyboard(live):
    live.run('settings set hostname rack7')
    live.run('settings set timezone Europe/Berlin')
    live.run('settings set keyboard de')
    assert live.run('hostname') == 'rack7'
    assert live.run('ping -c 1 rack7 >/dev/null && date -d @0 +%H') == '01'
    assert 'status' not in live.run('settings set timezone Nowhere 2>&1', status=1)
    assert live.run('settings get timezone') == 'Europe/Berlin'
    assert live.run('cat /state/etc/system.conf | wc -l') == '4'


def test_time_server(live):
    live.run('settings set ntp 10.0.2.2')
    live.run('for i in $(seq 30); do pidof ntpd && break; sleep 1; done; '
             'pidof ntpd')
    assert '10.0.2.2' in live.run("tr '\\0' ' ' < /proc/$(pidof ntpd)/cmdline")
    live.run('settings set ntp')
    live.run('for i in $(seq 30); do pidof ntpd || break; sleep 1; done; '
             '! pidof ntpd')


def test_log_in_by_key(live):
    live.run('settings ssh-key add ' + KEY.with_suffix('.pub').read_text().strip())
    wait_listening(live, True)
    status, output = ssh('root', 'hostname; xl list')
    assert status == 0 and output.startswith('rack7\n') and 'Domain-0' in output


def test_copy_to_the_host(live, tmp_path):
    (tmp_path / 'web1.cfg').write_text('name = "web1"\n')
    options = [o if o != '-p' else '-P' for o in SSH]
    subprocess.run(['scp', '-O', *options, '-i', str(KEY),
                    str(tmp_path / 'web1.cfg'), 'root@127.0.0.1:/etc/xen/'],
                   check=True, timeout=300)
    assert live.run('cat /state/xen/web1.cfg') == 'name = "web1"'
    live.run('rm /etc/xen/web1.cfg')


def test_no_key_no_entry(live):
    """No password is set: none is taken, the empty one neither."""
    child = pexpect.spawn('ssh', [*SSH, '-o', 'PubkeyAuthentication=no', '-o',
                                  'NumberOfPasswordPrompts=1', 'root@127.0.0.1',
                                  'echo', 'came-$((1+1))'], timeout=120,
                          encoding='utf-8')
    if child.expect(['assword:', pexpect.EOF]) == 0:
        child.send('\r')
        child.expect(pexpect.EOF)
    assert 'came-2' not in child.before
    child.close()


def test_log_in_by_password(live):
    live.run('echo "correct horse" | settings password operator')
    live.run('settings locked')
    live.run('for i in $(seq 30); do pidof dropbear && break; sleep 1; done')
    wait_listening(live, True)
    for password, enters in ('wrong horse', False), ('correct horse', True):
        child = pexpect.spawn('ssh', [*SSH, '-o', 'PubkeyAuthentication=no', '-o',
                                      'NumberOfPasswordPrompts=1', '-t',
                                      'operator@127.0.0.1'],
                              timeout=120, encoding='utf-8', dimensions=(24, 80))
        child.expect('assword:')
        child.send(password + '\r')
        got = child.expect(['Quit', 'Permission denied'])
        assert got == (0 if enters else 1)
        child.close(force=True)


def test_screen_asks_too(live):
    """Whoever leaves the console must log in to come back."""
    live.send('exit\r')
    live.expect('Quit')
    live.send('\x1b[21~')                                       # F10
    for password in 'wrong horse', 'correct horse':
        live.expect('login: ')
        live.send('operator\r')
        live.expect('assword:')
        live.send(password + '\r')
        live.expect('incorrect' if password.startswith('wrong') else 'Quit')
    live.shell_key()
    assert live.run('echo $USER') == 'operator'


def test_services_come_back(live):
    for name in 'syslogd', 'klogd', 'dropbear':
        live.run(f'p=$(cat /run/serve/{name}); kill -9 $p; for i in $(seq 60); do '
                 f'q=$(cat /run/serve/{name}); [ "$q" != "$p" ] && '
                 f'pidof {name} | grep -qw "$q" && break; sleep 1; done; '
                 f'pidof {name} | grep -w "$q"')


def test_host_key_stays(live):
    """The server's own key is made once."""
    before = live.run('sha256sum /state/etc/ssh/host_ed25519')
    live.run('kill $(cat /run/serve/dropbear); sleep 3')
    assert live.run('sha256sum /state/etc/ssh/host_ed25519') == before


def test_password_taken_away(live):
    live.run('settings password operator --none; settings ssh-key remove 1')
    live.run('settings reachable', status=1)
    wait_listening(live, False)
