/* Drives the engine: does its actions in virtual time, carries calls to the village and answers back. */
#include "engine_bed.h"

#include <stdio.h>

#include "engine_internal.h"

#define ONE_WAY_US (20 * SECOND_US / 1000)
#define TURNS_MAX 200000 /* a run that takes more events goes round in circles */

/* Job and feed ---------------------------------------------------------------------------------------- */

static const char *const active_words[] = { "Active" }, *const leaver_words[] = { "Left" };

static void make_job(struct bed *b)
{
    struct job *j = &b->job;
    *j = (struct job){ .path = (char *)"village.json",
                       .name = (char *)"village",
                       .absent = JOB_ABSENT_IGNORE };
    j->feed.path = (char *)"hr.csv";
    j->feed.given = (char *)"hr.csv";
    j->target.vendor = &village_connector.vendor;
    j->target.url = (char *)"https://village.example.com";
    j->target.rate = (struct rates){ { { 20, 5 * SECOND_US } }, 1 };
    j->target.bulk_rate = (struct rates){ { { 5, 5 * SECOND_US } }, 1 };
    j->target.concurrency = 3;
    j->target.pace = (char *)"safe";
    j->target.max_pause_us = 5 * MINUTE_US;
    j->target.quota_day = (char *)"+00:00";
    j->target.option[V_EARLY].number = 1;
    j->target.option[V_ROSTER].text = "list";
    for (size_t i = 0; i < V_SLOTS; i++)
        j->schema.attr[i] = village_connector.vendor.attrs[i];
    j->schema.n = V_SLOTS;
    j->schema.n_keys = 1;
    j->schema.manager = true;
    j->column[V_NUMBER].column = (char *)"Number";
    j->column[V_NAME].column = (char *)"Name";
    j->column[V_PHONE].column = (char *)"Phone";
    j->manager.column = (char *)"Manager";
    j->status.column = (char *)"Status";
    j->status.active = (char **)active_words;
    j->status.n_active = 1;
    j->status.leaver = (char **)leaver_words;
    j->status.n_leaver = 1;
    for (size_t k = 0; k < CHANGE_KINDS; k++) {
        j->action[k] = true;
        j->guard[k] = (struct job_guard){ -1, -1 };
    }
    j->rejects = (struct job_guard){ -1, -1 };
    j->plan_ttl_us = DAY_US;
    j->settle_us = 30 * SECOND_US;
    j->visible_us = 5 * MINUTE_US;
    memset(j->policy_sha256, 'a', SHA256_HEX - 1);
}

void bed_init(struct bed *b)
{
    *b = (struct bed){ .now = 1000 * SECOND_US, .wake = INT64_MAX, .lease = LEASE_OK };
    b->journal = journal_new();
    buf_init(&b->feed, 1024 * 1024);
    buf_init(&b->feed_again, 1024 * 1024);
    b->village.token = 100;
    buf_puts(&b->feed, "Number,Name,Phone,Manager,Status\n");
    make_job(b);
    b->config = (struct engine_config){ .job = &b->job,
                                        .connector = &village_connector,
                                        .ledger = journal_ledger(b->journal),
                                        .first = -1,
                                        .user_agent = "rollcall/test",
                                        .seed = 1,
                                        .log = &b->log,
                                        .errs = &b->errs };
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        b->config.accept[k] = -1;
}

static void land(struct flight *f)
{
    free(f->token);
    free(f->body);
    free(f->answer);
    *f = (struct flight){ 0 };
}

void bed_deinit(struct bed *b)
{
    for (size_t i = 0; i < array_len(b->flight); i++)
        land(&b->flight[i]);
    journal_free(b->journal);
    buf_deinit(&b->feed);
    buf_deinit(&b->feed_again);
    errs_deinit(&b->errs);
}

