"""The emulator's SCIM Bulk (RFC 7644 3.7; fact sheet 1, 2)."""

import harness
from harness import ENTERPRISE, Scim
from test_sandbox_scim import plain_user, refused

BOX = {'vendor': 'scim', 'users': 60, 'switches': {'bulk': 'on'}}


def creating(name, **attributes):
    schemas = [Scim.USER] + [key for key in attributes if ':' in key]
    return {'method': 'POST', 'path': '/Users', 'bulkId': name,
            'data': {'schemas': schemas, 'userName': name + '@example.com', **attributes}}


def patching(user, *operations, kind='Users'):
    return {'method': 'PATCH', 'path': Scim.path(user, kind),
            'data': {'schemas': [Scim.MESSAGE + 'PatchOp'],
                     'Operations': [{'op': op, 'path': path, 'value': value}
                                    for op, path, value in operations]}}


def under(manager):
    return {ENTERPRISE: {'manager': {'value': manager}}}


def done(answer, statuses=None):
    assert answer.status == 200, answer
    body = answer.json()
    assert body['schemas'] == [Scim.MESSAGE + 'BulkResponse']
    if statuses is not None:
        assert [o['status'] for o in body['Operations']] == statuses, body
    return body['Operations']


def named(box):
    return {u['userName'].split('@')[0]: u for u in box.users().values()}


def test_bulk(box):
    """fact sheet 1: one status per operation; POST, PATCH, PUT, DELETE; users and groups"""
    scim, users, group = Scim(box), list(box.users()), box.groups()['Sales']
    leaf = plain_user(box)['id']
    other = scim.user(users[2]).json()
    other['title'] = 'Put'
    newcomer = next(u for u in users if u not in group['members'] and u != leaf)
    operations = done(scim.bulk(
        creating('new', title='New'), patching(users[1], ('replace', 'title', 'Patched')),
        {'method': 'PUT', 'path': Scim.path(users[2]), 'data': other},
        {'method': 'DELETE', 'path': Scim.path(leaf)},
        patching(group['id'], ('add', 'members', [{'value': newcomer}]), kind='Groups')),
        ['201', '200', '200', '204', '200'])
    now = box.users()
    assert operations[0]['bulkId'] == 'new' and 'bulkId' not in operations[1]
    assert operations[0]['location'] == scim.user(named(box)['new']['id']).json()['meta']['location']
    assert [now[u]['title'] for u in users[1:3]] == ['Patched', 'Put'] and leaf not in now
    assert newcomer in box.groups()['Sales']['members'] and box.rules() == []
    entry = box.log()[-2]
    assert entry['endpoint'] == 'Bulk' and leaf in entry['users'] and len(entry['users']) == 5


def test_references(box):
    """RFC 7644 3.7.2: bulkId in place of an id that does not exist yet"""
    scim, group = Scim(box), box.groups()['Sales']['id']
    done(scim.bulk(creating('boss'), creating('one', **under('bulkId:boss')),
                   patching(group, ('add', 'members', [{'value': 'bulkId:one'}]), kind='Groups')),
         ['201', '201', '200'])
    now = named(box)
    assert now['one'][ENTERPRISE]['manager'] == {'value': now['boss']['id']}
    assert now['one']['id'] in box.groups()['Sales']['members'] and box.rules() == []


def test_order(box):
    """a reference to a later operation is resolved, but a careful client puts that one first"""
    scim = Scim(box)
    done(scim.bulk(creating('a', **under('bulkId:b')), creating('b', **under('bulkId:c')), creating('c')),
         ['201'] * 3)
    now = named(box)
    assert now['a'][ENTERPRISE]['manager']['value'] == now['b']['id']
    assert now['b'][ENTERPRISE]['manager']['value'] == now['c']['id'] and box.rules() == ['bulk_order']
    operations = done(scim.bulk(creating('d', **under('bulkId:e')), creating('e', **under('bulkId:d')),
                                creating('f')),
                      ['409', '409', '201'])
    assert 'ring' in operations[0]['response']['detail'] and 'd' not in named(box)


def test_primary_required(box):
    """a new user without a primary e-mail is refused here too, and who refers to it"""
    scim = Scim(box)
    marked = {'emails': [{'value': 'a@example.com', 'primary': True}]}
    done(scim.bulk(creating('before')), ['201'])
    box.switch(primary_required='on')
    operations = done(scim.bulk(creating('bare'), creating('good', **marked),
                                creating('under', **marked, **under('bulkId:bare'))), ['400', '201', '409'])
    error = operations[0]['response']
    assert error['scimType'] == 'invalidValue' and 'primary' in error['detail'], error
    assert 'good' in named(box) and not {'bare', 'under'} & set(named(box)) and box.rules() == []


