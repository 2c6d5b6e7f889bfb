#include <errno.h>

#include "sqlite_internal.h"

/* A statement that writes a record of a run: its transaction open, the run's number bound first. */
static sqlite3_stmt *writer(struct ledger_db *d, enum statement which, const char *run, int *error)
{
    sqlite3_int64 no;
    *error = db_begin(d);
    if (*error == 0)
        *error = db_run_no(d, run, &no);
    sqlite3_stmt *s = *error ? NULL : db_statement(d, which, error);
    if (s)
        sqlite3_bind_int64(s, 1, no);
    return s;
}

/* Changes -------------------------------------------------------------------------------------------------------------------- */

int records_change_put(struct ledger *l, const char *run, const struct run_change *c)
{
    struct ledger_db *d = db_of(l);
    int error;
    sqlite3_stmt *s = writer(d, CHANGE_PUT, run, &error);
    if (!s)
        return error;
    sqlite3_bind_int64(s, 2, c->seq);
    sqlite3_bind_int(s, 3, (int)c->kind);
    bind_str(s, 4, c->subject);
    bind_str(s, 5, c->json);
    sqlite3_bind_int(s, 6, (int)c->hold);
    sqlite3_bind_int(s, 7, (int)c->outcome);
    bind_str(s, 8, c->result);
    return db_run(d, s);
}

int records_change_outcome(struct ledger *l, const char *run, uint32_t seq, enum outcome outcome,
                           struct str result)
{
    struct ledger_db *d = db_of(l);
    int error;
    sqlite3_stmt *s = writer(d, CHANGE_OUTCOME, run, &error);
    if (!s)
        return error;
    sqlite3_bind_int64(s, 2, seq);
    sqlite3_bind_int(s, 3, (int)outcome);
    bind_str(s, 4, result);
    error = db_run(d, s);
    if (error == 0 && sqlite3_changes(d->db) == 0)
        return db_say(d, -ENOENT, "the run has no such change");
    return error;
}

/* A number that callers use as an index in a table of names. */
static bool column_is_below(sqlite3_stmt *s, int at, int limit)
{
    sqlite3_int64 n = sqlite3_column_int64(s, at);
    return n >= 0 && n < limit;
}

static bool read_change(sqlite3_stmt *s, struct arena *a, struct run_change *out)
{
    if (!column_is_below(s, 1, CHANGE_KINDS) || !column_is_below(s, 4, HOLDS) ||
        !column_is_below(s, 5, OUTCOMES))
        return false;
    *out = (struct run_change){
        .seq = (uint32_t)sqlite3_column_int64(s, 0),
        .kind = (enum change_kind)sqlite3_column_int(s, 1),
        .subject = column_copy(s, 2, a),
        .json = column_copy(s, 3, a),
        .hold = (enum hold)sqlite3_column_int(s, 4),
        .outcome = (enum outcome)sqlite3_column_int(s, 5),
        .result = column_copy(s, 6, a),
    };
    return true;
}

/* Up to LEDGER_CHUNK changes with numbers from..to. */
static int change_chunk(struct ledger_db *d, sqlite3_int64 no, const uint32_t range[2], struct arena *a,
                        struct run_change *out, size_t *n)
{
    int error, code;
    *n = 0;
    sqlite3_stmt *s = db_statement(d, CHANGE_LIST, &error);
    if (!s)
        return error;
    sqlite3_bind_int64(s, 1, no);
    sqlite3_bind_int64(s, 2, range[0]);
    sqlite3_bind_int64(s, 3, range[1]);
    sqlite3_bind_int(s, 4, LEDGER_CHUNK);
    while ((code = sqlite3_step(s)) == SQLITE_ROW && *n < LEDGER_CHUNK)
        if (!read_change(s, a, &out[(*n)++]))
            return db_end(d, s, SQLITE_CORRUPT);
    return db_end(d, s, code);
}

