/* The tenant: users as documents in rows, state files, edits behind the client's back. */
#include "scim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct field fields[S_COUNT] = {
    [S_ID] = { .name = "id" },
    [S_NAME] = { .name = "userName" },
    [S_EXTERNAL] = { .name = "externalId" },
    [S_DISPLAY] = { .name = "displayName" },
    [S_DOC] = { .name = "document" },
    [S_CREATED] = { .name = "created" },
    [S_MODIFIED] = { .name = "lastModified" },
    [S_VERSION] = { .name = "version" },
    [S_GONE] = { .name = "gone" },
};

static bool holds_name(const char *const *f)
{
    return !*f[S_GONE];
}

const struct schema scim_rows = {
    .fields = fields,
    .count = S_COUNT,
    .id = S_ID,
    .email = S_NAME,
    .holds_email = holds_name,
};

/* ---- times and ids ---- */

/* Days from 1970-01-01 to a date of the Gregorian calendar; years from 0 on. */
static int64_t days_to(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 719469;
}

unix_us scim_time(const char *text)
{
    int y, mo, d, h, mi, s, n = 0, zh, zm;
    int64_t us = 0, unit = 100000, offset = 0;
    const char *p;

    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &n) != 6 || y < 1970 || mo < 1)
        return 0;
    p = text + n;
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
            us += (*p - '0') * unit;
    }
    if ((*p == '+' || *p == '-') && sscanf(p + 1, "%2d:%2d", &zh, &zm) == 2)
        offset = (*p == '-' ? -1 : 1) * (zh * 60 + zm);
    return (days_to(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - offset * 60) * SECOND_US + us;
}

static void uuid(struct rng *rng, char *out)
{
    uint64_t a = rng_next(rng), b = rng_next(rng);

    snprintf(out, SCIM_ID_MAX, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
             (unsigned long long)(b & 0xffffffffffffull));
}

/* Of two ids made in a row the second differs from the first in the case of its letters only. */
static void case_id(const struct sandbox *sb, struct rng *rng, char *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *last = sb->state.count ? sb->state.users[sb->state.count - 1].f[S_ID] : "";

    if (sb->state.count % 2 == 1 && strlen(last) == 15 && *last == 'u') {
        for (size_t i = 0; i < 16; i++)
            out[i] = i && ((last[i] | 32) >= 'a' && (last[i] | 32) <= 'z') ? (char)(last[i] ^ 32) : last[i];
        return;
    }
    out[0] = 'u';
    for (size_t i = 1; i < 15; i++)
        out[i] = letters[rng_below(rng, 64)];
    out[15] = '\0';
}

void scim_new_id(struct sandbox *sb, struct rng *rng, const char *user_name, char *out)
{
    int64_t kind = switches_get(&sb->switches, SW_IDS);
    int n = 1;

    if (kind == IDS_CASE)
        case_id(sb, rng, out);
    else if (kind == IDS_MAIL)
        snprintf(out, SCIM_ID_MAX, "%.200s", user_name);
    else
        uuid(rng, out);
    /* Ids are never given out again, not even after a deletion. */
    while (state_by_id(&sb->state, out) || scim_group(sb, out)) {
        if (kind == IDS_MAIL)
            snprintf(out, SCIM_ID_MAX, "%d.%.200s", ++n, user_name);
        else
            uuid(rng, out);
    }
}

/* ---- life ---- */

void *scim_create(struct sandbox *sb, uint64_t seed)
{
    struct scim *scim = xcalloc(1, sizeof(*scim));

    rng_seed(&scim->rng, seed ^ 0x5c1);
    sb->state.by_id.fold = false;
    return scim;
}

void scim_destroy(void *data)
{
    struct scim *scim = data;

    for (size_t i = 0; i < scim->ngroups; i++)
        scim_group_free(scim->groups[i]);
    free(scim->groups);
    scim_search_free(scim->search);
    arena_deinit(&scim->arena);
    free(scim);
}

/* What matches and in which order hangs on switches, so what was found is forgotten. */
void scim_switched(struct sandbox *sb)
{
    struct scim *scim = sb->data;
    struct state *state = &sb->state;
    bool fold = switches_get(&sb->switches, SW_USER_NAME_CASE) == 0;

    scim_search_free(scim->search);
    scim->search = NULL;
    if (state->by_email.fold == fold)
        return;
    textmap_free(&state->by_email);
    state->by_email.fold = fold;
    for (size_t i = 0; i < state->count; i++) {
        if (holds_name(state->users[i].f))
            textmap_put(&state->by_email, state->users[i].f[S_NAME], (uint32_t)i);
    }
}

/* ---- rows and documents ---- */

struct user *scim_user(struct sandbox *sb, const char *id)
{
    struct user *u = state_by_id(&sb->state, id);

