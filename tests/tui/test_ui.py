"""What all screens have in common: help, sizes, terminals, leaving."""
import harness


def test_help_and_quit(host, size):
    with harness.Console(host, size) as c:
        c.wait('1 VMs').press('F1').wait('Help: VMs')
        c.press('End').wait('Keys everywhere')
        c.press('Esc').wait_gone('Keys everywhere')
        c.press('F10')
        assert c.wait_end() == 0


def test_too_small_and_resize(host):
    """A terminal that is too small says so, and the screen comes when it grows."""
    with harness.Console(host, (60, 20)) as c:
        c.wait('60 x 20')
        c.resize(100, 30)
        c.wait('1 VMs').wait('F10 Quit')


def test_no_terminal_answers(host):
    """A serial line whose terminal answers nothing: plain ASCII, no colours."""
    with harness.Console(host, term='vt100', answers=False) as c:
        c.wait('1 VMs')
        assert all(ord(ch) < 128 for ch in c.text())


def test_lock(host, size):
    """F9 locks where a password is set; only the right one opens."""
    with harness.Console(host, size) as c:
        c.wait('1 VMs').press('F9').wait('No password is set')
    host.run('sh', '-c', 'echo correct-horse | settings password operator')
    with harness.Console(host, size, env={'LOGNAME': 'operator'}) as c:
        c.wait('1 VMs').press('F9').wait('The console is locked')
        c.press('F10', '!', 'Esc').type('wrong\r')
        c.wait('That is not it')
        assert 'wrong' not in c.text() and '1 VMs' not in c.text()
        c.type('correct-horse\r').wait('1 VMs').wait_gone('locked')


def test_shell(host):
    """The shell key gives the terminal to a shell and takes it back."""
    with harness.Console(host) as c:
        c.wait('1 VMs').press('!').wait('comes back to the console')
        c.type('echo $((6 * 7))\r').wait('^42$')
        c.type('exit\r').wait('1 VMs')


def test_no_colours(host):
    """Without colours what is selected still stands out, by reverse."""
    with harness.Console(host, env={'NO_COLOR': '1'}) as c:
        c.wait('1 VMs').wait('F10 Quit').wait('no virtual machine')
        c.pump(0.2)
        cells = [cell for y in range(24) for cell in c.screen.buffer[y].values()]
        assert {cell.fg for cell in cells} == {'default'}
        assert c.screen.buffer[23][1].reverse
        tab = c.line(0).index('1 VMs')
        assert not c.screen.buffer[0][tab].reverse and c.screen.buffer[0][tab].bold


def test_terminals(host):
    """Each terminal that the image knows, and one that it does not."""
    for term in ('linux', 'xterm', 'vt100', 'vt220', 'screen', 'tmux', 'ansi',
                 'unheard-of'):
        with harness.Console(host, term=term) as c:
            c.wait('VMs').wait('Quit').press('q').wait('F10 leaves')
            c.type('\x03')
            assert c.wait_end() == 0, term
    with harness.Console(host, term='dumb') as c:
        c.wait('cannot place characters')
        assert c.wait_end() == 1
