#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ledger_internal.h"

void dir_say(char why[LEDGER_WHY], const char *before, const char *subject, const char *after)
{
    struct buf safe = BUF_INIT(4 * LEDGER_PATH);
    printable(&safe, str_of(subject), 160);
    snprintf(why, LEDGER_WHY, "%s '%.*s': %s", before, STR_ARG(buf_view(&safe)), after);
    buf_deinit(&safe);
}

/* From linux/magic.h and the file systems' own sources. Their locks end with a connection, or are not seen by
 * the other machine. */
static const struct {
    long magic;
    const char *name;
} networks[] = {
    { 0x6969, "NFS" },
    { 0x517b, "SMB" },
    { (long)0xff534d42, "CIFS" },
    { (long)0xfe534d42, "SMB2" },
    { 0x5346414f, "AFS" },
    { 0x73757245, "Coda" },
    { 0x564c, "NCP" },
};

const char *dir_network_name(long magic)
{
    for (size_t i = 0; i < array_len(networks); i++)
        if ((uint32_t)networks[i].magic == (uint32_t)magic)
            return networks[i].name;
    return NULL;
}

const char *dir_file_refusal(const struct stat *s)
{
    if (S_ISLNK(s->st_mode))
        return "it is a link; remove it";
    if (!S_ISREG(s->st_mode))
        return "it is not a regular file; remove it";
    if (s->st_uid != geteuid())
        return "it belongs to another user; run as that user or choose another state directory";
    if (s->st_mode & (S_IRWXG | S_IRWXO))
        return "others may use it; take their rights away (chmod 600)";
    return NULL;
}

/* Every part of the path that is missing. Only ours to enter: it will hold personal data. */
static int make_all(const char *dir)
{
    char part[LEDGER_PATH];
    size_t n = strlen(dir);
    if (n == 0)
        return -ENOENT;
    if (n >= sizeof(part))
        return -ENAMETOOLONG;
    memcpy(part, dir, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        int failed = mkdir(part, 0700) != 0 ? errno : 0;
        struct stat s;
        /* On a read-only file system mkdir says so even of what is there. */
        if (failed && failed != EEXIST && stat(part, &s) != 0)
            return -failed;
        part[i] = dir[i];
    }
    return 0;
}

static const char *dir_refusal(int fd, char text[LEDGER_WHY])
{
    struct stat s;
    struct statfs f;
    if (fstat(fd, &s) != 0 || fstatfs(fd, &f) != 0)
        return strerror(errno);
    if (s.st_uid != geteuid())
        return "it belongs to another user; run as that user or choose another with --state";
    if (s.st_mode & (S_IWGRP | S_IWOTH))
        return "others may write it; take that right away (chmod go-w) or choose another with --state";
    const char *network = dir_network_name((long)f.f_type);
    if (network) {
        snprintf(
            text, LEDGER_WHY,
            "it is on a network file system (%s), where locks cannot be relied on; choose a local one with --state",
            network);
        return text;
    }
    return NULL;
}

int dir_open(const char *dir, char path[LEDGER_PATH], char why[LEDGER_WHY])
{
    static const char subject[] = "cannot use the state directory";
    char real[PATH_MAX], text[LEDGER_WHY];
    int failed = make_all(dir);
    if (failed == 0 && !realpath(dir, real))
        failed = -errno;
    int fd = failed == 0 ? open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (failed == 0 && fd < 0)
        failed = -errno;
    if (failed != 0) {
        dir_say(why, subject, dir, strerror(-failed));
        return -1;
    }
    const char *refusal = dir_refusal(fd, text);
    if (refusal) {
        dir_say(why, subject, dir, refusal);
        close(fd);
        return -1;
    }
    snprintf(path, LEDGER_PATH, "%s", real);
    return fd;
}

static int probe_error(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return -ENOSPC;
    case EROFS:
    case EACCES:
    case EPERM: return -EROFS;
    default: return -EIO;
    }
}

/* At the end of the larger of the database and its log, so that a limit on file sizes shows. */
static off_t probe_offset(const char *path)
{
    char log[LEDGER_PATH + 64];
    struct stat s;
    off_t at = stat(path, &s) == 0 ? s.st_size : 0;
    snprintf(log, sizeof(log), "%s-wal", path);
    return stat(log, &s) == 0 && s.st_size > at ? s.st_size : at;
}

int dir_probe(const char *path)
{
    static const char block[65536];
    char *dir = path_dir(path);
    int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    int error = fd < 0 ? probe_error(errno) : -EIO;
    free(dir);
    if (fd < 0)
        return error;
    ssize_t done = pwrite(fd, block, sizeof(block), probe_offset(path));
    if (done < 0)
        error = probe_error(errno);
    else if ((size_t)done < sizeof(block))
        error = -ENOSPC;
    else if (fsync(fd) != 0)
        error = probe_error(errno);
    close(fd);
    return error;
}
