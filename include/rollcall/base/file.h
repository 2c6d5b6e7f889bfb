/* Files: read whole within a limit, written beside and renamed, 0600, never through a link. */
#ifndef ROLLCALL_BASE_FILE_H
#define ROLLCALL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "rollcall/base/text.h"

/* Reads a regular file of at most `max` bytes into `out` (whose own max must allow it). 0, or -errno; EFBIG when it is larger. */
int file_read(const char *path, size_t max, struct buf *out);

/* A file being written: a temporary one beside the target (0600, O_EXCL|O_NOFOLLOW|O_CLOEXEC), synced and renamed by commit. */
struct file_out {
    char *path, *temp; /* owned */
    int fd;            /* -1 when closed */
    int error;         /* first errno, sticky: write many, ask once */
    struct buf buf;
};

int file_out_open(struct file_out *f, const char *path); /* 0 or -errno */
void file_out_write(struct file_out *f, const void *p, size_t n);
void file_out_printf(struct file_out *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int file_out_commit(struct file_out *f);                 /* 0, or -errno and nothing at `path` changed */
void file_out_abort(struct file_out *f);                 /* fine after commit */

/* Joins a directory and a name; an absolute name stays as it is. Owned by the caller. */
char *path_join(const char *dir, const char *name);
char *path_dir(const char *path); /* "." when there is none; owned by the caller */

#endif
