#!/usr/bin/env python3
"""The audit of every kind of run against docs/audit.schema.json, and against itself."""

import json
import os
import re
import signal

import jsonschema

import harness
from bed import Bed, interrupt_when

TOP = os.environ.get('SOURCE_ROOT') or os.path.join(os.path.dirname(__file__), '..', '..')
with open(os.path.join(TOP, 'docs', 'audit.schema.json'), encoding='utf-8') as schema_file:
    SCHEMA = json.load(schema_file)
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)
TIGHT = {'deactivate': {'number': 1}, 'activate': {'number': 1}}


def fits(audit):
    """The schema holds, and so does what a schema cannot say."""
    wrong = ['%s: %s' % (e.json_path, e.message[:200]) for e in VALIDATOR(SCHEMA).iter_errors(audit)]
    assert not wrong, wrong[:10]
    assert audit['sums']['hold'] is True, audit['sums']
    counted = {}
    for number, one in enumerate(audit['changes']):
        assert one['seq'] == number
        counted[one['outcome'] or 'none'] = counted.get(one['outcome'] or 'none', 0) + 1
        assert one['hold'] == one['change'].get('hold')
    if audit['outcomes'] is not None:
        assert counted == {name: n for name, n in audit['outcomes'].items() if n}
    assert sum(audit['fates']['rows'].values()) == audit['feed']['rows']
    assert sum(audit['fates']['users'].values()) == audit['tenant']['users']
    assert len(audit['rejects']) == audit['feed']['rejected']
    held = sum(1 for one in audit['changes'] if one['hold'])
    assert sum(one['count'] for one in audit['holds']) == held
    return audit


def test_the_schema_is_one():
    """2020-12, and it refuses what is not an audit"""
    assert SCHEMA['$schema'].endswith('2020-12/schema')
    VALIDATOR.check_schema(SCHEMA)
    assert list(VALIDATOR(SCHEMA).iter_errors({'version': 1}))
    with Bed(users=60) as bed:
        audit = bed.plan().audit
    fits(audit)
    for path in [('run', 'state'), ('feed', 'proof'), ('sums', 'hold')]:
        broken = json.loads(json.dumps(audit))
        broken[path[0]][path[1]] = 'no such thing'
        assert list(VALIDATOR(SCHEMA).iter_errors(broken)), path
    audit['more'] = 1
    assert list(VALIDATOR(SCHEMA).iter_errors(audit))


def test_planned_then_done():
    """a plan, its application, and a sync that finds nothing to do"""
    with Bed(users=60) as bed:
        bed.every_kind(2)
        plan = bed.plan()
        fits(plan.audit)
        assert plan.audit['run']['state'] == 'planned'
        assert all(one['outcome'] is None and one['steps'] == [] for one in plan.audit['changes'])
        done = fits(bed.apply(plan.run).audit)
        assert done['run']['state'] == 'done' and done['run']['exit_code'] == 0
        assert all(one['outcome'] == 'applied' and one['steps'] for one in done['changes'])
        assert done['run']['planned'] <= done['run']['started'] <= done['run']['ended']
        assert done['run']['took_us'] > 0
        assert all(re.fullmatch('[0-9a-f-]{36}', one['new_id']) for one in done['changes']
                   if one['change']['kind'] == 'create')
        again = fits(bed.sync().audit)
        assert again['changes'] == []


def test_held_and_accepted():
    """what a guard holds keeps its hold when it is accepted, and says that it was done"""
    with Bed(users=60, job={'guards': TIGHT}) as bed:
        want = bed.every_kind(2)
        plan = bed.plan(code=5)
        fits(plan.audit)
        assert plan.audit['guards']['deactivate'] == {'accepted': False, 'limit': 1, 'tripped': True, 'wanted': 4}
        done = bed.apply(plan.run, '--accept', 'deactivate=4', code=5)
        fits(done.audit)
        assert done.audit['accepted'] == {'deactivate': 4}
        fates = {(one['change']['kind'], one['hold'], one['outcome']) for one in done.changes}
        assert ('deactivate', 'guard', 'applied') in fates and ('activate', 'guard', 'withheld') in fates
        assert '(held by its guard, then accepted)' in bed.call('show', done.run, '--kind', 'deactivate').out
        last = bed.apply(plan.run, '--accept', 'activate=%d' % want['activate'])
        fits(last.audit)
        assert last.audit['outcomes']['withheld'] == 0 and last.audit['accepted'] == {'activate': want['activate']}
        shown = bed.call('show', last.run).out
        assert 'to let through' not in shown, shown


