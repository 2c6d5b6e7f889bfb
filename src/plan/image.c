/* A change against a user as read now: before it, after it, or neither. */
#include <string.h>

#include "plan_internal.h"

struct look {
    const struct change *c;
    const struct schema *s;
    const struct roster *roster;
    const struct refs *refs;
    struct buf *difference; /* may be NULL */
    size_t n_differences;
};

static void differs(struct look *l, const char *name, struct str is, struct str wanted)
{
    if (!l->difference)
        return;
    buf_puts(l->difference, l->n_differences++ ? "; " : "");
    buf_printf(l->difference, "%s is ", name);
    if (is.n) {
        buf_putc(l->difference, '\'');
        printable(l->difference, is, VALUE_COLUMNS);
        buf_putc(l->difference, '\'');
    } else {
        buf_puts(l->difference, "empty");
    }
    buf_puts(l->difference, ", not '");
    printable(l->difference, wanted, VALUE_COLUMNS);
    buf_putc(l->difference, '\'');
}

/* Several references ---------------------------------------------------------------------------------------------------------- */

/* Their ids, sorted. What the tenant does not know is none of this job's things and counts for nothing in
 * what a user has; what an edit names stays, known or not. */
struct members {
    struct str *v; /* owned; text borrowed from refs or from what was read */
    size_t n, cap;
};

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void members_read(const struct attr *a, const struct refs *refs, struct str text, bool known_only,
                         struct members *out)
{
    size_t n = 0;
    for (struct str m = attr_member(&text, 0); m.n; m = attr_member(&text, 0)) {
        const struct ref *ref;
        bool known = refs_find(refs, (enum ref_kind)a->ref_kind, m, &ref) == REF_OK;
        if (!known && known_only)
            continue;
        out->v = xgrow(out->v, &out->cap, out->n + 1, sizeof(*out->v));
        out->v[out->n++] = known ? ref->id : m;
    }
    if (out->n > 1)
        qsort(out->v, out->n, sizeof(*out->v), by_bytes);
    for (size_t i = 0; i < out->n; i++)
        if (i == 0 || !str_eq(out->v[n - 1], out->v[i]))
            out->v[n++] = out->v[i];
    out->n = n;
}

static struct str members_canon(struct members *m, struct buf *out)
{
    for (size_t i = 0; i < m->n; i++) {
        buf_puts(out, i ? "\n" : "");
        buf_str(out, m->v[i]);
    }
    free(m->v);
    return buf_view(out);
}

struct str value_canon(const struct schema *s, const struct refs *refs, size_t slot, struct str text,
                       struct buf *out)
{
    const struct attr *a = &s->attr[slot];
    const struct ref *ref;
    if (a->type == ATTR_REFS) {
        struct members m = { .n = 0 };
        members_read(a, refs, text, false, &m);
        return members_canon(&m, out);
    }
    if (a->type == ATTR_REF && text.n && refs_find(refs, (enum ref_kind)a->ref_kind, text, &ref) == REF_OK)
        return ref->id;
    char guid[GUID_DIGITS];
    if (a->type == ATTR_REF && attr_guid(text, guid)) {
        buf_add(out, guid, sizeof(guid));
        return buf_view(out);
    }
    return attr_canon(a, text, out) ? buf_view(out) : text;
}

static bool members_have(const struct members *m, struct str id)
{
    return m->n > 0 && bsearch(&id, m->v, m->n, sizeof(*m->v), by_bytes);
}

static bool members_within(const struct members *m, const struct members *a, const struct members *b)
{
    for (size_t i = 0; i < m->n; i++)
        if (!members_have(a, m->v[i]) && !members_have(b, m->v[i]))
            return false;
    return true;
}

/* Some may be added and others not taken away yet: each for itself as before or as after is as before. */
static unsigned members_image(const struct members *is, const struct members *before,
                              const struct members *after)
{
    bool known = members_within(is, before, after);
    for (size_t i = 0; known && i < before->n; i++) /* what was there and is to stay */
        known = !members_have(after, before->v[i]) || members_have(is, before->v[i]);
    bool same = is->n == after->n && members_within(is, after, after);
    return (same ? 1U : 0U) | (known ? 2U : 0U);
}

/* "Groups is 'Ops, Sales', not 'Sales'" */
static void members_differ(struct look *l, const struct members *is, const struct edit *e)
{
    const struct attr *a = &l->s->attr[e->slot];
    struct buf names = BUF_INIT(ATTR_CANON_MAX);
    for (size_t i = 0; i < is->n; i++) {
        const struct ref *ref = refs_by_id(l->refs, (enum ref_kind)a->ref_kind, is->v[i]);
        buf_puts(&names, i ? ", " : "");
        buf_str(&names, ref && ref->name.n ? ref->name : is->v[i]);
    }
    differs(l, a->name, buf_view(&names), e->after_name.n ? e->after_name : e->after);
    buf_deinit(&names);
}

