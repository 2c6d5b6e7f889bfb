"""The bed of bed.py over the emulator of a SCIM 2.0 service: RFC 7643, RFC 7644, and what services differ in.

    with ScimBed(users=60, switches={'bulk': 'on'}, options={'page_size': 20}) as bed:
        bed.row('E00007')['Department'] = 'Legal'
        done = bed.sync()

What bed.py holds every run against holds here too.
"""

import base64
import copy

from bed import JOB, Bed, merge
from harness import ENTERPRISE, SCIM, SCIM_TOKEN

MAIL = 'emails[type eq "work"].value'
MOBILE = 'phoneNumbers[type eq "mobile"].value'
BADGE = 'urn:example:params:scim:schemas:extension:badge:2.0:User'

# Columns of the feed and the attributes they fill, but for those with places of their own in a job.
PLAIN = {
    'First Name': 'name.givenName',  # next to the key: the trailer's count stands there
    'Login': 'userName',
    'Last Name': 'name.familyName',
    'Display Name': 'displayName',
    'Email': MAIL,
    'Mobile': MOBILE,
    'Job Title': 'title',
    'Department': ENTERPRISE + ':department',
    'Cost Center': ENTERPRISE + ':costCenter',
    'Division': ENTERPRISE + ':division',
    'Organization': ENTERPRISE + ':organization',
}
ATTRIBUTES = dict({'externalId': 'Employee ID', ENTERPRISE + ':employeeNumber': 'Employee ID'},
                  **{name: column for column, name in PLAIN.items()})

SCIM_JOB = dict(
    copy.deepcopy(JOB),
    target={'connector': 'scim',
            'credentials': {'token': 'env:SCIM_TOKEN'},
            'rate': ['100/200ms'],
            'concurrency': 4},
    attributes=ATTRIBUTES,
    match=['externalId', 'userName'],
    manager={'column': 'Manager ID', 'key': 'externalId'})

GROUPS_JOB = {'attributes': {'groups': 'Groups'}}  # with the option managed_groups
ALL_GROUPS = {'managed_groups': '*'}

# What may be repeated harmlessly is repeated when nobody knows whether it was done; a create never is.
AGAIN = {'no_change', 'unchanged_field', 'member_twice', 'member_none', 'same_status'}
# How a service takes changes: switches and options.
WAYS = {'patch': ({}, {}), 'put': ({}, {'update_by': 'put'}), 'bulk': ({'bulk': 'on', 'bulk_max': '6'}, {}),
        'bulk without references': ({'bulk': 'on', 'bulk_max': '6', 'bulk_id': 'off'}, {'bulk_id': False})}


def part(user, name):
    """The value of an attribute of a user as the service shows him; '' when he has none."""
    if name.startswith('urn:'):
        urn, name = name.rsplit(':', 1)
        user = user.get(urn, {})
    if '[' in name:
        home, rest = name.split('[')
        kind, sub = rest.split('"')[1], name.rsplit('.', 1)[1]
        return next((one.get(sub, '') for one in user.get(home, []) if one.get('type') == kind), '')
    for step in name.split('.'):
        user = user.get(step, {})
    return user or ''


def manager_of(user):
    return user.get(ENTERPRISE, {}).get('manager', {}).get('value', '')


def groups_of(state):
    """Names of each user's groups, by his id."""
    found = {}
    for group in state['groups']:
        for member in group['members']:
            found.setdefault(member['value'], set()).add(group['displayName'])
    return found


def rows_of(state):
    """The feed that agrees with a service: a row for everybody who has an externalId."""
    numbers = {user['id']: user.get('externalId', '') for user in state['users']}
    groups = groups_of(state)
    rows = []
    for user in state['users']:
        if not user.get('externalId'):
            continue
        row = {column: part(user, name) for column, name in PLAIN.items()}
        row.update({'Employee ID': user['externalId'], 'Manager ID': numbers.get(manager_of(user), ''),
                    'Groups': ';'.join(sorted(groups.get(user['id'], ()))),
                    'Status': 'Active' if user['active'] else 'Terminated'})
        rows.append(row)
    return rows


def image(state):
    """A service's users and groups by name, without ids and versions: two that were treated alike are
    equal."""
    names = {user['id']: user['userName'] for user in state['users']}
    users = {}
    for user in state['users']:
        user = copy.deepcopy(user)
        manager = names.get(manager_of(user), manager_of(user))
        user.get(ENTERPRISE, {}).pop('manager', None)
        for name in ('id', 'meta', 'groups'):
            user.pop(name, None)
        users[user['userName'].lower()] = dict(user, manager=manager)
    groups = {group['displayName']: sorted(names.get(one['value'], one['value']) for one in group['members'])
              for group in state['groups']}
    return users, groups


