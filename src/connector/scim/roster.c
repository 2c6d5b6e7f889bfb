/* READ_ROSTER: everybody, and the proof that it is everybody. Only what came counts: itemsPerPage and the
 * count asked for are not believed. Where the service states a total, pages may be asked for at once, every
 * page must state the same, and one more look behind the end must show nobody new. Else pages come one after
 * the other, twice, and both passes must name the same users. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scim_read.h"

enum {
    STAGE_BEGIN,
    STAGE_GROUPS,
    STAGE_PAGES,
    STAGE_BEYOND,
    STAGE_NUMBER_TWO,
    STAGE_FIRST_PASS,
    STAGE_SECOND_PASS
};

/* Only ids that the service itself gave are looked for. */
static const struct hash_key table_key = { UINT64_C(0x7363696d70616765), UINT64_C(0x7320696420736574) };

static bool by_cursor(const struct conn *c)
{
    return scim_number(c, OPTION_PAGING) == SCIM_BY_CURSOR;
}

static bool one_by_one(const struct conn *c)
{
    return by_cursor(c) || scim_number(c, OPTION_PROOF) == SCIM_TWO_PASSES;
}

static struct scim_ask *page_add(struct conn *c, enum ask_kind kind, uint64_t start, uint64_t wanted)
{
    struct scim_ask *a = scim_ask_add(c, kind);
    a->start = start;
    a->wanted = wanted;
    return a;
}

static uint64_t page_size(const struct conn *c)
{
    return (uint64_t)scim_number(c, OPTION_PAGE_SIZE);
}

void scim_roster_path(const struct conn *c, const struct scim_ask *a, struct buf *out)
{
    const char *sort_by = scim_text(c, OPTION_SORT_BY);
    buf_puts(out, "/Users");
    scim_page_path(c, a, out);
    if (sort_by[0]) {
        buf_puts(out, "&sortBy=");
        url_encode(out, str_of(sort_by));
    }
    buf_str(out, buf_view(&c->reading->attributes));
}

bool scim_roster_on_user(struct conn *c, struct scim_ask *a, const struct user *u)
{
    if (one_by_one(c))
        scim_seen_add(&a->seen, u->id, (struct str){ 0 }, u->state);
    return a->pass == 0;
}

/* With a total ------------------------------------------------------------------------------------ */

#define fail(c, ...) asks_fail(&(c)->asks, AGAIN_LATER, __VA_ARGS__)
#define give_up(c, ...) asks_fail(&(c)->asks, AGAIN_NO, __VA_ARGS__)

static void first_page(struct conn *c, const struct scim_ask *a)
{
    struct scim_reading *r = c->reading;
    if (a->total < 0 && a->next_cursor) {
        give_up(c, SCIM_GOES_ON_BY_CURSOR, "GET /Users");
        return;
    }
    if (a->total < 0) {
        give_up(c, "the service states no total of its users: set the option 'proof' to 'two_passes'");
        return;
    }
    if (a->total > SCIM_ROSTER_MAX || (a->count > 0 && (uint64_t)a->total / a->count >= SCIM_PAGES_MAX)) {
        give_up(c, "the service states %" PRId64 " users, %zu on a page: more than can be read", a->total,
                a->count);
        return;
    }
    r->total = a->total;
    r->step = a->count;
    for (uint64_t at = 1 + r->step; a->count > 0 && at <= (uint64_t)r->total; at += r->step)
        page_add(c, ASK_PAGE, at, r->step);
}

/* A page may be shorter than asked for without being the last: the rest of it is asked for. */
static void rest_of_page(struct conn *c, const struct scim_ask *a)
{
    struct scim_reading *r = c->reading;
    uint64_t left = (uint64_t)r->total + 1 - a->start, expected = a->wanted < left ? a->wanted : left;
    if (a->start == 1) /* the first sets the step */
        expected = r->step < left ? r->step : left;
    if (a->count > left)
        fail(c,
             "GET /Users from number %" PRIu64 " brought %zu users, though the service states %" PRId64
             " in all",
             a->start, a->count, r->total);
    else if (a->count == 0 && left > 0)
        fail(c,
             "GET /Users from number %" PRIu64 " brought nobody, though the service states %" PRId64 " users",
             a->start, r->total);
    else if (a->count < expected)
        page_add(c, ASK_PAGE, a->start + a->count, expected - a->count);
}

