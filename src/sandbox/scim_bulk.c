/*
 * POST /Bulk (RFC 7644, 3.7): operations one after the other, each answered for itself. What refers to a
 * later operation waits until that is done.
 */
#include "scim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE "bulkId:"

enum step { WAITING, DONE, FAILED };

struct operation {
    unsigned method;
    const char *verb, *bulk_id; /* borrowed from the body; bulk_id NULL: none */
    bool group;
    bool refers;  /* to what another one creates, in its data */
    char *id;     /* owned; of the path; NULL: none. May be a reference */
    json_t *data; /* owned */
    const char *version;
    enum step step;
    struct scim_result r;
};

struct bulk {
    struct call *call;
    struct operation *op; /* owned */
    size_t count, failed;
    int64_t most_failed; /* 0: any number */
    size_t done;
    struct textmap names; /* bulkId: number */
    struct textmap seen;  /* ids that were written */
};

/* ---- reading ---- */

static bool refuse(struct call *call, int status, enum rule rule, const char *type, const char *text)
{
    call_violation(call, rule, "%s", text);
    return scim_refuse(call, status, type, "%s", text);
}

static bool known_keys(struct call *call, const json_t *object, const char *const *keys, const char *where)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        size_t i = 0;

        while (keys[i] && strcmp(keys[i], name) != 0)
            i++;
        if (!keys[i])
            call_violation(call, RULE_UNKNOWN_KEY, "%s: '%s'", where, name);
    }
    return json_is_object(object);
}

/* "/Users", "/Users/ID", "/Groups", "/Groups/ID" */
static bool read_path(struct call *call, struct operation *op, const char *path)
{
    static const char *const kinds[] = { "/Users", "/Groups" };

    for (size_t i = 0; path && i < array_len(kinds); i++) {
        size_t n = strlen(kinds[i]);

        if (strncmp(path, kinds[i], n) != 0 || (path[n] && path[n] != '/'))
            continue;
        op->group = i == 1;
        if (!path[n] || !path[n + 1])
            return true;
        op->id = text_decoded(path + n + 1, strlen(path + n + 1), false);
        if (strncmp(path + n + 1, REFERENCE, strlen(REFERENCE)) != 0)
            scim_check_id(call, path + n + 1);
        return true;
    }
    return false;
}

static bool read_operation(struct call *call, struct operation *op, const json_t *one)
{
    static const char *const keys[] = { "method", "path", "bulkId", "version", "data", NULL };
    static const struct {
        const char *name;
        unsigned method;
    } methods[] = { { "POST", POST }, { "PUT", PUT }, { "PATCH", PATCH }, { "DELETE", DELETE } };

    if (!known_keys(call, one, keys, "operation"))
        return false;
    op->verb = json_string_value(json_object_get(one, "method"));
    op->bulk_id = json_string_value(json_object_get(one, "bulkId"));
    op->version = json_string_value(json_object_get(one, "version"));
    for (size_t i = 0; op->verb && i < array_len(methods); i++) {
        if (strcmp(methods[i].name, op->verb) == 0)
            op->method = methods[i].method;
    }
    if (!op->method || !read_path(call, op, json_string_value(json_object_get(one, "path"))))
        return false;
    op->data = json_deep_copy(json_object_get(one, "data"));
    return (op->method == POST) == !op->id && (op->method == DELETE || json_is_object(op->data));
}

static bool read_operations(struct bulk *b, const json_t *list)
{
    b->count = json_array_size(list);
    b->op = xcalloc(b->count, sizeof(*b->op));
    for (size_t i = 0; i < b->count; i++) {
        struct operation *op = &b->op[i];

        if (!read_operation(b->call, op, json_array_get(list, i)))
            return refuse(b->call, 400, RULE_BAD_VALUE, "invalidSyntax",
                          "An operation has a method, a path, a bulkId with POST, and data");
        if (op->method == POST && !op->bulk_id)
            return refuse(b->call, 400, RULE_MISSING_KEY, "invalidValue", "A POST needs a 'bulkId'");
        if (op->bulk_id && textmap_get(&b->names, op->bulk_id) != TEXTMAP_NONE)
            return refuse(b->call, 400, RULE_BAD_VALUE, "invalidValue", "A 'bulkId' stands there twice");
        if (op->bulk_id)
            textmap_put(&b->names, op->bulk_id, (uint32_t)i);
    }
    return true;
}

