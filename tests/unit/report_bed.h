/* A run in a ledger without a disk, for tests of the report: ten changes, one for every way they can end, and
 * the two documents that fit them. */
#ifndef REPORT_BED_H
#define REPORT_BED_H

#include <jansson.h>
#include <stdio.h>

#include "report_internal.h"

#define NIGHT "20261121-0310-k7q2"
#define NIGHT_US (INT64_C(1795230600) * 1000000) /* 2026-11-21T03:10:00Z */
#define NIGHT_CHANGES 10

/* A value that would colour the terminal, turn the text around, and end an XML attribute. */
#define HOSTILE "\x1b[31m<&\">\xe2\x80\xae\\x"

#define NIGHT_HEAD                                                                                           \
    "\"version\":1,\"absent\":{\"count\":2,\"policy\":\"deactivate\",\"users\":[{\"key\":\"E77\","           \
    "\"user\":\"u77\"},{\"key\":\"E78\",\"user\":\"u78\"}],\"why_untrusted\":null},"                         \
    "\"ambiguous\":{\"count\":1,\"persons\":[{\"key\":\"E5501\",\"line\":20118,\"text\":"                    \
    "\"matches user 'u8' by EmailAddress, whose EmployeeId is 'E0077'\"}]},"                                 \
    "\"calls\":{\"endpoints\":[{\"failed\":0,\"made\":3,\"name\":\"Users.Get\",\"planned\":3,"               \
    "\"retried\":0,\"throttled\":0,\"write\":false}],\"least_us\":470000000,\"quota\":10000,"                \
    "\"quota_used_before\":12,\"rate\":[\"25/5s\",\"10000/1d\"],\"reads\":96,\"writes\":2251},"
#define NIGHT_CHANGE_COUNTS                                                                                  \
    "\"changes\":{\"activate\":{\"held\":0,\"patterns\":[{\"text\":\"in the feed as 'Active'\","             \
    "\"users\":1}],\"planned\":1},\"create\":{\"held\":0,\"patterns\":[],\"planned\":1},"                    \
    "\"deactivate\":{\"held\":2,\"patterns\":[{\"text\":\"absent\",\"users\":2}],\"planned\":0},"            \
    "\"manager\":{\"held\":1,\"patterns\":[{\"text\":\"to 'E2'\",\"users\":1}],\"planned\":1},"              \
    "\"membership\":{\"held\":0,\"patterns\":[{\"text\":\"Team to 'East'\",\"users\":1}],\"planned\":1},"    \
    "\"retire\":{\"held\":0,\"patterns\":[],\"planned\":0},"                                                 \
    "\"update\":{\"held\":0,\"patterns\":[{\"text\":\"Department 'Sls' -> 'Sales'\",\"users\":2},"           \
    "{\"text\":\"Designation 'Senior Vice President of Everything' -> "                                      \
    "'Senior Vice President of Everything and More'\",\"users\":1}],\"planned\":3}},"
#define NIGHT_REST                                                                                           \
    "\"conditions\":[\"2 changes withheld by a guard\"],"                                                    \
    "\"fates\":{\"rows\":{\"excluded\":1,\"person\":11,\"rejected\":1,\"repeated\":0},"                      \
    "\"users\":{\"absent\":2,\"changed\":8,\"in_sync\":28901,\"withheld\":3}},"                              \
    "\"feed\":{\"broken\":null,\"bytes\":900,\"delimiter\":\",\",\"how\":\"trailer (13)\","                  \
    "\"name\":\"hr-export.csv\",\"proof\":\"proven\",\"rejected\":1,\"rows\":13,\"sha256\":\"00\","          \
    "\"too_many_rejects\":false},"                                                                           \
    "\"guards\":{\"activate\":{\"accepted\":false,\"limit\":50,\"tripped\":false,\"wanted\":1},"             \
    "\"deactivate\":{\"accepted\":false,\"limit\":1,\"tripped\":true,\"wanted\":2}},"                        \
    "\"holds\":[{\"count\":2,\"examples\":[{\"key\":\"E9\",\"kind\":\"deactivate\",\"why\":"                 \
    "\"2 of at most 1\"}],\"hold\":\"guard\"},{\"count\":1,\"examples\":[{\"key\":\"E7\",\"kind\":"          \
    "\"manager\",\"why\":\"cycle: E7 -> E91 -> E7\"}],\"hold\":\"cycle\"}],"                                 \
    "\"plan\":{\"job\":\"nightly\",\"run\":\"" NIGHT "\",\"valid_until\":\"2026-11-22T03:10:00Z\"},"         \
    "\"rejects\":[{\"column\":\"Status\",\"detail\":\"'gone?' is no status; it holds \\\\x1b\","             \
    "\"length\":10,\"line\":7,\"offset\":70,\"reason\":\"status\"}],"                                        \
    "\"tenant\":{\"active\":26020,\"connector\":\"leadsquared\",\"how\":\"two listings\","                   \
    "\"id\":\"t-1\",\"label\":\"22824\",\"managed_active\":26000,\"proof\":\"all\","                         \
    "\"title\":\"LeadSquared\",\"url\":\"https://example.com\",\"users\":28914}"
