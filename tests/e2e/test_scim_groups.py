"""Membership of groups, which is written on the group; and ids that must be handled with care."""

import harness
from bed import merge
from scim_bed import GROUPS_JOB, ScimBed, image

WAYS = (({}, {}), ({'bulk': 'on'}, {}), ({'user_groups': 'off'}, {'groups_from': 'groups'}),
        ({}, {'groups_from': 'groups'}), ({'bulk': 'on', 'user_groups': 'off'}, {'groups_from': 'groups'}))


def grouped(managed, **more):
    options = dict(more.pop('options', {}), managed_groups=managed)
    return ScimBed(job=merge(GROUPS_JOB, more.pop('job', {})), options=options, **more)


def only(bed, *names):
    """Leaves the managed groups of everybody out of the feed but for those groups."""
    for row in bed.rows:
        row['Groups'] = ';'.join(name for name in row['Groups'].split(';') if name in names)


def test_membership():
    '''fact sheet 1: added, removed, moved, a joiner into two groups; unmanaged groups and nested groups are
    untouched; memberships read from the users, or from the groups where users do not show them'''
    for switches, options in WAYS:
        with grouped('Legal; Marketing ;Support', users=80, switches=switches, options=options) as bed:
            only(bed, 'Legal', 'Marketing', 'Support')
            case = (switches, options)
            assert bed.plan().changes == [], case
            rest = {name: members for name, members in image(bed.box.state())[1].items()
                    if name not in ('Legal', 'Marketing', 'Support')}
            member = next(row for row in bed.active() if row['Groups'] == 'Legal')
            free = [row for row in bed.plain_people() if not row['Groups']][:2]
            member['Groups'] = 'Marketing'
            free[0]['Groups'] = 'Legal'
            free[1]['Groups'] = 'Support;Legal;Marketing'
            bed.joiner('J00000', Groups='Legal;Support')
            done = bed.sync()
            assert done.planned() == {'membership': 3, 'create': 1}, (case, done.planned())
            assert done.outcomes == {'applied': 4}, (case, done)
            for row in [member] + free + [bed.row('J00000')]:
                user = bed.id(row['Employee ID'])
                for name in ('Legal', 'Marketing', 'Support'):
                    wanted = name in row['Groups'].split(';')
                    assert (user in bed.members(name)) == wanted, (case, row, name)
            now = image(bed.box.state())[1]
            assert {name: now[name] for name in rest} == rest, case
            assert bed.sync().changes == [], case


def test_all_groups():
    '''managed_groups "*": every group is the job's; a group in a group stays in it'''
    for switches, options in WAYS:
        with grouped('*', users=80, switches=switches, options=options) as bed:
            nested = bed.members('Leads')
            row = next(row for row in bed.plain_people() if 'All Staff' in row['Groups'].split(';'))
            row['Groups'] = 'VPN Users'
            done = bed.sync()
            assert done.planned() == {'membership': 1} and done.outcomes == {'applied': 1}, (switches, done)
            assert bed.id(row['Employee ID']) in bed.members('VPN Users')
            assert bed.id(row['Employee ID']) not in bed.members('All Staff')
            assert bed.members('Leads') == nested
            assert bed.sync().changes == []


def test_blank_keeps():
    '''a blank cell keeps the groups that somebody has'''
    with grouped('*', users=60) as bed:
        before = image(bed.box.state())[1]
        for row in bed.rows:
            row['Groups'] = ''
        assert bed.sync().changes == [] and image(bed.box.state())[1] == before


def test_unknown_group():
    '''a group that the service does not have is held, by name; the user's other groups and attributes go on,
    and nothing is taken from him while it is unknown'''
    with grouped('*', users=80) as bed:
        row = next(row for row in bed.plain_people() if 'All Staff' in row['Groups'].split(';'))
        had = row['Groups']
        row.update({'Groups': 'Nosuch Group;Legal', 'Department': 'Somewhere'})
        assert 'Nosuch Group' in bed.plan(code=None).out
        done = bed.sync(code=6)
        assert done.holds() == {'unknown_ref': 1}, done.holds()
        assert bed.id(row['Employee ID']) in bed.members('Legal')
        for name in had.split(';'):
            assert bed.id(row['Employee ID']) in bed.members(name), 'nothing is taken away'
        assert done.outcomes == {'applied': 2, 'withheld': 1}, done


def test_what_the_job_says_of_groups():
    '''mapped groups need managed_groups, and a managed group that is not there is a mistake: exit 3, with its
    name'''
    with ScimBed(users=40, job=GROUPS_JOB) as bed:
        bed.write_feed()
        assert 'managed_groups' in bed.call('check', bed.job_path, code=3).err
        bed.set_options(managed_groups='Legal; No Such')
        said = bed.call('plan', bed.job_path, code=3).err
        assert "'No Such'" in said and "'Legal'" not in said, said
        assert bed.writes() == []


def test_no_groups_here():
    '''a service without /Groups: a job that maps them says so; one that does not never asks'''
    with ScimBed(users=40, switches={'groups': 'off'}) as bed:
        bed.plain_people()[0]['Department'] = 'New'
        assert bed.sync().outcomes == {'applied': 1}
        assert not any(one['endpoint'] == 'Groups.list' for one in bed.box.log())
    with grouped('*', users=40, switches={'groups': 'off'}) as bed:
        bed.write_feed()
        done = bed.call('plan', bed.job_path, code=None)
        assert done.code in (3, 7) and 'groups' in done.err.lower(), done


