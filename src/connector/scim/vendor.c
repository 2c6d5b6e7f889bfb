/* What SCIM 2.0 can do, as tables. Attributes: RFC 7643, sections 4.1 and 4.3; a service's own are written as
 * paths (RFC 7644, section 3.10) and checked against its /Schemas. Options: what the two leave open. */
#include "../tables.h"
#include "scim_internal.h"

enum { EVERY = ATTR_READ | ATTR_CREATE | ATTR_UPDATE };

#define SIMPLE(name_, type_)                                                                                 \
    {                                                                                                        \
        .name = name_, .type = type_, .flags = EVERY                                                         \
    }
#define EXTENSION(name) SIMPLE(SCIM_ENTERPRISE ":" name, ATTR_TEXT)
#define EMAIL(type) SIMPLE("emails[type eq \"" type "\"].value", ATTR_FOLD)
#define PHONE(type) SIMPLE("phoneNumbers[type eq \"" type "\"].value", ATTR_TEXT)
#define ADDRESS_PART(type, part) SIMPLE("addresses[type eq \"" type "\"]." part, ATTR_TEXT)
#define POSTAL_ADDRESS(type)                                                                                 \
    ADDRESS_PART(type, "formatted"), ADDRESS_PART(type, "streetAddress"), ADDRESS_PART(type, "locality"),    \
        ADDRESS_PART(type, "region"), ADDRESS_PART(type, "postalCode"), ADDRESS_PART(type, "country")

const struct attr scim_attrs[] = {
    { .name = "userName", .type = ATTR_FOLD, .flags = EVERY | ATTR_REQUIRED | ATTR_NO_BLANK },
    SIMPLE("externalId", ATTR_TEXT),
    SIMPLE("name.formatted", ATTR_TEXT),
    SIMPLE("name.familyName", ATTR_TEXT),
    SIMPLE("name.givenName", ATTR_TEXT),
    SIMPLE("name.middleName", ATTR_TEXT),
    SIMPLE("name.honorificPrefix", ATTR_TEXT),
    SIMPLE("name.honorificSuffix", ATTR_TEXT),
    SIMPLE("displayName", ATTR_TEXT),
    SIMPLE("nickName", ATTR_TEXT),
    SIMPLE("profileUrl", ATTR_TEXT),
    SIMPLE("title", ATTR_TEXT),
    SIMPLE("userType", ATTR_TEXT),
    SIMPLE("preferredLanguage", ATTR_TEXT),
    SIMPLE("locale", ATTR_TEXT),
    SIMPLE("timezone", ATTR_TEXT),
    EMAIL("work"),
    EMAIL("home"),
    EMAIL("other"),
    PHONE("work"),
    PHONE("home"),
    PHONE("mobile"),
    PHONE("fax"),
    PHONE("pager"),
    PHONE("other"),
    POSTAL_ADDRESS("work"),
    POSTAL_ADDRESS("home"),
    EXTENSION("employeeNumber"),
    EXTENSION("costCenter"),
    EXTENSION("organization"),
    EXTENSION("division"),
    EXTENSION("department"),
    /* Read from the user or from the groups, written on the group (RFC 7643 4.1.2). */
    { .name = "groups", .type = ATTR_REFS, .flags = EVERY | ATTR_MEMBERSHIP, .ref_kind = REF_GROUP },
};

static const char *const auth_choices[] = { "bearer", "basic", "oauth2", NULL };
static const char *const token_auth_choices[] = { "header", "body", NULL };
static const char *const roster_choices[] = { "list", "look_up", NULL };
static const char *const paging_choices[] = { "index", "cursor", NULL };
static const char *const proof_choices[] = { "total", "two_passes", NULL };
static const char *const media_choices[] = { "application/scim+json", "application/json", NULL };
static const char *const auto_choices[] = { "auto", "off", NULL };
static const char *const update_choices[] = { "patch", "put", NULL };
static const char *const patch_choices[] = { "paths", "value", NULL };
static const char *const extension_choices[] = { "path", "object", "value", NULL };
static const char *const manager_choices[] = { "value", "object", "text", NULL };
static const char *const clear_choices[] = { "remove", "empty", "null", NULL };
static const char *const active_choices[] = { "boolean", "string", NULL };
static const char *const groups_choices[] = { "users", "groups", NULL };

