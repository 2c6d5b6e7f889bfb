/* A change against a user as read now: before, after, neither, gone. */
#include "unit.h"

#include "plan_bed.h"

static enum change_image image(const struct bed *b, const struct change *c, const char *created,
                               const char *difference)
{
    struct buf d = BUF_INIT(4096);
    enum change_image i = change_image(c, &b->schema, b->roster, &b->refs, str_of(created), &d);
    ck_assert_int_eq(change_image(c, &b->schema, b->roster, &b->refs, str_of(created), NULL), i);
    assert_str(buf_view(&d), difference);
    buf_deinit(&d);
    return i;
}

static void tenant(struct bed *b)
{
    bed_init(b);
    bed_user(b, "u1", USER_ACTIVE, "E1", "Ann@x.example", "Sls", "AAAAAAAABBBBCCCCDDDDEEEEEEEEEEEE", NULL);
    bed_user(b, "u2", USER_INACTIVE, "E2", "bob@x.example", "Sls", NULL, "u1");
    bed_user(b, "u3", USER_GONE, "E3", NULL, NULL, NULL, NULL);
    bed_user(b, "u4", USER_ACTIVE, "E4", NULL, "Sales", "East", "u9");
    bed_user(b, "u5", USER_ACTIVE, "E5", "dan@x.example", NULL, NULL, NULL);
    bed_user(b, "u6", USER_ACTIVE, "E6", "dan@x.example", NULL, NULL, "u2");
    bed_seal(b);
}

START_TEST(update)
{
    struct bed b;
    tenant(&b);
    struct edit e[] = {
        { .slot = BED_MAIL, .before = STR("ann@x.example"), .after = STR("anna@x.example") },
        { .slot = BED_DEPARTMENT, .before = STR("Sls"), .after = STR("Sales") },
    };
    struct change c = { .kind = CHANGE_UPDATE, .user = STR("u1"), .edit = e, .n_edits = 2 };
    ck_assert_int_eq(
        image(&b, &c, "",
              "EmailAddress is 'Ann@x.example', not 'anna@x.example'; Department is 'Sls', not 'Sales'"),
        IMAGE_BEFORE);
    e[0].after = STR("ANN@x.example"); /* one part is there already: the rest is still to do */
    ck_assert_int_eq(image(&b, &c, "", "Department is 'Sls', not 'Sales'"), IMAGE_BEFORE);
    e[1].after = STR(" Sls ");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    e[1].after = STR("Sales");
    e[1].before = STR("Service"); /* somebody else was here */
    ck_assert_int_eq(image(&b, &c, "", "Department is 'Sls', not 'Sales'"), IMAGE_OTHER);
    c.user = STR("u3");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_GONE);
    c.user = STR("u99");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_GONE);
    bed_deinit(&b);
}
END_TEST

START_TEST(empty_values)
{
    struct bed b;
    tenant(&b);
    struct edit e = { .slot = BED_DEPARTMENT, .before = { NULL, 0 }, .after = STR("Sales") };
    struct change c = { .kind = CHANGE_UPDATE, .user = STR("u5"), .edit = &e, .n_edits = 1 };
    ck_assert_int_eq(image(&b, &c, "", "Department is empty, not 'Sales'"), IMAGE_BEFORE);
    c.user = STR("u1");
    ck_assert_int_eq(image(&b, &c, "", "Department is 'Sls', not 'Sales'"), IMAGE_OTHER);
    bed_deinit(&b);
}
END_TEST

/* What cannot be seen cannot differ; what a stored plan did not carry neither. */
START_TEST(unseen_values)
{
    struct bed b;
    tenant(&b);
    struct edit e[] = {
        { .slot = BED_DEPARTMENT, .before = STR("old"), .after = STR("Sls") },
        { .slot = BED_PIN, .before_hidden = true, .after_hidden = true },
    };
    struct change c = { .kind = CHANGE_UPDATE, .user = STR("u1"), .edit = e, .n_edits = 2 };
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    e[0].after = STR("x");
    b.schema.attr[BED_DEPARTMENT].flags &= ~(unsigned)ATTR_READ;
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    bed_deinit(&b);
}
END_TEST

