/* The ledger on a disk: what survives, who may touch it, and what is said when it cannot be used. */
#include "ledger_internal.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], file[80];

static void setup_dir(void)
{
    snprintf(dir, sizeof(dir), "%s", "/tmp/rollcall-ledger-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(file, sizeof(file), "%s/ledger.db", dir);
}

static void remove_dir(void)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

static struct ledger *must_open(void)
{
    char why[400];
    struct ledger *l = ledger_open(dir, why);
    ck_assert_msg(l != NULL, "%s", why);
    return l;
}

/* Opening fails, and the words contain `word`. */
static void refused(const char *path, const char *word)
{
    char why[400];
    struct ledger *l = ledger_open(path, why);
    ck_assert_msg(l == NULL, "%s was opened", path);
    ck_assert_msg(strstr(why, word) != NULL, "'%s' is not in: %s", word, why);
}

static void put_run(struct ledger *l, const char *id)
{
    struct run r = { .state = RUN_DONE, .started = 1, .changed = 2, .exit_code = -1 };
    snprintf(r.id, sizeof(r.id), "%s", id);
    ck_assert_int_eq(l->ops->run_put(l, &r), 0);
}

static int put_change(struct ledger *l, uint32_t seq, struct str json)
{
    const struct run_change c = { .seq = seq, .kind = CHANGE_UPDATE, .subject = STR("E7"), .json = json };
    return l->ops->change_put(l, "a", &c);
}

static bool count(void *ctx, const struct run_change *c)
{
    (void)c;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned changes_of(struct ledger *l)
{
    unsigned n = 0;
    ck_assert_int_eq(l->ops->change_each(l, "a", count, &n), 0);
    return n;
}

static void sql(const char *text)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void child_must_end_well(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child ended with %x", (unsigned)status);
}

START_TEST(what_is_flushed_stays)
{
    setup_dir();
    struct ledger *l = must_open();
    put_run(l, "a");
    ck_assert_int_eq(put_change(l, 0, STR("{}")), 0);
    ck_assert_int_eq(ledger_flush(l), 0);
    ck_assert_int_eq(put_change(l, 1, STR("{}")), 0);
    ck_assert_uint_eq(changes_of(l), 2); /* its own puts it sees */
    ledger_free(l);
    l = must_open();
    ck_assert_uint_eq(changes_of(l), 1);
    ledger_free(l);
    remove_dir();
}
END_TEST

/* The process ends without warning after a flush and another put: the one stays, the other does not. */
START_TEST(a_kill_loses_nothing_flushed)
{
    setup_dir();
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char why[400];
        struct ledger *l = ledger_open(dir, why);
        struct run r = { .id = "a" };
        bool good = l && l->ops->run_put(l, &r) == 0 && put_change(l, 0, STR("{}")) == 0 &&
                    ledger_flush(l) == 0 && put_change(l, 1, STR("{}")) == 0 && write(ready[1], "x", 1) == 1;
        if (good)
            pause();
        _exit(1);
    }
    char c;
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    close(ready[0]);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    struct ledger *l = must_open();
    ck_assert_uint_eq(changes_of(l), 1);
    ck_assert_int_eq(put_change(l, 1, STR("{}")), 0);
    ck_assert_int_eq(ledger_flush(l), 0);
    ledger_free(l);
    remove_dir();
}
END_TEST

START_TEST(only_its_owner_may_read_it)
{
    struct stat s;
    char deep[100], other[140];
    setup_dir();
    mode_t old = umask(0);
    snprintf(deep, sizeof(deep), "%s/state/rollcall", dir);
    char why[400];
    struct ledger *l = ledger_open(deep, why);
    ck_assert_msg(l != NULL, "%s", why);
    put_run(l, "a");
    ck_assert_int_eq(ledger_flush(l), 0);
    static const char *const files[] = { "/ledger.db", "/ledger.db-wal", "/ledger.db-shm" };
    for (size_t i = 0; i < array_len(files); i++) {
        snprintf(other, sizeof(other), "%s%s", deep, files[i]);
        ck_assert_msg(stat(other, &s) == 0, "%s", other);
        ck_assert_uint_eq(s.st_mode & 07777, 0600);
    }
    ck_assert_int_eq(stat(deep, &s), 0);
    ck_assert_uint_eq(s.st_mode & 07777, 0700);
    ledger_free(l);
    umask(old);
    remove_dir();
}
END_TEST

START_TEST(refuses_directories_that_others_can_write)
{
    char link[100];
    setup_dir();
    chmod(dir, 0770);
    refused(dir, "others may write it");
    chmod(dir, 0707);
    refused(dir, "others may write it");
    chmod(dir, 0755); /* systemd's StateDirectory= */
    ledger_free(must_open());
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(dir, 65534, 65534), 0);
        refused(dir, "belongs to another user");
        ck_assert_int_eq(chown(dir, 0, 0), 0);
    }
    refused("", "state directory");
    refused("/dev/null", "state directory");
    refused("/dev/null/x", "state directory");
    snprintf(link, sizeof(link), "%s.link", dir);
    ck_assert_int_eq(symlink(dir, link), 0); /* systemd's DynamicUser= */
    char why[400];
    struct ledger *l = ledger_open(link, why);
    ck_assert_msg(l != NULL, "%s", why);
    ledger_free(l);
    chmod(dir, 0770);
    refused(link, "others may write it"); /* where it leads to is what counts */
    unlink(link);
    remove_dir();
}
END_TEST

