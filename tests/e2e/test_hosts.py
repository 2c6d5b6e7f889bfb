"""Where secrets may be sent: every host that a job names, told and compared before any secret is read. Nothing here is sent anywhere."""

import json
import os
import subprocess
from pathlib import Path

import harness

ROLLCALL = harness.program('ROLLCALL', 'rollcall')
PEOPLE = 'Id,Mail\nE1,one@example.com\n'


def job(**target):
    """A job for a SCIM service that hands out tokens at another host; its secret cannot be read."""
    target = {'connector': 'scim', 'url': 'https://api.example.com/scim/v2',
              'credentials': {'client_id': 'file:missing', 'client_secret': 'file:missing'},
              'options': {'auth': 'oauth2', 'token_url': 'https://Login.example.com/oauth/token'}} | target
    return {'feed': {'path': 'people.csv'}, 'target': target, 'attributes': {'externalId': 'Id', 'userName': 'Mail'}, 'match': ['externalId']}


def run(verb, what, *arguments, environment=None):
    folder = Path(harness.folder())
    (folder / 'people.csv').write_text(PEOPLE)
    (folder / 'job.json').write_text(json.dumps(what))
    env = {k: v for k, v in os.environ.items() if not k.startswith('ROLLCALL_')} | (environment or {})
    return subprocess.run([ROLLCALL, verb, 'job.json', '--state', folder / 'state', *arguments], env=env, cwd=folder, capture_output=True,
                          text=True, check=False, timeout=harness.TIMEOUT)


def allow(*hosts):
    return [word for h in hosts for word in ('--allow-host', h)]


def test_every_host_is_compared():
    """each host that is not allowed is named, with the option it stands in; no secret is touched"""
    for allowed, words in (
            (['api.example.com'], ["the host of the option 'token_url' ('login.example.com') is not one of --allow-host"]),
            (['login.example.com'], ["the target's host ('api.example.com') is not one of --allow-host"]),
            (['example.com', 'evil-login.example.com'], ["'token_url' ('login.example.com')", "the target's host ('api.example.com')"])):
        for verb in 'check', 'plan', 'sync':
            done = run(verb, job(), *allow(*allowed))
            assert done.returncode == 3, (done.returncode, done.stderr)
            for w in words:
                assert w in done.stderr, (w, done.stderr)
            assert done.stderr.count('no secret was read') == len(words) and 'missing' not in done.stderr, done.stderr


def test_all_allowed():
    """with every host allowed the secret is read, in any case of its letters and from the environment too"""
    hosts = ['API.example.com', 'login.example.COM']
    for arguments, environment in (allow(*hosts), {}), ((), {'ROLLCALL_ALLOW_HOSTS': ','.join(hosts)}), ((), {}):
        done = run('check', job(), *arguments, environment=environment)
        assert done.returncode == 7 and "cannot read 'file:missing'" in done.stderr, (done.returncode, done.stderr)


def test_an_option_not_set_has_no_host():
    bearer = job(credentials={'token': 'file:missing'}, options={})
    done = run('check', bearer, *allow('api.example.com'))
    assert done.returncode == 7 and "cannot read 'file:missing'" in done.stderr, done.stderr


def test_http():
    """plain http for a token's address is as for the target's: loopback literals, and hosts named with --insecure-http"""
    for url, arguments, good in (('http://login.example.com/t', (), False), ('http://localhost:1/t', (), False),
                                 ('http://login.example.com/t', ('--insecure-http', 'api.example.com'), False),
                                 ('http://login.example.com/t', ('--insecure-http', 'login.example.com'), True),
                                 ('http://127.0.0.1:1/t', (), True)):
        done = run('check', job(options={'auth': 'oauth2', 'token_url': url}), '--offline', *arguments)
        assert done.returncode == (0 if good else 3), (url, done.stderr)
        assert good or '$.target.options.token_url: http to ' in done.stderr, done.stderr


def test_vendors_judge_offline():
    """what does not fit each other is found without a call, each with its place"""
    done = run('check', job(credentials={'token': 'env:T', 'client_id': 'env:I'}, options={'auth': 'oauth2'}), '--offline')
    assert done.returncode == 3
    for place in '$.target.credentials.token: ', '$.target.credentials: ', '$.target.options: ':
        assert place in done.stderr, (place, done.stderr)
    assert '3 mistakes; nothing was read or sent' in done.stderr, done.stderr
    leadsquared = job(connector='leadsquared', url='https://api.example.com', credentials={'access_key': 'env:A', 'secret_key': 'env:S'},
                      options={'activate_path': 'v2/x'})
    leadsquared |= {'attributes': {'EmailAddress': 'Mail'}, 'match': ['EmailAddress'], 'actions': {'create': False}}
    done = run('check', leadsquared, '--offline')
    assert done.returncode == 3 and "$.target.options.activate_path: 'activate_path' must be a path" in done.stderr, done.stderr


def test_connectors_tells():
    done = subprocess.run([ROLLCALL, 'connectors', 'scim'], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ['token_url'])
    assert 'default: none; an address: https, its host compared with --allow-host' in lines[at + 1], lines[at:at + 2]


if __name__ == '__main__':
    harness.run(globals())
