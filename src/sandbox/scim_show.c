/* How users are shown: what the server adds, and which attributes a client wants to see. */
#include "scim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void scim_etag(uint64_t version, char out[32])
{
    snprintf(out, 32, "W/\"%llu\"", (unsigned long long)version);
}

void scim_location(const struct call *call, const char *kind, const char *id, struct buf *out)
{
    const char *host = http_header(call->x, "Host");

    buf_printf(out, "http://%s" SCIM_BASE "/%s/", host ? host : "127.0.0.1", kind);
    for (const unsigned char *p = (const unsigned char *)id; *p; p++) {
        if ((*p | 32) >= 'a' && (*p | 32) <= 'z')
            buf_putc(out, (char)*p);
        else if ((*p >= '0' && *p <= '9') || strchr("-._~", *p))
            buf_putc(out, (char)*p);
        else
            buf_printf(out, "%%%02X", *p);
    }
}

static void user_schemas(const char *doc, struct jw *j)
{
    jw_key(j, "schemas");
    jw_array(j);
    jw_z(j, SCIM_USER);
    if (strstr(doc, "\"" SCIM_ENTERPRISE "\":{"))
        jw_z(j, SCIM_ENTERPRISE);
    if (strstr(doc, "\"" SCIM_BADGE "\":{"))
        jw_z(j, SCIM_BADGE);
    jw_end_array(j);
}

static void user_meta(const struct call *call, const char *const *f, struct jw *j)
{
    struct buf location = BUF_INIT(ANSWER_MAX);
    char version[32];

    jw_key(j, "meta");
    jw_object(j);
    jw_kz(j, "resourceType", "User");
    jw_kz(j, "created", f[S_CREATED]);
    jw_kz(j, "lastModified", f[S_MODIFIED]);
    scim_location(call, "Users", f[S_ID], &location);
    jw_kz(j, "location", buf_z(&location));
    buf_deinit(&location);
    if (call_switch(call, SW_ETAG) == 0) {
        scim_etag(strtoull(f[S_VERSION], NULL, 10), version);
        jw_kz(j, "version", version);
    }
    jw_end_object(j);
}

static void user_groups(const struct call *call, const char *id, struct jw *j)
{
    const struct scim *scim = scim_of(call);
    struct buf location = BUF_INIT(ANSWER_MAX);

    jw_key(j, "groups");
    jw_array(j);
    for (size_t i = 0; i < scim->ngroups; i++) {
        const struct scim_group *g = scim_group_seen(call, scim->groups[i]);

        if (!g || !scim_member_is(g, id))
            continue;
        buf_clear(&location);
        scim_location(call, "Groups", g->id, &location);
        jw_object(j);
        jw_kz(j, "value", g->id);
        jw_kz(j, "$ref", buf_z(&location));
        jw_kz(j, "display", g->display);
        jw_kz(j, "type", "direct");
        jw_end_object(j);
    }
    jw_end_array(j);
    buf_deinit(&location);
}

/* The document with the manager's address and name behind its id. Quotes in values are escaped, so the words
 * that are looked for can only be the member itself. */
static void document(const struct call *call, const char *doc, struct buf *out)
{
    static const char before[] = "\"manager\":{\"value\":";
    const char *at = strstr(doc, before), *end = at ? strchr(at, '}') : NULL;
    json_t *value = NULL;
    struct user *manager;
    const char *const *f;
    struct jw j;

    if (end)
        value = json_loadb(at + 10, (size_t)(end - at) - 9, 0, NULL);
    manager = value ? scim_user(call->sb, json_string_value(json_object_get(value, "value"))) : NULL;
    f = manager ? scim_seen(call, manager) : NULL;
    json_decref(value);
    if (!f) {
        buf_puts(out, doc + 1);
        return;
    }
    buf_add(out, doc + 1, (size_t)(end - doc) - 1);
    buf_puts(out, ",\"$ref\":");
    j = jw_into(out);
    {
        struct buf location = BUF_INIT(ANSWER_MAX);

        scim_location(call, "Users", f[S_ID], &location);
        jw_z(&j, buf_z(&location));
        buf_deinit(&location);
    }
    buf_puts(out, ",\"displayName\":");
    j = jw_into(out);
    jw_z(&j, f[S_DISPLAY]);
    buf_puts(out, end);
}

void scim_user_text(const struct call *call, const char *const *f, struct buf *out)
{
    struct jw j = jw_into(out);

    jw_object(&j);
    user_schemas(f[S_DOC], &j);
    jw_kz(&j, "id", f[S_ID]);
    user_meta(call, f, &j);
    if (call_switch(call, SW_GROUPS) == 0 && call_switch(call, SW_USER_GROUPS) == 0)
        user_groups(call, f[S_ID], &j);
    if (f[S_DOC][1] == '}') {
        jw_end_object(&j);
        return;
    }
    buf_putc(out, ',');
    document(call, f[S_DOC], out);
}

/* ---- what is wished for ---- */

static void wish_names(struct call *call, const struct scim_schema *const *family, const char *text,
                       struct scim_wish *wish)
{
    while (*text) {
        struct scim_path path;
        const char *why;

        text += strspn(text, ", ");
        if (!*text)
            return;
        why = scim_path_read(call, family, &text, &path);
        if (why) {
            call_violation(call, RULE_UNKNOWN_ATTRIBUTE, "'%.*s': %s", (int)strcspn(text, ","), text, why);
            text += strcspn(text, ",");
        } else {
            wish->path = xrealloc(wish->path, wish->count + 1, sizeof(*wish->path));
            wish->path[wish->count++] = path;
        }
    }
}

void scim_wish_read(struct call *call, const struct scim_schema *const *family, struct scim_wish *wish)
{
    const char *with = call_param(call, "attributes"), *without = call_param(call, "excludedAttributes");

    *wish = (struct scim_wish){ .without = !with && without };
    if (with && without)
        call_violation(call, RULE_BAD_VALUE, "attributes and excludedAttributes in one request");
    if (with || without)
        wish_names(call, family, with ? with : without, wish);
}

void scim_wish_free(struct scim_wish *wish)
{
    for (size_t i = 0; i < wish->count; i++)
        scim_path_free(&wish->path[i]);
    free(wish->path);
}

static bool always(const char *name)
{
    return strcmp(name, "id") == 0 || strcmp(name, "schemas") == 0;
}

static void take_without(const struct scim_path *path, json_t *from)
{
    json_t *home = scim_home(from, path->schema), *value, *one;
    size_t i;

    if (!path->attr) {
        json_object_del(from, path->schema->urn);
        return;
    }
    value = json_object_get(home, path->attr->name);
    if (!path->sub && !always(path->attr->name))
        json_object_del(home, path->attr->name);
    if (!path->sub)
        return;
    json_object_del(value, path->sub->name);
    json_array_foreach(value, i, one) json_object_del(one, path->sub->name);
}

/* Everything but what is not wanted. */
static void leave_out(const struct scim_wish *wish, const char *text, struct buf *out)
{
    json_t *resource = json_loads(text, 0, NULL);
    char *shown;

    for (size_t i = 0; i < wish->count; i++)
        take_without(&wish->path[i], resource);
    shown = json_dumps(resource, JSON_COMPACT);
    buf_puts(out, shown);
    free(shown);
    json_decref(resource);
}

void scim_show(const struct scim_wish *wish, const struct buf *text, struct buf *out)
{
    if (!wish->count)
        buf_add(out, text->p, text->n);
    else if (wish->without)
        leave_out(wish, buf_z(text), out);
    else
        scim_project(wish, buf_z(text), out);
}
