#include "asks.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static struct conn *conn_of(struct asks *r)
{
    return (struct conn *)r;
}

static struct asks *asks_of(struct conn *c)
{
    return (struct asks *)c;
}

struct ask *asks_add(struct asks *r, unsigned kind)
{
    r->ask = xgrow(r->ask, &r->cap_asks, r->n_asks + 1, sizeof(*r->ask));
    struct ask *a = xcalloc(1, r->hooks->ask_size);
    *a = (struct ask){ .conn = conn_of(r), .kind = kind, .state = ASK_READY };
    r->ask[r->n_asks++] = a;
    return a;
}

static void conclude(struct asks *r, enum read_next result, struct read_state state, const char *fmt,
                     va_list args) __attribute__((format(printf, 4, 0)));

static void conclude(struct asks *r, enum read_next result, struct read_state state, const char *fmt,
                     va_list args)
{
    char text[1024];
    if (r->result != READ_WAIT)
        return;
    r->result = result;
    r->state = state;
    vsnprintf(text, sizeof(text), fmt, args);
    say_cut(r->state.why, sizeof(r->state.why), str_of(text));
}

void asks_complete(struct asks *r, enum roster_proof proof, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    conclude(r, READ_COMPLETE, (struct read_state){ .proof = proof, .again = AGAIN_NO }, fmt, args);
    va_end(args);
}

void asks_fail(struct asks *r, enum again again, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    conclude(r, READ_INCOMPLETE, (struct read_state){ .proof = PROOF_NONE, .again = again }, fmt, args);
    va_end(args);
}

bool asks_seal_found(struct asks *r, const struct schema *schema, const char *name)
{
    struct roster *roster = r->goal.roster;
    int slot = schema_slot(schema, str_of(name));
    struct str twice;
    if (slot >= 0)
        roster_index(roster, (size_t)slot);
    roster_merge_repeats(roster);
    if (roster_seal(roster, &twice) == ROSTER_SEALED)
        return true;
    struct buf shown = BUF_INIT(1024);
    printable(&shown, twice, 64);
    asks_fail(r, AGAIN_LATER, "the user '%s' changed while being looked up", shown.p ? shown.p : "");
    buf_deinit(&shown);
    return false;
}

/* Answers on their way in ------------------------------------------------------------------------- */

static struct ask *ask_open(struct asks *r, unsigned id)
{
    for (unsigned i = 0; i < r->n_open; i++)
        if (r->open[i]->id == id)
            return r->open[i];
    return NULL;
}

static void strike(struct asks *r, struct ask *a)
{
    if (a->read_open)
        roster_read_end(r->goal.roster, a->read, false);
    r->hooks->strike(a);
    buf_clear(&a->body);
    a->read_open = a->streamed = false;
    a->status = 0;
}

void asks_read_head(struct conn *c, unsigned id, int status)
{
    struct asks *r = asks_of(c);
    struct ask *a = ask_open(r, id);
    if (!a)
        return;
    strike(r, a);
    a->status = status;
    a->streamed = r->hooks->stream(conn_of(r), a);
    if (a->streamed && r->hooks->into_roster(conn_of(r), a)) {
        a->read = roster_read_begin(r->goal.roster);
        a->read_open = true;
    }
}

void asks_read_bytes(struct conn *c, unsigned id, const char *p, size_t n)
{
    struct asks *r = asks_of(c);
    struct ask *a = ask_open(r, id);
    if (!a)
        return;
    if (a->streamed)
        r->hooks->bytes(a, p, n);
    else
        buf_add(&a->body, p, n);
}

/* The end of an answer ---------------------------------------------------------------------------- */

static const struct read_verdict verdict_good = { .good = true, .again = AGAIN_NO, .wait_us = -1 };

static struct read_verdict verdict_bad(struct asks *r, struct ask *a, const struct judged *j)
{
    struct read_verdict v = { .good = false, .again = AGAIN_NO, .wait_us = -1 };
    char name[160];
    say_cut(v.text, sizeof(v.text), str_of(j->text));
    a->state = ASK_READY;
    r->first_ready = 0;
    switch (j->fault) {
    case FAULT_THROTTLED:
        v.again = AGAIN_THROTTLED;
        v.wait_us = j->wait_us;
        return v;
    case FAULT_LOGIN:
        if (r->hooks->login_again && r->hooks->login_again(conn_of(r))) {
            v.again = AGAIN_LOGIN;
            return v;
        }
        r->hooks->name(conn_of(r), a, name, sizeof(name));
        asks_fail(r, AGAIN_NO, "%s: %s", name, j->text);
        r->state.refused_login = true;
        return v;
    case FAULT_REFUSED:
    case FAULT_GONE:
    case FAULT_STALE:
    case FAULT_TOO_LARGE:
        r->hooks->name(conn_of(r), a, name, sizeof(name));
        asks_fail(r, AGAIN_NO, "%s: %s", name, j->text);
        return v;
    default:
        /* A name that nobody has, a port at which nobody listens: who never was there is no outage. */
        a->tries++;
        r->missed += !r->reached;
        if (a->tries >= r->tries || r->missed >= r->tries) {
            r->hooks->name(conn_of(r), a, name, sizeof(name));
            asks_fail(r, r->missed ? AGAIN_NO : AGAIN_LATER, "%s failed %u times: %s", name, a->tries,
                      j->text);
        }
        if (r->result ==
            READ_WAIT) /* else nothing is asked again, and nobody need wait before that is told */
            v.again = AGAIN_LATER;
        return v;
    }
}

