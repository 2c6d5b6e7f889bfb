/* feed_reader: a file, or standard input, in chunks from the loop's thread pool.
 *
 * A file has two buffers: while the caller works on one chunk the next is being read. Standard input that is
 * a pipe comes through a stream handle, one that is a file through reads at its own position; both are
 * written to an unlinked spool file before the caller sees them. At most one request is under way at any
 * time, so an end can always be told as soon as it returns. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rollcall/base.h"
#include "rollcall/feed_reader.h"

#define CHUNK ((size_t)256 * 1024)
#define ERROR_MAX 200

enum state {
    OPENING, /* the file, or the spool */
    READING,
    SPOOLING, /* a chunk of standard input is being written */
    CLOSING,  /* the stream handle */
    ENDED
};

struct feed_reader {
    uv_loop_t *loop; /* borrowed */
    struct feed_reader_events events;
    void *ctx;              /* borrowed */
    char *path, *spool_dir; /* owned */
    enum state state;
    uv_fs_t request;
    uv_pipe_t stream;
    bool has_stream;  /* the handle is open */
    int stream_flags; /* of standard input, to be put back; -1: unknown */
    int fd;           /* the file, or the spool: rows are read again from it; -1 */
    int input;        /* standard input when it is a file; -1 */
    char *chunk[2];   /* owned */
    size_t current;   /* the chunk being filled or spooled */
    size_t filled;    /* bytes in it */
    size_t written;   /* of them, in the spool */
    uint64_t offset;  /* bytes read */
    uv_stat_t before;
    bool stopping;
    bool unchanged;
    char error[ERROR_MAX]; /* "" while all is well */
};

static void fail(struct feed_reader *r, const char *what, int status)
{
    if (!r->error[0])
        snprintf(r->error, sizeof(r->error), "%s%s", what, status ? uv_strerror(status) : "");
}

static void told(struct feed_reader *r)
{
    r->state = ENDED;
    if (r->stopping)
        r->unchanged = false;
    /* The reader may be freed in this call. */
    r->events.end(r->ctx, r->unchanged && !r->error[0], r->error[0] ? r->error : NULL);
}

static void on_closed(uv_handle_t *handle)
{
    struct feed_reader *r = handle->data;
    r->has_stream = false;
    if (r->stream_flags >= 0)
        fcntl(STDIN_FILENO, F_SETFL, r->stream_flags);
    told(r);
}

static void finish(struct feed_reader *r)
{
    if (!r->has_stream) {
        told(r);
        return;
    }
    r->state = CLOSING;
    uv_close((uv_handle_t *)&r->stream, on_closed);
}

/* Hands out `n` bytes. False when that was the end. */
static bool deliver(struct feed_reader *r, const char *p, size_t n)
{
    if (!r->stopping && !r->events.bytes(r->ctx, p, n))
        r->stopping = true;
    return !r->stopping;
}

/* A file ---------------------------------------------------------------------------------------------- */

