"""The real servers themselves: what they acknowledged survives a kill, and the gate does what tests ask of it."""

import email.utils
import http.client
import time

import real_harness
from real_harness import BASES, Server

CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
NAMES = sorted(BASES)


def title(value):
    return {'schemas': [PATCH], 'Operations': [{'op': 'replace', 'path': 'title', 'value': value}]}


def newcomer(number):
    mail = 'new%d@example.com' % number
    return {'schemas': [CORE], 'userName': mail, 'emails': [{'value': mail, 'type': 'work', 'primary': True}]}


def test_seed():
    """the same people each time, in all of the listing's pages"""
    for name in NAMES:
        with Server(name, users=230) as server:
            users = {u['externalId']: u for u in server.users().values()}
            assert len(users) == 230
            assert users['E00017']['userName'] == 'user17@example.com'
            extension = users['E00017']['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User']
            assert extension['manager']['value'] == users['E00002']['id']
            assert [n for n, u in sorted(users.items()) if not u['active']] == ['E00050', 'E00100', 'E00150', 'E00200']
            assert server.stats()['users'] == 230
            assert server.request('GET', '/Users', token='another').status == 401


def test_kill():
    """a killed server comes back on its port with all that it acknowledged"""
    for name in NAMES:
        with Server(name, users=20) as server:
            port = server.port
            made = server.request('POST', '/Users', newcomer(1)).json()['id']
            first = next(iter(server.users()))
            assert server.request('PATCH', '/Users/' + first, title('Kept')).status == 200
            gone = list(server.users())[5]
            assert server.request('DELETE', '/Users/' + gone).status == 204
            before = server.users()
            server.restart()
            assert server.port == port
            assert server.users() == before
            assert made in before and gone not in before and before[first]['title'] == 'Kept'


def test_die():
    """at the named request, before its work, after it, or after its answer"""
    for name in NAMES:
        for when, done, answered in (('received', False, False), ('done', True, False), ('answered', True, True)):
            with Server(name, users=20) as server:
                first, second = list(server.users())[:2]
                server.die(2, when, method='PATCH')
                assert server.request('POST', '/Users', newcomer(1)).status == 201
                assert server.request('PATCH', '/Users/' + first, title('One')).status == 200
                try:
                    status = server.request('PATCH', '/Users/' + second, title('Two')).status
                except (http.client.HTTPException, ConnectionError):
                    status = 0
                assert status == (200 if answered else 0), (name, when, status)
                server.wait_dead()
                server.start()
                users = server.users()
                assert users[first]['title'] == 'One'
                assert (users[second]['title'] == 'Two') == done, (name, when)
                last = [e for e in server.log() if e['method'] == 'PATCH'][-1]
                assert last['status'] == (200 if answered else 0) and '"Two"' in last['body'], last


def test_throttle():
    """429 over the limit, with the hint that was asked for, and counted"""
    for name in NAMES:
        with Server(name, users=5) as server:
            for hint in ('seconds', 'date', 'none'):
                server.throttle(3, 30, hint)
                answers = [server.request('GET', '/ServiceProviderConfig') for _ in range(5)]
                assert [a.status for a in answers] == [200, 200, 200, 429, 429], (name, hint, answers)
                retry = answers[-1].headers.get('Retry-After')
                if hint == 'seconds':
                    assert 1 <= int(retry) <= 30, retry
                elif hint == 'date':
                    assert 0 < email.utils.parsedate_to_datetime(retry).timestamp() - time.time() <= 32, retry
                else:
                    assert retry is None, retry
            server.throttle(100, 1, every=3)
            statuses = [server.request('GET', '/ServiceProviderConfig').status for _ in range(6)]
            assert statuses == [200, 200, 429, 200, 200, 429], (name, statuses)
            server.throttle(None)
            assert server.request('GET', '/ServiceProviderConfig').status == 200
            stats = server.stats()
            assert stats['throttled'] == 8 and stats['by'] == {'GET /ServiceProviderConfig': 14}, stats
            assert [e['status'] for e in server.log()].count(429) == 8


if __name__ == '__main__':
    real_harness.run(globals(), NAMES)
