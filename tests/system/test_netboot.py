"""A machine without a medium, started over the network: `make netboot`'s folder on
a TFTP server, the ISO from an HTTP server that gives a damaged one first."""
import functools
import http.server
import os
import threading

import pytest

import machine
from test_unattended import image

FOLDER = machine.BUILD / 'netboot'
EXAMPLE = '#set url="http://192.0.2.1/basalt/basalt.iso"'
ANSWERS = 'action = install\ndisk = bus=nvme\nstorage = none\n'


class Handler(http.server.SimpleHTTPRequestHandler):
    """The first time, the system image has one other octet."""
    asked = 0

    def copyfile(self, source, outputfile):
        Handler.asked += 1
        data = bytearray(source.read())
        if Handler.asked == 1:
            data[len(data) // 2] ^= 1
        outputfile.write(data)


@pytest.fixture(scope='module')
def server():
    handler = functools.partial(Handler, directory=FOLDER)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as s:
        threading.Thread(target=s.serve_forever, daemon=True).start()
        yield s.server_address[1]
        s.shutdown()


def serve_folder(to, url):
    """The folder with another address for the ISO in its menu."""
    for name in ('basalt.0', 'basalt.efi', 'basalt.elf', 'vmlinux.gz', 'initramfs.zst'):
        os.symlink((FOLDER / name).absolute(), to / name)
    menu = (FOLDER / 'netboot.cfg').read_text()
    assert EXAMPLE in menu
    (to / 'netboot.cfg').write_text(menu.replace(EXAMPLE, f'set url="{url}"'))


@pytest.fixture(scope='module', name='live')
def by_pxe(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp('tftp')
    serve_folder(folder, f'http://10.0.2.2:{server}/basalt.iso')
    m = machine.Machine(
        'test_netboot', mem=1024, smp=1, boot='network', net=False,
        disks=[(image('netboot-target.img', 1 << 30), 'nvme', 'target')],
        extra=['-netdev', f'user,id=n0,tftp={folder},bootfile=basalt.0',
               '-device', 'e1000e,netdev=n0,bootindex=1'])
    try:
        m.expect('Start live', machine.BOOT_TIMEOUT)
        m.send('\r')
        m.expect('loaded by GRUB 2', machine.BOOT_TIMEOUT)
        m.expect('The system that came from http://[^ ]* is damaged',
                 machine.BOOT_TIMEOUT)
        m.wait_shell()
        yield m
    finally:
        m.kill()


def test_system_in_memory(live):
    assert Handler.asked == 2
    assert live.run('ls /run/basalt/live').split()[0] == 'basalt.iso'
    assert 'system.img' in live.run('ls /run/basalt/medium/boot')


def test_network_card_is_set_up_anew(live):
    """What the initramfs did with it is gone: one address, one route."""
    live.run('for i in $(seq 60); do ip route | grep -q default && break; '
             'sleep 1; done')
    assert live.run('ip route | grep -c default') == '1'
    assert live.run('ip addr show dev eth0 | grep -c "inet 10.0.2"') == '1'


def test_installs_what_was_fetched(live):
    live.write_file('/tmp/answers', ANSWERS)
    said = live.run('installer --check /tmp/answers 2>&1')
    assert 'source: /run/basalt/live/basalt.iso' in said


def test_power_off(live):
    live.power_off()
