"""SCIM 2.0 when things go wrong: throttled, answers lost, killed, interrupted."""

import os
import random
import sqlite3

import harness
from bed import interrupt_when, together
from harness import wait_until
from scim_bed import GROUPS_JOB, ScimBed, image

LONG = os.environ.get('ROLLCALL_LONG') == '1'
SANITIZED = os.environ.get('SANITIZED') == '1'
GROUPS = {'managed_groups': '*'}

# What may be repeated harmlessly is repeated when nobody knows whether it was done; a create never is.
AGAIN = {'no_change', 'unchanged_field', 'member_twice', 'member_none', 'same_status'}
WAYS = {'patch': ({}, {}), 'put': ({}, {'update_by': 'put'}), 'bulk': ({'bulk': 'on', 'bulk_max': '6'}, {}),
        'bulk without references': ({'bulk': 'on', 'bulk_max': '6', 'bulk_id': 'off'}, {'bulk_id': False})}


def prepared(each=2, users=80):
    """A service, a feed with much to do, and what the service is like when nothing disturbs the run."""
    with ScimBed(users=users, job=GROUPS_JOB, options=GROUPS) as bed:
        state = bed.box.state()
        want = bed.every_kind(each, groups=True)
        assert bed.sync().outcomes == {'applied': sum(want.values())}
        return state, bed.rows, want, image(bed.box.state())


def disturbed(ready, switches, options=None):
    """A run under these switches that ends as the undisturbed one; returns it and what the sandbox
    counted."""
    state, rows, want, expected = ready
    with ScimBed(state=state, switches=switches, job=GROUPS_JOB,
                 options=dict(options or {}, throttled_wait='300ms', **GROUPS)) as bed:
        bed.rows = rows
        bed.allowed = AGAIN
        done = bed.sync()
        case = (switches, options, done)
        assert set(done.outcomes) <= {'applied', 'already'}, case
        assert sum(done.outcomes.values()) == sum(want.values()), case
        assert image(bed.box.state()) == expected, case
        bed.only_once()
        stats = bed.box.stats()
        bed.box.switch(fault='off')
        assert bed.sync().changes == [], case
        return done, stats


def test_throttled():
    '''fact sheet 2: 429 with Retry-After in seconds or as a date, with a vendor's header, or with neither,
    and a body of any media type: waited for, all applied, counted in the audit'''
    ready = prepared()

    def one(case):
        hint, body, way, fault = case
        switches, options = WAYS[way]
        done, _ = disturbed(ready, dict(switches, throttle_hint=hint, throttle_body=body, fault=[fault]),
                            options)
        assert sum(one['throttled'] for one in done.calls.values()) >= 1, (case, done.calls)
    cases = [(hint, body, 'patch', fault) for hint in ('seconds', 'date', 'vendor', 'none')
             for body, fault in (('scim', 'Users.create:1:throttle'), ('html', 'Users.patch:2-3:throttle'),
                                 ('empty', 'Users.list:1:throttle'))]
    cases += [('seconds', 'scim', 'bulk', 'Bulk:1:throttle'), ('none', 'html', 'bulk', 'Bulk:2:throttle'),
              ('vendor', 'empty', 'put', 'Users.get:1:throttle'),
              ('date', 'scim', 'put', 'Users.replace:1:throttle'),
              ('none', 'empty', 'patch', 'Groups.patch:1:throttle'),
              ('seconds', 'scim', 'patch', 'ServiceProviderConfig:1:throttle'),
              ('none', 'html', 'patch', 'Schemas:1:throttle')]
    together(one, cases, at_once=6)


