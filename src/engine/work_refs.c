#include "work_refs.h"

#include <stdlib.h>

/* Two tables: creates by the canonical form of their manager key, activations by user id. */
struct people {
    struct work *w;
    const struct schema *schema;
    struct table created, activated;
    struct hash_key key;
};

static bool canon_key(const struct people *p, struct str value, struct buf *out)
{
    buf_clear(out);
    return attr_canon(&p->schema->attr[p->schema->manager_key], value, out) && out->n > 0;
}

static struct str key_of_create(const struct people *p, const struct change *c)
{
    for (size_t i = 0; i < c->n_edits; i++)
        if (c->edit[i].slot == p->schema->manager_key)
            return c->edit[i].after;
    return (struct str){ NULL, 0 };
}

static void index_people(struct people *p)
{
    struct buf canon = BUF_INIT(JSON_TEXT_MAX);
    for (size_t i = 0; i < p->w->n_items; i++) {
        const struct work_item *item = &p->w->item[i];
        if (!item->todo)
            continue;
        if (item->change->kind == CHANGE_CREATE && canon_key(p, key_of_create(p, item->change), &canon))
            table_add(&p->created, hash64(&p->key, canon.p, canon.n), item->seq);
        if (item->change->kind == CHANGE_ACTIVATE)
            table_add(&p->activated, hash64(&p->key, item->change->user.p, item->change->user.n), item->seq);
    }
    buf_deinit(&canon);
}

static uint32_t find_created_with(const struct people *p, struct str key, struct buf *canon, struct buf *other)
{
    if (!canon_key(p, key, canon))
        return NO_CHANGE;
    uint64_t d = hash64(&p->key, canon->p, canon->n);
    for (size_t it = table_find(&p->created, d); it != TABLE_END; it = table_next(&p->created, it, d)) {
        uint32_t seq = table_value(&p->created, it);
        if (canon_key(p, key_of_create(p, p->w->item[seq].change), other) && str_eq(buf_view(canon), buf_view(other)))
            return seq;
    }
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

void link_managers(struct work *w, const struct schema *schema)
{
    struct people p = { .w = w, .schema = schema };
    struct buf canon = BUF_INIT(JSON_TEXT_MAX), other = BUF_INIT(JSON_TEXT_MAX);
    index_people(&p);
    for (size_t i = 0; i < w->n_steps; i++) {
        struct step *s = &w->step[i];
        const struct manager_ref *to = &w->item[s->change[0]].change->manager_after;
        if (s->rank != RANK_MANAGER)
            continue;
        if (to->id.n > 0) {
            add_need(s, NEED_ACTIVATED, find_activated(&p, to->id));
        } else if (to->key.n > 0) {
            s->manager_ref = find_created_with(&p, to->key, &canon, &other);
            add_need(s, NEED_CREATED, s->manager_ref);
        }
    }
    table_deinit(&p.created);
    table_deinit(&p.activated);
    buf_deinit(&canon);
    buf_deinit(&other);
}
