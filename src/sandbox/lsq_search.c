/*
 * User Advanced Search (fact sheet 4.3).
 *
 * Paging through a large tenant asks the same search again and again, so the last one's matches, sorted, are
 * kept and used while nothing was written. Ties are broken anew each time when the tenant is switched to an
 * unstable order.
 */
#include "lsq.h"

#include <stdlib.h>
#include <string.h>

#define SORTS_MAX 4
#define DEFAULT_PAGE 1000

struct order {
    size_t field;
    bool down;
};

struct lsq_search {
    char *text;       /* owned: conditions and sorting, as canonical JSON */
    uint64_t version; /* of the state; 0: not to be used again */
    int64_t obsolete; /* the switch when it was made */
    uint32_t *user;   /* owned: numbers in order */
    size_t count;
};

struct query {
    struct lsq_filter filter;
    struct order order[SORTS_MAX];
    size_t orders;
    bool sorted_uniquely;
    int64_t page, size;
    bool all_columns;
    bool column[U_COUNT];
};

void lsq_search_free(struct lsq_search *s)
{
    if (!s)
        return;
    free(s->text);
    free(s->user);
    free(s);
}

/* ---- reading the request ---- */

static bool read_columns(struct call *call, const json_t *columns, struct query *q)
{
    static const struct body_key keys[] = { { "Include_CSV", BODY_STRING, true } };
    bool derived = call_switch(call, SW_DERIVED_COLUMNS) == 1;
    json_t *csv;

    q->all_columns = !columns;
    if (!columns)
        return true;
    if (!body_read(call, columns, "Columns", keys, 1, &csv))
        return false;
    for (const char *p = json_string_value(csv); *p;) {
        size_t n = strcspn(p, ","), field;
        char *name = xmemdup(p, n);

        field = lsq_search_field(call, name);
        if (strcmp(name, "*") == 0)
            q->all_columns = true;
        else if (derived && (text_same(name, "ManagerName") || text_same(name, "TeamName")))
            q->column[U_MANAGERNAME] = q->column[U_MANAGERNAME] || text_same(name, "ManagerName");
        else if (field == U_COUNT || (lsq_schema.fields[field].flags & F_DERIVED))
            field = SIZE_MAX;
        else
            q->column[field] = true;
        free(name);
        if (field == SIZE_MAX)
            return lsq_mistake(call, RULE_UNKNOWN_ATTRIBUTE, "MXInvalidInputException",
                               "User search has some invalid Attributes");
        p += n + (p[n] == ',');
    }
    return true;
}

static bool read_sorting(struct call *call, json_t *sorting, struct query *q)
{
    static const struct body_key keys[] = { { "ColumnName", BODY_STRING, true },
                                            { "Direction", BODY_INT | BODY_STRING, true } };
    size_t i;
    json_t *one, *got[2];

    json_array_foreach(sorting, i, one)
    {
        char number[32];
        const char *direction;
        size_t field;

        if (!body_read(call, one, "Sorting", keys, 2, got))
            return false;
        field = lsq_search_field(call, json_string_value(got[0]));
        direction = state_value(got[1], number);
        if (field == U_COUNT)
            return lsq_mistake(call, RULE_UNKNOWN_ATTRIBUTE, "MXInvalidInputException",
                               "User search has some invalid Attributes");
        if ((strcmp(direction, "0") != 0 && strcmp(direction, "1") != 0) || q->orders == SORTS_MAX)
            return lsq_mistake(call, RULE_BAD_VALUE, "MXInvalidInputException",
                               "Invalid Input! Parameter Name: Sorting");
        q->order[q->orders++] = (struct order){ field, *direction == '1' };
        q->sorted_uniquely = q->sorted_uniquely || field == U_USERID || field == U_EMAIL;
    }
    return true;
}

static bool read_paging(struct call *call, const json_t *paging, struct query *q)
{
    static const struct body_key keys[] = { { "PageIndex", BODY_INT, true }, { "PageSize", BODY_INT, true } };
    int64_t cap = call_switch(call, SW_PAGE_CAP);
    json_t *got[2];

    q->page = 1;
    q->size = DEFAULT_PAGE;
    if (!paging) {
        call_violation(call, RULE_PAGING, "no Paging");
        return true;
    }
    if (!body_read(call, paging, "Paging", keys, 2, got))
        return false;
    q->page = json_integer_value(got[0]);
    q->size = json_integer_value(got[1]);
    if (q->page < 1 || q->page > 1000000 || q->size < 1)
        return lsq_mistake(call, RULE_PAGING, "MXInvalidInputException",
                           "Invalid Input! Parameter Name: Paging");
    if (cap != SWITCH_OFF && q->size > cap) {
        if (call_switch(call, SW_PAGE_OVER) == 0)
            return lsq_mistake(call, RULE_PAGING, "MXInvalidInputException",
                               "PageSize can't be greater than %lld", (long long)cap);
        call_violation(call, RULE_PAGING, "PageSize is above %lld", (long long)cap);
        q->size = cap;
    }
    if (q->size > 1000000)
        q->size = 1000000;
    return true;
}

