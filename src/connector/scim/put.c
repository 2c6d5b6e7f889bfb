/* Users as whole documents: what a joiner is created with, and PUT (RFC 7644 3.5.1), which replaces a user.
 * So the user is read right before, only what the job maps is set in what came, and all else goes back as it
 * was. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "scim_write.h"

/* Members ----------------------------------------------------------------------------------------- */

/* Attribute names mind no case (RFC 7643 2.1): the member as the service spells it. Borrowed; NULL: none. */
static const char *spelt(json_t *o, struct str key)
{
    const char *k;
    json_t *v;
    json_object_foreach(o, k, v) if (str_ieq_ascii(str_of(k), key)) return k;
    return NULL;
}

static json_t *member(json_t *o, struct str key)
{
    const char *k = spelt(o, key);
    return k ? json_object_get(o, k) : NULL;
}

/* Takes `value` over. */
static void set(json_t *o, struct str key, json_t *value)
{
    const char *k = spelt(o, key);
    if (k)
        json_object_set_new(o, k, value);
    else
        json_object_setn_new(o, key.p, key.n, value);
}

static void drop(json_t *o, struct str key)
{
    const char *k = spelt(o, key);
    char copy[ATTR_NAME_MAX + 32];
    if (!k)
        return;
    snprintf(copy, sizeof(copy), "%s", k); /* not the key that is freed on the way */
    json_object_del(o, copy);
}

/* The object or list that is a member; made when it is something else, or not there and `make`. */
static json_t *container(json_t *o, struct str key, bool list, bool make)
{
    json_t *v = member(o, key);
    if (list ? json_is_array(v) : json_is_object(v))
        return v;
    if (!make)
        return NULL;
    v = list ? json_array() : json_object();
    set(o, key, v);
    return v;
}

static void name_schema(json_t *user, struct str urn)
{
    bool named = json_is_array(member(user, STR("schemas")));
    json_t *schemas = container(user, STR("schemas"), true, true), *one;
    size_t i;
    if (!named) /* RFC 7643 3: the base schema is always named */
        json_array_append_new(schemas, json_string(SCIM_CORE_USER));
    json_array_foreach(schemas, i, one) if (str_ieq_ascii(str_of(json_string_value(one)), urn)) return;
    json_array_append_new(schemas, json_text(urn));
}

/* Entries ----------------------------------------------------------------------------------------- */

static bool is_entry(json_t *one, const struct scim_path *path)
{
    const json_t *v = member(one, path->filter_attr);
    if (str_ieq_ascii(path->filter_attr, STR("primary")))
        return json_is_true(v);
    return json_is_string(v) &&
           str_ieq_ascii((struct str){ json_string_value(v), json_string_length(v) }, path->filter_value);
}

static size_t find_entry(json_t *list, const struct scim_path *path)
{
    json_t *one;
    size_t i;
    json_array_foreach(list, i, one) if (is_entry(one, path)) return i;
    return json_array_size(list);
}

static json_t *new_entry(json_t *list, const struct scim_path *path)
{
    bool primary = str_ieq_ascii(path->filter_attr, STR("primary"));
    json_t *one = json_object();
    json_object_setn_new(one, path->filter_attr.p, path->filter_attr.n,
                         primary ? json_true() : json_text(path->filter_value));
    json_array_append_new(list, one);
    return one;
}

static void set_entry(json_t *o, const struct scim_path *path, json_t *value)
{
    json_t *list = container(o, path->attr, true, !json_is_null(value));
    size_t i = find_entry(list, path);
    json_t *one = json_array_get(list, i);
    if (!json_is_null(value)) {
        set(one ? one : new_entry(list, path), path->sub, json_incref(value));
        return;
    }
    if (!one)
        return;
    if (str_ieq_ascii(path->sub, STR("value")))
        json_array_remove(list, i);
    else
        drop(one, path->sub);
}

/* Values ------------------------------------------------------------------------------------------ */

