/* READ_TENANT: what the service says of itself, whether the credentials are good (discovery is often open to
 * all, so a read of users tells), its schemas, and the groups that the job manages. */
#include <stdlib.h>
#include <string.h>

#include "scim_read.h"

#define TARGET_OPTIONS "$.target.options."

enum { STAGE_SERVICE, STAGE_PROBE, STAGE_END };

static void mistake(struct conn *c, enum scim_option o, const char *text)
{
    char where[80];
    snprintf(where, sizeof(where), TARGET_OPTIONS "%s", scim_options[o].name);
    errs_add(c->asks.goal.errs, NULL, 0, 0, where, "%s", text);
}

/* The service ------------------------------------------------------------------------------------- */

static bool truth(const json_t *feature, bool fallback)
{
    const json_t *v = json_object_get(feature, "supported");
    if (json_is_string(v))
        return str_ieq_ascii(str_of(json_string_value(v)), STR("true"));
    return json_is_boolean(v) ? json_is_true(v) : fallback;
}

static uint64_t count(const json_t *feature, const char *name)
{
    const json_t *v = json_object_get(feature, name);
    return json_is_integer(v) && json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;
}

void scim_tenant_take_config(struct conn *c, const json_t *root)
{
    const json_t *bulk = json_object_get(root, "bulk"), *filter = json_object_get(root, "filter");
    const struct scim_service none = scim_service_default;
    c->service = (struct scim_service){
        .patch = truth(json_object_get(root, "patch"), none.patch),
        .bulk = truth(bulk, none.bulk),
        .filter = truth(filter, none.filter),
        .etag = truth(json_object_get(root, "etag"), none.etag),
        .sort = truth(json_object_get(root, "sort"), none.sort),
        .bulk_operations = count(bulk, "maxOperations"),
        .bulk_bytes = count(bulk, "maxPayloadSize"),
        .filter_results = count(filter, "maxResults"),
    };
}

static void check_service(struct conn *c)
{
    if (!c->service.patch && scim_number(c, OPTION_UPDATE_BY) == SCIM_BY_PATCH)
        mistake(c, OPTION_UPDATE_BY,
                "the service says that it has no PATCH: set 'update_by' to 'put', or, if it has one all the "
                "same, 'discovery' to 'off'");
    if (!c->service.filter && scim_number(c, OPTION_ROSTER) == SCIM_LOOK_UP)
        mistake(c, OPTION_ROSTER,
                "the service says that it has no filters, so nobody can be looked up: set "
                "'roster' to 'list'");
}

/* RFC 7617 2: the first colon is where the password begins. */
static bool name_has_colon(const struct conn *c)
{
    const struct secret *own = c->config.credential[CRED_USERNAME];
    return scim_number(c, OPTION_AUTH) == SCIM_BASIC && own && own->p && memchr(own->p, ':', own->n);
}

/* A name for the lease and the ledger, one for people ----------------------------------------------- */

static void name_tenant(struct conn *c)
{
    struct tenant *t = c->asks.goal.tenant;
    const char *url = c->config.base_url ? c->config.base_url : "";
    const char *host = strstr(url, "://");
    size_t n = strlen(url);
    if (n < sizeof(t->id)) {
        say_cut(t->id, sizeof(t->id), str_of(url));
    } else {
        unsigned char digest[SHA256_BYTES];
        char hex[SHA256_HEX];
        sha256_of((struct str){ url, n }, digest);
        sha256_hex(digest, hex);
        say_cut(t->id, sizeof(t->id) - sizeof(hex), (struct str){ url, n });
        size_t used = strlen(t->id);
        snprintf(t->id + used, sizeof(t->id) - used, "#%s", hex);
    }
    say_cut(t->label, sizeof(t->label), str_of(host ? host + 3 : url));
    t->own_user[0] = '\0';
}

/* Credentials ------------------------------------------------------------------------------------- */

static bool is_basic(const struct conn *c)
{
    return scim_number(c, OPTION_AUTH) == SCIM_BASIC;
}

static bool probes_by_search(const struct conn *c)
{
    return is_basic(c) || scim_number(c, OPTION_ROSTER) == SCIM_LOOK_UP;
}

void scim_tenant_probe_path(const struct conn *c, const struct scim_ask *a, struct buf *out)
{
    static const struct attr user_name = { .name = "userName", .type = ATTR_FOLD };
    const struct secret *own = c->config.credential[CRED_USERNAME];
    buf_puts(out, "/Users");
    if (a->searches)
        scim_filter_path(&user_name, false,
                         is_basic(c) && own && own->p ? (struct str){ own->p, own->n } : STR("rollcall"),
                         out);
    else
        scim_page_path(c, a, out);
    if (scim_number(c, OPTION_ASK_ATTRIBUTES) && !c->reading->no_attributes)
        buf_puts(out, "&attributes=id");
}

