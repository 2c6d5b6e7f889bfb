/* The table of rules, used as the list of what must hold for every key: kinds of values, and the part that
 * each key has in the policy hash. A key that is new in the table fails here until somebody has decided about
 * it. */
#include <jansson.h>

#include "test_job_bed.h"

static json_t *load_json(const char *name)
{
    json_error_t error;
    json_t *j = json_load_file(bed_path(name), 0, &error);
    ck_assert_msg(j != NULL, "%s: %s", name, error.text);
    return j;
}

/* Sets (or with NULL removes) the member at a dotted path; a part may be an index of a list. Steals `value`.
 */
static void set_at(json_t *root, const char *path, json_t *value)
{
    char part[200];
    const char *dot;
    json_t *at = root;
    while ((dot = strchr(path, '.')) != NULL) {
        snprintf(part, sizeof(part), "%.*s", (int)(dot - path), path);
        json_t *next = json_object_get(at, part);
        if (!next) {
            next = json_object();
            json_object_set_new(at, part, next);
        }
        at = next;
        path = dot + 1;
    }
    if (value)
        ck_assert_int_eq(json_object_set_new(at, path, value), 0);
    else
        json_object_del(at, path);
}

static json_t *value_of(const char *text)
{
    json_error_t error;
    json_t *v = json_loads(text, JSON_DECODE_ANY, &error);
    ck_assert_msg(v != NULL, "%s: %s", text, error.text);
    return v;
}

static struct job *load_dump(const json_t *root, size_t flags, struct buf *messages)
{
    char *text = json_dumps(root, flags);
    struct job *j = bed_load_text(str_of(text), messages);
    free(text);
    return j;
}

static void policy_of(const json_t *root, size_t flags, char out[SHA256_HEX])
{
    struct buf messages = BUF_INIT(1 << 20);
    struct job *j = load_dump(root, flags, &messages);
    ck_assert_msg(j != NULL, "%s", messages.p);
    memcpy(out, j->policy_sha256, SHA256_HEX);
    job_free(j);
    buf_deinit(&messages);
}

/* Every key of another kind of value --------------------------------------------------------------------- */

static bool names_path(const char *messages, const char *path)
{
    char wanted[200];
    snprintf(wanted, sizeof(wanted), " $.%s: ", path);
    return strstr(messages, wanted) != NULL;
}

START_TEST(a_value_of_another_kind_is_a_mistake_at_that_key)
{
    static const char *const samples[] = { "null", "true", "7", "\"seven\"", "{}", "[]" };
    size_t tried = 0;
    for (size_t i = 0; i < rules_count(); i++) {
        const struct rule *r = rules_at(i);
        for (size_t kind = 0; kind < array_len(samples) && !strchr(r->path, '*'); kind++) {
            json_t *root = load_json("good/full.json");
            struct buf messages = BUF_INIT(1 << 20);
            if (!(rule_kinds(r) & 1U << kind)) {
                set_at(root, r->path, value_of(samples[kind]));
                struct job *j = load_dump(root, 0, &messages);
                ck_assert_msg(j == NULL, "%s took %s", r->path, samples[kind]);
                ck_assert_msg(names_path(messages.p, r->path), "%s = %s: %s", r->path, samples[kind],
                              messages.p);
                tried++;
            }
            buf_deinit(&messages);
            json_decref(root);
        }
    }
    ck_assert_uint_gt(tried, 200);
}
END_TEST

START_TEST(required_keys_are_missed)
{
    size_t tried = 0;
    for (size_t i = 0; i < rules_count(); i++) {
        const struct rule *r = rules_at(i);
        struct buf messages = BUF_INIT(1 << 20);
        if (!(r->flags & RULE_REQUIRED) || strchr(r->path, '*'))
            continue;
        json_t *root = load_json("good/full.json");
        char wanted[100];
        const char *dot = strrchr(r->path, '.');
        snprintf(wanted, sizeof(wanted), ": '%s' is missing\n", dot ? dot + 1 : r->path);
        set_at(root, r->path, NULL);
        ck_assert_ptr_null(load_dump(root, 0, &messages));
        ck_assert_msg(strstr(messages.p, wanted) != NULL, "%s: %s", r->path, messages.p);
        tried++;
        json_decref(root);
        buf_deinit(&messages);
    }
    ck_assert_uint_ge(tried, 14);
}
END_TEST

