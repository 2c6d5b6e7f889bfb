/* The connector's table, and the life of a connection. */
#include <stdlib.h>
#include <string.h>

#include "scim_internal.h"
#include "token.h"

const struct connector scim_connector = {
    .vendor = {
        .name = "scim",
        .title = "SCIM 2.0",
        .attrs = scim_attrs,
        .n_attrs = SCIM_ATTRS,
        .custom_attr = scim_custom_attr,
        .email_attr = "userName",
        .options = scim_options,
        .n_options = SCIM_OPTIONS,
        .endpoints = scim_endpoints,
        .n_endpoints = SCIM_CALLS,
        .credentials = scim_credentials,
        .n_credentials = CRED_CLIENT_SECRET + 1,
        .kinds = 1u << CHANGE_CREATE | 1u << CHANGE_ACTIVATE | 1u << CHANGE_UPDATE | 1u << CHANGE_MANAGER |
                 1u << CHANGE_MEMBERSHIP | 1u << CHANGE_DEACTIVATE | 1u << CHANGE_RETIRE,
        .default_rate = "20/1s",
        .hosts = "https://HOST/scim/v2: what stands before /Users, without a slash at the end",
        .docs = "https://www.rfc-editor.org/rfc/rfc7644",
        .default_concurrency = 4,
        .managers_unordered = true,
        .check = scim_check,
    },
    .conn_new = scim_conn_new,
    .conn_free = scim_conn_free,
    .login = scim_login,
    .login_end = scim_login_end,
    .read_begin = scim_read_begin,
    .read_next = asks_read_next,
    .read_head = asks_read_head,
    .read_bytes = asks_read_bytes,
    .read_end = asks_read_end,
    .lookup_calls = scim_lookup_calls,
    .lower = scim_lower,
    .pack = scim_pack,
    .prepare = scim_prepare,
    .prepared = scim_prepared,
    .settle = scim_settle,
};

const char *scim_text(const struct conn *c, enum scim_option o)
{
    const char *text = c->config.options[o].text;
    return text ? text : "";
}

int64_t scim_number(const struct conn *c, enum scim_option o)
{
    return c->config.options[o].number;
}

/* A request that carries what the service calls its most, and no more than the engine packs. */
#define BULK_OPERATIONS_MAX 1000
#define BULK_BYTES_DEFAULT ((size_t)1024 * 1024) /* RFC 7643 8.5 shows 1 MiB */

bool scim_uses_bulk(const struct conn *c)
{
    return c->service.bulk && scim_number(c, OPTION_BULK) == SCIM_AUTO;
}

bool scim_uses_if_match(const struct conn *c)
{
    return c->service.etag && scim_number(c, OPTION_IF_MATCH) == SCIM_AUTO;
}

size_t scim_bulk_operations(const struct conn *c)
{
    uint64_t n = (uint64_t)scim_number(c, OPTION_BULK_OPERATIONS);
    if (c->service.bulk_operations > 0 && (n == 0 || n > c->service.bulk_operations))
        n = c->service.bulk_operations;
    return n == 0 || n > BULK_OPERATIONS_MAX ? BULK_OPERATIONS_MAX : (size_t)n;
}

size_t scim_bulk_bytes(const struct conn *c)
{
    uint64_t n = c->service.bulk_bytes > 0 ? c->service.bulk_bytes : BULK_BYTES_DEFAULT;
    return n > REQUEST_BODY_MAX ? REQUEST_BODY_MAX : (size_t)n;
}

/* Versions ---------------------------------------------------------------------------------------- */

/* Only ids that the service itself gave are looked for. */
static const struct hash_key id_key = { UINT64_C(0x7363696d75736572), UINT64_C(0x76657273696f6e73) };

static struct version *version_of(const struct scim_versions *v, struct str id)
{
    uint64_t digest = hash64(&id_key, id.p, id.n);
    for (size_t it = table_find(&v->by_id, digest); it != TABLE_END; it = table_next(&v->by_id, it, digest)) {
        struct version *at = &v->v[table_value(&v->by_id, it)];
        if (str_eq(at->id, id))
            return at;
    }
    return NULL;
}

static struct str own(struct str s)
{
    return (struct str){ xmemdup(s.n ? s.p : "", s.n), s.n };
}

static void disown(struct str s)
{
    free((char *)(uintptr_t)s.p);
}

void versions_put(struct scim_versions *v, struct str id, struct str etag)
{
    struct version *at = version_of(v, id);
    if (at && !str_eq(at->etag, etag)) {
        disown(at->etag);
        at->etag = own(etag);
    }
    if (at || etag.n == 0 || v->n >= TABLE_NONE)
        return;
    v->v = xgrow(v->v, &v->cap, v->n + 1, sizeof(*v->v));
    v->v[v->n] = (struct version){ own(id), own(etag) };
    table_add(&v->by_id, hash64(&id_key, id.p, id.n), (uint32_t)v->n++);
}

struct str versions_get(const struct scim_versions *v, struct str id)
{
    const struct version *at = version_of(v, id);
    return at && at->etag.n ? at->etag : (struct str){ 0 };
}

void versions_free(struct scim_versions *v)
{
    for (size_t i = 0; i < v->n; i++) {
        disown(v->v[i].id);
        disown(v->v[i].etag);
    }
    free(v->v);
    table_deinit(&v->by_id);
    *v = (struct scim_versions){ 0 };
}

/* Life -------------------------------------------------------------------------------------------- */

/* What holds while the service has not been asked, and where it has nothing to say of itself. */
const struct scim_service scim_service_default = { .patch = true, .filter = true };

struct conn *scim_conn_new(const struct conn_config *config)
{
    struct conn *c = xcalloc(1, sizeof(*c));
    c->config = *config;
    c->service = scim_service_default;
    scim_reading_new(c);
    return c;
}

void scim_conn_free(struct conn *c)
{
    if (!c)
        return;
    scim_reading_free(c);
    scim_token_free(c);
    versions_free(&c->versions);
    scim_documents_free(&c->documents);
    free(c);
}
