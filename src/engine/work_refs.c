#include "work_refs.h"

/* Two tables: creates by the key that changes know their user by, activations by user id. Both are compared
 * byte for byte: the plan wrote both sides. */
struct people {
    struct work *w;
    struct table created, activated;
    struct hash_key key;
};

static void index_people(struct people *p)
{
    for (size_t i = 0; i < p->w->n_items; i++) {
        const struct work_item *item = &p->w->item[i];
        const struct change *c = item->change;
        if ((item->todo || item->new_id[0]) && c->kind == CHANGE_CREATE) /* by now, or by an earlier part */
            table_add(&p->created, hash64(&p->key, c->key.p, c->key.n), item->seq);
        if (item->todo && c->kind == CHANGE_ACTIVATE)
            table_add(&p->activated, hash64(&p->key, c->user.p, c->user.n), item->seq);
    }
}

static uint32_t find_created(const struct people *p, struct str key)
{
    uint64_t d = hash64(&p->key, key.p, key.n);
    for (size_t it = table_find(&p->created, d); it != TABLE_END; it = table_next(&p->created, it, d))
        if (str_eq(p->w->item[table_value(&p->created, it)].change->key, key))
            return table_value(&p->created, it);
    return NO_CHANGE;
}

static uint32_t find_activated(const struct people *p, struct str user)
{
    uint64_t d = hash64(&p->key, user.p, user.n);
    for (size_t it = table_find(&p->activated, d); it != TABLE_END; it = table_next(&p->activated, it, d))
        if (str_eq(p->w->item[table_value(&p->activated, it)].change->user, user))
            return table_value(&p->activated, it);
    return NO_CHANGE;
}

static void add_need(struct step *s, enum need_kind kind, uint32_t change)
{
    if (change != NO_CHANGE && s->n_needs < STEP_NEEDS_MAX)
        s->need[s->n_needs++] = (struct need){ kind, change };
}

void link_managers(struct work *w, bool ordered)
{
    struct people p = { .w = w };
    index_people(&p);
    for (size_t i = 0; i < w->n_steps; i++) {
        struct step *s = &w->step[i];
        struct work_item *move = work_move(w, s);
        const struct manager_ref *to = &move->change->manager_after;
        if (s->rank != RANK_MANAGER)
            continue;
        if (to->id.n > 0 && ordered) {
            add_need(s, NEED_ACTIVATED, find_activated(&p, to->id));
        } else if (to->id.n == 0 && to->key.n > 0) {
            s->manager_ref = find_created(&p, to->key);
            move->made_manager = s->manager_ref;
            add_need(s, NEED_CREATED, s->manager_ref);
        }
    }
    table_deinit(&p.created);
    table_deinit(&p.activated);
}
