#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"

/* Slots ------------------------------------------------------------------------------------------------------------------------- */

struct call *call_new(struct engine *e, enum call_kind kind)
{
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *c = &e->call[i];
        if (c->kind != CALL_FREE)
            continue;
        request_clear(&c->request);
        struct request keep = c->request;
        *c = (struct call){ .kind = kind, .no = ++e->last_call, .request = keep };
        return c;
    }
    return NULL;
}

void call_free(struct engine *e, struct call *c)
{
    (void)e;
    free(c->step);
    c->step = NULL;
    c->n_steps = 0;
    c->kind = CALL_FREE;
}

struct call *call_find(struct engine *e, uint32_t no)
{
    for (size_t i = 0; i < CALLS_MAX; i++)
        if (e->call[i].kind != CALL_FREE && e->call[i].no == no)
            return &e->call[i];
    return NULL;
}

static const struct endpoint *endpoint_of(const struct engine *e, const struct call *c)
{
    return &e->vendor->endpoints[c->request.endpoint];
}

/* Pace -------------------------------------------------------------------------------------------------------------------------- */

#define REMEMBERED_MAX 1000 /* answers carried over to the next run */

/* The pace belongs to the account behind the URL: known before the tenant has told its id. */
static void pace_owner(const struct engine *e, char out[400])
{
    snprintf(out, 400, "%s %s", e->vendor->name, e->cfg.job->target.url);
}

static void day_name(const struct engine *e, char out[16])
{
    /* quota_day is an offset such as "+05:30": the day ends at midnight there. */
    int64_t hours = 0, minutes = 0;
    const char *q = e->cfg.job->target.quota_day;
    if (q && strlen(q) == 6) {
        hours = (q[1] - '0') * 10 + (q[2] - '0');
        minutes = (q[4] - '0') * 10 + (q[5] - '0');
        if (q[0] == '-') {
            hours = -hours;
            minutes = -minutes;
        }
    }
    char full[32];
    time_rfc3339(full, e->wall + hours * HOUR_US + minutes * MINUTE_US, false);
    snprintf(out, 16, "%.10s", full);
}

static void quota_owner(const struct engine *e, char out[400])
{
    snprintf(out, 400, "%s %s", e->vendor->name, e->tenant.id);
}

void quota_start(struct engine *e)
{
    char owner[400];
    quota_owner(e, owner);
    const struct rates *r = &e->cfg.job->target.rate;
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].span_us >= DAY_US && (e->quota == 0 || r->v[i].calls < e->quota))
            e->quota = r->v[i].calls;
    struct buf text = BUF_INIT(64);
    char day[16];
    day_name(e, day);
    int64_t used = 0;
    if (e->cfg.ledger &&
        e->cfg.ledger->ops->memory_get(e->cfg.ledger, owner, "calls_of_day", str_of(day), &text) == 0 &&
        str_to_i64(buf_view(&text), &used))
        e->quota_used = (uint64_t)used;
    buf_deinit(&text);
}

/* "1732240000000000 1732240000200000 ...": when the last answers came, by the wall clock. */
static size_t parse_ages(struct str s, unix_us wall, int64_t *age, size_t max)
{
    size_t n = 0;
    while (s.n > 0 && n < max) {
        const char *space = memchr(s.p, ' ', s.n);
        struct str one = { s.p, space ? (size_t)(space - s.p) : s.n };
        int64_t at;
        if (str_to_i64(one, &at))
            age[n++] = at < wall ? wall - at : 0; /* a clock that went back: as if just now */
        size_t skip = one.n + (space ? 1 : 0);
        s = (struct str){ s.p + skip, s.n - skip };
    }
    return n;
}

void calls_start(struct engine *e)
{
    char owner[400];
    pace_owner(e, owner);
    struct buf text = BUF_INIT(64 * 1024);
    bool known = e->cfg.ledger && e->cfg.ledger->ops->memory_get(e->cfg.ledger, owner, "last_answers",
                                                                 (struct str){ NULL, 0 }, &text) == 0;
    bool tight = strcmp(e->cfg.job->target.pace, "tight") == 0;
    pace_init(&e->pace, &e->cfg.job->target.rate, tight, !known, e->now);
    pace_init(&e->bulk, &e->cfg.job->target.bulk_rate, tight, !known, e->now);
    if (known) {
        int64_t *age = xcalloc(REMEMBERED_MAX, sizeof *age);
        size_t n = parse_ages(buf_view(&text), e->wall, age, REMEMBERED_MAX);
        pace_remember(&e->pace, age, n, e->now);
        pace_remember(&e->bulk, age, n, e->now);
        free(age);
        /* Told again when the run ends: after one that was killed nothing is known, and windows are full. */
        struct ledger *l = e->cfg.ledger;
        if (l->ops->memory_put(l, owner, "last_answers", (struct str){ NULL, 0 }, (struct str){ NULL, 0 }) ==
            0)
            l->ops->flush(l); /* an error stays: the next one that writes meets it */
    }
    buf_deinit(&text);
}

