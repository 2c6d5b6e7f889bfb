"""Every switch of the emulator, both ways (fact sheet 10, and the ASSUMPTIONs of 2 to 5)."""

import socket
import subprocess

import harness
from harness import LeadSquared
from test_sandbox import STRANGER, accepted, condition, plain_users, refused

BOX = {'users': 60, 'switches': {'manager_delay': 0}}


def test_every_switch_can_be_set(box):
    """fact sheet 10: each switch takes each of its values at run time and says so"""
    table = subprocess.run([harness.program('ROLLCALL_SANDBOX', 'rollcall-sandbox'), '--list-switches'],
                           capture_output=True, text=True,
                           check=True, timeout=harness.TIMEOUT).stdout.splitlines()[1:]
    defaults = box.switches()
    assert len(table) == len(defaults) > 35
    for line in table:
        name, default, values = line.split()[:3]
        if values in ('off|N/SPAN,...', 'off|ENDPOINT:NTH:KIND[:ARG]') or name == 'drop_after_apply':
            continue
        if name not in ('rate', 'manager_delay'):
            assert defaults[name] == default, (name, defaults[name], default)
        for value in values.split('|'):
            value = '60000' if value in ('N', 'MS') else value
            box.switch(**{name: value})
            assert box.switches()[name] == value
        box.switch(**{name: default})
    assert box.switches() == {**defaults, 'manager_delay': '2000'}
    assert LeadSquared(box).listing().status == 200


# ---- answers (2.2, 3) ----

def test_limited_answer(box):
    """fact sheet 10: over the limit 429 with the error body, 200 with it, 429 empty; no header tells"""
    lsq = LeadSquared(box)
    box.switch(rate='1/1h')
    assert lsq.listing().status == 200
    for value, status, empty in (('429', 429, False), ('200', 200, False), ('empty', 429, True)):
        box.switch(limited_answer=value)
        answer = lsq.listing()
        assert answer.status == status and (answer.body == b'') == empty, answer
        assert not [name for name in answer.headers if 'retry' in name.lower() or 'rate' in name.lower()]
        if not empty:
            assert answer.json()['ExceptionType'] == 'MXAPIRateLimitExceededException'
    assert box.rules() == ['rate_limit'] and box.stats()['throttled'] == 3


def test_logical_status(box):
    """fact sheet 10, 1.7: application errors under 500, 400 or 200"""
    lsq = LeadSquared(box)
    for status in (500, 400, 200):
        box.switch(logical_status=str(status))
        refused(lsq.activate(STRANGER), 'MXInvalidInputException', status=status)


def test_unauthorized(box):
    """fact sheet 10: body of a 401: JSON, empty, text naming a host"""
    for value, kind in (('json', 'application/json'), ('empty', 'text/plain'), ('host', 'text/plain')):
        box.switch(unauthorized=value)
        answer = box.get(LeadSquared.PATHS['UsersGet'], keys=False)
        assert answer.status == 401 and answer.headers['Content-Type'].startswith(kind)
        assert {'json': b'MXInvalidUserDetailsException', 'empty': b'',
                'host': b'leadsquared.com'}[value] in answer.body
        assert (answer.body == b'') == (value == 'empty')


def test_host(box):
    """fact sheet 2.1, 4.1: on the wrong host only UserByAccessKey works"""
    lsq = LeadSquared(box)
    box.switch(host='wrong')
    assert lsq.whoami().status == 200
    answer = lsq.listing()
    assert answer.status == 401 and b'https://api-in21.leadsquared.com' in answer.body
    box.switch(host='right')
    assert lsq.listing().status == 200


def test_case(box):
    """fact sheet 2.3: keys and parameters in any case, or only as documented"""
    lsq, user = LeadSquared(box), plain_users(box)[0]

    def ask(param, key):
        return lsq.post('Update', {key: {'Department': 'New ' + param}}, query={param: user['UserId']})

    accepted(ask('userid', 'USER'))
    box.switch(case='strict')
    accepted(ask('UserId', 'user'))
    refused(ask('userid', 'user'), 'MXMandatoryAttributeMissingException')
    assert ask('UserId', 'USER').status == 400
    refused(lsq.update(user['UserId'], department='x'), 'MXUnknownAttributeException')
    accepted(lsq.activate(user['UserId']))
    assert lsq.mark_obsolete(user['UserId']).status == 500
    assert lsq.get('ByUserId', query={'userId': user['UserId']}).json() != []


# ---- reads (4) ----

