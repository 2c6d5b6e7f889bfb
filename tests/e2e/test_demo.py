"""scripts/demo as README promises it: it ends well, shows what it says, leaves nothing running, and notices when something is wrong."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import harness

TOP = Path(os.environ['SOURCE_ROOT'])
PROGRAMS = Path(harness.program('ROLLCALL', 'rollcall')).parent


def demo(folder, programs, *arguments, **options):
    env = dict(os.environ, ROLLCALL_DEMO_BIN=str(programs), ROLLCALL_DEMO_DIR=str(folder / 'demo'))
    return subprocess.run([TOP / 'scripts' / 'demo', *arguments], env=env, capture_output=True, text=True, check=False,
                          timeout=600, stdin=subprocess.DEVNULL, **options)


def alive(folder):
    """Command lines of processes that were started for this folder."""
    found = []
    for entry in Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / 'cmdline').read_bytes().decode(errors='replace')
            except OSError:
                continue
            if 'rollcall-sandbox' in line and str(folder) in line:
                found.append(line.replace('\0', ' '))
    return found


def fresh():
    return Path(harness.folder())


def fake(folder, script):
    """A folder of programs in which rollcall is a script (it has the real one in $REAL), and the sandbox is the real one."""
    programs = folder / 'bin'
    programs.mkdir()
    path = programs / 'rollcall'
    path.write_text('#!/bin/bash\nREAL=%s\n%s' % (PROGRAMS / 'rollcall', script))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (programs / 'rollcall-sandbox').symlink_to(PROGRAMS / 'rollcall-sandbox')
    return programs


REPORT = '''
if [ $1 = report ]; then
    n=$(cat "$ROLLCALL_STATE.n" 2>/dev/null || echo 0)
    echo $((n + 1)) >"$ROLLCALL_STATE.n"
    [ $n -eq 0 ] && echo '%s' || echo '%s'
fi
[ $1 != sync ] || mkdir -p "${ROLLCALL_STATE%%state}audit" "${ROLLCALL_STATE%%state}rejects"
'''


def audit(changes, applied, hold=True):
    return json.dumps({'changes': [{}] * changes, 'outcomes': {'applied': applied}, 'sums': {'hold': hold}})


def test_demo():
    """plan, sync, an empty second sync, no violation; what README shows of its plan is what it prints"""
    folder = fresh()
    done = demo(folder, PROGRAMS, '--vendor', 'leadsquared')
    assert done.returncode == 0, done.stdout + done.stderr
    assert not alive(folder)
    assert 'violations  0' in done.stdout and 'All as it should be' in done.stdout
    def words(line):
        return ' '.join(line.split()).removesuffix(' users')

    said = {words(line) for line in done.stdout.splitlines()}
    readme = (TOP / 'README.md').read_text()
    shown = readme[readme.index('    feed      '):readme.index('## A first real job')]
    lines = [words(line) for line in shown.splitlines() if line.strip() and line.strip() != '...']
    assert len(lines) >= 12
    for line in lines:
        line = line.replace('../samples/hr-export.csv', str(TOP / 'samples' / 'hr-export.csv'))
        assert line in said, line
    audits = [json.loads(p.read_text()) for p in sorted((folder / 'demo' / 'audit').iterdir(), key=os.path.getmtime)]
    assert '23 User/Create, ' in done.stdout and ', 14 User/Deactivate' in done.stdout
    assert [len(a['changes']) for a in audits] == [478, 0]
    assert all(a['sums']['hold'] and a['run']['exit_code'] == 0 for a in audits)
    kinds = {c['change']['kind'] for c in audits[0]['changes']}
    assert kinds == {'create', 'activate', 'update', 'manager', 'membership', 'deactivate'}, kinds
    assert len(audits[0]['rejects']) == 3
    assert all(p.stat().st_mode & 0o077 == 0 for p in (folder / 'demo').rglob('*') if p.parent.name in ('audit', 'rejects', 'state'))


def test_scim():
    """the same against a SCIM 2.0 service"""
    folder = fresh()
    done = demo(folder, PROGRAMS, '--vendor', 'scim')
    assert done.returncode == 0, done.stdout + done.stderr
    assert not alive(folder)
    assert 'violations  0' in done.stdout and 'All as it should be' in done.stdout
    assert '24 POST /Users, ' in done.stdout and ' PATCH /Users/{id}, ' in done.stdout
    audits = [json.loads(p.read_text()) for p in sorted((folder / 'demo' / 'audit').iterdir(), key=os.path.getmtime)]
    assert [len(a['changes']) for a in audits] == [479, 0]
    assert all(a['sums']['hold'] and a['run']['exit_code'] == 0 for a in audits)
    kinds = {c['change']['kind'] for c in audits[0]['changes']}
    assert kinds == {'create', 'activate', 'update', 'manager', 'membership', 'deactivate'}, kinds
    assert len(audits[0]['rejects']) == 3
    job = json.loads((folder / 'demo' / 'job.json').read_text())
    assert re.fullmatch(r'http://127\.0\.0\.1:\d+/scim/v2', job['target']['url'])


def test_notices_a_second_plan():
    """a second sync that plans a change makes the demo fail"""
    folder = fresh()
    done = demo(folder, fake(folder, REPORT % (audit(3, 3), audit(1, 1))))
    assert done.returncode == 1 and 'WRONG: the second sync planned 1 changes' in done.stderr, done.stderr
    assert not alive(folder)


def test_fake_can_pass():
    """the same fake with nothing wrong passes, so the tests beside this one fail for their own reason"""
    folder = fresh()
    done = demo(folder, fake(folder, REPORT % (audit(3, 3), audit(0, 0))))
    assert done.returncode == 0, done.stdout + done.stderr


def test_notices_what_was_not_applied():
    folder = fresh()
    done = demo(folder, fake(folder, REPORT % (audit(3, 2, hold=False), audit(0, 0))))
    assert done.returncode == 1
    assert 'WRONG: 2 of 3 changes' in done.stderr and "WRONG: the audit's sums" in done.stderr, done.stderr


def test_notices_an_exit_code():
    folder = fresh()
    done = demo(folder, fake(folder, REPORT % (audit(3, 3), audit(0, 0)) + '[ $1 != plan ] || exit 5\n'))
    assert done.returncode == 1 and 'WRONG: exit code 5, not 0' in done.stderr, done.stderr


def test_notices_a_violation():
    """one call that the vendor would complain about makes the demo fail"""
    folder = fresh()
    rude = '[ $1 != sync ] || %s -c "import sys, urllib.request as u\ntry: u.urlopen(sys.argv[1])\nexcept Exception: pass" ' \
           '"http://127.0.0.1:$(cat "${ROLLCALL_STATE%%state}port")/v2/nowhere"\n' % sys.executable
    done = demo(folder, fake(folder, REPORT % (audit(3, 3), audit(0, 0)) + rude.replace('%%', '%')))
    assert done.returncode == 1 and 'WRONG: the vendor saw calls' in done.stderr, done.stdout + done.stderr


def test_interrupted():
    """Ctrl-C in the middle leaves no sandbox behind"""
    folder = fresh()
    env = dict(os.environ, ROLLCALL_DEMO_DIR=str(folder / 'demo'),
               ROLLCALL_DEMO_BIN=str(fake(folder, 'touch "$ROLLCALL_STATE.here"; exec sleep 600\n')))
    child = harness.start([TOP / 'scripts' / 'demo'], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        harness.wait_until(lambda: (folder / 'demo' / 'state.here').exists(), 'the plan')
        assert alive(folder)
        os.killpg(child.pid, signal.SIGINT)
        code = child.wait(harness.TIMEOUT)
        assert code == 130, code
        harness.wait_until(lambda: not alive(folder), 'the end of the sandbox')
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)


def test_refuses():
    """another vendor, an unknown argument, a folder with something in it"""
    folder = fresh()
    done = demo(folder, PROGRAMS, '--vendor', 'nobody')
    assert done.returncode == 1 and "no demo of 'nobody'" in done.stderr
    assert demo(folder, PROGRAMS, '--nothing').returncode == 3
    (folder / 'demo').mkdir()
    (folder / 'demo' / 'thesis.txt').write_text('mine')
    done = demo(folder, PROGRAMS)
    assert done.returncode == 1 and 'is not empty' in done.stderr
    assert (folder / 'demo' / 'thesis.txt').read_text() == 'mine'


def test_sample():
    """the sample exports are what samples/make-feed makes of the tenants that the demo's sandbox generates"""
    for vendor, sample in ('leadsquared', 'hr-export.csv'), ('scim', 'hr-export-scim.csv'):
        with harness.Sandbox(vendor=vendor, users=2000, seed=7) as box:
            folder = fresh()
            (folder / 'state.json').write_text(json.dumps(box.state()))
            box.stop()
        subprocess.run([sys.executable, TOP / 'samples' / 'make-feed', folder / 'state.json', folder / 'hr.csv'], check=True)
        assert (folder / 'hr.csv').read_bytes() == (TOP / 'samples' / sample).read_bytes(), sample
    script = (TOP / 'scripts' / 'demo').read_text()
    assert re.search(r'--users 2000 --seed 7\b', script)


if __name__ == '__main__':
    harness.run(globals())
