/* Changes one by one; for one person, step by step. */
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

#define CHANGE_TEXT_MAX ((size_t)256 * 1024 * 1024) /* every byte of a large change escaped stays below */
#define ATTRIBUTE 24                                /* columns of an attribute's name */

struct listing {
    struct ledger *l;
    const struct report_run *r;
    const struct report_choice *choice;
    bool plain_user; /* the user's text stands in JSON as it is: changes without it need not be parsed */
    report_write write;
    void *ctx;
    struct buf out; /* of one change */
    uint64_t shown;
    int err;
};

static void hand_over(struct listing *l)
{
    if (l->out.n)
        l->write(l->ctx, buf_view(&l->out));
    buf_clear(&l->out);
}

/* Values -------------------------------------------------------------------------------------------------------------------------- */

static void put_value(struct buf *out, const json_t *edit, const char *value, const char *name)
{
    const json_t *v = json_object_get(edit, value);
    struct str called = doc_text(edit, name), shown = called.n ? called : text_value(v);
    if (json_is_object(v)) {
        buf_puts(out, "(secret)");
    } else if (!shown.n) {
        buf_puts(out, "(none)");
    } else {
        buf_putc(out, '\'');
        put_text(out, shown);
        buf_putc(out, '\'');
    }
}

struct members {
    struct buf *out;
    bool any;
};

static void put_member(void *ctx, bool added, struct str id, struct str name)
{
    struct members *m = ctx;
    (void)id;
    buf_puts(m->out, m->any ? " " : "");
    buf_putc(m->out, added ? '+' : '-');
    buf_putc(m->out, '\'');
    put_text(m->out, name);
    buf_putc(m->out, '\'');
    m->any = true;
}

/* Of several references what comes and what goes, not the two lists. */
static void put_members(struct buf *out, const json_t *edit)
{
    const struct edit e = { .before = doc_text(edit, "before"),
                            .after = doc_text(edit, "after"),
                            .before_name = doc_text(edit, "before_name"),
                            .after_name = doc_text(edit, "after_name") };
    struct members m = { .out = out };
    edit_members(&e, put_member, &m);
}

static void put_edit(struct buf *out, const struct stored_change *c, const json_t *edit)
{
    if (doc_true(edit, "several")) {
        put_members(out, edit);
        return;
    }
    if (c->kind != CHANGE_CREATE) {
        put_value(out, edit, "before", "before_name");
        buf_puts(out, " -> ");
    }
    put_value(out, edit, "after", "after_name");
}

static void put_user(struct buf *out, const json_t *ref)
{
    struct str key = doc_text(ref, "key"), who = key.n ? key : doc_text(ref, "id");
    buf_puts(out, who.n ? "'" : "(none)");
    put_text(out, who);
    buf_puts(out, who.n ? "'" : "");
}

static void put_manager(struct buf *out, const struct stored_change *c)
{
    if (c->kind != CHANGE_CREATE) {
        put_user(out, doc_at(c->root, "manager_before"));
        buf_puts(out, " -> ");
    }
    put_user(out, doc_at(c->root, "manager_after"));
}

/* What became of it, or why nothing did. */
static void put_fate(struct buf *out, const struct run_change *rc, const struct stored_change *c)
{
    if (change_withheld(rc)) {
        buf_puts(out, "withheld: ");
        put_hold(out, c->hold, c->why);
    } else {
        buf_puts(out, c->outcome == OUTCOME_NONE ? "planned" : outcome_words[c->outcome]);
        if (c->hold == HOLD_GUARD)
            buf_puts(out, " (held by its guard, then accepted)");
    }
    if (c->text.n) {
        buf_puts(out, ": ");
        put_shown(out, c->text);
    }
}

/* A line a change ----------------------------------------------------------------------------------------------------------------- */

