/* Attribute names (RFC 7644 3.10): what a job writes to the left of a column. */
#include <string.h>

#include "scim_internal.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* nameChar of RFC 7643 2.1, and "$ref". */
static bool is_name(struct str s)
{
    if (s.n == 0 || !(is_letter(s.p[0]) || s.p[0] == '$'))
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!is_letter(s.p[i]) && !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return true;
}

static struct str part(struct str s, size_t from, size_t to)
{
    return (struct str){ s.p + from, to - from };
}

static size_t find(struct str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : s.n;
}

/* A URN's own text (RFC 8141): no blank, quote or bracket, which would tear the path apart. */
static bool is_urn(struct str s)
{
    if (s.n < 8 || !str_ieq_ascii(part(s, 0, 4), STR("urn:")) || s.p[s.n - 1] == ':')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_letter(s.p[i]) && !(s.p[i] >= '0' && s.p[i] <= '9') && !strchr(":.-_+/%", s.p[i]))
            return false;
    return true;
}

/* `type eq "work"` or `primary eq true`. */
static bool read_filter(struct str s, struct scim_path *out)
{
    s = str_trim(s);
    size_t blank = find(s, ' ');
    out->filter_attr = part(s, 0, blank);
    struct str rest = str_trim(part(s, blank, s.n));
    if (rest.n < 4 || !str_ieq_ascii(part(rest, 0, 3), STR("eq ")))
        return false;
    struct str value = str_trim(part(rest, 3, rest.n));
    if (str_ieq_ascii(out->filter_attr, STR("primary"))) {
        out->filter_value = value;
        return str_ieq_ascii(value, STR("true"));
    }
    if (!str_ieq_ascii(out->filter_attr, STR("type")) || value.n < 3 || value.p[0] != '"' ||
        value.p[value.n - 1] != '"')
        return false;
    out->filter_value = part(value, 1, value.n - 1);
    for (size_t i = 0; i < out->filter_value.n; i++)
        if ((unsigned char)out->filter_value.p[i] < 0x20 || strchr("\"\\[]", out->filter_value.p[i]))
            return false;
    return true;
}

/* `attr`, `attr.sub`, `attr[filter].sub`. */
static bool read_attribute(struct str s, struct scim_path *out)
{
    size_t open = find(s, '[');
    struct str head = part(s, 0, open);
    if (open < s.n) {
        size_t close = find(s, ']');
        if (close == s.n || close < open || close + 2 >= s.n || s.p[close + 1] != '.')
            return false;
        out->attr = head;
        out->sub = part(s, close + 2, s.n);
        return is_name(out->attr) && is_name(out->sub) && read_filter(part(s, open + 1, close), out);
    }
    size_t dot = find(head, '.');
    out->attr = part(head, 0, dot);
    if (dot < head.n)
        out->sub = part(head, dot + 1, head.n);
    return is_name(out->attr) && (dot == head.n || is_name(out->sub));
}

bool scim_path(struct str name, struct scim_path *out)
{
    struct scim_path path = { 0 };
    struct str rest = name;
    if (name.n > 4 && str_ieq_ascii(part(name, 0, 4), STR("urn:"))) {
        size_t colon = find(name, '[');
        while (colon > 0 && name.p[colon - 1] != ':')
            colon--;
        path.urn = part(name, 0, colon - 1);
        rest = part(name, colon, name.n);
        if (!is_urn(path.urn))
            return false;
        if (str_ieq_ascii(path.urn, STR(SCIM_CORE_USER)))
            path.urn = (struct str){ 0 };
    }
    if (!read_attribute(rest, &path))
        return false;
    *out = path;
    return true;
}

int scim_groups_slot(const struct schema *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->attr[i].type == ATTR_REFS && s->attr[i].ref_kind == REF_GROUP)
            return (int)i;
    return -1;
}

/* Attributes beyond the table --------------------------------------------------------------------- */

/* Not to be mapped in an extension either: a job says the manager elsewhere, and no secrets. Of core's, id,
 * meta, schemas, active and password are not in the table. */
static const char *const never[] = { "password", "manager" };

/* Core attributes with several values: a path says which of them. */
static const char *const several[] = { "emails",    "phoneNumbers", "ims",  "photos",
                                       "addresses", "entitlements", "roles" };

static bool is_one_of(struct str name, const char *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq_ascii(name, str_of(v[i])))
            return true;
    return false;
}

/* What tells the values apart, or says where a value is, is no value. */
static bool is_mark(struct str sub)
{
    static const char *const marks[] = { "type", "primary", "$ref", "operation" };
    return is_one_of(sub, marks, array_len(marks));
}

/* A static attribute, written with the core schema's URN or in another case. */
static const struct attr *standard(const struct scim_path *p)
{
    for (size_t i = 0; i < SCIM_ATTRS; i++) {
        struct scim_path q;
        if (scim_path(str_of(scim_attrs[i].name), &q) && str_ieq_ascii(p->urn, q.urn) &&
            str_ieq_ascii(p->attr, q.attr) && str_ieq_ascii(p->sub, q.sub) &&
            str_ieq_ascii(p->filter_attr, q.filter_attr) && str_ieq_ascii(p->filter_value, q.filter_value))
            return &scim_attrs[i];
    }
    return NULL;
}

/* A slip in a standard name must not pass for an attribute of the service's own: core has nothing without a
 * filter that is not in the table. */
static bool allowed(const struct scim_path *p)
{
    if (p->urn.n > 0)
        return !is_one_of(p->attr, never, array_len(never));
    return p->filter_attr.n > 0 && is_one_of(p->attr, several, array_len(several));
}

bool scim_custom_attr(struct str name, struct attr *out)
{
    struct scim_path p;
    if (name.n >= ATTR_NAME_MAX || !utf8_valid(name) || !scim_path(name, &p) || is_mark(p.sub))
        return false;
    const struct attr *known = standard(&p);
    if (!known && !allowed(&p))
        return false;
    if (known && p.urn.n == 0 && !str_starts(name, STR("urn:")) && !str_starts(name, STR("URN:")) &&
        p.filter_attr.n == 0)
        return false; /* written in another case: the message names the right one */
    bool address = p.urn.n == 0 && str_ieq_ascii(p.attr, STR("emails")) && str_ieq_ascii(p.sub, STR("value"));
    *out = known ? *known
                 : (struct attr){ .type = address ? ATTR_FOLD : ATTR_TEXT,
                                  .flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE | ATTR_CUSTOM };
    memset(out->name, 0, sizeof(out->name));
    memcpy(out->name, name.p, name.n);
    return true;
}
