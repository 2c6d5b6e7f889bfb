"""The manual pages, README and the longer pages against the programs: options, exit codes, tables, links."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import harness

TOP = Path(os.environ['SOURCE_ROOT'])
ROLLCALL = harness.program('ROLLCALL', 'rollcall')
SANDBOX = harness.program('ROLLCALL_SANDBOX', 'rollcall-sandbox')
RUNNING = ['check', 'plan', 'apply', 'sync']


def text(name):
    return (TOP / name).read_text(encoding='utf-8')


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def plain(roff):
    """Without the escapes and fonts that stand between a reader and the words."""
    roff = re.sub(r'^\.\\".*\n', '', roff, flags=re.M)
    return re.sub(r'\\f[A-Z]', '', roff).replace('\\-', '-')


def section(page, title):
    found = re.search(r'^\.S[SH] "?%s"?\b[^\n]*\n(.*?)(?=^\.S[SH]|\Z)' % re.escape(title), page, re.M | re.S)
    assert found, title
    return found.group(1)


def headed(part):
    """Options that a section describes: those on the line behind .TP or .TQ."""
    return {o for line in re.findall(r'^\.T[PQ]\n([^\n]*)', part, re.M) for o in re.findall(r'--[a-z0-9-]+', line)}


def offered(help_text):
    return set(re.findall(r'^ +(?:-\w, )?(--[a-z0-9-]+)', help_text, re.M))


def verbs():
    return re.findall(r'^  ([a-z]+) ', output(ROLLCALL, '--help'), re.M)


def test_options():
    """rollcall(1) describes each verb's options, no more and no fewer than --help lists"""
    page = plain(text('docs/rollcall.1'))
    assert set(re.findall(r'^\.SS ([a-z]+)(?: |$)', section_range(page, 'VERBS'), re.M)) == set(verbs())
    common, running = headed(section(page, 'Of every verb')), headed(section(page, 'Of check, plan, apply and sync'))
    for verb in verbs():
        said = headed(section(page, verb)) | common | (running if verb in RUNNING else set())
        real = offered(output(ROLLCALL, verb, '--help'))
        assert len(real) >= 3 and said == real, (verb, said ^ real)


def section_range(page, title):
    """A .SH with all its .SS."""
    return re.search(r'^\.SH %s\n(.*?)(?=^\.SH|\Z)' % title, page, re.M | re.S).group(1)


def test_option_letters():
    page = plain(text('docs/rollcall.1'))
    for verb in verbs():
        for letter, name in re.findall(r'^ +(-\w), (--[a-z0-9-]+)', output(ROLLCALL, verb, '--help'), re.M):
            assert re.search(r'%s, %s\b' % (letter, name), page), (letter, name)


def test_sandbox_options():
    page = plain(text('docs/rollcall-sandbox.1'))
    real = offered(output(SANDBOX, '--help')) | {'--help'}
    assert headed(section(page, 'OPTIONS')) == real, headed(section(page, 'OPTIONS')) ^ real
    with harness.Sandbox(users=5) as box:
        for path in re.findall(r'GET (/admin/[a-z-]+)', page):
            assert box._admin('GET', path) is not None
        box.stop()


def exit_codes():
    """In the order in which the program looks at them."""
    names = dict(re.findall(r'(EXIT_[A-Z_]+) = (\d+)', text('include/rollcall/engine.h')))
    order = re.search(r'static const int order\[\] = \{(.*?)\}', text('src/engine/engine.c'), re.S).group(1)
    codes = [int(names[n]) for n in re.findall(r'EXIT_[A-Z_]+', order)]
    assert len(codes) == len(names) == 11
    return codes


def test_exit_codes():
    """every page has all exit codes, in the order in which the first that applies wins"""
    page = section(plain(text('docs/rollcall.1')), 'EXIT STATUS')
    assert [int(c) for c in re.findall(r'^\.TP\n\.B (\d+)$', page, re.M)] == exit_codes()
    for name in ['README.md', 'docs/exit-codes.md']:
        assert [int(c) for c in re.findall(r'^\| (\d+) \|', text(name), re.M)] == exit_codes(), name


def test_guards():
    """the guards' defaults in limits-and-guards.md are those of rollcall-job(5)"""
    table = re.search(r'^kind\tnumber\tpercent\n(.*?)^\.TE', text('docs/rollcall-job.5'), re.M | re.S).group(1)
    manual = {k: (n, p) for k, n, p in (line.split('\t') for line in table.splitlines())}
    row = r'^\| (\w+)(?: \(rows\))? \| (\d+|as \w+) \| (\d+|as \w+) \|'
    page = {k: (n, p) for k, n, p in re.findall(row, text('docs/limits-and-guards.md'), re.M)}
    assert page == manual, (page, manual)


def test_connectors():
    """README shows what `rollcall connectors` says"""
    lines = [line.strip() for line in text('README.md').splitlines()]
    said = output(ROLLCALL, 'connectors').splitlines()
    assert len(said) >= 4
    for line in said:
        assert line.strip() in lines, line


def test_not_there():
    """verbs that README says are not there are not there"""
    readme = text('README.md')
    missing = readme[readme.index('## What is not there'):readme.index('## The rooms')]
    for verb in ['revert', 'init']:
        assert '`%s`' % verb in missing
        assert subprocess.run([ROLLCALL, verb, 'x'], capture_output=True, check=False).returncode == 3


def test_rooms():
    """README's table has every room of src/, and no other"""
    table = text('README.md').split('## The rooms')[1].split('## What it is built on')[0]
    said = re.findall(r'^\| `(\w+)` \|', table, re.M)
    assert sorted(said) == sorted(p.name for p in (TOP / 'src').iterdir() if p.is_dir())


def test_libraries():
    """README says why each library is there, and names none that is not"""
    names = {'csv': 'libcsv', 'http_parser': 'http-parser', 'sqlite3': 'SQLite'}
    build = text('meson.build') + text('tests/meson.build') + text('tests/unit/meson.build')
    asked = re.findall(r"dependency\('(\w+)'", build) + re.findall(r"find_library\('(\w+)'", build)
    asked = {names.get(n, n) for n in asked if n != 'threads'}
    table = text('README.md').split('## What it is built on')[1]
    said = set(re.findall(r'^\| ([\w-]+) \| ', table, re.M)) - {'library', '---'}
    assert said == asked, said ^ asked


def test_links():
    for name in ['README.md', 'CONTRIBUTING.md', *(str(p.relative_to(TOP)) for p in (TOP / 'docs').glob('*.md'))]:
        for target in re.findall(r'\]\(([^)#:]+)\)', text(name)):
            assert ((TOP / name).parent / target).exists(), (name, target)
    for path in re.findall(r'\bdocs/[\w.-]+\.[15]\b|\bscripts/[\w/.-]+\w|\bjobs/[\w-]+\.json', text('README.md')):
        assert (TOP / path).exists(), path


def test_pages_are_clean():
    """groff finds nothing to complain about"""
    if not shutil.which('groff'):
        return
    for page in ['rollcall.1', 'rollcall-sandbox.1', 'rollcall-job.5']:
        done = subprocess.run(['groff', '-t', '-man', '-Tutf8', '-ww', '-z', TOP / 'docs' / page], capture_output=True, text=True, check=True)
        assert not done.stderr, done.stderr


if __name__ == '__main__':
    harness.run(globals())
