/* The schemas of RFC 7643 as tables, and paths into resources. */
#include "scim.h"

#include <string.h>

#define TEXT(name, flags, about)                                                                             \
    {                                                                                                        \
        name, about, T_STRING, flags, NULL, NULL                                                             \
    }
#define END                                                                                                  \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }

static const struct scim_attr name_subs[] = {
    TEXT("formatted", 0, "The full name, formatted for display"),
    TEXT("familyName", 0, "The family name"),
    TEXT("givenName", 0, "The given name"),
    TEXT("middleName", 0, "The middle name(s)"),
    TEXT("honorificPrefix", 0, "Title before the name"),
    TEXT("honorificSuffix", 0, "Suffix behind the name"),
    END,
};

#define SEVERAL(table, kind, words)                                                                          \
    static const struct scim_attr table[] = {                                                                \
        TEXT("value", 0, kind),                                                                              \
        TEXT("display", 0, "A name for display"),                                                            \
        { "type", "What it is for", T_STRING, 0, words, NULL },                                              \
        { "primary", "The preferred one", T_BOOLEAN, 0, NULL, NULL },                                        \
        END,                                                                                                 \
    }

SEVERAL(email_subs, "An e-mail address", "work|home|other");
SEVERAL(phone_subs, "A phone number", "work|home|mobile|fax|pager|other");
SEVERAL(plain_subs, "A value", NULL);

static const struct scim_attr address_subs[] = {
    TEXT("formatted", 0, "The full address"),
    TEXT("streetAddress", 0, "Street, house number"),
    TEXT("locality", 0, "City"),
    TEXT("region", 0, "State or region"),
    TEXT("postalCode", 0, "Zip or postal code"),
    TEXT("country", 0, "Country"),
    { "type", "What it is for", T_STRING, 0, "work|home|other", NULL },
    { "primary", "The preferred one", T_BOOLEAN, 0, NULL, NULL },
    END,
};

static const struct scim_attr group_subs[] = {
    TEXT("value", A_READONLY, "The id of the group"),
    { "$ref", "The URI of the group", T_REFERENCE, A_READONLY, NULL, NULL },
    TEXT("display", A_READONLY, "A name for display"),
    { "type", "How the user belongs to it", T_STRING, A_READONLY, "direct|indirect", NULL },
    END,
};

static const struct scim_attr user_attrs[] = {
    TEXT("userName", A_REQUIRED | A_UNIQUE, "Unique identifier of the user, used to sign in"),
    { "name", "The components of the user's name", T_COMPLEX, 0, NULL, name_subs },
    TEXT("displayName", 0, "The name for display"),
    TEXT("nickName", 0, "The casual name"),
    { "profileUrl", "The user's online profile", T_REFERENCE, 0, NULL, NULL },
    TEXT("title", 0, "The user's title"),
    TEXT("userType", 0, "How the user belongs to the organisation"),
    TEXT("preferredLanguage", 0, "Preferred language"),
    TEXT("locale", 0, "Default location for currency, dates, numbers"),
    TEXT("timezone", 0, "Time zone"),
    { "active", "Administrative status", T_BOOLEAN, 0, NULL, NULL },
    TEXT("password", A_WRITEONLY, "Password in clear text"),
    { "emails", "E-mail addresses", T_COMPLEX, A_MULTI, NULL, email_subs },
    { "phoneNumbers", "Phone numbers", T_COMPLEX, A_MULTI, NULL, phone_subs },
    { "ims", "Instant messaging addresses", T_COMPLEX, A_MULTI, NULL, plain_subs },
    { "photos", "URLs of photos", T_COMPLEX, A_MULTI, NULL, plain_subs },
    { "addresses", "Postal addresses", T_COMPLEX, A_MULTI, NULL, address_subs },
    { "groups", "Groups to which the user belongs", T_COMPLEX, A_MULTI | A_READONLY, NULL, group_subs },
    { "entitlements", "Entitlements", T_COMPLEX, A_MULTI, NULL, plain_subs },
    { "roles", "Roles", T_COMPLEX, A_MULTI, NULL, plain_subs },
    { "x509Certificates", "Certificates", T_COMPLEX, A_MULTI, NULL, plain_subs },
    END,
};

static const struct scim_attr manager_subs[] = {
    TEXT("value", 0, "The id of the manager"),
    { "$ref", "The URI of the manager", T_REFERENCE, 0, NULL, NULL },
    TEXT("displayName", A_READONLY, "The displayName of the manager"),
    END,
};

static const struct scim_attr enterprise_attrs[] = {
    TEXT("employeeNumber", 0, "Identifier given by the organisation"),
    TEXT("costCenter", 0, "Cost center"),
    TEXT("organization", 0, "Organization"),
    TEXT("division", 0, "Division"),
    TEXT("department", 0, "Department"),
    { "manager", "The user's manager", T_COMPLEX, 0, NULL, manager_subs },
    END,
};

static const struct scim_attr badge_attrs[] = { TEXT("badgeNumber", 0, "Number of the badge"), END };

static const struct scim_attr member_subs[] = {
    TEXT("value", A_IMMUTABLE, "The id of the member"),
    { "$ref", "The URI of the member", T_REFERENCE, A_IMMUTABLE, NULL, NULL },
    { "type", "What the member is", T_STRING, A_IMMUTABLE, "User|Group", NULL },
    TEXT("display", A_READONLY, "A name for display"),
    END,
};

static const struct scim_attr group_attrs[] = {
    TEXT("displayName", A_REQUIRED, "The name of the group"),
    { "members", "The members of the group", T_COMPLEX, A_MULTI, NULL, member_subs },
    END,
};