void bed_user(struct bed *b, const char *id, const char *number, const char *name, const char *manager,
              bool active)
{
    struct villager *u = &b->village.user[b->village.n++];
    ck_assert_uint_le(b->village.n, VILLAGERS_MAX);
    *u = (struct villager){ .active = active };
    snprintf(u->id, sizeof u->id, "%s", id);
    snprintf(u->manager, sizeof u->manager, "%s", manager ? manager : "");
    snprintf(u->text[V_NUMBER], sizeof u->text[0], "%s", number);
    snprintf(u->text[V_NAME], sizeof u->text[0], "%s", name);
}

void bed_row_phone(struct bed *b, const char *number, const char *name, const char *manager,
                   const char *phone)
{
    buf_printf(&b->feed, "%s,%s,%s,%s,Active\n", number, name, phone, manager ? manager : "");
}

void bed_row(struct bed *b, const char *number, const char *name, const char *manager, const char *status)
{
    buf_printf(&b->feed, "%s,%s,,%s,%s\n", number, name, manager ? manager : "", status);
}

void bed_fault(struct bed *b, enum village_call call, unsigned nth, enum wrong wrong, int64_t wait_us)
{
    ck_assert_uint_lt(b->village.n_faults, array_len(b->village.fault));
    b->village.fault[b->village.n_faults++] = (struct fault){ call, nth, wrong, wait_us };
}

/* Events ---------------------------------------------------------------------------------------------- */

static void do_actions(struct bed *b);

static void event(struct bed *b, const struct event *ev)
{
    if (b->done || b->crashed || !b->engine)
        return;
    engine_event(b->engine, ev, b->now, 1700000000 * SECOND_US + b->now);
    do_actions(b);
}

/* A moment at which the process may end, or a signal come. True: it has ended. */
static bool moment(struct bed *b)
{
    b->moments++;
    if (b->moments == b->crash_at)
        b->crashed = true;
    return b->crashed;
}

/* Nothing goes with a login, and no second call of an endpoint whose calls build on themselves. */
static void assert_alone(const struct bed *b, enum village_call to)
{
    for (size_t i = 0; i < array_len(b->flight); i++) {
        const struct flight *f = &b->flight[i];
        ck_assert_msg(!f->in_run || (to != V_LOGIN && f->to != V_LOGIN), "a login goes alone");
        ck_assert_msg(!f->in_run || to != V_BULK || f->to != V_BULK, "bulk calls go one at a time");
    }
}

static void send_call(struct bed *b, const struct action *a)
{
    struct flight *f = b->flight;
    size_t flying = 1;
    while (f->call || f->moves)
        f++;
    ck_assert(f < b->flight + array_len(b->flight));
    assert_alone(b, a->request->endpoint);
    for (size_t i = 0; i < array_len(b->flight); i++)
        flying += b->flight[i].in_run;
    b->most_flying = flying > b->most_flying ? flying : b->most_flying;
    ck_assert_msg(!a->request->write || journal_intended(b->journal, a->call),
                  "call %u left before its intent was durable", a->call);
    *f = (struct flight){
        .call = a->call, .in_run = true, .effect = true, .streamed = a->streamed, .to = a->request->endpoint
    };
    f->token = xstrdup("");
    if (a->request->n_headers) {
        free(f->token);
        f->token = xmemdup(a->request->header[0].value.p, a->request->header[0].value.n);
    }
    f->body = xmemdup(a->request->body.p ? a->request->body.p : "", a->request->body.n);
    f->wrong = village_fate(&b->village, f->to, &f->wait_us);
    f->due = b->now + ONE_WAY_US;
    if (f->to == V_CREATE && b->village.made[V_CREATE] == b->crash_create)
        b->crash_at = b->moments + 1;
}

static void do_actions(struct bed *b)
{
    struct action a;
    while (!b->done && !b->crashed && engine_next(b->engine, &a)) {
        if (moment(b))
            return;
        switch (a.kind) {
        case ACT_SEND: send_call(b, &a); break;
        case ACT_READ_FEED:
            b->feed_wanted = true;
            b->feed_stopped = false;
            break;
        case ACT_STOP_FEED: b->feed_stopped = true; break;
        case ACT_LEASE:
            event(b, &(struct event){ .kind = EV_LEASE, .lease = b->lease, .text = "held by process 1" });
            break;
        case ACT_WAKE: b->wake = a.at; break;
        case ACT_DONE: b->done = true; break;
        }
        if (moment(b))
            return;
    }
}

