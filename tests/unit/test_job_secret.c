/* Credential references: where secrets may come from, and that no refusal repeats one. */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "test_job_bed.h"

#define SECRET "s3cr3t-w0rd"

/* A folder of our own with a job file in it. */
struct bed {
    char dir[40];
    struct job *job;
};

static void write_file(const struct bed *b, const char *name, const char *text, size_t n, mode_t mode)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", b->dir, name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void set_mode(const struct bed *b, const char *name, mode_t mode)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", b->dir, name);
    ck_assert_int_eq(chmod(path, mode), 0);
}

static void bed_make(struct bed *b)
{
    static const char text[] =
        "{\"feed\": {\"path\": \"a\"}, \"match\": [\"x_a\"], \"attributes\": {\"x_a\": \"A\"},"
        "\"actions\": {\"create\": false},"
        "\"target\": {\"connector\": \"acme\", \"url\": \"https://a\","
        "\"credentials\": {\"key\": \"env:K\", \"secret\": \"env:S\"}}}";
    char path[60];
    struct buf messages = BUF_INIT(4096);
    snprintf(b->dir, sizeof(b->dir), "/tmp/test-job-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(b->dir));
    write_file(b, "job.json", text, sizeof(text) - 1, 0600);
    snprintf(path, sizeof(path), "%s/job.json", b->dir);
    b->job = bed_load(path, &messages);
    ck_assert_msg(b->job != NULL, "%s", messages.p);
    buf_deinit(&messages);
}

static void bed_remove(struct bed *b)
{
    static const char *const names[] = { "job.json", "key",  "link",     "link2",  "fifo",
                                         "d/key",    "d/up", "d/..data", "d/token" };
    char path[200];
    for (size_t i = 0; i < array_len(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", b->dir, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof(path), "%s/d/..2026", b->dir);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/d", b->dir);
    rmdir(path);
    ck_assert_int_eq(rmdir(b->dir), 0);
    job_free(b->job);
}

static const char *fake_env(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "KEY") == 0 ? SECRET : strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

/* What the command printed, and how it was called. */
struct ran {
    const char *print;
    size_t n;
    char argv[200];
    unsigned calls;
};

static bool fake_run(void *ctx, const char *const *argv, struct buf *out, char why[300])
{
    struct ran *ran = ctx;
    ran->calls++;
    ran->argv[0] = '\0';
    for (size_t i = 0, n = 0; argv[i]; i++, n = strlen(ran->argv))
        snprintf(ran->argv + n, sizeof(ran->argv) - n, "<%s>", argv[i]);
    if (!ran->print) {
        snprintf(why, 300, "it failed");
        return false;
    }
    buf_add(out, ran->print, ran->n ? ran->n : strlen(ran->print));
    return true;
}

static bool resolve(const struct bed *b, const char *reference, struct ran *ran, struct secret *out,
                    char why[300])
{
    struct job_secret_ops ops = { .env = fake_env, .run = ran ? fake_run : NULL, .ctx = ran };
    bool good = job_secret(b->job, reference, &ops, out, why);
    ck_assert_msg(strstr(why, SECRET) == NULL, "%s", why);
    ck_assert_msg(good == (why[0] == '\0'), "a refusal says why: '%s'", why);
    return good;
}

static void assert_secret(const struct bed *b, const char *reference, struct ran *ran, const char *want)
{
    struct secret secret = { 0 };
    char why[300];
    ck_assert_msg(resolve(b, reference, ran, &secret, why), "%s", why);
    ck_assert_uint_eq(secret.n, strlen(want));
    ck_assert_str_eq(secret.p, want);
    secret_deinit(&secret);
}

static void assert_refused(const struct bed *b, const char *reference, struct ran *ran, const char *words)
{
    struct secret secret = { 0 };
    char why[300];
    ck_assert_msg(!resolve(b, reference, ran, &secret, why), "%s was taken", reference);
    ck_assert_msg(strstr(why, words) != NULL, "%s: %s", reference, why);
    ck_assert_ptr_null(secret.p);
}

START_TEST(from_the_environment)
{
    struct bed b;
    bed_make(&b);
    assert_secret(&b, "env:KEY", NULL, SECRET);
    assert_refused(&b, "env:EMPTY", NULL, "'env:EMPTY' is empty");
    assert_refused(&b, "env:OTHER", NULL, "'env:OTHER': the environment variable is not set");
    assert_refused(&b, SECRET, NULL, "must be a reference");
    bed_remove(&b);
}
END_TEST

START_TEST(from_a_file)
{
    static const struct {
        const char *text, *want;
    } rows[] = { { SECRET, SECRET },
                 { SECRET "\n", SECRET },
                 { SECRET "\r\n", SECRET },
                 { " a b ", " a b " },
                 { "\xc3\xa4", "\xc3\xa4" } };
    struct bed b;
    bed_make(&b);
    for (size_t i = 0; i < array_len(rows); i++) {
        write_file(&b, "key", rows[i].text, strlen(rows[i].text), i % 2 ? 0400 : 0600);
        assert_secret(&b, "file:key", NULL, rows[i].want);
    }
    char absolute[200];
    snprintf(absolute, sizeof(absolute), "file:%s/key", b.dir);
    assert_secret(&b, absolute, NULL, "\xc3\xa4");
    bed_remove(&b);
}
END_TEST

START_TEST(files_that_are_no_secrets)
{
    static const struct {
        const char *text;
        size_t n;
        const char *words;
    } rows[] = {
        { "", 0, "is empty" },
        { "\n", 1, "is empty" },
        { "\r\n", 2, "is empty" },
        { SECRET "\n\n", sizeof(SECRET) + 1, "on one line" },
        { "\n" SECRET, sizeof(SECRET), "on one line" },
        { SECRET "\0x", sizeof(SECRET) + 1, "on one line" },
    };
    struct bed b;
    bed_make(&b);
    for (size_t i = 0; i < array_len(rows); i++) {
        write_file(&b, "key", rows[i].text, rows[i].n, 0600);
        assert_refused(&b, "file:key", NULL, rows[i].words);
    }
    char *large = xmalloc(16 * 1024 + 1);
    memset(large, 'x', 16 * 1024 + 1);
    write_file(&b, "key", large, 16 * 1024 + 1, 0600);
    assert_refused(&b, "file:key", NULL, "larger than 16 KiB");
    large[16 * 1024] = '\0';
    write_file(&b, "key", large, 16 * 1024, 0600);
    assert_secret(&b, "file:key", NULL, large);
    free(large);
    bed_remove(&b);
}
END_TEST

/* What we write into `dir` is root's, and in memory. */
static bool roots_in_memory(const char *dir)
{
    struct statfs fs;
    ck_assert_int_eq(statfs(dir, &fs), 0);
    return fs.f_type == TMPFS_MAGIC && geteuid() == 0;
}

START_TEST(files_that_others_can_touch)
{
    static const mode_t open_to_others[] = { 0640, 0620, 0610, 0604, 0602, 0601, 0444, 0777 };
    struct bed b;
    bed_make(&b);
    write_file(&b, "key", SECRET, sizeof(SECRET) - 1, 0600);
    for (size_t i = 0; i < array_len(open_to_others); i++) {
        set_mode(&b, "key", open_to_others[i]);
        if (roots_in_memory(b.dir) && !(open_to_others[i] & 022))
            continue; /* as containers have it: see below */
        assert_refused(&b, "file:key", NULL,
                       "'file:key' can be read or changed by others; protect it with: chmod 600");
    }
    bed_remove(&b);
}
END_TEST

START_TEST(things_that_are_no_files)
{
    struct bed b;
    char path[200];
    bed_make(&b);
    snprintf(path, sizeof(path), "%s/fifo", b.dir);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    assert_refused(&b, "file:fifo", NULL, "is not a regular file"); /* and does not wait for a writer */
    assert_refused(&b, "file:.", NULL, "is not a regular file");
    assert_refused(&b, "file:missing", NULL, "cannot read 'file:missing': No such file");
    assert_refused(&b, "file:/dev/null", NULL, "is not a regular file");
    bed_remove(&b);
}
END_TEST

static void make_link(const struct bed *b, const char *name, const char *to)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", b->dir, name);
    unlink(path);
    ck_assert_int_eq(symlink(to, path), 0);
}

static void make_folder(const struct bed *b, const char *name)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", b->dir, name);
    ck_assert_int_eq(mkdir(path, 0755), 0);
}

