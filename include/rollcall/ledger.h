/* ledger: the durable record of runs, a table of functions with two bodies: SQLite (WAL, synchronous=FULL)
 * for people, memory for tests and simulation.
 *
 * What it promises: an intent is on disk before ledger_flush() returns 0, and only then may its call be sent.
 * Changes and steps are opaque text to it. All functions return 0 or a negative errno-like code (-EIO,
 * -ENOSPC, -EROFS, -EBUSY); ledger_error() has the words. A caller that gets one stops sending.
 *
 * An error that may have lost a put is final: whatever writes fails with it from then on. Milder ones leave
 * everything as it was: -ENOENT (no such run or record; a run is put before what belongs to it), -EEXIST (a
 * change put twice), -EFBIG (the caller's buffer is too small). What was not flushed is gone when the ledger
 * is freed. Between the first put and its flush other processes cannot write: flush before waiting for
 * anything. `-EBUSY`: another one did not.
 *
 * Callbacks may use the ledger, its text lives until they return. */
#ifndef ROLLCALL_LEDGER_H
#define ROLLCALL_LEDGER_H

#include "rollcall/model.h"

#define RUN_ID_MAX 40 /* "20261121-0310-k7q2" */

enum run_state { RUN_PLANNED, RUN_HELD, RUN_APPLYING, RUN_DONE, RUN_FAILED, RUN_INTERRUPTED, RUN_STATES };
extern const char *const run_state_name[RUN_STATES];

struct run {
    char id[RUN_ID_MAX];
    char job_name[128];
    char job_path[4096];
    char connector[64], tenant[120], tenant_label[120];
    enum run_state state;
    unix_us started, changed; /* when planned; last change of state */
    char plan_sha256[SHA256_HEX], policy_sha256[SHA256_HEX], feed_sha256[SHA256_HEX];
    uint64_t changes, held;
    int exit_code;     /* -1: not ended */
    char summary[600]; /* JSON, small: counts for `runs` */
    /* Told by the ledger, not put: retention dropped the values, so it can neither be applied nor reverted.
     */
    bool pruned;
};

/* One change of a run as the ledger keeps it. */
struct run_change {
    uint32_t seq; /* index in the plan's order */
    enum change_kind kind;
    struct str subject; /* user id, or the key of a create */
    struct str json;    /* canonical JSON of the change (change_write) */
    enum hold hold;
    enum outcome outcome;
    struct str result; /* JSON: steps, calls, attempts, statuses, times, refusal text; empty before */
};

/* Steps of change N have the numbers N * STEPS_OF_CHANGE and up, in the order they were made: the same in a
 * resumed run. */
#define STEPS_OF_CHANGE 16u

/* A step's life, written ahead: an intent before its call leaves, the answer after. */
enum step_state { STEP_INTENDED, STEP_DONE, STEP_REFUSED, STEP_NOT_DONE, STEP_UNKNOWN };
struct step_record {
    uint32_t step;    /* number of the step in the run */
    uint32_t call;    /* number of the call in the run */
    uint32_t attempt; /* 1-based */
    enum step_state state;
    uint32_t change; /* first change it carries */
    int status;      /* HTTP */
    unix_us at;
    struct str endpoint; /* its name in the vendor's table */
    struct str text;     /* refusal, or id of the created user */
};

struct ledger;

struct ledger_ops {
    void (*free)(struct ledger *l);
    const char *(*error)(const struct ledger *l);

    /* Insert or replace. */
    int (*run_put)(struct ledger *l, const struct run *r);
    /* 0, or -ENOENT; id "" is the newest. */
    int (*run_get)(struct ledger *l, const char *id, struct run *out);
    /* Newest first. */
    int (*run_list)(struct ledger *l, void (*each)(void *ctx, const struct run *r), void *ctx);
    /* Retention: drops subjects, JSON, results and texts of runs that were last changed before (one that is
     * applying excepted); states, counts and hashes stay. *n: how many runs. */
    int (*run_delete_before)(struct ledger *l, unix_us before, uint64_t *n);
    /* A small text of a run under a name ("header", "guards", "proof", "rejects"): whatever show and report
     * need besides changes. The getter appends to `out`; -ENOENT when there is none. */
    int (*run_text_put)(struct ledger *l, const char *run, const char *name, struct str text);
    int (*run_text_get)(struct ledger *l, const char *run, const char *name, struct buf *out);

    /* Insert. */
    int (*change_put)(struct ledger *l, const char *run, const struct run_change *c);
    int (*change_outcome)(struct ledger *l, const char *run, uint32_t seq, enum outcome outcome,
                          struct str result);
    /* By seq; a callback that returns false ends it. */
    int (*change_each)(struct ledger *l, const char *run, bool (*each)(void *ctx, const struct run_change *c),
                       void *ctx);
    int (*change_get)(struct ledger *l, const char *run, uint32_t seq,
                      bool (*each)(void *ctx, const struct run_change *c), void *ctx);

    /* A new state of a step's attempt; the newest counts. */
    int (*step_put)(struct ledger *l, const char *run, const struct step_record *s);
    /* The newest state of the last attempt of each step from `from` up to, not including, `to`; by step. */
    int (*step_each)(struct ledger *l, const char *run, uint32_t from, uint32_t to,
                     bool (*each)(void *ctx, const struct step_record *s), void *ctx);

    /* Remembered per tenant, across runs: (tenant, name, subject) -> text. name: "absent_since",
     * "managed_by", "refused", "does_not_stick", "calls_of_day", "last_answers". Empty text: forget. The
     * getter appends to `out`; -ENOENT when there is nothing. In the order of the subjects' bytes. */
    int (*memory_put)(struct ledger *l, const char *tenant, const char *name, struct str subject,
                      struct str text);
    int (*memory_get)(struct ledger *l, const char *tenant, const char *name, struct str subject,
                      struct buf *out);
    int (*memory_each)(struct ledger *l, const char *tenant, const char *name,
                       bool (*each)(void *ctx, struct str subject, struct str text), void *ctx);

    /* All puts since the last flush are durable when it returns 0. Puts are grouped until then. */
    int (*flush)(struct ledger *l);
};

struct ledger {
    const struct ledger_ops *ops;
};

static inline int ledger_flush(struct ledger *l)
{
    return l->ops->flush(l);
}
/* Of the last function that failed; borrowed until the next. */
static inline const char *ledger_error(const struct ledger *l)
{
    return l->ops->error(l);
}
/* NULL is fine. */
static inline void ledger_free(struct ledger *l)
{
    if (l)
        l->ops->free(l);
}

/* The SQLite body. `dir` is made (0700) when missing; refused when it is not ours, others may write it, or it
 * is on a network file system that cannot lock. NULL: `why`. */
struct ledger *ledger_open(const char *dir, char why[400]);
/* The in-memory body. */
struct ledger *ledger_memory(void);

/* The lease on a tenant: one rollcall at a time talks to it. An open-file-description lock, so the kernel
 * ends it with the process. */
struct lease;
enum lease_result { LEASE_OK, LEASE_HELD, LEASE_ERROR };
/* LEASE_HELD: `why` names pid and run of the holder. */
enum lease_result lease_take(const char *dir, const char *connector, const char *tenant, const char *run,
                             struct lease **out, char why[400]);
void lease_release(struct lease *l); /* NULL is fine */

#endif
