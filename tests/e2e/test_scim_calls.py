"""How many calls it takes at a SCIM 2.0 service, with Bulk and without, and in which order they come."""

import harness
from scim_bed import GROUPS_JOB, ScimBed, image, manager_of

FAST = {'rate': '5000/200ms'}
FAST_JOB = {'target': {'rate': ['5000/200ms'], 'concurrency': 8}}


def change_everybody(bed, n):
    """n people get another department."""
    rows = bed.active()[:n]
    assert len(rows) == n, len(rows)
    for row in rows:
        row['Department'] = 'Legal' if row['Department'] != 'Legal' else 'Sales'
    return rows


def test_two_thousand_with_bulk():
    '''fact sheet 1: 2,000 changed users of a service with Bulk (1,000 operations) take 2 to 4 write calls'''
    with ScimBed(users=2400, switches=dict(FAST, bulk='on', bulk_max='1000'), job=FAST_JOB) as bed:
        change_everybody(bed, 2000)
        done = bed.sync()
        assert done.planned() == {'update': 2000} and done.outcomes == {'applied': 2000}
        assert set(bed.writes()) == {'Bulk'} and 2 <= len(bed.writes()) <= 4, bed.writes()
        assert done.calls['POST /Bulk']['planned'] == done.made('POST /Bulk') == len(bed.writes())
        assert bed.sync().changes == []


