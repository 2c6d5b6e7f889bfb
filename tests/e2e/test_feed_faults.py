"""Nobody leaves because a feed is broken: what is cut, garbled,
unknown or missing deactivates and creates nobody."""

import hashlib
import json
import os
import random

import harness
from bed import HEADER, KINDS, Bed, feed_text, image, together
from harness import wait_until

LONG = os.environ.get('ROLLCALL_LONG') == '1'


def of_kind(done, kind):
    return [one for one in done.changes if one['change']['kind'] == kind and not one['hold']]


def test_unknown_status():
    '''300 rows with a status that the job does not know are rejected; none of their users is absent'''
    with Bed(users=350) as bed:
        changed = 0
        for row in bed.rows:
            if row['Status'] == 'Active' and changed < 300:
                row['Status'] = 'Inactive?'
                changed += 1
        assert changed == 300
        gone = next(row for row in bed.rows if row['Status'] == 'Inactive?')
        bed.rows.remove(gone)
        changed -= 1
        bed.set_job(guards={'rejects': {'number': 'off', 'percent': 'off'}})
        done = bed.sync(code=6)
        assert done.audit['feed']['rejected'] == changed
        assert [one['change']['key'] for one in of_kind(done, 'deactivate')] == [gone['Employee ID']]
        assert bed.writes() == ['Deactivate']
        # with the guard as it comes, so many rejects are a broken feed
        bed.set_job(guards={'rejects': None})
        next(row for row in bed.rows if row['Status'] == 'Inactive?')['Status'] = 'Terminated'
        done = bed.sync(code=4)
        assert of_kind(done, 'deactivate') == [] and done.audit['feed']['rejected'] >= changed - 1
        assert bed.writes() == ['Deactivate']


def test_rejected_rows():
    '''the rejects file has the rows as they came, byte for byte,
    and a row whose keys are unreadable stops all absence'''
    with Bed(users=60) as bed:
        plain = bed.plain_people()
        bed.rows.remove(plain[0])
        rows = feed_text(bed.rows).splitlines(keepends=True)
        whole = list(rows)
        spoilt = next(i for i, line in enumerate(rows) if line.startswith(plain[1]['Employee ID'].encode()))
        rows[spoilt] = rows[spoilt].replace(plain[1]['Last Name'].encode(), b'Zo\xeb', 1)
        bed.text = b''.join(rows)
        done = bed.sync(code=6)
        with open(os.path.join(bed.folder, 'rejects', done.run + '.csv'), 'rb') as f:
            header, line = f.read().splitlines()
        assert line.startswith(rows[spoilt].rstrip(b'\r\n')) and header.startswith(HEADER[0].encode()), line
        assert [one['change']['key'] for one in of_kind(done, 'deactivate')] == [plain[0]['Employee ID']]
        # the key itself unreadable
        bed.rows.remove(plain[2])
        rows = feed_text(bed.rows).splitlines(keepends=True)
        spoilt = next(i for i, line in enumerate(rows) if line.startswith(plain[3]['Employee ID'].encode()))
        rows[spoilt] = b'\xff' + rows[spoilt][1:]
        bed.text = b''.join(rows)
        done = bed.sync(code=5)
        assert of_kind(done, 'deactivate') == [], done
        assert done.audit['absent']['why_untrusted'], done.audit['absent']
        assert len(whole) > 10


def test_repeated_keys():
    '''the same person twice with equal values is one;
    with different values both rows are rejected and he is left alone'''
    with Bed(users=60) as bed:
        one, two = bed.plain_people()[:2]
        bed.rows.append(dict(one))
        bed.rows.append(dict(two, Office='Remote'))
        two['Status'] = 'Terminated'
        done = bed.sync(code=6)
        assert bed.writes() == [] and done.changes == []
        assert done.audit['fates']['rows']['repeated'] == 1 and done.audit['fates']['rows']['rejected'] == 2


def wanted_values(bed):
    """All values that the whole feed gives each person, by number."""
    return {row['Employee ID']: set(row.values()) for row in bed.rows}


def cut_at(case):
    """One feed cut there: no deactivation, no create, no value that the whole feed has not; exit 4 or 5."""
    state, rows, text, position = case
    with Bed(state=state) as bed:
        bed.rows = rows
        values = wanted_values(bed)
        bed.text = text[:position]
        bed.write_feed()
        done = bed.plan(code=None, feed=False)
        assert done.code in (4, 5), (position, done)
        if done.audit is not None:
            assert of_kind(done, 'deactivate') == [] and of_kind(done, 'create') == [], (position,
                                                                                         done.changes)
            for one in done.changes:
                for edit in [] if one['hold'] else one['change'].get('edits', []):
                    after = edit.get('after_name') or edit['after']
                    assert after in values[one['change']['key']], (position, one)
        assert bed.writes() == []


