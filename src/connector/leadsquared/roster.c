/* READ_ROSTER: everybody, and the proof that it is everybody. A listing that lost a page looks like a listing
 * after a leaving party: what two listings say must agree to the last id, or nothing is complete. */
#include <inttypes.h>
#include <stdlib.h>

#include "leadsquared_internal.h"

#define NAMED_MAX 3 /* ids named in a message */

enum { STAGE_BEGIN, STAGE_USERS_GET, STAGE_FIRST_PASS, STAGE_FIRST_PAGE, STAGE_LAST_PASS };

static size_t page_size(const struct conn *c)
{
    return (size_t)lsq_number(c, OPTION_PAGE_SIZE);
}

static struct lsq_ask *page_add(struct conn *c, unsigned pass, uint32_t page)
{
    struct lsq_ask *a = lsq_ask_add(c, ASK_PAGE);
    a->pass = pass;
    a->page = page;
    return a;
}

/* Users that the asks of this kind and pass brought. */
static size_t brought(const struct conn *c, enum ask_kind kind, unsigned pass)
{
    size_t n = 0;
    for (size_t i = 0; i < c->asks.n_asks; i++)
        if (lsq_ask_at(c, i)->ask.kind == kind && lsq_ask_at(c, i)->pass == pass)
            n += lsq_ask_at(c, i)->count;
    return n;
}

/* All pages for n users: the last of them is short, be it empty, and so proves the end. They may be asked for
 * at once. */
static void add_pages(struct conn *c, uint32_t first, size_t n)
{
    if (n > LSQ_ROSTER_MAX || n / page_size(c) >= LSQ_PAGES_MAX) {
        asks_fail(&c->asks, AGAIN_NO, "the tenant claims to have %zu users, which is more than can be read",
                  n);
        return;
    }
    for (uint32_t page = first; page <= n / page_size(c) + 1; page++)
        page_add(c, 1, page);
    c->reading.stage = STAGE_LAST_PASS;
}

/* The first pass: page by page -------------------------------------------------------------------- */

static bool repeats(struct conn *c, const struct lsq_ask *last)
{
    for (size_t i = 0; i < c->asks.n_asks; i++) {
        const struct lsq_ask *a = lsq_ask_at(c, i);
        if (a == last || a->ask.kind != ASK_PAGE || a->pass != last->pass || a->count == 0 ||
            !str_eq(str_of(a->first), str_of(last->first)))
            continue;
        asks_fail(&c->asks, AGAIN_LATER, "page %u of the search begins with the same user as page %u",
                  last->page, a->page);
        return true;
    }
    return false;
}

/* A tenant that silently cuts pages to a size of its own makes the first page look like the last: so the end
 * of a pass whose length nobody stated is an empty page. */
static void next_page(struct conn *c)
{
    const struct lsq_ask *last = lsq_ask_at(c, c->asks.n_asks - 1), *before = NULL;
    if (c->asks.n_asks > 1)
        before = lsq_ask_at(c, c->asks.n_asks - 2);
    if (last->count == 0) {
        add_pages(c, 1, brought(c, ASK_PAGE, 0));
        return;
    }
    if (before && before->count < page_size(c)) {
        asks_fail(&c->asks, AGAIN_LATER,
                  "page %u of the search brought %zu users instead of %zu, yet page %u is not empty: "
                  "set 'page_size' to what the tenant gives",
                  before->page, before->count, page_size(c), last->page);
        return;
    }
    if (last->page >= LSQ_PAGES_MAX)
        asks_fail(&c->asks, AGAIN_NO, "the search has no end: page %u is not the last", last->page);
    else if (!repeats(c, last))
        page_add(c, 0, last->page + 1);
}

/* The last pass ----------------------------------------------------------------------------------- */