static void take_page(struct conn *c, const struct scim_ask *a)
{
    struct scim_reading *r = c->reading;
    if (a->ask.kind == ASK_PAGE && a->start == 1)
        first_page(c, a);
    if (c->asks.result != READ_WAIT)
        return;
    if (a->total < 0 && a->ask.kind == ASK_PAGE) {
        fail(c, "GET /Users from number %" PRIu64 " states no total, the first page did", a->start);
        return;
    }
    if (a->total >= 0 && a->total != r->total) {
        fail(c, "GET /Users from number %" PRIu64 " states %" PRId64 " users, the first page %" PRId64 "%s",
             a->start, a->total, r->total,
             (uint64_t)a->total == a->count
                 ? ": if it counts those of the page alone, set the option 'proof' to 'two_passes'"
                 : "");
        return;
    }
    if (a->ask.kind == ASK_PAGE && a->next_cursor && a->start + a->count > (uint64_t)r->total) {
        give_up(c, SCIM_GOES_ON_BY_CURSOR, "GET /Users");
        return;
    }
    r->brought += a->ask.kind == ASK_PAGE ? a->count : 0;
    if (a->ask.kind == ASK_PAGE)
        rest_of_page(c, a);
}

static void show(struct str id, char out[120])
{
    struct buf shown = BUF_INIT(1024);
    printable(&shown, id, 64);
    say_cut(out, 120, buf_view(&shown));
    buf_deinit(&shown);
}

static bool seal(struct conn *c)
{
    struct roster *roster = c->asks.goal.roster;
    int name = schema_slot(c->config.schema, STR("userName"));
    struct str twice;
    char id[120];
    if (name >= 0)
        roster_index(roster, (size_t)name);
    if (roster_seal(roster, &twice) == ROSTER_SEALED)
        return true;
    show(twice, id);
    fail(c, "the user '%s' was listed twice%s", id,
         scim_text(c, OPTION_SORT_BY)[0] ? "" : ": if that stays so, see the option 'sort_by'");
    return false;
}

/* Behind the end comes nobody, or somebody again; never somebody new. */
static bool nobody_beyond(struct conn *c)
{
    const struct asks *r = &c->asks;
    char id[120];
    for (size_t i = 0; i < r->n_asks; i++) {
        const struct scim_ask *a = (const struct scim_ask *)r->ask[i];
        for (size_t k = 0; a->ask.kind == ASK_BEYOND && k < a->seen.n; k++) {
            if (roster_by_id(r->goal.roster, a->seen.v[k].id) != NO_USER)
                continue;
            show(a->seen.v[k].id, id);
            fail(c,
                 "the service states %" PRId64 " users and has more, such as '%s': set the option 'proof' to "
                 "'two_passes'",
                 c->reading->total, id);
            return false;
        }
    }
    return true;
}

/* The look behind the end, or the one at number two; NULL. */
static const struct scim_ask *look_from(const struct conn *c, uint64_t start)
{
    for (size_t i = 0; i < c->asks.n_asks; i++) {
        const struct scim_ask *a = (const struct scim_ask *)c->asks.ask[i];
        if (a->ask.kind == ASK_BEYOND && a->start == start)
            return a;
    }
    return NULL;
}

/* All came on one page, and the same page came again behind the end: that is either the end, or startIndex is
 * not heeded and the total is that of the page. Who is number two tells. */
static bool start_in_doubt(const struct conn *c)
{
    const struct scim_reading *r = c->reading;
    const struct scim_ask *beyond = look_from(c, (uint64_t)r->total + 1);
    return r->total >= 2 && r->step >= (uint64_t)r->total && beyond && beyond->seen.n > 0;
}

static bool start_is_heeded(struct conn *c)
{
    const struct scim_ask *beyond = look_from(c, (uint64_t)c->reading->total + 1), *two = look_from(c, 2);
    if (two->seen.n > 0 && !str_eq(two->seen.v[0].id, beyond->seen.v[0].id))
        return true;
    give_up(
        c,
        "GET /Users does not heed startIndex: there may be more users than the %zu that it shows; set the "
        "option 'paging' to 'cursor', or 'roster' to 'look_up'",
        c->reading->brought);
    return false;
}

static void finish_total(struct conn *c)
{
    struct scim_reading *r = c->reading;
    if (!seal(c))
        return;
    size_t n = roster_count(c->asks.goal.roster);
    if (n != (uint64_t)r->total)
        fail(c, "the service states %" PRId64 " users, its pages brought %zu", r->total, n);
    else if (nobody_beyond(c))
        asks_complete(&c->asks, PROOF_ALL, "total");
}

