"""README's first real job, and what the longer pages say of exit codes: their commands are run as they stand there."""

import json
import os
import re
import subprocess
from pathlib import Path

import harness

TOP = Path(os.environ['SOURCE_ROOT'])
PROGRAMS = Path(harness.program('ROLLCALL', 'rollcall')).parent
SWITCHES = {'rate': 'off', 'manager_delay': '50'}
EXPORT = TOP / 'samples' / 'hr-export.csv'


def blocks():
    return [b.strip().split('\n') for b in re.findall(r'```sh\n(.*?)```', (TOP / 'README.md').read_text(), re.S)]


class Home:
    """A user's home folder with rollcall on the path; its job says what the sandbox needs."""

    def __init__(self, box):
        self.path = Path(harness.folder())
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(('ROLLCALL', 'XDG_', 'STATE_'))}
        self.env.update(HOME=str(self.path), PATH='%s:%s' % (PROGRAMS, os.environ['PATH']), EDITOR=str(self.path / 'edit'))
        self.url = box.url
        edit = self.path / 'edit'
        edit.write_text('#!/bin/sh\nexec python3 "%s/edit.py" "$1"\n' % self.path)
        edit.chmod(0o755)
        (self.path / 'edit.py').write_text(
            'import json, sys\n'
            'job = json.load(open(sys.argv[1]))\n'
            'job["feed"]["path"] = %r\n'
            'job["target"].update(url=%r, rate=["1000/1s"])\n'
            'job["target"].pop("bulk_rate")\n'
            'job["rejects_ok"] = 3\n'
            'json.dump(job, open(sys.argv[1], "w"))\n' % (str(EXPORT), box.url))
        self.shell(blocks()[1])

    def shell(self, lines, **replaced):
        """Runs each line; their (exit code, stdout, stderr)."""
        results = []
        for line in lines:
            for old, new in replaced.items():
                line = re.sub(r'\b%s\b' % old, new, line)
            if line.startswith('export '):
                for name, value in re.findall(r'(\w+)=(\S+)', line.split('#')[0]):
                    self.env[name] = {'LSQ_ACCESS_KEY': harness.ACCESS_KEY, 'LSQ_SECRET_KEY': harness.SECRET_KEY}[name]
                    assert value == '...'
                results.append((0, '', ''))
                continue
            done = subprocess.run(['bash', '-c', line], cwd=TOP, env=self.env, capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL, timeout=300)
            results.append((done.returncode, done.stdout, done.stderr))
        return results

    def job(self, **members):
        path = self.path / 'rollcall' / 'nightly.json'
        job = json.loads(path.read_text())
        job.update(members)
        path.write_text(json.dumps(job))

    def feed(self, data):
        path = self.path / 'rollcall' / 'feed.csv'
        path.write_bytes(data)
        job = json.loads((self.path / 'rollcall' / 'nightly.json').read_text())
        self.job(feed=dict(job['feed'], path='feed.csv'))


def keyed(box):
    home = Home(box)
    home.env.update(LSQ_ACCESS_KEY=harness.ACCESS_KEY, LSQ_SECRET_KEY=harness.SECRET_KEY)
    return home


BOX = {'users': 2000, 'switches': SWITCHES}


def test_first_job(box):
    """README: build, copy, edit, check, check, plan, show, apply; exactly that plan is applied"""
    build, copy, steps = blocks()
    assert build[:2] == ['meson setup build/programs', 'ninja -C build/programs src/rollcall src/rollcall-sandbox'] and len(copy) == 2
    home = Home(box)
    offline = home.shell(steps[:1])[0]
    assert offline[0] == 0 and '2,000 rows' in offline[2], offline
    assert not box.log(), 'check --offline made a call'
    results = home.shell(steps[1:5])
    assert [r[0] for r in results] == [0, 0, 0, 0], results
    assert not [e for e in box.log() if e['applied']], 'something was written before apply'
    ready = re.search(r'rollcall apply (\S+)', results[2][1])
    assert ready and steps[5].startswith('rollcall apply RUN')
    shown = results[3][1]
    first = home.shell(['rollcall apply RUN --first 1'], RUN=ready.group(1))
    assert first[0][0] == 0, first
    box.reset_log()
    home.shell(steps[2:4])
    run = home.shell(['rollcall runs'])[0][1].splitlines()[1].split()[0]
    done = home.shell(steps[5:6], RUN=run)[0]
    assert done[0] == 0, done
    assert sum(e['applied'] for e in box.log()) > 400
    last = home.shell(['rollcall sync ~/rollcall/nightly.json', 'rollcall report --last'])
    assert last[0][0] == 0 and json.loads(last[1][1])['changes'] == [], last
    assert shown.count('deactivate') == 11 and not box.violations()


