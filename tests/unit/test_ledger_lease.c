/* The lease: one at a time, and nobody has to clean up behind a process that was killed. */
#include "rollcall/ledger.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static void setup_dir(void)
{
    snprintf(dir, sizeof(dir), "%s", "/tmp/rollcall-lease-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

/* The only file in the directory. */
static void lock_file(char path[400])
{
    DIR *d = opendir(dir);
    unsigned n = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, 400, "%s/%s", dir, e->d_name);
        n++;
    }
    closedir(d);
    ck_assert_uint_eq(n, 1);
}

START_TEST(one_at_a_time)
{
    struct lease *first, *second, *other;
    char why[400], pid[40];
    setup_dir();
    ck_assert_int_eq(lease_take(dir, "leadsquared", "22824", "20261121-0310-k7q2", &first, why), LEASE_OK);
    ck_assert_int_eq(lease_take(dir, "leadsquared", "22824", "20261121-0311-aaaa", &second, why), LEASE_HELD);
    ck_assert_ptr_null(second);
    snprintf(pid, sizeof(pid), "process %ld,", (long)getpid());
    ck_assert_msg(strstr(why, pid) && strstr(why, "20261121-0310-k7q2"), "%s", why);
    /* Another tenant, another vendor's tenant of the same name, and names that only together are alike. */
    ck_assert_int_eq(lease_take(dir, "leadsquared", "22825", "r", &other, why), LEASE_OK);
    lease_release(other);
    ck_assert_int_eq(lease_take(dir, "scim", "22824", "r", &other, why), LEASE_OK);
    lease_release(other);
    ck_assert_int_eq(lease_take(dir, "leadsquared2", "2824", "r", &other, why), LEASE_OK);
    lease_release(other);
    lease_release(first);
    lease_release(NULL);
    ck_assert_int_eq(lease_take(dir, "leadsquared", "22824", "r", &second, why), LEASE_OK);
    lease_release(second);
    remove_dir();
}
END_TEST

START_TEST(ends_with_its_process)
{
    struct lease *l;
    char why[400], pid_text[40], c;
    int ready[2];
    setup_dir();
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        bool good = lease_take(dir, "scim", "https://scim.example.com/v2", "run-1", &l, why) == LEASE_OK &&
                    write(ready[1], "x", 1) == 1;
        if (good)
            pause();
        _exit(1);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    close(ready[0]);
    ck_assert_int_eq(lease_take(dir, "scim", "https://scim.example.com/v2", "run-2", &l, why), LEASE_HELD);
    snprintf(pid_text, sizeof(pid_text), "process %ld, run run-1", (long)pid);
    ck_assert_msg(strstr(why, pid_text) != NULL, "%s", why);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(lease_take(dir, "scim", "https://scim.example.com/v2", "run-2", &l, why), LEASE_OK);
    lease_release(l);
    remove_dir();
}
END_TEST

START_TEST(tells_nothing_by_its_file)
{
    struct lease *l;
    struct stat s;
    char why[400], path[400];
    setup_dir();
    mode_t old = umask(0);
    ck_assert_int_eq(lease_take(dir, "appenate", "Example AG/../x", "run-1", &l, why), LEASE_OK);
    umask(old);
    lock_file(path);
    ck_assert_ptr_null(strstr(path, "xample"));
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_uint_eq(s.st_mode & 07777, 0600);
    ck_assert_int_gt(s.st_size, 0);
    lease_release(l);
    ck_assert_int_eq(stat(path, &s), 0);
    ck_assert_int_eq(s.st_size, 0);
    remove_dir();
}
END_TEST

START_TEST(does_not_trust_the_file)
{
    static const char *const contents[] = { "",  "garbage",        "-5 x",
                                            "7", "12 \x1b[31mred", "99999999999999999999 x y z" };
    struct lease *l, *second;
    char why[400], path[400];
    setup_dir();
    ck_assert_int_eq(lease_take(dir, "scim", "t", "run-1", &l, why), LEASE_OK);
    lock_file(path);
    for (size_t i = 0; i < array_len(contents); i++) {
        FILE *f = fopen(path, "w");
        fputs(contents[i], f);
        fclose(f);
        ck_assert_int_eq(lease_take(dir, "scim", "t", "run-2", &second, why), LEASE_HELD);
        ck_assert_ptr_nonnull(strstr(why, "another rollcall"));
        ck_assert_ptr_null(strchr(why, '\x1b'));
    }
    lease_release(l);
    chmod(path, 0644);
    ck_assert_int_eq(lease_take(dir, "scim", "t", "run-2", &l, why), LEASE_ERROR);
    ck_assert_msg(strstr(why, "others may use it") != NULL, "%s", why);
    unlink(path);
    ck_assert_int_eq(symlink("/tmp/rollcall-nowhere", path), 0);
    ck_assert_int_eq(lease_take(dir, "scim", "t", "run-2", &l, why), LEASE_ERROR);
    ck_assert_msg(strstr(why, "link") != NULL, "%s", why);
    ck_assert_int_ne(access("/tmp/rollcall-nowhere", F_OK), 0);
    unlink(path);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(lease_take(dir, "scim", "t", "run-2", &l, why), LEASE_ERROR);
    chmod(dir, 0777);
    ck_assert_int_eq(lease_take(dir, "scim", "t2", "run-2", &l, why), LEASE_ERROR);
    ck_assert_ptr_null(l);
    ck_assert_msg(strstr(why, "others may write it") != NULL, "%s", why);
    remove_dir();
}
END_TEST

UNIT("ledger lease", one_at_a_time, ends_with_its_process, tells_nothing_by_its_file, does_not_trust_the_file)
