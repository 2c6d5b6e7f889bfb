"""The emulator's SCIM endpoints for reading, against RFC 7643 and 7644 and the fact sheet."""

import base64
import json
import subprocess
import urllib.parse

import harness
from harness import ENTERPRISE, SCIM, SCIM_TYPE, Scim

BOX = {'vendor': 'scim', 'users': 60}

BADGE = 'urn:example:params:scim:schemas:extension:badge:2.0:User'
LIST = Scim.MESSAGE + 'ListResponse'


def without(user, names):
    return {k: v for k, v in user.items() if k not in names}


def refused(answer, status, kind=None):
    assert answer.status == status, answer
    body = answer.json()
    assert body['schemas'] == [Scim.MESSAGE + 'Error'] and body['status'] == str(status), body
    assert body.get('scimType') == kind and body['detail'], body
    return body


def plain_user(box, **wanted):
    """The first user that leads nobody and has these attributes."""
    users = box.users()
    leads = {u.get(ENTERPRISE, {}).get('manager', {}).get('value') for u in users.values()}
    return next(u for u in users.values()
                if u['id'] not in leads and all(u.get(k) == v for k, v in {'active': True, **wanted}.items()))


# ---- the program ----

def test_command_line():
    """--help says what the keys are; the listings know the vendor"""
    def output(*arguments):
        done = subprocess.run([harness.program('ROLLCALL_SANDBOX', 'rollcall-sandbox'), *arguments],
                              capture_output=True, timeout=harness.TIMEOUT, check=False)
        assert done.returncode == 0 and not done.stderr, done
        return done.stdout.decode()

    assert 'bearer token' in output('--help') and 'sandbox SCIM-sandbox' in output('--help')
    switches = output('--vendor', 'scim', '--list-switches')
    assert 'patch_extension' in switches and 'limited_answer' not in switches
    rate = next(line for line in switches.splitlines() if line.startswith('rate '))
    assert rate.split()[1] == 'off', rate
    assert 'Users.patch' in output('--vendor', 'scim', '--list-faults')
    assert 'put_loses' in output('--list-rules')


def test_generated(box):
    """a seed gives the same tenant: managers in a tree, inactive leaves, names beyond ASCII"""
    state = box.state()
    users = state['users']
    with harness.Sandbox('scim', users=60) as other:
        assert other.state() == state
    with harness.Sandbox('scim', users=60, seed=8) as other:
        assert other.state() != state
    assert len(users) == 60 and len(state['groups']) == 12 and state['vendor'] == 'scim'
    assert [u[ENTERPRISE]['employeeNumber'] for u in users] == ['E%05d' % n for n in range(1, 61)]
    assert all(u['userName'].endswith('@example.com') for u in users)
    assert sum(u.get('externalId') == u[ENTERPRISE]['employeeNumber'] for u in users) == 59
    by_id = {u['id']: u for u in users}
    for user in users[1:]:
        seen = set()
        while 'manager' in user[ENTERPRISE]:
            assert user['id'] not in seen
            seen.add(user['id'])
            user = by_id[user[ENTERPRISE]['manager']['value']]
            assert user['active']
        assert user is users[0]
    assert any(not u['active'] for u in users)
    assert any(ord(c) > 127 for u in users for c in u['displayName'])
    assert any(BADGE in u for u in users) and any('profileUrl' in u for u in users)
    groups = box.groups()
    assert groups['Managers']['id'] in groups['Leads']['members']


def test_state_file():
    """--dump-state writes what --state reads"""
    with harness.Sandbox('scim', users=40, dump=True) as box:
        scim = Scim(box)
        user = plain_user(box)['id']
        assert scim.patch(user, ('replace', 'title', 'Chief')).status == 200
        assert scim.delete(plain_user(box, active=False)['id']).status == 204
        before = box.state()
        assert box.stop() == 0, box.errors
        with open(box.dump_file, encoding='utf-8') as f:
            assert json.load(f) == before and len(before['users']) == 39
        with harness.Sandbox('scim', state=box.dump_file) as again:
            assert again.state() == before