def test_groups_not_shown():
    '''fact sheet 1: users may not show their groups, nor groups their members in a listing: read where they
    are shown nothing is left to do; read where they are not, nobody is taken out of a group, and who was put
    into one is not visible, named: exit 6'''
    with grouped('*', users=60, switches={'user_groups': 'off'}, options={'groups_from': 'groups'}) as bed:
        assert bed.plan().changes == []
    with grouped('Legal', users=60, switches={'members': 'off'}, options={'groups_from': 'users'}) as bed:
        only(bed, 'Legal')
        assert bed.plan().changes == []
    for switch, source in (('user_groups', 'users'), ('members', 'groups')):
        with grouped('Legal', users=60, switches={switch: 'off'}, options={'groups_from': source},
                     job={'visible_timeout': '1s'}) as bed:
            only(bed, 'Legal')
            bed.allowed = {'member_twice'}  # nobody shows that they are members
            before = bed.members('Legal')
            new = next(row for row in bed.plain_people() if not row['Groups'])
            new['Groups'] = 'Legal'
            done = bed.sync(code=6)
            assert done.outcomes == {'not_visible': len(before) + 1}, (switch, done)
            assert 'groups is empty' in done.of(new['Employee ID'])[0]['text'], done.changes
            assert bed.members('Legal') == before | {bed.id(new['Employee ID'])}


def test_pages_of_groups():
    '''groups are listed in pages; a page dropped is read again or no proof'''
    for options in ({}, {'groups_from': 'groups'}):
        with grouped('*', users=30, switches={'page_max': '5'},
                     options=dict(options, page_size=5, read_tries=1)) as bed:
            assert bed.plan().changes == []
            bed.plain_people()[0]['Groups'] = 'Legal'
            assert bed.plan().planned() == {'membership': 1}
            bed.box.switch(fault=['Groups.list:2+:page_drop'])
            done = bed.sync(code=None)
            assert done.code in (3, 7) and bed.writes() == [], done
            bed.box.switch(fault='off')
            bed.box.switch(fault=['Groups.list:2:page_cut'])
            assert bed.plan().planned() == {'membership': 1}


def test_members_in_batches():
    '''many members of one group in one call'''
    with grouped('Legal', users=120) as bed:
        only(bed, 'Legal')
        people = [row for row in bed.plain_people() if row['Groups'] != 'Legal'][:40]
        for row in people:
            row['Groups'] = 'Legal'
        done = bed.sync()
        assert done.outcomes == {'applied': 40} and bed.writes() == ['Groups.patch'], bed.writes()
        assert bed.sync().changes == []


def test_a_member_who_is_one_already():
    '''somebody else adds the member first: nothing is left to do, and nothing fails'''
    with grouped('Legal', users=60) as bed:
        only(bed, 'Legal')
        row = next(row for row in bed.plain_people() if not row['Groups'])
        row['Groups'] = 'Legal'
        plan = bed.plan()
        group = bed.box.groups()['Legal']['id']
        user = bed.id(row['Employee ID'])
        answer = harness.Scim(bed.box).patch(group, ('add', 'members', [{'value': user}]), kind='Groups')
        assert answer.status in (200, 204), answer
        assert bed.apply(plan.run).outcomes == {'already': 1}


def test_leavers_keep_their_groups():
    '''a leaver gets the deactivation and nothing else'''
    with grouped('*', users=60) as bed:
        before = image(bed.box.state())[1]
        row = next(row for row in bed.plain_people() if row['Groups'])
        row.update({'Status': 'Terminated', 'Groups': 'Legal'})
        assert bed.sync().planned() == {'deactivate': 1}
        assert image(bed.box.state())[1] == before


def test_ids():
    '''fact sheet 2: ids with '@' are percent-encoded in paths, and ids that differ in case only are two
    users'''
    for ids in ('uuid', 'mail', 'case'):
        for switches, options in (({}, {}), ({'bulk': 'on'}, {}), ({}, {'update_by': 'put'})):
            with grouped('*', users=200, switches=dict(switches, ids=ids), options=options) as bed:
                users = bed.box.users()
                if ids == 'mail':
                    assert any('@' in one for one in users)
                if ids == 'case':
                    assert len({one.lower() for one in users}) < len(users), 'no two ids differ in case only'
                want = bed.every_kind(2, groups=True)
                if ids == 'case':  # both of a pair get something of their own
                    pair = next(one for one in users for other in users
                                if one != other and one.lower() == other.lower())
                    for n, one in enumerate(one for one in users if one.lower() == pair.lower()):
                        row = next((row for row in bed.rows
                                    if row['Employee ID'] == users[one].get('externalId')), None)
                        if row and row['Status'] == 'Active':
                            row['Organization'] = 'Twin %d' % n
                done = bed.sync()
                case = (ids, switches, options, done)
                assert set(done.outcomes) == {'applied'}, case
                assert done.outcomes['applied'] >= sum(want.values()), case
                bed.agrees()
                assert bed.sync().changes == [], case


if __name__ == '__main__':
    harness.run(globals())
