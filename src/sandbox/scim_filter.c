/* Filters (RFC 7644, 3.4.2.2): reading and matching. */
#include "scim.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct call *call;
    const struct scim_schema *const *family;
    const struct scim_attr *attr; /* inside [...] */
    const char *p;
    int depth;
    const char *why;
};

static struct scim_filter *read_or(struct reader *r);

static void skip_blanks(struct reader *r)
{
    while (*r->p == ' ')
        r->p++;
}

/* A word of the grammar, in any case, that ends where a word ends. */
static bool word(struct reader *r, const char *text)
{
    size_t n = strlen(text);

    if (strncasecmp(r->p, text, n) != 0 || (r->p[n] && !strchr(" ()]", r->p[n])))
        return false;
    r->p += n;
    skip_blanks(r);
    return true;
}

static struct scim_filter *failed(struct reader *r, struct scim_filter *f, const char *why)
{
    scim_filter_free(f);
    if (!r->why)
        r->why = why;
    return NULL;
}

static json_t *read_value(struct reader *r)
{
    size_t n = 0;
    json_t *value;
    char *text;

    if (*r->p == '"') {
        for (n = 1; r->p[n] && r->p[n] != '"'; n++)
            n += r->p[n] == '\\' && r->p[n + 1];
        n += r->p[n] == '"';
    } else {
        n = strcspn(r->p, " )]");
    }
    text = xmemdup(r->p, n);
    value = json_loads(text, JSON_DECODE_ANY, NULL);
    free(text);
    r->p += n;
    skip_blanks(r);
    return value;
}

static bool read_path(struct reader *r, struct scim_path *path)
{
    if (r->attr) {
        size_t n = strcspn(r->p, " )]");

        *path = (struct scim_path){ .schema = scim_user_family[0],
                                    .attr = scim_attr_find(r->attr->sub, r->p, n) };
        r->p += n;
        return path->attr != NULL;
    }
    r->why = scim_path_read(r->call, r->family, &r->p, path);
    return !r->why && path->attr;
}

static struct scim_filter *read_test(struct reader *r)
{
    static const char *const words[] = { "pr", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le" };
    struct scim_filter *f = xcalloc(1, sizeof(*f));
    size_t i;

    f->node = N_TEST;
    if (!read_path(r, &f->path))
        return failed(r, f, "there is no such attribute");
    skip_blanks(r);
    for (i = 0; i < array_len(words) && !word(r, words[i]); i++)
        ;
    f->compare = (enum scim_compare)i;
    if (i == array_len(words)) {
        f->compare = C_PR;
        return f->path.filter ? f : failed(r, f, "there is no such operator");
    }
    if (f->compare == C_PR)
        return f;
    f->value = read_value(r);
    return f->value ? f : failed(r, f, "a value is missing or no JSON");
}

static struct scim_filter *read_part(struct reader *r)
{
    struct scim_filter *f, *inner;
    bool negated;

    if (++r->depth > SCIM_DEPTH)
        return failed(r, NULL, "the filter is too deep");
    skip_blanks(r);
    negated = word(r, "not");
    if (*r->p != '(') {
        f = negated ? failed(r, NULL, "a parenthesis is missing behind not") : read_test(r);
        r->depth--;
        return f;
    }
    r->p++;
    inner = read_or(r);
    r->depth--;
    if (!inner || *r->p != ')')
        return failed(r, inner, "a parenthesis is not closed");
    r->p++;
    skip_blanks(r);
    if (!negated)
        return inner;
    f = xcalloc(1, sizeof(*f));
    f->node = N_NOT;
    f->a = inner;
    return f;
}

static struct scim_filter *joined(enum scim_node node, struct scim_filter *a, struct scim_filter *b)
{
    struct scim_filter *f = xcalloc(1, sizeof(*f));

    f->node = node;
    f->a = a;
    f->b = b;
    return f;
}

static struct scim_filter *read_and(struct reader *r)
{
    struct scim_filter *f = read_part(r);

    while (f && word(r, "and")) {
        struct scim_filter *next = read_part(r);

        if (!next)
            return failed(r, f, "something is missing behind and");
        f = joined(N_AND, f, next);
    }
    return f;
}

static struct scim_filter *read_or(struct reader *r)
{
    struct scim_filter *f = read_and(r);

