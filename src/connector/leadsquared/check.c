/* Options that the table in vendor.c cannot judge and no tenant has to be asked for: `check --offline` finds
 * what is wrong with them. */
#include <stdio.h>
#include <string.h>

#include "leadsquared_internal.h"

struct str lsq_next_entry(struct str *rest)
{
    const char *comma = memchr(rest->p, ',', rest->n);
    struct str entry = { rest->p, comma ? (size_t)(comma - rest->p) : rest->n };
    *rest = comma ? (struct str){ comma + 1, rest->n - entry.n - 1 } : (struct str){ 0 };
    return str_trim(entry);
}

struct judge {
    const struct option_value *options;
    void (*say)(void *ctx, const char *where, const char *text);
    void *ctx;
};

static void complain(const struct judge *j, enum lsq_option o, struct str subject, const char *text)
{
    char where[80], whole[300];
    snprintf(where, sizeof(where), "options.%s", leadsquared_connector.vendor.options[o].name);
    snprintf(whole, sizeof(whole), "'%.*s' %s", subject.n < 100 ? (int)subject.n : 100,
             subject.n ? subject.p : "", text);
    j->say(j->ctx, where, whole);
}

static void check_path(const struct judge *j, enum lsq_option o)
{
    const char *path = j->options[o].text;
    bool good = path[0] == '/';
    for (const char *p = path; *p; p++)
        good = good && *p > ' ' && *p < 0x7f && *p != '#' && *p != '"' && *p != '\\';
    if (!good)
        complain(j, o, str_of(leadsquared_connector.vendor.options[o].name),
                 "must be a path that starts with '/' and has no blank, quote or '#'");
}

static bool is_custom_name(struct str entry)
{
    const char *equals = entry.n ? memchr(entry.p, '=', entry.n) : NULL;
    return equals && equals != entry.p + entry.n - 1 &&
           lsq_custom_slot(str_trim((struct str){ entry.p, (size_t)(equals - entry.p) })) >= 0;
}

static void check_custom_names(const struct judge *j)
{
    struct str rest = str_of(j->options[OPTION_CUSTOM_NAMES].text);
    while (rest.n > 0) {
        struct str entry = lsq_next_entry(&rest);
        if (!is_custom_name(entry))
            complain(j, OPTION_CUSTOM_NAMES, entry, "must have the form 'mx_Custom_1=Schema_Name'");
    }
}

void lsq_check(const struct option_value *options, const bool *given,
               void (*say)(void *ctx, const char *where, const char *text), void *ctx)
{
    static const enum lsq_option paths[] = { OPTION_ACTIVATE_PATH, OPTION_DEACTIVATE_PATH,
                                             OPTION_OBSOLETE_PATH, OPTION_SEARCH_PATH };
    const struct judge j = { options, say, ctx };
    (void)given;
    for (size_t i = 0; i < array_len(paths); i++)
        check_path(&j, paths[i]);
    check_custom_names(&j);
}