    return u && !*u->f[S_GONE] ? u : NULL;
}

const char *const *scim_seen(const struct call *call, struct user *u)
{
    const char *const *f = state_seen(u, call->now);

    return f && !*f[S_GONE] ? f : NULL;
}

json_t *scim_doc(const char *const *f)
{
    return json_loads(f[S_DOC], 0, NULL);
}

static const char *member_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

void scim_plain(json_t *doc)
{
    static const char *const made[] = { "id", "meta", "groups", "schemas", "password" };
    json_t *extension = json_object_get(doc, SCIM_ENTERPRISE);
    const char *manager = member_text(json_object_get(extension, "manager"), "value");

    for (size_t i = 0; i < array_len(made); i++)
        json_object_del(doc, made[i]);
    if (*manager)
        json_object_set_new(extension, "manager", json_pack("{s:s}", "value", manager));
    else
        json_object_del(extension, "manager");
    scim_prune(doc, 0);
}

static void put(struct sandbox *sb, struct user *u, size_t field, const char *text)
{
    if (strcmp(u->f[field], text) != 0)
        state_set(&sb->state, u, field, text, strlen(text));
}

struct user *scim_store(struct sandbox *sb, struct user *u, const char *id, json_t *doc, unix_us when,
                        uint64_t now)
{
    const char *f[S_COUNT] = { [S_ID] = id, [S_VERSION] = "1" };
    char time[32], version[32], *text;

    scim_plain(doc);
    text = json_dumps(doc, JSON_COMPACT);
    f[S_NAME] = member_text(doc, "userName");
    f[S_EXTERNAL] = member_text(doc, "externalId");
    f[S_DISPLAY] = member_text(doc, "displayName");
    f[S_DOC] = text;
    f[S_CREATED] = f[S_MODIFIED] = time_rfc3339(time, when, true);
    if (!u) {
        u = state_add(&sb->state, f, now);
    } else {
        snprintf(version, sizeof(version), "%llu", strtoull(u->f[S_VERSION], NULL, 10) + 1);
        f[S_VERSION] = version;
        state_begin(&sb->state, u, now);
        for (size_t i = S_NAME; i < S_GONE; i++) {
            if (i != S_CREATED)
                put(sb, u, i, f[i]);
        }
    }
    free(text);
    return u;
}

bool scim_known(const struct call *call, struct user *u)
{
    return state_seen(u, call->now) && !u->old && !u->behind_back;
}

void scim_remove(struct sandbox *sb, struct user *u, uint64_t now)
{
    const struct scim *scim = sb->data;

    state_begin(&sb->state, u, now);
    state_set(&sb->state, u, S_GONE, "1", 1);
    sb->state.gone++;
    for (size_t i = 0; i < scim->ngroups; i++) {
        if (scim->groups[i]->gone || !scim_member_is(scim->groups[i], u->f[S_ID]))
            continue;
        scim_group_begin(sb, scim->groups[i], now);
        scim_member_remove(scim->groups[i], u->f[S_ID]);
    }
}

/* ---- state files ---- */

static bool load_user(struct sandbox *sb, json_t *one, size_t number, struct buf *error)
{
    struct scim *scim = sb->data;
    const char *name = member_text(one, "userName"), *id = member_text(one, "id");
    json_t *meta = json_object_get(one, "meta");
    unix_us created = scim_time(member_text(meta, "created"));
    char fresh[SCIM_ID_MAX], time[32];
    struct user *u;

    if (!*id)
        scim_new_id(sb, &scim->rng, name, fresh);
    else
        snprintf(fresh, sizeof(fresh), "%s", id);
    if (!*name || strlen(id) >= SCIM_ID_MAX || state_by_id(&sb->state, fresh) ||
        state_by_email(&sb->state, name)) {
        buf_printf(error, "user %zu: 'userName' is needed; it and 'id' (up to 255 bytes) stand there once",
                   number);
        return false;
    }
    json_incref(meta);
    u = scim_store(sb, NULL, fresh, one, created ? created : clock_unix(), 0);
    if (scim_time(member_text(meta, "lastModified")))
        put(sb, u, S_MODIFIED, time_rfc3339(time, scim_time(member_text(meta, "lastModified")), true));
    if (strncmp(member_text(meta, "version"), "W/\"", 3) == 0) {
        snprintf(time, sizeof(time), "%llu", strtoull(member_text(meta, "version") + 3, NULL, 10));
        put(sb, u, S_VERSION, time);
    }
    json_decref(meta);
    return true;
}

