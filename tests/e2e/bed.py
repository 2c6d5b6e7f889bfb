"""A bed for end-to-end tests: a sandbox, a job with its feed,
and runs of rollcall that are looked at from all sides.

    with Bed(users=60) as bed:
        bed.row('E000007')['Department'] = 'Operations'
        done = bed.sync()                    # exit 0 expected; sync(code=5) says otherwise
        assert done.outcomes['applied'] == 1

Whatever a test is about, every run is held against these:

- its exit code is the expected one, in the process as in the audit;
- the sandbox saw no violation of the vendor's rules, except those a test names;
- the audit's sums hold, and at each endpoint the calls made are those planned and those retried;
- no key of the tenant stands in what rollcall printed or wrote;
- the files it wrote are its owner's alone.
"""

import concurrent.futures
import copy
import csv
import io
import json
import os
import re
import signal
import stat
import subprocess

import harness
from harness import ACCESS_KEY, SECRET_KEY, TIMEOUT, Sandbox, start, wait_until

HEADER = ['Employee ID', 'First Name', 'Last Name', 'Email', 'Phone', 'Department', 'Job Title', 'Office',
          'Team',
          'Manager ID', 'Role', 'Status']
KINDS = ['create', 'activate', 'update', 'manager', 'membership', 'deactivate']
OPEN_GUARDS = {kind: {'number': 5000, 'percent': 'off'} for kind in KINDS}

JOB = {
    'name': 'bed',
    'feed': {'path': 'hr.csv',
             'proof': {'trailer': {'column': 'Employee ID', 'value': 'TRAILER', 'count': 'First Name'}}},
    'target': {'connector': 'leadsquared',
               'credentials': {'access_key': 'env:LSQ_ACCESS_KEY', 'secret_key': 'env:LSQ_SECRET_KEY'},
               'rate': ['100/200ms'],
               'bulk_rate': ['100/200ms'],
               'concurrency': 4},
    'attributes': {'mx_Custom_1': 'Employee ID', 'EmailAddress': 'Email', 'FirstName': 'First Name',
                   'LastName': 'Last Name', 'PhoneMain': 'Phone',
                   'Department': {'column': 'Department', 'values': {'Sls': 'Sales'}},
                   'Designation': 'Job Title', 'OfficeLocationName': 'Office', 'TeamId': 'Team',
                   'Role': 'Role'},
    'match': ['mx_Custom_1', 'EmailAddress'],
    'manager': {'column': 'Manager ID', 'key': 'mx_Custom_1'},
    'status': {'column': 'Status', 'active': ['Active', 'On leave'], 'leaver': ['Terminated']},
    'absent': 'deactivate',
    'guards': OPEN_GUARDS,
    'settle': '300ms',
    'visible_timeout': '3s',
    'report': {'audit': 'audit/{run}.json', 'rejects': 'rejects/{run}.csv', 'junit': 'junit/{run}.xml'},
}

# The sandbox refuses what exceeds the job's own rate, so that pacing is checked by every run.
SWITCHES = {'rate': '100/200ms', 'manager_delay': '0'}

# Columns that are plain attributes of a user.
PLAIN = {'First Name': 'FirstName', 'Last Name': 'LastName', 'Email': 'EmailAddress', 'Phone': 'PhoneMain',
         'Department': 'Department', 'Job Title': 'Designation', 'Office': 'OfficeLocationName',
         'Role': 'Role'}


def merge(base, changes):
    """base with the members of changes put over it, objects member by member; None takes one away."""
    result = copy.deepcopy(base)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merge(result[name], value)
        else:
            result[name] = copy.deepcopy(value)
    return result


def rows_of(state):
    """The feed that agrees with a tenant: a row for everybody who has an employee id."""
    teams = {team['TeamId']: team['Name'] for team in state['Teams']}
    numbers = {user['UserId']: user.get('mx_Custom_1', '') for user in state['Users']}
    rows = []
    for user in state['Users']:
        if not user.get('mx_Custom_1'):
            continue
        row = {column: user.get(name, '') for column, name in PLAIN.items()}
        row.update({'Employee ID': user['mx_Custom_1'], 'Team': teams.get(user.get('TeamId', ''), ''),
                    'Manager ID': numbers.get(user.get('ManagerUserId', ''), ''),
                    'Status': 'Active' if user['StatusCode'] == '0' else 'Terminated'})
        rows.append(row)
    return rows


