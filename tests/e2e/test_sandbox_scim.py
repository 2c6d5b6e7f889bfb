"""The emulator's SCIM endpoints for reading, against RFC 7643 and 7644 and the fact sheet."""

import base64
import json
import os
import subprocess
import urllib.parse

import harness
from harness import ENTERPRISE, SCIM, SCIM_TYPE, Scim

BOX = {'vendor': 'scim', 'users': 60}

BADGE = 'urn:example:params:scim:schemas:extension:badge:2.0:User'
LIST = Scim.MESSAGE + 'ListResponse'


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


def ids(answer):
    assert answer.status == 200, answer
    return [u['id'] for u in answer.json()['Resources']]


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
    """a seed gives the same tenant: a tree of managers, inactive leaves, unique numbers, names beyond ASCII"""
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
    for value in (None, 'Bearer wrong', 'SCIM-sandbox', 'Basic ' + base64.b64encode(b'sandbox:SCIM-sandbox').decode()):
        answer = scim.list(count=1) if value is ... else scim.get('/Users', headers={'Authorization': value})
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
        bearer = {'Authorization': 'Bearer ' + body['access_token']}
        assert scim.get('/Users', headers=bearer).status == 200
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
    bearer = {'Authorization': 'Bearer ' + token(box, client_id='sandbox', client_secret='SCIM-sandbox').json()['access_token']}
    assert [scim.get('/Users', headers=bearer).status for _ in range(4)] == [200, 200, 401, 401]
    box.switch(token_calls='0')
    bearer = {'Authorization': 'Bearer ' + token(box, client_id='sandbox', client_secret='SCIM-sandbox').json()['access_token']}
    assert [scim.get('/Users', headers=bearer).status for _ in range(4)] == [200] * 4
    assert box.rules() == []


def test_token_life(box):
    """fact sheet 1: a token dies after so many seconds, or never"""
    box.switch(auth='oauth', token_life='1')
    scim = Scim(box)
    answer = token(box, client_id='sandbox', client_secret='SCIM-sandbox').json()
    assert answer['expires_in'] == 1
    bearer = {'Authorization': 'Bearer ' + answer['access_token']}
    harness.wait_until(lambda: scim.get('/Users', headers=bearer).status == 401, 'the end of the token')
    box.switch(token_life='0')
    fresh = {'Authorization': 'Bearer ' + token(box, client_id='sandbox', client_secret='SCIM-sandbox').json()['access_token']}
    assert scim.get('/Users', headers=fresh).status == 200
    assert scim.get('/Users', headers=bearer).status == 401 and box.rules() == []


# ---- discovery ----

def test_discovery(box):
    """fact sheet 1: ServiceProviderConfig, ResourceTypes; fact sheet 1: some servers have none"""
    scim = Scim(box)
    config = scim.get('/ServiceProviderConfig').json()
    assert config['patch'] == {'supported': True} and config['etag'] == {'supported': False}
    assert config['bulk'] == {'supported': False, 'maxOperations': 1000, 'maxPayloadSize': 1048576}
    assert config['filter'] == {'supported': True, 'maxResults': 100}
    box.switch(bulk='on', bulk_max='7', bulk_payload='5000', etag='on', patch='off', page_max='20', filter='off', sort='off')
    config = scim.get('/ServiceProviderConfig').json()
    assert config['bulk'] == {'supported': True, 'maxOperations': 7, 'maxPayloadSize': 5000}
    assert config['filter'] == {'supported': False, 'maxResults': 20} and config['sort'] == {'supported': False}
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
    assert user['userName']['required'] and user['userName']['uniqueness'] == 'server' and not user['userName']['caseExact']
    assert user['groups']['mutability'] == 'readOnly' and user['emails']['multiValued']
    emails = {a['name']: a for a in user['emails']['subAttributes']}
    assert emails['type']['canonicalValues'] == ['work', 'home', 'other'] and emails['primary']['type'] == 'boolean'
    manager = {a['name']: a for a in schemas[ENTERPRISE]['attributes']}['manager']
    assert manager['type'] == 'complex' and {a['name'] for a in manager['subAttributes']} == {'value', '$ref', 'displayName'}
    for urn, schema in schemas.items():
        assert scim.get('/Schemas/' + urn).json() == schema
        assert scim.get('/Schemas/' + urllib.parse.quote(urn, safe='')).json() == schema
    refused(scim.get('/Schemas/' + BADGE), 404)
    box.switch(user_name_case='exact')
    assert next(a for a in scim.get('/Schemas/' + Scim.USER).json()['attributes'] if a['name'] == 'userName')['caseExact']
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
    assert user[ENTERPRISE]['manager'] == {'value': boss['id'], '$ref': '%s%s/Users/%s' % (box.url, SCIM, boss['id']),
                                           'displayName': boss['displayName']}
    added = {'schemas', 'meta', 'groups', ENTERPRISE}
    assert {k: v for k, v in user.items() if k not in added} == {k: v for k, v in users[8].items() if k not in added}
    assert {g['display'] for g in user['groups']} == {n for n, g in box.groups().items() if user['id'] in g['members']}
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
    asked = 'userName,name.givenName,emails.value,%s:department,%s:manager.value,active' % (ENTERPRISE, ENTERPRISE)
    wanted = {'schemas': whole['schemas'], 'id': user['id'], 'userName': user['userName'], 'active': True,
              'name': {'givenName': user['name']['givenName']}, 'emails': [{'value': user['emails'][0]['value']}],
              ENTERPRISE: {'department': user[ENTERPRISE]['department'], 'manager': {'value': user[ENTERPRISE]['manager']['value']}}}
    assert scim.user(user['id'], query={'attributes': asked}).json() == wanted
    assert scim.list(attributes=asked).json()['Resources'][8] == wanted
    assert scim.user(user['id'], query={'attributes': ENTERPRISE + ',meta.created'}).json() == {
        'schemas': whole['schemas'], 'id': user['id'], ENTERPRISE: whole[ENTERPRISE], 'meta': {'created': whole['meta']['created']}}
    less = scim.user(user['id'], query={'excludedAttributes': 'id,schemas,groups,name.formatted,%s:manager' % ENTERPRISE}).json()
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


