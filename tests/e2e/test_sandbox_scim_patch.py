"""The emulator's SCIM PATCH: every shape, taken and refused (RFC 7644 3.5.2; fact sheet 2)."""

import harness
from harness import ENTERPRISE, Scim
from test_sandbox_scim import plain_user, refused

BOX = {'vendor': 'scim', 'users': 60}

DEPARTMENT = ENTERPRISE + ':department'
MANAGER = ENTERPRISE + ':manager'


def stored(box, user):
    return {k: v for k, v in box.users()[user].items() if k != 'meta'}


def applied(box, user, *operations):
    """What a PATCH made of a user, which the answer shows as well."""
    answer = Scim(box).patch(user, *operations)
    assert answer.status == 200, (operations, answer)
    now = stored(box, user)
    for name, value in now.items():
        if name != ENTERPRISE:
            assert answer.json()[name] == value, name
    return now


# ---- attributes ----

def test_simple_attributes(box):
    """replace and add by path and by value, remove by path"""
    user = plain_user(box)['id']
    was = stored(box, user)
    assert applied(box, user, ('replace', 'title', 'A')) == {**was, 'title': 'A'}
    assert applied(box, user, ('add', 'title', 'B')) == {**was, 'title': 'B'}
    both = {'title': 'C', 'nickName': 'N'}
    assert applied(box, user, ('replace', None, both)) == {**was, **both}
    now = applied(box, user, ('remove', 'title', ...), ('add', None, {'locale': 'fr-CA'}),
                  ('replace', 'nickName', None))
    assert now == {**{k: v for k, v in was.items() if k != 'title'}, 'locale': 'fr-CA'}
    assert applied(box, user, ('replace', 'externalId', 'X1'))['externalId'] == 'X1'
    assert applied(box, user, ('replace', 'active', False))['active'] is False
    assert box.rules() == []


def test_names(box):
    """name.givenName by path; the name as an object keeps what it does not mention"""
    user = plain_user(box)
    name = user['name']
    now = applied(box, user['id'], ('replace', 'name.givenName', 'Zoe'))
    assert now['name'] == {**name, 'givenName': 'Zoe'}
    now = applied(box, user['id'], ('replace', 'name', {'familyName': 'Q', 'middleName': 'M'}))
    assert now['name'] == {**name, 'givenName': 'Zoe', 'familyName': 'Q', 'middleName': 'M'}
    now = applied(box, user['id'], ('replace', None, {'name': {'middleName': None, 'givenName': 'Y'}}))
    assert now['name'] == {**name, 'givenName': 'Y', 'familyName': 'Q'}
    assert 'name' not in applied(box, user['id'], ('remove', 'name', ...))
    assert applied(box, user['id'], ('add', 'name.givenName', 'New'))['name'] == {'givenName': 'New'}
    assert box.rules() == []


def test_several_values(box):
    """emails as a whole, by filter, added, removed"""
    user = plain_user(box)['id']
    work, home = {'value': 'w@example.com', 'type': 'work'}, {'value': 'h@example.com', 'type': 'home'}
    assert applied(box, user, ('replace', 'emails', [work]))['emails'] == [work]
    assert applied(box, user, ('add', 'emails', [home]))['emails'] == [work, home]
    now = applied(box, user, ('replace', 'emails[type eq "work"].value', 'v@example.com'))
    assert now['emails'] == [{**work, 'value': 'v@example.com'}, home]
    now = applied(box, user, ('replace', 'emails[type eq "home"]', {'primary': True}))
    assert now['emails'] == [{**work, 'value': 'v@example.com'}, {**home, 'primary': True}]
    other = {'value': 'o@example.com', 'type': 'other', 'primary': True}
    now = applied(box, user, ('add', 'emails', [other]))
    assert [e.get('primary') for e in now['emails']] == [None, None, True]
    now = applied(box, user, ('remove', 'emails[type eq "other" or value sw "v@"]', ...))
    assert now['emails'] == [home]
    now = applied(box, user, ('remove', 'emails[type eq "home"].type', ...))
    assert now['emails'] == [{'value': 'h@example.com'}]
    assert applied(box, user, ('replace', 'emails.type', 'other'))['emails'][0]['type'] == 'other'
    assert 'emails' not in applied(box, user, ('remove', 'emails', ...))
    assert applied(box, user, ('add', 'phoneNumbers[type eq "mobile"].value', '+1'))['phoneNumbers'][-1] == {
        'type': 'mobile', 'value': '+1'}
    assert box.rules() == []


