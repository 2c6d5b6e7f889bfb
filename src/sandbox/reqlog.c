#include "reqlog.h"

#include <stdlib.h>
#include <string.h>

static void entry_clear(struct log_entry *e)
{
    free(e->method);
    free(e->path);
    free(e->users);
    *e = (struct log_entry){ 0 };
}

/* The ring is not wrapped before it has reached its full size, so growing keeps every entry in its place. */
static void make_room(struct reqlog *log)
{
    size_t size = log->size ? log->size * 4 : 1024;

    if (log->seq < log->size || log->size == REQLOG_KEPT)
        return;
    if (size > REQLOG_KEPT)
        size = REQLOG_KEPT;
    log->ring = xrealloc(log->ring, size, sizeof(*log->ring));
    memset(log->ring + log->size, 0, (size - log->size) * sizeof(*log->ring));
    log->size = size;
}

uint64_t reqlog_add(struct reqlog *log, uint64_t arrived_us, const char *method, const char *path,
                    const char *endpoint)
{
    struct log_entry *e;

    make_room(log);
    e = &log->ring[log->seq % log->size];
    entry_clear(e);
    e->seq = ++log->seq;
    e->arrived_us = arrived_us;
    e->method = xmemdup(method, strlen(method));
    e->path = xmemdup(path, strnlen(path, REQLOG_PATH_MAX));
    e->endpoint = endpoint;
    return e->seq;
}

struct log_entry *reqlog_entry(struct reqlog *log, uint64_t seq)
{
    struct log_entry *e = seq && log->size ? &log->ring[(seq - 1) % log->size] : NULL;

    return e && e->seq == seq ? e : NULL;
}

void reqlog_touch(struct log_entry *entry, uint32_t user)
{
    if (entry->nusers == REQLOG_USERS_MAX)
        return;
    /* Grown at powers of two: most requests touch one user, a bulk call hundreds. */
    if ((entry->nusers & (entry->nusers - 1)) == 0)
        entry->users =
            xrealloc(entry->users, entry->nusers ? (size_t)entry->nusers * 2 : 1, sizeof(*entry->users));
    entry->users[entry->nusers++] = user;
}

void reqlog_violation(struct reqlog *log, uint64_t seq, const char *rule, const char *detail)
{
    log->violations_total++;
    if (log->nviolations == VIOLATIONS_KEPT)
        return;
    if (log->nviolations == log->violations_size) {
        log->violations_size = log->violations_size ? log->violations_size * 2 : 64;
        log->violations = xrealloc(log->violations, log->violations_size, sizeof(*log->violations));
    }
    log->violations[log->nviolations++] = (struct violation){
        .seq = seq, .rule = rule, .detail = xmemdup(detail, strnlen(detail, REQLOG_PATH_MAX))
    };
}

static void report_entry(const struct log_entry *e, const char *(*user_name)(void *, uint32_t), void *context,
                         struct jw *j)
{
    jw_object(j);
    jw_kint(j, "seq", (int64_t)e->seq);
    jw_kint(j, "arrived_us", (int64_t)e->arrived_us);
    jw_kz(j, "method", e->method);
    jw_kz(j, "path", e->path);
    jw_kz(j, "endpoint", e->endpoint);
    jw_key(j, "status");
    if (e->answered && e->status != REQLOG_NO_ANSWER)
        jw_int(j, e->status);
    else
        jw_null(j);
    jw_kbool(j, "answered", e->answered);
    jw_kbool(j, "applied", e->applied);
    jw_kz(j, "fault", e->fault);
    jw_key(j, "users");
    jw_array(j);
    for (uint32_t i = 0; i < e->nusers; i++)
        jw_z(j, user_name(context, e->users[i]));
    jw_end_array(j);
    jw_end_object(j);
}

void reqlog_report(const struct reqlog *log, uint64_t after, const char *(*user_name)(void *, uint32_t),
                   void *context, struct jw *j)
{
    uint64_t first = log->seq > log->size ? log->seq - log->size : 0;

    jw_array(j);
    for (uint64_t seq = (after > first ? after : first) + 1; seq <= log->seq; seq++) {
        const struct log_entry *e = &log->ring[(seq - 1) % log->size];

        if (e->seq == seq)
            report_entry(e, user_name, context, j);
    }
    jw_end_array(j);
}

void reqlog_report_violations(const struct reqlog *log, struct jw *j)
{
    jw_array(j);
    for (size_t i = 0; i < log->nviolations; i++) {
        jw_object(j);
        jw_kint(j, "seq", (int64_t)log->violations[i].seq);
        jw_kz(j, "rule", log->violations[i].rule);
        jw_kz(j, "detail", log->violations[i].detail);
        jw_end_object(j);
    }
    jw_end_array(j);
}

void reqlog_reset(struct reqlog *log)
{
    for (size_t i = 0; i < log->size; i++)
        entry_clear(&log->ring[i]);
    for (size_t i = 0; i < log->nviolations; i++)
        free(log->violations[i].detail);
    log->nviolations = 0;
    log->violations_total = 0;
}

void reqlog_free(struct reqlog *log)
{
    reqlog_reset(log);
    free(log->ring);
    free(log->violations);
    *log = (struct reqlog){ 0 };
}
