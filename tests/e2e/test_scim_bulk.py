"""Bulk at services that answer it in their own ways, or not at all."""

import harness
from bed import together
from harness import ENTERPRISE
from scim_bed import GROUPS_JOB, ScimBed, image, prepared


def ends_as(ready, case):
    """A whole run by Bulk under these switches ends as the one without did."""
    switches, options = case
    state, rows, want, expected = ready
    with ScimBed(state=state, switches=dict(switches, bulk='on'), job=GROUPS_JOB,
                 options=dict(options, managed_groups='*')) as bed:
        bed.rows = rows
        done = bed.sync()
        assert done.outcomes == {'applied': sum(want.values())}, (case, done)
        assert image(bed.box.state()) == expected, case
        bed.only_once()
        assert set(bed.writes()) == {'Bulk'}, (case, bed.writes())
        assert bed.sync().changes == [], case
        return len(bed.writes())


def test_answers():
    '''fact sheet 2: an operation's status is "200", 200 or {"code": "200"}; in the order sent or another'''
    ready = prepared(each=3)
    together(lambda case: ends_as(ready, case), [
        ({'bulk_status': status, 'bulk_order': order, 'patch_answer': answer}, {})
        for status in ('string', 'number', 'object') for order in ('kept', 'reversed')
        for answer in ('200', '204')], at_once=4)


def test_sizes():
    '''small limits, of operations and of bytes, stated by the service; bulkId taken or not'''
    ready = prepared(each=3)
    together(lambda case: ends_as(ready, case), [
        ({'bulk_max': '7'}, {}), ({'bulk_max': '1'}, {}), ({'bulk_payload': '2500'}, {}),
        ({'bulk_id': 'off'}, {'bulk_id': False}), ({'bulk_id': 'off', 'bulk_max': '3'}, {'bulk_id': False}),
        ({}, {'bulk_id': False}), ({}, {'bulk_operations': 5}),
        ({'bulk_max': '7', 'bulk_order': 'reversed', 'bulk_status': 'object'}, {})], at_once=4)


def test_joiners_of_one_group():
    '''five joiners of one group, and one who was there: one request with bulkId, two without'''
    for bulk_id, calls in ((True, 1), (False, 2)):
        with ScimBed(users=60, switches={'bulk': 'on', 'bulk_id': 'on' if bulk_id else 'off'}, job=GROUPS_JOB,
                     options={'managed_groups': '*', 'bulk_id': bulk_id}) as bed:
            bed.plain_people()[0]['Groups'] = 'Legal'
            for i in range(5):
                bed.joiner('J%05d' % i, Groups='Legal;Support')
            before = bed.members('Support')
            done = bed.sync()
            assert done.outcomes == {'applied': 6} and bed.writes() == ['Bulk'] * calls, (bed.writes(), done)
            new = {bed.id('J%05d' % i) for i in range(5)}
            assert bed.members('Support') == before | new and new < bed.members('Legal')
            assert bed.sync().changes == []


def test_bulk_ids_refused():
    '''fact sheet 1: bulkId in data. A service that refuses it and a job that uses it: who refers to a joiner
    fails, named; who does not is applied; nobody is created twice; and with the option all come about'''
    with ScimBed(users=60, switches={'bulk': 'on', 'bulk_id': 'off'}) as bed:
        bed.joiner('J00001')
        bed.joiner('J00002', **{'Manager ID': 'J00001'})
        bed.joiner('J00003', **{'Manager ID': bed.bosses()[0]['Employee ID']})
        bed.plain_people()[0]['Department'] = 'New'
        done = bed.sync(code=6)
        assert done.outcomes == {'applied': 3, 'failed': 1}, done
        assert 'bulkId' in done.of('J00002')[0]['text'] and 'J00002' in done.out, done
        bed.joiner('J00004', **{'Manager ID': 'J00002'})
        bed.set_options(bulk_id=False)
        assert bed.sync().outcomes == {'applied': 2}
        bed.only_once()
        assert bed.sync().changes == []


def test_too_large_after_all():
    '''fact sheet 1: 413 for a request that is too large though the service said nothing of it: it is
    halved'''
    with ScimBed(users=100, switches={'bulk': 'on'}) as bed:
        rows = bed.plain_people()[:40]
        for row in rows:
            row['Department'] = 'New'
        bed.box.switch(fault=['Bulk:1-2:status_before:413'])
        done = bed.sync()
        assert done.outcomes == {'applied': 40}, done
        assert 3 <= len(bed.writes()) <= 6, bed.writes()
        assert bed.sync().changes == []


def taken_name(bed, n):
    """n people who are to get a userName that somebody else has behind the plan's back."""
    rows = bed.plain_people()[:n]
    for i, row in enumerate(rows):
        row['Login'] = 'taken.%d@example.com' % i
    return rows


def test_refused_operations():
    '''operations that are refused inside a request fail by themselves, named; the others are applied'''
    with ScimBed(users=100, switches={'bulk': 'on'}) as bed:
        bad = taken_name(bed, 3)
        good = bed.plain_people()[3:23]
        for row in good:
            row['Department'] = 'New'
        plan = bed.plan()
        for i in range(3):
            bed.box.user(id='taken-%d' % i, userName='taken.%d@example.com' % i, active=True)
        bed.allowed = {'create_exists'}
        done = bed.apply(plan.run, code=6, whole=False)
        assert done.outcomes == {'applied': 20, 'failed': 3}, done
        for row in bad:
            assert row['Employee ID'] in done.out, done


