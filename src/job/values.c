/* Simple values: each type is set from text, whether that comes from the file or is the rule's default. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job_internal.h"

#define WHY_MAX 200
#define PERCENT_DECIMALS 4
#define PERCENT_SCALE 10000 /* ten to that power */

/* ---- setting: false with the reason -------------------------------------------------------------------- */

typedef bool setter(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX]);

static bool set_text(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    size_t max = r->max ? (size_t)r->max : JOB_TEXT_MAX;
    if (text.n == 0) {
        snprintf(why, WHY_MAX, "this must not be empty");
        return false;
    }
    if (text.n > max) {
        snprintf(why, WHY_MAX, "%zu bytes are more than the %zu allowed", text.n, max);
        return false;
    }
    *(char **)at = keep(l, text);
    return true;
}

static bool set_path(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    char *given = NULL;
    if (!set_text(l, r, text, &given, why))
        return false;
    char *joined = path_join(l->job->dir, given);
    *(char **)at = keep(l, str_of(joined));
    free(joined);
    return true;
}

static size_t count_choices(const struct rule *r)
{
    size_t n = 0;
    while (r->choices[n])
        n++;
    return n;
}

static bool find_choice(struct loader *l, const struct rule *r, struct str text, unsigned *index,
                        char why[WHY_MAX])
{
    for (unsigned i = 0; r->choices[i]; i++) {
        if (str_is(text, r->choices[i])) {
            *index = i;
            return true;
        }
    }
    struct buf list = BUF_INIT(WHY_MAX);
    for (size_t i = 0; r->choices[i]; i++)
        buf_printf(&list, "%s'%s'", i == 0 ? "" : r->choices[i + 1] ? ", " : " or ", r->choices[i]);
    const char *close = suggest(text, r->choices, count_choices(r));
    snprintf(why, WHY_MAX, "'%s' is not %s%s", shown(l, text), list.p, did_you_mean(l, close));
    buf_deinit(&list);
    return false;
}

static bool set_word(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    unsigned index;
    if (!find_choice(l, r, text, &index, why))
        return false;
    *(char **)at = keep(l, text);
    return true;
}

static bool set_choice(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    return find_choice(l, r, text, at, why);
}

static bool set_switch(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    unsigned index;
    if (!find_choice(l, r, text, &index, why))
        return false;
    *(bool *)at = index == 1;
    return true;
}

static bool set_bool(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    (void)l, (void)r, (void)why;
    *(bool *)at = str_is(text, "true");
    return true;
}

static bool set_int(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    int64_t n;
    if (!str_to_i64(text, &n)) {
        snprintf(why, WHY_MAX, "%s is not a whole number", shown(l, text));
        return false;
    }
    if (n < r->min || n > r->max) {
        bool less = n < r->min;
        snprintf(why, WHY_MAX, "%lld is %s than %lld", (long long)n, less ? "less" : "more",
                 (long long)(less ? r->min : r->max));
        return false;
    }
    *(int64_t *)at = n;
    return true;
}

static bool set_limit(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    if (!str_is(text, "off"))
        return set_int(l, r, text, at, why);
    *(int64_t *)at = -1;
    return true;
}

/* "5" or "2.5"; at most four decimals, so that the canonical form is exact. No strtod: it asks the locale. */
static bool parse_percent(struct str text, double *out)
{
    struct str whole = text;
    int64_t n, fraction = 0, scale = 1;
    const char *dot = text.n ? memchr(text.p, '.', text.n) : NULL;
    if (dot) {
        whole.n = (size_t)(dot - text.p);
        size_t decimals = text.n - whole.n - 1;
        if (decimals == 0 || decimals > PERCENT_DECIMALS ||
            !str_to_i64((struct str){ dot + 1, decimals }, &fraction) || fraction < 0)
            return false;
        for (size_t i = 0; i < decimals; i++)
            scale *= 10;
    }
    if (!str_to_i64(whole, &n))
        return false;
    double magnitude = (double)(n < 0 ? -n : n) + (double)fraction / (double)scale;
    *out = text.p[0] == '-' ? -magnitude : magnitude;
    return true;
}

static bool set_percent(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    double d = -1;
    if (str_is(text, "off")) {
        *(double *)at = -1;
        return true;
    }
    if (!parse_percent(text, &d)) {
        snprintf(why, WHY_MAX, "%s is not a plain number with at most four decimals", shown(l, text));
        return false;
    }
    if (d < (double)r->min || d > (double)r->max) {
        bool less = d < (double)r->min;
        snprintf(why, WHY_MAX, "%s is %s than %lld", shown(l, text), less ? "less" : "more",
                 (long long)(less ? r->min : r->max));
        return false;
    }
    *(double *)at = d;
    return true;
}

static bool set_span(struct loader *l, const struct rule *r, struct str text, void *at, char why[WHY_MAX])
{
    int64_t us;
    char limit[32];
    if (!time_parse_span(text, &us)) {
        snprintf(why, WHY_MAX, "'%s' is not a span of time; write it like \"30s\", \"5min\" or \"24h\"",
                 shown(l, text));
        return false;
    }
    if (us < r->min || us > r->max) {
        bool less = us < r->min;
        snprintf(why, WHY_MAX, "'%s' is %s than %s", shown(l, text), less ? "less" : "more",
                 time_span(limit, less ? r->min : r->max));
        return false;
    }
    *(int64_t *)at = us;
    return true;
}

/* ---- types --------------------------------------------------------------------------------------------- */

