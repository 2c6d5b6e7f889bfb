"""The emulator's LeadSquared endpoints, against the fact sheet."""

import json
import os
import signal
import subprocess

import harness
from harness import LeadSquared

BOX = {'users': 60, 'switches': {'manager_delay': 0}}

STRANGER = '99999999-aaaa-4bbb-8ccc-000000000999'


def plain_users(box, active=True):
    """Users that nothing protects: neither the key owner nor the head, without reports."""
    state = box.state()
    managers = {u.get('ManagerUserId') for u in state['Users']}
    return [u for u in state['Users']
            if u['UserId'] not in managers and u['UserId'] != state['KeyOwner'] and not u.get('IsBillingUser')
            and (u['StatusCode'] == '0') == active]


def refused(answer, exception, text=None, status=500):
    assert answer.status == status, answer
    body = answer.json()
    assert body['Status'] == 'Error' and body['ExceptionType'] == exception, body
    assert text is None or text in body['ExceptionMessage'], body


def accepted(answer):
    assert answer.status == 200 and answer.json()['Status'] == 'Success', answer
    return answer.json()


# ---- the program ----

def test_command_line():
    """--help and the listings go to stdout, mistakes give 3"""
    program = harness.program('ROLLCALL_SANDBOX', 'rollcall-sandbox')

    def outcome(*arguments):
        done = subprocess.run([program, *arguments], capture_output=True, timeout=harness.TIMEOUT,
                              check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    for listing, word in (('--help', '--vendor NAME'), ('--list-switches', 'page_cap'),
                          ('--list-faults', 'page_repeat'),
                          ('--list-rules', 'unsorted_paging')):
        code, out, err = outcome(listing)
        assert code == 0 and word in out and not err, (listing, code, out, err)
    for arguments, word in ((['--vendor', 'nobody'], 'nobody'), ([], '--vendor'), (['--vendor'], 'missing'),
                            (['--vendor', 'leadsquared', '--users', '0'], '--users'),
                            (['--nonsense'], '--nonsense'),
                            (['--vendor', 'leadsquared', '--switch', 'rate=fast'], 'rate=fast'),
                            (['--vendor', 'leadsquared', '--switch', 'page_over=x'], 'error|clamp'),
                            (['--vendor', 'leadsquared', '--switch', 'nothing=x'], 'nothing'),
                            (['--vendor', 'leadsquared', '--state', '/nonexistent'], '/nonexistent')):
        code, out, err = outcome(*arguments)
        assert code == 3 and word in err and not out, (arguments, code, out, err)


def test_clean_end():
    """SIGTERM and SIGINT end it cleanly, also with open connections and answers on their way"""
    for number in (signal.SIGTERM, signal.SIGINT):
        box = harness.Sandbox(switches={'latency': 600000})
        connection = box.connect()
        connection.request('GET', LeadSquared.PATHS['UsersGet'])
        harness.wait_until(box.log, 'the request')
        assert box.stop(number) == 0, box.errors
        connection.close()


def test_port_file_and_first_line(box):
    """one line on stdout, the port in the file"""
    with open(box.port_file, encoding='ascii') as f:
        assert int(f.read()) == box.port
    assert box.first_line == 'listening on http://127.0.0.1:%d\n' % box.port


def test_generation_is_deterministic():
    """the same seed gives the same tenant, another seed another one"""
    states = []
    for seed in (7, 7, 8):
        with harness.Sandbox(users=200, seed=seed) as box:
            states.append(box.state())
    assert states[0] == states[1] != states[2]
    users = states[0]['Users']
    assert len(users) == 200 and len({u['EmailAddress'].lower() for u in users}) == 200
    assert len({u['mx_Custom_1'] for u in users if 'mx_Custom_1' in u}) < 200
    by_id = {u['UserId']: u for u in users}
    assert {u['StatusCode'] for u in users} == {'0', '1'}
    for user in users:
        if 'ManagerUserId' in user:
            assert by_id[user['ManagerUserId']]['StatusCode'] == '0'
    assert len(states[0]['Teams']) == 12
    assert any(a['SchemaName'] == 'EmployeeId_HR' for a in states[0]['CustomAttributes'])


def test_state_survives():
    """--dump-state writes what --state reads, accepted manager batches included"""
    with harness.Sandbox(dump=True, switches={'manager_delay': 600000}) as box:
        lsq = LeadSquared(box)
        user, manager = plain_users(box)[:2]
        accepted(lsq.update(user['UserId'], Department='Über "Sales" \\ 1'))
        lsq.managers((user['UserId'], manager['UserId']))
        assert box.stop() == 0
        with open(box.dump_file, encoding='utf-8') as f:
            dumped = json.load(f)
    with harness.Sandbox(state=box.dump_file) as again:
        assert again.state() == dumped
        now = again.users()[user['UserId']]
        assert now['Department'] == 'Über "Sales" \\ 1' and now['ManagerUserId'] == manager['UserId']


def test_bad_states():
    """a state that cannot be is refused with its place"""
    with harness.Sandbox(users=3) as box:
        good = box.state()
    program = harness.program('ROLLCALL_SANDBOX', 'rollcall-sandbox')
    path = os.path.join(harness.folder(), 'state.json')

    def outcome(**changes):
        with open(path, 'w', encoding='utf-8') as f:
            json.dump({**good, **changes}, f)
        done = subprocess.run([program, '--vendor', 'leadsquared', '--state', path], capture_output=True,
                              check=False,
                              timeout=harness.TIMEOUT)
        return done.returncode, done.stderr.decode()

    users = good['Users']
    for changes, word in (({'vendor': 'other'}, 'vendor'), ({'Users': users + users[:1]}, 'user 4'),
                          ({'Users': users[:2] + [{**users[2], 'Shoe': '9'}]}, "'Shoe'"),
                          ({'KeyOwner': STRANGER}, 'KeyOwner'),
                          ({'Users': [{**users[0], 'StatusCode': '5'}] + users[1:]}, 'StatusCode'),
                          ({'Users': {}}, 'Users'),
                          ({'Teams': [{'TeamId': STRANGER, 'Code': 2, 'ParentCode': 9, 'Name': 'x'}]},
                           'team 1')):
        code, err = outcome(**changes)
        assert code == 3 and word in err, (changes, code, err)


# ---- keys (2.2) ----

def test_keys(box):
    """fact sheet 2.2: header fields; wrong, missing and half pairs are 401"""
    assert LeadSquared(box).whoami().status == 200
    assert box.rules() == []
    for fields in ({'x-LSQ-SecretKey': 'wrong'}, {'x-LSQ-SecretKey': None},
                   {'x-LSQ-AccessKey': None, 'x-LSQ-SecretKey': None}):
        refused(box.get(LeadSquared.PATHS['UsersGet'], headers=fields), 'MXInvalidUserDetailsException',
                status=401)
    assert box.rules() == ['bad_keys'] and box.stats()['bad_keys'] == 3


def test_keys_in_the_url(box):
    """fact sheet 2.2: the query string works, wins over the header fields,
    and is recorded without the secrets
    """
    path = LeadSquared.PATHS['UsersGet']
    pair = {'accessKey': harness.ACCESS_KEY, 'secretKey': harness.SECRET_KEY}
    assert box.get(path, keys=False, query=pair).status == 200
    assert box.rules() == ['keys_in_url']
    assert box.get(path, query={**pair, 'secretKey': 'wrong'}).status == 401
    assert 'keys_twice' in box.rules()
    text = json.dumps(box.log()) + json.dumps(box.violations())
    assert harness.SECRET_KEY not in text and harness.ACCESS_KEY not in text and 'secretKey=***' in text


def test_own_keys():
    """--access-key and --secret-key"""
    with harness.Sandbox(arguments=['--access-key', 'A$1', '--secret-key', 'S1']) as box:
        assert box.get(LeadSquared.PATHS['UsersGet']).status == 401
        fields = {'x-LSQ-AccessKey': 'A$1', 'x-lsq-secretkey': 'S1', 'x-LSQ-SecretKey': None}
        assert box.get(LeadSquared.PATHS['UsersGet'], headers=fields).status == 200


# ---- reads (4) ----

def test_who_am_i(box):
    """fact sheet 4.1: the key owner; EmailAddress null, the address in PassPhrase"""
    body, state = LeadSquared(box).whoami().json(), box.state()
    owner = box.users()[state['KeyOwner']]
    assert body['Id'] == owner['UserId'] and body['PassPhrase'] == owner['EmailAddress']
    assert body['EmailAddress'] is None
    assert body['OrgId'] == state['OrgId'] and body['OrgShortCode'] == str(state['OrgShortCode'])
    assert isinstance(body['LSQCommonServiceURLs'], dict)


def test_listing(box):
    """fact sheet 4.2: everybody, ID, a number as status, groups by name and left out when none"""
    users, state = LeadSquared(box).listing().json(), box.users()
    assert {u['ID'] for u in users} == set(state) and len(users) == 60
    for user in users:
        own = state[user['ID']]
        assert user['StatusCode'] == int(own['StatusCode']) and isinstance(user['StatusCode'], int)
        assert user.get('MemberOfGroups') == (own['Groups'].split(',') if own.get('Groups') else None)
        assert not {'ManagerUserId', 'TeamId', 'PhoneMain', 'mx_Custom_1', 'UserId'} & set(user)
    assert {0, 1} == {u['StatusCode'] for u in users}


def test_search_columns(box):
    """fact sheet 4.3: columns not named are there with null; * fills all;
    a manager's name comes with the id
    """
    lsq = LeadSquared(box)
    user = plain_users(box)[0]
    one = [('UserId', 'eq', user['UserId'])]
    found = lsq.search(one, columns='UserID,FirstName,ManagerUserId,mx_Custom_1').json()
    assert found['SearchInfo']['RecordCount'] == 1
    row = found['Users'][0]
    assert row['FirstName'] == user['FirstName'] and row['mx_Custom_1'] == user['mx_Custom_1']
    manager = box.users()[user['ManagerUserId']]
    assert row['ManagerName'] == manager['FirstName'] + ' ' + manager['LastName']
    assert row['EmailAddress'] is None and row['StatusCode'] is None and 'TeamName' not in row
    assert 'IsPhoneCallAgent' not in row and 'Tag' not in row and 'mx_Custom_4' not in row
    row = lsq.search(one).json()['Users'][0]
    assert row['EmailAddress'] == user['EmailAddress'] and row['StatusCode'] == '0'
    assert row['TeamId'] == user['TeamId']
    assert row['Team'] is None and row['mx_Custom_3'] == user.get('mx_Custom_3', '')
    assert lsq.search(one, Columns='leave out').json()['Users'][0] == row
    refused(lsq.search(one, columns='UserId,Shoe'), 'MXInvalidInputException', 'invalid Attributes')
    assert box.rules() == ['unknown_attribute']


def test_search_groups_and_status(box):
    """fact sheet 4.3: groups as one text, status as text, inactive users found"""
    rows = LeadSquared(box).search().json()['Users']
    state = box.users()
    assert {r['UserId'] for r in rows} == set(state)
    for row in rows:
        assert row['StatusCode'] == state[row['UserId']]['StatusCode']
        assert row['Groups'] == (state[row['UserId']].get('Groups') or None)


def test_search_operators(box):
    """fact sheet 4.3: eq neq lik nlik lik_s lik_e n nn, in any case; numbers as values; AND and OR"""
    lsq, users = LeadSquared(box), box.state()['Users']

    def ids(conditions, join='AND'):
        answer = lsq.search(conditions, join)
        assert answer.status == 200, answer
        return {u['UserId'] for u in answer.json()['Users']}

    def mine(holds):
        return {u['UserId'] for u in users if holds(u)}

    def department(u):
        return u.get('Department', '').lower()

    def email(u):
        return u['EmailAddress'].lower()

    assert ids([('Department', 'eq', 'SALES')]) == mine(lambda u: department(u) == 'sales') != set()
    assert ids([('Department', 'neq', 'Sales')]) == mine(lambda u: department(u) != 'sales')
    assert ids([('Department', 'lik', 'ALE')]) == mine(lambda u: 'ale' in department(u))
    assert ids([('Department', 'nlik', 'ale')]) == mine(lambda u: 'ale' not in department(u))
    assert ids([('EmailAddress', 'lik_s', 'A')]) == mine(lambda u: email(u).startswith('a')) != set()
    assert ids([('EmailAddress', 'lik_e', '7@example.COM')]) == mine(
        lambda u: email(u).endswith('7@example.com')) != set()
    assert ids([('mx_Custom_2', 'n', '')]) == mine(lambda u: not u.get('mx_Custom_2')) != set()
    assert ids([('mx_Custom_2', 'nn', None)]) == mine(lambda u: u.get('mx_Custom_2'))
    assert ids([('StatusCode', 'eq', 1)]) == mine(lambda u: u['StatusCode'] == '1') != set()
    both = [('Role', 'eq', 'Sales_User'), ('Department', 'eq', 'Sales')]
    assert ids(both) == mine(lambda u: u['Role'] == 'Sales_User' and department(u) == 'sales')
    assert ids(both, 'OR') == mine(lambda u: u['Role'] == 'Sales_User' or department(u) == 'sales')
    assert box.rules() == []


def condition(name, operator, value, join=None):
    return {'LookupName': name, 'Operator': operator, 'LookupValue': value, 'ConditionOperator': join}


def test_search_joining(box):
    """fact sheet 4.3: one operator within a group, none on the last; groups joined by their own"""
    lsq, users = LeadSquared(box), box.state()['Users']
    a, b = condition('Role', 'eq', 'Sales_User'), condition('StatusCode', 'eq', '0')
    c = condition('Department', 'eq', 'Sales')
    mixed = [{'Condition': [{**a, 'ConditionOperator': 'AND'}, {**b, 'ConditionOperator': 'OR'}, c],
              'GroupOperator': None}]
    refused(lsq.search(GroupConditions=mixed), 'MXInvalidInputException')
    missing = [{'Condition': [a, b], 'GroupOperator': None}]
    refused(lsq.search(GroupConditions=missing), 'MXInvalidInputException')
    box.reset_log()
    left_over = [{'Condition': [{**a, 'ConditionOperator': 'AND'}], 'GroupOperator': None}]
    assert lsq.search(GroupConditions=left_over).status == 200 and box.rules() == ['conditions']
    for join, holds in (('OR', lambda u: u['Role'] == 'Sales_User' or u.get('Department') == 'Sales'),
                        ('AND', lambda u: u['Role'] == 'Sales_User' and u.get('Department') == 'Sales')):
        groups = [{'Condition': [a], 'GroupOperator': join}, {'Condition': [c], 'GroupOperator': None}]
        rows = lsq.search(GroupConditions=groups).json()['Users']
        assert {r['UserId'] for r in rows} == {u['UserId'] for u in users if holds(u)}


def test_search_paging(box):
    """fact sheet 4.3: pages from 1, a short last page, then empty ones; sorting both ways;
    unsorted paging is recorded
    """
    lsq = LeadSquared(box)
    pages = [lsq.search(page=i, size=25, sort='EmailAddress').json() for i in range(1, 5)]
    assert [len(p['Users']) for p in pages] == [25, 25, 10, 0]
    assert all(p['SearchInfo']['RecordCount'] == 60 for p in pages)
    emails = [u['EmailAddress'].lower() for p in pages for u in p['Users']]
    assert emails == sorted(emails) and len(set(emails)) == 60
    down = lsq.search(size=60, Sorting=[{'ColumnName': 'Department', 'Direction': 1},
                                        {'ColumnName': 'UserId', 'Direction': 0}]).json()
    order = [u['Department'].lower() for u in down['Users']]
    assert order == sorted(order, reverse=True)
    assert box.rules() == []
    assert lsq.search(sort='FirstName', size=100).status == 200 and box.rules() == []
    assert lsq.search(sort='FirstName', size=25).status == 200 and box.rules() == ['unsorted_paging']
    box.reset_log()
    refused(lsq.search(page=0), 'MXInvalidInputException')
    refused(lsq.search(Sorting=[{'ColumnName': 'Shoe', 'Direction': 0}]), 'MXInvalidInputException')
    assert lsq.search(Paging='leave out').status == 200
    assert box.rules() == ['paging', 'unknown_attribute']


def test_search_sees_writes(box):
    """a search between two writes is never served from before"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    asked = [('Department', 'eq', 'Nowhere')]
    assert lsq.search(asked).json()['Users'] == []
    accepted(lsq.update(user['UserId'], Department='Nowhere'))
    assert [u['UserId'] for u in lsq.search(asked).json()['Users']] == [user['UserId']]


def test_by_id(box):
    """fact sheet 4.4: one active user in an array; ten custom slots; [] for the inactive and the unknown"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    rows = lsq.get('ByUserId', query={'userId': user['UserId']}).json()
    assert len(rows) == 1
    row = rows[0]
    assert row['EmailAddress'] == user['EmailAddress'] and row['ManagerUserId'] == user['ManagerUserId']
    assert [key for key in row if key.startswith('mx_Custom_')] == ['mx_Custom_%d' % i for i in range(1, 11)]
    assert row['mx_Custom_4'] == '' and row['IsPhoneCallAgent'] is False and row['UserType'] == 0
    assert row['OrgId'] == 10001
    team = {t['TeamId']: t['Name'] for t in box.state()['Teams']}[user['TeamId']]
    assert row['TeamName'] == team and isinstance(row['Groups'], list)
    for other in (plain_users(box, active=False)[0]['UserId'], STRANGER):
        assert lsq.get('ByUserId', query={'userId': other}).json() == []
    assert box.rules() == []
    refused(lsq.get('ByUserId'), 'MXInvalidInputException')
    assert box.rules() == ['missing_query']


def test_by_email(box):
    """fact sheet 4.4: in any case, a shorter user; [] for the inactive and the unknown"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    row, = lsq.get('ByEmailAddress', query={'emailAddress': user['EmailAddress'].upper()}).json()
    assert row['UserId'] == user['UserId'] and 'PhoneMain' not in row and 'Address' not in row
    assert 'IsCheckedIn' not in row
    for other in (plain_users(box, active=False)[0]['EmailAddress'], 'nobody@example.com'):
        assert lsq.get('ByEmailAddress', query={'emailAddress': other}).json() == []
    accepted(lsq.create(EmailAddress='plus+sign@example.com'))
    assert len(lsq.get('ByEmailAddress', query={'emailAddress': 'plus+sign@example.com'}).json()) == 1


def test_reporting(box):
    """fact sheet 4.5: ids of all levels, active only; rings end; without UserId the key owner's"""
    lsq, users = LeadSquared(box), box.state()['Users']
    head = users[1]['UserId']
    active = {u['UserId'] for u in users[2:] if u['StatusCode'] == '0'}
    answer = lsq.get('Reporting', query={'UserId': head}).json()
    assert set(answer) == active and len(answer) == len(active)
    assert lsq.get('Reporting').json() == []
    box.user(UserId=head, ManagerUserId=users[2]['UserId'])
    assert set(lsq.get('Reporting', query={'UserId': head}).json()) == active


def test_attributes(box):
    """fact sheet 4.6: all without a body, some by name; options are JSON in a text"""
    lsq = LeadSquared(box)
    every = lsq.post('Attributes').json()
    assert every['TotalUserAttributes'] == len(every['UserAttributes']) > 30
    slots = {a['SchemaName']: a for a in every['UserAttributes']}
    assert slots['EmployeeId_HR']['InternalSchemaName'] == 'mx_Custom_1'
    assert slots['EmployeeId_HR']['DisplayName']
    assert slots['Department']['Category'] == 'Standard'
    assert slots['Department']['InternalSchemaName'] == 'Department'
    assert json.loads(slots['Cost_Centre']['Options'])[0]['Value'] == 'CC-11'
    some = lsq.post('Attributes',
                    {'Parameter': {'LookupName': 'SchemaName', 'LookupValue': 'mx_Custom_1, Grade'}}).json()
    assert {a['SchemaName'] for a in some['UserAttributes']} == {'EmployeeId_HR', 'Grade'}
    assert some['TotalUserAttributes'] == 2
    assert lsq.post('Attributes', {'Parameters': {}}).status == 400 and box.rules() == ['unknown_key']


# ---- teams, notices (6, 7) ----

def test_teams(box):
    """fact sheet 7: flat or as a tree, the same teams"""
    lsq = LeadSquared(box)
    flat = lsq.get('Teams').json()
    tree = lsq.get('Teams', query={'getHierarchical': 'true'}).json()
    assert flat['RecordCount'] == 12 and len(flat['Teams']) == 12 and 'ChildTeams' not in flat['Teams'][0]
    seen = []

    def walk(teams, parent, depth):
        for team in teams:
            assert team['ParentId'] == (parent and parent['TeamId']) and team['Depth'] == depth
            seen.append({key: value for key, value in team.items() if key != 'ChildTeams'})
            walk(team['ChildTeams'], team, depth + 1)

    walk(tree['Teams'], None, 0)
    assert sorted(seen, key=lambda t: t['Code']) == flat['Teams']
    active = [u for u in box.state()['Users'] if u['StatusCode'] == '0' and u.get('TeamId')]
    assert sum(t['UserCount'] for t in flat['Teams']) == len(active)
    assert max(t['Depth'] for t in seen) == 2 and box.rules() == []


def test_team_create(box):
    """fact sheet 7: Name is mandatory, without a parent it goes under the root"""
    lsq = LeadSquared(box)
    new = accepted(lsq.post('TeamCreate', {'Name': 'South 3', 'ParentCode': 3,
                                           'Description': 'new'}))['Message']['Id']
    other = accepted(lsq.post('TeamCreate', {'Name': 'Lonely'}))['Message']['Id']
    teams = {t['TeamId']: t for t in lsq.get('Teams').json()['Teams']}
    assert teams[new]['ParentName'] == 'South' and teams[new]['Depth'] == 2
    assert teams[other]['ParentCode'] == 1
    assert box.rules() == []
    refused(lsq.post('TeamCreate', {'Description': 'x'}), 'MXMandatoryAttributeMissingException')
    refused(lsq.post('TeamCreate', {'Name': 'x', 'ParentCode': 77}), 'MXInvalidInputException')
    assert lsq.post('TeamCreate', {'Name': 'x', 'Colour': 'red'}).status == 400


def test_notify(box):
    """fact sheet 6: either addresses or roles"""
    lsq = LeadSquared(box)
    mail = {'From': 'noreply@example.com', 'Subject': 's', 'ContentHTML': '<p>done</p>'}
    accepted(lsq.post('NotifyUsers', {'EmailContent': mail, 'UserEmailAddresses': ['a@example.com'],
                                      'Roles': []}))
    assert box.rules() == []
    for addresses, roles in (([], []), (['a@example.com'], ['Administrator'])):
        refused(lsq.post('NotifyUsers', {'EmailContent': mail, 'UserEmailAddresses': addresses,
                                         'Roles': roles}),
                'MXInvalidInputException')


# ---- the admin path ----

def test_admin_log(box):
    """requests with number, time, status, users touched; since; reset"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    lsq.listing()
    accepted(lsq.update(user['UserId'], Department='New'))
    lsq.get('ByUserId', query={'userId': STRANGER})
    log = box.log()
    assert [e['endpoint'] for e in log] == ['UsersGet', 'Update', 'ByUserId']
    assert [e['seq'] for e in log] == [1, 2, 3]
    assert [e['applied'] for e in log] == [False, True, False] and log[1]['users'] == [user['UserId']]
    assert all(e['status'] == 200 and e['answered'] for e in log)
    assert [e['arrived_us'] for e in log] == sorted(e['arrived_us'] for e in log)
    assert [e['seq'] for e in box.log(since=2)] == [3]
    assert box.stats()['endpoints']['Update'] == {'calls': 1, 'applied': 1, 'refused': 0, 'throttled': 0,
                                                  'faults': 0}
    box.reset_log()
    assert box.log() == [] and box.stats()['calls'] == 0
    lsq.listing()
    assert box.log()[0]['seq'] == 4


def test_admin_user(box):
    """behind the client's back: change, add, and what cannot be"""
    lsq, user = LeadSquared(box), plain_users(box)[0]
    box.user(UserId=user['UserId'], StatusCode='1', Department='Moved')
    assert lsq.get('ByUserId', query={'userId': user['UserId']}).json() == []
    box.user(UserId=STRANGER, EmailAddress='new@example.com', FirstName='New', StatusCode='0',
             Role='Sales_User')
    assert lsq.get('ByUserId', query={'userId': STRANGER}).json()[0]['FirstName'] == 'New'
    for body in ({'UserId': STRANGER, 'Shoe': '9'},
                 {'UserId': STRANGER, 'EmailAddress': user['EmailAddress']},
                 {'UserId': STRANGER, 'IsBillingUser': 'perhaps'}, {'FirstName': 'x'}, []):
        assert box.post('/admin/user', body, keys=False).status == 400
    assert box.post('/admin/switch', {'page_over': 'perhaps'}, keys=False).status == 400
    assert box.get('/admin/nothing', keys=False).status == 404
    assert box.rules() == []


if __name__ == '__main__':
    harness.run(globals())
