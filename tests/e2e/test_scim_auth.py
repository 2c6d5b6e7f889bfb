"""Who may: a bearer token, a name and password, tokens by OAuth 2.0; and that none of it is ever left
anywhere."""

import json
import os

import harness
from bed import merge, together
from harness import SCIM_TOKEN, wait_until
from scim_bed import ScimBed, image

BASIC = {'target': {'credentials': {'token': None, 'username': 'env:SCIM_USER', 'password': 'env:SCIM_TOKEN'},
                    'options': {'auth': 'basic'}}}
OAUTH = {'target': {'credentials': {'token': None, 'client_id': 'env:SCIM_USER',
                                    'client_secret': 'env:SCIM_TOKEN'},
                    'options': {'auth': 'oauth2'}}}


class AuthBed(ScimBed):
    KEYS = dict(ScimBed.KEYS, SCIM_USER='sandbox')

    def __init__(self, job, options=None, **more):
        super().__init__(job=job, **more)
        if job is OAUTH:
            self.set_options(token_url=self.box.url + '/oauth/token')
        self.set_options(**(options or {}))


def test_each_way():
    '''fact sheet 1: usually a bearer token, sometimes a name and password; or a token from elsewhere'''
    results = []
    for switch, job, options in (('bearer', {}, {}), ('basic', BASIC, {}), ('oauth', OAUTH, {}),
                                 ('oauth', OAUTH, {'token_auth': 'body'}),
                                 ('oauth', OAUTH, {'token_scope': 'scim read&write'})):
        with AuthBed(job, options, users=60, switches={'auth': switch}) as bed:
            want = bed.every_kind(1)
            done = bed.sync()
            assert done.outcomes == {'applied': sum(want.values())}, (switch, done)
            results.append(image(bed.box.state()))
            assert bed.sync().changes == []
            if switch == 'oauth':
                token = done.calls['POST token']
                assert token['made'] == token['planned'] == 1, token
    assert all(one == results[0] for one in results)


def test_wrong_credentials():
    '''credentials that are refused: exit 7, the text names the reference and never the secret; nothing is
    written'''
    for switch, job in (('bearer', {}), ('basic', BASIC), ('oauth', OAUTH)):
        with AuthBed(job, users=40, switches={'auth': switch}) as bed:
            bed.every_kind(1)
            bed.environment['SCIM_TOKEN'] = 'not-the-secret'
            bed.SECRETS = bed.SECRETS + ['not-the-secret']
            bed.allowed = {'bad_keys'}
            for verb in ('check', 'sync'):
                bed.write_feed()
                said = bed.call(verb, bed.job_path, code=7).err
                assert '401' in said or 'invalid_client' in said, (switch, said)
                assert 'refused' in said or 'check client_id' in said, (switch, said)
            assert bed.writes() == []
            assert len(bed.box.log()) <= 12, 'nobody is asked again and again'
            del bed.environment['SCIM_TOKEN']
            said = bed.call('sync', bed.job_path, code=7).err
            assert 'SCIM_TOKEN' in said, said


def test_the_wrong_way():
    '''a job that logs in by another way than the service takes: exit 7'''
    with AuthBed({}, users=40, switches={'auth': 'basic'}) as bed:
        bed.allowed = {'bad_keys'}
        assert '401' in bed.sync(code=7).err
    with AuthBed(OAUTH, users=40, switches={'auth': 'bearer'}) as bed:
        bed.allowed = {'path'}
        said = bed.sync(code=7).err
        assert 'token' in said and '404' in said, said


def test_credentials_and_options_fit():
    '''credentials that the way to log in needs, or does not use, are mistakes in the job: exit 3, no call'''
    with AuthBed({}, users=40) as bed:
        bed.write_feed()
        plain = bed.job
        for changes, place in (({'options': {'auth': 'basic'}}, '$.target.credentials'),
                               ({'options': {'auth': 'oauth2'}}, '$.target.options'),
                               ({'credentials': {'username': 'env:SCIM_USER'}},
                                '$.target.credentials.username'),
                               ({'credentials': {'token': None}}, '$.target.credentials')):
            bed.job = merge(plain, {'target': changes})
            bed.set_job()
            said = bed.call('check', '--offline', bed.job_path, code=3).err
            assert place in said, (changes, said)
        assert bed.box.log() == []


def test_tokens_that_end():
    '''a token that dies in the middle of a run, by time or by calls, is renewed: no failure, no create twice,
    and the outcome is that of a run with one token'''
    with AuthBed({}, users=60) as bed:
        state = bed.box.state()
        want = bed.every_kind(3)
        rows = bed.rows
        assert bed.sync().outcomes == {'applied': sum(want.values())}
        expected = image(bed.box.state())

    def one(case):
        switches, options, concurrency = case
        with AuthBed(OAUTH, options, state=state, switches=dict(switches, auth='oauth')) as bed:
            bed.rows = rows
            bed.set_job(target={'concurrency': concurrency})
            done = bed.sync()
            assert done.outcomes == {'applied': sum(want.values())}, (case, done)
            assert bed.box.stats()['endpoints']['Token']['calls'] >= 2, case
            bed.only_once()
            assert image(bed.box.state()) == expected, case
            bed.box.switch(token_calls='0', token_life='0')
            assert bed.sync().changes == [], case
    together(one,
             [({'token_calls': '5'}, {}, 1), ({'token_calls': '5'}, {}, 4), ({'token_calls': '3'}, {}, 2),
                   ({'token_calls': '7'}, {'update_by': 'put'}, 4),
              ({'token_calls': '2', 'bulk': 'on'}, {}, 4),
                   ({'token_life': '1', 'latency': '200'}, {}, 1),
              ({'token_calls': '11', 'page_max': '7'}, {}, 4)],
             at_once=4)