static const struct scim_attr meta_subs[] = {
    TEXT("resourceType", A_READONLY | A_EXACT, "Name of the resource type"),
    { "created", "When it was created", T_DATETIME, A_READONLY, NULL, NULL },
    { "lastModified", "When it was changed last", T_DATETIME, A_READONLY, NULL, NULL },
    { "location", "Its URI", T_REFERENCE, A_READONLY | A_EXACT, NULL, NULL },
    TEXT("version", A_READONLY | A_EXACT, "Its version"),
    END,
};

static const struct scim_attr common_attrs[] = {
    TEXT("id", A_COMMON | A_READONLY | A_EXACT, "The identifier of the resource"),
    TEXT("externalId", A_COMMON | A_EXACT, "The identifier given by the client"),
    { "meta", "About the resource", T_COMPLEX, A_COMMON | A_READONLY, NULL, meta_subs },
    TEXT("schemas", A_COMMON | A_MULTI | A_READONLY | A_EXACT, "The schemas of the resource"),
    END,
};

static const struct scim_schema user_schema = { SCIM_USER, "User", "User Account", user_attrs, false, false };
static const struct scim_schema enterprise_schema = {
    SCIM_ENTERPRISE, "EnterpriseUser", "Enterprise User", enterprise_attrs, true, false
};
static const struct scim_schema badge_schema = { SCIM_BADGE, "Badge", "Badge", badge_attrs, true, true };
static const struct scim_schema group_schema = { SCIM_GROUP, "Group", "Group", group_attrs, false, false };

const struct scim_schema *const scim_user_family[] = { &user_schema, &enterprise_schema, &badge_schema,
                                                       NULL };
const struct scim_schema *const scim_group_family[] = { &group_schema, NULL };

static bool named(const char *own, const char *name, size_t len)
{
    return strlen(own) == len && str_ieq_ascii(str_of(own), (struct str){ name, len });
}

const struct scim_attr *scim_attr_find(const struct scim_attr *attrs, const char *name, size_t len)
{
    for (; attrs && attrs->name; attrs++) {
        if (named(attrs->name, name, len))
            return attrs;
    }
    return NULL;
}

const struct scim_attr *scim_attr_of(const struct scim_schema *schema, const char *name, size_t len)
{
    const struct scim_attr *found = scim_attr_find(schema->attrs, name, len);

    return found || schema->extension ? found : scim_attr_find(common_attrs, name, len);
}

const struct scim_schema *scim_schema_called(const struct scim_schema *const *family, const char *urn)
{
    for (; *family; family++) {
        if (text_same((*family)->urn, urn))
            return *family;
    }
    return NULL;
}

static void check_spelling(struct call *call, const char *own, const char *sent)
{
    if (strncmp(own, sent, strlen(own)) != 0)
        call_violation(call, RULE_SPELLING, "'%.*s' is documented as '%s'", (int)strlen(own), sent, own);
}

/* A URN in front; *text is left behind it and its colon. */
static const struct scim_schema *urn_in_front(const struct scim_schema *const *family, const char **text,
                                              bool *whole)
{
    for (; *family; family++) {
        size_t n = strlen((*family)->urn);

        if (strlen(*text) < n || !named((*family)->urn, *text, n))
            continue;
        *whole = !(*text)[n] || strchr(" ,)", (*text)[n]) != NULL;
        if (!*whole && (*text)[n] != ':')
            continue;
        *text += n + !*whole;
        return *family;
    }
    return NULL;
}

static size_t name_length(const char *text)
{
    size_t n = 0;

    while ((text[n] | 32) >= 'a' && (text[n] | 32) <= 'z')
        n++;
    while (((text[n] | 32) >= 'a' && (text[n] | 32) <= 'z') || (text[n] >= '0' && text[n] <= '9') ||
           (text[n] && strchr("$_-", text[n])))
        n++;
    return n;
}

const char *scim_path_read(struct call *call, const struct scim_schema *const *family, const char **text,
                           struct scim_path *path)
{
    const char *p = *text, *why = NULL;
    bool whole = false;
    size_t n;

    *path = (struct scim_path){ .schema = urn_in_front(family, &p, &whole) };
    if (path->schema && whole && path->schema->extension) {
        check_spelling(call, path->schema->urn, *text);
        *text = p;
        return NULL;
    }
    if (!path->schema)
        path->schema = family[0];
    n = name_length(p);
    path->attr = scim_attr_of(path->schema, p, n);
    if (!path->attr)
        return "there is no such attribute";
    check_spelling(call, path->attr->name, p);
    p += n;
    if (*p == '[' && !(path->attr->flags & A_MULTI))
        return "the attribute has one value only";
    if (*p == '[') {
        p++;
        path->filter = scim_filter_within(call, path->attr, &p, &why);
        if (!path->filter)
            return why;
    }
    if (*p == '.') {
        p++;
        n = strcspn(p, " ,)]");
        path->sub = scim_attr_find(path->attr->sub, p, n);
        if (!path->sub) {
            scim_path_free(path);
            return "there is no such sub-attribute";
        }
        check_spelling(call, path->sub->name, p);
        p += n;
    }
    *text = p;
    return NULL;
}

void scim_path_free(struct scim_path *path)
{
    scim_filter_free(path->filter);
    path->filter = NULL;
}

json_t *scim_home(const json_t *resource, const struct scim_schema *schema)
{
    return schema->extension ? json_object_get(resource, schema->urn) : (json_t *)resource;
}
