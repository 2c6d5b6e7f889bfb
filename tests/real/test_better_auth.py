"""rollcall against Better Auth: a real server without Bulk, with a store and rules of its own. It has 2,000
users."""

import real_harness
from real_bed import RealBed, as_shipped, killed, some_changes, throttled

NAME = 'better-auth'
USERS = 2000
FAST = {'target': {'rate': ['100/200ms']}}


def test_as_shipped():
    """a newcomer: the job file that comes with the program, with another address"""
    with RealBed(NAME, users=USERS) as bed:
        as_shipped(bed)


def test_full_sync():
    """everything that a feed asks for, one write a changed user, and then nothing more"""
    with RealBed(NAME, users=USERS, groups=True, job=FAST) as bed:
        bed.remember()
        assert bed.plan('--detailed-exitcode').changes == [], 'the feed made from the server agrees with it'
        concerned = bed.mix(chains=4, leavers=30, gone=30, moves=30, back=20, updates=120)
        assert len(concerned) == 250
        since = len(bed.box.log())
        done = bed.sync()
        assert set(done.outcomes) == {'applied'}, done
        keys = {user['id']: user['externalId'] for user in bed.box.users().values()}
        writes = {}
        for status, [(method, path, data, _)] in bed.sent(since):
            assert status in (200, 201, 204), (status, path, data)
            key = data['externalId'] if path == '/Users' else keys.get(path.split('/')[2], 'a group')
            writes.setdefault(key, []).append(method)
        assert len(writes.pop('a group')) <= 4
        assert set(writes) == concerned
        for key, methods in writes.items():
            below = key in bed.joined and not key.endswith('1')
            wanted = ['POST', 'PATCH'] if below else ['POST'] if key in bed.joined else ['PATCH']
            assert methods == wanted, 'one write, but two for a joiner below a joiner: %s %s' % (key, methods)
        assert bed.managers_first(since) >= 16 + 15
        bed.agrees()
        bed.once()
        assert bed.others_as_before(concerned) == USERS - 230 + 1
        bed.quiet()


def test_what_does_not_stick():
    """an attribute that is accepted and dropped is told once, then listed and not sent again"""
    job = dict(FAST, attributes={'nickName': 'Division'})
    with RealBed(NAME, users=60, job=job, options={'schemas': 'off'}) as bed:
        for row in bed.rows:
            row['Division'] = ''
        bed.chains(1, bed.bosses()[0]['Employee ID'])
        done = bed.sync(code=6)
        assert done.outcomes == {'not_visible': 5}, done
        since = len(bed.box.log())
        again = bed.plan('--detailed-exitcode')
        assert again.changes == [] and 'does not stick' in again.out, again
        assert bed.sync().changes == [] and bed.sent(since) == []


def test_throttled():
    """refused with 429 and Retry-After in seconds, as a date, or with nothing: in sync in the end"""
    with RealBed(NAME, users=USERS, job=FAST, options={'throttled_wait': '1s'}) as bed:
        for hint in ('seconds', 'date', 'none'):
            some_changes(bed, hint)
            throttled(bed, hint, requests=10, seconds=1)


def test_killed():
    """killed in the middle of many calls: when one has come, when it is done, when it is answered"""
    with RealBed(NAME, users=USERS, job=FAST) as bed:
        for method, after, when in (('PATCH', 20, 'received'), ('POST', 3, 'done'),
                                    ('PATCH', 20, 'answered')):
            some_changes(bed, when)
            bed.box.die(after, when, method=method)
            killed(bed)


if __name__ == '__main__':
    real_harness.run(globals(), [NAME])