START_TEST(refuses_files_that_are_not_ours)
{
    char elsewhere[100];
    setup_dir();
    snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir);
    ck_assert_int_eq(symlink(elsewhere, file), 0);
    refused(dir, "link");
    ck_assert_int_ne(access(elsewhere, F_OK), 0); /* nothing was made through it */
    unlink(file);
    ck_assert_int_eq(mkdir(file, 0700), 0);
    refused(dir, "not a regular file");
    rmdir(file);
    ledger_free(must_open());
    chmod(file, 0644);
    refused(dir, "others may use it");
    remove_dir();
}
END_TEST

START_TEST(knows_network_file_systems)
{
    ck_assert_str_eq(dir_network_name(0x6969), "NFS");
    ck_assert_str_eq(dir_network_name((long)0xff534d42), "CIFS");
    ck_assert_str_eq(dir_network_name((long)(int32_t)0xfe534d42), "SMB2"); /* as a 32-bit machine gives it */
    ck_assert_ptr_null(dir_network_name(0xef53));                          /* ext4 */
    ck_assert_ptr_null(dir_network_name(0x01021994));                      /* tmpfs */
    ck_assert_ptr_null(dir_network_name(0x794c7630));                      /* overlay */
}
END_TEST

static void write_file(const char *text, size_t n)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
    close(fd);
}

START_TEST(says_when_it_is_no_ledger)
{
    setup_dir();
    static char junk[8192];
    memset(junk, 'x', sizeof(junk));
    write_file(junk, sizeof(junk));
    refused(dir, "damaged");
    unlink(file);
    sql("CREATE TABLE other (a)");
    chmod(file, 0600);
    refused(dir, "another program");
    unlink(file);
    write_file("", 0); /* made, and then the power went */
    ledger_free(must_open());
    sql("PRAGMA user_version = 1000");
    refused(dir, "newer rollcall");
    remove_dir();
}
END_TEST

/* Damage inside: an error with words, whichever page was hit, and never more than that. */
START_TEST(survives_damage)
{
    setup_dir();
    struct ledger *l = must_open();
    put_run(l, "a");
    for (uint32_t i = 0; i < 2000; i++)
        ck_assert_int_eq(
            put_change(l, i, STR("{\"after\":\"somebody@example.com\",\"before\":\"nobody@example.com\"}")),
            0);
    ck_assert_int_eq(ledger_flush(l), 0);
    ledger_free(l);
    struct stat s;
    ck_assert_int_eq(stat(file, &s), 0);
    unsigned noticed = 0;
    for (off_t at = 4096; at < s.st_size; at += 4096) {
        char page[4096], junk[4096];
        memset(junk, 0xa5, sizeof(junk));
        int fd = open(file, O_RDWR);
        ck_assert_int_eq(pread(fd, page, sizeof(page), at), sizeof(page));
        ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
        char why[400];
        unsigned n = 0;
        l = ledger_open(dir, why);
        int error = l ? l->ops->change_each(l, "a", count, &n) : -EIO;
        if (error) {
            const char *words = l ? ledger_error(l) : why;
            ck_assert_int_eq(error, -EIO);
            ck_assert_msg(strstr(words, "damaged") != NULL, "%s", words);
            noticed++;
            if (l) { /* nothing more is written to it */
                ck_assert_int_eq(put_change(l, 5000, STR("{}")), -EIO);
                ck_assert_int_eq(ledger_flush(l), -EIO);
            }
        }
        ledger_free(l);
        ck_assert_int_eq(pwrite(fd, page, sizeof(page), at), sizeof(page));
        close(fd);
    }
    ck_assert_uint_gt(noticed, 10);
    ck_assert_uint_eq(changes_of(l = must_open()), 2000);
    ledger_free(l);
    remove_dir();
}
END_TEST

