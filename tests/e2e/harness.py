"""Starts sandboxes for end-to-end tests and runs the tests, speaking TAP.

    import harness

    def test_listing(box):
        '''fact sheet 4.2: everybody, active and inactive'''
        assert len(box.get('/v2/UserManagement.svc/Users.Get').json()) == 60

    if __name__ == '__main__':
        harness.run(globals())

A test is a function named test_*. When it has a parameter `box`, it gets a freshly started sandbox with
the module's BOX (a dict of arguments for Sandbox). Every child is killed when its test ends, whatever
happened in it.

The sandbox's program is named by the environment variable ROLLCALL_SANDBOX.
"""

import atexit
import http.client
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

TIMEOUT = 60  # seconds until a test that hangs is called off; never a measure of speed

ACCESS_KEY = 'AKEY$sandbox'
SECRET_KEY = 'SKEY-sandbox'
SCIM_TOKEN = 'SCIM-sandbox'
SCIM = '/scim/v2'
SCIM_TYPE = 'application/scim+json'
ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

_children = []
_folders = []


def program(variable, name):
    """The path of a program under test."""
    path = os.environ.get(variable)
    if not path:
        print('Bail out! set %s to the path of %s' % (variable, name), flush=True)
        sys.exit(1)
    return path


def start(arguments, **options):
    """A child process that does not outlive the tests."""
    child = subprocess.Popen(arguments, **options)
    _children.append(child)
    return child


def folder():
    """A fresh folder, removed at the end."""
    path = tempfile.mkdtemp(prefix='rollcall-test-')
    _folders.append(path)
    return path


def _cleanup():
    for child in _children:
        if child.poll() is None:
            child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream:
                stream.close()
    _children.clear()
    for path in _folders:
        shutil.rmtree(path, ignore_errors=True)
    _folders.clear()


atexit.register(_cleanup)


def wait_until(condition, what='a condition'):
    """Asks again and again until it holds; fails after TIMEOUT."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError('%s did not come about in %d s' % (what, TIMEOUT))


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return 'Answer(%d, %r)' % (self.status, self.body[:300])


class Sandbox:
    """A running rollcall-sandbox. Use as a context manager, or call stop()."""

    def __init__(self, vendor='leadsquared', users=60, seed=7, state=None, switches=None, arguments=(),
                 dump=False):
        self.vendor = vendor
        self.folder = folder()
        self.port_file = os.path.join(self.folder, 'port')
        self.dump_file = os.path.join(self.folder, 'dump.json') if dump else None
        command = [program('ROLLCALL_SANDBOX', 'rollcall-sandbox'), '--vendor', vendor, '--port-file',
                   self.port_file]
        if state is None:
            command += ['--users', str(users), '--seed', str(seed)]
        else:
            if not isinstance(state, str):
                path = os.path.join(self.folder, 'state.json')
                with open(path, 'w', encoding='utf-8') as f:
                    json.dump(state, f)
                state = path
            command += ['--state', state]
        settings = {'rate': 'off'}
        settings.update(switches or {})
        for name, value in settings.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                command += ['--switch', '%s=%s' % (name, one)]
        if dump:
            command += ['--dump-state', self.dump_file]
        self.process = start(command + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.first_line = self.process.stdout.readline().decode()
        if not self.first_line.startswith('listening on '):
            raise AssertionError('the sandbox did not start: ' + self.process.stderr.read().decode())
        self.url = self.first_line.split()[-1]
        self.port = int(self.url.rsplit(':', 1)[1])
        self.connection = None
        self.errors = ''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, number=signal.SIGTERM):
        """Ends it and returns its exit code; what it wrote to stderr is in self.errors."""
        if self.connection:
            self.connection.close()
            self.connection = None
        if self.process.poll() is None:
            self.process.send_signal(number)
        if not self.process.stdout.closed:
            _, errors = self.process.communicate(timeout=TIMEOUT)
            self.errors = errors.decode(errors='replace')
        return self.process.returncode

    def connect(self):
        return http.client.HTTPConnection('127.0.0.1', self.port, timeout=TIMEOUT)

    def request(self, method, path, body=None, headers=None, keys=True, query=None, connection=None):
        """One request, on the kept connection unless another one is given.

        body: bytes as they are, anything else as JSON.
        """
        fields = {'User-Agent': 'rollcall-test/1'}
        media = 'application/json'
        if keys and self.vendor == 'scim':
            media = SCIM_TYPE
            fields.update({'Authorization': 'Bearer ' + SCIM_TOKEN, 'Accept': SCIM_TYPE})
        elif keys:
            fields.update({'x-LSQ-AccessKey': ACCESS_KEY, 'x-LSQ-SecretKey': SECRET_KEY})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            fields['Content-Type'] = media
        fields.update(headers or {})
        fields = {name: value for name, value in fields.items() if value is not None}
        if query:
            path += '?' + urllib.parse.urlencode(query)
        if connection is None:
            self.connection = connection = self.connection or self.connect()
        try:
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except Exception:
            connection.close()
            raise

    def get(self, path, **options):
        return self.request('GET', path, **options)

    def post(self, path, body=None, **options):
        return self.request('POST', path, body, **options)

    def _admin(self, method, path, body=None):
        connection = self.connect()
        try:
            answer = self.request(method, path, body, keys=False, connection=connection)
        finally:
            connection.close()
        if answer.status != 200:
            raise AssertionError('%s: %r' % (path, answer))
        return answer.json()

    def switch(self, **settings):
        """Sets switches: box.switch(rate='25/5s', fault=['Create:1:reset_after'])."""
        self._admin('POST', '/admin/switch', settings)

    def switches(self):
        return self._admin('GET', '/admin/switches')

    def log(self, since=0):
        return self._admin('GET', '/admin/log?since=%d' % since)

    def violations(self):
        return self._admin('GET', '/admin/violations')

    def rules(self):
        """Names of the rules that were broken, each once, sorted."""
        return sorted({v['rule'] for v in self.violations()})

    def state(self):
        return self._admin('GET', '/admin/state')

    def users(self):
        """The users of the state by id."""
        if self.vendor == 'scim':
            return {u['id']: u for u in self.state()['users']}
        return {u['UserId']: u for u in self.state()['Users']}

    def groups(self):
        """The groups of a SCIM state by displayName, their members as a set of ids."""
        return {g['displayName']: dict(g, members={m['value'] for m in g['members']})
                for g in self.state()['groups']}

    def stats(self):
        return self._admin('GET', '/admin/stats')

    def user(self, **fields):
        """Changes or adds a user behind the client's back."""
        self._admin('POST', '/admin/user', fields)

    def reset_log(self):
        self._admin('POST', '/admin/reset-log')


