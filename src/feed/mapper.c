/* Cells -> person: value maps, defaults, status, canonical forms, digest. */
#include <stdlib.h>
#include <string.h>

#include "feed_internal.h"

static const struct attr folded = { .type = ATTR_FOLD };

/* Canonical form of text from the job, in the arena; the empty value where it has none. */
static struct str canon_z(struct mapper *m, const struct attr *attr, const char *z)
{
    buf_clear(&m->scratch);
    if (!attr_canon(attr, str_of(z), &m->scratch) || m->scratch.n == 0)
        return (struct str){ NULL, 0 };
    return arena_str(&m->arena, buf_view(&m->scratch));
}

/* The values of a cell by line ends, as the vendor's side knows them; a copy. */
static struct str by_lines(struct arena *a, struct str s, char separator)
{
    char *copy = arena_z(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (copy[i] == separator)
            copy[i] = '\n';
    return (struct str){ copy, s.n };
}

static struct value job_value(struct mapper *m, const struct rule *rule, const char *z)
{
    struct value v = { canon_z(m, rule->attr, z), { NULL, 0 } };
    if (v.canon.p && rule->split)
        v.send = by_lines(&m->arena, attr_trim(str_of(z)), rule->attr->separator);
    else if (v.canon.p)
        v.send = arena_str(&m->arena, attr_trim(str_of(z)));
    return v;
}

static const struct attr *with_separator(struct mapper *m, const struct attr *attr, char separator)
{
    struct attr *own = arena_alloc(&m->arena, sizeof(*own));
    *own = *attr;
    own->separator = separator;
    return own;
}

static int compare_from(const void *a, const void *b)
{
    const struct value_rule *x = a, *y = b;
    return str_cmp(x->from, y->from);
}

static void make_rule(struct mapper *m, struct rule *rule, const struct attr *attr,
                      const struct mapped_column *column)
{
    *rule = (struct rule){
        .attr = attr, .column = column->column, .cell = NO_CELL, .strict = column->values_strict
    };
    rule->split = column->separator && column->separator != attr->separator;
    if (rule->split)
        rule->attr = attr = with_separator(m, attr, column->separator);
    rule->n_values = column->n_values;
    rule->values = arena_zalloc(&m->arena, (column->n_values ? column->n_values : 1) * sizeof(*rule->values));
    for (size_t i = 0; i < column->n_values; i++) {
        rule->values[i].from = canon_z(m, attr, column->values[i].from);
        rule->values[i].to = job_value(m, rule, column->values[i].to);
    }
    qsort(rule->values, rule->n_values, sizeof(*rule->values), compare_from);
    rule->fallback = job_value(m, rule, column->fallback);
}

static void add_words(struct mapper *m, const char *const *words, size_t n, enum person_state state)
{
    for (size_t i = 0; i < n; i++) {
        struct status_word *w = &m->words[m->n_words++];
        w->shown = arena_str(&m->arena, attr_trim(str_of(words[i])));
        w->canon = canon_z(m, &folded, words[i]);
        w->state = state;
    }
}

void mapper_init(struct mapper *m, const struct mapping *mapping, const struct hash_key *key)
{
    *m = (struct mapper){ .mapping = mapping, .key = *key, .status_cell = NO_CELL };
    buf_init(&m->text, SIZE_MAX); /* bounded by the row: at most a few times FEED_ROW_MAX */
    buf_init(&m->scratch, SIZE_MAX);
    const struct schema *s = mapping->schema;
    for (size_t i = 0; i < s->n; i++)
        make_rule(m, &m->rule[m->n_rules++], &s->attr[i], &mapping->attr[i]);
    if (mapping->manager)
        make_rule(m, &m->rule[m->n_rules++], &s->attr[s->manager_key], &mapping->manager_column);
    m->words = arena_zalloc(&m->arena, (mapping->n_active + mapping->n_leaver + 1) * sizeof(*m->words));
    add_words(m, mapping->status_active, mapping->n_active, PERSON_ACTIVE);
    add_words(m, mapping->status_leaver, mapping->n_leaver, PERSON_LEAVER);
}

void mapper_deinit(struct mapper *m)
{
    arena_deinit(&m->arena);
    arena_deinit(&m->row);
    buf_deinit(&m->text);
    buf_deinit(&m->scratch);
}

void mapper_columns(struct mapper *m, const struct columns *h)
{
    for (size_t i = 0; i < m->n_rules; i++)
        m->rule[i].cell = columns_cell(h, m->rule[i].column);
    m->status_cell = columns_cell(h, m->mapping->status_column);
}

enum mapped { MAPPED, MAPPED_BAD_BYTES, MAPPED_UNKNOWN, MAPPED_TOO_LONG };

static const struct value_rule *find_value(const struct rule *rule, struct str canon)
{
    const struct value_rule wanted = { .from = canon };
    return bsearch(&wanted, rule->values, rule->n_values, sizeof(wanted), compare_from);
}

/* Where the value of one rule stands in m->text until all are there and the text moves no more. */
struct slice {
    size_t at, n;
    struct str send; /* {NULL,0}: the same bytes */
};

static void take_job_value(struct mapper *m, const struct value *v, size_t at, struct slice *out)
{
    m->text.n = at;
    buf_str(&m->text, v->canon);
    out->n = v->canon.n;
    out->send = v->send;
}

/* Appends the canonical form of a cell's value to m->text. */
static enum mapped map_cell(struct mapper *m, const struct rule *rule, const struct str *cells,
                            struct slice *out)
{
    struct str cell = rule->cell == NO_CELL ? (struct str){ NULL, 0 } : cells[rule->cell];
    *out = (struct slice){ .at = m->text.n };
    if (!attr_canon(rule->attr, cell, &m->text))
        return cell.n > ATTR_VALUE_MAX ? MAPPED_TOO_LONG : MAPPED_BAD_BYTES;
    out->n = m->text.n - out->at;
    if (out->n == 0) {
        take_job_value(m, &rule->fallback, out->at, out);
        return MAPPED;
    }
    out->send = attr_trim(cell);
    if (rule->split)
        out->send = by_lines(&m->row, out->send, rule->attr->separator);
    if (rule->n_values) {
        const struct value_rule *v = find_value(rule, (struct str){ m->text.p + out->at, out->n });
        if (v)
            take_job_value(m, &v->to, out->at, out);
        else if (rule->strict)
            return MAPPED_UNKNOWN;
    }
    struct str canon = { m->text.p + out->at, out->n };
    /* Of plain text the normal form is what to send. */
    if (rule->attr->type == ATTR_TEXT || str_eq(out->send, canon))
        out->send = (struct str){ NULL, 0 };
    size_t max = rule->attr->max_chars;
    struct str send = out->send.p ? out->send : canon;
    return max && send.n > max && attr_chars(send) > max ? MAPPED_TOO_LONG : MAPPED;
}

static struct value slice_value(const struct mapper *m, const struct slice *s)
{
    if (s->n == 0)
        return (struct value){ { NULL, 0 }, { NULL, 0 } };
    struct str canon = { m->text.p + s->at, s->n };
    return (struct value){ canon, s->send.p ? s->send : canon };
}

static bool known_status(struct mapper *m, struct str cell, enum person_state *state)
{
    for (size_t i = 0; i < m->n_words; i++) {
        if (str_eq(m->words[i].shown, cell) && cell.n) {
            *state = m->words[i].state;
            return true;
        }
    }
    buf_clear(&m->scratch);
    if (!attr_canon(&folded, cell, &m->scratch) || m->scratch.n == 0)
        return false;
    for (size_t i = 0; i < m->n_words; i++) {
        if (str_eq(m->words[i].canon, buf_view(&m->scratch))) {
            *state = m->words[i].state;
            return true;
        }
    }
    return false;
}

static void bad_value(const struct rule *rule, enum mapped mapped, const struct str *cells,
                      struct verdict *out)
{
    static const char *const what[] = {
        [MAPPED_BAD_BYTES] = "is not valid UTF-8",
        [MAPPED_UNKNOWN] = "is not in the job's value map",
    };
    out->reason = mapped == MAPPED_BAD_BYTES ? REJECT_ENCODING : REJECT_VALUE;
    out->column = rule->column;
    struct str cell = rule->cell == NO_CELL ? (struct str){ NULL, 0 } : attr_trim(cells[rule->cell]);
    quoted_value(&out->detail, cell);
    if (mapped != MAPPED_TOO_LONG) {
        buf_printf(&out->detail, " %s", what[mapped]);
    } else {
        char is[28];
        buf_printf(&out->detail, " has %s characters", text_count(is, (int64_t)attr_chars(cell)));
        if (rule->attr->max_chars)
            buf_printf(&out->detail, ", '%s' takes %u", rule->attr->name, rule->attr->max_chars);
    }
}

static void bad_status(const struct mapper *m, struct str cell, struct verdict *out)
{
    out->reason = REJECT_STATUS;
    out->column = m->mapping->status_column;
    buf_clear(&out->detail);
    if (attr_trim(cell).n == 0) {
        buf_puts(&out->detail, "the status is blank");
        return;
    }
    quoted_value(&out->detail, attr_trim(cell));
    buf_puts(&out->detail, " is neither one of the job's active nor of its leaver values");
}

static void no_key(struct verdict *out)
{
    out->reason = REJECT_NO_KEY;
    out->column = NULL;
    buf_clear(&out->detail);
    buf_puts(&out->detail, "no match key has a value");
}

/* The digest covers the lengths of all canonical forms, the forms, and behind them what differs from them
 * when sent, with its length, then the status: no two different persons give the same bytes. */
static void digest_person(struct mapper *m, const struct slice *slice)
{
    uint32_t length[SCHEMA_MAX + 1];
    for (size_t i = 0; i < m->n_rules; i++)
        length[i] = (uint32_t)slice[i].n | (slice[i].send.p ? UINT32_C(0x80000000) : 0);
    for (size_t i = 0; i < m->n_rules; i++) {
        if (!slice[i].send.p)
            continue;
        uint32_t n = (uint32_t)slice[i].send.n;
        buf_add(&m->text, &n, sizeof(n));
        buf_str(&m->text, slice[i].send);
    }
    buf_putc(&m->text, m->person.state == PERSON_LEAVER ? 'L' : 'A');
    buf_str(&m->text, m->person.state_text);
    memcpy(m->text.p, length, m->n_rules * sizeof(*length));
    m->person.digest = hash64(&m->key, m->text.p, m->text.n);
}

/* Room for the lengths comes first. */
static void begin_text(struct mapper *m)
{
    static const char zero[(SCHEMA_MAX + 1) * sizeof(uint32_t)];
    buf_clear(&m->text);
    arena_clear(&m->row);
    buf_add(&m->text, zero, m->n_rules * sizeof(uint32_t));
}

static bool any_key(const struct mapper *m)
{
    const struct schema *s = m->mapping->schema;
    for (size_t i = 0; i < s->n_keys; i++)
        if (m->person.value[s->key[i]].canon.n)
            return true;
    return false;
}

static void read_status(struct mapper *m, const struct str *cell, struct verdict *out)
{
    m->person.state = PERSON_ACTIVE;
    m->person.state_text = (struct str){ NULL, 0 };
    if (m->status_cell == NO_CELL)
        return;
    m->person.state_text = attr_trim(cell[m->status_cell]);
    if (!known_status(m, m->person.state_text, &m->person.state))
        bad_status(m, cell[m->status_cell], out);
}

void mapper_row(struct mapper *m, const struct str *cell, struct verdict *out)
{
    struct slice slice[SCHEMA_MAX + 1];
    const size_t n = m->mapping->schema->n;
    begin_text(m);
    out->reason = REJECT_NONE;
    out->column = NULL;
    out->keys_known = false;
    buf_clear(&out->detail);
    for (size_t i = 0; i < m->n_rules; i++) {
        enum mapped mapped = map_cell(m, &m->rule[i], cell, &slice[i]);
        if (mapped != MAPPED && out->reason == REJECT_NONE)
            bad_value(&m->rule[i], mapped, cell, out);
    }
    read_status(m, cell, out);
    if (out->reason != REJECT_NONE) {
        out->keys_known = mapper_keys(m, cell);
        if (!out->keys_known && !any_key(m) && out->reason != REJECT_ENCODING)
            no_key(out);
        return;
    }
    digest_person(m, slice);
    for (size_t i = 0; i < n; i++)
        m->person.value[i] = slice_value(m, &slice[i]);
    m->person.manager =
        m->mapping->manager ? slice_value(m, &slice[n]) : (struct value){ { NULL, 0 }, { NULL, 0 } };
    if (!any_key(m))
        no_key(out);
}

bool mapper_keys(struct mapper *m, const struct str *cell)
{
    const struct schema *s = m->mapping->schema;
    struct slice slice[KEYS_MAX];
    bool good = true;
    begin_text(m);
    for (size_t i = 0; i < s->n_keys; i++)
        good &= map_cell(m, &m->rule[s->key[i]], cell, &slice[i]) == MAPPED;
    m->person = (struct person){ .state = PERSON_ACTIVE };
    for (size_t i = 0; i < s->n_keys; i++)
        m->person.value[s->key[i]] = slice_value(m, &slice[i]);
    return good && any_key(m);
}