def test_listing_cap(box):
    """fact sheet 10: Users.Get shows everybody, or the first N"""
    lsq = LeadSquared(box)
    everybody = lsq.listing().json()
    box.switch(listing_cap='20')
    assert lsq.listing().json() == everybody[:20]
    box.switch(listing_cap='off')
    assert len(lsq.listing().json()) == 60


def test_obsolete_listed(box):
    """fact sheet 5.5: obsolete users vanish, or stay listed as inactive"""
    lsq, user = LeadSquared(box), plain_users(box, active=False)[0]
    accepted(lsq.mark_obsolete(user['UserId']))
    for value, shown in (('no', False), ('yes', True)):
        box.switch(obsolete_listed=value)
        listed = {u['ID']: u['StatusCode'] for u in lsq.listing().json()}
        found = {u['UserId']: u['StatusCode']
                 for u in lsq.search([('StatusCode', 'eq', '1')]).json()['Users']}
        assert listed.get(user['UserId']) == (1 if shown else None)
        assert found.get(user['UserId']) == ('1' if shown else None)


def test_page_cap(box):
    """fact sheet 10: pages above 1000 are an error, or clamped silently"""
    lsq = LeadSquared(box)
    refused(lsq.search(size=1001), 'MXInvalidInputException', "PageSize can't be greater than 1000")
    box.switch(page_cap='10')
    refused(lsq.search(size=11), 'MXInvalidInputException', '10')
    assert len(lsq.search(size=10).json()['Users']) == 10
    box.switch(page_over='clamp')
    assert len(lsq.search(size=11).json()['Users']) == 10
    box.switch(page_cap='off', page_over='error')
    assert len(lsq.search(size=5000).json()['Users']) == 60


def test_unstable_order(box):
    """fact sheet 10: ties in one order, or in a new one each time; a unique column settles it"""
    lsq = LeadSquared(box)

    def orders(sort):
        return {tuple(u['UserId'] for u in lsq.search(sort=sort).json()['Users']) for _ in range(6)}

    assert len(orders('Country')) == 1
    box.switch(unstable_order='on')
    assert len(orders('Country')) > 1 and len(orders(None)) > 1 and len(orders('UserId')) == 1
    pages = [u['UserId'] for page in (1, 2, 3)
             for u in lsq.search(sort='Country', page=page, size=20).json()['Users']]
    assert len(set(pages)) < 60


def test_derived_columns(box):
    """fact sheet 10: Include_CSV naming ManagerName or TeamName"""
    lsq = LeadSquared(box)
    for column in ('ManagerName', 'TeamName'):
        box.switch(derived_columns='error')
        refused(lsq.search(columns='UserId,' + column), 'MXInvalidInputException', 'invalid Attributes')
        box.switch(derived_columns='accept')
        assert lsq.search(columns='UserId,' + column).status == 200
    rows = lsq.search(columns='UserId,ManagerName').json()['Users']
    assert any(r['ManagerName'] for r in rows) and not any(r['ManagerUserId'] for r in rows)


def test_search_status(box):
    """fact sheet 10: StatusCode in AdvancedSearch as text or as a number"""
    lsq = LeadSquared(box)
    for value, kind in (('string', str), ('number', int)):
        box.switch(search_status=value)
        assert {type(u['StatusCode']) for u in lsq.search().json()['Users']} == {kind}


def test_search_info(box):
    """fact sheet 4.3: a total, or none"""
    lsq = LeadSquared(box)
    assert lsq.search(size=5).json()['SearchInfo'] == {'RecordCount': 60}
    box.switch(search_info='absent')
    assert list(lsq.search().json()) == ['Users']


def test_empty_conditions(box):
    """fact sheet 4.3: a search without conditions"""
    lsq = LeadSquared(box)
    for groups in ([], 'leave out', [{'Condition': [], 'GroupOperator': None}]):
        box.switch(empty_conditions='refuse')
        refused(lsq.search(GroupConditions=groups), 'MXInvalidInputException')
        box.switch(empty_conditions='accept')
        assert len(lsq.search(GroupConditions=groups).json()['Users']) == 60


# ---- writes (5) ----

def test_update_unlisted(box):
    """fact sheet 10: attributes that Update does not list: rejected, or ignored"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    fields = {'ManagerUserId': STRANGER, 'StatusCode': '1', 'Department': 'New'}
    refused(lsq.update(user['UserId'], **fields), 'MXUnknownAttributeException')
    box.switch(update_unlisted='ignore')
    accepted(lsq.update(user['UserId'], **fields))
    assert box.users()[user['UserId']] == {**user, 'Department': 'New'}
    assert box.rules() == ['unknown_attribute']


def test_unknown_attribute_status(box):
    """fact sheet 14: an unknown attribute is a 500 by practice, a 400 by the general table"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    for value, status in (('logical', 500), ('400', 400)):
        box.switch(unknown_attribute=value)
        refused(lsq.update(user['UserId'], Shoe='9'), 'MXUnknownAttributeException', status=status)


