/* Sealing: users get their numbers, and the indexes are built. */
#include <assert.h>
#include <string.h>

#include "roster_internal.h"

/* In sorted users: drops those that repeat the one before. False at the first that says something else; *id is his. */
static bool drop_repeats(struct roster *r, struct str *id)
{
    char one[GUID_DIGITS], two[GUID_DIGITS];
    size_t n = 0, i = 0;
    bool agree = true;
    for (; i < r->n; i++) {
        record rec = r->user[i];
        if (n == 0 || !str_eq(record_id_key(r->user[n - 1], one), record_id_key(rec, two))) {
            r->user[n++] = rec;
            continue;
        }
        if (!r->merge_repeats || !record_same(r->user[n - 1], rec)) {
            *id = record_id(rec);
            agree = false;
            break;
        }
        if (str_cmp(record_id(rec), record_id(r->user[n - 1])) < 0) /* a GUID in two spellings: not the one that came first */
            r->user[n - 1] = rec;
    }
    memmove(r->user + n, r->user + i, (r->n - i) * sizeof(*r->user));
    r->n = n + (r->n - i);
    return agree;
}

static void index_ids(struct roster *r)
{
    char digits[GUID_DIGITS];
    table_reserve(&r->by_id, r->n);
    for (size_t i = 0; i < r->n; i++) {
        struct str id = record_id_key(r->user[i], digits);
        table_add(&r->by_id, hash64(&r->key, id.p, id.n), (uint32_t)i);
    }
}

/* Users come by falling number and each is put before the first: chains rise. */
static void index_value(struct roster *r, size_t slot, uint32_t user)
{
    struct key_index *x = r->index[slot];
    struct str canon = record_value(r->user[user], slot, FORM_CANON);
    x->next[user] = NO_USER;
    if (!canon.n)
        return;
    uint64_t digest = hash64(&r->key, canon.p, canon.n);
    for (size_t it = table_find(&x->first, digest); it != TABLE_END; it = table_next(&x->first, it, digest)) {
        uint32_t first = table_value(&x->first, it);
        if (!str_eq(record_value(r->user[first], slot, FORM_CANON), canon))
            continue;
        x->next[user] = first;
        table_set(&x->first, it, user);
        return;
    }
    table_add(&x->first, digest, user);
}

static void index_values(struct roster *r)
{
    for (size_t slot = 0; slot < r->schema->n; slot++) {
        if (!r->wanted[slot])
            continue;
        r->index[slot] = xcalloc(1, sizeof(*r->index[slot]));
        r->index[slot]->next = xrealloc(NULL, r->n, sizeof(*r->index[slot]->next));
    }
    for (size_t i = r->n; i-- > 0;)
        for (size_t slot = 0; slot < r->schema->n; slot++)
            if (r->index[slot])
                index_value(r, slot, (uint32_t)i);
}

static void resolve_managers(struct roster *r)
{
    r->manager = xrealloc(NULL, r->n, sizeof(*r->manager));
    r->mark = xrealloc(NULL, r->n, sizeof(*r->mark));
    for (size_t i = 0; i < r->n; i++) {
        struct str id = record_manager(r->user[i]);
        r->manager[i] = id.n ? roster_by_id(r, id) : NO_USER;
        r->mark[i] = NO_ROW;
        r->active += record_state(r->user[i]) == USER_ACTIVE;
    }
}

enum roster_sealed roster_seal(struct roster *r, struct str *id)
{
    struct str twice;
    assert(!r->sealed);
    if (records_sort(r->user, r->n) && !drop_repeats(r, &twice)) {
        if (id)
            *id = twice;
        return ROSTER_TWICE;
    }
    buf_deinit(&r->packed);
    buf_deinit(&r->canon);
    r->sealed = true;
    index_ids(r);
    index_values(r);
    resolve_managers(r);
    return ROSTER_SEALED;
}
