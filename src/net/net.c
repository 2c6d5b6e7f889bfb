#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "net_internal.h"

/* Lists ----------------------------------------------------------------------------------------------------------------------- */

static struct call_list *list_of(struct net_call *c)
{
    struct net *n = c->net;
    return c->state == CALL_WAITING ? &n->waiting : c->state == CALL_OPEN ? &n->open : &n->over;
}

static void list_add(struct net_call *c, enum call_state state)
{
    c->state = state;
    struct call_list *l = list_of(c);
    c->prev = l->last;
    c->next = NULL;
    if (l->last)
        l->last->next = c;
    else
        l->first = c;
    l->last = c;
    l->n++;
}

static void list_take(struct net_call *c)
{
    struct call_list *l = list_of(c);
    if (c->prev)
        c->prev->next = c->next;
    else
        l->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        l->last = c->prev;
    c->prev = c->next = NULL;
    l->n--;
}

static void list_move(struct net_call *c, enum call_state state)
{
    list_take(c);
    list_add(c, state);
}

/* A call: made, freed, handed over ------------------------------------------------------------------------------------------- */

static void wipe_free(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void call_free(struct net_call *c)
{
    for (struct curl_slist *h = c->headers; h; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_slist_free_all(c->headers);
    if (c->body)
        explicit_bzero(c->body, c->body_n);
    free(c->body);
    wipe_free(c->url);
    free(c->log_target);
    buf_deinit(&c->answer);
    free(c);
}

static bool logs_calls(const struct net *n)
{
    return n->log && n->log->write && n->log->level >= LOG_DEBUG;
}

static bool add_line(struct net_call *c, const char *line)
{
    struct curl_slist *longer = curl_slist_append(c->headers, line);
    if (longer)
        c->headers = longer;
    return longer != NULL;
}

/* libcurl's notation: "Name: value", "Name;" for an empty value, "Name:" for a header it shall not make up
 * itself. */
static bool copy_headers(struct net_call *c, const struct request *r)
{
    bool good = true, typed = false, accepts = false;
    struct buf line = BUF_INIT(1024 * 1024);
    for (size_t i = 0; good && i < r->n_headers; i++) {
        const struct header *h = &r->header[i];
        buf_clear(&line);
        buf_puts(&line, h->name);
        buf_puts(&line, h->value.n > 0 ? ": " : ";");
        buf_str(&line, h->value);
        good = !line.full && add_line(c, line.p);
        c->secret_headers |= h->secret ? 1u << i : 0;
        typed = typed || str_ieq_ascii(str_of(h->name), STR("content-type"));
        accepts = accepts || str_ieq_ascii(str_of(h->name), STR("accept-encoding"));
        explicit_bzero(line.p, line.n);
    }
    buf_deinit(&line);
    if (good && !typed)
        good = add_line(c, "Content-Type:");
    if (good && !accepts)
        good = add_line(
            c, "Accept-Encoding: identity"); /* else a small answer could unpack beyond every limit */
    return good && add_line(c, "Expect:");
}

/* Below the base URL. What is secret of a target is not in what is logged of it. */
static void address_target(struct net_call *c, const struct request *r)
{
    size_t base = strlen(c->net->base_url);
    c->url = xmalloc(base + r->target.n + 1);
    memcpy(c->url, c->net->base_url, base);
    memcpy(c->url + base, r->target.p, r->target.n);
    c->url[base + r->target.n] = '\0';
    c->tls = c->net->tls;
    c->secret_target = str_eq(r->target, r->log_target) ? NULL : c->url + base;
}

/* Only where we were told: a connector that makes up an address must not get a secret sent there. */
static bool address_other(struct net_call *c, const struct request *r)
{
    for (size_t i = 0; i < c->net->n_others; i++) {
        if (!str_is(r->url, c->net->others[i].url))
            continue;
        c->url = xstrdup(c->net->others[i].url);
        c->tls = c->net->others[i].tls;
        return true;
    }
    return false;
}

/* NULL when all is well, else what is wrong with the request. */
static const char *call_fill(struct net_call *c, const struct request *r)
{
    const char *refusal = address_refusal(r);
    if (refusal)
        return refusal;
    c->method = r->method;
    c->single = r->write && !r->harmless;
    c->listing = r->listing;
    c->work_us = r->work_us;
    if (r->url.n == 0)
        address_target(c, r);
    else if (!address_other(c, r))
        return "the request's address is none of those that the job names";
    if (r->body.n > 0) {
        c->body = xmemdup(r->body.p, r->body.n);
        c->body_n = r->body.n;
    }
    return copy_headers(c, r) ? NULL : "a header of the request is too long";
}

static void log_call(const struct net *n, const struct net_call *c)
{
    char status[16], took[32];
    snprintf(status, sizeof(status), "%d", c->status);
    snprintf(took, sizeof(took), "%lld", c->began != 0 ? (long long)((c->at_done - c->began) / 1000) : 0LL);
    const struct log_field fields[] = {
        { "method", str_of(http_method_name[c->method]) },
        { "target", str_of(c->log_target) },
        { "status", str_of(status) },
        { "error", str_of(transport_error_name[c->error]) },
        { "detail", str_of(c->detail) },
        { "ms", str_of(took) },
    };
    log_event(n->log, LOG_DEBUG, "call", fields, array_len(fields));
}

/* The call is in no list and without an easy handle; it is gone afterwards. */
static void deliver(struct net_call *c)
{
    c->state = CALL_TOLD;
    struct answer a = {
        .sent = c->sent,
        .error = c->error,
        .status = c->status,
        .content_type = str_of(c->head.content_type),
        .etag = str_of(c->head.etag),
        .retry_after_us = c->retry_after_us,
        .at_sent = c->at_sent,
        .at_done = c->at_done,
    };
    if (c->sent == SENT_ANSWERED)
        a.body = buf_view(&c->answer);
    memcpy(a.detail, c->detail, sizeof(a.detail));
    if (c->log_target)
        log_call(c->net, c);
    c->events->done(c->ctx, &a);
    call_free(c);
}

/* The queue ------------------------------------------------------------------------------------------------------------------ */

/* Takes the easy handle from the call; what libcurl knows of the transfer is lost with it. */
static void put_back_easy(struct net_call *c)
{
    struct net *n = c->net;
    CURL *e = c->easy;
    c->easy = NULL;
    if (!e)
        return;
    curl_multi_remove_handle(n->multi, e);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, NULL); /* these two are the call's and die with it */
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(e, CURLOPT_URL, n->base_url); /* forgets the target, which may hold credentials */
    if (n->n_idle < n->max_open)
        n->idle[n->n_idle++] = e;
    else
        curl_easy_cleanup(e);
}

static void give_up(struct net_call *c)
{
    put_back_easy(c);
    list_move(c, CALL_OVER);
    net_soon(c->net);
}

static void begin_waiting(struct net *n)
{
    while (n->waiting.first && n->open.n < n->max_open && !n->closing) {
        struct net_call *c = n->waiting.first;
        c->easy = n->n_idle > 0 ? n->idle[--n->n_idle] : transfer_easy(n);
        if (transfer_begin(c))
            list_move(c, CALL_OPEN);
        else
            give_up(c);
    }
}

static void drain(struct net *n)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(n->multi, &left))) {
        if (m->msg != CURLMSG_DONE)
            continue;
        struct net_call *c = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
        transfer_end(c, m->data.result);
        put_back_easy(c); /* m is void from here on */
        list_take(c);
        deliver(c);
    }
}