    while (f && word(r, "or")) {
        struct scim_filter *next = read_and(r);

        if (!next)
            return failed(r, f, "something is missing behind or");
        f = joined(N_OR, f, next);
    }
    return f;
}

struct scim_filter *scim_filter_read(struct call *call, const struct scim_schema *const *family,
                                     const char *text, const char **why)
{
    struct reader r = { .call = call, .family = family, .p = text };
    struct scim_filter *f = strlen(text) > 10000 ? NULL : read_or(&r);

    if (f && *r.p)
        f = failed(&r, f, "there is something behind its end");
    *why = f ? NULL : r.why ? r.why : "it is too long";
    return f;
}

struct scim_filter *scim_filter_within(struct call *call, const struct scim_attr *attr, const char **text,
                                       const char **why)
{
    struct reader r = { .call = call, .attr = attr, .p = *text };
    struct scim_filter *f = attr->sub ? read_or(&r) : failed(&r, NULL, "the attribute has no parts");

    if (f && *r.p != ']')
        f = failed(&r, f, "a bracket is not closed");
    *text = r.p + (f != NULL);
    *why = f ? NULL : r.why;
    return f;
}

void scim_filter_free(struct scim_filter *filter)
{
    if (!filter)
        return;
    scim_filter_free(filter->a);
    scim_filter_free(filter->b);
    scim_path_free(&filter->path);
    json_decref(filter->value);
    free(filter);
}

const char *scim_filter_only(const struct scim_filter *f, const char *name)
{
    if (!f || f->node != N_TEST || f->compare != C_EQ || f->path.sub || f->path.filter ||
        strcmp(f->path.attr->name, name) != 0)
        return NULL;
    return json_string_value(f->value);
}

/* ---- matching ---- */

static bool exact(const struct call *call, const struct scim_attr *attr)
{
    if (strcmp(attr->name, "userName") == 0)
        return call_switch(call, SW_USER_NAME_CASE) == 1;
    return attr->flags & A_EXACT;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool starts(const char *text, const char *part, bool is_exact)
{
    for (; *part; text++, part++) {
        if (is_exact ? *text != *part : lower(*text) != lower(*part))
            return false;
    }
    return true;
}

static bool contains(const char *text, const char *part, bool is_exact)
{
    for (; *text; text++) {
        if (starts(text, part, is_exact))
            return true;
    }
    return !*part;
}

static bool compare_texts(enum scim_compare how, const char *own, const char *asked, bool is_exact)
{
    int c = is_exact ? strcmp(own, asked) : text_compare(own, asked);
    size_t n = strlen(own), m = strlen(asked);

    switch (how) {
    case C_EQ: return c == 0;
    case C_NE: return c != 0;
    case C_CO: return contains(own, asked, is_exact);
    case C_SW: return starts(own, asked, is_exact);
    case C_EW: return n >= m && starts(own + n - m, asked, is_exact);
    case C_GT: return c > 0;
    case C_GE: return c >= 0;
    case C_LT: return c < 0;
    case C_LE: return c <= 0;
    case C_PR: break;
    }
    return n > 0;
}

static bool compare_times(enum scim_compare how, const char *own, const char *asked)
{
    unix_us a = scim_time(own), b = scim_time(asked);

    switch (how) {
    case C_EQ: return a == b;
    case C_NE: return a != b;
    case C_GT: return a > b;
    case C_GE: return a >= b;
    case C_LT: return a < b;
    case C_LE: return a <= b;
    default: return false;
    }
}

static bool compare(const struct call *call, const struct scim_filter *f, const struct scim_attr *attr,
                    const json_t *own)
{
    const char *text = json_string_value(own), *asked = json_string_value(f->value);

    if (f->compare == C_PR)
        return own && !json_is_null(own) && (!text || *text);
    if (text && asked)
        return attr->type == T_DATETIME ? compare_times(f->compare, text, asked)
                                        : compare_texts(f->compare, text, asked, exact(call, attr));
    if (f->compare == C_EQ || f->compare == C_NE)
        return json_equal((json_t *)own, f->value) == (f->compare == C_EQ);
    return false;
}

/* One value of the attribute: the filter behind it, then its part. */
static bool one_matches(const struct call *call, const struct scim_filter *f, const json_t *value)
{
    const struct scim_attr *attr = f->path.attr;

    if (f->path.filter && !scim_filter_matches(call, f->path.filter, value))
        return false;
    if (f->path.filter && !f->path.sub && f->compare == C_PR)
        return true;
    if (f->path.sub)
        return compare(call, f, f->path.sub, json_object_get(value, f->path.sub->name));
    if (json_is_object(value) && f->compare != C_PR) {
        const struct scim_attr *main = scim_attr_find(attr->sub, "value", 5);

        return main && compare(call, f, main, json_object_get(value, "value"));
    }
    return compare(call, f, attr, value);
}

static bool test_matches(const struct call *call, const struct scim_filter *f, const json_t *object)
{
    const json_t *value = json_object_get(scim_home(object, f->path.schema), f->path.attr->name);
    size_t i;
    json_t *one;

    if (!json_is_array(value))
        return one_matches(call, f, value);
    json_array_foreach((json_t *)value, i, one)
    {
        if (one_matches(call, f, one))
            return true;
    }
    return false;
}

bool scim_filter_matches(const struct call *call, const struct scim_filter *f, const json_t *object)
{
    switch (f->node) {
    case N_AND: return scim_filter_matches(call, f->a, object) && scim_filter_matches(call, f->b, object);
    case N_OR: return scim_filter_matches(call, f->a, object) || scim_filter_matches(call, f->b, object);
    case N_NOT: return !scim_filter_matches(call, f->a, object);
    case N_TEST: break;
    }
    return test_matches(call, f, object);
}
