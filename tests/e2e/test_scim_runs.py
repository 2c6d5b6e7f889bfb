"""The main job against a SCIM 2.0 service: everything that an HR feed asks for, once, and then nothing
more."""

import harness
from harness import ENTERPRISE
from scim_bed import (ALL_GROUPS, ATTRIBUTES, BADGE, GROUPS_JOB, MAIL, MOBILE, PLAIN, ScimBed, image,
                      manager_of, part)

READS = ['ServiceProviderConfig', 'Schemas', 'Users.list']


def test_every_kind():
    '''plan writes nothing and is the same twice; sync does every kind of change as planned;
    a second sync finds nothing to do'''
    with ScimBed(users=80, job=GROUPS_JOB, options=ALL_GROUPS) as bed:
        assert bed.plan().changes == [], 'the feed made from the service agrees with it'
        before = bed.box.state()
        want = bed.every_kind(3, groups=True)
        first = bed.plan()
        second = bed.plan('--detailed-exitcode', code=2)
        assert bed.writes() == [] and bed.box.state() == before, 'plan wrote something'
        assert first.planned() == want, (first.planned(), want)
        assert first.audit['run']['plan_sha256'] == second.audit['run']['plan_sha256']

        done = bed.sync()
        assert done.planned() == want and done.outcomes == {'applied': sum(want.values())}, done
        assert done.audit['run']['plan_sha256'] == first.audit['run']['plan_sha256']
        bed.agrees()
        assert bed.creates_by_address() == {'j%05d@example.com' % i: 1 for i in range(3)}
        since = bed.box.stats()['last_seq']
        again = bed.sync()
        assert again.changes == [] and again.outcomes == {} and bed.writes(since) == []


def test_planned_calls():
    '''the plan's calls are those of the run, endpoint by endpoint; a quiet night takes the readings alone'''
    with ScimBed(users=60) as bed:
        bed.every_kind(2)
        plan = bed.plan()
        planned = {name: one['planned'] for name, one in plan.calls.items()}
        done = bed.sync()
        assert {name: one['planned'] for name, one in done.calls.items()} == planned
        assert {name: one['made'] for name, one in done.calls.items() if one['made']} == {
            name: n for name, n in planned.items() if n}
        since = bed.box.stats()['last_seq']
        bed.sync()
        calls = [one['endpoint'] for one in bed.box.log(since)]
        assert sorted(set(calls)) == sorted(READS) and len(calls) <= 6, calls


def test_chain_of_joiners():
    '''five joiners, each the next one's manager, the lowest first in the feed; and people who move to them'''
    with ScimBed(users=60) as bed:
        boss = bed.bosses()[0]['Employee ID']
        for i in range(5, 0, -1):
            bed.joiner('C%05d' % i, **{'Manager ID': 'C%05d' % (i - 1) if i > 1 else boss})
        moved = bed.plain_people()[0]
        moved['Manager ID'] = 'C00005'
        done = bed.sync()
        assert done.planned() == {'create': 5, 'manager': 1} and done.outcomes == {'applied': 6}, done
        for i in range(2, 6):
            assert manager_of(bed.user('C%05d' % i)) == bed.id('C%05d' % (i - 1))
        assert manager_of(bed.user('C00001')) == bed.id(boss)
        assert manager_of(bed.user(moved['Employee ID'])) == bed.id('C00005')
        bed.only_once()
        assert bed.sync().changes == []


