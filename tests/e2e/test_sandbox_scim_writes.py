"""The emulator's SCIM writes: create, PUT, delete, groups, ETags, throttling (RFC 7644; fact sheet 1, 2)."""

import email.utils
import time

import harness
from harness import ENTERPRISE, SCIM_TYPE, Scim
from test_sandbox_scim import BADGE, plain_user, refused

BOX = {'vendor': 'scim', 'users': 60}

STRANGER = '99999999-aaaa-4bbb-8ccc-000000000999'


def stored(box, user):
    return {k: v for k, v in box.users()[user].items() if k != 'meta'}


# ---- create ----

def test_create(box):
    """RFC 7644 3.3: 201 with the user and its place"""
    scim, boss = Scim(box), box.state()['users'][0]
    sent = {'userName': 'Nila@example.com', 'externalId': 'N1', 'name': {'givenName': 'Nila'},
            'active': False,
            'emails': [{'value': 'n@example.com', 'type': 'work', 'primary': True}],
            ENTERPRISE: {'department': 'Zoo', 'manager': {'value': boss['id']}}}
    answer = scim.create(**sent)
    assert answer.status == 201 and answer.headers['Content-Type'] == SCIM_TYPE
    user = answer.json()
    assert answer.headers['Location'] == user['meta']['location']
    assert user['schemas'] == [Scim.USER, ENTERPRISE]
    assert user[ENTERPRISE]['manager']['displayName'] == boss['displayName']
    assert stored(box, user['id']) == {'id': user['id'], **sent}
    assert scim.user(user['id']).json() == user and box.stats()['creates'] == {'Nila@example.com': 1}
    assert scim.create(userName='b@example.com', password='x', title='',
                       nickName=None).json()['active'] is True
    assert box.rules() == []


def test_create_refused(box):
    """what is missing, of the wrong type, or taken"""
    scim, user = Scim(box), box.state()['users'][3]
    for body, status, kind, rule in (
            ({'userName': ''}, 400, 'invalidValue', 'missing_key'),
            ({'userName': None}, 400, 'invalidValue', 'missing_key'),
            ({'title': 5}, 400, 'invalidValue', 'wrong_type'),
            ({'emails': {}}, 400, 'invalidValue', 'wrong_type'),
            ({'emails': ['x']}, 400, 'invalidValue', 'wrong_type'),
            ({'name': {'givenName': True}}, 400, 'invalidValue', 'wrong_type'),
            ({ENTERPRISE: 'x'}, 400, 'invalidValue', 'wrong_type'),
            ({'userName': user['userName']}, 409, 'uniqueness', 'create_exists')):
        box.reset_log()
        refused(scim.create(**body), status, kind)
        assert box.rules() == [rule], (body, box.violations())
    box.reset_log()
    for raw in (b'{"userName":', b'[]', b''):
        refused(scim.call('POST', '/Users', raw), 400, 'invalidSyntax')
    refused(scim.call('POST', '/Users', b'{}', headers={'Content-Type': 'text/plain'}), 400, 'invalidSyntax')
    assert box.rules() == ['content_type', 'malformed', 'wrong_type'] and len(box.users()) == 60


def test_create_careless(box):
    """what is taken, but a careful client does not do"""
    scim = Scim(box)
    for number, (more, rule) in enumerate((
            ({'schemas': [ENTERPRISE]}, 'schemas'),
            ({'schemas': [Scim.USER], ENTERPRISE: {'department': 'x'}}, 'schemas'),
            ({'shoeSize': 44}, 'unknown_attribute'),
            ({'name': {'size': 44}}, 'unknown_attribute'),
            ({'urn:example:other': {'x': 1}}, 'unknown_attribute'),
            ({'Title': 'x'}, 'spelling'),
            ({ENTERPRISE: {'manager': {'value': STRANGER}}}, 'unknown_reference'))):
        box.reset_log()
        assert scim.create(**{'userName': '%d@example.com' % number, **more}).status == 201, more
        assert box.rules() == [rule], (more, box.violations())
    users = {u['userName']: u for u in box.users().values()}
    assert 'shoeSize' not in users['2@example.com'] and users['5@example.com']['title'] == 'x'
    assert users['6@example.com'][ENTERPRISE]['manager'] == {'value': STRANGER}
    box.reset_log()
    assert scim.call('POST', '/Users', scim.body(userName='j@example.com'),
                     headers={'Content-Type': 'application/json'}).status == 201
    assert box.rules() == []


