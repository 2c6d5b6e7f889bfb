/* Telling a scenario's facts to a plan, and the plan in words. */
#include <assert.h>

#include "scenario.h"

static struct str cell(const struct table_text *t, size_t row, const char *column)
{
    for (size_t i = 0; i < t->n_head; i++)
        if (str_is(t->head[i], column))
            return t->cell[row][i];
    return (struct str){ NULL, 0 };
}

static struct roster *tell_users(const struct scenario *s, const struct telling *t)
{
    struct roster *r = roster_new(&s->schema, &t->key);
    unsigned read = roster_read_begin(r);
    for (size_t i = 0; i < s->users.n; i++) {
        size_t row = t->reverse_users ? s->users.n - 1 - i : i;
        struct str state = cell(&s->users, row, "state");
        struct user u = { .id = cell(&s->users, row, "id"), .manager_id = cell(&s->users, row, "manager") };
        u.state = str_is(state, "inactive") ? USER_INACTIVE : str_is(state, "gone") ? USER_GONE : USER_ACTIVE;
        u.administrator = str_is(state, "admin");
        for (size_t slot = 0; slot < s->schema.n; slot++)
            u.text[slot] = cell(&s->users, row, s->schema.attr[slot].name);
        if (!roster_add(r, read, &u))
            abort();
    }
    roster_read_end(r, read, true);
    if (roster_seal(r, NULL) != ROSTER_SEALED)
        abort();
    return r;
}

/* Persons -------------------------------------------------------------------------------------------------------------------- */

static struct value value_of(const struct attr *a, struct str text, struct arena *arena)
{
    struct buf b = BUF_INIT(ATTR_CANON_MAX);
    struct value v = { .send = { NULL, 0 } };
    if (text.n && attr_canon(a, text, &b) && b.n)
        v = (struct value){ .canon = arena_str(arena, buf_view(&b)), .send = text };
    buf_deinit(&b);
    return v;
}

static void digest_add(struct buf *b, struct str s)
{
    buf_printf(b, "%zu:", s.n);
    buf_str(b, s);
}

/* Equal persons have equal digests; the key of the telling makes them different ones each time. */
static uint64_t digest_of(const struct scenario *s, const struct telling *t, const struct person *p)
{
    struct buf b = BUF_INIT(SCENARIO_TEXT_MAX);
    buf_printf(&b, "%d", p->state);
    digest_add(&b, p->state_text);
    for (size_t slot = 0; slot < s->schema.n; slot++) {
        digest_add(&b, p->value[slot].canon);
        digest_add(&b, p->value[slot].send);
    }
    digest_add(&b, p->manager.canon);
    digest_add(&b, p->manager.send);
    uint64_t d = hash64(&t->key, b.p, b.n);
    buf_deinit(&b);
    return d;
}

static void tell_row(const struct scenario *s, const struct telling *t, struct plan *p, size_t row,
                     uint64_t line)
{
    struct arena arena = ARENA_INIT;
    struct str status = cell(&s->rows, row, "status");
    struct person person = { .at = { .line = line, .offset = 100 * line, .length = 100 },
                             .state_text = status };
    if (str_is(status, "bad!")) { /* not even its keys can be read */
        struct reject r = { .at = person.at, .reason = REJECT_QUOTE, .detail = (char *)"a stray quote" };
        plan_reject(p, &r, NULL);
        return;
    }
    for (size_t slot = 0; slot < s->schema.n; slot++)
        if (!str_is(status, "bad") || schema_is_key(&s->schema, slot))
            person.value[slot] =
                value_of(&s->schema.attr[slot], cell(&s->rows, row, s->schema.attr[slot].name), &arena);
    person.manager = value_of(&s->schema.attr[s->schema.manager_key], cell(&s->rows, row, "manager"), &arena);
    person.state = str_is(status, "Terminated") ? PERSON_LEAVER : PERSON_ACTIVE;
    person.digest = digest_of(s, t, &person);
    struct reject r = {
        .at = person.at, .reason = REJECT_VALUE, .detail = (char *)"too long", .keys_known = true
    };
    if (str_is(status, "bad"))
        plan_reject(p, &r, &person);
    else
        plan_row(p, &person);
    arena_deinit(&arena);
}

