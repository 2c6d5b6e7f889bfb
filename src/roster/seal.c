/* Sealing: users get their numbers, and the indexes are built.
 *
 * In the order of ids the records lie anywhere in memory, and a million of them do not fit into a cache. So
 * whatever has to be read from records is read in the order of arrival, in which they lie one behind the
 * other, and only digests are taken to the order of ids. */
#include <assert.h>

#include "roster_internal.h"

struct sealing {
    struct roster *r;
    const record *arrived; /* records in the order of arrival */
    size_t n_arrived;
    uint32_t *order;  /* by user number: place in `arrived` */
    size_t n;         /* users */
    uint64_t *digest; /* by place in `arrived`: of whatever is being indexed; 0: nothing */
};

/* Drops from `order` those that repeat the one before. False at the first that says something else; *id is
 * his. */
static bool drop_repeats(struct sealing *s, struct str *id)
{
    char one[GUID_DIGITS], two[GUID_DIGITS];
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        record rec = s->arrived[s->order[i]];
        record last = n ? s->arrived[s->order[n - 1]] : NULL;
        if (!last || !str_eq(record_id_key(last, one), record_id_key(rec, two))) {
            s->order[n++] = s->order[i];
            continue;
        }
        if (!s->r->merge_repeats || !record_same(last, rec)) {
            *id = record_id(rec);
            return false;
        }
        if (str_cmp(record_id(rec), record_id(last)) <
            0) /* a GUID in two spellings: not the one that came first */
            s->order[n - 1] = s->order[i];
    }
    s->n = n;
    return true;
}

static void number_users(struct sealing *s)
{
    record *user = xrealloc(NULL, s->n, sizeof(*user));
    for (size_t i = 0; i < s->n; i++)
        user[i] = s->arrived[s->order[i]];
    s->r->user = user;
    s->r->n = s->r->cap = s->n;
}

static void index_ids(struct sealing *s)
{
    char digits[GUID_DIGITS];
    for (size_t a = 0; a < s->n_arrived; a++)
        s->digest[a] = digest_of(s->r, record_id_key(s->arrived[a], digits));
    table_reserve(&s->r->by_id, s->n);
    for (size_t i = 0; i < s->n; i++)
        table_add(&s->r->by_id, s->digest[s->order[i]], (uint32_t)i);
}

/* Puts a user before the first of those with his value, or makes him the first. */
static void chain(struct roster *r, size_t slot, uint32_t user, uint64_t digest)
{
    struct key_index *x = r->index[slot];
    x->next[user] = NO_USER;
    if (!digest)
        return;
    for (size_t it = table_find(&x->first, digest); it != TABLE_END; it = table_next(&x->first, it, digest)) {
        uint32_t first = table_value(&x->first, it);
        if (!str_eq(roster_canon(r, first, slot), roster_canon(r, user, slot)))
            continue;
        x->next[user] = first;
        table_set(&x->first, it, user);
        return;
    }
    table_add(&x->first, digest, user);
}

static void index_slot(struct sealing *s, size_t slot)
{
    struct key_index *x = xcalloc(1, sizeof(*x));
    size_t values = 0;
    for (size_t a = 0; a < s->n_arrived; a++) {
        struct str canon = record_value(s->arrived[a], slot, FORM_CANON);
        s->digest[a] = canon.n ? digest_of(s->r, canon) : 0;
        values += canon.n > 0;
    }
    x->next = xrealloc(NULL, s->n, sizeof(*x->next));
    s->r->index[slot] = x;
    table_reserve(&x->first, values);
    for (size_t i = s->n; i-- > 0;) /* each goes to the front: from the last, so that chains rise */
        chain(s->r, slot, (uint32_t)i, s->digest[s->order[i]]);
}

static void resolve_managers(struct sealing *s)
{
    struct roster *r = s->r;
    uint32_t *number = xrealloc(NULL, s->n_arrived, sizeof(*number));
    r->manager = xrealloc(NULL, s->n, sizeof(*r->manager));
    for (size_t a = 0; a < s->n_arrived; a++)
        number[a] = NO_USER;
    for (size_t i = 0; i < s->n; i++)
        number[s->order[i]] = (uint32_t)i;
    for (size_t a = 0; a < s->n_arrived; a++) {
        if (number[a] == NO_USER)
            continue;
        struct str id = record_manager(s->arrived[a]);
        r->manager[number[a]] = id.n ? roster_by_id(r, id) : NO_USER;
        r->active += record_state(s->arrived[a]) == USER_ACTIVE;
    }
    free(number);
}

static void seal(struct sealing *s)
{
    struct roster *r = s->r;
    number_users(s);
    s->digest = xrealloc(NULL, s->n_arrived, sizeof(*s->digest));
    r->sealed = true;
    index_ids(s);
    for (size_t slot = 0; slot < r->schema->n; slot++)
        if (r->wanted[slot])
            index_slot(s, slot);
    resolve_managers(s);
    r->mark = xrealloc(NULL, s->n, sizeof(*r->mark));
    for (size_t i = 0; i < s->n; i++)
        r->mark[i] = NO_ROW;
    buf_deinit(&r->packed);
    buf_deinit(&r->canon);
    free(s->digest);
}

enum roster_sealed roster_seal(struct roster *r, struct str *id)
{
    struct str twice;
    assert(!r->sealed);
    record *arrived = r->user;
    struct sealing s = { .r = r, .arrived = arrived, .n_arrived = r->n, .n = r->n };
    s.order = xrealloc(NULL, r->n, sizeof(*s.order));
    bool once = !records_order(arrived, r->n, s.order) || drop_repeats(&s, &twice);
    if (once) {
        seal(&s);
        free(arrived);
    } else if (id) {
        *id = twice;
    }
    free(s.order);
    return once ? ROSTER_SEALED : ROSTER_TWICE;
}
