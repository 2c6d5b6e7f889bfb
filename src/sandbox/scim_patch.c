/* PATCH (RFC 7644, 3.5.2): operations on a user's document, and which of their shapes are taken. */
#include "scim.h"

#include <string.h>

enum action { ADD, REPLACE, REMOVE };

struct patch {
    struct call *call;
    json_t *doc; /* borrowed */
    enum action action;
    const char *text; /* the path as it was sent, or NULL */
    json_t *value;    /* borrowed; NULL: none */
    bool *skipped;
    struct scim_result *r;
};

/* ---- reading ---- */

static bool operation_good(struct call *call, const json_t *one, struct scim_result *r)
{
    static const char *const names[] = { "add", "replace", "remove" };
    const char *op = json_string_value(json_object_get(one, "op")), *key;
    json_t *path = json_object_get(one, "path"), *value;
    size_t i = 0;

    while (op && i < array_len(names) && !text_same(names[i], op))
        i++;
    if (!op || i == array_len(names)) {
        call_violation(call, RULE_PATCH_OP, "%s", op ? op : "missing");
        return scim_fail(r, 400, "invalidSyntax", "An operation is add, replace or remove");
    }
    if (strcmp(names[i], op) != 0) {
        call_violation(call, RULE_PATCH_OP, "'%s' is documented as '%s'", op, names[i]);
        json_object_set_new((json_t *)one, "op", json_string(names[i]));
    }
    json_object_foreach((json_t *)one, key, value)
    {
        if (strcmp(key, "op") != 0 && strcmp(key, "path") != 0 && strcmp(key, "value") != 0)
            call_violation(call, RULE_UNKNOWN_KEY, "operation: '%s'", key);
    }
    if (path && !json_is_string(path)) {
        call_violation(call, RULE_WRONG_TYPE, "path");
        return scim_fail(r, 400, "invalidPath", "A path is a string");
    }
    return true;
}

json_t *scim_operations(struct call *call, const json_t *body, struct scim_result *r)
{
    json_t *list = json_object_get(body, "Operations"), *one, *value;
    const char *key;
    size_t i;

    scim_check_schemas(call, body, SCIM_MESSAGE "PatchOp");
    json_object_foreach((json_t *)body, key, value)
    {
        if (strcmp(key, "schemas") != 0 && strcmp(key, "Operations") != 0)
            call_violation(call, RULE_UNKNOWN_KEY, "body: '%s'", key);
    }
    if (!json_array_size(list)) {
        call_violation(call, RULE_EMPTY_UPDATE, "no Operations");
        scim_fail(r, 400, "invalidSyntax", "'Operations' is missing or empty");
        return NULL;
    }
    json_array_foreach(list, i, one)
    {
        if (!operation_good(call, one, r))
            return NULL;
    }
    return list;
}

/* ---- values ---- */

/* A shape that this server does not know. */
static bool unknown_shape(struct patch *p, const char *what)
{
    if (call_switch(p->call, SW_PATCH_REFUSE) == 0)
        return scim_fail(p->r, 400, "invalidPath", "%s is not supported", what);
    *p->skipped = true;
    return true;
}

static bool has_value(const json_t *list, const json_t *value)
{
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)list, i, one)
    {
        if (json_equal(one, (json_t *)value))
            return true;
    }
    return false;
}

/* Values that join the others; a new primary one takes that from whoever had it. */
static void append(json_t *list, const json_t *more)
{
    size_t i, k;
    json_t *one, *old;

    json_array_foreach((json_t *)more, i, one)
    {
        if (has_value(list, one))
            continue;
        if (json_is_true(json_object_get(one, "primary"))) {
            json_array_foreach(list, k, old) json_object_del(old, "primary");
        }
        json_array_append_new(list, json_deep_copy(one));
    }
}

/* A value, checked by now, into its place. */
static void put(struct patch *p, const struct scim_attr *attr, json_t *home, json_t *value)
{
    json_t *own = json_object_get(home, attr->name);
    const char *name;
    json_t *one;

    if (json_is_null(value)) {
        json_object_del(home, attr->name);
    } else if ((attr->flags & A_MULTI) && p->action == ADD && json_is_array(own)) {
        append(own, value);
    } else if (attr->type == T_COMPLEX && !(attr->flags & A_MULTI) && json_is_object(own)) {
        json_object_foreach(value, name, one)
        {
            if (json_is_null(one))
                json_object_del(own, name);
            else
                json_object_set_new(own, name, json_deep_copy(one));
        }
    } else {
        json_object_set_new(home, attr->name, json_deep_copy(value));
    }
}

