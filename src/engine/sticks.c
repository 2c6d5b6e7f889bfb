#include <jansson.h>
#include <string.h>

#include "apply.h"

/* What does not stick: values that the tenant accepted and did not show at the last read back are remembered
 * from run to run, so that the next plan tells them apart instead of sending them night after night. Under
 * "does_not_stick", by user and attribute: what was wanted and what was shown, as digests, and since when. */

#define MEMORY "does_not_stick"
#define SUBJECT_MAX (ROSTER_ID_MAX + 1 + ATTR_NAME_MAX)

static void subject_of(struct buf *out, struct str user, const struct attr *a)
{
    buf_clear(out);
    buf_str(out, user);
    buf_putc(out, '\n');
    buf_puts(out, a->name);
}

static int put(struct engine *e, struct str user, size_t slot, struct str text)
{
    struct ledger *l = e->cfg.ledger;
    struct buf subject = BUF_INIT(SUBJECT_MAX);
    subject_of(&subject, user, &e->schema.attr[slot]);
    int r = l->ops->memory_put(l, e->tenant.id, MEMORY, buf_view(&subject), text);
    buf_deinit(&subject);
    return r;
}

/* Loading ------------------------------------------------------------------------------------------------------------------------- */

struct loading {
    struct engine *e;
    struct plan_stick *v; /* owned until it moves into the arena */
    size_t n, cap;
};

static bool take_hex(const json_t *o, const char *name, char out[SHA256_HEX])
{
    const json_t *v = json_object_get(o, name);
    if (!json_is_string(v) || json_string_length(v) != SHA256_HEX - 1)
        return false;
    memcpy(out, json_string_value(v), SHA256_HEX);
    return true;
}

/* What cannot be read, or is about an attribute that this job does not map, is left where it is. */
static bool take(void *ctx, struct str subject, struct str text)
{
    struct loading *l = ctx;
    const char *end = subject.n ? memchr(subject.p, '\n', subject.n) : NULL;
    struct str user = { subject.p, end ? (size_t)(end - subject.p) : 0 };
    int slot = end ? schema_slot(&l->e->schema, (struct str){ end + 1, subject.n - user.n - 1 }) : -1;
    struct plan_stick s = { .user = user, .slot = (uint8_t)slot };
    json_t *o = slot >= 0 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
    if (take_hex(o, "wanted", s.wanted) && take_hex(o, "seen", s.seen)) {
        s.user = arena_str(&l->e->arena, user);
        s.since = arena_str(&l->e->arena, str_of(json_string_value(json_object_get(o, "since"))));
        l->v = xgrow(l->v, &l->cap, l->n + 1, sizeof *l->v);
        l->v[l->n++] = s;
    }
    json_decref(o);
    return true;
}

void sticks_load(struct engine *e)
{
    struct ledger *ledger = e->cfg.ledger;
    struct loading l = { .e = e };
    if (!ledger || e->cfg.retry_refused)
        return;
    if (ledger->ops->memory_each(ledger, e->tenant.id, MEMORY, take, &l) != 0) {
        engine_ledger_failed(e);
    } else if (l.n) {
        struct plan_stick *all = arena_alloc(&e->arena, l.n * sizeof *all);
        memcpy(all, l.v, l.n * sizeof *all);
        e->plan_options.sticks = all;
        e->plan_options.n_sticks = l.n;
    }
    free(l.v);
}

/* Forgetting ---------------------------------------------------------------------------------------------------------------------- */

int sticks_forget_over(struct engine *e)
{
    const struct plan_options *o = &e->plan_options;
    int r = 0;
    for (size_t i = 0; r == 0 && i < o->n_sticks; i++)
        if (plan_stick_over(e->plan, i))
            r = put(e, o->sticks[i].user, o->sticks[i].slot, (struct str){ NULL, 0 });
    return r;
}

static const struct hash_key subject_key = { 1, 1 };

static bool note_subject(void *ctx, struct str subject, struct str text)
{
    (void)text;
    table_add(ctx, hash64(&subject_key, subject.p, subject.n), 0);
    return true;
}

static int forget_edits(struct engine *e, const struct change *c, const struct table *known)
{
    struct buf subject = BUF_INIT(SUBJECT_MAX);
    int r = 0;
    for (size_t i = 0; r == 0 && i < c->n_edits; i++) {
        subject_of(&subject, c->user, &e->schema.attr[c->edit[i].slot]);
        if (table_find(known, hash64(&subject_key, subject.p, subject.n)) != TABLE_END)
            r = put(e, c->user, c->edit[i].slot, (struct str){ NULL, 0 });
    }
    buf_deinit(&subject);
    return r;
}

int sticks_forget_sent(struct engine *e)
{
    struct ledger *l = e->cfg.ledger;
    struct table known = TABLE_INIT;
    int r = l->ops->memory_each(l, e->tenant.id, MEMORY, note_subject, &known);
    for (size_t i = 0; r == 0 && known.n > 0 && i < e->work.n_items; i++) {
        const struct work_item *item = &e->work.item[i];
        if (item->todo && item->outcome == OUTCOME_NONE && item->change->kind == CHANGE_UPDATE)
            r = forget_edits(e, item->change, &known);
    }
    table_deinit(&known);
    return r;
}

/* Remembering --------------------------------------------------------------------------------------------------------------------- */

int sticks_record(struct engine *e, const struct work_item *item, const struct roster *fresh)
{
    struct plan_stick s[SCHEMA_MAX];
    struct buf text = BUF_INIT(1000);
    char today[32];
    int r = 0;
    size_t n = change_unstuck(item->change, &e->schema, fresh, &e->tenant.refs, str_of(item->new_id), s);
    time_rfc3339(today, e->wall, false);
    today[10] = '\0'; /* the date alone */
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct jw w;
        buf_clear(&text);
        jw_init(&w, &text, true);
        jw_object(&w);
        jw_kz(&w, "seen", s[i].seen);
        jw_kz(&w, "since", today);
        jw_kz(&w, "wanted", s[i].wanted);
        jw_end_object(&w);
        r = put(e, s[i].user, s[i].slot, buf_view(&text));
    }
    buf_deinit(&text);
    return r;
}
