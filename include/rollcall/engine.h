/* engine: the conductor of a run. Pure: it is told events and the time, and asks for actions; it never waits,
 * reads a clock or a file, or touches the network. The only thing it calls that lasts is the ledger, through
 * its table of functions.
 *
 *     engine_event(e, &event, now, wall);        // everything that happens
 *     while (engine_next(e, &action)) ...        // everything to be done about it
 *
 * until an ACT_DONE. Phases go forward only (see enum phase); which ones a run has depends on its verb:
 *
 *     check   tenant, feed (tried against the mapping only); offline: feed alone
 *     plan    tenant, roster, feed, plan
 *     sync    tenant, roster, feed, plan, apply, read back
 *     apply   tenant, roster, apply, read back          (of a stored plan, or of an interrupted run)
 *
 * Where the vendor's option "roster" says "look_up", the roster is whoever the feed names, as person or as
 * manager: the feed is read for their keys within PHASE_ROSTER, and again for the plan; both readings must be
 * of the same bytes, or the feed is broken. For apply it is whoever the stored plan names. */
#ifndef ROLLCALL_ENGINE_H
#define ROLLCALL_ENGINE_H

#include "rollcall/connector.h"
#include "rollcall/feed.h"
#include "rollcall/job.h"
#include "rollcall/ledger.h"
#include "rollcall/plan.h"

enum verb { VERB_CHECK, VERB_PLAN, VERB_SYNC, VERB_APPLY };

enum phase {
    PHASE_START,
    PHASE_TENANT,
    PHASE_LEASE,
    PHASE_ROSTER,
    PHASE_FEED,
    PHASE_PLAN,
    PHASE_APPLY,
    PHASE_READ_BACK,
    PHASE_DONE,
    PHASES
};
extern const char *const phase_name[PHASES];

/* Exit codes of the program (rollcall(1)); the first that applies in this order wins: 3 9 1 10 7 8 4 5 6 2 0.
 */
enum exit_code {
    EXIT_OK = 0,
    EXIT_INTERNAL = 1,
    EXIT_CHANGES = 2,
    EXIT_USAGE = 3,
    EXIT_FEED = 4,
    EXIT_WITHHELD = 5,
    EXIT_FAILURES = 6,
    EXIT_TARGET = 7,
    EXIT_STALE_PLAN = 8,
    EXIT_LOCKED = 9,
    EXIT_INTERRUPTED = 10,
};
/* Which of two codes comes first in that order. */
int exit_first(int a, int b);

struct engine_config {
    const struct job *job; /* borrowed, as all pointers here, for the engine's life */
    const struct connector *connector;
    const struct secret *credential[CONN_CREDENTIALS_MAX];
    struct ledger *ledger;
    enum verb verb;
    char run_id[RUN_ID_MAX];      /* plan, sync: the new run's; apply: the stored one's */
    const char *plan_file_sha256; /* apply FILE --sha256: must be the stored plan's; NULL */
    int64_t accept[CHANGE_KINDS]; /* --accept; -1 not given */
    const char *only;             /* --only KEY: nothing but this user's changes; NULL */
    int64_t first;                /* --first N: no more than the first N users with changes; -1 */
    int64_t max_time_us;          /* --max-time; 0 none */
    bool retry_refused;           /* plan, sync: send what does not stick once more (plan_unstuck) */
    bool detailed_exitcode;
    bool offline;               /* check without a call */
    struct str manifest;        /* text of the feed's manifest, read by the caller; empty: none declared */
    const char *manifest_error; /* why it could not be read; NULL */
    const char *user_agent;
    uint64_t seed; /* of hash keys and jitter */
    const struct log *log;
    struct errs *errs; /* what people must mend: filled */
};

enum event_kind {
    EV_START,
    EV_HEAD,       /* call, status */
    EV_BYTES,      /* call, p, n */
    EV_ANSWER,     /* call, answer */
    EV_FEED_BYTES, /* p, n */
    EV_FEED_END,   /* unchanged, text (an error) or NULL */
    EV_LEASE,      /* lease, text */
    EV_WAKE,       /* the time asked for has come */
    EV_STOP,       /* a signal: no new calls */
};

struct event {
    enum event_kind kind;
    uint32_t call;
    int status;
    const char *p;
    size_t n;
    const struct answer *answer;
    bool unchanged;
    enum lease_result lease;
    const char *text;
};

enum action_kind {
    ACT_SEND,      /* call, request (borrowed until the call's EV_ANSWER), streamed */
    ACT_READ_FEED, /* start reading job->feed.path */
    ACT_STOP_FEED, /* no more of it is wanted */
    ACT_LEASE,     /* take the lease on `text` (tenant id) */
    ACT_WAKE,      /* EV_WAKE at `at` (replaces an earlier one); INT64_MAX: none wanted */
    ACT_DONE,      /* nothing more will be asked; engine_result() is final */
};

struct action {
    enum action_kind kind;
    uint32_t call;
    const struct request *request;
    bool streamed;
    mono_us at;
    const char *text;
};

struct engine;
struct engine *engine_new(const struct engine_config *config);
void engine_free(struct engine *e);
void engine_event(struct engine *e, const struct event *ev, mono_us now, unix_us wall);
bool engine_next(struct engine *e, struct action *out);

/* For a progress bar: what is going on now. */
struct progress {
    enum phase phase;
    const char *what;     /* "Users.Get", "update": the endpoint or phase at work */
    uint64_t done, total; /* steps of the wave, users read, rows; total 0: unknown */
    double rate, allowed; /* calls a second, now and at most */
    uint64_t throttled;
    int64_t left_us; /* -1 unknown */
    bool paused;     /* by the tenant, or waiting for the window */
    int64_t wait_us; /* when paused: until the next call may go */
};
void engine_progress(const struct engine *e, mono_us now, struct progress *out);

/* After ACT_DONE. */
struct engine_result {
    int exit_code;
    char message[600]; /* one line for people when the run could not go on: what and what to do */
    bool resumable;
    bool stopped;  /* by a signal or --max-time: whoever asked wants nothing further either */
    bool recorded; /* the ledger has what this execution did; false: it was refused, or ended before a plan
                      stood */
};
const struct engine_result *engine_result(const struct engine *e);

/* The feed as it was read, and the plan: for writing rejects; NULL when the run never came that far. */
const struct feed_summary *engine_feed(const struct engine *e);
struct str engine_feed_header(const struct engine *e);
const struct plan *engine_plan(const struct engine *e);

/* Kept in the ledger for show and report, as texts of the run: "overview" and "outcome" (JSON,
 * docs/overview.md), "head" and "tail" (what stands before and behind the changes in the canonical plan
 * document). */

#endif