static void forget_open(struct asks *r, const struct ask *a)
{
    unsigned i = 0;
    while (r->open[i] != a)
        i++;
    r->open[i] = r->open[--r->n_open];
}

static void judge_held(struct asks *r, struct ask *a, const struct answer *answer, struct judged *j)
{
    json_t *root =
        a->body.n && !a->body.full ? json_loadb(a->body.p, a->body.n, JSON_DECODE_ANY, NULL) : NULL;
    r->hooks->judge_held(conn_of(r), a, answer, root, j);
    json_decref(root);
}

struct read_verdict asks_read_end(struct conn *c, unsigned id, const struct answer *answer)
{
    struct asks *r = asks_of(c);
    struct ask *a = ask_open(r, id);
    struct judged j;
    if (!a)
        return verdict_good;
    if (answer->sent != SENT_NOT || (answer->error != NET_RESOLVE && answer->error != NET_CONNECT)) {
        r->reached = true;
        r->missed = 0;
    }
    if (a->streamed)
        r->hooks->judge_streamed(c, a, answer, &j);
    else
        judge_held(r, a, answer, &j);
    forget_open(r, a);
    if (j.fault != FAULT_NONE) {
        strike(r, a);
        buf_deinit(&a->body);
        return verdict_bad(r, a, &j);
    }
    if (a->read_open)
        roster_read_end(r->goal.roster, a->read, true);
    r->hooks->close(a);
    buf_deinit(&a->body);
    a->read_open = a->streamed = false;
    a->state = ASK_DONE;
    return verdict_good;
}

/* What is next ------------------------------------------------------------------------------------ */

static struct ask *ask_ready(struct asks *r)
{
    for (; r->first_ready < r->n_asks; r->first_ready++)
        if (r->ask[r->first_ready]->state == ASK_READY)
            return r->ask[r->first_ready];
    return NULL;
}

static void ask_begin(struct asks *r, struct ask *a)
{
    buf_init(&a->body, r->hooks->body_max(a));
    a->state = ASK_OPEN;
    a->id = ++r->last_id;
    r->open[r->n_open++] = a;
}

static bool has_room(const struct asks *r)
{
    unsigned most = r->concurrency < ASKS_OPEN_MAX ? r->concurrency : ASKS_OPEN_MAX;
    return r->n_open < (most ? most : 1);
}

enum read_next asks_read_next(struct conn *c, struct request *out, unsigned *id, struct read_state *state)
{
    struct asks *r = asks_of(c);
    while (r->result == READ_WAIT) {
        struct ask *a = ask_ready(r);
        if (a && has_room(r)) {
            ask_begin(r, a);
            r->hooks->request(conn_of(r), a, out);
            *id = a->id;
            return READ_REQUEST;
        }
        if (a || r->n_open > 0)
            return READ_WAIT;
        r->hooks->advance[r->goal.kind](conn_of(r));
    }
    *state = r->state;
    return r->result;
}

/* Life -------------------------------------------------------------------------------------------- */

void asks_clear(struct asks *r)
{
    for (size_t i = 0; i < r->n_asks; i++) {
        r->ask[i]->state = ASK_DONE;
        r->hooks->strike(r->ask[i]);
        buf_deinit(&r->ask[i]->body);
        free(r->ask[i]);
    }
    free(r->ask);
    *r = (struct asks){ .hooks = r->hooks,
                        .concurrency = r->concurrency,
                        .tries = r->tries,
                        .last_id = r->last_id,
                        .reached = r->reached };
}

void asks_init(struct asks *r, const struct asks_hooks *hooks, const struct conn_config *config,
               int64_t tries)
{
    *r = (struct asks){ .hooks = hooks, .concurrency = config->page_concurrency, .tries = (unsigned)tries };
}

void asks_begin(struct asks *r, const struct read_goal *goal)
{
    asks_clear(r);
    r->goal = *goal;
    r->result = READ_WAIT;
}