enum { COLUMNS, GROUPS, JOINING, SORTING, PAGING, KEYS };

static bool read_query(struct call *call, struct query *q, json_t **got)
{
    static const struct body_key keys[KEYS] = {
        [COLUMNS] = { "Columns", BODY_OBJECT, false },
        [GROUPS] = { "GroupConditions", BODY_ARRAY, false },
        [JOINING] = { "GroupOperator", BODY_STRING | BODY_NULL, false },
        [SORTING] = { "Sorting", BODY_ARRAY, false },
        [PAGING] = { "Paging", BODY_OBJECT, false },
    };

    if (!body_read(call, call->body, "body", keys, KEYS, got) || !read_columns(call, got[COLUMNS], q) ||
        !lsq_filter_read(call, got[GROUPS], &q->filter) || !read_sorting(call, got[SORTING], q) ||
        !read_paging(call, got[PAGING], q))
        return false;
    if (!q->filter.conditions && call_switch(call, SW_EMPTY_CONDITIONS) == REFUSE)
        return lsq_mistake(call, RULE_CONDITIONS, "MXInvalidInputException",
                           "Invalid Input! Parameter Name: GroupConditions");
    return true;
}

/* ---- finding ---- */

struct row {
    const char *const *f;
    uint64_t tie;
    uint32_t number;
};

struct sorting {
    const struct order *order;
    size_t orders;
};

static int compare_rows(const struct row *a, const struct row *b, const struct sorting *s)
{
    for (size_t i = 0; i < s->orders; i++) {
        int c = text_compare(a->f[s->order[i].field], b->f[s->order[i].field]);

        if (c)
            return s->order[i].down ? -c : c;
    }
    return a->tie < b->tie ? -1 : a->tie > b->tie;
}

/* Merge sort: qsort() has no room for the columns, and the C library's qsort_r() differs from system to
 * system. */
static void sort_rows(struct row *rows, size_t n, const struct sorting *s)
{
    struct row *other = xrealloc(NULL, n ? n : 1, sizeof(*other)), *from = rows, *to = other;

    for (size_t width = 1; width < n; width *= 2) {
        struct row *swap;

        for (size_t start = 0; start < n; start += 2 * width) {
            size_t left = start, middle = start + width < n ? start + width : n;
            size_t right = middle, end = start + 2 * width < n ? start + 2 * width : n;

            for (size_t k = start; k < end; k++) {
                bool take_left =
                    left < middle && (right >= end || compare_rows(&from[left], &from[right], s) <= 0);

                to[k] = take_left ? from[left++] : from[right++];
            }
        }
        swap = from;
        from = to;
        to = swap;
    }
    if (from != rows)
        memcpy(rows, from, n * sizeof(*rows));
    free(other);
}

static void find(struct call *call, const struct query *q, struct lsq_search *s)
{
    struct state *state = &call->sb->state;
    struct row *rows = xrealloc(NULL, state->count ? state->count : 1, sizeof(*rows));
    bool shuffle = call_switch(call, SW_UNSTABLE_ORDER) == 1;
    size_t n = 0;

    for (size_t i = 0; i < state->count; i++) {
        const char *const *f = lsq_shown(call, &state->users[i]);

        if (f && lsq_filter_matches(&q->filter, f))
            rows[n++] = (struct row){ f, shuffle ? rng_next(&call->sb->rng) : i, (uint32_t)i };
    }
    sort_rows(rows, n, &(struct sorting){ q->order, q->orders });
    s->user = xrealloc(s->user, n ? n : 1, sizeof(*s->user));
    s->count = n;
    for (size_t i = 0; i < n; i++)
        s->user[i] = rows[i].number;
    free(rows);
}

static char *canonical(json_t *const *got)
{
    json_t *both = json_pack("[O?, O?]", got[GROUPS], got[SORTING]);
    char *text = json_dumps(both, JSON_COMPACT | JSON_SORT_KEYS);

    json_decref(both);
    return text;
}

