#include "reqlog.h"

#include <stdlib.h>
#include <string.h>

/* Clients may send any bytes; the reports stay good JSON. */
static char *plain_copy(const char *text, size_t max)
{
    char *copy = mem_copy(text, strnlen(text, max));

    for (char *p = copy; *p; p++) {
        if ((unsigned char)*p >= 0x7f)
            *p = '?';
    }
    return copy;
}

static void entry_clear(struct log_entry *e)
{
    free(e->method);
    free(e->path);
    free(e->users);
    *e = (struct log_entry){0};
}

/* The ring is not wrapped before it has reached its full size, so growing keeps every entry in its place. */
static void make_room(struct reqlog *log)
{
    size_t size = log->size ? log->size * 4 : 1024;

    if (log->seq < log->size || log->size == REQLOG_KEPT)
        return;
    if (size > REQLOG_KEPT)
        size = REQLOG_KEPT;
    log->ring = mem_grow(log->ring, size, sizeof(*log->ring));
    memset(log->ring + log->size, 0, (size - log->size) * sizeof(*log->ring));
    log->size = size;
}

uint64_t reqlog_add(struct reqlog *log, uint64_t arrived_us, const char *method, const char *path, const char *endpoint)
{
    struct log_entry *e;

    make_room(log);
    e = &log->ring[log->seq % log->size];
    entry_clear(e);
    e->seq = ++log->seq;
    e->arrived_us = arrived_us;
    e->method = mem_copy(method, strlen(method));
    e->path = plain_copy(path, REQLOG_PATH_MAX);
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
        entry->users = mem_grow(entry->users, entry->nusers ? (size_t)entry->nusers * 2 : 1, sizeof(*entry->users));
    entry->users[entry->nusers++] = user;
}

void reqlog_violation(struct reqlog *log, uint64_t seq, const char *rule, const char *detail)
{
    log->violations_total++;
    if (log->nviolations == VIOLATIONS_KEPT)
        return;
    if (log->nviolations == log->violations_size) {
        log->violations_size = log->violations_size ? log->violations_size * 2 : 64;
        log->violations = mem_grow(log->violations, log->violations_size, sizeof(*log->violations));
    }
    log->violations[log->nviolations++] =
        (struct violation){.seq = seq, .rule = rule, .detail = plain_copy(detail, REQLOG_PATH_MAX)};
}

static void report_entry(const struct log_entry *e, const char *(*user_name)(void *, uint32_t), void *context,
                         struct jsonout *j)
{
    jo_object(j);
    jo_pair_int(j, "seq", (int64_t)e->seq);
    jo_pair_int(j, "arrived_us", (int64_t)e->arrived_us);
    jo_pair(j, "method", e->method);
    jo_pair(j, "path", e->path);
    jo_pair(j, "endpoint", e->endpoint);
    jo_key(j, "status");
    if (e->answered && e->status != REQLOG_NO_ANSWER)
        jo_int(j, e->status);
    else
        jo_null(j);
    jo_pair_bool(j, "answered", e->answered);
    jo_pair_bool(j, "applied", e->applied);
    jo_pair(j, "fault", e->fault);
    jo_key(j, "users");
    jo_array(j);
    for (uint32_t i = 0; i < e->nusers; i++)
        jo_text(j, user_name(context, e->users[i]));
    jo_array_end(j);
    jo_object_end(j);
}

void reqlog_report(const struct reqlog *log, uint64_t after, const char *(*user_name)(void *, uint32_t),
                   void *context, struct jsonout *j)
{
    uint64_t first = log->seq > log->size ? log->seq - log->size : 0;

    jo_array(j);
    for (uint64_t seq = (after > first ? after : first) + 1; seq <= log->seq; seq++) {
        const struct log_entry *e = &log->ring[(seq - 1) % log->size];

        if (e->seq == seq)
            report_entry(e, user_name, context, j);
    }
    jo_array_end(j);
}

void reqlog_report_violations(const struct reqlog *log, struct jsonout *j)
{
    jo_array(j);
    for (size_t i = 0; i < log->nviolations; i++) {
        jo_object(j);
        jo_pair_int(j, "seq", (int64_t)log->violations[i].seq);
        jo_pair(j, "rule", log->violations[i].rule);
        jo_pair(j, "detail", log->violations[i].detail);
        jo_object_end(j);
    }
    jo_array_end(j);
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
    *log = (struct reqlog){0};
}
