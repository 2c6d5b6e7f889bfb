"""The verbs, their exit codes, and what they leave behind: rollcall(1), rollcall-job(5)."""

import hashlib
import json
import os
import re
import signal
import sqlite3
import xml.etree.ElementTree as ElementTree

import harness
from bed import KINDS, OPEN_GUARDS, Bed, image, interrupt_when, rows_of
from harness import ACCESS_KEY, SECRET_KEY, wait_until

READS = ['UserByAccessKey', 'Attributes', 'Teams', 'UsersGet', 'AdvancedSearch', 'AdvancedSearch']


def agrees(bed):
    """The tenant's users as a feed are the feed."""
    have = {row['Employee ID']: row for row in rows_of(bed.box.state())}
    for row in bed.rows:
        got = have[row['Employee ID']]
        if row['Status'] == 'Terminated':
            assert got['Status'] == 'Terminated', row
            continue
        want = dict(row, Email=got['Email'] if got['Email'].lower() == row['Email'].lower() else row['Email'])
        assert got == want, (got, want)
    for number, got in have.items():
        if number not in {row['Employee ID'] for row in bed.rows}:
            assert got['Status'] == 'Terminated', got


def test_every_kind():
    '''plan writes nothing and is the same twice; sync does every kind of change;
    a second sync finds nothing to do'''
    with Bed(users=60) as bed:
        assert bed.plan().changes == [], 'the feed made from the tenant agrees with it'
        before = bed.box.state()
        want = bed.every_kind(3)
        since = bed.box.stats()['last_seq']
        path = os.path.join(bed.folder, 'plan.jsonl')
        first = bed.plan('--out', path)
        second = bed.plan()
        assert bed.writes() == [] and bed.box.state() == before, 'plan wrote something'
        assert [one['endpoint'] for one in bed.box.log(since)][:5] == READS[:5]
        assert first.planned() == want, (first.planned(), want)
        assert first.audit['run']['state'] == 'planned' and first.audit['run']['exit_code'] == 0
        printed = re.search(r'sha256 ([0-9a-f]{64})', first.out).group(1)
        with open(path, 'rb') as f:
            assert hashlib.sha256(f.read()).hexdigest() == printed == first.audit['run']['plan_sha256']
        assert printed in second.out, 'the same feed and tenant give the same plan'

        done = bed.sync()
        assert done.planned() == want
        assert done.outcomes == {'applied': sum(want.values())}
        assert done.audit['run']['plan_sha256'] == printed, 'sync applies what plan shows'
        agrees(bed)
        assert bed.creates_by_address() == {'j%05d@example.com' % i: 1 for i in range(3)}

        since = bed.box.stats()['last_seq']
        again = bed.sync()
        assert again.changes == [] and again.outcomes == {}
        assert bed.writes(since) == []


