/* Listings and single reads of users and groups. */
#include "scim.h"

#include <stdlib.h>
#include <string.h>

/* Matches in order, kept for the next page. */
struct scim_search {
    char *text; /* owned: filter and sorting */
    uint64_t version;
    uint32_t *number; /* owned: of rows, or of groups */
    size_t count;
};

struct listing {
    bool groups;
    struct scim_filter *filter; /* owned */
    struct scim_path sort;      /* owned; attr NULL: none */
    bool down;
    int64_t start, count;
};

struct row {
    char *key; /* owned; NULL: none */
    uint32_t number;
};

void scim_search_free(struct scim_search *s)
{
    if (!s)
        return;
    free(s->text);
    free(s->number);
    free(s);
}

/* ---- what is asked ---- */

static bool number(struct call *call, const char *name, int64_t normal, int64_t *value)
{
    const char *text = call_param(call, name);
    char *end;

    *value = normal;
    if (!text)
        return true;
    *value = strtoll(text, &end, 10);
    if (*text && !*end && *value > -1000000000 && *value < 1000000000)
        return true;
    call_violation(call, RULE_BAD_VALUE, "%s=%s", name, text);
    return scim_refuse(call, 400, "invalidValue", "'%s' is no number", name);
}

/* userName eq or externalId eq, and nothing else. */
static bool is_simple(const struct scim_filter *f)
{
    return scim_filter_only(f, "userName") || scim_filter_only(f, "externalId");
}

static bool read_filter(struct call *call, const struct scim_schema *const *family, struct listing *l)
{
    const char *text = call_param(call, "filter"), *why;
    int64_t allowed = call_switch(call, SW_FILTER);

    if (!text)
        return true;
    if (allowed == FILTER_OFF)
        return scim_refuse(call, 400, "invalidFilter", "Filters are not supported");
    l->filter = scim_filter_read(call, family, text, &why);
    if (!l->filter) {
        call_violation(call, RULE_BAD_VALUE, "filter %s: %s", text, why);
        return scim_refuse(call, 400, "invalidFilter", "The filter cannot be read: %s", why);
    }
    if (allowed == FILTER_USER_NAME && !is_simple(l->filter))
        return scim_refuse(call, 400, "invalidFilter",
                           "Only 'userName eq' and 'externalId eq' are supported");
    return true;
}

static bool read_sorting(struct call *call, const struct scim_schema *const *family, struct listing *l)
{
    const char *text = call_param(call, "sortBy"), *order = call_param(call, "sortOrder"), *why;

    if (!text || call_switch(call, SW_SORT) == 1)
        return true;
    why = scim_path_read(call, family, &text, &l->sort);
    if (why || !l->sort.attr || *text) {
        call_violation(call, RULE_UNKNOWN_ATTRIBUTE, "sortBy");
        return scim_refuse(call, 400, "invalidPath", "sortBy: %s", why ? why : "not one attribute");
    }
    l->down = order && text_same(order, "descending");
    return true;
}

static bool read_listing(struct call *call, const struct scim_schema *const *family, struct listing *l)
{
    int64_t max = call_switch(call, SW_PAGE_MAX);

    if (!read_filter(call, family, l) || !read_sorting(call, family, l) ||
        !number(call, "startIndex", 1, &l->start) || !number(call, "count", max, &l->count))
        return false;
    if (l->start < 1)
        l->start = 1;
    if (l->count < 0)
        l->count = 0;
    /* The first page tells how large pages are. */
    if (l->start > 1 && l->count > max && call_switch(call, SW_ITEMS_PER_PAGE) == 0)
        call_violation(call, RULE_COUNT_OVER, "count=%lld of at most %lld", (long long)l->count,
                       (long long)max);
    return true;
}

static void listing_free(struct listing *l)
{
    scim_filter_free(l->filter);
    scim_path_free(&l->sort);
}

/* ---- finding ---- */

/* A user or a group as JSON; NULL: a read does not see it. */
static json_t *resource(const struct call *call, bool groups, uint32_t i)
{
    struct buf text = BUF_INIT(ANSWER_MAX);
    json_t *value = NULL;

    if (groups) {
        const struct scim_group *g = scim_group_seen(call, scim_of(call)->groups[i]);

        if (g)
            scim_group_text(call, g, true, &text);
    } else {
        const char *const *f = scim_seen(call, &call->sb->state.users[i]);

        if (f)
            scim_user_text(call, f, &text);
    }
    if (text.n)
        value = json_loadb(text.p, text.n, 0, NULL);
    buf_deinit(&text);
    return value;
}

