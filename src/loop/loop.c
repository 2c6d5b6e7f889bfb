#include "rollcall/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "rejects.h"
#include "rollcall/feed_reader.h"
#include "rollcall/net.h"

#define PROGRESS_MS 250

struct loop {
    uv_loop_t uv;
    uv_timer_t wake, tick;
    uv_signal_t interrupt, terminate;
    struct engine *engine;
    const struct engine_config *config;
    const struct loop_options *options;
    struct net *net;
    struct feed_reader *reader; /* the last one started; kept until the end so that rows can be read again */
    bool reader_open;
    struct lease *lease;
    enum phase phase;
    bool done, stopping;
};

/* A call under way: which one it is when its answer comes. */
struct outgoing {
    struct loop *loop;
    uint32_t call;
};

static void drain(struct loop *l);

static void event(struct loop *l, const struct event *ev)
{
    engine_event(l->engine, ev, clock_mono(), clock_unix());
    drain(l);
}

/* Calls ------------------------------------------------------------------------------------------------------------------------- */

static void call_head(void *ctx, int status)
{
    struct outgoing *s = ctx;
    event(s->loop, &(struct event){ .kind = EV_HEAD, .call = s->call, .status = status });
}

static void call_bytes(void *ctx, const char *p, size_t n)
{
    struct outgoing *s = ctx;
    event(s->loop, &(struct event){ .kind = EV_BYTES, .call = s->call, .p = p, .n = n });
}

static void call_done(void *ctx, const struct answer *a)
{
    struct outgoing *s = ctx;
    struct loop *l = s->loop;
    struct event ev = { .kind = EV_ANSWER, .call = s->call, .answer = a };
    free(s);
    if (!l->done)
        event(l, &ev);
}

static void send_call(struct loop *l, const struct action *a)
{
    static const struct net_events streamed = { call_head, call_bytes, call_done },
                                   whole = { NULL, NULL, call_done };
    struct outgoing *s = xmalloc(sizeof *s);
    *s = (struct outgoing){ l, a->call };
    net_send(l->net, a->request, a->streamed ? &streamed : &whole, s);
}

/* Feed -------------------------------------------------------------------------------------------------------------------------- */

static bool feed_chunk(void *ctx, const char *p, size_t n)
{
    event(ctx, &(struct event){ .kind = EV_FEED_BYTES, .p = p, .n = n });
    return true;
}

static void feed_over(void *ctx, bool unchanged, const char *error)
{
    struct loop *l = ctx;
    l->reader_open = false;
    if (!l->done)
        event(l, &(struct event){ .kind = EV_FEED_END, .unchanged = unchanged, .text = error });
}

static void read_feed(struct loop *l)
{
    static const struct feed_reader_events events = { feed_chunk, feed_over };
    if (l->reader)
        feed_reader_free(l->reader); /* the preflight's: it has ended */
    l->reader_open = true;
    l->reader = feed_reader_start(&l->uv, l->config->job->feed.path, l->options->state_dir, &events, l);
}

/* Lease, time ------------------------------------------------------------------------------------------------------------------- */

static void take_lease(struct loop *l, const char *tenant)
{
    char why[400] = "";
    enum lease_result r = lease_take(l->options->state_dir, l->config->job->target.vendor->name, tenant,
                                     l->config->run_id, &l->lease, why);
    event(l, &(struct event){ .kind = EV_LEASE, .lease = r, .text = why });
}

static void woken(uv_timer_t *t)
{
    event(t->data, &(struct event){ .kind = EV_WAKE });
}

static void wake_at(struct loop *l, mono_us at)
{
    mono_us now = clock_mono();
    uint64_t ms = at > now ? (uint64_t)(at - now + 999) / 1000 : 0;
    uv_update_time(&l->uv);
    uv_timer_start(&l->wake, woken, ms, 0);
}

static void ticked(uv_timer_t *t)
{
    struct loop *l = t->data;
    struct progress p;
    engine_progress(l->engine, clock_mono(), &p);
    l->options->progress(l->options->ctx, &p);
}

static void report_phase(struct loop *l)
{
    struct progress p;
    if (!l->options->progress)
        return;
    engine_progress(l->engine, clock_mono(), &p);
    if (p.phase != l->phase)
        l->options->progress(l->options->ctx, &p);
    l->phase = p.phase;
}

