/* The groups that a job manages, and who is in them. Read with the tenant (ids and names); where memberships
 * are read from groups, once more before the users, with their members. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scim_read.h"

/* Only ids that the service itself gave are looked for. */
static const struct hash_key table_key = { UINT64_C(0x7363696d67726f75), UINT64_C(0x7073206f66206964) };

static uint64_t digest(struct str id)
{
    return hash64(&table_key, id.p, id.n);
}

void groups_clear_members(struct groups *g)
{
    free(g->member);
    g->member = NULL;
    g->n_members = g->cap_members = 0;
    arena_deinit(&g->member_arena);
    table_deinit(&g->by_user);
}

void groups_clear(struct groups *g)
{
    groups_clear_members(g);
    free(g->v);
    arena_deinit(&g->arena);
    table_deinit(&g->by_id);
    *g = (struct groups){ 0 };
}

int64_t groups_find(const struct groups *g, struct str id)
{
    uint64_t d = digest(id);
    for (size_t it = table_find(&g->by_id, d); it != TABLE_END; it = table_next(&g->by_id, it, d))
        if (str_eq(g->v[table_value(&g->by_id, it)].id, id))
            return table_value(&g->by_id, it);
    return -1;
}

bool groups_has(const struct groups *g, struct str id)
{
    int64_t at = groups_find(g, id);
    return at >= 0 && g->v[at].managed;
}

void groups_add_member(struct groups *g, struct str user, uint32_t group)
{
    if (g->n_members >= TABLE_NONE)
        return;
    g->member = xgrow(g->member, &g->cap_members, g->n_members + 1, sizeof(*g->member));
    g->member[g->n_members] = (struct membership){ arena_str(&g->member_arena, user), group };
    table_add(&g->by_user, digest(user), (uint32_t)g->n_members++);
}

void groups_of_user(const struct groups *g, struct str user, struct buf *out)
{
    uint64_t d = digest(user);
    for (size_t it = table_find(&g->by_user, d); it != TABLE_END; it = table_next(&g->by_user, it, d)) {
        const struct membership *m = &g->member[table_value(&g->by_user, it)];
        if (!str_eq(m->user, user))
            continue;
        if (out->n > 0)
            buf_putc(out, '\n');
        buf_str(out, g->v[m->group].id);
    }
}

/* The option -------------------------------------------------------------------------------------- */

struct str groups_next_name(struct str *rest)
{
    while (rest->n > 0) {
        const char *semicolon = memchr(rest->p, ';', rest->n);
        struct str name = { rest->p, semicolon ? (size_t)(semicolon - rest->p) : rest->n };
        *rest = semicolon ? (struct str){ semicolon + 1, rest->n - name.n - 1 } : (struct str){ 0 };
        name = str_trim(name);
        if (name.n > 0)
            return name;
    }
    return (struct str){ 0 };
}

/* Names as people write them: a difference in case alone is none. */
bool groups_same_name(struct str a, struct str b)
{
    struct buf x = BUF_INIT(ATTR_CANON_MAX), y = BUF_INIT(ATTR_CANON_MAX);
    static const struct attr name = { .type = ATTR_FOLD };
    bool same = attr_canon(&name, a, &x) && attr_canon(&name, b, &y) && str_eq(buf_view(&x), buf_view(&y));
    buf_deinit(&x);
    buf_deinit(&y);
    return same;
}

bool groups_managed(const struct conn *c, struct str name)
{
    struct str rest = str_of(scim_text(c, OPTION_MANAGED_GROUPS)), wanted;
    if (str_is(str_trim(rest), "*"))
        return true;
    while ((wanted = groups_next_name(&rest)).n > 0)
        if (groups_same_name(wanted, name))
            return true;
    return false;
}

/* The listing: page by page ----------------------------------------------------------------------- */

static bool with_members(const struct conn *c)
{
    return c->asks.goal.kind != READ_TENANT;
}

void scim_groups_begin(struct conn *c)
{
    struct groups *g = &c->reading->groups;
    if (with_members(c))
        groups_clear_members(g);
    else
        groups_clear(g);
    for (size_t i = 0; i < g->n; i++)
        g->v[i].met = false;
    struct scim_ask *a = scim_ask_add(c, ASK_GROUPS);
    a->wanted = (uint64_t)scim_number(c, OPTION_PAGE_SIZE);
}

