/* A change read back from its JSON. Whatever is not exactly what change_write() writes is refused: a plan is
 * applied as it was reviewed. */
#include <jansson.h>

#include "model_internal.h"

struct reading {
    const struct schema *schema; /* borrowed */
    struct arena *arena;         /* borrowed */
};

/* One member of an object: where its value goes. Every object is described by a table of these; a member that
 * is in none is refused. */
struct member {
    const char *name;
    bool (*read)(const struct reading *r, const json_t *value, void *to);
    void *to;
    bool required;
};

/* The writer leaves out what it does not have; an empty text was put in by someone else. */
static bool read_text(const struct reading *r, const json_t *value, void *to)
{
    struct str s = { json_string_value(value), json_string_length(value) };
    if (!json_is_string(value) || !s.n)
        return false;
    *(struct str *)to = arena_str(r->arena, s);
    return true;
}

static bool read_object(const struct reading *r, const json_t *object, const struct member *members, size_t n)
{
    size_t known = 0;
    if (!json_is_object(object))
        return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(object, members[i].name);
        if (value ? !members[i].read(r, value, members[i].to) : members[i].required)
            return false;
        known += value != NULL;
    }
    return known == json_object_size(object);
}

/* Index of the word in a table of names, or -1. */
static int word_index(const json_t *value, const char *const *names, size_t n)
{
    struct str s = { json_string_value(value), json_string_length(value) };
    for (size_t i = 0; s.p && i < n; i++)
        if (str_is(s, names[i]))
            return (int)i;
    return -1;
}

static bool read_kind(const struct reading *r, const json_t *value, void *to)
{
    (void)r;
    int i = word_index(value, change_kind_name, CHANGE_KINDS);
    if (i >= 0)
        *(enum change_kind *)to = (enum change_kind)i;
    return i >= 0;
}

static bool read_hold(const struct reading *r, const json_t *value, void *to)
{
    (void)r;
    int i = word_index(value, hold_name, HOLDS);
    if (i > HOLD_NONE)
        *(enum hold *)to = (enum hold)i;
    return i > HOLD_NONE;
}

static bool read_u64(const struct reading *r, const json_t *value, void *to)
{
    (void)r;
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *(uint64_t *)to = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_place(const struct reading *r, const json_t *value, void *to)
{
    struct place *at = to;
    uint64_t length;
    const struct member members[] = {
        { "length", read_u64, &length, true },
        { "line", read_u64, &at->line, true },
        { "offset", read_u64, &at->offset, true },
    };
    if (!read_object(r, value, members, array_len(members)) || length > UINT32_MAX)
        return false;
    at->length = (uint32_t)length;
    return true;
}

static bool read_manager(const struct reading *r, const json_t *value, void *to)
{
    struct manager_ref *m = to;
    const struct member members[] = { { "id", read_text, &m->id, false },
                                      { "key", read_text, &m->key, false } };
    return read_object(r, value, members, array_len(members));
}

/* The value of an edit: text, or the placeholder of a secret. */
struct edit_value {
    struct str text;
    bool hidden;
};

static bool read_true(const struct reading *r, const json_t *value, void *to)
{
    (void)r;
    *(bool *)to = true;
    return json_is_true(value);
}

static bool read_value(const struct reading *r, const json_t *value, void *to)
{
    struct edit_value *v = to;
    const struct member members[] = { { "secret", read_true, &v->hidden, true } };
    return json_is_object(value) ? read_object(r, value, members, array_len(members))
                                 : read_text(r, value, &v->text);
}

static bool read_slot(const struct reading *r, const json_t *value, void *to)
{
    int slot =
        json_is_string(value)
            ? schema_slot(r->schema, (struct str){ json_string_value(value), json_string_length(value) })
            : -1;
    if (slot >= 0)
        *(uint8_t *)to = (uint8_t)slot;
    return slot >= 0;
}

/* The mark of several references stands where the attribute has several, and nowhere else. */
static bool several_fits(const struct reading *r, const struct edit *e, bool several)
{
    return several == (r->schema->attr[e->slot].type == ATTR_REFS);
}

/* Values of secret attributes only as placeholders, those of others never so. */
static bool secrets_fit(const struct reading *r, const struct edit *e)
{
    if (r->schema->attr[e->slot].flags & ATTR_SECRET)
        return !e->before.n && !e->after.n && !e->before_name.n && !e->after_name.n;
    return !e->before_hidden && !e->after_hidden;
}

static bool read_edit(const struct reading *r, const json_t *value, struct edit *e)
{
    struct edit_value before = { .hidden = false }, after = { .hidden = false };
    bool several = false;
    const struct member members[] = {
        { "after", read_value, &after, false },
        { "after_name", read_text, &e->after_name, false },
        { "attribute", read_slot, &e->slot, true },
        { "before", read_value, &before, false },
        { "before_name", read_text, &e->before_name, false },
        { "several", read_true, &several, false },
    };
    if (!read_object(r, value, members, array_len(members)))
        return false;
    e->before = before.text;
    e->before_hidden = before.hidden;
    e->after = after.text;
    e->after_hidden = after.hidden;
    return secrets_fit(r, e) && several_fits(r, e, several);
}

static bool read_edits(const struct reading *r, const json_t *value, void *to)
{
    struct change *c = to;
    size_t n = json_array_size(value);
    if (n == 0 || n > r->schema->n)
        return false;
    c->edit = arena_zalloc(r->arena, n * sizeof(*c->edit));
    c->n_edits = n;
    for (size_t i = 0; i < n; i++)
        if (!read_edit(r, json_array_get(value, i), &c->edit[i]) ||
            (i > 0 && c->edit[i].slot <= c->edit[i - 1].slot))
            return false;
    return true;
}

static bool read_manager_after(const struct reading *r, const json_t *value, void *to)
{
    struct change *c = to;
    c->manager_set = true;
    return read_manager(r, value, &c->manager_after);
}

static bool read_manager_before(const struct reading *r, const json_t *value, void *to)
{
    struct manager_ref *m = to;
    return read_manager(r, value, m) && (m->id.n || m->key.n);
}

static bool read_change(const struct reading *r, const json_t *document, struct change *c)
{
    const struct member members[] = {
        { "at", read_place, &c->at, false },
        { "edits", read_edits, c, false },
        { "hold", read_hold, &c->hold, false },
        { "inactive", read_true, &c->inactive, false },
        { "key", read_text, &c->key, false },
        { "kind", read_kind, &c->kind, true },
        { "manager_after", read_manager_after, c, false },
        { "manager_before", read_manager_before, &c->manager_before, false },
        { "reason", read_text, &c->reason, false },
        { "user", read_text, &c->user, false },
        { "user_email", read_text, &c->user_email, false },
        { "why", read_text, &c->why, false },
    };
    return read_object(r, document, members, array_len(members));
}

bool change_read(struct str json, const struct schema *s, struct arena *a, struct change *out)
{
    const struct reading r = { .schema = s, .arena = a };
    *out = (struct change){ .kind = CHANGE_CREATE };
    if (!json.n || json.n > CHANGE_JSON_MAX)
        return false;
    json_t *document = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (!document)
        return false;
    bool good = read_change(&r, document, out);
    json_decref(document);
    return good;
}