static void set_value(json_t *user, struct str name, json_t *value)
{
    struct scim_path path;
    if (!scim_path(name, &path))
        return;
    bool gone = json_is_null(value);
    json_t *o = path.urn.n > 0 ? container(user, path.urn, false, !gone) : user;
    if (path.urn.n > 0 && !gone)
        name_schema(user, path.urn);
    if (path.filter_attr.n > 0) {
        if (o)
            set_entry(o, &path, value);
        return;
    }
    if (o && path.sub.n > 0)
        o = container(o, path.attr, false, !gone);
    if (!o)
        return;
    struct str key = path.sub.n > 0 ? path.sub : path.attr;
    if (gone)
        drop(o, key);
    else
        set(o, key, json_incref(value));
}

/* The whole manager is set: what the service says of the one before (name, $ref) is not true of the new. The
 * option is about PATCH: a document has the form of its schema, or that in which the service shows it. */
static void set_manager(json_t *user, struct str id)
{
    json_t *o = container(user, STR(SCIM_ENTERPRISE), false, id.n > 0);
    if (id.n == 0) {
        if (o)
            drop(o, STR("manager"));
        return;
    }
    name_schema(user, STR(SCIM_ENTERPRISE));
    if (json_is_string(member(o, STR("manager")))) {
        set(o, STR("manager"), json_text(id));
    } else {
        json_t *manager = json_object();
        json_object_set_new(manager, "value", json_text(id));
        set(o, STR("manager"), manager);
    }
}

/* Shown as a boolean everywhere; where a text is wanted it does not go back as it came either. */
static void set_active(const struct conn *c, json_t *user, const struct task *w)
{
    const json_t *shown = member(user, STR("active"));
    bool text = scim_number(c, OPTION_ACTIVE_SHAPE) == SCIM_ACTIVE_STRING;
    bool active = w->active >= 0 ? w->active == 1 : json_is_true(shown);
    if (w->active >= 0 || (text && json_is_boolean(shown)))
        set(user, STR("active"), text ? json_string(active ? "True" : "False") : json_boolean(active));
}

void document_set(const struct conn *c, json_t *user, const struct task *w)
{
    const json_t *e;
    size_t i;
    set_active(c, user, w);
    json_array_foreach(w->edits, i, e) set_value(user, json_member(e, "path"), json_object_get(e, "value"));
    if (w->manager_set)
        set_manager(user, w->manager);
}

/* Joiners ----------------------------------------------------------------------------------------- */

static void mark_primary(json_t *user)
{
    const struct scim_path work = { .filter_attr = STR("type"), .filter_value = STR("work") };
    json_t *emails = member(user, STR("emails")), *one;
    size_t i;
    json_array_foreach(emails, i, one) if (json_is_true(member(one, STR("primary")))) return;
    one = json_array_get(emails, find_entry(emails, &work));
    if (!one)
        one = json_array_get(emails, 0);
    if (one)
        json_object_set_new(one, "primary", json_true());
}

json_t *document_new(const struct conn *c, const struct task *w)
{
    json_t *user = json_object();
    name_schema(user, STR(SCIM_CORE_USER));
    document_set(c, user, w);
    if (scim_number(c, OPTION_MARK_PRIMARY))
        mark_primary(user);
    return user;
}

/* Before a PUT ------------------------------------------------------------------------------------ */

static size_t find_document(const struct scim_documents *d, struct str id)
{
    size_t i = 0;
    while (i < d->n && !str_eq(d->v[i].id, id))
        i++;
    return i;
}

static void forget_document(struct scim_documents *d, size_t i)
{
    free((char *)(uintptr_t)d->v[i].id.p);
    json_decref(d->v[i].user);
    d->v[i] = d->v[--d->n];
}

/* A place for the user who is asked for: only he will be put into it. */
static void expect_document(struct scim_documents *d, struct str id)
{
    size_t i = find_document(d, id);
    if (i < d->n)
        forget_document(d, i);
    d->v = xgrow(d->v, &d->cap, d->n + 1, sizeof(*d->v));
    d->v[d->n++] = (struct document){ .id = { xmemdup(id.n ? id.p : "", id.n), id.n } };
}

