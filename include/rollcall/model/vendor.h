/* What a vendor's protocol can do, as data: the part of a connector that job, plan, report and documentation
 * read. */
#ifndef ROLLCALL_MODEL_VENDOR_H
#define ROLLCALL_MODEL_VENDOR_H

#include "rollcall/model/change.h"
#include "rollcall/model/rate.h"

enum option_type {
    OPT_TEXT,
    OPT_BOOL,
    OPT_INT,
    OPT_SPAN /* "30s" */,
    OPT_CHOICE,
    OPT_URL, /* an address besides the target's that secrets are sent to: under the rules of the target's own
                (https, no user info), its host compared with --allow-host too; or empty */
};

#define VENDOR_CREDENTIALS_MAX 8

/* One option of a target, under $.target.options in the job file. Everything a vendor's documentation leaves
 * open is one. */
struct option {
    const char *name;
    enum option_type type;
    const char *fallback;       /* default, written as in the job file */
    const char *const *choices; /* OPT_CHOICE: NULL-terminated */
    int64_t min, max;           /* OPT_INT */
    const char *help;           /* one line */
};

/* Values of a target's options, in the order of the vendor's table: what the job file said, or the
 * default. */
struct option_value {
    const char *text; /* OPT_TEXT, OPT_CHOICE, OPT_URL; borrowed from the job or the table */
    int64_t number;   /* OPT_BOOL, OPT_INT, OPT_SPAN (microseconds); OPT_CHOICE: index */
};

struct endpoint {
    const char *name; /* what reports and plans call it: "User/Update" */
    bool write;
    bool bulk_rate;     /* paced by the bulk windows too */
    unsigned batch;     /* steps one call can carry; 1: not a batch */
    bool harmless;      /* repeating it does no harm */
    unsigned in_flight; /* calls of it at once; 0: no limit of its own */
    bool verified;   /* asynchronous, or answered with a count only: read back before anything builds on it */
    bool inside;     /* steps of one call (of equal `group`) may build on each other: a user whom one creates
                        is known to those behind it, so they need no wave of their own. Calls of it go one
                        after the other, in order */
    uint8_t prelude; /* 0: none. Else 1 + index of the endpoint read right before each call of this one: see
                        connector.prepare */
};

struct credential {
    const char *name; /* under $.target.credentials */
    const char *help;
    bool optional;
};

struct vendor {
    const char *name;         /* in job files: "leadsquared" */
    const char *title;        /* for people: "LeadSquared" */
    const struct attr *attrs; /* known without asking the tenant */
    size_t n_attrs;
    /* An attribute that only the tenant can confirm (a custom field): fills `out` with ATTR_CUSTOM set when
     * `name` has the form of one. */
    bool (*custom_attr)(struct str name, struct attr *out);
    const char *email_attr; /* attribute that bulk calls select users by; NULL: none */
    const struct option *options;
    size_t n_options;
    const struct endpoint *endpoints;
    size_t n_endpoints;
    const struct credential *credentials;
    size_t n_credentials;
    unsigned kinds;                /* bit per change_kind that it can do */
    const char *default_rate;      /* "10/5s" */
    const char *default_bulk_rate; /* NULL: same as others */
    const char *hosts;             /* for `connectors`: what base URLs look like */
    const char *docs;              /* vendor's public documentation */
    unsigned default_concurrency;
    bool managers_unordered; /* the service takes any existing user as manager at any time: no order between
                                manager moves, nor of them and activations */
    /* Optional: judges what the options table cannot: options that fit each other, credentials that the
     * chosen way to log in needs. `given` by credential, in the table's order. Calls `say` with the option's
     * or credential's name ("options.token_url", "credentials.token") and a text for people that names its
     * own subject: what is not in the file has no line. Not called when an option could not be read. */
    void (*check)(const struct option_value *options, const bool *given,
                  void (*say)(void *ctx, const char *where, const char *text), void *ctx);
};

/* The attribute called `name` (exact), static or of custom form; false when the vendor has none such and then
 * *out is as it was. */
bool vendor_attr(const struct vendor *v, struct str name, struct attr *out);
/* The name of a static attribute that is close to `name` (or only written in another case, or `name` is a
 * part of its path, as 'department' of 'urn:...:User:department'); NULL when none is. */
const char *vendor_attr_suggest(const struct vendor *v, struct str name);
int vendor_option(const struct vendor *v, const char *name); /* index or -1 */

#endif
