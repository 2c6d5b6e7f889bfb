#!/usr/bin/env python3
"""scripts/check-layers finds each kind of offence in a tree made for it, and nothing in a good one. Prints TAP."""

import subprocess
import sys
import tempfile
from pathlib import Path

CHECK = Path(__file__).resolve().parents[2] / "scripts" / "check-layers"

DOORS = ["base", "base/text", "model", "model/user", "job", "feed", "feed_reader", "roster", "net", "ledger", "plan", "connector",
         "report", "engine", "loop", "cli", "sandbox"]

GOOD = {
    "src/main.c": '#include "rollcall/cli.h"\nint main(void)\n{\n    return 0;\n}\n',
    "src/sandbox_main.c": '#include "rollcall/sandbox.h"\n',
    "src/base/text.c": '#include "rollcall/base/text.h"\n#include <utf8proc.h>\n/* printf("x") and exit(1) in words */\n',
    "src/plan/plan.c": '#include "plan_internal.h"\n#include "rollcall/roster.h"\nconst char *s = "exit(1) and stdout";\n',
    "src/plan/plan_internal.h": '#include <jansson.h>\n#include "rollcall/model/user.h"\n',
    "src/connector/vendor/vendor.c": '#include "../connector_internal.h"\n#include "rollcall/connector.h"\n',
    "src/connector/connector_internal.h": '#include "rollcall/base.h"\n',
    "src/feed/reader.c": '#include <uv.h>\n#include "rollcall/feed_reader.h"\n',
    "src/loop/loop.c": '#include <uv.h>\n#include "rollcall/engine.h"\n#include "rollcall/feed_reader.h"\nvoid f(void)\n{\n    _exit(1);\n}\n',
    "src/cli/cli.c": '#include "rollcall/loop.h"\n#include "rollcall/job.h"\nvoid f(void)\n{\n    printf("%s", getenv("X"));\n    exit(1);\n}\n',
    "src/engine/long.c": "int x;\n" * 600,
    "src/engine/whole.c": "int f(void)\n{\n" + "    ;\n" * 77 + "}\n",
}

# File, its content, and the line and words of the offence.
BAD = [
    ("src/plan/x.c", '\n#include "rollcall/ledger.h"\n', 2, 'plan may not include "rollcall/ledger.h"'),
    ("src/job/x.c", '#include "rollcall/feed.h"\n', 1, "job may not include"),
    ("src/report/x.c", '#include "rollcall/roster.h"\n', 1, "report may not include"),
    ("src/engine/x.c", '#include "rollcall/net.h"\n', 1, "engine may not include"),
    ("src/engine/x.c", '#include "rollcall/feed_reader.h"\n', 1, "engine may not include"),
    ("src/model/x.c", '#include "rollcall/roster.h"\n', 1, "model may not include"),
    ("src/base/x.c", '#include "rollcall/model.h"\n', 1, "base may not include"),
    ("src/base/x.c", '#include "rollcall/model/user.h"\n', 1, "base may not include"),
    ("src/sandbox/x.c", '#include "rollcall/connector.h"\n', 1, "sandbox may not include"),
    ("src/connector/x.c", '#include "rollcall/sandbox.h"\n', 1, "connector may not include"),
    ("src/cli/x.c", '#include "rollcall/plan.h"\n', 1, "cli may not include"),
    ("src/main.c", '#include "rollcall/loop.h"\n', 1, "main may not include"),
    ("src/plan/x.c", '#include "rollcall/nothing.h"\n', 1, "does not exist"),
    ("src/plan/x.c", '#include "../connector/connector_internal.h"\n', 1, "private to the room connector"),
    ("src/plan/x.c", '#include "missing.h"\n', 1, "not beside this file"),
    ("src/nowhere/x.c", "int x;\n", 1, "is no room"),
    ("include/rollcall/plan.h", '#include "rollcall/ledger.h"\n', 1, "plan may not include"),
    ("include/rollcall/base/text.h", '#include "rollcall/model.h"\n', 1, "base may not include"),
    ("include/rollcall/base/text.h", "#include <jansson.h>\n", 1, "base's door"),
    ("include/rollcall/nowhere.h", "int x;\n", 1, "is no room"),
    ("src/engine/x.c", "#include <uv.h>\n", 1, "<uv.h> is fenced in"),
    ("src/feed/row.c", "#include <uv.h>\n", 1, "<uv.h> is fenced in"),
    ("src/plan/x.c", "#include <csv.h>\n", 1, "<csv.h> is fenced in"),
    ("src/loop/x.c", "#include <curl/curl.h>\n", 1, "<curl/curl.h> is fenced in"),
    ("src/engine/x.c", "  #  include <sqlite3.h>\n", 1, "<sqlite3.h> is fenced in"),
    ("src/connector/x.c", "#include <yajl/yajl_parse.h>\n", 1, "is fenced in"),
    ("src/ledger/x.c", "#include <openssl/evp.h>\n", 1, "is fenced in"),
    ("src/model/x.c", "#include <utf8proc.h>\n", 1, "is fenced in"),
    ("src/net/x.c", "#include <http_parser.h>\n", 1, "is fenced in"),
    ("src/plan/x.c", "#include <check.h>\n", 1, "is fenced in"),
    ("src/plan/x.c", 'void f(void)\n{\n    printf("x");\n}\n', 3, "only cli prints"),
    ("src/net/x.c", '    fprintf(stderr, "x");\n', 1, "only cli prints"),
    ("src/base/x.c", 'const char *x = getenv("HOME");\n', 1, "only cli reads the environment"),
    ("src/loop/x.c", "    exit(1);\n", 1, "only cli ends the process"),
    ("src/net/x.c", "    _exit(1);\n", 1, "only cli ends the process"),
    ("src/engine/x.c", "    now = clock_mono();\n", 1, "time is an argument"),
    ("src/plan/x.c", "    now = time(NULL);\n", 1, "time is an argument"),
    ("src/engine/x.c", "    seed = rng_os();\n", 1, "random numbers are an argument"),
    ("src/plan/x.c", "int x;\n" * 601, 601, "601 lines are more than 600"),
    ("src/plan/x.c", "int\nf(void)\n{\n" + "    ;\n" * 77 + "}\n", 1, "a function of 81 lines"),
]


def build(top, files):
    for door in DOORS:
        path = top / "include" / "rollcall" / (door + ".h")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("/* door */\n")
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), files)
        done = subprocess.run([sys.executable, str(CHECK), folder], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


def main():
    failed = 0
    cases = [("a good tree has no offence", GOOD, None)]
    for name, text, line, words in BAD:
        cases.append((f"{name}: {words}", {**GOOD, name: text}, (f"{name}:{line}: ", words)))
    print(f"1..{len(cases)}")
    for number, (title, files, want) in enumerate(cases, 1):
        code, lines, errors = check(files)
        if want is None:
            good = code == 0 and not lines and not errors
        else:
            good = code == 1 and len(lines) == 1 and lines[0].startswith(want[0]) and want[1] in lines[0]
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {title}")
        if not good:
            print("\n".join(f"# {x}" for x in [f"exit {code}", *lines, *errors.splitlines()]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