def test_primary_required(box):
    """docs.aws.amazon.com/singlesignon/latest/developerguide/createuser.html: an e-mail must be primary"""
    scim = Scim(box)
    address = {'value': 'a@example.com', 'type': 'work'}
    plain, marked = [address], [address, {'value': 'b@example.com', 'primary': True}]
    assert scim.create(userName='a@example.com', emails=plain).status == 201
    box.switch(primary_required='on')
    for emails in ({}, {'emails': plain}, {'emails': [dict(address, primary=False)]}, {'emails': []}):
        answer = refused(scim.create(userName='b@example.com', **emails), 400, 'invalidValue')
        assert 'primary' in answer['detail'], answer
    assert len(box.users()) == 61 and box.rules() == [], 'a client cannot know'
    assert scim.create(userName='b@example.com', emails=marked).json()['emails'] == marked
    user = plain_user(box)['id']
    assert scim.patch(user, ('replace', 'emails', plain)).status == 200, 'it is about new users'
    box.switch(primary_required='off')
    assert scim.create(userName='c@example.com').status == 201 and box.rules() == []


# ---- PUT ----

def whole(box, user):
    """What a client that reads first sends back."""
    return Scim(box).user(user).json()


def test_replace(box):
    """RFC 7644 3.5.1: replaces; what is read-only is passed over"""
    scim, user = Scim(box), plain_user(box)['id']
    was, body = stored(box, user), whole(box, user)
    body['title'] = 'New'
    body[ENTERPRISE]['costCenter'] = None
    answer = scim.replace(user, body)
    assert answer.status == 200 and answer.json()['title'] == 'New'
    enterprise = {k: v for k, v in was[ENTERPRISE].items() if k != 'costCenter'}
    assert stored(box, user) == {**was, 'title': 'New', ENTERPRISE: enterprise} and box.rules() == []
    assert scim.replace(user, body).status == 200
    assert box.rules() == ['no_change']
    refused(scim.replace(STRANGER, body), 404)
    refused(scim.replace(user, {**body, 'userName': box.state()['users'][0]['userName']}), 409, 'uniqueness')
    refused(scim.replace(user, {**body, 'userName': None}), 400, 'invalidValue')
    assert box.users()[user]['title'] == 'New'


def test_put_loses(box):
    """what a PUT leaves out is gone: attributes, parts of them, one of several values, whole extensions"""
    scim = Scim(box)
    users = [u for u in box.users().values() if BADGE in u and 'profileUrl' in u]
    user = users[0]['id']
    box.user(id=user, emails=[{'value': 'a', 'type': 'work'}, {'value': 'b', 'type': 'home'}])
    body = whole(box, user)
    for name, change in (('profileUrl', lambda b: b.pop('profileUrl')),
                         (BADGE, lambda b: (b.pop(BADGE), b['schemas'].remove(BADGE))),
                         (ENTERPRISE + 'division', lambda b: b[ENTERPRISE].pop('division')),
                         ('namefamilyName', lambda b: b['name'].pop('familyName')),
                         ('emails: one of its values', lambda b: b['emails'].pop())):
        box.reset_log()
        change(body)
        assert scim.replace(user, body).status == 200
        assert [(v['rule'], v['detail']) for v in box.violations()] == [('put_loses', name)]
    now = stored(box, user)
    assert 'profileUrl' not in now and BADGE not in now and 'division' not in now[ENTERPRISE]
    assert 'familyName' not in now['name'] and len(now['emails']) == 1
    box.reset_log()
    body['nickName'], body['locale'] = 'x', None
    assert scim.replace(user, body).status == 200 and box.rules() == []
    box.user(id=user, userType='Behind')
    body.pop('userType')
    body['nickName'] = 'y'
    assert scim.replace(user, body).status == 200 and box.rules() == []  # nobody could have known


# ---- delete ----

def test_delete(box):
    """RFC 7644 3.6: 204, then 404; memberships go, reports keep the manager; or 405"""
    scim, boss = Scim(box), box.state()['users'][1]['id']
    reports = [u['id'] for u in box.users().values() if u[ENTERPRISE].get('manager', {}).get('value') == boss]
    box.switch(delete='off')
    refused(scim.delete(boss), 405)
    refused(scim.delete(box.groups()['Sales']['id'], 'Groups'), 405)
    box.switch(delete='on')
    answer = scim.delete(boss)
    assert answer.status == 204 and answer.body == b''
    refused(scim.user(boss), 404)
    assert boss not in box.users() and not any(boss in g['members'] for g in box.groups().values())
    assert all(box.users()[r][ENTERPRISE]['manager'] == {'value': boss} for r in reports) and reports
    assert scim.list().json()['totalResults'] == 59 == box.stats()['users'] and box.rules() == []
    refused(scim.delete(boss), 404)
    assert box.rules() == ['unknown_user']