# ---- pages ----

def test_pages(box):
    """fact sheet 1: startIndex is 1-based; the server caps count"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]
    box.switch(page_max='25')
    page = scim.list(startIndex=1, count=100).json()
    assert page['schemas'] == [LIST] and page['totalResults'] == 60 and page['startIndex'] == 1
    assert page['itemsPerPage'] == 25 and [u['id'] for u in page['Resources']] == everybody[:25]
    assert ids(scim.list(startIndex=51, count=25)) == everybody[50:]
    assert ids(scim.list(startIndex=3, count=2)) == everybody[2:4]
    assert ids(scim.list(startIndex=0, count=1)) == everybody[:1]
    assert scim.list(count=0).json()['totalResults'] == 60 and ids(scim.list(count=0)) == []
    assert [u['id'] for u in scim.everybody()] == everybody and box.rules() == []
    scim.list(startIndex=26, count=100)
    assert box.rules() == ['count_over']
    box.reset_log()
    refused(scim.list(count='many'), 400, 'invalidValue')
    assert box.rules() == ['bad_value']
    box.switch(page_max='100')
    assert len(ids(scim.list(count=100))) == 60


def test_page_short(box):
    """fact sheet 2: a page shorter than asked is not the last page"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]
    box.switch(page_short='3')
    assert ids(scim.list(startIndex=1, count=20)) == everybody[:17]
    assert ids(scim.list(startIndex=41, count=20)) == everybody[40:]
    assert ids(scim.list(startIndex=1, count=2)) == everybody[:1]
    assert [u['id'] for u in scim.everybody(count=20)] == everybody
    box.switch(page_short='0')
    assert ids(scim.list(startIndex=1, count=20)) == everybody[:20]


def test_items_per_page(box):
    """fact sheet 1: servers may echo the asked count as itemsPerPage"""
    scim = Scim(box)
    box.switch(page_max='25')
    assert scim.list(count=200).json()['itemsPerPage'] == 25
    assert scim.list(startIndex=51, count=25).json()['itemsPerPage'] == 10
    box.switch(items_per_page='asked')
    assert scim.list(count=200).json()['itemsPerPage'] == 200
    assert len(ids(scim.list(count=200))) == 25


