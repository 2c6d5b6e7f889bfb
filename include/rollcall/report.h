/* report: views of a run, made from what the ledger keeps: nothing is said here that is not recorded, and
 * nothing is believed that was not counted. Pure but for the ledger; cli prints and writes files.
 *
 * Views of any size take the memory of one change: text that grows with the run goes through `write`, in
 * order, in pieces. Names and values come from feed and tenant, so all of them pass printable(). */
#ifndef ROLLCALL_REPORT_H
#define ROLLCALL_REPORT_H

#include "rollcall/ledger.h"
#include "rollcall/plan.h"

typedef void (*report_write)(void *ctx, struct str text);

/* Everything a view needs of a run besides its changes. */
struct report_run {
    struct run run;
    void *overview; /* owned JSON document (docs/overview.md) */
    void *outcome;  /* likewise; NULL while the run is at work, and after it was killed */
};

/* 0, -ENOENT (no such run, or nothing was kept of it), -EINVAL (its documents are damaged, or another
 * version's), or the ledger's error; `why` says it for people. `id` "" is the newest. */
int report_load(struct ledger *l, const char *id, struct report_run *out, char why[300]);
void report_deinit(struct report_run *r);

struct report_style {
    size_t width; /* columns of the terminal; 0: 100 */
    bool colour;  /* adds, never carries meaning alone */
};

/* The plan, for the person who signs it off: feed, tenant, changes by kind with their patterns, what is
 * withheld and why, who is ambiguous, rejected, absent; calls, time, quota; what to type next. */
void report_plan(const struct report_run *r, const struct report_style *style, struct buf *out);
/* The plan in a line, for above a summary: "plan 20261121-0310-k7q2   +23 ~378 >82 ^5 -14, withheld 0". */
void report_plan_line(const struct report_run *r, struct buf *out);
/* After a run: what was applied, what is to be looked at, where the files lie (NULL: none were written), what
 * to type next. The counts are taken from the changes themselves. */
void report_summary(struct ledger *l, const struct report_run *r, const struct report_style *style,
                    const char *rejects_path, const char *audit_path, struct buf *out);

/* Which changes report_changes() lists. */
struct report_choice {
    enum change_kind kind; /* CHANGE_KINDS: every kind */
    const char *user; /* id, key or address of one user, or of somebody without a change; NULL: everybody */
    bool steps;       /* each value on a line of its own, and every call that was made for the change */
};
/* Changes one by one, in the plan's order; without steps a line each. 0 or the ledger's error. */
int report_changes(struct ledger *l, const struct report_run *r, const struct report_choice *choice,
                   report_write write, void *ctx);

/* The audit: one JSON document (docs/audit.schema.json). The sums are checked: 0, or -EBADMSG with `why` when
 * a count in it does not agree with the parts (the document is then complete all the same, and says so in
 * "sums"). Or the ledger's error, and the document is not complete. */
int report_audit(struct ledger *l, const struct report_run *r, report_write write, void *ctx, char why[300]);
/* JUnit XML for CI: a case for the run, each kind with changes, each guard, each condition, and each change
 * that failed or is withheld. 0 or the ledger's error. */
int report_junit(struct ledger *l, const struct report_run *r, report_write write, void *ctx);
/* The canonical plan document; its SHA-256 is the plan's. 0, -EBADMSG (a stored change is damaged), or the
 * ledger's error. */
int report_canonical(struct ledger *l, const struct report_run *r, report_write write, void *ctx);
/* History: a line per run, newest first. 0 or the ledger's error. */
int report_runs(struct ledger *l, struct buf *out);

#endif
