/* A LeadSquared connection for the fuzzers: default options, a few attributes. */
#ifndef LSQ_BED_H
#define LSQ_BED_H

#include "bed.h"

static inline void bed_init(struct bed *b)
{
    static const char *const mapped[] = { "mx_Custom_1", "EmailAddress",    "FirstName", "TeamId",
                                          "Role",        "IsAdministrator", "Skills" };
    bed_begin(b, "leadsquared", mapped, array_len(mapped));
}

#endif
