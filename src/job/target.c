/* Keys about the tenant: connector, URL, credentials, limits. The vendor's options: options.c. */
#include <stdio.h>
#include <string.h>

#include "job_internal.h"

#define CONCURRENCY_DEFAULT 4
#define CONNECTORS_MAX 32

const struct node *target_node(const struct loader *l)
{
    const struct node *n = node_member(l->root, "target");
    return n && n->kind == NODE_OBJECT ? n : NULL;
}

void read_connector(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const char *names[CONNECTORS_MAX];
    size_t n_names = 0;
    struct buf list = BUF_INIT(ERR_TEXT_MAX);
    (void)r, (void)at;
    if (!n)
        return;
    for (const struct vendor *const *v = l->context->vendors; *v && n_names < CONNECTORS_MAX; v++) {
        names[n_names++] = (*v)->name;
        buf_printf(&list, "%s%s", n_names > 1 ? ", " : "", (*v)->name);
        if (str_is(n->text, (*v)->name))
            l->job->target.vendor = *v;
    }
    const char *close = suggest(n->text, names, n_names);
    if (!l->job->target.vendor && close)
        mistake(l, n, "there is no connector '%s'%s", shown(l, n->text), did_you_mean(l, close));
    else if (!l->job->target.vendor)
        mistake(l, n, "there is no connector '%s'; there are: %s", shown(l, n->text),
                list.p ? list.p : "none");
    buf_deinit(&list);
}

void write_connector(struct jw *w, const struct job *j)
{
    jw_z(w, j->target.vendor->name);
}

/* URL ---------------------------------------------------------------------------------------------------- */

/* The text of a URL with a user or a query in it is not repeated: that is where keys hide. */
static const char *const url_texts[] = {
    [URL_OK] = "",
    [URL_NO_SCHEME] = "a URL must begin with https://",
    [URL_USER] = "a URL must not carry a user name or password; they belong under 'credentials'",
    [URL_QUERY] = "a URL must not have a query or fragment ('?', '#'); keys belong under 'credentials'",
    [URL_HOST] = "the URL's host is neither a name nor an address",
    [URL_PORT] = "the URL's port is not a number from 1 to 65535",
    [URL_PATH] = "the URL's path has characters that must be percent-encoded",
};

bool load_url(struct loader *l, const struct node *n, struct url *out)
{
    if (n->text.n > JOB_TEXT_MAX) {
        mistake(l, n, "%zu bytes are more than the %d allowed", n->text.n, JOB_TEXT_MAX);
        return false;
    }
    enum url_trouble trouble = url_split(n->text, out);
    if (trouble != URL_OK)
        mistake(l, n, "%s", url_texts[trouble]);
    else if (!url_allowed(out, l->context->insecure_hosts))
        mistake(l, n,
                "http to '%s' would send the credentials in clear; write https:// "
                "(plain http is for 127.0.0.1 and [::1], "
                "and for test beds named with --insecure-http)",
                out->host);
    return trouble == URL_OK;
}

void read_url(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct url u;
    (void)r, (void)at;
    if (n && load_url(l, n, &u))
        l->job->target.url = keep(l, u.body);
}

void write_url(struct jw *w, const struct job *j)
{
    jw_z(w, j->target.url);
}

/* Credentials -------------------------------------------------------------------------------------------- */

/* A name that the shell could have set. */
static bool env_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool digit = c >= '0' && c <= '9';
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (digit && i > 0)))
            return false;
    }
    return s.n > 0;
}

static struct str behind(struct str s, size_t n)
{
    return (struct str){ s.p + n, s.n - n };
}

/* What is wrong with a reference, or NULL. No text here repeats it: a secret in the wrong place must not be
 * shown twice. */
static const char *reference_trouble(struct loader *l, struct str s)
{
    struct command command;
    if (s.n > JOB_TEXT_MAX)
        return "this is longer than 4096 bytes";
    if (str_starts(s, STR("env:")))
        return env_name(behind(s, 4))
                   ? NULL
                   : "behind 'env:' stands the name of an environment variable: letters, digits and '_'";
    if (str_starts(s, STR("file:")))
        return s.n > 5 ? NULL : "behind 'file:' stands the path of a file that only you can read";
    if (str_starts(s, STR("cmd:")))
        return command_parse(behind(s, 4), &l->job->arena, &command);
    return "the credential is written in clear; put it into an environment variable or a file that only you "
           "can read, and write "
           "\"env:NAME\" or \"file:PATH\" here";
}

/* {"cmd": ["/usr/bin/pass", "show", "x"]} -> cmd:["/usr/bin/pass","show","x"] */
static bool command_reference(struct loader *l, const struct node *n, struct buf *out)
{
    const struct node *argv = node_member(n, "cmd");
    struct jw w;
    bool good = true;
    for (const struct node *m = n->first; m; m = m->next)
        if (!node_is_comment(m) && m != argv)
            mistake_key(l, m, "unknown key '%s'; known here: cmd", shown(l, m->key));
    if (!argv)
        mistake(l, n, "'cmd' is missing");
    if (!argv || !expect(l, argv, NODE_ARRAY))
        return false;
    buf_puts(out, "cmd:");
    jw_init(&w, out, false);
    jw_array(&w);
    for (const struct node *a = argv->first; a; a = a->next) {
        good = expect(l, a, NODE_TEXT) && good;
        jw_str(&w, a->text);
    }
    jw_end_array(&w);
    return good;
}

