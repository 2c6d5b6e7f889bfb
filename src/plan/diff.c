/* What differs between a person and a user, as drafts of changes. A blank cell keeps what the user has; a
 * leaver gets the deactivation and nothing else. What the vendor cannot take goes into held changes of its
 * own, so that the rest of the row goes on. */
#include <string.h>

#include "plan_internal.h"

static const struct str no_text = { NULL, 0 };

struct draft *draft_new(struct plan *p, enum change_kind kind, uint32_t row, uint32_t user, struct str key)
{
    struct draft *d = arena_zalloc(&p->arena, sizeof(*d));
    d->c.kind = kind;
    d->c.key = key;
    d->row = row;
    d->user = user;
    d->manager_user = NO_USER;
    d->manager_draft = NO_DRAFT;
    d->missing = -1;
    if (row != NO_ROW)
        d->c.at = row_place(&p->rows[row]);
    if (user != NO_USER) {
        d->c.user = roster_id(p->roster, user);
        if (p->opt->email_slot >= 0)
            d->c.user_email = roster_shown(p->roster, user, (size_t)p->opt->email_slot);
    }
    assert(p->n_drafts < NO_DRAFT);
    p->drafts = xgrow(p->drafts, &p->cap_drafts, p->n_drafts + 1, sizeof(*p->drafts));
    p->drafts[p->n_drafts++] = d;
    return d;
}

void draft_hold(struct draft *d, enum hold hold, struct str why)
{
    if (d->c.hold != HOLD_NONE && d->c.hold <= hold)
        return;
    d->c.hold = hold;
    d->c.why = why;
}

struct str key_of_user(const struct plan *p, uint32_t user)
{
    for (size_t k = 0; k < p->schema->n_keys; k++)
        if (roster_canon(p->roster, user, p->schema->key[k]).n)
            return roster_shown(p->roster, user, p->schema->key[k]);
    return no_text;
}

/* By the user's own spelling where it is the same value, so that all changes of a user carry one key. */
struct str key_of(const struct plan *p, uint32_t user, const struct person *person)
{
    for (size_t k = 0; k < p->schema->n_keys; k++) {
        size_t slot = p->schema->key[k];
        const struct value *v = &person->value[slot];
        struct str has = user == NO_USER ? no_text : roster_canon(p->roster, user, slot);
        if (v->canon.n && !str_eq(v->canon, has))
            return v->send;
        if (has.n)
            return roster_shown(p->roster, user, slot);
    }
    return no_text;
}

/* References ---------------------------------------------------------------------------------------------------------------- */

const struct ref_cached *ref_resolve(struct plan *p, size_t slot, struct str canon)
{
    uint64_t digest = hash64(&p->key, canon.p, canon.n) + slot;
    for (size_t it = table_find(&p->ref_table, digest); it != TABLE_END;
         it = table_next(&p->ref_table, it, digest)) {
        const struct ref_cached *r = &p->ref_cache[table_value(&p->ref_table, it)];
        if (r->slot == slot && str_eq(r->canon, canon))
            return r;
    }
    struct ref_cached r = { .canon = arena_str(&p->arena, canon), .slot = (uint8_t)slot };
    r.found = refs_find(p->refs, (enum ref_kind)p->schema->attr[slot].ref_kind, canon, &r.ref);
    p->ref_cache = xgrow(p->ref_cache, &p->cap_ref_cache, p->n_ref_cache + 1, sizeof(*p->ref_cache));
    p->ref_cache[p->n_ref_cache] = r;
    table_add(&p->ref_table, digest, (uint32_t)p->n_ref_cache);
    return &p->ref_cache[p->n_ref_cache++];
}

/* A tenant that lists teams by id, and a feed that names them. */
static bool same_ref(struct plan *p, size_t slot, struct str has, struct str wants)
{
    const struct ref *a = has.n ? ref_resolve(p, slot, has)->ref : NULL;
    const struct ref *b = a ? ref_resolve(p, slot, wants)->ref : NULL;
    return b && str_eq(a->id, b->id);
}

bool same_value(struct plan *p, size_t slot, struct str has, struct str wants)
{
    if (str_eq(has, wants))
        return true;
    enum attr_type type = p->schema->attr[slot].type;
    if (type == ATTR_REFS)
        return same_refs(p, slot, has, wants);
    return type == ATTR_REF && same_ref(p, slot, has, wants);
}

