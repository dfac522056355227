"""The hypervisor's last words outlive its crash: the machine restarts, and both its
log and the control domain's have them. By the boot loader of the ISO, which must
leave that memory alone."""
MACHINE = {'mem': 1024, 'net': False, 'extra': ['-action', 'reboot=reset']}


def test_report_is_found_by_the_next_start(live):
    assert 'last words' not in live.run('xl dmesg')
    live.send('\x01\x01\x01')
    live.expect('serial input goes to the hypervisor')
    live.send('C')
    live.expect('by debug key; nothing is wrong')
    live.wait_shell()
    log = live.run('xl dmesg')
    assert 'its last words:' in log
    for text in (log, live.run('cat /state/last-crash'), live.run('cat /var/log/messages')):
        assert 'by debug key; nothing is wrong' in text
        assert 'key_panic' in text