def test_update_inactive(box):
    """fact sheet 5.2: update of an inactive user"""
    lsq, user = LeadSquared(box), plain_users(box, active=False)[0]
    accepted(lsq.update(user['UserId'], Department='New'))
    box.switch(update_inactive='refuse')
    refused(lsq.update(user['UserId'], Department='Newer'), 'MXInvalidInputException')


def test_clear(box):
    """fact sheet 5.2: "" clears, or is passed over"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    box.switch(clear='ignore')
    accepted(lsq.update(user['UserId'], Department='', Designation='New'))
    assert box.users()[user['UserId']] == {**user, 'Designation': 'New'}
    box.switch(clear='accept')
    accepted(lsq.update(user['UserId'], Department=''))
    assert 'Department' not in box.users()[user['UserId']]


def test_xss(box):
    """fact sheet 3.2: markup in a text value"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    refused(lsq.update(user['UserId'], Department='<b>Sales</b>'), 'MXXSSException')
    accepted(lsq.update(user['UserId'], Department='a < b', Signature_Html='<p>x</p>'))
    box.switch(xss='accept')
    accepted(lsq.update(user['UserId'], Department='<b>Sales</b>'))


def test_create_answer(box):
    """fact sheet 5.1: the new id in the answer, or not"""
    lsq = LeadSquared(box)
    assert accepted(lsq.create())['Message']['Id'] in box.users()
    box.switch(create_answer='bare')
    assert accepted(lsq.create(EmailAddress='other@example.com')) == {'Status': 'Success'}


def test_create_custom(box):
    """fact sheet 14: CustomFields by schema name only, or by slot too"""
    lsq = LeadSquared(box)
    refused(lsq.create(CustomFields={'mx_Custom_1': 'E1'}), 'MXUnknownAttributeException')
    box.switch(create_custom='any')
    new = accepted(lsq.create(CustomFields={'mx_Custom_1': 'E1', 'Grade': 'G1'}))['Message']['Id']
    assert box.users()[new]['mx_Custom_1'] == 'E1' and box.users()[new]['mx_Custom_3'] == 'G1'


def test_bulk_inactive(box):
    """fact sheet 5.3: whether Bulk/Update reaches inactive users"""
    lsq, user = LeadSquared(box), plain_users(box, active=False)[0]
    teams = [t['TeamId'] for t in box.state()['Teams'] if t['TeamId'] != user['TeamId']]
    box.switch(bulk_inactive='no')
    assert accepted(lsq.bulk_team(teams[0], [user['EmailAddress']]))['Message']['AffectedRows'] == 0
    assert box.users()[user['UserId']] == user
    box.switch(bulk_inactive='yes')
    assert accepted(lsq.bulk_team(teams[0], [user['EmailAddress']]))['Message']['AffectedRows'] == 1


# ---- managers (5.4) ----

def results(box):
    return [p['result'] for p in box.stats()['batches'][-1]['pairs']]


def test_manager_bad_pair(box):
    """fact sheet 10: a bad pair is skipped, or all are refused"""
    lsq, head, user = LeadSquared(box), box.state()['Users'][1]['UserId'], plain_users(box)[-1]
    assert lsq.managers((STRANGER, head), (user['UserId'], head)).json()['Status'] == 'Success'
    assert results(box) == ['no such user', 'applied']
    box.switch(manager_bad_pair='reject')
    body = lsq.managers((STRANGER, head), (user['UserId'], user['ManagerUserId'])).json()
    assert body['Status'] == 'Error' and body['ErrorMessage'] and len(box.stats()['batches']) == 1
    assert box.users()[user['UserId']]['ManagerUserId'] == head


def test_manager_apply(box):
    """fact sheet 10: applied, never, in part"""
    lsq, head, users = LeadSquared(box), box.state()['Users'][1]['UserId'], plain_users(box)
    movers = [u for u in users if u['ManagerUserId'] != head]
    pairs = [(u['UserId'], head) for u in movers[:4]]
    for value, done in (('never', 0), ('half', 2), ('all', 4)):
        box.switch(manager_apply=value)
        assert lsq.managers(*pairs).json()['Status'] == 'Success'
        now = box.users()
        assert [now[u]['ManagerUserId'] == head for u, _ in pairs] == [i < done for i in range(4)]
        assert results(box) == ['applied' if i < done else 'lost' for i in range(4)]


