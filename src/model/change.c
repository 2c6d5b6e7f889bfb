/* A change as canonical JSON: writing. change_read.c reads it back. */
#include <string.h>

#include "model_internal.h"

/* Members come in ascending order of their names; what is empty is left out. */
static void write_text(struct jw *w, const char *name, struct str s)
{
    if (s.n)
        jw_kstr(w, name, s);
}

static void write_value(struct jw *w, const char *name, struct str s, bool secret, bool hidden)
{
    if (!secret) {
        write_text(w, name, s);
    } else if (s.n || hidden) {
        jw_key(w, name);
        jw_object(w);
        jw_kbool(w, "secret", true);
        jw_end_object(w);
    }
}

static void write_edit(struct jw *w, const struct edit *e, const struct schema *s)
{
    const struct attr *a = &s->attr[e->slot];
    bool secret = a->flags & ATTR_SECRET;
    jw_object(w);
    write_value(w, "after", e->after, secret, e->after_hidden);
    if (!secret)
        write_text(w, "after_name", e->after_name);
    jw_kz(w, "attribute", a->name);
    write_value(w, "before", e->before, secret, e->before_hidden);
    if (!secret)
        write_text(w, "before_name", e->before_name);
    if (a->type == ATTR_REFS)
        jw_kbool(w, "several", true);
    jw_end_object(w);
}

static void write_edits(struct jw *w, const struct change *c, const struct schema *s)
{
    jw_key(w, "edits");
    jw_array(w);
    for (size_t i = 0; i < c->n_edits; i++)
        write_edit(w, &c->edit[i], s);
    jw_end_array(w);
}

static void write_manager(struct jw *w, const char *name, const struct manager_ref *m)
{
    jw_key(w, name);
    jw_object(w);
    write_text(w, "id", m->id);
    write_text(w, "key", m->key);
    jw_end_object(w);
}

static void write_place(struct jw *w, const struct place *at)
{
    jw_key(w, "at");
    jw_object(w);
    jw_kint(w, "length", (int64_t)at->length);
    jw_kint(w, "line", (int64_t)at->line);
    jw_kint(w, "offset", (int64_t)at->offset);
    jw_end_object(w);
}

void change_write(const struct change *c, const struct schema *s, bool with_place, struct buf *out)
{
    struct jw w;
    jw_init(&w, out, true);
    jw_object(&w);
    if (with_place)
        write_place(&w, &c->at);
    if (c->n_edits)
        write_edits(&w, c, s);
    if (c->hold)
        jw_kz(&w, "hold", hold_name[c->hold]);
    if (c->inactive)
        jw_kbool(&w, "inactive", true);
    write_text(&w, "key", c->key);
    jw_kz(&w, "kind", change_kind_name[c->kind]);
    if (c->manager_set)
        write_manager(&w, "manager_after", &c->manager_after);
    if (c->manager_before.id.n || c->manager_before.key.n)
        write_manager(&w, "manager_before", &c->manager_before);
    write_text(&w, "reason", c->reason);
    write_text(&w, "user", c->user);
    write_text(&w, "user_email", c->user_email);
    write_text(&w, "why", c->why);
    jw_end_object(&w);
}

/* Several references ---------------------------------------------------------------------------------------------------------- */

static struct str next_id(struct str *rest)
{
    return attr_member(rest, 0);
}

static struct str next_name(struct str *rest)
{
    const char *comma = rest->n ? memmem(rest->p, rest->n, ", ", 2) : NULL;
    struct str name = { rest->p, comma ? (size_t)(comma - rest->p) : rest->n };
    size_t taken = comma ? name.n + 2 : name.n;
    rest->p += taken;
    rest->n -= taken;
    return name;
}

static size_t count_parts(struct str s, struct str (*next)(struct str *rest))
{
    size_t n = 0;
    while (s.n) {
        (void)next(&s);
        n++;
    }
    return n;
}

static bool has_id(struct str ids, struct str id)
{
    while (ids.n)
        if (str_eq(next_id(&ids), id))
            return true;
    return false;
}

static void members_only(struct str ids, struct str names, struct str other, bool added,
                         void (*each)(void *ctx, bool added, struct str id, struct str name), void *ctx)
{
    bool named = count_parts(ids, next_id) == count_parts(names, next_name);
    while (ids.n) {
        struct str id = next_id(&ids), name = named ? next_name(&names) : id;
        if (id.n && !has_id(other, id))
            each(ctx, added, id, name);
    }
}

void edit_members(const struct edit *e, void (*each)(void *ctx, bool added, struct str id, struct str name),
                  void *ctx)
{
    members_only(e->after, e->after_name, e->before, true, each, ctx);
    members_only(e->before, e->before_name, e->after, false, each, ctx);
}
