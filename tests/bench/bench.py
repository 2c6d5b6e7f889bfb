#!/usr/bin/env python3
"""What scripts/bench measures. Called by it: bench.py ROLLCALL SANDBOX [options]; see `scripts/bench --help`.

Figures of one machine say little: what counts are the ratios, both sides measured in the same sitting. No figure is a pass or a fail,
with two exceptions that are no matter of speed: plans that differ from the yardstick's, and a limit that was overrun.
"""

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "e2e"))
import harness  # noqa: E402

HERE = Path(__file__).resolve().parent
KINDS = ["create", "activate", "update", "manager", "membership", "deactivate"]
ENV = dict({k: v for k, v in os.environ.items() if not k.startswith("ROLLCALL_")},
           LSQ_ACCESS_KEY=harness.ACCESS_KEY, LSQ_SECRET_KEY=harness.SECRET_KEY, SCIM_TOKEN=harness.SCIM_TOKEN)


class Result:
    def __init__(self, wall, usage, code, out):
        self.wall, self.code, self.out = wall, code, out
        self.cpu = usage.ru_utime + usage.ru_stime
        self.rss = usage.ru_maxrss / 1024


def measured(*command):
    """Runs a program; wall and CPU seconds, and the most memory it held. A child's maximum begins with what this process holds, so this
    process must stay small: whatever handles many users is a child itself."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        child = harness.start([str(c) for c in command], stdout=out, stderr=subprocess.DEVNULL, env=ENV)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        return Result(wall, usage, child.returncode, out.read().decode())


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], env=ENV, check=False, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit("%s: exit %d\n%s" % (command[0], done.returncode, done.stderr[-2000:]))
    return done.stdout


def write_job(path, box, feed, rate, **more):
    with open(TOP / "jobs" / ("demo-%s.json" % box.vendor), encoding="utf-8") as f:
        job = json.load(f)
    job["feed"]["path"] = str(feed)
    job["target"].update(url=box.url + (harness.SCIM if box.vendor == "scim" else ""), rate=rate)
    job["target"].pop("bulk_rate", None)
    job.pop("report", None)
    job.pop("$schema", None)
    off = {"number": "off", "percent": "off"}
    job["guards"] = {kind: off for kind in KINDS}
    job.update(more)
    Path(path).write_text(json.dumps(job), encoding="utf-8")


def make_feed(box, folder, *options):
    """The export that belongs to the tenant as it is now, made by a child that may be large."""
    state, feed = folder / "state.json", folder / "hr.csv"
    with open(state, "wb") as f:
        subprocess.run([sys.executable, "-c", "import shutil, sys, urllib.request as u\n"
                        "shutil.copyfileobj(u.urlopen(sys.argv[1] + '/admin/state'), sys.stdout.buffer)", box.url], stdout=f, check=True)
    run(sys.executable, TOP / "samples" / "make-feed", state, feed, *options)
    return state, feed


def table(rows):
    widths = [max(len(str(r[i])) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        print("  " + "  ".join(str(c).ljust(w) if i == 0 else str(c).rjust(w) for i, (c, w) in enumerate(zip(r, widths))).rstrip())


def median(results, what):
    return statistics.median(getattr(r, what) for r in results)


# (a) A plan against a yardstick ----------------------------------------------------------------------------------------------------

PYDIFF = ["employee_id", "email", "first_name", "last_name", "phone", "department", "title", "location", "manager_id", "status",
          "hire_date", "termination_date"]
OURS = ["Employee ID", "Email", "First Name", "Last Name", "Phone", "Department", "Job Title", "Office", "Manager ID", "Status",
        "Team", "Role"]

CONVERT = """
import csv, json, sys
ours, theirs = json.loads(sys.argv[4])
with open(sys.argv[1], encoding='utf-8', errors='replace', newline='') as f, open(sys.argv[2], 'w', encoding='utf-8', newline='') as out:
    writer = csv.writer(out)
    writer.writerow(theirs)
    for row in csv.DictReader(f):
        if row[ours[0]] != 'TRAILER':
            writer.writerow([row[name] for name in ours])
if sys.argv[3]:
    with open(sys.argv[2], encoding='utf-8', newline='') as f:
        users = list(csv.DictReader(f))
    for n in range(0, len(users), 1000):
        with open('%s/page%06d.json' % (sys.argv[3], n), 'w', encoding='utf-8') as out:
            json.dump({'users': users[n:n + 1000]}, out)
