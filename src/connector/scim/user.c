/* One user as it arrives (RFC 7643 4.1, 4.3): values are taken by the paths of the mapped attributes, the
 * rest passes by. Of a list the first entry that the path's filter fits is meant; which it is, is known only
 * when the entry ends. */
#include <string.h>

#include "scim_read.h"

enum { WHAT_NONE, WHAT_ID, WHAT_ACTIVE, WHAT_META, WHAT_GROUPS, WHAT_MANAGER };
enum { FORM_SCALAR, FORM_COMPLEX, FORM_LIST };
enum { SUB_NONE, SUB_TYPE, SUB_PRIMARY, SUB_VALUE, SUB_VERSION };

#define GROUPS_TEXT_MAX ATTR_VALUE_MAX

/* The map ----------------------------------------------------------------------------------------- */

static size_t extension_of(struct user_map *m, struct str urn)
{
    size_t i = 0;
    while (i < m->n_extensions && !str_ieq_ascii(m->extension[i].urn, urn))
        i++;
    if (i == m->n_extensions)
        m->extension[m->n_extensions++].urn = urn;
    return i;
}

void scim_user_map_init(struct user_map *m, const struct schema *schema, const struct groups *groups,
                        bool groups_from_members)
{
    *m = (struct user_map){ .schema = schema,
                            .groups = groups,
                            .groups_from_members = groups_from_members,
                            .groups_slot = scim_groups_slot(schema) };
    extension_of(m, STR(SCIM_ENTERPRISE));
    for (size_t i = 0; i < schema->n; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if ((int)i == m->groups_slot || !(schema->attr[i].flags & ATTR_READ) ||
            !scim_path(str_of(schema->attr[i].name), &m->path[i]))
            continue;
        if (m->path[i].urn.n == 0)
            m->core |= bit;
        else
            m->extension[extension_of(m, m->path[i].urn)].slots |= bit;
    }
}

/* Slots in order of their number: for (slots of a set). */
static int first_slot(uint64_t slots)
{
    return __builtin_ctzll(slots);
}

/* Values ------------------------------------------------------------------------------------------ */

static struct str keep(struct user_reader *r, enum json_kind kind, struct str text)
{
    return arena_str(&r->arena, json_scalar(kind, text));
}

static bool wrong_form(struct user_reader *r, uint64_t slots, const char *what)
{
    return scim_listing_bad(r->listing, "a user's '%s' is %s, where the path names a single value",
                            r->map->schema->attr[first_slot(slots)].name, what);
}

/* Slots whose path ends at the attribute itself. */
static uint64_t simple_slots(const struct user_reader *r)
{
    uint64_t found = 0;
    for (uint64_t s = r->slots; s; s &= s - 1)
        if (r->map->path[first_slot(s)].sub.n == 0)
            found |= s & -s;
    return found;
}

static void take_scalar(struct user_reader *r, struct str value)
{
    switch (r->what) {
    case WHAT_ID: r->user.id = value; break;
    case WHAT_ACTIVE: r->active = value; break;
    case WHAT_MANAGER: r->user.manager_id = value; break;
    default: break;
    }
    for (uint64_t s = simple_slots(r); s; s &= s - 1)
        r->user.text[first_slot(s)] = value;
}

/* Entries ----------------------------------------------------------------------------------------- */

static void entry_begin(struct user_reader *r)
{
    r->type = r->value = (struct str){ 0 };
    r->primary = false;
    r->sub = SUB_NONE;
    r->sub_slots = 0;
    for (uint64_t s = r->slots; s; s &= s - 1)
        r->entry[first_slot(s)] = (struct str){ 0 };
}

static void entry_key(struct user_reader *r, struct str key)
{
    static const char *const names[] = {
        [SUB_TYPE] = "type", [SUB_PRIMARY] = "primary", [SUB_VALUE] = "value", [SUB_VERSION] = "version"
    };
    r->sub = SUB_NONE;
    r->sub_slots = 0;
    for (size_t i = 1; i < array_len(names); i++)
        if (str_ieq_ascii(key, str_of(names[i])))
            r->sub = (int)i;
    for (uint64_t s = r->slots; s; s &= s - 1)
        if (str_ieq_ascii(key, r->map->path[first_slot(s)].sub))
            r->sub_slots |= s & -s;
}

