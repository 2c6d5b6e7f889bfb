"""Writing at services that differ: shapes of PATCH, whole users by PUT, conditional writes, values that are
rewritten."""

import harness
from bed import together
from harness import ENTERPRISE, wait_until
from scim_bed import BADGE, PLAIN, ScimBed, image, manager_of, part

SHAPES = {'patch_shape': ('paths', 'value'), 'extension_shape': ('path', 'object', 'value'),
          'manager_shape': ('value', 'object', 'text')}


def every_write(bed):
    """People for each kind of write that a PATCH has."""
    plain = bed.plain_people()
    back = next(row for row in bed.rows if row['Status'] == 'Terminated')
    back.update({'Status': 'Active', 'Department': 'Back again'})
    plain[0].update({'First Name': 'Other', 'Job Title': 'Other'})
    plain[1].update({'Department': 'Other', 'Cost Center': 'CC-999'})
    plain[2].update({'Email': 'other.address@example.com', 'Mobile': '+49-170-1'})
    boss = [row['Employee ID'] for row in bed.bosses()]
    plain[3]['Manager ID'] = next(one for one in boss if one != plain[3]['Manager ID'])
    plain[4].update({'Manager ID': next(one for one in boss if one != plain[4]['Manager ID']),
                     'Division': 'X',
                     'Display Name': 'Everything', 'Mobile': '+49-170-2'})
    plain[5]['Status'] = 'Terminated'
    bed.joiner('J00000', **{'Manager ID': boss[0]})
    bed.joiner('J00001', **{'Manager ID': 'J00000'})


def prepared():
    with ScimBed(users=60) as bed:
        state = bed.box.state()
        every_write(bed)
        done = bed.sync()
        assert set(done.outcomes) == {'applied'}
        return state, bed.rows, sum(done.outcomes.values()), image(bed.box.state())


def ends_as(prepared_state, switches, options, **job):
    """A whole run with these switches and options: everything is applied, the outcome is the undisturbed
    one's."""
    state, rows, n, expected = prepared_state
    with ScimBed(state=state, switches=switches, options=options, job=job) as bed:
        bed.rows = rows
        done = bed.sync()
        assert done.outcomes == {'applied': n}, (switches, options, done)
        assert image(bed.box.state()) == expected, (switches, options)
        bed.only_once()
        assert bed.sync().changes == [], (switches, options)
        return bed.writes()


def test_shapes_taken():
    '''fact sheet 2: an extension's attribute by its path, an object at its URN, or a value without path;
    the manager in three forms; every shape where it alone is taken, refused ones by an error or in silence'''
    ready = prepared()
    cases = []
    for refuse in ('error', 'ignore'):
        for shape in SHAPES['extension_shape']:
            manager = ('object', 'text', 'value')[SHAPES['extension_shape'].index(shape)]
            cases.append(({'patch_extension': shape, 'patch_refuse': refuse},
                          {'extension_shape': shape, 'manager_shape': manager}))
        cases += [({'patch_manager': shape, 'patch_refuse': refuse}, {'manager_shape': shape})
                  for shape in SHAPES['manager_shape']]
    cases += [({'patch_extension': 'value'}, {'patch_shape': 'value', 'extension_shape': 'value'}),
              ({}, {'patch_shape': 'value'})]
    for bulk in ({}, {'bulk': 'on'}):
        together(lambda case, bulk=bulk: ends_as(ready, dict(case[0], **bulk), case[1]), cases, at_once=4)


