/* Creating, replacing, patching, deleting groups. */
#include "scim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *value_of(const json_t *member)
{
    const char *id = json_string_value(json_object_get(member, "value"));

    return id ? id : "";
}

static void touch(struct call *call, const char *member)
{
    struct user *u = scim_user(call->sb, member);

    if (u)
        call_touch(call, u);
}

/* Do reads show the truth about it? */
static bool known(const struct call *call, const struct scim_group *g)
{
    return !g->before || call->now >= g->before_until_us;
}

/* ---- members ---- */

static void add_member(struct call *call, struct scim_group *g, const char *id)
{
    if (!scim_user(call->sb, id) && !scim_group(call->sb, id))
        call_violation(call, RULE_MEMBER_UNKNOWN, "'%s' in group '%s'", id, g->id);
    if (scim_member_is(g, id)) {
        if (known(call, g))
            call_violation(call, RULE_MEMBER_TWICE, "'%s' in group '%s'", id, g->id);
        return;
    }
    scim_member_add(call->sb, g, id);
    touch(call, id);
}

static void remove_member(struct call *call, struct scim_group *g, const char *id)
{
    scim_member_remove(g, id);
    touch(call, id);
}

/* The values of a body, checked; each with an id. */
static bool members_good(struct call *call, const json_t *list, struct scim_result *r)
{
    size_t i;
    json_t *one;

    if (!json_is_array(list)) {
        call_violation(call, RULE_WRONG_TYPE, "'members' is no array");
        return scim_fail(r, 400, "invalidValue", "'members' is no array");
    }
    json_array_foreach((json_t *)list, i, one)
    {
        if (!*value_of(one) || strlen(value_of(one)) >= SCIM_ID_MAX) {
            call_violation(call, RULE_WRONG_TYPE, "a member without a value");
            return scim_fail(r, 400, "invalidValue", "A member has a 'value'");
        }
    }
    return true;
}

/* Exactly these; who stays is no breach. */
static void replace_members(struct call *call, struct scim_group *g, const json_t *list)
{
    struct textmap wanted = { .fold = false };
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)list, i, one) textmap_put(&wanted, value_of(one), 0);
    for (size_t k = g->members.count; k-- > 0;) {
        if (textmap_get(&wanted, g->members.id[k]) == TEXTMAP_NONE)
            remove_member(call, g, g->members.id[k]);
    }
    json_array_foreach((json_t *)list, i, one)
    {
        if (!scim_member_is(g, value_of(one)))
            add_member(call, g, value_of(one));
    }
    textmap_free(&wanted);
}

/* Those that a path's filter finds. */
static void remove_found(struct call *call, struct scim_group *g, const struct scim_path *path)
{
    const char *only = scim_filter_only(path->filter, "value");
    size_t before = g->members.count;

    if (only) {
        if (scim_member_is(g, only))
            remove_member(call, g, only);
    } else {
        for (size_t k = g->members.count; k-- > 0;) {
            json_t *one = json_pack("{s:s}", "value", g->members.id[k]);

            if (scim_filter_matches(call, path->filter, one))
                remove_member(call, g, g->members.id[k]);
            json_decref(one);
        }
    }
    if (g->members.count == before && known(call, g))
        call_violation(call, RULE_MEMBER_NONE, "'%s' in group '%s'", only ? only : "?", g->id);
}

/* ---- operations ---- */

struct group_patch {
    struct call *call;
    struct scim_group *g;
    const char *op;
    json_t *value;
    struct scim_result *r;
    bool *skipped; /* a shape was passed over */
};

static bool patch_members(struct group_patch *p, const struct scim_path *path)
{
    size_t i;
    json_t *one;

    if (path && path->filter && call_switch(p->call, SW_PATCH_FILTER) == 1) {
        if (call_switch(p->call, SW_PATCH_REFUSE) == 0)
            return scim_fail(p->r, 400, "invalidPath", "A path with a filter is not supported");
        *p->skipped = true;
        return true;
    }
    if (strcmp(p->op, "remove") == 0) {
        if (p->value)
            call_violation(p->call, RULE_PATCH_SHAPE, "remove with a value");
        if (path->filter)
            remove_found(p->call, p->g, path);
        else
            replace_members(p->call, p->g, NULL);
        return true;
    }
    if (path && path->filter) {
        call_violation(p->call, RULE_PATCH_SHAPE, "members[...] with %s", p->op);
        return scim_fail(p->r, 400, "mutability", "A member cannot be changed");
    }
    if (!members_good(p->call, p->value, p->r))
        return false;
    if (strcmp(p->op, "replace") == 0) {
        replace_members(p->call, p->g, p->value);
        return true;
    }
    json_array_foreach(p->value, i, one) add_member(p->call, p->g, value_of(one));
    return true;
}

