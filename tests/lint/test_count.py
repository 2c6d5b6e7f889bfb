#!/usr/bin/env python3
"""scripts/lib/count-tests counts every TAP line, and what ends badly without a word as one failure: a small project with one test of each
kind is run by meson itself. Prints TAP."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

COUNT = Path(__file__).resolve().parents[2] / "scripts" / "lib" / "count-tests"

# Kind of test, shell commands, passed, failed, skipped.
TESTS = [
    ("tap", "echo 1..3; echo ok 1 - a; echo ok 2 - b; echo ok 3 - c", 3, 0, 0),
    ("tap", "echo 1..3; echo ok 1 - a; echo not ok 2 - b; echo ok 3 - c '# SKIP none'; exit 1", 1, 1, 1),
    ("tap", "echo 1..3; echo ok 1 - a; kill -SEGV $$", 1, 1, 0),
    ("tap", "echo 1..3; echo ok 1 - a", 1, 1, 0),
    ("tap", "echo 1..1; echo ok 1 - a; exit 1", 1, 1, 0),
    ("tap", "exit 1", 0, 1, 0),
    ("tap", "echo 1..1; echo ok 1 - a; exec sleep 100", 1, 1, 0),
    ("tap", "printf '1..1\\\\nok 1 - a \\\\033[31m \\\\001\\\\n'; printf '\\\\002\\\\377' >&2", 1, 0, 0),
    ("exitcode", "exit 0", 1, 0, 0),
    ("exitcode", "exit 1", 0, 1, 0),
    ("exitcode", "exit 77", 0, 0, 1),
]


def project(top, tests):
    lines = ["project('counted')", "sh = find_program('sh')"]
    for number, (protocol, commands, *_) in enumerate(tests):
        script = top / f"t{number}.sh"
        script.write_text(commands.replace("\\\\", "\\") + "\n")
        lines.append(f"test('t{number}', sh, args: files('t{number}.sh'), protocol: '{protocol}', suite: ['some'], timeout: 3)")
    (top / "meson.build").write_text("\n".join(lines) + "\n")


def counted(tests):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MESON", "MALLOC_PERTURB"))}
    with tempfile.TemporaryDirectory() as folder:
        top, build = Path(folder), Path(folder) / "b"
        project(top, tests)
        subprocess.run(["meson", "setup", build, top], check=True, capture_output=True, env=environment)
        subprocess.run(["meson", "test", "-C", build], check=False, capture_output=True, env=environment)
        done = subprocess.run([sys.executable, COUNT, build], check=False, capture_output=True, text=True)
    return done.stdout.split(), done.stderr


def main():
    got, told = counted(TESTS)
    want = [str(sum(test[i] for test in TESTS)) for i in (2, 3, 4)]
    results = [("the sums are right", got == want, f"{got}, not {want}")]
    for number, test in enumerate(TESTS):
        results.append((f"t{number} is shown only when it failed", (f" t{number}:" in told) == bool(test[3]), told.replace("\n", "|")))
    print(f"1..{len(results)}")
    for number, (title, good, why) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {title}")
        if not good:
            print(f"# {why[:500]}")
    return 0 if all(good for _, good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