def test_shapes_refused():
    '''fact sheet 2: a shape that is answered by 400 is a failed change; one that is taken by 200 and not
    applied is not visible: both named, by attribute, exit 6, and never called applied'''
    cases = [(switches, options, column) for switches, options, column in (
        ({'patch_extension': 'object'}, {'extension_shape': 'path'}, 'Department'),
        ({'patch_extension': 'path'}, {'extension_shape': 'value'}, 'Department'),
        ({'patch_extension': 'none'}, {'extension_shape': 'object'}, 'Department'),
        ({'patch_manager': 'text'}, {'manager_shape': 'object'}, 'Manager ID'),
        ({'patch_manager': 'value'}, {'manager_shape': 'text'}, 'Manager ID'),
        ({'patch_manager': 'object'}, {'manager_shape': 'value'}, 'Manager ID'),
        ({'patch_filter': 'off'}, {}, 'Email'))]

    def one(case):
        switches, options, column, refuse, bulk = case
        named = {'Department': 'department', 'Manager ID': 'manager', 'Email': 'emails'}[column]
        with ScimBed(users=60, switches=dict(switches, patch_refuse=refuse, bulk=bulk), options=options,
                     job={'visible_timeout': '1s'}) as bed:
            bad, good = bed.plain_people()[:2]
            good['Job Title'] = 'Fine'
            if column == 'Manager ID':
                bad[column] = next(row['Employee ID'] for row in bed.bosses()
                                   if row['Employee ID'] != bad['Manager ID'])
            else:
                bad[column] = 'bad@example.com'
            before = bed.user(bad['Employee ID'])
            done = bed.sync(code=6)
            outcome = 'failed' if refuse == 'error' else 'not_visible'
            assert done.outcomes == {'applied': 1, outcome: 1}, (case, done)
            told = done.of(bad['Employee ID'])[0]
            assert told['outcome'] == outcome and bad['Employee ID'] in done.out, (case, done)
            if refuse == 'error':
                assert '400' in told['text'], (case, told)
            else:
                assert named in told['text'], (case, told)
            assert bed.user(bad['Employee ID']) == before, case
    together(one, [case + (refuse, bulk) for case in cases for refuse in ('error', 'ignore')
                   for bulk in ('off', 'on')], at_once=6)


def test_value_filters_in_paths():
    '''fact sheet 2: emails[type eq "work"].value may not be taken as a path, and a replace that matches
    nothing may be an error: PUT does both; where nothing matches, it is added'''
    ready = prepared()
    together(lambda case: ends_as(ready, *case), [
        ({'patch_filter': 'off'}, {'update_by': 'put'}), ({'patch_no_match': 'error'}, {}),
        ({'patch_no_match': 'add'}, {}), ({'patch_no_match': 'add'}, {'extension_shape': 'object'})])


def test_answers_of_a_patch():
    '''fact sheet 1: PATCH answers 200 with the user or 204 without a body; fact sheet 2: 204 for one that
    changes nothing'''
    ready = prepared()
    together(lambda case: ends_as(ready, *case), [
        ({'patch_answer': answer, 'nochange': nochange, 'bulk': bulk}, {}) for answer in ('200', '204')
        for nochange in ('200', '204') for bulk in ('off', 'on')])


def test_media_types():
    '''fact sheet 1: bodies as application/scim+json or application/json; errors as either'''
    ready = prepared()
    assert ends_as(ready, {}, {'media_type': 'application/scim+json'})
    with ScimBed(users=60, options={'media_type': 'application/json'}) as bed:
        bed.allowed = {'content_type'}  # the emulator is stricter than the fact sheet
        want = bed.every_kind(1)
        assert bed.sync().outcomes == {'applied': sum(want.values())}
    for kind in ('scim', 'json'):
        with ScimBed(users=60, switches={'error_type': kind}, options={'schemas': 'off'},
                     job={'attributes': {ENTERPRISE + ':shoeSize': 'Division'}}) as bed:
            bed.allowed = {'unknown_attribute'}
            for row in bed.rows:
                row['Division'] = ''
            one = bed.plain_people()[0]
            one['Division'] = '42'
            done = bed.sync(code=6)
            assert 'shoeSize' in done.of(one['Employee ID'])[0]['text'] and '400' in done.out, (kind, done)