def test_failures(box):
    """each operation is answered for itself; what refers to a failed one fails too"""
    scim, taken = Scim(box), box.state()['users'][0]['userName']
    operations = done(scim.bulk(creating('boss', userName=taken), creating('one', **under('bulkId:boss')),
                                creating('two', **under('bulkId:nobody')), creating('three'),
                                {'method': 'DELETE', 'path': '/Users/nobody'}),
                      ['409', '409', '400', '201', '404'])
    assert operations[0]['response']['scimType'] == 'uniqueness' and 'location' not in operations[0]
    assert operations[4]['location'].endswith('/Users/nobody')
    assert operations[4]['response']['status'] == '404'
    assert named(box)['three'] and box.rules() == ['create_exists', 'unknown_user']


def test_fail_on_errors(box):
    """fact sheet 1: operations after failOnErrors is reached are simply absent"""
    scim, bad = Scim(box), {'method': 'DELETE', 'path': '/Users/nobody'}
    assert len(done(scim.bulk(bad, creating('a'), bad, creating('b'), failOnErrors=2))) == 3
    assert 'a' in named(box) and 'b' not in named(box)
    assert len(done(scim.bulk(bad, bad, creating('c')))) == 3 and 'c' in named(box)


def test_bulk_stop(box):
    """fact sheet 1: a server that stops by itself"""
    scim, bad = Scim(box), {'method': 'DELETE', 'path': '/Users/nobody'}
    box.switch(bulk_stop='1')
    done(scim.bulk(creating('a'), bad, creating('b')), ['201', '404'])
    assert len(done(scim.bulk(bad, bad, creating('c'), failOnErrors=3))) == 3
    box.switch(bulk_stop='0')
    done(scim.bulk(bad, creating('b')), ['404', '201'])


def test_bulk_switch(box):
    """fact sheet 1: bulk.supported; off: assume no Bulk"""
    scim = Scim(box)
    box.switch(bulk='off')
    refused(scim.bulk(creating('a')), 501)
    assert box.rules() == ['bulk_limit'] and 'a' not in named(box)
    assert scim.get('/ServiceProviderConfig').json()['bulk']['supported'] is False
    box.switch(bulk='on')
    done(scim.bulk(creating('a')), ['201'])
    assert scim.get('/ServiceProviderConfig').json()['bulk']['supported'] is True


def test_bulk_max(box):
    """fact sheet 1: too many: 413"""
    scim = Scim(box)
    box.switch(bulk_max='2')
    refused(scim.bulk(creating('a'), creating('b'), creating('c')), 413)
    assert box.rules() == ['bulk_limit'] and 'a' not in named(box)
    done(scim.bulk(creating('a'), creating('b')), ['201'] * 2)
    box.switch(bulk_max='1000')
    done(scim.bulk(creating('c'), creating('d'), creating('e')), ['201'] * 3)


def test_bulk_payload(box):
    """fact sheet 1: maxPayloadSize"""
    scim = Scim(box)
    box.switch(bulk_payload='600')
    refused(scim.bulk(creating('a', title='x' * 600)), 413)
    assert box.rules() == ['bulk_limit']
    done(scim.bulk(creating('a')), ['201'])
    box.switch(bulk_payload='3000000')
    done(scim.bulk(creating('c', title='x' * 2000000)), ['201'])
    assert box.rules() == ['bulk_limit']
    box.switch(bulk_payload='1048576')
    done(scim.bulk(creating('b', title='x' * 600)), ['201'])


def test_bulk_status(box):
    """fact sheet 2: "200", 200, or {"code": "200"}"""
    scim, user = Scim(box), plain_user(box)['id']
    for form, status in (('number', 200), ('object', {'code': '200'}), ('string', '200')):
        box.switch(bulk_status=form)
        done(scim.bulk(patching(user, ('replace', 'title', form))), [status])


def test_nochange(box):
    """fact sheet 2: a PATCH that changes nothing may be "204" """
    scim, user = Scim(box), plain_user(box)
    same = patching(user['id'], ('replace', 'title', user['title']))
    box.switch(nochange='204')
    done(scim.bulk(same), ['204'])
    box.switch(nochange='200')
    done(scim.bulk(same), ['200'])


def test_bulk_id(box):
    """fact sheet 2: a server that does not resolve references"""
    scim = Scim(box)
    box.switch(bulk_id='off')
    done(scim.bulk(creating('a'), creating('b', **under('bulkId:a'))), ['201', '400'])
    box.switch(bulk_id='on')
    done(scim.bulk(creating('c'), creating('d', **under('bulkId:c'))), ['201', '201'])


