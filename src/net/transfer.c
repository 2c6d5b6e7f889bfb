/* One call on one easy handle. The callbacks note what happened; transfer_end() says what it means.
 *
 * The single-send rule rests on three things. libcurl's pre-request callback runs each time before a request
 * is written on a connection: for a call that must reach the server once, a second time is refused, whatever
 * made libcurl try again (a kept connection that died, a stream refused by HTTP/2, a server that wants
 * HTTP/1.1). A body's seek callback refuses too, so it cannot be sent from its start again. And such a call
 * without a body goes over a fresh connection, where libcurl has no reason to repeat it. */
#include "net_internal.h"

/* Waits are rounded up: a timeout of 0 would mean none to libcurl. */
static long milliseconds(int64_t us)
{
    return (long)((us + 999) / 1000);
}

static void note(struct net_call *c, enum transport_error error, const char *text)
{
    c->error = error;
    snprintf(c->detail, sizeof(c->detail), "%s", text);
}

static int on_start(void *ctx, char *their_ip, char *our_ip, int their_port, int our_port)
{
    struct net_call *c = ctx;
    (void)their_ip, (void)our_ip, (void)their_port, (void)our_port;
    if (c->starts > 0 && (c->single || c->head_given)) {
        note(c, NET_RESET, "the connection ended before the whole answer; the request was not sent again");
        return CURL_PREREQFUNC_ABORT;
    }
    c->starts++;
    c->body_at = 0;
    c->at_sent = 0;
    c->active = clock_mono();
    return CURL_PREREQFUNC_OK;
}

static size_t on_read(char *to, size_t size, size_t count, void *ctx)
{
    struct net_call *c = ctx;
    size_t room = size * count, left = c->body_n - c->body_at;
    size_t n = left < room ? left : room;
    if (n > 0)
        memcpy(to, c->body + c->body_at, n);
    c->body_at += n;
    c->body_read = true;
    return n;
}

static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct net_call *c = ctx;
    if (c->single || origin != SEEK_SET || offset < 0 || (uint64_t)offset > c->body_n)
        return CURL_SEEKFUNC_FAIL;
    c->body_at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* libcurl's only word on how much of the body has left. */
static int on_progress(void *ctx, curl_off_t to_come, curl_off_t come, curl_off_t to_go, curl_off_t gone)
{
    struct net_call *c = ctx;
    (void)to_come, (void)come, (void)to_go;
    if (c->starts == 0)
        return 0;
    if (gone != c->uploaded) {
        c->uploaded = gone;
        c->active = clock_mono();
    }
    if (c->at_sent == 0 && (uint64_t)gone >= c->body_n)
        c->at_sent = clock_mono();
    return 0;
}

/* The header lines are complete, unless they were those of an interim answer (1xx). False: the call has to
 * end. */
static bool head_complete(struct net_call *c)
{
    long status = 0;
    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200)
        return true;
    c->head_given = true;
    c->status = (int)status;
    if (c->head.encoded) {
        note(c, NET_PROTOCOL, "the answer is compressed though that was not asked for");
        return false;
    }
    if (c->events->head)
        c->events->head(c->ctx, c->status);
    return !c->cancelled;
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
    struct net_call *c = ctx;
    struct str line = { p, size * count };
    c->active = clock_mono();
    c->head_bytes += line.n;
    if (c->head_bytes > NET_HEAD_MAX)
        note(c, NET_TOO_LARGE, "the answer's header lines are too long");
    if (c->cancelled || c->error != NET_OK)
        return CURL_WRITEFUNC_ERROR;
    if (c->head_given)
        return line.n; /* a trailer behind a chunked body */
    if (str_starts(line, STR("HTTP/")))
        head_clear(&c->head);
    else if (str_trim(line).n == 0)
        return head_complete(c) ? line.n : CURL_WRITEFUNC_ERROR;
    else
        head_line(&c->head, line);
    return line.n;
}

static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
    struct net_call *c = ctx;
    size_t n = size * count;
    c->active = clock_mono();
    c->body_bytes += (int64_t)n;
    if (c->cancelled)
        return CURL_WRITEFUNC_ERROR;
    if (c->events->bytes) {
        if (c->body_bytes > NET_STREAM_MAX)
            note(c, NET_TOO_LARGE, "the answer is endless");
        else
            c->events->bytes(c->ctx, p, n);
    } else {
        buf_add(&c->answer, p, n);
        if (c->answer.full)
            note(c, NET_TOO_LARGE, "the answer's body is larger than an answer may be");
    }
    return c->cancelled || c->error != NET_OK ? CURL_WRITEFUNC_ERROR : n;
}

