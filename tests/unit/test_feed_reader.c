/* The reader on a real loop: files, standard input, what is no file, stopping, and that nothing stays open.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rollcall/base.h"
#include "rollcall/feed_reader.h"
#include "unit.h"

static char dir[] = "/tmp/rollcall-reader-XXXXXX";
static char path[100];

struct run {
    uv_loop_t loop;
    struct feed_reader *reader;
    struct buf got;
    unsigned ends;
    bool unchanged, stop_in_bytes, refuse_bytes;
    char error[300];
    void (*at_first)(struct run *); /* in the first bytes callback */
    unsigned calls;
};

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/hr.csv", dir);
    /* The first loop of a process opens what all share and nobody closes. */
    uv_loop_t loop;
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

/* The folder must be empty but for the feed: a spool leaves nothing behind. */
static void teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(dir), 0);
    memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
}

static void write_file(const char *name, struct str bytes)
{
    FILE *f = fopen(name, "wb");
    ck_assert_ptr_nonnull(f);
    if (bytes.n)
        ck_assert_uint_eq(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    ck_assert_int_eq(fclose(f), 0);
}

static bool on_bytes(void *ctx, const char *p, size_t n)
{
    struct run *run = ctx;
    ck_assert_uint_eq(run->ends, 0);
    buf_add(&run->got, p, n);
    if (run->calls++ == 0 && run->at_first)
        run->at_first(run);
    if (run->stop_in_bytes)
        feed_reader_stop(run->reader);
    return !run->refuse_bytes;
}

static void on_end(void *ctx, bool unchanged, const char *error)
{
    struct run *run = ctx;
    run->ends++;
    run->unchanged = unchanged;
    snprintf(run->error, sizeof(run->error), "%s", error ? error : "");
}

static const struct feed_reader_events events = { on_bytes, on_end };

static void start(struct run *run, const char *name)
{
    ck_assert_int_eq(uv_loop_init(&run->loop), 0);
    buf_init(&run->got, SIZE_MAX);
    run->reader = feed_reader_start(&run->loop, name, dir, &events, run);
    ck_assert_ptr_nonnull(run->reader);
    ck_assert_uint_eq(run->ends, 0); /* not before the loop turns */
}

static void turn(struct run *run)
{
    ck_assert_int_eq(uv_run(&run->loop, UV_RUN_DEFAULT), 0);
    ck_assert_uint_eq(run->ends, 1);
}

static void end(struct run *run)
{
    feed_reader_free(run->reader);
    ck_assert_int_eq(uv_loop_close(&run->loop), 0);
    buf_deinit(&run->got);
}

static int open_files(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Bytes in which every position can be told from its neighbours. */
static void pattern(struct buf *out, size_t n)
{
    buf_init(out, SIZE_MAX);
    uint32_t x = 1;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525 + 1013904223;
        buf_putc(out, (char)(x >> 24));
    }
}

static void check_again(struct run *run, struct str bytes)
{
    char p[40];
    ck_assert_int_eq(feed_reader_again(run->reader, bytes.n / 2, p, sizeof(p)), 0);
    ck_assert_int_eq(memcmp(p, bytes.p + bytes.n / 2, sizeof(p)), 0);
    ck_assert_int_eq(feed_reader_again(run->reader, bytes.n - sizeof(p), p, sizeof(p)), 0);
    ck_assert_int_eq(memcmp(p, bytes.p + bytes.n - sizeof(p), sizeof(p)), 0);
    ck_assert_int_eq(feed_reader_again(run->reader, bytes.n - sizeof(p) + 1, p, sizeof(p)), -EIO);
    ck_assert_int_eq(feed_reader_again(run->reader, UINT64_MAX, p, sizeof(p)), -EIO);
    ck_assert_int_eq(feed_reader_again(run->reader, 0, p, 0), 0);
}

START_TEST(files)
{
    static const size_t sizes[] = { 0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3 * 1024 * 1024 + 7 };
    int before = open_files();
    for (size_t i = 0; i < array_len(sizes); i++) {
        struct buf bytes;
        pattern(&bytes, sizes[i]);
        write_file(path, buf_view(&bytes));
        struct run run = { 0 };
        start(&run, path);
        turn(&run);
        ck_assert_str_eq(run.error, "");
        ck_assert(run.unchanged);
        ck_assert(str_eq(buf_view(&run.got), buf_view(&bytes)));
        if (sizes[i] > 1000)
            check_again(&run, buf_view(&bytes));
        end(&run);
        buf_deinit(&bytes);
    }
    ck_assert_int_eq(open_files(), before);
}
END_TEST

static void append(struct run *run)
{
    (void)run;
    FILE *f = fopen(path, "ab");
    fputs("more\n", f);
    fclose(f);
}

static void touch(struct run *run)
{
    (void)run;
    struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void replace(struct run *run)
{
    (void)run;
    char other[120];
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    snprintf(other, sizeof(other), "%s.new", path);
    struct buf bytes;
    pattern(&bytes, 600000);
    write_file(other, buf_view(&bytes));
    struct timespec times[2] = { st.st_atim, st.st_mtim };
    ck_assert_int_eq(utimensat(AT_FDCWD, other, times, 0), 0);
    ck_assert_int_eq(rename(other, path), 0);
    buf_deinit(&bytes);
}

static void cut(struct run *run)
{
    (void)run;
    ck_assert_int_eq(truncate(path, 1000), 0);
}

static void remove_it(struct run *run)
{
    (void)run;
    ck_assert_int_eq(unlink(path), 0);
}

/* Appended to, touched, replaced by a file of the same size and time, cut, or gone: it is not the file that
 * was opened any more. */
START_TEST(files_that_change)
{
    static void (*const what[])(struct run *) = { append, touch, replace, cut, remove_it };
    struct buf bytes;
    pattern(&bytes, 600000);
    write_file(path, buf_view(&bytes));
    struct run run = { .at_first = what[_i] };
    start(&run, path);
    turn(&run);
    ck_assert_str_eq(run.error, "");
    ck_assert(!run.unchanged);
    end(&run);
    buf_deinit(&bytes);
}
END_TEST

static void fails(const char *name, const char *why)
{
    int before = open_files();
    struct run run = { 0 };
    start(&run, name);
    turn(&run);
    ck_assert_str_eq(run.error, why);
    ck_assert(!run.unchanged);
    ck_assert_uint_eq(run.calls, 0);
    end(&run);
    ck_assert_int_eq(open_files(), before);
}

START_TEST(no_files)
{
    static const char pipe_text[] =
        "it is a pipe or a socket; to read one give '-' as the path and connect it to standard input";
    fails(path, "no such file or directory");
    fails(dir, "it is a directory");
    fails("/dev/null", "it is not a regular file");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    fails(path, pipe_text); /* nobody writes to it: opening must not wait */
    unlink(path);
    ck_assert_int_eq(symlink(path, path), 0);
    fails(path, "too many symbolic links encountered");
    unlink(path);
    if (geteuid() != 0) {
        write_file(path, STR("x"));
        ck_assert_int_eq(chmod(path, 0), 0);
        fails(path, "permission denied");
    }
}
END_TEST

START_TEST(stops)
{
    struct buf bytes;
    pattern(&bytes, 3000000);
    write_file(path, buf_view(&bytes));
    for (int way = 0; way < 3; way++) {
        struct run run = { .stop_in_bytes = way == 0, .refuse_bytes = way == 1 };
        start(&run, path);
        if (way == 2)
            feed_reader_stop(run.reader);
        turn(&run);
        ck_assert_uint_eq(run.calls, way == 2 ? 0 : 1);
        ck_assert_str_eq(run.error, "");
        ck_assert(!run.unchanged);
        feed_reader_stop(run.reader); /* too late: nothing happens */
        end(&run);
    }
    buf_deinit(&bytes);
}
END_TEST

/* Standard input -------------------------------------------------------------------------------------- */

/* Puts `fd` in the place of standard input and gives what was there. */
static int take_stdin(int fd)
{
    int old = dup(STDIN_FILENO);
    if (fd >= 0) {
        ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
        close(fd);
    } else {
        close(STDIN_FILENO);
    }
    return old;
}

static void give_back(int old)
{
    if (old >= 0) {
        dup2(old, STDIN_FILENO);
        close(old);
    }
}

struct writer {
    int fd;
    struct str bytes;
    uv_thread_t thread;
};

/* In small pieces of odd sizes. */
static void write_all(void *arg)
{
    struct writer *w = arg;
    size_t at = 0, piece = 1;
    while (at < w->bytes.n) {
        size_t n = piece < w->bytes.n - at ? piece : w->bytes.n - at;
        ssize_t done = write(w->fd, w->bytes.p + at, n);
        if (done <= 0)
            break;
        at += (size_t)done;
        piece = piece * 3 % 70001 + 1;
    }
    close(w->fd);
}

START_TEST(pipe_as_input)
{
    struct buf bytes;
    pattern(&bytes, 2000003);
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    int old = take_stdin(ends[0]);
    struct writer w = { .fd = ends[1], .bytes = buf_view(&bytes) };
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    ck_assert_int_eq(uv_thread_create(&w.thread, write_all, &w), 0);
    struct run run = { 0 };
    start(&run, "-");
    turn(&run);
    uv_thread_join(&w.thread);
    ck_assert_str_eq(run.error, "");
    ck_assert(run.unchanged);
    ck_assert(str_eq(buf_view(&run.got), buf_view(&bytes)));
    check_again(&run, buf_view(&bytes));
    ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFL), flags);
    end(&run);
    give_back(old);
    buf_deinit(&bytes);
}
END_TEST

