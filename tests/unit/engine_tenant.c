/* The village itself: what it does when a call comes. */
#include <stdarg.h>
#include <stdio.h>

#include "engine_bed.h"

/* The tenant itself ----------------------------------------------------------------------------------- */

static struct villager *by_id(struct village *v, struct str id)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_is(id, v->user[i].id))
            return &v->user[i];
    return NULL;
}

/* A user by his id, or by the line of a bulk call that has made him. */
static struct villager *by_name(struct village *v, struct str name, char (*made)[16], size_t n_made)
{
    int64_t line;
    if (name.n < 2 || name.p[0] != '#' || !str_to_i64((struct str){ name.p + 1, name.n - 1 }, &line))
        return by_id(v, name);
    return line >= 0 && (size_t)line < n_made && made[line][0] ? by_id(v, str_of(made[line])) : NULL;
}

static void note(struct village *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct village *v, const char *fmt, ...)
{
    size_t n = strlen(v->order);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(v->order + n, sizeof v->order - n, fmt, ap);
    va_end(ap);
}

static void show(const struct village *v, const struct villager *u, struct buf *out)
{
    if (v->hides && strcmp(v->hides, u->text[V_NUMBER]) == 0)
        return;
    buf_printf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", u->id, u->active ? "on" : "off", u->manager,
               u->text[V_NUMBER], u->text[V_NAME], u->text[V_PHONE]);
}

static int do_list(struct village *v, struct str body, struct buf *answer)
{
    int64_t page = 0;
    str_to_i64(body, &page);
    for (size_t i = (size_t)page * VILLAGE_PAGE; i < v->n && i < ((size_t)page + 1) * VILLAGE_PAGE; i++)
        show(v, &v->user[i], answer);
    buf_puts(answer, ((size_t)page + 1) * VILLAGE_PAGE < v->n ? "more\n" : "end\n");
    return 200;
}

static int do_find(struct village *v, struct str body, struct buf *answer)
{
    bool shown[VILLAGERS_MAX] = { false };
    while (body.n > 0) {
        struct str line = village_cut(&body, '\n'), slot = village_cut(&line, '\t');
        int64_t n = -1;
        str_to_i64(slot, &n);
        for (size_t i = 0; i < v->n; i++)
            shown[i] |= str_is(line, n < 0 ? v->user[i].id : v->user[i].text[n]);
    }
    for (size_t i = 0; i < v->n; i++)
        if (shown[i] && !v->finds_nobody)
            show(v, &v->user[i], answer);
    buf_puts(answer, "end\n");
    return 200;
}

static void set(char *to, size_t size, struct str s)
{
    snprintf(to, size, "%.*s", STR_ARG(s));
}

static struct villager *make(struct village *v, struct str line)
{
    struct villager *u = &v->user[v->n];
    ck_assert_uint_lt(v->n, VILLAGERS_MAX);
    *u = (struct villager){ .active = true };
    set(u->text[V_NUMBER], sizeof u->text[0], village_cut(&line, '\t'));
    set(u->text[V_NAME], sizeof u->text[0], village_cut(&line, '\t'));
    set(u->manager, sizeof u->manager, line);
    if (v->refused && strcmp(v->refused, u->text[V_NUMBER]) == 0)
        return NULL;
    snprintf(u->id, sizeof u->id, "n%u", ++v->creates);
    v->n++;
    note(v, "create %s; ", u->text[V_NUMBER]);
    return u;
}

static int do_create(struct village *v, struct str body, struct buf *answer)
{
    struct str line = village_cut(&body, '\n');
    village_cut(&line, '\t'); /* nobody yet */
    struct villager *u = make(v, line);
    if (!u)
        return 400;
    buf_puts(answer, u->id);
    return 200;
}