/* Keys that are not required can go, one at a time, and give the default. */
START_TEST(other_keys_are_not_missed)
{
    for (size_t i = 0; i < rules_count(); i++) {
        const struct rule *r = rules_at(i);
        struct buf messages = BUF_INIT(1 << 20);
        bool needed = strcmp(r->path, "target.credentials") == 0 ||
                      strcmp(r->path, "feed.proof.trailer") == 0 ||
                      strcmp(r->path, "manager.values") == 0; /* by other keys that full.json has */
        if (needed || r->flags & RULE_REQUIRED || strchr(r->path, '*'))
            continue;
        json_t *root = load_json("good/full.json");
        set_at(root, r->path, NULL);
        struct job *j = load_dump(root, 0, &messages);
        ck_assert_msg(j != NULL, "%s: %s", r->path, messages.p);
        job_free(j);
        json_decref(root);
        buf_deinit(&messages);
    }
}
END_TEST

/* The policy hash ---------------------------------------------------------------------------------------- */

static const struct {
    const char *rule, *path, *value; /* path NULL: the rule's own; value NULL: removed */
    bool changes;
} edits[] = {
    { "$schema", NULL, "\"other.json\"", false },
    { "name", NULL, "\"other\"", false },
    { "feed.path", NULL, "\"other.csv\"", false }, /* the feed's bytes are hashed in the plan */
    { "feed.delimiter", NULL, "\",\"", true },
    { "feed.proof", NULL, NULL, true },
    { "feed.proof.trailer", "feed.proof", "{\"manifest\": \"m.json\"}", true },
    { "feed.proof.trailer.column", NULL, "\"Other\"", true },
    { "feed.proof.trailer.value", NULL, "\"Other\"", true },
    { "feed.proof.trailer.count", NULL, "\"Other\"", true },
    { "feed.proof.manifest", "feed.proof", "{\"manifest\": \"m.json\"}", true },
    { "target.connector", "target",
      "{\"connector\": \"acme2\", \"url\": \"https://API.example.com:8443/v2\","
      "\"credentials\": {\"key\": \"env:K\", \"secret\": \"env:S\"},"
      "\"options\": { \"page_size\": 500, \"greeting\": \"\", \"notify\": true,"
      "\"wait\": \"250ms\", \"method\": \"post\" }}",
      true },
    { "target.url", NULL, "\"https://api2.example.com\"", true },
    { "target.url", NULL, "\"https://API.example.com:8443/v2\"", false },
    { "target.credentials", NULL, "{\"key\": \"env:OTHER\", \"secret\": \"file:other\"}", false },
    { "target.rate", NULL, "[\"1/5s\"]", false },
    { "target.bulk_rate", NULL, "[\"2/5s\"]", false },
    { "target.concurrency", NULL, "2", false },
    { "target.pace", NULL, "\"safe\"", false },
    { "target.max_pause", NULL, "\"1min\"", false },
    { "target.quota_day", NULL, "\"+01:00\"", false },
    { "target.ca_file", NULL, "\"/other.pem\"", false },
    { "target.options", NULL, NULL, true },
    { "target.options", "target.options.page_size", "501", true },
    { "target.options", "target.options.greeting", "\"hi\"", true },
    { "target.options", "target.options.notify", "false", true },
    { "target.options", "target.options.wait", "\"251ms\"", true },
    { "target.options", "target.options.method", "\"get\"", true },
    { "attributes", "attributes.Badge", "\"Badge\"", true },
    { "attributes", "attributes.Team.column", "\"Other\"", true },
    { "attributes", "attributes.Team", "\"Team\"", false }, /* the short form of the same */
    { "attributes", "attributes.Department.values.Sls", "\"Other\"", true },
    { "attributes", "attributes.Department.values.Fin", "\"Finance\"", true },
    { "attributes", "attributes.Department.unknown", "\"keep\"", true },
    { "attributes", "attributes.Department.default", "\"Other\"", true },
    { "attributes", "attributes.Skills", "{\"column\": \"Skills\", \"separator\": \"|\"}", true },
    { "match", NULL, "[\"Email\", \"x_employee\"]", true },
    { "match", NULL, "[\"Email\"]", true },
    { "manager", NULL, NULL, true },
    { "manager.key", NULL, "\"x_employee\"", true },
    { "manager.column", NULL, "\"Other\"", true },
    { "manager.values", NULL, "{\"none\": \"other\"}", true },
    { "manager.unknown", NULL, "\"reject\"", true },
    { "manager.default", NULL, "\"other\"", true },
    { "status", NULL, NULL, true },
    { "status.column", NULL, "\"Other\"", true },
    { "status.active", NULL, "[\"Active\"]", true },
    { "status.active", NULL, "[\"On leave\", \"Active\"]", false },
    { "status.leaver", NULL, "[\"Terminated\", \"Left\"]", true },
    { "absent", NULL, "\"ignore\"", true },
    { "actions", NULL, "{}", true },
    { "actions.create", NULL, "false", true },
    { "actions.activate", NULL, "true", true },
    { "actions.update", NULL, "false", true },
    { "actions.manager", NULL, "false", true },
    { "actions.membership", NULL, "true", true },
    { "actions.deactivate", NULL, "false", true },
    { "actions.retire", NULL, NULL,
      false }, /* its default; what the vendor cannot do cannot be switched on */
    { "guards", NULL, "{}", true },
    { "guards.create", NULL, "{}", true },
    { "guards.create.number", NULL, "1000", true },
    { "guards.create.percent", NULL, "1.0001", true },
    { "guards.activate", NULL, "{}", true },
    { "guards.activate.number", NULL, "1000", true },
    { "guards.activate.percent", NULL, "\"off\"", true },
    { "guards.update", NULL, "{}", true },
    { "guards.update.number", NULL, "1", true },
    { "guards.update.percent", NULL, "1", true },
    { "guards.manager", NULL, "{}", true },
    { "guards.manager.number", NULL, "\"off\"", true },
    { "guards.manager.percent", NULL, "1", true },
    { "guards.membership", NULL, "{}", true },
    { "guards.membership.number", NULL, "1000", true },
    { "guards.membership.percent", NULL, "1", true },
    { "guards.deactivate", NULL, "{}", true },
    { "guards.deactivate.number", NULL, "1", true },
    { "guards.deactivate.percent", NULL, "99", true },
    { "guards.retire", NULL, "{}", true },
    { "guards.retire.number", NULL, "2", true },
    { "guards.retire.percent", NULL, "2", true },
    { "guards.rejects", NULL, "{}", true },
    { "guards.rejects.number", NULL, "6", true },
    { "guards.rejects.percent", NULL, "0.25", true },
    { "guards.on_trip", NULL, "\"kind\"", true },
    { "protected", NULL, "[\"E0001\"]", true },
    { "protected", NULL, "[\"root@example.com\", \"E0001\"]", false },
    { "rejects_ok", NULL, "0", true },
    { "failures_ok", NULL, "0", true },
    { "plan_ttl", NULL, "\"13h\"", true },
    { "settle", NULL, "\"46s\"", true },
    { "settle", NULL, "\"45000ms\"", false },
    { "visible_timeout", NULL, "\"6min\"", true },
    { "report", NULL, NULL, false },
    { "report.audit", NULL, "\"other.json\"", false },
    { "report.rejects", NULL, "\"other.csv\"", false },
    { "report.junit", NULL, "\"other.xml\"", false },
};