static struct str bad_ref_text(struct plan *p, size_t slot, struct str name, enum ref_found found)
{
    const struct attr *a = &p->schema->attr[slot];
    if (found == REF_AMBIGUOUS)
        return plan_say(p, "%s %s is the name of several; write 'Parent / Name' or the id", a->name,
                        plan_shown(p, name));
    const char *close = refs_suggest(p->refs, (enum ref_kind)a->ref_kind, name);
    /* Of groups the tenant's list has those that the job manages, and only those. */
    const char *other = a->ref_kind == REF_GROUP ? ", or none of the groups that the job manages" : "";
    if (!close)
        return plan_say(p, "%s %s is not known to the tenant%s", a->name, plan_shown(p, name), other);
    return plan_say(p, "%s %s is not known to the tenant%s; did you mean %s?", a->name, plan_shown(p, name),
                    other, plan_shown(p, str_of(close)));
}

/* Edits --------------------------------------------------------------------------------------------------------------------- */

/* What one row wants of one user, sorted by what can be done with it. */
struct wanted {
    struct plan *p;
    uint32_t row, user;
    struct str key;                     /* in the arena or the roster */
    struct edit edit[2][2][SCHEMA_MAX]; /* [is membership][cannot be changed] */
    size_t n[2][2];
};

static struct draft *draft_edits(struct wanted *w, enum change_kind kind, const struct edit *edit, size_t n)
{
    struct draft *d = draft_new(w->p, kind, w->row, w->user, w->key);
    d->c.edit = arena_alloc(&w->p->arena, n * sizeof(*edit));
    memcpy(d->c.edit, edit, n * sizeof(*edit));
    d->c.n_edits = n;
    return d;
}

static enum change_kind kind_of(const struct attr *a)
{
    return a->flags & ATTR_MEMBERSHIP ? CHANGE_MEMBERSHIP : CHANGE_UPDATE;
}

static struct edit plain_edit(struct wanted *w, size_t slot, const struct value *v)
{
    struct edit e = { .slot = (uint8_t)slot, .after = arena_str(&w->p->arena, v->send) };
    if (w->user != NO_USER)
        e.before = roster_shown(w->p->roster, w->user, slot);
    return e;
}

/* A name that is not good goes into a held change of its own. */
static void hold_ref(struct wanted *w, const struct edit *e, struct str name, enum ref_found found)
{
    draft_hold(draft_edits(w, kind_of(&w->p->schema->attr[e->slot]), e, 1),
               found == REF_AMBIGUOUS ? HOLD_AMBIGUOUS_REF : HOLD_UNKNOWN_REF,
               bad_ref_text(w->p, e->slot, name, found));
}

/* Fills `e` for a reference. REF_OK and equal ids: *same. Otherwise, when the name is not good, a held change
 * says so. */
static enum ref_found ref_edit(struct wanted *w, size_t slot, const struct value *v, struct edit *e,
                               bool *same)
{
    struct plan *p = w->p;
    struct str has = w->user == NO_USER ? no_text : roster_canon(p->roster, w->user, slot);
    const struct ref *before = has.n ? ref_resolve(p, slot, has)->ref : NULL;
    struct ref_cached wants = *ref_resolve(p, slot, v->canon);
    *e = plain_edit(w, slot, v);
    if (before) {
        e->before = before->send;
        e->before_name = before->name;
    }
    *same = false;
    if (wants.found == REF_OK) {
        *same = before && str_eq(before->id, wants.ref->id);
        e->after = wants.ref->send;
        e->after_name = wants.ref->name;
        return REF_OK;
    }
    hold_ref(w, e, v->send, wants.found);
    return wants.found;
}

/* The same for several. Every name that is not good is held alone: it adds nothing, and because it may mean
 * one of those that the user has, nothing is taken away beside it. False: nothing can be said but what is
 * held; *same: what he has is what he is to have. */
static bool refs_edit(struct wanted *w, size_t slot, const struct value *v, struct edit *e, bool *same)
{
    struct plan *p = w->p;
    const struct attr *a = &p->schema->attr[slot];
    struct str rest = v->canon;
    bool held = false;
    ref_set_read(p, slot, w->user == NO_USER ? no_text : roster_canon(p->roster, w->user, slot), &p->has);
    p->wants.n = 0;
    for (struct str name = attr_member(&rest, 0); name.n; name = attr_member(&rest, 0)) {
        struct ref_cached r = *ref_resolve(p, slot, name);
        if (r.found == REF_OK) {
            ref_set_add(&p->wants, r.ref);
            continue;
        }
        struct str written = ref_as_written(a, v->send, name);
        hold_ref(w, &(struct edit){ .slot = (uint8_t)slot, .after = arena_str(&p->arena, written) }, written,
                 r.found);
        held = true;
    }
    bool any = p->wants.n > 0;
    for (size_t i = 0; held && i < p->has.n; i++)
        ref_set_add(&p->wants, p->has.v[i]);
    ref_set_end(&p->wants);
    *same = ref_set_same(&p->has, &p->wants);
    *e = (struct edit){ .slot = (uint8_t)slot };
    ref_set_texts(p, &p->has, &e->before, &e->before_name);
    ref_set_texts(p, &p->wants, &e->after, &e->after_name);
    return any;
}