def test_a_token_that_never_works():
    '''tokens that die at once do not make a run go on forever: exit 7, nothing written'''
    with AuthBed(OAUTH, users=40, switches={'auth': 'oauth', 'token_life': '0'}) as bed:
        bed.every_kind(1)
        bed.box.switch(fault=['Users.list:*:status:401'])
        done = bed.sync(code=7)
        assert 'refused' in done.err and bed.writes() == [], done
        assert bed.box.stats()['endpoints']['Token']['calls'] <= 6


def test_a_revoked_bearer_token():
    '''a bearer token that is revoked in the middle ends the run; after a new one, apply RUN does the rest'''
    with AuthBed({}, users=80, switches={'latency': '30'}) as bed:
        want = bed.every_kind(4)
        bed.set_job(target={'concurrency': 1})
        bed.write_feed()
        bed.box.switch(fault=['writes:6+:status_before:401'])
        process = bed.start('sync', bed.job_path)
        done = bed.look_at(bed.finish(process), whole=False)
        assert done.code in (7, 10) and 0 < len(done.outcomes), done
        assert len(bed.writes()) <= 12, 'a refused token is not tried over and over: %r' % bed.writes()
        bed.box.switch(fault='off', latency='0')
        last = bed.apply(done.run, whole=False)
        assert set(last.outcomes) <= {'applied', 'already'}, last.outcomes
        assert sum(last.outcomes.values()) == sum(want.values())
        bed.only_once()
        assert bed.sync().changes == []


def test_faults_of_the_token_address():
    '''where tokens are had: errors that pass are waited out; others are exit 7 and say where'''
    for fault, code in (('Token:1:status:503', 0), ('Token:1:reset', 0), ('Token:1:throttle', 0),
                        ('Token:*:garbage', 7), ('Token:*:html:200', 7), ('Token:*:empty200', 7)):
        with AuthBed(OAUTH, users=40, switches={'auth': 'oauth', 'fault': [fault]}) as bed:
            bed.plain_people()[0]['Department'] = 'New'
            done = bed.sync(code=code)
            if code:
                assert 'token' in done.err and bed.writes() == [], (fault, done)
            else:
                assert done.outcomes == {'applied': 1}


def test_secrets():
    '''secrets stand in no output, log, report, ledger or argument, with everything logged and bodies full of
    them'''
    for switch, job in (('bearer', {}), ('basic', BASIC), ('oauth', OAUTH)):
        with AuthBed(job, users=60, switches={'auth': switch, 'latency': '10'}) as bed:
            bed.every_kind(1)
            bed.write_feed()
            process = bed.start('sync', bed.job_path, '--log-level', 'debug', '--log-format', 'json')
            wait_until(lambda bed=bed, process=process: bed.writes() or process.poll() is not None)
            with open('/proc/%d/cmdline' % process.pid, 'rb') as f:
                assert SCIM_TOKEN.encode() not in f.read()
            done = bed.look_at(bed.finish(process))
            assert done.code == 0, done
            bed.check_traces(done)
            assert len([json.loads(line) for line in done.err.splitlines()]) > 15
    with AuthBed({}, users=40) as bed:
        # a refusal that quotes the token, as a careless proxy does
        path = os.path.join(bed.folder, 'token.own')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(SCIM_TOKEN + '\n')
        os.chmod(path, 0o600)
        bed.set_job(target={'credentials': {'token': 'file:token.own'}})
        bed.check_traces = lambda done: None  # that file has it
        bed.sync()
        bed.set_job(target={'credentials': {'token': 'SCIM-in-clear'}})
        said = bed.call('check', '--offline', bed.job_path, code=3).err
        assert 'token' in said and 'SCIM-in-clear' not in said, said


def test_fenced_hosts():
    '''--allow-host names the hosts of the target and of token_url; otherwise no secret is read'''
    with AuthBed(OAUTH, users=40, switches={'auth': 'oauth'}) as bed:
        bed.write_feed()
        bed.call('plan', bed.job_path, '--allow-host', '127.0.0.1')
        since = bed.box.stats()['last_seq']
        for hosts in (['scim.example.com'],):
            bed.call('plan', bed.job_path, *[part for host in hosts for part in ('--allow-host', host)],
                     code=3)
        bed.set_options(token_url='https://login.example.com/token')
        said = bed.call('plan', bed.job_path, '--allow-host', '127.0.0.1', code=3).err
        assert 'login.example.com' in said, said
        bed.set_options(token_url='http://login.example.com/token')
        said = bed.call('check', '--offline', bed.job_path, code=3).err
        assert '$.target.options.token_url' in said and 'https' in said, said
        assert bed.box.log(since) == []


if __name__ == '__main__':
    harness.run(globals())
