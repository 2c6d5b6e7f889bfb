#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sqlite_internal.h"

#define RUN_COLUMNS                                                                                                 \
    "id, job_name, job_path, connector, tenant, tenant_label, state, started, changed, plan_sha256, policy_sha256," \
    " feed_sha256, changes, held, exit_code, summary"
#define OLD_RUNS "(SELECT no FROM run WHERE pruned = 0 AND state <> ?2 AND changed < ?1)"

static const char *const texts[STATEMENTS] = {
    [RUN_PUT] =
        "INSERT INTO run (" RUN_COLUMNS ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)"
        " ON CONFLICT (id) DO UPDATE SET job_name = ?2, job_path = ?3, connector = ?4, tenant = ?5, tenant_label = ?6,"
        " state = ?7, started = ?8, changed = ?9, plan_sha256 = ?10, policy_sha256 = ?11, feed_sha256 = ?12,"
        " changes = ?13, held = ?14, exit_code = ?15, summary = ?16",
    [RUN_GET] = "SELECT " RUN_COLUMNS ", pruned, no FROM run WHERE id = ?1",
    [RUN_NEWEST] = "SELECT " RUN_COLUMNS ", pruned, no FROM run ORDER BY started DESC, no DESC LIMIT 1",
    [RUN_LIST] = "SELECT " RUN_COLUMNS ", pruned, no FROM run WHERE (started, no) < (?1, ?2)"
                 " ORDER BY started DESC, no DESC LIMIT 1",
    [RUN_NO] = "SELECT no FROM run WHERE id = ?1",
    [RUN_TEXT_PUT] = "INSERT INTO run_text (run, name, text) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (run, name) DO UPDATE SET text = ?3",
    [RUN_TEXT_GET] = "SELECT text FROM run_text WHERE run = ?1 AND name = ?2",
    [PRUNE_CHANGES] = "UPDATE change SET subject = '', json = '', result = '' WHERE run IN " OLD_RUNS,
    [PRUNE_STEPS] = "UPDATE step SET text = '' WHERE run IN " OLD_RUNS,
    [PRUNE_TEXTS] = "DELETE FROM run_text WHERE run IN " OLD_RUNS,
    [PRUNE_RUNS] = "UPDATE run SET pruned = 1 WHERE no IN " OLD_RUNS,
    [CHANGE_PUT] =
        "INSERT INTO change (run, seq, kind, subject, json, hold, outcome, result) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
    [CHANGE_OUTCOME] = "UPDATE change SET outcome = ?3, result = ?4 WHERE run = ?1 AND seq = ?2",
    [CHANGE_LIST] = "SELECT seq, kind, subject, json, hold, outcome, result FROM change"
                    " WHERE run = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq LIMIT ?4",
    [STEP_PUT] = "INSERT INTO step (run, step, attempt, call, state, change, status, at, endpoint, text)"
                 " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10) ON CONFLICT (run, step, attempt) DO UPDATE"
                 " SET call = ?4, state = ?5, change = ?6, status = ?7, at = ?8, endpoint = ?9, text = ?10",
    [STEP_LIST] =
        "SELECT step, attempt, call, state, change, status, at, endpoint, text FROM step AS s"
        " WHERE run = ?1 AND step >= ?2 AND step < ?4"
        " AND attempt = (SELECT max(attempt) FROM step AS t WHERE t.run = s.run AND t.step = s.step)"
        " ORDER BY step LIMIT ?3",
    [MEMORY_PUT] = "INSERT INTO memory (tenant, name, subject, text) VALUES (?1, ?2, ?3, ?4)"
                   " ON CONFLICT (tenant, name, subject) DO UPDATE SET text = ?4",
    [MEMORY_FORGET] = "DELETE FROM memory WHERE tenant = ?1 AND name = ?2 AND subject = ?3",
    [MEMORY_GET] = "SELECT text FROM memory WHERE tenant = ?1 AND name = ?2 AND subject = ?3",
    [MEMORY_LIST] = "SELECT subject, text FROM memory WHERE tenant = ?1 AND name = ?2"
                    " AND subject >= ?3 ORDER BY subject LIMIT ?4",
};

struct ledger_db *db_of(struct ledger *l)
{
    return (struct ledger_db *)l;
}

/* Errors --------------------------------------------------------------------------------------------------------------------- */