/* Every page but the last is full, the last is not. */
static bool pages_fit(struct conn *c)
{
    uint32_t pages = 0;
    for (size_t i = 0; i < c->asks.n_asks; i++)
        if (lsq_ask_at(c, i)->ask.kind == ASK_PAGE && lsq_ask_at(c, i)->pass == 1 &&
            lsq_ask_at(c, i)->page > pages)
            pages = lsq_ask_at(c, i)->page;
    for (size_t i = 0; i < c->asks.n_asks; i++) {
        const struct lsq_ask *a = lsq_ask_at(c, i);
        if (a->ask.kind != ASK_PAGE || a->pass != 1)
            continue;
        if (a->page < pages && a->count != page_size(c)) {
            asks_fail(&c->asks, AGAIN_LATER, "page %u of %u of the search brought %zu users instead of %zu",
                      a->page, pages, a->count, page_size(c));
            return false;
        }
        if (a->page == pages && a->count >= page_size(c)) {
            asks_fail(&c->asks, AGAIN_LATER,
                      "page %u of the search should be the last, yet it brought %zu users", a->page,
                      a->count);
            return false;
        }
    }
    return true;
}

struct disagreement {
    size_t first_only, last_only, repeated, state;
    char named[256]; /* up to three ids of the kind that is told */
    unsigned n_named;
};

static void name_id(struct disagreement *d, struct str id)
{
    struct buf shown = BUF_INIT(1024);
    size_t used = str_of(d->named).n;
    if (d->n_named++ < NAMED_MAX) {
        printable(&shown, id, 64);
        say_text(d->named + used, sizeof(d->named) - used, "%s'%s'", used ? ", " : "",
                 shown.p ? shown.p : "");
    }
    buf_deinit(&shown);
}

/* One user of the first listing against the roster, which the last one filled. */
static bool compare_user(const struct roster *roster, const struct seen_user *u, uint8_t *met,
                         struct disagreement *d)
{
    uint32_t r = roster_by_id(roster, u->id);
    if (r == NO_USER) {
        d->first_only++;
        return false;
    }
    bool twice = met[r] != 0, same = roster_state(roster, r) == u->state;
    met[r] = 1;
    d->repeated += twice;
    d->state += !same;
    return same && !twice;
}

/* When the first listing is known to be cut off it can only be a part: its users must all be there. */
static void compare(struct conn *c, enum ask_kind kind, bool part, struct disagreement *d)
{
    const struct roster *roster = c->asks.goal.roster;
    size_t n = roster_count(roster);
    uint8_t *met = xcalloc(n + 1, 1);
    for (size_t i = 0; i < c->asks.n_asks; i++) {
        const struct lsq_ask *a = lsq_ask_at(c, i);
        if (a->ask.kind != kind || (kind == ASK_PAGE && a->pass != 0))
            continue;
        for (size_t k = 0; k < a->seen.n; k++)
            if (!compare_user(roster, &a->seen.v[k], met, d))
                name_id(d, a->seen.v[k].id);
    }
    for (uint32_t i = 0; i < n && !part; i++)
        if (!met[i]) {
            d->last_only++;
            name_id(d, roster_id(roster, i));
        }
    free(met);
}

static bool agree(struct conn *c, enum ask_kind kind, const char *first, const char *last, bool part)
{
    struct disagreement d = { 0 };
    size_t n = roster_count(c->asks.goal.roster),
           of_first = kind == ASK_PAGE ? brought(c, kind, 0) : brought(c, kind, 1);
    compare(c, kind, part, &d);
    const char *more = d.n_named > NAMED_MAX ? ", ..." : "";
    if (d.first_only || d.last_only)
        asks_fail(&c->asks, AGAIN_LATER,
                  "%s named %zu users, %s %zu; %zu stand only in the first, %zu only in the second: %s%s",
                  first, of_first, last, n, d.first_only, d.last_only, d.named, more);
    else if (d.repeated)
        asks_fail(&c->asks, AGAIN_LATER, "%s named %zu users twice: %s%s", first, d.repeated, d.named, more);
    else if (d.state)
        asks_fail(&c->asks, AGAIN_LATER, "%s and %s disagree whether %zu users are active: %s%s", first, last,
                  d.state, d.named, more);
    return c->asks.result == READ_WAIT;
}

static int64_t stated_count(const struct conn *c)
{
    int64_t most = -1;
    for (size_t i = 0; i < c->asks.n_asks; i++)
        if (lsq_ask_at(c, i)->ask.kind == ASK_PAGE && lsq_ask_at(c, i)->record_count > most)
            most = lsq_ask_at(c, i)->record_count;
    return most;
}