static bool may_write(struct patch *p, const struct scim_attr *attr)
{
    if (attr->flags & A_READONLY) {
        call_violation(p->call, RULE_UNKNOWN_ATTRIBUTE, "'%s' is read-only", attr->name);
        return scim_fail(p->r, 400, "mutability", "'%s' is read-only", attr->name);
    }
    if ((attr->flags & A_REQUIRED) && (p->action == REMOVE || json_is_null(p->value))) {
        call_violation(p->call, RULE_MISSING_KEY, "'%s' is removed", attr->name);
        return scim_fail(p->r, 400, "mutability", "'%s' cannot be removed", attr->name);
    }
    return true;
}

/* One attribute, whole. */
static bool set_attr(struct patch *p, const struct scim_attr *attr, json_t *home, json_t *value)
{
    json_t *holder;
    bool good;

    if (!may_write(p, attr))
        return false;
    if (p->action == REMOVE) {
        json_object_del(home, attr->name);
        return true;
    }
    holder = json_pack("{s:O}", attr->name, value);
    good = scim_check_value(p->call, attr, holder, attr->name, p->r);
    if (good)
        put(p, attr, home, json_object_get(holder, attr->name));
    json_decref(holder);
    return good;
}

/* One part of an attribute's value. */
static bool set_sub(struct patch *p, const struct scim_attr *sub, json_t *value)
{
    json_t *holder;
    bool good;

    if (p->action == REMOVE || json_is_null(p->value)) {
        json_object_del(value, sub->name);
        return true;
    }
    holder = json_pack("{s:O}", sub->name, p->value);
    good = scim_check_value(p->call, sub, holder, sub->name, p->r);
    if (good)
        json_object_set(value, sub->name, json_object_get(holder, sub->name));
    json_decref(holder);
    return good;
}

/* ---- several values ---- */

/* A value that such a filter would find: what its equalities say. */
static void from_filter(const struct scim_filter *f, json_t *into)
{
    if (f->node == N_AND) {
        from_filter(f->a, into);
        from_filter(f->b, into);
    } else if (f->node == N_TEST && f->compare == C_EQ) {
        json_object_set(into, f->path.attr->name, f->value);
    }
}

static bool merge_value(struct patch *p, const struct scim_attr *attr, json_t *into)
{
    const char *name;
    json_t *one, *list, *holder;
    bool good;

    if (!json_is_object(p->value)) {
        call_violation(p->call, RULE_WRONG_TYPE, "'%s' is no object", attr->name);
        return scim_fail(p->r, 400, "invalidValue", "A value of '%s' is an object", attr->name);
    }
    list = json_pack("[O]", p->value);
    holder = json_pack("{s:o}", attr->name, list);
    good = scim_check_value(p->call, attr, holder, attr->name, p->r);
    json_decref(holder);
    if (good) {
        json_object_foreach(p->value, name, one) json_object_set(into, name, one);
    }
    return good;
}

static bool no_match(struct patch *p, const struct scim_path *path, json_t *home)
{
    json_t *fresh, *list;
    bool good;

    if (p->action == REMOVE)
        return true;
    if (p->action == REPLACE && call_switch(p->call, SW_PATCH_NO_MATCH) == 0)
        return scim_fail(p->r, 400, "noTarget", "'%s' matches nothing", p->text);
    fresh = json_object();
    if (path->filter)
        from_filter(path->filter, fresh);
    good = path->sub ? set_sub(p, path->sub, fresh) : merge_value(p, path->attr, fresh);
    if (good) {
        list = json_object_get(home, path->attr->name);
        if (!json_is_array(list)) {
            list = json_array();
            json_object_set_new(home, path->attr->name, list);
        }
        json_array_append(list, fresh);
    }
    json_decref(fresh);
    return good;
}

static bool set_values(struct patch *p, const struct scim_path *path, json_t *home)
{
    json_t *list = json_object_get(home, path->attr->name);
    bool found = false, good = true;

    if (!may_write(p, path->attr))
        return false;
    for (size_t i = json_array_size(list); good && i-- > 0;) {
        json_t *one = json_array_get(list, i);

        if (path->filter && !scim_filter_matches(p->call, path->filter, one))
            continue;
        found = true;
        if (path->sub)
            good = set_sub(p, path->sub, one);
        else if (p->action == REMOVE)
            json_array_remove(list, i);
        else
            good = merge_value(p, path->attr, one);
    }
    return good && (found || no_match(p, path, home));
}

