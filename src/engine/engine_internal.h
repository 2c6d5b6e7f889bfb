/* What the files of the engine share. One file a subject: engine.c (life, events, phases), calls.c (what is
 * in flight, pacing), login.c, reading.c (drives a connector's reading), feeding.c (feed -> plan), planning.c
 * (plan -> ledger), work.c (changes -> steps -> waves), applying.c (waves -> calls), prelude.c, settling.c
 * (answers -> outcomes), readback.c, lookups.c (whom to look up), sticks.c (what
 * the tenant takes and does not show), overview.c (the document that show and report read). */
#ifndef ROLLCALL_ENGINE_INTERNAL_H
#define ROLLCALL_ENGINE_INTERNAL_H

#include "pace.h"
#include "rollcall/engine.h"
#include "work.h"

#define CALLS_MAX 64
#define ENDPOINTS_MAX 32
#define READ_TRIES_MAX 3    /* of a whole reading */
#define READ_FAILURES_MAX 6 /* passing faults within one try */
#define LOGINS_IN_ROW_MAX 3 /* after which the next call is still refused */
#define BACKOFF_FIRST_US SECOND_US
#define BACKOFF_MAX_US (60 * SECOND_US)
#define THROTTLE_WAIT_US (5 * SECOND_US) /* when the tenant does not say how long */

enum call_kind {
    CALL_FREE,
    CALL_LOGIN,
    CALL_READ,    /* of a reading */
    CALL_PRELUDE, /* read right before a write that is built on it */
    CALL_WRITE
};

struct call {
    enum call_kind kind;
    uint32_t no;
    struct request request;
    bool sent;
    bool abandoned; /* its reading is over: nobody wants the answer */
    unsigned read_id;
    mono_us sent_at;
    uint32_t *step; /* CALL_WRITE, CALL_PRELUDE: owned; numbers of its steps */
    size_t n_steps;
};

struct endpoint_count {
    uint64_t planned, made, retried, throttled, failed;
};

struct reading {
    bool active;
    struct read_goal goal;
    unsigned tries;    /* begun, this one included */
    unsigned failures; /* of this try */
    bool expects;      /* the plan has `expected` calls of it, `spent` were made: what is beyond is retried */
    mono_us not_before; /* backing off */
    struct read_state state;
    char last_failure[SETTLED_TEXT_MAX];
    uint64_t made[ENDPOINTS_MAX]; /* calls of this try, but for those asked again */
    uint64_t expected[ENDPOINTS_MAX], spent[ENDPOINTS_MAX];
    struct call *offered; /* a request in hand, waiting for its turn */
    void (*done)(struct engine *e, bool complete);
};

struct lookups {
    struct lookup *v;  /* owned */
    struct str *canon; /* owned, by look-up */
    size_t n, cap, cap_canon;
    struct table seen; /* digest of slot and canonical value -> number */
    struct arena text;
};

/* What the feed is read for. */
enum feed_pass {
    FEED_HEADER, /* is it there, and does its header fit? */
    FEED_KEYS,   /* who has to be looked up */
    FEED_ROWS,   /* the plan; for check: what is in it */
};

#define ACTIONS_MAX 256

struct engine {
    struct engine_config cfg;
    const struct vendor *vendor;
    enum phase phase;
    mono_us now, begun;
    unix_us wall, started;
    struct rng rng;
    struct hash_key hash;
    struct schema schema; /* ours: the tenant's wire names are filled in */

    struct conn *conn;
    struct tenant tenant;
    bool tenant_known;
    struct roster *roster;
    struct read_state roster_state;
    uint64_t listing_calls;          /* what a whole listing takes, from the one that was made */
    uint64_t listing[ENDPOINTS_MAX]; /* the same by endpoint */

    struct feed *feed;
    bool feed_open; /* the loop is reading it */
    enum feed_pass feed_pass;
    bool feed_ended;
    bool look_up;          /* the roster is not listed but looked up: the feed is read twice ... */
    struct lookups wanted; /* ... first for these */
    bool keys_unchanged;   /* what the first pass saw ... */
    char keys_sha256[SHA256_HEX];
    struct sha256 rows_sha; /* ... and the second does */
    struct mapping mapping;
    struct mapped_value *mapped;           /* owned; value maps of all columns */
    char **status_active, **status_leaver; /* borrowed from the job */

    struct plan_options plan_options;
    struct plan *plan;
    bool planned; /* plan_end() has judged it */
    char plan_sha256[SHA256_HEX];
    struct arena arena; /* changes of a stored plan */
    struct work work;

    struct pace pace, bulk;
    mono_us throttled_since; /* of an unbroken row of throttled answers; 0: the last one was not */
    struct call call[CALLS_MAX];
    unsigned in_flight;
    uint32_t last_call;
    struct endpoint_count endpoint[ENDPOINTS_MAX];
    uint64_t quota, quota_used; /* calls of a day: allowed (0: no such window), made before this run */
    uint64_t calls_made;
    struct call *fresh[CALLS_MAX]; /* writes of this event whose intents are not durable yet */
    unsigned n_fresh;
    mono_us wake_asked;
    bool wake_is_set;