static bool load_group(struct sandbox *sb, const json_t *one, size_t number, struct buf *error)
{
    struct scim *scim = sb->data;
    const char *id = member_text(one, "id"), *display = member_text(one, "displayName");
    char fresh[SCIM_ID_MAX];
    struct scim_group *g;
    size_t i;
    json_t *member;

    if (!*display || strlen(id) >= SCIM_ID_MAX || (*id && scim_group(sb, id))) {
        buf_printf(error, "group %zu: 'displayName' is needed; 'id' (up to 255 bytes) stands there once",
                   number);
        return false;
    }
    if (!*id)
        scim_new_id(sb, &scim->rng, display, fresh);
    g = scim_group_add(sb, *id ? id : fresh, display, member_text(one, "externalId"), clock_unix());
    json_array_foreach(json_object_get(one, "members"), i, member)
    {
        if (*member_text(member, "value"))
            scim_member_add(sb, g, member_text(member, "value"));
    }
    return true;
}

bool scim_load(struct sandbox *sb, const json_t *root, struct buf *error)
{
    const json_t *users = json_object_get(root, "users"), *groups = json_object_get(root, "groups");
    size_t i;
    json_t *one;

    if (!json_is_array(users) || (groups && !json_is_array(groups))) {
        buf_puts(error, "'users' is no array, or 'groups' is there and is none");
        return false;
    }
    json_array_foreach((json_t *)users, i, one)
    {
        if (!load_user(sb, one, i + 1, error))
            return false;
    }
    json_array_foreach((json_t *)groups, i, one)
    {
        if (!load_group(sb, one, i + 1, error))
            return false;
    }
    return true;
}

static void dump_user(const char *const *f, struct jw *j)
{
    char version[32];

    scim_etag(strtoull(f[S_VERSION], NULL, 10), version);
    jw_object(j);
    jw_kz(j, "id", f[S_ID]);
    jw_key(j, "meta");
    jw_object(j);
    jw_kz(j, "created", f[S_CREATED]);
    jw_kz(j, "lastModified", f[S_MODIFIED]);
    jw_kz(j, "version", version);
    jw_end_object(j);
    if (f[S_DOC][1] != '}') {
        buf_putc(j->out, ',');
        buf_add(j->out, f[S_DOC] + 1, strlen(f[S_DOC]) - 2);
    }
    jw_end_object(j);
}

static void dump_group(const struct scim_group *g, struct jw *j)
{
    jw_object(j);
    jw_kz(j, "id", g->id);
    jw_kz(j, "displayName", g->display);
    if (*g->external)
        jw_kz(j, "externalId", g->external);
    jw_key(j, "members");
    jw_array(j);
    for (size_t i = 0; i < g->members.count; i++) {
        jw_object(j);
        jw_kz(j, "value", g->members.id[i]);
        jw_end_object(j);
    }
    jw_end_array(j);
    jw_end_object(j);
}

void scim_dump(struct sandbox *sb, struct jw *j)
{
    const struct scim *scim = sb->data;

    jw_key(j, "users");
    jw_array(j);
    for (size_t i = 0; i < sb->state.count; i++) {
        if (!*sb->state.users[i].f[S_GONE])
            dump_user(sb->state.users[i].f, j);
    }
    jw_end_array(j);
    jw_key(j, "groups");
    jw_array(j);
    for (size_t i = 0; i < scim->ngroups; i++) {
        if (!scim->groups[i]->gone)
            dump_group(scim->groups[i], j);
    }
    jw_end_array(j);
}

/* ---- behind the client's back ---- */

static void merge(json_t *into, const json_t *from, int depth)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)from, name, value)
    {
        json_t *own = json_object_get(into, name);

        if (json_is_null(value))
            json_object_del(into, name);
        else if (json_is_object(value) && json_is_object(own) && depth < SCIM_DEPTH)
            merge(own, value, depth + 1);
        else
            json_object_set_new(into, name, json_deep_copy(value));
    }
}

bool scim_edit(struct call *call, struct buf *error)
{
    struct sandbox *sb = call->sb;
    const char *id = member_text(call->body, "id");
    struct user *u = scim_user(sb, id), *holder;
    json_t *doc;

    if (u && json_is_true(json_object_get(call->body, "deleted"))) {
        scim_remove(sb, u, call->now);
        u->behind_back = true;
        return true;
    }
    doc = u ? scim_doc(u->f) : json_object();
    merge(doc, call->body, 0);
    holder = state_by_email(&sb->state, member_text(doc, "userName"));
    if (!*id || strlen(id) >= SCIM_ID_MAX || !*member_text(doc, "userName"))
        buf_puts(error, "'id' (up to 255 bytes) is needed, for a new user 'userName' too");
    else if (!u && state_by_id(&sb->state, id))
        buf_printf(error, "the user '%s' was deleted", id);
    else if (holder && holder != u)
        buf_printf(error, "the userName '%s' is taken", member_text(doc, "userName"));
    if (!error->n) {
        u = scim_store(sb, u, id, doc, clock_unix(), call->now);
        u->behind_back = true;
    }
    json_decref(doc);
    return error->n == 0;
}
