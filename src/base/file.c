#include "rollcall/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf_internal.h"
#include "rollcall/base/mem.h"
#include "rollcall/base/rng.h"

#define FLUSH_AT ((size_t)64 * 1024)
#define PRINTF_MAX ((size_t)1024 * 1024)
#define NAME_TRIES 100

static int open_regular(const char *path, struct stat *st)
{
    /* O_NONBLOCK: opening a pipe nobody writes to must not hang. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int error = fstat(fd, st) ? errno : S_ISDIR(st->st_mode) ? EISDIR : !S_ISREG(st->st_mode) ? EINVAL : 0;
    if (!error)
        return fd;
    close(fd);
    return -error;
}

/* Reads to the end, whatever size the file said it had: it may grow meanwhile, and files in /proc have none.
 * Bytes beyond the room that was made come one by one through `extra`, so that an exact guess never moves the
 * buffer. */
static int read_all(int fd, size_t max, struct buf *out, size_t before)
{
    for (;;) {
        size_t left = max - (out->n - before);
        size_t room = out->cap ? out->cap - 1 - out->n : 0;
        char extra;
        if (room > left)
            room = left;
        ssize_t n = room ? read(fd, out->p + out->n, room) : read(fd, &extra, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if (room) {
            out->n += (size_t)n;
            continue;
        }
        if (left)
            buf_putc(out, extra);
        if (!left || out->full)
            return -EFBIG;
    }
}

int file_read(const char *path, size_t max, struct buf *out)
{
    struct stat st = { 0 };
    size_t before = out->n;
    int fd = open_regular(path, &st);
    if (fd < 0)
        return fd;
    int result = 0;
    if (st.st_size < 0 || (uintmax_t)st.st_size > max || (uintmax_t)st.st_size > out->max - out->n)
        result = -EFBIG;
    /* In one piece: a secret leaves no copies behind in freed memory. */
    if (!result && !buf_reserve(out, (size_t)st.st_size))
        result = -EFBIG;
    if (!result)
        result = read_all(fd, max, out, before);
    if (result)
        out->n = before;
    if (out->p)
        out->p[out->n] = '\0';
    close(fd);
    return result;
}

char *path_join(const char *dir, const char *name)
{
    if (!dir || !*dir || name[0] == '/')
        return xstrdup(name);
    size_t n = strlen(dir);
    struct buf path = BUF_INIT(SIZE_MAX);
    buf_puts(&path, dir);
    if (dir[n - 1] != '/')
        buf_putc(&path, '/');
    buf_puts(&path, name);
    return buf_take(&path);
}

char *path_dir(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n ? xmemdup(path, n) : xstrdup(".");
}

/* What stands at the target now may be replaced only when it is a plain file: a rename would put one in the
 * place of a device such as /dev/null, or of a link such as /dev/stdout. */
static int target_may_be_replaced(const char *path)
{
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT ? 0 : -errno;
    if (S_ISREG(st.st_mode))
        return 0;
    return S_ISLNK(st.st_mode) ? -ELOOP : S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
}

static int open_temp(struct file_out *f)
{
    struct rng rng;
    rng_seed(&rng, rng_os());
    for (int i = 0; i < NAME_TRIES; i++) {
        struct buf name = BUF_INIT(SIZE_MAX);
        buf_printf(&name, "%s.%08x.tmp", f->path, (unsigned)rng_below(&rng, UINT64_C(1) << 32));
        f->temp = buf_take(&name);
        f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (f->fd >= 0)
            return 0;
        int error = errno;
        free(f->temp);
        f->temp = NULL;
        if (error != EEXIST)
            return -error;
    }
    return -EEXIST;
}

int file_out_open(struct file_out *f, const char *path)
{
    *f = (struct file_out){ .fd = -1, .buf = BUF_INIT(FLUSH_AT + PRINTF_MAX) };
    int result = *path ? target_may_be_replaced(path) : -ENOENT;
    if (result)
        return result;
    f->path = xstrdup(path);
    result = open_temp(f);
    if (result)
        file_out_abort(f);
    return result;
}

static void write_all(struct file_out *f, const char *p, size_t n)
{
    while (n && !f->error) {
        ssize_t done = write(f->fd, p, n);
        if (done < 0) {
            if (errno != EINTR)
                f->error = errno;
            continue;
        }
        p += done;
        n -= (size_t)done;
    }
}

static void flush(struct file_out *f)
{
    write_all(f, f->buf.p, f->buf.n);
    buf_clear(&f->buf);
}

void file_out_write(struct file_out *f, const void *p, size_t n)
{
    if (f->error || f->fd < 0)
        return;
    if (n >= FLUSH_AT) {
        flush(f);
        write_all(f, p, n);
        return;
    }
    buf_add(&f->buf, p, n);
    if (f->buf.n >= FLUSH_AT)
        flush(f);
}

void file_out_printf(struct file_out *f, const char *fmt, ...)
{
    if (f->error || f->fd < 0)
        return;
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&f->buf, fmt, args);
    va_end(args);
    if (f->buf.full)
        f->error = EFBIG;
    else if (f->buf.n >= FLUSH_AT)
        flush(f);
}

static void sync_dir(const char *path)
{
    char *dir = path_dir(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    if (fd < 0)
        return;
    /* The file is there and whole; a file system that cannot sync a directory does not make that an error. */
    (void)fsync(fd);
    close(fd);
}

int file_out_commit(struct file_out *f)
{
    if (f->fd < 0)
        return f->error ? -f->error : -EBADF;
    flush(f);
    if (!f->error && fsync(f->fd))
        f->error = errno;
    if (close(f->fd) && !f->error)
        f->error = errno;
    f->fd = -1;
    if (!f->error && rename(f->temp, f->path))
        f->error = errno;
    int result = -f->error;
    if (!result) {
        sync_dir(f->path);
        free(f->temp);
        f->temp = NULL;
    }
    file_out_abort(f);
    return result;
}

void file_out_abort(struct file_out *f)
{
    if (f->fd >= 0)
        close(f->fd);
    if (f->temp)
        unlink(f->temp);
    free(f->path);
    free(f->temp);
    buf_deinit(&f->buf);
    *f = (struct file_out){ .fd = -1, .error = f->error };
}
