/* Whole runs of the engine in virtual time: a village (a small vendor with a connector of its own), a ledger
 * that can fail and that forgets what was not flushed when the process "crashes", and a driver that does the
 * engine's actions. Nothing here waits, and nothing is random.
 *
 *     struct bed b;
 *     bed_init(&b);
 *     bed_user(&b, "u1", "E1", "Ann", NULL, true);
 *     bed_row(&b, "E1", "Anne", NULL, "Active");
 *     bed_run(&b, VERB_SYNC);
 *     assert_village(&b, "E1 u1 active Anne\n");
 *     bed_deinit(&b); */
#ifndef ENGINE_BED_H
#define ENGINE_BED_H

#include "rollcall/engine.h"
#include "unit.h"

/* The village ----------------------------------------------------------------------------------------- */

enum village_call {
    V_SELF,
    V_LIST,
    V_FIND,
    V_CREATE,
    V_UPDATE,
    V_MANAGERS,
    V_STATE,
    V_BULK,    /* any writes, in lines that may refer to earlier ones */
    V_GET,     /* a user whole, before he is replaced */
    V_REPLACE, /* ... if he still has the version that was read */
    V_LOGIN,
    V_CALLS
};
enum village_slot { V_NUMBER, V_NAME, V_PHONE, V_SLOTS }; /* a create cannot carry the phone */

#define VILLAGERS_MAX 100
#define VILLAGE_BATCH 8 /* moves in one V_MANAGERS */
#define VILLAGE_BULK 8  /* lines in one V_BULK */
#define VILLAGE_PAGE 5  /* users on a page of V_LIST */
#define VILLAGE_FIND 4  /* look-ups in one V_FIND */

/* The vendor's options. */
enum village_option { V_EARLY, V_ROSTER, V_WRITES, V_SESSION, V_LIMIT, V_FOUND, V_OPTIONS };
enum village_writes { VILLAGE_PLAIN, VILLAGE_IN_BULK, VILLAGE_REPLACES };

struct villager {
    char id[16], text[V_SLOTS][32], manager[16];
    char nick[16]; /* not ours: replacing him without it loses it */
    unsigned version;
    bool active;
};

/* What goes wrong with calls. */
enum wrong {
    WRONG_NOT,
    WRONG_LOST_DONE,   /* done, the answer is lost */
    WRONG_LOST_UNDONE, /* lost before it was done */
    WRONG_LOST_LATE,   /* the answer is lost at once, done 20 s later */
    WRONG_NOT_SENT,
    WRONG_THROTTLED, /* with `wait_us` */
    WRONG_BUSY,      /* 503, not done */
    WRONG_REFUSED,
    WRONG_LOGIN,
    WRONG_CUT,      /* a reading's answer that ends early */
    WRONG_LOST_HALF /* half of a V_BULK is done, the answer is lost */
};

#define FROM(n) (1000 + (n))
struct fault {
    enum village_call call;
    unsigned nth; /* counted from 1 by `call`; 0: each of them; FROM(n): from the n-th on */
    enum wrong wrong;
    int64_t wait_us;
};

struct village {
    struct villager user[VILLAGERS_MAX];
    size_t n;
    unsigned made[V_CALLS];
    struct fault fault[8];
    size_t n_faults;
    const char *refused;  /* whatever touches the user with this id is refused, a batch whole */
    int64_t lag_us;       /* from the answer of V_MANAGERS until it is done */
    const char *hides;    /* the user with this number is not shown, yet */
    bool finds_nobody;    /* V_FIND, whoever is asked for */
    bool forgets_phone;   /* says that it was done, and does nothing */
    unsigned creates;     /* done */
    unsigned stops_after; /* V_BULK: lines done in one call before it stops, the rest missing in the answer */
    unsigned busy_line;   /* V_BULK: the line of this number, from 1, counted over all calls, says ... */
    int busy_status;      /* ... 503 when 0 */
    const char *gone;     /* V_GET finds nobody with this id */
    unsigned lines;       /* of V_BULK, so far */
    /* Somebody at work at the same time: changes the user's text after each V_GET, so often. */
    int meddles_slot; /* -1: the nick */
    const char *meddles;
    unsigned meddles_left;
    unsigned token;       /* the good one */
    unsigned token_calls; /* how many calls it is good for; 0: any */
    unsigned token_used;
    bool token_never; /* the login works, and no call does */
    char order[2000]; /* every write as it is done: "create E10; state u4 off; managers u2>u3 u5>u1; " */
};

