/* What the server can do: ServiceProviderConfig, ResourceTypes, Schemas. */
#include "scim.h"

#include <stdlib.h>
#include <string.h>

static void supported(const struct call *call, struct jw *j, const char *name, bool yes)
{
    jw_key(j, name);
    jw_object(j);
    jw_kbool(j, "supported", yes);
    if (strcmp(name, "bulk") == 0) {
        jw_kint(j, "maxOperations", call_switch(call, SW_BULK_MAX));
        jw_kint(j, "maxPayloadSize", call_switch(call, SW_BULK_PAYLOAD));
    }
    if (strcmp(name, "filter") == 0)
        jw_kint(j, "maxResults", call_switch(call, SW_PAGE_MAX));
    jw_end_object(j);
}

static void schemas_of(struct jw *j, const char *urn)
{
    jw_key(j, "schemas");
    jw_array(j);
    jw_z(j, urn);
    jw_end_array(j);
}

static void auth_schemes(const struct call *call, struct jw *j)
{
    static const struct {
        const char *type, *name;
    } schemes[] = {
        [AUTH_BEARER] = { "oauthbearertoken", "OAuth Bearer Token" },
        [AUTH_BASIC] = { "httpbasic", "HTTP Basic" },
        [AUTH_OAUTH] = { "oauth2", "OAuth 2.0 client credentials" },
    };
    int64_t auth = call_switch(call, SW_AUTH);

    jw_key(j, "authenticationSchemes");
    jw_array(j);
    jw_object(j);
    jw_kz(j, "type", schemes[auth].type);
    jw_kz(j, "name", schemes[auth].name);
    jw_kz(j, "description", schemes[auth].name);
    jw_kbool(j, "primary", true);
    jw_end_object(j);
    jw_end_array(j);
}

/* RFC 9865, 4. Without cursors a server is as if it had never heard of them. */
static void pagination(const struct call *call, struct jw *j)
{
    int64_t paging = call_switch(call, SW_PAGING), max = call_switch(call, SW_PAGE_MAX);

    if (paging == PAGING_INDEX)
        return;
    jw_key(j, "pagination");
    jw_object(j);
    jw_kbool(j, "cursor", true);
    jw_kbool(j, "index", paging == PAGING_BOTH);
    if (paging == PAGING_BOTH)
        jw_kz(j, "defaultPaginationMethod", "index");
    jw_kint(j, "defaultPageSize", max);
    jw_kint(j, "maxPageSize", max);
    jw_end_object(j);
}

/* 404 where the switch says that there is nothing to discover. */
static bool hidden(struct call *call, size_t sw)
{
    if (call_switch(call, sw) == 0)
        return false;
    scim_refuse(call, 404, NULL, "There is no such endpoint");
    return true;
}

void scim_config(struct call *call)
{
    struct jw j = jw_into(&call->out);

    if (hidden(call, SW_DISCOVERY))
        return;
    jw_object(&j);
    schemas_of(&j, "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig");
    jw_kz(&j, "documentationUri", "https://scim.example.com/docs");
    supported(call, &j, "patch", call_switch(call, SW_PATCH) == 0);
    supported(call, &j, "bulk", call_switch(call, SW_BULK) == 0);
    supported(call, &j, "filter", call_switch(call, SW_FILTER) != FILTER_OFF);
    supported(call, &j, "changePassword", false);
    supported(call, &j, "sort", call_switch(call, SW_SORT) == 0);
    supported(call, &j, "etag", call_switch(call, SW_ETAG) == 0);
    pagination(call, &j);
    auth_schemes(call, &j);
    jw_end_object(&j);
}

/* ---- resource types ---- */

static void list_head(struct jw *j, int64_t total)
{
    schemas_of(j, SCIM_MESSAGE "ListResponse");
    jw_kint(j, "totalResults", total);
    jw_kint(j, "startIndex", 1);
    jw_kint(j, "itemsPerPage", total);
    jw_key(j, "Resources");
    jw_array(j);
}

static void resource_type(struct jw *j, const char *name, const char *endpoint, const char *urn,
                          const char *extension)
{
    jw_object(j);
    schemas_of(j, "urn:ietf:params:scim:schemas:core:2.0:ResourceType");
    jw_kz(j, "id", name);
    jw_kz(j, "name", name);
    jw_kz(j, "endpoint", endpoint);
    jw_kz(j, "schema", urn);
    if (extension) {
        jw_key(j, "schemaExtensions");
        jw_array(j);
        jw_object(j);
        jw_kz(j, "schema", extension);
        jw_kbool(j, "required", false);
        jw_end_object(j);
        jw_end_array(j);
    }
    jw_end_object(j);
}

