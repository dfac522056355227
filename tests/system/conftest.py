"""Fixtures: one live machine shared by a file's tests, logs on failure."""
import pytest

import machine


def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    failed = len(stats.get('failed', [])) + len(stats.get('error', []))
    print(f"\nsystem: {len(stats.get('passed', []))} passed, {failed} failed")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows the end of the serial log with a failure."""
    report = (yield).get_result()
    live = item.funcargs.get('live') if hasattr(item, 'funcargs') else None
    if report.failed and live is not None:
        live.log.flush()
        tail = live.log_path.read_text(errors='replace')[-6000:]
        report.sections.append(('serial log', tail))


@pytest.fixture(scope='module')
def live(request):
    """The ISO booted live to a shell; a module may ask for disks, and for an
    entry of the boot menu by its hot key."""
    options = getattr(request.module, 'MACHINE', {})
    options = dict(options() if callable(options) else options)
    entry = options.pop('entry', None)
    name = request.module.__name__
    m = machine.Machine(name, **options)
    try:
        if entry:
            m.choose(entry)
        m.wait_shell()
        yield m
    finally:
        m.kill()