static int error_of(const char *path, int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL: return -ENOSPC;
    case SQLITE_READONLY: return -EROFS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return -EBUSY;
    case SQLITE_CONSTRAINT: return -EEXIST;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return dir_probe(path);
    default: return -EIO;
    }
}

static const char *advice(int error, int code)
{
    int basic = code & 0xff;
    if (basic == SQLITE_CORRUPT || basic == SQLITE_NOTADB)
        return "it is damaged: restore it from a backup, or move it away to begin a new one";
    switch (error) {
    case -ENOSPC: return "there is no room: free some, then run again";
    case -EROFS: return "it cannot be written: check its rights and the file system's";
    case -EBUSY: return "another rollcall keeps it busy: try again when that has ended";
    default: return "check the disk, then run again";
    }
}

static void db_break(struct ledger_db *d, int error)
{
    if (d->broken)
        return;
    d->broken = error;
    memcpy(d->broken_words, d->error, sizeof(d->broken_words));
}

int db_fail(struct ledger_db *d, int code)
{
    char text[LEDGER_WHY];
    int error = error_of(d->path, code);
    if (error == -EEXIST)
        return db_say(d, error, "it holds such a record already");
    bool newest = d->db && sqlite3_extended_errcode(d->db) == code;
    snprintf(text, sizeof(text), "%.100s; %s", newest ? sqlite3_errmsg(d->db) : sqlite3_errstr(code),
             advice(error, code));
    db_say(d, error, text);
    if (error != -EBUSY)
        db_break(d, error);
    return error;
}

int db_broken(struct ledger_db *d)
{
    if (d->broken)
        memcpy(d->error, d->broken_words, sizeof(d->error));
    return d->broken;
}

int db_say(struct ledger_db *d, int error, const char *text)
{
    dir_say(d->error, "the ledger", d->path, text);
    return error;
}

static const char *ledger_words(const struct ledger *l)
{
    return ((const struct ledger_db *)l)->error;
}

/* Statements ----------------------------------------------------------------------------------------------------------------- */

sqlite3_stmt *db_statement(struct ledger_db *d, enum statement which, int *error)
{
    *error = 0;
    if (!d->stmt[which]) {
        int code =
            sqlite3_prepare_v3(d->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, &d->stmt[which], NULL);
        if (code != SQLITE_OK) {
            *error = db_fail(d, code);
            return NULL;
        }
    }
    return d->stmt[which];
}

int db_end(struct ledger_db *d, sqlite3_stmt *s, int code)
{
    int error = code == SQLITE_DONE || code == SQLITE_ROW || code == SQLITE_OK ? 0 : db_fail(d, code);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return error;
}

int db_run(struct ledger_db *d, sqlite3_stmt *s)
{
    return db_end(d, s, sqlite3_step(s));
}

