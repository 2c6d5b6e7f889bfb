"""Real SCIM servers for tests: installs them from npm, starts, kills and asks them.

    import real_harness
    from real_harness import Server

    def test_listing():
        with Server('scimmy', users=60) as server:
            assert len(server.users()) == 60

    if __name__ == '__main__':
        real_harness.run(globals(), ['scimmy'])

The servers are the programs in servers/NAME, with what they need from npm; servers/gate.mjs says what can be
switched and asked. They are installed once, into a folder of the build directory (REAL_FOLDER), and run from a copy
there, so that nothing comes into the source tree. Where npm is missing or cannot reach its registry, run() prints
one line that says so and skips everything; any other failure of an installation fails.
"""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import platform
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'e2e'))

import harness  # pylint: disable=wrong-import-position
from harness import TIMEOUT, Answer, folder, start  # pylint: disable=wrong-import-position

TOKEN = 'SCIM-real-token'
SOURCES = os.path.join(HERE, 'servers')
BASES = {'scimmy': '/scim/v2', 'better-auth': '/api/auth/scim/v2'}
PAGE = 100
INSTALL_TIMEOUT = 500  # seconds for one npm install; the network may be slow
START_TIMEOUT = 300  # seconds for a server to fill its store and listen

# What npm calls the ways of not reaching its registry: no name, no route, no answer, a proxy that refuses.
UNREACHED = re.compile(
    r'\b(ENOTFOUND|EAI_AGAIN|EAI_FAIL|ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|ENETUNREACH|ENETDOWN|EHOSTUNREACH'
    r'|ERR_SOCKET_TIMEOUT|FETCH_ERROR|EPIPE|E403|E407|E429|E5\d\d|ENOTCACHED|UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN)\b'
    r'|self-signed certificate|network (?:timeout|request)', re.IGNORECASE)


class Unreachable(Exception):
    """npm is missing or does not reach its registry."""


def _read(*path):
    with open(os.path.join(*path), 'rb') as f:
        return f.read()


def _digest(*contents):
    return hashlib.sha256(b'\0'.join(contents)).hexdigest()[:12]


