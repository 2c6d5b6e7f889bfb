"""scripts/bench, small: it measures, finds the same plan as its yardstick, and fails when plans differ or a limit is overrun."""

import os
import stat
import subprocess
from pathlib import Path

import harness

TOP = Path(os.environ['SOURCE_ROOT'])
PROGRAMS = Path(harness.program('ROLLCALL', 'rollcall')).parent
SANDBOX = harness.program('ROLLCALL_SANDBOX', 'rollcall-sandbox')


def bench(programs, *arguments):
    env = dict(os.environ, ROLLCALL_BENCH_BIN=str(programs))
    return subprocess.run([TOP / 'scripts' / 'bench', *arguments], env=env, capture_output=True, text=True, check=False, timeout=600,
                          stdin=subprocess.DEVNULL)


def fake(rollcall, sandbox=None):
    folder = Path(harness.folder())
    for name, script in (('rollcall', rollcall), ('rollcall-sandbox', sandbox or 'exec %s "$@"\n' % SANDBOX)):
        (folder / name).write_text('#!/bin/bash\nREAL=%s\n%s' % (PROGRAMS / name, script))
        (folder / name).chmod(stat.S_IRWXU)
    return folder


def test_quick():
    """the yardstick, which shares no code with rollcall, plans the same; no write call more than the order needs"""
    done = bench(PROGRAMS, '--quick', '--people', '3000', '--times', '1')
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'the same changes on both sides: yes' in done.stdout and 'violations of the vendor\'s rules: 0' in done.stdout
    calls = {line.split()[0]: [int(n) for n in line.split()[1:3]] for line in done.stdout.splitlines()
             if line.split()[:1] and line.split()[0] in ('create', 'update', 'team', 'activate', 'deactivate', 'manager')}
    assert len(calls) == 6
    scim = {line.split()[0]: line.split()[-2:] for line in done.stdout.splitlines() if line.startswith(('  with ', '  without'))}
    (users, bulk), (same, single) = [[int(n) for n in scim[way]] for way in ('with', 'without')]
    assert 2000 <= users == same == single and 2 <= bulk <= 4, done.stdout
    for kind, (made, least) in calls.items():
        assert made == least or (kind == 'manager' and made == 2), (kind, made, least)


def test_another_plan():
    """plans that differ are no bench result"""
    report = 'if [ $1 = report ]; then\n    while [ $1 != --out ]; do shift; done\n' \
             '    echo \'{"changes": [{"change": {"kind": "create"}}]}\' >$2\n    exit\nfi\nexec $REAL "$@"\n'
    done = bench(fake(report), '--quick', '--people', '500', '--times', '1')
    assert done.returncode == 1 and 'on both sides: NO' in done.stdout, done.stdout + done.stderr


def test_rate():
    """some updates at 25/5s: none refused"""
    done = bench(PROGRAMS, '--rate', '--updates', '40')
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line[:48].strip(): line[48:].strip() for line in done.stdout.splitlines()}
    refused = [line.split()[-1] for line in done.stdout.splitlines() if 'refused for the rate' in line]
    assert refused == ['0'] and '40 of 40' in done.stdout, lines


def test_overrun():
    """a client that goes over the limit makes it fail"""
    hurried = '[ $1 != sync ] || sed -i "s#25/5s#60/5s#" $2\nexec $REAL "$@"\n'
    done = bench(fake(hurried), '--rate', '--updates', '40')
    assert done.returncode == 1, done.stdout + done.stderr


if __name__ == '__main__':
    harness.run(globals())