def test_state_by_hand():
    """a state file may be as short as it gets; what is wrong with it is said"""
    short = {'vendor': 'scim', 'users': [{'userName': 'a@example.com'}],
             'groups': [{'displayName': 'G', 'members': [{'value': 'nobody'}]}]}
    with harness.Sandbox('scim', state=short) as box:
        user, = Scim(box).list().json()['Resources']
        assert user['userName'] == 'a@example.com' and len(user['id']) == 36
        assert box.groups()['G']['members'] == {'nobody'}
    for wrong in ({'users': {}}, {'users': [{}]}, {'users': [{'userName': 'a'}, {'userName': 'A'}]},
                  {'users': [{'userName': 'a', 'id': 'x'}, {'userName': 'b', 'id': 'x'}]},
                  {'users': [], 'groups': [{}]}, {}):
        try:
            harness.Sandbox('scim', state=dict(wrong, vendor='scim'))
            raise AssertionError(wrong)
        except AssertionError as e:
            assert 'did not start' in str(e), e


# ---- keys ----

def test_bearer(box):
    """fact sheet 1: Authorization: Bearer"""
    scim = Scim(box)
    basic = 'Basic ' + base64.b64encode(b'sandbox:SCIM-sandbox').decode()
    for value in (None, 'Bearer wrong', 'SCIM-sandbox', basic):
        answer = scim.get('/Users', headers={'Authorization': value})
        refused(answer, 401)
        assert answer.headers['WWW-Authenticate'].startswith('Bearer'), value
    assert box.rules() == ['bad_keys'] and box.stats()['bad_keys'] == 4
    assert scim.get('/Users', headers={'Authorization': 'bearer SCIM-sandbox'}).status == 200


def test_own_keys():
    """--secret-key is the token, or with --access-key user and password"""
    with harness.Sandbox('scim', users=5, switches={'auth': 'basic'},
                         arguments=['--access-key', 'joe', '--secret-key', 'a:b']) as box:
        good = 'Basic ' + base64.b64encode(b'joe:a:b').decode()
        assert Scim(box).get('/Users', headers={'Authorization': good}).status == 200
        refused(Scim(box).list(), 401)


def test_auth_basic(box):
    """fact sheet 1: sometimes basic"""
    scim = Scim(box)
    box.switch(auth='basic')
    answer = scim.list()
    refused(answer, 401)
    assert answer.headers['WWW-Authenticate'].startswith('Basic')
    good = 'Basic ' + base64.b64encode(b'sandbox:SCIM-sandbox').decode()
    assert scim.get('/Users', headers={'Authorization': good}).status == 200
    assert scim.get('/ServiceProviderConfig', headers={'Authorization': good}).json()[
        'authenticationSchemes'][0]['type'] == 'httpbasic'


def bearer(box):
    answer = token(box, client_id='sandbox', client_secret='SCIM-sandbox')
    return {'Authorization': 'Bearer ' + answer.json()['access_token']}


def token(box, headers=None, **fields):
    form = urllib.parse.urlencode({'grant_type': 'client_credentials', **fields}).encode()
    return box.post('/oauth/token', form, keys=False,
                    headers={'Content-Type': 'application/x-www-form-urlencoded', **(headers or {})})


def test_auth_oauth(box):
    """fact sheet 1: tokens by client credentials, in the body or as basic"""
    box.switch(auth='oauth')
    scim = Scim(box)
    refused(scim.list(), 401)
    basic = {'Authorization': 'Basic ' + base64.b64encode(b'sandbox:SCIM-sandbox').decode()}
    for answer in (token(box, client_id='sandbox', client_secret='SCIM-sandbox'), token(box, headers=basic)):
        assert answer.status == 200 and answer.headers['Content-Type'] == 'application/json', answer
        body = answer.json()
        assert body['token_type'] == 'Bearer' and body['expires_in'] == 3600
        keys = {'Authorization': 'Bearer ' + body['access_token']}
        assert scim.get('/Users', headers=keys).status == 200
    assert box.rules() == ['bad_keys']
    for wrong in (token(box), token(box, client_id='sandbox', client_secret='x')):
        assert wrong.status == 401 and wrong.json() == {'error': 'invalid_client'}
    assert token(box, grant_type='password').json() == {'error': 'unsupported_grant_type'}
    assert box.stats()['tokens'] == 2 and box.stats()['endpoints']['Token']['calls'] == 5
    box.switch(auth='bearer')
    refused(token(box, headers=basic), 404)