def test_operations_together(box):
    """all of them, or none"""
    user = plain_user(box)['id']
    was = stored(box, user)
    now = applied(box, user, ('replace', 'title', 'A'), ('replace', DEPARTMENT, 'Zoo'),
                  ('remove', 'locale', ...))
    assert now['title'] == 'A' and now[ENTERPRISE]['department'] == 'Zoo' and 'locale' not in now
    assert box.rules() == []
    was = stored(box, user)
    refused(Scim(box).patch(user, ('replace', 'title', 'B'), ('replace', 'shoeSize', '44')), 400,
            'invalidPath')
    assert stored(box, user) == was


def test_refused(box):
    """what no server takes, and whose mistake it is"""
    user = plain_user(box)['id']
    was = stored(box, user)
    for operation, kind, rule in (
            (('replace', 'shoeSize', '44'), 'invalidPath', 'unknown_attribute'),
            (('replace', None, {'shoeSize': '44'}), 'invalidPath', 'unknown_attribute'),
            (('replace', 'name.size', '44'), 'invalidPath', 'unknown_attribute'),
            (('replace', ENTERPRISE + ':size', '44'), 'invalidPath', 'unknown_attribute'),
            (('replace', ENTERPRISE, {'size': '44'}), 'invalidPath', 'unknown_attribute'),
            (('replace', 'emails[kind eq "x"].value', '44'), 'invalidPath', 'unknown_attribute'),
            (('replace', 'title)', 'x'), 'invalidPath', 'unknown_attribute'),
            (('add', 'name[givenName pr].familyName', 'x'), 'invalidPath', 'unknown_attribute'),
            (('replace', 'id', 'x'), 'mutability', 'unknown_attribute'),
            (('replace', 'groups', []), 'mutability', 'unknown_attribute'),
            (('remove', 'userName', ...), 'mutability', 'missing_key'),
            (('replace', 'userName', None), 'mutability', 'missing_key'),
            (('replace', 'title', 7), 'invalidValue', 'wrong_type'),
            (('replace', 'name', 'x'), 'invalidValue', 'wrong_type'),
            (('replace', 'emails', {'value': 'x'}), 'invalidValue', 'wrong_type'),
            (('replace', 'emails[type eq "work"]', 'x'), 'invalidValue', 'wrong_type'),
            (('replace', ENTERPRISE, 'x'), 'invalidValue', 'wrong_type'),
            (('replace', None, 'x'), 'invalidValue', 'wrong_type'),
            (('replace', 'title', ...), 'invalidValue', 'missing_key'),
            (('remove', None, ...), 'noTarget', 'missing_key'),
            (('move', 'title', 'x'), 'invalidSyntax', 'patch_op'),
            (('replace', 'emails', [{'value': 'a', 'primary': True}, {'value': 'b', 'primary': True}]),
             'invalidValue', 'bad_value')):
        box.reset_log()
        refused(Scim(box).patch(user, operation), 400, kind)
        assert box.rules() == [rule], (operation, box.violations())
    assert stored(box, user) == was
    box.reset_log()
    refused(Scim(box).call('PATCH', Scim.path(user), {'schemas': [Scim.MESSAGE + 'PatchOp']}), 400,
            'invalidSyntax')
    refused(Scim(box).call('PATCH', Scim.path(user), []), 400, 'invalidSyntax')
    refused(Scim(box).patch('nobody', ('replace', 'title', 'x')), 404)
    assert box.rules() == ['empty_update', 'unknown_user', 'wrong_type']


