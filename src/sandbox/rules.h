/*
 * The rules of good behaviour: what a careful client does not do, though the vendor may well put up with it.
 *
 * A breach is recorded and read by tests at /admin/violations. A refusal that an honest client can run into
 * (an e-mail that somebody else has just taken, no free seat) is no breach.
 */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include "text_util.h"

enum rule {
    RULE_KEYS_IN_URL,
    RULE_KEYS_TWICE,
    RULE_BAD_KEYS,
    RULE_RATE_LIMIT,
    RULE_NO_USER_AGENT,
    RULE_CONTENT_TYPE,
    RULE_METHOD,
    RULE_PATH,
    RULE_UNKNOWN_QUERY,
    RULE_MISSING_QUERY,
    RULE_BODY_ON_GET,
    RULE_BIG_BODY,
    RULE_MALFORMED,
    RULE_UNKNOWN_KEY,
    RULE_MISSING_KEY,
    RULE_WRONG_TYPE,
    RULE_SPELLING,
    RULE_BAD_VALUE,
    RULE_UNKNOWN_ATTRIBUTE,
    RULE_EMPTY_UPDATE,
    RULE_NO_CHANGE,
    RULE_UNCHANGED_FIELD,
    RULE_KEY_OWNER,
    RULE_CREATE_EXISTS,
    RULE_UNKNOWN_USER,
    RULE_OBSOLETE_USER,
    RULE_UNKNOWN_REFERENCE,
    RULE_LOOSE_BULK,
    RULE_MANY_CONDITIONS,
    RULE_CONDITIONS,
    RULE_TOO_MANY_PAIRS,
    RULE_DUPLICATE_PAIR,
    RULE_OWN_MANAGER,
    RULE_INACTIVE_MANAGER,
    RULE_MANAGER_RING,
    RULE_BATCH_IN_FLIGHT,
    RULE_UNSORTED_PAGING,
    RULE_PAGING,
    RULE_ACCEPT,
    RULE_SCHEMAS,
    RULE_PATCH_OP,
    RULE_PATCH_SHAPE,
    RULE_PUT_LOSES,
    RULE_NO_IF_MATCH,
    RULE_RAW_ID,
    RULE_COUNT_OVER,
    RULE_SAME_STATUS,
    RULE_MEMBER_TWICE,
    RULE_MEMBER_NONE,
    RULE_MEMBER_UNKNOWN,
    RULE_BULK_LIMIT,
    RULE_BULK_ORDER,
    RULE_BULK_NEEDLESS,
    RULE_COUNT,
};

const char *rule_name(enum rule rule);

/* A table for people, one line per rule. */
void rules_list(struct buf *out);

#endif
