/* What people see of a run: the plan, its summary, its changes, the history; word by word. */
#include "unit.h"

#include "report_bed.h"

static const struct report_style plain = { 0 };

static void shows(struct report_run *r, const struct report_style *style, const char *want)
{
    struct buf out = BUF_INIT(65536);
    report_plan(r, style, &out);
    assert_str(buf_view(&out), want);
    assert_safe(buf_view(&out));
    buf_deinit(&out);
}

static void has(const struct buf *out, const char *part, bool wanted)
{
    const bool there = strstr(out->p ? out->p : "", part) != NULL;
    ck_assert_msg(there == wanted, "'%s' is %sin:\n%s", part, there ? "" : "not ", out->p);
}

/* A part of the plan's view, of a night whose documents were mended. */
static void view_has(struct report_run *r, const char *part, bool wanted)
{
    struct buf out = BUF_INIT(65536);
    report_plan(r, &plain, &out);
    has(&out, part, wanted);
    buf_deinit(&out);
}

static void set(struct report_run *r, const char *member, const char *name, const char *value)
{
    json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(v);
    json_object_set_new(*member ? doc_at(r->overview, member) : r->overview, name, v);
}

/* The plan ------------------------------------------------------------------------------------------------------------------------ */

START_TEST(plan_of_a_night)
{
    struct report_bed b;
    struct report_run r;
    night(&b, RUN_PLANNED);
    bed_load(&b, &r);
    shows(
        &r, &plain,
        "feed      hr-export.csv  13 rows  proven by trailer (13)  1 rejected\n"
        "tenant    leadsquared 22824  28,914 users, 26,020 active  proven by two listings\n"
        "\n"
        "  + create             1\n"
        "  ~ update             3   Department 'Sls' -> 'Sales'                                    2 users\n"
        "                           Designation 'Senior Vice Presi...' -> 'Senior Vice Presid...'  1\n"
        "  > manager            1   to 'E2'                                                        1\n"
        "  > membership         1   Team to 'East'                                                 1\n"
        "  ^ activate           1   in the feed as 'Active'                                        1\n"
        "\n"
        "withheld\n"
        "  deactivate               2  of at most 1: a person has to say yes\n"
        "                              absent                                                         2\n"
        "  cycle                    1  E7: E7 -> E91 -> E7\n"
        "\n"
        "ambiguous 1\n"
        "  line 20,118: E5501 matches user 'u8' by EmailAddress, whose EmployeeId is 'E0077'\n"
        "\n"
        "rejected  1\n"
        "  line 7: Status: 'gone?' is no status; it holds \\x1b\n"
        "\n"
        "absent    2 users are not in the feed and stay as they are\n"
        "\n"
        "calls     2,251 writes, 96 reads; at least 7 min 50 s at 25/5s 10000/1d\n"
        "          23.5 % of a day's 10,000 calls, of which 12 were used before\n"
        "plan      " NIGHT "  valid until 2026-11-22T03:10:00Z\n"
        "          sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        "\n"
        "Nothing was changed. To apply it without the deactivations:  rollcall apply " NIGHT "\n"
        "To allow exactly these as well:  rollcall apply " NIGHT " --accept deactivate=2\n"
        "Who they are:  rollcall show " NIGHT " --kind all\n");
    shows(&r, &(struct report_style){ .width = 70 },
          "feed      hr-export.csv  13 rows  proven by trailer (13)  1 rejected\n"
          "tenant    leadsquared 22824  28,914 users, 26,020 active  proven by two listings\n"
          "\n"
          "  + create             1\n"
          "  ~ update             3   Department 'Sls' -> 'Sales'      2 users\n"
          "                           Designation 'Senior Vice Pre...  1\n"
          "  > manager            1   to 'E2'                          1\n"
          "  > membership         1   Team to 'East'                   1\n"
          "  ^ activate           1   in the feed as 'Active'          1\n"
          "\n"
          "withheld\n"
          "  deactivate               2  of at most 1: a person has to say yes\n"
          "                              absent                           2\n"
          "  cycle                    1  E7: E7 -> E91 -> E7\n"
          "\n"
          "ambiguous 1\n"
          "  line 20,118: E5501 matches user 'u8' by EmailAddress, whose EmployeeId is 'E0077'\n"
          "\n"
          "rejected  1\n"
          "  line 7: Status: 'gone?' is no status; it holds \\x1b\n"
          "\n"
          "absent    2 users are not in the feed and stay as they are\n"
          "\n"
          "calls     2,251 writes, 96 reads; at least 7 min 50 s at 25/5s 10000/1d\n"
          "          23.5 % of a day's 10,000 calls, of which 12 were used before\n"
          "plan      " NIGHT "  valid until 2026-11-22T03:10:00Z\n"
          "          sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
          "\n"
          "Nothing was changed. To apply it without the deactivations:  rollcall apply " NIGHT "\n"
          "To allow exactly these as well:  rollcall apply " NIGHT " --accept deactivate=2\n"
          "Who they are:  rollcall show " NIGHT " --kind all\n");
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

START_TEST(plan_line)
{
    struct report_bed b;
    struct report_run r;
    struct buf out = BUF_INIT(4096);
    night(&b, RUN_DONE);
    bed_load(&b, &r);
    report_plan_line(&r, &out);
    assert_str(buf_view(&out), "plan " NIGHT "   +1 ~3 >2 ^1, withheld 3\n");
    buf_clear(&out);
    set(&r, "", "changes", "{}");
    r.run.held = 0;
    report_plan_line(&r, &out);
    assert_str(buf_view(&out), "plan " NIGHT "   nothing to do, withheld 0\n");
    buf_deinit(&out);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

/* What makes a plan less than it looks cannot be overlooked, without any colour. */
START_TEST(alarms)
{
    struct report_bed b;
    struct report_run r;
    night(&b, RUN_PLANNED);
    bed_load(&b, &r);
    view_has(&r, "!!", false);
    set(&r, "absent", "why_untrusted", "\"the feed is not proven to be complete\"");
    view_has(&r, "\n  !! nobody is taken for absent: the feed is not proven to be complete\n", true);
    set(&r, "absent", "policy", "\"report\"");
    view_has(&r, "!!", false);
    set(&r, "feed", "too_many_rejects", "true");
    view_has(&r, "\n  !! more rows are rejected than the job allows: 1 of 13\n", true);
    set(&r, "feed", "proof", "\"broken\"");
    set(&r, "feed", "broken", "\"the file ends inside line 9\"");
    view_has(&r, "  13 rows  BROKEN  1 rejected\n", true);
    view_has(&r,
             "\n  !! the feed is broken: the file ends inside line 9\n"
             "  !! because of that nobody is created, deactivated or taken for absent\n",
             true);
    set(&r, "tenant", "proof", "\"none\"");
    view_has(&r, "\n  !! the list of users is not proven to be complete: nothing is written\n", true);
    set(&r, "calls", "quota_used_before", "7654");
    view_has(&r, "\n  !! that is more than is left of the day", true);
    set(&r, "calls", "quota_used_before", "7653");
    view_has(&r, "left of the day", false);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

START_TEST(nothing_to_do)
{
    struct report_bed b;
    struct report_run r;
    night(&b, RUN_PLANNED);
    bed_load(&b, &r);
    set(&r, "", "changes", "{}");
    view_has(&r, "\n  nothing to do but what is withheld\n", true);
    r.run.changes = r.run.held = 0;
    view_has(&r, "\n  nothing to do: tenant and feed agree\n", true);
    set(&r, "feed", "proof", "\"broken\"");
    view_has(&r, "\n  nothing to do, as far as a broken feed can tell\n", true);
    view_has(&r, "To apply it", false);
    view_has(&r, "Who they are", false);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

#define STUCK                                                                                                 \
    "{\"attributes\":[{\"attribute\":\"Department\",\"users\":2},{\"attribute\":\"Pho" HOSTILE_JSON           \
    "\",\"users\":1}],"                                                                                       \
    "\"count\":3,\"users\":2,\"values\":["                                                                    \
    "{\"attribute\":\"Department\",\"key\":\"E5\",\"seen\":\"Sls\",\"since\":\"2026-11-20\",\"user\":\"u5\"," \
    "\"wanted\":\"Sales\"},"                                                                                  \
    "{\"attribute\":\"Department\",\"key\":\"E70\",\"seen\":null,\"since\":\"2026-11-20\",\"user\":\"u70\","  \
    "\"wanted\":\"Sa" HOSTILE_JSON "\"},"                                                                     \
    "{\"attribute\":\"Phone\",\"key\":\"E70\",\"seen\":\"491\",\"since\":\"2026-11-20\",\"user\":\"u70\","    \
    "\"wanted\":\"+49 1\"}]}"
#define HOSTILE_JSON "\\u001b\\u202e"
#define HOSTILE_SHOWN "\\x1b\\u{202e}"

static void stuck_lists(struct report_bed *b, struct report_run *r, const char *user, const char *want)
{
    const struct report_choice choice = { .kind = CHANGE_KINDS, .user = user, .steps = true };
    struct buf out = BUF_INIT(65536);
    ck_assert_int_eq(report_changes(b->l, r, &choice, to_buf, &out), 0);
    ck_assert_msg(strstr(out.p, want) != NULL, "%s", out.p);
    assert_safe(buf_view(&out));
    buf_deinit(&out);
}

/* Values that do not stick: in the plan by attribute, in a run's summary, and of one person each. */
START_TEST(does_not_stick)
{
    struct report_bed b;
    struct report_run r;
    struct buf out = BUF_INIT(65536);
    night(&b, RUN_DONE);
    bed_load(&b, &r);
    view_has(&r, "does not stick", false);
    set(&r, "", "does_not_stick", STUCK);
    view_has(&r,
             "\ndoes not stick: 3 values on 2 users, not sent again (--retry-refused)\n"
             "  accepted by the tenant in an earlier run, and shown otherwise ever since:\n"
             "  Department  2 users\n  Pho" HOSTILE_SHOWN "  1 user\n",
             true);
    report_summary(b.l, &r, &plain, NULL, NULL, &out);
    ck_assert_ptr_nonnull(
        strstr(out.p, "\ndoes not stick: 3 values on 2 users, not sent again (--retry-refused)\n"));
    stuck_lists(
        &b, &r, "u70",
        "= refused    E70  Department 'Sa" HOSTILE_SHOWN "'   does not stick: accepted on 2026-11-20, and "
        "still shown as (none); not sent again (--retry-refused)\n"
        "= refused    E70  Phone '+49 1'   does not stick: accepted on 2026-11-20, and still shown as '491'; "
        "not sent again (--retry-refused)\n");
    stuck_lists(&b, &r, "E5", "~ update     E5   failed"); /* besides his changes */
    stuck_lists(&b, &r, "E5", "= refused    E5  Department 'Sales'");
    set(&r, "", "changes", "{}");
    r.run.held = r.run.changes = 0;
    view_has(&r, "\n  nothing to do: tenant and feed agree but for what does not stick\n", true);
    set(&r, "", "does_not_stick", "{\"count\":\"x\",\"values\":[7,{}],\"attributes\":{}}"); /* damaged */
    view_has(&r, "does not stick", false);
    stuck_lists(&b, &r, "E70", "has no change in this run");
    buf_deinit(&out);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

/* "on_trip": "plan" withholds the other kinds as well; what was accepted is not asked for again. */
START_TEST(guards)
{
    struct report_bed b;
    struct report_run r;
    night(&b, RUN_PLANNED);
    bed_load(&b, &r);
    json_object_set_new(json_array_get(doc_at(r.overview, "holds"), 0), "count", json_integer(9));
    view_has(&r,
             "\n  activate                 1  because another guard withholds the whole plan\n"
             "                              in the feed as 'Active' ",
             true);
    set(&r, "guards.activate", "tripped", "true");
    view_has(&r, "without the activations and the deactivations:  rollcall apply " NIGHT "\n", true);
    view_has(&r, " --accept activate=1 --accept deactivate=2\n", true);
    set(&r, "guards.deactivate", "accepted", "true");
    view_has(&r, "of at most 1: accepted for this run\n", true);
    view_has(&r, "--accept deactivate", false);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

START_TEST(many_examples)
{
    struct report_bed b;
    struct report_run r;
    night(&b, RUN_PLANNED);
    bed_load(&b, &r);
    set(&r, "", "holds",
        "[{\"count\":1792,\"hold\":\"read_only\",\"examples\":[{\"key\":\"E1\",\"why\":\"fixed\"},"
        "{\"key\":\"E2\",\"why\":\"fixed\"},{\"key\":\"E3\",\"why\":\"other\"}]}]");
    view_has(&r,
             "\n  read only            1,792  E1, E2: fixed\n                              E3: other\n"
             "                              and 1,789 more\n",
             true);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

/* Changes ------------------------------------------------------------------------------------------------------------------------- */

static void lists(struct report_bed *b, const struct report_choice *choice, const char *want)
{
    struct report_run r;
    struct buf out = BUF_INIT(65536);
    bed_load(b, &r);
    ck_assert_int_eq(report_changes(b->l, &r, choice, to_buf, &out), 0);
    assert_str(buf_view(&out), want);
    assert_safe(buf_view(&out));
    buf_deinit(&out);
    report_deinit(&r);
}

START_TEST(changes)
{
    struct report_bed b;
    night(&b, RUN_DONE);
    lists(&b, &(struct report_choice){ .kind = CHANGE_KINDS },
          "+ create     E100  EmployeeId 'E100', Pin (secret)  manager 'E1'   applied\n"
          "^ activate   E3  in the feed as 'Active'   already\n"
          "~ update     E4  Department 'Sls' -> 'Sales'   applied\n"
          "~ update     E5  Department 'Sls' -> 'Sales'   failed: User/Update: no such role\n"
          "~ update     E11  Department '\\x1b[31m<&\">\\u{202e}\\\\x' -> 'Sales'   unresolved: no answer\n"
          "> manager    E6  manager 'E1' -> 'E2'   not visible: accepted, not seen after 120 s\n"
          "> manager    E7  manager (none) -> 'E91'   withheld: cycle: E7 -> E91 -> E7\n"
          "> membership E8  Team 'West' -> 'East'   stale: Team is 'North'\n"
          "- deactivate E9  absent   withheld: guard: 2 of at most 1\n"
          "- deactivate E10  absent   withheld: guard: 2 of at most 1\n");
    lists(&b, &(struct report_choice){ .kind = CHANGE_ACTIVATE },
          "^ activate   E3  in the feed as 'Active'   already\n");
    lists(&b, &(struct report_choice){ .kind = CHANGE_RETIRE }, "");
    ledger_free(b.l);
}
END_TEST

START_TEST(groups)
{
    struct report_bed b;
    night(&b, RUN_PLANNED);
    bed_name(&b.schema.attr[4], "groups");
    b.schema.attr[4].type = ATTR_REFS;
    b.schema.n = 5;
    bed_change(&b,
               CHANGE(RETIRE, .key = STR("E20"), .user = STR("u20"),
                      EDITS({ .slot = 4,
                              .before = STR("g1\ng2"),
                              .before_name = STR("Ops, VPN"),
                              .after = STR("g2\ng3"),
                              .after_name = STR("VPN, " HOSTILE) })),
               OUTCOME_NONE, NULL);
    lists(&b, &(struct report_choice){ .kind = CHANGE_RETIRE },
          "x retire     E20  groups +'\\x1b[31m<&\">\\u{202e}\\\\x' -'Ops'\n");
    ledger_free(b.l);
}
END_TEST

START_TEST(planned_changes)
{
    struct report_bed b;
    night(&b, RUN_PLANNED);
    lists(&b, &(struct report_choice){ .kind = CHANGE_ACTIVATE },
          "^ activate   E3  in the feed as 'Active'\n");
    lists(&b, &(struct report_choice){ .kind = CHANGE_DEACTIVATE },
          "- deactivate E9  absent   withheld: guard: 2 of at most 1\n"
          "- deactivate E10  absent   withheld: guard: 2 of at most 1\n");
    ledger_free(b.l);
}
END_TEST

START_TEST(one_person)
{
    static const char *const names[] = { "E100", "u100", "j@example.com" };
    struct report_bed b;
    night(&b, RUN_DONE);
    for (size_t i = 0; i < array_len(names); i++)
        lists(&b, &(struct report_choice){ .kind = CHANGE_KINDS, .user = names[i], .steps = true },
              "+ create     E100   applied\n"
              "    from line 2 of the feed; user u100\n"
              "    EmployeeId              'E100'\n"
              "    Pin                     (secret)\n"
              "    manager                 'E1'\n"
              "    call 40  User/Create  try 1  done  HTTP 200  2026-11-21T03:10:00Z  u100\n"
              "    call 40  User/Create  try 1  outcome unknown  2026-11-21T03:10:00Z  "
              "reset: \\x1b[31m<&\">\\u{202e}\\x\n");
    lists(&b, &(struct report_choice){ .kind = CHANGE_KINDS, .user = "E78", .steps = true },
          "E78  not in the feed; stays as it is\n");
    lists(&b, &(struct report_choice){ .kind = CHANGE_KINDS, .user = "E5501", .steps = true },
          "E5501  ambiguous, and left alone: line 20,118 matches user 'u8' by EmailAddress, whose EmployeeId "
          "is 'E0077'\n");
    lists(
        &b, &(struct report_choice){ .kind = CHANGE_KINDS, .user = "E1" HOSTILE, .steps = true },
        "E1\\x1b[31m<&\">\\u{202e}\\\\x  has no change in this run: in sync, or not known by this key, id or "
        "address; 'rollcall runs' lists the other runs\n");
    ledger_free(b.l);
}
END_TEST

/* A guard's hold that was accepted afterwards is told as such. */
START_TEST(accepted)
{
    struct report_bed b;
    night(&b, RUN_DONE);
    for (uint32_t i = 8; i < 10; i++)
        ck_assert_int_eq(b.l->ops->change_outcome(b.l, NIGHT, i, OUTCOME_APPLIED, STR("{}")), 0);
    lists(&b, &(struct report_choice){ .kind = CHANGE_DEACTIVATE },
          "- deactivate E9  absent   applied (held by its guard, then accepted)\n"
          "- deactivate E10  absent   applied (held by its guard, then accepted)\n");
    ledger_free(b.l);
}
END_TEST

/* Afterwards ---------------------------------------------------------------------------------------------------------------------- */

static void sums_up(struct report_bed *b, const char *rejects, const char *audit, const char *want)
{
    struct report_run r;
    struct buf out = BUF_INIT(65536);
    bed_load(b, &r);
    report_summary(b->l, &r, &plain, rejects, audit, &out);
    assert_str(buf_view(&out), want);
    assert_safe(buf_view(&out));
    buf_deinit(&out);
    report_deinit(&r);
}

START_TEST(summary)
{
    struct report_bed b;
    night(&b, RUN_DONE);
    sums_up(&b, "rejects.csv", "audit/" NIGHT ".json",
            "done in 7 min 58 s with 4 things to look at   exit 5\n"
            "  applied 2   already 1   failed 1   stale 1   unresolved 1   not visible 1   withheld 3\n"
            "  failed       E5  update  User/Update: no such role\n"
            "  unresolved   E11  update  no answer\n"
            "  not visible  E6  manager  accepted, not seen after 120 s\n"
            "  stale        E8  membership  Team is 'North'\n"
            "  ! 2 changes withheld by a guard\n"
            "  ! 4 changes failed, stale, unresolved or not visible\n"
            "rejected rows  1: rejects.csv\n"
            "audit          audit/" NIGHT ".json\n"
            "to let through what the guards hold:  rollcall apply " NIGHT " --accept deactivate=2\n");
    ledger_free(b.l);
}
END_TEST

START_TEST(summary_of_a_short_run)
{
    struct report_bed b;
    night(&b, RUN_DONE);
    bed_text(&b, "outcome", "{\"version\":1,\"run\":{\"exit_code\":0,\"took_us\":400000}}");
    struct report_run r;
    struct buf out = BUF_INIT(65536);
    bed_load(&b, &r);
    report_summary(b.l, &r, &plain, NULL, NULL, &out);
    has(&out, "done in 0.4 s with 4 things to look at   exit 0\n", true);
    buf_deinit(&out);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

/* An earlier writer's document has whole seconds only; midnight may lie between. */
START_TEST(summary_by_seconds)
{
    struct report_bed b;
    struct report_run r;
    struct buf out = BUF_INIT(65536);
    night(&b, RUN_DONE);
    bed_text(&b, "outcome",
             "{\"version\":1,\"run\":{\"exit_code\":0,\"started\":\"2026-11-30T23:59:51Z\","
             "\"ended\":\"2026-12-01T00:00:00Z\"}}");
    bed_load(&b, &r);
    report_summary(b.l, &r, &plain, NULL, NULL, &out);
    has(&out, "done in 9 s with", true);
    buf_deinit(&out);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

/* Changes that ended alike share a line, whichever they are; nothing is left uncounted. */
START_TEST(summary_of_many_failures)
{
    struct report_bed b;
    char key[20], result[80];
    night(&b, RUN_DONE);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "F%u", i);
        snprintf(result, sizeof result, "{\"text\":\"refused %u\"}", i < 900 ? 1 : i);
        bed_change(&b, CHANGE(UPDATE, .key = str_of(key), .user = str_of(key)), OUTCOME_FAILED, result);
        snprintf(result, sizeof result, "{\"text\":\"not chosen%u\"}", i % 30);
        bed_change(&b, CHANGE(UPDATE, .key = str_of(key), .user = str_of(key)), OUTCOME_WITHHELD, result);
    }
    struct report_run r;
    struct buf out = BUF_INIT(65536);
    bed_load(&b, &r);
    report_summary(b.l, &r, &plain, NULL, NULL, &out);
    has(&out, "done in 7 min 58 s with 1,004 things to look at   exit 5\n", true);
    has(&out, "\n  failed       F0, F1, F2 and 897 more  update  refused 1\n", true);
    has(&out, "\n  failed       F914  update  refused 914\n", true);
    has(&out, "\n  failed       F915  update  refused 915\n", false);
    has(&out, "\n  withheld     F0, F30, F60 and 31 more  not chosen0\n", true);
    has(&out, "\n  withheld     F8", false);
    /* 85 of the failures, and 22 of the 30 texts with 33 changes each; the first 10 have one more. */
    has(&out, "\n  and 813 changes more:  rollcall show " NIGHT " --kind all\n", true);
    buf_deinit(&out);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

START_TEST(summary_of_an_interrupted_run)
{
    struct report_bed b;
    night(&b, RUN_PLANNED);
    bed_text(&b, "outcome",
             "{\"accepted\":{\"deactivate\":2},\"version\":1,\"conditions\":[\"accepted: deactivate=2\","
             "\"interrupted in phase apply\"],\"run\":{\"exit_code\":10}}");
    bed_run(&b, RUN_INTERRUPTED);
    ck_assert_int_eq(b.l->ops->change_outcome(b.l, NIGHT, 0, OUTCOME_APPLIED, STR("{}")), 0);
    bed_step(&b, 3, 0, STEP_DONE, 200, "");
    sums_up(&b, NULL, NULL,
            "interrupted after 2 of 7 changes; nothing is lost   exit 10\n"
            "  applied 1   withheld 3   not tried 5   sent, and still to be seen 1\n"
            "  accepted: deactivate=2\n"
            "  ! interrupted in phase apply\n"
            "rejected rows  1\n"
            "go on with:  rollcall apply " NIGHT " --accept deactivate=2\n");
    /* Killed: what its plan's end said is not what has become of it. */
    bed_run(&b, RUN_APPLYING);
    sums_up(&b, NULL, NULL,
            "at work, or killed, after 2 of 7 changes; nothing is lost\n"
            "  applied 1   withheld 3   not tried 5   sent, and still to be seen 1\n"
            "rejected rows  1\n"
            "go on with:  rollcall apply " NIGHT "\n");
    ledger_free(b.l);
}
END_TEST

START_TEST(summary_of_a_plan)
{
    struct report_bed b;
    night(&b, RUN_PLANNED);
    sums_up(&b, NULL, NULL,
            "planned only; nothing was changed\n"
            "  applied 0   withheld 3   not tried 7\n"
            "rejected rows  1\n"
            "to apply it:  rollcall apply " NIGHT "\n"
            "to let through what the guards hold:  rollcall apply " NIGHT " --accept deactivate=2\n");
    ledger_free(b.l);
}
END_TEST

/* History ------------------------------------------------------------------------------------------------------------------------- */

START_TEST(runs)
{
    struct report_bed b;
    struct buf out = BUF_INIT(65536);
    struct ledger *empty = ledger_memory();
    ck_assert_int_eq(report_runs(empty, &out), 0);
    assert_str(buf_view(&out), "no run yet\n");
    ledger_free(empty);
    buf_clear(&out);
    night(&b, RUN_DONE);
    snprintf(b.run.id, sizeof b.run.id, "20261122-0310-aaaa");
    snprintf(b.run.tenant_label, sizeof b.run.tenant_label, "%s", HOSTILE "and a long name");
    b.run.changes = 41207;
    b.run.started += 86400 * SECOND_US;
    bed_run(&b, RUN_INTERRUPTED);
    ck_assert_int_eq(report_runs(b.l, &out), 0);
    assert_str(
        buf_view(&out),
        "run                planned              state       tenant           changes      held  exit  job\n"
        "20261122-0310-aaaa 2026-11-22T03:10:00Z interrupted \\x1b[31m<&\"...    41,207         3     -  nightly   go on with:  rollcall apply 20261122-0310-aaaa\n" NIGHT
        " 2026-11-21T03:10:00Z done        22824                 10         3     5  nightly\n");
    assert_safe(buf_view(&out));
    /* Once another run was applied, the interrupted one cannot be gone on with. */
    snprintf(b.run.id, sizeof b.run.id, "20261123-0310-bbbb");
    b.run.changed += SECOND_US;
    bed_run(&b, RUN_DONE);
    buf_clear(&out);
    ck_assert_int_eq(report_runs(b.l, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.p, "nightly   a later run was applied\n"));
    ck_assert_ptr_null(strstr(out.p, "rollcall apply"));
    buf_deinit(&out);
    ledger_free(b.l);
}
END_TEST

/* Parts --------------------------------------------------------------------------------------------------------------------------- */

static void shortened(const char *text, size_t columns, const char *want)
{
    struct buf out = BUF_INIT(4096);
    put_pattern(&out, str_of(text), columns);
    assert_str(buf_view(&out), want);
    ck_assert_uint_le(utf8_width(buf_view(&out)), columns);
    buf_deinit(&out);
}

START_TEST(patterns_are_shortened_in_their_values)
{
    const char *both = "Title 'Senior Executive North' -> 'Senior Executive South'";
    shortened(both, 58, both);
    shortened(both, 50, "Title 'Senior Executiv...' -> 'Senior Executiv...'");
    shortened("Title 'Boss' -> 'Senior Executive South'", 34, "Title 'Boss' -> 'Senior Execut...'");
    shortened("Title 'Senior Executive South' -> 'Boss'", 34, "Title 'Senior Execut...' -> 'Boss'");
    shortened(both, 20, "Title 'Senior Exe...");
    shortened("Title (various)", 8, "Title...");
    shortened("Title (various)", 2, "..");
    shortened("Title 'a' -> 'b' and the rest", 20, "Title 'a' -> 'b' ...");
    shortened("Name '\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac' -> 'Nihon'", 25,
              "Name '\xe6\x97\xa5\xe6\x9c\xac...' -> 'Nihon'");
}
END_TEST

START_TEST(urns_are_shortened_before_what_tells_them_apart)
{
#define USER_URN "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
    static const char *const cases[][2] = {
        { USER_URN "department 'Sls' -> 'urn:a:b:c:d:e:f'",
          "urn:...:User:department 'Sls' -> 'urn:a:b:c:d:e:f'" },
        { USER_URN "costCenter (various)", "urn:...:User:costCenter (various)" },
        { "urn:example:badges:User:badge.number \x1b", "urn:...:User:badge.number \\x1b" },
        { "urn:a:b:c (various)", "urn:a:b:c (various)" },
        { "title 'urn:a:b:c:d:e:f' -> 'x'", "title 'urn:a:b:c:d:e:f' -> 'x'" },
        { "urn:", "urn:" },
        { "", "" },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct buf out = BUF_INIT(4096);
        put_brief(&out, str_of(cases[i][0]));
        assert_str(buf_view(&out), cases[i][1]);
        buf_deinit(&out);
    }
}
END_TEST

START_TEST(shown_texts_keep_their_escapes)
{
    struct buf out = BUF_INIT(4096);
    put_shown(&out, STR("a \\x1b b\\\\c \x1b \xff\\"));
    assert_str(buf_view(&out), "a \\x1b b\\\\c \\x1b \\xff\\");
    buf_deinit(&out);
}
END_TEST

UNIT("report", plan_of_a_night, plan_line, alarms, nothing_to_do, does_not_stick, guards, many_examples,
     changes, groups, planned_changes, one_person, accepted, summary, summary_of_a_short_run,
     summary_by_seconds, summary_of_many_failures, summary_of_an_interrupted_run, summary_of_a_plan, runs,
     patterns_are_shortened_in_their_values, urns_are_shortened_before_what_tells_them_apart,
     shown_texts_keep_their_escapes)