/* The matches in order, from the last search when it was the same one. */
static const struct lsq_search *matches(struct call *call, const struct query *q, json_t *const *got)
{
    struct lsq *lsq = lsq_of(call);
    const struct state *state = &call->sb->state;
    bool keep = state_settled(state, call->now) && call_switch(call, SW_UNSTABLE_ORDER) == 0;
    char *text = canonical(got);
    struct lsq_search *s = lsq->search;

    if (s && keep && s->version == state->version && s->obsolete == call_switch(call, SW_OBSOLETE_LISTED) &&
        text && strcmp(s->text, text) == 0) {
        free(text);
        return s;
    }
    lsq_search_free(s);
    s = lsq->search = xcalloc(1, sizeof(*s));
    s->text = text ? text : xmemdup("", 0);
    s->version = keep ? state->version : 0;
    s->obsolete = call_switch(call, SW_OBSOLETE_LISTED);
    find(call, q, s);
    return s;
}

/* ---- answering ---- */

static void write_status(const struct call *call, struct jw *j, const char *const *f)
{
    jw_key(j, "StatusCode");
    if (call_switch(call, SW_SEARCH_STATUS) == 1)
        jw_int(j, lsq_active(f) ? 0 : 1);
    else
        jw_z(j, lsq_active(f) ? "0" : "1");
}

static void write_user(const struct call *call, struct jw *j, const struct query *q, const char *const *f,
                       const bool *defined, struct buf *room)
{
    jw_object(j);
    for (size_t i = 0; i < U_COUNT; i++) {
        const struct field *field = &lsq_schema.fields[i];
        bool asked = q->all_columns || q->column[i] || (i == U_MANAGERNAME && q->column[U_MANAGER]);

        if (!(field->flags & F_SEARCH) || !defined[i])
            continue;
        if (!asked)
            jw_kz(j, field->name, NULL);
        else if (i == U_STATUS)
            write_status(call, j, f);
        else if (i == U_MANAGERNAME)
            lsq_value(j, field, lsq_manager_name(call, f[U_MANAGER], room));
        else if (i == U_GROUPS && !*f[i])
            jw_kz(j, field->name, NULL);
        else
            lsq_value(j, field, f[i]);
    }
    jw_end_object(j);
}

/* Which part of the matches this page shows; faults of paging bend it. */
static void window(const struct call *call, const struct query *q, size_t count, size_t *from, size_t *to)
{
    size_t page = (size_t)q->page - 1, size = (size_t)q->size;
    bool faulty = call->faulty && call->fault.phase == FAULT_PAGE;

    if (faulty && call->fault.kind == FAULT_PAGE_REPEAT && page > 0)
        page--;
    *from = page * size < count ? page * size : count;
    *to = count - *from > size ? *from + size : count;
    if (faulty && (call->fault.kind == FAULT_PAGE_DROP || call->fault.kind == FAULT_PAGE_EMPTY))
        *to = *from;
    if (faulty && call->fault.kind == FAULT_PAGE_CUT)
        *to = *from + (*to - *from) * (size_t)(call->fault.arg > 100 ? 100 : call->fault.arg) / 100;
}

static void write_page(struct call *call, const struct query *q, const struct lsq_search *s)
{
    struct state *state = &call->sb->state;
    struct jw j = jw_into(&call->out);
    struct buf room = BUF_INIT(ANSWER_MAX);
    bool defined[U_COUNT];
    size_t from, to, total = s->count;

    for (size_t i = 0; i < U_COUNT; i++)
        defined[i] = i < U_CUSTOM || i >= U_CUSTOM + LSQ_SLOTS || lsq_slot(lsq_of(call), i - U_CUSTOM);
    window(call, q, s->count, &from, &to);
    if (call->faulty && call->fault.kind == FAULT_PAGE_EMPTY)
        total = 0;
    jw_object(&j);
    if (call_switch(call, SW_SEARCH_INFO) == 0) {
        jw_key(&j, "SearchInfo");
        jw_object(&j);
        jw_kint(&j, "RecordCount", (int64_t)total);
        jw_end_object(&j);
    }
    jw_key(&j, "Users");
    jw_array(&j);
    for (size_t i = from; i < to; i++) {
        struct user *u = &state->users[s->user[i]];
        const char *const *f = lsq_shown(call, u);

        if (!f)
            continue;
        write_user(call, &j, q, f, defined, &room);
        u->behind_back = false;
    }
    jw_end_array(&j);
    jw_end_object(&j);
    buf_deinit(&room);
}

void lsq_advanced_search(struct call *call)
{
    struct query q = { .page = 1 };
    json_t *got[KEYS];

    if (read_query(call, &q, got)) {
        const struct lsq_search *s = matches(call, &q, got);

        if (!q.sorted_uniquely && (q.page > 1 || s->count > (size_t)q.size))
            call_violation(call, RULE_UNSORTED_PAGING, "page %lld of %zu users", (long long)q.page, s->count);
        write_page(call, &q, s);
    }
    lsq_filter_free(&q.filter);
}