const struct option scim_options[SCIM_OPTIONS] = {
    [OPTION_AUTH] = CHOICE("auth", "bearer", auth_choices,
                           "how to log in: the credential 'token'; 'username' and 'password'; or a token had "
                           "from token_url for 'client_id' and 'client_secret'"),
    [OPTION_TOKEN_URL] = ADDRESS("token_url", "", "where oauth2 tokens are had (client credentials)"),
    [OPTION_TOKEN_SCOPE] = TEXT("token_scope", "", "scope that the token is asked for; empty: none"),
    [OPTION_TOKEN_AUTH] = CHOICE("token_auth", "header", token_auth_choices,
                                 "where client id and secret go: a Basic header field, or the form itself"),
    [OPTION_ROSTER] =
        CHOICE("roster", "list", roster_choices,
               "how users are found: all are listed, or each person of the feed is looked up by "
               "every match key (absence then means nothing)"),
    [OPTION_PAGING] = CHOICE("paging", "index", paging_choices,
                             "how a listing goes on: by startIndex, or by cursor (RFC 9865)"),
    [OPTION_PROOF] = CHOICE("proof", "total", proof_choices,
                            "what proves that everybody was listed: the service's own total, or two passes "
                            "that agree"),
    [OPTION_PAGE_SIZE] =
        NUMBER("page_size", "100", 1, 10000, "users asked for on one page; the service may give fewer"),
    [OPTION_SORT_BY] = TEXT("sort_by", "", "attribute to sort listings by, 'id' or 'userName'; empty: none"),
    [OPTION_ASK_ATTRIBUTES] =
        YES_NO("ask_attributes", "false", "listings ask for the needed attributes only (attributes=)"),
    [OPTION_READ_TRIES] =
        NUMBER("read_tries", "4", 1, 20, "times one reading request may fail before the reading is given up"),
    [OPTION_MEDIA_TYPE] =
        CHOICE("media_type", "application/scim+json", media_choices, "Content-Type of what is sent"),
    [OPTION_DISCOVERY] = CHOICE("discovery", "auto", auto_choices,
                                "ask /ServiceProviderConfig what the service can do; off: no Bulk, no ETags"),
    [OPTION_SCHEMAS] = CHOICE("schemas", "auto", auto_choices,
                              "check the mapped attributes against /Schemas, if it is there"),
    [OPTION_UPDATE_BY] = CHOICE("update_by", "patch", update_choices,
                                "how a user is changed: PATCH, or read and PUT back whole"),
    [OPTION_PATCH_SHAPE] = CHOICE("patch_shape", "paths", patch_choices,
                                  "operations of a PATCH: one with a path for each attribute, or one without "
                                  "path that carries all"),
    [OPTION_EXTENSION_SHAPE] =
        CHOICE("extension_shape", "path", extension_choices,
               "an extension's attribute in a PATCH: path 'urn:...:User:department'; an object at the path "
               "'urn:...:User'; or in a value without path"),
    [OPTION_MANAGER_SHAPE] = CHOICE("manager_shape", "object", manager_choices,
                                    "the manager in a PATCH: path '...:manager.value'; '...:manager' with "
                                    "{\"value\": id}; or '...:manager' with the id"),
    [OPTION_MARK_PRIMARY] =
        YES_NO("mark_primary", "true", "the work e-mail (else the first) of a new user is marked primary"),
    [OPTION_CLEAR_SHAPE] = CHOICE("clear_shape", "remove", clear_choices,
                                  "how a value is cleared: a remove operation, \"\", or null"),
    [OPTION_ACTIVE_SHAPE] = CHOICE("active_shape", "boolean", active_choices,
                                   "'active' as true and false, or as \"True\" and \"False\""),
    [OPTION_BULK] = CHOICE("bulk", "auto", auto_choices, "use /Bulk where the service says it has it"),
    [OPTION_BULK_OPERATIONS] = NUMBER("bulk_operations", "0", 0, 1000,
                                      "operations in one Bulk request at most; 0: as the service says"),
    [OPTION_BULK_ID] = YES_NO("bulk_id", "true",
                              "operations of one Bulk request refer to users that it creates ('bulkId:...')"),
    [OPTION_IF_MATCH] = CHOICE("if_match", "auto", auto_choices,
                               "writes are conditional (If-Match) where the service says it has ETags"),
    [OPTION_MANAGED_GROUPS] =
        TEXT("managed_groups", "",
             "groups whose members this job manages, where 'groups' is mapped: 'Sales; Support', or '*'"),
    [OPTION_GROUPS_FROM] = CHOICE("groups_from", "users", groups_choices,
                                  "where memberships are read: 'groups' of each user, or 'members' of each "
                                  "group"),
    [OPTION_GROUP_BATCH] =
        NUMBER("group_batch", "100", 1, 1000, "members added to or removed from a group by one PATCH"),
    [OPTION_THROTTLED_WAIT] =
        SPAN("throttled_wait", "5s",
             "wait when calls are refused for their rate and the answer does not say how long"),
};

/* A create is never harmless. The others set a state; those that add to a list mark their request. Bulk is a
 * mixture. */
const struct endpoint scim_endpoints[SCIM_CALLS] = {
    [CALL_TOKEN] = { .name = "POST token", .batch = 1, .harmless = true },
    [CALL_CONFIG] = { .name = "GET /ServiceProviderConfig", .batch = 1, .harmless = true },
    [CALL_SCHEMAS] = { .name = "GET /Schemas", .batch = 1, .harmless = true },
    [CALL_GROUPS] = { .name = "GET /Groups", .batch = 1, .harmless = true },
    [CALL_USERS] = { .name = "GET /Users", .batch = 1, .harmless = true },
    [CALL_SEARCH] = { .name = "GET /Users?filter", .batch = 1, .harmless = true },
    [CALL_USER] = { .name = "GET /Users/{id}", .batch = 1, .harmless = true },
    [CALL_CREATE] = { .name = "POST /Users", .write = true, .batch = 1 },
    [CALL_PATCH] = { .name = "PATCH /Users/{id}", .write = true, .batch = 1, .harmless = true },
    [CALL_PUT] = { .name = "PUT /Users/{id}",
                   .write = true,
                   .batch = 1,
                   .harmless = true,
                   .prelude = 1 + CALL_USER },
    [CALL_DELETE] = { .name = "DELETE /Users/{id}", .write = true, .batch = 1, .harmless = true },
    [CALL_GROUP_PATCH] = { .name = "PATCH /Groups/{id}", .write = true, .batch = 1000, .harmless = true },
    [CALL_BULK] = { .name = "POST /Bulk", .write = true, .batch = 1000, .in_flight = 1, .inside = true },
};