static bool there(const struct call *call, bool groups, uint32_t i)
{
    return groups ? scim_group_seen(call, scim_of(call)->groups[i]) != NULL
                  : scim_seen(call, &call->sb->state.users[i]) != NULL;
}

static int quick_group(const struct call *call, const struct listing *l, uint32_t i)
{
    const char *name = scim_filter_only(l->filter, "displayName");

    return name ? text_same(scim_group_seen(call, scim_of(call)->groups[i])->display, name) : -1;
}

/* What can be told without reading the document: 1 yes, 0 no, -1 unknown. */
static int quick(const struct call *call, const struct listing *l, uint32_t i)
{
    const char *name = scim_filter_only(l->filter, "userName"),
               *external = scim_filter_only(l->filter, "externalId"), *id = scim_filter_only(l->filter, "id");
    const char *const *f;

    if (!l->filter)
        return 1;
    if (l->groups)
        return quick_group(call, l, i);
    if (!(name || external || id))
        return -1;
    f = scim_seen(call, &call->sb->state.users[i]);
    if (external)
        return strcmp(f[S_EXTERNAL], external) == 0;
    if (id)
        return strcmp(f[S_ID], id) == 0;
    return call_switch(call, SW_USER_NAME_CASE) == 1 ? strcmp(f[S_NAME], name) == 0
                                                     : text_same(f[S_NAME], name);
}

static char *sort_key(const struct listing *l, const json_t *value)
{
    const json_t *v = json_object_get(scim_home(value, l->sort.schema), l->sort.attr->name);

    if (json_is_array(v))
        v = json_array_get(v, 0);
    if (json_is_object(v))
        v = json_object_get(v, l->sort.sub ? l->sort.sub->name : "value");
    return json_is_string(v) ? xstrdup(json_string_value(v)) : NULL;
}

/* Without a value last, as RFC 7644, 3.4.2.3 wants it; the place decides what is equal. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int c = x->key && y->key ? text_compare(x->key, y->key) : (x->key == NULL) - (y->key == NULL);

    return c ? c : (x->number > y->number) - (x->number < y->number);
}

static size_t collect(const struct call *call, const struct listing *l, struct row *rows, size_t all)
{
    size_t n = 0;

    for (uint32_t i = 0; i < all; i++) {
        json_t *value = NULL;
        int matches = there(call, l->groups, i) ? quick(call, l, i) : 0;

        if (matches && (matches < 0 || l->sort.attr))
            value = resource(call, l->groups, i);
        if (matches < 0)
            matches = value && scim_filter_matches(call, l->filter, value);
        if (matches)
            rows[n++] = (struct row){ l->sort.attr ? sort_key(l, value) : NULL, i };
        json_decref(value);
    }
    return n;
}

static void find(const struct call *call, const struct listing *l, struct scim_search *s)
{
    size_t all = l->groups ? scim_of(call)->ngroups : call->sb->state.count, n;
    struct row *rows = xcalloc(all ? all : 1, sizeof(*rows));

    n = collect(call, l, rows, all);
    if (l->sort.attr)
        qsort(rows, n, sizeof(*rows), compare_rows);
    s->number = xcalloc(n ? n : 1, sizeof(*s->number));
    s->count = n;
    for (size_t i = 0; i < n; i++) {
        s->number[i] = rows[l->down ? n - 1 - i : i].number;
        free(rows[i].key);
    }
    free(rows);
}

static const struct scim_search *matches(struct call *call, const struct listing *l)
{
    static const char *const named[] = { "filter", "sortBy", "sortOrder" };
    struct scim *scim = scim_of(call);
    struct state *state = &call->sb->state;
    uint64_t version = state->version + scim->changes + 1;
    struct scim_search *s = scim->search;
    struct buf text = BUF_INIT(ANSWER_MAX);

    buf_printf(&text, "%d%lld", l->groups, (long long)call_switch(call, SW_USER_NAME_CASE));
    for (size_t i = 0; i < array_len(named); i++)
        buf_printf(&text, "\n%s", call_param(call, named[i]) ? call_param(call, named[i]) : "");
    if (s && state_settled(state, call->now) && s->version == version && strcmp(s->text, buf_z(&text)) == 0) {
        buf_deinit(&text);
        return s;
    }
    scim_search_free(s);
    s = scim->search = xcalloc(1, sizeof(*s));
    s->text = buf_take(&text);
    s->version = state_settled(state, call->now) ? version : 0;
    find(call, l, s);
    return s;
}

/* ---- answering ---- */

