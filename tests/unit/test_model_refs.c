/* Things by id, name and path; and never a guess. */
#include <stdio.h>

#include "rollcall/model.h"
#include "unit.h"

#define WEST "44444444-aaaa-4bbb-8ccc-000000000001"
#define EAST "44444444-aaaa-4bbb-8ccc-000000000002"
#define WEST_2 "44444444-aaaa-4bbb-8ccc-000000000003"

static void add(struct refs *r, const char *id, const char *name, const char *parent)
{
    ck_assert(refs_add(r, REF_TEAM, str_of(id), str_of(name), str_of(parent)));
}

/* Sales > West > Inside, Sales > East > Inside, Service > West, and a team with a slash in its name. */
static struct refs teams(void)
{
    struct refs r;
    refs_init(&r);
    add(&r, "10", "Inside", WEST); /* before its parent */
    add(&r, "1", "Sales", "");
    add(&r, WEST, "West", "1");
    add(&r, EAST, "East", "1");
    add(&r, "11", " Inside ", EAST);
    add(&r, "2", "Service", "");
    add(&r, WEST_2, "WEST", "2");
    add(&r, "3", "R/D", "");
    add(&r, "4", "Rene\xcc\x81", "");
    return r;
}

/* The id of what is found, "?" when nothing, "!" when several things are. */
static const char *found(const struct refs *r, const char *what)
{
    const struct ref *ref = (const struct ref *)r;
    switch (refs_find(r, REF_TEAM, str_of(what), &ref)) {
    case REF_OK: return ref->send.p;
    case REF_UNKNOWN: ck_assert_ptr_null(ref); return "?";
    case REF_AMBIGUOUS: ck_assert_ptr_null(ref); return "!";
    }
    return "impossible";
}

static void check_finds(const char *const v[][2], size_t n)
{
    struct refs r = teams();
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(strcmp(found(&r, v[i][0]), v[i][1]) == 0, "'%s' finds %s, not %s", v[i][0],
                      found(&r, v[i][0]), v[i][1]);
    refs_deinit(&r);
}

START_TEST(finds_by_name)
{
    static const char *const v[][2] = {
        { "Sales", "1" },  { "sALES", "1" },       { "  Sales\xc2\xa0", "1" },
        { "East", EAST },  { "Ren\xc3\x89", "4" }, { "Sale", "?" },
        { "", "?" },       { "   ", "?" },         { "West", "!" },
        { "Inside", "!" }, { "Sales West", "?" },  { "\xff", "?" },
    };
    check_finds(v, array_len(v));
}
END_TEST

START_TEST(finds_by_id_in_any_spelling)
{
    static const char *const v[][2] = {
        { WEST, WEST },
        { "{44444444-AAAA-4BBB-8CCC-000000000001}", WEST },
        { " 44444444AAAA4bbb8ccc000000000002 ", EAST },
        { "44444444-aaaa-4bbb-8ccc-000000000009", "?" },
        { "10", "10" },
        { "010", "?" },
    };
    check_finds(v, array_len(v));
}
END_TEST

START_TEST(finds_by_path)
{
    static const char *const v[][2] = {
        { "Sales / West", WEST },
        { "sales/west", WEST },
        { "Service/ WEST", WEST_2 },
        { "West / Inside", "10" },
        { "East/Inside", "11" },
        { "Sales / West / Inside", "10" },
        { "Sales / East /Inside", "11" },
        { "Sales / Inside", "?" },          /* no level may be left out */
        { "Service / West / Inside", "?" }, /* that other West */
        { "Sales / North", "?" },
        { "North / West", "?" },
        { "X / Sales / West", "?" },
        { "/ Sales", "?" },
        { "/", "?" },
        { "//", "?" },
        { "Sales /", "?" },
        { "R/D", "3" },
        { "R / d", "3" },
        { "D", "?" },
    };
    check_finds(v, array_len(v));
}
END_TEST

START_TEST(refuses_what_could_be_two_things)
{
    struct refs r = teams();
    /* The id of one and the name of another. */
    add(&r, "5", "77", "");
    ck_assert_str_eq(found(&r, "77"), "5");
    add(&r, "77", "Other", "");
    ck_assert_str_eq(found(&r, "77"), "!");
    ck_assert_str_eq(found(&r, "5"), "5");
    /* One thing by id and by name is one thing. */
    add(&r, "Alpha", "alpha", "");
    ck_assert_str_eq(found(&r, "ALPHA"), "Alpha");
    /* A name with a slash, and a path that reads alike. */
    add(&r, "6", "R", "");
    ck_assert_str_eq(found(&r, "R/D"), "3");
    add(&r, "7", "D", "6");
    ck_assert_str_eq(found(&r, "R/D"), "!");
    ck_assert_str_eq(found(&r, "3"), "3");
    /* Two of one name under two parents of one name. */
    add(&r, "8", "Sales", "2");
    add(&r, "9", "West", "8");
    ck_assert_str_eq(found(&r, "Sales / West"), "!");
    ck_assert_str_eq(found(&r, "Service / Sales / West"), "9");
    refs_deinit(&r);
}
END_TEST