static unsigned refs_image(struct look *l, uint32_t user, const struct edit *e)
{
    struct members is = { .n = 0 }, before = { .n = 0 }, after = { .n = 0 };
    const struct attr *a = &l->s->attr[e->slot];
    members_read(a, l->refs, roster_canon(l->roster, user, e->slot), true, &is);
    members_read(a, l->refs, e->before, false, &before);
    members_read(a, l->refs, e->after, false, &after);
    unsigned image = members_image(&is, &before, &after);
    if (!(image & 1))
        members_differ(l, &is, e);
    free(is.v);
    free(before.v);
    free(after.v);
    return image;
}

/* Edits ----------------------------------------------------------------------------------------------------------------------- */

/* The same of a value that is one. */
static unsigned value_image(struct look *l, uint32_t user, const struct edit *e)
{
    struct buf now = BUF_INIT(ATTR_CANON_MAX), after = BUF_INIT(ATTR_CANON_MAX),
               before = BUF_INIT(ATTR_CANON_MAX);
    struct str is = value_canon(l->s, l->refs, e->slot, roster_shown(l->roster, user, e->slot), &now);
    unsigned image = str_eq(is, value_canon(l->s, l->refs, e->slot, e->after, &after)) ? 1 : 0;
    image |= str_eq(is, value_canon(l->s, l->refs, e->slot, e->before, &before)) ? 2 : 0;
    if (!(image & 1))
        differs(l, l->s->attr[e->slot].name, roster_shown(l->roster, user, e->slot),
                e->after_name.n ? e->after_name : e->after);
    buf_deinit(&now);
    buf_deinit(&after);
    buf_deinit(&before);
    return image;
}

/* Whether the user's value of the edit is as after (bit 1), as before (bit 2). */
static unsigned edit_image(struct look *l, uint32_t user, const struct edit *e)
{
    const struct attr *a = &l->s->attr[e->slot];
    if (!(a->flags & ATTR_READ) || (a->flags & ATTR_SECRET)) /* nothing to see, nothing to compare */
        return 3;
    return a->type == ATTR_REFS ? refs_image(l, user, e) : value_image(l, user, e);
}

/* After only when every part is; before when what is left to do is still as it was. */
static enum change_image image_of(bool all_after, bool all_known)
{
    return all_after ? IMAGE_AFTER : all_known ? IMAGE_BEFORE : IMAGE_OTHER;
}

static void edits_image(struct look *l, uint32_t user, bool *all_after, bool *all_known)
{
    for (size_t i = 0; i < l->c->n_edits; i++) {
        unsigned image = edit_image(l, user, &l->c->edit[i]);
        *all_after &= image & 1;
        *all_known &= image != 0;
    }
}

static bool has_key(const struct look *l, uint32_t user, size_t slot, struct str text)
{
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    bool has = attr_canon(&l->s->attr[slot], text, &canon) && canon.n &&
               str_eq(buf_view(&canon), roster_canon(l->roster, user, slot));
    buf_deinit(&canon);
    return has;
}

/* Whether the user's manager is the one meant; one who was created meanwhile is known by his key. */
static bool manager_is(const struct look *l, uint32_t user, const struct manager_ref *m)
{
    uint32_t manager = roster_manager(l->roster, user);
    struct str id = roster_manager_id(l->roster, user);
    if (m->id.n)
        return str_eq(id, m->id) || (manager != NO_USER && manager == roster_by_id(l->roster, m->id));
    if (!m->key.n)
        return id.n == 0;
    if (manager == NO_USER)
        return false;
    for (size_t k = 0; k < l->s->n_keys; k++)
        if (has_key(l, manager, l->s->key[k], m->key))
            return true;
    return l->s->manager && has_key(l, manager, l->s->manager_key, m->key);
}

static void manager_differs(struct look *l, uint32_t user)
{
    uint32_t manager = roster_manager(l->roster, user);
    struct str is = roster_manager_id(l->roster, user);
    if (manager != NO_USER && l->s->manager && roster_canon(l->roster, manager, l->s->manager_key).n)
        is = roster_shown(l->roster, manager, l->s->manager_key);
    differs(l, "manager", is, l->c->manager_after.key.n ? l->c->manager_after.key : l->c->manager_after.id);
}

static enum change_image manager_image(struct look *l, uint32_t user)
{
    bool after = manager_is(l, user, &l->c->manager_after);
    if (!after)
        manager_differs(l, user);
    return image_of(after, manager_is(l, user, &l->c->manager_before));
}

