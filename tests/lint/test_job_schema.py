#!/usr/bin/python3
"""The job file three times: what the loader knows (job_probe keys), jobs/job.schema.json, and docs/rollcall-job.5. All three must
agree key by key; every job in the repository must load and validate."""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.environ["SOURCE_ROOT"]
PROBE = os.environ["JOB_PROBE"]

try:
    from jsonschema import Draft202012Validator
except ImportError:
    Draft202012Validator = None

# Mistakes that no schema can see: they depend on other values, on the connector, or on what stands twice.
ONLY_THE_LOADER_SEES = {
    "match_hidden.json", "modest.json", "repeated.json", "reports_own.json", "required.json",
}


def load(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8-sig") as f:
        return json.load(f)


def names(*parts):
    return sorted(n for n in os.listdir(os.path.join(ROOT, *parts)) if n.endswith(".json"))


def probe(*args):
    return subprocess.run([PROBE, *args], capture_output=True, text=True, check=False)


SCHEMA = load("jobs", "job.schema.json")
KEYS = json.loads(probe("keys").stdout)
RULES = {r["path"]: r for r in KEYS["rules"]}


def resolve(node):
    """A node with what it refers to; its own members win."""
    if isinstance(node, dict) and "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        return {**resolve(SCHEMA["$defs"][name]), **node}
    return node


def branches(node):
    """The alternatives of a node, or the node itself."""
    node = resolve(node)
    return [b for a in node["anyOf"] for b in branches(a)] if "anyOf" in node else [node]


def walk(node, path, out):
    """Every key the schema knows, as the loader's table writes it."""
    for branch in branches(node):
        for key, below in branch.get("properties", {}).items():
            where = f"{path}.{key}" if path else key
            out[where] = resolve(below)
            walk(below, where, out)
        extra = branch.get("additionalProperties")
        if isinstance(extra, dict):
            out[f"{path}.*"] = resolve(extra)
            walk(extra, f"{path}.*", out)
    return out


IN_SCHEMA = walk(SCHEMA, "", {})


def kinds(node):
    found = set()
    for b in branches(node):
        values = b.get("enum", [b["const"]] if "const" in b else [])
        types = b.get("type", [])
        found |= {types} if isinstance(types, str) else set(types)
        found |= {"string" for v in values if isinstance(v, str)}
    return {"number" if k == "integer" else k for k in found}


def first(node, *members):
    for b in branches(node):
        for m in members:
            if m in b:
                return b[m]
    return None


def fallback_text(node):
    value = resolve(node).get("default")
    return value if value is None or isinstance(value, str) else json.dumps(value)


def objects(node, path="$"):
    """Every object schema with members of its own."""
    if isinstance(node, dict):
        if "properties" in node and "if" not in path:
            yield path, node
        for key, below in node.items():
            yield from objects(below, f"{path}/{key}")
    elif isinstance(node, list):
        for i, below in enumerate(node):
            yield from objects(below, f"{path}/{i}")


def test_same_keys():
    assert set(RULES) == set(IN_SCHEMA), f"only the loader: {set(RULES) - set(IN_SCHEMA)}; only the schema: {set(IN_SCHEMA) - set(RULES)}"
    assert len(RULES) > 70


def test_same_kinds_of_values():
    for path, r in RULES.items():
        assert kinds(IN_SCHEMA[path]) == set(r["kinds"]), f"{path}: {kinds(IN_SCHEMA[path])} in the schema, {r['kinds']} in the loader"


def test_same_required_keys():
    for path, r in RULES.items():
        parent, _, key = path.rpartition(".")
        above = IN_SCHEMA[parent] if parent else SCHEMA
        in_schema = key in (first(above, "required") or [])
        assert in_schema == r["required"], f"{path}: required {in_schema} in the schema, {r['required']} in the loader"


def test_same_defaults():
    for path, r in RULES.items():
        assert fallback_text(IN_SCHEMA[path]) == r["default"], f"{path}: {fallback_text(IN_SCHEMA[path])} and {r['default']}"


def test_same_ranges():
    checked = 0
    for path, r in RULES.items():
        if r["type"] in ("int", "limit", "percent") or path == "target.concurrency":
            low, high = first(IN_SCHEMA[path], "minimum"), first(IN_SCHEMA[path], "maximum")
            assert (low, high) == (r["min"], r["max"]), f"{path}: {low} to {high}, {r['min']} to {r['max']}"
            checked += 1
    assert checked > 17


def test_same_choices():
    checked = 0
    for path, r in RULES.items():
        if r["choices"]:
            in_schema = [c for c in first(IN_SCHEMA[path], "enum") if c != "\t"]  # the character itself, beside "tab"
            assert in_schema == r["choices"], f"{path}: {in_schema}, {r['choices']}"
            checked += 1
    assert checked >= 6


def test_same_connectors():
    assert IN_SCHEMA["target.connector"]["anyOf"][0]["enum"] == [c["name"] for c in KEYS["connectors"]]
    for c in KEYS["connectors"]:
        credentials = SCHEMA["$defs"][f"{c['name']}_credentials"]
        assert list(credentials["properties"]) == [k["name"] for k in c["credentials"]], c["name"]
        assert credentials["required"] == [k["name"] for k in c["credentials"] if not k["optional"]], c["name"]


def test_same_options():
    types = {"text": {"string"}, "bool": {"boolean"}, "int": {"number"}, "span": {"string"}, "choice": {"string"}, "url": {"string"}}
    for c in KEYS["connectors"]:
        known = SCHEMA["$defs"][f"{c['name']}_options"]["properties"]
        assert list(known) == [o["name"] for o in c["options"]], f"{c['name']}: {set(known) ^ {o['name'] for o in c['options']}}"
        for o in c["options"]:
            p = known[o["name"]]
            assert kinds(p) == types[o["type"]], o["name"]
            assert fallback_text(p) == (o["default"] or ""), f"{o['name']}: {fallback_text(p)}, {o['default']}"
            assert p.get("enum", []) == o["choices"], o["name"]
            assert (p.get("format") == "uri") == (o["type"] == "url"), o["name"]
            if o["type"] == "int":
                assert (p["minimum"], p["maximum"]) == (o["min"], o["max"]), o["name"]


def test_every_key_is_described():
    for path, node in IN_SCHEMA.items():
        if path not in ("attributes.*.values.*", "manager.values.*", "target.options.*"):
            assert len(node.get("description", "")) > 9, path


def test_every_object_takes_comments_and_nothing_unknown():
    seen = 0
    for path, node in objects({k: v for k, v in SCHEMA.items() if k != "properties"} | {"top": SCHEMA["properties"]}):
        if path.endswith("/if") or path.endswith("/then"):
            continue
        seen += 1
        assert node.get("patternProperties") == {"^_comment": True}, path
        assert "additionalProperties" in node, path
    for path, node in IN_SCHEMA.items():
        for b in branches(node):
            if b.get("type") == "object":
                seen += 1
                assert b.get("patternProperties") == {"^_comment": True}, path
                assert "additionalProperties" in b, path
    assert seen > 15


def manual():
    with open(os.path.join(ROOT, "docs", "rollcall-job.5"), encoding="utf-8") as f:
        return f.read()


def manual_entries():
    """Head and text of every key in the manual. Words in capitals stand for names; KIND for each kind of change or guard."""
    entries = {}
    for head, text in re.findall(r"^\.TP\n\.B (\S+)\n(.*?)(?=^\.TP|^\.SH|^\.SS|\Z)", manual(), re.M | re.S):
        entries[re.sub(r"\b(?!KIND)[A-Z]+\b", "*", head.replace("\\", ""))] = text.replace("\\-", "-").replace("\\(dq", '"').replace("\\(rs", "\\")
    return entries


def test_manual_has_every_key():
    covered = set()
    for head in manual_entries():
        kind = re.match(r"(actions|guards)\.KIND(.*)", head)
        keys = {p for p in RULES if re.fullmatch(kind[1] + r"\.[a-z]+" + re.escape(kind[2]), p)} if kind else {head} & set(RULES)
        assert keys, f"the manual has '{head}', the loader does not"
        covered |= keys
    # What a manager's column has besides is described once, with the attributes.
    missing = {p for p in set(RULES) - covered if not re.fullmatch(r"manager\.(values|values\.\*|unknown|default)", p)}
    assert not missing, f"not in the manual: {sorted(missing)}"


def test_manual_has_every_default():
    checked = 0
    for head, text in manual_entries().items():
        r = RULES.get(head)
        if r and r["default"] is not None:
            assert re.search(r"Default: .*" + re.escape(r["default"]), text), f"{head}: the default {r['default']} is not named"
            checked += 1
    assert checked > 10


def test_manual_has_every_choice():
    for head, text in manual_entries().items():
        for choice in RULES.get(head, {}).get("choices", []):
            assert f'"{choice}"' in text, f"{head}: {choice} is not explained"


def test_manual_examples_are_json():
    """Every example that begins with a brace or a key parses."""
    blocks = re.findall(r"^\.EX\n(.*?)^\.EE", manual(), re.M | re.S)
    assert len(blocks) > 10
    for block in blocks:
        text = block.replace("\\-", "-").replace("\\e", "\\").strip()
        json.loads(text if text.startswith("{") else "{" + text.rstrip(",") + "}")


def test_manual_example_loads():
    example = re.search(r"^\.EX\n(\{.*?)^\.EE", manual(), re.M | re.S)[1].replace("\\-", "-")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "job.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(example)
        r = probe("load", path)
    assert r.returncode == 0, r.stdout + r.stderr


def test_manual_has_every_guard():
    text = manual()
    for kind in ("create", "activate", "update", "manager", "membership", "deactivate", "retire", "rejects"):
        number, percent = RULES[f"guards.{kind}.number"]["default"], RULES[f"guards.{kind}.percent"]["default"]
        said = f"{number}\t{percent}"
        if kind == "retire":  # follows deactivate, with the same limits when nobody says any
            assert (number, percent) == tuple(RULES[f"guards.deactivate.{limit}"]["default"] for limit in ("number", "percent"))
            said = "as deactivate\tas deactivate"
        assert re.search(rf"^{kind}\t{said}$", text, re.M), f"the table of guards does not say {kind} {said}"


def test_jobs_load():
    jobs = [n for n in names("jobs") if not n.endswith(".schema.json")]
    assert {"demo-leadsquared.json", "leadsquared.json", "demo-scim.json", "scim.json"} <= set(jobs)
    for n in jobs:
        r = probe("load", os.path.join(ROOT, "jobs", n))
        assert r.returncode == 0, r.stdout + r.stderr


def test_starting_point_has_the_defaults():
    """The starting points say that most of them is the default."""
    for c in KEYS["connectors"]:
        job = load("jobs", c["name"] + ".json")
        for path, r in RULES.items():
            at = job
            for part in path.split("."):
                at = at.get(part) if isinstance(at, dict) else None
            if at is not None and r["default"] is not None:
                given = at if isinstance(at, str) else json.dumps(at)
                assert given == r["default"], f"{path}: {given} is not the default {r['default']}"
        options = {k: v for k, v in job["target"]["options"].items() if not k.startswith("_")}
        for name, given in options.items():
            default = next(o["default"] for o in c["options"] if o["name"] == name)
            given = given if isinstance(given, str) else json.dumps(given)
            assert given == default, f"{c['name']}: the option {name}: {given} is not the default {default}"


def validator():
    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator(SCHEMA)


def need_jsonschema(test):
    test.needs = True
    return test


@need_jsonschema
def test_good_jobs_validate():
    v = validator()
    good = [("jobs", n) for n in names("jobs") if not n.endswith(".schema.json")]
    good += [("tests", "unit", "jobs", "good", n) for n in names("tests", "unit", "jobs", "good")]
    assert len(good) >= 4
    for parts in good:
        errors = [f"{e.json_path}: {e.message}" for e in v.iter_errors(load(*parts))]
        assert not errors, f"{parts[-1]}: {errors}"


@need_jsonschema
def test_bad_jobs_do_not_validate():
    v = validator()
    seen = 0
    for n in names("tests", "unit", "jobs", "bad"):
        if n.startswith("syntax_"):
            continue
        valid = v.is_valid(load("tests", "unit", "jobs", "bad", n))
        assert valid == (n in ONLY_THE_LOADER_SEES), f"{n}: valid {valid}"
        seen += 1
    assert seen > 15
    assert ONLY_THE_LOADER_SEES <= set(names("tests", "unit", "jobs", "bad"))


@need_jsonschema
def test_schema_finds_the_same_places():
    """Where a bad job has mistakes of kind or range, the schema complains about the same value."""
    v = validator()
    for n in ("kinds.json", "ranges.json"):
        with open(os.path.join(ROOT, "tests", "unit", "jobs", "bad", n[:-5] + ".expect"), encoding="utf-8") as f:
            wanted = {m[1] for line in f if (m := re.match(r"[^ ]+ (\$[^ ]*): ", line))}
        found = {e.json_path for e in v.iter_errors(load("tests", "unit", "jobs", "bad", n))}
        wanted = {w for w in wanted if ".options." not in w}  # of an invented connector
        # Limits of spans are the loader's alone: the schema sees their form.
        wanted -= {"$.target.max_pause", "$.plan_ttl", "$.settle"} if n == "ranges.json" else set()
        # JSON Schema has no plain form of numbers: 1e3 is a whole number to it, 0.00001 a number.
        wanted -= {"$.guards.update.number", "$.guards.update.percent", "$.guards.manager.percent"} if n == "ranges.json" else set()
        assert wanted <= found, f"{n}: {sorted(wanted - found)}"


def main():
    tests = [(n, f) for n, f in sorted(globals().items()) if n.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = 0
    for i, (name, test) in enumerate(tests, 1):
        if getattr(test, "needs", False) and Draft202012Validator is None:
            print(f"ok {i} - {name} # SKIP python3-jsonschema is not installed")
            continue
        try:
            test()
            print(f"ok {i} - {name}")
        except Exception as e:  # whatever it is, the other tests run
            failed += 1
            print(f"not ok {i} - {name}")
            print("\n".join("# " + line for line in f"{type(e).__name__}: {e}".splitlines()))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
