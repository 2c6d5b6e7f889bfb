/* The tables, a script per version. A released script is never changed: a new version is a further one that
 * alters what the others made. */
#include "sqlite_internal.h"

static const char version_1[] =
    "CREATE TABLE run ("
    " no INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL UNIQUE,"
    " job_name TEXT NOT NULL, job_path TEXT NOT NULL,"
    " connector TEXT NOT NULL, tenant TEXT NOT NULL, tenant_label TEXT NOT NULL,"
    " state INTEGER NOT NULL,"
    " started INTEGER NOT NULL, changed INTEGER NOT NULL," /* microseconds since 1970 */
    " plan_sha256 TEXT NOT NULL, policy_sha256 TEXT NOT NULL, feed_sha256 TEXT NOT NULL,"
    " changes INTEGER NOT NULL, held INTEGER NOT NULL,"
    " exit_code INTEGER NOT NULL,"
    " summary TEXT NOT NULL,"
    " pruned INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX run_by_time ON run (started, no);"
    "CREATE TABLE run_text ("
    " run INTEGER NOT NULL REFERENCES run (no), name TEXT NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (run, name));"
    "CREATE TABLE change ("
    " run INTEGER NOT NULL REFERENCES run (no), seq INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, subject TEXT NOT NULL, json TEXT NOT NULL, hold INTEGER NOT NULL,"
    " outcome INTEGER NOT NULL, result TEXT NOT NULL,"
    " PRIMARY KEY (run, seq)) WITHOUT ROWID;"
    "CREATE TABLE step ("
    " run INTEGER NOT NULL REFERENCES run (no), step INTEGER NOT NULL, attempt INTEGER NOT NULL,"
    " call INTEGER NOT NULL, state INTEGER NOT NULL, change INTEGER NOT NULL,"
    " status INTEGER NOT NULL, at INTEGER NOT NULL, endpoint TEXT NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (run, step, attempt)) WITHOUT ROWID;"
    "CREATE TABLE memory ("
    " tenant TEXT NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,"
    " PRIMARY KEY (tenant, name, subject)) WITHOUT ROWID;";

static const char *const versions[] = { version_1 };

static int number(sqlite3 *db, const char *sql, int *out)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
        *out = sqlite3_column_int(s, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(s);
    return code;
}

static int bring_from(sqlite3 *db, int have)
{
    char sql[100];
    int code = SQLITE_OK;
    for (size_t v = (size_t)have; code == SQLITE_OK && v < array_len(versions); v++)
        code = sqlite3_exec(db, versions[v], NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d", LEDGER_APPLICATION,
             (int)array_len(versions));
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int bring(sqlite3 *db, const char **refusal)
{
    int application = 0, have = 0, tables = 0;
    int code = number(db, "PRAGMA application_id", &application);
    if (code == SQLITE_OK)
        code = number(db, "PRAGMA user_version", &have);
    if (code == SQLITE_OK)
        code = number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code != SQLITE_OK)
        return code;
    if (application != LEDGER_APPLICATION && (application != 0 || have != 0 || tables != 0))
        *refusal = "it is a database of another program; choose another state directory with --state";
    else if (have < 0 || (size_t)have > array_len(versions))
        *refusal =
            "it was written by a newer rollcall; use that one, or another state directory with --state";
    if (*refusal)
        return -1;
    return (size_t)have < array_len(versions) ? bring_from(db, have) : SQLITE_OK;
}

int schema_bring(sqlite3 *db, const char **refusal)
{
    *refusal = NULL;
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    code = bring(db, refusal);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        int kept = sqlite3_extended_errcode(db);
        if (!sqlite3_get_autocommit(db))
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return *refusal ? -1 : kept != SQLITE_OK ? kept : code;
    }
    return SQLITE_OK;
}
