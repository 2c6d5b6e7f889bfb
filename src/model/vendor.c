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
