"""How many calls it takes: changes are packed into the vendor's bulk calls wherever that saves,
and the plan says so."""

import harness
from bed import Bed

FAST = {'rate': '2000/200ms'}
FAST_JOB = {'target': {'rate': ['2000/200ms'], 'bulk_rate': ['2000/200ms']}, 'visible_timeout': '30s'}


def count(bed, endpoint, since=0):
    return bed.writes(since).count(endpoint)


def test_manager_moves():
    '''3,400 manager moves, none away from a leaver, take 34 calls of 100, as planned'''
    with Bed(users=5000, switches=FAST, job=FAST_JOB) as bed:
        bosses = [row['Employee ID'] for row in bed.bosses()][:40]
        plain = bed.plain_people()
        assert len(plain) >= 3400, len(plain)
        for i, row in enumerate(plain[:3400]):
            row['Manager ID'] = next(bosses[(i + k) % 40] for k in range(40)
                                     if bosses[(i + k) % 40] != row['Manager ID'])
        done = bed.sync()
        assert done.planned() == {'manager': 3400} and done.outcomes == {'applied': 3400}, done.outcomes
        assert done.calls['UpdateReportingManagerInBulk']['planned'] == 34
        assert bed.writes() == ['ManagerBulk'] * 34
        assert bed.sync().changes == []


def test_team_moves():
    '''300 pure moves to one team take 6 bulk updates of 50;
    a move with other changes rides along in its update'''
    with Bed(users=500, switches=FAST, job=FAST_JOB) as bed:
        people = [row for row in bed.plain_people() if row['Team'] != 'West 2'][:303]
        assert len(people) == 303, len(people)
        for row in people:
            row['Team'] = 'West 2'
        for row in people[300:]:
            row['Office'] = 'Remote'
        done = bed.sync()
        assert done.outcomes == {'applied': 306}, done.outcomes
        assert count(bed, 'BulkUpdate') == 6 and count(bed, 'Update') == 3, bed.writes()
        assert len(bed.writes()) == 9
        assert bed.sync().changes == []


def test_one_call_a_user():
    '''however many attributes of a user differ, it is one update;
    a joiner is a create and at most one update'''
    with Bed(users=60) as bed:
        one = bed.plain_people()[0]
        one.update({'First Name': 'Uma', 'Phone': '+91-9500000009', 'Department': 'Support',
                    'Job Title': 'Analyst 2',
                    'Office': 'Remote', 'Team': 'West' if one['Team'] != 'West' else 'East'})
        bed.joiner('J00000')
        done = bed.sync()
        assert count(bed, 'Update') == 2 and count(bed,
                                                   'Create') == 1 and len(bed.writes()) == 3, bed.writes()
        assert done.made('User/Update') == done.calls['User/Update']['planned'] == 2


def test_planned_calls():
    '''the plan's calls are those of the run: reads, writes and read backs, endpoint by endpoint'''
    with Bed(users=120) as bed:
        bed.every_kind(5)
        plan = bed.plan()
        planned = {name: one['planned'] for name, one in plan.calls.items()}
        done = bed.sync()
        assert {name: one['planned'] for name, one in done.calls.items()} == planned
        assert {name: one['made'] for name, one in done.calls.items() if one['retried'] == 0} == {
            name: n for name, n in planned.items() if done.calls[name]['retried'] == 0}
        assert bed.sync().made('User/AdvancedSearch') == 1


def test_reads_of_a_quiet_night():
    '''nothing to do: login, attributes, teams and the two listings, and not a call more'''
    with Bed(users=60) as bed:
        bed.sync()
        assert sorted(one['endpoint'] for one in bed.box.log()) == [
            'AdvancedSearch', 'Attributes', 'Teams', 'UserByAccessKey', 'UsersGet']


def test_leavers_with_reports():
    '''whoever reports to a leaver is moved before he goes: managers first, then the deactivation'''
    with Bed(users=120) as bed:
        boss = next(row for row in bed.bosses() if row['Manager ID'])
        for row in bed.rows:
            if row['Manager ID'] == boss['Employee ID']:
                row['Manager ID'] = boss['Manager ID']
        boss['Status'] = 'Terminated'
        done = bed.sync()
        assert set(done.outcomes) == {'applied'}
        assert bed.writes() == ['ManagerBulk', 'Deactivate'], bed.writes()


if __name__ == '__main__':
    harness.run(globals())
