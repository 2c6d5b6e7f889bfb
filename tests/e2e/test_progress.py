#!/usr/bin/env python3
"""What is shown while a run is at work: a line that is drawn anew and never wraps on a terminal, a line per phase elsewhere."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import harness
from bed import Bed
from harness import TIMEOUT, start

ERASE = '\r\x1b[K'


def on_terminal(bed, columns, *arguments):
    """Runs rollcall with stderr on a terminal of so many columns; returns exit code, stdout, what was drawn."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    out = os.path.join(bed.folder, 'out.own')
    with open(out, 'wb') as f:
        process = start(bed.command(arguments), stdin=subprocess.DEVNULL, stdout=f, stderr=slave,
                        env=bed.env({'TERM': 'xterm'}), cwd=bed.folder)
    os.close(slave)
    drawn, end = b'', time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        if select.select([master], [], [], 0.1)[0]:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other side is closed
                break
            if not chunk:
                break
            drawn += chunk
    os.close(master)
    code = process.wait(timeout=TIMEOUT)
    with open(out, encoding='utf-8') as f:
        return code, f.read(), drawn.decode().replace('\r\n', '\n')


def lines_drawn(text):
    return [line for line in text.split(ERASE) if line]


def test_the_line_never_wraps():
    """narrow, usual and wide; at the end nothing is left of it"""
    for columns in (12, 40, 72, 120):
        with Bed(users=60, job={'target': {'rate': ['10/400ms'], 'bulk_rate': ['10/400ms']}},
                 switches={'rate': '10/400ms'}) as bed:
            bed.every_kind(4)
            bed.write_feed()
            code, out, drawn = on_terminal(bed, columns, 'sync', bed.job_path)
            assert code == 0, (out, drawn)
            lines = lines_drawn(drawn)
            assert any(line.startswith('apply') for line in lines), drawn
            assert all(len(line) < columns and '\n' not in line for line in lines), (columns, lines)
            assert drawn.endswith(ERASE), drawn
            assert re.search(r'^done in ', out, re.M), out
            bars = [line for line in lines if '[' in line]
            assert bool(bars) == (columns >= 72), (columns, lines)
            if columns == 120:
                assert any(re.search(r'\[=*>? *\] [\d,]+/[\d,]+   [\d.]+ calls/s of 25.0 allowed', line) for line in bars), bars


def test_waiting_is_told():
    """a run begins as if the window were full, and says what it waits for"""
    with Bed(users=60, job={'target': {'rate': ['100/5s'], 'bulk_rate': ['100/5s']}},
             switches={'rate': '100/5s'}) as bed:
        bed.write_feed()
        code, _, drawn = on_terminal(bed, 100, 'plan', bed.job_path)
        assert code == 0, drawn
        assert re.search(r'tenant +waiting \S+ s for the rate window', drawn), drawn


def test_quiet_and_dumb():
    """--quiet shows nothing; without a terminal there is a line per phase"""
    with Bed(users=60) as bed:
        bed.every_kind(2)
        bed.write_feed()
        code, _, drawn = on_terminal(bed, 100, 'plan', bed.job_path, '--quiet')
        assert code == 0 and drawn == '', drawn
        done = bed.sync()
        lines = done.err.splitlines()
        assert [line.split(':')[0] for line in lines] == ['tenant', 'roster', 'feed', 'apply', 'read back'], lines
        assert re.search(r'^apply: sending the changes: \d+ steps', done.err, re.M), done.err
        assert '\x1b' not in done.err + done.out
        assert re.match(r'plan \S+   \+2 ~\S+ >\S+ \^\S+ -4, withheld 0\ndone in [\d.]+ m?s   exit 0\n  applied \d+\n',
                        done.out), done.out


if __name__ == '__main__':
    harness.run(globals())