def test_views():
    '''show, show --user, --kind, report in each format, runs: from the ledger alone'''
    with Bed(users=60) as bed:
        want = bed.every_kind(2)
        plan = bed.plan()
        done = bed.sync()
        bed.box.stop()  # nothing of this needs the tenant
        shown = bed.call('show', plan.run).out
        assert 'Nothing was changed' in shown and 'rollcall apply %s' % plan.run in shown, shown
        assert 'applied %d' % sum(want.values()) in bed.call('show', '--last').out
        assert bed.call('show').out == bed.call('show', done.run).out == bed.call('show', '--last').out
        everything = bed.call('show', done.run, '--kind', 'all').out.splitlines()
        assert len(everything) == sum(want.values())
        for kind in KINDS:
            lines = bed.call('show', done.run, '--kind', kind).out.splitlines()
            assert len(lines) == want[kind] and all(kind in line for line in lines), (kind, lines)
        person = bed.call('show', done.run, '--user', 'J00000').out
        assert 'User/Create' in person and 'User/Update' in person and 'HTTP 200' in person, person
        assert 'from line' in person
        assert bed.call('show', done.run, '--user', 'NOBODY').out.strip() != ''
        bed.call('show', 'no-such-run', code=3)
        bed.call('show', done.run, '--kind', 'nonsense', code=3)
        bed.call('report', done.run, '--format', 'nonsense', code=3)

        junit = ElementTree.fromstring(bed.call('report', done.run, '--format', 'junit').out)
        suites = [junit] if junit.tag == 'testsuite' else junit.findall('testsuite')
        assert sum(int(suite.get('failures')) for suite in suites) == 0
        cases = junit.findall('.//testcase')
        assert {'%s: %d planned' % (kind, want[kind]) for kind in KINDS} <= {case.get('name')
                                                                             for case in cases}
        with open(os.path.join(bed.folder, 'junit', done.run + '.xml'), encoding='utf-8') as f:
            ElementTree.fromstring(f.read())

        canonical = bed.call('report', done.run, '--format', 'plan').out.encode()
        assert hashlib.sha256(canonical).hexdigest() == done.audit['run']['plan_sha256']
        lines = [json.loads(line) for line in canonical.splitlines()]
        assert lines[0]['changes'] == sum(want.values()) and len(lines) >= 1 + sum(want.values())
        out = os.path.join(bed.folder, 'again.json')
        bed.call('report', '--last', '--format', 'json', '--out', out)
        with open(out, encoding='utf-8') as f:
            assert json.load(f) == done.audit
        assert bed.runs() == [done.run, plan.run]
        assert re.search(done.run + r'\s.*\bdone\b.*\s%d\s+0\s+0\s+bed' % sum(want.values()),
                         bed.call('runs').out)


def test_check():
    '''check reads the tenant but not the roster; check --offline sends nothing and needs no secret;
    a wrong name is suggested'''
    with Bed(users=40) as bed:
        bed.write_feed()
        said = bed.call('check', bed.job_path).err
        assert 'nothing is wrong' in said
        assert [one['endpoint'] for one in bed.box.log()] == ['UserByAccessKey', 'Attributes', 'Teams']
        bed.box.reset_log()
        bed.environment = {}
        assert 'nothing is wrong' in bed.call('check', '--offline', bed.job_path).err
        assert bed.box.log() == []
        bed.environment = {'LSQ_ACCESS_KEY': ACCESS_KEY, 'LSQ_SECRET_KEY': SECRET_KEY}
        bed.set_job(attributes={'mx_Custom_77': 'Office'})
        said = bed.call('check', bed.job_path, code=3).err
        assert 'mx_Custom_77' in said, said
        bed.set_job(attributes={'mx_Custom_77': None, 'Departmnt': 'Office'})
        said = bed.call('check', '--offline', bed.job_path, code=3).err
        assert "did you mean 'Department'" in said and 'job.json:' in said, said
        bed.set_job(attributes={'Departmnt': None, 'Designation': 'Job Titel'})
        said = bed.call('check', '--offline', bed.job_path, code=4).err
        assert "'Job Titel'" in said and "'Job Title'" in said, said
        assert bed.box.violations() == []
        assert bed.runs() == [], 'check leaves no run'


def test_connectors():
    '''connectors: what each can do, from the code's own tables'''
    with Bed(users=40) as bed:
        assert 'leadsquared' in bed.call('connectors', state=False).out
        one = bed.call('connectors', 'leadsquared', state=False).out
        for word in ['UpdateReportingManagerInBulk', 'up to 100 a call', 'EmailAddress', 'access_key',
                     'page_size']:
            assert word in one, one
        bed.call('connectors', 'nosuch', code=3, state=False)
        assert 'sync' in bed.call('--help', state=False).out
        bed.call('nosuchverb', code=3, state=False)
        bed.call('sync', code=3)
        said = bed.call('plan', bed.job_path, '--detailed-exitcod', code=3).err
        assert "did you mean '--detailed-exitcode'" in said, said