def feed_text(rows, trailer=True, header=None):
    """Bytes of a feed."""
    header = header or HEADER
    out = io.StringIO(newline='')
    writer = csv.writer(out, lineterminator='\r\n')
    writer.writerow(header)
    for row in rows:
        writer.writerow([row[name] for name in header])
    if trailer:
        writer.writerow(['TRAILER', str(len(rows))] + [''] * (len(header) - 2))
    return out.getvalue().encode()


def image(state):
    """A tenant's users by address, without ids: two tenants that were treated alike are equal in it."""
    addresses = {user['UserId']: user['EmailAddress'] for user in state['Users']}
    return {user['EmailAddress'].lower(): dict(
        {name: value for name, value in user.items()
         if value not in ('', None) and name not in ('UserId', 'ManagerUserId', 'CreatedOn', 'ModifiedOn')},
        manager=addresses.get(user.get('ManagerUserId', ''), '')) for user in state['Users']}


class Done:
    """What one run did."""

    def __init__(self, command, code, out, err):
        self.command = command
        self.code = code
        self.out = out
        self.err = err
        self.audit = None
        self.run = None

    @property
    def outcomes(self):
        return {name: n for name, n in self.audit['outcomes'].items() if n}

    @property
    def changes(self):
        return self.audit['changes']

    @property
    def calls(self):
        return {one['name']: one for one in self.audit['calls']['endpoints']}

    def made(self, name):
        return self.calls.get(name, {'made': 0})['made']

    def holds(self):
        return {one['hold']: one['count'] for one in self.audit['holds']}

    def planned(self):
        """How many changes of each kind were not held."""
        n = {}
        for one in self.changes:
            if not one['hold']:
                kind = one['change']['kind']
                n[kind] = n.get(kind, 0) + 1
        return n

    def of(self, key, kind=None):
        return [one for one in self.changes
                if one['change'].get('key') == key and kind in (None, one['change']['kind'])]

    def __repr__(self):
        return '%s\nexit %s\n%s%s' % (' '.join(self.command[1:]), self.code, self.out, self.err)


WRITING = {'Create', 'Update', 'BulkUpdate', 'ManagerBulk', 'Activate', 'Deactivate', 'MarkObsolete',
           'TeamCreate'}


