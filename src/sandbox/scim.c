/* SCIM 2.0 as data: endpoints and switches. */
#include "scim.h"

/* SW(x) keeps the table and the enum in step whatever their order. */
#define SW(x) [(x)-SW_CORE_COUNT]

const struct switch_def scim_switches[] = {
    SW(SW_AUTH) = { "auth", SWITCH_WORD, "bearer", "bearer|basic|oauth",
                    "a fixed bearer token, user and password, or tokens from POST /oauth/token" },
    SW(SW_TOKEN_LIFE) = { "token_life", SWITCH_NUMBER, "0", "SECONDS",
                          "OAuth tokens die after so long; 0: never" },
    SW(SW_TOKEN_CALLS) = { "token_calls", SWITCH_NUMBER, "0", "N",
                           "OAuth tokens die after so many calls; 0: never" },
    SW(SW_DISCOVERY) = { "discovery", SWITCH_WORD, "on", "on|off",
                         "off: 404 for ServiceProviderConfig and ResourceTypes" },
    SW(SW_SCHEMAS) = { "schemas", SWITCH_WORD, "on", "on|off", "off: 404 for Schemas" },
    SW(SW_PAGE_MAX) = { "page_max", SWITCH_NUMBER, "100", "N", "largest page of a listing" },
    SW(SW_PAGE_SHORT) = { "page_short", SWITCH_NUMBER, "0", "N",
                          "every page that is not the last brings so many fewer than it could" },
    SW(SW_ITEMS_PER_PAGE) = { "items_per_page", SWITCH_WORD, "real", "real|asked",
                              "itemsPerPage: what the page has, or the count that was asked for" },
    SW(SW_BEYOND) = { "beyond", SWITCH_WORD, "empty", "empty|again|error",
                      "asked beyond the end: nothing, the last page again, or 400" },
    SW(SW_TOTAL) = { "total", SWITCH_WORD, "right", "right|page|off",
                     "totalResults: of all, of this page only, or missing" },
    SW(SW_PAGING) = { "paging", SWITCH_WORD, "index", "index|cursor|both",
                      "by startIndex, by cursor (RFC 9865; the first page alone without), or either" },
    SW(SW_SORT) = { "sort", SWITCH_WORD, "on", "on|off", "whether sortBy does anything" },
    SW(SW_USER_NAME_CASE) = { "user_name_case", SWITCH_WORD, "ignore", "ignore|exact",
                              "how userName is compared, in filters and for uniqueness" },
    SW(SW_FILTER) = { "filter", SWITCH_WORD, "on", "on|off|user_name",
                      "off: 400 invalidFilter; user_name: only userName eq and externalId eq" },
    SW(SW_PATCH) = { "patch", SWITCH_WORD, "on", "on|off", "off: 501, there is only PUT" },
    SW(SW_PATCH_EXTENSION) = { "patch_extension", SWITCH_WORD, "all", "all|path|object|value|none",
                               "shapes taken for extension attributes: path urn:..:department; path urn:.. with "
                               "an object; no path and value {urn:..: {}}" },
    SW(SW_PATCH_REFUSE) = { "patch_refuse", SWITCH_WORD, "error", "error|ignore",
                            "a shape that is not taken: 400 invalidPath, or 200 and not applied" },
    SW(SW_PATCH_MANAGER) = { "patch_manager", SWITCH_WORD, "all", "all|value|object|text",
                             "the manager by path: ..:manager.value; ..:manager with {value}; ..:manager with "
                             "the id" },
    SW(SW_PATCH_FILTER) = { "patch_filter", SWITCH_WORD, "on", "on|off",
                            "paths like emails[type eq \"work\"].value; off: as patch_refuse says" },
    SW(SW_PATCH_NO_MATCH) = { "patch_no_match", SWITCH_WORD, "error", "error|add",
                              "replace where such a path matches nothing: 400 noTarget, or it is added" },
    SW(SW_PATCH_ANSWER) = { "patch_answer", SWITCH_WORD, "200", "200|204", "answer of a PATCH" },
    SW(SW_NOCHANGE) = { "nochange", SWITCH_WORD, "200", "200|204", "answer of a PATCH that changes nothing" },
    SW(SW_ACTIVE) = { "active", SWITCH_WORD, "boolean", "boolean|string|both",
                      "form of active that is taken; it is always shown as a boolean" },
    SW(SW_REWRITE) = { "rewrite", SWITCH_WORD, "off", "on|off",
                       "displayName filled from userName, name.formatted built, phone numbers as digits" },
    SW(SW_LOWER_USER_NAME) = { "lower_user_name", SWITCH_WORD, "off", "on|off",
                               "userName is stored in lower case" },
    SW(SW_PRIMARY_REQUIRED) = { "primary_required", SWITCH_WORD, "off", "on|off",
                                "on: 400 for a new user without an e-mail marked primary" },
    SW(SW_BULK) = { "bulk", SWITCH_WORD, "off", "on|off", "off: 501" },
    SW(SW_BULK_MAX) = { "bulk_max", SWITCH_NUMBER, "1000", "N", "operations of a bulk request; more: 413" },
    SW(SW_BULK_PAYLOAD) = { "bulk_payload", SWITCH_NUMBER, "1048576", "BYTES",
                            "size of a bulk request; more: 413" },
    SW(SW_BULK_STATUS) = { "bulk_status", SWITCH_WORD, "string", "string|number|object",
                           "an operation's status: \"200\", 200, {\"code\": \"200\"}" },
    SW(SW_BULK_STOP) = { "bulk_stop", SWITCH_NUMBER, "0", "N",
                         "stops after N failed operations though nobody asked for it; 0: does not" },
    SW(SW_BULK_ID) = { "bulk_id", SWITCH_WORD, "on", "on|off",
                       "off: what refers to another operation by bulkId is refused by 400" },
    SW(SW_BULK_ORDER) = { "bulk_order", SWITCH_WORD, "kept", "kept|reversed",
                          "order of the operations in the answer" },
    SW(SW_ETAG) = { "etag", SWITCH_WORD, "off", "on|off",
                    "meta.version and ETag; If-Match is honoured, 412 when it is stale" },
    SW(SW_ETAG_REQUIRED) = { "etag_required", SWITCH_WORD, "off", "on|off",
                             "428 for writes without If-Match" },
    SW(SW_IDS) = { "ids", SWITCH_WORD, "uuid", "uuid|mail|case",
                   "new users' ids: random, the userName, or some that differ in case only" },
    SW(SW_GROUPS) = { "groups", SWITCH_WORD, "on", "on|off", "off: 404 for Groups" },
    SW(SW_USER_GROUPS) = { "user_groups", SWITCH_WORD, "on", "on|off", "whether users show their groups" },
    SW(SW_MEMBERS) = { "members", SWITCH_WORD, "on", "on|off", "whether a listing shows groups' members" },
    SW(SW_DELETE) = { "delete", SWITCH_WORD, "on", "on|off", "off: 405" },
    SW(SW_THROTTLE_HINT) = { "throttle_hint", SWITCH_WORD, "seconds", "seconds|date|vendor|none",
                             "a 429 tells when by Retry-After, or by X-RateLimit-Reset, or not" },
    SW(SW_THROTTLE_BODY) = { "throttle_body", SWITCH_WORD, "scim", "scim|html|empty", "body of a 429" },
    SW(SW_ERROR_TYPE) = { "error_type", SWITCH_WORD, "scim", "scim|json",
                          "errors as application/scim+json or application/json" },
    SW(SW_SCIM_END) = { .name = NULL },
};

