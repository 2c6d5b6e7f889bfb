/* report: views of a run, made from what the ledger keeps: nothing is said here that is not recorded. Text
 * goes into buffers; cli prints and writes files. */
#ifndef ROLLCALL_REPORT_H
#define ROLLCALL_REPORT_H

#include "rollcall/ledger.h"
#include "rollcall/plan.h"

/* Everything a view needs of a run. All borrowed but the documents. */
struct report_run {
    struct run run;
    void *overview, *outcome; /* owned JSON documents (docs/overview.md); outcome NULL until the run, or its
                                 plan, has ended */
};

/* 0, -ENOENT (no such run), -EINVAL (its documents are damaged: `why`), or the ledger's error. `id` "" is the
 * newest. */
int report_load(struct ledger *l, const char *id, struct report_run *out, char why[300]);
void report_deinit(struct report_run *r);

struct report_style {
    size_t width; /* columns of the terminal; 0: 100 */
    bool colour;  /* adds, never carries meaning alone */
};

/* The plan, for the person who signs it off: feed, tenant, changes by kind with top patterns, what is
 * withheld and why, calls, time, quota, what to type next. */
void report_plan(const struct report_run *r, const struct report_style *style, struct buf *out);
/* After a run: what was applied, what is to be looked at, where the files lie. */
void report_summary(struct ledger *l, const struct report_run *r, const struct report_style *style,
                    const char *rejects_path, const char *audit_path, struct buf *out);
/* Changes one by one, a line each: all of a kind (CHANGE_KINDS: of every kind), or of one user (`user`: id or
 * key; NULL: everybody), with before, after, hold, outcome, steps. */
int report_changes(struct ledger *l, const struct report_run *r, enum change_kind kind, const char *user,
                   bool with_steps, struct buf *out);

/* The audit: one JSON document (docs/audit.schema.json), written piece by piece. `write` gets text in order.
 * The sums are checked: 0, or -EBADMSG with `why` when a count in it does not agree with the parts (the
 * document is then complete all the same, and says so in "sums"). */
int report_audit(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
                 void *ctx, char why[300]);
/* JUnit XML for CI: a test suite with a case for each kind, guard and failed or withheld change. */
int report_junit(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
                 void *ctx);
/* The canonical plan document; its SHA-256 is the plan's. */
int report_canonical(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
                     void *ctx);
/* History: a line per run, newest first. */
int report_runs(struct ledger *l, struct buf *out);

#endif