def test_beyond(box):
    """fact sheet 2: beyond the end an empty page, an earlier one again, or an error"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]
    assert ids(scim.list(startIndex=61, count=25)) == []
    box.switch(beyond='again')
    assert ids(scim.list(startIndex=61, count=25)) == everybody[50:]
    box.switch(beyond='error')
    refused(scim.list(startIndex=61, count=25), 400, 'invalidValue')
    assert ids(scim.list(startIndex=60, count=25)) == everybody[59:] and box.rules() == []


def test_total(box):
    """fact sheet 1: totalResults is right, of this page only, or missing"""
    scim = Scim(box)
    assert scim.list(count=25).json()['totalResults'] == 60
    box.switch(total='page')
    assert scim.list(count=25).json()['totalResults'] == 25
    box.switch(total='off')
    assert 'totalResults' not in scim.list(count=25).json()


def test_sort(box):
    """RFC 7644 3.4.2.3: sortBy and sortOrder; or they do nothing"""
    scim, users = Scim(box), box.state()['users']
    names = [u['userName'] for u in users]

    def listed(**query):
        return [u['userName'] for u in scim.list(sortBy='userName', **query).json()['Resources']]

    assert listed() == sorted(names) != names
    assert listed(sortOrder='descending') == sorted(names, reverse=True)
    assert listed(startIndex=11, count=10) == sorted(names)[10:20]
    first = scim.list(sortBy=ENTERPRISE + ':department').json()['Resources']
    assert [u[ENTERPRISE]['department'] for u in first] == sorted(u[ENTERPRISE]['department'] for u in users)
    refused(scim.list(sortBy='shoeSize'), 400, 'invalidPath')
    box.switch(sort='off')
    assert listed() == names


def test_page_faults(box):
    """the core's faults of pages bend listings of users and of groups"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]

    def page(fault, kind='Users', **query):
        box.switch(fault=['off', '%s.list:1:%s' % (kind, fault)])
        return scim.list(kind, **query).json()

    dropped = page('page_drop', startIndex=11, count=10)
    assert dropped['Resources'] == [] and dropped['totalResults'] == 60
    assert [u['id'] for u in page('page_repeat', startIndex=11, count=10)['Resources']] == everybody[:10]
    empty = page('page_empty', startIndex=11, count=10)
    assert empty['Resources'] == [] and empty['totalResults'] == 0
    cut = page('page_cut', startIndex=11, count=10)
    assert [u['id'] for u in cut['Resources']] == everybody[10:15] and cut['totalResults'] == 60
    assert len(page('page_cut:25', 'Groups')['Resources']) == 3
    box.switch(fault='off')
    assert len(scim.everybody(count=10)) == 60


# ---- filters ----

def test_filters(box):
    """RFC 7644 3.4.2.2"""
    scim, users = Scim(box), box.state()['users']
    user = users[8]

    def found(text):
        return ids(scim.list(filter=text))

    def expected(test):
        return [u['id'] for u in users if test(u)]

    def department(u):
        return u[ENTERPRISE]['department']

    for text, test in (
            ('userName eq "%s"' % user['userName'], lambda u: u is user),
            ('externalId eq "E00009"', lambda u: u is user),
            ('externalId eq "e00009"', lambda u: False),
            ('id eq "%s"' % user['id'], lambda u: u is user),
            ('active eq false', lambda u: not u['active']),
            ('active eq true and %s:department eq "sales"' % ENTERPRISE, lambda u: u['active'] and department(u) == 'Sales'),
            ('title eq "Analyst" or title eq "Associate"', lambda u: u['title'] in ('Analyst', 'Associate')),
            ('not (title eq "Analyst") and nickName pr', lambda u: u['title'] != 'Analyst' and 'nickName' in u),
            ('title ne "Analyst"', lambda u: u['title'] != 'Analyst'),
            ('name.familyName co "AN"', lambda u: 'an' in u['name']['familyName'].lower()),
            ('userName sw "a"', lambda u: u['userName'][0] == 'a'),
            ('userName ew ".9@example.com"', lambda u: u is user),
            ('emails.value eq "%s"' % user['emails'][0]['value'], lambda u: u is user),
            ('emails eq "%s"' % user['emails'][0]['value'], lambda u: u is user),
            ('emails[type eq "work"].value eq "%s"' % user['emails'][0]['value'], lambda u: u is user),
            ('emails[type eq "home"]', lambda u: False),
            ('emails[type eq "work" and value sw "a"]', lambda u: u['emails'][0]['value'][0] == 'a'),
            ('%s:manager.value eq "%s"' % (ENTERPRISE, users[0]['id']),
             lambda u: u[ENTERPRISE].get('manager', {}).get('value') == users[0]['id']),
            ('%s:manager pr' % ENTERPRISE, lambda u: 'manager' in u[ENTERPRISE]),
            ('meta.lastModified gt "2025-01-01T00:50:00Z"', lambda u: u['meta']['lastModified'] > '2025-01-01T00:50:00.000000Z'),
            ('meta.lastModified le "2025-01-01T01:50:00+01:00"', lambda u: u['meta']['lastModified'] <= '2025-01-01T00:50:00.000000Z')):
        assert found(text) == expected(test), text
    assert box.rules() == []
    assert found('USERNAME EQ "%s"' % user['userName']) == [user['id']] and box.rules() == ['spelling']
    box.reset_log()
    for wrong in ('', 'userName', 'userName eq', 'userName eq x', 'userName is "x"', 'shoeSize eq "1"', '(userName pr', 'userName pr )',
                  'userName pr and', 'emails[type eq "work"', 'emails[size eq 1]', 'userName.x pr', 'not userName pr', '(' * 40 + 'title pr' + ')' * 40):
        refused(scim.list(filter=wrong), 400, 'invalidFilter')
    assert box.rules() == ['bad_value']


