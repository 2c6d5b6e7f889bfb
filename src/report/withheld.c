/* The part of the plan that says what will not be done, and of whom nothing can be said. */
#include <string.h>

#include "report_internal.h"

#define NAME 18    /* columns of a hold's or kind's name */
#define INDENT 30  /* columns of name, count, and what parts them from the rest */
#define EXAMPLES 5 /* persons named; the rest is counted */

bool guard_stops(const struct report_run *r, enum change_kind k)
{
    bool later = json_is_integer(json_object_get(doc_at(r->outcome, "accepted"), change_kind_name[k]));
    return json_is_true(doc_kind(r->overview, "guards", k, "tripped")) &&
           !json_is_true(doc_kind(r->overview, "guards", k, "accepted")) && !later;
}

static void name_count(struct page *p, const char *name, int64_t count)
{
    char text[28];
    buf_printf(p->out, "  %-*s%8s", NAME, name, text_count(text, count));
}

/* Withheld ------------------------------------------------------------------------------------------------------------------------ */

/* When one guard withholds the whole plan ("on_trip": "plan"), kinds whose own guard has nothing against them
 * are held as well. Patterns of what is held stand here: whoever is asked to say yes has to see to what. */
static void guard_lines(struct page *p, enum change_kind k, bool whole_plan)
{
    const void *o = p->r->overview;
    int64_t wanted = count_value(doc_kind(o, "guards", k, "wanted"));
    bool tripped = json_is_true(doc_kind(o, "guards", k, "tripped"));
    bool held = whole_plan || !json_is_true(doc_kind(o, "guards", k, "accepted"));
    if (wanted == 0 || (!tripped && !whole_plan))
        return;
    name_count(p, change_kind_name[k], wanted);
    if (tripped) {
        buf_puts(p->out, "  of at most ");
        put_count(p->out, count_value(doc_kind(o, "guards", k, "limit")));
        buf_puts(p->out, guard_stops(p->r, k) ? ": a person has to say yes\n" : ": accepted for this run\n");
    } else {
        buf_puts(p->out, "  because another guard withholds the whole plan\n");
    }
    if (held && json_array_size(doc_kind(o, "changes", k, "patterns"))) {
        put_spaces(p->out, INDENT);
        page_patterns(p, k, INDENT);
    }
}

static void guards(struct page *p, int64_t held)
{
    const void *o = p->r->overview;
    int64_t tripped = 0;
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        if (json_is_true(doc_kind(o, "guards", kinds_shown[k], "tripped")) &&
            !json_is_true(doc_kind(o, "guards", kinds_shown[k], "accepted")))
            tripped += count_value(doc_kind(o, "guards", kinds_shown[k], "wanted"));
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        guard_lines(p, kinds_shown[k], held > tripped);
}

/* Neighbours who are held for the same reason: "E1, E2: the target cannot change EmailAddress". */
static size_t hold_group(struct page *p, enum hold hold, const json_t *examples, size_t i)
{
    struct str why = doc_text(json_array_get(examples, i), "why");
    for (size_t from = i; i < json_array_size(examples); i++) {
        const json_t *e = json_array_get(examples, i);
        if (!str_eq(doc_text(e, "why"), why))
            break;
        buf_puts(p->out, i == from ? "  " : ", ");
        put_text(p->out, doc_text(e, "key"));
    }
    if (why.n) {
        buf_puts(p->out, ": ");
        put_shown(p->out, hold_why(hold, why));
    }
    buf_putc(p->out, '\n');
    return i;
}

static enum hold hold_named(struct str name)
{
    for (size_t h = 0; h < HOLDS; h++)
        if (str_is(name, hold_name[h]))
            return (enum hold)h;
    return HOLD_NONE;
}

static void hold_lines(struct page *p, const json_t *h)
{
    enum hold hold = hold_named(doc_text(h, "hold"));
    int64_t count = doc_count(h, "count");
    const json_t *examples = doc_at(h, "examples");
    size_t n = json_array_size(examples);
    if (hold == HOLD_NONE || hold == HOLD_GUARD)
        return;
    name_count(p, hold_words[hold], count);
    if (n == 0)
        buf_putc(p->out, '\n');
    for (size_t i = 0; i < n;) {
        put_spaces(p->out, i > 0 ? INDENT - 2 : 0);
        i = hold_group(p, hold, examples, i);
    }
    if (n > 0 && count > (int64_t)n) {
        put_spaces(p->out, INDENT - 2);
        buf_puts(p->out, "  and ");
        put_count(p->out, count - (int64_t)n);
        buf_puts(p->out, " more\n");
    }
}