/* Calls cancelled while libcurl was on the stack. */
static void drop_cancelled(struct net *n)
{
    for (struct net_call *c = n->open.first, *next; c; c = next) {
        next = c->next;
        if (c->cancelled) {
            transfer_cancel(c);
            give_up(c);
        }
    }
}

static void on_tick(uv_timer_t *timer);

/* The tick runs while something may have to be looked at; an idle net keeps no loop alive. */
static void arm(struct net *n)
{
    if (n->open.n + n->over.n == 0 && !n->closing)
        uv_timer_stop(&n->tick);
    else if (!uv_is_active((uv_handle_t *)&n->tick))
        uv_timer_start(&n->tick, on_tick, (uint64_t)(n->silence_us / 1000 + 1), 0);
}

void net_soon(struct net *n)
{
    uv_timer_start(&n->tick, on_tick, 0, 0);
}

void net_after(struct net *n)
{
    drain(n);
    drop_cancelled(n);
    begin_waiting(n);
    arm(n);
}

/* Ends the calls that gave no sign of life; says how long until the next could be due. */
static int64_t end_silent(struct net *n)
{
    mono_us now = clock_mono();
    int64_t due = n->silence_us;
    for (struct net_call *c = n->open.first, *next; c; c = next) {
        next = c->next;
        if (c->starts == 0)
            continue;
        int64_t left = c->active + n->silence_us + c->work_us - now;
        if (left <= 0) {
            transfer_silent(c);
            give_up(c);
        } else if (left < due) {
            due = left;
        }
    }
    return due;
}