def test_exit_codes():
    '''exit codes 0, 2, 3, 4, 5, 6, 7, 8 and 1, each produced; the conditions stand in the audit'''
    with Bed(users=60) as bed:
        bed.plan('--detailed-exitcode', code=0)
        bed.row(bed.plain_people()[0]['Employee ID'])['Department'] = 'Operations 2'
        bed.plan('--detailed-exitcode', code=2)
        bed.plan(code=0)
        with open(bed.job_path, 'a', encoding='utf-8') as f:
            f.write('}')
        said = bed.call('sync', bed.job_path, code=3).err
        assert 'nothing was read or sent' in said, said
        bed.set_job()

        # a rejected row
        odd = bed.plain_people()[1]
        odd['Status'] = 'Sabbatical'
        done = bed.sync(code=6)
        assert done.outcomes == {'applied': 1} and done.audit['feed']['rejected'] == 1
        with open(os.path.join(bed.folder, 'rejects', done.run + '.csv'), 'rb') as f:
            lines = f.read().splitlines()
        assert len(lines) == 2 and odd['Employee ID'].encode() in lines[1], lines
        bed.set_job(rejects_ok=1)
        bed.sync(code=0)
        odd['Status'] = 'Active'

        # more deactivations than the guard lets through
        bed.set_job(guards={'deactivate': {'number': 1, 'percent': 'off'}})
        for row in bed.plain_people()[:2]:
            row['Status'] = 'Terminated'
        done = bed.sync(code=5)
        assert done.holds() == {'guard': 2} and bed.writes(bed.box.stats()['last_seq'] - 5) == []
        assert any('guard' in one for one in done.audit['conditions'])
        bed.plan(code=5)
        assert bed.report(done.run)['guards']['deactivate'] == {'accepted': False, 'limit': 1,
                                                                'tripped': True,
                                                                'wanted': 2}
        bed.refused(done.run)  # it is done

        # a broken feed
        bed.set_job(guards={'rejects': {'number': 0}})
        odd['Status'] = 'Sabbatical'
        done = bed.sync(code=4)
        bed.set_job(guards=dict(OPEN_GUARDS, rejects={'number': 1000}))
        odd['Status'] = 'Active'

        # keys that the tenant does not know
        bed.environment['LSQ_SECRET_KEY'] = 'SKEY-other'
        bed.allowed = {'bad_keys'}
        done = bed.sync(code=7)
        assert '401' in done.err and 'SKEY-other' not in done.err, done
        del bed.environment['LSQ_SECRET_KEY']
        said = bed.call('sync', bed.job_path, code=7).err
        assert 'secret_key' in said and 'LSQ_SECRET_KEY' in said, said
        bed.environment['LSQ_SECRET_KEY'] = SECRET_KEY

        # a state directory that others may write
        loose = os.path.join(bed.folder, 'loose')
        os.mkdir(loose)
        os.chmod(loose, 0o777)
        said = bed.call('runs', '--state', loose, code=1, state=False).err
        assert 'loose' in said and 'chmod' in said, said


def test_several_jobs():
    '''sync of several jobs goes on after a bad one and ends with the first code of the list that any had'''
    with Bed(users=40) as bed:
        missing = os.path.join(bed.folder, 'missing.json')
        bed.plain_people()[0]['Office'] = 'Remote'
        bed.write_feed()
        done = bed.call('sync', missing, bed.job_path, code=3)
        assert 'missing.json' in done.err and 'applied 1' in done.out, done


def test_target_is_not_there():
    '''a target that cannot be reached or answers with errors is exit 7, and nothing is written'''
    with Bed(users=40) as bed:
        bed.plain_people()[0]['Office'] = 'Remote'
        bed.box.switch(host='wrong')
        bed.allowed = {'bad_keys'}
        bed.sync(code=7)
        bed.box.switch(host='right')
        bed.set_job(target={'url': 'http://127.0.0.1:1'})
        done = bed.sync(code=7)
        assert '127.0.0.1' in done.err, done
        assert bed.writes() == []
        bed.set_job(target={'url': 'http://example.com'})
        assert 'https' in bed.call('check', '--offline', bed.job_path, code=3).err


