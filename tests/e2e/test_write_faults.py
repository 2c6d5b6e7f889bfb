"""Writes that go wrong: throttled, refused, lost before or behind the tenant's door,
answered with nonsense."""

import harness
from bed import Bed, image, together
from harness import wait_until

COMPLETE = {'applied'}


def some_changes(bed):
    """Two of every kind, with a joiner who manages a joiner; returns how many of each."""
    return bed.every_kind(2)


def expected_of(state, rows):
    with Bed(state=state) as bed:
        bed.rows = rows
        assert set(bed.sync().outcomes) == COMPLETE
        return image(bed.box.state())


def prepared():
    with Bed(users=60) as bed:
        want = some_changes(bed)
        return bed.box.state(), bed.rows, want, expected_of(bed.box.state(), bed.rows)


def only_once(bed):
    assert all(n == 1 for n in bed.creates_by_address().values()), bed.creates_by_address()


def test_throttled():
    '''429 with and without a body, or the same under 200, in the middle of a run: waited for, all applied,
    in the audit'''
    state, rows, want, expected = prepared()

    def one(case):
        answer, fault = case
        with Bed(state=state, switches={'limited_answer': answer, 'fault': fault},
                 job={'target': {'options': {'throttled_wait': '300ms'}}}) as bed:
            bed.rows = rows
            done = bed.sync()
            assert set(done.outcomes) == COMPLETE, (case, done)
            assert sum(one['throttled'] for one in done.calls.values()) >= 1, (case, done.calls)
            assert image(bed.box.state()) == expected, case
            only_once(bed)
            assert bed.sync().changes == []
    together(one, [('429', 'Create:1:throttle'), ('200', 'Update:2-3:throttle'),
                   ('empty', 'writes:every6:throttle'),
                   ('200', 'ManagerBulk:1:throttle'), ('429', 'Deactivate:1-2:throttle')])


def test_over_the_limit():
    '''a job whose rate is more than the tenant gives is throttled, slows down, and ends well'''
    with Bed(users=60, switches={'rate': '8/1s', 'limited_answer': '429'},
             job={'target': {'rate': ['50/1s'], 'options': {'throttled_wait': '300ms'}}}) as bed:
        bed.allowed = {'rate_limit'}
        want = some_changes(bed)
        done = bed.sync()
        assert done.outcomes == {'applied': sum(want.values())}
        assert sum(one['throttled'] for one in done.calls.values()) >= 1, done.calls
        only_once(bed)


def test_lost_answers():
    '''errors and resets before and behind the write, cut and garbled answers: looked up, nothing twice,
    nothing lost'''
    state, rows, want, expected = prepared()

    def one(fault):
        with Bed(state=state, switches={'fault': fault}) as bed:
            bed.rows = rows
            # an error behind what was done: what may be repeated harmlessly is repeated, a create never is
            bed.allowed = set() if 'Create' in fault else {'no_change', 'batch_in_flight'}
            done = bed.sync()
            assert set(done.outcomes) == COMPLETE, (fault, done, done.outcomes)
            assert image(bed.box.state()) == expected, fault
            only_once(bed)
            assert bed.box.stats()['endpoints']['Create']['applied'] == want['create'], fault
            assert sum(one['fired'] for one in bed.box.stats()['faults']) >= 1, fault
            assert bed.sync().changes == [], fault
    faults = ['Create:1:%s' % kind for kind in (
        'status_before:500', 'status_after:500', 'reset_before', 'reset_after', 'hangup_before',
        'hangup_after', 'truncate',
        'garbage', 'garbage_before', 'empty200', 'empty200_before', 'html_after:502', 'text_before:500')]
    faults += ['Update:1:%s' % kind for kind in ('status_before:500', 'status_after:500', 'reset_before',
                                                 'reset_after',
                                                 'truncate', 'garbage', 'empty200_before')]
    faults += ['Deactivate:1:%s' % kind for kind in ('reset_before', 'reset_after', 'garbage',
                                                     'status_after:503')]
    faults += ['Activate:1:%s' % kind for kind in ('reset_after', 'hangup_before', 'empty200')]
    faults += ['ManagerBulk:1:%s' % kind for kind in ('reset_before', 'reset_after', 'truncate',
                                                      'status_before:500')]
    together(one, faults)


def test_create_answers_without_an_id():
    '''a create whose answer says only Success is looked up by its keys; nothing is created twice'''
    with Bed(users=60, switches={'create_answer': 'bare'}) as bed:
        want = some_changes(bed)
        done = bed.sync()
        assert done.outcomes == {'applied': sum(want.values())}, (done.outcomes, done)
        only_once(bed)
        assert bed.sync().changes == []