static void tell_rows(const struct scenario *s, const struct telling *t, struct plan *p)
{
    size_t n = s->rows.n;
    size_t *order = xcalloc(n, sizeof(*order));
    for (size_t i = 0; i < n; i++)
        order[i] = t->reverse_rows ? n - 1 - i : i;
    if (t->shuffle) {
        struct rng rng;
        rng_seed(&rng, t->shuffle);
        for (size_t i = n; i > 1; i--) {
            size_t j = (size_t)rng_below(&rng, i), swap = order[i - 1];
            order[i - 1] = order[j];
            order[j] = swap;
        }
    }
    for (size_t i = 0; i < n; i++)
        tell_row(s, t, p, order[i], 2 + (t->number_as_told ? i : order[i]));
    free(order);
}

/* In words ------------------------------------------------------------------------------------------------------------------- */

static void quoted(struct buf *out, struct str value)
{
    buf_putc(out, '\'');
    for (size_t i = 0; i < value.n; i++) /* several references are parted by line ends */
        buf_putc(out, value.p[i] == '\n' ? ';' : value.p[i]);
    buf_putc(out, '\'');
}

static void say_edit(const struct scenario *s, const struct change *c, const struct edit *e, struct buf *out)
{
    buf_printf(out, " %s ", s->schema.attr[e->slot].name);
    if (c->kind != CHANGE_CREATE) {
        quoted(out, e->before);
        buf_printf(out, "%s%.*s -> ", e->before_name.n ? "=" : "", STR_ARG(e->before_name));
    }
    quoted(out, e->after);
    buf_printf(out, "%s%.*s", e->after_name.n ? "=" : "", STR_ARG(e->after_name));
}

static void say_manager(const struct manager_ref *m, struct buf *out)
{
    quoted(out, m->key);
    if (m->id.n)
        buf_printf(out, "=%.*s", STR_ARG(m->id));
}

static void say_change(const struct scenario *s, const struct change *c, struct buf *out)
{
    buf_printf(out, "%s %.*s", change_kind_name[c->kind], STR_ARG(c->key));
    if (c->user.n)
        buf_printf(out, " (%.*s)", STR_ARG(c->user));
    for (size_t i = 0; i < c->n_edits; i++)
        say_edit(s, c, &c->edit[i], out);
    if (c->kind == CHANGE_MANAGER) {
        buf_puts(out, " ");
        say_manager(&c->manager_before, out);
        buf_puts(out, " -> ");
        say_manager(&c->manager_after, out);
    } else if (c->manager_set) {
        buf_puts(out, " manager ");
        say_manager(&c->manager_after, out);
    }
    if (c->reason.n)
        buf_printf(out, " for %.*s", STR_ARG(c->reason));
    if (c->inactive)
        buf_puts(out, ", inactive");
    if (c->hold)
        buf_printf(out, " HELD %s: %.*s", hold_name[c->hold], STR_ARG(c->why));
    buf_puts(out, "\n");
}

static void say_counts(const struct plan *p, struct buf *out)
{
    const struct plan_counts *c = plan_counts(p);
    buf_puts(out, "rows");
    for (unsigned i = 0; i < ROW_FATES; i++)
        if (c->row[i])
            buf_printf(out, " %s=%llu", row_fate_name[i], (unsigned long long)c->row[i]);
    buf_puts(out, "\n");
    for (unsigned k = 0; k < CHANGE_KINDS; k++) {
        const struct plan_guard *g = &c->guard[k];
        if (g->limit >= 0)
            buf_printf(out, "guard %s %llu of %lld%s%s\n", change_kind_name[k], (unsigned long long)g->wanted,
                       (long long)g->limit, g->tripped ? " tripped" : "", g->accepted ? " accepted" : "");
    }
    if (c->too_many_rejects)
        buf_puts(out, "too many rejects\n");
    if (c->absence_untrusted)
        buf_printf(out, "absence not trusted: %s\n", c->absence_why);
}

static void say_patterns(const struct plan *p, struct buf *out)
{
    struct plan_pattern pattern[4];
    for (unsigned k = 0; k < CHANGE_KINDS; k++) {
        size_t n = plan_patterns(p, (enum change_kind)k, pattern, array_len(pattern));
        for (size_t i = 0; i < n; i++)
            buf_printf(out, "pattern %s: %s, %llu\n", change_kind_name[k], pattern[i].text,
                       (unsigned long long)pattern[i].users);
    }
}