extern const struct connector village_connector;
extern const struct connector town_connector; /* the same; who is whose manager is not checked */

struct str village_cut(struct str *s, char mark); /* the next piece of `s` up to `mark`, which is skipped */

/* What becomes of a call that goes off now, and the answer to it. */
enum wrong village_fate(struct village *v, enum village_call call, int64_t *wait_us);
int village_do(struct village *v, enum village_call call, struct str token, struct str body,
               struct buf *answer);
void village_half(struct village *v, struct str body);  /* WRONG_LOST_HALF */
void village_moves(struct village *v, struct str body); /* of an accepted V_MANAGERS, when they happen */

/* The ledger ------------------------------------------------------------------------------------------ */

struct journal;
struct journal *journal_new(void);
void journal_free(struct journal *j);
struct ledger *journal_ledger(struct journal *j);
void journal_crash(struct journal *j);                  /* what was not flushed is gone; works again */
void journal_fail_at(struct journal *j, uint64_t call); /* from that call on everything fails; 0: never */
bool journal_failed(const struct journal *j);
bool journal_newest(const struct journal *j, struct run *out); /* also of one that fails */
bool journal_intended(const struct journal *j, uint32_t call); /* durable, since the last crash */

/* Runs ------------------------------------------------------------------------------------------------ */

struct flight {
    uint32_t call; /* 0: free */
    bool in_run;   /* somebody waits for the answer */
    bool effect;   /* still to arrive at the village */
    bool delayed;  /* WRONG_LOST_LATE, on its slow way */
    bool moves;    /* moves of V_MANAGERS to happen, no answer */
    bool streamed;
    enum village_call to;
    enum wrong wrong;
    int64_t wait_us;
    mono_us due;
    char *token, *body, *answer; /* owned */
    int status;
};

struct bed {
    struct village village;
    struct schema schema;
    struct job job;
    struct journal *journal;
    struct engine_config config;
    struct engine *engine;
    struct errs errs;
    struct log log;
    struct buf feed, feed_again; /* feed_again: what the second reading of the rows finds; empty: the same */
    unsigned feed_reads, feed_changes_at; /* the reading during which the file changes; 0: never */
    mono_us now;
    struct flight flight[128];
    mono_us wake;
    bool feed_wanted, feed_stopped, done;
    uint64_t moments;           /* before and after each action */
    uint64_t crash_at, stop_at; /* moment; 0: never */
    unsigned crash_create; /* the process ends when the create of this number, from 1, has left; 0: never */
    enum phase stop_in;    /* the first wait in this phase; PHASE_START: never */
    bool crashed, stopped;
    enum lease_result lease;
    struct engine_result result;
    unsigned runs;
    size_t most_flying;
    struct endpoint_sum {
        uint64_t planned, made, retried, failed, throttled;
    } sum[V_CALLS]; /* of the last run */
};

void bed_init(struct bed *b);
void bed_deinit(struct bed *b);
void bed_user(struct bed *b, const char *id, const char *number, const char *name, const char *manager,
              bool active);
void bed_row(struct bed *b, const char *number, const char *name, const char *manager, const char *status);
void bed_row_phone(struct bed *b, const char *number, const char *name, const char *manager,
                   const char *phone);
void bed_fault(struct bed *b, enum village_call call, unsigned nth, enum wrong wrong, int64_t wait_us);
/* One run until it is done or has crashed. VERB_APPLY: of the newest run. Returns the exit code, -1: crashed.
 */
int bed_run(struct bed *b, enum verb verb);
/* Once more until it is done: the newest run where there is one that can be resumed, else a new one. */
int bed_resume(struct bed *b);
/* Time passes until everything that was sent has arrived. */
void bed_quiet(struct bed *b);
/* How many changes of the newest run have this outcome. */
unsigned bed_outcomes(struct bed *b, enum outcome outcome);
/* How many of its changes say this in their result. */
unsigned bed_said(struct bed *b, const char *text);
/* A text of the newest run, whole; owned by the caller. */
char *bed_text(struct bed *b, const char *name);

void bed_rename(struct bed *b, size_t user, const char *name); /* by hand, at the village */
void assert_village(struct bed *b, const char *want);
#define assert_code(b, want)                                                                                 \
    ck_assert_msg((b)->result.exit_code == (want), "exit %d, not %d: %s", (b)->result.exit_code, (want),     \
                  (b)->result.message)

#endif
