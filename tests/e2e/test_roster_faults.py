"""A roster without proof is never taken for the tenant: whatever goes wrong while it is read,
nothing is written."""

import harness
from bed import Bed, image, together

SMALL_PAGES = {'target': {'options': {'page_size': 20, 'read_tries': 2}}}


def with_proof(kind):
    return {'target': {'options': dict(SMALL_PAGES['target']['options'], proof=kind)}}


def refused(bed, faults, why):
    """A sync with these faults: exit 7, nothing written, no run stored."""
    since = bed.box.stats()['last_seq']
    bed.box.switch(fault=faults)
    before = image(bed.box.state())
    done = bed.sync(code=7)
    assert bed.writes(since) == [], '%s: %r' % (why, done)
    assert image(bed.box.state()) == before
    assert done.audit is None, 'a run without proof has no plan'
    assert done.err.strip(), done
    bed.box.switch(fault='off')
    return done


def each_refused(job, cases):
    """Every case (faults, switches) by itself against a tenant with much to do; without, there is a plan."""
    def one(case):
        faults, switches = case
        with Bed(users=60, job=job, switches=switches) as bed:
            bed.every_kind(2)
            bed.rows = bed.rows[:40]  # who is cut off in the roster must not be created, nor the rest go
            done = refused(bed, faults, case)
            assert 'nothing was written' in done.err, (case, done)
            if not switches:
                assert bed.plan().planned(), 'without faults there is a plan'
    together(one, cases)


def each_time(page, kind, pages=3):
    """A fault on one page of every reading."""
    return ['AdvancedSearch:%d:%s' % (page + pages * turn, kind) for turn in range(8)] + [
        'AdvancedSearch:%d+:%s' % (page + 8 * pages, kind)]


def test_pages():
    '''each page of the search dropped, repeated, empty, cut, failing, every time: exit 7, nothing written'''
    each_refused(SMALL_PAGES, [(each_time(page, kind), {}) for page in (1, 2, 3)
                               for kind in ('page_drop', 'page_repeat', 'page_empty', 'page_cut', 'error200')
                               if (page, kind) != (1, 'page_repeat')])


def test_a_page_spoilt_once():
    '''one spoilt page is read again: the plan is the same as without it'''
    def one(case):
        page, kind = case
        with Bed(users=60, job=SMALL_PAGES) as bed:
            bed.every_kind(2)
            clean = bed.plan().audit['run']['plan_sha256']
            name, _, argument = kind.partition(':')
            bed.box.switch(fault=['AdvancedSearch:%d:%s' % (page, name) + (':' + argument if argument
                                                                           else '')])
            done = bed.plan()
            assert done.audit['run']['plan_sha256'] == clean, (case, done)
            assert bed.writes() == []
    together(one, [(page, kind) for page in (1, 3) for kind in ('page_drop', 'page_cut', 'status:503',
                                                                'truncate')]
             + [(2, kind) for kind in ('page_empty', 'garbage', 'empty200', 'reset', 'hangup', 'html',
                                       'throttle')])


def test_listing():
    '''Users.Get cut, an error under 200, garbage, an array that ends in the middle: exit 7,
    nothing written'''
    each_refused(SMALL_PAGES, [(['UsersGet:*:' + fault], {}) for fault in (
        'error200', 'truncate:2000', 'garbage', 'empty200', 'error500', 'status:500', 'html:200', 'text:200')]
                 + [(['NotifyUsers:1:reset'], {'listing_cap': n}) for n in ('1', '20', '59')])


def test_proof_by_two_passes():
    '''proof two_passes: a page spoilt in one pass is read again; never two passes alike: no proof'''
    with Bed(users=60, job=with_proof('two_passes')) as bed:
        bed.every_kind(2)
        clean = bed.plan()
        assert clean.planned() and 'UsersGet' not in [one['endpoint'] for one in bed.box.log()]
        for page, kind in ((2, 'page_drop'), (4, 'page_empty'), (6, 'page_cut')):
            bed.box.switch(fault=['AdvancedSearch:%d:%s' % (page, kind)])
            again = bed.plan()
            assert again.audit['run']['plan_sha256'] == clean.audit['run']['plan_sha256'], (kind, page)
            bed.box.switch(fault='off')
    each_refused(with_proof('two_passes'), [(['AdvancedSearch:every3:page_drop'], {}),
                                            (['AdvancedSearch:every2:page_cut'], {}),
                                            (['AdvancedSearch:4+:status:500'], {})])


def test_proof_by_count():
    '''proof count: fewer users than the search says there are is no proof;
    nor is a search that says nothing'''
    each_refused(with_proof('count'), [(each_time(page, kind), {}) for page in (2, 3)
                                       for kind in ('page_drop', 'page_cut', 'page_empty')]
                 + [(['NotifyUsers:1:reset'], {'search_info': 'absent'})])


def test_unstable_order():
    '''a search that shuffles what its sorting leaves open is sorted by what is unique: nobody is missed'''
    with Bed(users=60, job=SMALL_PAGES, switches={'unstable_order': 'on'}) as bed:
        assert bed.sync().changes == []


def test_changed_while_read():
    '''a user who comes while the roster is read is seen in one listing only: it is read again,
    or is no proof'''
    with Bed(users=60, job=SMALL_PAGES, switches={'latency': '60'}) as bed:
        bed.set_job(target={'concurrency': 1})
        bed.write_feed()
        process = bed.start('sync', bed.job_path)
        harness.wait_until(lambda: bed.box.stats()['endpoints']['AdvancedSearch']['calls'] >= 1
                           or process.poll() is not None)
        bed.box.user(UserId='6f9619ff-8b86-4011-b42d-00c04fc964ff', EmailAddress='new.here@example.com',
                     FirstName='New', Role='Sales_User', StatusCode='0')
        done = bed.look_at(bed.finish(process))
        assert done.code == 0 and done.audit['tenant']['users'] == 61 and bed.writes() == [], done


def test_before_the_roster():
    '''login, attributes, teams: errors there are exit 7 and say what failed'''
    def one(case):
        with Bed(users=40) as bed:
            bed.every_kind(1)
            done = refused(bed, ['%s:*:%s' % case], case)
            assert bed.box.url in done.err, done
    together(one, [('UserByAccessKey', 'error200'), ('UserByAccessKey', 'garbage'), ('Teams', 'status:500'),
                   ('Teams', 'empty200'), ('Attributes', 'error200'), ('Attributes', 'truncate')])


if __name__ == '__main__':
    harness.run(globals())
