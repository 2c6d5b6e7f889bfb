/* Creating, replacing, patching, deleting users; and the calls that do it to one. */
#include "scim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is recorded ---- */

static const char *manager_of(const json_t *doc)
{
    const json_t *manager = json_object_get(json_object_get(doc, SCIM_ENTERPRISE), "manager");
    const char *id = json_string_value(json_object_get(manager, "value"));

    return id ? id : "";
}

/* No server looks: it is stored, whoever it is. */
static void check_manager(struct call *call, const char *id, const json_t *before, const json_t *doc)
{
    const char *manager = manager_of(doc);

    if (!*manager || strcmp(manager, manager_of(before)) == 0)
        return;
    if (strcmp(manager, id) == 0)
        call_violation(call, RULE_OWN_MANAGER, "%s", manager);
    else if (!scim_user(call->sb, manager))
        call_violation(call, RULE_UNKNOWN_REFERENCE, "manager '%s'", manager);
}

/* Does the list have a value of the same type, or the same value? */
static bool has_like(const json_t *list, const json_t *value)
{
    const char *key = json_object_get(value, "type") ? "type" : "value";
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)list, i, one)
    {
        if (json_equal(json_object_get(one, key), json_object_get(value, key)))
            return true;
    }
    return false;
}

/* Everything of the stored document must be in the body, if only as null. */
static void check_losses(struct call *call, const json_t *before, const json_t *body, const char *where)
{
    const char *name;
    json_t *value, *one;
    size_t i;

    json_object_foreach((json_t *)before, name, value)
    {
        json_t *own = json_object_get(body, name);

        if (!own)
            call_violation(call, RULE_PUT_LOSES, "%s%s", where, name);
        if (json_is_object(value) && json_is_object(own) && !*where)
            check_losses(call, value, own, name);
        if (!json_is_array(value) || !json_array_size(own))
            continue;
        json_array_foreach(value, i, one)
        {
            if (json_is_object(one) && !has_like(own, one))
                call_violation(call, RULE_PUT_LOSES, "%s%s: one of its values", where, name);
        }
    }
}

/* A PATCH that says false to who is inactive already. */
static bool says_inactive(const json_t *body)
{
    size_t i;
    json_t *one;

    json_array_foreach(json_object_get(body, "Operations"), i, one)
    {
        const char *path = json_string_value(json_object_get(one, "path"));
        json_t *value = json_object_get(one, "value");

        if ((path && strcmp(path, "active") == 0) || (!path && json_object_get(value, "active")))
            return true;
    }
    return false;
}

static void check_effect(struct call *call, const struct scim_op *op, const json_t *before, const json_t *doc)
{
    bool inactive =
        json_is_false(json_object_get(before, "active")) && json_is_false(json_object_get(doc, "active"));

    if (json_equal((json_t *)before, (json_t *)doc))
        call_violation(call, RULE_NO_CHANGE, "%s %s", op->method == PUT ? "PUT" : "PATCH", op->id);
    if (inactive && op->method == PATCH && says_inactive(op->data))
        call_violation(call, RULE_SAME_STATUS, "%s", op->id);
}

/* ---- values as the server likes them ---- */

static void only_digits(json_t *numbers)
{
    size_t i;
    json_t *one;

    json_array_foreach(numbers, i, one)
    {
        const char *value = json_string_value(json_object_get(one, "value"));
        struct buf digits = BUF_INIT(ANSWER_MAX);

        for (; value && *value; value++) {
            if (*value >= '0' && *value <= '9')
                buf_putc(&digits, *value);
        }
        json_object_set_new(one, "value", json_string(buf_z(&digits)));
        buf_deinit(&digits);
    }
}