static void say_plan(const struct scenario *s, const struct plan *p, const struct roster *roster,
                     struct buf *out)
{
    for (size_t i = 0; i < plan_changes(p); i++)
        say_change(s, plan_change(p, i), out);
    for (size_t i = 0; i < plan_ambiguous_count(p); i++) {
        const struct plan_ambiguous *a = plan_ambiguous(p, i);
        buf_printf(out, "ambiguous %.*s: %.*s\n", STR_ARG(a->key), STR_ARG(a->text));
    }
    for (size_t i = 0; i < plan_rejects(p); i++) {
        const struct reject *r = plan_reject_at(p, i);
        buf_printf(out, "rejected line %llu: %s: %s\n", (unsigned long long)r->at.line,
                   reject_reason_name[r->reason], r->detail);
    }
    for (size_t i = 0; i < plan_unstuck_count(p); i++) {
        const struct plan_unstuck *u = plan_unstuck(p, i);
        buf_printf(out, "does not stick %.*s (%.*s) %s '%.*s', shown as '%.*s' since %.*s\n", STR_ARG(u->key),
                   STR_ARG(roster_id(roster, u->user)), s->schema.attr[u->slot].name, STR_ARG(u->wanted),
                   STR_ARG(u->seen), STR_ARG(u->since));
    }
    for (size_t i = 0; i < s->n_sticks; i++)
        if (plan_stick_over(p, i))
            buf_printf(out, "over %.*s %.*s\n", STR_ARG(s->stick[i].user), STR_ARG(s->stick[i].attribute));
    for (size_t i = 0; i < plan_absent(p); i++)
        buf_printf(out, "absent %.*s\n", STR_ARG(roster_id(roster, plan_absent_user(p, i))));
    say_counts(p, out);
    if (s->patterns)
        say_patterns(p, out);
    buf_puts(out, "users");
    for (uint32_t u = 0; u < roster_count(roster); u++)
        buf_printf(out, " %.*s=%s", STR_ARG(roster_id(roster, u)), user_fate_name[plan_user_fate(p, u)]);
    buf_puts(out, "\n");
}

static void keep(void *ctx, struct str bytes)
{
    buf_str(ctx, bytes);
}

/* The options with what an earlier run remembered. */
struct facts {
    struct plan_options options;
    struct plan_stick stick[STICKS_MAX];
};

static void remember(const struct scenario *s, struct facts *f)
{
    f->options = s->options;
    f->options.sticks = f->stick;
    f->options.n_sticks = s->n_sticks;
    for (size_t i = 0; i < s->n_sticks; i++) {
        int slot = schema_slot(&s->schema, s->stick[i].attribute);
        assert(slot >= 0);
        f->stick[i] = (struct plan_stick){ .user = s->stick[i].user,
                                           .slot = (uint8_t)slot,
                                           .since = STR("2026-11-21") };
        stick_digest(&s->schema, &s->refs, (size_t)slot, s->stick[i].user, s->stick[i].wanted,
                     f->stick[i].wanted);
        stick_digest(&s->schema, &s->refs, (size_t)slot, s->stick[i].user, s->stick[i].seen,
                     f->stick[i].seen);
    }
}

static struct plan *planned(const struct scenario *s, const struct facts *f, const struct telling *t,
                            struct roster *roster)
{
    struct plan *p = plan_new(&f->options, &s->schema, roster, &s->refs, &t->key);
    tell_rows(s, t, p);
    plan_end(p, &s->proof);
    return p;
}

bool scenario_tell(const struct scenario *s, const struct telling *t, struct told *out, char why[200])
{
    static const struct plan_header header = {
        .connector = "sandbox",
        .tenant = "1",
        .feed_sha256 = "f",
        .policy_sha256 = "p",
        .feed_proof = "proven",
        .roster_proof = "all",
    };
    struct roster *roster = tell_users(s, t);
    struct facts facts;
    remember(s, &facts);
    if (t->twice) { /* and told the other way round, so that what it left in the roster is wrong for the next
                     */
        struct telling before = *t;
        before.reverse_rows = !t->reverse_rows;
        plan_free(planned(s, &facts, &before, roster));
    }
    struct plan *p = planned(s, &facts, t, roster);
    buf_init(&out->text, SCENARIO_TEXT_MAX);
    buf_init(&out->document, SCENARIO_TEXT_MAX);
    say_plan(s, p, roster, &out->text);
    plan_write(p, &header, keep, &out->document, out->sha256);
    bool good = plan_sums(p, why);
    plan_free(p);
    roster_free(roster);
    return good;
}