/* The one user who is not gone and carries a match key of the create. */
static uint32_t created_by_keys(const struct look *l, bool *several)
{
    uint32_t found = NO_USER;
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    for (size_t i = 0; i < l->c->n_edits; i++) {
        const struct edit *e = &l->c->edit[i];
        buf_clear(&canon);
        if (!schema_is_key(l->s, e->slot) || !attr_canon(&l->s->attr[e->slot], e->after, &canon) || !canon.n)
            continue;
        uint32_t u = NO_USER;
        while ((u = roster_by_key(l->roster, e->slot, buf_view(&canon), u)) != NO_USER) {
            if (roster_state(l->roster, u) == USER_GONE)
                continue;
            *several |= found != NO_USER && found != u;
            found = found == NO_USER ? u : found;
        }
    }
    buf_deinit(&canon);
    return found;
}

static enum change_image create_image(struct look *l, struct str created)
{
    bool several = false, after = true, known = false;
    uint32_t user = created.n ? roster_by_id(l->roster, created) : created_by_keys(l, &several);
    if (user == NO_USER)
        return created.n ? IMAGE_GONE : IMAGE_BEFORE;
    if (created.n && roster_state(l->roster, user) == USER_GONE)
        return IMAGE_GONE;
    if (several) {
        if (l->difference)
            buf_puts(l->difference, "several users have its match keys");
        return IMAGE_OTHER;
    }
    edits_image(l, user, &after, &known);
    if (roster_state(l->roster, user) != USER_ACTIVE) {
        differs(l, "state", STR("inactive"), STR("active"));
        after = false;
    }
    if (l->c->manager_set && !manager_is(l, user, &l->c->manager_after)) {
        manager_differs(l, user);
        after = false;
    }
    return after ? IMAGE_AFTER : IMAGE_OTHER;
}

static enum change_image state_image(struct look *l, uint32_t user)
{
    bool active = roster_state(l->roster, user) == USER_ACTIVE, wanted = l->c->kind == CHANGE_ACTIVATE;
    if (active != wanted)
        differs(l, "state", active ? STR("active") : STR("inactive"),
                wanted ? STR("active") : STR("inactive"));
    return image_of(active == wanted, true);
}

/* What it leaves is nobody, or somebody gone. It cannot be undone: who has been let in again meanwhile stays.
 */
static enum change_image retire_image(struct look *l, uint32_t user)
{
    if (user == NO_USER || roster_state(l->roster, user) == USER_GONE)
        return IMAGE_AFTER;
    if (!l->c->inactive || roster_state(l->roster, user) != USER_ACTIVE)
        return IMAGE_BEFORE;
    differs(l, "state", STR("active"), STR("inactive"));
    return IMAGE_OTHER;
}

enum change_image change_image(const struct change *c, const struct schema *s, const struct roster *roster,
                               const struct refs *refs, struct str created, struct buf *difference)
{
    struct look l = { .c = c, .s = s, .roster = roster, .refs = refs, .difference = difference };
    if (c->kind == CHANGE_CREATE)
        return create_image(&l, created);
    uint32_t user = roster_by_id(roster, c->user);
    if (c->kind == CHANGE_RETIRE)
        return retire_image(&l, user);
    if (user == NO_USER || roster_state(roster, user) == USER_GONE)
        return IMAGE_GONE;
    bool after = true, known = true;
    switch (c->kind) {
    case CHANGE_ACTIVATE:
    case CHANGE_DEACTIVATE: return state_image(&l, user);
    case CHANGE_MANAGER: return manager_image(&l, user);
    default: edits_image(&l, user, &after, &known); return image_of(after, known);
    }
}

/* What does not show ---------------------------------------------------------------------------------------------------------- */

static uint32_t user_of(const struct look *l, struct str created)
{
    bool several = false;
    uint32_t user = l->c->kind != CHANGE_CREATE ? roster_by_id(l->roster, l->c->user)
                    : created.n                 ? roster_by_id(l->roster, created)
                                                : created_by_keys(l, &several);
    return several || (user != NO_USER && roster_state(l->roster, user) == USER_GONE) ? NO_USER : user;
}

size_t change_unstuck(const struct change *c, const struct schema *s, const struct roster *roster,
                      const struct refs *refs, struct str created, struct plan_stick out[SCHEMA_MAX])
{
    struct look l = { .c = c, .s = s, .roster = roster, .refs = refs };
    uint32_t user = c->kind == CHANGE_CREATE || c->kind == CHANGE_UPDATE ? user_of(&l, created) : NO_USER;
    size_t n = 0;
    for (size_t i = 0; user != NO_USER && i < c->n_edits; i++) {
        const struct edit *e = &c->edit[i];
        if (s->attr[e->slot].flags & ATTR_MEMBERSHIP || edit_image(&l, user, e) & 1)
            continue;
        out[n] = (struct plan_stick){ .user = roster_id(roster, user), .slot = e->slot };
        stick_digest(s, refs, e->slot, out[n].user, e->after, out[n].wanted);
        stick_digest(s, refs, e->slot, out[n].user, roster_shown(roster, user, e->slot), out[n].seen);
        n++;
    }
    return n;
}