int db_begin(struct ledger_db *d)
{
    if (db_broken(d))
        return d->broken;
    if (d->in_transaction)
        return 0;
    int code = sqlite3_exec(d->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return db_fail(d, sqlite3_extended_errcode(d->db));
    d->in_transaction = true;
    return 0;
}

int db_run_no(struct ledger_db *d, const char *run, sqlite3_int64 *no)
{
    int error;
    if (d->run_no != 0 && strcmp(run, d->run_id) == 0) {
        *no = d->run_no;
        return 0;
    }
    sqlite3_stmt *s = db_statement(d, RUN_NO, &error);
    if (!s)
        return error;
    bind_str(s, 1, str_of(run));
    int code = sqlite3_step(s);
    *no = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    error = db_end(d, s, code);
    if (error)
        return error;
    if (*no == 0)
        return db_say(d, -ENOENT, "it holds no such run");
    snprintf(d->run_id, sizeof(d->run_id), "%s", run);
    d->run_no = *no;
    return 0;
}

void bind_str(sqlite3_stmt *s, int at, struct str text)
{
    sqlite3_bind_text64(s, at, text.n > 0 ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

struct str column_str(sqlite3_stmt *s, int at)
{
    const char *p = (const char *)sqlite3_column_text(s, at); /* before the length: it may convert */
    return (struct str){ p, (size_t)sqlite3_column_bytes(s, at) };
}

struct str column_copy(sqlite3_stmt *s, int at, struct arena *a)
{
    return arena_str(a, column_str(s, at));
}

/* Opening, flushing, closing ------------------------------------------------------------------------------------------------- */

/* What pruning dropped must not stay readable in the log. Another reader may be in the way: then the next
 * time does it. */
static void empty_log(struct ledger_db *d)
{
    if (sqlite3_wal_checkpoint_v2(d->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
        d->pruned = false;
}

static int flush(struct ledger *l)
{
    struct ledger_db *d = db_of(l);
    if (db_broken(d))
        return d->broken;
    if (!d->in_transaction)
        return 0;
    int code = sqlite3_exec(d->db, "COMMIT", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        int error = db_fail(d, sqlite3_extended_errcode(d->db));
        db_break(d, error); /* the puts are lost, whatever it was */
        sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
        d->in_transaction = false;
        return error;
    }
    d->in_transaction = false;
    if (d->pruned)
        empty_log(d);
    return 0;
}

static void db_free(struct ledger *l)
{
    if (!l)
        return;
    struct ledger_db *d = db_of(l);
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(d->stmt[i]);
    sqlite3_close(d->db); /* what was not flushed is rolled back */
    free(d->path);
    free(d);
}

static const struct ledger_ops ops = {
    .free = db_free,
    .error = ledger_words,
    .run_put = runs_put,
    .run_get = runs_get,
    .run_list = runs_list,
    .run_delete_before = runs_prune,
    .run_text_put = runs_text_put,
    .run_text_get = runs_text_get,
    .change_put = records_change_put,
    .change_outcome = records_change_outcome,
    .change_each = records_change_each,
    .change_get = records_change_get,
    .step_put = records_step_put,
    .step_each = records_step_each,
    .memory_put = records_memory_put,
    .memory_get = records_memory_get,
    .memory_each = records_memory_each,
    .flush = flush,
};

/* SQLite would make the file with everybody's rights, and give those of the file to the two beside it. An
 * existing one is only looked at: to open and close it here would end the locks of another connection of this
 * process. */
static const char *prepare_file(int dir)
{
    struct stat s;
    int fd = openat(dir, LEDGER_FILE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return NULL;
    }
    int failed = errno;
    if (fstatat(dir, LEDGER_FILE, &s, AT_SYMLINK_NOFOLLOW) == 0)
        return dir_file_refusal(&s);
    return strerror(failed);
}

static bool is_wal(sqlite3 *db, int *code)
{
    sqlite3_stmt *s = NULL;
    bool yes = false;
    *code = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &s, NULL);
    if (*code == SQLITE_OK && (*code = sqlite3_step(s)) == SQLITE_ROW) {
        yes = str_is(column_str(s, 0), "wal");
        *code = SQLITE_OK;
    }
    sqlite3_finalize(s);
    return yes;
}

/* 0, or a SQLite code, or -1 with a refusal. */
static int db_open(struct ledger_db *d, const char **refusal)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
                SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(d->path, &d->db, flags, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_busy_timeout(d->db, LEDGER_BUSY_MS);
    sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sqlite3_db_readonly(d->db, "main") != 0)
        return SQLITE_READONLY;
    if (!is_wal(d->db, &code) && code == SQLITE_OK) {
        *refusal = "its file system does not allow a write-ahead log; choose another with --state";
        return -1;
    }
    if (code == SQLITE_OK)
        code = sqlite3_exec(d->db,
                            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                            " PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
                            NULL, NULL, NULL);
    return code == SQLITE_OK ? schema_bring(d->db, refusal) : code;
}

struct ledger *ledger_open(const char *dir, char why[LEDGER_WHY])
{
    char real[LEDGER_PATH];
    why[0] = '\0';
    int at = dir_open(dir, real, why);
    if (at < 0)
        return NULL;
    struct ledger_db *d = xcalloc(1, sizeof(*d));
    d->base.ops = &ops;
    d->path = path_join(real, LEDGER_FILE);
    const char *refusal = prepare_file(at);
    close(at);
    int code = refusal ? -1 : db_open(d, &refusal);
    if (code == SQLITE_OK)
        return &d->base;
    if (refusal) {
        dir_say(why, "cannot use the ledger", d->path, refusal);
    } else {
        db_fail(d, code);
        snprintf(why, LEDGER_WHY, "cannot use %.380s", d->error);
    }
    db_free(&d->base);
    return NULL;
}