static void edit_user(struct village *v, struct villager *u, struct str line)
{
    village_cut(&line, '\t');
    while (line.n > 0) {
        struct str edit = village_cut(&line, '\t'), slot = village_cut(&edit, '=');
        size_t n = (size_t)(slot.p[0] - '0');
        if (n != V_PHONE || !v->forgets_phone)
            set(u->text[n], sizeof u->text[n], edit);
    }
    u->version++;
    note(v, "update %s; ", u->id);
}

static int do_update(struct village *v, struct str body)
{
    struct str line = village_cut(&body, '\n');
    struct villager *u = by_id(v, village_cut(&line, '\t'));
    if (!u || (v->refused && strcmp(v->refused, u->id) == 0))
        return 400;
    edit_user(v, u, line);
    return 200;
}

static int do_state(struct village *v, struct str body)
{
    struct str line = village_cut(&body, '\n');
    struct villager *u = by_id(v, village_cut(&line, '\t'));
    if (!u || (v->refused && strcmp(v->refused, u->id) == 0))
        return 400;
    u->active = str_is(line, "on");
    note(v, "%s %s; ", u->active ? "on" : "off", u->id);
    return 200;
}

/* Whether somebody sits, over however many, under himself. */
static bool in_ring(struct village *v, const struct villager *u)
{
    const struct villager *m = u;
    for (size_t i = 0; i <= v->n && m; i++)
        if ((m = by_id(v, str_of(m->manager))) == u)
            return true;
    return false;
}

/* A batch is refused whole when one of its pairs is bad: nobody such, an inactive manager, a ring. */
static int do_managers(struct village *v, struct str body, bool really)
{
    struct village before = *v;
    bool good = body.n > 0;
    note(v, "managers");
    while (body.n > 0) {
        struct str line = village_cut(&body, '\n');
        struct villager *u = by_id(v, village_cut(&line, '\t')), *m = by_id(v, line);
        good = good && u && m && m->active && !(v->refused && strcmp(v->refused, u->id) == 0);
        if (!good)
            break;
        snprintf(u->manager, sizeof u->manager, "%s", m->id);
        good = !in_ring(v, u);
        note(v, " %s>%s", u->id, m->id);
    }
    note(v, "; ");
    if (!good || !really)
        *v = before;
    return good ? 202 : 400;
}

void village_moves(struct village *v, struct str body)
{
    do_managers(v, body, true);
}

/* One line of a bulk call. 424: it refers to a line that has made nobody. */
static int do_line(struct village *v, struct str line, char (*made)[16], size_t n_made, char id[16])
{
    struct str op = village_cut(&line, '\t'), who = village_cut(&line, '\t');
    if (++v->lines == v->busy_line)
        return v->busy_status ? v->busy_status : 503;
    if (str_is(op, "create")) {
        struct villager *u = make(v, line);
        snprintf(id, 16, "%s", u ? u->id : "");
        return u ? 201 : 400;
    }
    struct villager *u = by_name(v, who, made, n_made);
    ck_assert_msg(who.n > 0, "a line of a bulk call is about nobody");
    if (!u)
        return who.p[0] == '#' ? 424 : 400;
    if (v->refused && (strcmp(v->refused, u->id) == 0 || strcmp(v->refused, "*") == 0))
        return 400;
    if (str_is(op, "state")) {
        u->active = str_is(line, "on");
        note(v, "%s %s; ", u->active ? "on" : "off", u->id);
    } else if (str_is(op, "update")) {
        edit_user(v, u, line);
    } else {
        struct villager *m = by_name(v, line, made, n_made);
        if (!m)
            return line.n && line.p[0] == '#' ? 424 : 400;
        snprintf(u->manager, sizeof u->manager, "%s", m->id);
        note(v, "move %s>%s; ", u->id, m->id);
    }
    return 200;
}

static int do_bulk(struct village *v, struct str body, size_t most, struct buf *answer)
{
    char made[VILLAGE_BULK][16] = { { 0 } };
    for (size_t i = 0; body.n > 0 && i < most; i++) {
        ck_assert_uint_lt(i, VILLAGE_BULK);
        int status = do_line(v, village_cut(&body, '\n'), made, i, made[i]);
        buf_printf(answer, "%d\t%s\n", status, status == 201 ? made[i] : "");
    }
    note(v, "bulk; ");
    return 200;
}

