/*
 * What the emulator saw: every request, every rule that a client broke, and counts.
 *
 * Requests are kept in a ring (the newest REQLOG_KEPT), rule violations up to VIOLATIONS_KEPT; the counts
 * stay exact whatever falls out of them. A request is entered when it arrives and completed when it is
 * answered.
 */
#ifndef SANDBOX_REQLOG_H
#define SANDBOX_REQLOG_H

#include "text_util.h"

#define REQLOG_KEPT 200000
#define VIOLATIONS_KEPT 10000
#define REQLOG_PATH_MAX 400
/* Users kept per request. */
#define REQLOG_USERS_MAX 4096

/* Status of a request that never got one. */
#define REQLOG_NO_ANSWER 0

struct log_entry {
    uint64_t seq; /* from 1 */
    uint64_t arrived_us;
    char *method, *path;  /* owned; the path without secrets */
    const char *endpoint; /* static, "" when there is none */
    const char *fault;    /* static, NULL: none */
    int status;
    bool answered, applied;
    uint32_t *users; /* owned: numbers of the users touched */
    uint32_t nusers;
};

struct violation {
    uint64_t seq;
    const char *rule; /* static */
    char *detail;     /* owned */
};

struct reqlog {
    struct log_entry *ring; /* owned, grows up to REQLOG_KEPT */
    size_t size;
    uint64_t seq;
    struct violation *violations; /* owned */
    size_t nviolations, violations_size;
    uint64_t violations_total;
};

/* Enters a request. The answer is its number. Texts are copied, endpoint is borrowed for good. */
uint64_t reqlog_add(struct reqlog *log, uint64_t arrived_us, const char *method, const char *path,
                    const char *endpoint);

/* The entry, or NULL when it has fallen out of the ring. */
struct log_entry *reqlog_entry(struct reqlog *log, uint64_t seq);

/* Adds a user to an entry's list. */
void reqlog_touch(struct log_entry *entry, uint32_t user);

void reqlog_violation(struct reqlog *log, uint64_t seq, const char *rule, const char *detail);

/* Requests with a number above `after`; user_name gives a user's id by its number. */
void reqlog_report(const struct reqlog *log, uint64_t after,
                   const char *(*user_name)(void *context, uint32_t user), void *context, struct jw *j);
void reqlog_report_violations(const struct reqlog *log, struct jw *j);

/* Forgets requests and violations; numbers go on. */
void reqlog_reset(struct reqlog *log);
void reqlog_free(struct reqlog *log);

#endif
