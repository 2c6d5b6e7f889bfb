"""A reviewed plan is exactly what gets applied, or nothing is: design of apply, rollcall(1)."""

import json
import os
import sqlite3
import time

import harness
from bed import Bed, image


def ledger(bed):
    return sqlite3.connect(os.path.join(bed.state_dir, 'ledger.db'))


OF_RUN = '(select no from run where id = ?)'


def shift(bed, run, seconds):
    """Makes a run older by so much."""
    db = ledger(bed)
    with db:
        assert db.execute('update run set started = started - ? where id = ?',
                          (seconds * 1000000, run)).rowcount == 1
    db.close()


def test_apply():
    '''apply does what was planned, feed or no feed; a second apply is refused;
    the audit names the plan's sum'''
    with Bed(users=60) as bed:
        want = bed.every_kind(2)
        plan = bed.plan()
        os.unlink(bed.feed_path)
        done = bed.apply(plan.run, '--sha256', plan.audit['run']['plan_sha256'])
        assert done.outcomes == {'applied': sum(want.values())}, done
        assert done.audit['run']['plan_sha256'] == plan.audit['run']['plan_sha256']
        assert done.planned() == plan.planned()
        assert 'make a new plan' in bed.refused(plan.run).err
        assert bed.sync().changes == []


def test_stale_and_already():
    '''what was changed behind the plan's back is stale and left alone, what is there already is not sent:
    exit 6'''
    with Bed(users=60) as bed:
        plain = bed.plain_people()
        names = [row['Employee ID'] for row in plain]
        for row in plain[:6]:
            row['Office'] = 'Remote'
        plain[6]['Status'] = 'Terminated'
        plain[7]['Status'] = 'Terminated'
        bed.joiner('J00000')
        plan = bed.plan()
        ids = {user.get('mx_Custom_1'): user['UserId'] for user in bed.box.state()['Users']}
        bed.box.user(UserId=ids[names[0]], OfficeLocationName='Elsewhere')
        bed.box.user(UserId=ids[names[1]], OfficeLocationName='Remote')
        bed.box.user(UserId=ids[names[2]], Department='Not planned')  # another attribute: no matter
        bed.box.user(UserId=ids[names[6]], StatusCode='1')
        bed.box.user(UserId='6f9619ff-8b86-4011-b42d-00c04fc964ff', EmailAddress='j00000@example.com',
                     FirstName='Other',
                     Role='Sales_User', StatusCode='0')
        done = bed.apply(plan.run, code=6)
        assert done.outcomes == {'applied': 5, 'already': 2, 'stale': 2}, (done.outcomes, done)
        assert [one['outcome'] for key in names[:8] for one in done.of(key)] == [
            'stale', 'already', 'applied', 'applied', 'applied', 'applied', 'already', 'applied']
        assert 'Elsewhere' in done.of(names[0])[0]['text']
        assert done.of('J00000')[0]['outcome'] == 'stale', done.of('J00000')
        users = bed.box.users()
        assert users[ids[names[0]]]['OfficeLocationName'] == 'Elsewhere'
        assert users[ids[names[2]]]['Department'] == 'Not planned'
        assert bed.creates_by_address() == {}


def test_refused():
    '''expired, policy changed, another tenant, another sum, altered: exit 8 and nothing written'''
    with Bed(users=60) as bed:
        bed.every_kind(1)
        bed.set_job(plan_ttl='1min')
        plan = bed.plan()
        assert 'SHA-256' in bed.refused(plan.run, '--sha256', '0' * 64).err

        shift(bed, plan.run, 61)
        assert 'plan_ttl' in bed.refused(plan.run).err
        shift(bed, plan.run, -61)

        for changes, back in [({'absent': 'report'}, {'absent': 'deactivate'}),
                              ({'guards': {'create': {'number': 4999}}},
                               {'guards': {'create': {'number': 5000}}}),
                              ({'protected': ['E000003']}, {'protected': None}),
                              ({'match': ['mx_Custom_1']}, {'match': ['mx_Custom_1', 'EmailAddress']}),
                              ({'target': {'options': {'page_size': 500}}}, {'target': {'options': None}})]:
            bed.set_job(**changes)
            assert 'policy' in bed.refused(plan.run).err, changes
            bed.set_job(**back)

        # the same users at another tenant
        state = dict(bed.box.state(), OrgId='b6f1cbb1-7a9c-4a0e-8f43-3f5a1d6d0b5a', OrgShortCode='20002')
        with Bed(state=state) as other:
            bed.set_job(target={'url': other.box.url})
            said = bed.call('apply', plan.run, code=8).err
            assert 'tenant' in said or 'policy' in said, said
            assert other.writes() == []
            bed.set_job(target={'url': bed.box.url})

        # what does not decide may change
        bed.set_job(name='renamed', target={'concurrency': 2, 'rate': ['50/200ms']})
        done = bed.apply(plan.run)
        assert set(done.outcomes) == {'applied'}