static void format_name(json_t *name)
{
    static const char *const parts[] = { "givenName", "middleName", "familyName" };
    struct buf text = BUF_INIT(ANSWER_MAX);

    for (size_t i = 0; i < array_len(parts); i++) {
        const char *part = json_string_value(json_object_get(name, parts[i]));

        if (part && *part)
            buf_printf(&text, "%s%s", text.n ? " " : "", part);
    }
    if (text.n)
        json_object_set_new(name, "formatted", json_string(buf_z(&text)));
    buf_deinit(&text);
}

static void rewrite(const struct call *call, json_t *doc)
{
    const char *display = json_string_value(json_object_get(doc, "displayName"));
    json_t *user_name = json_object_get(doc, "userName");

    if (call_switch(call, SW_LOWER_USER_NAME) == 0 && json_is_string(user_name)) {
        char *text = xstrdup(json_string_value(user_name));

        for (char *p = text; *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
        json_object_set_new(doc, "userName", json_string(text));
        free(text);
    }
    if (call_switch(call, SW_REWRITE) != 0)
        return;
    if (!display || !*display)
        json_object_set(doc, "displayName", json_object_get(doc, "userName"));
    if (json_object_get(doc, "name"))
        format_name(json_object_get(doc, "name"));
    only_digits(json_object_get(doc, "phoneNumbers"));
}

/* ---- the four ways ---- */

bool scim_match_version(struct call *call, const struct scim_op *op, uint64_t version, struct scim_result *r)
{
    char now[32];

    if (call_switch(call, SW_ETAG) != 0)
        return true;
    if (!op->version) {
        call_violation(call, RULE_NO_IF_MATCH, "%s", op->id);
        return call_switch(call, SW_ETAG_REQUIRED) == 1 || scim_fail(r, 428, NULL, "If-Match is required");
    }
    scim_etag(version, now);
    if (strcmp(op->version, "*") == 0 || strcmp(op->version, now) == 0)
        return true;
    return scim_fail(r, 412, NULL, "The resource has changed: it is %s by now", now);
}

/* userName there, and nobody else's. */
static bool name_good(struct call *call, struct user *u, const json_t *doc, struct scim_result *r)
{
    const char *name = json_string_value(json_object_get(doc, "userName"));
    struct user *holder = name ? state_by_email(&call->sb->state, name) : NULL;

    if (!name || !*name) {
        call_violation(call, RULE_MISSING_KEY, "userName");
        return scim_fail(r, 400, "invalidValue", "'userName' is required");
    }
    if (!holder || holder == u)
        return true;
    if (scim_known(call, holder))
        call_violation(call, RULE_CREATE_EXISTS, "%s", name);
    return scim_fail(r, 409, "uniqueness", "The userName '%s' is taken", name);
}

/* A client learns of this demand by the refusal: it is no breach. */
static bool primary_good(const struct call *call, const json_t *doc, struct scim_result *r)
{
    size_t i;
    json_t *one;

    if (call_switch(call, SW_PRIMARY_REQUIRED) == 1)
        return true;
    json_array_foreach(json_object_get(doc, "emails"), i, one)
    {
        if (json_is_true(json_object_get(one, "primary")))
            return true;
    }
    return scim_fail(r, 400, "invalidValue", "One of 'emails' must be primary");
}

static void written(struct call *call, struct user *u, struct scim_result *r, int status)
{
    call_touch(call, u);
    snprintf(r->id, sizeof(r->id), "%s", u->f[S_ID]);
    r->status = status;
    r->written = true;
}

static bool create(struct call *call, json_t *doc, struct scim_result *r)
{
    struct sandbox *sb = call->sb;
    char id[SCIM_ID_MAX];
    struct user *u;

    scim_check_schemas(call, doc, SCIM_USER);
    if (!scim_check(call, scim_user_family, doc, r))
        return false;
    scim_plain(doc);
    if (!json_object_get(doc, "active"))
        json_object_set_new(doc, "active", json_true());
    rewrite(call, doc);
    if (!name_good(call, NULL, doc, r) || !primary_good(call, doc, r))
        return false;
    scim_new_id(sb, &scim_of(call)->rng, json_string_value(json_object_get(doc, "userName")), id);
    check_manager(call, id, NULL, doc);
    u = scim_store(sb, NULL, id, doc, clock_unix(), call->now);
    emulator_created(sb, u->f[S_NAME]);
    written(call, u, r, 201);
    return true;
}

static bool replace(struct call *call, const struct scim_op *op, struct user *u, const json_t *before,
                    json_t *doc, struct scim_result *r)
{
    bool same;

    scim_check_schemas(call, doc, SCIM_USER);
    if (scim_known(call, u))
        check_losses(call, before, doc, "");
    if (!scim_check(call, scim_user_family, doc, r))
        return false;
    scim_plain(doc);
    if (scim_known(call, u))
        check_effect(call, op, before, doc);
    rewrite(call, doc);
    if (!name_good(call, u, doc, r))
        return false;
    check_manager(call, op->id, before, doc);
    same = json_equal((json_t *)before, doc);
    if (!same)
        u = scim_store(call->sb, u, NULL, doc, clock_unix(), call->now);
    written(call, u, r, 200);
    return true;
}

static bool patch(struct call *call, const struct scim_op *op, struct user *u, const json_t *before,
                  json_t *doc, struct scim_result *r)
{
    static const int statuses[] = { 200, 204 };
    bool skipped;

    if (call_switch(call, SW_PATCH) == 1)
        return scim_fail(r, 501, NULL, "PATCH is not supported");
    if (!scim_patch(call, op->data, doc, scim_known(call, u), &skipped, r))
        return false;
    scim_plain(doc);
    if (!skipped && scim_known(call, u))
        check_effect(call, op, before, doc);
    if (json_equal((json_t *)before, doc)) {
        written(call, u, r, statuses[call_switch(call, SW_NOCHANGE)]);
        return true;
    }
    rewrite(call, doc);
    if (!name_good(call, u, doc, r))
        return false;
    check_manager(call, op->id, before, doc);
    u = scim_store(call->sb, u, NULL, doc, clock_unix(), call->now);
    written(call, u, r, statuses[call_switch(call, SW_PATCH_ANSWER)]);
    return true;
}

static bool delete_user(struct call *call, struct user *u, struct scim_result *r)
{
    if (call_switch(call, SW_DELETE) == 1)
        return scim_fail(r, 405, NULL, "Users cannot be deleted here");
    written(call, u, r, 204);
    scim_remove(call->sb, u, call->now);
    return true;
}

void scim_write_user(struct call *call, const struct scim_op *op, struct scim_result *r)
{
    struct user *u = op->id ? scim_user(call->sb, op->id) : NULL;
    json_t *before = NULL, *doc;

    *r = (struct scim_result){ .status = 200 };
    if (op->method != DELETE && !json_is_object(op->data)) {
        call_violation(call, RULE_WRONG_TYPE, "the body is no object");
        scim_fail(r, 400, "invalidSyntax", "The body is no object");
        return;
    }
    if (op->method == POST) {
        doc = json_deep_copy(op->data);
        create(call, doc, r);
        json_decref(doc);
        return;
    }
    if (!u) {
        const struct user *gone = state_by_id(&call->sb->state, op->id);

        if (!gone || !gone->behind_back)
            call_violation(call, RULE_UNKNOWN_USER, "%s", op->id);
        scim_fail(r, 404, NULL, "Resource %s not found", op->id);
        return;
    }
    if (!scim_match_version(call, op, strtoull(u->f[S_VERSION], NULL, 10), r))
        return;
    before = scim_doc(u->f);
    doc = op->method == PUT ? json_deep_copy(op->data) : json_deep_copy(before);
    if (op->method == DELETE)
        delete_user(call, u, r);
    else if (op->method == PUT)
        replace(call, op, u, before, doc, r);
    else
        patch(call, op, u, before, doc, r);
    json_decref(before);
    json_decref(doc);
}