def test_two_thousand_without():
    '''the same where there is no Bulk, or the job says so: a call for each; where users are put whole,
    two for each'''
    for switches, options, n, call in (({'bulk': 'on'}, {'bulk': 'off'}, 2000, 'Users.patch'),
                                       ({'bulk': 'off'}, {}, 300, 'Users.patch'),
                                       ({'bulk': 'off'}, {'update_by': 'put'}, 300, 'Users.replace')):
        with ScimBed(users=n * 6 // 5, switches=dict(FAST, **switches), job=FAST_JOB, options=options) as bed:
            change_everybody(bed, n)
            done = bed.sync()
            assert done.outcomes == {'applied': n}, done.outcomes
            assert bed.writes() == [call] * n
            assert done.made('GET /Users/{id}') == (n if 'update_by' in options else 0)


def test_bulk_limits():
    '''requests keep to the service's number of operations and to its size, and to the job's own number'''
    for switches, options, least, most in (({'bulk_max': '7'}, {}, 9, 10),
                                           ({'bulk_max': '1'}, {}, 60, 60),
                                           ({'bulk_payload': '4000'}, {}, 3, 30),
                                           ({}, {'bulk_operations': 25}, 3, 3),
                                           ({'bulk_max': '10'}, {'bulk_operations': 1000}, 6, 6)):
        with ScimBed(users=100, switches=dict(switches, bulk='on'), options=options) as bed:
            change_everybody(bed, 60)
            done = bed.sync()
            assert done.outcomes == {'applied': 60}, done
            n = len(bed.writes())
            assert set(bed.writes()) == {'Bulk'} and least <= n <= most, (switches, options, n)
            assert done.calls['POST /Bulk']['planned'] == n
            assert bed.sync().changes == []


def order_holds(bed, since=0):
    """Every created user's manager, when he was created too, was there before anybody was made to refer to
    him."""
    order = bed.touched(since)
    first = {}
    for i, user in enumerate(order):
        first.setdefault(user, i)
    users = {user['id']: user for user in bed.box.state()['users']}
    made = {user['id'] for user in users.values() if user.get('externalId', '').startswith('C')}
    pairs = 0
    for user in users.values():
        boss = manager_of(user)
        if boss in made:
            last = len(order) - 1 - order[::-1].index(user['id'])
            assert first[boss] < last, 'the manager came after %s' % user['userName']
            pairs += 1
    return pairs


def test_managers_come_first():
    '''a manager is created before whoever refers to him: with Bulk in one request or in many,
    without bulkId, and without Bulk'''
    results = []
    for switches, options in (({'bulk': 'on'}, {}), ({'bulk': 'on', 'bulk_max': '2'}, {}),
                              ({'bulk': 'on', 'bulk_id': 'off'}, {'bulk_id': False}),
                              ({'bulk': 'on', 'bulk_order': 'reversed'}, {}), ({}, {}),
                              ({}, {'update_by': 'put'})):
        with ScimBed(users=60, switches=switches, options=options) as bed:
            # two chains five deep, the lowest first in the feed, and people who move below them
            for head in ('A', 'B'):
                for i in range(5, 0, -1):
                    bed.joiner('C%s%04d' % (head, i), **{'Manager ID': 'C%s%04d' % (head, i - 1) if i > 1
                                                        else bed.bosses()[0]['Employee ID']})
            for row in bed.plain_people()[:3]:
                row['Manager ID'] = 'CA0005'
            done = bed.sync()
            assert done.outcomes == {'applied': 13}, (switches, options, done)
            assert order_holds(bed) == 8 + 3
            bed.only_once()
            bed.agrees()
            results.append(image(bed.box.state()))
            assert bed.sync().changes == []
            if switches == {'bulk': 'on'}:
                assert bed.writes() == ['Bulk'], 'joiners, their managers and those who move fit one request'
            if switches.get('bulk_id') == 'off':
                assert len(bed.writes()) == 2, bed.writes()
    assert all(one == results[0] for one in results), 'the outcome does not depend on the way'


def test_one_user_one_call():
    '''activation, attributes and manager of one user are one PATCH; a joiner with a known manager one POST'''
    with ScimBed(users=60) as bed:
        back = next(row for row in bed.rows if row['Status'] == 'Terminated')
        boss = next(row['Employee ID'] for row in bed.bosses() if row['Employee ID'] != back['Manager ID'])
        back.update({'Status': 'Active', 'Department': 'New', 'Manager ID': boss, 'Job Title': 'Back'})
        bed.joiner('J00000', **{'Manager ID': boss})
        done = bed.sync()
        assert set(done.outcomes) == {'applied'} and sorted(bed.writes()) == ['Users.create', 'Users.patch']


def test_groups_in_few_calls():
    '''30 people join one group and leave another: a PATCH of each group, or one Bulk; in batches where
    asked'''
    for switches, options, calls in (({}, {}, ['Groups.patch'] * 2),
                                     ({}, {'group_batch': 10}, ['Groups.patch'] * 6),
                                     ({'bulk': 'on'}, {}, ['Bulk'])):
        with ScimBed(users=120, switches=switches, job=GROUPS_JOB,
                     options=dict(options, managed_groups='Legal;Marketing')) as bed:
            people = bed.plain_people()[:30]
            for row in bed.rows:
                row['Groups'] = ''
            ids = [bed.id(row['Employee ID']) for row in people]
            legal = {'id': bed.box.groups()['Legal']['id']}
            assert legal and ids
            for row in people:
                row['Groups'] = 'Legal'
            bed.sync()
            for row in people:
                row['Groups'] = 'Marketing'
            since = bed.box.stats()['last_seq']
            done = bed.sync()
            assert done.planned() == {'membership': 30}, done.planned()
            assert bed.writes(since) == calls, bed.writes(since)
            assert set(ids) <= bed.members('Marketing') and not set(ids) & bed.members('Legal')


def test_listings_that_grow_and_shrink():
    '''the read back is a listing of more pages, or of fewer, than the plan saw: made is planned and
    repeated'''
    for users, joiners in ((64, 8), (66, 0)):
        with ScimBed(users=users, switches={'page_max': '32'},
                     job={'actions': {'retire': not joiners}}) as bed:
            bed.set_job(guards={'retire': {'number': 5000, 'percent': 'off'}})
            for i in range(joiners):
                bed.joiner('J%05d' % i)
            done = bed.sync()  # which looks at the calls
            assert len(done.changes) >= 6 and set(done.outcomes) == {'applied'}, done
            assert done.made('GET /Users?filter') == 0


if __name__ == '__main__':
    harness.run(globals())
