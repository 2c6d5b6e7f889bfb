/* Pages of a listing: by startIndex (RFC 7644, 3.4.2.4), by cursor (RFC 9865). */
#include "scim_list.h"

#include "rollcall/base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CURSOR_MAX 64

/* ---- cursors ---- */

/*
 * A cursor tells where it goes on and which listing it is of. It needs percent-encoding: sent as it is, its
 * plus arrives as a blank.
 */
static void cursor_text(const struct scim_listing *l, size_t from, char out[CURSOR_MAX])
{
    static const struct hash_key key = { .k0 = 9865 };
    struct buf text = BUF_INIT(ANSWER_MAX);

    buf_printf(&text, "%zu\n%s", from, l->text);
    snprintf(out, CURSOR_MAX, "%08llx+/%zx==", (unsigned long long)hash64(&key, text.p, text.n) & 0xffffffff,
             from);
    buf_deinit(&text);
}

/* It is good when the same would be made of what it says. */
static bool read_cursor(struct call *call, struct scim_listing *l)
{
    const char *text = call_param(call, "cursor"), *slash = strchr(text, '/');
    unsigned long long from = slash ? strtoull(slash + 1, NULL, 16) : 0;
    char good[CURSOR_MAX];

    l->start = 1;
    if (!*text)
        return true;
    cursor_text(l, (size_t)from, good);
    if (strcmp(text, good) != 0) {
        call_violation(call, RULE_PAGING, "cursor '%s' is none of this listing", text);
        return scim_refuse(call, 400, "invalidCursor", "The cursor is none of this listing");
    }
    l->start = (int64_t)from + 1;
    return true;
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

/* Who pages by index alone passes over what it does not know. */
static bool choose(struct call *call, struct scim_listing *l)
{
    bool index = call_param(call, "startIndex") != NULL, cursor = call_param(call, "cursor") != NULL;
    int64_t paging = call_switch(call, SW_PAGING);

    if (cursor && paging == PAGING_INDEX)
        call_violation(call, RULE_UNKNOWN_QUERY, "cursor");
    l->cursor = cursor && paging != PAGING_INDEX;
    if (l->cursor && index) {
        call_violation(call, RULE_BAD_VALUE, "startIndex and cursor in one request");
        return scim_refuse(call, 400, "invalidValue", "startIndex and cursor exclude each other");
    }
    if (index && paging == PAGING_CURSOR)
        return scim_refuse(call, 400, "invalidValue",
                           "startIndex is not supported: listings go on by cursor");
    return true;
}

bool scim_paging_read(struct call *call, struct scim_listing *l)
{
    int64_t max = call_switch(call, SW_PAGE_MAX);

    if (!choose(call, l) || !number(call, "startIndex", 1, &l->start) ||
        !number(call, "count", max, &l->count))
        return false;
    if (l->start < 1)
        l->start = 1;
    if (l->cursor && l->count < 1) {
        call_violation(call, RULE_BAD_VALUE, "count=%lld with a cursor", (long long)l->count);
        return scim_refuse(call, 400, "invalidCount", "With a cursor 'count' is 1 at least");
    }
    if (l->count < 0)
        l->count = 0;
    /* The first page tells how large pages are; but RFC 9865 wants every parameter as it was with a cursor.
     */
    if (l->start > 1 && l->count > max && call_switch(call, SW_ITEMS_PER_PAGE) == 0)
        call_violation(call, RULE_COUNT_OVER, "count=%lld of at most %lld", (long long)l->count,
                       (long long)max);
    return !l->cursor || read_cursor(call, l);
}

/* ---- what is shown ---- */

/* How many a page from there on has. */
static size_t length(const struct call *call, size_t left, size_t size)
{
    size_t less = (size_t)call_switch(call, SW_PAGE_SHORT);

    if (left <= size || !size)
        return left < size ? left : size;
    return size > less ? size - less : 1;
}

static void spoil(const struct call *call, struct scim_page *p)
{
    uint64_t percent = call->fault.arg > 100 ? 100 : call->fault.arg;

    if (call->fault.kind == FAULT_PAGE_DROP || call->fault.kind == FAULT_PAGE_EMPTY)
        p->to = p->from;
    if (call->fault.kind == FAULT_PAGE_CUT)
        p->to = p->from + p->could * (size_t)percent / 100;
    if (call->fault.kind == FAULT_PAGE_EMPTY) {
        p->total = 0;
        p->next = p->all;
    }
}

bool scim_page_window(struct call *call, const struct scim_listing *l, size_t count, struct scim_page *p)
{
    size_t max = (size_t)call_switch(call, SW_PAGE_MAX),
           size = (size_t)l->count < max ? (size_t)l->count : max;
    size_t from = (size_t)l->start - 1;
    bool faulty = call->faulty && call->fault.phase == FAULT_PAGE;

    if (from >= count && count && size && from && !l->cursor) {
        if (call_switch(call, SW_BEYOND) == BEYOND_ERROR)
            return scim_refuse(call, 400, "invalidValue", "startIndex is beyond the end");
        if (call_switch(call, SW_BEYOND) == BEYOND_AGAIN)
            from = (count - 1) / size * size;
    }
    if (from > count)
        from = count;
    *p = (struct scim_page){ .all = count, .start = l->start, .total = (int64_t)count };
    p->next = from + length(call, count - from, size);
    if (faulty && call->fault.kind == FAULT_PAGE_REPEAT)
        from = from > size ? from - size : 0;
    p->from = from;
    p->could = length(call, count - from, size);
    p->to = from + p->could;
    if (faulty)
        spoil(call, p);
    return true;
}

void scim_page_head(struct call *call, const struct scim_listing *l, const struct scim_page *p, struct jw *j)
{
    int64_t kind = call_switch(call, SW_PAGING) == PAGING_CURSOR ? TOTAL_PAGE : call_switch(call, SW_TOTAL);
    char next[CURSOR_MAX];

    jw_key(j, "schemas");
    jw_array(j);
    jw_z(j, SCIM_MESSAGE "ListResponse");
    jw_end_array(j);
    if (!l->cursor && kind != TOTAL_OFF)
        jw_kint(j, "totalResults", kind == TOTAL_PAGE ? (int64_t)(p->to - p->from) : p->total);
    if (!l->cursor)
        jw_kint(j, "startIndex", p->start);
    jw_kint(j, "itemsPerPage", call_switch(call, SW_ITEMS_PER_PAGE) == 1 ? l->count : (int64_t)p->could);
    if (l->cursor && p->next < p->all) {
        cursor_text(l, p->next, next);
        jw_kz(j, "nextCursor", next);
    }
}
