"""rollcall against SCIMMY when it dies and is started again. It has 2,000 users."""

import os

import real_harness
from harness import wait_until
from real_bed import RealBed, killed, some_changes

NAME = 'scimmy'
USERS = 2000
FAST = {'target': {'rate': ['100/200ms']}}
ONE_TRY = {'read_tries': 1}  # the run is to find soon that nobody is there


def test_killed_with_bulk():
    """killed when a Bulk request has come, when it is done and not answered, and when it is half done"""
    with RealBed(NAME, users=USERS, job=FAST, options=ONE_TRY) as bed:
        for when in ('received', 'done'):
            some_changes(bed, when)
            bed.box.die(1, when, method='POST')
            calls = killed(bed)
            assert [status for status, _ in calls].count(0) == 1, calls
        some_changes(bed, 'half')
        before = os.path.getsize(bed.box.store)

        def half_done():
            wait_until(lambda: os.path.getsize(bed.box.store) > before + 15000, 'the middle of the request')
            bed.box.process.kill()

        killed(bed, half_done)


def test_killed_without_bulk():
    """killed in the middle of many calls: at a create that is done and not answered, at a change answered"""
    with RealBed(NAME, users=USERS, job=FAST, options=dict(ONE_TRY, bulk='off')) as bed:
        for method, after, when in (('POST', 3, 'done'), ('PATCH', 20, 'answered')):
            some_changes(bed, when)
            bed.box.die(after, when, method=method)
            killed(bed)


if __name__ == '__main__':
    real_harness.run(globals(), [NAME])