def test_broken_feed(box):
    """exit-codes.md, deletion-policy.md: a broken feed ends with 4; updates are made, nobody is created or deactivated"""
    home = keyed(box)
    home.job(absent='deactivate')
    home.feed(b''.join(EXPORT.read_bytes().splitlines(True)[:1500]))
    code = home.shell(['rollcall sync ~/rollcall/nightly.json'])[0][0]
    calls = {name: e['applied'] for name, e in box.stats()['endpoints'].items()}
    assert code == 4, code
    assert calls['Create'] == calls['Deactivate'] == 0 and calls['Update'] > 200, calls


def test_without_proof(box):
    """deletion-policy.md: a feed without a proof deactivates whom a row calls a leaver, and nobody for being absent; exit 5"""
    home = keyed(box)
    home.feed(b''.join(line for line in EXPORT.read_bytes().splitlines(True) if not line.startswith(b'TRAILER')))
    home.job(absent='deactivate', feed={'path': 'feed.csv'})
    code = home.shell(['rollcall sync ~/rollcall/nightly.json'])[0][0]
    assert code == 5, code
    assert box.stats()['endpoints']['Deactivate']['applied'] == 11


def test_unreadable_key(box):
    """deletion-policy.md: a rejected row whose keys cannot be read takes absence from everybody"""
    home = keyed(box)
    home.job(absent='deactivate', rejects_ok=4)
    lines = EXPORT.read_bytes().splitlines(True)
    lines[10] = b'"E000010"x,' + lines[10].split(b',', 1)[1]
    home.feed(b''.join(lines))
    code = home.shell(['rollcall sync ~/rollcall/nightly.json'])[0][0]
    assert code == 5, code
    assert box.stats()['endpoints']['Deactivate']['applied'] == 11


def test_guard(box):
    """limits-and-guards.md: over the limit the kind is withheld whole, the others go on, and only the exact count is accepted"""
    home = keyed(box)
    home.job(absent='deactivate', guards={'deactivate': {'number': 13}})
    plan = home.shell(['rollcall plan ~/rollcall/nightly.json'])[0]
    assert plan[0] == 5 and '--accept deactivate=14' in plan[1], plan
    run = re.search(r'rollcall apply (\S+)', plan[1]).group(1)
    assert home.shell(['rollcall apply RUN --accept deactivate=13'], RUN=run)[0][0] == 3
    assert not [e for e in box.log() if e['applied']]
    assert home.shell(['rollcall apply RUN'], RUN=run)[0][0] == 5
    calls = box.stats()['endpoints']
    assert calls['Deactivate']['applied'] == 0 and calls['Create']['applied'] == 23
    done = home.shell(['rollcall apply RUN --accept deactivate=14'], RUN=run)[0]
    assert done[0] == 0 and box.stats()['endpoints']['Deactivate']['applied'] == 14, done


def test_ci(box):
    """exit-codes.md: the CI line is true when there are changes, and writes nothing"""
    page = (TOP / 'docs' / 'exit-codes.md').read_text()
    line = re.search(r'^    (rollcall plan nightly.json .*)$', page, re.M).group(1)
    home = keyed(box)
    line = line.replace('nightly.json', '~/rollcall/nightly.json')
    assert home.shell([line, line.split(' || ')[0]])[0][0] == 0
    assert home.shell([line.split(' || ')[0]])[0][0] == 2
    assert not [e for e in box.log() if e['applied']]


if __name__ == '__main__':
    harness.run(globals())