def big_feed(users, each):
    with Bed(users=users) as bed:
        bed.every_kind(each)
        return bed.box.state(), bed.rows, feed_text(bed.rows)


def end_of_proof(rows, text):
    """Where the trailer's count ends: behind it nothing is missed."""
    trailer = b'TRAILER,%d' % len(rows)
    return text.index(trailer) + len(trailer)


def test_cut():
    '''the feed cut at any byte: nobody is deactivated or created, no value is made up,
    and the exit code says so'''
    state, rows, text = big_feed(60, 2)
    last = end_of_proof(rows, text)
    near = list(range(last - 200, last)) if LONG else sorted(random.Random(5).sample(
        range(last - 200, last), 14)) + [last - 1, last - 2, text.index(b'TRAILER')]
    rest = list(range(0, last - 200, 1000 if LONG else 1700)) + [1, 20]
    together(cut_at, [(state, rows, text, position) for position in near + rest])


def test_cut_two_thousand():
    '''the last 2,000 bytes of the sample's size, and every 1,000th: with ROLLCALL_LONG=1'''
    if not LONG:
        return
    state, rows, text = big_feed(2000, 10)
    last = end_of_proof(rows, text)
    positions = list(range(last - 2000, last)) + list(range(0, last, 1000))
    together(cut_at, [(state, rows, text, position) for position in positions])


def test_no_feed():
    '''no feed, an empty one, a header alone, a missing column, another delimiter, a directory: exit 4,
    no call that writes'''
    def one(case):
        name, text, codes = case
        with Bed(users=60, job={'guards': {'deactivate': None}}) as bed:
            bed.text = text
            if text is not None:
                bed.write_feed()
            done = bed.sync(code=None, feed=False)
            assert done.code in codes, (name, done)
            assert bed.writes() == [], (name, done)
            assert 'feed' in done.err + done.out, (name, done)
            if done.audit:
                assert of_kind(done, 'deactivate') == [] and of_kind(done, 'create') == [], name
    with Bed(users=60) as bed:
        rows = bed.rows
    header = feed_text([], trailer=False)
    lines = feed_text(rows).splitlines(keepends=True)
    missing = b''.join(line.rsplit(b',', 1)[0] + b'\r\n' for line in lines)
    together(one, [
        ('none', None, {4}),
        ('empty', b'', {4}),
        ('header', header, {4}),
        ('header and trailer of nothing', feed_text([]), {4}),
        ('column missing', missing, {4}),
        ('column renamed', feed_text(rows).replace(b'Job Title', b'Position'), {4}),
        ('column twice', feed_text(rows).replace(b'Office', b'Phone', 1), {4}),
        ('binary', bytes(range(256)) * 20, {4}),
        ('html', b'<html><body>Please sign in</body></html>\n' * 30, {4}),
        ('UTF-16', feed_text(rows).decode().encode('utf-16'), {4}),
        ('quote that never ends', header + b'"' + feed_text(rows), {4, 5}),
        ('trailer counts too many', feed_text(rows).replace(b'TRAILER,%d' % len(rows), b'TRAILER,9999'), {4}),
        ('rows behind the trailer', feed_text(rows) + lines[1], {4}),
        ('no trailer', feed_text(rows[:30], trailer=False), {4, 5}),
    ])


def test_without_proof():
    '''a feed that is only whole: leavers that a row states go, absence is withheld (5);
    absent report and ignore say so'''
    with Bed(users=60, job={'feed': {'proof': None}}) as bed:
        bed.trailer = False
        plain = bed.plain_people()
        plain[0]['Status'] = 'Terminated'
        bed.rows.remove(plain[1])
        bed.rows.remove(plain[2])
        done = bed.sync(code=5)
        assert [one['change']['key'] for one in of_kind(done, 'deactivate')] == [plain[0]['Employee ID']]
        assert bed.writes() == ['Deactivate']
        bed.set_job(absent='report')
        done = bed.sync()
        assert done.changes == [] and done.audit['absent']['count'] == 2
        assert sorted(one['key'] for one in done.audit['absent']['users']) == sorted(
            row['Employee ID'] for row in plain[1:3])
        bed.set_job(absent='ignore')
        done = bed.sync()
        assert done.changes == [] and bed.writes() == ['Deactivate']
        bed.set_job(absent='deactivate', feed={'proof': {'trailer': {'column': 'Employee ID',
                                                                     'value': 'TRAILER',
                                                                     'count': 'First Name'}}})
        bed.trailer = True
        assert bed.sync().outcomes == {'applied': 2}