static int set_safety(CURL *e, const struct net *n)
{
    int bad = 0;
    bad |= (int)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_PROXY, "");
    bad |= (int)curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= (int)curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    if (!n->any_tls)
        return bad;
    bad |= (int)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= (int)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
    if (n->ca_file) {
        bad |= (int)curl_easy_setopt(e, CURLOPT_CAINFO, n->ca_file);
        bad |= (int)curl_easy_setopt(e, CURLOPT_CAPATH, NULL); /* else the system's would count as well */
    }
    return bad;
}

static int set_callbacks(CURL *e)
{
    int bad = 0;
    bad |= (int)curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_start);
    bad |= (int)curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
    bad |= (int)curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
    bad |= (int)curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
    bad |= (int)curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    bad |= (int)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    return bad;
}

static int set_connection(CURL *e, const struct net *n)
{
    int bad = 0;
    bad |= (int)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    bad |= (int)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(n->connect_us));
    bad |= (int)curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)NET_IDLE_S);
    bad |= (int)curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 65536L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_USERAGENT, n->user_agent);
    return bad;
}

CURL *transfer_easy(struct net *n)
{
    CURL *e = curl_easy_init();
    if (!e)
        return NULL;
    if (set_safety(e, n) | set_callbacks(e) | set_connection(e, n)) {
        curl_easy_cleanup(e);
        return NULL;
    }
    return e;
}

/* With a body, or with a method for which servers expect the length of one: a POST under the method's own
 * name. */
static int set_method(struct net_call *c)
{
    bool post = c->body_n > 0 || c->method == HTTP_POST || c->method == HTTP_PUT || c->method == HTTP_PATCH;
    bool named = c->method != (post ? HTTP_POST : HTTP_GET);
    int bad = 0;
    bad |= (int)curl_easy_setopt(c->easy, post ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    bad |= (int)curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, named ? http_method_name[c->method] : NULL);
    if (!post)
        return bad;
    bad |= (int)curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body_n > 0 ? NULL : "");
    bad |= (int)curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body_n);
    return bad;
}

static int set_call(struct net_call *c)
{
    CURL *e = c->easy;
    int bad = set_method(c);
    bad |= (int)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, c->tls ? "https" : "http");
    bad |= (int)curl_easy_setopt(e, CURLOPT_URL, c->url);
    bad |= (int)curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
    bad |= (int)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, c->single && c->body_n == 0 ? 1L : 0L);
    bad |= (int)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS,
                                 c->listing ? 0L : milliseconds(c->net->call_us + c->work_us));
    bad |= (int)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->curl_says);
    bad |= (int)curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    bad |= (int)curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
    bad |= (int)curl_easy_setopt(e, CURLOPT_READDATA, c);
    bad |= (int)curl_easy_setopt(e, CURLOPT_SEEKDATA, c);
    bad |= (int)curl_easy_setopt(e, CURLOPT_XFERINFODATA, c);
    bad |= (int)curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
    bad |= (int)curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    return bad;
}

bool transfer_begin(struct net_call *c)
{
    head_clear(&c->head);
    c->began = c->active = clock_mono();
    if (c->easy && !set_call(c) && curl_multi_add_handle(c->net->multi, c->easy) == CURLM_OK)
        return true;
    c->sent = SENT_NOT;
    note(c, NET_PROTOCOL, "libcurl does not take the request");
    c->at_done = clock_mono();
    return false;
}

/* Nothing was sent when no connection was ready for the request, or not one byte could be written on it. Only
 * over plain HTTP/1.1 is libcurl's count good enough for the latter: HTTP/2 may have sent frames before it
 * counts. */
static enum sent how_far(const struct net_call *c)
{
    if (c->starts == 0)
        return SENT_NOT;
    long written = 0;
    curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &written);
    return !c->tls && written == 0 && !c->body_read ? SENT_NOT : SENT_UNKNOWN;
}

