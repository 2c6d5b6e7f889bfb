#include "engine_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const phase_name[PHASES] = { "start", "tenant", "lease",     "roster", "feed",
                                         "plan",  "apply",  "read back", "done" };

int exit_first(int a, int b)
{
    static const int order[] = { EXIT_USAGE,    EXIT_LOCKED,     EXIT_INTERNAL, EXIT_INTERRUPTED,
                                 EXIT_TARGET,   EXIT_STALE_PLAN, EXIT_FEED,     EXIT_WITHHELD,
                                 EXIT_FAILURES, EXIT_CHANGES,    EXIT_OK };
    for (size_t i = 0; i < array_len(order); i++)
        if (order[i] == a || order[i] == b)
            return order[i];
    return EXIT_INTERNAL;
}

/* Life -------------------------------------------------------------------------------------------------------------------------- */

struct engine *engine_new(const struct engine_config *config)
{
    struct engine *e = xcalloc(1, sizeof *e);
    e->cfg = *config;
    e->vendor = &config->connector->vendor;
    e->schema = config->job->schema;
    rng_seed(&e->rng, config->seed);
    e->hash = (struct hash_key){ rng_next(&e->rng), rng_next(&e->rng) };
    tenant_init(&e->tenant);
    work_init(&e->work);
    for (size_t i = 0; i < CALLS_MAX; i++)
        request_init(&e->call[i].request);
    struct conn_config conn = {
        .base_url = config->job->target.url,
        .schema = &e->schema,
        .options = config->job->target.option,
        .page_concurrency = config->job->target.concurrency,
        .user_agent = config->user_agent,
    };
    memcpy(conn.credential, config->credential, sizeof conn.credential);
    e->conn = config->connector->conn_new(&conn);
    return e;
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    applying_free(e);
    for (size_t i = 0; i < CALLS_MAX; i++) {
        request_deinit(&e->call[i].request);
        free(e->call[i].step);
    }
    work_deinit(&e->work);
    plan_free(e->plan);
    feed_free(e->feed);
    roster_free(e->roster);
    if (e->reading.active && e->reading.goal.roster != e->roster)
        roster_free(e->reading.goal.roster);
    e->cfg.connector->conn_free(e->conn);
    tenant_deinit(&e->tenant);
    pace_deinit(&e->pace);
    pace_deinit(&e->bulk);
    arena_deinit(&e->arena);
    table_deinit(&e->tried);
    lookups_clear(&e->wanted);
    sha256_abort(&e->rows_sha);
    free(e->mapped);
    free(e);
}

/* Actions and conditions -------------------------------------------------------------------------------------------------------- */

void engine_action(struct engine *e, const struct action *a)
{
    if (e->action_n == ACTIONS_MAX)
        abort(); /* at most CALLS_MAX sends and a handful of others are ever outstanding */
    e->action[(e->action_head + e->action_n++) % ACTIONS_MAX] = *a;
}

bool engine_next(struct engine *e, struct action *out)
{
    if (e->action_n == 0)
        return false;
    *out = e->action[e->action_head];
    e->action_head = (e->action_head + 1) % ACTIONS_MAX;
    e->action_n--;
    return true;
}

static void add_condition(struct engine *e, int code, const char *text)
{
    e->codes |= 1u << code;
    if (e->n_conditions < array_len(e->condition))
        snprintf(e->condition[e->n_conditions++], sizeof e->condition[0], "%s", text);
    log_text(e->cfg.log, LOG_INFO, "condition", "exit %d: %s", code, text);
}

void engine_note(struct engine *e, int code, const char *fmt, ...)
{
    char text[sizeof e->condition[0]];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_condition(e, code, text);
}

void engine_note_count(struct engine *e, int code, uint64_t n, const char *one, const char *many,
                       const char *what)
{
    char count[28];
    engine_note(e, code, "%s %s%s", text_count(count, (int64_t)n), n == 1 ? one : many, what);
}

void engine_fail(struct engine *e, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!e->result.message[0])
        vsnprintf(e->result.message, sizeof e->result.message, fmt, ap);
    va_end(ap);
    add_condition(e, code, e->result.message);
    engine_finish(e);
}

void engine_ledger_failed(struct engine *e)
{
    engine_fail(e, EXIT_INTERNAL, "the run cannot be recorded: %s; nothing more is sent",
                e->cfg.ledger->ops->error(e->cfg.ledger));
}

static int final_code(const struct engine *e)
{
    int code = EXIT_OK;
    for (int i = 0; i < 16; i++)
        if (e->codes & (1u << i))
            code = exit_first(code, i);
    return code;
}

/* Phases ------------------------------------------------------------------------------------------------------------------------ */

