"""The emulator's LeadSquared writes, against the fact sheet: what is applied, what is refused,
what is recorded.
"""

import harness
from harness import LeadSquared
from test_sandbox import STRANGER, accepted, plain_users, refused

BOX = {'users': 60, 'switches': {'manager_delay': 0}}


# ---- create (5.1) ----

def test_create(box):
    """fact sheet 5.1: the id comes back; custom fields by schema name; the manager inside"""
    lsq, state = LeadSquared(box), box.state()
    manager, team = state['Users'][1]['UserId'], state['Teams'][2]['TeamId']
    answer = accepted(lsq.create(LastName='Das', UserType=0, IsPhoneCallAgent=True, ManagerUserId=manager,
                                 TeamId=team,
                                 CustomFields={'EmployeeId_HR': 'E777', 'Joining_Batch': 'B1'},
                                 PhoneMobile='+91-1', TimeZone='',
                                 DateFormat='', Password='', WorkDayTemplateId='', HolidayCalendarId='',
                                 AssociatedGroups=[{'GroupId': state['Groups'][0]['Id'],
                                                    'ViewAllLeadsOfGroup': 1}]))
    user = box.users()[answer['Message']['Id']]
    assert user == {'UserId': answer['Message']['Id'], 'FirstName': 'Nila', 'LastName': 'Das',
                    'EmailAddress': 'nila.das@example.com',
                    'Role': 'Sales_User', 'StatusCode': '0', 'IsPhoneCallAgent': True, 'UserType': 0,
                    'ManagerUserId': manager,
                    'TeamId': team, 'mx_Custom_1': 'E777', 'mx_Custom_12': 'B1', 'PhoneMobile': '+91-1',
                    'Groups': 'South'}
    assert box.rules() == [] and box.stats()['creates'] == {'nila.das@example.com': 1}
    entry = box.log()[0]
    assert entry['applied'] and entry['users'] == [user['UserId']]


def test_create_refusals(box):
    """fact sheet 5.1 and 3.2: mandatory fields, unknown attributes, values that cannot be"""
    lsq = LeadSquared(box)
    for field in ('FirstName', 'EmailAddress', 'Role'):
        for value in (None, ''):
            refused(lsq.create(**{field: value}), 'MXMandatoryAttributeMissingException', field)
    assert box.rules() == ['missing_key']
    box.reset_log()
    for fields in ({'Department': 'Sales'}, {'StatusCode': '0'}, {'Shoe': '9'},
                   {'CustomFields': {'mx_Custom_1': 'E1'}},
                   {'CustomFields': {'Nothing': 'x'}}):
        refused(lsq.create(**fields), 'MXUnknownAttributeException')
    assert box.rules() == ['unknown_attribute']
    box.reset_log()
    for fields in ({'Role': 'Sales Head'}, {'EmailAddress': 'no address'}, {'UserType': 7},
                   {'LastName': 'x' * 201},
                   {'WorkDayTemplateId': 'x'}):
        refused(lsq.create(**fields), 'MXInvalidInputException')
    assert box.rules() == ['bad_value']
    box.reset_log()
    for fields in ({'TeamId': STRANGER}, {'ManagerUserId': STRANGER},
                   {'AssociatedGroups': [{'GroupId': STRANGER}]}):
        refused(lsq.create(**fields), 'MXInvalidInputException')
    assert box.rules() == ['unknown_reference']
    box.reset_log()
    for fields in ({'LastName': 5}, {'UserType': '0'}, {'IsPhoneCallAgent': 'false'}, {'CustomFields': []},
                   {'LastName': {}},
                   {'CustomFields': {'Grade': 3}}):
        assert lsq.create(**fields).status == 400, fields
    assert box.rules() == ['wrong_type'] and len(box.state()['Users']) == 60 and box.stats()['creates'] == {}


def test_create_taken(box):
    """fact sheet 5.1, 5.6: an e-mail is unique over active and inactive users, in any case"""
    lsq = LeadSquared(box)
    for user in (plain_users(box)[0], plain_users(box, active=False)[0]):
        refused(lsq.create(EmailAddress=user['EmailAddress'].upper()), 'MXDuplicateEntryException')
    assert box.rules() == ['create_exists']