#define NIGHT_OVERVIEW "{" NIGHT_HEAD NIGHT_CHANGE_COUNTS NIGHT_REST "}"

#define NIGHT_OUTCOME                                                                                        \
    "{\"accepted\":{},\"calls\":{\"endpoints\":[]},\"conditions\":[\"2 changes withheld by a guard\","       \
    "\"4 changes failed, stale, unresolved or not visible\"],"                                               \
    "\"outcomes\":{\"already\":1,\"applied\":2,\"failed\":1,\"none\":0,\"not_visible\":1,\"stale\":1,"       \
    "\"unresolved\":1,\"withheld\":3},\"run\":{\"ended\":\"2026-11-21T03:17:58Z\",\"exit_code\":5,"          \
    "\"id\":\"" NIGHT "\",\"message\":null,\"started\":\"2026-11-21T03:10:00Z\",\"state\":\"done\","         \
    "\"took_us\":478000000},\"version\":1}"

struct report_bed {
    struct ledger *l;
    struct schema schema;
    struct run run;
    uint32_t n; /* changes so far */
};

static inline void bed_name(struct attr *a, const char *name)
{
    (void)snprintf(a->name, sizeof(a->name), "%s", name);
}

static inline void bed_run(struct report_bed *b, enum run_state state)
{
    b->run.state = state;
    b->run.exit_code = state == RUN_DONE ? 5 : -1;
    ck_assert_int_eq(b->l->ops->run_put(b->l, &b->run), 0);
}

static inline void bed_text(struct report_bed *b, const char *name, const char *text)
{
    ck_assert_int_eq(b->l->ops->run_text_put(b->l, b->run.id, name, str_of(text)), 0);
}

static inline void bed_change(struct report_bed *b, struct change *c, enum outcome outcome,
                              const char *result)
{
    struct buf json = BUF_INIT(65536);
    c->at = (struct place){ .line = b->n + 2, .offset = 100 * (b->n + 2), .length = 90 };
    change_write(c, &b->schema, true, &json);
    ck_assert_int_eq(b->l->ops->change_put(b->l, b->run.id,
                                           &(struct run_change){ .seq = b->n,
                                                                 .kind = c->kind,
                                                                 .subject = c->user.n ? c->user : c->key,
                                                                 .json = buf_view(&json),
                                                                 .hold = c->hold,
                                                                 .outcome = outcome }),
                     0);
    if (result)
        ck_assert_int_eq(b->l->ops->change_outcome(b->l, b->run.id, b->n, outcome, str_of(result)), 0);
    b->n++;
    buf_deinit(&json);
}

static inline void bed_step(struct report_bed *b, uint32_t change, uint32_t nth, enum step_state state,
                            int status, const char *text)
{
    struct step_record s = { .step = change * STEPS_OF_CHANGE + nth,
                             .call = 40 + change,
                             .attempt = 1,
                             .state = state,
                             .change = change,
                             .status = status,
                             .at = NIGHT_US,
                             .endpoint = STR("User/Create"),
                             .text = str_of(text) };
    ck_assert_int_eq(b->l->ops->step_put(b->l, b->run.id, &s), 0);
}

#define MANAGER(who) ((struct manager_ref){ .id = STR("u-" who), .key = STR(who) })
#define CHANGE(what, ...) (&(struct change){ .kind = CHANGE_##what, __VA_ARGS__ })
#define EDITS(...)                                                                                           \
    .edit = (struct edit[]){ __VA_ARGS__ }, .n_edits = array_len(((struct edit[]){ __VA_ARGS__ }))