def test_breaker():
    '''a tenant that fails every write ends the run after a few calls as interrupted;
    later the rest is done'''
    with Bed(users=120, switches={'fault': 'writes:*:status:503'}) as bed:
        want = bed.every_kind(5)
        done = bed.sync(code=None)
        assert done.code in (6, 7, 10), done
        assert len(bed.writes()) < 60, len(bed.writes())
        bed.box.switch(fault='off')
        last = bed.apply(done.run, whole=False) if done.code == 10 else bed.sync()
        assert set(last.outcomes) == COMPLETE, last.outcomes
        only_once(bed)
        assert bed.sync().changes == [] and sum(want.values()) > 20


def moves(bed, n):
    """n people move to the next boss; returns their rows."""
    bosses = [row['Employee ID'] for row in bed.bosses()]
    moved = bed.plain_people()[:n]
    for row in moved:
        row['Manager ID'] = next(boss for boss in bosses if boss not in (row['Manager ID'],
                                                                         row['Employee ID']))
    return moved


def test_manager_batch_that_is_not_applied():
    '''an accepted manager batch of which nothing, or half, is applied: not visible, named, exit 6,
    not called done'''
    for switch, least in (('never', 4), ('half', 1)):
        with Bed(users=60, switches={'manager_apply': switch}, job={'visible_timeout': '1s'}) as bed:
            moved = moves(bed, 4)
            bed.plain_people()[6]['Office'] = 'Remote'
            done = bed.sync(code=6)
            assert done.outcomes['not_visible'] >= least and done.outcomes['applied'] >= 1, done.outcomes
            assert sum(done.outcomes.values()) == 5
            named = [one for one in done.changes if one['outcome'] == 'not_visible']
            assert {one['change']['key'] for one in named} <= {row['Employee ID'] for row in moved}
            assert all(one['change']['key'] in done.out for one in named), done
            bed.box.switch(manager_apply='all')
            again = bed.sync()
            assert again.outcomes == {'applied': len(named)}


def test_manager_batch_late():
    '''a manager batch that takes a while is waited for, within visible_timeout'''
    with Bed(users=60, switches={'manager_delay': '2500'}, job={'visible_timeout': '20s'}) as bed:
        moves(bed, 3)
        done = bed.sync()
        assert done.outcomes == {'applied': 3} and done.made('UpdateReportingManagerInBulk') == 1
        assert bed.sync().changes == []


def test_manager_batch_refused():
    '''a bad pair that refuses its whole batch is found by halving: the others are applied, it is named'''
    for form in ('object', 'envelope'):
        with Bed(users=60, switches={'manager_bad_pair': 'reject', 'manager_check': 'skip',
                                     'manager_refusal': form}) as bed:
            plan = None
            moved = moves(bed, 5)
            plan = bed.plan()
            # the new manager of one leaves behind the plan's back: that pair cannot be any more
            ids = {user.get('mx_Custom_1'): user['UserId'] for user in bed.box.state()['Users']}
            other = next(row['Employee ID'] for row in bed.bosses()
                         if row['Employee ID'] != moved[0]['Manager ID'])
            assert other
            boss = moved[0]['Manager ID']
            bed.box.user(UserId=ids[boss], StatusCode='1')
            bed.allowed = {'inactive_manager', 'manager_ring', 'own_manager'}
            done = bed.apply(plan.run, code=None)
            assert done.code == 6, done
            bad = {row['Employee ID'] for row in moved if row['Manager ID'] == boss}
            for row in moved:
                outcome = done.of(row['Employee ID'], 'manager')[0]['outcome']
                assert (outcome == 'applied') == (row['Employee ID'] not in bad), (form, row, outcome, done)


def test_deactivation_refused():
    '''a billing user may not be deactivated: that change failed and is named, the others are applied:
    exit 6'''
    with Bed(users=60) as bed:
        state = bed.box.state()
        plain = bed.plain_people()[:3]
        for row in plain:
            row['Status'] = 'Terminated'
        ids = {user.get('mx_Custom_1'): user['UserId'] for user in state['Users']}
        bed.box.user(UserId=ids[plain[1]['Employee ID']], IsBillingUser=True)
        done = bed.sync(code=6)
        assert done.outcomes == {'applied': 2, 'failed': 1}, (done.outcomes, done)
        assert plain[1]['Employee ID'] in done.out, done
        assert done.of(plain[1]['Employee ID'])[0]['text'], done.changes
        bed.set_job(failures_ok=1)
        assert bed.sync(code=0).outcomes == {'failed': 1}