def test_create_race(box):
    """an e-mail that somebody else took after our reading is no mistake of the client,
    after a look at it it is
    """
    lsq = LeadSquared(box)
    lsq.listing()
    box.user(UserId=STRANGER, EmailAddress='nila.das@example.com', FirstName='N', StatusCode='0',
             Role='Sales_User')
    refused(lsq.create(), 'MXDuplicateEntryException')
    assert box.rules() == []
    assert len(lsq.get('ByEmailAddress', query={'emailAddress': 'nila.das@example.com'}).json()) == 1
    refused(lsq.create(), 'MXDuplicateEntryException')
    assert box.rules() == ['create_exists']


# ---- update (5.2) ----

def test_update(box):
    """fact sheet 5.2: partial; slots at the top level; settings; both spellings of the keys"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    old = user['LastName']
    answer = accepted(lsq.update(user['UserId'], LastName='Das-Roy', Designation='Chief', mx_Custom_1='E-9',
                                 IsEmailSender=True))
    assert answer['Message']['AffectedRows'] == 1
    accepted(lsq.post('Update', {'User': {'LastName': old}, 'UserSettings': {'IsSoftPhoneEnabled': 1}},
                      query={'UserId': user['UserId']}))
    now = box.users()[user['UserId']]
    assert now == {**user, 'Designation': 'Chief', 'mx_Custom_1': 'E-9', 'IsEmailSender': True,
                   'IsSoftPhoneEnabled': 1}
    assert box.rules() == []


def test_update_unlisted(box):
    """fact sheet 5.2: EmailAddress, PhoneMobile, ManagerUserId, StatusCode,
    EmployeeId and slots past the tenth are not updatable
    """
    lsq, user = LeadSquared(box), plain_users(box)[0]
    for field in ('EmailAddress', 'PhoneMobile', 'ManagerUserId', 'StatusCode', 'EmployeeId', 'DateOfJoining',
                  'mx_Custom_12', 'Shoe',
                  'mx_Custom_7', 'IsSoftPhoneEnabled'):
        refused(lsq.update(user['UserId'], Department='Changed', **{field: 'x'}),
                'MXUnknownAttributeException', field)
    assert box.users()[user['UserId']] == user and box.rules() == ['unknown_attribute']


def test_update_team_by_name_does_not_stick(box):
    """fact sheet 4.3, 5.2: Team is listed as updatable and stays null"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    accepted(lsq.update(user['UserId'], Team='North'))
    assert box.users()[user['UserId']] == user and box.rules() == []


def test_update_clears(box):
    """fact sheet 5.2: "" clears; FirstName and Role cannot be cleared; null is no text"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    accepted(lsq.update(user['UserId'], Department='', TeamId=''))
    assert 'Department' not in box.users()[user['UserId']] and 'TeamId' not in box.users()[user['UserId']]
    assert box.rules() == []
    for field in ('FirstName', 'Role'):
        refused(lsq.update(user['UserId'], **{field: ''}), 'MXMandatoryAttributeMissingException')
    assert lsq.update(user['UserId'], Department=None).status == 400


def test_update_without_effect(box):
    """nothing, nothing new, and something that is not new are recorded"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    for fields, rule in (({}, 'empty_update'), ({'Department': user['Department']}, 'no_change'),
                         ({'UserType': 0}, 'no_change'),
                         ({'Department': user['Department'], 'Designation': 'New'}, 'unchanged_field')):
        box.reset_log()
        accepted(lsq.update(user['UserId'], **fields))
        assert box.rules() == [rule], (fields, box.rules())
        assert box.log()[0]['applied'] == (rule == 'unchanged_field')


def test_update_whom(box):
    """unknown, missing and obsolete users are refused, the key owner is recorded, inactive ones are fine"""
    lsq, owner = LeadSquared(box), box.state()['KeyOwner']
    refused(lsq.update(STRANGER, Department='x'), 'MXInvalidInputException')
    assert box.rules() == ['unknown_user']
    refused(lsq.post('Update', {'user': {'Department': 'x'}}), 'MXMandatoryAttributeMissingException')
    assert box.rules() == ['missing_query', 'unknown_user']
    box.reset_log()
    accepted(lsq.update(owner, Department='x'))
    assert box.rules() == ['key_owner']
    box.reset_log()
    gone = plain_users(box, active=False)[0]['UserId']
    accepted(lsq.update(gone, Department='x'))
    assert box.rules() == []
    accepted(lsq.mark_obsolete(gone))
    refused(lsq.update(gone, Department='y'), 'MXInvalidInputException')
    assert box.rules() == ['obsolete_user']


