#include "wanted.h"

#include <stdlib.h>

/* Only our own table is keyed with it, and only with what we ask for ourselves. */
static const struct hash_key table_key = { 0, 0 };

static const struct attr *attr_of(const struct wanted *w, int slot)
{
    return slot < 0 ? w->id : &w->schema->attr[slot];
}

static uint64_t digest(int slot, struct str canon)
{
    return hash64(&table_key, canon.p, canon.n) ^ ((uint64_t)(unsigned)(slot + 1) << 56);
}

static bool is_wanted(const struct wanted *w, int slot, struct str canon)
{
    uint64_t d = digest(slot, canon);
    for (size_t it = table_find(&w->by_canon, d); it != TABLE_END; it = table_next(&w->by_canon, it, d)) {
        const struct want *want = &w->v[table_value(&w->by_canon, it)];
        if (want->slot == slot && str_eq(want->canon, canon))
            return true;
    }
    return false;
}

/* False where the value has no canonical form or is empty. */
static bool canon_of(const struct wanted *w, int slot, struct str text, struct buf *canon)
{
    buf_clear(canon);
    return text.n > 0 && attr_canon(attr_of(w, slot), text, canon) && canon->n > 0;
}

void wanted_begin(struct wanted *w, const struct schema *schema, const struct attr *id,
                  const struct read_goal *goal)
{
    wanted_deinit(w);
    w->schema = schema;
    w->id = id;
    w->lookups = goal->lookups;
    w->v = xcalloc(goal->n_lookups + 1, sizeof(*w->v));
}

void wanted_deinit(struct wanted *w)
{
    free(w->v);
    table_deinit(&w->by_canon);
    arena_deinit(&w->arena);
    *w = (struct wanted){ 0 };
}

bool wanted_add(struct wanted *w, size_t lookup)
{
    const struct lookup *l = &w->lookups[lookup];
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    bool fresh = canon_of(w, l->slot, l->value, &canon) && !is_wanted(w, l->slot, buf_view(&canon));
    if (fresh) {
        w->v[w->n] = (struct want){ .lookup = lookup,
                                    .slot = l->slot,
                                    .canon = arena_str(&w->arena, buf_view(&canon)),
                                    .value = str_trim(l->value) };
        table_add(&w->by_canon, digest(l->slot, w->v[w->n].canon), (uint32_t)w->n);
        w->n++;
    }
    buf_deinit(&canon);
    return fresh;
}

bool wanted_user(const struct wanted *w, const struct user *u)
{
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    bool found = canon_of(w, -1, u->id, &canon) && is_wanted(w, -1, buf_view(&canon));
    for (size_t i = 0; i < w->schema->n && !found; i++)
        found = canon_of(w, (int)i, u->text[i], &canon) && is_wanted(w, (int)i, buf_view(&canon));
    buf_deinit(&canon);
    return found;
}

bool wanted_is(const struct wanted *w, const struct want *want, const struct user *u)
{
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    bool same = canon_of(w, want->slot, want->slot < 0 ? u->id : u->text[want->slot], &canon) &&
                str_eq(buf_view(&canon), want->canon);
    buf_deinit(&canon);
    return same;
}