/* Fills `e`; false: there is nothing that can be sent. */
static bool make_edit(struct wanted *w, size_t slot, const struct value *v, struct edit *e, bool *same)
{
    const struct attr *a = &w->p->schema->attr[slot];
    *same = false;
    if (a->type == ATTR_REFS)
        return refs_edit(w, slot, v, e, same);
    if (a->type == ATTR_REF)
        return ref_edit(w, slot, v, e, same) == REF_OK;
    *e = plain_edit(w, slot, v);
    return true;
}

static void want(struct wanted *w, const struct edit *e, bool fixed)
{
    bool membership = kind_of(&w->p->schema->attr[e->slot]) == CHANGE_MEMBERSHIP;
    w->edit[membership][fixed][w->n[membership][fixed]++] = *e;
}

static void held_fixed(struct wanted *w, const char *what)
{
    for (unsigned membership = 0; membership < 2; membership++) {
        if (w->n[membership][1] == 0)
            continue;
        enum change_kind kind = membership ? CHANGE_MEMBERSHIP : CHANGE_UPDATE;
        struct draft *d = draft_edits(w, kind, w->edit[membership][1], w->n[membership][1]);
        draft_hold(d, HOLD_READ_ONLY,
                   plan_say(w->p, "the target cannot %s %s%s", what,
                            w->p->schema->attr[d->c.edit[0].slot].name,
                            d->c.n_edits > 1 ? " and others" : ""));
    }
}

static struct str arena_key(struct plan *p, uint32_t user, const struct person *person)
{
    return arena_str(&p->arena, key_of(p, user, person));
}

/* Users ---------------------------------------------------------------------------------------------------------------------- */

static void diff_slot(struct wanted *w, size_t slot, const struct value *v)
{
    const struct attr *a = &w->p->schema->attr[slot];
    struct edit e;
    bool same = false;
    /* What cannot be read cannot be compared: it is sent with a create only. */
    if (!v->canon.n || !(a->flags & ATTR_READ) || str_eq(v->canon, roster_canon(w->p->roster, w->user, slot)))
        return;
    if (make_edit(w, slot, v, &e, &same) && !same && !sticks_hold(w->p, w->row, w->user, &e, w->key))
        want(w, &e, !(a->flags & ATTR_UPDATE));
}

bool retires(const struct plan *p)
{
    return p->opt->action[CHANGE_RETIRE] && (p->opt->vendor_kinds >> CHANGE_RETIRE & 1);
}

/* Who is inactive has left already, unless it is to end with nothing left of him. */
static void leave(struct plan *p, uint32_t row, uint32_t user, const struct person *person)
{
    if (roster_state(p->roster, user) != USER_ACTIVE && !retires(p))
        return;
    struct draft *d =
        draft_new(p, retires(p) ? CHANGE_RETIRE : CHANGE_DEACTIVATE, row, user, arena_key(p, user, person));
    d->c.inactive = roster_state(p->roster, user) != USER_ACTIVE;
    d->c.reason =
        person->state_text.n ? plan_say(p, "status %s", plan_shown(p, person->state_text)) : STR("leaver");
    p->rows[row].state_change = 1;
}

static void activate(struct wanted *w, const struct person *person)
{
    struct draft *d = draft_new(w->p, CHANGE_ACTIVATE, w->row, w->user, w->key);
    d->c.reason = person->state_text.n
                      ? plan_say(w->p, "in the feed as %s", plan_shown(w->p, person->state_text))
                      : STR("in the feed");
    w->p->rows[w->row].state_change = 1;
}

/* Whether anything has to be looked at closely: most rows of most runs end here, and cost nothing. */
static bool differs(struct plan *p, uint32_t user, const struct person *person)
{
    if (roster_state(p->roster, user) != USER_ACTIVE)
        return true;
    for (size_t slot = 0; slot < p->schema->n; slot++) {
        struct str canon = person->value[slot].canon;
        if (!canon.n || !(p->schema->attr[slot].flags & ATTR_READ) ||
            str_eq(canon, roster_canon(p->roster, user, slot)))
            continue;
        if (!same_value(p, slot, roster_canon(p->roster, user, slot), canon))
            return true;
    }
    return false;
}