def test_bulk_order(box):
    """RFC 7644 3.7: nothing says that the answer keeps the order"""
    scim = Scim(box)
    box.switch(bulk_order='reversed')
    assert [o['bulkId'] for o in done(scim.bulk(creating('a'), creating('b')))] == ['b', 'a']
    box.switch(bulk_order='kept')
    assert [o['bulkId'] for o in done(scim.bulk(creating('c'), creating('d')))] == ['c', 'd']


def test_needless(box):
    """more operations than needed: on what the same request creates or writes"""
    scim, user = Scim(box), plain_user(box)['id']
    done(scim.bulk(creating('a'), {**patching('x', ('replace', 'title', 'T')), 'path': '/Users/bulkId:a'}),
         ['201', '200'])
    assert named(box)['a']['title'] == 'T' and box.rules() == ['bulk_needless']
    box.reset_log()
    done(scim.bulk(patching(user, ('replace', 'title', 'A')), patching(user, ('replace', 'nickName', 'B'))),
         ['200'] * 2)
    assert box.rules() == ['bulk_needless']
    # a group once more, for a new user, is none; for one who stands it is
    group = '/Groups/' + box.groups()['Legal']['id']
    users = [u['id'] for u in box.users().values() if u['id'] not in box.groups()['Legal']['members']][:2]
    for members, rules in ((['bulkId:p', 'bulkId:q'], []), (users, ['bulk_needless'])):
        box.reset_log()
        new = [creating(name.split(':')[1]) for name in members if ':' in name]
        done(scim.bulk(*new,
                       *[{**patching('x', ('add', 'members', [{'value': one}])), 'path': group}
                         for one in members]),
             ['201'] * len(new) + ['200'] * 2)
        assert box.rules() == rules, (members, box.rules())


def test_versions(box):
    """fact sheet 1: an operation's version is its If-Match"""
    scim, user = Scim(box), plain_user(box)['id']
    box.switch(etag='on', etag_required='on')
    change = patching(user, ('replace', 'title', 'A'))
    operations = done(scim.bulk({**change, 'version': 'W/"1"'}, creating('a')), ['200', '201'])
    assert [o['version'] for o in operations] == ['W/"2"', 'W/"1"']
    assert box.rules() == []
    done(scim.bulk({**change, 'version': 'W/"1"'}), ['412'])
    done(scim.bulk(change), ['428'])
    assert box.rules() == ['no_if_match']


def test_ids_in_paths():
    """fact sheet 2: ids are percent-encoded in paths, in Bulk too"""
    with harness.Sandbox('scim', users=30, switches={'bulk': 'on', 'ids': 'mail'}) as box:
        scim, user = Scim(box), plain_user(box)['id']
        done(scim.bulk(patching(user, ('replace', 'title', 'A'))), ['200'])
        assert box.rules() == []
        done(scim.bulk({**patching(user, ('replace', 'title', 'B')), 'path': '/Users/' + user}), ['200'])
        assert box.rules() == ['raw_id']


def test_malformed(box):
    """requests that are none"""
    scim = Scim(box)
    good = creating('a')
    for operations, kind in (
            ([], 'invalidSyntax'), (['x'], 'invalidSyntax'), ([{**good, 'method': 'GET'}], 'invalidSyntax'),
            ([{**good, 'path': '/Teams'}], 'invalidSyntax'),
            ([{**good, 'path': '/Users/x'}], 'invalidSyntax'),
            ([{**good, 'data': None}], 'invalidSyntax'),
            ([{'method': 'DELETE', 'path': '/Users'}], 'invalidSyntax'),
            ([{k: v for k, v in good.items() if k != 'bulkId'}], 'invalidValue'),
            ([good, good], 'invalidValue')):
        refused(scim.bulk(*operations), 400, kind)
    refused(scim.bulk(good, failOnErrors=0), 400, 'invalidValue')
    refused(scim.call('POST', '/Bulk', {'Operations': {}}), 400, 'invalidSyntax')
    assert 'a' not in named(box)
    box.reset_log()
    done(scim.call('POST', '/Bulk', {'Operations': [{**good, 'x': 1}], 'y': 1}), ['201'])
    assert box.rules() == ['schemas', 'unknown_key']


def test_groups_off(box):
    """fact sheet 1: no groups, in Bulk neither"""
    box.switch(groups='off')
    group = {'method': 'POST', 'path': '/Groups', 'bulkId': 'g',
             'data': {'schemas': [Scim.GROUP], 'displayName': 'G'}}
    done(Scim(box).bulk(group), ['404'])
    box.switch(groups='on')
    done(Scim(box).bulk(group), ['201'])
    assert 'G' in box.groups()


if __name__ == '__main__':
    harness.run(globals())
