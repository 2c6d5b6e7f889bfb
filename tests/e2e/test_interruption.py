"""No change twice, none lost, whatever ends a run and whenever: signals, kill -9, a second rollcall."""

import os
import random
import signal
import sqlite3
import time

import harness
from bed import Bed, feed_text, image, interrupt_when
from harness import wait_until

LONG = os.environ.get('ROLLCALL_LONG') == '1'
SANITIZED = os.environ.get('SANITIZED') == '1'


# A joiner's second call that was answered is sent once more when his change as a whole was not done: it sets
# what is set already.
HARMLESS = {'no_change'}


def only_once(bed):
    assert all(n == 1 for n in bed.creates_by_address().values()), bed.creates_by_address()


def finish_by_apply(bed, run):
    """apply RUN until it is done; each may find nothing left to do."""
    done = bed.apply(run)
    assert done.audit['run']['state'] == 'done' and set(done.outcomes) <= {'applied',
                                                                           'already'}, done.outcomes
    return done


def undisturbed(state, rows, **job):
    """What the tenant is like after a run that nothing disturbs, and the feed of it."""
    with Bed(state=state, job=job) as bed:
        bed.rows = rows
        done = bed.sync()
        assert set(done.outcomes) == {'applied'}
        return image(bed.box.state()), done


def test_interrupt():
    '''SIGINT in the middle: exit 10, the command to go on with is printed and works,
    nothing is applied twice'''
    with Bed(users=60, switches={'latency': '40'}) as bed:
        want = bed.every_kind(4)
        total = sum(want.values())
        bed.set_job(target={'concurrency': 2})
        bed.write_feed()
        process = bed.start('sync', bed.job_path)
        assert interrupt_when(bed, process, lambda: 'Create' in bed.writes())
        done = bed.look_at(bed.finish(process))
        assert done.code == 10, done
        assert done.audit['run']['state'] == 'interrupted'
        assert 'rollcall apply %s' % done.run in done.err + done.out, done
        sent = bed.writes()
        assert 0 < len(sent) < total, sent
        assert done.outcomes.get('none', 0) > 0, done.outcomes
        bed.box.switch(latency='0')

        # a new plan's worth of work is not lost, and the run can be gone on with
        os.unlink(bed.feed_path)
        rest = finish_by_apply(bed, done.run)
        assert sum(rest.outcomes.values()) == total, rest.outcomes
        only_once(bed)
        assert bed.sync().changes == []
        bed.refused(done.run)
        again = bed.box.stats()['endpoints']
        assert again['Create']['applied'] == want['create']
        assert again['Deactivate']['applied'] == want['deactivate']
        assert again['Activate']['applied'] == want['activate'], again


def test_second_signal_and_time():
    '''--max-time ends a run as a signal does; so does SIGTERM; a later sync does what is left'''
    with Bed(users=60, switches={'latency': '60'}) as bed:
        bed.every_kind(4)
        bed.set_job(target={'concurrency': 1})
        done = bed.sync('--max-time', '1s', code=10)
        assert done.run and done.audit['run']['state'] == 'interrupted', done
        process = bed.start('apply', done.run)
        since = len(bed.writes())
        interrupt_when(bed, process, lambda: len(bed.writes()) > since, signal.SIGTERM)
        again = bed.look_at(bed.finish(process))
        assert again.code == 10, again
        bed.box.switch(latency='0')
        last = bed.sync()
        assert set(last.outcomes) == {'applied'}
        only_once(bed)
        bed.refused(done.run)  # a later run has applied
        assert bed.sync().changes == []


def test_locked():
    '''a second rollcall on a tenant is refused with 9 while the first one lives,
    and not when it was killed'''
    with Bed(users=60, switches={'latency': '100'}) as bed:
        bed.every_kind(4)
        bed.set_job(target={'concurrency': 1})
        bed.write_feed()
        process = bed.start('sync', bed.job_path)
        wait_until(lambda: bed.writes() or process.poll() is not None)
        writes = bed.writes()
        done = bed.sync(code=9, feed=False)
        assert 'another rollcall' in done.err, done
        bed.plan(code=9, feed=False)
        assert process.poll() is None and len(bed.writes()) < 40, (writes, bed.writes())
        process.kill()
        process.wait()
        bed.box.switch(latency='0')
        time.sleep(0.2)
        done = bed.sync(feed=False)
        only_once(bed)
        assert bed.sync().changes == []


def kill_and_finish(state, rows, moment, by_apply, **job):
    """One run killed at a moment; what is left is done by apply or sync. True when it was killed in time."""
    with Bed(state=state, job=job, switches={'latency': '4'}) as bed:
        bed.rows = rows
        bed.allowed = HARMLESS
        bed.write_feed()
        process = bed.start('sync', bed.job_path, '--quiet')
        if isinstance(moment, int):  # as soon as so many writes have arrived
            wait_until(lambda: process.poll() is not None or len(bed.writes()) >= moment)
        else:
            time.sleep(moment)
        alive = process.poll() is None
        process.kill()
        process.wait()
        runs = bed.runs()
        if by_apply and runs and bed.report(runs[0])['run']['state'] not in ('done', 'planned'):
            finish_by_apply(bed, runs[0])
        left = 0
        while bed.sync().changes and left < 4:
            left += 1
        assert left <= 1, 'one sync does what is left'
        only_once(bed)
        after = bed.box.state()
        db = sqlite3.connect(os.path.join(bed.state_dir, 'ledger.db'))
        assert db.execute('pragma integrity_check').fetchone() == ('ok',)
        db.close()
        stats = bed.box.stats()['endpoints']
        return alive, image(after), {name: stats[name]['applied']
                                     for name in ('Create', 'Deactivate', 'Activate')}


