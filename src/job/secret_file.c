/* Files that hold secrets. A plain file must be private. What containers mount is not: Kubernetes shows a
 * secret through links (token -> ..data/token, ..data -> ..2026_01_05), and Docker, Podman and Kubernetes
 * alike as root's file that all may read, on a mount of its own. So a link is followed as long as nobody else
 * can change where it leads, and root's file may be readable where only root can have put it: on a read-only
 * mount or in memory. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "job_internal.h"

#define LINKS_MAX 16
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

bool owned_by_us(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0;
}

static bool read_only_mount(int fd)
{
    struct statvfs fs;
    return fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY;
}

static bool in_memory(int fd)
{
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* The way to a file, one name at a time; nothing on it is followed by the kernel. */
struct way {
    int at;              /* the folder reached */
    char rest[PATH_MAX]; /* what is still to go */
    unsigned links;
};

static bool way_start(struct way *w, const char *path)
{
    char here[PATH_MAX] = "";
    *w = (struct way){ .at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) };
    if (w->at < 0 || (path[0] != '/' && !getcwd(here, sizeof(here))))
        return false;
    int n = snprintf(w->rest, sizeof(w->rest), "%s/%s", here, path);
    return n > 0 && (size_t)n < sizeof(w->rest);
}

/* The next name; false at the end, with nothing that could be opened. "." is none. */
static bool way_next(struct way *w, char name[NAME_MAX + 1], bool *last)
{
    do {
        size_t from = strspn(w->rest, "/"), n = strcspn(w->rest + from, "/");
        if (n == 0 || n > NAME_MAX) {
            errno = n ? ENAMETOOLONG : EISDIR;
            return false;
        }
        memcpy(name, w->rest + from, n);
        name[n] = '\0';
        memmove(w->rest, w->rest + from + n, strlen(w->rest + from + n) + 1);
    } while (strcmp(name, ".") == 0);
    *last = w->rest[strspn(w->rest, "/")] == '\0';
    return true;
}

/* `link` is open as a link: what it says goes in front of the rest. */
static bool way_link(struct way *w, int link)
{
    char to[PATH_MAX], rest[PATH_MAX];
    ssize_t n = readlinkat(link, "", to, sizeof(to) - 1);
    if (n <= 0)
        return false;
    to[n] = '\0';
    int whole = snprintf(rest, sizeof(rest), "%s/%s", to, w->rest);
    bool long_way = whole < 0 || (size_t)whole >= sizeof(rest);
    if (long_way || ++w->links > LINKS_MAX) {
        errno = long_way ? ENAMETOOLONG : ELOOP;
        return false;
    }
    memcpy(w->rest, rest, (size_t)whole + 1);
    if (to[0] != '/')
        return true;
    close(w->at);
    w->at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return w->at >= 0;
}

/* In a folder with the sticky bit others can add, but not replace what is ours or root's. */
static bool folder_safe(int fd, const struct stat *st)
{
    return !(st->st_mode & OTHERS_WRITE) || st->st_mode & S_ISVTX || read_only_mount(fd);
}

enum step_result { STEP_ON, STEP_UNSAFE, STEP_LOST /* errno says why */ };

static enum step_result way_step(struct way *w, const char *name)
{
    struct stat st;
    int fd = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    enum step_result result = STEP_ON;
    if (fd < 0 || fstat(fd, &st) != 0)
        result = STEP_LOST;
    else if (!owned_by_us(&st) || (S_ISDIR(st.st_mode) && !folder_safe(fd, &st)))
        result = STEP_UNSAFE;
    else if (S_ISLNK(st.st_mode))
        result = way_link(w, fd) ? STEP_ON : STEP_LOST;
    else {
        int left = w->at; /* what is no folder, the next name finds out */
        w->at = fd;
        fd = left;
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return result;
}

static bool is_link(int at, const char *name)
{
    struct stat st;
    return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

int secret_open(const char *path, bool *unsafe)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    char name[NAME_MAX + 1];
    struct way w;
    bool last, good;
    int fd = open(path, flags);
    *unsafe = false;
    if (fd >= 0 || errno != ELOOP)
        return fd;
    good = way_start(&w, path);
    while (good && fd < 0 && way_next(&w, name, &last)) {
        if (last && !is_link(w.at, name)) {
            fd = openat(w.at, name, flags);
            break;
        }
        enum step_result r = way_step(&w, name);
        *unsafe = r == STEP_UNSAFE;
        good = r == STEP_ON;
    }
    int error = errno;
    if (w.at >= 0)
        close(w.at);
    errno = error;
    return fd;
}

const char *secret_file_trouble(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return "cannot be looked at";
    if (!S_ISREG(st.st_mode))
        return "is not a regular file";
    if (!owned_by_us(&st))
        return "belongs to another user; it must be yours or root's";
    if (!(st.st_mode & (S_IRWXG | S_IRWXO)))
        return NULL;
    bool mounted = st.st_uid == 0 && !(st.st_mode & OTHERS_WRITE) && (read_only_mount(fd) || in_memory(fd));
    return mounted ? NULL : "can be read or changed by others; protect it with: chmod 600";
}