static const char *const shown[] = { "attributes", "excludedAttributes", NULL };
static const char *const listed[] = {
    "attributes", "excludedAttributes", "filter", "startIndex", "count", "cursor",
    "sortBy",     "sortOrder",          NULL,
};

#define READ(own_name, own_path, parameters, function)                                                       \
    {                                                                                                        \
        .name = own_name, .path = own_path, .methods = GET, .query = parameters, .handle = function          \
    }
#define WRITE(own_name, own_path, method, own_body, parameters, function)                                    \
    {                                                                                                        \
        .name = own_name, .path = own_path, .methods = method, .body = own_body, .writes = true,             \
        .query = parameters, .handle = function                                                              \
    }

static const struct endpoint endpoints[] = {
    READ("ServiceProviderConfig", SCIM_BASE "/ServiceProviderConfig", NULL, scim_config),
    READ("ResourceTypes", SCIM_BASE "/ResourceTypes", NULL, scim_resource_types),
    READ("Schemas", SCIM_BASE "/Schemas", NULL, scim_schema_list),
    READ("Schemas.get", SCIM_BASE "/Schemas/{urn}", NULL, scim_schema_one),
    READ("Me", SCIM_BASE "/Me", NULL, scim_me),
    READ("Users.list", SCIM_BASE "/Users", listed, scim_users_list),
    READ("Users.get", SCIM_BASE "/Users/{id}", shown, scim_users_get),
    WRITE("Users.create", SCIM_BASE "/Users", POST, JSON_BODY, shown, scim_users_change),
    WRITE("Users.replace", SCIM_BASE "/Users/{id}", PUT, JSON_BODY, shown, scim_users_change),
    WRITE("Users.patch", SCIM_BASE "/Users/{id}", PATCH, JSON_BODY, shown, scim_users_change),
    WRITE("Users.delete", SCIM_BASE "/Users/{id}", DELETE, NO_BODY, NULL, scim_users_change),
    READ("Groups.list", SCIM_BASE "/Groups", listed, scim_groups_list),
    READ("Groups.get", SCIM_BASE "/Groups/{id}", shown, scim_groups_get),
    WRITE("Groups.create", SCIM_BASE "/Groups", POST, JSON_BODY, shown, scim_groups_change),
    WRITE("Groups.replace", SCIM_BASE "/Groups/{id}", PUT, JSON_BODY, shown, scim_groups_change),
    WRITE("Groups.patch", SCIM_BASE "/Groups/{id}", PATCH, JSON_BODY, shown, scim_groups_change),
    WRITE("Groups.delete", SCIM_BASE "/Groups/{id}", DELETE, NO_BODY, NULL, scim_groups_change),
    { .name = "Bulk",
      .path = SCIM_BASE "/Bulk",
      .methods = POST,
      .body = JSON_BODY,
      .writes = true,
      .bulk = true,
      .large = true,
      .handle = scim_bulk },
    { .name = "Token", .path = "/oauth/token", .methods = POST, .body = OTHER_BODY, .handle = scim_token },
    { .name = NULL },
};

static void nothing_to_settle(struct sandbox *sb, uint64_t now)
{
    (void)sb;
    (void)now;
}

const struct vendor vendor_scim = {
    .name = "scim",
    .about = "SCIM 2.0 (RFC 7643, RFC 7644) under " SCIM_BASE,
    .endpoints = endpoints,
    .schema = &scim_rows,
    .switches = scim_switches,
    .access_key = "sandbox",
    .secret_key = "SCIM-sandbox",
    .keys_about = "the secret key is the bearer token, the password, or the OAuth client secret;"
                  " the access key the user or the OAuth client id",
    .rate = "off",
    .type = SCIM_TYPE,
    .media = scim_media,
    .create = scim_create,
    .destroy = scim_destroy,
    .generate = scim_generate,
    .load = scim_load,
    .dump = scim_dump,
    .edit = scim_edit,
    .admit = scim_admit,
    .problem = scim_problem,
    .settle = nothing_to_settle,
    .report = scim_report,
    .switched = scim_switched,
};