static int changes_between(struct ledger_db *d, const char *run, uint32_t from, uint32_t to, uint64_t *told,
                           bool (*each)(void *ctx, const struct run_change *c), void *ctx)
{
    struct run_change chunk[LEDGER_CHUNK];
    struct arena a = ARENA_INIT;
    sqlite3_int64 no;
    size_t n = LEDGER_CHUNK;
    int error = db_run_no(d, run, &no);
    for (bool more = true; more && error == 0 && n == LEDGER_CHUNK;) {
        arena_clear(&a);
        error = change_chunk(d, no, (const uint32_t[]){ from, to }, &a, chunk, &n);
        for (size_t i = 0; more && error == 0 && i < n; i++, ++*told)
            more = each(ctx, &chunk[i]);
        if (n > 0) {
            more = more && chunk[n - 1].seq < to;
            from = chunk[n - 1].seq + (more ? 1 : 0);
        }
    }
    arena_deinit(&a);
    return error;
}

int records_change_each(struct ledger *l, const char *run,
                        bool (*each)(void *ctx, const struct run_change *c), void *ctx)
{
    uint64_t told = 0;
    return changes_between(db_of(l), run, 0, UINT32_MAX, &told, each, ctx);
}

int records_change_get(struct ledger *l, const char *run, uint32_t seq,
                       bool (*each)(void *ctx, const struct run_change *c), void *ctx)
{
    uint64_t told = 0;
    int error = changes_between(db_of(l), run, seq, seq, &told, each, ctx);
    return error == 0 && told == 0 ? db_say(db_of(l), -ENOENT, "the run has no such change") : error;
}

/* Steps ---------------------------------------------------------------------------------------------------------------------- */

int records_step_put(struct ledger *l, const char *run, const struct step_record *r)
{
    struct ledger_db *d = db_of(l);
    int error;
    sqlite3_stmt *s = writer(d, STEP_PUT, run, &error);
    if (!s)
        return error;
    sqlite3_bind_int64(s, 2, r->step);
    sqlite3_bind_int64(s, 3, r->attempt);
    sqlite3_bind_int64(s, 4, r->call);
    sqlite3_bind_int(s, 5, (int)r->state);
    sqlite3_bind_int64(s, 6, r->change);
    sqlite3_bind_int(s, 7, r->status);
    sqlite3_bind_int64(s, 8, r->at);
    bind_str(s, 9, r->endpoint);
    bind_str(s, 10, r->text);
    return db_run(d, s);
}

static bool read_step(sqlite3_stmt *s, struct arena *a, struct step_record *out)
{
    if (!column_is_below(s, 3, STEP_UNKNOWN + 1))
        return false;
    *out = (struct step_record){
        .step = (uint32_t)sqlite3_column_int64(s, 0),
        .attempt = (uint32_t)sqlite3_column_int64(s, 1),
        .call = (uint32_t)sqlite3_column_int64(s, 2),
        .state = (enum step_state)sqlite3_column_int(s, 3),
        .change = (uint32_t)sqlite3_column_int64(s, 4),
        .status = sqlite3_column_int(s, 5),
        .at = sqlite3_column_int64(s, 6),
        .endpoint = column_copy(s, 7, a),
        .text = column_copy(s, 8, a),
    };
    return true;
}

static int step_chunk(struct ledger_db *d, sqlite3_int64 no, sqlite3_int64 from, uint32_t to, struct arena *a,
                      struct step_record *out, size_t *n)
{
    int error, code;
    *n = 0;
    sqlite3_stmt *s = db_statement(d, STEP_LIST, &error);
    if (!s)
        return error;
    sqlite3_bind_int64(s, 1, no);
    sqlite3_bind_int64(s, 2, from);
    sqlite3_bind_int(s, 3, LEDGER_CHUNK);
    sqlite3_bind_int64(s, 4, to);
    while ((code = sqlite3_step(s)) == SQLITE_ROW && *n < LEDGER_CHUNK)
        if (!read_step(s, a, &out[(*n)++]))
            return db_end(d, s, SQLITE_CORRUPT);
    return db_end(d, s, code);
}