    struct reading reading;
    uint32_t turns;  /* grows when a reading or phase begins or ends */
    bool login_open; /* a login is on its way: nothing else goes */
    mono_us login_not_before;
    unsigned logins, login_failures, logins_in_row; /* sent; failed in a row; good, and no good call since */
    unsigned logins_refused;                        /* calls refused for their session since the last one */

    struct action action[ACTIONS_MAX]; /* ring */
    unsigned action_head, action_n;

    bool stopping;           /* no new calls */
    bool finished;           /* ACT_DONE was given */
    uint32_t codes;          /* bit per exit code that applies */
    char condition[16][160]; /* what conditions applied, for the report */
    size_t n_conditions;
    struct engine_result result;
    struct run run;
    struct table tried; /* apply: step number -> attempts made by earlier parts of the run */
    mono_us settled_at; /* apply of an interrupted run: not before may the tenant be read */
    bool run_stored;
    struct apply *apply; /* applying.c; NULL before */
};

/* engine.c */
void engine_action(struct engine *e, const struct action *a);
void engine_note(struct engine *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* a condition; the run goes on */
/* The same with a count in front: "1 row rejected", "1,204 rows rejected". */
void engine_note_count(struct engine *e, int code, uint64_t n, const char *one, const char *many,
                       const char *what);
void engine_fail(struct engine *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* a condition; the run ends */
void engine_enter(struct engine *e, enum phase phase);
void engine_look_up(struct engine *e); /* the roster, by `wanted` */
/* The vendor's option of that name, or NULL: a few mean something to the engine too. */
const struct option_value *engine_option(const struct engine *e, const char *name);
void engine_finish(struct engine *e);
void engine_ledger_failed(struct engine *e);

/* calls.c */
struct call *call_new(struct engine *e, enum call_kind kind);
void call_free(struct engine *e, struct call *c);
struct call *call_find(struct engine *e, uint32_t no);
mono_us call_when(struct engine *e, uint8_t endpoint); /* pacing alone */
void call_send(struct engine *e, struct call *c, bool streamed);
void calls_pump(struct engine *e); /* sends what may go, and asks to be woken for the rest */
void call_answered(struct engine *e, struct call *c, const struct answer *a);
void engine_throttled(struct engine *e, uint8_t endpoint, int64_t wait_us);
int64_t engine_backoff(struct engine *e, unsigned failures); /* full jitter */
void engine_wake_at(struct engine *e, mono_us at);
void calls_start(struct engine *e);   /* opens the pace, remembering the last run's answers */
void quota_start(struct engine *e);   /* the day's calls, once the tenant is known */
bool quota_spent(struct engine *e);   /* true: the run has ended for it */
int calls_remember(struct engine *e); /* for the next run; 0 or the ledger's error */

/* login.c */
struct call *login_offer(struct engine *e, bool *wait);
void login_sent(struct engine *e, const struct call *c);
void login_answer(struct engine *e, struct call *c, const struct answer *a);
void login_refused(struct engine *e, const char *text);
void login_holds(struct engine *e);

/* reading.c */
void reading_begin(struct engine *e, const struct read_goal *goal,
                   void (*done)(struct engine *e, bool complete));
struct call *reading_offer(struct engine *e); /* the next request to send, or NULL; may end the reading */
void reading_sent(struct engine *e, uint8_t endpoint);
void reading_answer(struct engine *e, struct call *c, const struct answer *a);

/* lookups.c */
void lookups_add(const struct engine *e, struct lookups *l, int slot, struct str value); /* slot -1: an id */
void lookups_clear(struct lookups *l);
void lookups_of_person(const struct engine *e, struct lookups *l, const struct person *p);
bool lookups_of_plan(struct engine *e); /* apply: of the stored changes, into `wanted`; false: it failed */

/* planning.c */
void planning_options(struct engine *e); /* policy and slots from the job, before anything is read */

/* feeding.c */
bool feeding_setup(struct engine *e); /* mapping from the job; false: fails the run */
void feeding_begin(struct engine *e, enum feed_pass pass);
void feeding_bytes(struct engine *e, const char *p, size_t n);
void feeding_end(struct engine *e, bool unchanged, const char *error);

/* planning.c */
void planning_begin(struct engine *e); /* before the feed: the plan is opened */
void planning_end(struct engine *e);   /* after the feed: judged, stored, calls counted */
void judge_holds(struct engine *e, const uint64_t hold[HOLDS]);
void planning_count(struct engine *e);        /* work -> steps -> planned calls */
int planning_store_outcome(struct engine *e); /* at the end of a run, or of a part of it */

/* sticks.c */
void sticks_load(struct engine *e);       /* before the plan is opened: what earlier runs remember */
int sticks_forget_over(struct engine *e); /* once it stands; 0 or the ledger's error */

/* resume.c */
bool stored_find(struct engine *e); /* apply: the stored plan may be applied, as far as can be known without a
                                       call; false: it failed */
bool stored_load(struct engine *e); /* apply: stored changes against the tenant as it is now -> work */

/* applying.c */
void applying_begin(struct engine *e);
struct call *applying_offer(struct engine *e);
void applying_answer(struct engine *e, struct call *c, const struct answer *a);
void applying_free(struct engine *e);

/* prelude.c */
void prelude_answer(struct engine *e, struct call *c, const struct answer *a);

/* overview.c */
void overview_write(struct engine *e, struct buf *out); /* needs a plan */
void outcome_write(struct engine *e, struct buf *out);

#endif
