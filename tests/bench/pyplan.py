#!/usr/bin/env python3
"""pyplan.py JOB STATE_URL FEED [--one-listing]: the yardstick of scripts/bench, a careful script that computes what rollcall plans.

It lists the same tenant over HTTP, by both listings as rollcall does for its proof (or by one of them), reads the same export, and
compares the same attributes of the job; standard library, dictionaries, nothing held that is not needed. It writes nothing, has no
guards, no ledger and no canonical plan. The counts go to stdout as JSON, with the least number of write calls that LeadSquared's
documented interface needs for them: one create, update, activation or deactivation a user; pure moves to one team 50 a call
(apidocs.leadsquared.com/bulk-update-users/), manager moves 100 a call (apidocs.leadsquared.com/update-users-managers-in-bulk/).
"""

import collections
import csv
import http.client
import json
import os
import sys
import urllib.parse

CREATE_CARRIES = {"EmailAddress", "FirstName", "LastName", "Role", "TeamId", "mx_Custom_1"}
PAGE = 1000


class Tenant:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=300)
        self.keys = {"x-LSQ-AccessKey": os.environ["LSQ_ACCESS_KEY"], "x-LSQ-SecretKey": os.environ["LSQ_SECRET_KEY"],
                     "User-Agent": "pyplan/1", "Content-Type": "application/json"}

    def call(self, method, path, body=None):
        headers = {k: v for k, v in self.keys.items() if body is not None or k != "Content-Type"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit("%s: %d %r" % (path, answer.status, data[:200]))
        return json.loads(data)

    def users(self, columns):
        """User by id, from the paged search."""
        found, page = {}, 1
        while True:
            answer = self.call("POST", "/v2/UserManagement.svc/User/AdvancedSearch", {
                "Columns": {"Include_CSV": ",".join(columns)},
                "GroupConditions": [{"Condition": [{"LookupName": "EmailAddress", "Operator": "lik", "LookupValue": "@",
                                                    "ConditionOperator": None}], "GroupOperator": None}],
                "GroupOperator": None, "Sorting": [{"ColumnName": "UserId", "Direction": 0}],
                "Paging": {"PageIndex": page, "PageSize": PAGE}})
            users = answer["Users"]
            for u in users:
                found[u["UserId"]] = u
            if len(users) < PAGE:
                return found
            page += 1

    def listed(self):
        return {(u["ID"], u["StatusCode"]) for u in self.call("GET", "/v2/UserManagement.svc/Users.Get")}

    def teams(self):
        """Id by name; {"Name", "TeamId", "SubTeams"} nested, or flat."""
        ids, left = {}, [self.call("GET", "/v2/TeamManagement.svc/Retrieve")]
        while left:
            node = left.pop()
            if isinstance(node, list):
                left.extend(node)
            elif isinstance(node, dict):
                if "TeamId" in node and "Name" in node:
                    ids[node["Name"].strip().casefold()] = node["TeamId"]
                left.extend(v for v in node.values() if isinstance(v, (list, dict)))
        return ids


def read_feed(job, path):
    """Rows that can be taken; what is rejected is counted."""
    status, trailer = job["status"], job["feed"]["proof"]["trailer"]
    active = {s.casefold() for s in status["active"]}
    leaver = {s.casefold() for s in status["leaver"]}
    rows, spoiled, count = [], [], None
    with open(path, "rb") as f:
        reader = csv.reader(line.decode("utf-8", "surrogateescape") for line in f)
        header = next(reader)
        for cells in reader:
            row = dict(zip(header, cells))
            if row[trailer["column"]] == trailer["value"]:
                count = int(row[trailer["count"]])
                continue
            state = row[status["column"]].strip().casefold()
            bad = state not in active and state not in leaver
            if not bad:
                try:
                    "".join(cells).encode("utf-8")
                except UnicodeEncodeError:
                    bad = True
            row["active"] = state in active
            (spoiled if bad else rows).append(row)
    if count != len(rows) + len(spoiled):
        raise SystemExit("the trailer says %s, %d rows were read" % (count, len(rows) + len(spoiled)))
    return rows, spoiled


def text(value):
    return "" if value is None else str(value).strip()


class Plan:
    def __init__(self, job, users, teams):
        self.key, self.mail = job["match"]
        self.columns = {name: spec if isinstance(spec, dict) else {"column": spec} for name, spec in job["attributes"].items()}
        self.manager = job["manager"]["column"]
        self.teams = teams
        self.users = users
        self.by_key = {text(u[self.key]).casefold(): u for u in users.values() if text(u[self.key])}
        self.by_mail = {text(u[self.mail]).casefold(): u for u in users.values()}
        self.seen = set()
        self.joiners = set()
        self.counts = collections.Counter()
        self.calls = collections.Counter()
        self.moves = collections.Counter()

    def wanted(self, row):
        for name, spec in self.columns.items():
            value = row[spec["column"]].strip()
            value = spec.get("values", {}).get(value, value)
            if value:
                yield name, self.teams.get(value.casefold(), "?") if name == "TeamId" else value

    def find(self, row):
        user = self.by_key.get(row[self.columns[self.key]["column"]].strip().casefold())
        if user is None:
            user = self.by_mail.get(row[self.columns[self.mail]["column"]].strip().casefold())
            if user is not None and text(user[self.key]):
                user = None
        return user

    def join(self, row):
        self.counts["create"] += 1
        self.calls["create"] += 1
        if any(name not in CREATE_CARRIES for name, _ in self.wanted(row)):
            self.calls["update"] += 1

    def row(self, row):
        user = self.find(row)
        if user is None:
            if row["active"]:
                self.join(row)
            return
        self.seen.add(user["UserId"])
        is_active = str(user["StatusCode"]) == "0"
        if not row["active"]:
            self.counts["deactivate"] += is_active
            return
        self.counts["activate"] += not is_active
        differs = [name for name, value in self.wanted(row)
                   if (text(user[name]).casefold() != value.casefold() if name in (self.mail, "TeamId") else text(user[name]) != value)]
        fields = [name for name in differs if name != "TeamId"]
        self.counts["update"] += bool(fields)
        self.calls["update"] += bool(fields)
        if "TeamId" in differs:
            self.counts["membership"] += 1
            if not fields:
                self.moves[row[self.columns["TeamId"]["column"]]] += 1
        boss = row[self.manager].strip().casefold()
        if boss:
            manager = self.by_key.get(boss)
            self.counts["manager"] += manager is None or manager["UserId"] != text(user["ManagerUserId"])

    def end(self, spoiled):
        for row in spoiled:
            user = self.find(row)
            if user is not None:
                self.seen.add(user["UserId"])
        for u in self.users.values():
            if u["UserId"] not in self.seen and text(u[self.key]) and str(u["StatusCode"]) == "0":
                self.counts["deactivate"] += 1
        for kind in ("activate", "deactivate"):
            self.calls[kind] = self.counts[kind]
        self.calls["team"] = sum(-(-n // 50) for n in self.moves.values())
        self.calls["manager"] = -(-self.counts["manager"] // 100)


def main():
    job_path, url, feed = sys.argv[1:4]
    with open(job_path, encoding="utf-8") as f:
        job = json.load(f)
    tenant = Tenant(url)
    users = tenant.users(["UserId", "StatusCode", "ManagerUserId"] + list(job["attributes"]))
    if "--one-listing" not in sys.argv[4:] and tenant.listed() != {(u["UserId"], int(u["StatusCode"])) for u in users.values()}:
        raise SystemExit("the two listings differ")
    plan = Plan(job, users, tenant.teams())
    rows, spoiled = read_feed(job, feed)
    for row in rows:
        plan.row(row)
    plan.end(spoiled)
    print(json.dumps({"changes": dict(plan.counts), "calls": dict(plan.calls), "rows": len(rows) + len(spoiled), "users": len(users)}))


if __name__ == "__main__":
    main()