# ---- groups ----

def test_members(box):
    """fact sheet 1: membership is written on the group: PATCH add, remove members[value eq "id"]"""
    scim, sales = Scim(box), box.groups()['Sales']
    new = sorted(u for u in box.users() if u not in sales['members'])[:3]
    old = sorted(sales['members'])[0]

    def patch(*operations):
        answer = scim.patch(sales['id'], *operations, kind='Groups')
        assert answer.status == 200, answer
        members = {m['value'] for m in answer.json()['members']}
        assert members == box.groups()['Sales']['members']
        return members

    expected = sales['members'] | set(new[:2])
    assert patch(('add', 'members', [{'value': u} for u in new[:2]])) == expected
    assert patch(('remove', 'members[value eq "%s"]' % old, ...)) == expected - {old}
    assert patch(('add', 'members', [{'value': new[2], 'type': 'User'}]),
                 ('remove', 'members[value eq "%s"]' % new[0], ...)) == expected - {old, new[0]} | {new[2]}
    assert patch(('replace', 'members', [{'value': old}])) == {old}
    assert patch(('add', None, {'members': [{'value': new[0]}]})) == {old, new[0]}
    assert patch(('remove', 'members', ...)) == set()
    entry = [e for e in box.log() if e['method'] == 'PATCH'][0]
    assert entry['users'] == new[:2] and entry['endpoint'] == 'Groups.patch' and box.rules() == []


def test_members_careless(box):
    """members twice, none, unknown; and what is refused changes nothing"""
    scim, sales = Scim(box), box.groups()['Sales']
    member = sorted(sales['members'])[0]
    other = sorted(u for u in box.users() if u not in sales['members'])[0]
    group = sales['id']
    for operation, status, rules in (
            (('add', 'members', [{'value': member}, {'value': other}]), 200, ['member_twice']),
            (('remove', 'members[value eq "%s"]' % STRANGER, ...), 200, ['member_none', 'no_change']),
            (('add', 'members', [{'value': STRANGER}]), 200, ['member_unknown']),
            (('remove', 'members', [{'value': STRANGER}]), 200, ['patch_shape']),
            (('add', 'members', {'value': member}), 400, ['wrong_type']),
            (('add', 'members', [{}]), 400, ['wrong_type']),
            (('replace', 'members[value eq "x"]', {'value': 'y'}), 400, ['patch_shape']),
            (('replace', 'shoeSize', 4), 400, ['unknown_attribute']),
            (('replace', 'id', 'x'), 400, ['unknown_attribute']),
            (('replace', 'displayName', ''), 400, ['missing_key'])):
        box.reset_log()
        assert scim.patch(group, operation, kind='Groups').status == status, operation
        assert box.rules() == rules, (operation, box.violations())
    scim.patch(group, ('add', 'members', [{'value': member}]), kind='Groups')
    before = box.groups()['Sales']
    refused(scim.patch(group, ('add', 'members', [{'value': other}]), ('replace', 'displayName', 'X'),
                       ('replace', 'shoeSize', 4), kind='Groups'), 400, 'invalidPath')
    assert box.groups()['Sales'] == before
    refused(scim.patch(STRANGER, ('replace', 'displayName', 'X'), kind='Groups'), 404)


def test_patch_filter_of_members(box):
    """fact sheet 2: a path with a filter may be refused, or passed over"""
    scim, sales = Scim(box), box.groups()['Sales']
    operation = ('remove', 'members[value eq "%s"]' % sorted(sales['members'])[0], ...)
    box.switch(patch_filter='off')
    refused(scim.patch(sales['id'], operation, kind='Groups'), 400, 'invalidPath')
    box.switch(patch_refuse='ignore')
    assert scim.patch(sales['id'], operation, kind='Groups').status == 200
    assert box.groups()['Sales'] == sales and box.rules() == []
    box.switch(patch_filter='on')
    assert scim.patch(sales['id'], operation, kind='Groups').status == 200
    assert len(box.groups()['Sales']['members']) == len(sales['members']) - 1