static bool patch_text(struct group_patch *p, const struct scim_attr *attr)
{
    bool display = strcmp(attr->name, "displayName") == 0;
    char **own = display ? &p->g->display : &p->g->external;
    const char *text = json_string_value(p->value);

    if (attr->flags & A_READONLY) {
        call_violation(p->call, RULE_UNKNOWN_ATTRIBUTE, "'%s' is read-only", attr->name);
        return scim_fail(p->r, 400, "mutability", "'%s' is read-only", attr->name);
    }
    if (strcmp(p->op, "remove") == 0 || json_is_null(p->value))
        text = "";
    if (!text || (display && !*text)) {
        call_violation(p->call, text ? RULE_MISSING_KEY : RULE_WRONG_TYPE, "%s", attr->name);
        return scim_fail(p->r, 400, "invalidValue", "'%s' is a string, and displayName is needed",
                         attr->name);
    }
    p->g->edits += strcmp(*own, text) != 0;
    free(*own);
    *own = xstrdup(text);
    return true;
}

static bool patch_attr(struct group_patch *p, const struct scim_path *path, const struct scim_attr *attr)
{
    return strcmp(attr->name, "members") == 0 ? patch_members(p, path) : patch_text(p, attr);
}

static bool patch_value(struct group_patch *p)
{
    json_t *all = p->value, *value;
    const char *name;

    if (!json_is_object(all) || strcmp(p->op, "remove") == 0) {
        call_violation(p->call, RULE_PATCH_SHAPE, "%s without a path", p->op);
        return scim_fail(p->r, 400, "noTarget", "An operation needs a path or an object");
    }
    json_object_foreach(all, name, value)
    {
        const struct scim_attr *attr = scim_attr_of(scim_group_family[0], name, strlen(name));

        if (!attr) {
            call_violation(p->call, RULE_UNKNOWN_ATTRIBUTE, "%s", name);
            return scim_fail(p->r, 400, "invalidPath", "There is no attribute '%s'", name);
        }
        p->value = value;
        if (!(attr->flags & A_READONLY) && !patch_attr(p, NULL, attr))
            return false;
    }
    return true;
}

static bool patch_path(struct group_patch *p, const char *text)
{
    struct scim_path path;
    const char *at = text, *why = scim_path_read(p->call, scim_group_family, &at, &path);
    bool good;

    if (!why && (*at || path.sub)) {
        scim_path_free(&path);
        why = "it leads nowhere that can be written";
    }
    if (why) {
        call_violation(p->call, RULE_UNKNOWN_ATTRIBUTE, "path '%s': %s", text, why);
        return scim_fail(p->r, 400, "invalidPath", "Path '%s': %s", text, why);
    }
    good = patch_attr(p, &path, path.attr);
    scim_path_free(&path);
    return good;
}

/* ---- the four ways ---- */

static bool display_good(struct call *call, const json_t *body, struct scim_result *r)
{
    const char *text = json_string_value(json_object_get(body, "displayName"));

    if (text && *text)
        return true;
    call_violation(call, RULE_MISSING_KEY, "displayName");
    return scim_fail(r, 400, "invalidValue", "'displayName' is required");
}

static bool body_good(struct call *call, json_t *body, struct scim_result *r)
{
    json_t *members = json_object_get(body, "members");

    scim_check_schemas(call, body, SCIM_GROUP);
    return scim_check(call, scim_group_family, body, r) && display_good(call, body, r) &&
           (!members || json_is_null(members) || members_good(call, members, r));
}

static void written(struct call *call, const struct scim_group *g, struct scim_result *r, int status)
{
    call->applied = true;
    snprintf(r->id, sizeof(r->id), "%s", g->id);
    r->status = status;
    r->written = true;
}

static void create(struct call *call, json_t *body, struct scim_result *r)
{
    struct sandbox *sb = call->sb;
    char id[SCIM_ID_MAX];
    const char *external = json_string_value(json_object_get(body, "externalId"));
    struct scim_group *g;

    if (!body_good(call, body, r))
        return;
    scim_new_id(sb, &scim_of(call)->rng, json_string_value(json_object_get(body, "displayName")), id);
    g = scim_group_add(sb, id, json_string_value(json_object_get(body, "displayName")),
                       external ? external : "", clock_unix());
    replace_members(call, g, json_object_get(body, "members"));
    if (sb->state.delay_us) { /* nobody sees it yet */
        scim_group_begin(sb, g, call->now);
        g->before->gone = true;
        g->version = 1;
    }
    written(call, g, r, 201);
}