START_TEST(file_as_input)
{
    struct buf bytes;
    pattern(&bytes, 700000);
    write_file(path, buf_view(&bytes));
    int old = take_stdin(open(path, O_RDONLY | O_CLOEXEC));
    struct run run = { 0 };
    start(&run, "-");
    turn(&run);
    ck_assert_str_eq(run.error, "");
    ck_assert(run.unchanged);
    ck_assert(str_eq(buf_view(&run.got), buf_view(&bytes)));
    ck_assert_int_eq(truncate(path, 0), 0); /* rows come from the spool */
    check_again(&run, buf_view(&bytes));
    end(&run);
    give_back(old);
    buf_deinit(&bytes);
}
END_TEST

START_TEST(socket_as_input)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    int old = take_stdin(ends[0]);
    ck_assert_int_eq(write(ends[1], "ID\nE1\n", 6), 6);
    close(ends[1]);
    struct run run = { 0 };
    start(&run, "-");
    turn(&run);
    ck_assert_str_eq(run.error, "");
    assert_str(buf_view(&run.got), "ID\nE1\n");
    end(&run);
    give_back(old);
}
END_TEST

START_TEST(no_input)
{
    int old = take_stdin(open("/dev/null", O_RDONLY));
    struct run run = { 0 };
    start(&run, "-");
    turn(&run);
    ck_assert_str_eq(run.error, "");
    ck_assert_uint_eq(run.got.n, 0);
    end(&run);
    give_back(old);

    old = take_stdin(open(dir, O_RDONLY));
    fails("-", "standard input is neither a file nor a pipe");
    give_back(old);

    /* Closed: the spool gets its number, and must not pass for standard input. */
    struct run closed = { 0 };
    ck_assert_int_eq(uv_loop_init(&closed.loop), 0);
    old = take_stdin(-1);
    closed.reader = feed_reader_start(&closed.loop, "-", dir, &events, &closed);
    turn(&closed);
    ck_assert_str_eq(closed.error, "standard input cannot be read: bad file descriptor");
    end(&closed);
    give_back(old);
}
END_TEST

