"""No change twice, none lost at a SCIM 2.0 service, whatever ends a run: a signal, kill -9, several of
them."""

import os
import random
import sqlite3

import harness
from bed import interrupt_when
from harness import wait_until
from scim_bed import AGAIN, ALL_GROUPS, GROUPS_JOB, WAYS, ScimBed, image, prepared

LONG = os.environ.get('ROLLCALL_LONG') == '1'
SANITIZED = os.environ.get('SANITIZED') == '1'


def finish(bed, run):
    done = bed.apply(run, whole=False)
    assert done.audit['run']['state'] == 'done' and set(done.outcomes) <= {'applied', 'already'}, done
    return done


def test_interrupt():
    '''SIGINT in the middle: exit 10, the command to go on with is printed and works, nothing is applied
    twice'''
    for way, (switches, options) in WAYS.items():
        with ScimBed(users=80, switches=dict(switches, latency='40'), job=GROUPS_JOB,
                     options=dict(options, **ALL_GROUPS)) as bed:
            want = bed.every_kind(4, groups=True)
            bed.set_job(target={'concurrency': 2})
            bed.write_feed()
            process = bed.start('sync', bed.job_path)
            assert interrupt_when(bed, process, bed.writes), way
            done = bed.look_at(bed.finish(process))
            assert done.code == 10 and done.audit['run']['state'] == 'interrupted', (way, done)
            assert 'rollcall apply %s' % done.run in done.err + done.out, done
            assert done.outcomes.get('none', 0) > 0, (way, done.outcomes)
            bed.box.switch(latency='0')
            os.unlink(bed.feed_path)
            assert sum(finish(bed, done.run).outcomes.values()) == sum(want.values()), way
            bed.only_once()
            assert bed.sync().changes == [], way


def killed(ready, way, moment, by_apply):
    """One run killed after so many writes; what is left is done by apply or sync. True when it was in
    time."""
    state, rows, want, expected = ready
    switches, options = WAYS[way]
    with ScimBed(state=state, switches=dict(switches, latency='5'), job=GROUPS_JOB,
                 options=dict(options, **ALL_GROUPS)) as bed:
        bed.rows = rows
        bed.allowed = AGAIN
        bed.write_feed()
        process = bed.start('sync', bed.job_path, '--quiet')
        wait_until(lambda: process.poll() is not None or len(bed.writes()) >= moment)
        alive = process.poll() is None
        process.kill()
        process.wait()
        runs = bed.runs()
        if by_apply and runs and bed.report(runs[0])['run']['state'] not in ('done', 'planned'):
            finish(bed, runs[0])
        left = 0
        while bed.sync().changes and left < 4:
            left += 1
        case = (way, moment, by_apply)
        assert left <= 1, 'one sync does what is left: %r' % (case,)
        bed.only_once()
        assert image(bed.box.state()) == expected, case
        db = sqlite3.connect(os.path.join(bed.state_dir, 'ledger.db'))
        assert db.execute('pragma integrity_check').fetchone() == ('ok',)
        db.close()
        if 'bulk' not in switches:
            assert bed.box.stats()['endpoints']['Users.create']['applied'] == want['create'], case
        return alive


def test_kill():
    '''kill -9 at many moments, with PATCH, with PUT and with Bulk: apply RUN or the next sync finishes it;
    no create twice, and in the end the service is as if undisturbed'''
    rng = random.Random(21)
    ready = prepared(each=4, users=100)
    n = 30 if LONG else 3 if SANITIZED else 6
    for way, most in (('patch', 28), ('put', 28), ('bulk', 5), ('bulk without references', 5)):
        in_time = sum(killed(ready, way, rng.randint(1, most), by_apply=i % 2 == 0) for i in range(n))
        assert in_time >= n // 2, 'only %d of %d were killed in time: %s' % (in_time, n, way)


def test_killed_while_joiners_are_made():
    '''joiners who are each other's managers: killed again and again, each is created once and reports to whom
    he should'''
    for way, (switches, options) in WAYS.items():
        with ScimBed(users=60, switches=dict(switches, latency='15'), options=options) as bed:
            bed.allowed = AGAIN
            for i in range(8, 0, -1):
                bed.joiner('C%05d' % i, **{'Manager ID': 'C%05d' % (i - 1) if i > 1 else 'E00001'})
            bed.write_feed()
            process = bed.start('sync', bed.job_path, '--quiet')
            for n in (1, 3, 5):
                wait_until(lambda n=n: process.poll() is not None or len(bed.writes()) >= n)
                process.kill()
                process.wait()
                if not bed.runs():
                    break
                process = bed.start('apply', bed.runs()[0], '--quiet')
            done = bed.finish(process)
            bed.box.switch(latency='0')
            assert done.code in (0, 8), (way, done)  # 8: it was done before it was killed
            bed.only_once()
            bed.sync()
            bed.agrees()
            bed.only_once()
            assert bed.sync().changes == []


if __name__ == '__main__':
    harness.run(globals())
