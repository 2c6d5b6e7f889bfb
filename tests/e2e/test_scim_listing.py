"""Who a SCIM 2.0 service has: listings of every form, and what is done when one cannot be proven."""

import harness
from bed import merge, together
from scim_bed import ScimBed, image

SMALL = {'page_size': 20, 'read_tries': 2}
TWO_PASSES = dict(SMALL, proof='two_passes')
CURSOR = dict(SMALL, paging='cursor', proof='two_passes')


def whole_run(case):
    """With these switches and options everybody is seen: every kind of change is done, nothing is left."""
    switches, options = case
    with ScimBed(users=65, switches=switches, options=options) as bed:
        want = bed.every_kind(1)
        done = bed.sync()
        assert done.outcomes == {'applied': sum(want.values())}, (case, done)
        assert done.audit['tenant']['users'] == 65, case
        bed.agrees()
        assert bed.sync().changes == [], case


def refused(bed, why):
    """A sync is exit 7, writes nothing, leaves no plan."""
    since, before = bed.box.stats()['last_seq'], image(bed.box.state())
    done = bed.sync(code=7)
    assert bed.writes(since) == [] and image(bed.box.state()) == before, (why, done)
    assert done.audit is None and 'nothing was written' in done.err, (why, done)
    return done


def each_refused(cases):
    def one(case):
        switches, options = case
        with ScimBed(users=65, switches=switches, options=options) as bed:
            bed.every_kind(1)
            bed.rows = bed.rows[:40]  # who is cut off in the roster must not be created, nor the rest go
            refused(bed, case)
            if switches.get('fault'):
                bed.box.switch(fault='off')
                assert bed.plan().planned(), 'without faults there is a plan'
    together(one, cases)


def test_pages():
    '''fact sheet 1: services cap the count, and may repeat the count asked for as itemsPerPage;
    fact sheet 2: a page shorter than asked is not the last; beyond the end there is nothing,
    an earlier page again, or an error'''
    together(whole_run, [(dict(page, beyond=beyond), {'page_size': size})
                         for page in ({'page_max': '20'}, {'page_max': '20', 'items_per_page': 'asked'},
                                      {'page_max': '20', 'page_short': '3'},
                                      {'page_max': '20', 'page_short': '7', 'items_per_page': 'asked'})
                         for beyond, size in (('empty', 100), ('again', 20), ('error', 7))]
             + [({'page_max': '65'}, {}), ({'page_max': '5'}, {'page_size': 1000}),
                ({'page_max': '1000', 'beyond': 'again'}, {'page_size': 65}),
                ({'page_max': '20', 'sort': 'off', 'case': 'strict'}, {'sort_by': 'userName'}),
                ({'page_max': '1000', 'beyond': 'error'}, {'page_size': 13})])


def test_totals():
    '''a total of all proves a listing; one of the page alone, or none, does not, and two passes that agree
    do'''
    together(whole_run, [({'total': 'right', 'page_max': '20'}, TWO_PASSES),
                         ({'total': 'off', 'page_max': '20'}, TWO_PASSES),
                         ({'total': 'page', 'page_max': '20'}, TWO_PASSES),
                         ({'total': 'off', 'page_max': '20', 'page_short': '3', 'beyond': 'again'},
                          TWO_PASSES),
                         ({'total': 'off', 'page_max': '20', 'beyond': 'error'}, TWO_PASSES),
                         ({'total': 'page', 'page_max': '100'}, TWO_PASSES)])
    each_refused([({'total': 'off', 'page_max': '20'}, SMALL), ({'total': 'page', 'page_max': '20'}, SMALL),
                  ({'total': 'page', 'page_max': '100'}, {})])


def test_the_text_says_what_to_set():
    '''a listing that the total does not prove names the option that helps'''
    for total in ('off', 'page'):
        for most in ('20', '100'):
            with ScimBed(users=65, switches={'total': total, 'page_max': most},
                         options={'read_tries': 2}) as bed:
                said = refused(bed, total).err
                assert 'two_passes' in said, (total, most, said)


def test_cursors():
    '''RFC 9865: a service that pages by cursor alone, or by both; and a job that asks by index where that is
    refused'''
    together(whole_run, [({'paging': 'cursor', 'page_max': '20'}, CURSOR),
                         ({'paging': 'both', 'page_max': '20'}, CURSOR),
                         ({'paging': 'both', 'page_max': '20'}, SMALL),
                         ({'paging': 'cursor', 'page_max': '7', 'page_short': '2'}, CURSOR),
                         ({'paging': 'cursor', 'page_max': '1000'}, CURSOR)])
    with ScimBed(users=65, switches={'paging': 'cursor', 'page_max': '20'}) as bed:
        said = bed.sync(code=7).err
        assert 'startIndex is not supported' in said and bed.writes() == [], said