/* Somebody wrote into the database by hand: numbers that stand for names are not taken on trust. */
START_TEST(survives_numbers_out_of_range)
{
    static const char *const edits[] = { "kind = 99", "hold = -1", "outcome = 4294967296",
                                         "kind = 'x', hold = 99" };
    setup_dir();
    struct ledger *l = must_open();
    put_run(l, "a");
    ck_assert_int_eq(put_change(l, 0, STR("{}")), 0);
    ck_assert_int_eq(ledger_flush(l), 0);
    ledger_free(l);
    for (size_t i = 0; i < array_len(edits); i++) {
        char text[100];
        unsigned n = 0;
        snprintf(text, sizeof(text),
                 "UPDATE change SET kind = 2, hold = 0, outcome = 0; UPDATE change SET %s", edits[i]);
        sql(text);
        l = must_open();
        ck_assert_int_eq(l->ops->change_each(l, "a", count, &n), -EIO);
        ck_assert_uint_eq(n, 0);
        ck_assert_ptr_nonnull(strstr(ledger_error(l), "damaged"));
        ck_assert_int_eq(l->ops->run_text_get(l, "no-such", "x", NULL), -ENOENT); /* other words between */
        ck_assert_int_eq(put_change(l, 1, STR("{}")), -EIO);
        ck_assert_ptr_nonnull(strstr(ledger_error(l), "damaged"));
        ledger_free(l);
    }
    sql("UPDATE change SET kind = 2, hold = 0, outcome = 0; INSERT INTO step VALUES (1, 0, 1, 0, 7, 0, 0, 0, '', '')");
    l = must_open();
    ck_assert_uint_eq(changes_of(l), 1);
    ck_assert_int_eq(l->ops->step_each(l, "a", 0, UINT32_MAX, NULL, NULL), -EIO);
    ledger_free(l);
    remove_dir();
}
END_TEST

/* No room: an error, everything after it fails too, and what was flushed before is there. */
START_TEST(says_when_the_disk_is_full)
{
    setup_dir();
    pid_t pid = fork(); /* the limit is the process's own */
    if (pid == 0) {
        static char big[60000];
        memset(big, 'x', sizeof(big));
        signal(SIGXFSZ, SIG_IGN);
        char why[400];
        struct ledger *l = ledger_open(dir, why);
        struct run r = { .id = "a" };
        if (!l || l->ops->run_put(l, &r) || put_change(l, 0, STR("{}")) || ledger_flush(l))
            _exit(1);
        const struct rlimit limit = { 400000, 400000 };
        setrlimit(RLIMIT_FSIZE, &limit);
        int error = 0;
        for (uint32_t i = 1; error == 0 && i < 100; i++) {
            error = put_change(l, i, (struct str){ big, sizeof(big) });
            if (error == 0)
                error = ledger_flush(l);
        }
        if (error != -ENOSPC || !strstr(ledger_error(l), "no room"))
            _exit(2);
        if (put_change(l, 1000, STR("{}")) != -ENOSPC || ledger_flush(l) != -ENOSPC ||
            l->ops->memory_put(l, "t", "n", STR("s"), STR("x")) != -ENOSPC)
            _exit(3);
        ledger_free(l);
        _exit(0);
    }
    child_must_end_well(pid);
    struct ledger *l = must_open();
    ck_assert_uint_ge(changes_of(l), 1);
    ck_assert_uint_lt(changes_of(l), 100);
    ledger_free(l);
    remove_dir();
}
END_TEST

START_TEST(says_when_there_is_no_room_to_begin)
{
    setup_dir();
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGXFSZ, SIG_IGN);
        const struct rlimit limit = { 2000, 2000 };
        setrlimit(RLIMIT_FSIZE, &limit);
        char why[400];
        struct ledger *l = ledger_open(dir, why);
        _exit(l || !strstr(why, "no room"));
    }
    child_must_end_well(pid);
    remove_dir();
}
END_TEST

