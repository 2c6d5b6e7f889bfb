"""What does not stick: values that a tenant accepts and never shows are told once as not visible, and after
that listed, not sent again, until feed or tenant says something else or --retry-refused asks."""

import json
import os

import harness
from bed import Bed
from scim_bed import MOBILE, ScimBed

SAID = 'does not stick: %s on %s, not sent again (--retry-refused)'
ONE = SAID % ('1 value', '1 user')
LATE = {'visible_delay': '3600000'}  # what is written shows an hour later
SOON = {'visible_timeout': '1s'}


def listed(done):
    return [(one['key'], one['attribute']) for one in done.audit['does_not_stick']['values']]


def junit(bed, done):
    with open(os.path.join(bed.folder, 'junit', done.run + '.xml'), encoding='utf-8') as f:
        return f.read()


def test_told_once_then_listed():
    """the first run says not visible and ends with 6; the next plan is empty but for the list"""
    with Bed(users=60, switches=LATE, job=SOON) as bed:
        one, two = bed.plain_people()[:2]
        before = one['Office']
        one['Office'] = 'Remote'
        first = bed.sync(code=6)
        assert first.outcomes == {'not_visible': 1} and listed(first) == [], first
        assert 'does not stick' not in first.out
        since = bed.box.stats()['last_seq']
        done = bed.sync()
        assert done.planned() == {} and bed.writes(since) == [], done
        assert ONE in done.out, done
        assert listed(done) == [(one['Employee ID'], 'OfficeLocationName')]
        entry = done.audit['does_not_stick']['values'][0]
        assert (entry['wanted'], entry['seen']) == ('Remote', before), entry
        assert done.audit['fates']['users']['refused'] == 1 and done.audit['conditions'] == []
        assert 'skipped="1"' in junit(bed, done) and 'rollcall.does_not_stick' in junit(bed, done)
        two['Office'] = 'Remote'  # others are not held up by it
        done = bed.sync(code=6)
        assert done.outcomes == {'not_visible': 1} and done.of(two['Employee ID']), done
        done = bed.sync()
        assert SAID % ('2 values', '2 users') in done.out and done.planned() == {}, done
        plan = bed.plan()
        assert 'nothing to do: tenant and feed agree but for what does not stick' in plan.out, plan
        assert 'OfficeLocationName  2 users' in plan.out, plan
        shown = bed.call('show', '--last', '--user', one['Employee ID']).out
        assert "OfficeLocationName 'Remote'   does not stick: accepted on " in shown, shown
        assert "still shown as '%s'" % before in shown, shown


def test_beside_other_changes():
    """what else there is to do for such a user is done; it is part of the plan's hash"""
    with Bed(users=60, switches=LATE, job=SOON) as bed:
        one = bed.plain_people()[0]
        one['Office'] = 'Remote'
        bed.sync(code=6)
        one['Job Title'] = 'Clerk of Works'
        plan = bed.plan()
        assert plan.planned() == {'update': 1} and len(listed(plan)) == 1, plan
        edits = plan.of(one['Employee ID'])[0]['change']['edits']
        assert [edit['attribute'] for edit in edits] == ['Designation'], edits
        assert plan.audit['fates']['users']['refused'] == 0
        document = bed.call('report', plan.run, '--format', 'plan').out.splitlines()
        assert json.loads(document[0])['does_not_stick'] == 1
        assert json.loads(document[-1])['does_not_stick'] == 'OfficeLocationName'
        assert 'since' not in document[-1]
        again = bed.plan()
        assert again.audit['run']['plan_sha256'] == plan.audit['run']['plan_sha256']
        done = bed.apply(plan.run, code=6)  # of a stored plan: nothing is asked of the memory
        assert done.outcomes == {'not_visible': 1} and listed(done) == listed(plan), done