def test_spoilt_pages():
    '''pages dropped, repeated, empty, or failing in every reading: exit 7, nothing written'''
    once = {'read_tries': 1}
    cases = [({'page_max': '20', 'fault': ['Users.list:every2:' + kind]}, dict(SMALL, **once))
             for kind in ('page_drop', 'page_empty', 'error200', 'garbage', 'truncate')]
    cases += [({'page_max': '20', 'fault': ['Users.list:every3:' + kind]}, dict(TWO_PASSES, **once))
              for kind in ('page_drop', 'page_empty')]
    cases += [({'page_max': '20', 'fault': ['Users.list:3+:' + kind]}, dict(SMALL, **once))
              for kind in ('page_repeat', 'status:500', 'html:200', 'text:200', 'empty200', 'reset',
                           'hangup')]
    cases += [({'paging': 'cursor', 'page_max': '20', 'fault': ['Users.list:every3:page_drop']},
               dict(CURSOR, **once))]
    each_refused(cases)


def test_cut_pages():
    '''a page cut short is a short page: the rest of it is asked for, and everybody is seen'''
    for options in (SMALL, TWO_PASSES):
        for fault in ('Users.list:2-7:page_cut', 'Users.list:2-9:page_cut:90', 'Users.list:3:page_cut:10'):
            whole_run(({'page_max': '20', 'fault': [fault]}, options))


def test_a_page_spoilt_once():
    '''one spoilt page is read again, or the whole listing is: the plan is the same as without it'''
    def one(case):
        options, page, kind = case
        paging = {'paging': 'cursor'} if options is CURSOR else {}
        with ScimBed(users=65, switches=dict(paging, page_max='20'),
                     options=dict(options, read_tries=4)) as bed:
            bed.every_kind(1)
            clean = bed.plan().audit['run']['plan_sha256']
            bed.box.switch(fault=['Users.list:%d:%s' % (page, kind)])
            done = bed.plan()
            assert sum(f['fired'] for f in bed.box.stats()['faults']) == 1, case
            assert done.audit['run']['plan_sha256'] == clean, (case, done)
            assert bed.writes() == []
    together(one, [(SMALL, page, kind) for page in (2, 4)
                   for kind in ('page_drop', 'page_cut', 'page_empty', 'status:503', 'truncate')]
             + [(SMALL, 3, kind)
                for kind in ('page_repeat', 'garbage', 'empty200', 'reset', 'throttle', 'error200')]
             + [(TWO_PASSES, 3, kind) for kind in ('page_drop', 'page_cut', 'status:500')]
             + [(CURSOR, 3, kind) for kind in ('page_drop', 'page_cut', 'status:500')])


def test_came_while_listed():
    '''a user who comes while the roster is read changes the total: it is read again, and he is seen'''
    with ScimBed(users=65, switches={'page_max': '20', 'latency': '80'}) as bed:
        bed.set_job(target={'concurrency': 1})
        bed.write_feed()
        process = bed.start('sync', bed.job_path)
        harness.wait_until(lambda: bed.box.stats()['endpoints']['Users.list']['calls'] >= 3
                           or process.poll() is not None)
        bed.box.user(id='0-new-here', userName='new.here@example.com', active=True)
        done = bed.look_at(bed.finish(process))
        assert done.code == 0 and done.audit['tenant']['users'] == 66 and bed.writes() == [], done


def test_sorted_and_all_attributes():
    '''options sort_by and ask_attributes: what is asked for, and the same plan'''
    plans = set()
    for options in ({}, {'sort_by': 'userName'}, {'sort_by': 'id'}, {'ask_attributes': False}):
        with ScimBed(users=65, switches={'page_max': '20'}, options=options) as bed:
            want = bed.every_kind(1)
            plan = bed.plan()
            assert plan.planned() == want
            plans.add(str(sorted((one['change']['kind'], one['change']['key']) for one in plan.changes)))
            asked = ' '.join(one['path'] for one in bed.box.log() if one['endpoint'] == 'Users.list')
            if '?' in asked:
                assert ('sortBy=' in asked) == ('sort_by' in options), asked
    assert len(plans) == 1


def look_up(**more):
    return dict({'roster': 'look_up'}, **more)


REPORTED = {'absent': 'report'}  # nobody can be told to be absent


def test_look_up():
    '''fact sheet 2: whether userName eq minds case differs, and that nothing was found proves something
    only where it does not: creates go there, and are held (exit 5) elsewhere; absence means nothing'''
    for case, code in (('ignore', 0), ('exact', 5)):
        with ScimBed(users=60, switches={'user_name_case': case}, options=look_up(), job=REPORTED) as bed:
            plain = bed.plain_people()
            plain[0]['Department'] = 'New'
            plain[1]['Status'] = 'Terminated'
            plain[2]['Manager ID'] = next(b['Employee ID'] for b in bed.bosses()
                                          if b['Employee ID'] != plain[2]['Manager ID'])
            gone = plain[3]
            bed.rows.remove(gone)
            bed.joiner('J00000', **{'Manager ID': plain[2]['Manager ID']})
            bed.joiner('J00001', **{'Manager ID': 'J00000'})
            done = bed.sync(code=code)
            creates = 2 if case == 'ignore' else 0
            assert done.outcomes.get('applied') == 3 + creates, (case, done)
            assert bed.writes().count('Users.create') == creates
            proof = done.audit['tenant']['proof']
            assert proof == ('looked-up' if creates else 'found'), done.audit['tenant']
            assert bed.user(gone['Employee ID'])['active'] is True, 'absence means nothing'
            if not creates:
                assert done.holds() == {'no_proof': 2}, done.holds()
            again = bed.sync(code=code)
            assert again.planned() == {}, again
            assert all(one['path'].count('startIndex') == 0 for one in bed.box.log())


