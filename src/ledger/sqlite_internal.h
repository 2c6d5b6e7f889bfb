/* The inside of the ledger's SQLite body. Puts open a transaction when none is open; flush commits it. An
 * error that may have lost a put is kept: everything that writes fails with it from then on, so that no later
 * record can stand where an earlier one is missing. */
#ifndef SQLITE_INTERNAL_H
#define SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "ledger_internal.h"

#define LEDGER_APPLICATION 0x524f4c4c /* "ROLL", in the file's header */
#define LEDGER_BUSY_MS 20000          /* how long to wait for another rollcall's transaction */
#define LEDGER_CHUNK 128 /* records read at once: callbacks run between, with no statement open */

enum statement {
    RUN_PUT,
    RUN_GET,
    RUN_NEWEST,
    RUN_LIST,
    RUN_NO,
    RUN_TEXT_PUT,
    RUN_TEXT_GET,
    PRUNE_CHANGES,
    PRUNE_STEPS,
    PRUNE_TEXTS,
    PRUNE_RUNS,
    CHANGE_PUT,
    CHANGE_OUTCOME,
    CHANGE_LIST,
    STEP_PUT,
    STEP_LIST,
    MEMORY_PUT,
    MEMORY_FORGET,
    MEMORY_GET,
    MEMORY_LIST,
    STATEMENTS
};

struct ledger_db {
    struct ledger base; /* first */
    sqlite3 *db;
    sqlite3_stmt *stmt[STATEMENTS]; /* prepared when first used */
    char *path;                     /* owned */
    bool in_transaction;
    bool pruned;             /* old values are gone from the tables but may still be in the write-ahead log */
    int broken;              /* the error that ended writing; 0: none */
    char run_id[RUN_ID_MAX]; /* the run asked for last and its number */
    sqlite3_int64 run_no;
    char error[LEDGER_WHY];
    char broken_words[LEDGER_WHY];
};

/* schema.c: makes or updates the tables. 0, or a SQLite code, or -1 with `refusal` set. */
int schema_bring(sqlite3 *db, const char **refusal);

/* sqlite.c */
struct ledger_db *db_of(struct ledger *l);
/* Opens a transaction unless one is open. 0 or negative. */
int db_begin(struct ledger_db *d);
/* The statement, reset; NULL: *error is set. To be given back through db_end(). */
sqlite3_stmt *db_statement(struct ledger_db *d, enum statement which, int *error);
/* Runs a statement that gives no row and resets it. 0 or negative. */
int db_run(struct ledger_db *d, sqlite3_stmt *s);
/* After a loop of sqlite3_step() that ended with `code`: resets; 0 or negative. */
int db_end(struct ledger_db *d, sqlite3_stmt *s, int code);
int db_fail(struct ledger_db *d, int code); /* notes the words; the negative code */
int db_say(struct ledger_db *d, int error,
           const char *text); /* an error that is not SQLite's; gives `error` back */
/* The error that ended writing, with its words again; 0: none. */
int db_broken(struct ledger_db *d);
/* The run's number; -ENOENT when there is none such. */
int db_run_no(struct ledger_db *d, const char *run, sqlite3_int64 *no);
void bind_str(sqlite3_stmt *s, int at, struct str text); /* the text must live until the statement is reset */
struct str column_str(sqlite3_stmt *s, int at);          /* until the next step */
struct str column_copy(sqlite3_stmt *s, int at, struct arena *a);

/* sqlite_runs.c */
int runs_put(struct ledger *l, const struct run *r);
int runs_get(struct ledger *l, const char *id, struct run *out);
int runs_list(struct ledger *l, void (*each)(void *ctx, const struct run *r), void *ctx);
int runs_prune(struct ledger *l, unix_us before, uint64_t *n);
int runs_text_put(struct ledger *l, const char *run, const char *name, struct str text);
int runs_text_get(struct ledger *l, const char *run, const char *name, struct buf *out);

/* sqlite_records.c */
int records_change_put(struct ledger *l, const char *run, const struct run_change *c);
int records_change_outcome(struct ledger *l, const char *run, uint32_t seq, enum outcome outcome,
                           struct str result);
int records_change_each(struct ledger *l, const char *run,
                        bool (*each)(void *ctx, const struct run_change *c), void *ctx);
int records_change_get(struct ledger *l, const char *run, uint32_t seq,
                       bool (*each)(void *ctx, const struct run_change *c), void *ctx);
int records_step_put(struct ledger *l, const char *run, const struct step_record *r);
int records_step_each(struct ledger *l, const char *run, uint32_t from, uint32_t to,
                      bool (*each)(void *ctx, const struct step_record *r), void *ctx);
int records_memory_put(struct ledger *l, const char *tenant, const char *name, struct str subject,
                       struct str text);
int records_memory_get(struct ledger *l, const char *tenant, const char *name, struct str subject,
                       struct buf *out);
int records_memory_each(struct ledger *l, const char *tenant, const char *name,
                        bool (*each)(void *ctx, struct str subject, struct str text), void *ctx);

#endif
