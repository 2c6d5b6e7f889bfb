/* READ_LOOKUP: the users that carry given keys, inactive ones included. Keys go to the search, many in one
 * condition. Ids are another matter: "UserId" stands in no list of names that the search knows, and
 * User/Retrieve/ByUserId answers [] both for "inactive" and for "no such user" (get-user-by-id/), so an empty
 * answer there proves nothing and ends the reading as incomplete. Look up by key where a key is known. */
#include <stdlib.h>
#include <string.h>

#include "leadsquared_internal.h"

#define LOOKUP_PAGES_MAX 1000

static const struct attr id_attr = { .name = "UserId", .type = ATTR_GUID };

/* Ids by the retrieve call come behind the keys. */
static void add_wanted(struct conn *c, bool by_key)
{
    struct lsq_reading *r = &c->reading;
    bool search_ids = lsq_number(c, OPTION_LOOKUP_BY_ID) == LSQ_BY_ID_SEARCH;
    for (size_t i = 0; i < c->asks.goal.n_lookups; i++)
        if ((c->asks.goal.lookups[i].slot >= 0 || search_ids) == by_key)
            wanted_add(&r->wanted, i);
}

void lookup_begin(struct conn *c)
{
    struct lsq_reading *r = &c->reading;
    size_t batch = (size_t)lsq_number(c, OPTION_LOOKUP_BATCH);
    wanted_begin(&r->wanted, c->config.schema, &id_attr, &c->asks.goal);
    add_wanted(c, true);
    r->n_by_key = r->wanted.n;
    add_wanted(c, false);
    for (size_t i = 0; i < r->n_by_key; i += batch) {
        struct lsq_ask *a = lsq_ask_add(c, ASK_LOOKUP);
        a->from = i;
        a->n = r->n_by_key - i < batch ? r->n_by_key - i : batch;
    }
    for (size_t i = r->n_by_key; i < r->wanted.n; i++) {
        struct lsq_ask *a = lsq_ask_add(c, ASK_BY_ID);
        a->from = i;
        a->n = 1;
    }
}

void lookup_body(const struct conn *c, const struct lsq_ask *a, struct buf *out)
{
    const struct lsq_reading *r = &c->reading;
    struct condition *v = xcalloc(a->n, sizeof(*v));
    struct arena arena = ARENA_INIT;
    for (size_t i = 0; i < a->n; i++) {
        const struct want *w = &r->wanted.v[a->from + i];
        v[i] = w->slot < 0
                   ? (struct condition){ STR("UserId"), lsq_guid(&arena, w->value) }
                   : (struct condition){ lsq_wire_update(&c->config.schema->attr[w->slot]), w->value };
    }
    lsq_search_body(c, v, a->n, a->page, out);
    arena_deinit(&arena);
    free(v);
}

struct str lookup_id(struct conn *c, const struct lsq_ask *a)
{
    struct lsq_reading *r = &c->reading;
    return lsq_guid(&r->wanted.arena, r->wanted.v[a->from].value);
}

bool lookup_take(struct conn *c, struct lsq_ask *a, bool found, char why[200])
{
    if (a->ask.kind == ASK_BY_ID && !found) {
        struct buf id = BUF_INIT(1024);
        printable(&id, c->reading.wanted.v[a->from].value, 64);
        asks_fail(
            &c->asks, AGAIN_NO,
            "user '%s' is not shown by User/Retrieve/ByUserId, which hides inactive users: look up by a key",
            id.p);
        buf_deinit(&id);
        return true;
    }
    if (a->ask.kind == ASK_BY_ID || a->count < (size_t)lsq_number(c, OPTION_PAGE_SIZE))
        return true;
    if (str_eq(str_of(a->first), str_of(a->before)) || a->page >= LOOKUP_PAGES_MAX) {
        say_text(why, 200, "page %u of a search for %zu users is the page before once more", a->page, a->n);
        return false;
    }
    struct lsq_ask *next = lsq_ask_add(c, ASK_LOOKUP);
    next->from = a->from;
    next->n = a->n;
    next->page = a->page + 1;
    say_cut(next->before, sizeof(next->before), str_of(a->first));
    return true;
}

void lookup_advance(struct conn *c)
{
    if (!asks_seal_found(&c->asks, c->config.schema, "EmailAddress"))
        return;
    c->looked_up = true;
    asks_complete(&c->asks, PROOF_LOOKED_UP, "%zu keys looked up", c->reading.wanted.n);
}

/* By key, as is usual. */
size_t lsq_lookup_calls(const struct conn *c, size_t n, uint8_t *endpoint)
{
    size_t batch = (size_t)lsq_number(c, OPTION_LOOKUP_BATCH);
    *endpoint = CALL_SEARCH;
    return n / batch + (n % batch > 0);
}