def test_update_body(box):
    """fact sheet 3.1: 400 for a body against the specification"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    path = LeadSquared.PATHS['Update'] + '?UserId=' + user['UserId']
    for body, rule in ((b'{"user": {"Department": "x"', 'malformed'), (b'', 'malformed'),
                       (b'[]', 'wrong_type'),
                       (b'{"user": []}', 'wrong_type'), (b'{"user": {}, "more": 1}', 'unknown_key'),
                       (b'{"user": {"Department": 5}}', 'wrong_type'),
                       (b'{"user": {"Department": "a", "Department": "b"}}', 'malformed'),
                       (b'{"user": {"Department": "\xff"}}', 'malformed'),
                       (b'{"user":' + b'[' * 5000, 'malformed')):
        box.reset_log()
        answer = box.post(path, body)
        assert answer.status == 400 and answer.json()['Status'] == 'Error', (body, answer)
        assert box.rules() == [rule], (body, box.violations())
    for content_type in (None, 'text/plain', 'application/jsonp'):
        box.reset_log()
        assert box.post(path, b'{"user": {"Department": "x"}}',
                        headers={'Content-Type': content_type}).status == 400
        assert box.rules() == ['content_type']
    box.reset_log()
    accepted(box.post(path, b'{"user": {"Department": "x"}}',
                      headers={'Content-Type': 'application/json; charset=utf-8'}))
    assert box.rules() == [] and lsq.listing().status == 200


# ---- bulk update (5.3) ----

def test_bulk_update(box):
    """fact sheet 5.3: one team for all who match, a count as the answer, inactive users too"""
    lsq, state = LeadSquared(box), box.state()
    team = state['Teams'][3]['TeamId']
    chosen = [u for u in plain_users(box) + plain_users(box, active=False) if u['TeamId'] != team][:30]
    answer = accepted(lsq.bulk_team(team, [u['EmailAddress'].upper() for u in chosen]))
    assert answer['Message'] == {'AffectedRows': 30, 'IsSuccessful': True}
    ids = {u['UserId'] for u in chosen}
    assert box.users() == {u['UserId']: {**u, 'TeamId': team} if u['UserId'] in ids else u
                           for u in state['Users']}
    assert box.rules() == [] and set(box.log()[0]['users']) == ids


def test_bulk_update_refusals(box):
    """fact sheet 5.3: only TeamId, a team that exists, at least one condition"""
    lsq, users = LeadSquared(box), box.users()
    team, email = box.state()['Teams'][3]['TeamId'], plain_users(box)[0]['EmailAddress']
    good = {'Conditions': [{'Condition': [{'LookupName': 'EmailAddress', 'Operator': 'eq',
                                           'LookupValue': email,
                                           'ConditionOperator': None}], 'GroupOperator': None}],
            'Attribute': 'TeamId', 'Value': team}
    for change, rule in (({'Attribute': 'Department'}, 'unknown_attribute'),
                         ({'Value': STRANGER}, 'unknown_reference'),
                         ({'Conditions': []}, 'conditions'),
                         ({'Conditions': [{'Condition': [], 'GroupOperator': None}]}, 'conditions')):
        box.reset_log()
        refused(lsq.post('BulkUpdate', {**good, **change}), 'MXInvalidInputException')
        assert box.rules() == [rule], (change, box.rules())
    assert lsq.post('BulkUpdate', {**good, 'GroupConditions': good['Conditions']}).status == 400
    assert box.users() == users


def test_bulk_update_loose(box):
    """fact sheet 5.3, 11: anything but exact e-mail equality is applied and recorded;
    so are no-ops and strangers
    """
    lsq = LeadSquared(box)
    team, users = box.state()['Teams'][3]['TeamId'], plain_users(box)

    def bulk(name, operator, value):
        one = {'LookupName': name, 'Operator': operator, 'LookupValue': value, 'ConditionOperator': None}
        return lsq.post('BulkUpdate', {'Conditions': [{'Condition': [one], 'GroupOperator': None}],
                                       'Attribute': 'TeamId', 'Value': team})

    mover = next(u for u in users if u['TeamId'] != team)
    for name, operator, value in (('EmailAddress', 'lik', mover['EmailAddress'][:-1]),
                                  ('UserId', 'eq', users[1]['UserId'])):
        box.reset_log()
        accepted(bulk(name, operator, value))
        assert 'loose_bulk' in box.rules()
    assert box.users()[mover['UserId']]['TeamId'] == team
    box.reset_log()
    accepted(lsq.bulk_team(team, [mover['EmailAddress'], 'nobody@example.com']))
    assert box.rules() == ['no_change', 'unknown_user']
    box.reset_log()
    accepted(lsq.bulk_team(team, ['nobody%d@example.com' % i for i in range(51)]))
    assert 'many_conditions' in box.rules()


# ---- managers (5.4) ----

def pair_results(box):
    batch = box.stats()['batches'][-1]
    return [p['result'] for p in batch['pairs']]


def test_managers(box):
    """fact sheet 5.4: a work id at once, the change later, in the log when it is applied"""
    lsq, state = LeadSquared(box), box.state()
    users, head = plain_users(box)[:3], state['Users'][1]['UserId']
    movers = [u for u in users if u['ManagerUserId'] != head]
    box.switch(manager_delay=600000)
    answer = lsq.managers(*((u['UserId'], head) for u in movers))
    body = answer.json()
    assert answer.status == 200 and body['Status'] == 'Success' and body['ErrorMessage'] is None
    assert body['WFAId'].isdigit()
    assert box.users()[movers[0]['UserId']] == movers[0] and not box.log()[0]['applied']
    assert pair_results(box) == ['waiting'] * len(movers)
    box.switch(manager_delay=0)
    other = plain_users(box)[5]
    second = lsq.managers((other['UserId'], head)).json()
    assert int(second['WFAId']) == int(body['WFAId']) + 1
    assert box.users()[other['UserId']]['ManagerUserId'] == head and box.log()[1]['applied']
    assert box.log()[1]['users'] == [other['UserId']] and box.rules() == ['batch_in_flight']
    assert box.users()[movers[0]['UserId']] == movers[0]


def test_managers_become_visible():
    """fact sheet 5.4: after the delay the batch shows in reads"""
    with harness.Sandbox(switches={'manager_delay': 50}) as box:
        lsq = LeadSquared(box)
        user, head = plain_users(box)[-1], box.state()['Users'][1]['UserId']
        lsq.managers((user['UserId'], head))
        one = [('UserId', 'eq', user['UserId'])]
        harness.wait_until(lambda: lsq.search(one).json()['Users'][0]['ManagerUserId'] == head, 'the manager')
        assert pair_results(box) == ['applied'] and box.stats()['endpoints']['ManagerBulk']['applied'] == 1


def test_managers_bad_pairs(box):
    """fact sheet 5.4: bad pairs are skipped silently; the client's mistakes are recorded"""
    lsq, state = LeadSquared(box), box.state()
    head, users, gone = state['Users'][1]['UserId'], plain_users(box), plain_users(box, active=False)[0]
    answer = lsq.managers((users[0]['UserId'], STRANGER), (STRANGER, head), (users[1]['UserId'], head),
                          (users[2]['UserId'], ''),
                          (users[3]['UserId'], 'x' * 99), (users[4]['UserId'], None),
                          (users[5]['UserId'], gone['UserId']),
                          (users[6]['UserId'], users[6]['UserId']), (users[6]['UserId'], head))
    assert answer.json()['Status'] == 'Success'
    results = pair_results(box)
    assert results == ['no such manager', 'no such user', 'applied', 'no manager given', 'no such manager',
                       'no manager given',
                       'applied', 'applied', 'applied'], results
    assert box.rules() == ['duplicate_pair', 'inactive_manager', 'own_manager', 'unknown_reference',
                           'unknown_user']
    box.reset_log()
    lsq.managers((users[1]['UserId'], head))
    assert box.rules() == ['no_change']


