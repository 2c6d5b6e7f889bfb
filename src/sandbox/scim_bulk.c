/* POST /Bulk (RFC 7644, 3.7). */
#include "scim.h"

void scim_bulk(struct call *call)
{
    call_violation(call, RULE_BULK_LIMIT, "there is no Bulk here");
    scim_refuse(call, 501, NULL, "Bulk is not supported");
}