def test_wanted_as_shown():
    """once feed and tenant agree there is nothing to remember: the old wish is tried again"""
    with ScimBed(users=60, switches={'rewrite': 'on'}, job=SOON) as bed:
        one = bed.plain_people()[0]
        one['Mobile'] = '+49-170-5550001'
        bed.sync(code=6)
        assert ONE in bed.sync().out
        one['Mobile'] = '491705550001'
        done = bed.sync()
        assert done.changes == [] and 'does not stick' not in done.out, done
        one['Mobile'] = '+49-170-5550001'
        assert bed.sync(code=6).outcomes == {'not_visible': 1}
        assert ONE in bed.sync().out
        bed.box.user(id=bed.id(one['Employee ID']), phoneNumbers=[{'type': 'mobile', 'value': '123'}])
        assert bed.sync(code=6).outcomes == {'not_visible': 1}, 'the tenant showed another value'


def test_retry():
    """--retry-refused sends it once more; what comes of that is remembered anew"""
    with ScimBed(users=60, switches={'rewrite': 'on'}, job=SOON) as bed:
        one = bed.plain_people()[0]
        one['Mobile'] = '+49-170-5550001'
        bed.sync(code=6)
        assert ONE in bed.sync().out
        plan = bed.plan('--retry-refused')
        assert plan.planned() == {'update': 1} and listed(plan) == [], plan
        assert bed.sync('--retry-refused', code=6).outcomes == {'not_visible': 1}
        done = bed.sync()
        assert done.planned() == {} and listed(done) == [(one['Employee ID'], MOBILE)], done
        bed.box.switch(rewrite='off')
        assert bed.sync().planned() == {}, 'nobody knows that it would work now'
        assert bed.sync('--retry-refused').outcomes == {'applied': 1}
        done = bed.sync()
        assert done.changes == [] and listed(done) == [], done


def test_joiner():
    """a create whose values the tenant rewrites: not visible once, then listed; nobody is created twice"""
    with ScimBed(users=60, switches={'rewrite': 'on'}, job=SOON) as bed:
        bed.joiner('J00000', Mobile='+49-170-5550003')
        assert bed.sync(code=6).outcomes == {'not_visible': 1}
        since = bed.box.stats()['last_seq']
        done = bed.sync()
        assert listed(done) == [('J00000', MOBILE)] and bed.writes(since) == [], done
        assert bed.sync(feed=False).audit['fates']['users']['refused'] == 1


def test_retire():
    """with retire on, leavers end for good: LeadSquared's are deactivated first, by the same change"""
    guards = {'retire': {'number': 'off', 'percent': 'off'}}
    with Bed(users=60, job={'actions': {'retire': True}, 'guards': guards}) as bed:
        one, two = bed.plain_people()[:2]
        one['Status'] = 'Terminated'
        bed.rows.remove(two)
        inactive = sum(user['StatusCode'] != '0' and bool(user.get('mx_Custom_1'))
                       for user in bed.box.state()['Users'])
        assert inactive > 0
        done = bed.sync()
        assert done.outcomes == {'applied': 2 + inactive} and done.planned() == {'retire': 2 + inactive}, done
        writes = bed.writes()
        assert writes.count('Deactivate') == 2 and writes.count('MarkObsolete') == 2 + inactive, writes
        assert [one['endpoint'] for one in done.of(one['Employee ID'])[0]['steps']] == ['User/Deactivate',
                                                                                      'User/MarkObsolete']
        done = bed.sync()
        assert done.changes == [], done
    with ScimBed(users=60, job={'actions': {'retire': True}, 'guards': guards}) as bed:
        one = bed.plain_people()[0]
        one['Status'] = 'Terminated'
        bed.rows = [row for row in bed.rows if row is one or row['Status'] == 'Active']
        known = {user['externalId'] for user in bed.box.state()['users'] if user.get('externalId')}
        left = known - {row['Employee ID'] for row in bed.rows if row is not one}
        done = bed.sync()
        assert done.outcomes == {'applied': len(left)} and done.planned() == {'retire': len(left)}, done
        assert set(bed.writes()) == {'Users.delete'} and bed.user(one['Employee ID']) is None
        assert bed.sync().changes == []


if __name__ == '__main__':
    harness.run(globals())