def test_managers_size(box):
    """fact sheet 5.4, 3.2: 1 to 100 pairs, as a bare array"""
    lsq, state = LeadSquared(box), box.state()
    head = state['Users'][1]['UserId']
    for pairs in ([], [(u, head) for u in [STRANGER] * 101]):
        body = lsq.managers(*pairs).json()
        assert body['Status'] == 'Error' and body['ErrorMessage'] and body['WFAId'] is None
    assert box.rules() == ['too_many_pairs'] and box.stats()['batches'] == []
    assert lsq.managers(*[(u, head) for u in [STRANGER] * 100]).json()['Status'] == 'Success'
    for body in ({'pairs': []}, [{'UserId': STRANGER}], [{'UserId': STRANGER, 'ManagerUserId': head}], ['x'],
                 [{'UserId': 1, 'ManagerId': head}]):
        assert lsq.post('ManagerBulk', body).status == 400, body


# ---- status (5.5) ----

def test_status(box):
    """fact sheet 5.5: deactivate, activate, by GET and POST; hidden from 4.4, seen in the listings"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    for method in ('GET', 'POST'):
        accepted(lsq.deactivate(user['UserId'], method))
        assert box.users()[user['UserId']]['StatusCode'] == '1'
        assert lsq.get('ByUserId', query={'userId': user['UserId']}).json() == []
        assert lsq.get('ByEmailAddress', query={'emailAddress': user['EmailAddress']}).json() == []
        assert [u['StatusCode'] for u in lsq.listing().json() if u['ID'] == user['UserId']] == [1]
        assert lsq.search([('UserId', 'eq', user['UserId'])]).json()['Users'][0]['StatusCode'] == '1'
        accepted(lsq.activate(user['UserId'], method))
        assert len(lsq.get('ByUserId', query={'userId': user['UserId']}).json()) == 1
    assert box.users()[user['UserId']] == user and box.rules() == []


def test_status_again(box):
    """fact sheet 5.5: the second time is a success without a change, and recorded"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    accepted(lsq.activate(user['UserId']))
    accepted(lsq.deactivate(user['UserId']))
    accepted(lsq.deactivate(user['UserId']))
    assert [v['rule'] for v in box.violations()] == ['no_change', 'no_change']
    assert [e['applied'] for e in box.log()] == [False, True, False]
    refused(lsq.deactivate(STRANGER), 'MXInvalidInputException')
    refused(lsq.get('Deactivate'), 'MXMandatoryAttributeMissingException')


