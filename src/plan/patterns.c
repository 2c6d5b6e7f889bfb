/* The plan for people: many changes of a kind are few patterns. Every edit is a piece of text that says what
 * happens; equal pieces are counted, pieces that occur once are summed as "Designation (various)". */
#include <string.h>

#include "plan_internal.h"

#define PATTERN_COLUMNS 40 /* a value is cut behind this many columns */

struct piece {
    char *text;  /* owned */
    char *group; /* owned: what a piece that occurs once is summed under */
    uint64_t users;
    bool various;
};

struct pieces {
    struct piece *v; /* owned */
    size_t n, cap;
};

static void value_text(struct buf *out, struct str value)
{
    buf_putc(out, '\'');
    printable(out, value, PATTERN_COLUMNS);
    buf_putc(out, '\'');
}

static void piece_add(struct pieces *ps, struct buf *text, const char *group)
{
    ps->v = xgrow(ps->v, &ps->cap, ps->n + 1, sizeof(*ps->v));
    ps->v[ps->n++] = (struct piece){ .text = buf_take(text), .group = xstrdup(group), .users = 1 };
}

static struct str called(struct str value, struct str name)
{
    return name.n ? name : value;
}

struct members {
    struct buf *out;
    bool any;
};

static void member_text(void *ctx, bool added, struct str id, struct str name)
{
    struct members *m = ctx;
    (void)id;
    buf_puts(m->out, m->any ? " " : "");
    buf_putc(m->out, added ? '+' : '-');
    value_text(m->out, name);
    m->any = true;
}

static void edit_piece(struct pieces *ps, const struct plan *p, const struct change *c, const struct edit *e)
{
    const struct attr *a = &p->schema->attr[e->slot];
    struct buf b = BUF_INIT(WHY_MAX);
    buf_puts(&b, a->name);
    if (a->flags & ATTR_SECRET) {
        buf_puts(&b, " (secret)");
    } else if (a->type == ATTR_REFS) {
        struct members m = { .out = &b };
        buf_putc(&b, ' ');
        edit_members(e, member_text, &m);
    } else if (c->kind == CHANGE_MEMBERSHIP) {
        buf_puts(&b, " to ");
        value_text(&b, called(e->after, e->after_name));
    } else {
        buf_putc(&b, ' ');
        value_text(&b, called(e->before, e->before_name));
        buf_puts(&b, " -> ");
        value_text(&b, called(e->after, e->after_name));
    }
    piece_add(ps, &b, a->name);
}

/* Moves away from people who are being deactivated are one pattern: they follow from that. */
static void manager_piece(struct pieces *ps, const struct plan *p, const struct change *c)
{
    struct buf b = BUF_INIT(WHY_MAX);
    uint32_t before = c->manager_before.id.n ? roster_by_id(p->roster, c->manager_before.id) : NO_USER;
    if (before != NO_USER && (p->user_flags[before] & U_LEAVING)) {
        buf_puts(&b, "away from leavers");
    } else {
        buf_puts(&b, "to ");
        value_text(&b, c->manager_after.key);
    }
    piece_add(ps, &b, "manager");
}

static void pieces_of(struct pieces *ps, const struct plan *p, const struct change *c)
{
    struct buf b = BUF_INIT(WHY_MAX);
    switch (c->kind) {
    case CHANGE_UPDATE:
    case CHANGE_MEMBERSHIP:
        for (size_t i = 0; i < c->n_edits; i++)
            edit_piece(ps, p, c, &c->edit[i]);
        break;
    case CHANGE_MANAGER: manager_piece(ps, p, c); break;
    case CHANGE_ACTIVATE:
    case CHANGE_DEACTIVATE:
    case CHANGE_RETIRE:
        buf_str(&b, c->reason);
        piece_add(ps, &b, c->reason.n ? c->reason.p : "");
        break;
    default: /* creates have nothing in common that says much */ break;
    }
}

static int by_text(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    int d = strcmp(x->group, y->group);
    return d ? d : strcmp(x->text, y->text);
}

static int by_users(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    return x->users != y->users ? (x->users < y->users ? 1 : -1) : strcmp(x->text, y->text);
}

static void piece_free(struct piece *x)
{
    free(x->text);
    free(x->group);
}

/* Equal neighbours become one. */
static void fold_neighbours(struct pieces *ps)
{
    size_t n = 0;
    for (size_t i = 0; i < ps->n; i++) {
        if (n && strcmp(ps->v[n - 1].text, ps->v[i].text) == 0 &&
            strcmp(ps->v[n - 1].group, ps->v[i].group) == 0) {
            ps->v[n - 1].users += ps->v[i].users;
            piece_free(&ps->v[i]);
        } else {
            ps->v[n++] = ps->v[i];
        }
    }
    ps->n = n;
}

static void sort_by(struct pieces *ps, int (*cmp)(const void *, const void *))
{
    if (ps->n > 1)
        qsort(ps->v, ps->n, sizeof(*ps->v), cmp);
}

/* What occurs once is summed per attribute; unless it is the only one there. */
static void sum_single(struct pieces *ps)
{
    for (size_t from = 0, to; from < ps->n; from = to) {
        size_t single = 0;
        for (to = from; to < ps->n && strcmp(ps->v[to].group, ps->v[from].group) == 0; to++)
            single += ps->v[to].users == 1;
        for (size_t i = from; single > 1 && i < to; i++)
            ps->v[i].various = ps->v[i].users == 1;
    }
    for (size_t i = 0; i < ps->n; i++) {
        if (!ps->v[i].various)
            continue;
        struct buf b = BUF_INIT(WHY_MAX);
        buf_printf(&b, "%s (various)", ps->v[i].group);
        free(ps->v[i].text);
        ps->v[i].text = buf_take(&b);
    }
    sort_by(ps, by_text);
    fold_neighbours(ps);
}

static void pattern_set(struct plan_pattern *out, enum change_kind kind, const char *text, uint64_t users)
{
    *out = (struct plan_pattern){ .kind = kind, .users = users };
    size_t n = strlen(text);
    if (n >= sizeof(out->text)) {
        n = sizeof(out->text) - 4;
        n = utf8_bad_at((struct str){ text, n });
        memcpy(out->text, text, n);
        memcpy(out->text + n, "...", 4);
        return;
    }
    memcpy(out->text, text, n + 1);
}

size_t plan_patterns(const struct plan *p, enum change_kind kind, struct plan_pattern *out, size_t max)
{
    struct pieces ps = { .n = 0 };
    for (size_t i = 0; i < p->n_drafts; i++)
        if (p->drafts[i]->c.kind == kind &&
            (p->drafts[i]->c.hold == HOLD_NONE || p->drafts[i]->c.hold == HOLD_GUARD))
            pieces_of(&ps, p, &p->drafts[i]->c);
    sort_by(&ps, by_text);
    fold_neighbours(&ps);
    sum_single(&ps);
    sort_by(&ps, by_users);
    size_t n = 0, single = ps.n <= max ? ps.n
                           : max       ? max - 1
                                       : 0; /* the last place is the rest's, when there is one */
    uint64_t rest = 0;
    for (size_t i = 0; i < ps.n; i++) {
        if (i < single)
            pattern_set(&out[n++], kind, ps.v[i].text, ps.v[i].users);
        else
            rest += ps.v[i].users;
        piece_free(&ps.v[i]);
    }
    if (rest && max)
        pattern_set(&out[n++], kind, "(various)", rest);
    free(ps.v);
    return n;
}