START_TEST(policy_hash_of_every_key)
{
    json_t *root = load_json("good/full.json");
    char before[SHA256_HEX], after[SHA256_HEX];
    policy_of(root, 0, before);
    for (size_t i = 0; i < array_len(edits); i++) {
        const char *path = edits[i].path ? edits[i].path : edits[i].rule;
        json_t *edited = json_deep_copy(root);
        set_at(edited, path, edits[i].value ? value_of(edits[i].value) : NULL);
        policy_of(edited, 0, after);
        ck_assert_msg((strcmp(before, after) != 0) == edits[i].changes,
                      "%s = %s must%s change the policy hash", path,
                      edits[i].value ? edits[i].value : "(removed)", edits[i].changes ? "" : " not");
        json_decref(edited);
    }
    json_decref(root);
}
END_TEST

/* "feed.encoding" has one value only, "feed" and "target" have no meaning of their own. */
START_TEST(every_key_has_a_row_above)
{
    static const char *const without[] = { "feed", "feed.encoding", "target" };
    for (size_t i = 0; i < rules_count(); i++) {
        const char *path = rules_at(i)->path;
        bool found = strchr(path, '*') != NULL;
        for (size_t k = 0; k < array_len(edits) && !found; k++)
            found = strcmp(edits[k].rule, path) == 0;
        for (size_t k = 0; k < array_len(without) && !found; k++)
            found = strcmp(without[k], path) == 0;
        ck_assert_msg(found, "%s has no row in the table of edits", path);
    }
}
END_TEST

static json_t *backwards(const json_t *v)
{
    const char *keys[500];
    size_t n = 0;
    const char *key;
    json_t *member, *out;
    if (!json_is_object(v))
        return json_deep_copy(v);
    out = json_object();
    json_object_foreach((json_t *)v, key, member) keys[n++] = key;
    while (n > 0) {
        n--;
        json_object_set_new(out, keys[n], backwards(json_object_get(v, keys[n])));
    }
    return out;
}

static void add_comments(json_t *v)
{
    const char *key;
    json_t *member;
    json_object_foreach(v, key, member) if (json_is_object(member) && strncmp(key, "_comment", 8) != 0)
        add_comments(member);
    json_object_set_new(v, "_comment_extra", json_string("another"));
}

