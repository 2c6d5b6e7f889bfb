/* libcurl tells which sockets it wants watched and when it wants to be woken; libuv does both. Nothing is
 * decided here. */
#include "net_internal.h"

struct net_poll {
    uv_poll_t handle; /* first: a handle is its poll */
    struct net *net;
    struct net_poll *prev, *next;
    curl_socket_t socket;
    int events;
};

/* Lets libcurl run; everything that follows from it happens afterwards, with libcurl off the stack. */
static void act(struct net *n, curl_socket_t socket, int flags)
{
    int running;
    n->inside = true;
    curl_multi_socket_action(n->multi, socket, flags, &running);
    n->inside = false;
    net_after(n);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct net_poll *p = (struct net_poll *)handle;
    int flags = 0;
    /* An error on the socket: libcurl learns it best by reading, after what may have arrived before it. */
    if (status < 0 || (events & UV_READABLE))
        flags |= CURL_CSELECT_IN;
    if (status < 0 || (events & UV_WRITABLE))
        flags |= CURL_CSELECT_OUT;
    act(p->net, p->socket, flags);
    /* libuv stops a poll on an error; libcurl does not know that and may still count on it. */
    if (status < 0 && !uv_is_closing((uv_handle_t *)handle) && !uv_is_active((uv_handle_t *)handle))
        uv_poll_start(handle, p->events, on_poll);
}

static void on_curl_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* From inside libcurl: only sets the timer, also for "at once". */
static int timer_wanted(CURLM *multi, long ms, void *ctx)
{
    struct net *n = ctx;
    (void)multi;
    if (ms < 0)
        uv_timer_stop(&n->curl_timer);
    else
        uv_timer_start(&n->curl_timer, on_curl_timer, (uint64_t)ms, 0);
    return 0;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct net_poll *p = (struct net_poll *)handle;
    struct net *n = p->net;
    free(p);
    net_handle_gone(n);
}

static void poll_close(struct net_poll *p)
{
    struct net *n = p->net;
    if (p->prev)
        p->prev->next = p->next;
    else
        n->polls = p->next;
    if (p->next)
        p->next->prev = p->prev;
    uv_poll_stop(&p->handle);
    uv_close((uv_handle_t *)&p->handle, on_poll_closed);
}

static struct net_poll *poll_open(struct net *n, curl_socket_t socket)
{
    struct net_poll *p = xcalloc(1, sizeof(*p));
    if (uv_poll_init_socket(n->loop, &p->handle, socket) != 0) {
        free(p);
        return NULL;
    }
    p->net = n;
    p->socket = socket;
    p->next = n->polls;
    if (n->polls)
        n->polls->prev = p;
    n->polls = p;
    n->handles++;
    curl_multi_assign(n->multi, socket, p);
    return p;
}

static int socket_wanted(CURL *easy, curl_socket_t socket, int what, void *ctx, void *assigned)
{
    struct net *n = ctx;
    struct net_poll *p = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (p) {
            curl_multi_assign(n->multi, socket, NULL);
            poll_close(p);
        }
        return 0;
    }
    if (!p)
        p = poll_open(n, socket);
    if (!p)
        return 0; /* an error returned here would end every call; this one alone ends by its timeout */
    p->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (p->events)
        uv_poll_start(&p->handle, p->events, on_poll);
    else
        uv_poll_stop(&p->handle);
    return 0;
}

void glue_init(struct net *n)
{
    uv_timer_init(n->loop, &n->curl_timer);
    uv_timer_init(n->loop, &n->tick);
    n->curl_timer.data = n;
    n->tick.data = n;
    n->handles = 2;
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(n->multi, CURLMOPT_SOCKETDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
    curl_multi_setopt(n->multi, CURLMOPT_TIMERDATA, n);
    curl_multi_setopt(n->multi, CURLMOPT_MAXCONNECTS, (long)n->max_open);
}

static void on_timer_closed(uv_handle_t *handle)
{
    net_handle_gone(handle->data);
}

void glue_deinit(struct net *n)
{
    while (n->polls)
        poll_close(n->polls);
    uv_close((uv_handle_t *)&n->curl_timer, on_timer_closed);
    uv_close((uv_handle_t *)&n->tick, on_timer_closed);
}