/* The call reaches the village. */
static void arrive(struct bed *b, struct flight *f)
{
    static const int status[] = { [WRONG_THROTTLED] = 429,
                                  [WRONG_BUSY] = 503,
                                  [WRONG_REFUSED] = 400,
                                  [WRONG_LOGIN] = 401,
                                  [WRONG_LOST_HALF] = 0 };
    struct buf answer = BUF_INIT(100000);
    f->effect = false;
    f->due = b->now + ONE_WAY_US;
    bool done = f->wrong == WRONG_NOT || f->wrong == WRONG_LOST_DONE || f->wrong == WRONG_LOST_LATE ||
                f->wrong == WRONG_CUT;
    if (f->wrong == WRONG_LOST_LATE &&
        !f->delayed) { /* the answer is lost now, the call itself comes later */
        struct answer lost = { .sent = SENT_UNKNOWN, .error = NET_RESET, .retry_after_us = -1 };
        bool in_run = f->in_run;
        f->in_run = false;
        f->delayed = f->effect = true;
        f->due = b->now + 20 * SECOND_US;
        if (in_run)
            event(b, &(struct event){ .kind = EV_ANSWER, .call = f->call, .answer = &lost });
        return;
    }
    f->status =
        done ? village_do(&b->village, f->to, str_of(f->token), str_of(f->body), &answer) : status[f->wrong];
    if (f->wrong == WRONG_LOST_HALF)
        village_half(&b->village, str_of(f->body));
    if (done && f->to == V_MANAGERS && f->status == 202) {
        struct flight *later = b->flight;
        while (later->call || later->moves)
            later++;
        *later =
            (struct flight){ .moves = true, .due = b->now + b->village.lag_us, .body = xstrdup(f->body) };
    }
    f->answer = buf_take(&answer);
    if (!f->in_run)
        land(f);
}

static void answer(struct bed *b, struct flight *f)
{
    struct flight mine = *f;
    struct answer a = { .status = mine.status,
                        .retry_after_us = mine.wrong == WRONG_THROTTLED ? mine.wait_us : -1 };
    struct str body = str_of(mine.answer);
    *f = (struct flight){ 0 };
    if (mine.wrong == WRONG_LOST_DONE || mine.wrong == WRONG_LOST_UNDONE || mine.wrong == WRONG_LOST_LATE ||
        mine.wrong == WRONG_LOST_HALF)
        a = (struct answer){ .sent = SENT_UNKNOWN, .error = NET_RESET, .retry_after_us = -1 };
    if (mine.wrong == WRONG_NOT_SENT)
        a = (struct answer){ .sent = SENT_NOT, .error = NET_CONNECT, .retry_after_us = -1 };
    if (mine.wrong == WRONG_CUT)
        body.n /= 2;
    if (mine.streamed && a.sent == SENT_ANSWERED) {
        event(b, &(struct event){ .kind = EV_HEAD, .call = mine.call, .status = a.status });
        event(b, &(struct event){ .kind = EV_BYTES, .call = mine.call, .p = body.p, .n = body.n });
    } else if (a.sent == SENT_ANSWERED) {
        a.body = body;
    }
    event(b, &(struct event){ .kind = EV_ANSWER, .call = mine.call, .answer = &a });
    land(&mine);
}

static void read_feed(struct bed *b)
{
    bool again = b->feed_reads == 2 && b->feed_again.n > 0; /* after header and keys */
    const struct buf *feed = again ? &b->feed_again : &b->feed;
    b->feed_wanted = false;
    b->feed_reads++;
    event(b, &(struct event){ .kind = EV_FEED_BYTES, .p = feed->p, .n = feed->n });
    event(b, &(struct event){ .kind = EV_FEED_END, .unchanged = b->feed_reads != b->feed_changes_at });
}

