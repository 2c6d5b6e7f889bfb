/*
 * The admin path: what tests look at and turn while the emulator runs. No keys, no rate limit, not in the
 * log.
 *
 *   GET  /admin/state        the whole state, as --state reads it
 *   GET  /admin/log?since=N  requests after number N
 *   GET  /admin/violations   rules that the client broke
 *   GET  /admin/stats        counts
 *   GET  /admin/switches     current values
 *   POST /admin/switch       {"name": "value", "fault": ["...", "..."]}
 *   POST /admin/user         {"UserId": ..., fields}: changes or adds a user behind the client's back, in the
 *                            form that the vendor's state files have
 *   POST /admin/reset-log    forgets requests, violations and counts (the rate windows stay)
 */
#include "emulator.h"

#include <stdlib.h>
#include <string.h>

static void admin_refuse(struct call *call, struct buf *why)
{
    struct jw j = jw_into(&call->out);

    call->status = 400;
    buf_clear(&call->out);
    jw_object(&j);
    jw_kz(&j, "error", buf_z(why));
    jw_end_object(&j);
}

static void admin_done(struct call *call)
{
    buf_puts(&call->out, "{\"ok\":true}");
}

static void get_state(struct call *call)
{
    emulator_dump(call->sb, &call->out);
}

static const char *user_name(void *context, uint32_t user)
{
    const struct state *state = context;

    return state->users[user].f[state->schema->id];
}

static void get_log(struct call *call)
{
    struct jw j = jw_into(&call->out);
    const char *since = call_param(call, "since");

    reqlog_report(&call->sb->log, since ? strtoull(since, NULL, 10) : 0, user_name, &call->sb->state, &j);
}

static void get_violations(struct call *call)
{
    struct jw j = jw_into(&call->out);

    reqlog_report_violations(&call->sb->log, &j);
}

static void report_endpoints(const struct sandbox *sb, struct jw *j)
{
    jw_object(j);
    for (size_t i = 0; i < sb->endpoints; i++) {
        const struct endpoint_count *c = &sb->counts[i];

        jw_key(j, sb->vendor->endpoints[i].name);
        jw_object(j);
        jw_kint(j, "calls", (int64_t)c->calls);
        jw_kint(j, "applied", (int64_t)c->applied);
        jw_kint(j, "refused", (int64_t)c->refused);
        jw_kint(j, "throttled", (int64_t)c->throttled);
        jw_kint(j, "faults", (int64_t)c->faults);
        jw_end_object(j);
    }
    jw_end_object(j);
}

static void report_creates(const struct sandbox *sb, struct jw *j)
{
    const char *email;
    json_t *count;

    jw_object(j);
    json_object_foreach(sb->creates, email, count) jw_kint(j, email, json_integer_value(count));
    jw_end_object(j);
}

static void get_stats(struct call *call)
{
    struct sandbox *sb = call->sb;
    struct jw j = jw_into(&call->out);
    uint64_t throttled = 0;

    for (size_t i = 0; i < sb->endpoints; i++)
        throttled += sb->counts[i].throttled;
    jw_object(&j);
    jw_kint(&j, "calls", (int64_t)sb->calls);
    jw_kint(&j, "unknown_path", (int64_t)sb->unknown_calls);
    jw_kint(&j, "bad_keys", (int64_t)sb->bad_keys);
    jw_kint(&j, "throttled", (int64_t)throttled);
    jw_kint(&j, "violations", (int64_t)sb->log.violations_total);
    jw_kint(&j, "users", (int64_t)(sb->state.count - sb->state.gone));
    jw_kint(&j, "last_seq", (int64_t)sb->log.seq);
    jw_key(&j, "endpoints");
    report_endpoints(sb, &j);
    jw_key(&j, "rate");
    limit_report(&sb->rate, &j);
    jw_key(&j, "rate_bulk");
    limit_report(&sb->rate_bulk, &j);
    jw_key(&j, "creates");
    report_creates(sb, &j);
    jw_key(&j, "faults");
    faults_report(&sb->faults, &j);
    if (sb->vendor->report)
        sb->vendor->report(sb, &j);
    jw_end_object(&j);
}

static void get_switches(struct call *call)
{
    struct sandbox *sb = call->sb;
    struct jw j = jw_into(&call->out);

    jw_object(&j);
    for (size_t i = 0; switches_def(&sb->switches, i); i++) {
        struct buf text = BUF_INIT(ANSWER_MAX);

        emulator_switch_text(sb, i, &text);
        jw_kz(&j, switches_def(&sb->switches, i)->name, buf_z(&text));
        buf_deinit(&text);
    }
    jw_end_object(&j);
}

static bool switch_value(struct sandbox *sb, const char *name, const json_t *value, struct buf *error)
{
    char number[32];
    const char *text = state_value(value, number);

    if (text)
        return emulator_switch(sb, name, text, error);
    buf_printf(error, "switch '%s': a value is a string or a number", name);
    return false;
}

