"""The emulator's way of going wrong: faults, rate limits (fact sheet 3.3, 3.4, 10), and its HTTP."""

import collections
import http.client
import json
import random
import socket
import time

import harness
from harness import LeadSquared
from test_sandbox import accepted, plain_users, refused

JSON = 'application/json; charset=utf-8'

BOX = {'users': 60, 'switches': {'manager_delay': 0}}


def outcome(box, method, name, body=None, **options):
    """What a client sees: an Answer, or the kind of the failure."""
    connection = box.connect()
    try:
        return box.request(method, LeadSquared.PATHS[name], body, connection=connection, **options)
    except http.client.RemoteDisconnected:
        return 'hangup'
    except ConnectionResetError:
        return 'reset'
    except http.client.IncompleteRead as e:
        return 'cut', len(e.partial)
    finally:
        connection.close()


def update(box, user, value):
    return outcome(box, 'POST', 'Update', {'user': {'Department': value}}, query={'UserId': user})


def department(box, user):
    return box.users()[user].get('Department')


# ---- faults ----

def test_fault_before_and_after(box):
    """fact sheet 10: every kind that comes before applying or after it does,
    and what the client sees of it
    """
    user = plain_users(box)[0]['UserId']
    kinds = {
        'status': lambda a: a.status == 503 and a.body == b'' and a.headers['Content-Type'] is None,
        'status_after:500': lambda a: a.status == 500 and a.body == b'',
        'text': lambda a: a.status == 500 and a.headers['Content-Type'] == 'text/plain' and a.body,
        'text_after:599': lambda a: a.status == 599,
        'html': lambda a: a.status == 502 and b'<html>' in a.body,
        'html_after:500': lambda a: a.status == 500 and b'<html>' in a.body,
        'reset': lambda a: a == 'reset',
        'reset_before': lambda a: a == 'reset',
        'reset_after': lambda a: a == 'reset',
        'hangup_before': lambda a: a == 'hangup',
        'hangup_after': lambda a: a == 'hangup',
        'truncate:7': lambda a: a == ('cut', 7),
        'truncate:0': lambda a: a == ('cut', 0),
        'garbage': lambda a: a.status == 200 and a.headers['Content-Type'] == JSON and b'[[[' in a.body,
        'garbage_before': lambda a: a.status == 200 and b'[[[' in a.body,
        'empty200': lambda a: a.status == 200 and a.body == b'',
        'empty200_before': lambda a: a.status == 200 and a.body == b'',
        'slow:100000': lambda a: a.status == 200 and a.json()['Status'] == 'Success',
        'delay:1': lambda a: a.status == 200 and a.json()['Status'] == 'Success',
        'delay_before:1': lambda a: a.status == 200 and a.json()['Status'] == 'Success',
        'error200': lambda a: a.status == 200 and a.json()['ExceptionType'].startswith('MX'),
        'error500': lambda a: a.status == 500 and a.json()['Status'] == 'Error',
        'error200_after': lambda a: a.status == 200 and a.json()['Status'] == 'Error',
        'throttle': lambda a: a.status == 429 and 'RateLimit' in a.json()['ExceptionType'],
    }
    after = ('truncate', 'garbage', 'empty200', 'slow', 'delay')
    for number, (kind, seen) in enumerate(kinds.items()):
        box.reset_log()
        box.switch(fault=['off', 'Update:1:' + kind])
        answer = update(box, user, 'D%d' % number)
        applied = '_after' in kind or (kind.split(':')[0] in after) or kind.startswith('delay')
        assert seen(answer), (kind, answer)
        assert (department(box, user) == 'D%d' % number) == applied, kind
        entry, = box.log()
        assert entry['applied'] == applied, entry
        assert entry['fault'] == kind.split(':')[0].split('_')[0], entry
        assert (entry['status'] is None) == (kind[:5] in ('reset', 'hangu')), entry
        assert update(box, user, 'next').status == 200, kind
    assert box.stats()['faults'] == [{'fault': 'Update:1:throttle', 'seen': 2, 'fired': 1}]