static void entry_value(struct user_reader *r, struct str value)
{
    switch (r->sub) {
    case SUB_TYPE: r->type = value; break;
    case SUB_PRIMARY: r->primary = str_ieq_ascii(value, STR("true")); break;
    case SUB_VALUE: r->value = value; break;
    case SUB_VERSION:
        if (r->what == WHAT_META)
            r->version = value;
        break;
    default: break;
    }
    for (uint64_t s = r->sub_slots; s; s &= s - 1)
        r->entry[first_slot(s)] = value;
}

static bool fits(const struct user_reader *r, const struct scim_path *p)
{
    if (p->filter_attr.n == 0)
        return r->form == FORM_COMPLEX;
    return str_ieq_ascii(p->filter_attr, STR("primary")) ? r->primary
                                                         : str_ieq_ascii(r->type, p->filter_value);
}

/* Direct members only: who is in a group by way of another one was not put there by anybody. */
static bool take_group(struct user_reader *r)
{
    if (r->value.n == 0 || str_ieq_ascii(r->type, STR("indirect")) || !groups_has(r->map->groups, r->value))
        return true;
    if (r->in_groups.n > 0)
        buf_putc(&r->in_groups, '\n');
    buf_str(&r->in_groups, r->value);
    return !r->in_groups.full || scim_listing_bad(r->listing, "a user is in too many groups");
}

static bool entry_end(struct user_reader *r)
{
    if (r->what == WHAT_MANAGER && r->user.manager_id.n == 0)
        r->user.manager_id = r->value;
    if (r->what == WHAT_GROUPS && !take_group(r))
        return false;
    for (uint64_t s = r->slots & ~r->filled; s; s &= s - 1) {
        int slot = first_slot(s);
        const struct scim_path *p = &r->map->path[slot];
        if (p->sub.n == 0)
            return wrong_form(r, s & -s, r->form == FORM_LIST ? "a list" : "an object");
        if (p->filter_attr.n == 0 && r->form == FORM_LIST)
            return wrong_form(r, s & -s, "a list");
        if (!fits(r, p))
            continue;
        r->filled |= s & -s;
        r->user.text[slot] = r->entry[slot];
    }
    return true;
}

/* A list of bare texts: each is its own `value`. */
static bool bare_entry(struct user_reader *r, struct str value)
{
    entry_begin(r);
    r->sub = SUB_VALUE;
    for (uint64_t s = r->slots; s; s &= s - 1)
        if (str_ieq_ascii(r->map->path[first_slot(s)].sub, STR("value")))
            r->sub_slots |= s & -s;
    entry_value(r, value);
    return entry_end(r);
}

/* Tokens ------------------------------------------------------------------------------------------ */

/* The name of an attribute, of core or of the extension that the parse is inside of. */
static void attribute_key(struct user_reader *r, struct str key)
{
    static const struct {
        const char *name;
        int what;
    } core[] = {
        { "id", WHAT_ID }, { "active", WHAT_ACTIVE }, { "meta", WHAT_META }, { "groups", WHAT_GROUPS }
    };
    uint64_t candidates = r->extension < 0 ? r->map->core : r->map->extension[r->extension].slots;
    r->what = WHAT_NONE;
    r->slots = 0;
    r->form = FORM_SCALAR;
    for (size_t i = 0; i < array_len(core) && r->extension < 0; i++)
        if (str_ieq_ascii(key, str_of(core[i].name)))
            r->what = core[i].what;
    if (r->extension == 0 && str_ieq_ascii(key, STR("manager")))
        r->what = WHAT_MANAGER;
    for (uint64_t s = candidates; s; s &= s - 1)
        if (str_ieq_ascii(key, r->map->path[first_slot(s)].attr))
            r->slots |= s & -s;
}