/* One after the other ----------------------------------------------------------------------------- */

static bool is_known(const struct scim_reading *r, struct str id)
{
    uint64_t d = hash64(&table_key, id.p, id.n);
    for (size_t it = table_find(&r->by_id, d); it != TABLE_END; it = table_next(&r->by_id, it, d))
        if (str_eq(r->ids.v[table_value(&r->by_id, it)].id, id))
            return true;
    return false;
}

/* First pass: how many of a page no page before had. */
static size_t fresh_ids(struct scim_reading *r, const struct scim_ask *a)
{
    size_t fresh = 0;
    for (size_t i = 0; i < a->seen.n; i++) {
        struct str id = a->seen.v[i].id;
        if (is_known(r, id) || r->ids.n >= TABLE_NONE)
            continue;
        table_add(&r->by_id, hash64(&table_key, id.p, id.n), (uint32_t)r->ids.n);
        scim_seen_add(&r->ids, id, (struct str){ 0 }, USER_ACTIVE);
        fresh++;
    }
    return fresh;
}

/* Second pass: how many of a page it meets for the first time; fails where a user is not what he was. */
static size_t fresh_meetings(struct conn *c, const struct scim_ask *a)
{
    const struct roster *roster = c->asks.goal.roster;
    size_t fresh = 0;
    char id[120];
    for (size_t i = 0; i < a->seen.n; i++) {
        const struct seen_id *s = &a->seen.v[i];
        uint32_t u = roster_by_id(roster, s->id);
        show(s->id, id);
        if (u == NO_USER)
            fail(c, "the second pass brought the user '%s', the first did not", id);
        else if (roster_state(roster, u) != s->state)
            fail(c, "the two passes disagree whether the user '%s' is active", id);
        else
            fresh += !c->reading->met[u];
        if (u != NO_USER)
            c->reading->met[u] = 1;
    }
    return fresh;
}

static void next_page(struct conn *c, struct scim_ask *a)
{
    struct scim_ask *next = page_add(c, ASK_PAGE, a->start + a->count, a->wanted);
    next->pass = a->pass;
    if (c->asks.n_asks >= SCIM_PAGES_MAX)
        give_up(c, "GET /Users has no end");
    if (a->cursor && a->next_cursor && strcmp(a->cursor, a->next_cursor) == 0)
        fail(c, "GET /Users gives the same cursor again");
    next->cursor = a->next_cursor;
    a->next_cursor = NULL;
}

static void state_total(struct scim_reading *r, const struct scim_ask *a)
{
    if (r->total >= 0 ? a->total != r->total : a->total < 0 || a->start != 1)
        r->all_stated = false;
    if (a->total > r->total)
        r->total = a->total;
}

/* Where no total is stated and the last page was as full as the first, its end may be that of what the
 * service lists at all, or of what it lists in one piece: the next page was refused, or, when there was but
 * one of the size that was asked for, came once more. */
static bool end_is_clear(struct conn *c, bool again)
{
    const struct scim_reading *r = c->reading;
    bool alone = r->brought == r->step, asked_for = r->step >= page_size(c);
    bool doubtful = r->total < 0 && r->last == r->step && (again ? alone && asked_for : !alone || asked_for);
    if (doubtful)
        give_up(
            c,
            "GET /Users %s behind %zu users, and no page was shorter than the first: whether they are all "
            "is not clear; set the option 'page_size' to a number that theirs is no multiple of",
            again ? "brings the same page again" : "is refused", r->brought);
    return !doubtful;
}

/* The end of a pass by index is where nobody new comes: nobody at all, or an earlier page again. */
static void take_in_order(struct conn *c, struct scim_ask *a)
{
    struct scim_reading *r = c->reading;
    size_t fresh = a->pass == 0 ? fresh_ids(r, a) : fresh_meetings(c, a);
    if (c->asks.result != READ_WAIT)
        return;
    bool again = a->count > 0 && fresh == 0 && a->start > 1 && !by_cursor(c);
    if (again && a->ask.read_open) {
        roster_read_end(c->asks.goal.roster, a->ask.read, false);
        a->ask.read_open = false;
    }
    if (!by_cursor(c) && a->cursor && (again || a->count == 0))
        give_up(c, SCIM_GOES_ON_BY_CURSOR, "GET /Users");
    if (again && a->pass == 0)
        end_is_clear(c, true);
    if (again)
        return;
    state_total(r, a);
    if (fresh < a->count) {
        fail(c,
             "GET /Users brought %zu users again on the page from number %" PRIu64
             ": they come in no steady order; see the option 'sort_by'",
             a->count - fresh, a->start);
        return;
    }
    r->brought += a->count;
    r->step = a->start == 1 ? a->count : r->step;
    r->last = a->count;
    if (by_cursor(c) ? a->next_cursor != NULL : a->count > 0)
        next_page(c, a);
}