static bool same_time(const uv_timespec_t *a, const uv_timespec_t *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_file(const uv_stat_t *a, const uv_stat_t *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           same_time(&a->st_mtim, &b->st_mtim);
}

/* The result of the request that has just come back; the request is then free for the next one. */
static ssize_t result_of(struct feed_reader *r, uv_stat_t *stat)
{
    ssize_t result = r->request.result;
    if (stat && result >= 0)
        *stat = r->request.statbuf;
    uv_fs_req_cleanup(&r->request);
    return result;
}

static void on_path_stat(uv_fs_t *request)
{
    struct feed_reader *r = request->data;
    uv_stat_t after;
    /* A path that now leads elsewhere, or nowhere, means that there is a newer file than the one that was
     * read. */
    r->unchanged =
        result_of(r, &after) >= 0 && same_file(&r->before, &after) && r->offset == r->before.st_size;
    finish(r);
}

static void on_read(uv_fs_t *request);

static void read_chunk(struct feed_reader *r)
{
    uv_buf_t buf = uv_buf_init(r->chunk[r->current], (unsigned)CHUNK);
    uv_fs_read(r->loop, &r->request, r->fd, &buf, 1, (int64_t)r->offset, on_read);
}

static void on_read(uv_fs_t *request)
{
    struct feed_reader *r = request->data;
    ssize_t n = result_of(r, NULL);
    if (n < 0)
        fail(r, "reading failed: ", (int)n);
    if (n < 0 || r->stopping) {
        finish(r);
    } else if (n == 0) {
        uv_fs_stat(r->loop, &r->request, r->path, on_path_stat);
    } else {
        const char *ready = r->chunk[r->current];
        r->offset += (uint64_t)n;
        r->current = !r->current;
        read_chunk(r);
        deliver(r, ready, (size_t)n); /* after a stop the read under way ends it */
    }
}

static const char *not_a_file(uint64_t mode)
{
    if (S_ISDIR(mode))
        return "it is a directory";
    if (S_ISFIFO(mode) || S_ISSOCK(mode))
        return "it is a pipe or a socket; to read one give '-' as the path and connect it to standard input";
    return S_ISREG(mode) ? NULL : "it is not a regular file";
}

static void on_stat(uv_fs_t *request)
{
    struct feed_reader *r = request->data;
    ssize_t result = result_of(r, &r->before);
    const char *other = result < 0 ? NULL : not_a_file(r->before.st_mode);
    if (result < 0)
        fail(r, "", (int)result);
    else if (other)
        fail(r, other, 0);
    if (r->error[0] || r->stopping) {
        finish(r);
        return;
    }
    r->state = READING;
    read_chunk(r);
}

static void on_open(uv_fs_t *request)
{
    struct feed_reader *r = request->data;
    ssize_t fd = result_of(r, NULL);
    if (fd < 0) {
        fail(r, "", (int)fd);
        finish(r);
        return;
    }
    r->fd = (int)fd;
    uv_fs_fstat(r->loop, &r->request, r->fd, on_stat);
}

/* Standard input -------------------------------------------------------------------------------------- */

static void input_more(struct feed_reader *r);

static void spool_chunk(struct feed_reader *r);

static void on_spooled(uv_fs_t *request)
{
    struct feed_reader *r = request->data;
    ssize_t n = result_of(r, NULL);
    if (n < 0) {
        fail(r, "cannot spool standard input: ", (int)n);
        finish(r);
        return;
    }
    r->written += (size_t)n;
    if (r->written < r->filled && !r->stopping) {
        spool_chunk(r);
        return;
    }
    r->offset += r->filled;
    if (deliver(r, r->chunk[0], r->filled))
        input_more(r);
    else
        finish(r);
}

static void spool_chunk(struct feed_reader *r)
{
    r->state = SPOOLING;
    uv_buf_t buf = uv_buf_init(r->chunk[0] + r->written, (unsigned)(r->filled - r->written));
    uv_fs_write(r->loop, &r->request, r->fd, &buf, 1, (int64_t)(r->offset + r->written), on_spooled);
}

/* `n` bytes have come, 0 at the end. */
static void input_came(struct feed_reader *r, ssize_t n)
{
    if (n < 0)
        fail(r, "reading standard input failed: ", (int)n);
    else if (n == 0)
        r->unchanged = true;
    if (n <= 0 || r->stopping) {
        finish(r);
        return;
    }
    r->filled = (size_t)n;
    r->written = 0;
    spool_chunk(r);
}

static void on_stream_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    (void)wanted;
    struct feed_reader *r = handle->data;
    *buf = uv_buf_init(r->chunk[0], (unsigned)CHUNK);
}

static void on_stream(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    (void)buf;
    if (n == 0) /* nothing there yet */
        return;
    uv_read_stop(stream);
    input_came(stream->data, n == UV_EOF ? 0 : n);
}

static void on_input_read(uv_fs_t *request)
{
    struct feed_reader *r = request->data;
    input_came(r, result_of(r, NULL));
}

static void input_more(struct feed_reader *r)
{
    r->state = READING;
    if (r->has_stream) {
        int status = uv_read_start((uv_stream_t *)&r->stream, on_stream_room, on_stream);
        if (status < 0)
            input_came(r, status);
        return;
    }
    uv_buf_t buf = uv_buf_init(r->chunk[0], (unsigned)CHUNK);
    uv_fs_read(r->loop, &r->request, r->input, &buf, 1, -1, on_input_read);
}

