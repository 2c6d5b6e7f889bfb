#include <stdlib.h>

#include "engine_internal.h"

/* Whom a reading looks up. What is equal in canonical form is looked up once. */

static uint64_t digest_of(const struct engine *e, int slot, struct str canon)
{
    return hash64(&e->hash, canon.p, canon.n) + (uint64_t)(slot + 1);
}

static bool is_listed(const struct lookups *l, uint64_t digest, int slot, struct str canon)
{
    for (size_t it = table_find(&l->seen, digest); it != TABLE_END; it = table_next(&l->seen, it, digest))
        if (l->v[table_value(&l->seen, it)].slot == slot &&
            str_eq(l->canon[table_value(&l->seen, it)], canon))
            return true;
    return false;
}

static void list(const struct engine *e, struct lookups *l, int slot, struct str value, struct str canon)
{
    uint64_t digest = digest_of(e, slot, canon);
    if (is_listed(l, digest, slot, canon))
        return;
    l->v = xgrow(l->v, &l->cap, l->n + 1, sizeof *l->v);
    l->canon = xgrow(l->canon, &l->cap_canon, l->n + 1, sizeof *l->canon);
    table_add(&l->seen, digest, (uint32_t)l->n);
    struct str sent = arena_str(&l->text, value);
    l->canon[l->n] = str_eq(value, canon) ? sent : arena_str(&l->text, canon);
    l->v[l->n++] = (struct lookup){ slot, sent };
}

void lookups_add(const struct engine *e, struct lookups *l, int slot, struct str value)
{
    if (value.n == 0)
        return;
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    if (slot < 0)
        list(e, l, slot, value, value);
    else if (attr_canon(&e->schema.attr[slot], value, &canon) && canon.n > 0)
        list(e, l, slot, value, buf_view(&canon));
    buf_deinit(&canon);
}

void lookups_clear(struct lookups *l)
{
    free(l->v);
    free(l->canon);
    table_deinit(&l->seen);
    arena_deinit(&l->text);
    *l = (struct lookups){ 0 };
}

/* Of a person: himself by every key he has, and his manager. */
void lookups_of_person(const struct engine *e, struct lookups *l, const struct person *p)
{
    for (size_t k = 0; k < e->schema.n_keys; k++)
        lookups_add(e, l, e->schema.key[k], p->value[e->schema.key[k]].send);
    if (e->schema.manager)
        lookups_add(e, l, e->schema.manager_key, p->manager.send);
}

/* Of a stored change: its user and the manager to be; of a joiner, who may stand there by now, his keys. */
static void of_change(const struct engine *e, struct lookups *l, const struct change *c)
{
    lookups_add(e, l, -1, c->user);
    lookups_add(e, l, -1, c->manager_after.id);
    for (size_t i = 0; c->kind == CHANGE_CREATE && i < c->n_edits; i++)
        if (schema_is_key(&e->schema, c->edit[i].slot))
            lookups_add(e, l, c->edit[i].slot, c->edit[i].after);
}

static bool of_stored(void *ctx, const struct run_change *rc)
{
    struct engine *e = ctx;
    struct arena arena = { 0 };
    struct change c;
    bool good = change_read(rc->json, &e->schema, &arena, &c);
    if (good)
        of_change(e, &e->wanted, &c);
    arena_deinit(&arena);
    return good; /* a plan that was altered is refused when it is loaded */
}

bool lookups_of_plan(struct engine *e)
{
    struct ledger *l = e->cfg.ledger;
    if (l->ops->change_each(l, e->run.id, of_stored, e) == 0)
        return true;
    engine_ledger_failed(e);
    return false;
}
