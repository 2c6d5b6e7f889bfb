/* Stored plans that somebody edited: a change that is read back is written as the same change again; a header
 * line never harms. */
#include <stdio.h>

#include "fuzz.h"
#include "rollcall/plan.h"

static void attr(struct schema *s, const char *name, enum attr_type type, unsigned flags)
{
    snprintf(s->attr[s->n].name, ATTR_NAME_MAX, "%s", name);
    s->attr[s->n].type = type;
    s->attr[s->n++].flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE | flags;
}

static void once_more(const struct change *c, const struct schema *s, bool with_place)
{
    struct arena arena = ARENA_INIT;
    struct buf first = BUF_INIT(CHANGE_JSON_MAX), second = BUF_INIT(CHANGE_JSON_MAX);
    struct change again;
    change_write(c, s, with_place, &first);
    claim(change_read(buf_view(&first), s, &arena, &again));
    change_write(&again, s, with_place, &second);
    claim(str_eq(buf_view(&first), buf_view(&second)));
    buf_deinit(&first);
    buf_deinit(&second);
    arena_deinit(&arena);
}

static void member(void *ctx, bool added, struct str id, struct str name)
{
    const struct edit *e = ctx;
    struct str in = added ? e->after : e->before;
    claim(id.n > 0 && memmem(in.p, in.n, id.p, id.n));
    claim(name.n <= in.n + e->after_name.n + e->before_name.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema s = { 0 };
    struct arena arena = ARENA_INIT;
    struct change c;
    struct plan_header_read h;
    char *copy = piece_of((const char *)data, size);
    struct str text = { copy, size };
    attr(&s, "mx_Custom_1", ATTR_TEXT, 0);
    attr(&s, "EmailAddress", ATTR_FOLD, 0);
    attr(&s, "TeamId", ATTR_REF, ATTR_MEMBERSHIP);
    attr(&s, "Skills", ATTR_SET, 0);
    attr(&s, "Pin", ATTR_TEXT, ATTR_SECRET);
    attr(&s, "groups", ATTR_REFS, ATTR_MEMBERSHIP);
    s.key[1] = 1;
    s.n_keys = 2;
    s.manager = true;
    if (change_read(text, &s, &arena, &c)) {
        claim(c.kind < CHANGE_KINDS && c.hold < HOLDS && c.n_edits <= s.n);
        once_more(&c, &s, false);
        once_more(&c, &s, true);
        for (size_t i = 0; i < c.n_edits; i++)
            edit_members(&c.edit[i], member, &c.edit[i]);
    }
    if (plan_read_header(text, &s, &h))
        claim(memchr(h.tenant, 0, sizeof h.tenant) && memchr(h.connector, 0, sizeof h.connector));
    arena_deinit(&arena);
    free(copy);
    return 0;
}