def test_group_life(box):
    """groups are created, replaced, renamed, deleted"""
    scim, user = Scim(box), plain_user(box)['id']
    body = {'schemas': [Scim.GROUP], 'displayName': 'New', 'externalId': 'X', 'members': [{'value': user}]}
    answer = scim.call('POST', '/Groups', body)
    assert answer.status == 201 and answer.headers['Location'].endswith('/Groups/' + answer.json()['id'])
    group = answer.json()['id']
    assert any(g['value'] == group for g in scim.user(user).json()['groups'])
    body['displayName'] = 'Newer'
    assert scim.call('PUT', Scim.path(group, 'Groups'), body).json()['displayName'] == 'Newer'
    assert scim.patch(group, ('replace', None, {'displayName': 'Newest', 'externalId': None}),
                      kind='Groups').json()['displayName'] == 'Newest'
    assert box.groups()['Newest'] == {'id': group, 'displayName': 'Newest', 'members': {user}}
    assert box.rules() == []
    bare = {'schemas': [Scim.GROUP], 'displayName': 'Bare'}
    assert scim.call('PUT', Scim.path(group, 'Groups'), bare).status == 200
    assert box.groups()['Bare']['members'] == set() and box.rules() == ['put_loses']
    assert scim.delete(group, 'Groups').status == 204 and 'Bare' not in box.groups()
    refused(scim.group(group), 404)
    refused(scim.call('POST', '/Groups', {'schemas': [Scim.GROUP]}), 400, 'invalidValue')


# ---- ETags ----

def test_etag(box):
    """fact sheet 1: with ETags: If-Match, 412 when stale"""
    scim, user = Scim(box), plain_user(box)['id']
    assert scim.patch(user, ('replace', 'title', 'A'), headers={'If-Match': 'W/"99"'}).status == 200
    assert scim.user(user).headers['ETag'] is None and box.rules() == []
    box.switch(etag='on')
    answer = scim.user(user)
    etag = answer.headers['ETag']
    assert etag == answer.json()['meta']['version'] == 'W/"2"'
    assert scim.list(filter='id eq "%s"' % user).json()['Resources'][0]['meta']['version'] == etag
    answer = scim.patch(user, ('replace', 'title', 'B'), headers={'If-Match': etag})
    assert answer.status == 200 and answer.headers['ETag'] == answer.json()['meta']['version'] == 'W/"3"'
    refused(scim.patch(user, ('replace', 'title', 'C'), headers={'If-Match': etag}), 412)
    refused(scim.replace(user, whole(box, user), headers={'If-Match': etag}), 412)
    refused(scim.delete(user, headers={'If-Match': etag}), 412)
    assert stored(box, user)['title'] == 'B' and box.rules() == []
    box.switch(patch_answer='204')
    answer = scim.patch(user, ('replace', 'title', 'D'), headers={'If-Match': '*'})
    assert answer.status == 204 and answer.headers['ETag'] == 'W/"4"'
    group = box.groups()['Sales']['id']
    assert scim.group(group).headers['ETag'] == 'W/"1"'
    refused(scim.patch(group, ('replace', 'displayName', 'X'), kind='Groups', headers={'If-Match': 'W/"9"'}),
            412)
    assert box.rules() == []
    scim.patch(group, ('replace', 'displayName', 'Sales'), kind='Groups', headers={'If-Match': '*'})
    assert scim.group(group).headers['ETag'] == 'W/"1"' and box.rules() == ['no_change']
    scim.patch(group, ('replace', 'displayName', 'X'), kind='Groups', headers={'If-Match': 'W/"1"'})
    assert scim.group(group).headers['ETag'] == 'W/"2"' and box.groups()['X']['id'] == group


def test_etag_required(box):
    """fact sheet 1: 428 without If-Match, where it is required; else it is only careless"""
    scim, user = Scim(box), plain_user(box)['id']
    box.switch(etag='on')
    assert scim.patch(user, ('replace', 'title', 'A')).status == 200
    assert box.rules() == ['no_if_match']
    box.switch(etag_required='on')
    refused(scim.patch(user, ('replace', 'title', 'B')), 428)
    refused(scim.delete(user), 428)
    assert scim.create().status == 201
    box.switch(etag='off')
    box.reset_log()
    assert scim.patch(user, ('replace', 'title', 'C')).status == 200 and box.rules() == []


# ---- throttling and errors ----

def throttled(box):
    box.switch(rate='1/1000s')
    answers = [Scim(box).list(count=1) for _ in range(2)]
    assert answers[1].status == 429, answers
    return answers[1]


