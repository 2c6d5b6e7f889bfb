#include "rules.h"

static const struct {
    const char *name, *about;
} rules[RULE_COUNT] = {
    [RULE_KEYS_IN_URL] = { "keys_in_url", "keys in the query string, where they end up in logs" },
    [RULE_KEYS_TWICE] = { "keys_twice",
                          "keys both in the query string and in header fields, and they differ" },
    [RULE_BAD_KEYS] = { "bad_keys", "a call with keys that are missing, wrong, or of a deactivated owner" },
    [RULE_RATE_LIMIT] = { "rate_limit", "a call over the rate limit" },
    [RULE_NO_USER_AGENT] = { "no_user_agent", "a request without User-Agent" },
    [RULE_CONTENT_TYPE] = { "content_type", "a body without 'Content-Type: application/json'" },
    [RULE_METHOD] = { "method", "a method that the endpoint does not have" },
    [RULE_PATH] = { "path", "a path that does not exist" },
    [RULE_UNKNOWN_QUERY] = { "unknown_query",
                             "a query parameter that the endpoint does not have, or one twice" },
    [RULE_MISSING_QUERY] = { "missing_query", "a mandatory query parameter is missing or malformed" },
    [RULE_BODY_ON_GET] = { "body_on_get", "a body on a call that has none" },
    [RULE_BIG_BODY] = { "big_body", "a body of more than 1 MiB" },
    [RULE_MALFORMED] = { "malformed", "what cannot be read: HTTP or JSON" },
    [RULE_UNKNOWN_KEY] = { "unknown_key", "a key in the body that the call does not know" },
    [RULE_MISSING_KEY] = { "missing_key", "a mandatory key of the body is missing or empty" },
    [RULE_WRONG_TYPE] = { "wrong_type", "a value of the wrong JSON type" },
    [RULE_SPELLING] = { "spelling", "a key of the body in another case than documented" },
    [RULE_BAD_VALUE] = { "bad_value", "a value that can never be right (no such role, too long, markup)" },
    [RULE_UNKNOWN_ATTRIBUTE] = { "unknown_attribute",
                                 "an attribute that does not exist or is not for this call" },
    [RULE_EMPTY_UPDATE] = { "empty_update", "an update without any attribute" },
    [RULE_NO_CHANGE] = { "no_change", "a write that leaves a user as it is" },
    [RULE_UNCHANGED_FIELD] = { "unchanged_field",
                               "an update that also sends an attribute that has this value already" },
    [RULE_KEY_OWNER] = { "key_owner", "a write to the user that the keys belong to" },
    [RULE_CREATE_EXISTS] = { "create_exists",
                             "a create with an e-mail that a look-up would have shown to be taken" },
    [RULE_UNKNOWN_USER] = { "unknown_user", "a write to a user id that does not exist" },
    [RULE_OBSOLETE_USER] = { "obsolete_user",
                             "a write to an obsolete user, or MarkObsolete of an active one" },
    [RULE_UNKNOWN_REFERENCE] = { "unknown_reference", "a team, group or manager id that does not exist" },
    [RULE_LOOSE_BULK] = { "loose_bulk", "a bulk update selecting by anything but exact e-mail equality" },
    [RULE_MANY_CONDITIONS] = { "many_conditions", "a bulk update with more than 50 conditions" },
    [RULE_CONDITIONS] = { "conditions", "joining operators mixed, missing, or left on the last condition" },
    [RULE_TOO_MANY_PAIRS] = { "too_many_pairs", "a manager batch of more than 100 pairs" },
    [RULE_DUPLICATE_PAIR] = { "duplicate_pair", "a manager batch that names a user twice" },
    [RULE_OWN_MANAGER] = { "own_manager", "a user as its own manager" },
    [RULE_INACTIVE_MANAGER] = { "inactive_manager", "an inactive user as manager" },
    [RULE_MANAGER_RING] = { "manager_ring",
                            "a pair that closes a ring, if only until the next pair is applied" },
    [RULE_BATCH_IN_FLIGHT] = { "batch_in_flight", "a manager batch while another one is not applied yet" },
    [RULE_UNSORTED_PAGING] = { "unsorted_paging",
                               "paging through a search that is not sorted by a unique column" },
    [RULE_PAGING] = { "paging", "a search without paging, or a page that cannot be" },
    [RULE_ACCEPT] = { "accept",
                      "a request without Accept, or with one that does not take application/scim+json" },
    [RULE_SCHEMAS] = { "schemas", "'schemas' of a body is missing or does not name what the body is" },
    [RULE_PATCH_OP] = { "patch_op", "a PATCH operation other than add, replace or remove" },
    [RULE_PATCH_SHAPE] = { "patch_shape",
                           "a PATCH operation that is none by RFC 7644, whatever the switches take" },
    [RULE_PUT_LOSES] = { "put_loses", "a PUT without something that the user or group has: it is lost" },
    [RULE_NO_IF_MATCH] = { "no_if_match", "a write without If-Match where there are ETags" },
    [RULE_RAW_ID] = { "raw_id", "an id in a path that is not percent-encoded" },
    [RULE_COUNT_OVER] = { "count_over", "a further page asked for with more users than a page has" },
    [RULE_SAME_STATUS] = { "same_status", "deactivating a user that is inactive" },
    [RULE_MEMBER_TWICE] = { "member_twice", "adding a member that is one already" },
    [RULE_MEMBER_NONE] = { "member_none", "removing a member that is none" },
    [RULE_MEMBER_UNKNOWN] = { "member_unknown", "a member that is neither a user nor a group" },
    [RULE_BULK_LIMIT] = { "bulk_limit", "a bulk request over the limits, or where there is none" },
    [RULE_BULK_ORDER] = { "bulk_order", "a bulk operation that refers to a later one" },
    [RULE_BULK_NEEDLESS] = { "bulk_needless",
                             "a bulk operation on what another one in the same request creates or writes" },
};

const char *rule_name(enum rule rule)
{
    return rules[rule].name;
}

void rules_list(struct buf *out)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        buf_printf(out, "%-18s %s\n", rules[i].name, rules[i].about);
}
