/* What LeadSquared can do, as tables. Sources: create-a-user/, update-a-user/, user-advanced-search/,
 * retrieve-user-attributes/ under https://apidocs.leadsquared.com/. */
#include <ctype.h>
#include <string.h>

#include "../tables.h"
#include "leadsquared_internal.h"

enum {
    EVERY = ATTR_READ | ATTR_CREATE | ATTR_UPDATE,
    LATER = ATTR_READ |
            ATTR_UPDATE, /* update-a-user/ lists it, create-a-user/ does not: a joiner gets it by an update */
    ONCE = ATTR_READ | ATTR_CREATE, /* the other way round */
};

/* Not here, though update-a-user/ lists them: AvailabilityStatus and IsWorkingToday (the user's own, of the
 * moment), DeletionStatusCode (unexplained), Team (never shown; TeamId is), TemplateNames (its form is
 * nowhere shown). */
static const struct attr attrs[] = {
    { .name = "EmailAddress", .type = ATTR_FOLD, .flags = ONCE | ATTR_REQUIRED | ATTR_NO_BLANK },
    { .name = "FirstName", .type = ATTR_TEXT, .flags = EVERY | ATTR_REQUIRED | ATTR_NO_BLANK },
    { .name = "LastName", .type = ATTR_TEXT, .flags = EVERY },
    { .name = "MiddleName", .type = ATTR_TEXT, .flags = LATER },
    { .name = "Role", .type = ATTR_FOLD, .flags = EVERY | ATTR_REQUIRED | ATTR_NO_BLANK },
    { .name = "TeamId", .type = ATTR_REF, .flags = EVERY | ATTR_MEMBERSHIP, .ref_kind = REF_TEAM },
    { .name = "EmployeeId", .type = ATTR_TEXT, .flags = ATTR_READ },
    { .name = "DateOfJoining", .type = ATTR_TEXT, .flags = ATTR_READ },
    { .name = "PhoneMain", .type = ATTR_TEXT, .flags = LATER },
    { .name = "PhoneMobile", .type = ATTR_TEXT, .flags = ONCE },
    { .name = "PhoneOthers", .type = ATTR_TEXT, .flags = LATER },
    { .name = "AssociatedPhoneNumbers", .type = ATTR_TEXT, .flags = EVERY },
    { .name = "Department", .type = ATTR_TEXT, .flags = LATER },
    { .name = "Designation", .type = ATTR_TEXT, .flags = LATER },
    { .name = "OfficeLocationName", .type = ATTR_TEXT, .flags = LATER },
    { .name = "SalesRegions", .type = ATTR_TEXT, .flags = LATER },
    { .name = "Skills", .type = ATTR_TEXT, .flags = LATER },
    { .name = "TelephonyAgentId", .type = ATTR_TEXT, .flags = LATER },
    { .name = "Address", .type = ATTR_TEXT, .flags = LATER },
    { .name = "City", .type = ATTR_TEXT, .flags = LATER },
    { .name = "State", .type = ATTR_TEXT, .flags = LATER },
    { .name = "Country", .type = ATTR_TEXT, .flags = LATER },
    { .name = "ZipCode", .type = ATTR_TEXT, .flags = LATER },
    { .name = "TimeZone", .type = ATTR_TEXT, .flags = EVERY },
    { .name = "DateFormat", .type = ATTR_TEXT, .flags = EVERY },
    { .name = "UserType", .type = ATTR_NUMBER, .flags = EVERY | ATTR_NO_BLANK },
    /* The search does not show it, so nobody can tell whether it differs. */
    { .name = "IsPhoneCallAgent", .type = ATTR_BOOL, .flags = ATTR_CREATE | ATTR_UPDATE | ATTR_NO_BLANK },
    { .name = "IsEmailSender", .type = ATTR_BOOL, .flags = LATER | ATTR_NO_BLANK },
    { .name = "HolidayCalendarId", .type = ATTR_GUID, .flags = EVERY },
    { .name = "WorkDayTemplateId", .type = ATTR_GUID, .flags = EVERY },
    { .name = "Signature_Text", .type = ATTR_TEXT, .flags = LATER },
    { .name = "Signature_Html", .type = ATTR_TEXT, .flags = LATER },
};