void scim_documents_free(struct scim_documents *d)
{
    while (d->n > 0)
        forget_document(d, d->n - 1);
    free(d->v);
    *d = (struct scim_documents){ 0 };
}

json_t *document_take(struct conn *c, struct str id, struct arena *arena, struct str *version)
{
    size_t i = find_document(&c->documents, id);
    if (i == c->documents.n || !c->documents.v[i].user)
        return NULL;
    json_t *user = json_incref(c->documents.v[i].user);
    forget_document(&c->documents, i);
    *version = arena_str(arena, json_member(member(user, STR("meta")), "version"));
    drop(user, STR("meta"));
    drop(user, STR("groups"));
    return user;
}

void scim_prepare(struct conn *c, const struct step *const *steps, size_t n,
                  struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out)
{
    const struct packing p = { c, steps, n, created, ctx, out };
    struct arena arena = ARENA_INIT;
    struct str id = arena_str(&arena, packing_user(&p, steps[0]));
    expect_document(&c->documents, id);
    scim_request(c, out, CALL_USER, HTTP_GET, "/Users/", id, (struct str){ 0 });
    arena_deinit(&arena);
}

/* The version may stand in the header field alone. */
static void keep_version(json_t *user, struct str etag)
{
    json_t *meta = container(user, STR("meta"), false, true);
    if (etag.n > 0 && !json_is_string(member(meta, STR("version"))))
        set(meta, STR("version"), json_text(etag));
}

/* He is what he should be, or no longer as the roster has him: then a look tells what is left to do. */
static bool looked_at_first(const struct conn *c, const struct step *s, struct str id, json_t *user)
{
    struct str known = scim_uses_if_match(c) ? versions_get(&c->versions, id) : (struct str){ 0 };
    if (known.n > 0 && !str_eq(known, json_member(member(user, STR("meta")), "version")))
        return true;
    if (s->manager_ref != NO_CHANGE) /* who that is, only pack() knows */
        return false;
    struct task w;
    json_t *wanted = json_deep_copy(user);
    task_read(&w, s);
    document_set(c, wanted, &w);
    bool same = w.missing.n == 0 && json_equal(wanted, user);
    task_free(&w);
    json_decref(wanted);
    return same;
}

bool scim_prepared(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                   struct settlement *out)
{
    json_t *root = a->body.n > 0 && a->body.n <= ANSWER_BODY_MAX
                       ? json_loadb(a->body.p, a->body.n, JSON_ALLOW_NUL, NULL)
                       : NULL;
    struct str id = json_member(root, "id");
    struct judged j;
    scim_judge(c, a, root, &j);
    size_t place = find_document(&c->documents, id); /* a joiner's id is not in his steps */
    bool his = id.n > 0 && place < c->documents.n && (steps[0]->user.n == 0 || str_eq(id, steps[0]->user));
    if (j.fault == FAULT_NONE && his) {
        keep_version(root, a->etag);
        json_decref(c->documents.v[place].user);
        c->documents.v[place].user = root;
        if (!looked_at_first(c, steps[0], id, root))
            return true;
    }
    struct settlement all = { .wait_us = -1 };
    if (j.fault == FAULT_NONE && his) {
        json_incref(root);
        all = (struct settlement){ .settled = SETTLED_STALE, .again = AGAIN_LATER, .wait_us = -1 };
        say_text(all.text, sizeof(all.text), "somebody else has changed the user meanwhile");
    } else if (j.fault == FAULT_NONE) {
        all = (struct settlement){ .settled = SETTLED_NOT_DONE, .again = AGAIN_LATER, .wait_us = -1 };
        say_text(all.text, sizeof(all.text),
                 "the user was to be read before the change, and the answer is not him");
    } else {
        settle_fault(c, WRITE_USER, n > 1, true, a->status, &j, &all);
    }
    if (all.settled == SETTLED_UNKNOWN) /* the answer was lost, but it was nothing but a question */
        all.settled = SETTLED_NOT_DONE;
    for (size_t i = 0; i < n; i++)
        out[i] = all;
    json_decref(root);
    return false;
}
