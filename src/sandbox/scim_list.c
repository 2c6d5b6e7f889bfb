/* Listings of users and groups: what is asked, who matches. */
#include "scim_list.h"

#include <stdlib.h>
#include <string.h>

/* Matches in order, kept for the next page. */
struct scim_search {
    char *text; /* owned: the listing's */
    uint64_t version;
    uint32_t *number; /* owned: of rows, or of groups */
    size_t count;
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

/* userName eq or externalId eq, and nothing else. */
static bool is_simple(const struct scim_filter *f)
{
    return scim_filter_only(f, "userName") || scim_filter_only(f, "externalId");
}

static bool read_filter(struct call *call, const struct scim_schema *const *family, struct scim_listing *l)
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

static bool read_sorting(struct call *call, const struct scim_schema *const *family, struct scim_listing *l)
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

static void listing_text(const struct call *call, struct scim_listing *l)
{
    static const char *const named[] = { "filter", "sortBy", "sortOrder" };
    struct buf text = BUF_INIT(ANSWER_MAX);

    buf_printf(&text, "%d", l->groups);
    for (size_t i = 0; i < array_len(named); i++)
        buf_printf(&text, "\n%s", call_param(call, named[i]) ? call_param(call, named[i]) : "");
    l->text = buf_take(&text);
}

static bool read_listing(struct call *call, const struct scim_schema *const *family, struct scim_listing *l)
{
    listing_text(call, l);
    return read_filter(call, family, l) && read_sorting(call, family, l) && scim_paging_read(call, l);
}

static void listing_free(struct scim_listing *l)
{
    scim_filter_free(l->filter);
    scim_path_free(&l->sort);
    free(l->text);
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

static int quick_group(const struct call *call, const struct scim_listing *l, uint32_t i)
{
    const char *name = scim_filter_only(l->filter, "displayName");

    return name ? text_same(scim_group_seen(call, scim_of(call)->groups[i])->display, name) : -1;
}

/* What can be told without reading the document: 1 yes, 0 no, -1 unknown. */
static int quick(const struct call *call, const struct scim_listing *l, uint32_t i)
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

static char *sort_key(const struct scim_listing *l, const json_t *value)
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

static size_t collect(const struct call *call, const struct scim_listing *l, struct row *rows, size_t all)
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

static void find(const struct call *call, const struct scim_listing *l, struct scim_search *s)
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

static const struct scim_search *matches(struct call *call, const struct scim_listing *l)
{
    struct scim *scim = scim_of(call);
    struct state *state = &call->sb->state;
    uint64_t version = state->version + scim->changes + 1;
    struct scim_search *s = scim->search;

    if (s && state_settled(state, call->now) && s->version == version && strcmp(s->text, l->text) == 0)
        return s;
    scim_search_free(s);
    s = scim->search = xcalloc(1, sizeof(*s));
    s->text = xstrdup(l->text);
    s->version = state_settled(state, call->now) ? version : 0;
    find(call, l, s);
    return s;
}

/* ---- answering ---- */

static void write_page(struct call *call, const struct scim_listing *l, const struct scim_wish *wish,
                       const struct scim_search *s, const struct scim_page *p)
{
    struct jw j = jw_into(&call->out);
    struct buf text = BUF_INIT(ANSWER_MAX), shown = BUF_INIT(ANSWER_MAX);

    jw_object(&j);
    scim_page_head(call, l, p, &j);
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
    struct scim_listing l = { .groups = groups };
    struct scim_wish wish;
    struct scim_page page;

    scim_wish_read(call, family, &wish);
    if (read_listing(call, family, &l)) {
        const struct scim_search *s = matches(call, &l);

        if (scim_page_window(call, &l, s->count, &page))
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
