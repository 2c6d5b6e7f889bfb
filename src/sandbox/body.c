#include "body.h"

#include "switches.h"

#include <string.h>

static unsigned type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING: return BODY_STRING;
    case JSON_INTEGER: return BODY_INT;
    case JSON_TRUE:
    case JSON_FALSE: return BODY_BOOL;
    case JSON_NULL: return BODY_NULL;
    case JSON_OBJECT: return BODY_OBJECT;
    case JSON_ARRAY: return BODY_ARRAY;
    case JSON_REAL: break;
    }
    return 0;
}

bool body_typed(struct call *call, const json_t *value, unsigned types, const char *where, const char *name)
{
    if (type_of(value) & types)
        return true;
    return call_refuse_body(call, RULE_WRONG_TYPE, "%s: '%s' has the wrong type", where, name);
}

static size_t key_index(struct call *call, const char *where, const char *name, const struct body_key *keys,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return i;
    }
    for (size_t i = 0; i < count && call_switch(call, SW_CASE) == 0; i++) {
        if (text_same(keys[i].name, name)) {
            call_violation(call, RULE_SPELLING, "%s: '%s' is documented as '%s'", where, name, keys[i].name);
            return i;
        }
    }
    return count;
}

bool body_read(struct call *call, const json_t *object, const char *where, const struct body_key *keys,
               size_t count, json_t **found)
{
    const char *name;
    json_t *value;

    memset(found, 0, count * sizeof(*found));
    if (!json_is_object(object))
        return call_refuse_body(call, RULE_WRONG_TYPE, "%s is no object", where);
    json_object_foreach((json_t *)object, name, value)
    {
        size_t i = key_index(call, where, name, keys, count);

        if (i == count)
            return call_refuse_body(call, RULE_UNKNOWN_KEY, "%s: unknown key '%s'", where, name);
        if (found[i])
            return call_refuse_body(call, RULE_UNKNOWN_KEY, "%s: '%s' stands there twice", where, name);
        if (!body_typed(call, value, keys[i].types, where, name))
            return false;
        found[i] = value;
    }
    for (size_t i = 0; i < count; i++) {
        if (keys[i].needed && !found[i])
            return call_refuse_body(call, RULE_MISSING_KEY, "%s: '%s' is missing", where, keys[i].name);
    }
    return true;
}