def test_every_attribute():
    '''each mapped attribute by itself, then all of another user at once, in one call; with values
    that must be written with care'''
    odd = {'First Name': 'Zo\u00eb "Z"', 'Last Name': "O'Neill \\ S\u00f8n", 'Display Name': '\u5f20\u4f1f',
           'Job Title': 'R&D <Lead>, "A"', 'Department': 'Ventas y Caf\u00e9', 'Cost Center': '100%',
           'Division': 'a/b', 'Organization': 'x\ty', 'Mobile': '+1 (555) 010-9999',
           'Email': 'odd.one+tag@example.com', 'Login': "o'dd.login@example.com"}
    with ScimBed(users=80) as bed:
        people = bed.plain_people()
        assert len(people) > len(odd) + 1
        for row, column in zip(people, sorted(odd)):
            row[column] = odd[column]
        whole = people[len(odd)]
        whole.update(odd, Login='an.other@example.com')
        done = bed.sync()
        assert done.outcomes == {'applied': len(odd) + 1}, done
        assert bed.writes() == ['Users.patch'] * (len(odd) + 1)
        for row, column in zip(people, sorted(odd)):
            assert part(bed.user(row['Employee ID']), PLAIN[column]) == odd[column], column
        user = bed.user(whole['Employee ID'])
        assert all(part(user, PLAIN[name]) == whole[name] for name in odd), user
        assert user['name']['givenName'] == odd['First Name'] and 'formatted' in user['name']
        assert bed.sync().changes == []


def test_an_address_of_another_type_stays():
    '''the work address is changed, the home address is not; a mobile number is added beside the work one'''
    with ScimBed(users=60) as bed:
        row = next(one for one in bed.plain_people() if bed.user(one['Employee ID']).get('phoneNumbers'))
        user = bed.user(row['Employee ID'])
        bed.box.user(id=user['id'],
                     emails=user['emails'] + [{'type': 'home', 'value': 'at.home@example.com'}])
        row.update({'Email': 'at.work@example.com', 'Mobile': '+49-170-7'})
        assert bed.sync().outcomes == {'applied': 1}
        after = bed.user(row['Employee ID'])
        assert part(after, MAIL) == 'at.work@example.com' and part(after, MOBILE) == '+49-170-7'
        assert part(after, 'emails[type eq "home"].value') == 'at.home@example.com'
        assert part(after, 'phoneNumbers[type eq "work"].value') == part(user,
                                                                         'phoneNumbers[type eq "work"].value')
        assert after['emails'][0]['primary'] is True
        assert bed.sync().changes == []


def test_attributes_of_the_service_itself():
    '''an extension of the service's own and less usual attributes are mapped by their paths'''
    names = {BADGE + ':badgeNumber': 'Mobile', 'nickName': 'Job Title', 'addresses[type eq "work"].locality':
             'Division', 'addresses[type eq "work"].country': 'Cost Center', MOBILE: None, 'title': None,
             ENTERPRISE + ':division': None, ENTERPRISE + ':costCenter': None}
    # the service does not list the badge's schema
    with ScimBed(users=60, job={'attributes': names}, options={'schemas': 'off'}) as bed:
        for row in bed.rows:
            row.update({'Mobile': '', 'Job Title': '', 'Division': '', 'Cost Center': ''})
        one, two = bed.plain_people()[:2]
        for row in (one, two):
            row.update({'Mobile': 'B-9', 'Job Title': 'Nick', 'Division': 'Oslo', 'Cost Center': 'NO'})
        bed.joiner('J00000',
                   **{'Mobile': 'B-10', 'Job Title': 'Nil', 'Division': 'Bergen', 'Cost Center': 'NO'})
        done = bed.sync()
        assert done.outcomes == {'applied': 3}, done
        for row in (one, two, bed.row('J00000')):
            user = bed.user(row['Employee ID'])
            for name, column in names.items():
                assert column is None or part(user, name) == row[column], (name, user)
            assert len([a for a in user['addresses'] if a['type'] == 'work']) == 1, user
        assert bed.sync().changes == []