static void replace(struct call *call, struct scim_group *g, json_t *body, struct scim_result *r)
{
    const char *external;
    size_t before = g->members.count;

    if (!body_good(call, body, r))
        return;
    if (before && !json_object_get(body, "members"))
        call_violation(call, RULE_PUT_LOSES, "members of group '%s'", g->id);
    if (*g->external && !json_object_get(body, "externalId"))
        call_violation(call, RULE_PUT_LOSES, "externalId of group '%s'", g->id);
    external = json_string_value(json_object_get(body, "externalId"));
    scim_group_begin(call->sb, g, call->now);
    free(g->display);
    g->display = xstrdup(json_string_value(json_object_get(body, "displayName")));
    free(g->external);
    g->external = xstrdup(external ? external : "");
    replace_members(call, g, json_object_get(body, "members"));
    written(call, g, r, 200);
}

/* All operations, or none. */
static bool patch_all(struct call *call, struct scim_group *g, json_t *list, bool *skipped,
                      struct scim_result *r)
{
    /* One operation with a path is checked before it changes anything: large groups need no copy for it. */
    bool simple = json_array_size(list) == 1 && json_object_get(json_array_get(list, 0), "path");
    struct scim_group *copy = simple ? NULL : scim_group_copy(g);
    size_t i;
    json_t *one;

    json_array_foreach(list, i, one)
    {
        struct group_patch p = {
            call, g, json_string_value(json_object_get(one, "op")), json_object_get(one, "value"), r, skipped
        };
        const char *path = json_string_value(json_object_get(one, "path"));

        if (!(path ? patch_path(&p, path) : patch_value(&p))) {
            if (copy)
                scim_group_restore(g, copy);
            return false;
        }
    }
    scim_group_free(copy);
    return true;
}

static void patch(struct call *call, struct scim_group *g, const json_t *body, struct scim_result *r)
{
    static const int statuses[] = { 200, 204 };
    json_t *list = scim_operations(call, body, r);
    uint64_t edits = g->edits, version = g->version;
    unix_us modified = g->modified;
    bool skipped = false;

    if (!list)
        return;
    scim_group_begin(call->sb, g, call->now);
    if (!patch_all(call, g, list, &skipped, r) || g->edits == edits) {
        g->version = version;
        g->modified = modified;
    }
    if (r->status >= 400)
        return;
    if (g->edits == edits && !skipped)
        call_violation(call, RULE_NO_CHANGE, "PATCH of group '%s'", g->id);
    written(call, g, r, statuses[call_switch(call, g->edits == edits ? SW_NOCHANGE : SW_PATCH_ANSWER)]);
}

static void delete_group(struct call *call, struct scim_group *g, struct scim_result *r)
{
    if (call_switch(call, SW_DELETE) == 1) {
        scim_fail(r, 405, NULL, "Groups cannot be deleted here");
        return;
    }
    scim_group_begin(call->sb, g, call->now);
    g->gone = true;
    written(call, g, r, 204);
}

static void change(struct call *call, const struct scim_op *op, json_t *body, struct scim_result *r)
{
    struct scim_group *g = scim_group(call->sb, op->id);

    if (!g) {
        call_violation(call, RULE_UNKNOWN_USER, "group '%s'", op->id);
        scim_fail(r, 404, NULL, "Resource %s not found", op->id);
    } else if (!scim_match_version(call, op, g->version, r)) {
        return;
    } else if (op->method == DELETE) {
        delete_group(call, g, r);
    } else if (op->method == PUT) {
        replace(call, g, body, r);
    } else if (call_switch(call, SW_PATCH) == 1) {
        scim_fail(r, 501, NULL, "PATCH is not supported");
    } else {
        patch(call, g, body, r);
    }
}

void scim_write_group(struct call *call, const struct scim_op *op, struct scim_result *r)
{
    json_t *body = json_deep_copy(op->data);

    *r = (struct scim_result){ .status = 200 };
    if (op->method != DELETE && !json_is_object(body)) {
        call_violation(call, RULE_WRONG_TYPE, "the body is no object");
        scim_fail(r, 400, "invalidSyntax", "The body is no object");
    } else if (op->method == POST) {
        create(call, body, r);
    } else {
        change(call, op, body, r);
    }
    json_decref(body);
}