/* ---- extensions and the manager ---- */

static bool shape_taken(const struct patch *p, int64_t shape)
{
    int64_t taken = call_switch(p->call, SW_PATCH_EXTENSION);

    return taken == EXTENSION_ALL || taken == shape;
}

/* The extension of the document, made when it is not there. */
static json_t *extension_of(struct patch *p, const struct scim_schema *s)
{
    json_t *home = json_object_get(p->doc, s->urn);

    if (!home) {
        home = json_object();
        json_object_set_new(p->doc, s->urn, home);
    }
    return home;
}

static bool is_manager(const struct scim_attr *attr)
{
    return strcmp(attr->name, "manager") == 0;
}

/* The manager, whole: by its id, or by an object with it. */
static bool set_manager(struct patch *p, const struct scim_attr *attr, json_t *home, json_t *value)
{
    int64_t taken = call_switch(p->call, SW_PATCH_MANAGER);
    json_t *object;
    bool good;

    if (p->action != REMOVE && json_is_object(value) && taken == MANAGER_TEXT)
        return unknown_shape(p, "'manager' as an object");
    if (p->action == REMOVE || !json_is_string(value))
        return set_attr(p, attr, home, value);
    if (taken != MANAGER_ALL && taken != MANAGER_TEXT)
        return unknown_shape(p, "'manager' as a string");
    object = json_pack("{s:O}", "value", value);
    good = set_attr(p, attr, home, object);
    json_decref(object);
    return good;
}

static bool manager_path(struct patch *p, const struct scim_path *path, json_t *home)
{
    int64_t taken = call_switch(p->call, SW_PATCH_MANAGER);
    bool whole = !path->sub;

    if (call_switch(p->call, SW_PATCH_EXTENSION) == EXTENSION_NONE)
        return unknown_shape(p, "the extension");
    if (path->sub && taken != MANAGER_ALL && taken != MANAGER_VALUE)
        return unknown_shape(p, "'manager.value'");
    if (whole && p->action != REMOVE && json_is_object(p->value) && taken == MANAGER_VALUE)
        return unknown_shape(p, "'manager' as an object");
    if (whole)
        return set_manager(p, path->attr, home, p->value);
    if (!json_is_object(json_object_get(home, path->attr->name)))
        json_object_set_new(home, path->attr->name, json_object());
    return set_sub(p, path->sub, json_object_get(home, path->attr->name));
}

/* Attributes of an extension in an object. */
static bool extension_object(struct patch *p, const struct scim_schema *s, json_t *object)
{
    json_t *home, *value;
    const char *name;

    if (!json_is_object(object)) {
        call_violation(p->call, RULE_WRONG_TYPE, "'%s' is no object", s->urn);
        return scim_fail(p->r, 400, "invalidValue", "'%s' is no object", s->urn);
    }
    home = extension_of(p, s);
    json_object_foreach(object, name, value)
    {
        const struct scim_attr *attr = scim_attr_of(s, name, strlen(name));
        json_t *held = p->value;
        bool good;

        if (!attr) {
            call_violation(p->call, RULE_UNKNOWN_ATTRIBUTE, "%s", name);
            return scim_fail(p->r, 400, "invalidPath", "There is no attribute '%s'", name);
        }
        p->value = value;
        good = is_manager(attr) ? set_manager(p, attr, home, value) : set_attr(p, attr, home, value);
        p->value = held;
        if (!good)
            return false;
    }
    return true;
}

/* ---- operations ---- */