def test_over_the_limit():
    '''a job whose rate is more than the service gives is throttled, slows down, and ends well'''
    for hint in ('seconds', 'none'):
        with ScimBed(users=60, switches={'rate': '8/1s', 'throttle_hint': hint},
                     job={'target': {'rate': ['50/1s']}}, options={'throttled_wait': '300ms'}) as bed:
            bed.allowed = {'rate_limit'}
            want = bed.every_kind(2)
            done = bed.sync()
            assert done.outcomes == {'applied': sum(want.values())}
            assert sum(one['throttled'] for one in done.calls.values()) >= 1, done.calls
            bed.only_once()


def test_lost_answers():
    '''errors and resets before and behind the write, cut and garbled answers, at every kind of call:
    looked up, nothing twice, nothing lost'''
    ready = prepared()
    want = ready[2]

    def one(case):
        way, fault = case
        switches, options = WAYS[way]
        done, stats = disturbed(ready, dict(switches, fault=[fault]), options)
        assert sum(f['fired'] for f in stats['faults']) >= 1, (case, done)
        if 'bulk' not in switches:
            assert stats['endpoints']['Users.create']['applied'] == want['create'], case
    cases = [('patch', 'Users.create:1:%s' % kind) for kind in (
        'status_before:500', 'status_after:500', 'reset_before', 'reset_after', 'hangup_before',
        'hangup_after',
        'truncate', 'garbage', 'empty200', 'html_after:502', 'text_before:500')]
    cases += [('patch', 'Users.patch:%d:%s' % (nth, kind)) for nth in (1, 3)
              for kind in ('status_before:500', 'reset_before', 'reset_after', 'truncate', 'garbage')]
    cases += [('patch', 'Groups.patch:1:%s' % kind)
              for kind in ('reset_before', 'reset_after', 'status_after:500')]
    cases += [('put', 'Users.replace:1:%s' % kind)
              for kind in ('reset_before', 'reset_after', 'status_after:500')]
    cases += [('put', 'Users.get:1:%s' % kind) for kind in ('reset', 'status:503', 'garbage', 'truncate')]
    together(one, cases, at_once=6)


def test_breaker():
    '''a service that fails every write ends the run after a few calls; later the rest is done'''
    for switches in ({}, {'bulk': 'on', 'bulk_max': '2'}):
        with ScimBed(users=120, switches=dict(switches, fault='writes:*:status:503')) as bed:
            want = bed.every_kind(5)
            done = bed.sync(code=None)
            assert done.code in (6, 7, 10) and len(bed.writes()) < 60, (done, len(bed.writes()))
            bed.box.switch(fault='off')
            if done.code == 10:  # what was given up stays so; the next night tries again
                last = bed.apply(done.run, whole=False, code=None)
                assert set(last.outcomes) <= {'applied', 'failed'} and last.code in (0, 6), last
            last = bed.sync()
            assert set(last.outcomes) <= {'applied'}, last.outcomes
            bed.only_once()
            assert bed.sync().changes == [] and sum(want.values()) > 20


def finish(bed, run):
    done = bed.apply(run, whole=False)
    assert done.audit['run']['state'] == 'done' and set(done.outcomes) <= {'applied', 'already'}, done
    return done


def test_interrupt():
    '''SIGINT in the middle: exit 10, the command to go on with is printed and works, nothing is applied
    twice'''
    for way, (switches, options) in WAYS.items():
        with ScimBed(users=80, switches=dict(switches, latency='40'), job=GROUPS_JOB,
                     options=dict(options, **GROUPS)) as bed:
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
                 options=dict(options, **GROUPS)) as bed:
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


def test_late_visibility():
    '''writes that show up in reads only after a while are waited for and then called applied'''
    for switches, options in WAYS.values():
        with ScimBed(users=60, switches=dict(switches, visible_delay='1200'), options=options,
                     job={'visible_timeout': '20s', 'settle': '2s'}) as bed:
            bed.allowed = AGAIN
            want = bed.every_kind(1)
            done = bed.sync()
            assert done.outcomes == {'applied': sum(want.values())}, (switches, done)
            bed.only_once()


if __name__ == '__main__':
    harness.run(globals())