def test_key_owner(box):
    """fact sheet 5.5, 2.2: the key owner's keys die with the account"""
    lsq = LeadSquared(box)
    accepted(lsq.deactivate(box.state()['KeyOwner']))
    assert lsq.whoami().status == 401 and lsq.listing().status == 401
    assert box.rules() == ['bad_keys', 'key_owner']


def test_obsolete(box):
    """fact sheet 5.5, 5.6: only deactivated users; the e-mail is free afterwards; gone from the listings"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    refused(lsq.mark_obsolete(user['UserId']), 'MXInvalidInputException')
    assert box.rules() == ['obsolete_user']
    box.reset_log()
    accepted(lsq.deactivate(user['UserId']))
    refused(lsq.create(EmailAddress=user['EmailAddress']), 'MXDuplicateEntryException')
    box.reset_log()
    accepted(lsq.mark_obsolete(user['UserId']))
    new = accepted(lsq.create(EmailAddress=user['EmailAddress']))['Message']['Id']
    assert box.rules() == []
    assert user['UserId'] not in {u['ID'] for u in lsq.listing().json()}
    assert user['UserId'] not in {u['UserId'] for u in lsq.search().json()['Users']}
    assert lsq.get('ByEmailAddress', query={'emailAddress': user['EmailAddress']}).json()[0]['UserId'] == new
    refused(lsq.activate(user['UserId']), 'MXInvalidInputException')
    refused(lsq.deactivate(user['UserId']), 'MXInvalidInputException')
    assert lsq.post('MarkObsolete', query={'userid': user['UserId']}).status == 405


def test_good_manners(box):
    """unknown paths and parameters, methods, User-Agent, bodies where none belong, spelling"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    search = LeadSquared.PATHS['AdvancedSearch']
    cases = (
        (lambda: box.get('/v2/UserManagement.svc/User.AdvancedSearch'), 404, 'path'),
        (lambda: box.get(search), 405, 'method'),
        (lambda: box.post(LeadSquared.PATHS['UsersGet']), 405, 'method'),
        (lambda: lsq.get('UsersGet', query={'page': 1}), 200, 'unknown_query'),
        (lambda: lsq.get('ByUserId', query=(('userId', STRANGER), ('UserId', STRANGER))), 200,
         'unknown_query'),
        (lambda: lsq.get('UsersGet', headers={'User-Agent': None}), 200, 'no_user_agent'),
        (lambda: lsq.get('UsersGet', body={}), 200, 'body_on_get'),
        (lambda: lsq.post('Update', {'user': {'department': 'x'}}, query={'UserId': user['UserId']}), 200,
         'spelling'),
        (lambda: lsq.post('Update', {'USER': {'Department': 'y'}}, query={'UserId': user['UserId']}), 200,
         'spelling'),
        (lambda: lsq.update(user['UserId'], Signature_Text='x' * (1 << 20)), 500, 'big_body'),
    )
    for ask, status, rule in cases:
        box.reset_log()
        answer = ask()
        assert answer.status == status and rule in box.rules(), (rule, answer, box.violations())


if __name__ == '__main__':
    harness.run(globals())