static void cancel_all(struct net *n)
{
    while (n->open.first || n->waiting.first) {
        struct net_call *c = n->open.first ? n->open.first : n->waiting.first;
        transfer_cancel(c);
        give_up(c);
    }
}

static void shut(struct net *n)
{
    while (n->n_idle > 0)
        curl_easy_cleanup(n->idle[--n->n_idle]);
    curl_multi_cleanup(n->multi); /* may still ask for the removal of sockets */
    glue_deinit(n);
}

static void on_tick(uv_timer_t *timer)
{
    struct net *n = timer->data;
    if (n->closing)
        cancel_all(n);
    int64_t due = end_silent(n);
    for (size_t todo = n->over.n; todo > 0; todo--) {
        struct net_call *c = n->over.first;
        list_take(c);
        deliver(c);
    }
    if (n->closing && n->open.n + n->waiting.n + n->over.n == 0) {
        shut(n);
        return;
    }
    begin_waiting(n);
    if (n->closing || n->over.n > 0)
        net_soon(n);
    else if (n->open.n > 0)
        uv_timer_start(&n->tick, on_tick, (uint64_t)(due / 1000 + 1), 0);
}

struct net_call *net_send(struct net *n, const struct request *r, const struct net_events *events, void *ctx)
{
    if (n->closing)
        return NULL;
    struct net_call *c = xcalloc(1, sizeof(*c));
    c->net = n;
    c->events = events;
    c->ctx = ctx;
    c->retry_after_us = -1;
    buf_init(&c->answer, ANSWER_BODY_MAX);
    if (logs_calls(n))
        c->log_target = xmemdup(r->log_target.n > 0 ? r->log_target.p : "", r->log_target.n);
    const char *refusal = call_fill(c, r);
    if (refusal) {
        c->sent = SENT_NOT;
        c->error = NET_REFUSED_URL;
        c->at_done = clock_mono();
        snprintf(c->detail, sizeof(c->detail), "%s", refusal);
        list_add(c, CALL_OVER);
        net_soon(n);
        return c;
    }
    list_add(c, CALL_WAITING);
    if (!n->inside) {
        begin_waiting(n);
        arm(n);
    }
    return c;
}

void net_cancel(struct net *n, struct net_call *c)
{
    if (!c || c->cancelled || c->state == CALL_OVER || c->state == CALL_TOLD)
        return;
    c->cancelled = true;
    if (n->inside && c->state == CALL_OPEN)
        return; /* net_after() sees to it */
    transfer_cancel(c);
    give_up(c);
}

size_t net_open_calls(const struct net *n)
{
    return n->waiting.n + n->open.n + n->over.n;
}

/* Opening and closing -------------------------------------------------------------------------------------------------------- */

static int64_t or_default(int64_t given, int64_t fallback)
{
    return given > 0 ? given : fallback;
}