START_TEST(form_does_not_change_the_policy_hash)
{
    json_t *root = load_json("good/full.json");
    char before[SHA256_HEX], after[SHA256_HEX];
    policy_of(root, JSON_COMPACT, before);
    policy_of(root, JSON_INDENT(7), after);
    ck_assert_str_eq(before, after);
    json_t *reversed = backwards(root);
    policy_of(reversed, 0, after);
    ck_assert_str_eq(before, after);
    add_comments(reversed);
    policy_of(reversed, JSON_ENSURE_ASCII, after);
    ck_assert_str_eq(before, after);
    json_decref(reversed);
    json_decref(root);
}
END_TEST

START_TEST(a_default_written_out_does_not_change_the_policy_hash)
{
    json_t *root = load_json("good/minimal.json");
    char before[SHA256_HEX], after[SHA256_HEX];
    policy_of(root, 0, before);
    for (size_t i = 0; i < rules_count(); i++) {
        const struct rule *r = rules_at(i);
        bool number =
            r->type == RULE_BOOL || r->type == RULE_INT || r->type == RULE_LIMIT || r->type == RULE_PERCENT;
        bool in_optional = strncmp(r->path, "manager.", 8) == 0 || strchr(r->path, '*');
        if (!r->fallback || in_optional)
            continue;
        set_at(root, r->path, number ? value_of(r->fallback) : json_string(r->fallback));
    }
    policy_of(root, 0, after);
    ck_assert_str_eq(before, after);
    json_decref(root);
}
END_TEST

/* The document that is hashed: pinned, because stored plans outlive an update of the program. */
START_TEST(policy_document)
{
    struct buf messages = BUF_INIT(1 << 20), text = BUF_INIT(1 << 20), want = BUF_INIT(1 << 20);
    struct job *j = bed_load(bed_path("good/minimal.json"), &messages);
    ck_assert_ptr_nonnull(j);
    policy_write(j, &text);
    buf_putc(&text, '\n');
    ck_assert_int_eq(file_read(bed_path("good/minimal.policy"), 1 << 20, &want), 0);
    if (!str_eq(buf_view(&text), buf_view(&want)))
        fputs(text.p, stderr);
    ck_assert_msg(str_eq(buf_view(&text), buf_view(&want)), "another policy document; it is on stderr");
    buf_deinit(&want);
    job_free(j);
    buf_deinit(&messages);
    buf_deinit(&text);
}
END_TEST

START_TEST(percent_is_exact)
{
    static const struct {
        const char *given, *written;
    } rows[] = { { "0", "0" },           { "100", "100" },  { "99.9999", "99.9999" },
                 { "0.0001", "0.0001" }, { "2.50", "2.5" }, { "\"off\"", "-1" } };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct buf json = BUF_INIT(4096), messages = BUF_INIT(4096), text = BUF_INIT(1 << 16),
                   want = BUF_INIT(100);
        buf_printf(&json,
                   "{\"feed\": {\"path\": \"a\"}, \"match\": [\"x_a\"], \"attributes\": {\"x_a\": \"A\"},"
                   "\"actions\": {\"create\": false},"
                   "\"target\": {\"connector\": \"acme\", \"url\": \"https://a\","
                   "\"credentials\": {\"key\": \"env:K\", \"secret\": \"env:S\"}},"
                   "\"guards\": {\"rejects\": {\"percent\": %s}}}",
                   rows[i].given);
        struct job *j = bed_load_text(buf_view(&json), &messages);
        ck_assert_msg(j != NULL, "%s", messages.p);
        policy_write(j, &text);
        buf_printf(&want, "\"rejects\":{\"number\":1000,\"percent\":%s}", rows[i].written);
        ck_assert_msg(strstr(text.p, want.p) != NULL, "%s is not in the policy", want.p);
        job_free(j);
        buf_deinit(&json);
        buf_deinit(&messages);
        buf_deinit(&text);
        buf_deinit(&want);
    }
}
END_TEST

/* What policy.c relies on: bytewise order of paths is member order at every level. */
START_TEST(table_is_well_formed)
{
    for (size_t i = 0; i < rules_count(); i++) {
        const struct rule *r = rules_at(i);
        ck_assert_msg(rule_kinds(r) != 0, "%s takes nothing", r->path);
        for (const char *p = r->path; *p; p++)
            ck_assert_msg(strchr("abcdefghijklmnopqrstuvwxyz_.*$", *p) != NULL,
                          "%s has a character out of order", r->path);
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(strcmp(rules_at(k)->path, r->path) != 0, "%s is there twice", r->path);
        if (r->type == RULE_OWN && r->flags & RULE_POLICY)
            ck_assert_msg(r->write != NULL, "%s has no canonical form", r->path);
    }
}
END_TEST

UNIT("job_rules", a_value_of_another_kind_is_a_mistake_at_that_key, required_keys_are_missed,
     other_keys_are_not_missed, policy_hash_of_every_key, every_key_has_a_row_above,
     form_does_not_change_the_policy_hash, a_default_written_out_does_not_change_the_policy_hash,
     policy_document, percent_is_exact, table_is_well_formed)