uint32_t diff_user(struct plan *p, uint32_t row, uint32_t user, const struct person *person)
{
    if (person->state == PERSON_LEAVER) {
        leave(p, row, user, person);
        return NO_DRAFT;
    }
    sticks_row(p, row, user, person);
    if (!differs(p, user, person))
        return NO_DRAFT;
    struct wanted w = { .p = p, .row = row, .user = user };
    w.key = arena_key(p, user, person);
    if (roster_state(p->roster, user) != USER_ACTIVE)
        activate(&w, person);
    for (size_t slot = 0; slot < p->schema->n; slot++)
        diff_slot(&w, slot, &person->value[slot]);
    held_fixed(&w, "change");
    if (w.n[1][0])
        draft_edits(&w, CHANGE_MEMBERSHIP, w.edit[1][0], w.n[1][0]);
    if (!w.n[0][0])
        return NO_DRAFT;
    draft_edits(&w, CHANGE_UPDATE, w.edit[0][0], w.n[0][0]);
    return (uint32_t)(p->n_drafts - 1);
}

struct draft *draft_split(struct plan *p, uint32_t draft, uint8_t slot)
{
    struct draft *from = p->drafts[draft];
    size_t i = 0;
    while (i < from->c.n_edits && from->c.edit[i].slot != slot)
        i++;
    if (i == from->c.n_edits)
        return NULL;
    struct draft *d = draft_new(p, from->c.kind, from->row, from->user, from->c.key);
    d->c.edit = arena_alloc(&p->arena, sizeof(*d->c.edit));
    *d->c.edit = from->c.edit[i];
    d->c.n_edits = 1;
    memmove(from->c.edit + i, from->c.edit + i + 1, (from->c.n_edits - i - 1) * sizeof(*from->c.edit));
    from->dead = --from->c.n_edits == 0;
    return d;
}

/* Joiners -------------------------------------------------------------------------------------------------------------------- */

static void create_slot(struct wanted *w, size_t slot, const struct value *v, struct draft *create)
{
    const struct attr *a = &w->p->schema->attr[slot];
    struct edit e;
    bool same;
    if (!v->canon.n) {
        if ((a->flags & ATTR_REQUIRED) && create->missing < 0)
            create->missing = (int8_t)slot;
        return;
    }
    if (!make_edit(w, slot, v, &e, &same)) {
        struct draft *beside = w->p->drafts[w->p->n_drafts - 1];
        if (a->flags & ATTR_REQUIRED) /* the create would be refused without it */
            draft_hold(create, beside->c.hold, beside->c.why);
        return;
    }
    bool fixed = !(a->flags & (ATTR_CREATE | ATTR_UPDATE));
    if (fixed)
        want(w, &e, true);
    else
        w->edit[0][0][w->n[0][0]++] = e; /* a create carries memberships too */
}

/* A new user who carries none of his match keys would be created again by the next run. */
static bool can_be_found(const struct plan *p, const struct draft *create)
{
    for (size_t i = 0; i < create->c.n_edits; i++)
        if (schema_is_key(p->schema, create->c.edit[i].slot))
            return true;
    return false;
}

uint32_t diff_create(struct plan *p, uint32_t row, const struct person *person)
{
    struct wanted w = { .p = p, .row = row, .user = NO_USER };
    w.key = arena_key(p, NO_USER, person);
    struct draft *create = draft_new(p, CHANGE_CREATE, row, NO_USER, w.key);
    uint32_t number = (uint32_t)(p->n_drafts - 1);
    for (size_t slot = 0; slot < p->schema->n; slot++)
        create_slot(&w, slot, &person->value[slot], create);
    held_fixed(&w, "set");
    create->c.n_edits = w.n[0][0];
    create->c.edit = arena_alloc(&p->arena, w.n[0][0] * sizeof(*create->c.edit));
    memcpy(create->c.edit, w.edit[0][0], w.n[0][0] * sizeof(*create->c.edit));
    if (p->opt->email_slot >= 0)
        create->c.user_email = arena_str(&p->arena, person->value[p->opt->email_slot].send);
    if (!can_be_found(p, create))
        draft_hold(
            create, HOLD_READ_ONLY,
            STR("the target cannot give a new user any of the match keys: he would be created again every time"));
    return number;
}