def test_active_as_text():
    '''fact sheet 2: active as a boolean or as text, each where it alone is taken; the wrong one is refused'''
    ready = prepared()
    together(lambda case: ends_as(ready, *case), [
        ({'active': 'string'}, {'active_shape': 'string'}), ({'active': 'both'}, {'active_shape': 'string'}),
        ({'active': 'both'}, {}), ({'active': 'string', 'bulk': 'on'}, {'active_shape': 'string'}),
        ({'active': 'string'}, {'active_shape': 'string', 'update_by': 'put'})])
    with ScimBed(users=60, switches={'active': 'string'}) as bed:
        one = bed.plain_people()[0]
        one['Status'] = 'Terminated'
        done = bed.sync(code=6)
        assert done.outcomes == {'failed': 1} and bed.user(one['Employee ID'])['active'] is True
        assert 'active' in done.of(one['Employee ID'])[0]['text'], done.changes


def test_put_loses_nothing():
    '''a user who is put back whole keeps what the job does not map: a profile's address, other addresses,
    an extension that nobody told us of'''
    keep = {'profileUrl', 'nickName', 'locale', 'timezone', 'preferredLanguage', 'userType', 'roles',
            'entitlements',
            'addresses', BADGE}
    for switches in ({}, {'patch': 'off'}, {'etag': 'on'}, {'etag': 'on', 'etag_required': 'on'},
                     {'bulk': 'on'}):
        options = {'update_by': 'put'} if switches != {'bulk': 'on'} else {'update_by': 'put', 'bulk': 'off'}
        with ScimBed(users=100, switches=switches, options=options) as bed:
            before = {user['id']: user for user in bed.box.state()['users']}
            want = bed.every_kind(3)
            for row in bed.plain_people():
                row['Job Title'] = 'Put ' + row['Job Title']
            done = bed.sync()
            assert set(done.outcomes) == {'applied'}, (switches, done)
            assert sum(done.outcomes.values()) > sum(want.values())
            assert 'Users.patch' not in bed.writes() and 'Users.replace' in bed.writes()
            bed.agrees()
            kept = 0
            for user in bed.box.state()['users']:
                was = before.get(user['id'], {})
                for name in keep & set(was):
                    assert user.get(name) == was[name], (switches, name, user, was)
                    kept += 1
                assert part(user, 'phoneNumbers[type eq "work"].value') == part(
                    was or user, 'phoneNumbers[type eq "work"].value')
            assert kept > 100
            assert bed.sync().changes == []


def test_no_patch_here():
    '''a service that says it has no PATCH: exit 3, and the text says what to set; one that says nothing
    refuses each change by itself, named'''
    with ScimBed(users=60, switches={'patch': 'off'}) as bed:
        bed.plain_people()[0]['Department'] = 'New'
        bed.write_feed()
        for verb in ('check', 'sync'):
            said = bed.call(verb, bed.job_path, code=3).err
            assert '$.target.options.update_by' in said and "'put'" in said, said
        bed.set_options(discovery='off')
        done = bed.sync(code=6)
        assert done.outcomes == {'failed': 1} and '501' in done.out, done
        bed.set_options(update_by='put')
        assert bed.sync().outcomes == {'applied': 1}


def test_put_of_somebody_gone():
    '''somebody who was deleted between the plan and the PUT: a change that failed, named; the others are
    applied'''
    for options in ({'update_by': 'put'}, {}):
        with ScimBed(users=60, options=options) as bed:
            rows = bed.plain_people()[:3]
            for row in rows:
                row['Department'] = 'Gone'
            bed.write_feed()
            bed.box.switch(latency='60')
            process = bed.start('sync', bed.job_path)
            wait_until(lambda bed=bed: bed.box.stats()['endpoints']['Users.list']['calls'] >= 3)
            gone = bed.id(rows[1]['Employee ID'])
            answer = harness.Scim(bed.box).delete(gone)
            assert answer.status == 204, answer
            bed.box.switch(latency='0')
            bed.allowed = {'unknown_user'}
            done = bed.look_at(bed.finish(process), whole=False)
            outcomes = {row['Employee ID']: [one['outcome'] for one in done.of(row['Employee ID'])]
                        for row in rows}
            assert outcomes[rows[0]['Employee ID']] == outcomes[rows[2]['Employee ID']] == ['applied'], done
            assert outcomes[rows[1]['Employee ID']] in (['failed'], ['stale']), done