def test_kill():
    '''kill -9 at many moments of a run of all kinds: no create twice,
    and in the end the tenant is as if undisturbed'''
    rng = random.Random(11)
    with Bed(users=120) as bed:
        state = bed.box.state()
        want = bed.every_kind(9)
        rows = bed.rows
    assert sum(want.values()) >= 60, want
    expected, _ = undisturbed(state, rows)
    n = 60 if LONG else 6 if SANITIZED else 14
    moments = sorted(rng.sample(range(1, 45), n)) if n <= 40 else [rng.randrange(1, 45) for _ in range(n)]
    killed = 0
    for i, moment in enumerate(moments):
        alive, result, applied = kill_and_finish(state, rows, moment, by_apply=i % 2 == 0)
        killed += alive
        assert result == expected, 'killed after %d writes: %r' % (moment, {
            who: (result.get(who), expected.get(who)) for who in set(result) | set(expected)
            if result.get(who) != expected.get(who)})
        assert applied == {'Create': want['create'], 'Deactivate': want['deactivate'],
                           'Activate': want['activate']}, (moment, applied)
    assert killed >= n // 2, 'only %d of %d were killed in time' % (killed, n)


def test_kill_by_the_clock():
    '''kill -9 at any time, also before the first call and while the plan is stored'''
    rng = random.Random(12)
    with Bed(users=60) as bed:
        state = bed.box.state()
        bed.every_kind(2)
        rows = bed.rows
    expected, _ = undisturbed(state, rows)
    for i in range(40 if LONG else 4 if SANITIZED else 8):
        _, result, _ = kill_and_finish(state, rows, rng.uniform(0.0, 0.5), by_apply=i % 2 == 0)
        assert result == expected


def test_killed_twice():
    '''a run that is killed, gone on with, killed again, and gone on with once more'''
    with Bed(users=120, switches={'latency': '4'}) as bed:
        want = bed.every_kind(6)
        bed.allowed = HARMLESS
        bed.write_feed()
        process = bed.start('sync', bed.job_path, '--quiet')
        for n in (6, 14, 22):
            wait_until(lambda n=n: process.poll() is not None or len(bed.writes()) >= n)
            process.kill()
            process.wait()
            run = bed.runs()[0]
            process = bed.start('apply', run, '--quiet')
        done = bed.look_at(bed.finish(process))
        assert done.code == 0 and sum(done.outcomes.values()) == sum(want.values()), done
        only_once(bed)
        assert bed.sync().changes == []


def test_joiner_as_manager():
    '''a joiner who is to manage others is their manager however often the run is ended on the way'''
    with Bed(users=60, switches={'latency': '10', 'manager_delay': '500'}, job={'settle': '1500ms'}) as bed:
        bed.allowed = HARMLESS
        bed.joiner('J00000')
        bed.joiner('J00001', **{'Manager ID': 'J00000', 'Phone': '+91-9500000002'})
        for row in bed.plain_people()[:3]:
            row['Manager ID'] = 'J00000'
        bed.write_feed()
        process = bed.start('sync', bed.job_path, '--quiet')
        for moment in (lambda: 'Create' in bed.writes(),
                       lambda: bed.box.stats()['endpoints']['Update']['calls'] >= 1,
                       lambda: bed.box.stats()['endpoints']['ManagerBulk']['calls'] >= 1):
            wait_until(lambda moment=moment: process.poll() is not None or moment())
            process.kill()
            process.wait()
            process = bed.start('apply', bed.runs()[0], '--quiet')
        done = bed.look_at(bed.finish(process))
        assert set(done.outcomes) <= {'applied'}, (done.outcomes, done)
        only_once(bed)
        users = bed.box.users().values()
        boss = next(user['UserId'] for user in users if user.get('mx_Custom_1') == 'J00000')
        assert sum(user.get('ManagerUserId') == boss for user in users) == 4
        assert bed.sync().changes == []


def test_feed_from_standard_input():
    '''a feed from standard input is spooled: the same plan as from a file,
    and a run of it can be gone on with'''
    with Bed(users=60) as bed:
        want = bed.every_kind(2)
        path = bed.plan().audit['run']['plan_sha256']
        bed.set_job(feed={'path': '-'})
        text = feed_text(bed.rows)
        done = bed.sync(feed=False, text=text)
        assert done.outcomes == {'applied': sum(want.values())}
        assert len(path) == 64
        done = bed.sync(feed=False, text=text)
        assert done.changes == []


if __name__ == '__main__':
    harness.run(globals())