def test_altered():
    '''a changed row, a missing row, a changed order or head in the ledger: exit 8 and nothing written'''
    with Bed(users=60) as bed:
        bed.every_kind(2)
        plan = bed.plan()
        db = ledger(bed)
        rows = db.execute('select seq, json from change where run = %s order by seq' % OF_RUN,
                          (plan.run,)).fetchall()
        head = db.execute("select text from run_text where run = %s and name = 'head'" % OF_RUN,
                          (plan.run,)).fetchone()[0]
        as_text = [(seq, text.decode() if isinstance(text, bytes) else text) for seq, text in rows]
        picked = next((seq, text) for seq, text in as_text if '"Senior ' in text)

        def put(seq, text):
            with db:
                assert db.execute('update change set json = ? where run = %s and seq = ?' % OF_RUN,
                                  (text if isinstance(rows[0][1], str) else text.encode(), plan.run,
                                   seq)).rowcount == 1

        put(picked[0], picked[1].replace('"Senior ', '"Junior '))
        assert 'altered' in bed.call('apply', plan.run, code=8).err
        put(*picked)
        put(as_text[0][0], as_text[1][1])
        put(as_text[1][0], as_text[0][1])
        assert 'altered' in bed.call('apply', plan.run, code=8).err
        put(*as_text[0])
        put(*as_text[1])
        for wrong in ('nonsense', '{}', ''):
            put(picked[0], wrong)
            bed.call('apply', plan.run, code=8)
        put(*picked)
        text = head.decode() if isinstance(head, bytes) else head
        with db:
            db.execute("update run_text set text = ? where run = %s and name = 'head'" % OF_RUN,
                       (text.replace('leadsquared', 'leadsquarex'), plan.run))
        bed.call('apply', plan.run, code=8)
        with db:
            db.execute("update run_text set text = ? where run = %s and name = 'head'" % OF_RUN,
                       (text, plan.run))
            db.execute('delete from change where run = %s and seq = ?' % OF_RUN,
                       (plan.run, as_text[-1][0]))
        bed.call('apply', plan.run, code=8)
        assert bed.writes() == [] and bed.box.violations() == []
        db.close()


def test_later_run():
    '''a plan is refused once a later run has begun to apply, and not because of a later plan'''
    with Bed(users=60) as bed:
        bed.plain_people()[0]['Office'] = 'Remote'
        first = bed.plan()
        time.sleep(0.01)
        second = bed.plan()
        bed.apply(first.run)
        bed.plain_people()[1]['Office'] = 'Remote'
        third = bed.plan()
        bed.sync()
        said = bed.refused(third.run).err
        assert 'since' in said, said
        # the second was made before the first was applied: what is there already is not sent again
        bed.refused(second.run)