@contextlib.contextmanager
def _locked(path):
    """One at a time: the tests of a build folder run side by side."""
    with open(path, 'w', encoding='utf-8') as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def _npm_install(where):
    npm = shutil.which('npm')
    if not npm:
        raise Unreachable('there is no npm on this machine')
    command = [npm, 'install', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps',
               '--prefer-offline', '--fetch-retries', '1', '--fetch-retry-mintimeout', '1000', '--fetch-retry-maxtimeout',
               '2000', '--loglevel', 'error']
    try:
        done = subprocess.run(command, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=INSTALL_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        raise Unreachable('npm install took more than %d s' % INSTALL_TIMEOUT) from None
    said = done.stdout.decode(errors='replace')
    if done.returncode != 0 and UNREACHED.search(said):
        told = [line for line in said.splitlines() if UNREACHED.search(line)]
        raise Unreachable(told[0].strip()[:200])
    if done.returncode != 0:
        raise AssertionError('npm install failed with %d:\n%s' % (done.returncode, said))


def install(name):
    """The folder with the installed server; makes it when it is not there or its package.json has changed."""
    top = os.environ.get('REAL_FOLDER')
    if not top:
        raise AssertionError('set REAL_FOLDER to a folder for installed servers')
    os.makedirs(top, exist_ok=True)
    with _locked(os.path.join(top, name + '.lock')):
        wanted = '%s-%s' % (name, _digest(_read(SOURCES, name, 'package.json')))
        path = os.path.join(top, wanted)
        if not os.path.isdir(path):
            for old in os.listdir(top):
                if old.startswith(name + '-'):
                    shutil.rmtree(os.path.join(top, old))
            fresh = os.path.join(top, name + '-new')
            os.makedirs(fresh)
            shutil.copy(os.path.join(SOURCES, name, 'package.json'), fresh)
            _npm_install(fresh)
            if not os.path.isfile(_node(name, fresh)):
                # npm passes over optional packages that it cannot get.
                shutil.rmtree(fresh)
                raise Unreachable('npm did not bring a node for %s' % platform.machine())
            os.rename(fresh, path)
        for source in (os.path.join(SOURCES, 'gate.mjs'), os.path.join(SOURCES, name, 'server.mjs')):
            copy = os.path.join(path, os.path.basename(source))
            if not os.path.exists(copy) or _read(copy) != _read(source):
                shutil.copy(source, copy + '.new')
                os.rename(copy + '.new', copy)
    return path


def _node(name, path):
    """The node that runs a server: Better Auth needs a newer one, with SQLite in it, than distributions have."""
    if name == 'scimmy':
        return shutil.which('node') or 'node'
    arch = {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine())
    return os.path.join(path, 'node_modules', 'node-linux-' + arch, 'bin', 'node')


class Server:
    """A running server with `users` seeded people. Use as a context manager, or call stop().

    Its store, its request log and its port stay its own when it is killed and started again.
    """

    def __init__(self, name, users=0):
        self.name = name
        self.users_wanted = users
        self.path = install(name)
        self.folder = folder()
        self.store = os.path.join(self.folder, 'store')
        self.log_file = os.path.join(self.folder, 'requests.log')
        self.port = 0
        self.process = None
        self.connection = None
        self.starts = 0
        if name == 'better-auth' and users:
            shutil.copy(self._seeded(), self.store)
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return 'http://127.0.0.1:%d%s' % (self.port, BASES[self.name])

    def _seeded(self):
        """A store with people in it, made once: creating them takes Better Auth 15 ms each."""
        made = os.path.join(self.path, 'seed-%d-%s' % (
            self.users_wanted, _digest(_read(self.path, 'gate.mjs'), _read(self.path, 'server.mjs'))))
        with _locked(os.path.join(self.path, 'seed.lock')):
            if not os.path.exists(made):
                work = os.path.join(self.folder, 'seed')
                process, _ = self._launch(work, os.devnull)
                process.terminate()
                process.communicate()
                with contextlib.closing(sqlite3.connect(work)) as database:
                    database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
                    database.execute('PRAGMA journal_mode = DELETE')
                os.rename(shutil.copy(work, made + '.new'), made)
        return made

    def _launch(self, store, log):
        self.starts += 1
        errors = os.path.join(self.folder, 'errors-%d' % self.starts)
        command = [_node(self.name, self.path), '--no-warnings', 'server.mjs', '--store', store, '--log', log, '--port',
                   str(self.port), '--users', str(self.users_wanted)]
        with open(errors, 'wb') as f:
            process = start(command, cwd=self.path, stdout=subprocess.PIPE, stderr=f,
                            env=dict(os.environ, SCIM_TOKEN=TOKEN, NO_COLOR='1'))
        line = process.stdout.readline().decode()
        if not line.startswith('listening on '):
            raise AssertionError('%s did not start: %s' % (self.name, _read(errors).decode(errors='replace')[-2000:]))
        return process, line.split()[-1]

    def start(self):
        """Starts it, on the port that it had before if it had one."""
        self.process, url = self._launch(self.store, self.log_file)
        self.port = urllib.parse.urlsplit(url).port
        assert url == self.url, (url, self.url)

    def stop(self, number=signal.SIGTERM):
        """Ends it; its store and its log stay until the test ends."""
        if self.connection:
            self.connection.close()
            self.connection = None
        if self.process.poll() is None:
            self.process.send_signal(number)
        if not self.process.stdout.closed:
            self.process.communicate(timeout=TIMEOUT)

    def kill(self):
        self.stop(signal.SIGKILL)

    def restart(self):
        """Killed and started again on its port."""
        self.kill()
        self.start()

    def wait_dead(self, seconds=TIMEOUT):
        """Waits for it to die of what die() asked for; SIGKILL it must have been."""
        assert self.process.wait(seconds) == -signal.SIGKILL, self.process.returncode
        self.stop()

    def request(self, method, path, body=None, headers=None, token=TOKEN, query=None):
        """One SCIM request, the path without the base; the Answer whatever its status."""
        path = BASES[self.name] + path + ('?' + urllib.parse.urlencode(query) if query else '')
        fields = {'Accept': 'application/scim+json'}
        if token:
            fields['Authorization'] = 'Bearer ' + token
        if body is not None:
            fields['Content-Type'] = 'application/scim+json'
            body = json.dumps(body).encode()
        return self._exchange(method, path, body, dict(fields, **(headers or {})))

    def _exchange(self, method, path, body=None, headers=None):
        if not self.connection:
            self.connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=TIMEOUT)
        try:
            self.connection.request(method, path, body, headers or {})
            response = self.connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except Exception:
            self.connection.close()
            self.connection = None
            raise

    def _gate(self, method, path, body=None):
        answer = self._exchange(method, path, None if body is None else json.dumps(body).encode())
        assert answer.status == 200, answer
        return answer.json()

    def stats(self):
        """{'requests', 'throttled', 'by': {'POST /Users': n, ...}, 'users'} since this start."""
        return self._gate('GET', '/__stats')

    def throttle(self, requests=None, seconds=1, hint='seconds', every=0):
        """More than `requests` within `seconds` are answered 429, and one in `every` however slowly they come.
        hint: seconds, date or none. requests None: no limit."""
        self._gate('POST', '/__switch', {'throttle': {
            'requests': requests, 'seconds': seconds, 'hint': hint, 'every': every} if requests else None})

    def die(self, after, when='done', method=None):
        """The server kills itself at the `after`th request with this method (any that writes): when it is
        'received', when it is 'done' but not answered, or when it is 'answered'."""
        self._gate('POST', '/__switch', {'die': {'after': after, 'when': when, 'method': method}})

    def log(self):
        """The requests that came through, as dicts with n, method, path, status and body, in the order of their
        answers; status 0 is one that was not answered because the server died of it."""
        with open(self.log_file, encoding='utf-8') as f:
            return [json.loads(line) for line in f]

    def all(self, endpoint):
        """Every resource of a listing by id, read in pages."""
        found = {}
        while True:
            answer = self.request('GET', endpoint, query={'startIndex': len(found) + 1, 'count': PAGE})
            assert answer.status == 200, answer
            page = answer.json()
            for resource in page['Resources']:
                assert resource['id'] not in found, 'twice in a listing: ' + resource['id']
                found[resource['id']] = resource
            if len(found) >= page['totalResults']:
                return found
            assert page['Resources'], 'the listing ends before its total'

    def users(self):
        return self.all('/Users')

    def groups(self):
        return self.all('/Groups')


def run(names, servers, chosen=None):
    """Installs the servers and runs the tests like harness.run(); skips all of them where npm is out of reach."""
    try:
        for server in servers:
            install(server)
    except Unreachable as e:
        print('1..0 # SKIP npm cannot be reached: %s' % e, flush=True)
        sys.exit(0)
    harness.run(names, chosen)
