"""rollcall against SCIMMY: a real server with Bulk, strict types and groups that show on users. It has 2,000
users."""

import real_harness
from real_bed import RealBed, as_shipped

NAME = 'scimmy'
USERS = 2000
FAST = {'target': {'rate': ['100/200ms']}}


def test_as_shipped():
    """a newcomer: the job file that comes with the program, with another address"""
    with RealBed(NAME, users=USERS) as bed:
        as_shipped(bed)


def test_full_sync():
    """2,000 changed users: everything that a feed asks for in 2 to 4 write calls, and then nothing more"""
    with RealBed(NAME, users=USERS, groups=True, job=FAST) as bed:
        bed.remember()
        assert bed.plan('--detailed-exitcode').changes == [], 'the feed made from the server agrees with it'
        concerned = bed.mix(chains=20, leavers=100, gone=100, moves=100, back=40, updates=1560)
        assert len(concerned) == 2000
        since = len(bed.box.log())
        done = bed.sync()
        assert set(done.outcomes) == {'applied'}, done
        writes = bed.sent(since)
        assert 2 <= len(writes) <= 4 and all(status == 200 for status, _ in writes), len(writes)
        assert done.made('POST /Bulk') == len(writes)
        assert bed.managers_first(since) >= 80 + 50
        bed.agrees()
        bed.once()
        assert bed.others_as_before(concerned) >= 100
        bed.quiet()


def test_without_bulk():
    """2,000 changed users are 2,000 calls where the job says not to use Bulk"""
    with RealBed(NAME, users=USERS, job=FAST, options={'bulk': 'off'}) as bed:
        bed.remember()
        boss = bed.bosses()[0]['Employee ID']
        for i in range(100):
            bed.joiner('J%05d' % i, **{'Manager ID': boss})
        changed = [row for row in bed.rows if row['Status'] == 'Active' and row['Employee ID'] != boss][:1900]
        for row in changed:
            row['Job Title'] = 'Chief ' + row['Job Title']
        done = bed.sync()
        assert done.outcomes == {'applied': 2000}, done
        assert len(bed.sent()) == 2000
        by = bed.box.stats()['by']
        assert by['PATCH /Users/{id}'] == 1900 and by['POST /Users'] == 100, by
        bed.agrees()
        assert bed.others_as_before({row['Employee ID'] for row in changed}) == 100


if __name__ == '__main__':
    real_harness.run(globals(), [NAME])