void village_half(struct village *v, struct str body)
{
    struct buf answer = BUF_INIT(10000);
    size_t lines = 0;
    for (size_t i = 0; i < body.n; i++)
        lines += body.p[i] == '\n';
    do_bulk(v, body, lines / 2, &answer);
    buf_deinit(&answer);
}

static void whole(const struct villager *u, struct buf *out)
{
    buf_printf(out, "%s\t%u", u->id, u->version);
    for (size_t i = 0; i < V_SLOTS; i++)
        buf_printf(out, "\t%s", u->text[i]);
    buf_printf(out, "\t%s", u->nick);
}

static int do_get(struct village *v, struct str body, struct buf *answer)
{
    struct villager *u = by_id(v, body);
    if (!u || (v->gone && strcmp(v->gone, u->id) == 0))
        return 200;
    whole(u, answer);
    if (v->meddles_left > 0) {
        v->meddles_left--;
        u->version++;
        snprintf(v->meddles_slot < 0 ? u->nick : u->text[v->meddles_slot], sizeof u->nick, "%s%s", v->meddles,
                 v->meddles_slot < 0 && v->meddles_left % 2 ? "!" : "");
    }
    return 200;
}

static int do_replace(struct village *v, struct str body)
{
    struct villager *u = by_id(v, village_cut(&body, '\t'));
    int64_t version = -1;
    if (!u || (v->refused && strcmp(v->refused, u->id) == 0))
        return 400;
    if (!str_to_i64(village_cut(&body, '\t'), &version) || version != u->version)
        return 412;
    for (size_t i = 0; i < V_SLOTS; i++)
        set(u->text[i], sizeof u->text[i], village_cut(&body, '\t'));
    set(u->nick, sizeof u->nick, body);
    u->version++;
    note(v, "replace %s; ", u->id);
    return 200;
}

static int do_login(struct village *v, struct buf *answer)
{
    v->token_used = 0;
    buf_printf(answer, "%u", ++v->token);
    return 200;
}

static bool is_known(struct village *v, struct str token)
{
    int64_t n = 0;
    if (token.n == 0) /* no session in this village */
        return true;
    bool good = str_to_i64(token, &n) && n == v->token && !v->token_never;
    return good && (v->token_calls == 0 || v->token_used++ < v->token_calls);
}

int village_do(struct village *v, enum village_call call, struct str token, struct str body,
               struct buf *answer)
{
    if (call == V_LOGIN)
        return do_login(v, answer);
    if (!is_known(v, token))
        return 401;
    switch (call) {
    case V_SELF: buf_puts(answer, "village-1"); return 200;
    case V_LIST: return do_list(v, body, answer);
    case V_FIND: return do_find(v, body, answer);
    case V_CREATE: return do_create(v, body, answer);
    case V_UPDATE: return do_update(v, body);
    case V_STATE: return do_state(v, body);
    case V_BULK: return do_bulk(v, body, v->stops_after ? v->stops_after : VILLAGE_BULK, answer);
    case V_GET: return do_get(v, body, answer);
    case V_REPLACE: return do_replace(v, body);
    default: return do_managers(v, body, false);
    }
}

enum wrong village_fate(struct village *v, enum village_call call, int64_t *wait_us)
{
    unsigned nth = ++v->made[call];
    for (size_t i = 0; i < v->n_faults; i++) {
        unsigned which = v->fault[i].nth;
        if (v->fault[i].call == call &&
            (which == 0 || which == nth || (which >= FROM(0) && FROM(nth) >= which))) {
            *wait_us = v->fault[i].wait_us;
            return v->fault[i].wrong;
        }
    }
    return WRONG_NOT;
}