static struct flight *next_flight(struct bed *b)
{
    struct flight *next = NULL;
    for (size_t i = 0; i < array_len(b->flight); i++)
        if ((b->flight[i].call || b->flight[i].moves) && (!next || b->flight[i].due < next->due))
            next = &b->flight[i];
    return next;
}

static void fly(struct bed *b, struct flight *f)
{
    b->now = f->due > b->now ? f->due : b->now;
    if (f->moves) {
        village_moves(&b->village, str_of(f->body));
        land(f);
    } else if (f->effect) {
        arrive(b, f);
    } else {
        answer(b, f);
    }
}

static bool stop_now(struct bed *b)
{
    struct progress p;
    if (b->stopped || (!b->stop_at && b->stop_in == PHASE_START))
        return false;
    engine_progress(b->engine, b->now, &p);
    return b->stop_at ? b->moments >= b->stop_at : p.phase >= b->stop_in;
}

/* The next thing that happens. */
static void turn(struct bed *b)
{
    struct flight *f = next_flight(b);
    if (stop_now(b)) {
        b->stopped = true;
        event(b, &(struct event){ .kind = EV_STOP });
    } else if (b->feed_wanted) {
        read_feed(b);
    } else if (f && f->due <= b->wake) {
        fly(b, f);
    } else {
        ck_assert_msg(b->wake != INT64_MAX, "the engine waits for nothing");
        b->now = b->wake > b->now ? b->wake : b->now;
        b->wake = INT64_MAX;
        event(b, &(struct event){ .kind = EV_WAKE });
    }
}

/* The process is gone: nobody waits for answers, what is on its way arrives. */
static void leave(struct bed *b)
{
    engine_free(b->engine);
    b->engine = NULL;
    b->wake = INT64_MAX;
    b->feed_wanted = false;
    for (size_t i = 0; i < array_len(b->flight); i++) {
        b->flight[i].in_run = false;
        if (b->flight[i].call && !b->flight[i].effect)
            land(&b->flight[i]);
    }
}

static void keep_counts(struct bed *b)
{
    for (size_t i = 0; i < V_CALLS; i++) {
        const struct endpoint_count *n = &b->engine->endpoint[i];
        b->sum[i] = (struct endpoint_sum){ n->planned, n->made, n->retried, n->failed, n->throttled };
    }
}

/* Where everything was done, whatever happened on the way, the calls made are those planned and those made
 * again. */
static void assert_counts(const struct engine *e)
{
    for (size_t i = 0; i < V_CALLS; i++) {
        const struct endpoint_count *n = &e->endpoint[i];
        ck_assert_msg(n->made == n->planned + n->retried, "%s: %llu made, %llu planned, %llu made again",
                      e->vendor->endpoints[i].name, (unsigned long long)n->made,
                      (unsigned long long)n->planned, (unsigned long long)n->retried);
    }
}

int bed_run(struct bed *b, enum verb verb)
{
    size_t turns = 0;
    b->config.verb = verb;
    if (verb == VERB_APPLY) {
        struct run newest;
        ck_assert(journal_newest(b->journal, &newest));
        snprintf(b->config.run_id, RUN_ID_MAX, "%s", newest.id);
    } else {
        snprintf(b->config.run_id, RUN_ID_MAX, "run-%u", ++b->runs);
    }
    b->done = b->crashed = b->stopped = false;
    b->moments = 0;
    b->feed_reads = 0;
    errs_clear(&b->errs);
    b->engine = engine_new(&b->config);
    event(b, &(struct event){ .kind = EV_START });
    while (!b->done && !b->crashed) {
        ck_assert_msg(++turns < TURNS_MAX, "the run goes round in circles");
        turn(b);
    }
    b->result = *engine_result(b->engine);
    keep_counts(b);
    if (!b->crashed && b->result.exit_code == EXIT_OK && (verb == VERB_SYNC || verb == VERB_APPLY))
        assert_counts(b->engine);
    bool crashed = b->crashed;
    leave(b);
    if (crashed)
        journal_crash(b->journal);
    return crashed ? -1 : b->result.exit_code;
}