START_TEST(no_room_for_the_spool)
{
    struct run run = { 0 };
    ck_assert_int_eq(uv_loop_init(&run.loop), 0);
    buf_init(&run.got, SIZE_MAX);
    run.reader = feed_reader_start(&run.loop, "-", "/nonexistent/folder", &events, &run);
    turn(&run);
    ck_assert_str_eq(run.error, "no spool file for standard input: no such file or directory");
    end(&run);
}
END_TEST

static void on_timer(uv_timer_t *timer)
{
    struct run *run = timer->data;
    feed_reader_stop(run->reader);
    uv_close((uv_handle_t *)timer, NULL);
}

/* A pipe on which nothing comes: stopping must not wait for it. */
START_TEST(stop_of_a_silent_pipe)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    int old = take_stdin(ends[0]);
    struct run run = { 0 };
    start(&run, "-");
    uv_timer_t timer = { .data = &run };
    uv_timer_init(&run.loop, &timer);
    timer.data = &run;
    uv_timer_start(&timer, on_timer, 100, 0);
    turn(&run);
    ck_assert_str_eq(run.error, "");
    ck_assert(!run.unchanged);
    end(&run);
    close(ends[1]);
    give_back(old);
}
END_TEST

/* Freed in its own end callback. */
static void free_at_end(void *ctx, bool unchanged, const char *error)
{
    struct run *run = ctx;
    on_end(ctx, unchanged, error);
    feed_reader_free(run->reader);
    run->reader = NULL;
}

START_TEST(freed_at_its_end)
{
    static const struct feed_reader_events freeing = { on_bytes, free_at_end };
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    int old = take_stdin(ends[0]);
    close(ends[1]);
    write_file(path, STR("ID\n"));
    const char *const names[] = { path, "-", "/nonexistent" };
    for (size_t i = 0; i < array_len(names); i++) {
        struct run run = { 0 };
        ck_assert_int_eq(uv_loop_init(&run.loop), 0);
        buf_init(&run.got, SIZE_MAX);
        run.reader = feed_reader_start(&run.loop, names[i], dir, &freeing, &run);
        turn(&run);
        end(&run);
    }
    give_back(old);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("feed reader");
    TCase *tcase = tcase_create("feed reader");
    tcase_set_timeout(tcase, UNIT_TIMEOUT_S);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, files_that_change, 0, 5);
    const TTest *const tests[] = { files,
                                   no_files,
                                   stops,
                                   pipe_as_input,
                                   file_as_input,
                                   socket_as_input,
                                   no_input,
                                   no_room_for_the_spool,
                                   stop_of_a_silent_pipe,
                                   freed_at_its_end };
    for (size_t i = 0; i < array_len(tests); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