def test_token_calls(box):
    """fact sheet 1: a token dies after N calls, or never; that is no breach of the client's"""
    box.switch(auth='oauth', token_calls='2')
    scim = Scim(box)
    keys = bearer(box)
    assert [scim.get('/Users', headers=keys).status for _ in range(4)] == [200, 200, 401, 401]
    box.switch(token_calls='0')
    keys = bearer(box)
    assert [scim.get('/Users', headers=keys).status for _ in range(4)] == [200] * 4
    assert box.rules() == []


def test_token_life(box):
    """fact sheet 1: a token dies after so many seconds, or never"""
    box.switch(auth='oauth', token_life='1')
    scim = Scim(box)
    answer = token(box, client_id='sandbox', client_secret='SCIM-sandbox').json()
    assert answer['expires_in'] == 1
    keys = {'Authorization': 'Bearer ' + answer['access_token']}
    harness.wait_until(lambda: scim.get('/Users', headers=keys).status == 401, 'the end of the token')
    box.switch(token_life='0')
    assert scim.get('/Users', headers=bearer(box)).status == 200
    assert scim.get('/Users', headers=keys).status == 401 and box.rules() == []


# ---- discovery ----

def test_discovery(box):
    """fact sheet 1: ServiceProviderConfig, ResourceTypes; fact sheet 1: some servers have none"""
    scim = Scim(box)
    config = scim.get('/ServiceProviderConfig').json()
    assert config['patch'] == {'supported': True} and config['etag'] == {'supported': False}
    assert config['bulk'] == {'supported': False, 'maxOperations': 1000, 'maxPayloadSize': 1048576}
    assert config['filter'] == {'supported': True, 'maxResults': 100}
    box.switch(bulk='on', bulk_max='7', bulk_payload='5000', etag='on', patch='off', page_max='20',
               filter='off', sort='off')
    config = scim.get('/ServiceProviderConfig').json()
    assert config['bulk'] == {'supported': True, 'maxOperations': 7, 'maxPayloadSize': 5000}
    assert config['filter'] == {'supported': False, 'maxResults': 20}
    assert config['sort'] == {'supported': False}
    assert config['etag'] == {'supported': True} and config['patch'] == {'supported': False}
    types = scim.get('/ResourceTypes').json()['Resources']
    assert [(t['name'], t['endpoint'], t['schema']) for t in types] == [
        ('User', '/Users', Scim.USER), ('Group', '/Groups', Scim.GROUP)]
    assert types[0]['schemaExtensions'] == [{'schema': ENTERPRISE, 'required': False}]
    box.switch(discovery='off')
    refused(scim.get('/ServiceProviderConfig'), 404)
    refused(scim.get('/ResourceTypes'), 404)
    assert scim.get('/Schemas').status == 200 and box.rules() == []


def test_schemas(box):
    """fact sheet 1: User, Group, EnterpriseUser with what RFC 7643 7 says of attributes; or 404"""
    scim = Scim(box)
    answer = scim.get('/Schemas').json()
    assert answer['schemas'] == [LIST] and answer['totalResults'] == 3
    schemas = {s['id']: s for s in answer['Resources']}
    assert sorted(schemas) == sorted([Scim.USER, Scim.GROUP, ENTERPRISE])
    user = {a['name']: a for a in schemas[Scim.USER]['attributes']}
    assert user['userName']['required'] and user['userName']['uniqueness'] == 'server'
    assert not user['userName']['caseExact']
    assert user['groups']['mutability'] == 'readOnly' and user['emails']['multiValued']
    emails = {a['name']: a for a in user['emails']['subAttributes']}
    assert emails['type']['canonicalValues'] == ['work', 'home', 'other']
    assert emails['primary']['type'] == 'boolean'
    manager = {a['name']: a for a in schemas[ENTERPRISE]['attributes']}['manager']
    assert manager['type'] == 'complex'
    assert {a['name'] for a in manager['subAttributes']} == {'value', '$ref', 'displayName'}
    for urn, schema in schemas.items():
        assert scim.get('/Schemas/' + urn).json() == schema
        assert scim.get('/Schemas/' + urllib.parse.quote(urn, safe='')).json() == schema
    refused(scim.get('/Schemas/' + BADGE), 404)
    box.switch(user_name_case='exact')
    attributes = scim.get('/Schemas/' + Scim.USER).json()['attributes']
    assert [a['caseExact'] for a in attributes if a['name'] == 'userName'] == [True]
    box.switch(schemas='off')
    refused(scim.get('/Schemas'), 404)
    refused(scim.get('/Schemas/' + Scim.USER), 404)
    assert scim.get('/ServiceProviderConfig').status == 200 and box.rules() == []


