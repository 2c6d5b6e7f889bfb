/* A lock file per tenant in the state directory. The lock, not the file, is the lease: the file stays, and
 * what it says is only for the message of whoever comes second. An open-file-description lock ends with the
 * last descriptor of the process, also by kill -9, and is not lost when another part of the process opens and
 * closes the same file. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "ledger_internal.h"

#define LEASE_TEXT_MAX 100

struct lease {
    int fd;
};

/* The tenant's own name could be no file name, and is nobody's business. */
static void lease_name(char name[64], const char *connector, const char *tenant)
{
    unsigned char d[SHA256_BYTES];
    char hex[SHA256_HEX];
    struct sha256 s;
    sha256_init(&s);
    sha256_add(&s, connector, strlen(connector) + 1);
    sha256_add(&s, tenant, strlen(tenant));
    sha256_end(&s, d);
    sha256_hex(d, hex);
    snprintf(name, 64, "lease-%.32s.lock", hex);
}

static int lock(int fd)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_OFD_SETLK, &whole) == 0 ? 0 : errno;
}

static int write_holder(int fd, const char *run)
{
    char text[LEASE_TEXT_MAX];
    int n = snprintf(text, sizeof(text), "%ld %.40s\n", (long)getpid(), run);
    if (ftruncate(fd, 0) != 0)
        return errno;
    ssize_t done = pwrite(fd, text, (size_t)n, 0);
    return done == n ? 0 : done < 0 ? errno : EIO;
}

/* "process 4711, run 20261121-0310-k7q2"; the file may be empty for a moment, or hold anything. */
static void say_holder(int fd, char why[LEDGER_WHY])
{
    char text[LEASE_TEXT_MAX + 1], run[LEASE_TEXT_MAX + 1] = "";
    long pid = 0;
    ssize_t n = pread(fd, text, LEASE_TEXT_MAX, 0);
    text[n > 0 ? n : 0] = '\0';
    if (n <= 0 || sscanf(text, "%ld %100s", &pid, run) < 1 || pid <= 0) {
        snprintf(why, LEDGER_WHY, "another rollcall is at work on this tenant; try again when it has ended");
        return;
    }
    struct buf safe = BUF_INIT(1024);
    printable(&safe, str_of(run), RUN_ID_MAX);
    snprintf(why, LEDGER_WHY,
             "another rollcall is at work on this tenant (process %ld%s%.*s); try again when it has ended",
             pid, safe.n > 0 ? ", run " : "", STR_ARG(buf_view(&safe)));
    buf_deinit(&safe);
}

static int open_file(const char *dir, const char *connector, const char *tenant, char path[LEDGER_PATH + 64],
                     char why[LEDGER_WHY])
{
    char real[LEDGER_PATH], name[64];
    int at = dir_open(dir, real, why);
    if (at < 0)
        return -1;
    lease_name(name, connector, tenant);
    snprintf(path, LEDGER_PATH + 64, "%s/%s", real, name);
    int fd = openat(at, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    int failed = errno;
    close(at);
    if (fd < 0)
        dir_say(why, "cannot open the lock file", path,
                failed == ELOOP ? "it is a link; remove it" : strerror(failed));
    return fd;
}

enum lease_result lease_take(const char *dir, const char *connector, const char *tenant, const char *run,
                             struct lease **out, char why[LEDGER_WHY])
{
    static const char subject[] = "cannot lock the tenant with";
    char path[LEDGER_PATH + 64];
    struct stat s;
    *out = NULL;
    why[0] = '\0';
    int fd = open_file(dir, connector, tenant, path, why);
    if (fd < 0)
        return LEASE_ERROR;
    enum lease_result result = LEASE_ERROR;
    const char *refusal = fstat(fd, &s) != 0 ? strerror(errno) : dir_file_refusal(&s);
    int failed = refusal ? 0 : lock(fd);
    if (refusal) {
        dir_say(why, subject, path, refusal);
    } else if (failed == EAGAIN || failed == EACCES) {
        say_holder(fd, why);
        result = LEASE_HELD;
    } else if (failed || (failed = write_holder(fd, run))) {
        dir_say(why, subject, path, strerror(failed));
    } else {
        *out = xmalloc(sizeof(**out));
        (*out)->fd = fd;
        return LEASE_OK;
    }
    close(fd);
    return result;
}

void lease_release(struct lease *l)
{
    if (!l)
        return;
    /* Empty first: whoever sees the old name afterwards would take us for the holder. A failure leaves just
     * that. */
    if (ftruncate(l->fd, 0) != 0)
        (void)0;
    close(l->fd);
    free(l);
}