def test_filter_switch(box):
    """fact sheet 1: many servers support only eq on a few attributes, or no filter"""
    scim, user = Scim(box), box.state()['users'][8]
    good, rich = 'userName eq "%s"' % user['userName'], 'title eq "Analyst"'
    assert ids(scim.list(filter=good)) == [user['id']] and ids(scim.list(filter=rich))
    box.switch(filter='user_name')
    assert ids(scim.list(filter=good)) == ids(scim.list(filter='externalId eq "E00009"')) == [user['id']]
    refused(scim.list(filter=rich), 400, 'invalidFilter')
    refused(scim.list(filter=good + ' and title pr'), 400, 'invalidFilter')
    box.switch(filter='off')
    refused(scim.list(filter=good), 400, 'invalidFilter')


def test_user_name_case(box):
    """fact sheet 2: userName eq is case-sensitive on some servers, and so is its uniqueness"""
    scim, user = Scim(box), box.state()['users'][8]
    upper = user['userName'].upper()
    assert ids(scim.list(filter='userName eq "%s"' % upper)) == [user['id']]
    refused(scim.create(userName=upper), 409, 'uniqueness')
    box.switch(user_name_case='exact')
    assert ids(scim.list(filter='userName eq "%s"' % upper)) == []
    refused(scim.create(userName=user['userName']), 409, 'uniqueness')
    assert scim.create(userName=upper).status == 201
    assert len(ids(scim.list(filter='userName eq "%s"' % upper))) == 1
    box.switch(user_name_case='ignore')
    assert len(ids(scim.list(filter='userName eq "%s"' % upper))) == 2


# ---- groups ----

def test_groups(box):
    """RFC 7643 4.2: groups, with members in a listing or not"""
    scim, groups = Scim(box), box.groups()
    page = scim.list('Groups').json()
    assert page['totalResults'] == 12 and {g['displayName'] for g in page['Resources']} == set(groups)
    for shown in page['Resources']:
        assert {m['value'] for m in shown['members']} == groups[shown['displayName']]['members']
        assert scim.group(shown['id']).json() == shown
    lead, = scim.list('Groups', filter='displayName eq "leads"').json()['Resources']
    assert [(m['type'], m['display']) for m in lead['members']] == [('Group', 'Managers')]
    member = sorted(groups['Sales']['members'])[0]
    found = scim.list('Groups', filter='members.value eq "%s"' % member).json()['Resources']
    assert {g['displayName'] for g in found} == {n for n, g in groups.items() if member in g['members']}
    box.switch(members='off')
    assert not any('members' in g for g in scim.list('Groups').json()['Resources'])
    assert scim.group(groups['Sales']['id']).json()['members']
    box.switch(groups='off')
    refused(scim.list('Groups'), 404)
    refused(scim.group(groups['Sales']['id']), 404)
    refused(scim.call('POST', '/Groups', {'schemas': [Scim.GROUP], 'displayName': 'X'}), 404)
    assert [t['name'] for t in scim.get('/ResourceTypes').json()['Resources']] == ['User']
    assert scim.get('/Schemas').json()['totalResults'] == 2


# ---- ids ----

def test_ids():
    """fact sheet 2: ids may contain @ or be case-sensitive"""
    with harness.Sandbox('scim', users=40, switches={'ids': 'mail'}) as box:
        scim, user = Scim(box), plain_user(box)
        assert user['id'] == user['userName'] and scim.user(user['id']).json()['id'] == user['id']
        assert scim.user(user['id']).json()['meta']['location'].endswith(urllib.parse.quote(user['id'], safe=''))
        new = scim.create(userName='a+b/c@example.com')
        assert new.json()['id'] == 'a+b/c@example.com' and new.headers['Location'].endswith('a%2Bb%2Fc%40example.com')
        assert scim.patch('a+b/c@example.com', ('replace', 'userName', 'd@example.com')).json()['id'] == 'a+b/c@example.com'
        assert scim.delete('a+b/c@example.com').status == 204
        assert scim.create(userName='a+b/c@example.com').json()['id'] == '2.a+b/c@example.com'
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
    for wrong in ({'id': 'x'}, {'userName': 'y'}, {'id': 'z', 'userName': user['userName']}, {'id': 'fresh', 'userName': 'f'}):
        assert box.post('/admin/user', wrong, keys=False, headers={'Content-Type': 'application/json'}).status == 400, wrong


def test_log(box):
    """the log tells which users a call touched"""
    user = plain_user(box)['id']
    Scim(box).patch(user, ('replace', 'title', 'New'))
    entry, = [e for e in box.log() if e['method'] == 'PATCH']
    assert entry['endpoint'] == 'Users.patch' and entry['users'] == [user] and entry['applied'] and entry['status'] == 200
    assert box.stats()['endpoints']['Users.patch']['applied'] == 1


if __name__ == '__main__':
    harness.run(globals())