def test_fault_on_a_kept_connection(box):
    """a reset reaches a connection that served requests before"""
    lsq = LeadSquared(box)
    assert lsq.whoami().status == 200 and lsq.listing().status == 200
    box.switch(fault='UsersGet:1:reset_after')
    try:
        lsq.listing()
        raise AssertionError('an answer came')
    except ConnectionResetError as e:
        assert not isinstance(e, http.client.RemoteDisconnected)
    assert lsq.listing().status == 200


def test_fault_that_the_client_does_not_wait_for(box):
    """applied although, and after, the client is gone"""
    user = plain_users(box)[0]['UserId']
    box.switch(fault='Deactivate:1:delay_before:150')
    connection = box.connect()
    connection.request('GET', LeadSquared.PATHS['Deactivate'] + '?userId=' + user, headers={
        'User-Agent': 'x', 'x-LSQ-AccessKey': harness.ACCESS_KEY, 'x-LSQ-SecretKey': harness.SECRET_KEY})
    harness.wait_until(box.log, 'the request')
    connection.close()
    harness.wait_until(lambda: box.users()[user]['StatusCode'] == '1', 'the deactivation')


def test_fault_counting(box):
    """the n-th, from the n-th on, a range, every n-th, always; by endpoint and by group"""
    def statuses(fault, n=7):
        box.switch(fault=['off', fault])
        return [outcome(box, 'GET', 'UserByAccessKey').status for _ in range(n)]

    bad, good = 503, 200
    assert statuses('UserByAccessKey:3:status') == [good, good, bad, good, good, good, good]
    assert statuses('UserByAccessKey:3+:status') == [good, good, bad, bad, bad, bad, bad]
    assert statuses('reads:3-4:status') == [good, good, bad, bad, good, good, good]
    assert statuses('*:every3:status') == [good, good, bad, good, good, bad, good]
    assert statuses('*:*:status') == [bad] * 7
    assert statuses('UserByAccessKey:p0:status') == [good] * 7
    assert statuses('UserByAccessKey:p1:status') == [bad] * 7
    assert 5 < statuses('reads:p0.5:status', 60).count(bad) < 55
    assert statuses('writes:*:status') == [good] * 7
    assert statuses('UsersGet:*:status') == [good] * 7
    box.switch(fault='off')
    assert box.switches()['fault'] == 'off'
    for wrong in ('Nothing:1:reset', 'UsersGet:0:reset', 'UsersGet:1:explode', 'UsersGet:1',
                  'UsersGet:1:reset:x', 'UsersGet:3-2:reset',
                  'UsersGet:p2:reset', 'UsersGet:1:truncate_before', 'UsersGet:1:page_drop_after',
                  'UsersGet:every0:reset', 'a:b:c:d:e'):
        assert box.post('/admin/switch', {'fault': wrong}, keys=False).status == 400, wrong


def test_fault_by_chance_is_reproducible():
    """fact sheet 10: random infrastructure faults, the same for the same seed"""
    def run(seed):
        with harness.Sandbox(users=10, seed=seed, switches={'fault': '*:p0.4:random'}) as box:
            for _ in range(40):
                outcome(box, 'GET', 'UserByAccessKey')
            return [(e['fault'], e['status']) for e in box.log()]

    first = run(3)
    assert first == run(3) != run(4) and len({fault for fault, _ in first}) > 4


def test_drop_after_apply(box):
    """the n-th write is applied and its answer lost"""
    user = plain_users(box)[0]['UserId']
    box.switch(drop_after_apply='2')
    assert update(box, user, 'One').status == 200 and LeadSquared(box).listing().status == 200
    assert update(box, user, 'Two') == 'reset' and department(box, user) == 'Two'
    assert update(box, user, 'Three').status == 200