/* By id, in any spelling, and where the tenant shows a name. */
START_TEST(membership)
{
    struct bed b;
    tenant(&b);
    struct edit e = { .slot = BED_TEAM,
                      .before = STR("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"),
                      .after = STR("t2"),
                      .after_name = STR("East") };
    struct change c = { .kind = CHANGE_MEMBERSHIP, .user = STR("u1"), .edit = &e, .n_edits = 1 };
    ck_assert_int_eq(image(&b, &c, "", "Team is 'AAAAAAAABBBBCCCCDDDDEEEEEEEEEEEE', not 'East'"),
                     IMAGE_BEFORE);
    c.user = STR("u4");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    c.user = STR("u2");
    ck_assert_int_eq(image(&b, &c, "", "Team is empty, not 'East'"), IMAGE_OTHER);
    e.before = (struct str){ NULL, 0 };
    ck_assert_int_eq(image(&b, &c, "", "Team is empty, not 'East'"), IMAGE_BEFORE);
    bed_deinit(&b);
}
END_TEST

static void groups_of(struct bed *b, const char *has)
{
    bed_init(b);
    b->schema.attr[BED_TEAM].type = ATTR_REFS;
    refs_add(&b->refs, REF_TEAM, STR("t3"), STR("VPN"), (struct str){ NULL, 0 });
    bed_user(b, "u1", USER_ACTIVE, "E1", NULL, NULL, has, NULL);
    bed_seal(b);
}

/* t1 (West) is to go, t2 (East) to come, t3 (VPN) to stay. Each for itself may have been done already;
 * whoever else has put a hand in, or taken away what is to stay, has made another user of him. */
START_TEST(several_references)
{
    static const struct {
        const char *has;
        enum change_image image;
        const char *difference;
    } v[] = {
        { "aaaaaaaabbbbccccddddeeeeeeeeeeee\nt3", IMAGE_BEFORE, "Team is 'West, VPN', not 'East, VPN'" },
        { "t3\nEAST", IMAGE_AFTER, "" },
        { "vpn\neast\nvpn", IMAGE_AFTER, "" },
        { "West\nt2\nt3", IMAGE_BEFORE, "Team is 'West, East, VPN', not 'East, VPN'" },
        { "t3", IMAGE_BEFORE, "Team is 'VPN', not 'East, VPN'" },
        { "West", IMAGE_OTHER, "Team is 'West', not 'East, VPN'" },
        { "t2", IMAGE_OTHER, "Team is 'East', not 'East, VPN'" },
        { NULL, IMAGE_OTHER, "Team is empty, not 'East, VPN'" },
        { "t2\nt3\nsome other job's", IMAGE_AFTER, "" },
    };
    for (size_t i = 0; i < array_len(v); i++) {
        struct bed b;
        groups_of(&b, v[i].has);
        struct edit e = { .slot = BED_TEAM,
                          .before = STR("AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE\nt3"),
                          .after = STR("t2\nt3"),
                          .after_name = STR("East, VPN") };
        struct change c = { .kind = CHANGE_MEMBERSHIP, .user = STR("u1"), .edit = &e, .n_edits = 1 };
        ck_assert_int_eq(image(&b, &c, "", v[i].difference), v[i].image);
        e.after = STR("t2\nt3\ndeleted since");
        ck_assert_int_ne(change_image(&c, &b.schema, b.roster, &b.refs, STR(""), NULL), IMAGE_AFTER);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(states)
{
    struct bed b;
    tenant(&b);
    struct change c = { .kind = CHANGE_DEACTIVATE, .user = STR("u1") };
    ck_assert_int_eq(image(&b, &c, "", "state is 'active', not 'inactive'"), IMAGE_BEFORE);
    c.user = STR("u2");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    c.kind = CHANGE_ACTIVATE;
    ck_assert_int_eq(image(&b, &c, "", "state is 'inactive', not 'active'"), IMAGE_BEFORE);
    c.user = STR("u1");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    c.user = STR("u3");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_GONE);
    c.kind = CHANGE_RETIRE;
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    c.user = STR("u1");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_BEFORE);
    c.inactive = true; /* and has been let in again since */
    ck_assert_int_eq(image(&b, &c, "", "state is 'active', not 'inactive'"), IMAGE_OTHER);
    c.user = STR("u2");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_BEFORE);
    c.user = STR("u3");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    bed_deinit(&b);
}
END_TEST

