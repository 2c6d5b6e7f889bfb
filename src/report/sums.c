#include "sums.h"

#include <stdio.h>

static void check(struct sums *s, const char *what, const char *which, int64_t stated, int64_t counted)
{
    if (s->n == SUMS_MAX) {
        s->hold = false;
        return;
    }
    struct sum *one = &s->v[s->n++];
    snprintf(one->name, sizeof one->name, "%s%s", what, which);
    one->stated = stated;
    one->counted = counted;
    s->hold = s->hold && stated == counted;
}

/* Of a damaged document the sum may be more than there are numbers: it is then as wrong as can be. */
static int64_t total(const void *object)
{
    const char *key;
    json_t *value;
    int64_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (__builtin_add_overflow(n, json_integer_value(value), &n))
            return INT64_MIN;
    }
    return n;
}

static void check_kinds(const struct report_run *r, const struct counted_changes *c, struct sums *s)
{
    for (size_t k = 0; k < CHANGE_KINDS; k++) {
        enum change_kind kind = (enum change_kind)k;
        check(s, "planned changes of kind ", change_kind_name[k],
              json_integer_value(doc_kind(r->overview, "changes", kind, "planned")), c->planned[k]);
        check(s, "held changes of kind ", change_kind_name[k],
              json_integer_value(doc_kind(r->overview, "changes", kind, "held")), c->held[k]);
    }
}

static int64_t stated_hold(const struct report_run *r, const char *name)
{
    size_t i;
    json_t *h;
    json_array_foreach(doc_at(r->overview, "holds"), i, h)
    {
        if (str_is(doc_text(h, "hold"), name))
            return doc_int(h, "count");
    }
    return 0;
}

static void check_holds(const struct report_run *r, const struct counted_changes *c, struct sums *s)
{
    int64_t held = 0;
    for (size_t h = 1; h < HOLDS; h++) {
        held += c->hold[h];
        check(s, "changes held for ", hold_name[h], stated_hold(r, hold_name[h]), c->hold[h]);
    }
    check(s, "held changes of the run", "", (int64_t)r->run.held, held);
}

static int64_t stuck_values(const struct report_run *r)
{
    int64_t n = 0;
    size_t i;
    json_t *a;
    json_array_foreach(doc_at(r->overview, "does_not_stick.attributes"), i, a)
    {
        if (__builtin_add_overflow(n, doc_int(a, "users"), &n))
            return INT64_MIN;
    }
    return n;
}

/* Outcomes are told when a run, or its plan, has ended; before that there is nothing to compare with. */
static void check_outcomes(const struct report_run *r, const struct counted_changes *c, struct sums *s)
{
    for (size_t o = 0; r->outcome && o < OUTCOMES; o++)
        check(s, "changes with outcome ", outcome_name[o],
              json_integer_value(json_object_get(doc_at(r->outcome, "outcomes"), outcome_name[o])),
              c->outcome[o]);
}

void sums_check(const struct report_run *r, const struct counted_changes *c, struct sums *out)
{
    *out = (struct sums){ .hold = true };
    check(out, "rows of the feed by fate", "", doc_int(r->overview, "feed.rows"),
          total(doc_at(r->overview, "fates.rows")));
    check(out, "rejected rows", "", doc_int(r->overview, "feed.rejected"),
          doc_int(r->overview, "fates.rows.rejected"));
    check(out, "users of the tenant by fate", "", doc_int(r->overview, "tenant.users"),
          total(doc_at(r->overview, "fates.users")));
    check(out, "values that do not stick by attribute", "", doc_int(r->overview, "does_not_stick.count"),
          stuck_values(r));
    check(out, "changes of the run", "", (int64_t)r->run.changes, c->all);
    check_kinds(r, c, out);
    check_holds(r, c, out);
    check_outcomes(r, c, out);
}

const struct sum *sums_wrong(const struct sums *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].stated != s->v[i].counted)
            return &s->v[i];
    return NULL;
}