void page_withheld(struct page *p)
{
    const json_t *holds = doc_at(p->r->overview, "holds");
    int64_t guard = 0;
    size_t i;
    json_t *h;
    bool accepted = false;
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        accepted |= json_is_true(doc_kind(p->r->overview, "guards", (enum change_kind)k, "accepted"));
    if (json_array_size(holds) == 0 && !accepted)
        return;
    buf_puts(p->out, "\nwithheld\n");
    json_array_foreach(holds, i, h)
    {
        if (hold_named(doc_text(h, "hold")) == HOLD_GUARD)
            guard = doc_count(h, "count");
    }
    guards(p, guard);
    json_array_foreach(holds, i, h)
    {
        hold_lines(p, h);
    }
}

/* Rows of whom nothing can be said ------------------------------------------------------------------------------------------------ */

static void section(struct page *p, const char *title, int64_t count)
{
    buf_putc(p->out, '\n');
    buf_printf(p->out, "%-*s", LABEL, title);
    put_count(p->out, count);
    buf_putc(p->out, '\n');
}

static void line_of_feed(struct page *p, const json_t *row)
{
    buf_puts(p->out, "  line ");
    put_count(p->out, doc_count(row, "line"));
    buf_puts(p->out, ": ");
}

static void and_more(struct page *p, int64_t count, size_t shown)
{
    if (count <= (int64_t)shown)
        return;
    buf_puts(p->out, "  and ");
    put_count(p->out, count - (int64_t)shown);
    buf_printf(p->out, " more:  rollcall report %s\n", p->r->run.id);
}

void page_ambiguous(struct page *p)
{
    int64_t n = doc_count(p->r->overview, "ambiguous.count");
    const json_t *persons = doc_at(p->r->overview, "ambiguous.persons");
    size_t i, shown = 0;
    json_t *a;
    if (n == 0)
        return;
    section(p, "ambiguous", n);
    json_array_foreach(persons, i, a)
    {
        if (i == EXAMPLES)
            break;
        line_of_feed(p, a);
        put_text(p->out, doc_text(a, "key"));
        put_line(p->out, " ", doc_text(a, "text"));
        shown++;
    }
    and_more(p, n, shown);
}

void page_rejected(struct page *p)
{
    int64_t n = doc_count(p->r->overview, "feed.rejected");
    const json_t *rejects = doc_at(p->r->overview, "rejects");
    size_t i, shown = 0;
    json_t *r;
    if (n == 0)
        return;
    section(p, "rejected", n);
    json_array_foreach(rejects, i, r)
    {
        if (i == EXAMPLES)
            break;
        line_of_feed(p, r);
        if (doc_text(r, "column").n) {
            put_text(p->out, doc_text(r, "column"));
            buf_puts(p->out, ": ");
        }
        put_line(p->out, "", doc_text(r, "detail"));
        shown++;
    }
    and_more(p, n, shown);
}

void page_absent(struct page *p)
{
    const void *o = p->r->overview;
    int64_t n = doc_count(o, "absent.count");
    struct str why = doc_text(o, "absent.why_untrusted");
    if (n == 0)
        return;
    buf_printf(p->out, "\n%-*s", LABEL, "absent");
    put_counted(p->out, n, "user is not in the feed and stays as it is",
                "users are not in the feed and stay as they are");
    if (why.n)
        put_line(p->out, ": ", why);
    else
        buf_putc(p->out, '\n');
}

/* What does not stick ------------------------------------------------------------------------------------------------------------- */

void put_unstuck(const void *overview, struct buf *out)
{
    buf_puts(out, "does not stick: ");
    put_counted(out, doc_count(overview, "does_not_stick.count"), "value", "values");
    buf_puts(out, " on ");
    put_counted(out, doc_count(overview, "does_not_stick.users"), "user", "users");
    buf_puts(out, ", not sent again (--retry-refused)\n");
}

void page_unstuck(struct page *p)
{
    const json_t *attributes = doc_at(p->r->overview, "does_not_stick.attributes");
    size_t i;
    json_t *a;
    if (doc_count(p->r->overview, "does_not_stick.count") == 0)
        return;
    buf_putc(p->out, '\n');
    put_unstuck(p->r->overview, p->out);
    buf_puts(p->out, "  accepted by the tenant in an earlier run, and shown otherwise ever since:\n");
    json_array_foreach(attributes, i, a)
    {
        buf_puts(p->out, "  ");
        put_text(p->out, doc_text(a, "attribute"));
        buf_puts(p->out, "  ");
        put_counted(p->out, doc_count(a, "users"), "user", "users");
        buf_putc(p->out, '\n');
    }
}