def test_twins_in_the_environment():
    '''every option has a twin in the environment; the command line goes first'''
    with Bed(users=40) as bed:
        bed.plain_people()[0]['Office'] = 'Remote'
        bed.write_feed()
        twin = os.path.join(bed.folder, 'twin')
        bed.state_dir, real = twin, bed.state_dir
        bed.call('plan', bed.job_path, code=2, state=False,
                 env={'ROLLCALL_STATE': twin, 'ROLLCALL_DETAILED_EXITCODE': '1', 'ROLLCALL_QUIET': '1'})
        assert os.path.isfile(os.path.join(twin, 'ledger.db'))
        bed.call('plan', bed.job_path, code=0, state=False,
                 env={'ROLLCALL_STATE': twin, 'ROLLCALL_DETAILED_EXITCODE': '0'})
        bed.state_dir = real
        bed.call('plan', bed.job_path, env={'ROLLCALL_STATE': twin})
        assert len(bed.runs()) == 1
        bed.call('plan', bed.job_path, code=3, env={'ROLLCALL_LOG_LEVEL': 'loud'})
        bed.call('plan', bed.job_path, code=3, env={'ROLLCALL_ALLOW_HOST': 'a.example.com,b.example.com'})
        bed.call('plan', bed.job_path, code=3, env={'ROLLCALL_ALLOW_HOSTS': 'a.example.com'})
        bed.call('plan', bed.job_path, '--allow-host', '127.0.0.1',
                 env={'ROLLCALL_ALLOW_HOST': 'a.example.com'})
        bed.call('plan', bed.job_path, env={'ROLLCALL_ALLOW_HOST': 'a.example.com,127.0.0.1'})
        # the state directory by the other ways
        for name, folder in [('STATE_DIRECTORY', os.path.join(bed.folder, 'sd')),
                             ('XDG_STATE_HOME', os.path.join(bed.folder, 'xdg'))]:
            bed.call('plan', bed.job_path, state=False, env={name: folder})
            assert os.path.isfile(os.path.join(folder, 'rollcall' if name[0] == 'X' else '', 'ledger.db'))
        bed.call('plan', bed.job_path, state=False)
        assert os.path.isfile(os.path.join(bed.folder, '.local/state/rollcall/ledger.db'))


def test_secrets():
    '''keys stand in no output, log, report, ledger or argument,
    with everything logged and the answers full of them'''
    with Bed(users=60, switches={'latency': '20'}) as bed:
        path = os.path.join(bed.folder, 'secret.own')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('SKEY-sandbox\n')
        os.chmod(path, 0o664)
        bed.set_job(target={'credentials': {'secret_key': 'file:secret.own'}})
        bed.check_traces = lambda done: None  # that file has the key: the search below leaves it out
        assert 'secret.own' in bed.call('plan', bed.job_path, code=7).err
        os.chmod(path, 0o600)
        bed.every_kind(2)
        bed.write_feed()
        process = bed.start('sync', bed.job_path, '--log-level', 'debug', '--log-format', 'json')
        wait_until(lambda: bed.writes() or process.poll() is not None)
        with open('/proc/%d/cmdline' % process.pid, 'rb') as f:
            line = f.read()
        assert b'sync' in line and SECRET_KEY.encode() not in line and ACCESS_KEY.encode() not in line
        done = bed.finish(process)
        assert done.code == 0, done
        os.unlink(path)
        del bed.check_traces
        bed.look_at(done)
        bed.check_traces(done)
        entries = [json.loads(line) for line in done.err.splitlines()]
        assert len(entries) > 20
        assert SECRET_KEY not in json.dumps(entries) and ACCESS_KEY not in json.dumps(entries)

        # a key in clear in the job file is a mistake, and is not repeated
        bed.set_job(target={'credentials': {'secret_key': 'SKEY-in-clear'}})
        said = bed.call('check', '--offline', bed.job_path, code=3).err
        assert 'secret_key' in said and 'SKEY-in-clear' not in said, said

        # by a command; not with --no-commands, nor when others may write the job file
        bed.set_job(target={'credentials': {'secret_key': {'cmd': ['/bin/echo', 'SKEY-sandbox']}}})
        bed.call('plan', bed.job_path)
        bed.call('plan', bed.job_path, '--no-commands', code=7)
        os.chmod(bed.job_path, 0o666)
        bed.call('plan', bed.job_path, code=7)
        os.chmod(bed.job_path, 0o644)
        bed.set_job(target={'credentials': {'secret_key': {'cmd': ['/bin/false']}}})
        bed.call('plan', bed.job_path, code=7)