static bool by_value(struct patch *p)
{
    json_t *all = p->value, *value;
    const char *name;

    if (p->action == REMOVE) {
        call_violation(p->call, RULE_MISSING_KEY, "remove without a path");
        return scim_fail(p->r, 400, "noTarget", "A remove needs a path");
    }
    if (!json_is_object(all)) {
        call_violation(p->call, RULE_WRONG_TYPE, "value is no object, and there is no path");
        return scim_fail(p->r, 400, "invalidValue", "Without a path a value is an object");
    }
    json_object_foreach(all, name, value)
    {
        const struct scim_schema *s = strchr(name, ':') ? scim_schema_called(scim_user_family, name) : NULL;
        const struct scim_attr *attr = s ? NULL : scim_attr_of(scim_user_family[0], name, strlen(name));
        bool good;

        if (!attr && !(s && s->extension)) {
            call_violation(p->call, RULE_UNKNOWN_ATTRIBUTE, "%s", name);
            return scim_fail(p->r, 400, "invalidPath", "There is no attribute '%s'", name);
        }
        p->value = value;
        if (s && !shape_taken(p, EXTENSION_VALUE))
            good = unknown_shape(p, "an extension in a value");
        else
            good = s ? extension_object(p, s, value) : set_attr(p, attr, p->doc, value);
        p->value = all;
        if (!good)
            return false;
    }
    return true;
}

static bool at_extension(struct patch *p, const struct scim_path *path)
{
    json_t *home;

    if (!path->attr) {
        if (!shape_taken(p, EXTENSION_OBJECT))
            return unknown_shape(p, "a path to an extension");
        if (p->action != REMOVE)
            return extension_object(p, path->schema, p->value);
        json_object_del(p->doc, path->schema->urn);
        return true;
    }
    home = extension_of(p, path->schema);
    if (is_manager(path->attr))
        return manager_path(p, path, home);
    if (!shape_taken(p, EXTENSION_PATH))
        return unknown_shape(p, "a path to an attribute of an extension");
    return set_attr(p, path->attr, home, p->value);
}

static bool at_path(struct patch *p, const struct scim_path *path)
{
    json_t *own;

    if (path->schema->extension)
        return at_extension(p, path);
    if (path->filter && call_switch(p->call, SW_PATCH_FILTER) == 1)
        return unknown_shape(p, "a path with a filter");
    if (path->filter || (path->sub && (path->attr->flags & A_MULTI)))
        return set_values(p, path, p->doc);
    if (!path->sub)
        return set_attr(p, path->attr, p->doc, p->value);
    if (!may_write(p, path->attr))
        return false;
    own = json_object_get(p->doc, path->attr->name);
    if (!json_is_object(own)) {
        own = json_object();
        json_object_set_new(p->doc, path->attr->name, own);
    }
    return set_sub(p, path->sub, own);
}

static bool by_path(struct patch *p)
{
    struct scim_path path;
    const char *at = p->text, *why = scim_path_read(p->call, scim_user_family, &at, &path);
    bool good;

    if (!why && *at) {
        scim_path_free(&path);
        why = "something stands behind its end";
    }
    if (why) {
        call_violation(p->call, RULE_UNKNOWN_ATTRIBUTE, "path '%s': %s", p->text, why);
        return scim_fail(p->r, 400, "invalidPath", "Path '%s': %s", p->text, why);
    }
    if (p->action != REMOVE && !p->value) {
        scim_path_free(&path);
        call_violation(p->call, RULE_MISSING_KEY, "an operation without a value");
        return scim_fail(p->r, 400, "invalidValue", "The value is missing");
    }
    if (p->action == REMOVE && p->value)
        call_violation(p->call, RULE_PATCH_SHAPE, "remove with a value");
    good = at_path(p, &path);
    scim_path_free(&path);
    return good;
}

bool scim_patch(struct call *call, const json_t *body, json_t *doc, bool known, bool *skipped,
                struct scim_result *r)
{
    json_t *list = scim_operations(call, body, r), *one;
    size_t i, idle = 0;

    *skipped = false;
    if (!list)
        return false;
    json_array_foreach(list, i, one)
    {
        const char *op = json_string_value(json_object_get(one, "op"));
        struct patch p = { call, doc, *op == 'a' ? ADD : REPLACE, NULL, NULL, skipped, r };
        json_t *before = json_deep_copy(doc);
        bool good;

        if (strcmp(op, "remove") == 0)
            p.action = REMOVE;
        p.text = json_string_value(json_object_get(one, "path"));
        p.value = json_object_get(one, "value");
        good = p.text ? by_path(&p) : by_value(&p);
        scim_prune(doc, 0);
        idle += (size_t)json_equal(before, doc);
        json_decref(before);
        if (!good)
            return false;
    }
    if (known && idle && idle < json_array_size(list) && !*skipped)
        call_violation(call, RULE_UNCHANGED_FIELD, "%zu operations of %zu", idle, json_array_size(list));
    return true;
}
