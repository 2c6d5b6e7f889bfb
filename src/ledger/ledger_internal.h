/* The inside of the ledger: the state directory, which SQLite body and lease share.
 *
 *   ledger.c        names
 *   dir.c           the state directory and what may be in it
 *   lease.c         the lock on a tenant
 *   schema.c        the database's tables and their versions
 *   sqlite.c        opening, transactions, statements, errors
 *   sqlite_runs.c, sqlite_records.c   the operations
 *   memory.c                          the body without a disk */
#ifndef LEDGER_INTERNAL_H
#define LEDGER_INTERNAL_H

#include <sys/stat.h>

#include "rollcall/ledger.h"

#define LEDGER_WHY 400
#define LEDGER_PATH 4096
#define LEDGER_FILE "ledger.db"

/* Opens the state directory, made (0700, with its parents) when missing. `path` gets its real name: the
 * directory itself may be reached through a link, as systemd's DynamicUser= does it; what it leads to has to
 * be ours and closed to other writers. The descriptor, or -1. */
int dir_open(const char *dir, char path[LEDGER_PATH], char why[LEDGER_WHY]);
/* NULL, or what the file system is called when a database with shared memory and locks must not be put there.
 */
const char *dir_network_name(long magic);
/* NULL, or what is wrong with a file of ours. */
const char *dir_file_refusal(const struct stat *s);
/* Why writing to the file of this name went wrong, found out by writing as much to a nameless one beside it,
 * for SQLite does not say: -ENOSPC (the disk, a quota, a limit on file sizes), -EROFS, or -EIO when that goes
 * well. */
int dir_probe(const char *path);
/* Fills `why` with "BEFORE 'SUBJECT': AFTER", the subject made safe to show. */
void dir_say(char why[LEDGER_WHY], const char *before, const char *subject, const char *after);

#endif
