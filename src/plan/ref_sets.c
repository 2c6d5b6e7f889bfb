/* Several references of one user (groups), as a set of what they mean: by id, whatever they are written as.
 */
#include <string.h>

#include "plan_internal.h"

void ref_set_add(struct ref_set *s, const struct ref *r)
{
    s->v = xgrow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
    s->v[s->n++] = r;
}

static int by_id(const void *a, const void *b)
{
    return str_cmp((*(const struct ref *const *)a)->id, (*(const struct ref *const *)b)->id);
}

void ref_set_end(struct ref_set *s)
{
    size_t n = 0;
    if (s->n > 1)
        qsort(s->v, s->n, sizeof(*s->v), by_id);
    for (size_t i = 0; i < s->n; i++)
        if (n == 0 || s->v[n - 1] != s->v[i])
            s->v[n++] = s->v[i];
    s->n = n;
}

bool ref_set_read(struct plan *p, size_t slot, struct str canon, struct ref_set *out)
{
    bool all = true;
    out->n = 0;
    for (struct str name = attr_member(&canon, 0); name.n; name = attr_member(&canon, 0)) {
        const struct ref_cached *r = ref_resolve(p, slot, name);
        all = all && r->found == REF_OK;
        if (r->found == REF_OK)
            ref_set_add(out, r->ref);
    }
    ref_set_end(out);
    return all;
}

bool ref_set_same(const struct ref_set *a, const struct ref_set *b)
{
    return a->n == b->n && (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(struct ref *)) == 0);
}

bool same_refs(struct plan *p, size_t slot, struct str has, struct str wants)
{
    (void)ref_set_read(p, slot, has, &p->has);
    return ref_set_read(p, slot, wants, &p->wants) && ref_set_same(&p->has, &p->wants);
}

static struct str joined(struct plan *p, const struct ref_set *s, bool names, const char *between)
{
    struct buf b = BUF_INIT(SIZE_MAX);
    for (size_t i = 0; i < s->n; i++) {
        buf_puts(&b, i ? between : "");
        buf_str(&b, names && s->v[i]->name.n ? s->v[i]->name : s->v[i]->send);
    }
    struct str text = b.n ? arena_str(&p->arena, buf_view(&b)) : (struct str){ NULL, 0 };
    buf_deinit(&b);
    return text;
}

void ref_set_texts(struct plan *p, const struct ref_set *s, struct str *ids, struct str *names)
{
    *ids = joined(p, s, false, "\n");
    *names = joined(p, s, true, ", ");
}

struct str ref_as_written(const struct attr *a, struct str send, struct str canon)
{
    const struct attr one = { .type = ATTR_REF };
    struct buf form = BUF_INIT(ATTR_CANON_MAX);
    struct str found = canon;
    for (struct str m = attr_member(&send, a->separator); m.n; m = attr_member(&send, a->separator)) {
        buf_clear(&form);
        if (attr_canon(&one, m, &form) && str_eq(buf_view(&form), canon)) {
            found = m;
            break;
        }
    }
    buf_deinit(&form);
    return found;
}