static bool count_agrees(struct conn *c)
{
    size_t n = roster_count(c->asks.goal.roster);
    for (size_t i = 0; i < c->asks.n_asks; i++) {
        const struct lsq_ask *a = lsq_ask_at(c, i);
        if (a->ask.kind == ASK_PAGE && (a->record_count < 0 || (uint64_t)a->record_count != n)) {
            asks_fail(&c->asks, AGAIN_LATER,
                      "page %u of the search states %" PRId64 " users, the pages brought %zu", a->page,
                      a->record_count, n);
            return false;
        }
    }
    return true;
}

static bool proven(struct conn *c)
{
    struct lsq_reading *r = &c->reading;
    switch (r->proof) {
    case LSQ_TWO_LISTINGS: return agree(c, ASK_USERS_GET, "Users.Get", "the search", false);
    case LSQ_TWO_PASSES:
        /* What the count means is not documented; that it is higher than what came is a contradiction all the
         * same. */
        if (stated_count(c) > (int64_t)roster_count(c->asks.goal.roster)) {
            asks_fail(&c->asks, AGAIN_LATER, "the search states %" PRId64 " users, its pages brought %zu",
                      stated_count(c), roster_count(c->asks.goal.roster));
            return false;
        }
        return agree(c, ASK_PAGE, "the first search", "the second", false) &&
               (!r->capped || agree(c, ASK_USERS_GET, "Users.Get", "the search", true));
    case LSQ_COUNT: return count_agrees(c);
    }
    return false;
}

static void finish(struct conn *c)
{
    static const char *const proof[] = { "two listings", "two passes", "its own count" };
    struct roster *roster = c->asks.goal.roster;
    int mail = schema_slot(c->config.schema, STR("EmailAddress"));
    struct str twice;
    if (!pages_fit(c))
        return;
    if (mail >= 0)
        roster_index(roster,
                     (size_t)mail); /* a bulk update selects by e-mail: combine() must see whose it is */
    if (roster_seal(roster, &twice) == ROSTER_TWICE) {
        asks_fail(&c->asks, AGAIN_LATER, "the search listed the user '%.*s' twice",
                  (int)(twice.n < LSQ_ID_MAX ? twice.n : LSQ_ID_MAX), twice.p);
        return;
    }
    if (roster_count(roster) == 0) {
        asks_fail(&c->asks, AGAIN_LATER, "no user was listed, not even the one whose keys these are");
        return;
    }
    if (!proven(c))
        return;
    c->listed = true;
    asks_complete(&c->asks, PROOF_ALL, "%s", proof[c->reading.proof]);
}

/* Stages ------------------------------------------------------------------------------------------ */

static void begin(struct conn *c)
{
    struct lsq_reading *r = &c->reading;
    switch (r->proof) {
    case LSQ_TWO_LISTINGS:
        lsq_ask_add(c, ASK_USERS_GET);
        r->stage = STAGE_USERS_GET;
        break;
    case LSQ_TWO_PASSES:
        page_add(c, 0, 1);
        r->stage = STAGE_FIRST_PASS;
        break;
    case LSQ_COUNT:
        page_add(c, 1, 1);
        r->stage = STAGE_FIRST_PAGE;
        break;
    }
}

static void after_users_get(struct conn *c)
{
    struct lsq_reading *r = &c->reading;
    size_t n = brought(c, ASK_USERS_GET, 1);
    int64_t cap = lsq_number(c, OPTION_USERS_GET_CAP);
    if (cap == 0 || n < (size_t)cap) {
        add_pages(c, 1, n);
        return;
    }
    r->capped = true;
    r->proof = LSQ_TWO_PASSES;
    page_add(c, 0, 1);
    r->stage = STAGE_FIRST_PASS;
}

static void after_first_page(struct conn *c)
{
    int64_t n = stated_count(c);
    if (n < 0) {
        asks_fail(
            &c->asks, AGAIN_NO,
            "the search states no count of users: set the option 'proof' to 'two_listings' or 'two_passes'");
        return;
    }
    add_pages(c, 2, (size_t)n);
}

void roster_advance(struct conn *c)
{
    switch (c->reading.stage) {
    case STAGE_BEGIN: begin(c); break;
    case STAGE_USERS_GET: after_users_get(c); break;
    case STAGE_FIRST_PASS: next_page(c); break;
    case STAGE_FIRST_PAGE: after_first_page(c); break;
    default: finish(c);
    }
}