#define LED_ASTRAY "is a symbolic link, and others can change where it leads"

START_TEST(links_that_nobody_else_can_change)
{
    struct bed b;
    char path[200];
    bed_make(&b);
    write_file(&b, "key", SECRET, sizeof(SECRET) - 1, 0600);
    make_folder(&b, "d");
    snprintf(path, sizeof(path), "%s/d/../key", b.dir);
    make_link(&b, "link", path); /* absolute */
    assert_secret(&b, "file:link", NULL, SECRET);
    make_link(&b, "link", "d/.././/key");
    assert_secret(&b, "file:link", NULL, SECRET);
    make_link(&b, "d/up", "../link"); /* a link to a link */
    make_link(&b, "link2", "d/up");
    assert_secret(&b, "file:link2", NULL, SECRET);
    set_mode(&b, "key", 0640); /* what it leads to is judged as ever */
    if (!roots_in_memory(b.dir))
        assert_refused(&b, "file:link2", NULL, "can be read or changed by others");
    set_mode(&b, "key", 0602);
    assert_refused(&b, "file:link2", NULL, "can be read or changed by others");
    make_link(&b, "link", "/dev/null");
    assert_refused(&b, "file:link", NULL, "is not a regular file");
    make_link(&b, "link", "d");
    assert_refused(&b, "file:link", NULL, "is not a regular file");
    bed_remove(&b);
}
END_TEST