def test_manifest():
    '''a manifest that is right proves the feed; one that is wrong, missing or no manifest breaks it'''
    with Bed(users=60, job={'feed': {'proof': None}}) as bed:
        bed.set_job(feed={'proof': {'manifest': 'hr.manifest.own'}})
        bed.trailer = False
        path = os.path.join(bed.folder, 'hr.manifest.own')
        text = feed_text(bed.rows, trailer=False)
        right = {'rows': len(bed.rows), 'bytes': len(text), 'sha256': hashlib.sha256(text).hexdigest()}
        for manifest in (dict(right, rows=len(bed.rows) + 1), dict(right, bytes=len(text) - 1),
                         dict(right, sha256='0' * 64), {}, 'nonsense', None):
            if manifest is not None:
                with open(path, 'w', encoding='utf-8') as f:
                    f.write(manifest if isinstance(manifest, str) else json.dumps(manifest))
            elif os.path.exists(path):
                os.unlink(path)
            done = bed.plan(code=4)
            assert done.audit is None or not done.planned(), (manifest, done)
        gone = bed.plain_people()[0]
        bed.rows.remove(gone)
        text = feed_text(bed.rows, trailer=False)
        for manifest in ({'rows': len(bed.rows)}, {'bytes': len(text)},
                         '%s  hr.csv\n' % hashlib.sha256(text).hexdigest()):
            with open(path, 'w', encoding='utf-8') as f:
                f.write(manifest if isinstance(manifest, str) else json.dumps(manifest))
            assert bed.plan().planned() == {'deactivate': 1}, manifest


def test_changed_while_read():
    '''a feed that grows between the look at its header and the end of the run is not taken for whole'''
    with Bed(users=60, switches={'latency': '150'}) as bed:
        gone = bed.plain_people()[:2]
        for row in gone:
            bed.rows.remove(row)
        bed.write_feed()
        process = bed.start('sync', bed.job_path)
        wait_until(lambda: bed.box.log() or process.poll() is not None)
        with open(bed.feed_path, 'ab') as f:  # behind the trailer
            f.write(b'E999999,Late,Comer\r\n')
        done = bed.look_at(bed.finish(process))
        assert done.code in (4, 5) and bed.writes() == [], done


def test_guards():
    '''a kind over its limit is withheld whole and the others go on; on_trip plan withholds all;
    limits as documented'''
    with Bed(users=120) as bed:
        want = bed.every_kind(4)
        active = sum(row['Status'] == 'Active' for row in bed.rows)
        for kind in KINDS:
            tight = {name: {'number': 5000, 'percent': 'off'} for name in KINDS}
            tight[kind] = {'number': want[kind] - 1, 'percent': 'off'}
            bed.set_job(guards=tight)
            done = bed.plan(code=5)
            assert done.audit['guards'][kind]['tripped'] is True, kind
            assert kind not in done.planned() and done.holds()['guard'] >= want[kind], (kind, done.planned())
            assert set(KINDS) - {kind} - set(done.planned()) <= {'manager', 'update'}, (kind, done.planned())
        bed.set_job(guards=dict({name: {'number': 5000, 'percent': 'off'} for name in KINDS}, on_trip='plan',
                                activate={'number': 0, 'percent': 'off'}))
        done = bed.sync(code=5)
        assert done.planned() == {} and bed.writes() == []
        # percent of the active managed users, rounded up, at least one
        bed.set_job(guards={'on_trip': 'kind', 'activate': {'number': 5000, 'percent': 'off'},
                            'deactivate': {'number': 5000, 'percent': 1}})
        done = bed.plan(code=5)
        managed = done.audit['tenant']['managed_active']
        assert done.audit['guards']['deactivate']['limit'] == -(-managed // 100)
        assert done.audit['guards']['deactivate']['wanted'] == want['deactivate'] and active > 50
        bed.set_job(guards={'deactivate': {'number': 5000, 'percent': 'off'}}, actions={'create': False})
        done = bed.sync(code=None)
        assert done.code in (0, 5, 6) and 'Create' not in bed.writes()
        assert len([one for one in done.changes
                    if one['hold'] == 'action_off']) >= want['create'], done.holds()


def test_forms_of_a_feed():
    '''a byte order mark, semicolons, quotes everywhere, blank lines, LF, columns in another order:
    the same people'''
    with Bed(users=60) as bed:
        before = image(bed.box.state())
        text = feed_text(bed.rows)
        forms = {
            'mark': b'\xef\xbb\xbf' + text,
            'LF': text.replace(b'\r\n', b'\n'),
            'no last line end': text[:-2],
            'blank lines': text.replace(b'\r\n', b'\r\n\r\n', 5),
            'semicolons': text.replace(b',', b';'),
            'tabs': text.replace(b',', b'\t'),
        }
        quoted = b'\r\n'.join(b','.join(b'"' + cell + b'"' for cell in line.split(b','))
                              for line in text.split(b'\r\n')[:-1]) + b'\r\n'
        forms['quotes'] = quoted
        for name, form in forms.items():
            bed.text = form
            done = bed.sync(code=None)
            assert done.code == 0 and done.changes == [], (name, done, done.changes[:2])
        assert image(bed.box.state()) == before and bed.writes() == []


if __name__ == '__main__':
    harness.run(globals())