def test_page_faults(box):
    """pages of a search: dropped, repeated, emptied, cut in half, all of them good JSON"""
    lsq = LeadSquared(box)

    def pages(fault):
        box.switch(fault=['off', 'AdvancedSearch:2:' + fault])
        answers = [lsq.search(page=i, size=20).json() for i in (1, 2, 3)]
        return ([[u['UserId'] for u in a['Users']] for a in answers],
                [a['SearchInfo']['RecordCount'] for a in answers])

    box.switch(fault='off')
    good = [[u['UserId'] for u in lsq.search(page=i, size=20).json()['Users']] for i in (1, 2, 3)]
    assert pages('page_drop') == ([good[0], [], good[2]], [60, 60, 60])
    assert pages('page_repeat') == ([good[0], good[0], good[2]], [60, 60, 60])
    assert pages('page_empty') == ([good[0], [], good[2]], [60, 0, 60])
    assert pages('page_cut') == ([good[0], good[1][:10], good[2]], [60, 60, 60])
    assert pages('page_cut:5') == ([good[0], good[1][:1], good[2]], [60, 60, 60])


def test_faults_spare_what_does_not_count(box):
    """calls with bad keys or over the limit neither fire nor count"""
    box.switch(fault='UsersGet:1:status')
    assert box.get(LeadSquared.PATHS['UsersGet'], keys=False).status == 401
    assert box.stats()['faults'][0]['seen'] == 0
    assert LeadSquared(box).listing().status == 503


# ---- rate limits (3.4) ----

def windows_of(text):
    units = {'ms': 1000, 's': 1000000, 'h': 3600000000}
    for window in text.split(','):
        calls, span = window.split('/')
        number = span.rstrip('msh')
        yield int(calls), int(number) * units[span[len(number):]]


