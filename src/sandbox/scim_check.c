/* Holds bodies against the schemas. */
#include "scim.h"

#include <string.h>

void scim_prune(json_t *value, int depth)
{
    const char *name;
    void *next;
    json_t *one;

    if (depth > SCIM_DEPTH)
        return;
    for (size_t i = json_array_size(value); i-- > 0;) {
        one = json_array_get(value, i);
        scim_prune(one, depth + 1);
        if (json_is_null(one) || (json_is_object(one) && !json_object_size(one)))
            json_array_remove(value, i);
    }
    json_object_foreach_safe(value, next, name, one)
    {
        scim_prune(one, depth + 1);
        if (json_is_null(one) || (json_is_object(one) && !json_object_size(one)) ||
            (json_is_array(one) && !json_array_size(one)))
            json_object_del(value, name);
    }
}

static bool wrong_type(struct call *call, const struct scim_attr *attr, struct scim_result *r)
{
    call_violation(call, RULE_WRONG_TYPE, "'%s' has the wrong type", attr->name);
    return scim_fail(r, 400, "invalidValue", "'%s' has the wrong type", attr->name);
}

/* Which form of `active` is taken differs from server to server: refusing one is no breach. */
static bool check_active(struct call *call, json_t *home, const char *key, struct scim_result *r)
{
    json_t *value = json_object_get(home, key);
    int64_t form = call_switch(call, SW_ACTIVE);
    const char *text = json_string_value(value);
    bool known = text && (text_same(text, "true") || text_same(text, "false"));

    if (json_is_boolean(value) && form != ACTIVE_STRING)
        return true;
    if (!known || form == ACTIVE_BOOLEAN)
        return scim_fail(r, 400, "invalidValue", "'active' has a form that is not taken here");
    json_object_set_new(home, key, json_boolean(text_same(text, "true")));
    return true;
}

static bool check_one(struct call *call, const struct scim_attr *attr, json_t *value, struct scim_result *r);

/* The attribute under its own name; a key in another case is taken and recorded. */
static void rename_key(struct call *call, const struct scim_attr *attr, json_t *home, const char *key)
{
    call_violation(call, RULE_SPELLING, "'%s' is documented as '%s'", key, attr->name);
    json_object_set(home, attr->name, json_object_get(home, key));
    json_object_del(home, key);
}

static bool check_parts(struct call *call, const struct scim_attr *attr, json_t *value, struct scim_result *r)
{
    const char *name;
    void *next;
    json_t *one;

    json_object_foreach_safe(value, next, name, one)
    {
        const struct scim_attr *sub = scim_attr_find(attr->sub, name, strlen(name));

        if (!sub) {
            call_violation(call, RULE_UNKNOWN_ATTRIBUTE, "%s.%s", attr->name, name);
            json_object_del(value, name);
        } else if ((sub->flags & A_READONLY) && !(attr->flags & A_READONLY)) {
            json_object_del(value, name);
        } else if (!json_is_null(one) && !check_one(call, sub, one, r)) {
            return false;
        } else if (strcmp(sub->name, name) != 0) {
            rename_key(call, sub, value, name);
        }
    }
    return true;
}

static bool check_one(struct call *call, const struct scim_attr *attr, json_t *value, struct scim_result *r)
{
    if (attr->type == T_COMPLEX)
        return json_is_object(value) ? check_parts(call, attr, value, r) : wrong_type(call, attr, r);
    if (attr->type == T_BOOLEAN)
        return json_is_boolean(value) || wrong_type(call, attr, r);
    return json_is_string(value) || wrong_type(call, attr, r);
}

static bool primaries_good(struct call *call, const struct scim_attr *attr, const json_t *values,
                           struct scim_result *r)
{
    size_t i, n = 0;
    json_t *one;

    json_array_foreach((json_t *)values, i, one) n += json_is_true(json_object_get(one, "primary"));
    if (n < 2)
        return true;
    call_violation(call, RULE_BAD_VALUE, "%s: more than one is primary", attr->name);
    return scim_fail(r, 400, "invalidValue", "'%s': more than one is primary", attr->name);
}