def test_stops_early():
    '''fact sheet 1: operations after failOnErrors is reached are absent from the answer; a service may stop
    though nobody asked: what is absent is sent again, what failed is not'''
    for stop in ('1', '2', '0'):
        with ScimBed(users=100, switches={'bulk': 'on', 'bulk_stop': stop}) as bed:
            bad = taken_name(bed, 3)
            good = bed.plain_people()[3:33]
            for row in good:
                row['Department'] = 'New'
            bed.joiner('J00000')
            bed.joiner('J00001', **{'Manager ID': 'J00000'})
            # behind the plan's back, so that the service alone can know
            bed.write_feed()
            bed.box.switch(latency='100')
            process = bed.start('sync', bed.job_path)
            harness.wait_until(lambda bed=bed: bed.box.stats()['endpoints']['Users.list']['calls'] >= 3
                               or process.poll() is not None)
            for i in range(3):
                bed.box.user(id='taken-%d' % i, userName='taken.%d@example.com' % i, active=True)
            bed.box.switch(latency='0')
            done = bed.look_at(bed.finish(process), whole=False)
            assert done.outcomes == {'applied': 32, 'failed': 3}, (stop, done)
            for row in bad:
                assert done.of(row['Employee ID'])[0]['text'], done
            assert (len(bed.writes()) > 1) == (stop != '0'), (stop, bed.writes())
            bed.only_once()


def test_a_manager_who_cannot_be_created():
    '''a joiner whose manager could not be created is created without; the manager change says why'''
    for switches in ({'bulk': 'on'}, {'bulk': 'on', 'bulk_max': '1'}, {}):
        with ScimBed(users=60, switches=switches) as bed:
            bed.joiner('J00000', Login='taken@example.com')
            bed.joiner('J00001', **{'Manager ID': 'J00000'})
            bed.joiner('J00002')
            bed.write_feed()
            bed.box.switch(latency='100')
            process = bed.start('sync', bed.job_path)
            harness.wait_until(lambda bed=bed: bed.box.stats()['endpoints']['Users.list']['calls'] >= 3
                               or process.poll() is not None)
            bed.box.user(id='taken', userName='taken@example.com', active=True)
            bed.box.switch(latency='0')
            done = bed.look_at(bed.finish(process), whole=False)
            assert done.code == 6, (switches, done)
            assert done.of('J00000')[0]['outcome'] == 'failed', (switches, done)
            assert done.of('J00002')[0]['outcome'] == 'applied', (switches, done)
            assert bed.user('J00002') and bed.user('J00001'), (switches, done)
            assert bed.user('J00001')[ENTERPRISE].get('manager') is None
            assert done.of('J00001')[0]['outcome'] in ('failed',
                                                       'withheld') and done.of('J00001')[0]['text'], done
            bed.only_once()


def test_lost_answers():
    '''a Bulk request whose answer is lost, before or behind the service's door, cut, garbled: looked up,
    nobody created twice, the outcome that of an undisturbed run'''
    ready = prepared(each=3)
    state, rows, want, expected = ready

    def one(fault):
        with ScimBed(state=state, switches={'bulk': 'on', 'bulk_max': '8', 'fault': [fault]}, job=GROUPS_JOB,
                     options={'managed_groups': '*'}) as bed:
            bed.rows = rows
            bed.allowed = {'no_change', 'unchanged_field', 'member_twice', 'member_none', 'same_status'}
            done = bed.sync()
            assert set(done.outcomes) <= {'applied', 'already'}, (fault, done)
            assert sum(done.outcomes.values()) == sum(want.values())
            assert sum(f['fired'] for f in bed.box.stats()['faults']) >= 1, fault
            assert image(bed.box.state()) == expected, fault
            bed.only_once()
            assert bed.sync().changes == [], fault
    together(one, ['Bulk:%d:%s' % (nth, kind) for nth in (1, 2, 3)
                   for kind in ('reset_before', 'reset_after', 'status_before:500', 'status_after:502',
                                'truncate',
                                'garbage', 'empty200', 'hangup_after', 'throttle')], at_once=4)


def test_conditional_operations():
    '''with ETags each operation carries its version; a user changed by others is stale, the rest is
    applied'''
    with ScimBed(users=60, switches={'bulk': 'on', 'etag': 'on'}) as bed:
        want = bed.every_kind(2)
        assert bed.sync().outcomes == {'applied': sum(want.values())}
        assert bed.sync().changes == []


def test_no_bulk_for_one():
    '''a single change is a Bulk request of one operation or a PATCH, and one call in either case'''
    with ScimBed(users=60, switches={'bulk': 'on'}) as bed:
        bed.plain_people()[0]['Department'] = 'New'
        bed.sync()
        assert len(bed.writes()) == 1, bed.writes()


if __name__ == '__main__':
    harness.run(globals())
