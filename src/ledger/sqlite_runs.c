#include <errno.h>

#include "sqlite_internal.h"

/* The text fields of a run and their places in the statements' column list (see RUN_COLUMNS). */
static const struct {
    int column;
    size_t offset, size;
} run_fields[] = {
#define FIELD(column, name)                                                                                  \
    {                                                                                                        \
        column, offsetof(struct run, name), sizeof(((struct run *)0)->name)                                  \
    }
    FIELD(0, id),           FIELD(1, job_name),     FIELD(2, job_path),    FIELD(3, connector),
    FIELD(4, tenant),       FIELD(5, tenant_label), FIELD(9, plan_sha256), FIELD(10, policy_sha256),
    FIELD(11, feed_sha256), FIELD(15, summary),
#undef FIELD
};

int runs_put(struct ledger *l, const struct run *r)
{
    struct ledger_db *d = db_of(l);
    int error = db_begin(d);
    sqlite3_stmt *s = error ? NULL : db_statement(d, RUN_PUT, &error);
    if (!s)
        return error;
    for (size_t i = 0; i < array_len(run_fields); i++) {
        const char *text = (const char *)r + run_fields[i].offset;
        bind_str(s, run_fields[i].column + 1, (struct str){ text, strnlen(text, run_fields[i].size - 1) });
    }
    sqlite3_bind_int(s, 7, (int)r->state);
    sqlite3_bind_int64(s, 8, r->started);
    sqlite3_bind_int64(s, 9, r->changed);
    sqlite3_bind_int64(s, 13, (sqlite3_int64)r->changes);
    sqlite3_bind_int64(s, 14, (sqlite3_int64)r->held);
    sqlite3_bind_int(s, 15, r->exit_code);
    return db_run(d, s);
}

static sqlite3_int64 read_run(sqlite3_stmt *s, struct run *out)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < array_len(run_fields); i++) {
        struct str text = column_str(s, run_fields[i].column);
        size_t n = text.n < run_fields[i].size ? text.n : run_fields[i].size - 1;
        if (n > 0)
            memcpy((char *)out + run_fields[i].offset, text.p, n);
    }
    int state = sqlite3_column_int(s, 6);
    out->state = state >= 0 && state < RUN_STATES ? (enum run_state)state : RUN_FAILED;
    out->started = sqlite3_column_int64(s, 7);
    out->changed = sqlite3_column_int64(s, 8);
    out->changes = (uint64_t)sqlite3_column_int64(s, 12);
    out->held = (uint64_t)sqlite3_column_int64(s, 13);
    out->exit_code = sqlite3_column_int(s, 14);
    out->pruned = sqlite3_column_int(s, 16) != 0;
    return sqlite3_column_int64(s, 17);
}

int runs_get(struct ledger *l, const char *id, struct run *out)
{
    struct ledger_db *d = db_of(l);
    int error;
    sqlite3_stmt *s = db_statement(d, id[0] ? RUN_GET : RUN_NEWEST, &error);
    if (!s)
        return error;
    if (id[0])
        bind_str(s, 1, str_of(id));
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        read_run(s, out);
    error = db_end(d, s, code);
    if (error == 0 && code != SQLITE_ROW)
        return db_say(d, -ENOENT, "it holds no such run");
    return error;
}

/* One at a time: no statement is open while the callback runs. */
int runs_list(struct ledger *l, void (*each)(void *ctx, const struct run *r), void *ctx)
{
    struct ledger_db *d = db_of(l);
    struct run r;
    sqlite3_int64 started = INT64_MAX, no = INT64_MAX;
    for (;;) {
        int error;
        sqlite3_stmt *s = db_statement(d, RUN_LIST, &error);
        if (!s)
            return error;
        sqlite3_bind_int64(s, 1, started);
        sqlite3_bind_int64(s, 2, no);
        int code = sqlite3_step(s);
        if (code == SQLITE_ROW)
            no = read_run(s, &r);
        error = db_end(d, s, code);
        if (error || code != SQLITE_ROW)
            return error;
        started = r.started;
        each(ctx, &r);
    }
}

int runs_prune(struct ledger *l, unix_us before, uint64_t *n)
{
    static const enum statement order[] = { PRUNE_CHANGES, PRUNE_STEPS, PRUNE_TEXTS, PRUNE_RUNS };
    struct ledger_db *d = db_of(l);
    *n = 0;
    int error = db_begin(d);
    for (size_t i = 0; error == 0 && i < array_len(order); i++) {
        sqlite3_stmt *s = db_statement(d, order[i], &error);
        if (!s)
            return error;
        sqlite3_bind_int64(s, 1, before);
        sqlite3_bind_int(s, 2, RUN_APPLYING);
        error = db_run(d, s);
    }
    if (error)
        return error;
    *n = (uint64_t)sqlite3_changes64(d->db); /* of the last statement: the runs */
    d->pruned = d->pruned || *n > 0;
    return 0;
}

int runs_text_put(struct ledger *l, const char *run, const char *name, struct str text)
{
    struct ledger_db *d = db_of(l);
    sqlite3_int64 no;
    int error = db_begin(d);
    if (error == 0)
        error = db_run_no(d, run, &no);
    sqlite3_stmt *s = error ? NULL : db_statement(d, RUN_TEXT_PUT, &error);
    if (!s)
        return error;
    sqlite3_bind_int64(s, 1, no);
    bind_str(s, 2, str_of(name));
    bind_str(s, 3, text);
    return db_run(d, s);
}

int runs_text_get(struct ledger *l, const char *run, const char *name, struct buf *out)
{
    struct ledger_db *d = db_of(l);
    sqlite3_int64 no;
    int error = db_run_no(d, run, &no);
    sqlite3_stmt *s = error ? NULL : db_statement(d, RUN_TEXT_GET, &error);
    if (!s)
        return error;
    sqlite3_bind_int64(s, 1, no);
    bind_str(s, 2, str_of(name));
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        buf_str(out, column_str(s, 0));
    error = db_end(d, s, code);
    if (error)
        return error;
    if (code != SQLITE_ROW)
        return db_say(d, -ENOENT, "the run has no such text");
    return out->full ? db_say(d, -EFBIG, "the run's text is larger than expected") : 0;
}