int bed_resume(struct bed *b)
{
    struct run newest;
    b->crash_at = b->stop_at = b->crash_create = 0;
    b->stop_in = PHASE_START;
    b->village.n_faults = 0;
    bool stored =
        b->config.ledger->ops->run_get(b->config.ledger, "", &newest) == 0 && newest.state != RUN_DONE;
    return bed_run(b, stored ? VERB_APPLY : VERB_SYNC);
}

void bed_quiet(struct bed *b)
{
    for (struct flight *f = next_flight(b); f; f = next_flight(b))
        fly(b, f);
}

/* What came of it ------------------------------------------------------------------------------------- */

struct tally {
    enum outcome outcome;
    unsigned n;
};

static bool count(void *ctx, const struct run_change *c)
{
    struct tally *t = ctx;
    t->n += c->outcome == t->outcome;
    return true;
}

unsigned bed_outcomes(struct bed *b, enum outcome outcome)
{
    struct tally t = { outcome, 0 };
    struct ledger *l = b->config.ledger;
    struct run newest;
    ck_assert(journal_newest(b->journal, &newest));
    ck_assert_int_eq(l->ops->change_each(l, newest.id, count, &t), 0);
    return t.n;
}

struct said {
    const char *text;
    unsigned n;
};

static bool count_said(void *ctx, const struct run_change *c)
{
    struct said *s = ctx;
    char *result = xmemdup(c->result.n ? c->result.p : "", c->result.n);
    s->n += strstr(result, s->text) != NULL;
    free(result);
    return true;
}

unsigned bed_said(struct bed *b, const char *text)
{
    struct said s = { text, 0 };
    struct ledger *l = b->config.ledger;
    struct run newest;
    ck_assert(journal_newest(b->journal, &newest));
    ck_assert_int_eq(l->ops->change_each(l, newest.id, count_said, &s), 0);
    return s.n;
}

char *bed_text(struct bed *b, const char *name)
{
    struct buf out = BUF_INIT(1024 * 1024);
    struct ledger *l = b->config.ledger;
    struct run newest;
    ck_assert(journal_newest(b->journal, &newest));
    ck_assert_int_eq(l->ops->run_text_get(l, newest.id, name, &out), 0);
    buf_putc(&out, '\0');
    return buf_take(&out);
}

static int cmp_number(const void *a, const void *b)
{
    const struct villager *x = a, *y = b;
    return strcmp(x->text[V_NUMBER], y->text[V_NUMBER]);
}

static const char *number_of(const struct village *v, const char *id)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->user[i].id, id) == 0)
            return v->user[i].text[V_NUMBER];
    return "-";
}

void assert_village(struct bed *b, const char *want)
{
    struct buf out = BUF_INIT(100000);
    struct village v = b->village;
    qsort(v.user, v.n, sizeof v.user[0], cmp_number);
    for (size_t i = 0; i < v.n; i++)
        buf_printf(&out, "%s %s %s %s%s%s\n", v.user[i].text[V_NUMBER], v.user[i].active ? "on" : "off",
                   v.user[i].text[V_NAME], number_of(&v, v.user[i].manager),
                   v.user[i].text[V_PHONE][0] ? " " : "", v.user[i].text[V_PHONE]);
    ck_assert_msg(strcmp(out.p ? out.p : "", want) == 0, "the village is\n%snot\n%s", out.p ? out.p : "",
                  want);
    buf_deinit(&out);
}

void bed_rename(struct bed *b, size_t user, const char *name)
{
    snprintf(b->village.user[user].text[V_NAME], sizeof b->village.user[user].text[V_NAME], "%s", name);
}