static const struct {
    unsigned kinds;
    setter *set;
    const char *wanted; /* where the kinds of JSON alone do not say it */
} types[RULE_TYPES] = {
    [RULE_IGNORED] = { 1U << NODE_TEXT, NULL, NULL },
    [RULE_OBJECT] = { 1U << NODE_OBJECT, NULL, NULL },
    [RULE_TEXT] = { 1U << NODE_TEXT, set_text, NULL },
    [RULE_PATH] = { 1U << NODE_TEXT, set_path, NULL },
    [RULE_WORD] = { 1U << NODE_TEXT, set_word, NULL },
    [RULE_CHOICE] = { 1U << NODE_TEXT, set_choice, NULL },
    [RULE_SWITCH] = { 1U << NODE_TEXT, set_switch, NULL },
    [RULE_BOOL] = { 1U << NODE_BOOL, set_bool, NULL },
    [RULE_INT] = { 1U << NODE_NUMBER, set_int, "a whole number" },
    [RULE_LIMIT] = { 1U << NODE_NUMBER | 1U << NODE_TEXT, set_limit, "a whole number or \"off\"" },
    [RULE_PERCENT] = { 1U << NODE_NUMBER | 1U << NODE_TEXT, set_percent, "a number or \"off\"" },
    [RULE_SPAN] = { 1U << NODE_TEXT, set_span, "a span of time in quotes, such as \"30s\"" },
};

unsigned rule_kinds(const struct rule *r)
{
    return r->type == RULE_OWN ? r->kinds : types[r->type].kinds;
}

const char *rule_wanted(const struct rule *r)
{
    return types[r->type].wanted;
}

/* A limit in quotes ("25") is a slip of somebody who saw "off" there. */
static bool quoted_number(const struct rule *r, const struct node *n)
{
    return (r->type == RULE_LIMIT || r->type == RULE_PERCENT) && n->kind == NODE_TEXT &&
           !str_is(n->text, "off");
}

void value_load(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    char why[WHY_MAX] = "";
    if (r->fallback)
        types[r->type].set(l, r, str_of(r->fallback), at, why);
    if (!n)
        return;
    if (quoted_number(r, n))
        mistake(l, n, "this must be a number without quotes, or \"off\"");
    else if (!types[r->type].set(l, r, n->text, at, why))
        mistake(l, n, "%s", why);
}

/* The shortest form: 5, 2.5, -1. */
static void write_percent(struct jw *w, double d)
{
    char text[40];
    long long parts = (long long)(d * PERCENT_SCALE + (d < 0 ? -0.5 : 0.5)); /* rounded, without libm */
    int n = snprintf(text, sizeof(text), "%lld.%0*lld", parts / PERCENT_SCALE, PERCENT_DECIMALS,
                     llabs(parts % PERCENT_SCALE));
    while (n > 0 && text[n - 1] == '0')
        n--;
    if (n > 0 && text[n - 1] == '.')
        n--;
    jw_raw(w, (struct str){ text, (size_t)n });
}

void value_write(const struct rule *r, const void *at, struct jw *w)
{
    switch (r->type) {
    case RULE_TEXT:
    case RULE_PATH:
    case RULE_WORD: jw_z(w, *(char *const *)at); break;
    case RULE_CHOICE: jw_z(w, r->choices[*(const unsigned *)at]); break;
    case RULE_SWITCH: jw_z(w, r->choices[*(const bool *)at]); break;
    case RULE_BOOL: jw_bool(w, *(const bool *)at); break;
    case RULE_INT:
    case RULE_LIMIT:
    case RULE_SPAN: jw_int(w, *(const int64_t *)at); break;
    case RULE_PERCENT: write_percent(w, *(const double *)at); break;
    case RULE_IGNORED:
    case RULE_OBJECT:
    case RULE_OWN:
    case RULE_TYPES: break;
    }
}

/* ---- lists of texts ------------------------------------------------------------------------------------ */

bool canon_exact(struct str s, struct buf *out)
{
    buf_str(out, s);
    return true;
}

bool canon_fold(struct str s, struct buf *out)
{
    static const struct attr folded = { .type = ATTR_FOLD };
    return attr_canon(&folded, s, out);
}

static bool texts_entry(struct loader *l, const struct node *n, struct seen *seen,
                        bool (*canon)(struct str, struct buf *))
{
    struct buf form = BUF_INIT(16 * JOB_TEXT_MAX);
    bool good = false;
    if (!expect(l, n, NODE_TEXT))
        return false;
    if (str_trim(n->text).n == 0) {
        mistake(l, n, "this must not be empty");
    } else if (n->text.n > JOB_TEXT_MAX) {
        mistake(l, n, "%zu bytes are more than the %d allowed", n->text.n, JOB_TEXT_MAX);
    } else {
        canon(n->text, &form);
        const struct node *first = seen_before(seen, arena_str(&l->job->arena, buf_view(&form)), n);
        good = !first;
        if (first)
            mistake(l, n, "'%s' is in the list twice", shown(l, n->text));
    }
    buf_deinit(&form);
    return good;
}

bool texts_load(struct loader *l, const struct node *n, size_t max,
                bool (*canon)(struct str s, struct buf *out), struct texts *out)
{
    struct seen seen = { 0 };
    *out = (struct texts){ 0 };
    if (n->n > max) {
        mistake(l, n, "%u entries are more than the %zu allowed", (unsigned)n->n, max);
        return false;
    }
    out->v = arena_zalloc(&l->job->arena, (n->n + 1) * sizeof(*out->v));
    out->node = arena_zalloc(&l->job->arena, (n->n + 1) * sizeof(*out->node));
    for (const struct node *e = n->first; e; e = e->next) {
        if (!texts_entry(l, e, &seen, canon))
            continue;
        out->node[out->n] = e;
        out->v[out->n++] = keep(l, e->text);
    }
    seen_deinit(&seen);
    return out->n == n->n;
}