def test_accept():
    '''--accept lets exactly the stated number through the guard, once;
    a wrong number is refused and writes nothing'''
    with Bed(users=60) as bed:
        bed.set_job(guards={'deactivate': {'number': 2, 'percent': 'off'}})
        for row in bed.plain_people()[:4]:
            row['Status'] = 'Terminated'
        bed.plain_people()[0]['Office'] = 'Remote'
        plan = bed.plan(code=5)
        assert plan.audit['guards']['deactivate']['wanted'] == 4
        assert '--accept deactivate=4' in plan.out
        for wrong in ('deactivate=3', 'deactivate=5', 'create=1'):
            bed.refused(plan.run, '--accept', wrong, code=3)
        bed.call('apply', plan.run, '--accept', 'nonsense', code=3)
        done = bed.apply(plan.run, '--accept', 'deactivate=4')
        assert done.outcomes == {'applied': 5}, done
        assert any('deactivate=4' in one for one in done.audit['conditions']), done.audit['conditions']
        assert bed.sync().changes == []

        for row in bed.plain_people()[:3]:
            row['Status'] = 'Terminated'
        done = bed.sync('--accept', 'deactivate=2', code=5)
        assert done.outcomes == {'withheld': 3}, 'a wrong number accepts nothing'
        # what its guard held can still be accepted, once
        done = bed.apply(done.run, '--accept', 'deactivate=3')
        assert done.outcomes == {'applied': 3}
        since = bed.box.stats()['last_seq']
        bed.apply(done.run, '--accept', 'deactivate=3')
        assert bed.writes(since) == [], 'accepted once is done once'
        # a plan that is held whole
        bed.set_job(guards={'on_trip': 'plan'})
        for row in bed.plain_people()[:3]:
            row['Status'] = 'Terminated'
        bed.plain_people()[1]['Office'] = 'Remote'
        done = bed.sync(code=5)
        assert done.outcomes == {'withheld': 4} and done.audit['run']['state'] in ('held',
                                                                                   'done'), done.audit['run']
        done = bed.sync('--accept', 'deactivate=3')
        assert done.outcomes == {'applied': 4}


def test_only_and_first():
    '''--only does one user's changes, --first those of the first N users; the rest is withheld,
    in the audit too'''
    with Bed(users=60) as bed:
        want = bed.every_kind(2)
        total = sum(want.values())
        plain = [row for row in bed.plain_people() if row['Employee ID'][0] == 'E']
        one = plain[-1]
        one.update({'Office': 'Remote', 'Team': 'West' if one['Team'] != 'West' else 'East'})
        before = image(bed.box.state())
        done = bed.sync('--only', one['Employee ID'])
        assert done.outcomes['applied'] == 2 and done.outcomes['withheld'] == total, done.outcomes
        after = image(bed.box.state())
        assert [who for who in after if after[who] != before[who]] == [one['Email'].lower()]

        plan = bed.plan()
        done = bed.apply(plan.run, '--first', '3')
        touched = {(item['change'].get('user') or item['change']['key']) for item in done.changes
                   if item['outcome'] == 'applied'}
        assert len(touched) == 3, done.outcomes
        assert done.outcomes['withheld'] == total - done.outcomes['applied']
        done = bed.sync('--first', '1')
        assert done.outcomes['applied'] >= 1
        left = bed.sync()
        assert set(left.outcomes) == {'applied'}
        assert bed.sync().changes == []
        assert all(n == 1 for n in bed.creates_by_address().values())
        bed.call('sync', bed.job_path, '--only', 'NOBODY')
        bed.call('sync', bed.job_path, '--first', '0', code=3)


def test_job_elsewhere():
    '''apply finds the job where the plan was made, or where --job says; a run that is not there is exit 3'''
    with Bed(users=40) as bed:
        bed.plain_people()[0]['Office'] = 'Remote'
        plan = bed.plan()
        moved = os.path.join(bed.folder, 'sub')
        os.mkdir(moved)
        moved = os.path.join(moved, 'job.json')
        os.rename(bed.job_path, moved)
        os.chmod(moved, 0o600)
        bed.call('apply', plan.run, code=3)
        bed.call('apply', 'no-such-run', code=3)
        done = bed.call('apply', plan.run, '--job', moved)
        assert 'applied 1' in done.out, done
        report = os.path.join(os.path.dirname(moved), 'audit', plan.run + '.json')
        with open(report, encoding='utf-8') as f:
            assert json.load(f)['outcomes']['applied'] == 1


if __name__ == '__main__':
    harness.run(globals())