/* A token of an attribute's value; `depth` 0: the value itself. */
static bool attribute_token(struct user_reader *r, enum json_kind kind, unsigned depth, struct str text)
{
    unsigned entry_depth = r->form == FORM_LIST ? 1 : 0;
    if (depth == 0 && kind == JR_ARRAY) {
        r->form = FORM_LIST;
        return true;
    }
    if (depth == 0 && json_is_scalar(kind)) {
        take_scalar(r, keep(r, kind, text));
        return true;
    }
    if (depth == entry_depth && kind == JR_OBJECT) {
        r->form = r->form == FORM_LIST ? FORM_LIST : FORM_COMPLEX;
        entry_begin(r);
        return true;
    }
    if (depth == entry_depth && kind == JR_OBJECT_END)
        return entry_end(r);
    if (depth == entry_depth && json_is_scalar(kind))
        return bare_entry(r, keep(r, kind, text));
    if (depth == entry_depth + 1 && kind == JR_KEY)
        entry_key(r, text);
    else if (depth == entry_depth + 1 && json_is_scalar(kind) && (r->sub != SUB_NONE || r->sub_slots))
        entry_value(r, keep(r, kind, text));
    return true;
}

static void member_key(struct user_reader *r, struct str key)
{
    r->extension_next = false;
    r->extension = -1;
    for (size_t i = 0; i < r->map->n_extensions; i++)
        if (str_ieq_ascii(key, r->map->extension[i].urn)) {
            r->extension = (int)i;
            r->extension_next = true;
            return;
        }
    attribute_key(r, key);
}

static bool end_user(struct user_reader *r)
{
    struct user *u = &r->user;
    int slot = r->map->groups_slot;
    if (u->id.n == 0 || u->id.n >= SCIM_ID_MAX)
        return scim_listing_bad(r->listing, "%s",
                                u->id.n ? "a user has an id that is too long" : "a user has no id");
    /* Not stated means active: RFC 7643 4.1.1 leaves the default to the service, and those that leave it out
     * have no other users. */
    if (r->active.n == 0 || str_ieq_ascii(r->active, STR("true")) || str_is(r->active, "1"))
        u->state = USER_ACTIVE;
    else if (str_ieq_ascii(r->active, STR("false")) || str_is(r->active, "0"))
        u->state = USER_INACTIVE;
    else
        return scim_listing_bad(r->listing, "a user's 'active' is neither true nor false");
    if (slot >= 0 && r->map->groups_from_members) {
        buf_clear(&r->in_groups);
        groups_of_user(r->map->groups, u->id, &r->in_groups);
        if (r->in_groups.full)
            return scim_listing_bad(r->listing, "a user is in too many groups");
    }
    if (slot >= 0)
        u->text[slot] = buf_view(&r->in_groups);
    return r->on_user(r->ctx, u, r->version) ||
           scim_listing_bad(r->listing, "a user has a value that cannot be kept");
}

static void begin_user(struct user_reader *r)
{
    arena_clear(&r->arena);
    buf_clear(&r->in_groups);
    r->user = (struct user){ 0 };
    r->active = r->version = (struct str){ 0 };
    r->filled = 0;
    r->extension = -1;
    r->extension_next = false;
}

bool scim_user_token(void *reader, enum json_kind kind, unsigned depth, struct str text)
{
    struct user_reader *r = reader;
    if (depth == 0) {
        if (kind != JR_OBJECT)
            return end_user(r);
        begin_user(r);
        return true;
    }
    if (depth == 1 && kind == JR_KEY) {
        member_key(r, text);
        return true;
    }
    if (r->extension < 0)
        return attribute_token(r, kind, depth - 1, text);
    if (depth == 1) {
        /* An extension that is no object is not there. */
        if (r->extension_next && kind == JR_OBJECT)
            r->extension_next = false;
        return true;
    }
    if (r->extension_next)
        return true;
    if (depth == 2 && kind == JR_KEY) {
        attribute_key(r, text);
        return true;
    }
    return attribute_token(r, kind, depth - 2, text);
}

/* Life -------------------------------------------------------------------------------------------- */

void scim_user_reader_init(struct user_reader *r, const struct user_map *map, struct listing *l,
                           bool (*on_user)(void *ctx, const struct user *u, struct str version), void *ctx)
{
    *r = (struct user_reader){ .map = map, .listing = l, .on_user = on_user, .ctx = ctx, .extension = -1 };
    buf_init(&r->in_groups, GROUPS_TEXT_MAX);
}

void scim_user_reader_deinit(struct user_reader *r)
{
    arena_deinit(&r->arena);
    buf_deinit(&r->in_groups);
}
