/* Streaming readers of Users.Get, User/AdvancedSearch and User/Retrieve/ByUserId. A listing is never held:
 * each user is handed on when its object ends. The three name the id differently, write the status as number
 * or string, and only the search has manager and custom fields; an error body under 200 is recognised by the
 * way. */
#include <string.h>

#include "../tokens.h"
#include "leadsquared_internal.h"

/* What a member of a user's object is, besides a slot. */
enum { FIELD_NONE = -1, FIELD_ID = -2, FIELD_STATUS = -3, FIELD_MANAGER = -4, FIELD_ROLE = -5 };
/* Members of the top object. */
enum { MEMBER_OTHER, MEMBER_USERS, MEMBER_INFO, MEMBER_STATUS, MEMBER_TYPE, MEMBER_MESSAGE, MEMBER_IS_MX };

static const char *const member_name[] = {
    [MEMBER_USERS] = "Users",        [MEMBER_INFO] = "SearchInfo",          [MEMBER_STATUS] = "Status",
    [MEMBER_TYPE] = "ExceptionType", [MEMBER_MESSAGE] = "ExceptionMessage", [MEMBER_IS_MX] = "IsMXException",
};

/* Fields, found by the length of their name first: a listing has sixty members a user, most of them not ours.
 */

static void add_field(struct listing *l, struct str name, int what)
{
    size_t at = l->n_fields;
    if (at == array_len(l->field_table) || name.n >= ATTR_NAME_MAX)
        return;
    for (; at > 0 && l->field_table[at - 1].name.n > name.n; at--)
        l->field_table[at] = l->field_table[at - 1];
    l->field_table[at].name = name;
    l->field_table[at].what = what;
    l->n_fields++;
}

static void index_lengths(struct listing *l)
{
    size_t at = 0;
    for (size_t length = 0; length < array_len(l->by_length); length++) {
        while (at < l->n_fields && l->field_table[at].name.n < length)
            at++;
        l->by_length[length] = (uint8_t)at;
    }
}

static void add_fields(struct listing *l)
{
    /* "UserID" is how a column is asked for, "UserId" how it arrives. */
    if (l->shape == LISTING_USERS_GET)
        add_field(l, STR("ID"), FIELD_ID);
    else
        add_field(l, STR("UserId"), FIELD_ID);
    add_field(l, STR("UserID"), FIELD_ID);
    add_field(l, STR("StatusCode"), FIELD_STATUS);
    add_field(l, STR("ManagerUserId"), FIELD_MANAGER);
    add_field(l, STR("Role"), FIELD_ROLE);
    for (size_t i = 0; i < l->schema->n && l->shape != LISTING_USERS_GET; i++)
        if (l->schema->attr[i].flags & ATTR_READ)
            add_field(l, lsq_wire_update(&l->schema->attr[i]), (int)i);
    index_lengths(l);
}

/* The tokens -------------------------------------------------------------------------------------- */

static bool bad(struct listing *l, const char *what)
{
    if (!l->bad[0])
        say_text(l->bad, sizeof(l->bad), "%s", what);
    return false;
}

static void set_field(struct listing *l, int what, struct str value)
{
    struct str kept = arena_str(&l->arena, value);
    switch (what) {
    case FIELD_ID: l->user.id = kept; break;
    case FIELD_STATUS: l->status = kept; break;
    case FIELD_MANAGER: l->user.manager_id = kept; break;
    case FIELD_ROLE: l->role = kept; break;
    default: l->user.text[what] = kept;
    }
}

/* A name may be both: Role tells the administrator and may be mapped too. */
static void set_all(struct listing *l, struct str name, struct str value)
{
    size_t end = l->by_length[name.n + 1];
    for (size_t i = l->by_length[name.n]; i < end; i++)
        if (str_eq(l->field_table[i].name, name))
            set_field(l, l->field_table[i].what, value);
}

static bool take_status(struct listing *l)
{
    if (str_is(l->status, "0"))
        l->user.state = USER_ACTIVE;
    else if (str_is(l->status, "1"))
        l->user.state = USER_INACTIVE;
    else if (l->status.n == 0 && l->shape == LISTING_BY_ID)
        l->user.state = USER_ACTIVE;
    else if (l->status.n > 0 && str_is(l->status, l->obsolete_status))
        l->user.state = USER_GONE;
    else if (l->status.n == 0)
        return bad(l, "a user has no StatusCode");
    else {
        struct buf shown = BUF_INIT(256);
        printable(&shown, l->status, 20);
        say_text(l->bad, sizeof(l->bad),
                 "a user has the unknown StatusCode '%s'; see the option 'obsolete_status'", shown.p);
        buf_deinit(&shown);
        return false;
    }
    return true;
}

static bool end_user(struct listing *l)
{
    struct user *u = &l->user;
    if (u->id.n == 0 || u->id.n >= LSQ_ID_MAX)
        return bad(l, u->id.n ? "a user has an id that is too long" : "a user has no id");
    if (!take_status(l))
        return false;
    u->administrator = str_is(l->role, "Administrator");
    if (l->count++ == 0)
        say_cut(l->first, sizeof(l->first), u->id);
    return l->on_user(l->ctx, u) || bad(l, "a user has a value that is not valid UTF-8");
}