bool scim_check_value(struct call *call, const struct scim_attr *attr, json_t *home, const char *key,
                      struct scim_result *r)
{
    json_t *value = json_object_get(home, key), *one;
    size_t i;

    if (json_is_null(value))
        return true;
    if (strcmp(attr->name, "active") == 0)
        return check_active(call, home, key, r);
    if (!(attr->flags & A_MULTI))
        return check_one(call, attr, value, r);
    if (!json_is_array(value))
        return wrong_type(call, attr, r);
    json_array_foreach(value, i, one)
    {
        if (!check_one(call, attr, one, r))
            return false;
    }
    return primaries_good(call, attr, value, r);
}

static bool check_members(struct call *call, const struct scim_schema *schema, json_t *home, const char *name,
                          struct scim_result *r)
{
    const struct scim_attr *attr = scim_attr_of(schema, name, strlen(name));

    if (!attr) {
        call_violation(call, RULE_UNKNOWN_ATTRIBUTE, "%s", name);
        json_object_del(home, name);
        return true;
    }
    if (attr->flags & A_READONLY) {
        if (strcmp(attr->name, "schemas") != 0)
            json_object_del(home, name);
        return true;
    }
    if (!scim_check_value(call, attr, home, name, r))
        return false;
    if (strcmp(attr->name, name) != 0)
        rename_key(call, attr, home, name);
    return true;
}

bool scim_check(struct call *call, const struct scim_schema *const *family, json_t *body,
                struct scim_result *r)
{
    const char *name, *inner;
    void *next, *inner_next;
    json_t *value, *one;

    json_object_foreach_safe(body, next, name, value)
    {
        const struct scim_schema *s = strchr(name, ':') ? scim_schema_called(family, name) : NULL;

        if (!s || !s->extension) {
            if (!check_members(call, family[0], body, name, r))
                return false;
            continue;
        }
        if (!json_is_object(value) && !json_is_null(value)) {
            call_violation(call, RULE_WRONG_TYPE, "'%s' is no object", name);
            return scim_fail(r, 400, "invalidValue", "'%s' is no object", name);
        }
        json_object_foreach_safe(value, inner_next, inner, one)
        {
            if (!check_members(call, s, value, inner, r))
                return false;
        }
        if (strcmp(s->urn, name) != 0) {
            call_violation(call, RULE_SPELLING, "'%s' is documented as '%s'", name, s->urn);
            json_object_set(body, s->urn, value);
            json_object_del(body, name);
        }
    }
    return true;
}

/* Only what RFC 3986 calls unreserved may stand unescaped in an id: the rest means something in some path. */
void scim_check_id(struct call *call, const char *sent)
{
    for (const unsigned char *p = (const unsigned char *)(sent ? sent : ""); *p; p++) {
        if (((*p | 32) >= 'a' && (*p | 32) <= 'z') || (*p >= '0' && *p <= '9') || strchr("-._~%", *p))
            continue;
        call_violation(call, RULE_RAW_ID, "'%c' in '%s'", *p, sent);
        return;
    }
}

void scim_check_schemas(struct call *call, const json_t *body, const char *urn)
{
    const json_t *schemas = json_object_get(body, "schemas");
    const char *name;
    size_t i;
    json_t *one;
    bool found = false;

    json_array_foreach((json_t *)schemas, i, one) found =
        found || (json_is_string(one) && strcmp(json_string_value(one), urn) == 0);
    if (!found)
        call_violation(call, RULE_SCHEMAS, "'%s' is not among them", urn);
    json_object_foreach((json_t *)body, name, one)
    {
        bool listed = false;
        size_t k;
        json_t *own;

        if (!strchr(name, ':'))
            continue;
        json_array_foreach((json_t *)schemas, k, own) listed =
            listed || (json_is_string(own) && strcmp(json_string_value(own), name) == 0);
        if (!listed)
            call_violation(call, RULE_SCHEMAS, "'%s' is not among them", name);
    }
}