int calls_remember(struct engine *e)
{
    if (!e->cfg.ledger || e->calls_made == 0)
        return 0;
    char owner[400], day[16], count[32];
    pace_owner(e, owner);
    day_name(e, day);
    snprintf(count, sizeof count, "%llu", (unsigned long long)(e->quota_used + e->calls_made));
    struct buf text = BUF_INIT(64 * 1024);
    const struct pace_window *longest = NULL;
    for (size_t i = 0; i < e->pace.n; i++)
        if (!longest || e->pace.w[i].rate.span_us > longest->rate.span_us)
            longest = &e->pace.w[i];
    uint32_t from = longest && longest->n > REMEMBERED_MAX ? longest->n - REMEMBERED_MAX : 0;
    for (uint32_t i = from; longest && i < longest->n; i++) {
        mono_us answered = longest->back[(longest->head + i) % longest->rate.calls] - longest->rate.span_us;
        buf_printf(&text, "%s%lld", text.n ? " " : "", (long long)(e->wall - (e->now - answered)));
    }
    struct ledger *l = e->cfg.ledger;
    int r = l->ops->memory_put(l, owner, "last_answers", (struct str){ NULL, 0 },
                               text.n ? buf_view(&text) : STR("0"));
    quota_owner(e, owner);
    if (r == 0 && e->tenant_known)
        r = l->ops->memory_put(l, owner, "calls_of_day", str_of(day), str_of(count));
    if (r == 0)
        r = l->ops->flush(l);
    buf_deinit(&text);
    return r;
}

mono_us call_when(struct engine *e, uint8_t endpoint)
{
    mono_us when = pace_when(&e->pace, e->now);
    if (e->vendor->endpoints[endpoint].bulk_rate) {
        mono_us bulk = pace_when(&e->bulk, e->now);
        when = bulk > when ? bulk : when;
    }
    return when;
}

void engine_throttled(struct engine *e, uint8_t endpoint, int64_t wait_us)
{
    int64_t wait = wait_us >= 0 ? wait_us : THROTTLE_WAIT_US, most = e->cfg.job->target.max_pause_us;
    e->endpoint[endpoint].throttled++;
    if (e->throttled_since == 0)
        e->throttled_since = e->now;
    if (wait > most || e->now - e->throttled_since > most) {
        engine_fail(e, EXIT_INTERRUPTED, "the tenant %s, longer than max_pause; go on later",
                    wait > most ? "asks for a long pause" : "has answered nothing but 'too many calls'");
        return;
    }
    pace_throttled(&e->pace, wait, e->now);
    if (e->vendor->endpoints[endpoint].bulk_rate)
        pace_throttled(&e->bulk, wait, e->now);
    log_text(e->cfg.log, LOG_WARN, "throttled", "%s: waiting %lld ms", e->vendor->endpoints[endpoint].name,
             (long long)(wait / 1000));
}

int64_t engine_backoff(struct engine *e, unsigned failures)
{
    int64_t most = BACKOFF_FIRST_US;
    for (unsigned i = 1; i < failures && most < BACKOFF_MAX_US; i++)
        most *= 2;
    most = most > BACKOFF_MAX_US ? BACKOFF_MAX_US : most;
    return (int64_t)rng_below(&e->rng, (uint64_t)most) + 1;
}

void engine_wake_at(struct engine *e, mono_us at)
{
    if (at == PACE_NEVER || (e->wake_is_set && e->wake_asked <= at))
        return;
    e->wake_is_set = true;
    e->wake_asked = at;
    engine_action(e, &(struct action){ .kind = ACT_WAKE, .at = at });
}

/* Sending ----------------------------------------------------------------------------------------------------------------------- */

void call_send(struct engine *e, struct call *c, bool streamed)
{
    c->sent = true;
    c->sent_at = e->now;
    e->in_flight++;
    pace_sent(&e->pace);
    if (endpoint_of(e, c)->bulk_rate)
        pace_sent(&e->bulk);
    e->calls_made++;
    e->endpoint[c->request.endpoint].made++;
    if (c->kind == CALL_READ)
        reading_sent(e, c->request.endpoint);
    if (c->kind == CALL_WRITE)
        e->fresh[e->n_fresh++] = c;
    engine_action(
        e, &(struct action){ .kind = ACT_SEND, .call = c->no, .request = &c->request, .streamed = streamed });
}

