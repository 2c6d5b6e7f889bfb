/* feed_reader: reads a file or standard input on the libuv loop, in chunks, and tells whether it stayed the
 * same while it was read. */
#ifndef ROLLCALL_FEED_READER_H
#define ROLLCALL_FEED_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct feed_reader;

struct feed_reader_events {
    /* Return false to stop reading. */
    bool (*bytes)(void *ctx, const char *p, size_t n);
    /* Once, at the end, on error or after a stop; `error` NULL or a text for people ("no such file or
     * directory"). The reader may be freed in this call or later; no handle of it is on the loop any more.
     * `unchanged`: read to its end, and the path still leads to the same file with the same size and time as
     * when it was opened; of standard input, read to its end. Never after an error or a stop. */
    void (*end)(void *ctx, bool unchanged, const char *error);
};

/* Opens `path` ("-" is standard input, which is spooled to an unlinked temporary file in `spool_dir` as it is
 * read, so that rows can be read again by offset) and starts. Descriptors 0 to 2 must be open (on /dev/null
 * if on nothing else): libuv cannot live without. Never NULL; a file that cannot be opened is told by `end`,
 * not before the loop turns. */
struct feed_reader *feed_reader_start(uv_loop_t *loop, const char *path, const char *spool_dir,
                                      const struct feed_reader_events *events, void *ctx);
/* After `end`: the bytes of a row again, synchronously (for rejects and show). 0, -errno, or -EIO when fewer
 * bytes are there than asked. */
int feed_reader_again(struct feed_reader *r, uint64_t offset, void *p, size_t n);
void feed_reader_stop(struct feed_reader *r); /* `end` follows */
void feed_reader_free(struct feed_reader *r); /* only after `end` */

#endif
