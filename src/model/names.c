/* The words for the enums, one table each. No spaces in them: they are values and member names of reports,
 * labels of metrics. */
#include "rollcall/model.h"

const char *const change_kind_name[CHANGE_KINDS] = {
    [CHANGE_CREATE] = "create",   [CHANGE_ACTIVATE] = "activate",     [CHANGE_UPDATE] = "update",
    [CHANGE_MANAGER] = "manager", [CHANGE_MEMBERSHIP] = "membership", [CHANGE_DEACTIVATE] = "deactivate",
    [CHANGE_RETIRE] = "retire",
};

const char *const hold_name[HOLDS] = {
    [HOLD_NONE] = "none",
    [HOLD_ACTION_OFF] = "action_off",
    [HOLD_PROTECTED] = "protected",
    [HOLD_NO_PROOF] = "no_proof",
    [HOLD_GUARD] = "guard",
    [HOLD_UNKNOWN_MANAGER] = "unknown_manager",
    [HOLD_OWN_MANAGER] = "own_manager",
    [HOLD_LEAVING_MANAGER] = "leaving_manager",
    [HOLD_CYCLE] = "cycle",
    [HOLD_INACTIVE_MANAGER] = "inactive_manager",
    [HOLD_UNKNOWN_REF] = "unknown_ref",
    [HOLD_AMBIGUOUS_REF] = "ambiguous_ref",
    [HOLD_READ_ONLY] = "read_only",
    [HOLD_NEED] = "need",
    [HOLD_SEATS] = "seats",
};

const char *const outcome_name[OUTCOMES] = {
    [OUTCOME_NONE] = "none",
    [OUTCOME_APPLIED] = "applied",
    [OUTCOME_ALREADY] = "already",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_STALE] = "stale",
    [OUTCOME_WITHHELD] = "withheld",
    [OUTCOME_UNRESOLVED] = "unresolved",
    [OUTCOME_NOT_VISIBLE] = "not_visible",
};

const char *const user_state_name[USER_STATES] = {
    [USER_ACTIVE] = "active",
    [USER_INACTIVE] = "inactive",
    [USER_GONE] = "gone",
};

const char *const user_fate_name[USER_FATES] = {
    [USER_IN_SYNC] = "in_sync",     [USER_CHANGED] = "changed",     [USER_WAITING] = "waiting",
    [USER_WITHHELD] = "withheld",   [USER_AMBIGUOUS] = "ambiguous", [USER_PROTECTED] = "protected",
    [USER_UNMANAGED] = "unmanaged", [USER_ABSENT] = "absent",       [USER_REFUSED] = "refused",
};

const char *const row_fate_name[ROW_FATES] = {
    [ROW_PERSON] = "person",
    [ROW_REJECTED] = "rejected",
    [ROW_EXCLUDED] = "excluded",
    [ROW_REPEATED] = "repeated",
};

const char *const reject_reason_name[REJECT_REASONS] = {
    [REJECT_NONE] = "none",
    [REJECT_FIELDS] = "fields",
    [REJECT_ENCODING] = "encoding",
    [REJECT_NUL] = "nul",
    [REJECT_QUOTE] = "quote",
    [REJECT_CUT] = "cut",
    [REJECT_NO_KEY] = "no_key",
    [REJECT_STATUS] = "status",
    [REJECT_VALUE] = "value",
    [REJECT_REQUIRED] = "required",
    [REJECT_REPEATED_KEY] = "repeated_key",
};

const char *const http_method_name[HTTP_METHODS] = {
    [HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
};

const char *const transport_error_name[NET_ERRORS] = {
    [NET_OK] = "ok",
    [NET_RESOLVE] = "resolve",
    [NET_CONNECT] = "connect",
    [NET_TLS] = "tls",
    [NET_TIMEOUT] = "timeout",
    [NET_SILENCE] = "silence",
    [NET_RESET] = "reset",
    [NET_TRUNCATED] = "truncated",
    [NET_PROTOCOL] = "protocol",
    [NET_TOO_LARGE] = "too_large",
    [NET_REFUSED_URL] = "refused_url",
    [NET_CANCELLED] = "cancelled",
};