static inline void night_changes(struct report_bed *b, bool ended)
{
    bed_change(b,
               CHANGE(CREATE, .key = STR("E100"), .user_email = STR("j@example.com"), .manager_set = true,
                      .manager_after = MANAGER("E1"),
                      EDITS({ .slot = 0, .after = STR("E100") }, { .slot = 3, .after = STR("4711") })),
               ended ? OUTCOME_APPLIED : OUTCOME_NONE, ended ? "{\"new_id\":\"u100\",\"text\":null}" : NULL);
    bed_change(
        b, CHANGE(ACTIVATE, .key = STR("E3"), .user = STR("u3"), .reason = STR("in the feed as 'Active'")),
        ended ? OUTCOME_ALREADY : OUTCOME_NONE, NULL);
    for (int i = 0; i < 2; i++)
        bed_change(b,
                   CHANGE(UPDATE, .key = i ? STR("E5") : STR("E4"), .user = i ? STR("u5") : STR("u4"),
                          EDITS({ .slot = 1, .before = STR("Sls"), .after = STR("Sales") })),
                   !ended ? OUTCOME_NONE
                   : i    ? OUTCOME_FAILED
                          : OUTCOME_APPLIED,
                   ended && i ? "{\"text\":\"User/Update: no such role\"}" : NULL);
    bed_change(b,
               CHANGE(UPDATE, .key = STR("E11"), .user = STR("u11"),
                      EDITS({ .slot = 1, .before = STR(HOSTILE), .after = STR("Sales") })),
               ended ? OUTCOME_UNRESOLVED : OUTCOME_NONE, ended ? "{\"text\":\"no answer\"}" : NULL);
    bed_change(b,
               CHANGE(MANAGER, .key = STR("E6"), .user = STR("u6"), .manager_before = MANAGER("E1"),
                      .manager_set = true, .manager_after = MANAGER("E2")),
               ended ? OUTCOME_NOT_VISIBLE : OUTCOME_NONE,
               ended ? "{\"text\":\"accepted, not seen after 120 s\"}" : NULL);
    bed_change(b,
               CHANGE(MANAGER, .key = STR("E7"), .user = STR("u7"), .manager_set = true,
                      .manager_after = MANAGER("E91"), .hold = HOLD_CYCLE,
                      .why = STR("cycle: E7 -> E91 -> E7")),
               OUTCOME_WITHHELD, NULL);
    bed_change(b,
               CHANGE(MEMBERSHIP, .key = STR("E8"), .user = STR("u8"),
                      EDITS({ .slot = 2,
                              .before = STR("t1"),
                              .before_name = STR("West"),
                              .after = STR("t2"),
                              .after_name = STR("East") })),
               ended ? OUTCOME_STALE : OUTCOME_NONE, ended ? "{\"text\":\"Team is 'North'\"}" : NULL);
    for (int i = 0; i < 2; i++)
        bed_change(b,
                   CHANGE(DEACTIVATE, .key = i ? STR("E10") : STR("E9"), .user = i ? STR("u10") : STR("u9"),
                          .reason = STR("absent"), .hold = HOLD_GUARD, .why = STR("2 of at most 1")),
                   OUTCOME_WITHHELD, NULL);
}

/* The run as planned, or as it ended. */
static inline void night(struct report_bed *b, enum run_state state)
{
    *b = (struct report_bed){ .l = ledger_memory() };
    bed_name(&b->schema.attr[0], "EmployeeId");
    bed_name(&b->schema.attr[1], "Department");
    bed_name(&b->schema.attr[2], "Team");
    bed_name(&b->schema.attr[3], "Pin");
    b->schema.attr[3].flags = ATTR_SECRET;
    b->schema.n = 4;
    b->run = (struct run){ .id = NIGHT,
                           .job_name = "nightly",
                           .connector = "leadsquared",
                           .tenant = "t-1",
                           .tenant_label = "22824",
                           .started = NIGHT_US,
                           .changed = NIGHT_US,
                           .changes = NIGHT_CHANGES,
                           .held = 3 };
    memset(b->run.plan_sha256, 'a', SHA256_HEX - 1);
    memset(b->run.policy_sha256, 'b', SHA256_HEX - 1);
    memset(b->run.feed_sha256, 'c', SHA256_HEX - 1);
    bed_run(b, state);
    bed_text(b, "overview", NIGHT_OVERVIEW);
    night_changes(b, state == RUN_DONE);
    if (state == RUN_DONE) {
        bed_text(b, "outcome", NIGHT_OUTCOME);
        bed_step(b, 0, 0, STEP_DONE, 200, "u100");
        bed_step(b, 0, 1, STEP_UNKNOWN, 0, "reset: " HOSTILE);
    }
}

static inline void bed_load(struct report_bed *b, struct report_run *r)
{
    char why[300];
    const int err = report_load(b->l, "", r, why);
    ck_assert_msg(err == 0, "%d: %s", err, why);
}

static inline void to_buf(void *ctx, struct str text)
{
    buf_str(ctx, text);
}

/* Nothing in it moves the cursor, colours, or turns the text around. */
static inline void assert_safe(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n') || s.p[i] == 0x7f)
            ck_abort_msg("byte %02x at %zu", (unsigned char)s.p[i], i);
    ck_assert(utf8_valid(s));
    ck_assert(!s.n || !memmem(s.p, s.n, "\xe2\x80\xae", 3));
}

#endif