static bool read_bulk(struct bulk *b)
{
    static const char *const keys[] = { "schemas", "failOnErrors", "Operations", NULL };
    struct call *call = b->call;
    const json_t *list = json_object_get(call->body, "Operations");
    json_t *most = json_object_get(call->body, "failOnErrors");

    if (call_switch(call, SW_BULK) == 1) {
        call_violation(call, RULE_BULK_LIMIT, "there is no Bulk here");
        return scim_refuse(call, 501, NULL, "Bulk is not supported");
    }
    if ((int64_t)call->request->body.n > call_switch(call, SW_BULK_PAYLOAD))
        return refuse(call, 413, RULE_BULK_LIMIT, NULL, "The bulk request is larger than maxPayloadSize");
    if (!known_keys(call, call->body, keys, "body") || !json_is_array(list))
        return refuse(call, 400, RULE_WRONG_TYPE, "invalidSyntax", "'Operations' is no array");
    scim_check_schemas(call, call->body, SCIM_MESSAGE "BulkRequest");
    if ((int64_t)json_array_size(list) > call_switch(call, SW_BULK_MAX))
        return refuse(call, 413, RULE_BULK_LIMIT, NULL, "There are more operations than maxOperations");
    if (!json_array_size(list))
        return refuse(call, 400, RULE_EMPTY_UPDATE, "invalidSyntax", "There are no operations");
    if (most && (!json_is_integer(most) || json_integer_value(most) < 1))
        return refuse(call, 400, RULE_BAD_VALUE, "invalidValue", "'failOnErrors' is no number above 0");
    b->most_failed = most ? json_integer_value(most) : call_switch(call, SW_BULK_STOP);
    return read_operations(b, list);
}

/* ---- references ---- */

/* What a reference leads to: its operation, or count when there is none. */
static size_t referred(const struct bulk *b, const char *text)
{
    uint32_t i = textmap_get(&b->names, text + strlen(REFERENCE));

    return i == TEXTMAP_NONE ? b->count : i;
}

static bool is_reference(const char *text)
{
    return text && strncmp(text, REFERENCE, strlen(REFERENCE)) == 0;
}

/* One reference of operation `own`. An id; or NULL, and then *ready says whether waiting is of use. */
static const char *resolved(struct bulk *b, size_t own, const char *text, bool *ready)
{
    size_t to = referred(b, text);
    struct scim_result *r = &b->op[own].r;

    if (call_switch(b->call, SW_BULK_ID) == 1)
        scim_fail(r, 400, "invalidValue", "References by bulkId are not supported");
    else if (to == b->count)
        scim_fail(r, 400, "invalidValue", "'%s' is no operation of this request", text);
    else if (b->op[to].step == FAILED)
        scim_fail(r, 409, "invalidValue", "'%s' has failed", text);
    else if (b->op[to].step == DONE)
        return b->op[to].r.id;
    else
        *ready = false;
    return NULL;
}

/* Puts ids in place of references, all the way down. False: one cannot be resolved, now or ever (then r says
 * so). */
