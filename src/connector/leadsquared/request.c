#include "leadsquared_internal.h"

/* Keys in header fields, which authentication/ recommends; in a URL they would end up in logs. */
static void add_keys(const struct conn *c, struct request *out)
{
    static const char *const name[] = { "x-LSQ-AccessKey", "x-LSQ-SecretKey" };
    for (size_t i = 0; i < array_len(name); i++) {
        const struct secret *s = c->config.credential[i];
        if (s && s->p)
            request_header(out, name[i], (struct str){ s->p, s->n }, true);
    }
}

void lsq_request(const struct conn *c, struct request *out, enum lsq_call call, enum http_method method,
                 const char *path, struct str id, struct str body)
{
    const struct endpoint *e = &leadsquared_connector.vendor.endpoints[call];
    struct buf target = BUF_INIT(REQUEST_TARGET_MAX);
    request_clear(out);
    buf_puts(&target, path);
    url_encode(&target, id);
    out->method = method;
    out->target = arena_str(&out->arena, buf_view(&target));
    out->log_target = out->target;
    buf_deinit(&target);
    out->endpoint = (uint8_t)call;
    out->write = e->write;
    out->harmless = e->harmless;
    out->listing = call == CALL_USERS_GET || call == CALL_SEARCH;
    add_keys(c, out);
    request_header(out, "Accept", STR("application/json"), false);
    if (c->config.user_agent)
        request_header(out, "User-Agent", str_of(c->config.user_agent), false);
    if (body.n > 0) {
        request_header(out, "Content-Type", STR("application/json"), false);
        out->body = arena_str(&out->arena, body);
    }
}

/* Ids are compared in any spelling, so a plan may hold one without hyphens; sent they are as the vendor
 * writes them. */
struct str lsq_guid(struct arena *arena, struct str id)
{
    char d[GUID_DIGITS], text[37];
    if (!attr_guid(id, d))
        return id;
    snprintf(text, sizeof(text), "%.8s-%.4s-%.4s-%.4s-%.12s", d, d + 8, d + 12, d + 16, d + 20);
    return arena_str(arena, str_of(text));
}

/* The operator joins a condition to the NEXT one and must be the same throughout a group; null on the last.
 */
void lsq_conditions(struct jw *w, const struct condition *v, size_t n, const char *op)
{
    jw_key(w, "Condition");
    jw_array(w);
    for (size_t i = 0; i < n; i++) {
        jw_object(w);
        jw_kstr(w, "LookupName", v[i].name);
        jw_kz(w, "Operator", op);
        jw_kstr(w, "LookupValue", v[i].value);
        jw_kz(w, "ConditionOperator", i + 1 < n ? "OR" : NULL);
        jw_end_object(w);
    }
    jw_end_array(w);
    jw_kz(w, "GroupOperator", NULL);
}

/* Only columns that are needed: the rest comes as null. ManagerName and TeamName must not be named: the call
 * then fails as a whole. */
static void add_columns(const struct schema *s, struct buf *out)
{
    static const char *const always[] = { "UserID", "EmailAddress", "StatusCode", "Role", "ManagerUserId" };
    for (size_t i = 0; i < array_len(always); i++)
        buf_printf(out, "%s%s", i ? "," : "", always[i]);
    for (size_t i = 0; i < s->n; i++) {
        struct str name = lsq_wire_update(&s->attr[i]);
        bool named = !(s->attr[i].flags & ATTR_READ);
        for (size_t k = 0; k < array_len(always) && !named; k++)
            named = str_is(name, always[k]);
        if (!named)
            buf_printf(out, ",%.*s", STR_ARG(name));
    }
}

static void add_groups(const struct conn *c, struct jw *w, const struct condition *v, size_t n)
{
    static const struct condition everybody = { { "EmailAddress", 12 }, { "@", 1 } };
    bool all = n == 0;
    jw_key(w, "GroupConditions");
    jw_array(w);
    if (!all || lsq_number(c, OPTION_MATCH_ALL) == LSQ_MATCH_EMAIL) {
        jw_object(w);
        lsq_conditions(w, all ? &everybody : v, all ? 1 : n, all ? "lik" : "eq");
        jw_end_object(w);
    }
    jw_end_array(w);
}

/* Sorted by a unique column: ties could stand on two pages, or on none. */
void lsq_search_body(const struct conn *c, const struct condition *v, size_t n, uint32_t page,
                     struct buf *out)
{
    struct buf columns = BUF_INIT(SCHEMA_MAX * (ATTR_NAME_MAX + 1) + 256);
    struct jw w;
    add_columns(c->config.schema, &columns);
    jw_init(&w, out, false);
    jw_object(&w);
    jw_key(&w, "Columns");
    jw_object(&w);
    jw_kstr(&w, "Include_CSV", buf_view(&columns));
    jw_end_object(&w);
    add_groups(c, &w, v, n);
    jw_kz(&w, "GroupOperator", NULL);
    jw_key(&w, "Sorting");
    jw_array(&w);
    jw_object(&w);
    jw_kz(&w, "ColumnName", "EmailAddress");
    jw_kint(&w, "Direction", 0);
    jw_end_object(&w);
    jw_end_array(&w);
    jw_key(&w, "Paging");
    jw_object(&w);
    jw_kint(&w, "PageIndex", page);
    jw_kint(&w, "PageSize", lsq_number(c, OPTION_PAGE_SIZE));
    jw_end_object(&w);
    jw_end_object(&w);
    buf_deinit(&columns);
}