static const struct {
    CURLcode code;
    enum transport_error error;
} meanings[] = {
    { CURLE_COULDNT_RESOLVE_HOST, NET_RESOLVE },
    { CURLE_COULDNT_CONNECT, NET_CONNECT },
    { CURLE_SSL_CONNECT_ERROR, NET_TLS },
    { CURLE_PEER_FAILED_VERIFICATION, NET_TLS },
    { CURLE_SSL_CERTPROBLEM, NET_TLS },
    { CURLE_SSL_CIPHER, NET_TLS },
    { CURLE_SSL_CACERT_BADFILE, NET_TLS },
    { CURLE_SSL_INVALIDCERTSTATUS, NET_TLS },
    { CURLE_SSL_ISSUER_ERROR, NET_TLS },
    { CURLE_SSL_CLIENTCERT, NET_TLS },
    { CURLE_GOT_NOTHING, NET_RESET },
    { CURLE_SEND_ERROR, NET_RESET },
    { CURLE_RECV_ERROR, NET_RESET },
    { CURLE_SEND_FAIL_REWIND, NET_RESET },
    { CURLE_HTTP2, NET_RESET },
    { CURLE_HTTP2_STREAM, NET_RESET },
    { CURLE_PARTIAL_FILE, NET_TRUNCATED },
    { CURLE_FILESIZE_EXCEEDED, NET_TOO_LARGE },
    { CURLE_OUT_OF_MEMORY, NET_TOO_LARGE }, /* how 7.88 calls a header line longer than its own limit */
    { CURLE_URL_MALFORMAT, NET_REFUSED_URL },
};

static enum transport_error meaning(const struct net_call *c, CURLcode code)
{
    if (code == CURLE_OPERATION_TIMEDOUT) {
        curl_off_t looked_up = 0;
        curl_easy_getinfo(c->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
        return c->starts > 0 ? NET_TIMEOUT : looked_up > 0 ? NET_CONNECT : NET_RESOLVE;
    }
    for (size_t i = 0; i < array_len(meanings); i++)
        if (meanings[i].code == code)
            return meanings[i].error;
    return NET_PROTOCOL;
}

static bool mentions_secret(const struct net_call *c, const char *text)
{
    if (c->secret_target && strstr(text, c->secret_target))
        return true;
    unsigned bit = 1;
    for (const struct curl_slist *h = c->headers; h && bit; h = h->next, bit <<= 1) {
        const char *value = c->secret_headers & bit ? strchr(h->data, ':') : NULL;
        if (value && value[1] == ' ' && value[2] && strstr(text, value + 2))
            return true;
    }
    return false;
}

/* libcurl's own words, made safe; they name hosts and addresses and sometimes quote the server. */
static void quote_curl(struct net_call *c, CURLcode code)
{
    const char *text =
        c->curl_says[0] && !mentions_secret(c, c->curl_says) ? c->curl_says : curl_easy_strerror(code);
    struct buf safe = BUF_INIT(8 * CURL_ERROR_SIZE);
    printable(&safe, str_trim(str_of(text)), 150);
    snprintf(c->detail, sizeof(c->detail), "%.*s", STR_ARG(buf_view(&safe)));
    buf_deinit(&safe);
}

void transfer_end(struct net_call *c, CURLcode code)
{
    c->at_done = clock_mono();
    c->retry_after_us = c->head_given ? head_retry_after(&c->head, c->status, clock_unix()) : -1;
    if (c->cancelled) {
        transfer_cancel(c);
        return;
    }
    if (code == CURLE_OK && c->head_given && c->error == NET_OK) {
        c->sent = SENT_ANSWERED;
        return;
    }
    c->sent = how_far(c);
    if (c->error != NET_OK)
        return;
    if (code == CURLE_OK) { /* libcurl is content when the connection ends within the header lines */
        note(c, NET_TRUNCATED, "the connection ended within the answer's header lines");
        return;
    }
    c->error = meaning(c, code);
    quote_curl(c, code);
}

void transfer_cancel(struct net_call *c)
{
    c->at_done = clock_mono();
    c->sent = c->easy ? how_far(c) : SENT_NOT;
    note(c, NET_CANCELLED, "cancelled");
}

void transfer_silent(struct net_call *c)
{
    char span[32];
    c->at_done = clock_mono();
    c->sent = how_far(c);
    c->error = NET_SILENCE;
    snprintf(c->detail, sizeof(c->detail), "nothing came for %s",
             time_span(span, c->net->silence_us + c->work_us));
}