static bool resolve(struct bulk *b, size_t own, json_t *value, bool *ready, int depth)
{
    const char *name;
    json_t *one;
    bool good = true;

    if (depth > SCIM_DEPTH)
        return true;
    json_object_foreach(value, name, one)
    {
        const char *text = json_string_value(one), *id = NULL;

        if (is_reference(text)) {
            b->op[own].refers = true;
            id = resolved(b, own, text, ready);
            good = good && id;
        } else {
            good = resolve(b, own, one, ready, depth + 1) && good;
        }
        if (id)
            json_object_set_new(value, name, json_string(id));
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        good = resolve(b, own, json_array_get(value, i), ready, depth + 1) && good;
    return good;
}

static bool resolve_path(struct bulk *b, size_t own, bool *ready)
{
    struct operation *op = &b->op[own];
    const char *id;

    if (!is_reference(op->id))
        return true;
    call_violation(b->call, RULE_BULK_NEEDLESS, "%s of '%s'", op->verb, op->id);
    id = resolved(b, own, op->id, ready);
    if (!id)
        return false;
    free(op->id);
    op->id = xstrdup(id);
    return true;
}

/* ---- doing ---- */

/* A group may be written again for one more new member: there are services that take but one of them at a
 * time. */
static void check_need(struct bulk *b, const struct operation *op)
{
    if (op->id && !(op->group && op->refers) && textmap_get(&b->seen, op->id) != TEXTMAP_NONE)
        call_violation(b->call, RULE_BULK_NEEDLESS, "%s of '%s', written in the same request", op->verb,
                       op->id);
}

static void settled(struct bulk *b, size_t own, bool good)
{
    b->op[own].step = good ? DONE : FAILED;
    b->failed += !good;
    if (good)
        textmap_put(&b->seen, b->op[own].r.id, (uint32_t)own);
    b->done++;
}

/* False: it waits for another one. */
static bool try_operation(struct bulk *b, size_t own)
{
    struct operation *op = &b->op[own];
    struct scim_op write = { op->method, op->group, NULL, NULL, op->version };
    bool ready = true;

    if (!resolve_path(b, own, &ready) || !resolve(b, own, op->data, &ready, 0)) {
        if (!ready && !op->r.status)
            return false;
        settled(b, own, false);
        return true;
    }
    check_need(b, op);
    write.id = op->id;
    write.data = op->data;
    if (op->group && call_switch(b->call, SW_GROUPS) == 1)
        scim_fail(&op->r, 404, NULL, "There are no groups here");
    else if (op->group)
        scim_write_group(b->call, &write, &op->r);
    else
        scim_write_user(b->call, &write, &op->r);
    settled(b, own, op->r.written);
    return true;
}

static bool stopped(const struct bulk *b)
{
    return b->most_failed && b->failed >= (size_t)b->most_failed;
}

static void do_all(struct bulk *b)
{
    bool first = true, more = true;

    while (more && !stopped(b)) {
        more = false;
        for (size_t i = 0; i < b->count && !stopped(b); i++) {
            if (b->op[i].step != WAITING)
                continue;
            if (try_operation(b, i))
                more = more || !first;
            else if (first)
                call_violation(b->call, RULE_BULK_ORDER, "operation %zu refers to a later one", i + 1);
        }
        more = more || (first && b->done < b->count);
        first = false;
    }
    for (size_t i = 0; i < b->count && !stopped(b); i++) {
        if (b->op[i].step != WAITING)
            continue;
        scim_fail(&b->op[i].r, 409, NULL, "The references go round in a ring");
        settled(b, i, false);
    }
}

/* ---- answering ---- */

static void write_status(const struct call *call, struct jw *j, int status)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", status);
    jw_key(j, "status");
    switch (call_switch(call, SW_BULK_STATUS)) {
    case STATUS_NUMBER: jw_int(j, status); break;
    case STATUS_OBJECT:
        jw_object(j);
        jw_kz(j, "code", text);
        jw_end_object(j);
        break;
    default: jw_z(j, text);
    }
}

static void write_version(const struct call *call, struct jw *j, const struct operation *op)
{
    const struct user *u = op->group ? NULL : scim_user(call->sb, op->r.id);
    const struct scim_group *g = op->group ? scim_group(call->sb, op->r.id) : NULL;
    char etag[32];

    if (call_switch(call, SW_ETAG) == 1 || (!u && !g))
        return;
    scim_etag(u ? strtoull(u->f[S_VERSION], NULL, 10) : g->version, etag);
    jw_kz(j, "version", etag);
}

static void write_operation(const struct call *call, struct jw *j, const struct operation *op)
{
    const char *id = op->step == DONE ? op->r.id : is_reference(op->id) ? NULL : op->id;
    struct buf text = BUF_INIT(ANSWER_MAX);

    jw_object(j);
    jw_kz(j, "method", op->verb);
    if (op->bulk_id)
        jw_kz(j, "bulkId", op->bulk_id);
    if (id) {
        scim_location(call, op->group ? "Groups" : "Users", id, &text);
        jw_kz(j, "location", buf_z(&text));
    }
    if (op->step == DONE)
        write_version(call, j, op);
    write_status(call, j, op->r.status);
    if (op->step == FAILED) {
        buf_clear(&text);
        scim_error_body(op->r.status, op->r.type, op->r.detail, &text);
        jw_key(j, "response");
        jw_raw(j, buf_view(&text));
    }
    jw_end_object(j);
    buf_deinit(&text);
}

static void answer(const struct bulk *b)
{
    struct jw j = jw_into(&b->call->out);
    bool reversed = call_switch(b->call, SW_BULK_ORDER) == 1;

    jw_object(&j);
    jw_key(&j, "schemas");
    jw_array(&j);
    jw_z(&j, SCIM_MESSAGE "BulkResponse");
    jw_end_array(&j);
    jw_key(&j, "Operations");
    jw_array(&j);
    for (size_t i = 0; i < b->count; i++) {
        const struct operation *op = &b->op[reversed ? b->count - 1 - i : i];

        if (op->step != WAITING)
            write_operation(b->call, &j, op);
    }
    jw_end_array(&j);
    jw_end_object(&j);
}

void scim_bulk(struct call *call)
{
    struct bulk b = { .call = call };

    if (read_bulk(&b)) {
        do_all(&b);
        answer(&b);
    }
    for (size_t i = 0; i < b.count; i++) {
        free(b.op[i].id);
        json_decref(b.op[i].data);
    }
    free(b.op);
    textmap_free(&b.names);
    textmap_free(&b.seen);
}