def foreign_edit(bed, key, **attributes):
    user = bed.user(key)
    ours = {name: value for name, value in attributes.items()}
    if 'department' in ours:
        ours = {ENTERPRISE: dict(user[ENTERPRISE], department=ours['department'])}
    bed.box.user(id=user['id'], **ours)


def test_conditional_writes():
    '''fact sheet 1: with ETags every write is conditional; where they are not supported none is'''
    for required in ('off', 'on'):
        for more in ({}, {'bulk': 'on'}):
            ready = prepared()
            ends_as(ready, dict(more, etag='on', etag_required=required), {})
    # a service that has ETags and a job that forbids them
    with ScimBed(users=60, switches={'etag': 'on'}, options={'if_match': 'off'}) as bed:
        bed.allowed = {'no_if_match'}
        want = bed.every_kind(1)
        assert bed.sync().outcomes == {'applied': sum(want.values())}
        assert bed.box.rules() == ['no_if_match']
    with ScimBed(users=60, switches={'etag': 'on', 'etag_required': 'on'},
                 options={'if_match': 'off'}) as bed:
        bed.allowed = {'no_if_match'}
        one = bed.plain_people()[0]
        one['Department'] = 'New'
        done = bed.sync(code=6)
        assert done.outcomes == {'failed': 1}, done
        assert '428' in done.of(one['Employee ID'])[0]['text'], done.changes


def test_foreign_edit_before_the_write():
    '''fact sheet 1: 412 when stale. Somebody else changes a user between the listing and the write: another
    attribute, and ours is sent again; the same attribute, and it is stale, not overwritten; what we want,
    and there is nothing left to do'''
    for switches, options in (({}, {}), ({'bulk': 'on'}, {}), ({}, {'update_by': 'put'})):
        with ScimBed(users=60, switches=dict(switches, etag='on', latency='150', page_max='1000'),
                     options=options) as bed:
            rows = other, same, wanted, alone = bed.plain_people()[:4]
            for row in rows:
                row['Department'] = 'Ours'
            bed.set_job(target={'concurrency': 1})
            bed.write_feed()
            process = bed.start('sync', bed.job_path)
            # the second page, beyond the end, is asked for once the users were listed
            wait_until(lambda bed=bed: process.poll() is not None
                       or bed.box.stats()['endpoints']['Users.list']['calls']
                       >= 2)
            foreign_edit(bed, other['Employee ID'], title='Their title')
            foreign_edit(bed, same['Employee ID'], department='Theirs')
            foreign_edit(bed, wanted['Employee ID'], department='Ours')
            bed.box.switch(latency='0')
            done = bed.look_at(bed.finish(process), whole=False)
            case = (switches, options, done)
            outcome = {row['Employee ID']: done.of(row['Employee ID'], 'update')[0]['outcome']
                       for row in rows}
            assert outcome[alone['Employee ID']] == 'applied', case
            assert outcome[other['Employee ID']] == 'applied', case
            assert outcome[wanted['Employee ID']] in ('already', 'applied'), case
            assert outcome[same['Employee ID']] == 'stale' and done.code == 6, case
            assert bed.user(other['Employee ID'])['title'] == 'Their title'
            assert part(bed.user(other['Employee ID']), PLAIN['Department']) == 'Ours'
            assert part(bed.user(same['Employee ID']), PLAIN['Department']) == 'Theirs'
            assert same['Employee ID'] in done.out
            assert bed.sync(code=None).outcomes.get('applied', 0) >= 1