def test_manager_check(box):
    """fact sheet 10: a ring, oneself, an inactive manager: accepted, or skipped"""
    lsq, users = LeadSquared(box), box.state()['Users']
    head, under, gone = users[1]['UserId'], users[2]['UserId'], plain_users(box, active=False)[0]['UserId']
    one, other = (u['UserId'] for u in plain_users(box)[-2:])
    pairs = [(head, under), (one, one), (other, gone)]
    box.switch(manager_check='skip')
    lsq.managers(*pairs)
    assert results(box) == ['closes a ring', 'own manager', 'manager is inactive']
    assert box.state()['Users'] == users
    assert box.rules() == ['inactive_manager', 'manager_ring', 'own_manager']
    box.switch(manager_check='accept')
    lsq.managers(*pairs)
    assert results(box) == ['applied'] * 3
    now = box.users()
    assert [now[u]['ManagerUserId'] for u, _ in pairs] == [m for _, m in pairs]


def test_manager_clear(box):
    """fact sheet 5.4: an empty ManagerId clears, or is a bad pair"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    for nobody in ('', None):
        box.user(UserId=user['UserId'], ManagerUserId=user['ManagerUserId'])
        box.switch(manager_clear='skip')
        lsq.managers((user['UserId'], nobody))
        assert box.users()[user['UserId']] == user
        box.switch(manager_clear='accept')
        lsq.managers((user['UserId'], nobody))
        assert 'ManagerUserId' not in box.users()[user['UserId']]


def test_manager_refusal(box):
    """fact sheet 5.4, 3.2: a batch is refused by 200 with Status Error, or by the usual envelope"""
    lsq = LeadSquared(box)
    assert lsq.managers().json()['WFAId'] is None
    box.switch(manager_refusal='envelope')
    refused(lsq.managers(*[(STRANGER, STRANGER)] * 101), 'MXInvalidInputException')


# ---- status (5.5) ----

def test_deactivate_manager(box):
    """fact sheet 10: deactivating somebody with reports; they keep the inactive manager"""
    lsq, manager = LeadSquared(box), box.state()['Users'][2]['UserId']
    reports = [u['UserId'] for u in box.state()['Users'] if u.get('ManagerUserId') == manager]
    box.switch(deactivate_manager='refuse')
    refused(lsq.deactivate(manager), 'MXInvalidInputException', 'report')
    box.switch(deactivate_manager='accept')
    accepted(lsq.deactivate(manager))
    assert reports and all(box.users()[u]['ManagerUserId'] == manager for u in reports)


def test_deactivation_rule(box):
    """fact sheet 10: refused with a count for owned leads, open opportunities"""
    lsq, users = LeadSquared(box), plain_users(box)
    leads, opportunities, neither = (u['UserId'] for u in users[:3])
    box.user(UserId=leads, OwnedLeads=41)
    box.user(UserId=opportunities, OpenOpportunities='42')
    for rule, allowed in (('leads', {opportunities, neither}), ('opportunities', {leads, neither}),
                          ('both', {neither}),
                          ('off', {leads, opportunities, neither})):
        box.switch(deactivation_rule=rule)
        for user, text in ((leads, '41'), (opportunities, '42'), (neither, '')):
            answer = lsq.deactivate(user)
            if user in allowed:
                accepted(answer)
                accepted(lsq.activate(user))
            else:
                refused(answer, 'MXInvalidInputException', text)
    assert box.rules() == []


def test_protected_users(box):
    """fact sheet 10: billing users and those in automations: refused, or accepted"""
    lsq, users = LeadSquared(box), plain_users(box)
    box.user(UserId=users[0]['UserId'], IsBillingUser=True)
    box.user(UserId=users[1]['UserId'], InAutomation=True)
    for user, text in ((users[0], 'billing'), (users[1], 'automation')):
        box.switch(protected_users='refuse')
        refused(lsq.deactivate(user['UserId']), 'MXInvalidInputException', text)
        box.switch(protected_users='accept')
        accepted(lsq.deactivate(user['UserId']))


def test_same_status(box):
    """fact sheet 10: deactivating the inactive: success, or an error"""
    lsq, on = LeadSquared(box), plain_users(box)[0]['UserId']
    off = plain_users(box, active=False)[0]['UserId']
    accepted(lsq.deactivate(off))
    accepted(lsq.activate(on))
    box.switch(same_status='error')
    refused(lsq.deactivate(off), 'MXInvalidInputException')
    refused(lsq.activate(on), 'MXInvalidInputException')


def test_status_method(box):
    """fact sheet 10: Activate and Deactivate by GET or POST, or by one only"""
    lsq, user = LeadSquared(box), plain_users(box)[0]['UserId']
    for value, good in (('any', ('GET', 'POST')), ('get', ('GET',)), ('post', ('POST',))):
        box.switch(status_method=value)
        for method in ('GET', 'POST'):
            for change in (lsq.deactivate, lsq.activate):
                assert change(user, method).status == (200 if method in good else 405), (value, method)
    assert box.rules() == ['method']


def test_licences(box):
    """fact sheet 10: creating and activating beyond the licence count; deactivating frees a seat"""
    lsq = LeadSquared(box)
    active = [u for u in box.state()['Users'] if u['StatusCode'] == '0']
    off = plain_users(box, active=False)[0]['UserId']
    box.switch(licences=str(len(active)))
    refused(lsq.create(), 'MXInvalidInputException', 'limit')
    refused(lsq.activate(off), 'MXInvalidInputException', 'limit')
    accepted(lsq.deactivate(plain_users(box)[0]['UserId']))
    accepted(lsq.activate(off))
    refused(lsq.create(), 'MXInvalidInputException', 'limit')
    box.switch(licences='off')
    accepted(lsq.create())
    assert box.rules() == []


# ---- the core's own ----

def test_visible_delay(box):
    """writes show later in every read, and rules go by the truth"""
    lsq, users = LeadSquared(box), plain_users(box)
    box.switch(visible_delay='600000')
    new = accepted(lsq.create())['Message']['Id']
    accepted(lsq.update(users[0]['UserId'], Department='New'))
    accepted(lsq.deactivate(users[1]['UserId']))
    box.switch(visible_delay='0')
    assert lsq.get('ByUserId', query={'userId': new}).json() == []
    assert lsq.get('ByEmailAddress', query={'emailAddress': 'nila.das@example.com'}).json() == []
    assert len(lsq.listing().json()) == 60 and len(lsq.search().json()['Users']) == 60
    assert lsq.search([('Department', 'eq', 'New')]).json()['Users'] == []
    assert lsq.get('ByUserId', query={'userId': users[1]['UserId']}).json() != []
    refused(lsq.create(), 'MXDuplicateEntryException')
    assert box.rules() == [] and box.users()[users[0]['UserId']]['Department'] == 'New'


def test_visible_delay_ends(box):
    """after the delay they show"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    box.switch(visible_delay='40')
    for name in ('One', 'Two'):
        accepted(lsq.update(user['UserId'], Department=name))
    harness.wait_until(lambda: lsq.search([('Department', 'eq', 'Two')]).json()['Users'], 'the write')
    new = accepted(lsq.create())['Message']['Id']
    harness.wait_until(lambda: lsq.get('ByUserId', query={'userId': new}).json(), 'the new user')


