/* READ_LOOKUP: the users that carry given keys, inactive ones included. Keys go to the search, many in one
 * condition. Ids are another matter: "UserId" stands in no list of names that the search knows, and
 * User/Retrieve/ByUserId answers [] both for "inactive" and for "no such user" (get-user-by-id/), so an empty
 * answer there proves nothing and ends the reading as incomplete. Look up by key where a key is known. */
#include <stdlib.h>
#include <string.h>

#include "leadsquared_internal.h"

#define LOOKUP_PAGES_MAX 1000

/* Only our own table is keyed with it, and only with what we ask for ourselves. */
static const struct hash_key table_key = { 0, 0 };

static const struct attr id_attr = { .name = "UserId", .type = ATTR_GUID };

static const struct attr *attr_of(const struct conn *c, int slot)
{
    return slot < 0 ? &id_attr : &c->config.schema->attr[slot];
}

static uint64_t digest(int slot, struct str canon)
{
    return hash64(&table_key, canon.p, canon.n) ^ ((uint64_t)(unsigned)(slot + 1) << 56);
}

static bool is_wanted(const struct conn *c, int slot, struct str canon)
{
    const struct reading *r = &c->reading;
    uint64_t d = digest(slot, canon);
    for (size_t it = table_find(&r->by_canon, d); it != TABLE_END; it = table_next(&r->by_canon, it, d)) {
        const struct want *w = &r->want[table_value(&r->by_canon, it)];
        if (r->goal.lookups[w->lookup].slot == slot && str_eq(w->canon, canon))
            return true;
    }
    return false;
}

static bool wants_value(const struct conn *c, int slot, struct str text, struct buf *canon)
{
    buf_clear(canon);
    return text.n > 0 && attr_canon(attr_of(c, slot), text, canon) && canon->n > 0 &&
           is_wanted(c, slot, buf_view(canon));
}

/* The tenant may compare more loosely than we do (accents, case): who was not meant is left out. */
bool lookup_wants(const struct conn *c, const struct user *u)
{
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    bool wanted = wants_value(c, -1, u->id, &canon);
    for (size_t i = 0; i < c->config.schema->n && !wanted; i++)
        wanted = wants_value(c, (int)i, u->text[i], &canon);
    buf_deinit(&canon);
    return wanted;
}

/* Empty, broken and repeated values are not asked for: nobody has the first two. */
static void add_wanted(struct conn *c, bool by_key)
{
    struct reading *r = &c->reading;
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    bool search_ids = lsq_number(c, OPTION_LOOKUP_BY_ID) == LSQ_BY_ID_SEARCH;
    for (size_t i = 0; i < r->goal.n_lookups; i++) {
        const struct lookup *l = &r->goal.lookups[i];
        buf_clear(&canon);
        if ((l->slot >= 0 || search_ids) != by_key || !attr_canon(attr_of(c, l->slot), l->value, &canon) ||
            canon.n == 0 || is_wanted(c, l->slot, buf_view(&canon)))
            continue;
        r->want[r->n_want] = (struct want){ i, arena_str(&r->arena, buf_view(&canon)) };
        table_add(&r->by_canon, digest(l->slot, r->want[r->n_want].canon), (uint32_t)r->n_want);
        r->n_want++;
    }
    buf_deinit(&canon);
}

void lookup_begin(struct conn *c)
{
    struct reading *r = &c->reading;
    size_t batch = (size_t)lsq_number(c, OPTION_LOOKUP_BATCH);
    r->want = xcalloc(r->goal.n_lookups + 1, sizeof(*r->want));
    add_wanted(c, true);
    r->n_by_key = r->n_want;
    add_wanted(c, false);
    for (size_t i = 0; i < r->n_by_key; i += batch) {
        struct ask *a = ask_add(c, ASK_LOOKUP);
        a->from = i;
        a->n = r->n_by_key - i < batch ? r->n_by_key - i : batch;
    }
    for (size_t i = r->n_by_key; i < r->n_want; i++) {
        struct ask *a = ask_add(c, ASK_BY_ID);
        a->from = i;
        a->n = 1;
    }
}

void lookup_body(const struct conn *c, const struct ask *a, struct buf *out)
{
    const struct reading *r = &c->reading;
    struct condition *v = xcalloc(a->n, sizeof(*v));
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < a->n; i++) {
        const struct lookup *l = &r->goal.lookups[r->want[a->from + i].lookup];
        v[i] = l->slot < 0 ? (struct condition){ STR("UserId"), lsq_guid(&arena, l->value) }
                           : (struct condition){ lsq_wire_update(attr_of(c, l->slot)), str_trim(l->value) };
    }
    lsq_search_body(c, v, a->n, a->page, out);
    arena_deinit(&arena);
    free(v);
}

struct str lookup_id(struct conn *c, const struct ask *a)
{
    struct reading *r = &c->reading;
    return lsq_guid(&r->arena, r->goal.lookups[r->want[a->from].lookup].value);
}

bool lookup_take(struct conn *c, struct ask *a, bool found, char why[200])
{
    if (a->kind == ASK_BY_ID && !found) {
        struct buf id = BUF_INIT(1024);
        printable(&id, c->reading.goal.lookups[c->reading.want[a->from].lookup].value, 64);
        reading_fail(
            c, AGAIN_NO,
            "user '%s' is not shown by User/Retrieve/ByUserId, which hides inactive users: look up by a key",
            id.p);
        buf_deinit(&id);
        return true;
    }
    if (a->kind == ASK_BY_ID || a->count < (size_t)lsq_number(c, OPTION_PAGE_SIZE))
        return true;
    if (str_eq(str_of(a->first), str_of(a->before)) || a->page >= LOOKUP_PAGES_MAX) {
        lsq_say(why, 200, "page %u of a search for %zu users is the page before once more", a->page, a->n);
        return false;
    }
    struct ask *next = ask_add(c, ASK_LOOKUP);
    next->from = a->from;
    next->n = a->n;
    next->page = a->page + 1;
    lsq_cut(next->before, sizeof(next->before), str_of(a->first));
    return true;
}

void lookup_advance(struct conn *c)
{
    struct roster *roster = c->reading.goal.roster;
    int mail = schema_slot(c->config.schema, STR("EmailAddress"));
    struct str twice;
    if (mail >= 0)
        roster_index(roster, (size_t)mail);
    roster_merge_repeats(roster);
    if (roster_seal(roster, &twice) == ROSTER_TWICE) {
        reading_fail(c, AGAIN_LATER, "the user '%.*s' changed while being looked up",
                     (int)(twice.n < LSQ_ID_MAX ? twice.n : LSQ_ID_MAX), twice.p);
        return;
    }
    c->looked_up = true;
    reading_complete(c, PROOF_LOOKED_UP, "%zu keys looked up", c->reading.n_want);
}

/* By key, as is usual. */
size_t lsq_lookup_calls(const struct conn *c, size_t n, uint8_t *endpoint)
{
    size_t batch = (size_t)lsq_number(c, OPTION_LOOKUP_BATCH);
    *endpoint = CALL_SEARCH;
    return n / batch + (n % batch > 0);
}