def test_leavers():
    '''who has left, by status or by absence, becomes inactive by one call and keeps everything else;
    DELETE is never sent'''
    with ScimBed(users=60) as bed:
        one, two = bed.plain_people()[:2]
        before = {row['Employee ID']: bed.user(row['Employee ID']) for row in (one, two)}
        one.update({'Status': 'Terminated', 'Department': 'Nobody'})
        bed.rows.remove(two)
        done = bed.sync()
        assert done.planned() == {'deactivate': 2} and done.outcomes == {'applied': 2}
        assert bed.writes() == ['Users.patch'] * 2
        for key, was in before.items():
            assert dict(bed.user(key), meta=0) == dict(was, active=False, meta=0)
        assert bed.sync().changes == []


def test_retire():
    '''actions.retire: leavers are deleted, by DELETE, once; inactive leavers too; without it nobody is'''
    with ScimBed(users=60, job={'actions': {'retire': True}}) as bed:
        bed.set_job(guards={'retire': {'number': 5000, 'percent': 'off'}})
        inactive = sum(row['Status'] == 'Terminated' for row in bed.rows)
        one, two, keep, third = bed.plain_people()[:4]
        one['Status'] = 'Terminated'
        bed.rows.remove(two)
        keep['Status'] = 'Terminated'
        bed.rows.remove(third)
        bed.set_job(protected=[keep['Employee ID'], bed.id(third['Employee ID'])])
        done = bed.sync()
        assert done.planned() == {'retire': 2 + inactive}, done.planned()
        assert done.outcomes == {'applied': 2 + inactive, 'withheld': 1}
        assert bed.writes() == ['Users.delete'] * (2 + inactive)
        assert bed.user(one['Employee ID']) is None and bed.user(two['Employee ID']) is None
        for row in (keep, third):
            assert bed.user(row['Employee ID'])['active'] is True
        bed.set_job(absent='ignore')
        assert bed.sync().planned() == {}


def test_retire_is_refused():
    '''a service that has no DELETE: each leaver is a failed change that says why'''
    with ScimBed(users=60, switches={'delete': 'off'}, job={'actions': {'retire': True}}) as bed:
        bed.rows = [row for row in bed.rows if row['Status'] == 'Active']
        bed.set_job(absent='ignore')
        one = bed.plain_people()[0]
        one['Status'] = 'Terminated'
        done = bed.sync(code=6)
        assert done.outcomes == {'failed': 1}, done
        assert '405' in done.of(one['Employee ID'])[0]['text'], done.changes


def test_protected():
    '''protected users are never touched, in whatever way the feed names them'''
    with ScimBed(users=60) as bed:
        one, two, three = bed.plain_people()[:3]
        bed.set_job(protected=[one['Employee ID'], bed.id(two['Employee ID']), three['Login']])
        one['Status'] = 'Terminated'
        bed.rows.remove(two)
        three['Department'] = 'Nowhere'
        before = image(bed.box.state())
        done = bed.sync()
        assert done.planned() == {} and bed.writes() == [], done
        assert image(bed.box.state()) == before


def test_matching_by_user_name():
    '''a user without externalId is found by the userName, whatever its case, and given one; nobody is
    created'''
    with ScimBed(users=60) as bed:
        bare = next(user for user in bed.box.state()['users'] if 'externalId' not in user)
        row = bed.joiner('E00031', **{column: part(bare, name) for column, name in PLAIN.items()})
        row.update({'Login': row['Login'].upper(), 'Mobile': ''})
        done = bed.sync()
        assert done.planned() == {'update': 1} and done.outcomes == {'applied': 1}, done
        after = bed.user('E00031')
        assert after['id'] == bare['id'] and after['userName'] == bare['userName']
        assert bed.sync().changes == []


def test_first_and_stored_plans():
    '''plan, apply --first 1, and the rest by a new plan; a user changed in between is stale, named: exit 6'''
    with ScimBed(users=60) as bed:
        people = bed.plain_people()[:4]
        for row in people:
            row['Department'] = 'Legal and more'
        assert bed.apply(bed.plan().run, '--first', '1', whole=False).outcomes['applied'] == 1
        plan = bed.plan()
        assert plan.planned() == {'update': 3}
        left = [one['change']['key'] for one in plan.changes]
        department = {'department': 'Somewhere else'}
        user = bed.user(left[0])
        bed.box.user(id=user['id'], **{ENTERPRISE: dict(user[ENTERPRISE], **department)})
        done = bed.apply(plan.run, code=6)
        assert done.outcomes == {'applied': 2, 'stale': 1}, done
        assert done.of(left[0])[0]['outcome'] == 'stale' and left[0] in done.out, done
        assert bed.sync().outcomes == {'applied': 1}