int records_step_each(struct ledger *l, const char *run, uint32_t from_step, uint32_t to_step,
                      bool (*each)(void *ctx, const struct step_record *r), void *ctx)
{
    struct ledger_db *d = db_of(l);
    struct step_record chunk[LEDGER_CHUNK];
    struct arena a = ARENA_INIT;
    sqlite3_int64 no, from = from_step;
    size_t n = LEDGER_CHUNK;
    int error = db_run_no(d, run, &no);
    for (bool more = true; more && error == 0 && n == LEDGER_CHUNK;) {
        arena_clear(&a);
        error = step_chunk(d, no, from, to_step, &a, chunk, &n);
        for (size_t i = 0; more && error == 0 && i < n; i++)
            more = each(ctx, &chunk[i]);
        if (n > 0)
            from = (sqlite3_int64)chunk[n - 1].step + 1;
    }
    arena_deinit(&a);
    return error;
}

/* What is remembered per tenant ---------------------------------------------------------------------------------------------- */

int records_memory_put(struct ledger *l, const char *tenant, const char *name, struct str subject,
                       struct str text)
{
    struct ledger_db *d = db_of(l);
    int error = db_begin(d);
    sqlite3_stmt *s = error ? NULL : db_statement(d, text.n > 0 ? MEMORY_PUT : MEMORY_FORGET, &error);
    if (!s)
        return error;
    bind_str(s, 1, str_of(tenant));
    bind_str(s, 2, str_of(name));
    bind_str(s, 3, subject);
    if (text.n > 0)
        bind_str(s, 4, text);
    return db_run(d, s);
}

int records_memory_get(struct ledger *l, const char *tenant, const char *name, struct str subject,
                       struct buf *out)
{
    struct ledger_db *d = db_of(l);
    int error;
    sqlite3_stmt *s = db_statement(d, MEMORY_GET, &error);
    if (!s)
        return error;
    bind_str(s, 1, str_of(tenant));
    bind_str(s, 2, str_of(name));
    bind_str(s, 3, subject);
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        buf_str(out, column_str(s, 0));
    error = db_end(d, s, code);
    if (error)
        return error;
    if (code != SQLITE_ROW)
        return db_say(d, -ENOENT, "nothing is remembered of that");
    return out->full ? db_say(d, -EFBIG, "what is remembered is larger than expected") : 0;
}

struct remembered {
    struct str subject, text;
};

/* Goes on behind the last one read, if any. */
static int memory_chunk(struct ledger_db *d, const char *const key[2], const struct str *last,
                        struct arena *a, struct remembered *out, size_t *n)
{
    int error, code;
    *n = 0;
    sqlite3_stmt *s = db_statement(d, MEMORY_LIST, &error);
    if (!s)
        return error;
    bind_str(s, 1, str_of(key[0]));
    bind_str(s, 2, str_of(key[1]));
    bind_str(s, 3, last ? *last : (struct str){ NULL, 0 });
    sqlite3_bind_int(s, 4, LEDGER_CHUNK + (last ? 1 : 0));
    while ((code = sqlite3_step(s)) == SQLITE_ROW && *n < LEDGER_CHUNK) {
        if (last && str_eq(column_str(s, 0), *last))
            continue;
        out[*n] = (struct remembered){ column_copy(s, 0, a), column_copy(s, 1, a) };
        ++*n;
    }
    return db_end(d, s, code);
}

int records_memory_each(struct ledger *l, const char *tenant, const char *name,
                        bool (*each)(void *ctx, struct str subject, struct str text), void *ctx)
{
    struct ledger_db *d = db_of(l);
    struct remembered chunk[LEDGER_CHUNK];
    struct arena a[2] = { ARENA_INIT,
                          ARENA_INIT }; /* two, for the last key of a chunk is needed to read the next */
    struct str last, *after = NULL;
    size_t n = LEDGER_CHUNK;
    unsigned turn = 0;
    int error = 0;
    for (bool more = true; more && error == 0 && n == LEDGER_CHUNK; turn ^= 1) {
        arena_clear(&a[turn]);
        error = memory_chunk(d, (const char *const[]){ tenant, name }, after, &a[turn], chunk, &n);
        for (size_t i = 0; more && error == 0 && i < n; i++)
            more = each(ctx, chunk[i].subject, chunk[i].text);
        if (n > 0) {
            last = chunk[n - 1].subject;
            after = &last;
        }
    }
    arena_deinit(&a[0]);
    arena_deinit(&a[1]);
    return error;
}
