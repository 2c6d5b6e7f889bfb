#include "net_server.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEERS_MAX 64
#define SEEN_MAX 1024

struct peer {
    struct server *server;
    pthread_t thread;
    int fd;
    unsigned number;
    SSL *ssl;
    char *buf; /* bytes read and not yet part of a request */
    size_t n;
};

struct server {
    void (*serve)(struct peer *p);
    void *ctx;
    SSL_CTX *tls;
    int fd;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock; /* over all below */
    struct peer *peers[PEERS_MAX];
    unsigned n_peers, now, most;
    struct seen *seen[SEEN_MAX];
    size_t n_seen;
    bool stopping;
};

static void must(bool good)
{
    if (!good)
        abort();
}

static ssize_t peer_read(struct peer *p, char *to, size_t room)
{
    if (!p->ssl)
        return recv(p->fd, to, room, 0);
    return SSL_read(p->ssl, to, (int)room);
}

bool peer_write(struct peer *p, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = p->ssl ? SSL_write(p->ssl, bytes, (int)n) : send(p->fd, bytes, n, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

bool peer_text(struct peer *p, const char *text)
{
    return peer_write(p, text, strlen(text));
}

static bool fill(struct peer *p, size_t want)
{
    while (p->n < want) {
        ssize_t got = peer_read(p, p->buf + p->n, 65536);
        if (got <= 0)
            return false;
        p->n += (size_t)got;
        p->buf[p->n] = '\0';
    }
    return true;
}

static size_t body_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at ? strtoul(at + 17, NULL, 10) : 0;
}

static const struct seen *remember(struct peer *p, size_t head, size_t body)
{
    struct seen *r = calloc(1, sizeof(*r));
    must(r && head < sizeof(r->head));
    memcpy(r->head, p->buf, head);
    r->body = malloc(body + 1);
    must(r->body);
    memcpy(r->body, p->buf + head, body);
    r->body[body] = '\0';
    r->body_n = body;
    r->connection = p->number;
    p->n -= head + body;
    memmove(p->buf, p->buf + head + body, p->n + 1);
    pthread_mutex_lock(&p->server->lock);
    must(p->server->n_seen < SEEN_MAX);
    p->server->seen[p->server->n_seen++] = r;
    pthread_mutex_unlock(&p->server->lock);
    return r;
}

const struct seen *peer_request(struct peer *p)
{
    const char *end;
    while (!(end = strstr(p->buf, "\r\n\r\n"))) {
        must(p->n < SEEN_HEAD_MAX);
        if (!fill(p, p->n + 1))
            return NULL;
    }
    size_t head = (size_t)(end - p->buf) + 4;
    char keep = p->buf[head];
    p->buf[head] = '\0';
    size_t body = body_length(p->buf);
    p->buf[head] = keep;
    return fill(p, head + body) ? remember(p, head, body) : NULL;
}

void peer_always(struct peer *p, const char *text)
{
    while (peer_request(p) && peer_text(p, text))
        ;
}

void peer_reset(struct peer *p)
{
    const struct linger hard = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

void peer_pause(unsigned ms)
{
    const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    nanosleep(&t, NULL);
}

void *peer_ctx(struct peer *p)
{
    return p->server->ctx;
}

unsigned peer_number(const struct peer *p)
{
    return p->number;
}

static void *peer_main(void *ctx)
{
    struct peer *p = ctx;
    struct server *s = p->server;
    p->buf = calloc(1, 8 * 1024 * 1024 + 1);
    must(p->buf != NULL);
    bool ready = true;
    if (s->tls) {
        p->ssl = SSL_new(s->tls);
        SSL_set_fd(p->ssl, p->fd);
        ready = SSL_accept(p->ssl) == 1;
    }
    if (ready)
        s->serve(p);
    if (p->ssl && ready)
        SSL_shutdown(p->ssl);
    SSL_free(p->ssl);
    free(p->buf);
    pthread_mutex_lock(&s->lock);
    close(p->fd);
    p->fd = -1;
    s->now--;
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void take(struct server *s, int fd)
{
    pthread_mutex_lock(&s->lock);
    must(s->n_peers < PEERS_MAX);
    struct peer *p = calloc(1, sizeof(*p));
    must(p != NULL);
    p->server = s;
    p->fd = fd;
    s->peers[s->n_peers++] = p;
    p->number = s->n_peers;
    if (++s->now > s->most)
        s->most = s->now;
    must(pthread_create(&p->thread, NULL, peer_main, p) == 0);
    pthread_mutex_unlock(&s->lock);
}

static void *server_main(void *ctx)
{
    struct server *s = ctx;
    for (;;) {
        int fd = accept(s->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        take(s, fd);
    }
}

struct server *server_start(void (*serve)(struct peer *p), const void *ctx, struct ssl_ctx_st *tls)
{
    struct server *s = calloc(1, sizeof(*s));
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(at);
    must(s != NULL);
    s->serve = serve;
    s->ctx = (void *)(uintptr_t)ctx;
    s->tls = tls;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(s->fd >= 0 && bind(s->fd, (struct sockaddr *)&at, n) == 0 && listen(s->fd, 64) == 0);
    must(getsockname(s->fd, (struct sockaddr *)&at, &n) == 0);
    snprintf(s->url, sizeof(s->url), "%s://127.0.0.1:%u", tls ? "https" : "http", ntohs(at.sin_port));
    pthread_mutex_init(&s->lock, NULL);
    must(pthread_create(&s->thread, NULL, server_main, s) == 0);
    return s;
}

void server_stop(struct server *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    shutdown(s->fd, SHUT_RDWR); /* wakes accept() */
    pthread_join(s->thread, NULL);
    close(s->fd);
    pthread_mutex_lock(&s->lock);
    for (unsigned i = 0; i < s->n_peers; i++)
        if (s->peers[i]->fd >= 0)
            shutdown(s->peers[i]->fd, SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; i < s->n_peers; i++)
        pthread_join(s->peers[i]->thread, NULL);
}

void server_free(struct server *s)
{
    server_stop(s);
    for (unsigned i = 0; i < s->n_peers; i++)
        free(s->peers[i]);
    for (size_t i = 0; i < s->n_seen; i++) {
        free(s->seen[i]->body);
        free(s->seen[i]);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *server_url(const struct server *s)
{
    return s->url;
}

size_t server_requests(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->n_seen;
    pthread_mutex_unlock(&s->lock);
    return n;
}

const struct seen *server_seen(struct server *s, size_t i)
{
    pthread_mutex_lock(&s->lock);
    must(i < s->n_seen);
    const struct seen *r = s->seen[i];
    pthread_mutex_unlock(&s->lock);
    return r;
}

unsigned server_connections(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    unsigned n = s->n_peers;
    pthread_mutex_unlock(&s->lock);
    return n;
}

unsigned server_open_now(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    unsigned n = s->now;
    pthread_mutex_unlock(&s->lock);
    return n;
}

unsigned server_most_at_once(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    unsigned n = s->most;
    pthread_mutex_unlock(&s->lock);
    return n;
}
