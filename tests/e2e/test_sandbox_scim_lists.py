"""The emulator's SCIM listings: pages, cursors, sorting, filters, groups.

RFC 7644 3.4.2, RFC 9865; fact sheet 1, 2.
"""

import urllib.parse

import harness
from harness import ENTERPRISE, Scim
from test_sandbox_scim import LIST, refused

BOX = {'vendor': 'scim', 'users': 60}


def ids(answer):
    assert answer.status == 200, answer
    return [u['id'] for u in answer.json()['Resources']]


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


# ---- cursors ----

def cursors(scim, kind='Users', **query):
    """Every page from the first cursor to the last."""
    pages, cursor = [], ''
    while cursor is not None:
        answer = scim.list(kind, cursor=cursor, **query)
        assert answer.status == 200, answer
        pages.append(answer.json())
        assert not {'totalResults', 'startIndex'} & set(pages[-1]), pages[-1]
        cursor = pages[-1].get('nextCursor')
        assert len(pages) < 100, 'it never ends'
    return pages


def listed_by(pages):
    return [u['id'] for page in pages for u in page['Resources']]


def test_paging_by_cursor(box):
    """RFC 9865 2: an empty cursor, then nextCursor, which the last page lacks; startIndex is refused"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]
    box.switch(paging='cursor', page_max='25')
    pages = cursors(scim, count=100)
    assert [page['itemsPerPage'] for page in pages] == [25, 25, 10] and listed_by(pages) == everybody
    assert all(set(page) == {'schemas', 'itemsPerPage', 'nextCursor', 'Resources'} for page in pages[:-1])
    assert set(pages[-1]) == {'schemas', 'itemsPerPage', 'Resources'}
    names = [u['userName'] for page in cursors(scim, sortBy='userName', count=7) for u in page['Resources']]
    assert names == sorted(u['userName'] for u in box.state()['users'])
    active = cursors(scim, filter='active eq true', count=10)
    assert listed_by(active) == [u['id'] for u in box.state()['users'] if u['active']] and len(active) > 1
    assert cursors(scim, filter='userName eq "x"')[0]['Resources'] == []
    groups = listed_by(cursors(scim, 'Groups', count=5))
    assert set(groups) == {g['id'] for g in box.state()['groups']} and len(groups) == 12
    bare = scim.get('/Users?cursor').json()
    assert bare['Resources'] == pages[0]['Resources'] and bare['nextCursor'] == pages[0]['nextCursor']
    refused(scim.list(startIndex=1), 400, 'invalidValue')
    refused(scim.list('Groups', startIndex=6, count=5), 400, 'invalidValue')
    assert box.rules() == []
    box.switch(page_short='3', items_per_page='asked')
    pages = cursors(scim, count=20)
    assert [len(page['Resources']) for page in pages] == [17, 17, 17, 9] and listed_by(pages) == everybody
    assert {page['itemsPerPage'] for page in pages} == {20}


def test_paging_without_a_cursor(box):
    """who pages by cursor and is not asked for one brings the first page, and calls it all"""
    scim, user = Scim(box), box.state()['users'][8]
    everybody = [u['id'] for u in box.state()['users']]
    box.switch(paging='cursor', page_max='25')
    page = scim.list(count=100).json()
    assert page['totalResults'] == 25 and [u['id'] for u in page['Resources']] == everybody[:25]
    assert 'nextCursor' not in page and scim.list('Groups', count=5).json()['totalResults'] == 5
    found = scim.list(filter='userName eq "%s"' % user['userName']).json()
    assert found['totalResults'] == 1 and found['Resources'][0]['id'] == user['id'] and box.rules() == []
    box.switch(total='off')
    assert 'totalResults' in scim.list(count=5).json(), 'total is about who pages by index'


def test_paging_either_way(box):
    """RFC 9865 2.3: by cursor or by index as the client asks, by index when it does not; never both"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]
    box.switch(paging='both', page_max='25')
    assert listed_by(cursors(scim)) == everybody == [u['id'] for u in scim.everybody()]
    page = scim.list().json()
    assert page['totalResults'] == 60 and page['startIndex'] == 1 and 'nextCursor' not in page
    assert box.rules() == []
    for paging in ('both', 'cursor'):
        box.switch(paging=paging)
        box.reset_log()
        refused(scim.get('/Users?startIndex=1&cursor'), 400, 'invalidValue')
        assert box.rules() == ['bad_value'], paging