/* As an ordinary user: root may write what is read-only. */
START_TEST(says_when_it_is_read_only)
{
    setup_dir();
    ledger_free(must_open());
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && (chown(dir, 65534, 65534) || chown(file, 65534, 65534) || setuid(65534)))
            _exit(1);
        char why[400];
        chmod(file, 0400);
        struct ledger *l = ledger_open(dir, why);
        if (l || !strstr(why, "cannot be written"))
            _exit(2);
        chmod(file, 0600);
        chmod(dir, 0500);
        l = ledger_open(dir, why);
        if (l || !strstr(why, "cannot be written"))
            _exit(3);
        chmod(dir, 0700);
        l = ledger_open(dir, why);
        ledger_free(l);
        _exit(l ? 0 : 4);
    }
    child_must_end_well(pid);
    remove_dir();
}
END_TEST

/* Two of us, for different tenants, in one directory. */
START_TEST(is_shared_by_several)
{
    setup_dir();
    ledger_free(must_open());
    pid_t pids[4];
    for (int i = 0; i < 4; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            char why[400];
            struct ledger *l = ledger_open(dir, why);
            int error = l ? 0 : -1;
            struct run r = { .started = i };
            snprintf(r.id, sizeof(r.id), "run-%d", i);
            for (uint32_t k = 0; error == 0 && k < 50; k++) {
                const struct run_change c = { .seq = k, .json = STR("{}") };
                error = l->ops->run_put(l, &r);
                if (error == 0)
                    error = l->ops->change_put(l, r.id, &c);
                if (error == 0)
                    error = ledger_flush(l);
            }
            ledger_free(l);
            _exit(error != 0);
        }
    }
    for (int i = 0; i < 4; i++)
        child_must_end_well(pids[i]);
    struct ledger *l = must_open();
    for (int i = 0; i < 4; i++) {
        char id[20];
        unsigned n = 0;
        snprintf(id, sizeof(id), "run-%d", i);
        ck_assert_int_eq(l->ops->change_each(l, id, count, &n), 0);
        ck_assert_uint_eq(n, 50);
    }
    ledger_free(l);
    remove_dir();
}
END_TEST

static bool file_holds(const char *path, const char *text)
{
    struct buf all = BUF_INIT(64 << 20);
    bool there =
        file_read(path, 32 << 20, &all) == 0 && all.n > 0 && memmem(all.p, all.n, text, strlen(text)) != NULL;
    buf_deinit(&all);
    return there;
}

/* Values that retention dropped are not in the files any more, while the ledger is still open. */
START_TEST(retention_leaves_no_trace)
{
    static const char secret[] = "somebody@example.com";
    char wal[100];
    uint64_t n;
    setup_dir();
    snprintf(wal, sizeof(wal), "%s-wal", file);
    struct ledger *l = must_open();
    put_run(l, "a");
    for (uint32_t i = 0; i < 500; i++)
        ck_assert_int_eq(put_change(l, i, STR("{\"mail\":\"somebody@example.com\"}")), 0);
    ck_assert_int_eq(l->ops->run_text_put(l, "a", "rejects", str_of(secret)), 0);
    ck_assert_int_eq(ledger_flush(l), 0);
    ck_assert(file_holds(file, secret) || file_holds(wal, secret));
    ck_assert_int_eq(l->ops->run_delete_before(l, 1000, &n), 0);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(ledger_flush(l), 0);
    ck_assert(!file_holds(file, secret) && !file_holds(wal, secret));
    ck_assert_uint_eq(changes_of(l), 500);
    ledger_free(l);
    remove_dir();
}
END_TEST

/* Not a measurement: with a transaction per put, or a statement prepared each time, this would run into the
 * suite's time limit. */
START_TEST(takes_many_changes)
{
    setup_dir();
    struct ledger *l = must_open();
    put_run(l, "a");
    mono_us begin = clock_mono();
    for (uint32_t i = 0; i < 50000; i++)
        ck_assert_int_eq(
            put_change(
                l, i,
                STR("{\"after\":\"People & Culture\",\"attribute\":\"Department\",\"before\":\"Sales\"}")),
            0);
    ck_assert_int_eq(ledger_flush(l), 0);
    printf("# 50,000 changes in %lld ms\n", (long long)((clock_mono() - begin) / 1000));
    ck_assert_uint_eq(changes_of(l), 50000);
    ledger_free(l);
    remove_dir();
}
END_TEST

UNIT("ledger on disk", what_is_flushed_stays, a_kill_loses_nothing_flushed, only_its_owner_may_read_it,
     refuses_directories_that_others_can_write, refuses_files_that_are_not_ours, knows_network_file_systems,
     says_when_it_is_no_ledger, survives_damage, survives_numbers_out_of_range, says_when_the_disk_is_full,
     says_when_there_is_no_room_to_begin, says_when_it_is_read_only, is_shared_by_several,
     retention_leaves_no_trace, takes_many_changes)