class LeadSquared:
    """LeadSquared's calls, bare: each returns the Answer.

    The paths are the vendor's, by the names that the sandbox's log uses.
    """

    USERS = '/v2/UserManagement.svc/'
    PATHS = {
        'UserByAccessKey': '/v2/Authentication.svc/UserByAccessKey.Get',
        'UsersGet': USERS + 'Users.Get',
        'AdvancedSearch': USERS + 'User/AdvancedSearch',
        'ByUserId': USERS + 'User/Retrieve/ByUserId',
        'ByEmailAddress': USERS + 'User/Retrieve/ByEmailAddress',
        'Reporting': USERS + 'ReportingHierarchy/RetrieveAllReportingUsers',
        'Attributes': USERS + 'User/Attribute/Retrieve',
        'Teams': '/v2/TeamManagement.svc/Retrieve',
        'Create': USERS + 'User/Create',
        'Update': USERS + 'User/Update',
        'BulkUpdate': USERS + 'User/Bulk/Update',
        'ManagerBulk': USERS + 'UpdateReportingManagerInBulk',
        'Activate': USERS + 'User/Activate',
        'Deactivate': USERS + 'User/Deactivate',
        'MarkObsolete': USERS + 'User/MarkObsolete',
        'TeamCreate': '/v2/TeamManagement.svc/Create',
        'NotifyUsers': USERS + 'NotifyUsers',
    }

    def __init__(self, box):
        self.box = box

    def get(self, name, **options):
        return self.box.get(self.PATHS[name], **options)

    def post(self, name, body=None, **options):
        return self.box.post(self.PATHS[name], body, **options)

    def whoami(self):
        return self.get('UserByAccessKey')

    def listing(self):
        return self.get('UsersGet')

    def search(self, conditions=(('EmailAddress', 'lik', '@'),), join='AND', columns='*', page=1, size=1000,
               sort='UserId', **more):
        last = len(conditions) - 1
        body = {
            'Columns': {'Include_CSV': columns},
            'GroupConditions': [{
                'Condition': [{'LookupName': name, 'Operator': operator, 'LookupValue': value,
                               'ConditionOperator': None if i == last else join}
                              for i, (name, operator, value) in enumerate(conditions)],
                'GroupOperator': None}],
            'GroupOperator': None,
            'Sorting': [{'ColumnName': sort, 'Direction': 0}] if sort else [],
            'Paging': {'PageIndex': page, 'PageSize': size},
        }
        body.update(more)
        return self.post('AdvancedSearch', {key: value for key, value in body.items()
                                            if value != 'leave out'})

    def create(self, **fields):
        body = {'FirstName': 'Nila', 'EmailAddress': 'nila.das@example.com', 'Role': 'Sales_User'}
        body.update(fields)
        return self.post('Create', {key: value for key, value in body.items() if value is not None})

    def update(self, user, **fields):
        return self.post('Update', {'user': fields}, query={'UserId': user})

    def bulk_team(self, team, emails):
        last = len(emails) - 1
        return self.post('BulkUpdate', {
            'Conditions': [{
                'Condition': [{'LookupName': 'EmailAddress', 'Operator': 'eq', 'LookupValue': email,
                               'ConditionOperator': None if i == last else 'OR'}
                              for i, email in enumerate(emails)],
                'GroupOperator': None}],
            'Attribute': 'TeamId', 'Value': team})

    def managers(self, *pairs):
        return self.post('ManagerBulk', [{'UserId': user, 'ManagerId': manager} for user, manager in pairs])

    def activate(self, user, method='GET'):
        return self.box.request(method, self.PATHS['Activate'], query={'userId': user})

    def deactivate(self, user, method='GET'):
        return self.box.request(method, self.PATHS['Deactivate'], query={'userId': user})

    def mark_obsolete(self, user):
        return self.get('MarkObsolete', query={'userid': user})