const struct credential scim_credentials[CRED_CLIENT_SECRET + 1] = {
    [CRED_TOKEN] = { "token", "bearer token (auth 'bearer')", true },
    [CRED_USERNAME] = { "username", "user name (auth 'basic')", true },
    [CRED_PASSWORD] = { "password", "password (auth 'basic')", true },
    [CRED_CLIENT_ID] = { "client_id", "client identifier (auth 'oauth2')", true },
    [CRED_CLIENT_SECRET] = { "client_secret", "client secret (auth 'oauth2')", true },
};

/* Options and credentials that must fit each other -------------------------------------------------- */

struct complaint {
    const struct option_value *options;
    const bool *given;
    void (*say)(void *ctx, const char *where, const char *text);
    void *ctx;
};

static void of_option(const struct complaint *c, enum scim_option o, const char *text)
{
    char where[80];
    snprintf(where, sizeof(where), "options.%s", scim_options[o].name);
    c->say(c->ctx, where, text);
}

static void need(const struct complaint *c, enum scim_credential which)
{
    char where[80], text[160];
    if (c->given[which])
        return;
    snprintf(where, sizeof(where), "credentials.%s", scim_credentials[which].name);
    snprintf(text, sizeof(text), "'%s' is missing: the option auth is '%s'", scim_credentials[which].name,
             auth_choices[c->options[OPTION_AUTH].number]);
    c->say(c->ctx, where, text);
}

/* A secret that nothing uses is a slip: usually the option `auth` was forgotten. */
static void unused(const struct complaint *c, enum scim_credential which)
{
    char where[80], text[160];
    if (!c->given[which])
        return;
    snprintf(where, sizeof(where), "credentials.%s", scim_credentials[which].name);
    snprintf(text, sizeof(text), "'%s' is not used while the option auth is '%s': set auth, or leave it out",
             scim_credentials[which].name, auth_choices[c->options[OPTION_AUTH].number]);
    c->say(c->ctx, where, text);
}

static void check_credentials(const struct complaint *c)
{
    static const enum scim_auth used_by[] = { [CRED_TOKEN] = SCIM_BEARER,
                                              [CRED_USERNAME] = SCIM_BASIC,
                                              [CRED_PASSWORD] = SCIM_BASIC,
                                              [CRED_CLIENT_ID] = SCIM_OAUTH2,
                                              [CRED_CLIENT_SECRET] = SCIM_OAUTH2 };
    for (size_t i = 0; i < array_len(used_by); i++)
        if (used_by[i] == (enum scim_auth)c->options[OPTION_AUTH].number)
            need(c, (enum scim_credential)i);
        else
            unused(c, (enum scim_credential)i);
}

static bool plain_attribute(const char *name)
{
    struct scim_path path;
    return !*name || str_is(str_of(name), "id") ||
           (scim_path(str_of(name), &path) && path.filter_attr.n == 0);
}

void scim_check(const struct option_value *options, const bool *given,
                void (*say)(void *ctx, const char *where, const char *text), void *ctx)
{
    const struct complaint c = { options, given, say, ctx };
    bool oauth = options[OPTION_AUTH].number == SCIM_OAUTH2;
    bool token_url = options[OPTION_TOKEN_URL].text && options[OPTION_TOKEN_URL].text[0];
    check_credentials(&c);
    if (oauth && !token_url)
        of_option(&c, OPTION_TOKEN_URL,
                  "'token_url' must say where the token is had: the option auth is 'oauth2'");
    if (!oauth && token_url)
        of_option(&c, OPTION_TOKEN_URL, "'token_url' is used only where the option auth is 'oauth2'");
    if (!plain_attribute(options[OPTION_SORT_BY].text ? options[OPTION_SORT_BY].text : ""))
        of_option(&c, OPTION_SORT_BY,
                  "'sort_by' must be the name of an attribute, such as 'id' or 'userName'");
    if (options[OPTION_ROSTER].number == SCIM_LOOK_UP && options[OPTION_PROOF].number == SCIM_TWO_PASSES)
        of_option(&c, OPTION_PROOF, "'proof' is about listings, and the option roster is 'look_up'");
    if (options[OPTION_PAGING].number == SCIM_BY_CURSOR && options[OPTION_ROSTER].number == SCIM_LOOK_UP)
        of_option(&c, OPTION_PAGING, "'paging' is about listings, and the option roster is 'look_up'");
}
