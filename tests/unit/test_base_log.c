#include "rollcall/base/log.h"

#include <stdio.h>

#include "rollcall/base/mem.h"
#include "unit.h"

static void collect(void *ctx, enum log_level level, const char *event, const struct log_field *fields,
                    size_t n)
{
    struct buf *out = ctx;
    buf_printf(out, "%d %s", (int)level, event);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, " %s=%.*s", fields[i].name, STR_ARG(fields[i].value));
    buf_putc(out, '\n');
}

START_TEST(lines_above_the_level_are_dropped)
{
    struct buf out = BUF_INIT(10000);
    struct log log = { LOG_INFO, collect, &out };
    struct log_field fields[] = { { "a", STR("1") }, { "b", STR("two") } };
    log_event(&log, LOG_ERROR, "bad", fields, 2);
    log_event(&log, LOG_DEBUG, "noise", fields, 2);
    log_event(&log, LOG_INFO, "plain", NULL, 0);
    log_text(&log, LOG_WARN, "words", "%s %d", "x", 5);
    log_text(&log, LOG_DEBUG, "noise", "%s", "x");
    assert_str(buf_view(&out), "0 bad a=1 b=two\n2 plain\n1 words text=x 5\n");
    buf_deinit(&out);
}
END_TEST

START_TEST(without_a_sink_nothing_happens)
{
    struct log silent = { LOG_DEBUG, NULL, NULL };
    log_event(&silent, LOG_ERROR, "x", NULL, 0);
    log_text(&silent, LOG_ERROR, "x", "%s", "y");
    log_event(NULL, LOG_ERROR, "x", NULL, 0);
    log_text(NULL, LOG_ERROR, "x", "%s", "y");
}
END_TEST

START_TEST(long_texts_are_cut)
{
    struct buf out = BUF_INIT(100000);
    struct log log = { LOG_DEBUG, collect, &out };
    log_text(&log, LOG_WARN, "long", "%*s", 50000, "x");
    ck_assert_uint_gt(out.n, 1000);
    ck_assert_uint_lt(out.n, 5000);
    buf_deinit(&out);
}
END_TEST

START_TEST(a_secret_is_a_copy)
{
    struct secret s = { 0 };
    char value[] = "hunter2";
    secret_set(&s, str_of(value));
    value[0] = 'x';
    ck_assert_str_eq(s.p, "hunter2");
    ck_assert_uint_eq(s.n, 7);
    ck_assert_uint_eq((uintptr_t)s.p % 4096, 0);
    secret_set(&s, (struct str){ s.p + 1, 3 });
    ck_assert_str_eq(s.p, "unt");
    secret_set(&s, STR(""));
    ck_assert_ptr_null(s.p);
    secret_deinit(&s);
    secret_deinit(&s);
    char *large = xmalloc(10000);
    memset(large, 'k', 10000);
    secret_set(&s, (struct str){ large, 10000 });
    ck_assert_uint_eq(strlen(s.p), 10000);
    free(large);
    secret_deinit(&s);
}
END_TEST

/* The flag "dd" of the mapping: no core file takes it. */
START_TEST(a_secret_stays_out_of_core_files)
{
    struct secret s = { 0 };
    secret_set(&s, STR("hunter2"));
    char start[32], line[512];
    snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)s.p);
    FILE *maps = fopen("/proc/self/smaps", "r");
    ck_assert_ptr_nonnull(maps);
    bool inside = false, found = false;
    while (fgets(line, sizeof(line), maps)) {
        if (strncmp(line, start, strlen(start)) == 0)
            inside = true;
        if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            found = strstr(line, " dd") != NULL;
            break;
        }
    }
    fclose(maps);
    ck_assert(inside && found);
    secret_deinit(&s);
}
END_TEST

static void assert_scrubbed(struct str in, const char *want)
{
    struct secret a = { 0 }, b = { 0 }, none = { 0 }, longer = { 0 }, literal = { 0 }, token = { 0 };
    const struct secret *const all[] = { &none, &a, &b, &longer, &literal, &token };
    struct buf out = BUF_INIT(10000);
    secret_set(&a, STR("AKEY$1"));
    secret_set(&b, STR("p/w \"+\xc3\xa9"));
    secret_set(&longer, STR("AKEY$1234"));
    secret_set(&literal, STR("%41x"));
    secret_set(&token, STR("eyJhbGciOi.J9"));
    secret_scrub(all, array_len(all), in, &out);
    assert_str(buf_view(&out), want);
    buf_deinit(&out);
    secret_deinit(&a);
    secret_deinit(&b);
    secret_deinit(&longer);
    secret_deinit(&literal);
    secret_deinit(&token);
}

START_TEST(secrets_do_not_show)
{
    assert_scrubbed(STR(""), "");
    assert_scrubbed((struct str){ NULL, 0 }, "");
    assert_scrubbed(STR("nothing here"), "nothing here");
    assert_scrubbed(STR("AKEY$1"), "***");
    assert_scrubbed(STR("x=AKEY$1&y"), "x=***&y");
    assert_scrubbed(STR("AKEY$1AKEY$1"), "******");
    assert_scrubbed(STR("accessKey=AKEY%241."), "accessKey=***.");
    assert_scrubbed(STR("%41%4b%45%59%24%31 %41%4B"), "*** %41%4B");
    assert_scrubbed(STR("AKEY$1234"), "***");
    assert_scrubbed(STR("AKEY$12"), "***2");
    assert_scrubbed(STR("AKEY$"), "AKEY$");
    assert_scrubbed(STR("AKEY%2"), "AKEY%2");
    assert_scrubbed(STR("[p/w \"+\xc3\xa9]"), "[***]");
    assert_scrubbed(STR("[p%2Fw%20%22%2b%c3%A9]"), "[***]");
    assert_scrubbed(STR("[p%2Fw+%22%2b%c3%A9]"), "[***]");
    assert_scrubbed(STR("{\"k\":\"p\\/w \\\"+\xc3\xa9\"}"), "{\"k\":\"***\"}");
    assert_scrubbed(STR("\\u0041KEY\\u00241"), "***");
    assert_scrubbed(STR("%41x %2541x"), "*** ***");
    assert_scrubbed(STR("bad token eyJhbGciOi.J"), "bad token ***"); /* the text was cut there */
    assert_scrubbed(STR("bad token eyJhbGci"), "bad token ***");
    assert_scrubbed(STR("bad token eyJhbGc"), "bad token eyJhbGc");
    assert_scrubbed(STR("eyJhbGci or so"), "eyJhbGci or so");
}
END_TEST

UNIT("base_log", lines_above_the_level_are_dropped, without_a_sink_nothing_happens, long_texts_are_cut,
     a_secret_is_a_copy, a_secret_stays_out_of_core_files, secrets_do_not_show)