def test_me(box):
    """RFC 7644 3.11: 501 where there is no /Me"""
    refused(Scim(box).get('/Me'), 501)


# ---- reading ----

def test_user(box):
    """fact sheet 1: what a user looks like"""
    scim, users = Scim(box), box.state()['users']
    answer = scim.user(users[8]['id'])
    assert answer.headers['Content-Type'] == SCIM_TYPE and answer.headers['ETag'] is None
    user = answer.json()
    assert user['schemas'] == [Scim.USER, ENTERPRISE, BADGE]
    assert user['meta']['location'] == '%s%s/Users/%s' % (box.url, SCIM, user['id'])
    assert user['meta']['resourceType'] == 'User' and 'version' not in user['meta']
    boss = users[0]
    assert user[ENTERPRISE]['manager'] == {'value': boss['id'],
                                           '$ref': '%s%s/Users/%s' % (box.url, SCIM, boss['id']),
                                           'displayName': boss['displayName']}
    added = {'schemas', 'meta', 'groups', ENTERPRISE}
    assert without(user, added) == without(users[8], added)
    groups = {name for name, g in box.groups().items() if user['id'] in g['members']}
    assert {g['display'] for g in user['groups']} == groups
    refused(scim.user('nobody'), 404)
    assert box.rules() == []


def test_user_groups(box):
    """fact sheet 1: groups (read-only) are shown, or not"""
    scim, manager = Scim(box), box.state()['users'][0]['id']
    assert {'display': 'Managers', 'type': 'direct'}.items() <= next(
        g for g in scim.user(manager).json()['groups'] if g['display'] == 'Managers').items()
    box.switch(user_groups='off')
    assert 'groups' not in scim.user(manager).json() and 'groups' not in scim.list().json()['Resources'][0]
    box.switch(user_groups='on', groups='off')
    assert 'groups' not in scim.user(manager).json()


def test_projection(box):
    """RFC 7644 3.9: attributes and excludedAttributes; id and schemas always"""
    scim, user = Scim(box), box.state()['users'][8]
    whole = scim.user(user['id']).json()
    asked = ','.join(['userName', 'name.givenName', 'emails.value', ENTERPRISE + ':department',
                      ENTERPRISE + ':manager.value', 'active'])
    wanted = {'schemas': whole['schemas'], 'id': user['id'], 'userName': user['userName'], 'active': True,
              'name': {'givenName': user['name']['givenName']},
              'emails': [{'value': user['emails'][0]['value']}],
              ENTERPRISE: {'department': user[ENTERPRISE]['department'],
                           'manager': {'value': user[ENTERPRISE]['manager']['value']}}}
    assert scim.user(user['id'], query={'attributes': asked}).json() == wanted
    assert scim.list(attributes=asked).json()['Resources'][8] == wanted
    assert scim.user(user['id'], query={'attributes': ENTERPRISE + ',meta.created'}).json() == {
        'schemas': whole['schemas'], 'id': user['id'], ENTERPRISE: whole[ENTERPRISE],
        'meta': {'created': whole['meta']['created']}}
    left = 'id,schemas,groups,name.formatted,%s:manager' % ENTERPRISE
    less = scim.user(user['id'], query={'excludedAttributes': left}).json()
    expected = json.loads(json.dumps(whole))
    del expected['groups'], expected['name']['formatted'], expected[ENTERPRISE]['manager']
    assert less == expected
    assert 'members' not in scim.list('Groups', excludedAttributes='members').json()['Resources'][0]
    assert box.rules() == []
    scim.list(attributes='shoeSize')
    scim.list(attributes='username')
    assert box.rules() == ['spelling', 'unknown_attribute']


