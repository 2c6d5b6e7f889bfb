"""The bed of scim_bed.py over a real server, and what is wanted of every one of them.

    with RealBed('scimmy', users=60) as bed:
        bed.row('E00007')['Department'] = 'Legal'
        done = bed.sync()

The target has no options but those that a test gives it: what a newcomer would write. The server's request
log tells what was sent, its listings what came of it.
"""

import json
import os

from real_harness import BASES, TOKEN, Server
from harness import ENTERPRISE
from scim_bed import GROUPS_JOB, ScimBed, manager_of, rows_of

CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
WRITES = ('POST', 'PUT', 'PATCH', 'DELETE')
CHAIN = 5
MANAGED = ('Sales', 'Support')  # of the groups

# Where a server does not show a user's groups on the user, the job has to say so.
GROUP_OPTIONS = {'scimmy': {'managed_groups': 'Sales; Support'},
                 'better-auth': {'managed_groups': 'Sales; Support', 'groups_from': 'groups'}}


class Box(Server):
    """A server, as a bed looks at what it stands on."""

    def violations(self):
        return []  # none of them keeps account of that

    def state(self):
        groups = [dict(group, members=group.get('members', [])) for group in self.groups().values()]
        return {'users': list(self.users().values()), 'groups': groups}

    def since(self, number):
        """What came after the first `number` requests of the log."""
        return self.log()[number:]


def managed_rows_of(state):
    groups = [group for group in state['groups'] if group['displayName'] in MANAGED]
    return rows_of(dict(state, groups=groups))