class ScimBed(Bed):
    VENDOR = 'scim'
    HEADER = ['Employee ID'] + list(PLAIN) + ['Groups', 'Manager ID', 'Status']
    JOB = SCIM_JOB
    SWITCHES = {'rate': '100/200ms'}
    WRITING = {'Users.create', 'Users.replace', 'Users.patch', 'Users.delete', 'Groups.create',
               'Groups.replace', 'Groups.patch', 'Groups.delete', 'Bulk'}
    KEYS = {'SCIM_TOKEN': SCIM_TOKEN}
    # The token, which is the password and the client's secret too; what Basic makes of it; tokens given out.
    SECRETS = [SCIM_TOKEN, base64.b64encode(b'sandbox:' + SCIM_TOKEN.encode()).decode(),
               r'token-\d+-[0-9a-f]{16}']
    rows_of = staticmethod(rows_of)

    def __init__(self, options=None, job=None, **more):
        job = merge(job or {}, {'target': {'options': options}}) if options else job
        super().__init__(job=job, **more)

    def url(self):
        return self.box.url + SCIM

    def set_options(self, **options):
        """The target's options, put over those there are; None takes one away."""
        self.set_job(target={'options': options})

    def user(self, key):
        """The user with this externalId, or None."""
        return next((one for one in self.box.state()['users'] if one.get('externalId') == key), None)

    def id(self, key):
        return self.user(key)['id']

    def members(self, name):
        return {one['value'] for group in self.box.state()['groups'] if group['displayName'] == name
                for one in group['members']}

    def joiner(self, key, **values):
        row = {'Employee ID': key, 'Login': '%s@example.com' % key.lower(), 'First Name': 'Nila',
               'Last Name': 'Das', 'Display Name': 'Nila Das', 'Email': '%s@example.com' % key.lower(),
               'Mobile': '+49-170-5550001', 'Job Title': 'Analyst', 'Department': 'Sales',
               'Cost Center': 'CC-100', 'Division': 'EMEA', 'Organization': 'Example Org', 'Groups': '',
               'Manager ID': '', 'Status': 'Active'}
        row.update(values)
        self.rows.append(row)
        return row

    def plain_people(self):
        bosses = {row['Manager ID'] for row in self.rows}
        return [row for row in self.active() if row['Manager ID'] and row['Employee ID'] not in bosses]

    def every_kind(self, each=2, groups=False):
        plain = self.plain_people()
        want = {'deactivate': 2 * each, 'update': each, 'manager': each, 'create': each}

        def take(n):
            taken, plain[:n] = plain[:n], []
            assert len(taken) == n, 'the service has too few users for these changes'
            return taken

        was = [row for row in self.rows if row['Status'] == 'Terminated'][:each]
        want['activate'] = len(was)
        assert was, 'the service has nobody inactive'
        for row in was:
            row['Status'] = 'Active'
        for row in take(each):
            row['Status'] = 'Terminated'
        gone = take(each)
        for row in take(each):
            row.update({'Department': 'Legal' if row['Department'] != 'Legal' else 'Sales',
                        'Job Title': 'Chief ' + row['Job Title']})
        for row in take(each):
            row['Manager ID'] = next(boss['Employee ID'] for boss in self.bosses()
                                     if boss['Employee ID'] not in (row['Manager ID'], row['Employee ID']))
        if groups:
            want['membership'] = each
            for row in take(each):
                row['Groups'] = 'Legal' if row['Groups'] != 'Legal' else 'Sales'
        self.rows = [row for row in self.rows if row not in gone]
        boss = self.bosses()[0]['Employee ID']
        for i in range(each):
            self.joiner('J%05d' % i, **{'Manager ID': 'J00000' if i % 4 == 1 else boss,
                                       'Mobile': '+49-170-%07d' % i,
                                       'Groups': 'Support' if groups and i % 2 else ''})
        return want

    def agrees(self):
        """The service is what the feed says, attribute by attribute."""
        have = {row['Employee ID']: row for row in self.rows_of(self.box.state())}
        for row in self.rows:
            got = have[row['Employee ID']]
            if row['Status'] == 'Terminated':
                assert got['Status'] == 'Terminated', row
                continue
            for column, value in row.items():
                fold = str.lower if column in ('Login', 'Email') else str
                unmanaged = column == 'Groups' and 'groups' not in self.job['attributes']
                assert not value or unmanaged or fold(got[column]) == fold(value), (column, got, row)
        fed = {row['Employee ID'] for row in self.rows}
        for number, got in have.items():
            assert number in fed or got['Status'] == 'Terminated', got

    def touched(self, since=0):
        """Ids of the users that were written, in the order in which it was done."""
        return [user for one in self.box.log(since) if one['endpoint'] in self.WRITING
                for user in one.get('users', [])]

    def only_once(self):
        assert all(n == 1 for n in self.creates_by_address().values()), self.creates_by_address()


def prepared(each=2, users=80):
    """A service, a feed with much to do, and what the service is like when nothing disturbs the run."""
    with ScimBed(users=users, job=GROUPS_JOB, options=ALL_GROUPS) as bed:
        state = bed.box.state()
        want = bed.every_kind(each, groups=True)
        assert bed.sync().outcomes == {'applied': sum(want.values())}
        return state, bed.rows, want, image(bed.box.state())
