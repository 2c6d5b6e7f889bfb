/* What is wanted -> the operations of a PATCH (RFC 7644 3.5.2), in the shape that the options ask for: one
 * server takes what the next answers 400 to, or 200 without doing it. Operations are written in lower case,
 * as the RFC has them. */
#include <string.h>

#include "scim_write.h"

#define PATH_MAX_BYTES 512 /* of an operation's path that we put together */

struct patch {
    const struct conn *c;
    json_t *ops; /* the whole body's "Operations" */
};

/* Where a value goes: under a path of its own, in an object at the extension's URN, or in the one value
 * without a path. */
enum where { AT_PATH, AT_URN, WITHOUT_PATH };

static enum where where_of(const struct conn *c, struct str urn)
{
    if (scim_number(c, OPTION_PATCH_SHAPE) == SCIM_VALUE)
        return WITHOUT_PATH;
    if (urn.n == 0)
        return AT_PATH;
    switch ((enum scim_extension_shape)scim_number(c, OPTION_EXTENSION_SHAPE)) {
    case SCIM_EXT_OBJECT: return AT_URN;
    case SCIM_EXT_VALUE: return WITHOUT_PATH;
    default: return AT_PATH;
    }
}

/* Operations -------------------------------------------------------------------------------------- */

/* Takes `value` over (NULL: none); `path` {NULL,0}: none. */
static json_t *add_op(json_t *ops, const char *op, struct str path, json_t *value)
{
    json_t *one = json_object();
    json_object_set_new(one, "op", json_string(op));
    if (path.n > 0)
        json_object_set_new(one, "path", json_text(path));
    if (value)
        json_object_set_new(one, "value", value);
    json_array_append_new(ops, one);
    return one;
}

/* The object that values of one place share: of an operation that is there already, or of a new one. */
static json_t *shared_value(struct patch *p, const char *op, struct str path)
{
    json_t *one;
    size_t i;
    json_array_foreach(p->ops, i, one)
    {
        json_t *value = json_object_get(one, "value");
        struct str name = json_member(one, "op"), at = json_member(one, "path");
        if (str_is(name, op) && str_eq(at, path) && json_is_object(value))
            return value;
    }
    return json_object_get(add_op(p->ops, op, path, json_object()), "value");
}

static json_t *inner(json_t *o, struct str key)
{
    json_t *at = json_object_getn(o, key.p, key.n);
    if (json_is_object(at))
        return at;
    at = json_object();
    json_object_setn_new(o, key.p, key.n, at);
    return at;
}

/* Takes `value` over. */
static void put(struct patch *p, struct str name, const struct scim_path *path, json_t *value)
{
    enum where where = where_of(p->c, path->urn);
    if (where == AT_PATH) {
        add_op(p->ops, "replace", name, value);
        return;
    }
    json_t *o = shared_value(p, "replace", where == AT_URN ? path->urn : (struct str){ 0 });
    if (where == WITHOUT_PATH && path->urn.n > 0)
        o = inner(o, path->urn);
    if (path->sub.n > 0)
        o = inner(o, path->attr);
    struct str key = path->sub.n > 0 ? path->sub : path->attr;
    json_object_setn_new(o, key.p, key.n, value);
}

/* What stands for no value; NULL: a remove operation. */
static json_t *cleared(const struct conn *c)
{
    switch ((enum scim_clear)scim_number(c, OPTION_CLEAR_SHAPE)) {
    case SCIM_CLEAR_EMPTY: return json_string("");
    case SCIM_CLEAR_NULL: return json_null();
    default: return NULL;
    }
}

/* Attributes -------------------------------------------------------------------------------------- */

/* Of `emails[type eq "work"].value`: `emails`, and with the filter `emails[type eq "work"]`. */
static struct str up_to(struct str name, char c, bool with)
{
    const char *at = memchr(name.p, c, name.n);
    return at ? (struct str){ name.p, (size_t)(at - name.p) + (with ? 1 : 0) } : name;
}

static json_t *filter_value(const struct scim_path *path)
{
    return str_ieq_ascii(path->filter_attr, STR("primary")) ? json_true() : json_text(path->filter_value);
}

/* An entry that is not there yet: its parts go together in one operation, or each would make its own. */
static void add_entry(struct patch *p, const struct task *w, size_t from, struct str name,
                      const struct scim_path *path)
{
    json_t *entry = json_object(), *list = json_array(), *e;
    struct str prefix = up_to(name, ']', true), list_name = up_to(name, '[', false);
    size_t i;
    json_object_setn_new(entry, path->filter_attr.p, path->filter_attr.n, filter_value(path));
    json_array_foreach(w->edits, i, e)
    {
        struct str other = json_member(e, "path");
        json_t *value = json_object_get(e, "value");
        struct scim_path part;
        if (json_is_null(value) || json_is_true(json_object_get(e, "had")) || !scim_path(other, &part) ||
            !str_ieq_ascii(up_to(other, ']', true), prefix))
            continue;
        if (i < from) { /* the first of them has added them all */
            json_decref(entry);
            json_decref(list);
            return;
        }
        json_object_setn(entry, part.sub.p, part.sub.n, value);
    }
    json_array_append_new(list, entry);
    if (scim_number(p->c, OPTION_PATCH_SHAPE) != SCIM_VALUE) {
        add_op(p->ops, "add", list_name, list);
        return;
    }
    json_t *o = json_object(), *in = path->urn.n > 0 ? inner(o, path->urn) : o;
    json_object_setn_new(in, path->attr.p, path->attr.n, list);
    add_op(p->ops, "add", (struct str){ 0 }, o);
}

