#include "sums.h"

#include <stdio.h>

static void check(struct sums *s, const char *name, int64_t stated, int64_t counted)
{
    if (s->n == SUMS_MAX)
        return;
    struct sum *one = &s->v[s->n++];
    snprintf(one->name, sizeof one->name, "%s", name);
    one->stated = stated;
    one->counted = counted;
    s->hold = s->hold && stated == counted;
}

static int64_t total(const void *object)
{
    const char *key;
    json_t *value;
    int64_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
        n += json_integer_value(value);
    return n;
}

static void check_kinds(const struct report_run *r, const struct counted_changes *c, struct sums *s)
{
    for (size_t k = 0; k < CHANGE_KINDS; k++) {
        char path[64], name[64];
        snprintf(path, sizeof path, "changes.%s.planned", change_kind_name[k]);
        snprintf(name, sizeof name, "changes of kind %s", change_kind_name[k]);
        check(s, name, doc_int(r->overview, path), c->planned[k]);
        snprintf(path, sizeof path, "changes.%s.held", change_kind_name[k]);
        snprintf(name, sizeof name, "changes of kind %s held", change_kind_name[k]);
        check(s, name, doc_int(r->overview, path), c->held[k]);
    }
}

/* Outcomes are told by the run's end; before it, there is nothing to compare with. */
static void check_outcomes(const struct report_run *r, const struct counted_changes *c, struct sums *s)
{
    if (!doc_at(r->outcome, "outcomes") || total(doc_at(r->outcome, "outcomes")) == 0)
        return;
    for (size_t o = 0; o < OUTCOMES; o++) {
        char path[64], name[64];
        snprintf(path, sizeof path, "outcomes.%s", o == OUTCOME_NONE ? "none" : outcome_name[o]);
        snprintf(name, sizeof name, "changes with outcome %s", o == OUTCOME_NONE ? "none" : outcome_name[o]);
        check(s, name, doc_int(r->outcome, path), c->outcome[o]);
    }
}

void sums_check(const struct report_run *r, const struct counted_changes *c, struct sums *out)
{
    *out = (struct sums){ .hold = true };
    check(out, "rows of the feed by fate", doc_int(r->overview, "feed.rows"), total(doc_at(r->overview, "fates.rows")));
    check(out, "users of the tenant by fate", doc_int(r->overview, "tenant.users"), total(doc_at(r->overview, "fates.users")));
    check(out, "changes of the run", (int64_t)r->run.changes, c->all);
    check_kinds(r, c, out);
    check_outcomes(r, c, out);
}