class Scim:
    """SCIM's calls, bare: each returns the Answer."""

    USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
    GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
    MESSAGE = 'urn:ietf:params:scim:api:messages:2.0:'

    def __init__(self, box):
        self.box = box

    def call(self, method, path, body=None, **options):
        return self.box.request(method, SCIM + path, body, **options)

    def get(self, path, **options):
        return self.call('GET', path, **options)

    @staticmethod
    def path(user, kind='Users'):
        return '/%s/%s' % (kind, urllib.parse.quote(user, safe=''))

    def user(self, user, **options):
        return self.get(self.path(user), **options)

    def group(self, group, **options):
        return self.get(self.path(group, 'Groups'), **options)

    def list(self, kind='Users', **query):
        return self.get('/' + kind, query=query)

    def everybody(self, **query):
        """All users, page by page."""
        users = []
        while True:
            page = self.list(startIndex=len(users) + 1, **query).json()
            users += page['Resources']
            if not page['Resources'] or len(users) >= page['totalResults']:
                return users

    def body(self, **attributes):
        schemas = [self.USER] + [name for name in attributes if ':' in name]
        return {'schemas': schemas, 'userName': 'new.user@example.com', **attributes}

    def create(self, headers=None, **attributes):
        return self.call('POST', '/Users', self.body(**attributes), headers=headers)

    def replace(self, user, body, **options):
        return self.call('PUT', self.path(user), body, **options)

    def operations(self, *operations):
        """A PatchOp of (op, path, value); path None: without one; value `...`: without one."""
        made = []
        for op, path, value in operations:
            one = {'op': op}
            if path is not None:
                one['path'] = path
            if value is not ...:
                one['value'] = value
            made.append(one)
        return {'schemas': [self.MESSAGE + 'PatchOp'], 'Operations': made}

    def patch(self, user, *operations, kind='Users', **options):
        return self.call('PATCH', self.path(user, kind), self.operations(*operations), **options)

    def delete(self, user, kind='Users', **options):
        return self.call('DELETE', self.path(user, kind), **options)

    def bulk(self, *operations, **more):
        return self.call('POST', '/Bulk', {'schemas': [self.MESSAGE + 'BulkRequest'],
                                           'Operations': list(operations), **more})


def _call(test, options):
    if 'box' not in inspect.signature(test).parameters:
        test()
        return
    with Sandbox(**options) as box:
        try:
            test(box)
        except Exception:
            box.stop()
            for line in box.errors.splitlines():
                print('# sandbox: ' + line)
            raise
        code = box.stop()
        assert code == 0, 'the sandbox ended with %s: %s' % (code, box.errors)


def run(names, chosen=None):
    """Runs the tests among names (a module's globals()) in the order of their definition and exits."""
    tests = [(name, test) for name, test in names.items()
             if name.startswith('test_') and callable(test) and test.__module__ == names['__name__']]
    chosen = sys.argv[1:] if chosen is None else chosen
    if chosen:
        tests = [(name, test) for name, test in tests if any(part in name for part in chosen)]
    print('1..%d' % len(tests), flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        title = (test.__doc__ or '').strip().split('\n')[0].replace('#', '')
        try:
            _call(test, names.get('BOX', {}))
            verdict = 'ok'
        except Exception:
            verdict = 'not ok'
            failed += 1
            for line in traceback.format_exc().splitlines():
                print('# ' + line)
        _cleanup()
        print('%s %d - %s%s' % (verdict, number, name, ': ' + title if title else ''), flush=True)
    sys.exit(1 if failed else 0)