static void put_short(struct buf *out, const struct run_change *rc, const struct stored_change *c)
{
    size_t i;
    json_t *e;
    buf_printf(out, "%s %-10s ", kind_mark[c->kind], change_kind_name[c->kind]);
    put_text(out, stored_change_name(c));
    json_array_foreach(doc_at(c->root, "edits"), i, e)
    {
        buf_puts(out, i ? ", " : "  ");
        put_text(out, doc_text(e, "attribute"));
        buf_putc(out, ' ');
        put_edit(out, c, e);
    }
    if (doc_at(c->root, "manager_after")) {
        buf_puts(out, "  manager ");
        put_manager(out, c);
    }
    if (c->reason.n) {
        buf_puts(out, "  ");
        put_shown(out, c->reason);
    }
    if (c->outcome != OUTCOME_NONE || c->hold) {
        buf_puts(out, "   ");
        put_fate(out, rc, c);
    }
    buf_putc(out, '\n');
}

/* Step by step -------------------------------------------------------------------------------------------------------------------- */

static bool put_step(void *ctx, const struct step_record *s)
{
    static const char *const state[] = { "sent, no answer recorded", "done", "refused", "not done",
                                         "outcome unknown" };
    struct listing *l = ctx;
    char at[32];
    buf_printf(&l->out, "    call %u  ", s->call);
    put_text(&l->out, s->endpoint);
    buf_printf(&l->out, "  try %u  %s", s->attempt,
               (unsigned)s->state < array_len(state) ? state[s->state] : "damaged");
    if (s->status)
        buf_printf(&l->out, "  HTTP %d", s->status);
    buf_printf(&l->out, "  %s", time_rfc3339(at, s->at, false));
    if (s->text.n) {
        buf_puts(&l->out, "  ");
        put_shown(&l->out, s->text);
    }
    buf_putc(&l->out, '\n');
    return true;
}

static void put_origin(struct buf *out, const struct stored_change *c)
{
    buf_puts(out, "    ");
    if (c->line > 0) {
        buf_puts(out, "from line ");
        put_count(out, c->line);
        buf_puts(out, " of the feed");
    } else {
        buf_puts(out, "not in the feed");
    }
    if (c->user.n || c->new_id.n) {
        buf_puts(out, "; user ");
        put_text(out, c->user.n ? c->user : c->new_id);
    }
    if (c->reason.n) {
        buf_puts(out, "; ");
        put_shown(out, c->reason);
    }
    buf_putc(out, '\n');
}

static void put_named(struct buf *out, struct str name)
{
    struct buf shown = BUF_INIT(64 * 1024);
    put_text(&shown, name);
    size_t wide = utf8_width(buf_view(&shown));
    buf_puts(out, "    ");
    buf_str(out, buf_view(&shown));
    put_spaces(out, wide < ATTRIBUTE ? ATTRIBUTE - wide : 1);
    buf_deinit(&shown);
}

static void put_long(struct listing *l, const struct run_change *rc, const struct stored_change *c)
{
    struct buf *out = &l->out;
    size_t i;
    json_t *e;
    buf_printf(out, "%s %-10s ", kind_mark[c->kind], change_kind_name[c->kind]);
    put_text(out, stored_change_name(c));
    buf_puts(out, "   ");
    put_fate(out, rc, c);
    buf_putc(out, '\n');
    put_origin(out, c);
    json_array_foreach(doc_at(c->root, "edits"), i, e)
    {
        put_named(out, doc_text(e, "attribute"));
        put_edit(out, c, e);
        buf_putc(out, '\n');
    }
    if (doc_at(c->root, "manager_after")) {
        put_named(out, STR("manager"));
        put_manager(out, c);
        buf_putc(out, '\n');
    }
    l->err = l->l->ops->step_each(l->l, l->r->run.id, c->seq * STEPS_OF_CHANGE,
                                  (c->seq + 1) * STEPS_OF_CHANGE, put_step, l);
}

/* Which ones ---------------------------------------------------------------------------------------------------------------------- */

static bool is_user(const struct report_choice *choice, struct str s)
{
    return s.n > 0 && str_is(s, choice->user);
}

static bool chosen(const struct report_choice *choice, const struct stored_change *c)
{
    return !choice->user || is_user(choice, c->key) || is_user(choice, c->user) ||
           is_user(choice, c->new_id) || is_user(choice, doc_text(c->root, "user_email"));
}