/* A part of an entry that is there, or is to be there no more. */
static void put_entry(struct patch *p, struct str name, const struct scim_path *path, json_t *value)
{
    json_t *none = json_is_null(value) ? cleared(p->c) : NULL;
    if (!json_is_null(value))
        add_op(p->ops, "replace", name, json_incref(value));
    else if (none)
        add_op(p->ops, "replace", name, none);
    else
        add_op(p->ops, "remove", str_ieq_ascii(path->sub, STR("value")) ? up_to(name, ']', true) : name,
               NULL);
}

static void put_edit(struct patch *p, const struct task *w, size_t i)
{
    const json_t *e = json_array_get(w->edits, i);
    struct str name = json_member(e, "path");
    json_t *value = json_object_get(e, "value"), *none;
    struct scim_path path;
    bool had = json_is_true(json_object_get(e, "had"));
    if (!scim_path(name, &path))
        return;
    if (path.filter_attr.n > 0 && (had || !json_is_null(value))) {
        if (had)
            put_entry(p, name, &path, value);
        else
            add_entry(p, w, i, name, &path);
    } else if (path.filter_attr.n == 0 && !json_is_null(value)) {
        put(p, name, &path, json_incref(value));
    } else if (path.filter_attr.n == 0) {
        none = cleared(p->c);
        if (none)
            put(p, name, &path, none);
        else
            add_op(p->ops, "remove", name, NULL);
    }
}

/* Manager and state ------------------------------------------------------------------------------- */

static void put_manager(struct patch *p, struct str id)
{
    static const char manager[] = SCIM_ENTERPRISE ":manager", value[] = SCIM_ENTERPRISE ":manager.value";
    enum scim_manager_shape shape = (enum scim_manager_shape)scim_number(p->c, OPTION_MANAGER_SHAPE);
    json_t *v = id.n > 0 ? json_text(id) : cleared(p->c);
    if (!v) {
        add_op(p->ops, "remove", str_of(manager), NULL);
        return;
    }
    struct scim_path path = { .urn = STR(SCIM_ENTERPRISE), .attr = STR("manager") };
    bool at_path = where_of(p->c, path.urn) == AT_PATH;
    if (shape == SCIM_MANAGER_VALUE && at_path) {
        add_op(p->ops, "replace", str_of(value), v);
    } else if (shape == SCIM_MANAGER_TEXT || json_is_null(v)) {
        put(p, str_of(manager), &path, v);
    } else {
        json_t *o = json_object();
        json_object_set_new(o, "value", v);
        put(p, str_of(manager), &path, o);
    }
}

static void put_active(struct patch *p, bool active)
{
    const struct scim_path path = { .attr = STR("active") };
    bool text = scim_number(p->c, OPTION_ACTIVE_SHAPE) == SCIM_ACTIVE_STRING;
    put(p, path.attr, &path, text ? json_string(active ? "True" : "False") : json_boolean(active));
}

/* Bodies ------------------------------------------------------------------------------------------ */

static json_t *body_of(json_t *ops)
{
    json_t *body = json_object(), *schemas = json_array();
    json_array_append_new(schemas, json_string(SCIM_PATCH_OP));
    json_object_set_new(body, "schemas", schemas);
    json_object_set_new(body, "Operations", ops);
    return body;
}

json_t *patch_user(const struct conn *c, const struct task *w)
{
    struct patch p = { c, json_array() };
    if (w->active >= 0)
        put_active(&p, w->active == 1);
    for (size_t i = 0; i < json_array_size(w->edits); i++)
        put_edit(&p, w, i);
    if (w->manager_set)
        put_manager(&p, w->manager);
    return body_of(p.ops);
}

bool patch_repeats(const struct task *w)
{
    const json_t *e;
    size_t i;
    if (w->group.n > 0 && w->add)
        return false;
    json_array_foreach(w->edits, i, e)
    {
        struct scim_path path;
        if (!json_is_true(json_object_get(e, "had")) && !json_is_null(json_object_get(e, "value")) &&
            scim_path(json_member(e, "path"), &path) && path.filter_attr.n > 0)
            return false;
    }
    return true;
}

/* An id inside a filter is a JSON string (RFC 7644 3.4.2.2). */
static void remove_member(json_t *ops, struct str id)
{
    struct buf path = BUF_INIT(PATH_MAX_BYTES + 6 * SCIM_ID_MAX);
    struct jw w;
    buf_puts(&path, "members[value eq ");
    jw_init(&w, &path, false);
    jw_str(&w, id);
    buf_putc(&path, ']');
    add_op(ops, "remove", buf_view(&path), NULL);
    buf_deinit(&path);
}

json_t *patch_members(const struct str *add, size_t n_add, const struct str *remove, size_t n_remove)
{
    json_t *ops = json_array(), *list = json_array();
    for (size_t i = 0; i < n_add; i++) {
        json_t *one = json_object();
        json_object_set_new(one, "value", json_text(add[i]));
        json_array_append_new(list, one);
    }
    if (n_add > 0)
        add_op(ops, "add", STR("members"), list);
    else
        json_decref(list);
    for (size_t i = 0; i < n_remove; i++)
        remove_member(ops, remove[i]);
    return body_of(ops);
}