START_TEST(managers)
{
    struct bed b;
    tenant(&b);
    struct change c = { .kind = CHANGE_MANAGER, .user = STR("u2"), .manager_set = true };
    c.manager_before = (struct manager_ref){ .id = STR("u1"), .key = STR("E1") };
    c.manager_after = (struct manager_ref){ .id = STR("u4"), .key = STR("E4") };
    ck_assert_int_eq(image(&b, &c, "", "manager is 'E1', not 'E4'"), IMAGE_BEFORE);
    c.manager_after.id = STR("u1");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    c.manager_after =
        (struct manager_ref){ .key = STR("ANN@x.example") }; /* a joiner is known by any of his keys */
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    c.manager_after.key = STR("E9");
    ck_assert_int_eq(image(&b, &c, "", "manager is 'E1', not 'E9'"), IMAGE_BEFORE);
    c.manager_before = (struct manager_ref){ .id = { NULL, 0 } };
    ck_assert_int_eq(image(&b, &c, "", "manager is 'E1', not 'E9'"), IMAGE_OTHER);
    c.user = STR("u1"); /* has none */
    ck_assert_int_eq(image(&b, &c, "", "manager is empty, not 'E9'"), IMAGE_BEFORE);
    c.user = STR("u4"); /* one who is not listed */
    c.manager_before.id = STR("u9");
    ck_assert_int_eq(image(&b, &c, "", "manager is 'u9', not 'E9'"), IMAGE_BEFORE);
    bed_deinit(&b);
}
END_TEST

START_TEST(creates)
{
    struct bed b;
    tenant(&b);
    struct edit e[] = {
        { .slot = BED_ID, .after = STR("E7") },
        { .slot = BED_MAIL, .after = STR("new@x.example") },
    };
    struct change c = { .kind = CHANGE_CREATE, .key = STR("E7"), .edit = e, .n_edits = 2 };
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_BEFORE);
    ck_assert_int_eq(image(&b, &c, "u77", ""), IMAGE_GONE); /* created, they said, but it is not there */
    ck_assert_int_eq(image(&b, &c, "u3", ""), IMAGE_GONE);
    e[0].after = STR("E1");
    e[1].after = STR("ANN@x.example");
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_AFTER);
    ck_assert_int_eq(image(&b, &c, "u1", ""), IMAGE_AFTER);
    ck_assert_int_eq(
        image(&b, &c, "u4", "EmployeeId is 'E4', not 'E1'; EmailAddress is empty, not 'ANN@x.example'"),
        IMAGE_OTHER);
    e[1].after = STR("new@x.example");
    ck_assert_int_eq(image(&b, &c, "", "EmailAddress is 'Ann@x.example', not 'new@x.example'"), IMAGE_OTHER);
    c.n_edits = 1;
    c.manager_set = true;
    c.manager_after.id = STR("u4");
    ck_assert_int_eq(image(&b, &c, "", "manager is empty, not 'u4'"), IMAGE_OTHER);
    c.manager_set = false;
    e[0].after = STR("E2"); /* there, but inactive: not what was wanted */
    ck_assert_int_eq(image(&b, &c, "", "state is 'inactive', not 'active'"), IMAGE_OTHER);
    e[0].after = STR("E3"); /* who is gone holds no key */
    ck_assert_int_eq(image(&b, &c, "", ""), IMAGE_BEFORE);
    e[0] = (struct edit){ .slot = BED_MAIL, .after = STR("dan@x.example") };
    ck_assert_int_eq(image(&b, &c, "", "several users have its match keys"), IMAGE_OTHER);
    bed_deinit(&b);
}
END_TEST

UNIT("plan image", update, empty_values, unseen_values, membership, several_references, states, managers,
     creates)