def test_accept_and_query(box):
    """fact sheet 1: application/scim+json, application/json too; a careful client says what it accepts"""
    scim = Scim(box)
    for good in (SCIM_TYPE, 'application/json', '*/*'):
        assert scim.get('/Users', headers={'Accept': good}).status == 200
    assert box.rules() == []
    scim.get('/Users', headers={'Accept': None})
    scim.get('/Users', headers={'Accept': 'text/html'})
    assert box.rules() == ['accept']
    box.reset_log()
    scim.list(page=1)
    scim.get('/ServiceProviderConfig', query={'count': 1})
    assert box.rules() == ['unknown_query']
    box.reset_log()
    refused(scim.get('/Nothing'), 404)
    refused(scim.call('PUT', '/Users'), 405)
    assert box.rules() == ['method', 'path']


# ---- ids ----

def test_ids():
    """fact sheet 2: ids may contain @ or be case-sensitive"""
    with harness.Sandbox('scim', users=40, switches={'ids': 'mail'}) as box:
        scim, user = Scim(box), plain_user(box)
        assert user['id'] == user['userName'] and scim.user(user['id']).json()['id'] == user['id']
        place = urllib.parse.quote(user['id'], safe='')
        assert scim.user(user['id']).json()['meta']['location'].endswith(place)
        odd = 'a+b/c@example.com'
        new = scim.create(userName=odd)
        assert new.json()['id'] == odd
        assert new.headers['Location'].endswith('a%2Bb%2Fc%40example.com')
        assert scim.patch(odd, ('replace', 'userName', 'd@example.com')).json()['id'] == odd
        assert scim.delete(odd).status == 204
        assert scim.create(userName=odd).json()['id'] == '2.' + odd
        assert box.rules() == []
        assert scim.get('/Users/' + user['id']).status == 200
        assert box.rules() == ['raw_id']
    with harness.Sandbox('scim', users=40, switches={'ids': 'case'}) as box:
        scim, users = Scim(box), box.users()
        assert len(users) == 40 and len({u.lower() for u in users}) == 20
        for user in users.values():
            assert scim.user(user['id']).json()['userName'] == user['userName']
        both = [scim.create(userName=name).json()['id'] for name in ('x@example.com', 'y@example.com')]
        assert both[0] != both[1] and both[0].lower() == both[1].lower() and box.rules() == []
    with harness.Sandbox('scim', users=40) as box:
        assert all(len(u) == 36 for u in box.users())


# ---- behind the client's back ----

def test_admin_user(box):
    """tests change, add and delete users without a client"""
    scim, user = Scim(box), plain_user(box)
    box.user(id=user['id'], title=None, name={'givenName': 'Zoe'}, **{ENTERPRISE: {'department': 'Zoo'}})
    now = box.users()[user['id']]
    assert 'title' not in now and now['name'] == dict(user['name'], givenName='Zoe')
    assert now[ENTERPRISE] == dict(user[ENTERPRISE], department='Zoo')
    box.user(id='fresh', userName='fresh@example.com')
    refused(scim.create(userName='Fresh@example.com'), 409, 'uniqueness')
    assert scim.user('fresh').json()['userName'] == 'fresh@example.com'
    assert box.rules() == []
    refused(scim.create(userName='fresh@example.com'), 409, 'uniqueness')
    assert box.rules() == ['create_exists']
    box.reset_log()
    box.user(id='fresh', deleted=True)
    refused(scim.user('fresh'), 404)
    refused(scim.patch('fresh', ('replace', 'title', 'x')), 404)
    assert len(box.users()) == 60 == box.stats()['users'] and box.rules() == []
    for wrong in ({'id': 'x'}, {'userName': 'y'}, {'id': 'z', 'userName': user['userName']},
                  {'id': 'fresh', 'userName': 'f'}):
        assert box.post('/admin/user', wrong, keys=False,
                        headers={'Content-Type': 'application/json'}).status == 400, wrong


def test_log(box):
    """the log tells which users a call touched"""
    user = plain_user(box)['id']
    Scim(box).patch(user, ('replace', 'title', 'New'))
    entry, = [e for e in box.log() if e['method'] == 'PATCH']
    assert entry['endpoint'] == 'Users.patch' and entry['users'] == [user] and entry['applied']
    assert entry['status'] == 200
    assert box.stats()['endpoints']['Users.patch']['applied'] == 1


if __name__ == '__main__':
    harness.run(globals())
