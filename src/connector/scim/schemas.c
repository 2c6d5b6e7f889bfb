/* The mapped attributes against what the service says its users have (RFC 7643 7). A slip in a path, or an
 * attribute that this service lacks, is found before anything is written. Common attributes (RFC 7643 3.1)
 * are no schema's. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "scim_read.h"

static struct str text(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) }
                             : (struct str){ 0 };
}

static bool is(const json_t *definition, const char *key, const char *value)
{
    return str_ieq_ascii(text(definition, key), str_of(value));
}

/* An entry of a list of definitions, by name. */
static const json_t *named(const json_t *list, const char *key, struct str name)
{
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        if (str_ieq_ascii(text(v, key), name))
            return v;
    }
    return NULL;
}

static void complain(struct conn *c, const struct attr *a, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void complain(struct conn *c, const struct attr *a, const char *fmt, ...)
{
    char what[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    errs_add(c->asks.goal.errs, NULL, 0, 0, NULL,
             "attribute '%s': %s; if its /Schemas is wrong, set the option 'schemas' to 'off'", a->name,
             what);
}

/* Says that a list of definitions has no such name, and which is close. */
static void say_missing(struct conn *c, const struct attr *a, const char *what, struct str name,
                        const json_t *list)
{
    size_t i, n = 0;
    json_t *v;
    const char **names = xcalloc(json_array_size(list) + 1, sizeof(*names));
    struct buf shown = BUF_INIT(1024), other = BUF_INIT(1024);
    json_array_foreach(list, i, v)
    {
        const char *known = json_string_value(json_object_get(v, "name"));
        if (known)
            names[n++] = known;
    }
    const char *close = suggest(name, names, n);
    printable(&shown, name, 100);
    printable(&other, str_of(close), 100);
    complain(c, a, "the service has no %s '%s'%s%s%s", what, shown.p, close ? "; did you mean '" : "",
             close ? other.p : "", close ? "'?" : "");
    buf_deinit(&shown);
    buf_deinit(&other);
    free(names);
}

/* Types, mutability -------------------------------------------------------------------------------- */

static void take_access(struct conn *c, struct attr *a, const json_t *definition, bool required)
{
    const struct schema *s = c->asks.goal.schema;
    bool key = schema_is_key(s, (size_t)(a - s->attr));
    if (is(definition, "mutability", "readOnly")) {
        a->flags &= ~(unsigned)(ATTR_CREATE | ATTR_UPDATE);
        if (!key)
            complain(c, a, "the service lets nobody write it (readOnly), so it can only be a match key");
    } else if (is(definition, "mutability", "immutable")) {
        a->flags &= ~(unsigned)ATTR_UPDATE;
    }
    if (is(definition, "mutability", "writeOnly") || is(definition, "returned", "never")) {
        a->flags &= ~(unsigned)ATTR_READ;
        if (key)
            complain(c, a, "the service never shows it, so it cannot be a match key");
    }
    if (required && (a->flags & ATTR_CREATE))
        a->flags |= ATTR_REQUIRED;
}

/* Only of attributes that no standard describes. */
static void take_type(struct attr *a, const json_t *definition)
{
    if (!(a->flags & ATTR_CUSTOM) || a->type != ATTR_TEXT)
        return;
    if (is(definition, "type", "boolean"))
        a->type = ATTR_BOOL;
    else if (is(definition, "type", "integer") || is(definition, "type", "decimal"))
        a->type = ATTR_NUMBER;
}

static bool fits(struct conn *c, const struct attr *a, const struct scim_path *p, const json_t *definition)
{
    bool several = json_is_true(json_object_get(definition, "multiValued"));
    bool complex = is(definition, "type", "complex");
    if (several && p->filter_attr.n == 0)
        complain(c, a,
                 "it has several values at the service: say which, as in '%.*s[type eq \"work\"].value'",
                 STR_ARG(p->attr));
    else if (!several && p->filter_attr.n > 0)
        complain(c, a, "it has a single value at the service: leave out what stands in brackets");
    else if (complex && p->sub.n == 0)
        complain(c, a, "it is made of parts at the service: name one, as in '%s.value'", a->name);
    else if (!complex && p->sub.n > 0 && !several)
        complain(c, a, "it has no parts at the service: leave out '.%.*s'", STR_ARG(p->sub));
    else
        return true;
    return false;
}

/* The attributes ---------------------------------------------------------------------------------- */

static void check(struct conn *c, struct attr *a, const json_t *schemas, bool all)
{
    struct scim_path p;
    if (!scim_path(str_of(a->name), &p) || (p.urn.n == 0 && str_ieq_ascii(p.attr, STR("externalId"))))
        return;
    const json_t *schema = named(schemas, "id", p.urn.n ? p.urn : STR(SCIM_CORE_USER));
    if (!schema && p.urn.n > 0 && all)
        say_missing(c, a, "schema", p.urn, NULL);
    const json_t *attributes = json_object_get(schema, "attributes");
    if (!json_is_array(attributes))
        return;
    const json_t *definition = named(attributes, "name", p.attr);
    if (!definition) {
        say_missing(c, a, "attribute", p.attr, attributes);
        return;
    }
    if (!fits(c, a, &p, definition))
        return;
    const json_t *parts = json_object_get(definition, "subAttributes");
    bool required = json_is_true(json_object_get(definition, "required"));
    if (p.sub.n > 0 && json_is_array(parts)) {
        const json_t *part = named(parts, "name", p.sub);
        if (!part) {
            say_missing(c, a, "attribute", p.sub, parts);
            return;
        }
        if (is(definition, "mutability", "readOnly"))
            part = definition;
        required = required && p.filter_attr.n == 0 && json_is_true(json_object_get(part, "required"));
        definition = part;
    }
    take_type(a, definition);
    take_access(c, a, definition, required && p.filter_attr.n == 0);
}

void scim_schemas_take(struct conn *c, const json_t *root)
{
    struct schema *s = c->asks.goal.schema;
    const json_t *list = json_is_array(root) ? root : json_object_get(root, "Resources");
    const json_t *total = json_object_get(root, "totalResults");
    int groups = scim_groups_slot(s);
    if (!json_is_array(list))
        return;
    bool all = !json_is_integer(total) || json_integer_value(total) <= (json_int_t)json_array_size(list);
    for (size_t i = 0; i < s->n; i++)
        if ((int)i != groups)
            check(c, &s->attr[i], list, all);
}