/* The first signal ends the run so that it can be resumed; a second one ends the process: what is durable
 * stays durable. */
static void signalled(uv_signal_t *s, int number)
{
    struct loop *l = s->data;
    (void)number;
    if (l->stopping)
        _exit(EXIT_INTERRUPTED);
    l->stopping = true;
    event(l, &(struct event){ .kind = EV_STOP });
}

/* The end ----------------------------------------------------------------------------------------------------------------------- */

static void close_handle(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static void all_done(struct loop *l)
{
    l->done = true;
    close_handle((uv_handle_t *)&l->wake);
    close_handle((uv_handle_t *)&l->tick);
    close_handle((uv_handle_t *)&l->interrupt);
    close_handle((uv_handle_t *)&l->terminate);
    if (l->reader_open)
        feed_reader_stop(l->reader);
    net_close(l->net, NULL, NULL);
}

static void drain(struct loop *l)
{
    struct action a;
    while (!l->done && engine_next(l->engine, &a)) {
        switch (a.kind) {
        case ACT_SEND: send_call(l, &a); break;
        case ACT_READ_FEED: read_feed(l); break;
        case ACT_STOP_FEED:
            if (l->reader_open)
                feed_reader_stop(l->reader);
            break;
        case ACT_LEASE: take_lease(l, a.text); break;
        case ACT_WAKE: wake_at(l, a.at); break;
        case ACT_DONE: all_done(l); break;
        }
    }
    report_phase(l);
}

/* To the job's own addresses only; job_load has said which may go without TLS. */
static struct net *open_net(struct loop *l, char why[400])
{
    const struct job *j = l->config->job;
    struct job_address address[JOB_ADDRESSES_MAX];
    struct net_address other[JOB_ADDRESSES_MAX];
    size_t n_addresses = job_addresses(j, address);
    for (size_t i = 1; i < n_addresses; i++)
        other[i - 1] = (struct net_address){ address[i].url, !address[i].https };
    struct net_options o = { .base_url = j->target.url,
                             .others = other,
                             .n_others = n_addresses - 1,
                             .ca_file = j->target.ca_file,
                             .user_agent = l->config->user_agent,
                             .allow_http = !address[0].https,
                             .max_connections = j->target.concurrency,
                             .log = l->options->log };
    char text[300];
    struct net *n = net_new(&l->uv, &o, text);
    if (!n)
        snprintf(why, 400, "%s: %s", j->target.url, text);
    return n;
}

static void start_handles(struct loop *l)
{
    uv_timer_init(&l->uv, &l->wake);
    uv_timer_init(&l->uv, &l->tick);
    uv_signal_init(&l->uv, &l->interrupt);
    uv_signal_init(&l->uv, &l->terminate);
    l->wake.data = l->tick.data = l->interrupt.data = l->terminate.data = l;
    uv_signal_start(&l->interrupt, signalled, SIGINT);
    uv_signal_start(&l->terminate, signalled, SIGTERM);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (l->options->progress)
        uv_timer_start(&l->tick, ticked, PROGRESS_MS, PROGRESS_MS);
}

int loop_run(struct engine *e, const struct engine_config *config, const struct loop_options *options,
             char why[400])
{
    struct loop l = { .engine = e, .config = config, .options = options, .phase = PHASES };
    why[0] = '\0';
    uv_loop_init(&l.uv);
    if (!(l.net = open_net(&l, why))) {
        uv_loop_close(&l.uv);
        return EXIT_TARGET;
    }
    start_handles(&l);
    event(&l, &(struct event){ .kind = EV_START });
    uv_run(&l.uv, UV_RUN_DEFAULT);
    int code = engine_result(e)->exit_code;
    if (options->rejects_path && l.reader && rejects_write(e, l.reader, options->rejects_path, why) != 0)
        code = exit_first(code, EXIT_INTERNAL);
    if (l.reader)
        feed_reader_free(l.reader);
    lease_release(l.lease);
    int left = uv_loop_close(&l.uv);
    if (left != 0) {
        snprintf(why, 400, "the loop was not closed: %s", uv_strerror(left));
        code = exit_first(code, EXIT_INTERNAL);
    }
    return code;
}
