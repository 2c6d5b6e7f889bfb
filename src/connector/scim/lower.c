/* Changes of one user -> steps. All that is written on the user goes in one; membership stands on the groups
 * (RFC 7643 4.1.2: `groups` is read-only), so it is a step for each. The service has no seats that we could
 * count, and takes any user as manager. */
#include <stdlib.h>
#include <string.h>

#include "../steps.h"
#include "scim_write.h"

/* Steps ------------------------------------------------------------------------------------------- */

/* Bulk carries everything but what has to be read right before. */
static enum scim_call call_of(const struct lowering *l, enum scim_call alone)
{
    return alone != CALL_PUT && scim_uses_bulk(l->c) ? CALL_BULK : alone;
}

static enum scim_call update_call(const struct lowering *l)
{
    bool put = scim_number(l->c, OPTION_UPDATE_BY) == SCIM_BY_PUT || !l->c->service.patch;
    return put ? CALL_PUT : CALL_PATCH;
}

static struct step step_of(struct lowering *l, enum scim_call alone, enum step_rank rank)
{
    struct str user = arena_str(l->arena, l->change[0]->user);
    return step_about((uint8_t)call_of(l, alone), rank, user, l->create);
}

/* What refers to a joiner. Where no operation of a Bulk may refer to another, such steps go in calls behind
 * those that create: between them, each would be the end of a call. */
static void refers(const struct lowering *l, struct step *s)
{
    if (s->endpoint == CALL_BULK && !scim_number(l->c, OPTION_BULK_ID))
        s->group = STR("behind");
}

/* Takes `args` over. */
static void emit(struct lowering *l, struct step *s, json_t *args)
{
    char *text = json_dumps(args, SCIM_JSON);
    s->args = arena_str(l->arena, str_of(text ? text : "{}"));
    free(text);
    json_decref(args);
    l->emit(l->ctx, s);
}

/* Values ------------------------------------------------------------------------------------------ */

static struct str path_of(const struct attr *a)
{
    return str_of(a->wire_update[0] ? a->wire_update : a->name);
}

/* Of `addresses[type eq "work"].locality` all but the sub-attribute: what its entry has in common. */
static struct str entry_of(struct str path)
{
    size_t n = path.n;
    while (n > 0 && path.p[n - 1] != ']')
        n--;
    return (struct str){ path.p, n };
}

/* Whether the user has an entry that the attribute is a part of. Of those parts that the job does not map we
 * know nothing. */
static bool has_entry(const struct lowering *l, const struct edit *e)
{
    const struct schema *s = l->c->config.schema;
    struct str entry = entry_of(path_of(&s->attr[e->slot]));
    if (e->before.n > 0 || e->before_hidden)
        return true;
    for (size_t i = 0; entry.n > 0 && l->user != NO_USER && i < s->n; i++)
        if (str_ieq_ascii(entry_of(path_of(&s->attr[i])), entry) && roster_canon(l->roster, l->user, i).n > 0)
            return true;
    return false;
}

static void put_edit(const struct lowering *l, json_t *args, const struct edit *e)
{
    const struct attr *a = &l->c->config.schema->attr[e->slot];
    json_t *edits = json_object_get(args, "edits"), *one = json_object();
    if (!edits) {
        edits = json_array();
        json_object_set_new(args, "edits", edits);
    }
    json_object_set_new(one, "path", json_text(path_of(a)));
    json_object_set_new(one, "value", json_of_attr(a, e->after));
    json_object_set_new(one, "had", json_boolean(has_entry(l, e)));
    json_array_append_new(edits, one);
}

static bool is_membership(const struct lowering *l, const struct edit *e)
{
    return (l->c->config.schema->attr[e->slot].flags & ATTR_MEMBERSHIP) != 0;
}

/* Manager ----------------------------------------------------------------------------------------- */

/* No service was met that checks whether the manager is there: we must. Who was only looked up may have a
 * manager whom nobody looked for. */
static bool is_missing(const struct lowering *l, const struct manager_ref *m)
{
    return m->id.n > 0 && !l->c->looked_up && roster_by_id(l->roster, m->id) == NO_USER;
}

/* A joiner's id comes with `manager_ref`, which the engine sets. */
static void put_manager(json_t *args, const struct manager_ref *m)
{
    if (m->id.n > 0 || m->key.n == 0)
        json_object_set_new(args, "manager", json_text(m->id));
}

/* A manager who is gone since the plan was made: a step of its own says so, the rest of the user goes on. */
static void missing_manager(struct lowering *l, const struct manager_ref *m, uint32_t seq)
{
    struct step s = step_of(l, update_call(l), RANK_MANAGER);
    json_t *args = json_object();
    step_carries(&s, seq);
    json_object_set_new(args, "missing", json_text(m->id));
    emit(l, &s, args);
}

/* Membership -------------------------------------------------------------------------------------- */

static struct str next_id(struct str *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    struct str id = { rest->p, end ? (size_t)(end - rest->p) : rest->n };
    size_t taken = id.n + (end ? 1 : 0);
    rest->p += taken;
    rest->n -= taken;
    return id;
}

static bool has_id(struct str list, struct str id)
{
    while (list.n > 0)
        if (str_eq(next_id(&list), id))
            return true;
    return false;
}

