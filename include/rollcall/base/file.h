/* Files: read whole within a limit; written beside and renamed, 0600. Reading follows links (mounted secrets
 * and job files are links in Kubernetes), writing never does: only a plain file, or nothing, is replaced. */
#ifndef ROLLCALL_BASE_FILE_H
#define ROLLCALL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "rollcall/base/text.h"

/* Appends a regular file of at most `max` bytes to `out` (whose own max must allow it). 0, or -errno and
 * `out` as it was: EFBIG when it is larger, EISDIR, EINVAL for pipes and devices. An empty `out` gets its
 * memory in one piece, so whoever reads a secret wipes out->p (out->cap bytes) and has wiped all of it. */
int file_read(const char *path, size_t max, struct buf *out);

/* A file being written: a temporary one beside the target (0600, O_EXCL|O_NOFOLLOW|O_CLOEXEC), synced and
 * renamed by commit. */
struct file_out {
    char *path, *temp; /* owned */
    int fd;            /* -1 when closed */
    int error;         /* first errno, sticky: write many, ask once */
    struct buf buf;
};

/* 0 or -errno: ELOOP for a link, EISDIR, EINVAL where anything but a plain file stands at `path`. */
int file_out_open(struct file_out *f, const char *path);
void file_out_write(struct file_out *f, const void *p, size_t n);
/* One text of at most 1 MiB; a longer one is an error (EFBIG). */
void file_out_printf(struct file_out *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int file_out_commit(struct file_out *f); /* 0, or -errno and nothing at `path` changed */
void file_out_abort(struct file_out *f); /* fine after commit */

/* Joins a directory and a name; an absolute name stays as it is. Owned by the caller. */
char *path_join(const char *dir, const char *name);
char *path_dir(const char *path); /* "." when there is none; owned by the caller */

#endif