"""


def pydiff_data(folder, state, feed):
    """Feed and tenant in the columns of a script of the kind `SCRIPT hr.csv page.json...`."""
    same, names = folder / "same.csv", json.dumps([OURS, PYDIFF])
    pages = folder / "pages"
    pages.mkdir()
    run(sys.executable, TOP / "samples" / "make-feed", state, same, "--same")
    run(sys.executable, "-c", CONVERT, same, folder / "unused.csv", pages, names)
    run(sys.executable, "-c", CONVERT, feed, folder / "pydiff.csv", "", names)
    return [folder / "pydiff.csv"] + sorted(pages.iterdir())


def planned(rollcall, folder, state_dir):
    audit = folder / "audit.json"
    run(rollcall, "report", "--last", "--format", "json", "--state", state_dir, "--out", audit)
    counts = run(sys.executable, "-c", "import collections, json, sys\n"
                 "print(json.dumps(collections.Counter(c['change']['kind'] for c in json.load(open(sys.argv[1]))['changes'])))", audit)
    return json.loads(counts)


def bench_plan(o, folder):
    print("plan of %s people against a tenant of %s users, median of %d" % (f"{o.people:,}", f"{o.people:,}", o.times))
    # A run begins as if its rate window were full: with this one that is 10 ms, so what is measured is work and not waiting.
    rate, waiting = ["100000/10ms"], 0.01
    with harness.Sandbox(users=o.people, switches={"rate": "off"}) as box:
        state, feed = make_feed(box, folder)
        write_job(folder / "job.json", box, feed, rate)
        yard = [sys.executable, HERE / "pyplan.py", folder / "job.json", box.url, feed]
        sides = {"rollcall plan": [], "pyplan.py, both listings": [], "pyplan.py, one listing": []}
        other = pydiff_data(folder, state, feed) if o.pydiff else None
        if other:
            sides[Path(o.pydiff).name + ", from files, no HTTP"] = []
        names = list(sides)
        for n in range(o.times):  # in turns, so that a busy moment of the machine meets all sides
            state_dir = folder / ("state-%d" % n)
            sides[names[0]].append(measured(o.rollcall, "plan", folder / "job.json", "--state", state_dir, "--quiet"))
            sides[names[1]].append(measured(*yard))
            sides[names[2]].append(measured(*yard, "--one-listing"))
            if other:
                sides[names[3]].append(measured(sys.executable, o.pydiff, *other))
        want = json.loads(sides[names[1]][0].out)["changes"]
        have = planned(o.rollcall, folder, state_dir)
        box.stop()
    for name, results in sides.items():
        if any(r.code != 0 for r in results):
            sys.exit("%s ended with %s" % (name, [r.code for r in results]))
    first = sides[names[0]]
    rows = [["", "wall s", "CPU s", "RSS MiB", "rollcall takes: wall", "CPU", "RSS"]]
    for name, results in sides.items():
        row = [name] + ["%.2f" % median(results, "wall"), "%.2f" % median(results, "cpu"), "%.0f" % median(results, "rss")]
        row += ["%.2f x" % (median(first, what) / median(results, what)) for what in ("wall", "cpu", "rss")]
        rows.append(row)
    table(rows)
    print("  in rollcall's wall time: at most %.2f s of waiting for the rate window; the sandbox's own work is in everybody's" % waiting)
    same = all(want.get(kind, 0) == have.get(kind, 0) for kind in KINDS)
    print("  the same changes on both sides: %s (%s)" % ("yes" if same else "NO: %s" % want,
                                                      ", ".join("%s %d" % (k, have.get(k, 0)) for k in KINDS)))
    return same


# (b) Calls made against the least possible ------------------------------------------------------------------------------------------

WRITES = {"create": ["Create"], "update": ["Update"], "team": ["BulkUpdate"], "manager": ["ManagerBulk"], "activate": ["Activate"],
          "deactivate": ["Deactivate"]}


def bench_calls(o, folder):
    print("\nwrite calls of the demo's sync, as the sandbox counted them, against the least that the interface needs")
    feed = TOP / "samples" / "hr-export.csv"
    with harness.Sandbox(users=2000, switches={"rate": "off"}) as box:
        write_job(folder / "job.json", box, feed, ["1000/1s"])
        least = json.loads(run(sys.executable, HERE / "pyplan.py", folder / "job.json", box.url, feed))["calls"]
        done = measured(o.rollcall, "sync", folder / "job.json", "--state", folder / "state", "--quiet")
        if done.code != 0:
            sys.exit("sync ended with %d\n%s" % (done.code, done.out))
        endpoints = box.stats()["endpoints"]
        violations = len(box.violations())
        box.stop()
    rows = [["", "made", "least", "made/least"]]
    made = {kind: sum(endpoints[e]["calls"] for e in names) for kind, names in WRITES.items()}
    for kind in WRITES:
        rows.append([kind, made[kind], least.get(kind, 0), "%.3f" % (made[kind] / least[kind]) if least.get(kind) else ""])
    total, fewest = sum(made.values()), sum(least.values())
    rows.append(["all", total, fewest, "%.3f" % (total / fewest)])
    table(rows)
    print("  the least knows no order: a manager batch before the deactivations and one behind the creates are two here")
    print("  violations of the vendor's rules: %d" % violations)
    return violations == 0


# (c) SCIM, with Bulk and without ----------------------------------------------------------------------------------------------------

def bench_scim(o, folder):
    n = min(o.people, 2000)
    print("\nSCIM: write calls for %s people who change, and some whom the service lacks an externalId of" % f"{n:,}")
    rows, good = [["", "users", "calls"]], True
    for bulk in ("on", "off"):
        with harness.Sandbox("scim", users=n * 6 // 5, switches={"bulk": bulk}) as box:
            _, feed = make_feed(box, folder, "--same")
            changed = change_column(feed, n, "Cost Center", "CC-%d")
            write_job(folder / "job.json", box, feed, ["10000/1s"])
            done = measured(o.rollcall, "sync", folder / "job.json", "--state", folder / ("state-" + bulk), "--quiet")
            writes = [e for e in box.log() if e["applied"]]
            rows.append(["with Bulk" if bulk == "on" else "without", len({u for e in writes for u in e["users"]}), len(writes)])
            good = good and done.code == 0 and changed == n and not box.violations()
            box.stop()
    table(rows)
    return good


# (d) Share of the allowance ---------------------------------------------------------------------------------------------------------

def change_column(feed, number, column, form):
    """Gives so many active people another value; how many there were."""
    with open(feed, encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f))
    place, status, changed = rows[0].index(column), rows[0].index("Status"), 0
    for row in rows[1:]:
        if changed < number and row[status] == "Active":
            row[place] = form % changed
            changed += 1
    with open(feed, "w", encoding="utf-8", newline="") as f:
        csv.writer(f, lineterminator="\r\n").writerows(rows)
    return changed


def bench_rate(o, folder):
    calls, span = 25, 5.0
    print("\n%d single updates at 25/5s, the sandbox counting arrivals in a sliding window: some %d s" % (o.updates, o.updates / calls * span))
    with harness.Sandbox(users=o.updates * 5 // 4, switches={"rate": "25/5s", "rate_window": "sliding"}) as box:
        _, feed = make_feed(box, folder, "--same")
        number = change_column(feed, o.updates, "Phone", "+91-97%08d")
        write_job(folder / "job.json", box, feed, ["25/5s"])
        done = measured(o.rollcall, "sync", folder / "job.json", "--state", folder / "state", "--quiet")
        log, stats = box.log(), box.stats()
        box.stop()
    writes = [e["arrived_us"] for e in log if e["endpoint"] == "Update" and e["applied"]]
    took = (max(writes) - min(writes)) / 1e6
    table([["updates applied", "%d of %d" % (len(writes), number)],
           ["first to last write", "%.1f s" % took],
           ["refused for the rate (429)", stats["throttled"]],
           ["most calls seen in a window", "%d of %d" % (max(w["most"] for w in stats["rate"]), calls)],
           ["allowance used: calls per second of 5.0", "%.3f" % (len(writes) / (calls / span) / took)]])
    if done.code != 0:
        print("  sync ended with %d" % done.code)
    return done.code == 0 and stats["throttled"] == 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    p.add_argument("rollcall")
    p.add_argument("sandbox")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--rate", action="store_true")
    p.add_argument("--people", type=int, default=100000)
    p.add_argument("--updates", type=int, default=1000)
    p.add_argument("--times", type=int)
    p.add_argument("--pydiff")
    o = p.parse_args()
    o.times = o.times or (3 if o.quick else 5)
    os.environ["ROLLCALL_SANDBOX"] = o.sandbox
    good = True
    for bench in ([bench_rate] if o.rate else [bench_plan, bench_calls, bench_scim] + ([] if o.quick else [bench_rate])):
        folder = Path(tempfile.mkdtemp(prefix="rollcall-bench-"))
        try:
            good = bench(o, folder) and good
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