static void enter_plan(struct engine *e)
{
    planning_end(e);
    if (e->phase != PHASE_PLAN)
        return; /* it failed */
    engine_enter(e, e->cfg.verb == VERB_SYNC && !e->stopping ? PHASE_APPLY : PHASE_DONE);
}

static void enter_roster_done(struct engine *e)
{
    if (e->cfg.verb != VERB_APPLY) {
        planning_begin(e);
        engine_enter(e, PHASE_FEED);
    } else if (stored_load(e)) {
        engine_enter(e, PHASE_APPLY);
    }
}

static void roster_read(struct engine *e, bool complete)
{
    if (!complete) {
        engine_fail(e, EXIT_TARGET,
                    e->look_up
                        ? "the users could not be looked up in %u %s: %s; nothing was written"
                        : "the list of users is not proven complete after %u %s: %s; nothing was written",
                    e->reading.tries, e->reading.tries == 1 ? "try" : "tries", e->reading.state.why);
        return;
    }
    e->roster = e->reading.goal.roster;
    e->roster_state = e->reading.state;
    lookups_clear(&e->wanted);
    if (!e->look_up)
        memcpy(e->listing, e->reading.made, sizeof e->listing);
    for (size_t i = 0; i < ENDPOINTS_MAX; i++)
        e->listing_calls += e->listing[i];
    enter_roster_done(e);
}

static void tenant_read(struct engine *e, bool complete)
{
    if (!complete) {
        engine_fail(e, EXIT_TARGET, "%s: %s", e->cfg.job->target.url, e->reading.state.why);
        return;
    }
    e->tenant_known = true;
    quota_start(e);
    if (e->cfg.verb == VERB_APPLY && strcmp(e->run.tenant, e->tenant.id) != 0)
        engine_fail(e, EXIT_STALE_PLAN, "plan %s is for tenant %s, this is %s; nothing was written",
                    e->run.id, e->run.tenant, e->tenant.id);
    else if (errs_any(e->cfg.errs))
        engine_fail(e, EXIT_USAGE, "the job does not fit the tenant; nothing was written");
    else
        engine_enter(e, PHASE_LEASE);
}

void engine_look_up(struct engine *e)
{
    reading_begin(
        e, &(struct read_goal){ .kind = READ_LOOKUP, .lookups = e->wanted.v, .n_lookups = e->wanted.n },
        roster_read);
    e->reading.not_before = e->settled_at;
}

static void enter_roster(struct engine *e)
{
    if (!e->look_up) {
        reading_begin(e, &(struct read_goal){ .kind = READ_ROSTER }, roster_read);
        e->reading.not_before = e->settled_at;
    } else if (e->cfg.verb != VERB_APPLY) {
        feeding_begin(e, FEED_KEYS); /* who is in it is looked up at its end */
    } else if (lookups_of_plan(e)) {
        engine_look_up(e);
    }
}

void engine_enter(struct engine *e, enum phase phase)
{
    e->phase = phase;
    e->turns++;
    log_text(e->cfg.log, LOG_INFO, "phase", "%s", phase_name[phase]);
    switch (phase) {
    case PHASE_TENANT:
        calls_start(e);
        reading_begin(
            e,
            &(struct read_goal){
                .kind = READ_TENANT, .tenant = &e->tenant, .schema = &e->schema, .errs = e->cfg.errs },
            tenant_read);
        break;
    case PHASE_LEASE: engine_action(e, &(struct action){ .kind = ACT_LEASE, .text = e->tenant.id }); break;
    case PHASE_ROSTER: enter_roster(e); break;
    case PHASE_FEED: feeding_begin(e, FEED_ROWS); break;
    case PHASE_PLAN: enter_plan(e); break;
    case PHASE_APPLY: applying_begin(e); break;
    case PHASE_DONE: engine_finish(e); break;
    default: break;
    }
}

static bool writes_in_flight(const struct engine *e)
{
    for (size_t i = 0; i < CALLS_MAX; i++)
        if (e->call[i].kind == CALL_WRITE && e->call[i].sent)
            return true;
    return false;
}

/* Ends the run once nothing is open whose answer matters; asked again at each answer until then. */
void engine_finish(struct engine *e)
{
    if (e->finished)
        return;
    if (e->feed_open)
        engine_action(e, &(struct action){ .kind = ACT_STOP_FEED });
    e->feed_open = false;
    e->stopping = true;
    if (writes_in_flight(e))
        return;
    e->finished = true;
    e->phase = PHASE_DONE;
    e->result.exit_code = final_code(e);
    if (e->run.state == RUN_APPLYING)
        e->run.state = RUN_INTERRUPTED;
    e->result.recorded = e->run_stored;
    e->result.resumable =
        e->run_stored && (e->run.state == RUN_INTERRUPTED || e->result.exit_code == EXIT_INTERRUPTED);
    if ((calls_remember(e) != 0 || (e->run_stored && planning_store_outcome(e) != 0)) &&
        !(e->codes & (1u << EXIT_INTERNAL))) {
        engine_note(e, EXIT_INTERNAL, "the end of the run cannot be recorded: %s",
                    e->cfg.ledger->ops->error(e->cfg.ledger));
        e->result.exit_code = final_code(e);
    }
    engine_action(e, &(struct action){ .kind = ACT_DONE });
}

