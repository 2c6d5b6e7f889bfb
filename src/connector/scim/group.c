/* One group as it arrives (RFC 7643 4.2). Its id may come behind its members: they wait for it. */
#include <stdlib.h>
#include <string.h>

#include "scim_read.h"

enum { FIELD_NONE, FIELD_ID, FIELD_NAME, FIELD_MEMBERS };
enum { SUB_NONE, SUB_VALUE, SUB_TYPE, SUB_REF };

/* `.../Groups/ID`: some services number users and groups alike, and state no type. */
static bool refers_to_group(struct str ref)
{
    static const char groups[] = "/Groups/";
    for (size_t n = sizeof(groups) - 1, i = 0; i + n <= ref.n; i++)
        if (str_ieq_ascii((struct str){ ref.p + i, n }, STR(groups)))
            return true;
    return false;
}

static void take_member(struct group_reader *r)
{
    /* A group inside a group is nobody. */
    if (r->value.n == 0 || str_ieq_ascii(r->type, STR("Group")) ||
        (r->type.n == 0 && refers_to_group(r->ref)))
        return;
    r->member = xgrow(r->member, &r->cap_members, r->n_members + 1, sizeof(*r->member));
    r->member[r->n_members++] = r->value;
}

static bool end_group(struct group_reader *r)
{
    if (r->id.n == 0 || r->id.n >= SCIM_ID_MAX)
        return scim_listing_bad(r->listing, "%s",
                                r->id.n ? "a group has an id that is too long" : "a group has no id");
    return r->on_group(r->ctx, r->id, r->name, r->member, r->n_members) ||
           scim_listing_bad(r->listing, "a group has a value that cannot be kept");
}

static void field_key(struct group_reader *r, struct str key)
{
    r->field = str_ieq_ascii(key, STR("id"))            ? FIELD_ID
               : str_ieq_ascii(key, STR("displayName")) ? FIELD_NAME
               : str_ieq_ascii(key, STR("members"))     ? FIELD_MEMBERS
                                                        : FIELD_NONE;
}

static void field_value(struct group_reader *r, struct str value)
{
    if (r->field == FIELD_ID)
        r->id = value;
    else if (r->field == FIELD_NAME)
        r->name = value;
}

static void member_token(struct group_reader *r, enum json_kind kind, unsigned depth, struct str text)
{
    if (depth == 2 && (kind == JR_OBJECT || json_is_scalar(kind)))
        r->value = r->type = r->ref = (struct str){ 0 };
    if (depth == 2 && json_is_scalar(kind))
        r->value = arena_str(&r->arena, json_scalar(kind, text));
    if (depth == 2 && (kind == JR_OBJECT_END || json_is_scalar(kind)))
        take_member(r);
    if (depth == 3 && kind == JR_KEY)
        r->sub = str_ieq_ascii(text, STR("value"))  ? SUB_VALUE
                 : str_ieq_ascii(text, STR("type")) ? SUB_TYPE
                 : str_ieq_ascii(text, STR("$ref")) ? SUB_REF
                                                    : SUB_NONE;
    if (depth == 3 && json_is_scalar(kind) && r->sub == SUB_VALUE)
        r->value = arena_str(&r->arena, json_scalar(kind, text));
    if (depth == 3 && json_is_scalar(kind) && r->sub == SUB_TYPE)
        r->type = arena_str(&r->arena, json_scalar(kind, text));
    if (depth == 3 && json_is_scalar(kind) && r->sub == SUB_REF)
        r->ref = arena_str(&r->arena, json_scalar(kind, text));
}

bool scim_group_token(void *reader, enum json_kind kind, unsigned depth, struct str text)
{
    struct group_reader *r = reader;
    if (depth == 0 && kind == JR_OBJECT) {
        arena_clear(&r->arena);
        r->id = r->name = (struct str){ 0 };
        r->n_members = 0;
    } else if (depth == 0) {
        return end_group(r);
    } else if (depth == 1 && kind == JR_KEY) {
        field_key(r, text);
    } else if (depth == 1 && json_is_scalar(kind)) {
        field_value(r, arena_str(&r->arena, json_scalar(kind, text)));
    } else if (r->field == FIELD_MEMBERS) {
        member_token(r, kind, depth, text);
    }
    return true;
}

void scim_group_reader_init(struct group_reader *r, struct listing *l,
                            bool (*on_group)(void *ctx, struct str id, struct str name,
                                             const struct str *members, size_t n),
                            void *ctx)
{
    *r = (struct group_reader){ .listing = l, .on_group = on_group, .ctx = ctx };
}

void scim_group_reader_deinit(struct group_reader *r)
{
    arena_deinit(&r->arena);
    free(r->member);
}
