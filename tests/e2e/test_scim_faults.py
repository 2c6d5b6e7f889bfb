"""SCIM 2.0 when things go wrong: calls refused for their rate, answers lost, a service that fails, one that
is slow."""

import harness
from bed import together
from scim_bed import AGAIN, ALL_GROUPS, GROUPS_JOB, WAYS, ScimBed, image, prepared


def disturbed(ready, switches, options=None):
    """A run under these switches that ends as the undisturbed one; returns it and what the sandbox
    counted."""
    state, rows, want, expected = ready
    with ScimBed(state=state, switches=switches, job=GROUPS_JOB,
                 options=dict(options or {}, throttled_wait='300ms', **ALL_GROUPS)) as bed:
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
    def one(switches):
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
    together(one, [{}, {'bulk': 'on', 'bulk_max': '2'}])


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