def test_chosen():
    """--first leaves the rest withheld, with the reason"""
    with Bed(users=60) as bed:
        bed.every_kind(2)
        done = bed.sync('--first', '2')
        fits(done.audit)
        left_out = [one for one in done.changes if one['outcome'] == 'withheld']
        assert left_out and all(one['hold'] is None and one['text'] for one in left_out)


def test_killed_and_interrupted():
    """at any moment the audit is whole; what is not known yet is null"""
    for number in (signal.SIGKILL, signal.SIGINT):
        with Bed(users=80) as bed:
            bed.every_kind(4)
            bed.write_feed()
            bed.box.switch(latency='30')
            process = bed.start('sync', bed.job_path)
            hit = interrupt_when(bed, process, lambda: len(bed.writes()) > 3, number)
            done = bed.finish(process)
            assert hit, done
            run = bed.runs()[0]
            audit = fits(bed.report(run))
            if number == signal.SIGKILL:
                assert audit['run']['state'] == 'applying' and audit['run']['exit_code'] is None
                assert audit['outcomes'] is None and audit['run']['ended'] is None
            else:
                assert audit['run']['state'] == 'interrupted' and audit['run']['exit_code'] == 10 == done.code
                assert 'nothing is lost' in done.out and 'rollcall apply %s' % run in done.out, done
            assert any(one['steps'] for one in audit['changes'])
            shown = bed.call('show', run).out
            assert 'sent, and still to be seen' in shown or 'applied' in shown, shown
            bed.box.switch(latency='0')
            bed.call('apply', run)
            audit = fits(bed.report(run))
            assert audit['run']['state'] == 'done' and audit['run']['exit_code'] == 0


def test_broken_and_nasty():
    """a cut feed; hostile values; rejects, cycles, ambiguous rows: nothing moves the cursor of who looks at it"""
    with Bed(users=60) as bed:
        bed.every_kind(2)
        people = bed.plain_people()
        people[0]['Department'] = 'red \x1b[31m\u202e\u2066\x07'
        people[1]['Manager ID'] = 'nobody \x1b]0;x\x07'
        people[2]['Manager ID'] = people[2]['Employee ID']
        people[3]['Manager ID'], people[4]['Manager ID'] = people[4]['Employee ID'], people[3]['Employee ID']
        people[5]['Status'] = 'odd\x1b[2J'
        people[6]['Email'] = 'other@example.com'
        people[7]['Team'] = 'No \x9b31mTeam'
        bed.write_feed()
        with open(bed.feed_path, 'rb') as f:
            whole = f.read()
        plan = bed.plan(code=6)
        fits(plan.audit)
        assert {'own_manager', 'cycle', 'unknown_manager', 'read_only', 'unknown_ref'} <= set(plan.holds())
        assert '!!' not in plan.out
        bed.text = whole[:-40]
        cut = bed.plan(code=4)
        fits(cut.audit)
        assert '  !! the feed is broken: ' in cut.out and '  !! because of that nobody is created' in cut.out, cut
        for shown in (plan.out, cut.out, bed.call('show', plan.run, '--kind', 'all').out,
                      bed.call('show', plan.run, '--user', people[0]['Employee ID']).out,
                      bed.call('report', plan.run, '--format', 'junit').out,
                      bed.call('report', plan.run, '--format', 'text').out):
            bad = re.findall('[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]', shown)
            assert not bad, (bad, shown)


def test_refusals():
    """failed changes carry the tenant's words, and a line that says so"""
    with Bed(users=60) as bed:
        bed.allowed.add('update-unlisted')
        bed.every_kind(3)
        bed.box.switch(fault=['Update:*:error500'])
        done = bed.sync(code=6)
        fits(done.audit)
        failed = [one for one in done.changes if one['outcome'] == 'failed']
        assert failed and all(one['text'] for one in failed)
        assert all(one['steps'][-1]['state'] == 'refused' for one in failed if one['change']['kind'] == 'update')
        assert re.search(r'done in .* with %d things to look at   exit 6' % len(failed), done.out), done
        junit = bed.call('report', done.run, '--format', 'junit').out
        assert junit.count('classname="rollcall.change') == len(failed), junit


if __name__ == '__main__':
    harness.run(globals())