def test_no_seat():
    '''more people than licences: those who leave make room first; who has none fails, named,
    and nobody is lost'''
    with Bed(users=60) as bed:
        active = sum(user['StatusCode'] == '0' for user in bed.box.state()['Users'])
        bed.plain_people()[0]['Status'] = 'Terminated'
        bed.joiner('J00000')
        bed.box.switch(licences=str(active))
        done = bed.sync()
        assert done.outcomes == {'applied': 2}
        assert bed.writes().index('Deactivate') < bed.writes().index('Create')
        bed.joiner('J00001', Phone='+91-9500000002')
        done = bed.sync(code=6)
        assert done.outcomes == {'failed': 1}, (done.outcomes, done)
        assert done.of('J00001')[0]['text']
        bed.box.switch(licences='off')
        assert bed.sync().outcomes == {'applied': 1}


def test_writes_that_do_not_stick():
    '''a clear or an update that is answered with success and not done is not visible: exit 6,
    never called applied'''
    with Bed(users=60, switches={'fault': 'Update:1:empty200_before'}, job={'visible_timeout': '1s'}) as bed:
        one = bed.plain_people()[0]
        one['Office'] = 'Remote'
        done = bed.sync(code=None)
        state = {user.get('mx_Custom_1'): user.get('OfficeLocationName') for user in bed.box.state()['Users']}
        assert (done.outcomes == {'applied': 1}) == (state[one['Employee ID']] == 'Remote'), (done,
                                                                                              done.outcomes)
        assert done.code in (0, 6)


def test_bulk_reaches_fewer():
    '''a bulk update that reaches fewer users than it named is told by the read back, user by user'''
    with Bed(users=60, job={'visible_timeout': '1s'}) as bed:
        people = [row for row in bed.plain_people() if row['Team'] != 'West'][:6]
        for row in people:
            row['Team'] = 'West'
        plan = bed.plan()
        ids = {user.get('mx_Custom_1'): user['UserId'] for user in bed.box.state()['Users']}
        last = people.pop()
        bed.box.switch(bulk_inactive='no')
        bed.box.user(UserId=ids[last['Employee ID']],
                     StatusCode='1')  # known to be out of a bulk update's reach
        done = bed.apply(plan.run)
        assert done.outcomes == {'applied': 6} and sorted(bed.writes()) == ['BulkUpdate',
                                                                            'Update'], bed.writes()

        for row in people + [last]:
            row['Team'] = 'South'
        bed.box.user(UserId=ids[last['Employee ID']], StatusCode='0')
        bed.write_feed()
        since = bed.box.stats()['last_seq']
        bed.box.switch(latency='500')
        process = bed.start('sync', bed.job_path)
        wait_until(lambda: {'UsersGet', 'AdvancedSearch'} <= {one['endpoint'] for one in bed.box.log(since)})
        bed.box.user(UserId=ids[last['Employee ID']], StatusCode='1')  # out of reach when nobody knows it
        done = bed.look_at(bed.finish(process))
        bed.box.switch(latency='0')
        teams = {user.get('mx_Custom_1'): user.get('TeamId') for user in bed.box.state()['Users']}
        stays = teams[last['Employee ID']] != teams[people[0]['Employee ID']]
        outcome = done.of(last['Employee ID'])[0]['outcome']
        assert (outcome == 'applied') == (not stays), (outcome, stays, done)
        assert [done.of(row['Employee ID'])[0]['outcome'] for row in people] == ['applied'] * 5, done
        assert 'BulkUpdate' in bed.writes(since) and done.code == (6 if stays else 0), done
        last['Status'] = 'Terminated'
        # garbage in its answer, or its loss: looked up, not called applied unseen
        for row in people:
            row['Team'] = 'East'
        bed.box.switch(fault=['BulkUpdate:1:garbage'])
        done = bed.sync()
        assert done.outcomes == {'applied': 5}, (done, done.outcomes)
        bed.box.switch(fault='off')
        for row in people:
            row['Team'] = 'North'
        bed.box.switch(fault=['BulkUpdate:1:reset_before'])
        done = bed.sync()
        assert done.outcomes == {'applied': 5}, (done, done.outcomes)
        assert bed.sync().changes == []


def test_late_visibility():
    '''writes that show up in reads only after a while are waited for and then called applied'''
    with Bed(users=60, switches={'visible_delay': '1500'}, job={'visible_timeout': '20s',
                                                                'settle': '2s'}) as bed:
        want = some_changes(bed)
        done = bed.sync()
        assert done.outcomes == {'applied': sum(want.values())}, (done.outcomes, done)
        only_once(bed)


if __name__ == '__main__':
    harness.run(globals())