class RealBed(ScimBed):
    rows_of = staticmethod(managed_rows_of)
    KEYS = {'SCIM_TOKEN': TOKEN}
    SECRETS = [TOKEN]
    PATIENCE = 300  # these servers write one user after the other

    def __init__(self, name, users=60, groups=False, **more):
        self.name = name
        self.with_groups = groups
        self.joined = set()  # employee ids of all who joined
        self.before = {}
        if groups:
            more['job'] = dict(GROUPS_JOB, **more.get('job', {}))
            more['options'] = dict(GROUP_OPTIONS[name], **more.get('options', {}))
        super().__init__(users=users, **more)

    def open_box(self, users=0, **_):
        box = Box(self.name, users=users)
        if self.with_groups:
            people = list(box.users())
            for group, members in (('Sales', people[900:950]), ('Support', people[940:960]),
                                   ('Board', people[:3])):
                answer = box.request('POST', '/Groups', {'schemas': [CORE_GROUP], 'displayName': group,
                                                         'members': [{'value': one} for one in members]})
                assert answer.status == 201, answer
        return box

    def __exit__(self, *_):
        self.box.stop()

    def url(self):
        return self.box.url

    def user(self, key):
        return next((one for one in self.box.users().values() if one.get('externalId') == key), None)

    # What was sent

    def sent(self, since=0):
        """Every write as [(answered, [operation, ...])]: an operation is (method, path, data, bulkId)."""
        calls = []
        for one in self.box.since(since):
            if one['method'] not in WRITES or one['status'] == 429:
                continue
            body = json.loads(one['body']) if one.get('body') else None
            path = one['path'][len(BASES[self.name]):]
            if path == '/Bulk':
                operations = [(op['method'], op['path'], op.get('data'), op.get('bulkId'))
                              for op in body['Operations']]
            else:
                operations = [(one['method'], path, body, None)]
            calls.append((one['status'], operations))
        return calls

    def created(self, since=0):
        """How often the creation of each userName was asked for."""
        times = {}
        for _, operations in self.sent(since):
            for method, path, data, _ in operations:
                if (method, path) == ('POST', '/Users'):
                    times[data['userName']] = times.get(data['userName'], 0) + 1
        return times

    def managers_first(self, since=0):
        """A joiner's creation stands before all that names him manager; returns how often one was named."""
        keys = {user['id']: user.get('externalId') for user in self.box.users().values()}
        made, pairs = set(), 0
        for _, operations in self.sent(since):
            names = {}
            for method, path, data, name in operations:
                text = json.dumps(data)
                for manager in managers_named(data):
                    if manager.startswith('bulkId:'):
                        assert manager[7:] in names, '%s stands later: %s' % (manager, text)
                        pairs += 1
                    elif manager in keys and keys[manager] in self.joined:
                        assert keys[manager] in made, 'sent before its manager was: %s' % text
                        pairs += 1
                if (method, path) == ('POST', '/Users'):
                    names[name] = data['externalId']
                    made.add(data['externalId'])
        return pairs

    # What came of it

    def once(self):
        """Nobody is there twice, by any key; everybody who joined is there."""
        users = self.box.users().values()
        for name in ('externalId', 'userName'):
            values = sorted(str(user.get(name, user['id'])).lower() for user in users)
            twice = [a for a, b in zip(values, values[1:]) if a == b]
            assert not twice, (name, twice)
        assert self.joined <= {user.get('externalId') for user in users}

    def remember(self):
        """What the server shows before a run: the users and groups of state(), by id."""
        state = self.box.state()
        self.before = {one['id']: one for one in state['users'] + state['groups']}

    def others_as_before(self, concerned):
        """Whoever is not in `concerned` (employee ids), and every group that is not managed, is as it was."""
        state = self.box.state()
        now = {one['id']: one for one in state['users'] + state['groups']}
        untouched = 0
        for number, old in self.before.items():
            if old.get('externalId') in concerned or 'members' in old and old['displayName'] in MANAGED:
                continue
            assert now[number] == old, (old, now[number])
            untouched += 1
        return untouched

    # Changes

    def chains(self, number, boss, mark=''):
        """Chains of joiners, each the next one's manager, the lowest first in the feed."""
        keys = []
        for i in range(number):
            for depth in range(CHAIN, 0, -1):
                key = joiner_key(i, depth, mark)
                self.joiner(key, **{'Manager ID': joiner_key(i, depth - 1, mark) if depth > 1 else boss,
                                    'Mobile': '+49-170-%07d' % (10 * i + depth)})
                keys.append(key)
        self.joined |= set(keys)
        return keys

    def mix(self, chains, leavers, gone, moves, back, updates):
        """Everything that an HR feed asks for, each for so many people; returns whose rows were changed, as
        employee ids, and the joiners'.

        Some go to managers who only join with them. Some of those with groups join and leave."""
        plain, boss = self.plain_people(), self.bosses()[-1]['Employee ID']

        def take(number):
            taken, plain[:number] = plain[:number], []
            assert len(taken) == number, 'too few people'
            return taken

        returning = [row for row in self.rows if row['Status'] == 'Terminated'][:back]
        leaving, absent, moving = take(leavers), take(gone), take(moves)
        changing = take(min(updates, len(plain)))
        changing += [row for row in self.bosses() if row['Employee ID'] != boss][:updates - len(changing)]
        assert len(returning) == back and len(changing) == updates, 'too few people'
        for row in leaving:
            row['Status'] = 'Terminated'
        for row in returning:
            row['Status'] = 'Active'
        for i, row in enumerate(moving):
            assert row['Manager ID'] != boss
            row['Manager ID'] = joiner_key(i % chains, CHAIN) if i % 2 else boss
        for i, row in enumerate(changing):
            self.change(i, row)
        self.rows = [row for row in self.rows if row not in absent]
        joined = self.chains(chains, boss)
        if self.with_groups:
            for key in joined[::2]:
                self.row(key)['Groups'] = 'Sales;Support'
        return {row['Employee ID'] for row in leaving + returning + absent + moving + changing} | set(joined)

    def change(self, i, row):
        """The i-th of those whose attributes change: few of them or many, some to what must be written with
        care."""
        row.update({'Job Title': 'Chief ' + row['Job Title'], 'Department': 'Legal'})
        if i % 3 == 0:
            row.update({'First Name': 'Zo\u00eb', 'Last Name': "O'Neill \\ \"S\u00f8n\"",
                        'Display Name': '\u5f20\u4f1f', 'Mobile': '+44-20-%07d' % i,
                        'Cost Center': '100% a/b', 'Division': 'R&D <1>'})
        if i % 10 == 0:
            row['Email'] = 'New.' + row['Email']
        if i % 20 == 0:
            row['Login'] = 'New.' + row['Login']
        if self.with_groups and i % 5 == 0:
            row['Groups'] = 'Support' if row['Groups'] != 'Support' else 'Sales'

    def quiet(self):
        """Another night: nothing to do, and nothing sent."""
        since = len(self.box.log())
        again = self.plan('--detailed-exitcode')
        assert again.changes == [], again
        assert self.sent(since) == []