static bool user_token(struct listing *l, enum json_kind kind, unsigned depth, struct str text)
{
    switch (depth) {
    case 0:
        if (kind == JR_OBJECT) {
            arena_clear(&l->arena);
            l->user = (struct user){ 0 };
            l->role = l->status = (struct str){ 0 };
            return true;
        }
        return kind == JR_OBJECT_END ? end_user(l) : bad(l, "an entry of the listing is no user");
    case 1:
        if (kind == JR_KEY) {
            /* The first field of this name stands for all of it; the name itself is gone by the time its
             * value comes. */
            l->field = FIELD_NONE;
            for (size_t i = 0; text.n < ATTR_NAME_MAX && i < l->n_fields && l->field == FIELD_NONE; i++) {
                size_t at = l->by_length[text.n] + i;
                if (at >= l->by_length[text.n + 1])
                    break;
                if (str_eq(l->field_table[at].name, text))
                    l->field = (int)at;
            }
            return true;
        }
        if (l->field == FIELD_NONE)
            return true;
        if (!json_is_scalar(kind))
            return bad(l, "a user's value is a list or an object where a text was expected");
        set_all(l, l->field_table[l->field].name, json_scalar(kind, text));
        return true;
    default: return true;
    }
}

static bool top_member(struct listing *l, enum json_kind kind, struct str text)
{
    if (kind == JR_KEY) {
        l->member = MEMBER_OTHER;
        for (size_t i = 1; i < array_len(member_name); i++)
            if (str_is(text, member_name[i]))
                l->member = (int)i;
        return true;
    }
    if (kind == JR_STRING &&
        (l->member == MEMBER_STATUS || l->member == MEMBER_TYPE || l->member == MEMBER_MESSAGE))
        envelope_string(&l->envelope, str_of(member_name[l->member]), text);
    if (kind == JR_TRUE && l->member == MEMBER_IS_MX)
        l->envelope.mx = true;
    if (l->member == MEMBER_INFO)
        l->in_info = kind == JR_OBJECT;
    if (l->member != MEMBER_USERS || l->shape != LISTING_SEARCH)
        return true;
    if (kind != JR_ARRAY || l->users_seen)
        return bad(l, l->users_seen ? "'Users' stands twice in the answer" : "'Users' is no list");
    l->in_users = l->users_seen = true;
    return true;
}

static bool info_member(struct listing *l, enum json_kind kind, struct str text)
{
    int64_t n;
    if (kind == JR_KEY)
        l->info_count = str_is(text, "RecordCount");
    else if (l->info_count && (kind == JR_NUMBER || kind == JR_STRING) && str_to_i64(text, &n) && n >= 0)
        l->record_count = n;
    return true;
}

static bool token(void *ctx, enum json_kind kind, unsigned depth, struct str text)
{
    struct listing *l = ctx;
    unsigned users_at = l->shape == LISTING_SEARCH ? 1 : 0; /* depth of the list of users */
    if (l->in_users && depth > users_at)
        return user_token(l, kind, depth - users_at - 1, text);
    if (l->in_users && kind == JR_ARRAY_END && depth == users_at) {
        l->in_users = false;
        return true;
    }
    if (depth == 0) {
        if (kind == JR_ARRAY && l->shape != LISTING_SEARCH)
            l->in_users = l->users_seen = true;
        else if (kind != JR_OBJECT && kind != JR_OBJECT_END)
            return bad(l, l->shape == LISTING_SEARCH ? "the answer is no object with 'Users'"
                                                     : "the answer is no list of users");
        return true;
    }
    if (depth == 1)
        return top_member(l, kind, text);
    if (depth == 2 && l->in_info)
        return info_member(l, kind, text);
    return true;
}

/* Life -------------------------------------------------------------------------------------------- */

void listing_begin(struct listing *l, const struct schema *schema, const char *obsolete_status,
                   enum listing_shape shape, bool (*on_user)(void *ctx, const struct user *u), void *ctx)
{
    *l = (struct listing){ .schema = schema,
                           .obsolete_status = obsolete_status,
                           .shape = shape,
                           .on_user = on_user,
                           .ctx = ctx,
                           .record_count = -1 };
    l->field = FIELD_NONE;
    add_fields(l);
    l->json = jsonread_new(token, l);
}

void listing_bytes(struct listing *l, const char *p, size_t n)
{
    jsonread_bytes(l->json, p, n);
}

bool listing_end(struct listing *l)
{
    enum json_result result = jsonread_end(l->json);
    envelope_end(&l->envelope);
    if (l->envelope.error)
        return false;
    if (result == JR_BAD && !l->bad[0])
        say_text(l->bad, sizeof(l->bad), "the answer is not whole: %s", jsonread_why(l->json));
    if (result == JR_OK && !l->users_seen)
        return bad(l, "the answer has no list of users");
    return result == JR_OK && !l->bad[0];
}

void listing_free(struct listing *l)
{
    jsonread_free(l->json);
    arena_deinit(&l->arena);
    *l = (struct listing){ 0 };
}
