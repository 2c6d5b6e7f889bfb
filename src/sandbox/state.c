#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void state_init(struct state *state, const struct schema *schema)
{
    *state = (struct state){ .schema = schema };
    state->by_id.fold = true;
    state->by_email.fold = true;
}

static void drop_oldest(struct user *u)
{
    struct user_image *image = u->old;

    u->old = image->next;
    free(image->f);
    free(image);
}

void state_free(struct state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        while (state->users[i].old)
            drop_oldest(&state->users[i]);
        free(state->users[i].f);
    }
    free(state->users);
    textmap_free(&state->by_id);
    textmap_free(&state->by_email);
    arena_deinit(&state->arena);
}

size_t schema_find(const struct schema *schema, const char *name, bool any_case)
{
    for (size_t i = 0; i < schema->count; i++) {
        const char *own = schema->fields[i].name;

        if (any_case ? text_same(own, name) : strcmp(own, name) == 0)
            return i;
    }
    return schema->count;
}

static void keep_image(struct state *state, struct user *u, const char **f, uint64_t now)
{
    struct user_image **last = &u->old;

    while (*last)
        last = &(*last)->next;
    *last = xcalloc(1, sizeof(**last));
    (*last)->until_us = now + state->delay_us;
    (*last)->f = f;
    if ((*last)->until_us > state->visible_until)
        state->visible_until = (*last)->until_us;
}

struct user *state_add(struct state *state, const char *const *values, uint64_t now)
{
    const struct schema *schema = state->schema;
    struct user *u;

    if (state->count == state->size) {
        state->size = state->size ? state->size * 2 : 256;
        state->users = xrealloc(state->users, state->size, sizeof(*state->users));
    }
    u = &state->users[state->count];
    *u = (struct user){ .number = (uint32_t)state->count };
    u->f = xcalloc(schema->count, sizeof(*u->f));
    for (size_t i = 0; i < schema->count; i++) {
        const char *text = values[i] ? values[i] : schema->fields[i].normal;

        u->f[i] = text && *text ? arena_z(&state->arena, str_of(text)) : "";
    }
    textmap_put(&state->by_id, u->f[schema->id], u->number);
    if (schema->holds_email(u->f))
        textmap_put(&state->by_email, u->f[schema->email], u->number);
    if (state->delay_us)
        keep_image(state, u, NULL, now);
    state->count++;
    state->version++;
    return u;
}

static struct user *found(struct state *state, const struct textmap *map, const char *key)
{
    uint32_t number = textmap_get(map, key);

    return number == TEXTMAP_NONE ? NULL : &state->users[number];
}

struct user *state_by_id(struct state *state, const char *id)
{
    return found(state, &state->by_id, id);
}

struct user *state_by_email(struct state *state, const char *email)
{
    return found(state, &state->by_email, email);
}

void state_begin(struct state *state, struct user *u, uint64_t now)
{
    const char **copy;

    state->version++;
    if (!state->delay_us)
        return;
    copy = xcalloc(state->schema->count, sizeof(*copy));
    memcpy(copy, u->f, state->schema->count * sizeof(*copy));
    keep_image(state, u, copy, now);
}

void state_set(struct state *state, struct user *u, size_t field, const char *text, size_t len)
{
    const struct schema *schema = state->schema;

    if (schema->holds_email(u->f))
        textmap_remove(&state->by_email, u->f[schema->email]);
    u->f[field] = len ? arena_z(&state->arena, (struct str){ text, len }) : "";
    if (schema->holds_email(u->f))
        textmap_put(&state->by_email, u->f[schema->email], u->number);
}

const char *const *state_seen(struct user *u, uint64_t now)
{
    while (u->old && u->old->until_us <= now)
        drop_oldest(u);
    return u->old ? u->old->f : u->f;
}

bool state_settled(const struct state *state, uint64_t now)
{
    return now >= state->visible_until;
}

static void dump_value(const struct field *field, const char *text, struct jw *j)
{
    jw_key(j, field->name);
    if (field->kind == FIELD_TEXT)
        jw_z(j, text);
    else
        jw_raw(j, str_of(text));
}

void state_dump_user(const struct state *state, const struct user *u, struct jw *j)
{
    jw_object(j);
    for (size_t i = 0; i < state->schema->count; i++) {
        if (*u->f[i])
            dump_value(&state->schema->fields[i], u->f[i], j);
    }
    jw_end_object(j);
}

void state_dump(const struct state *state, struct jw *j)
{
    jw_array(j);
    for (size_t i = 0; i < state->count; i++)
        state_dump_user(state, &state->users[i], j);
    jw_end_array(j);
}

const char *state_value(const json_t *value, char *number)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (!json_is_integer(value))
        return NULL;
    snprintf(number, 32, "%lld", (long long)json_integer_value(value));
    return number;
}

bool state_fits(enum field_kind kind, const char *text)
{
    if (kind == FIELD_BOOL)
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    return kind == FIELD_TEXT || (*text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 19);
}

static bool load_user(struct state *state, const json_t *object, const char **values, char (*numbers)[32],
                      struct buf *error)
{
    const struct schema *schema = state->schema;
    const char *key;
    json_t *value;

    memset(values, 0, schema->count * sizeof(*values));
    json_object_foreach((json_t *)object, key, value)
    {
        size_t i = schema_find(schema, key, false);
        const char *text = i < schema->count ? state_value(value, numbers[i]) : NULL;

        if (!text || !state_fits(schema->fields[i].kind, text)) {
            buf_printf(error, "user %zu: '%s' is no field of a user, or its value has the wrong type",
                       state->count + 1, key);
            return false;
        }
        values[i] = text;
    }
    if (!values[schema->id] || !values[schema->email]) {
        buf_printf(error, "user %zu: '%s' and '%s' are needed", state->count + 1,
                   schema->fields[schema->id].name, schema->fields[schema->email].name);
        return false;
    }
    if (state_by_id(state, values[schema->id]) || state_by_email(state, values[schema->email])) {
        buf_printf(error, "user %zu: id or e-mail stands there twice", state->count + 1);
        return false;
    }
    return true;
}

bool state_load(struct state *state, const json_t *users, struct buf *error)
{
    const char **values = xcalloc(state->schema->count, sizeof(*values));
    char(*numbers)[32] = xcalloc(state->schema->count, sizeof(*numbers));
    size_t i;
    json_t *object;
    bool good = json_is_array(users);

    if (!good)
        buf_puts(error, "'Users' is no array");
    json_array_foreach((json_t *)users, i, object)
    {
        good = json_is_object(object) && load_user(state, object, values, numbers, error);
        if (!good)
            break;
        state_add(state, values, 0);
    }
    free(values);
    free(numbers);
    return good;
}