def joiner_key(chain, depth, mark=''):
    return 'J%s%03d%d' % (mark, chain, depth)


def managers_named(data):
    """Ids that a body names as managers."""
    found = []
    if isinstance(data, dict):
        found += [manager_of(data)] if manager_of(data) else []
        for op in data.get('Operations', []):
            if op.get('path', '').startswith(ENTERPRISE + ':manager') and 'value' in op:
                found.append(op['value']['value'])
    return found


# What is wanted of every server ----------------------------------------------------------------------------


def some_changes(bed, mark):
    """Some dozens of people, others each time: joiners in chains, updates, leavers."""
    people = [row for row in bed.plain_people() if not row['Job Title'].startswith('Chief')][:60]
    assert len(people) == 60
    for row in people[:50]:
        row['Job Title'] = 'Chief %s %s' % (mark, row['Job Title'])
    for row in people[50:]:
        row['Status'] = 'Terminated'
    bed.chains(2, people[0]['Employee ID'], mark)


def throttled(bed, hint, requests, seconds):
    """Whatever is over the limit is refused, and comes later; every refusal is counted."""
    since, before = len(bed.box.log()), bed.box.stats()['throttled']
    bed.box.throttle(requests, seconds, hint, every=25)  # a busy machine may never reach the rate
    done = bed.sync()
    bed.box.throttle(None)
    counted = sum(one['throttled'] for one in done.calls.values())
    refused = bed.box.stats()['throttled'] - before
    assert 0 < counted == refused, (hint, counted, refused)
    assert set(done.outcomes) == {'applied'}, done
    assert all(times == 1 for times in bed.created(since).values()), bed.created(since)
    bed.agrees()
    bed.quiet()


def killed(bed, die=lambda: None):
    """The server dies while a run is at work, as it was told to, or of die(). It is started again, apply
    takes the run up, and it ends as if nothing had been. Returns what was sent."""
    since = len(bed.box.log())
    bed.write_feed()
    process = bed.start('sync', bed.job_path)
    die()
    bed.box.wait_dead()
    done = bed.finish(process)
    bed.check_traces(done)
    assert done.code not in (0, 2), 'the run did not notice: %r' % done
    bed.box.start()
    rest = bed.apply(bed.runs()[0], whole=False)
    assert set(rest.outcomes) <= {'applied', 'already'}, rest
    bed.agrees()
    bed.once()
    bed.quiet()
    return bed.sent(since)


def as_shipped(bed):
    """The job file that comes with the program, with nothing changed but the address and the feed: it does
    what a first night has to do."""
    with open(os.path.join(os.environ['SOURCE_ROOT'], 'jobs', 'scim.json'), encoding='utf-8') as f:
        job = json.load(f)
    job['target']['url'] = bed.url()
    job['feed']['path'] = bed.feed_path
    bed.job = job
    bed.set_job()
    bed.remember()
    people = bed.plain_people()
    people[0]['Status'] = 'Terminated'
    people[1].update({'Department': 'Sls', 'Job Title': 'Head of Sales', 'First Name': 'Zo\u00eb',
                      'Phone': '+44 20 1'})
    people[2]['Manager ID'] = people[3]['Employee ID']
    back = next(row for row in bed.rows if row['Status'] == 'Terminated' and row is not people[0])
    back['Status'] = 'Active'
    bed.chains(1, people[4]['Employee ID'])
    bed.HEADER = bed.HEADER + ['Phone']
    for row in bed.rows:
        row.setdefault('Phone', '')
    bed.write_feed()
    bed.call('check', bed.job_path)
    done = bed.sync()
    assert done.planned() == {'create': 5, 'update': 1, 'manager': 1, 'activate': 1, 'deactivate': 1}, done
    assert done.outcomes == {'applied': 9}, done
    bed.quiet()
    assert bed.user(people[1]['Employee ID'])['phoneNumbers'] == [{'type': 'work', 'value': '+44 20 1'}]
    people[1]['Department'] = 'Sales'
    for row in bed.rows:  # what this job does not map, or agrees() does not know
        row.update({column: '' for column in ('Display Name', 'Mobile', 'Division', 'Organization')})
        row['Login'] = row['Email']
        del row['Phone']
    bed.agrees()
    bed.once()
    assert bed.others_as_before({row['Employee ID'] for row in people[:3] + [back]}) == len(bed.before) - 4