static void member_step(struct lowering *l, struct str group, bool add, uint32_t seq)
{
    struct step s = step_of(l, CALL_GROUP_PATCH, RANK_MEMBERSHIP);
    json_t *args = json_object();
    if (s.endpoint == CALL_GROUP_PATCH)
        s.group = arena_str(l->arena, group);
    else if (l->create != NO_CHANGE)
        refers(l, &s);
    step_carries(&s, seq);
    json_object_set_new(args, "group", json_text(group));
    json_object_set_new(args, "add", json_boolean(add));
    emit(l, &s, args);
}

/* The groups of `list` that are in none of the others. */
static void member_steps(struct lowering *l, struct str list, struct str other, struct str too, bool add,
                         uint32_t seq)
{
    while (list.n > 0) {
        struct str id = next_id(&list);
        if (id.n > 0 && !has_id(other, id) && !has_id(too, id))
            member_step(l, id, add, seq);
    }
}

static void lower_membership(struct lowering *l, const struct change *c, uint32_t seq)
{
    for (size_t i = 0; i < c->n_edits; i++) {
        const struct edit *e = &c->edit[i];
        if (!is_membership(l, e))
            continue;
        /* What an earlier part of the run has added is not added again: some services then have it twice. */
        struct str now = l->user != NO_USER ? roster_shown(l->roster, l->user, e->slot) : (struct str){ 0 };
        member_steps(l, e->after, e->before, now, true, seq);
        member_steps(l, e->before, e->after, (struct str){ 0 }, false, seq);
    }
}

/* Users ------------------------------------------------------------------------------------------- */

static void lower_create(struct lowering *l, const struct change *c, uint32_t seq)
{
    struct step s = step_of(l, CALL_CREATE, RANK_CREATE);
    json_t *args = json_object();
    const struct manager_ref *m = &c->manager_after;
    bool inside = c->manager_set && m->id.n > 0 && !is_missing(l, m);
    json_object_set_new(args, "active", json_true());
    for (size_t i = 0; i < c->n_edits; i++)
        if (c->edit[i].after.n > 0 && !is_membership(l, &c->edit[i]))
            put_edit(l, args, &c->edit[i]);
    if (inside)
        put_manager(args, m);
    step_carries(&s, seq);
    emit(l, &s, args);
    if (c->manager_set && m->id.n > 0 && !inside) {
        missing_manager(l, m, seq);
    } else if (c->manager_set && m->id.n == 0 && m->key.n > 0) {
        struct step later = step_of(l, update_call(l), RANK_MANAGER);
        refers(l, &later);
        step_carries(&later, seq);
        emit(l, &later, json_object());
    }
    lower_membership(l, c, seq);
}

/* Activation, attributes and manager of an existing user together. The manager's change comes first among
 * those it carries: the engine looks there for whom a joiner was made manager of. */
static void lower_user(struct lowering *l)
{
    struct step s = step_of(l, update_call(l), RANK_UPDATE);
    json_t *args = json_object();
    const struct manager_ref *to = NULL;
    for (size_t i = 0; i < l->n; i++)
        if (l->change[i]->kind == CHANGE_MANAGER && is_missing(l, &l->change[i]->manager_after)) {
            missing_manager(l, &l->change[i]->manager_after, l->seq[i]);
        } else if (l->change[i]->kind == CHANGE_MANAGER) {
            to = &l->change[i]->manager_after;
            step_carries(&s, l->seq[i]);
        }
    for (size_t i = 0; i < l->n; i++) {
        const struct change *c = l->change[i];
        if (c->kind == CHANGE_ACTIVATE) {
            json_object_set_new(args, "active", json_true());
            s.rank = RANK_ACTIVATE;
        } else if (c->kind != CHANGE_UPDATE) {
            continue;
        }
        for (size_t k = 0; k < c->n_edits; k++)
            put_edit(l, args, &c->edit[k]);
        step_carries(&s, l->seq[i]);
    }
    if (to) {
        put_manager(args, to);
        s.rank = RANK_MANAGER;
        if (to->id.n == 0 && to->key.n > 0)
            refers(l, &s);
    }
    if (s.n_changes > 0)
        emit(l, &s, args);
    else
        json_decref(args);
}

static void lower_end(struct lowering *l, const struct change *c, uint32_t seq)
{
    bool retire = c->kind == CHANGE_RETIRE;
    struct step s =
        retire ? step_of(l, CALL_DELETE, RANK_RETIRE) : step_of(l, update_call(l), RANK_DEACTIVATE);
    json_t *args = json_object();
    if (!retire)
        json_object_set_new(args, "active", json_false());
    step_carries(&s, seq);
    emit(l, &s, args);
}

void scim_lower(struct conn *c, const struct roster *roster, const struct change *const *change,
                const uint32_t *seq, size_t n, struct arena *arena,
                void (*emit_step)(void *ctx, const struct step *step), void *ctx)
{
    struct lowering l = { c, roster, arena, emit_step, ctx, change, seq, n, NO_CHANGE, NO_CHANGE, NO_USER };
    if (n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        if (change[i]->kind == CHANGE_CREATE)
            l.create = seq[i];
    if (change[0]->user.n > 0)
        l.user = roster_by_id(roster, change[0]->user);
    for (size_t i = 0; i < n; i++)
        if (change[i]->kind == CHANGE_CREATE)
            lower_create(&l, change[i], seq[i]);
    lower_user(&l);
    for (size_t i = 0; i < n; i++)
        if (change[i]->kind == CHANGE_MEMBERSHIP)
            lower_membership(&l, change[i], seq[i]);
    for (size_t i = 0; i < n; i++)
        if (change[i]->kind == CHANGE_DEACTIVATE || change[i]->kind == CHANGE_RETIRE)
            lower_end(&l, change[i], seq[i]);
}