def expected(arrivals, rate, fixed=False, counted=False):
    """Who would be refused, told from the times of arrival alone."""
    taken = collections.defaultdict(list)
    verdicts = []
    for now in arrivals:
        full = False
        for calls, span in windows_of(rate):
            inside = [t for t in taken[span] if (t // span == now // span if fixed else t > now - span)]
            full = full or len(inside) >= calls
        for _, span in windows_of(rate):
            if not full or counted:
                taken[span].append(now)
        verdicts.append(full)
    return verdicts


def test_rate_windows(box):
    """fact sheet 3.4: several windows, sliding or fixed, counting refused calls or not;
    judged by arrival times
    """
    pause = random.Random(5)
    for rate, fixed, counted in (('5/200ms', False, False), ('5/200ms', True, False),
                                 ('4/100ms,9/500ms', False, False),
                                 ('4/100ms', False, True), ('4/100ms,9/500ms', True, True)):
        box.switch(rate=rate, rate_window='fixed' if fixed else 'sliding',
                   rate_refused='counted' if counted else 'free')
        box.reset_log()
        for _ in range(60):
            LeadSquared(box).whoami()
            time.sleep(pause.choice((0, 0, 0, 0.01, 0.03)))
        log = box.log()
        verdicts = [e['status'] == 429 for e in log]
        assert verdicts == expected([e['arrived_us'] for e in log], rate, fixed, counted), rate
        assert True in verdicts and False in verdicts
        stats = box.stats()
        recorded = [v for v in box.violations() if v['rule'] == 'rate_limit']
        assert stats['throttled'] == verdicts.count(True) == len(recorded)
        if not fixed:
            assert all(w['most_taken'] <= w['limit'] for w in stats['rate']), stats['rate']


def test_rate_measured_only(box):
    """windows can be measured without refusing anybody; the most that any held is told"""
    lsq = LeadSquared(box)
    box.switch(rate='2/1h', rate_enforced='no')
    for _ in range(5):
        assert lsq.whoami().status == 200
    assert box.stats()['rate'] == [{'window': '2/1h', 'limit': 2, 'most': 5, 'most_taken': 5, 'refused': 0}]
    box.switch(rate_enforced='yes')
    assert lsq.whoami().status == 429 and box.stats()['rate'][0]['refused'] == 1


def test_rate_bulk(box):
    """fact sheet 3.4: a rate of its own for the bulk endpoints, within the ordinary one"""
    lsq = LeadSquared(box)
    team = box.state()['Teams'][2]['TeamId']
    box.switch(rate='4/1h', rate_bulk='1/1h')
    accepted(lsq.bulk_team(team, [plain_users(box)[0]['EmailAddress']]))
    refused(lsq.managers(), 'MXAPIRateLimitExceededException', status=429)
    assert [lsq.whoami().status for _ in range(4)] == [200, 200, 200, 429]
    box.switch(rate_bulk='off')
    for wrong in ('5', '5/', '/5s', '0/5s', '5/5y', '5/5s,', '5/-1s'):
        assert box.post('/admin/switch', {'rate': wrong}, keys=False).status == 400, wrong


def test_nothing_is_applied_when_throttled(box):
    """a refused call is not carried out"""
    user = plain_users(box)[0]
    box.switch(rate='1/1h')
    lsq = LeadSquared(box)
    lsq.whoami()
    assert lsq.update(user['UserId'], Department='New').status == 429
    assert box.users()[user['UserId']] == user


# ---- HTTP ----

def talk(box, text, until=None):
    """Sends bytes and returns everything that comes back until the server closes,
    or until a text has come.
    """
    with socket.create_connection(('127.0.0.1', box.port), timeout=harness.TIMEOUT) as s:
        s.sendall(text)
        got = b''
        while until is None or until not in got:
            more = s.recv(65536)
            if not more:
                break
            got += more
        return got


PAIR = 'x-LSQ-AccessKey: %s\r\nx-LSQ-SecretKey: %s\r\n' % (harness.ACCESS_KEY, harness.SECRET_KEY)
KEYS = b'User-Agent: x\r\n' + PAIR.encode()
POST = b'POST %s HTTP/1.1\r\nContent-Type: application/json\r\n'
WHO = LeadSquared.PATHS['UserByAccessKey'].encode()


def test_http_close(box):
    """Connection: close, and HTTP/1.0, end the connection behind the answer"""
    for line in (b'GET %s HTTP/1.1\r\nConnection: close\r\n' % WHO, b'GET %s HTTP/1.0\r\n' % WHO):
        got = talk(box, line + KEYS + b'\r\n')
        assert got.startswith(b'HTTP/1.1 200 OK') and b'Connection: close' in got


def test_http_pipelining(box):
    """requests sent in one go are answered in their order"""
    one = b'GET %s HTTP/1.1\r\n' % WHO + KEYS + b'\r\n'
    got = talk(box, one * 50 + b'GET /nothing HTTP/1.1\r\nConnection: close\r\n' + KEYS + b'\r\n')
    assert got.count(b'HTTP/1.1 200 OK') == 50 and got.count(b'HTTP/1.1 404') == 1
    assert got.rindex(b'404') > got.rindex(b'200 OK')
    assert [e['seq'] for e in box.log()] == list(range(1, 52))


def test_http_half_closed(box):
    """a client that has said all it wants to say still gets its answer"""
    with socket.create_connection(('127.0.0.1', box.port), timeout=harness.TIMEOUT) as s:
        box.switch(latency='50')
        s.sendall(b'GET %s HTTP/1.1\r\n' % WHO + KEYS + b'\r\n')
        s.shutdown(socket.SHUT_WR)
        got = b''
        while True:
            more = s.recv(65536)
            if not more:
                break
            got += more
    assert got.startswith(b'HTTP/1.1 200 OK') and got.endswith(b'}')


def test_http_chunked_and_continue(box):
    """bodies in chunks, byte by byte, and after 100 Continue"""
    user = plain_users(box)[0]['UserId']
    body = json.dumps({'user': {'Department': 'Chunked'}}).encode()
    head = POST % (LeadSquared.PATHS['Update'] + '?UserId=' + user).encode()
    chunks = b''.join(b'%x\r\n%c\r\n' % (1, c) for c in body) + b'0\r\nTrailer: x\r\n\r\n'
    got = talk(box, head + KEYS + b'Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n' + chunks)
    assert got.startswith(b'HTTP/1.1 200') and department(box, user) == 'Chunked'
    body = body.replace(b'Chunked', b'Later')
    with socket.create_connection(('127.0.0.1', box.port), timeout=harness.TIMEOUT) as s:
        s.sendall(head + KEYS + b'Content-Length: %d\r\nExpect: 100-continue\r\n\r\n' % len(body))
        assert s.recv(65536) == b'HTTP/1.1 100 Continue\r\n\r\n'
        for c in body:
            s.sendall(bytes([c]))
        assert s.recv(65536).startswith(b'HTTP/1.1 200') and department(box, user) == 'Later'


def test_http_malformed(box):
    """what is no HTTP gets 400 and loses its connection"""
    for text in (b'hello\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n', b'GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n',
                 b'\x16\x03\x01\x02\x00\x01\x00',
                 b'GET / HTTP/1.1\r\nno colon\r\n\r\n',
                 b'GET / HTTP/1.1\r\nA: ' + b'x' * 100000 + b'\r\n\r\n',
                 b'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'):
        got = talk(box, text)
        assert got.startswith(b'HTTP/1.1 400') and b'Connection: close' in got, (text[:40], got)
    assert 'malformed' in box.rules() and LeadSquared(box).whoami().status == 200


def test_http_too_large(box):
    """a body above 16 MiB is refused, announced or not"""
    head = POST % LeadSquared.PATHS['Create'].encode() + KEYS
    assert talk(box, head + b'Content-Length: 16777217\r\n\r\n').startswith(b'HTTP/1.1 413')
    with socket.create_connection(('127.0.0.1', box.port), timeout=harness.TIMEOUT) as s:
        s.sendall(head + b'Transfer-Encoding: chunked\r\n\r\n')
        chunk = b'100000\r\n' + b' ' * 0x100000 + b'\r\n'
        try:
            for _ in range(17):
                s.sendall(chunk)
        except OSError:
            pass  # refused in the middle
        assert s.recv(65536).startswith(b'HTTP/1.1 413')
    body = b'{"FirstName": "' + b'x' * (16777216 - 17) + b'"}'
    assert len(body) == 16777216
    assert outcome(box, 'POST', 'Create', body).status == 500


def test_http_gone_in_the_middle(box):
    """clients that vanish in a header, in a body, before the answer: the sandbox goes on"""
    head = POST % LeadSquared.PATHS['Create'].encode() + b'Content-Length: 50\r\n' + KEYS
    box.switch(latency='20')
    for text in (b'', head[:30], head + b'\r\n', head + b'\r\n{"First',
                 b'GET %s HTTP/1.1\r\n' % LeadSquared.PATHS['UsersGet'].encode() + KEYS + b'\r\n'):
        for reset in (False, True):
            s = socket.create_connection(('127.0.0.1', box.port), timeout=harness.TIMEOUT)
            if reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            s.sendall(text)
            s.close()
    box.switch(latency='0')
    assert LeadSquared(box).whoami().status == 200
    assert len(box.state()['Users']) == 60


def test_http_gone_during_a_slow_answer(box):
    """writing to clients that have gone fails, again and again, and ends nothing"""
    box.switch(fault='UsersGet:*:slow:4000')
    for _ in range(5):
        with socket.create_connection(('127.0.0.1', box.port), timeout=harness.TIMEOUT) as s:
            s.sendall(b'GET %s HTTP/1.1\r\n' % LeadSquared.PATHS['UsersGet'].encode() + KEYS + b'\r\n')
            s.shutdown(socket.SHUT_WR)
            assert s.recv(100).startswith(b'HTTP/1.1 200')
    for _ in range(50):
        assert LeadSquared(box).whoami().status == 200
        time.sleep(0.01)


def test_many_connections(box):
    """three hundred connections at a time"""
    connections = [box.connect() for _ in range(300)]
    for connection in connections:
        connection.request('GET', LeadSquared.PATHS['UserByAccessKey'], headers={
            'User-Agent': 'x', 'x-LSQ-AccessKey': harness.ACCESS_KEY, 'x-LSQ-SecretKey': harness.SECRET_KEY})
    assert {c.getresponse().status for c in connections} == {200}
    for connection in connections:
        connection.close()


def test_log_grows(box):
    """more requests than the log begins with; bytes that are no text do not spoil it"""
    lsq = LeadSquared(box)
    for i in range(1100):
        lsq.get('ByUserId', query={'userId': 'x%d\xff' % i})
    log = box.log()
    assert [e['seq'] for e in log] == list(range(1, 1101)) and log[-1]['path'].endswith('userId=x1099\u00ff')
    assert box.stats()['endpoints']['ByUserId']['calls'] == 1100


if __name__ == '__main__':
    harness.run(globals())