void scim_groups_path(const struct conn *c, const struct scim_ask *a, struct buf *out)
{
    buf_puts(out, "/Groups");
    scim_page_path(c, a, out);
    if (scim_number(c, OPTION_ASK_ATTRIBUTES) && !c->reading->no_attributes)
        buf_puts(out, with_members(c) ? "&attributes=id,members" : "&attributes=id,displayName");
    else if (!with_members(c))
        buf_puts(out, "&excludedAttributes=members"); /* may be many */
}

/* True when the listing under way did not have it yet. */
static bool meet(struct conn *c, struct str id, struct str name)
{
    struct groups *g = &c->reading->groups;
    int64_t at = groups_find(g, id);
    if (at >= 0) {
        bool fresh = !g->v[at].met;
        g->v[at].met = true;
        return fresh;
    }
    if (g->n >= TABLE_NONE)
        return false;
    g->v = xgrow(g->v, &g->cap, g->n + 1, sizeof(*g->v));
    g->v[g->n] = (struct group){ .id = arena_str(&g->arena, id),
                                 .name = arena_str(&g->arena, name),
                                 .managed = !with_members(c) && groups_managed(c, name),
                                 .met = true };
    table_add(&g->by_id, digest(id), (uint32_t)g->n++);
    return true;
}

bool scim_groups_on_group(struct conn *c, struct scim_ask *a, struct str id, struct str name,
                          const struct str *members, size_t n)
{
    scim_seen_add(&a->seen, id, name, USER_ACTIVE);
    a->seen.v[a->seen.n - 1].whole = true;
    /* The others' members are many, and nobody's business. */
    for (size_t i = 0; with_members(c) && i < n && groups_has(&c->reading->groups, id); i++)
        scim_seen_add(&a->seen, id, members[i], USER_ACTIVE);
    return true;
}

/* What a page brought counts when the page is whole. Returns how many groups were new. */
static size_t commit(struct conn *c, const struct scim_ask *a)
{
    struct groups *g = &c->reading->groups;
    size_t fresh = 0;
    bool is_fresh = false;
    for (size_t i = 0; i < a->seen.n; i++) {
        const struct seen_id *s = &a->seen.v[i];
        if (s->whole)
            fresh += is_fresh = meet(c, s->id, s->other);
        else if (is_fresh)
            groups_add_member(g, s->other, (uint32_t)groups_find(g, s->id));
    }
    return fresh;
}

/* Of a group that was not listed, nobody would be known to be a member. */
static void check_whole(struct conn *c, int64_t total)
{
    const struct groups *g = &c->reading->groups;
    const struct group *lost = NULL;
    int64_t met = 0;
    for (size_t i = 0; i < g->n; i++) {
        met += g->v[i].met;
        if (g->v[i].managed && !g->v[i].met)
            lost = &g->v[i];
    }
    if (met < total) {
        asks_fail(&c->asks, AGAIN_LATER, "the service states %" PRId64 " groups, its pages brought %" PRId64,
                  total, met);
    } else if (lost) {
        struct buf shown = BUF_INIT(1024);
        printable(&shown, lost->name.n ? lost->name : lost->id, 64);
        asks_fail(&c->asks, AGAIN_LATER, "the group '%s' was listed before, and now it is not",
                  shown.p ? shown.p : "");
        buf_deinit(&shown);
    }
}

/* The end is where the total says it is, or where nothing new comes. */
bool scim_groups_take(struct conn *c, struct scim_ask *a, char why[200])
{
    bool by_cursor = scim_number(c, OPTION_PAGING) == SCIM_BY_CURSOR;
    bool short_of_total = !by_cursor && a->total >= 0 && a->start <= (uint64_t)a->total;
    if (a->count == 0 && short_of_total) {
        say_text(why, 200, "the service states %" PRId64 " groups, and brings none from number %" PRIu64,
                 a->total, a->start);
        return false;
    }
    uint64_t next = a->start + a->count;
    size_t fresh = commit(c, a);
    bool over = by_cursor ? !a->next_cursor : fresh == 0 || (a->total >= 0 && next > (uint64_t)a->total);
    if (over && !by_cursor && a->next_cursor)
        asks_fail(&c->asks, AGAIN_NO, SCIM_GOES_ON_BY_CURSOR, "GET /Groups");
    if (over)
        check_whole(c, a->total);
    if (!over && c->asks.n_asks >= SCIM_PAGES_MAX)
        asks_fail(&c->asks, AGAIN_NO, "GET /Groups has no end");
    if (over || c->asks.result != READ_WAIT)
        return true;
    struct scim_ask *more = scim_ask_add(c, ASK_GROUPS);
    more->start = next;
    more->wanted = a->wanted;
    more->cursor = a->next_cursor;
    a->next_cursor = NULL;
    return true;
}