def test_look_up_in_another_case():
    '''whoever stands there in another case is found and not created again, or creates are held'''
    for case in ('ignore', 'exact'):
        with ScimBed(users=60, switches={'user_name_case': case}, options=look_up(), job=REPORTED) as bed:
            bare = next(user for user in bed.box.state()['users'] if 'externalId' not in user)
            bed.box.user(id=bare['id'], userName=bare['userName'].title())
            row = bed.joiner('E00031', Login=bare['userName'].upper())
            done = bed.sync(code=None)
            assert 'Users.create' not in bed.writes(), (case, done)
            if case == 'ignore':
                assert done.code == 0 and bed.user('E00031')['id'] == bare['id'], done
                assert row['Login'].lower() == bed.user('E00031')['userName'].lower()
            else:
                assert done.code == 5 and done.holds() == {'no_proof': 1}, done


def test_look_up_odd_keys():
    '''keys with quotes, backslashes, ampersands, plus signs, percent signs and letters beyond ASCII are
    looked up'''
    with ScimBed(users=60, options=look_up(),
                 job=dict(REPORTED, match=['userName'], manager={'key': 'userName'})) as bed:
        names = ['a"b@example.com', 'a\\b@example.com', 'a&b=c@example.com', 'a+b@example.com',
                 'a%41b@example.com', 'a b#c?@example.com', 'zo\u00eb@example.com', "o'neill@example.com"]
        logins = {row['Employee ID']: row['Login'] for row in bed.rows}
        for row, name in zip(bed.plain_people(), names):
            bed.box.user(id=bed.id(row['Employee ID']), userName=name)
            logins[row['Employee ID']] = name
        for row in bed.rows:
            row['Login'] = logins[row['Employee ID']]
            row['Manager ID'] = logins.get(row['Manager ID'], '')
        done = bed.sync()
        assert done.changes == [] and done.audit['tenant']['users'] >= len(bed.rows) - 1, done


def test_look_up_without_a_filter():
    '''a service that says it does not filter cannot be looked up in: exit 3, and the text says what to do;
    one that says nothing is found out: exit 7; one that filters by userName and externalId alone will do'''
    with ScimBed(users=60, switches={'filter': 'off'}, options=look_up(), job=REPORTED) as bed:
        bed.write_feed()
        said = bed.call('sync', bed.job_path, code=3).err
        assert '$.target.options.roster' in said and 'filter' in said and "'list'" in said, said
        bed.set_options(discovery='off')
        bed.allowed = {'bad_value'}
        since = bed.box.stats()['last_seq']
        said = bed.sync(code=7).err
        assert 'invalidFilter' in said and bed.writes(since) == [], said
    with ScimBed(users=60, switches={'filter': 'user_name'}, options=look_up(), job=REPORTED) as bed:
        bed.plain_people()[0]['Department'] = 'New'
        bed.joiner('J00000')
        assert bed.sync().outcomes == {'applied': 2}
        assert bed.sync().changes == []


def test_no_filter_and_a_listing():
    '''a service that is listed needs no filter: what became of lost answers is then listed too'''
    with ScimBed(users=60,
                 switches={'filter': 'off', 'page_max': '20',
                           'fault': ['Users.create:1:reset_after']}) as bed:
        bed.joiner('J00000')
        bed.joiner('J00001')
        done = bed.sync(code=None)
        bed.only_once()
        assert done.code == 0 and done.outcomes == {'applied': 2}, done
        assert bed.sync().changes == []


def test_look_up_and_standard_input():
    '''a feed on standard input cannot be read twice, which looking up needs: exit 3'''
    with ScimBed(users=60, options=look_up(), job={'feed': {'path': '-'}}) as bed:
        said = bed.call('sync', bed.job_path, code=3, text=b'').err
        assert 'look_up' in said or 'looked up' in said, said
        assert bed.writes() == []


def test_options_that_contradict():
    '''options that cannot go together are mistakes in the job, without any call'''
    with ScimBed(users=40) as bed:
        bed.write_feed()
        for options, word in (({'roster': 'look_up', 'proof': 'two_passes'}, 'proof'),
                              ({'roster': 'look_up', 'paging': 'cursor'}, 'paging'),
                              ({'sort_by': 'emails[type eq "work"]'}, 'sort_by'),
                              ({'token_url': 'https://127.0.0.1/token'}, 'token_url')):
            job = merge(bed.job, {})
            bed.set_options(**options)
            said = bed.call('check', '--offline', bed.job_path, code=3).err
            assert '$.target.options.%s' % word in said, said
            bed.job = job
        assert bed.box.log() == []


if __name__ == '__main__':
    harness.run(globals())