const struct option_value *engine_option(const struct engine *e, const char *name)
{
    int i = vendor_option(e->vendor, name);
    return i < 0 ? NULL : &e->cfg.job->target.option[i];
}

/* Events ------------------------------------------------------------------------------------------------------------------------ */

static void ev_start(struct engine *e)
{
    e->started = e->wall;
    e->begun = e->now;
    planning_options(e);
    if (e->cfg.verb == VERB_APPLY && !stored_find(e))
        return;
    if (!feeding_setup(e))
        return;
    bool piped = strcmp(e->cfg.job->feed.path, "-") == 0;
    if (piped && e->look_up && e->cfg.verb != VERB_APPLY)
        engine_fail(
            e, EXIT_USAGE,
            "feed '-' is standard input, which can be read once only, and with \"roster\": \"look_up\" "
            "the feed is read twice; write it to a file and name that as the feed's path");
    else if (e->cfg.verb == VERB_APPLY || piped)
        engine_enter(e, e->cfg.offline ? PHASE_FEED : PHASE_TENANT);
    else
        feeding_begin(e, e->cfg.offline ? FEED_ROWS : FEED_HEADER);
}

static void ev_lease(struct engine *e, const struct event *ev)
{
    if (ev->lease == LEASE_HELD)
        engine_fail(e, EXIT_LOCKED, "another rollcall is at work on this tenant: %s", ev->text);
    else if (ev->lease == LEASE_ERROR)
        engine_fail(e, EXIT_INTERNAL, "%s", ev->text);
    else if (e->cfg.verb == VERB_APPLY && !stored_find(e))
        return; /* another process had the lease until now: what it did counts */
    else
        engine_enter(e, e->cfg.verb == VERB_CHECK ? PHASE_FEED : PHASE_ROSTER);
}

static void ev_answer(struct engine *e, const struct event *ev)
{
    struct call *c = call_find(e, ev->call);
    if (!c)
        return;
    call_answered(e, c, ev->answer);
    if (e->stopping)
        engine_finish(e);
}

static void ev_stop(struct engine *e)
{
    if (e->stopping)
        return;
    e->result.stopped = true;
    engine_note(e, EXIT_INTERRUPTED, "interrupted in phase %s", phase_name[e->phase]);
    engine_finish(e);
}

static void ev_stream(struct engine *e, const struct event *ev)
{
    struct call *c = call_find(e, ev->call);
    if (!c || c->kind != CALL_READ || c->abandoned)
        return;
    if (ev->kind == EV_HEAD)
        e->cfg.connector->read_head(e->conn, c->read_id, ev->status);
    else
        e->cfg.connector->read_bytes(e->conn, c->read_id, ev->p, ev->n);
}

void engine_event(struct engine *e, const struct event *ev, mono_us now, unix_us wall)
{
    e->now = now;
    e->wall = wall;
    if (e->phase == PHASE_DONE)
        return;
    switch (ev->kind) {
    case EV_START: ev_start(e); break;
    case EV_HEAD:
    case EV_BYTES: ev_stream(e, ev); return; /* nothing to send because of it */
    case EV_ANSWER: ev_answer(e, ev); break;
    case EV_FEED_BYTES: feeding_bytes(e, ev->p, ev->n); return;
    case EV_FEED_END: feeding_end(e, ev->unchanged, ev->text); break;
    case EV_LEASE: ev_lease(e, ev); break;
    case EV_WAKE: e->wake_is_set = false; break;
    case EV_STOP: ev_stop(e); break;
    }
    if (e->phase != PHASE_DONE)
        calls_pump(e);
}

/* For others -------------------------------------------------------------------------------------------------------------------- */

const struct engine_result *engine_result(const struct engine *e)
{
    return &e->result;
}

const struct feed_summary *engine_feed(const struct engine *e)
{
    return e->feed && e->feed_ended ? feed_summary(e->feed) : NULL;
}

struct str engine_feed_header(const struct engine *e)
{
    return e->feed ? feed_header(e->feed) : (struct str){ NULL, 0 };
}

const struct plan *engine_plan(const struct engine *e)
{
    return e->planned ? e->plan : NULL;
}
