/* Any answers to LeadSquared's readings (own user, attributes, teams; Users.Get and pages of the search;
 * look-ups). */
#include "lsq_bed.h"
#include "reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const proofs[] = { "two_listings", "two_passes", "count" };
    static const struct lookup lookups[] = { { 0, { "E1", 2 } },
                                             { 1, { "ann@example.com", 15 } },
                                             { -1, { "33333333-aaaa-4bbb-8ccc-000000000001", 36 } } };
    struct input in = { data, size };
    struct bed b;
    bed_init(&b);
    unsigned what = take(&in, 3);
    bed_option(&b, "proof", proofs[take(&in, 3)]);
    bed_option(&b, "page_size", "2");
    b.conn = b.k->conn_new(&b.config);
    if (what == 0)
        read_tenant(&b, &in);
    else
        read_users(&b, &in, what == 2 ? lookups : NULL, what == 2 ? array_len(lookups) : 0);
    bed_deinit(&b);
    return 0;
}
