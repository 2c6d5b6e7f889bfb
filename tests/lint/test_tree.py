#!/usr/bin/env python3
"""What every file of the tree keeps to: layers, format, scripts that parse, jobs that fit their schema, nothing left to do. Prints TAP."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(os.environ.get("SOURCE_ROOT") or Path(__file__).resolve().parents[2])
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache"}


def all_files():
    """Files that git knows; without git (an unpacked archive) all files but those of build folders."""
    done = subprocess.run(["git", "-C", str(TOP), "ls-files", "-z"], capture_output=True, check=False)
    if done.returncode == 0 and done.stdout:
        names = done.stdout.decode().split("\0")
        return [TOP / n for n in names if n and (TOP / n).is_file()]
    return [p for p in sorted(TOP.rglob("*")) if p.is_file() and not SKIPPED_FOLDERS & set(p.relative_to(TOP).parts)]


FILES = all_files()


def name(path):
    return str(path.relative_to(TOP))


def first_line(path):
    with path.open("rb") as f:
        return f.readline(200)


def texts():
    """Path and text of every text file that people write; samples and bad examples may hold any bytes on purpose."""
    for path in FILES:
        data = path.read_bytes()
        if b"\0" not in data and not name(path).startswith(("samples/", "tests/fuzz/corpus/")) and "/bad/" not in name(path):
            yield path, data.decode("utf-8", errors="replace")


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, cwd=TOP)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines() or [f"{command[0]}: exit {done.returncode}"]


def layers_hold():
    return run(sys.executable, TOP / "scripts" / "check-layers")


def sources_are_formatted():
    return run(TOP / "scripts" / "format", "--check")


def shell_scripts_parse():
    found = []
    for path in FILES:
        line = first_line(path)
        if path.suffix == ".bash" or re.match(rb"#!.*\bbash\b", line):
            found += run("bash", "-n", path)
        elif path.suffix == ".sh" or re.match(rb"#!.*\bsh\b", line):
            found += run("sh", "-n", path)
    return found


def python_scripts_parse():
    found = []
    for path in FILES:
        if path.suffix == ".py" or re.match(rb"#!.*\bpython3?\b", first_line(path)):
            try:
                compile(path.read_text(encoding="utf-8"), name(path), "exec")
            except (SyntaxError, ValueError) as e:
                found.append(f"{name(path)}: {e}")
    return found


def programs_may_be_run():
    """A file with a #! line that is no test module can be executed."""
    return [f"{name(p)}: begins with #! and is not executable" for p in FILES
            if first_line(p).startswith(b"#!") and p.suffix != ".py" and not os.access(p, os.X_OK)]


def jobs_fit_the_schema():
    schema = TOP / "jobs" / "job.schema.json"
    jobs = [p for p in FILES if p.parent == schema.parent and p.suffix == ".json" and p != schema]
    if not schema.is_file() or not jobs:
        return None
    import jsonschema  # pylint: disable=import-outside-toplevel

    rules = json.loads(schema.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(rules)
    validator.check_schema(rules)
    found = []
    for job in jobs:
        for e in validator(rules).iter_errors(json.loads(job.read_text(encoding="utf-8"))):
            found.append(f"{name(job)}: {e.json_path}: {e.message[:200]}")
    return found


def nothing_is_left_to_do():
    return [f"{name(path)}:{number}: {line.strip()[:100]}" for path, text in texts()
            for number, line in enumerate(text.split("\n"), 1) if UNFINISHED.search(line)]


def lines_end_cleanly():
    found = []
    for path, text in texts():
        if text and not text.endswith("\n"):
            found.append(f"{name(path)}: the last line has no end")
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() and path.suffix not in (".csv", ".patch"):
                found.append(f"{name(path)}:{number}: white space or a carriage return at the end")
            if "\t" in line and path.suffix in (".c", ".h", ".py", ".json"):
                found.append(f"{name(path)}:{number}: a tab")
    return found


def every_test_is_listed():
    """A test that stands in no meson.build never runs."""
    found = []
    for path in FILES:
        if re.fullmatch(r"tests/(unit|wire|e2e|real|lint|fuzz)/(test|fuzz)_\w+\.(c|py)", name(path)):
            lists = [path.parent / "meson.build", path.parent.parent / "meson.build"]
            if not any(f"'{path.stem}" in p.read_text() for p in lists if p.is_file()) and not is_helper(path):
                found.append(f"{name(path)}: in no meson.build")
    return found


def is_helper(path):
    """A part of other tests, with no entry of its own."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return path.suffix == ".c" and not re.search(r"^(UNIT|FUZZ)\(|\bmain\(|LLVMFuzzerTestOneInput", text, re.M)


CHECKS = [layers_hold, sources_are_formatted, shell_scripts_parse, python_scripts_parse, programs_may_be_run, jobs_fit_the_schema,
          nothing_is_left_to_do, lines_end_cleanly, every_test_is_listed]


def main():
    failed = 0
    print(f"1..{len(CHECKS)}")
    for number, check in enumerate(CHECKS, 1):
        found = check()
        title = check.__name__.replace("_", " ")
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {title}" + (" # SKIP there are none" if found is None else ""))
        for line in (found or [])[:30]:
            print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