def test_own_user_and_protected():
    '''the owner of the keys and protected users are never touched, in whatever way the feed names them'''
    with Bed(users=60) as bed:
        state = bed.box.state()
        robot = next(user for user in state['Users'] if user['UserId'] == state['KeyOwner'])
        one, two = bed.plain_people()[:2]
        bed.joiner('R00001', Email=robot['EmailAddress'], Status='Terminated')
        one['Status'] = 'Terminated'
        bed.rows.remove(two)
        ids = {user.get('mx_Custom_1'): user['UserId'] for user in state['Users']}
        bed.set_job(protected=[one['Employee ID'], ids[two['Employee ID']]])
        done = bed.sync(code=0)
        assert bed.writes() == [], done.changes
        assert done.audit['fates']['users']['protected'] == 3, done.audit['fates']


def test_last_of_values():
    '''what the feed cannot change is shown and held, and the rest of the row goes on: exit 6'''
    with Bed(users=60) as bed:
        one = bed.plain_people()[0]
        one.update({'Email': 'other.address@example.com', 'Office': 'Remote'})
        two = bed.plain_people()[1]
        two.update({'Team': 'No such team', 'Manager ID': two['Employee ID']})
        three = bed.plain_people()[2]
        three['Manager ID'] = 'E999999'
        done = bed.sync(code=6)
        assert done.outcomes == {'applied': 1, 'withheld': 4}, done.outcomes
        assert [one['hold'] for one in done.of(one['Employee ID'])] in (['read_only', None],
                                                                        [None, 'read_only'])
        assert done.of(two['Employee ID'], 'manager')[0]['hold'] == 'own_manager'
        assert 'No such team' in json.dumps(done.of(two['Employee ID'], 'membership'))


def test_clean_stop_before_anything():
    '''SIGTERM while the roster is read: exit 10, nothing written, and no run is left half'''
    with Bed(users=60, switches={'latency': '300'}) as bed:
        bed.every_kind(2)
        bed.write_feed()
        process = bed.start('sync', bed.job_path)
        assert interrupt_when(bed, process, lambda: any(one['endpoint'] == 'Teams' for one in bed.box.log()),
                              signal.SIGTERM)
        done = bed.finish(process)
        assert done.code == 10 and bed.writes() == [], done
        assert bed.runs() == []


def test_ledger_is_kept():
    '''the ledger is SQLite in WAL mode, whole after every run, and holds what was shown'''
    with Bed(users=40) as bed:
        bed.every_kind(1)
        done = bed.sync()
        db = sqlite3.connect(os.path.join(bed.state_dir, 'ledger.db'))
        assert db.execute('pragma journal_mode').fetchone() == ('wal',)
        assert db.execute('pragma integrity_check').fetchone() == ('ok',)
        db.close()
        before = image(bed.box.state())
        assert bed.sync().changes == [] and image(bed.box.state()) == before
        assert len(done.changes) == 7


if __name__ == '__main__':
    harness.run(globals())