void scim_resource_types(struct call *call)
{
    struct jw j = jw_into(&call->out);
    bool groups = call_switch(call, SW_GROUPS) == 0;

    if (hidden(call, SW_DISCOVERY))
        return;
    jw_object(&j);
    list_head(&j, groups ? 2 : 1);
    resource_type(&j, "User", "/Users", SCIM_USER, SCIM_ENTERPRISE);
    if (groups)
        resource_type(&j, "Group", "/Groups", SCIM_GROUP, NULL);
    jw_end_array(&j);
    jw_end_object(&j);
}

/* ---- schemas ---- */

static void words(struct jw *j, const char *key, const char *list)
{
    jw_key(j, key);
    jw_array(j);
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, "|");

        jw_str(j, (struct str){ p, n });
        p += n + (p[n] == '|');
    }
    jw_end_array(j);
}

/* Tables are two levels deep: attributes and their parts. */
static void attribute(const struct call *call, struct jw *j, const struct scim_attr *a)
{
    static const char *const types[] = { "string", "boolean", "complex", "reference", "dateTime" };
    unsigned flags = a->flags;
    bool exact =
        strcmp(a->name, "userName") == 0 ? call_switch(call, SW_USER_NAME_CASE) == 1 : flags & A_EXACT;

    jw_object(j);
    jw_kz(j, "name", a->name);
    jw_kz(j, "type", types[a->type]);
    if (a->sub) {
        jw_key(j, "subAttributes");
        jw_array(j);
        for (const struct scim_attr *sub = a->sub; sub->name; sub++)
            attribute(call, j, sub);
        jw_end_array(j);
    }
    jw_kbool(j, "multiValued", flags & A_MULTI);
    jw_kz(j, "description", a->about);
    jw_kbool(j, "required", flags & A_REQUIRED);
    if (a->canonical)
        words(j, "canonicalValues", a->canonical);
    jw_kbool(j, "caseExact", exact);
    jw_kz(j, "mutability",
          flags & A_READONLY    ? "readOnly"
          : flags & A_IMMUTABLE ? "immutable"
          : flags & A_WRITEONLY ? "writeOnly"
                                : "readWrite");
    jw_kz(j, "returned", flags & A_WRITEONLY ? "never" : "default");
    jw_kz(j, "uniqueness", flags & A_UNIQUE ? "server" : "none");
    if (a->type == T_REFERENCE)
        words(j, "referenceTypes", strcmp(a->name, "$ref") == 0 ? "User|Group" : "external");
    jw_end_object(j);
}

static void schema(const struct call *call, struct jw *j, const struct scim_schema *s)
{
    jw_object(j);
    schemas_of(j, "urn:ietf:params:scim:schemas:core:2.0:Schema");
    jw_kz(j, "id", s->urn);
    jw_kz(j, "name", s->name);
    jw_kz(j, "description", s->about);
    jw_key(j, "attributes");
    jw_array(j);
    for (const struct scim_attr *a = s->attrs; a->name; a++)
        attribute(call, j, a);
    jw_end_array(j);
    jw_end_object(j);
}

void scim_schema_list(struct call *call)
{
    struct jw j = jw_into(&call->out);
    bool groups = call_switch(call, SW_GROUPS) == 0;

    if (hidden(call, SW_SCHEMAS))
        return;
    jw_object(&j);
    list_head(&j, groups ? 3 : 2);
    for (const struct scim_schema *const *s = scim_user_family; *s; s++) {
        if (!(*s)->hidden)
            schema(call, &j, *s);
    }
    if (groups)
        schema(call, &j, scim_group_family[0]);
    jw_end_array(&j);
    jw_end_object(&j);
}

void scim_schema_one(struct call *call)
{
    struct jw j = jw_into(&call->out);
    const struct scim_schema *s = scim_schema_called(scim_user_family, call->id);

    if (hidden(call, SW_SCHEMAS))
        return;
    if (!s && call_switch(call, SW_GROUPS) == 0)
        s = scim_schema_called(scim_group_family, call->id);
    if (s && !s->hidden)
        schema(call, &j, s);
    else
        scim_refuse(call, 404, NULL, "There is no such schema");
}

void scim_me(struct call *call)
{
    scim_refuse(call, 501, NULL, "There is no /Me here");
}