struct page {
    size_t from, to;
    size_t could; /* users it would have without a fault */
    int64_t start, total;
};

/* Which part of the matches this page shows; switches and faults bend it. False: answered. */
static bool window(struct call *call, const struct listing *l, size_t count, struct page *p)
{
    size_t max = (size_t)call_switch(call, SW_PAGE_MAX), less = (size_t)call_switch(call, SW_PAGE_SHORT);
    size_t size = (size_t)l->count < max ? (size_t)l->count : max, from = (size_t)l->start - 1;
    bool faulty = call->faulty && call->fault.phase == FAULT_PAGE;

    if (from >= count && count && size && from) {
        if (call_switch(call, SW_BEYOND) == BEYOND_ERROR)
            return scim_refuse(call, 400, "invalidValue", "startIndex is beyond the end");
        if (call_switch(call, SW_BEYOND) == BEYOND_AGAIN)
            from = (count - 1) / size * size;
    }
    if (from > count)
        from = count;
    if (faulty && call->fault.kind == FAULT_PAGE_REPEAT)
        from = from > size ? from - size : 0;
    if (count - from > size && size > less)
        size -= less;
    else if (count - from > size && size)
        size = 1;
    *p = (struct page){ .from = from, .to = count - from > size ? from + size : count, .start = l->start };
    p->could = p->to - p->from;
    p->total = (int64_t)count;
    if (!faulty)
        return true;
    if (call->fault.kind == FAULT_PAGE_DROP || call->fault.kind == FAULT_PAGE_EMPTY)
        p->to = p->from;
    if (call->fault.kind == FAULT_PAGE_CUT)
        p->to = p->from + p->could * (size_t)(call->fault.arg > 100 ? 100 : call->fault.arg) / 100;
    if (call->fault.kind == FAULT_PAGE_EMPTY)
        p->total = 0;
    return true;
}

static void write_head(struct call *call, const struct listing *l, const struct page *p, struct jw *j)
{
    int64_t kind = call_switch(call, SW_TOTAL);

    jw_key(j, "schemas");
    jw_array(j);
    jw_z(j, SCIM_MESSAGE "ListResponse");
    jw_end_array(j);
    if (kind != TOTAL_OFF)
        jw_kint(j, "totalResults", kind == TOTAL_PAGE ? (int64_t)(p->to - p->from) : p->total);
    jw_kint(j, "startIndex", p->start);
    jw_kint(j, "itemsPerPage", call_switch(call, SW_ITEMS_PER_PAGE) == 1 ? l->count : (int64_t)p->could);
}

static void write_page(struct call *call, const struct listing *l, const struct scim_wish *wish,
                       const struct scim_search *s, const struct page *p)
{
    struct jw j = jw_into(&call->out);
    struct buf text = BUF_INIT(ANSWER_MAX), shown = BUF_INIT(ANSWER_MAX);

    jw_object(&j);
    write_head(call, l, p, &j);
    jw_key(&j, "Resources");
    jw_array(&j);
    for (size_t i = p->from; i < p->to; i++) {
        buf_clear(&text);
        buf_clear(&shown);
        if (l->groups) {
            scim_group_text(call, scim_group_seen(call, scim_of(call)->groups[s->number[i]]),
                            call_switch(call, SW_MEMBERS) == 0, &text);
        } else {
            struct user *u = &call->sb->state.users[s->number[i]];

            scim_user_text(call, scim_seen(call, u), &text);
            u->behind_back = false;
        }
        scim_show(wish, &text, &shown);
        jw_raw(&j, buf_view(&shown));
    }
    jw_end_array(&j);
    jw_end_object(&j);
    buf_deinit(&text);
    buf_deinit(&shown);
}

static void list(struct call *call, bool groups)
{
    const struct scim_schema *const *family = groups ? scim_group_family : scim_user_family;
    struct listing l = { .groups = groups };
    struct scim_wish wish;
    struct page page;

    scim_wish_read(call, family, &wish);
    if (read_listing(call, family, &l)) {
        const struct scim_search *s = matches(call, &l);

        if (window(call, &l, s->count, &page))
            write_page(call, &l, &wish, s, &page);
    }
    listing_free(&l);
    scim_wish_free(&wish);
}

void scim_users_list(struct call *call)
{
    list(call, false);
}

void scim_groups_list(struct call *call)
{
    if (call_switch(call, SW_GROUPS) == 1)
        scim_refuse(call, 404, NULL, "There are no groups here");
    else
        list(call, true);
}
