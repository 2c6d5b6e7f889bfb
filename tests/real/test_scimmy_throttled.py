"""rollcall against SCIMMY when it throttles. It has 2,000 users."""

import real_harness
from real_bed import RealBed, some_changes, throttled

NAME = 'scimmy'
USERS = 2000
FAST = {'target': {'rate': ['100/200ms']}}


def test_throttled():
    """refused with 429 and Retry-After in seconds, as a date, or with nothing: in sync in the end"""
    with RealBed(NAME, users=USERS, job=FAST, options={'throttled_wait': '1s'}) as bed:
        for hint, bulk, requests in (('seconds', 'off', 25), ('date', 'auto', 12), ('none', 'off', 25)):
            bed.set_options(bulk=bulk)
            some_changes(bed, hint)
            throttled(bed, hint, requests, seconds=1)


if __name__ == '__main__':
    real_harness.run(globals(), [NAME])