def test_check():
    '''check reads what the service says of itself and writes nothing; check --offline sends nothing;
    an attribute that /Schemas lacks is a mistake in the job, by name: exit 3'''
    with ScimBed(users=40) as bed:
        bed.write_feed()
        assert 'nothing is wrong' in bed.call('check', bed.job_path).err
        assert [one['endpoint'] for one in bed.box.log()] == READS
        since = bed.box.stats()['last_seq']
        assert 'nothing is wrong' in bed.call('check', '--offline', bed.job_path).err
        assert bed.box.log(since) == []
        for name in ('urn:example:params:scim:schemas:extension:none:2.0:User:shoeSize',
                     ENTERPRISE + ':shoeSize', 'favouriteColour', 'photos[type eq "photo"].shoeSize'):
            bed.set_job(attributes={name: 'Division'})
            for verb, code in (('check', 3), ('plan', 3)):
                said = bed.call(verb, bed.job_path, code=code).err
                assert name.replace('"', '\\"') in said or name in said, (name, said)
            bed.set_job(attributes={name: None})
        bed.set_job(attributes={'id': 'Division'})
        assert "'id'" in bed.call('check', '--offline', bed.job_path, code=3).err
        assert bed.writes() == [] and bed.box.violations() == []


def test_nothing_said_of_itself():
    '''fact sheet 1: discovery and /Schemas may be missing, by 404 or because the job does not ask;
    no Bulk and no ETags are then taken for granted'''
    for switches, options, asked in (({'discovery': 'off'}, {}, ['ServiceProviderConfig', 'Schemas']),
                                     ({'schemas': 'off'}, {}, ['ServiceProviderConfig', 'Schemas']),
                                     ({}, {'discovery': 'off'}, ['Schemas']),
                                     ({}, {'schemas': 'off'}, ['ServiceProviderConfig']),
                                     ({'discovery': 'off', 'schemas': 'off'},
                                      {'discovery': 'off', 'schemas': 'off'}, [])):
        with ScimBed(users=60, switches=dict(switches, bulk='on'), options=options) as bed:
            want = bed.every_kind(1)
            done = bed.sync()
            assert done.outcomes == {'applied': sum(want.values())}, (switches, options, done)
            told = 'discovery' not in switches and 'discovery' not in options
            assert ('Bulk' in bed.writes()) == told, (switches, options, bed.writes())
            reads = [one['endpoint'] for one in bed.box.log()]
            assert reads[:len(asked) + 1] == asked + ['Users.list'], reads
            assert bed.sync().changes == []
            bed.set_job(attributes={ENTERPRISE + ':shoeSize': 'Division'})
            if 'schemas' in switches or 'schemas' in options:
                assert bed.plan().planned(), 'nobody can tell before the service refuses it'
            else:
                assert 'shoeSize' in bed.call('plan', bed.job_path, code=3).err


def test_connectors():
    '''connectors scim: attributes, options, calls, credentials, from the code's own tables'''
    with ScimBed(users=40) as bed:
        assert 'scim' in bed.call('connectors', state=False).out
        said = bed.call('connectors', 'scim', state=False).out
        for word in ['POST /Bulk', 'PATCH /Users/{id}', 'client_secret', 'extension_shape', 'look_up',
                     'phoneNumbers[type eq "mobile"].value'] + [name for name in ATTRIBUTES if ':' in name]:
            assert word in said, (word, said)


if __name__ == '__main__':
    harness.run(globals())
