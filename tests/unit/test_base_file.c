#include "rollcall/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rollcall/base/mem.h"
#include "unit.h"

/* A folder of its own for each test. */
static char *folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = path_join(base ? base : "/tmp", "rollcall-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

static size_t entries(const char *dir)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void remove_folder(char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));)
        unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    ck_assert_int_eq(rmdir(dir), 0);
    free(dir);
}

static void spill(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

START_TEST(paths)
{
    static const struct {
        const char *dir, *name, *want;
    } joins[] = { { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "", "b", "b" },
                  { NULL, "b", "b" },  { "/", "b", "/b" },   { "a", "/b", "/b" } };
    static const struct {
        const char *path, *want;
    } dirs[] = { { "a/b", "a" }, { "a", "." },    { "/a", "/" }, { "/", "/" },    { "", "." },
                 { "a/", "." },  { "a//b", "a" }, { "//", "/" }, { "a/b/", "a" }, { "/a/b", "/a" } };
    for (size_t i = 0; i < array_len(joins); i++) {
        char *path = path_join(joins[i].dir, joins[i].name);
        ck_assert_str_eq(path, joins[i].want);
        free(path);
    }
    for (size_t i = 0; i < array_len(dirs); i++) {
        char *path = path_dir(dirs[i].path);
        ck_assert_str_eq(path, dirs[i].want);
        free(path);
    }
}
END_TEST

START_TEST(reads_within_the_limit)
{
    char *dir = folder(), *path = path_join(dir, "f");
    struct buf b = BUF_INIT(1000);
    spill(path, "0123456789");
    ck_assert_int_eq(file_read(path, 10, &b), 0);
    assert_str(buf_view(&b), "0123456789");
    ck_assert_int_eq(file_read(path, 9, &b), -EFBIG);
    assert_str(buf_view(&b), "0123456789");
    ck_assert_int_eq(file_read(path, 1000, &b), 0);
    ck_assert_uint_eq(b.n, 20);
    struct buf small = BUF_INIT(5);
    ck_assert_int_eq(file_read(path, 1000, &small), -EFBIG);
    ck_assert_uint_eq(small.n, 0);
    spill(path, "");
    buf_clear(&b);
    ck_assert_int_eq(file_read(path, 0, &b), 0);
    ck_assert_str_eq(b.p, "");
    buf_deinit(&b);
    buf_deinit(&small);
    free(path);
    remove_folder(dir);
}
END_TEST

/* Such files say that they are empty. */
START_TEST(reads_files_without_a_size)
{
    struct buf b = BUF_INIT(100000);
    ck_assert_int_eq(file_read("/proc/self/status", 100000, &b), 0);
    ck_assert_uint_gt(b.n, 100);
    buf_clear(&b);
    ck_assert_int_eq(file_read("/proc/self/status", 10, &b), -EFBIG);
    ck_assert_uint_eq(b.n, 0);
    buf_deinit(&b);
}
END_TEST

START_TEST(reads_regular_files_only)
{
    char *dir = folder(), *pipe = path_join(dir, "pipe"), *none = path_join(dir, "none");
    struct buf b = BUF_INIT(1000);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    ck_assert_int_eq(file_read(pipe, 10, &b), -EINVAL);
    ck_assert_int_eq(file_read(none, 10, &b), -ENOENT);
    ck_assert_int_eq(file_read(dir, 10, &b), -EISDIR);
    ck_assert_int_eq(file_read("/dev/zero", 10, &b), -EINVAL);
    buf_deinit(&b);
    free(pipe);
    free(none);
    remove_folder(dir);
}
END_TEST

START_TEST(nothing_shows_before_commit)
{
    char *dir = folder(), *path = path_join(dir, "out");
    struct file_out f;
    struct buf b = BUF_INIT(1000);
    struct stat st;
    spill(path, "old");
    ck_assert_int_eq(file_out_open(&f, path), 0);
    file_out_printf(&f, "%s %d", "new", 1);
    file_out_write(&f, "\n\0", 2);
    ck_assert_int_eq(file_read(path, 100, &b), 0);
    assert_str(buf_view(&b), "old");
    ck_assert_int_eq(file_out_commit(&f), 0);
    buf_clear(&b);
    ck_assert_int_eq(file_read(path, 100, &b), 0);
    ck_assert(str_eq(buf_view(&b), STR("new 1\n\0")));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_assert_uint_eq(entries(dir), 1);
    file_out_abort(&f);
    ck_assert_uint_eq(entries(dir), 1);
    buf_deinit(&b);
    free(path);
    remove_folder(dir);
}
END_TEST

START_TEST(abort_leaves_no_trace)
{
    char *dir = folder(), *path = path_join(dir, "out");
    struct file_out f;
    ck_assert_int_eq(file_out_open(&f, path), 0);
    file_out_write(&f, "x", 1);
    ck_assert_uint_eq(entries(dir), 1);
    file_out_abort(&f);
    file_out_abort(&f);
    ck_assert_uint_eq(entries(dir), 0);
    ck_assert_int_eq(file_out_commit(&f), -EBADF);
    file_out_write(&f, "x", 1);
    file_out_printf(&f, "x");
    free(path);
    remove_folder(dir);
}
END_TEST

START_TEST(large_files_are_whole)
{
    char *dir = folder(), *path = path_join(dir, "out");
    struct file_out f;
    struct buf b = BUF_INIT(SIZE_MAX), want = BUF_INIT(SIZE_MAX);
    char *block = xmalloc(200000);
    memset(block, 'b', 200000);
    ck_assert_int_eq(file_out_open(&f, path), 0);
    for (int i = 0; i < 30000; i++) {
        file_out_printf(&f, "line %d\n", i);
        buf_printf(&want, "line %d\n", i);
        if (i % 5000 == 0) {
            file_out_write(&f, block, 200000);
            buf_add(&want, block, 200000);
        }
    }
    ck_assert_int_eq(file_out_commit(&f), 0);
    ck_assert_int_eq(file_read(path, 10000000, &b), 0);
    ck_assert(str_eq(buf_view(&b), buf_view(&want)));
    free(block);
    buf_deinit(&b);
    buf_deinit(&want);
    free(path);
    remove_folder(dir);
}
END_TEST

START_TEST(a_text_too_large_to_format_is_an_error)
{
    char *dir = folder(), *path = path_join(dir, "out");
    struct file_out f;
    ck_assert_int_eq(file_out_open(&f, path), 0);
    file_out_printf(&f, "%*s", 2000000, "x");
    file_out_printf(&f, "more");
    ck_assert_int_eq(file_out_commit(&f), -EFBIG);
    ck_assert_uint_eq(entries(dir), 0);
    free(path);
    remove_folder(dir);
}
END_TEST

/* A limit on the size of files stands for a full disk: a write comes back short, the next one fails. */
START_TEST(a_full_disk_leaves_the_old_file)
{
    char *dir = folder(), *path = path_join(dir, "out");
    struct rlimit before, limit;
    struct buf b = BUF_INIT(1000);
    char block[70000];
    memset(block, 'x', sizeof(block));
    spill(path, "old");
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 100000;
    for (int last = 0; last < 2; last++) {
        struct file_out f;
        ck_assert_int_eq(file_out_open(&f, path), 0);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        file_out_write(&f, block, sizeof(block));
        ck_assert_int_eq(f.error, 0);
        /* Once noticed while writing, once by the last flush in commit. */
        file_out_write(&f, block, last ? 60000 : sizeof(block));
        ck_assert_int_eq(f.error, last ? 0 : EFBIG);
        ck_assert_int_eq(file_out_commit(&f), -EFBIG);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    }
    ck_assert_int_eq(file_read(path, 100, &b), 0);
    assert_str(buf_view(&b), "old");
    ck_assert_uint_eq(entries(dir), 1);
    buf_deinit(&b);
    free(path);
    remove_folder(dir);
}
END_TEST

START_TEST(only_plain_files_are_replaced)
{
    char *dir = folder(), *link_path = path_join(dir, "link"), *target = path_join(dir, "target");
    char *missing = path_join(dir, "no/such");
    struct file_out f;
    struct buf b = BUF_INIT(1000);
    spill(target, "kept");
    ck_assert_int_eq(symlink("target", link_path), 0);
    ck_assert_int_eq(file_out_open(&f, link_path), -ELOOP);
    ck_assert_int_eq(file_out_open(&f, dir), -EISDIR);
    ck_assert_int_eq(file_out_open(&f, "/dev/null"), -EINVAL);
    ck_assert_int_eq(file_out_open(&f, missing), -ENOENT);
    ck_assert_int_eq(file_out_open(&f, ""), -ENOENT);
    file_out_abort(&f);
    ck_assert_int_eq(file_read(link_path, 100, &b), 0); /* reading follows links */
    assert_str(buf_view(&b), "kept");
    buf_deinit(&b);
    free(link_path);
    free(target);
    free(missing);
    remove_folder(dir);
}
END_TEST

UNIT("base_file", paths, reads_within_the_limit, reads_files_without_a_size, reads_regular_files_only,
     nothing_shows_before_commit, abort_leaves_no_trace, large_files_are_whole,
     a_text_too_large_to_format_is_an_error, a_full_disk_leaves_the_old_file, only_plain_files_are_replaced)