def test_rewritten_values():
    '''fact sheet 2: some services rewrite what they store. What never converges is not visible the first
    night (exit 6, named), and after that listed as not sticking and not sent again, until something changes
    or --retry-refused asks'''
    with ScimBed(users=60, switches={'rewrite': 'on'}, job={'visible_timeout': '1s'}) as bed:
        one, two = bed.plain_people()[:2]
        one['Mobile'] = '+49-170-5550001'
        two['Department'] = 'Fine'
        done = bed.sync(code=6)
        assert done.outcomes == {'applied': 1, 'not_visible': 1}, done
        assert 'phoneNumbers' in str(done.of(one['Employee ID'])[0]['text']), done.changes
        since = bed.box.stats()['last_seq']
        again = bed.sync()
        assert again.planned() == {} and bed.writes(since) == [], again
        assert 'does not stick' in again.out, again
        plan = bed.plan()
        assert 'does not stick' in plan.out and 'phoneNumbers' in plan.out, plan
        assert bed.sync('--retry-refused', code=6).outcomes == {'not_visible': 1}
        one['Mobile'] = '+49-170-5550002'
        assert bed.sync(code=6).outcomes == {'not_visible': 1}, 'another value is tried'
        one['Mobile'] = '491705550002'
        done = bed.sync()
        assert done.changes == [] and 'does not stick' not in done.out, done
        # a joiner too: created once, never sent again
        bed.joiner('J00000', Mobile='+49-170-5550003')
        bed.sync(code=6)
        done = bed.sync()
        assert done.planned() == {} and 'does not stick' in done.out, done
        bed.only_once()
    with ScimBed(users=60) as bed:  # without
        bed.plain_people()[0]['Mobile'] = '+49-170-5550001'
        assert bed.sync().outcomes == {'applied': 1}


def test_names_in_lower_case():
    '''a service that stores userName in lower case is not told again every night'''
    for stored in ('on', 'off'):
        with ScimBed(users=60, switches={'lower_user_name': stored}) as bed:
            bed.joiner('J00000', Login='New.Person@Example.com')
            bed.plain_people()[0]['Login'] = 'Other.Login@Example.com'
            assert bed.sync().outcomes == {'applied': 2}
            assert bed.sync().changes == []
            assert bed.user('J00000')['userName'] == ('new.person@example.com' if stored == 'on'
                                                      else 'New.Person@Example.com')


def test_primary_address():
    '''a service that wants a primary e-mail gets one with every joiner, unless the job says not to'''
    for required, mark, code in (('on', True, 0), ('off', True, 0), ('off', False, 0), ('on', False, 6)):
        for bulk in ('off', 'on'):
            with ScimBed(users=60, switches={'primary_required': required, 'bulk': bulk},
                         options={'mark_primary': mark}) as bed:
                bed.joiner('J00000')
                done = bed.sync(code=code)
                if code:
                    assert done.outcomes == {'failed': 1} and 'primary' in done.of('J00000')[0]['text'], done
                    assert bed.user('J00000') is None
                else:
                    assert done.outcomes == {'applied': 1}
                    primary = [one.get('primary', False) for one in bed.user('J00000')['emails']]
                    assert primary == [mark], (required, mark, primary)


def test_no_server_checks_the_manager():
    '''fact sheet 2: no server checks that the manager exists: who is unknown, oneself, leaving or in a ring
    is held'''
    with ScimBed(users=60) as bed:
        rows = unknown, own, ring_a, ring_b = bed.plain_people()[:4]
        unknown['Manager ID'] = 'E99999'
        own['Manager ID'] = own['Employee ID']
        ring_a['Manager ID'], ring_b['Manager ID'] = ring_b['Employee ID'], ring_a['Employee ID']
        done = bed.sync(code=None)
        assert done.code in (5, 6) and sum(done.holds().values()) >= 4, done
        assert bed.writes() == [] and bed.box.violations() == []
        for row in rows:
            assert manager_of(bed.user(row['Employee ID'])) != ''


if __name__ == '__main__':
    harness.run(globals())