/* As Kubernetes shows a secret: token -> ..data/token, ..data -> ..2026. */
START_TEST(a_mounted_secret)
{
    struct bed b;
    char path[200];
    bed_make(&b);
    make_folder(&b, "d");
    make_folder(&b, "d/..2026");
    write_file(&b, "d/..2026/token", SECRET "\n", sizeof(SECRET), 0600);
    make_link(&b, "d/..data", "..2026");
    make_link(&b, "d/token", "..data/token");
    set_mode(&b, "d", 01777); /* that folder is so; what is in it is ours */
    assert_secret(&b, "file:d/token", NULL, SECRET);
    set_mode(&b, "d", 0777);
    assert_refused(&b, "file:d/token", NULL, "'file:d/token' " LED_ASTRAY);
    set_mode(&b, "d", 0775);
    assert_refused(&b, "file:d/token", NULL, LED_ASTRAY);
    set_mode(&b, "d", 0755);
    set_mode(&b, "d/..2026", 0757);
    assert_refused(&b, "file:d/token", NULL, LED_ASTRAY);
    set_mode(&b, "d/..2026", 0755);
    assert_secret(&b, "file:d/token", NULL, SECRET);
    snprintf(path, sizeof(path), "%s/d/token", b.dir);
    if (geteuid() == 0) { /* somebody else's link, folder, file */
        ck_assert_int_eq(lchown(path, 65534, 65534), 0);
        assert_refused(&b, "file:d/token", NULL, LED_ASTRAY);
        ck_assert_int_eq(lchown(path, 0, 0), 0);
        snprintf(path, sizeof(path), "%s/d/..2026", b.dir);
        ck_assert_int_eq(chown(path, 65534, 65534), 0);
        assert_refused(&b, "file:d/token", NULL, LED_ASTRAY);
        ck_assert_int_eq(chown(path, 0, 0), 0);
        snprintf(path, sizeof(path), "%s/d/..2026/token", b.dir);
        ck_assert_int_eq(chown(path, 65534, 65534), 0);
        assert_refused(&b, "file:d/token", NULL, "belongs to another user");
    }
    snprintf(path, sizeof(path), "%s/d/..2026/token", b.dir);
    unlink(path);
    bed_remove(&b);
}
END_TEST

START_TEST(links_to_nowhere)
{
    struct bed b;
    bed_make(&b);
    write_file(&b, "key", SECRET, sizeof(SECRET) - 1, 0600);
    make_link(&b, "link", "nothing");
    assert_refused(&b, "file:link", NULL, "cannot read 'file:link': No such file");
    make_link(&b, "link", "key/nothing");
    assert_refused(&b, "file:link", NULL, "cannot read 'file:link': Not a directory");
    make_link(&b, "link", "/");
    assert_refused(&b, "file:link", NULL, "cannot read 'file:link': Is a directory");
    make_link(&b, "link", "link2");
    make_link(&b, "link2", "link");
    assert_refused(&b, "file:link", NULL, "cannot read 'file:link': Too many levels");
    bed_remove(&b);
}
END_TEST

