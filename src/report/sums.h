/* The sums of a run, recomputed from its parts: every row one fate, every user one fate, every change one
 * kind, one hold and one outcome. */
#ifndef ROLLCALL_REPORT_SUMS_H
#define ROLLCALL_REPORT_SUMS_H

#include "report_internal.h"

#define SUMS_MAX 64

struct sums {
    struct sum {
        char name[64];
        int64_t stated, counted;
    } v[SUMS_MAX];
    size_t n;
    bool hold;
};

/* How many changes of each kind (held by the plan or not), hold and outcome were found one by one. */
struct counted_changes {
    int64_t planned[CHANGE_KINDS], held[CHANGE_KINDS], hold[HOLDS], outcome[OUTCOMES], all;
};

void sums_check(const struct report_run *r, const struct counted_changes *c, struct sums *out);
/* The first that does not hold; NULL when all do. */
const struct sum *sums_wrong(const struct sums *s);

#endif
