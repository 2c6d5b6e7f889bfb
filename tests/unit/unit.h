/* What every unit test starts with: check's assertions, and a main() made from the list of tests.
 *
 *     #include "unit.h"
 *
 *     START_TEST(adds)
 *     {
 *         ck_assert_int_eq(1 + 1, 2);
 *     }
 *     END_TEST
 *
 *     UNIT("sums", adds)
 *
 * An assertion costs microseconds, and more with every one before it: a loop of many thousand turns counts,
 * and asserts once.
 *
 * How it runs (TAP on stdout, a fork per test or none) is decided by the environment that tests/meson.build
 * sets. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "rollcall/base/text.h"

#define UNIT_TIMEOUT_S 120 /* only ends a test that hangs; machines may be slow */

static inline int unit_run(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, UNIT_TIMEOUT_S);
    for (size_t i = 0; i < n; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define UNIT(name, ...)                                                                                      \
    int main(void)                                                                                           \
    {                                                                                                        \
        const TTest *const unit_tests[] = { __VA_ARGS__ };                                                   \
        return unit_run(name, unit_tests, sizeof(unit_tests) / sizeof(unit_tests[0]));                       \
    }

/* A slice or buffer view holds exactly these bytes (given as a C string). */
#define assert_str(got, want)                                                                                \
    do {                                                                                                     \
        const struct str unit_got = (got);                                                                   \
        const struct str unit_want = str_of(want);                                                           \
        ck_assert_msg(str_eq(unit_got, unit_want), "%s is '%.*s', not '%.*s'", #got, STR_ARG(unit_got),      \
                      STR_ARG(unit_want));                                                                   \
    } while (0)

#endif