class Bed:
    """LeadSquared's; a bed of another vendor has these members of its own."""

    VENDOR = 'leadsquared'
    HEADER = HEADER
    JOB = JOB
    SWITCHES = SWITCHES
    WRITING = WRITING
    KEYS = {'LSQ_ACCESS_KEY': ACCESS_KEY, 'LSQ_SECRET_KEY': SECRET_KEY}
    SECRETS = [re.escape(ACCESS_KEY), re.escape(SECRET_KEY)]  # patterns that must not be left anywhere
    PATIENCE = TIMEOUT  # seconds until a run that hangs is called off
    rows_of = staticmethod(rows_of)

    def __init__(self, users=60, seed=7, state=None, switches=None, job=None, dump=False):
        self.box = self.open_box(users=users, seed=seed, state=state,
                                 switches=dict(self.SWITCHES, **(switches or {})), dump=dump)
        self.folder = harness.folder()
        self.state_dir = os.path.join(self.folder, 'state')
        self.job_path = os.path.join(self.folder, 'job.json')
        self.feed_path = os.path.join(self.folder, 'hr.csv')
        self.job = merge(self.JOB, {'target': {'url': self.url()}})
        self.rows = self.rows_of(self.box.state())
        self.text = None   # bytes of the feed, when it is not rows
        self.trailer = True
        self.allowed = set()  # rules of the sandbox that a test breaks on purpose
        self.environment = dict(self.KEYS)
        self.set_job(**(job or {}))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code = self.box.stop()
        if kind is None:
            assert code == 0, 'the sandbox ended with %s: %s' % (code, self.box.errors)

    def open_box(self, **options):
        """What the runs of this bed are made against."""
        return Sandbox(self.VENDOR, **options)

    def url(self):
        """What the job calls the tenant by."""
        return self.box.url

    # The job and its feed

    def set_job(self, **changes):
        self.job = merge(self.job, changes)
        with open(self.job_path, 'w', encoding='utf-8') as f:
            json.dump(self.job, f, indent=1)

    def write_feed(self):
        with open(self.feed_path, 'wb') as f:
            f.write(feed_text(self.rows, self.trailer, self.HEADER) if self.text is None else self.text)

    def row(self, key):
        return next(row for row in self.rows if row['Employee ID'] == key)

    def active(self):
        return [row for row in self.rows if row['Status'] == 'Active']

    def joiner(self, key, **values):
        pattern = next(row for row in self.rows if row['Role'] == 'Sales_User' and row['Status'] == 'Active')
        row = dict(pattern, **{'Employee ID': key, 'Email': '%s@example.com' % key.lower(),
                               'Phone': '+91-9500000001'})
        row.update(values)
        self.rows.append(row)
        return row

    def plain_people(self):
        """Active people whom nobody reports to and who have a manager, in the feed's order."""
        bosses = {row['Manager ID'] for row in self.rows}
        return [row for row in self.rows if row['Status'] == 'Active' and row['Role'] == 'Sales_User'
                and row['Manager ID'] and row['Employee ID'] not in bosses]

    def bosses(self):
        heads = {row['Manager ID'] for row in self.rows}
        return [row for row in self.rows if row['Status'] == 'Active' and row['Employee ID'] in heads]

    def every_kind(self, each=2):
        """Mutates the rows so that every kind of change is planned; returns how many of each kind."""
        plain = self.plain_people()
        want = {}

        def take(n):
            taken = plain[:n]
            del plain[:n]
            assert len(taken) == n, 'the tenant is too small for these changes'
            return taken

        for row in take(each):
            row['Status'] = 'Terminated'
        gone = take(each)
        want['deactivate'] = 2 * each
        for row in take(each):
            row.update({'Department': 'Operations' if row['Department'] != 'Operations' else 'Support',
                        'Job Title': 'Senior ' + row['Job Title']})
        want['update'] = each
        for row in take(each):
            row['Team'] = 'North' if row['Team'] != 'North' else 'South'
        want['membership'] = each
        for row in take(each):
            row['Manager ID'] = next(boss['Employee ID'] for boss in self.bosses()
                                     if boss['Employee ID'] not in (row['Manager ID'], row['Employee ID']))
        want['manager'] = each
        back = [row for row in self.rows if row['Status'] == 'Terminated' and row not in gone][:1]
        rehired = [row for row in rows_of(self.box.state()) if row['Status'] == 'Terminated'][:each]
        for old in rehired:
            self.row(old['Employee ID'])['Status'] = 'Active'
        want['activate'] = len(rehired)
        assert back and rehired, 'the tenant has nobody inactive'
        self.rows = [row for row in self.rows if row not in gone]
        boss = self.bosses()[0]['Employee ID']
        for i in range(each):
            self.joiner('J%05d' % i, **{'Manager ID': 'J00000' if i % 4 == 1 else boss,
                                       'Phone': '+91-95000%05d' % i})
        want['create'] = each
        return want

    # Runs

    def env(self, extra=None):
        keep = {name: value for name, value in os.environ.items()
                if not name.startswith(('ROLLCALL_', 'XDG_', 'STATE_DIR', 'LSQ_', 'SCIM_'))}
        return dict(keep, HOME=self.folder, **self.environment, **(extra or {}))

    def command(self, arguments, state=True):
        return ([harness.program('ROLLCALL', 'rollcall')] + [str(one) for one in arguments]
                + (['--state', self.state_dir] if state else []))

    def start(self, *arguments, env=None, state=True):
        """A run in the background: a process, to be ended with finish()."""
        return start(self.command(arguments, state), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE, env=self.env(env), cwd=self.folder)

    def finish(self, process):
        out, err = process.communicate(timeout=self.PATIENCE)
        return Done(process.args, process.returncode, out.decode(), err.decode())

    def call(self, *arguments, code=0, env=None, state=True, text=None):
        """rollcall with these arguments; not one that leaves an audit."""
        source = {'stdin': subprocess.DEVNULL} if text is None else {'input': text}
        done = subprocess.run(self.command(arguments, state), env=self.env(env), cwd=self.folder,
                              timeout=self.PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **source)
        done = Done(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
        assert code in (None, done.code), 'exit %d expected: %r' % (code, done)
        self.check_traces(done)
        return done

    def sync(self, *arguments, code=0, feed=True, **options):
        if feed:
            self.write_feed()
        return self.look_at(self.call('sync', self.job_path, *arguments, code=code, **options))

    def plan(self, *arguments, code=0, feed=True, **options):
        if feed:
            self.write_feed()
        return self.look_at(self.call('plan', self.job_path, *arguments, code=code, **options), planned=True)

    def apply(self, run, *arguments, code=0, whole=True, **options):
        done = self.call('apply', run, *arguments, code=code, **options)
        done.run = run
        return self.look_at(done, whole=whole)

    def refused(self, run, *arguments, code=8):
        """An apply that is not even begun: says why, writes nothing, leaves the run as it was."""
        before, since = self.report(run), self.box.stats()['last_seq']
        done = self.call('apply', run, *arguments, code=code)
        self.check_sandbox(done)
        assert self.writes(since) == [], done
        assert self.report(run) == before, 'a run that was refused has changed'
        assert 'applied' not in done.out, 'what an earlier run did is said of this one: %r' % done
        return done

    def report(self, run, **options):
        return json.loads(self.call('report', run, **options).out)

    def runs(self):
        """Ids of all runs, the newest first."""
        lines = self.call('runs').out.splitlines()[1:]
        return [line.split()[0] for line in lines]

    def look_at(self, done, planned=False, whole=True):
        """Finds the run's audit and holds it against what must always be so."""
        self.check_sandbox(done)
        if done.run is None:
            named = re.search(r'\b\d{8}-\d{4}-[a-z0-9]{4}\b', done.out)
            if not named:
                return done  # it ended before there was a run
            done.run = named.group(0)
        done.audit = self.report(done.run)
        assert done.audit['sums']['hold'] is True, done.audit['sums']
        if planned:
            return done
        path = os.path.join(self.folder, 'audit', done.run + '.json')
        with open(path, encoding='utf-8') as f:
            assert json.load(f) == done.audit, 'the audit file and the report differ'
        assert done.audit['run']['exit_code'] == done.code, (done.audit['run'], done)
        trouble = {'failed', 'stale', 'unresolved', 'not_visible'} & set(done.outcomes)
        if whole and done.audit['run']['state'] == 'done' and not trouble:
            self.check_calls(done)
        return done

    # What must be so after every run

    def check_calls(self, done):
        for name, one in done.calls.items():
            assert one['made'] == one['planned'] + one['retried'], \
                '%s: %d made, %d planned, %d retried' % (name, one['made'], one['planned'], one['retried'])

    def check_sandbox(self, done):
        wrong = [one for one in self.box.violations() if one['rule'] not in self.allowed]
        assert not wrong, '%r\n%r' % (wrong[:5], done)

    def files(self):
        for folder, _, names in os.walk(self.folder):
            for name in names:
                yield os.path.join(folder, name)

    def check_traces(self, done):
        """Nothing secret was said or written, and what was written is its owner's alone."""
        secret = re.compile('|'.join(self.SECRETS))
        assert not secret.search(done.out + done.err), 'a key was printed: %r' % done
        for path in self.files():
            if path in (self.feed_path, self.job_path):
                continue
            with open(path, 'rb') as f:
                content = f.read()
            assert not secret.search(content.decode('latin-1')), 'a key stands in %s' % path
            mode = stat.S_IMODE(os.stat(path).st_mode)
            assert mode == 0o600 or path.endswith('.own'), '%s has mode %o' % (path, mode)
        if os.path.isdir(self.state_dir):
            assert stat.S_IMODE(os.stat(self.state_dir).st_mode) == 0o700

    def writes(self, since=0):
        """Endpoints of the calls that would change something, in order of arrival."""
        return [one['endpoint'] for one in self.box.log(since) if one['endpoint'] in self.WRITING]

    def creates_by_address(self):
        """How often each address was created, as the sandbox counted."""
        return self.box.stats()['creates']


def together(function, cases, at_once=12):
    """function(case) for every case, several at a time: most of a run is waiting. Raises a failure."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(function, cases))


def interrupt_when(bed, process, condition, number=signal.SIGINT):
    """Sends the signal as soon as condition() holds; false when the process ended before."""
    wait_until(lambda: process.poll() is not None or condition(), 'the moment of the signal')
    if process.poll() is not None:
        return False
    process.send_signal(number)
    return True
