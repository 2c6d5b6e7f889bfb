/* Looking things up in a vendor's tables. */
#include <string.h>

#include "rollcall/model.h"

bool vendor_attr(const struct vendor *v, struct str name, struct attr *out)
{
    for (size_t i = 0; i < v->n_attrs; i++) {
        if (str_is(name, v->attrs[i].name)) {
            *out = v->attrs[i];
            return true;
        }
    }
    struct attr custom = { .name = "" };
    if (!v->custom_attr || !v->custom_attr(name, &custom))
        return false;
    *out = custom;
    return true;
}

/* What a name says without the brackets of a path, the URN and the parent in front: 'department' of
 * 'urn:...:User:department', 'givenName' of 'name.givenName'. */
static struct str last_part(struct str name)
{
    size_t from = 0;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == ':' || name.p[i] == '.')
            from = i + 1;
    return (struct str){ name.p + from, name.n - from };
}

/* 'emails' and 'value' of 'emails[type eq "work"].value': what stands around the brackets. */
static bool same_around_brackets(struct str name, struct str path)
{
    const char *open = path.n ? memchr(path.p, '[', path.n) : NULL;
    const char *mine = name.n ? memchr(name.p, '[', name.n) : NULL, *dot;
    if (!open)
        return false;
    struct str head = { path.p, (size_t)(open - path.p) }, tail = last_part(path), ours = name;
    if (mine)
        ours.n = (size_t)(mine - name.p);
    else if ((dot = name.n ? memchr(name.p, '.', name.n) : NULL) != NULL)
        ours.n = (size_t)(dot - name.p);
    if (ours.n == name.n && ours.n >= 4 && ours.n < head.n) /* 'email', 'phone' */
        head.n = ours.n;
    return str_ieq_ascii(ours, head) && (ours.n == name.n || str_ieq_ascii(last_part(name), tail));
}

/* A part for the whole. */
static const char *suggest_path(const struct vendor *v, struct str name)
{
    for (size_t i = 0; i < v->n_attrs && name.n > 0; i++) {
        struct str path = str_of(v->attrs[i].name), last = last_part(path);
        bool bare = last.n < path.n && !memchr(path.p, '[', path.n) && str_ieq_ascii(name, last);
        if (bare || same_around_brackets(name, path))
            return v->attrs[i].name;
    }
    return NULL;
}

const char *vendor_attr_suggest(const struct vendor *v, struct str name)
{
    const char **names = xcalloc(v->n_attrs, sizeof(*names));
    const char *close = NULL;
    for (size_t i = 0; i < v->n_attrs; i++) {
        names[i] = v->attrs[i].name;
        if (str_ieq_ascii(name,
                          str_of(names[i]))) /* however short: suggest() takes no short word for a slip */
            close = names[i];
    }
    if (!close)
        close = suggest_path(v, name);
    if (!close)
        close = suggest(name, names, v->n_attrs);
    free(names);
    return close;
}

int vendor_option(const struct vendor *v, const char *name)
{
    for (size_t i = 0; i < v->n_options; i++)
        if (strcmp(v->options[i].name, name) == 0)
            return (int)i;
    return -1;
}