static void add_probe(struct conn *c, bool searches)
{
    struct scim_ask *a = scim_ask_add(c, ASK_PROBE);
    a->wanted = 1;
    a->searches = searches;
}

/* Tokens are no users; a name may be one, and is protected then. */
void scim_tenant_take_probe(struct conn *c, const struct scim_ask *a)
{
    struct tenant *t = c->asks.goal.tenant;
    if (a->searches && is_basic(c) && a->seen.n == 1)
        say_cut(t->own_user, sizeof(t->own_user), a->seen.v[0].id);
}

/* Where the search was only for the own user, a page of users tells as well. */
bool scim_tenant_probe_refused(struct conn *c, const struct scim_ask *a)
{
    if (!a->searches || scim_number(c, OPTION_ROSTER) == SCIM_LOOK_UP)
        return false;
    add_probe(c, false);
    return true;
}

/* Groups ------------------------------------------------------------------------------------------ */

static void say_unknown_group(struct conn *c, struct str name)
{
    const struct groups *g = &c->reading->groups;
    const char **names = xcalloc(g->n + 1, sizeof(*names));
    struct buf shown = BUF_INIT(2048), other = BUF_INIT(2048), text = BUF_INIT(8192);
    for (size_t i = 0; i < g->n; i++)
        names[i] = g->v[i].name.n ? g->v[i].name.p : "";
    const char *close = suggest(name, names, g->n);
    printable(&shown, name, 100);
    printable(&other, str_of(close), 100);
    buf_printf(&text, "the service has no group '%s'%s%s%s", shown.p, close ? "; did you mean '" : "",
               close ? other.p : "", close ? "'?" : "");
    mistake(c, OPTION_MANAGED_GROUPS, text.p);
    buf_deinit(&shown);
    buf_deinit(&other);
    buf_deinit(&text);
    free(names);
}

static bool has_group_named(const struct groups *g, struct str name)
{
    for (size_t i = 0; i < g->n; i++)
        if (groups_same_name(g->v[i].name, name))
            return true;
    return false;
}

static void take_refs(struct conn *c)
{
    struct groups *g = &c->reading->groups;
    struct refs *refs = &c->asks.goal.tenant->refs;
    struct str rest = str_of(scim_text(c, OPTION_MANAGED_GROUPS)), name;
    for (size_t i = 0; i < g->n; i++)
        if (g->v[i].managed)
            refs_add(refs, REF_GROUP, g->v[i].id, g->v[i].name, (struct str){ 0 });
    if (str_is(str_trim(rest), "*"))
        return;
    while ((name = groups_next_name(&rest)).n > 0)
        if (!has_group_named(g, name))
            say_unknown_group(c, name);
}

static void begin_groups(struct conn *c)
{
    struct str rest = str_of(scim_text(c, OPTION_MANAGED_GROUPS));
    refs_deinit(&c->asks.goal.tenant->refs);
    refs_init(&c->asks.goal.tenant->refs);
    groups_clear(&c->reading->groups);
    if (!scim_maps_groups(c))
        return;
    if (groups_next_name(&rest).n > 0)
        scim_groups_begin(c);
    else
        mistake(
            c, OPTION_MANAGED_GROUPS,
            "'groups' is mapped, so say which groups are this job's: 'managed_groups' names them, parted by "
            "semicolons, or is '*' for all");
}

/* The reading ------------------------------------------------------------------------------------- */

void scim_tenant_advance(struct conn *c)
{
    struct scim_reading *r = c->reading;
    switch (r->stage++) {
    case STAGE_SERVICE:
        if (name_has_colon(c)) {
            asks_fail(&c->asks, AGAIN_NO,
                      "the credential 'username' holds a colon, which the option auth 'basic' cannot carry");
            return;
        }
        name_tenant(c);
        c->service = scim_service_default;
        if (scim_number(c, OPTION_DISCOVERY) == SCIM_AUTO)
            scim_ask_add(c, ASK_CONFIG);
        if (scim_number(c, OPTION_SCHEMAS) == SCIM_AUTO)
            scim_ask_add(c, ASK_SCHEMAS);
        if (!probes_by_search(c))
            add_probe(c, false);
        return;
    case STAGE_PROBE:
        check_service(c);
        if (probes_by_search(c))
            add_probe(c, c->service.filter);
        begin_groups(c);
        return;
    default:
        if (scim_maps_groups(c))
            take_refs(c);
        asks_complete(&c->asks, PROOF_NONE, "service, attributes and groups read");
    }
}