def test_careless(box):
    """what is taken, but a careful client does not do"""
    user = plain_user(box)
    scim, path = Scim(box), Scim.path(user['id'])
    deep = scim.operations(('replace', 'title', 'T1'))
    for body, rule in (
            (scim.operations(('Replace', 'title', 'T2')), 'patch_op'),
            (scim.operations(('replace', 'Title', 'T3')), 'spelling'),
            (scim.operations(('replace', None, {'name': {'GivenName': 'x'}})), 'spelling'),
            ({**deep, 'schemas': []}, 'schemas'),
            ({**deep, 'Operations': [{'op': 'replace', 'path': 'title', 'value': 'T5', 'note': 1}]},
             'unknown_key'),
            ({**deep, 'Operations': [{'op': 'replace', 'path': 'title', 'value': 'T6'}], 'x': 1},
             'unknown_key'),
            (scim.operations(('replace', 'title', 'T6')), 'no_change'),
            (scim.operations(('replace', 'title', 'T7'), ('replace', 'userName', user['userName'])),
             'unchanged_field'),
            (scim.operations(('replace', 'name', {'size': 'x', 'givenName': 'Jo'})), 'unknown_attribute'),
            (scim.operations(('replace', MANAGER + '.value', user['id'])), 'own_manager'),
            (scim.operations(('replace', MANAGER + '.value', 'nobody')), 'unknown_reference'),
            (scim.operations(('remove', 'locale', 'x')), 'patch_shape')):
        box.reset_log()
        assert scim.call('PATCH', path, body).status == 200, body
        assert box.rules() == [rule], (body, box.violations())
    assert box.users()[user['id']]['title'] == 'T7'
    assert box.users()[user['id']][ENTERPRISE]['manager'] == {'value': 'nobody'}


def test_twice_deactivated(box):
    """deactivating who is inactive already, unless it happened behind the client's back"""
    user, scim = plain_user(box)['id'], Scim(box)
    for _ in range(2):
        assert scim.patch(user, ('replace', 'active', False)).status == 200
    assert box.rules() == ['no_change', 'same_status']
    box.reset_log()
    assert scim.patch(user, ('replace', 'active', True)).status == 200
    box.user(id=user, active=False)
    assert scim.patch(user, ('replace', 'active', False)).status == 200
    assert box.rules() == []


def test_user_name(box):
    """a userName that is taken"""
    user, other = plain_user(box)['id'], box.state()['users'][0]
    refused(Scim(box).patch(user, ('replace', 'userName', other['userName'])), 409, 'uniqueness')
    assert box.rules() == ['create_exists']
    assert applied(box, user, ('replace', 'userName', 'x@example.com'))['userName'] == 'x@example.com'
    assert Scim(box).list(filter='userName eq "X@example.com"').json()['totalResults'] == 1


# ---- switches ----

def test_patch(box):
    """fact sheet 1: patch.supported; there are servers with PUT only"""
    user, group = plain_user(box)['id'], box.groups()['Sales']['id']
    box.switch(patch='off')
    refused(Scim(box).patch(user, ('replace', 'title', 'x')), 501)
    refused(Scim(box).patch(group, ('replace', 'displayName', 'x'), kind='Groups'), 501)
    box.switch(patch='on')
    assert applied(box, user, ('replace', 'title', 'x'))['title'] == 'x'


SHAPES = {
    'path': lambda value: ('replace', DEPARTMENT, value),
    'object': lambda value: ('replace', ENTERPRISE, {'department': value}),
    'value': lambda value: ('replace', None, {ENTERPRISE: {'department': value}}),
}


