/* Asking a sealed roster. */
#include <assert.h>

#include "roster_internal.h"

size_t roster_count(const struct roster *r)
{
    assert(r->sealed);
    return r->n;
}

size_t roster_active(const struct roster *r)
{
    assert(r->sealed);
    return r->active;
}

static size_t table_memory(const struct table *t)
{
    return t->cap * (sizeof(*t->digest) + sizeof(*t->value));
}

size_t roster_memory(const struct roster *r)
{
    size_t bytes = sizeof(*r) + r->arena.used + r->reads_cap * sizeof(*r->read) + r->cap * sizeof(*r->user) +
                   r->kept_cap * sizeof(*r->kept) + r->packed.cap + r->canon.cap + table_memory(&r->by_id);
    for (size_t i = 0; i < r->n_reads; i++)
        bytes += r->read[i].arena.used + r->read[i].cap * sizeof(*r->read[i].user);
    for (size_t i = 0; i < r->n_kept; i++)
        bytes += r->kept[i].used;
    if (r->sealed)
        bytes += r->n * (sizeof(*r->manager) + sizeof(*r->mark));
    for (size_t slot = 0; slot < SCHEMA_MAX; slot++)
        if (r->index[slot])
            bytes += sizeof(*r->index[slot]) + table_memory(&r->index[slot]->first) +
                     r->n * sizeof(*r->index[slot]->next);
    return bytes;
}

uint32_t roster_by_id(const struct roster *r, struct str id)
{
    char wanted[GUID_DIGITS], digits[GUID_DIGITS];
    assert(r->sealed);
    struct str key = id_key(id, wanted);
    uint64_t digest = digest_of(r, key);
    for (size_t it = table_find(&r->by_id, digest); it != TABLE_END; it = table_next(&r->by_id, it, digest)) {
        uint32_t user = table_value(&r->by_id, it);
        if (str_eq(record_id(r->user[user]), id) || str_eq(record_id_key(r->user[user], digits), key))
            return user;
    }
    return NO_USER;
}

static record at(const struct roster *r, uint32_t user)
{
    assert(r->sealed && user < r->n);
    return r->user[user];
}

struct str roster_id(const struct roster *r, uint32_t user)
{
    return record_id(at(r, user));
}

enum user_state roster_state(const struct roster *r, uint32_t user)
{
    return record_state(at(r, user));
}

bool roster_administrator(const struct roster *r, uint32_t user)
{
    return record_administrator(at(r, user));
}

struct str roster_canon(const struct roster *r, uint32_t user, size_t slot)
{
    return record_value(at(r, user), slot, FORM_CANON);
}

struct str roster_shown(const struct roster *r, uint32_t user, size_t slot)
{
    return record_value(at(r, user), slot, FORM_SHOWN);
}

uint32_t roster_manager(const struct roster *r, uint32_t user)
{
    assert(r->sealed && user < r->n);
    return r->manager[user];
}

struct str roster_manager_id(const struct roster *r, uint32_t user)
{
    return record_manager(at(r, user));
}

uint32_t roster_by_key(const struct roster *r, size_t slot, struct str canon, uint32_t after)
{
    assert(r->sealed && slot < r->schema->n && r->index[slot]);
    const struct key_index *x = r->index[slot];
    if (after != NO_USER) {
        assert(after < r->n);
        return x->next[after];
    }
    uint64_t digest = digest_of(r, canon);
    for (size_t it = table_find(&x->first, digest); it != TABLE_END; it = table_next(&x->first, it, digest))
        if (str_eq(roster_canon(r, table_value(&x->first, it), slot), canon))
            return table_value(&x->first, it);
    return NO_USER;
}

uint32_t roster_mark(const struct roster *r, uint32_t user)
{
    assert(r->sealed && user < r->n);
    return r->mark[user];
}

void roster_set_mark(struct roster *r, uint32_t user, uint32_t mark)
{
    assert(r->sealed && user < r->n);
    r->mark[user] = mark;
}