def test_paging_by_index(box):
    """the default: a cursor is a parameter that nobody knows"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]
    assert box.switches()['paging'] == 'index'
    box.switch(page_max='25')
    page = scim.list(cursor='', startIndex=26).json()
    assert [u['id'] for u in page['Resources']] == everybody[25:50] and 'nextCursor' not in page
    assert page['totalResults'] == 60 and page['startIndex'] == 26 and box.rules() == ['unknown_query']


def test_paging_told(box):
    """RFC 9865 4: what ServiceProviderConfig says of it"""
    scim = Scim(box)
    assert 'pagination' not in scim.get('/ServiceProviderConfig').json()
    box.switch(paging='cursor')
    assert scim.get('/ServiceProviderConfig').json()['pagination'] == {
        'cursor': True, 'index': False, 'defaultPageSize': 100, 'maxPageSize': 100}
    box.switch(paging='both', page_max='25')
    assert scim.get('/ServiceProviderConfig').json()['pagination'] == {
        'cursor': True, 'index': True, 'defaultPaginationMethod': 'index', 'defaultPageSize': 25,
        'maxPageSize': 25}


def test_cursor_text(box):
    """RFC 9865 2: a cursor is opaque, and here needs percent-encoding; it never expires; one of another
    listing, or none at all, is 400 invalidCursor"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]
    box.switch(paging='cursor', page_max='25')
    cursor = scim.list(cursor='').json()['nextCursor']
    assert all(c in cursor for c in '+/='), cursor
    assert scim.list(cursor='', sortBy='userName').json()['nextCursor'] != cursor
    for _ in range(2):
        assert ids(scim.list(cursor=cursor)) == everybody[25:50]
    assert box.rules() == []
    for path in ('/Users?cursor=' + cursor, '/Users?cursor=nonsense', '/Users?cursor=0+/19==',
                 '/Groups?cursor=' + urllib.parse.quote(cursor),
                 '/Users?sortBy=userName&cursor=' + urllib.parse.quote(cursor)):
        box.reset_log()
        refused(scim.get(path), 400, 'invalidCursor')
        assert box.rules() == ['paging'], path
    box.reset_log()
    refused(scim.list(cursor='', count=0), 400, 'invalidCount')
    assert box.rules() == ['bad_value']
    for user in everybody[20:]:
        box.user(id=user, deleted=True)
    for beyond in ('empty', 'again', 'error'):  # which is about who pages by index
        box.switch(beyond=beyond)
        page = scim.list(cursor=cursor).json()
        assert page['Resources'] == [] and 'nextCursor' not in page, beyond


def test_page_faults_by_cursor(box):
    """the core's faults of pages bend these too: who follows the cursors misses somebody"""
    scim, everybody = Scim(box), [u['id'] for u in box.state()['users']]
    box.switch(paging='cursor')
    for fault, expected in (('page_drop', everybody[:10] + everybody[20:]),
                            ('page_repeat', everybody[:10] + everybody[:10] + everybody[20:]),
                            ('page_cut', everybody[:15] + everybody[20:]),
                            ('page_empty', everybody[:10])):
        box.switch(fault=['off', 'Users.list:2:' + fault])
        assert listed_by(cursors(scim, count=10)) == expected, fault
    box.switch(fault=['off', 'Groups.list:1:page_cut:25'])
    assert len(listed_by(cursors(scim, 'Groups', count=4))) == 9
    box.switch(fault=['off', 'Users.list:1:page_cut'])
    assert scim.list(count=10).json()['totalResults'] == 5
    box.switch(fault='off')
    assert listed_by(cursors(scim, count=10)) == everybody and box.rules() == []


# ---- sorting and faults ----

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
    page = scim.list(sortBy='nickName').json()['Resources']
    assert ['nickName' in u for u in page] == sorted(('nickName' in u for u in page), reverse=True)
    refused(scim.list(sortBy='shoeSize'), 400, 'invalidPath')
    assert listed() == sorted(names)
    box.switch(sort='off')
    assert listed() == names, 'what was sorted before is forgotten'


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

    def modified(u):
        return u['meta']['lastModified']

    moment = '2025-01-01T00:50:00.000000Z'

    for text, test in (
            ('userName eq "%s"' % user['userName'], lambda u: u is user),
            ('externalId eq "E00009"', lambda u: u is user),
            ('externalId eq "e00009"', lambda u: False),
            ('id eq "%s"' % user['id'], lambda u: u is user),
            ('active eq false', lambda u: not u['active']),
            ('active eq true and %s:department eq "sales"' % ENTERPRISE,
             lambda u: u['active'] and department(u) == 'Sales'),
            ('title eq "Analyst" or title eq "Associate"', lambda u: u['title'] in ('Analyst', 'Associate')),
            ('not (title eq "Analyst") and nickName pr',
             lambda u: u['title'] != 'Analyst' and 'nickName' in u),
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
            ('meta.lastModified gt "2025-01-01T00:50:00Z"', lambda u: modified(u) > moment),
            ('meta.lastModified le "2025-01-01T01:50:00+01:00"', lambda u: modified(u) <= moment)):
        assert found(text) == expected(test), text
    assert box.rules() == []
    assert found('USERNAME EQ "%s"' % user['userName']) == [user['id']] and box.rules() == ['spelling']
    box.reset_log()
    for wrong in ('', 'userName', 'userName eq', 'userName eq x', 'userName is "x"', 'shoeSize eq "1"',
                  '(userName pr', 'userName pr )',
                  'userName pr and', 'emails[type eq "work"', 'emails[size eq 1]', 'userName.x pr',
                  'not userName pr', '(' * 40 + 'title pr' + ')' * 40):
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


if __name__ == '__main__':
    harness.run(globals())