def test_patch_extension(box):
    """fact sheet 2: of three shapes a server takes one; to the rest it says 400, or 200 and does not apply"""
    user, scim = plain_user(box)['id'], Scim(box)
    for taken in ('all', 'path', 'object', 'value', 'none'):
        for shape, operation in SHAPES.items():
            value = taken + ' ' + shape
            was = stored(box, user)
            box.switch(patch_extension=taken, patch_refuse='error')
            if taken in ('all', shape):
                now = applied(box, user, operation(value))
                assert now == {**was, ENTERPRISE: {**was[ENTERPRISE], 'department': value}}, value
                continue
            refused(scim.patch(user, operation(value)), 400, 'invalidPath')
            box.switch(patch_refuse='ignore')
            assert applied(box, user, operation(value)) == was, value
            now = applied(box, user, ('replace', 'title', value), operation(value))
            assert now == {**was, 'title': value}, value
    assert box.rules() == []
    box.switch(patch_extension='all')
    assert 'department' not in applied(box, user, ('remove', DEPARTMENT, ...))[ENTERPRISE]
    assert ENTERPRISE not in applied(box, user, ('remove', ENTERPRISE, ...))
    assert applied(box, user, SHAPES['path']('new'))[ENTERPRISE] == {'department': 'new'}


MANAGERS = {
    'value': lambda value: ('replace', MANAGER + '.value', value),
    'object': lambda value: ('replace', MANAGER, {'value': value}),
    'text': lambda value: ('replace', MANAGER, value),
}


def test_patch_manager(box):
    """fact sheet 2: a path to manager with {"value": id}, to manager.value, or with the id"""
    user, scim = plain_user(box)['id'], Scim(box)
    others = [u for u in box.users() if u != user]
    for taken in ('all', 'value', 'object', 'text'):
        for shape, operation in MANAGERS.items():
            box.switch(patch_manager=taken, patch_refuse='error')
            wanted, was = others.pop(), stored(box, user)
            if taken in ('all', shape):
                assert applied(box, user, operation(wanted))[ENTERPRISE]['manager'] == {'value': wanted}
                continue
            refused(scim.patch(user, operation(wanted)), 400, 'invalidPath')
            box.switch(patch_refuse='ignore')
            assert applied(box, user, operation(wanted)) == was, (taken, shape)
        box.switch(patch_extension='object')
        inside = others.pop() if taken == 'text' else {'value': others.pop()}
        now = applied(box, user, ('replace', ENTERPRISE, {'manager': inside}))[ENTERPRISE]
        assert now['manager'] == (inside if isinstance(inside, dict) else {'value': inside})
        box.switch(patch_extension='all')
        assert 'manager' not in applied(box, user, ('remove', MANAGER, ...))[ENTERPRISE], taken
    box.switch(patch_extension='none', patch_refuse='error')
    refused(scim.patch(user, MANAGERS['value'](others[0])), 400, 'invalidPath')
    assert box.rules() == []


def test_patch_filter(box):
    """fact sheet 2: a path with a filter is taken, answered 400, or answered 200 and not applied"""
    user, scim = plain_user(box)['id'], Scim(box)
    operation = ('replace', 'emails[type eq "work"].value', 'new@example.com')
    assert applied(box, user, operation)['emails'][0]['value'] == 'new@example.com'
    was = stored(box, user)
    box.switch(patch_filter='off')
    operation = operation[:2] + ('newer@example.com',)
    refused(scim.patch(user, operation), 400, 'invalidPath')
    box.switch(patch_refuse='ignore')
    assert applied(box, user, operation) == was
    whole = [{'value': 'newest@example.com', 'type': 'work'}]
    assert applied(box, user, ('replace', 'emails', whole))['emails'] == whole
    assert box.rules() == []


def test_patch_no_match(box):
    """RFC 7644 3.5.2.3: noTarget where the filter matches nothing; some servers add"""
    user, scim = plain_user(box)['id'], Scim(box)
    operation = ('replace', 'emails[type eq "home"].value', 'home@example.com')
    was = stored(box, user)
    refused(scim.patch(user, operation), 400, 'noTarget')
    assert stored(box, user) == was
    box.switch(patch_no_match='add')
    added = {'type': 'home', 'value': 'home@example.com'}
    assert applied(box, user, operation)['emails'] == was['emails'] + [added]
    assert box.rules() == []