/* A copy of descriptor 0, because closing the handle closes what it was given. libuv makes it non-blocking,
 * which whoever else has the same pipe would notice: what it was before is put back. */
static int open_stream(struct feed_reader *r)
{
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return -errno;
    r->stream_flags = fcntl(STDIN_FILENO, F_GETFL);
    int status = uv_pipe_init(r->loop, &r->stream, 0);
    if (status < 0) {
        close(fd);
        return status;
    }
    r->stream.data = r;
    r->has_stream = true;
    status = uv_pipe_open(&r->stream, fd);
    if (status < 0)
        close(fd);
    return status;
}

static void open_input(struct feed_reader *r)
{
    struct stat st;
    int status = 0;
    if (r->fd == STDIN_FILENO) /* it was closed: the spool got its number */
        status = UV_EBADF;
    else if (fstat(STDIN_FILENO, &st) != 0)
        status = -errno;
    else if (S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(STDIN_FILENO)))
        r->input = STDIN_FILENO;
    else if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode))
        status = open_stream(r);
    else
        fail(r, "standard input is neither a file nor a pipe", 0);
    if (status < 0)
        fail(r, "standard input cannot be read: ", status);
    if (r->error[0] || r->stopping)
        finish(r);
    else
        input_more(r);
}

static void on_spool_named(uv_fs_t *request)
{
    struct feed_reader *r = request->data;
    if (request->result >= 0)
        unlink(request->path);
    ssize_t fd = result_of(r, NULL);
    if (fd < 0) {
        fail(r, "no spool file for standard input: ", (int)fd);
        finish(r);
        return;
    }
    r->fd = (int)fd;
    open_input(r);
}

static void on_spool_open(uv_fs_t *request)
{
    struct feed_reader *r = request->data;
    ssize_t fd = result_of(r, NULL);
    if (fd == UV_ENOTSUP || fd == UV_EINVAL) {
        /* A file system without nameless files (overlays of older kernels): a named one, unlinked at once. */
        char *name = path_join(r->spool_dir, ".rollcall-spool-XXXXXX");
        uv_fs_mkstemp(r->loop, &r->request, name, on_spool_named);
        free(name);
        return;
    }
    if (fd < 0) {
        fail(r, "no spool file for standard input: ", (int)fd);
        finish(r);
        return;
    }
    r->fd = (int)fd;
    open_input(r);
}

/* Life ------------------------------------------------------------------------------------------------ */

struct feed_reader *feed_reader_start(uv_loop_t *loop, const char *path, const char *spool_dir,
                                      const struct feed_reader_events *events, void *ctx)
{
    struct feed_reader *r = xcalloc(1, sizeof(*r));
    *r = (struct feed_reader){
        .loop = loop, .events = *events, .ctx = ctx, .fd = -1, .input = -1, .stream_flags = -1
    };
    r->path = xstrdup(path);
    r->spool_dir = xstrdup(spool_dir ? spool_dir : ".");
    r->chunk[0] = xmalloc(CHUNK);
    r->chunk[1] = xmalloc(CHUNK);
    r->request.data = r;
    if (strcmp(path, "-") == 0)
        uv_fs_open(loop, &r->request, r->spool_dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600, on_spool_open);
    else /* not waiting for a writer where the path turns out to be a named pipe */
        uv_fs_open(loop, &r->request, r->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, on_open);
    return r;
}

int feed_reader_again(struct feed_reader *r, uint64_t offset, void *p, size_t n)
{
    char *to = p;
    if (r->fd < 0 || offset > INT64_MAX)
        return -EIO;
    while (n > 0) {
        ssize_t got = pread(r->fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        to += got;
        n -= (size_t)got;
        offset += (uint64_t)got;
    }
    return 0;
}

void feed_reader_stop(struct feed_reader *r)
{
    if (r->stopping || r->state == CLOSING || r->state == ENDED)
        return;
    r->stopping = true;
    /* Requests under way come back by themselves; a stream may stay silent for ever. */
    if (r->has_stream && r->state == READING)
        finish(r);
}

void feed_reader_free(struct feed_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->chunk[0]);
    free(r->chunk[1]);
    free(r->path);
    free(r->spool_dir);
    free(r);
}