static bool may_be_chosen(const struct listing *l, const struct run_change *c)
{
    const char *user = l->choice->user;
    if (l->choice->kind != CHANGE_KINDS && c->kind != l->choice->kind)
        return false;
    if (!user || !l->plain_user)
        return true;
    return (c->json.n && memmem(c->json.p, c->json.n, user, strlen(user))) ||
           (c->result.n && memmem(c->result.p, c->result.n, user, strlen(user)));
}

static bool list_change(void *ctx, const struct run_change *c)
{
    struct listing *l = ctx;
    struct stored_change s;
    if (!may_be_chosen(l, c))
        return true;
    if (!stored_change_read(c, &s)) {
        buf_printf(&l->out, "  change %u of the run is damaged in the ledger\n", c->seq);
    } else if (chosen(l->choice, &s)) {
        if (l->choice->steps)
            put_long(l, c, &s);
        else
            put_short(&l->out, c, &s);
        l->shown++;
    }
    stored_change_deinit(&s);
    hand_over(l);
    return l->err == 0;
}

/* Somebody without a change ------------------------------------------------------------------------------------------------------- */

static const json_t *listed(const struct listing *l, const char *list)
{
    size_t i;
    json_t *e;
    json_array_foreach(doc_at(l->r->overview, list), i, e)
    {
        if (is_user(l->choice, doc_text(e, "key")) || is_user(l->choice, doc_text(e, "user")))
            return e;
    }
    return NULL;
}

/* "E1  Department 'Sales'   does not stick: accepted on 2026-11-21, shown as 'Sls'": not a change, but part
 * of what there is to say of a person. */
static void put_unstuck_value(struct buf *out, const json_t *v)
{
    buf_puts(out, "= refused    ");
    put_text(out, doc_text(v, "key").n ? doc_text(v, "key") : doc_text(v, "user"));
    buf_puts(out, "  ");
    put_text(out, doc_text(v, "attribute"));
    buf_putc(out, ' ');
    put_value(out, v, "wanted", "");
    buf_puts(out, "   does not stick: accepted on ");
    put_text(out, doc_text(v, "since"));
    buf_puts(out, ", and still shown as ");
    put_value(out, v, "seen", "");
    buf_puts(out, "; not sent again (--retry-refused)\n");
}

static bool list_unstuck(struct listing *l)
{
    bool any = false;
    size_t i;
    json_t *v;
    json_array_foreach(doc_at(l->r->overview, "does_not_stick.values"), i, v)
    {
        if (!is_user(l->choice, doc_text(v, "key")) && !is_user(l->choice, doc_text(v, "user")))
            continue;
        put_unstuck_value(&l->out, v);
        any = true;
    }
    hand_over(l);
    return any;
}

static void other_fate(struct listing *l)
{
    const json_t *absent = listed(l, "absent.users"), *ambiguous = listed(l, "ambiguous.persons");
    put_text(&l->out, str_of(l->choice->user));
    if (ambiguous) {
        buf_puts(&l->out, "  ambiguous, and left alone: line ");
        put_count(&l->out, doc_count(ambiguous, "line"));
        put_line(&l->out, " ", doc_text(ambiguous, "text"));
    } else if (absent) {
        buf_puts(&l->out, "  not in the feed; stays as it is\n");
    } else {
        buf_puts(&l->out, "  has no change in this run: in sync, or not known by this key, id or address; "
                          "'rollcall runs' lists the other runs\n");
    }
    hand_over(l);
}

static bool stands_as_it_is(const char *user)
{
    for (const char *c = user; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == '"' || *c == '\\' || (unsigned char)*c == 0x7f)
            return false;
    return true;
}

int report_changes(struct ledger *l, const struct report_run *r, const struct report_choice *choice,
                   report_write write, void *ctx)
{
    struct listing listing = { .l = l,
                               .r = r,
                               .choice = choice,
                               .plain_user = stands_as_it_is(choice->user),
                               .write = write,
                               .ctx = ctx,
                               .out = BUF_INIT(CHANGE_TEXT_MAX) };
    int err = l->ops->change_each(l, r->run.id, list_change, &listing);
    err = err ? err : listing.err;
    bool unstuck = err == 0 && choice->user && list_unstuck(&listing);
    if (err == 0 && choice->user && listing.shown == 0 && !unstuck)
        other_fate(&listing);
    buf_deinit(&listing.out);
    return err;
}