static bool can_read(const char *path, char why[300])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    struct buf safe = BUF_INIT(4096);
    printable(&safe, str_of(path), 150);
    snprintf(why, 300, "cannot read the CA file '%.*s': %s", STR_ARG(buf_view(&safe)), strerror(errno));
    buf_deinit(&safe);
    return false;
}

static void net_free(struct net *n)
{
    free(n->base_url);
    free(n->ca_file);
    free(n->user_agent);
    for (size_t i = 0; i < n->n_others; i++)
        free(n->others[i].url);
    free(n->others);
    free(n->idle);
    free(n);
}

/* libcurl leaves SIGPIPE alone (CURLOPT_NOSIGNAL), and OpenSSL writes to its socket without MSG_NOSIGNAL. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

/* Every address, before anything is opened. */
static bool take_addresses(struct net *n, const struct net_options *o, char why[300])
{
    bool good = address_check(o->base_url, "the target's base URL", true, o->allow_http, &n->tls, why);
    n->base_url = xstrdup(o->base_url);
    n->any_tls = n->tls;
    n->others = xcalloc(o->n_others + 1, sizeof(*n->others));
    for (; good && n->n_others < o->n_others; n->n_others++) {
        const struct net_address *a = &o->others[n->n_others];
        struct other *other = &n->others[n->n_others];
        other->url = xstrdup(a->url);
        good =
            address_check(a->url, "an address beside the base URL", false, a->allow_http, &other->tls, why);
        n->any_tls = n->any_tls || other->tls;
    }
    return good;
}

static struct net *net_fill(const struct net_options *o)
{
    struct net *n = xcalloc(1, sizeof(*n));
    n->ca_file = o->ca_file ? xstrdup(o->ca_file) : NULL;
    n->user_agent = xstrdup(o->user_agent ? o->user_agent : "rollcall");
    n->connect_us = or_default(o->connect_us, NET_CONNECT_US);
    n->silence_us = or_default(o->silence_us, NET_SILENCE_US);
    n->call_us = or_default(o->call_us, NET_CALL_US);
    n->max_open = o->max_connections == 0 ? NET_CONNECTIONS : o->max_connections;
    n->max_open = n->max_open > NET_CONNECTIONS_MAX ? NET_CONNECTIONS_MAX : n->max_open;
    n->idle = xcalloc(n->max_open, sizeof(CURL *));
    n->log = o->log;
    return n;
}

struct net *net_new(uv_loop_t *loop, const struct net_options *options, char why[300])
{
    struct net *n = net_fill(options);
    bool good = take_addresses(n, options, why) &&
                (!n->any_tls || !options->ca_file || can_read(options->ca_file, why));
    if (good && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        snprintf(why, 300, "libcurl cannot be set up");
        good = false;
    }
    if (!good) {
        net_free(n);
        return NULL;
    }
    ignore_broken_pipes();
    n->loop = loop;
    n->multi = curl_multi_init();
    CURL *first = n->multi ? transfer_easy(n) : NULL;
    if (!first) {
        snprintf(why, 300, "libcurl %s lacks something needed%s", curl_version_info(CURLVERSION_NOW)->version,
                 n->any_tls ? ": it has to be built with TLS" : "");
        curl_multi_cleanup(n->multi);
        net_free(n);
        curl_global_cleanup();
        return NULL;
    }
    n->idle[n->n_idle++] = first;
    glue_init(n);
    return n;
}

void net_close(struct net *n, void (*closed)(void *ctx), void *ctx)
{
    if (n->closing)
        return;
    n->closing = true;
    n->closed = closed;
    n->closed_ctx = ctx;
    net_soon(n);
}

void net_handle_gone(struct net *n)
{
    if (--n->handles > 0)
        return;
    void (*closed)(void *ctx) = n->closed;
    void *ctx = n->closed_ctx;
    net_free(n);
    curl_global_cleanup();
    if (closed)
        closed(ctx);
}