/* Names the vendor has, which are no attributes to be mapped: they must not pass for custom ones. */
static const char *const reserved[] = {
    "UserId",   "ID",     "StatusCode", "ManagerUserId",      "ManagerId",     "ManagerName",
    "TeamName", "Team",   "Groups",     "MemberOfGroups",     "Password",      "DeletionStatusCode",
    "Tag",      "OrgId",  "Manager",    "AvailabilityStatus", "TemplateNames", "IsWorkingToday",
    "Status",   "Active",
};

#define CUSTOM_PREFIX "custom:"

int lsq_custom_slot(struct str name)
{
    const struct str prefix = STR("mx_Custom_");
    int64_t n;
    if (!str_starts(name, prefix) || name.n == prefix.n || !isdigit((unsigned char)name.p[prefix.n]))
        return -1;
    if (!str_to_i64((struct str){ name.p + prefix.n, name.n - prefix.n }, &n) || n < 1 || n > 9999)
        return -1;
    return (int)n;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

/* Tenants name their fields as they like, so a slip in a standard name must not pass for a custom field: what
 * is close to a standard name is none, unless it is written as "custom:NAME". */
static bool custom_name(struct str name)
{
    const char *standard[array_len(attrs)];
    if (lsq_custom_slot(name) > 0)
        return true;
    if (str_starts(name, STR(CUSTOM_PREFIX)))
        return name.n > sizeof(CUSTOM_PREFIX) - 1;
    for (size_t i = 0; i < array_len(reserved); i++)
        if (str_ieq_ascii(name, str_of(reserved[i])))
            return false;
    for (size_t i = 0; i < array_len(attrs); i++)
        standard[i] = attrs[i].name;
    return !suggest(name, standard, array_len(standard));
}

/* A custom field is named by its slot (mx_Custom_3), its schema name (Cost_Centre) or its display name ("Cost
 * Centre"). */
static bool custom_attr(struct str name, struct attr *out)
{
    if (name.n == 0 || name.n >= ATTR_NAME_MAX || has_control(name) || !utf8_valid(name) ||
        !custom_name(name))
        return false;
    *out = (struct attr){ .type = ATTR_TEXT, .flags = EVERY | ATTR_CUSTOM };
    memcpy(out->name, name.p, name.n);
    return true;
}

struct str lsq_wire_update(const struct attr *a)
{
    return str_of(a->wire_update[0] ? a->wire_update : a->name);
}

struct str lsq_wire_create(const struct attr *a)
{
    return str_of(a->wire_create[0] ? a->wire_create : a->name);
}

static const char *const proof_choices[] = { "two_listings", "two_passes", "count", NULL };
static const char *const match_all_choices[] = { "email", "nothing", NULL };
static const char *const by_id_choices[] = { "retrieve", "search", NULL };
static const char *const check_choices[] = { "custom", "all", NULL };
static const char *const clear_choices[] = { "empty", "null", NULL };
static const char *const method_choices[] = { "GET", "POST", NULL };

static const struct option options[LSQ_OPTIONS] = {
    [OPTION_PROOF] =
        CHOICE("proof", "two_listings", proof_choices,
               "what proves that everybody was listed: Users.Get and the search agree, two searches "
               "agree, or the search's own count"),
    [OPTION_PAGE_SIZE] =
        NUMBER("page_size", "1000", 1, 5000, "users on one page of the search; more than 1000 was refused"),
    [OPTION_MATCH_ALL] =
        CHOICE("match_all", "email", match_all_choices,
               "the condition that finds everybody: an e-mail with '@', or no condition at all"),
    [OPTION_USERS_GET_CAP] =
        NUMBER("users_get_cap", "0", 0, 1000000,
               "if Users.Get brings this many users it counts as cut off and two searches are compared "
               "instead; 0: it has no cap"),
    [OPTION_OBSOLETE_STATUS] = TEXT(
        "obsolete_status", "", "StatusCode with which obsolete users are listed; empty: they are not listed"),
    [OPTION_READ_TRIES] =
        NUMBER("read_tries", "4", 1, 20, "times one reading request may fail before the reading is given up"),
    [OPTION_LOOKUP_BATCH] = NUMBER("lookup_batch", "20", 1, 50, "users looked up by one search"),
    [OPTION_LOOKUP_BY_ID] =
        CHOICE("lookup_by_id", "retrieve", by_id_choices,
               "how a user is looked up by id: the retrieve call (cannot show inactive users), or a "
               "search by UserId (not documented)"),
    [OPTION_ATTRIBUTE_CHECK] =
        CHOICE("attribute_check", "custom", check_choices,
               "which mapped attributes must stand in the tenant's own list: custom ones, or all"),
    [OPTION_CUSTOM_NAMES] = TEXT("custom_names", "",
                                 "schema names of custom fields where the tenant's list lacks them: "
                                 "'mx_Custom_1=Cost_Centre, mx_Custom_2=Grade'"),
    [OPTION_CUSTOM_ON_CREATE] = YES_NO("custom_on_create", "true",
                                       "a create carries custom fields; if not, an update behind it does"),
    [OPTION_UPDATE_CUSTOM_SLOTS] =
        NUMBER("update_custom_slots", "10", 0, 9999,
               "highest N of mx_Custom_N that an update takes; the documentation lists ten"),
    [OPTION_UPDATE_ALSO] =
        TEXT("update_also", "",
             "attributes that this tenant lets updates change though the documentation does not list "
             "them: 'PhoneMobile, EmployeeId'"),
    [OPTION_UPDATE_INACTIVE] =
        YES_NO("update_inactive", "true",
               "an inactive user can be updated; if not, updates wait until the activation is done"),
    [OPTION_UPDATE_ACCEPTS_MANAGER] =
        YES_NO("update_accepts_manager", "false",
               "an update takes ManagerUserId, so that a user with other changes needs no place in a "
               "manager batch"),
    [OPTION_CREATE_ACCEPTS_MANAGER] =
        YES_NO("create_accepts_manager", "true",
               "a create takes ManagerUserId; if not, joiners get their manager in a batch"),
    [OPTION_CLEAR_VALUE] =
        CHOICE("clear_value", "empty", clear_choices, "what an update sends to clear a value: \"\" or null"),
    [OPTION_MOVE_REPORTS_FIRST] = YES_NO(
        "move_reports_first", "true",
        "reports are moved away from a leaver before the deactivation, where their new manager is there"),
    [OPTION_BULK_TEAM_MIN] = NUMBER("bulk_team_min", "2", 0, 1000,
                                    "pure moves to one team that are worth a bulk update; 0: never"),
    [OPTION_BULK_TEAM_MAX] = NUMBER("bulk_team_max", "50", 1, 50, "users in one bulk update"),
    [OPTION_MANAGER_BATCH] =
        NUMBER("manager_batch", "100", 1, 100, "manager moves in one call; more than 100 are refused"),
    [OPTION_ACTIVATE_METHOD] =
        CHOICE("activate_method", "GET", method_choices, "method of the activate call"),
    [OPTION_ACTIVATE_PATH] = TEXT("activate_path", "/v2/UserManagement.svc/User/Activate?userId=",
                                  "path of the activate call; the user's id is put behind it"),
    [OPTION_DEACTIVATE_METHOD] =
        CHOICE("deactivate_method", "GET", method_choices, "method of the deactivate call"),
    [OPTION_DEACTIVATE_PATH] = TEXT("deactivate_path", "/v2/UserManagement.svc/User/Deactivate?userId=",
                                    "path of the deactivate call; the user's id is put behind it"),
    [OPTION_OBSOLETE_PATH] = TEXT("obsolete_path", "/v2/UserManagement.svc/User/MarkObsolete?userid=",
                                  "path of the mark obsolete call; the user's id is put behind it"),
    [OPTION_SEARCH_PATH] =
        TEXT("search_path", "/v2/UserManagement.svc/User/AdvancedSearch", "path of the search"),
    [OPTION_THROTTLED_WAIT] =
        SPAN("throttled_wait", "5s",
             "wait when calls are refused for their rate and the answer does not say how long"),
};

/* Activate and Deactivate set a state that is the same the second time, but what a tenant answers then is not
 * documented: after a lost answer the user is read before anything is sent again. A create never is harmless:
 * there is no idempotency key. */
static const struct endpoint endpoints[LSQ_CALLS] = {
    [CALL_SELF] = { .name = "UserByAccessKey.Get", .batch = 1, .harmless = true },
    [CALL_ATTRIBUTES] = { .name = "User/Attribute/Retrieve", .batch = 1, .harmless = true },
    [CALL_TEAMS] = { .name = "TeamManagement/Retrieve", .batch = 1, .harmless = true },
    [CALL_USERS_GET] = { .name = "Users.Get", .batch = 1, .harmless = true },
    [CALL_SEARCH] = { .name = "User/AdvancedSearch", .batch = 1, .harmless = true },
    [CALL_BY_ID] = { .name = "User/Retrieve/ByUserId", .batch = 1, .harmless = true },
    [CALL_CREATE] = { .name = "User/Create", .write = true, .batch = 1 },
    [CALL_UPDATE] = { .name = "User/Update", .write = true, .batch = 1, .harmless = true },
    /* Neither stands in the vendor's list of "bulk" calls; paced as such all the same, unless the job's
       bulk_rate says otherwise. */
    [CALL_BULK_TEAM] = { .name = "User/Bulk/Update",
                         .write = true,
                         .bulk_rate = true,
                         .batch = 50,
                         .harmless = true,
                         .verified = true },
    [CALL_MANAGERS] = { .name = "UpdateReportingManagerInBulk",
                        .write = true,
                        .bulk_rate = true,
                        .batch = 100,
                        .harmless = true,
                        .in_flight = 1,
                        .verified = true },
    [CALL_ACTIVATE] = { .name = "User/Activate", .write = true, .batch = 1 },
    [CALL_DEACTIVATE] = { .name = "User/Deactivate", .write = true, .batch = 1 },
    [CALL_OBSOLETE] = { .name = "User/MarkObsolete", .write = true, .batch = 1 },
};

static const struct credential credentials[] = {
    { "access_key", "access key of an administrator's key pair (Settings > API and Webhooks)", false },
    { "secret_key", "secret key of that pair", false },
};

const struct connector leadsquared_connector = {
    .vendor = {
        .name = "leadsquared",
        .title = "LeadSquared",
        .attrs = attrs,
        .n_attrs = array_len(attrs),
        .custom_attr = custom_attr,
        .email_attr = "EmailAddress",
        .options = options,
        .n_options = array_len(options),
        .endpoints = endpoints,
        .n_endpoints = array_len(endpoints),
        .credentials = credentials,
        .n_credentials = array_len(credentials),
        .kinds = 1u << CHANGE_CREATE | 1u << CHANGE_ACTIVATE | 1u << CHANGE_UPDATE | 1u << CHANGE_MANAGER |
                 1u << CHANGE_MEMBERSHIP |
                 1u << CHANGE_DEACTIVATE | 1u << CHANGE_RETIRE,
        .default_rate = "10/5s",
        .default_bulk_rate = "5/5s",
        .hosts = "https://api.leadsquared.com, https://api-us11.leadsquared.com, "
                 "https://api-in21.leadsquared.com, ... "
                 "(Settings > API and Webhooks)",
        .docs = "https://apidocs.leadsquared.com/user-management/",
        .default_concurrency = 4,
        .check = lsq_check,
    },
    .conn_new = lsq_conn_new,
    .conn_free = lsq_conn_free,
    .read_begin = lsq_read_begin,
    .read_next = asks_read_next,
    .read_head = asks_read_head,
    .read_bytes = asks_read_bytes,
    .read_end = asks_read_end,
    .lookup_calls = lsq_lookup_calls,
    .lower = lsq_lower,
    .combine = lsq_combine,
    .pack = lsq_pack,
    .settle = lsq_settle,
};