/* Root's file that all may read: in memory, as containers have it, but not on a disk. */
START_TEST(a_readable_file_of_root)
{
    char path[] = "/dev/shm/test-job-XXXXXX", reference[64];
    struct bed b;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    bool taken = roots_in_memory("/dev/shm");
    ck_assert_int_eq(write(fd, SECRET, sizeof(SECRET) - 1), sizeof(SECRET) - 1);
    ck_assert_int_eq(fchmod(fd, 0444), 0);
    bed_make(&b);
    snprintf(reference, sizeof(reference), "file:%s", path);
    if (taken)
        assert_secret(&b, reference, NULL, SECRET);
    else
        assert_refused(&b, reference, NULL, "can be read or changed by others");
    ck_assert_int_eq(fchmod(fd, 0464), 0);
    assert_refused(&b, reference, NULL, "can be read or changed by others");
    if (taken) {
        ck_assert_int_eq(fchmod(fd, 0444), 0);
        ck_assert_int_eq(fchown(fd, 65534, 65534), 0);
        assert_refused(&b, reference, NULL, "belongs to another user");
    }
    close(fd);
    unlink(path);
    bed_remove(&b);
}
END_TEST

START_TEST(from_a_command)
{
    struct bed b;
    struct ran ran = { .print = SECRET "\n" };
    bed_make(&b);
    assert_secret(&b, "cmd:[\"/usr/bin/vault\", \"read\", \"a b; rm -rf $HOME\"]", &ran, SECRET);
    ck_assert_str_eq(ran.argv, "</usr/bin/vault><read><a b; rm -rf $HOME>");
    ran.print = NULL;
    assert_refused(&b, "cmd:[\"/bin/false\"]", &ran, "it failed");
    ran.print = "\n";
    assert_refused(&b, "cmd:[\"/bin/true\"]", &ran, "what the command printed is empty");
    ran.print = SECRET "\n" SECRET;
    assert_refused(&b, "cmd:[\"/bin/true\"]", &ran, "on one line");
    ck_assert_uint_eq(ran.calls, 4);
    bed_remove(&b);
}
END_TEST

START_TEST(a_command_that_prints_too_much)
{
    struct bed b;
    char *large = xmalloc(20000);
    memset(large, 'x', 20000);
    struct ran ran = { .print = large, .n = 20000 };
    bed_make(&b);
    assert_refused(&b, "cmd:[\"/bin/cat\"]", &ran, "more than 16 KiB");
    free(large);
    bed_remove(&b);
}
END_TEST

START_TEST(commands_that_are_not_run)
{
    struct bed b;
    struct ran ran = { .print = SECRET };
    bed_make(&b);
    assert_refused(&b, "cmd:[\"/bin/true\"]", NULL, "commands are switched off");
    assert_refused(&b, "cmd:[\"true\"]", &ran, "absolute path");
    assert_refused(&b, "cmd:[]", &ran, "1 to 32 parts");
    assert_refused(&b, "cmd:[\"/bin/echo\", 5]", &ran, "must be a text");
    assert_refused(&b, "cmd:{\"a\": 1}", &ran, "JSON array");
    assert_refused(&b, "cmd:/bin/true", &ran, "JSON array");
    assert_refused(&b, "cmd:", &ran, "JSON array");
    assert_refused(&b, "cmd:[\"/bin/\\u0000true\"]", &ran, "JSON array");
    ck_assert_uint_eq(ran.calls, 0);
    bed_remove(&b);
}
END_TEST

/* Whoever may change the job file could run anything as us. */
START_TEST(commands_of_a_job_that_others_can_change)
{
    static const mode_t modes[] = { 0620, 0602, 0666, 0660 };
    struct bed b;
    struct ran ran = { .print = SECRET };
    bed_make(&b);
    for (size_t i = 0; i < array_len(modes); i++) {
        set_mode(&b, "job.json", modes[i]);
        assert_refused(&b, "cmd:[\"/bin/true\"]", &ran, "can be changed by others");
    }
    set_mode(&b, "job.json", 0644);
    set_mode(&b, ".", 0770);
    assert_refused(&b, "cmd:[\"/bin/true\"]", &ran, "can be changed by others");
    set_mode(&b, ".", 01777);
    assert_refused(&b, "cmd:[\"/bin/true\"]", &ran, "can be changed by others");
    ck_assert_uint_eq(ran.calls, 0);
    set_mode(&b, ".", 0755);
    assert_secret(&b, "cmd:[\"/bin/true\"]", &ran, SECRET);
    bed_remove(&b);
}
END_TEST

UNIT("job_secret", from_the_environment, from_a_file, files_that_are_no_secrets, files_that_others_can_touch,
     things_that_are_no_files, links_that_nobody_else_can_change, a_mounted_secret, links_to_nowhere,
     a_readable_file_of_root, from_a_command, a_command_that_prints_too_much, commands_that_are_not_run,
     commands_of_a_job_that_others_can_change)