static char *credential_reference(struct loader *l, const struct node *n)
{
    struct buf text = BUF_INIT(2 * JOB_TEXT_MAX);
    char *reference = NULL;
    bool good = true;
    if (n->kind == NODE_TEXT)
        buf_str(&text, n->text);
    else if (n->kind == NODE_OBJECT)
        good = command_reference(l, n, &text);
    else
        good = expect(l, n, NODE_TEXT);
    if (good) {
        const char *trouble =
            text.full ? "this is longer than 4096 bytes" : reference_trouble(l, buf_view(&text));
        if (trouble)
            mistake(l, n, "%s", trouble);
        reference = keep(l, buf_view(&text));
    }
    buf_deinit(&text);
    return reference;
}

static int credential_index(const struct vendor *v, struct str name)
{
    for (size_t i = 0; v && i < v->n_credentials && i < JOB_CREDENTIALS_MAX; i++)
        if (str_is(name, v->credentials[i].name))
            return (int)i;
    return -1;
}

static void unknown_credential(struct loader *l, const struct vendor *v, const struct node *n)
{
    const char *names[JOB_CREDENTIALS_MAX];
    size_t count = v->n_credentials < JOB_CREDENTIALS_MAX ? v->n_credentials : JOB_CREDENTIALS_MAX;
    struct buf list = BUF_INIT(ERR_TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        names[i] = v->credentials[i].name;
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    const char *close = suggest(n->key, names, count);
    if (close)
        mistake_key(l, n, "%s has no credential '%s'%s", v->name, shown(l, n->key), did_you_mean(l, close));
    else
        mistake_key(l, n, "%s has no credential '%s'; it has: %s", v->name, shown(l, n->key),
                    list.p ? list.p : "none");
    buf_deinit(&list);
}

static void check_credentials_given(struct loader *l, const struct vendor *v, const struct node *n)
{
    const struct node *where = n ? n : target_node(l);
    for (size_t i = 0; where && i < v->n_credentials; i++)
        if (!v->credentials[i].optional && !node_member(n, v->credentials[i].name))
            mistake(l, where, "the credential '%s' (%s) is missing; write \"env:NAME\" or \"file:PATH\"",
                    v->credentials[i].name, v->credentials[i].help);
}

void read_credentials(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct vendor *v = l->job->target.vendor;
    struct seen seen = { 0 };
    (void)r, (void)at;
    for (const struct node *m = n ? n->first : NULL; m; m = m->next) {
        if (node_is_comment(m))
            continue;
        const struct node *first = seen_before(&seen, m->key, m);
        int index = credential_index(v, m->key);
        char *reference = credential_reference(l, m);
        if (first)
            mistake_key(l, m, "'%s' is there twice: first on line %lu", shown(l, m->key), line_of(l, first));
        else if (index >= 0)
            l->job->target.credential[index] = reference;
        else if (v)
            unknown_credential(l, v, m);
    }
    seen_deinit(&seen);
    if (v)
        check_credentials_given(l, v, n);
}

/* Limits ------------------------------------------------------------------------------------------------- */

/* The vendor's default: one rate, or several with commas. */
static void default_rate(const char *text, struct rates *out)
{
    struct str rest = str_of(text);
    while (rest.n > 0 && out->n < RATE_WINDOWS_MAX) {
        const char *comma = memchr(rest.p, ',', rest.n);
        size_t used = comma ? (size_t)(comma - rest.p) : rest.n;
        if (rate_parse(str_trim((struct str){ rest.p, used }), &out->v[out->n]))
            out->n++;
        rest = behind(rest, comma ? used + 1 : used);
    }
}

void read_rate(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct rates *out = at;
    const struct vendor *v = l->job->target.vendor;
    bool bulk = strcmp(r->path, "target.bulk_rate") == 0;
    if (!n) {
        default_rate(v ? (bulk ? v->default_bulk_rate : v->default_rate) : NULL, out);
        return;
    }
    if (n->n == 0)
        mistake(l, n, "at least one rate is needed, such as \"25/5s\"");
    if (n->n > RATE_WINDOWS_MAX)
        mistake(l, n, "%u rates are more than the %d allowed", (unsigned)n->n, RATE_WINDOWS_MAX);
    for (const struct node *e = n->first; e; e = e->next) {
        struct rate rate;
        if (!expect(l, e, NODE_TEXT))
            continue;
        if (!rate_parse(e->text, &rate))
            mistake(l, e, "'%s' is not a rate; write calls and span like \"25/5s\" or \"10000/1d\"",
                    shown(l, e->text));
        else if (out->n < RATE_WINDOWS_MAX)
            out->v[out->n++] = rate;
    }
}

void read_concurrency(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct vendor *v = l->job->target.vendor;
    struct rule number = { .path = r->path, .type = RULE_INT, .min = r->min, .max = r->max };
    int64_t chosen = v && v->default_concurrency ? v->default_concurrency : CONCURRENCY_DEFAULT;
    value_load(l, &number, n, &chosen);
    *(unsigned *)at = (unsigned)chosen;
}

/* "+05:30", within the offsets that exist. */
static bool offset_ok(struct str s)
{
    static const char form[] = "s00:00";
    int hours, minutes;
    if (s.n != 6)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool fits = form[i] == 's'   ? c == '+' || c == '-'
                    : form[i] == '0' ? c >= '0' && c <= '9'
                                     : c == form[i];
        if (!fits)
            return false;
    }
    hours = (s.p[1] - '0') * 10 + s.p[2] - '0';
    minutes = (s.p[4] - '0') * 10 + s.p[5] - '0';
    return minutes < 60 && hours * 60 + minutes <= 14 * 60;
}

void read_quota_day(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    *(char **)at = keep(l, str_of(r->fallback));
    if (n && offset_ok(n->text))
        *(char **)at = keep(l, n->text);
    else if (n)
        mistake(l, n, "'%s' is not an offset from UTC; write it like \"+05:30\"", shown(l, n->text));
}
