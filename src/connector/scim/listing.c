/* A ListResponse, or a single resource, as it arrives: never held. Its resources go on token by token; an
 * error body under a status of success is recognised by the way. */
#include <stdarg.h>
#include <string.h>

#include "scim_read.h"

enum {
    MEMBER_OTHER,
    MEMBER_TOTAL,
    MEMBER_RESOURCES,
    MEMBER_CURSOR,
    MEMBER_SCHEMAS,
    MEMBER_STATUS,
    MEMBER_TYPE,
    MEMBER_DETAIL
};

static const char *const member_name[] = {
    [MEMBER_TOTAL] = "totalResults", [MEMBER_RESOURCES] = "Resources", [MEMBER_CURSOR] = "nextCursor",
    [MEMBER_SCHEMAS] = "schemas",    [MEMBER_STATUS] = "status",       [MEMBER_TYPE] = "scimType",
    [MEMBER_DETAIL] = "detail",
};

bool scim_listing_bad(struct listing *l, const char *fmt, ...)
{
    va_list args;
    char text[400];
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (!l->bad[0])
        say_cut(l->bad, sizeof(l->bad), str_of(text));
    return false;
}

static void error_member(struct listing *l, enum json_kind kind, struct str text)
{
    int64_t n;
    struct str value = json_scalar(kind, text);
    switch (l->member) {
    case MEMBER_SCHEMAS:
        l->is_error = l->is_error || str_ieq_ascii(value, STR("urn:ietf:params:scim:api:messages:2.0:Error"));
        break;
    case MEMBER_STATUS: l->error.status = str_to_i64(value, &n) && n >= 100 && n <= 599 ? (int)n : 0; break;
    case MEMBER_TYPE: say_cut(l->error.type, sizeof(l->error.type), value); break;
    case MEMBER_DETAIL: say_cut(l->error.detail, sizeof(l->error.detail), value); break;
    default: break;
    }
}

static bool top_member(struct listing *l, enum json_kind kind, struct str text)
{
    int64_t n;
    if (kind == JR_KEY) {
        l->member = MEMBER_OTHER;
        for (size_t i = 1; i < array_len(member_name); i++)
            if (str_ieq_ascii(text, str_of(member_name[i])))
                l->member = (int)i;
        return true;
    }
    error_member(l, kind, text);
    if (l->shape == LISTING_ONE)
        return true;
    if (l->member == MEMBER_TOTAL && str_to_i64(json_scalar(kind, text), &n) && n >= 0)
        l->total = n;
    if (l->member == MEMBER_CURSOR && kind == JR_STRING) {
        buf_clear(&l->cursor);
        buf_str(&l->cursor, text);
        return !l->cursor.full || scim_listing_bad(l, "'nextCursor' is too long");
    }
    if (l->member != MEMBER_RESOURCES || kind == JR_NULL || kind == JR_ARRAY_END)
        return true;
    if (kind != JR_ARRAY || l->resources_seen)
        return scim_listing_bad(
            l, "%s", l->resources_seen ? "'Resources' stands twice in the answer" : "'Resources' is no list");
    l->in_resources = l->resources_seen = true;
    return true;
}

static bool resource(struct listing *l, enum json_kind kind, unsigned depth, struct str text)
{
    if (depth == 0 && kind != JR_OBJECT && kind != JR_OBJECT_END)
        return scim_listing_bad(l, "an entry of 'Resources' is no object");
    if (!l->on_token(l->ctx, kind, depth, text))
        return false;
    l->count += depth == 0 && kind == JR_OBJECT_END;
    return true;
}

static bool one_token(struct listing *l, enum json_kind kind, unsigned depth, struct str text)
{
    if (depth == 0 && kind != JR_OBJECT && kind != JR_OBJECT_END)
        return scim_listing_bad(l, "the answer is no object");
    if (depth == 1)
        top_member(l, kind, text);
    if (depth == 2)
        error_member(l, kind, text);
    return l->is_error || resource(l, kind, depth, text);
}

static bool token(void *ctx, enum json_kind kind, unsigned depth, struct str text)
{
    struct listing *l = ctx;
    if (l->shape == LISTING_ONE)
        return one_token(l, kind, depth, text);
    if (l->in_resources && depth > 1)
        return resource(l, kind, depth - 2, text);
    if (depth == 0)
        return kind == JR_OBJECT || kind == JR_OBJECT_END ||
               scim_listing_bad(l, "the answer is no ListResponse");
    if (depth == 1 && kind == JR_ARRAY_END)
        l->in_resources = false;
    if (depth == 1)
        return top_member(l, kind, text);
    if (depth == 2 && l->member == MEMBER_SCHEMAS)
        error_member(l, kind, text);
    return true;
}

void scim_listing_begin(struct listing *l, enum listing_shape shape,
                        bool (*on_token)(void *ctx, enum json_kind kind, unsigned depth, struct str text),
                        void *ctx)
{
    *l = (struct listing){ .shape = shape, .on_token = on_token, .ctx = ctx, .total = -1 };
    buf_init(&l->cursor, SCIM_CURSOR_MAX);
    l->json = jsonread_new(token, l);
}

void scim_listing_bytes(struct listing *l, const char *p, size_t n)
{
    jsonread_bytes(l->json, p, n);
}

bool scim_listing_end(struct listing *l)
{
    enum json_result result = jsonread_end(l->json);
    /* Some errors come without their schema. */
    if (l->shape == LISTING_MANY && !l->resources_seen && l->total < 0 &&
        (l->error.status || l->error.detail[0]))
        l->is_error = true;
    if (l->is_error)
        return false;
    if (result == JR_BAD)
        scim_listing_bad(l, "the answer is not whole: %s", jsonread_why(l->json));
    /* RFC 7644 3.4.2: an empty page may be said by totalResults alone. */
    if (result == JR_OK && l->shape == LISTING_MANY && !l->resources_seen && l->total < 0)
        scim_listing_bad(l, "the answer has no list 'Resources'");
    return result == JR_OK && !l->bad[0];
}

void scim_listing_free(struct listing *l)
{
    jsonread_free(l->json);
    buf_deinit(&l->cursor);
    *l = (struct listing){ 0 };
}