START_TEST(kinds_are_apart)
{
    struct refs r;
    const struct ref *ref;
    refs_init(&r);
    ck_assert(refs_add(&r, REF_TEAM, STR("1"), STR("West"), STR("")));
    ck_assert(refs_add(&r, REF_GROUP, STR("1"), STR("West"), STR("")));
    ck_assert_int_eq(refs_find(&r, REF_TEAM, STR("West"), &ref), REF_OK);
    ck_assert_int_eq(ref->kind, REF_TEAM);
    ck_assert_int_eq(refs_find(&r, REF_GROUP, STR("1"), &ref), REF_OK);
    ck_assert_int_eq(ref->kind, REF_GROUP);
    ck_assert_int_eq(refs_find(&r, REF_FOLDER, STR("West"), &ref), REF_UNKNOWN);
    ck_assert_ptr_null(refs_by_id(&r, REF_FOLDER, STR("1")));
    ck_assert_uint_eq(r.n, 2);
    refs_deinit(&r);
}
END_TEST

START_TEST(entries_hold_what_the_vendor_wrote)
{
    struct refs r = teams();
    const struct ref *ref = refs_by_id(&r, REF_TEAM, STR("{44444444-AAAA-4bbb-8ccc-000000000001}"));
    ck_assert_ptr_nonnull(ref);
    assert_str(ref->id, "44444444aaaa4bbb8ccc000000000001");
    assert_str(ref->send, WEST);
    assert_str(ref->name, "West");
    assert_str(ref->parent, "1");
    ref = refs_by_id(&r, REF_TEAM, STR("10"));
    assert_str(ref->parent, "44444444aaaa4bbb8ccc000000000001");
    ck_assert_ptr_null(refs_by_id(&r, REF_TEAM, STR("West")));
    ck_assert_ptr_null(refs_by_id(&r, REF_TEAM, (struct str){ NULL, 0 }));
    refs_deinit(&r);
}
END_TEST

START_TEST(an_id_is_added_once_and_bad_text_never)
{
    struct refs r = teams();
    size_t n = r.n;
    ck_assert(refs_add(&r, REF_TEAM, STR("{" WEST "}"), STR("Renamed"), STR("")));
    ck_assert_uint_eq(r.n, n);
    ck_assert_str_eq(found(&r, "Renamed"), "?");
    ck_assert(!refs_add(&r, REF_TEAM, STR(""), STR("Nameless"), STR("")));
    ck_assert(!refs_add(&r, REF_TEAM, STR("x\xff"), STR("Name"), STR("")));
    ck_assert(!refs_add(&r, REF_TEAM, STR("x"), STR("Na\xffme"), STR("")));
    ck_assert(!refs_add(&r, REF_TEAM, STR("x"), STR("Name"), STR("\xff")));
    ck_assert_uint_eq(r.n, n);
    ck_assert(refs_add(&r, REF_TEAM, STR("x"), STR(""), STR("")));
    ck_assert_str_eq(found(&r, "x"), "x");
    refs_deinit(&r);
}
END_TEST

START_TEST(circles_of_parents_end)
{
    struct refs r;
    refs_init(&r);
    add(&r, "1", "A", "2");
    add(&r, "2", "A", "1");
    add(&r, "3", "B", "3");
    ck_assert_str_eq(found(&r, "A/A/A"), "!");
    ck_assert_str_eq(found(&r, "B"), "3");
    ck_assert_str_eq(found(&r, "B/B/B/B"), "3");
    struct buf deep = BUF_INIT(1000);
    for (int i = 0; i < REF_DEPTH_MAX; i++)
        buf_puts(&deep, "B/");
    buf_puts(&deep, "B");
    ck_assert_str_eq(found(&r, deep.p), "?");
    ck_assert_str_eq(found(&r, deep.p + 2), "3");
    buf_deinit(&deep);
    refs_deinit(&r);
}
END_TEST

START_TEST(many_are_found_each)
{
    struct refs r;
    char id[20], name[20];
    refs_init(&r);
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        snprintf(name, sizeof(name), "Team %d", i);
        add(&r, id, name, "");
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        snprintf(name, sizeof(name), "TEAM %d", i);
        ck_assert_str_eq(found(&r, name), id);
        ck_assert_str_eq(found(&r, id), id);
    }
    refs_deinit(&r);
}
END_TEST

START_TEST(suggests_a_close_name_of_the_kind)
{
    struct refs r = teams();
    ck_assert(refs_add(&r, REF_GROUP, STR("1"), STR("Servants"), STR("")));
    ck_assert_str_eq(refs_suggest(&r, REF_TEAM, STR(" Servcie ")), "Service");
    ck_assert_ptr_null(refs_suggest(&r, REF_TEAM, STR("Servants")));
    ck_assert_ptr_null(refs_suggest(&r, REF_TEAM, STR("Accounting")));
    ck_assert_ptr_null(refs_suggest(&r, REF_FOLDER, STR("Sales")));
    refs_deinit(&r);
    ck_assert_ptr_null(refs_suggest(&r, REF_TEAM, STR("Sales")));
}
END_TEST

UNIT("refs", finds_by_name, finds_by_id_in_any_spelling, finds_by_path, refuses_what_could_be_two_things,
     kinds_are_apart, entries_hold_what_the_vendor_wrote, an_id_is_added_once_and_bad_text_never,
     circles_of_parents_end, many_are_found_each, suggests_a_close_name_of_the_kind)