static void post_switch(struct call *call)
{
    struct buf error = BUF_INIT(ANSWER_MAX);
    const char *name;
    json_t *value;
    bool good = json_is_object(call->body);

    if (!good)
        buf_puts(&error, "the body is no object");
    json_object_foreach(call->body, name, value)
    {
        size_t i;
        json_t *one;

        if (!good)
            break;
        if (!json_is_array(value))
            good = switch_value(call->sb, name, value, &error);
        json_array_foreach(value, i, one) good = good && switch_value(call->sb, name, one, &error);
    }
    if (good)
        admin_done(call);
    else
        admin_refuse(call, &error);
    buf_deinit(&error);
}

static bool fields_good(struct sandbox *sb, const json_t *body, const struct user *u, struct buf *error)
{
    const struct schema *schema = sb->state.schema;
    const struct user *holds = u ? state_by_email(&sb->state, u->f[schema->email]) : NULL;
    const char *name;
    json_t *value;

    if (holds && holds != u) {
        buf_printf(error, "e-mail '%s' is another user's by now", u->f[schema->email]);
        return false;
    }

    json_object_foreach((json_t *)body, name, value)
    {
        size_t i = schema_find(schema, name, false);
        char number[32];
        const char *text = state_value(value, number);
        struct user *holder = text && i == schema->email ? state_by_email(&sb->state, text) : NULL;

        if (i == schema->count || !text || (*text && !state_fits(schema->fields[i].kind, text))) {
            buf_printf(error, "'%s' is no field of a user, or its value has the wrong type", name);
            return false;
        }
        if (holder && holder != u) {
            buf_printf(error, "e-mail '%s' is taken", text);
            return false;
        }
    }
    return true;
}

static struct user *added(struct sandbox *sb, const json_t *body, const char *id, uint64_t now)
{
    const struct schema *schema = sb->state.schema;
    const char **values = xcalloc(schema->count, sizeof(*values));
    struct user *u;

    values[schema->id] = id;
    values[schema->email] = json_string_value(json_object_get(body, schema->fields[schema->email].name));
    u = state_add(&sb->state, values, now);
    free(values);
    return u;
}

/* By the schema: for vendors whose users are rows of fields. */
static void edit_fields(struct call *call)
{
    struct sandbox *sb = call->sb;
    const struct schema *schema = sb->state.schema;
    const char *id = json_string_value(json_object_get(call->body, schema->fields[schema->id].name));
    const char *email = json_string_value(json_object_get(call->body, schema->fields[schema->email].name));
    struct user *u = id ? state_by_id(&sb->state, id) : NULL;
    struct buf error = BUF_INIT(ANSWER_MAX);
    uint64_t delay = sb->state.delay_us;
    const char *name;
    json_t *value;

    if (!id || !*id || (!u && !(email && *email)))
        buf_printf(&error, "'%s' is needed, for a new user '%s' too", schema->fields[schema->id].name,
                   schema->fields[schema->email].name);
    else
        fields_good(sb, call->body, u, &error);
    if (error.n) {
        admin_refuse(call, &error);
        buf_deinit(&error);
        return;
    }
    sb->state.delay_us = 0; /* tests set a scene: it stands at once */
    if (!u)
        u = added(sb, call->body, id, call->now);
    state_begin(&sb->state, u, call->now);
    json_object_foreach(call->body, name, value)
    {
        char number[32];
        const char *text = state_value(value, number);
        size_t field = schema_find(schema, name, false);

        if (field != schema->id)
            state_set(&sb->state, u, field, text, strlen(text));
    }
    sb->state.delay_us = delay;
    u->behind_back = true;
    admin_done(call);
}

static void post_user(struct call *call)
{
    struct sandbox *sb = call->sb;
    struct buf error = BUF_INIT(ANSWER_MAX);
    uint64_t delay = sb->state.delay_us;

    if (!sb->vendor->edit) {
        edit_fields(call);
        return;
    }
    sb->state.delay_us = 0;
    if (sb->vendor->edit(call, &error))
        admin_done(call);
    else
        admin_refuse(call, &error);
    sb->state.delay_us = delay;
    buf_deinit(&error);
}

static void post_reset(struct call *call)
{
    struct sandbox *sb = call->sb;

    reqlog_reset(&sb->log);
    limit_reset(&sb->rate);
    limit_reset(&sb->rate_bulk);
    json_object_clear(sb->creates);
    memset(sb->counts, 0, sb->endpoints * sizeof(*sb->counts));
    sb->calls = sb->unknown_calls = sb->bad_keys = 0;
    admin_done(call);
}

const struct endpoint admin_endpoints[] = {
    { .name = "state", .path = "/admin/state", .methods = GET, .handle = get_state },
    { .name = "log", .path = "/admin/log", .methods = GET, .handle = get_log },
    { .name = "violations", .path = "/admin/violations", .methods = GET, .handle = get_violations },
    { .name = "stats", .path = "/admin/stats", .methods = GET, .handle = get_stats },
    { .name = "switches", .path = "/admin/switches", .methods = GET, .handle = get_switches },
    { .name = "switch", .path = "/admin/switch", .methods = POST, .body = JSON_BODY, .handle = post_switch },
    { .name = "user", .path = "/admin/user", .methods = POST, .body = JSON_BODY, .handle = post_user },
    { .name = "reset-log",
      .path = "/admin/reset-log",
      .methods = POST,
      .body = OPTIONAL_BODY,
      .handle = post_reset },
    { .name = NULL },
};