def test_patch_answer(box):
    """fact sheet 1: 200 with the user, or 204 without a body"""
    user, scim = plain_user(box)['id'], Scim(box)
    box.switch(patch_answer='204')
    answer = scim.patch(user, ('replace', 'title', 'A'))
    assert answer.status == 204 and answer.body == b'' and stored(box, user)['title'] == 'A'
    box.switch(patch_answer='200')
    answer = scim.patch(user, ('replace', 'title', 'B'), query={'attributes': 'title'})
    assert answer.json() == {'schemas': answer.json()['schemas'], 'id': user, 'title': 'B'}


def test_nochange(box):
    """fact sheet 2: a PATCH that changes nothing may be 204"""
    user, group, scim = plain_user(box)['id'], box.groups()['Sales'], Scim(box)
    same = ('replace', 'title', stored(box, user)['title'])
    again = ('add', 'members', [{'value': sorted(group['members'])[0]}])
    for value in (200, 204):
        box.switch(nochange=str(value))
        assert scim.patch(user, same).status == value
        assert scim.patch(group['id'], again, kind='Groups').status == value
        assert scim.patch(user, ('replace', 'nickName', str(value))).status == 200


def test_active(box):
    """fact sheet 2 (PATCH shapes): active as a boolean, as a string, or either; shown as a boolean"""
    user, scim = plain_user(box)['id'], Scim(box)
    forms = {'boolean': (False, True), 'string': ('False', 'true')}
    for taken in ('boolean', 'string', 'both'):
        box.switch(active=taken)
        for form, values in forms.items():
            for value, meant in zip(values, (False, True)):
                for operation in (('replace', 'active', value), ('replace', None, {'active': value})):
                    box.user(id=user, active=not meant)
                    if taken in (form, 'both'):
                        assert applied(box, user, operation)['active'] is meant
                    else:
                        refused(scim.patch(user, operation), 400, 'invalidValue')
            answer = scim.create(userName='%s.%s@example.com' % (taken, form), active=values[0])
            assert answer.status == (201 if taken in (form, 'both') else 400)
            assert answer.status == 400 or answer.json()['active'] is False
    refused(scim.patch(user, ('replace', 'active', 'no')), 400, 'invalidValue')
    assert box.rules() == []


def test_rewrite(box):
    """fact sheet 2: displayName filled from userName, name.formatted built, phone numbers as digits"""
    scim = Scim(box)
    sent = {'name': {'givenName': 'Al', 'familyName': 'Bo', 'formatted': 'Dr. Bo'},
            'phoneNumbers': [{'value': '+1 (22) 33', 'type': 'work'}]}
    plain = scim.create(**sent).json()
    assert 'displayName' not in plain and plain['name'] == sent['name']
    assert plain['phoneNumbers'] == sent['phoneNumbers']
    box.switch(rewrite='on')
    user = scim.create(userName='b@example.com', **sent).json()
    assert user['displayName'] == 'b@example.com' and user['name']['formatted'] == 'Al Bo'
    assert user['phoneNumbers'] == [{'value': '12233', 'type': 'work'}]
    now = scim.patch(user['id'], ('replace', 'name.familyName', 'Co'), ('remove', 'displayName', ...)).json()
    assert now['name']['formatted'] == 'Al Co' and now['displayName'] == 'b@example.com'
    now = scim.patch(user['id'], ('replace', 'name.formatted', 'Other')).json()
    assert now['name']['formatted'] == 'Al Co' and box.rules() == []
    assert scim.patch(user['id'], ('replace', 'displayName', 'Al')).json()['displayName'] == 'Al'


def test_lower_user_name(box):
    """fact sheet 2: some servers rewrite what they store: userName in lower case"""
    scim = Scim(box)
    assert scim.create(userName='A@Example.com').json()['userName'] == 'A@Example.com'
    box.switch(lower_user_name='on')
    user = scim.create(userName='B@Example.com').json()
    assert user['userName'] == 'b@example.com'
    assert scim.patch(user['id'], ('replace', 'userName', 'C@x.com')).json()['userName'] == 'c@x.com'
    assert box.rules() == []


if __name__ == '__main__':
    harness.run(globals())
