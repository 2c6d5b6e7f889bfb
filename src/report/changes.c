#include <stdio.h>
#include <string.h>

#include "report_internal.h"

/* Changes one by one; for one person, step by step. */

struct listing {
    struct ledger *l;
    const struct report_run *r;
    enum change_kind kind;
    const char *user;
    bool with_steps;
    struct buf *out;
    uint64_t shown;
    const struct stored_change *at; /* the change whose steps are being listed */
};

static void put_value(struct buf *out, const json_t *edit, const char *value, const char *name)
{
    const json_t *v = json_object_get(edit, value);
    const char *shown = json_string_value(json_object_get(edit, name));
    if (json_is_object(v)) {
        buf_puts(out, "(secret)");
        return;
    }
    buf_putc(out, '\'');
    put_text(out, shown && *shown ? shown : json_string_value(v) ? json_string_value(v) : "");
    buf_putc(out, '\'');
}

static void put_edits(struct buf *out, const struct stored_change *c)
{
    size_t i;
    json_t *e;
    json_array_foreach(doc_at(c->root, "edits"), i, e) {
        buf_puts(out, i ? ", " : "  ");
        put_text(out, doc_text(e, "attribute"));
        buf_putc(out, ' ');
        if (c->kind != CHANGE_CREATE) {
            put_value(out, e, "before", "before_name");
            buf_puts(out, " -> ");
        }
        put_value(out, e, "after", "after_name");
    }
}

static void put_manager(struct buf *out, const struct stored_change *c)
{
    const char *before = doc_text(c->root, "manager_before.key"), *after = doc_text(c->root, "manager_after.key");
    if (!doc_at(c->root, "manager_after"))
        return;
    buf_puts(out, "  manager ");
    if (c->kind != CHANGE_CREATE) {
        buf_putc(out, '\'');
        put_text(out, *before ? before : doc_text(c->root, "manager_before.id"));
        buf_puts(out, "' -> ");
    }
    buf_putc(out, '\'');
    put_text(out, *after ? after : doc_text(c->root, "manager_after.id"));
    buf_putc(out, '\'');
}

static void put_change(struct buf *out, const struct stored_change *c)
{
    buf_printf(out, "%s %-10s ", kind_mark[c->kind], change_kind_name[c->kind]);
    put_text(out, *c->key ? c->key : c->user);
    put_edits(out, c);
    put_manager(out, c);
    if (*c->reason) {
        buf_puts(out, "  ");
        put_text(out, c->reason);
    }
    if (c->hold) {
        buf_printf(out, "   withheld: %s", hold_name[c->hold]);
        if (*c->why) {
            buf_puts(out, ": ");
            put_text(out, c->why);
        }
    } else if (c->outcome != OUTCOME_NONE) {
        buf_printf(out, "   %s", outcome_name[c->outcome]);
    }
    if (*c->text) {
        buf_puts(out, ": ");
        put_text(out, c->text);
    }
    buf_putc(out, '\n');
}

static bool put_step(void *ctx, const struct step_record *s)
{
    static const char *const state[] = { "sent, no answer recorded", "done", "refused", "not done", "outcome unknown" };
    struct listing *l = ctx;
    char at[32];
    if (s->change != l->at->seq || (unsigned)s->state >= array_len(state))
        return true;
    buf_printf(l->out, "    call %u  ", s->call);
    put_str(l->out, s->endpoint);
    buf_printf(l->out, "  try %u  %s", s->attempt, state[s->state]);
    if (s->status)
        buf_printf(l->out, "  HTTP %d", s->status);
    buf_printf(l->out, "  %s", time_rfc3339(at, s->at, false));
    if (s->text.n) {
        buf_puts(l->out, "  ");
        put_str(l->out, s->text);
    }
    buf_putc(l->out, '\n');
    return true;
}

static void put_person(struct listing *l, const struct stored_change *c)
{
    if (c->line) {
        buf_puts(l->out, "    from line ");
        put_count(l->out, c->line);
        buf_puts(l->out, " of the feed");
    } else {
        buf_puts(l->out, "    not in the feed");
    }
    if (*c->user) {
        buf_puts(l->out, "; user ");
        put_text(l->out, c->user);
    }
    buf_putc(l->out, '\n');
    l->at = c;
    if (l->l->ops->step_each(l->l, l->r->run.id, c->seq * STEPS_OF_CHANGE, (c->seq + 1) * STEPS_OF_CHANGE, put_step, l) != 0)
        buf_puts(l->out, "    its steps cannot be read from the ledger\n");
}

static bool list_change(void *ctx, const struct run_change *c)
{
    struct listing *l = ctx;
    struct stored_change s;
    if (l->kind != CHANGE_KINDS && c->kind != l->kind)
        return true;
    if (!stored_change_read(c, &s)) {
        buf_printf(l->out, "change %u of the run cannot be read from the ledger\n", c->seq);
        return true;
    }
    if (!l->user || strcmp(l->user, s.key) == 0 || strcmp(l->user, s.user) == 0) {
        put_change(l->out, &s);
        l->shown++;
        if (l->with_steps)
            put_person(l, &s);
    }
    stored_change_deinit(&s);
    return true;
}

static bool named(const json_t *list, size_t i, const char *user)
{
    const json_t *e = json_array_get(list, i);
    return strcmp(doc_text(e, "key"), user) == 0 || strcmp(doc_text(e, "user"), user) == 0;
}

/* Somebody without a change: what else is known of him. */
static void other_fate(struct listing *l)
{
    const json_t *absent = doc_at(l->r->overview, "absent.users"), *ambiguous = doc_at(l->r->overview, "ambiguous.persons");
    for (size_t i = 0; i < json_array_size(absent); i++)
        if (named(absent, i, l->user)) {
            buf_puts(l->out, "not in the feed; stays as it is\n");
            return;
        }
    for (size_t i = 0; i < json_array_size(ambiguous); i++)
        if (named(ambiguous, i, l->user)) {
            buf_puts(l->out, "ambiguous: ");
            put_text(l->out, doc_text(json_array_get(ambiguous, i), "text"));
            buf_putc(l->out, '\n');
            return;
        }
    buf_puts(l->out, "no change for '");
    put_text(l->out, l->user);
    buf_puts(l->out, "': in sync, or not known by this key or id\n");
}

int report_changes(struct ledger *l, const struct report_run *r, enum change_kind kind, const char *user, bool with_steps, struct buf *out)
{
    struct listing listing = { l, r, kind, user, with_steps, out, 0, NULL };
    int err = l->ops->change_each(l, r->run.id, list_change, &listing);
    if (err == 0 && user && listing.shown == 0)
        other_fate(&listing);
    return err;
}