def test_latency(box):
    """answers come later, what was asked is applied at once"""
    box.switch(latency='600000')
    user = plain_users(box)[0]['UserId']
    connection = box.connect()
    connection.request('GET', LeadSquared.PATHS['Deactivate'] + '?userId=' + user, headers={
        'User-Agent': 'x', 'x-LSQ-AccessKey': harness.ACCESS_KEY, 'x-LSQ-SecretKey': harness.SECRET_KEY})
    harness.wait_until(lambda: box.users()[user]['StatusCode'] == '1', 'the deactivation')
    assert not box.log()[0]['answered']
    connection.close()
    box.switch(latency='0')
    assert LeadSquared(box).whoami().status == 200


def test_idle_close(box):
    """kept connections are closed by the server after a while, or never"""
    with socket.create_connection(('127.0.0.1', box.port), timeout=harness.TIMEOUT) as s:
        s.sendall(b'GET /admin/switches HTTP/1.1\r\n\r\n')
        first = s.recv(65536)
        assert first.startswith(b'HTTP/1.1 200'), first
        box.switch(idle_close='30')
        s.sendall(b'GET /admin/switches HTTP/1.1\r\n\r\n')
        got = s.recv(65536)
        assert got.startswith(b'HTTP/1.1 200')
        while s.recv(65536):
            pass


def test_conditions_on_status_of_everybody(box):
    """fact sheet 4.3: a condition on a column that is empty for most"""
    lsq = LeadSquared(box)
    groups = [{'Condition': [condition('EmployeeId', 'n', None)], 'GroupOperator': None}]
    assert len(lsq.search(GroupConditions=groups).json()['Users']) == 60


if __name__ == '__main__':
    harness.run(globals())