/* Takes back sends whose intents could not be made durable: they have not left the engine yet. */
static void unsend(struct engine *e)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < e->action_n; i++) {
        struct action a = e->action[(e->action_head + i) % ACTIONS_MAX];
        struct call *c = a.kind == ACT_SEND ? call_find(e, a.call) : NULL;
        if (c && c->kind == CALL_WRITE)
            continue;
        e->action[(e->action_head + kept++) % ACTIONS_MAX] = a;
    }
    e->action_n = kept;
    for (unsigned i = 0; i < e->n_fresh; i++) {
        e->in_flight--;
        call_free(e, e->fresh[i]);
    }
}

/* Also without sends: other processes cannot write while something waits to be flushed, and now we wait. */
static void make_durable(struct engine *e)
{
    bool waits = e->n_fresh > 0 || (e->apply && !e->stopping);
    if (waits && e->cfg.ledger->ops->flush(e->cfg.ledger) != 0) {
        unsend(e);
        e->n_fresh = 0;
        engine_ledger_failed(e);
    }
    e->n_fresh = 0;
}

static struct call *next_offer(struct engine *e)
{
    bool wait;
    struct call *c = login_offer(e, &wait);
    if (c || wait)
        return c;
    if (e->reading.active)
        c = reading_offer(e);
    if (!c && !e->reading.active && !e->stopping && (e->phase == PHASE_APPLY || e->phase == PHASE_READ_BACK))
        c = applying_offer(e);
    return c;
}

bool quota_spent(struct engine *e)
{
    if (e->quota == 0 || e->quota_used + e->calls_made < e->quota)
        return false;
    engine_fail(e, EXIT_INTERRUPTED, "the day's quota of %llu calls is used up; go on tomorrow",
                (unsigned long long)e->quota);
    return true;
}

static bool time_is_up(struct engine *e)
{
    int64_t most = e->cfg.max_time_us;
    if (most == 0)
        return false;
    if (e->now - e->begun < most) {
        engine_wake_at(e, e->begun + most);
        return false;
    }
    e->result.stopped = true;
    engine_fail(e, EXIT_INTERRUPTED, "--max-time is over");
    return true;
}

void calls_pump(struct engine *e)
{
    if (!e->stopping && time_is_up(e))
        return;
    unsigned most = e->cfg.job->target.concurrency;
    if (most == 0 || most > CALLS_MAX - 2)
        most = CALLS_MAX - 2;
    while (!e->stopping && !e->login_open && e->in_flight < most) {
        uint32_t turn = e->turns;
        struct call *c = next_offer(e);
        if (!c && turn != e->turns)
            continue; /* one reading or phase is over and another has begun */
        if (!c || e->stopping)
            break;
        if (quota_spent(e))
            break;
        mono_us when = call_when(e, c->request.endpoint);
        if (when > e->now) {
            engine_wake_at(e, when);
            if (c->kind == CALL_LOGIN)
                call_free(e, c); /* the connector offers it again */
            break;
        }
        if (e->reading.offered == c)
            e->reading.offered = NULL;
        if (c->kind == CALL_LOGIN)
            login_sent(e, c);
        call_send(e, c, c->kind == CALL_READ);
    }
    make_durable(e);
}

/* Answers ----------------------------------------------------------------------------------------------------------------------- */

void call_answered(struct engine *e, struct call *c, const struct answer *a)
{
    e->in_flight--;
    pace_answered(&e->pace, c->sent_at, e->now);
    if (endpoint_of(e, c)->bulk_rate)
        pace_answered(&e->bulk, c->sent_at, e->now);
    log_text(e->cfg.log, LOG_DEBUG, "call", "%u %s %.*s: %s %d, %lld ms", c->no,
             http_method_name[c->request.method], STR_ARG(c->request.log_target),
             a->sent == SENT_ANSWERED ? "answered" : transport_error_name[a->error], a->status,
             (long long)((e->now - c->sent_at) / 1000));
    uint64_t throttled = e->endpoint[c->request.endpoint].throttled;
    if (c->kind == CALL_LOGIN)
        login_answer(e, c, a);
    else if (c->kind == CALL_READ && !c->abandoned)
        reading_answer(e, c, a);
    else if (c->kind == CALL_PRELUDE)
        prelude_answer(e, c, a);
    else if (c->kind == CALL_WRITE)
        applying_answer(e, c, a);
    if (throttled == e->endpoint[c->request.endpoint].throttled)
        e->throttled_since = 0;
    call_free(e, c);
}
