/* The sums of a run, recomputed from its parts: every row one fate, every user one fate, every change one outcome. */
#ifndef ROLLCALL_REPORT_SUMS_H
#define ROLLCALL_REPORT_SUMS_H

#include "report_internal.h"

#define SUMS_MAX 32

struct sums {
    struct sum {
        char name[64];
        int64_t stated, counted;
    } v[SUMS_MAX];
    size_t n;
    bool hold;
};

/* `change` and `outcome`: how many changes of each (kind, held or not) and outcome were found one by one. */
struct counted_changes {
    int64_t planned[CHANGE_KINDS], held[CHANGE_KINDS], outcome[OUTCOMES], all;
};

void sums_check(const struct report_run *r, const struct counted_changes *c, struct sums *out);

#endif