def test_throttle_hint(box):
    """fact sheet 2: Retry-After in seconds or as a date, or a vendor header, or neither"""
    answer = throttled(box)
    assert 990 <= int(answer.headers['Retry-After']) <= 1000 and 'X-RateLimit-Reset' not in answer.headers
    box.switch(throttle_hint='date')
    at = email.utils.parsedate_to_datetime(throttled(box).headers['Retry-After']).timestamp()
    assert time.time() + 900 < at < time.time() + 1100
    box.switch(throttle_hint='vendor')
    answer = throttled(box)
    assert time.time() + 900 < int(answer.headers['X-RateLimit-Reset']) < time.time() + 1100
    assert 'Retry-After' not in answer.headers
    box.switch(throttle_hint='none')
    answer = throttled(box)
    assert 'Retry-After' not in answer.headers and 'X-RateLimit-Reset' not in answer.headers
    box.switch(rate='off', fault='Users.list:1:throttle', throttle_hint='seconds')
    assert Scim(box).list().headers['Retry-After'] == '1' and Scim(box).list().status == 200


def test_throttle_body(box):
    """fact sheet 2: a body of any media type"""
    refused(throttled(box), 429)
    box.switch(throttle_body='html')
    answer = throttled(box)
    assert answer.headers['Content-Type'] == 'text/html' and answer.body.startswith(b'<html>')
    box.switch(throttle_body='empty')
    answer = throttled(box)
    assert answer.headers['Content-Type'] is None and answer.body == b''
    assert box.rules() == ['rate_limit']


def test_rate_is_off(box):
    """the sandbox's default for SCIM: no limit; rate_bulk counts Bulk only"""
    box.switch(bulk='on', rate_bulk='1/1000s')
    scim = Scim(box)
    assert all(scim.list(count=1).status == 200 for _ in range(40))
    operation = {'method': 'DELETE', 'path': Scim.path(plain_user(box)['id'])}
    assert [scim.bulk(operation).status for _ in range(2)] == [200, 429]


def test_error_type(box):
    """fact sheet 1: errors come as application/scim+json or as application/json"""
    scim = Scim(box)
    assert scim.user(STRANGER).headers['Content-Type'] == SCIM_TYPE
    box.switch(error_type='json')
    assert scim.user(STRANGER).headers['Content-Type'] == 'application/json; charset=utf-8'
    assert scim.list().headers['Content-Type'] == SCIM_TYPE


def test_faults(box):
    """the core's faults: the vendor's errors, and an answer that is lost after the write"""
    scim, user = Scim(box), plain_user(box)['id']
    box.switch(fault=['Users.patch:1:error500', 'Users.create:1:reset_after', 'Users.get:1:error200'])
    refused(scim.patch(user, ('replace', 'title', 'x')), 500)
    assert scim.user(user).json()['schemas'] == [Scim.MESSAGE + 'Error']
    try:
        scim.create()
        raise AssertionError('an answer came')
    except ConnectionResetError:
        pass
    refused(scim.create(), 409, 'uniqueness')
    assert stored(box, user)['title'] != 'x'


def test_visible_delay(box):
    """writes show later in every read, and rules go by the truth"""
    scim, user, group = Scim(box), plain_user(box)['id'], box.groups()['Sales']
    was, leaver = whole(box, user), [u for u in box.users() if u not in group['members'] and u != user][-1]
    box.switch(visible_delay='600000')
    new = scim.create().json()['id']
    assert scim.patch(user, ('replace', 'title', 'Later')).json()['title'] == 'Later'
    assert scim.patch(group['id'], ('add', 'members', [{'value': user}]), kind='Groups').status == 200
    assert scim.delete(leaver).status == 204
    made = scim.call('POST', '/Groups', {'schemas': [Scim.GROUP], 'displayName': 'New'}).json()['id']
    box.switch(visible_delay='0')
    refused(scim.user(new), 404)
    refused(scim.group(made), 404)
    assert scim.user(user).json() == was and scim.user(leaver).status == 200
    assert {m['value'] for m in scim.group(group['id']).json()['members']} == group['members']
    assert scim.list().json()['totalResults'] == 60 and scim.list('Groups').json()['totalResults'] == 12
    assert scim.list(filter='title eq "Later"').json()['totalResults'] == 0
    refused(scim.create(), 409, 'uniqueness')
    assert box.rules() == [] and len(box.users()) == 60


def test_visible_delay_ends(box):
    """after the delay they show"""
    scim, user = Scim(box), plain_user(box)['id']
    box.switch(visible_delay='40')
    new = scim.create().json()['id']
    scim.patch(user, ('replace', 'title', 'Later'))
    scim.patch(box.groups()['Sales']['id'], ('replace', 'displayName', 'Sold'), kind='Groups')
    harness.wait_until(lambda: scim.user(new).status == 200, 'the new user')
    harness.wait_until(lambda: scim.user(user).json()['title'] == 'Later', 'the title')
    harness.wait_until(lambda: scim.list('Groups', filter='displayName eq "Sold"').json()['totalResults'],
                       'the name')


if __name__ == '__main__':
    harness.run(globals())