static void start_pass(struct conn *c, unsigned pass)
{
    struct scim_reading *r = c->reading;
    r->brought = 0;
    r->total = -1;
    r->all_stated = true;
    page_add(c, ASK_PAGE, 1, page_size(c))->pass = pass;
}

static bool total_fits(struct conn *c)
{
    const struct scim_reading *r = c->reading;
    if (r->total > (int64_t)r->brought)
        fail(c, "the service states %" PRId64 " users, its pages brought %zu", r->total, r->brought);
    return r->total <= (int64_t)r->brought;
}

static void after_first_pass(struct conn *c)
{
    struct scim_reading *r = c->reading;
    if (!total_fits(c) || !seal(c))
        return;
    if (scim_number(c, OPTION_PROOF) == SCIM_TOTAL && r->all_stated && r->total == (int64_t)r->brought) {
        asks_complete(&c->asks, PROOF_ALL, "total");
        return;
    }
    r->met = xcalloc(roster_count(c->asks.goal.roster) + 1, 1);
    r->stage = STAGE_SECOND_PASS;
    start_pass(c, 1);
}

static void after_second_pass(struct conn *c)
{
    struct scim_reading *r = c->reading;
    size_t n = roster_count(c->asks.goal.roster);
    char id[120];
    if (!total_fits(c))
        return;
    for (uint32_t u = 0; u < n; u++) {
        if (r->met[u])
            continue;
        show(roster_id(c->asks.goal.roster, u), id);
        fail(c, "the first pass named %zu users, the second %zu; '%s' stands only in the first", n,
             r->brought, id);
        return;
    }
    asks_complete(&c->asks, PROOF_ALL, "two passes");
}

/* Answers and stages ------------------------------------------------------------------------------ */

bool scim_roster_take(struct conn *c, struct scim_ask *a, char why[200])
{
    (void)why;
    if (one_by_one(c))
        take_in_order(c, a);
    else
        take_page(c, a);
    return true;
}

/* Behind the end some services know no page: 400, or 404. A cursor may have run out: all begins again. */
bool scim_roster_page_refused(struct conn *c, struct scim_ask *a, int status)
{
    if (by_cursor(c) && a->cursor && status == 400) {
        fail(c, "the service no longer takes the cursor of the page before");
        return true;
    }
    if (status != 400 && status != 404)
        return false;
    if (!by_cursor(c) && a->cursor) {
        give_up(c, SCIM_GOES_ON_BY_CURSOR, "GET /Users");
        return true;
    }
    if (a->ask.kind == ASK_BEYOND)
        return true;
    if (!one_by_one(c) || by_cursor(c) || a->start == 1)
        return false;
    end_is_clear(c, false);
    return true;
}

static void begin_users(struct conn *c)
{
    struct scim_reading *r = c->reading;
    r->stage = one_by_one(c) ? STAGE_FIRST_PASS : STAGE_PAGES;
    if (one_by_one(c))
        start_pass(c, 0);
    else
        page_add(c, ASK_PAGE, 1, page_size(c));
}

void scim_roster_advance(struct conn *c)
{
    struct scim_reading *r = c->reading;
    switch (r->stage) {
    case STAGE_BEGIN:
        if (scim_maps_groups(c) && r->map.groups_from_members) {
            scim_groups_begin(c);
            r->stage = STAGE_GROUPS;
            return;
        }
        begin_users(c);
        return;
    case STAGE_GROUPS: begin_users(c); return;
    case STAGE_PAGES:
        page_add(c, ASK_BEYOND, (uint64_t)r->total + 1, r->step ? r->step : page_size(c));
        r->stage = STAGE_BEYOND;
        return;
    case STAGE_BEYOND:
        if (start_in_doubt(c)) {
            page_add(c, ASK_BEYOND, 2, r->step);
            r->stage = STAGE_NUMBER_TWO;
            return;
        }
        finish_total(c);
        return;
    case STAGE_NUMBER_TWO:
        if (start_is_heeded(c))
            finish_total(c);
        return;
    case STAGE_FIRST_PASS: after_first_pass(c); return;
    default: after_second_pass(c); return;
    }
}
