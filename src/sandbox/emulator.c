/* From a request to its answer: keys, rate, faults, the vendor, delays, the log. */
#include "emulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SANE_BODY ((size_t)1 << 20)

const struct vendor *const vendors[] = { &vendor_leadsquared, &vendor_scim, NULL };

static const struct {
    const char *name;
    unsigned method;
} methods[] = { { "GET", GET }, { "POST", POST }, { "PUT", PUT }, { "PATCH", PATCH }, { "DELETE", DELETE } };

/* ---- taking a request in ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *text_decoded(const char *text, size_t len, bool query)
{
    char *out = xmemdup(text, len), *to = out;

    for (size_t i = 0; i < len; i++) {
        int high = -1, low = -1;

        if (text[i] == '%' && len - i > 2) {
            high = hex_digit(text[i + 1]);
            low = hex_digit(text[i + 2]);
        }
        if (high >= 0 && low >= 0 && (high || low)) {
            *to++ = (char)(high * 16 + low);
            i += 2;
        } else {
            *to++ = query && text[i] == '+' ? ' ' : text[i];
        }
    }
    *to = '\0';
    return out;
}

static void read_query(struct call *call)
{
    for (const char *p = call->request->query; *p && call->nparams < CALL_PARAMS_MAX;) {
        size_t n = strcspn(p, "&");
        const char *equals = memchr(p, '=', n);
        size_t name = equals ? (size_t)(equals - p) : n;

        if (n) {
            struct call_param *param = &call->params[call->nparams++];

            param->name = text_decoded(p, name, true);
            param->value = equals ? text_decoded(equals + 1, n - name - 1, true) : xmemdup("", 0);
        }
        p += n + (p[n] == '&');
    }
}

static bool secret_name(const char *name)
{
    size_t n = strlen(name);

    return n >= 3 && strcasecmp(name + n - 3, "key") == 0;
}

static void loggable_path(const struct call *call, struct buf *out)
{
    buf_puts(out, call->request->path);
    for (size_t i = 0; i < call->nparams; i++) {
        const struct call_param *p = &call->params[i];

        buf_printf(out, "%c%s=%s", i ? '&' : '?', p->name, secret_name(p->name) ? "***" : p->value);
    }
}

/* Does a path fit an endpoint's? Segment by segment, so that an escaped slash stays part of its segment;
 * *wild is what stands for {...}. */
static bool path_fits(const char *pattern, const char *path, struct str *wild)
{
    *wild = (struct str){ NULL, 0 };
    for (;;) {
        size_t want = strcspn(pattern, "/"), got = strcspn(path, "/");

        if (*pattern == '{' && got)
            *wild = (struct str){ path, got };
        else if (want != got || memcmp(pattern, path, got) != 0)
            return false;
        pattern += want;
        path += got;
        if (!*pattern || !*path)
            return *pattern == *path;
        pattern++;
        path++;
    }
}

static void keep_wild(struct call *call, struct str wild)
{
    free(call->id);
    free(call->id_sent);
    call->id = wild.p ? text_decoded(wild.p, wild.n, false) : NULL;
    call->id_sent = wild.p ? xmemdup(wild.p, wild.n) : NULL;
}

static void route(struct call *call, const struct endpoint *table)
{
    unsigned method = 0;
    struct str wild;

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, call->request->method) == 0)
            method = methods[i].method;
    }
    for (; table->name; table++) {
        if (!path_fits(table->path, call->request->path, &wild))
            continue;
        keep_wild(call, wild);
        call->path_known = true;
        if (!call->endpoint || (table->methods & method))
            call->endpoint = table;
        if (table->methods & method)
            return;
    }
}

static bool method_fits(const struct call *call)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(methods[i].name, call->request->method) == 0)
            return call->endpoint->methods & methods[i].method;
    }
    return false;
}

static struct endpoint_count *counts_of(struct call *call)
{
    return call->endpoint && !call->admin ? &call->sb->counts[call->endpoint - call->sb->vendor->endpoints]
                                          : NULL;
}

static struct limit_rules limit_rules(const struct sandbox *sb)
{
    return (struct limit_rules){
        .fixed = switches_get(&sb->switches, SW_RATE_WINDOW) == RATE_FIXED,
        .count_refused = switches_get(&sb->switches, SW_RATE_REFUSED) == 1,
        .enforce = switches_get(&sb->switches, SW_RATE_ENFORCED) == 0,
    };
}

/* The limit goes by the moment of arrival, so it is asked when the header fields are there, not when the body
 * is. */
static void admit(struct call *call)
{
    struct sandbox *sb = call->sb;
    struct limit_rules rules = limit_rules(sb);
    bool bulk = call->endpoint && call->endpoint->bulk;
    const struct limit_window *refusing;

    if (!sb->vendor->admit(call)) {
        call->verdict = CALL_BAD_KEYS;
        sb->bad_keys++;
        return;
    }
    refusing = limit_refuses(&sb->rate, &rules, call->now);
    if (bulk && !refusing)
        refusing = limit_refuses(&sb->rate_bulk, &rules, call->now);
    limit_count(&sb->rate, &rules, call->now, !refusing);
    if (bulk)
        limit_count(&sb->rate_bulk, &rules, call->now, !refusing);
    if (refusing) {
        call->verdict = CALL_THROTTLED;
        call_violation(call, RULE_RATE_LIMIT, "more than %s", refusing->text);
    }
}

static void on_headers(void *context, struct http_exchange *x)
{
    struct sandbox *sb = context;
    struct call *call = xcalloc(1, sizeof(*call));
    struct endpoint_count *counts;
    struct buf path = BUF_INIT(ANSWER_MAX);

    http_keep(x, call);
    call->sb = sb;
    call->x = x;
    call->request = http_request(x);
    call->now = call->request->arrived_us;
    buf_init(&call->out, ANSWER_MAX);
    buf_init(&call->headers, ANSWER_MAX);
    call->status = 200;
    read_query(call);
    call->admin = strncmp(call->request->path, "/admin/", 7) == 0;
    call->type = call->admin || !sb->vendor->type ? "application/json; charset=utf-8" : sb->vendor->type;
    route(call, call->admin ? admin_endpoints : sb->vendor->endpoints);
    if (call->admin)
        return;
    loggable_path(call, &path);
    call->seq = reqlog_add(&sb->log, call->now, call->request->method, buf_z(&path),
                           call->endpoint ? call->endpoint->name : "");
    buf_deinit(&path);
    sb->calls++;
    counts = counts_of(call);
    if (counts)
        counts->calls++;
    else
        sb->unknown_calls++;
    admit(call);
}

static void on_gone(void *context, struct http_exchange *x)
{
    struct call *call = http_kept(x);

    (void)context;
    if (!call)
        return;
    for (size_t i = 0; i < call->nparams; i++) {
        free(call->params[i].name);
        free(call->params[i].value);
    }
    free(call->id);
    free(call->id_sent);
    json_decref(call->body);
    buf_deinit(&call->headers);
    buf_deinit(&call->out);
    free(call);
}

static void on_malformed(void *context, int status, const char *reason)
{
    struct sandbox *sb = context;

    (void)status;
    reqlog_violation(&sb->log, sb->log.seq, rule_name(RULE_MALFORMED), reason);
}

/* ---- answering ---- */

static void send_now(struct http_exchange *x)
{
    struct call *call = http_kept(x);
    struct log_entry *entry = reqlog_entry(&call->sb->log, call->seq);
    struct endpoint_count *counts = counts_of(call);
    struct http_answer answer = {
        .status = call->status, .type = call->type, .headers = buf_z(&call->headers), .body = call->out
    };
    const struct fault_hit *fault = &call->fault;

    buf_init(&call->out, ANSWER_MAX);
    if (call->faulty && fault->kind == FAULT_RESET)
        answer.ending = HTTP_RESET;
    else if (call->faulty && fault->kind == FAULT_HANGUP)
        answer.ending = HTTP_HANGUP;
    else if (call->faulty && fault->kind == FAULT_TRUNCATE)
        answer.ending = HTTP_CUT;
    answer.bytes = fault->arg;
    if (call->faulty && fault->kind == FAULT_SLOW)
        answer.bytes_per_s = fault->arg;
    if (entry) {
        entry->answered = true;
        entry->applied = entry->applied || call->applied; /* a batch may have been applied meanwhile */
        entry->fault = call->faulty ? fault->name : NULL;
        entry->status =
            answer.ending == HTTP_RESET || answer.ending == HTTP_HANGUP ? REQLOG_NO_ANSWER : call->status;
    }
    if (counts) {
        counts->applied += call->applied;
        counts->throttled += call->verdict == CALL_THROTTLED;
        counts->refused += call->status >= 400;
        counts->faults += call->faulty;
    }
    http_send(x, &answer);
}

static void finish(struct call *call)
{
    uint64_t ms = call->admin ? 0 : (uint64_t)call_switch(call, SW_LATENCY);

    if (call->faulty && call->fault.kind == FAULT_DELAY && call->fault.phase == FAULT_AFTER)
        ms += call->fault.arg;
    if (ms)
        http_later(call->x, ms, send_now);
    else
        send_now(call->x);
}

static void answer_text(struct call *call, int status, const char *type, const char *text)
{
    buf_clear(&call->out);
    buf_clear(&call->headers);
    buf_puts(&call->out, text);
    call->status = status;
    call->type = type;
}

/* What stands in for the vendor's answer, or replaces it. */
static void spoil(struct call *call)
{
    const struct fault_hit *fault = &call->fault;
    const struct vendor *vendor = call->sb->vendor;
    int status = (int)fault->arg;

    switch (fault->kind) {
    case FAULT_STATUS:
    case FAULT_EMPTY200:
        answer_text(call, status, fault->kind == FAULT_STATUS ? NULL : call->type, "");
        break;
    case FAULT_TEXT: answer_text(call, status, "text/plain", "the server could not do this now\n"); break;
    case FAULT_HTML:
        answer_text(call, status, "text/html",
                    "<html><head><title>Server Error</title></head><body>\n"
                    "<h1>Server Error</h1><p>MySqlException: too many connections</p></body></html>\n");
        break;
    case FAULT_GARBAGE:
        answer_text(call, status, "application/json; charset=utf-8", "{\"Status\":\"Succ\x01\xff[[[ <!-- ");
        break;
    case FAULT_THROTTLE:
        buf_clear(&call->out);
        buf_clear(&call->headers);
        call->verdict = CALL_THROTTLED;
        vendor->problem(call, PROBLEM_THROTTLED, NULL);
        break;
    case FAULT_ERROR200:
    case FAULT_ERROR500:
        buf_clear(&call->out);
        buf_clear(&call->headers);
        vendor->problem(call, PROBLEM_LOGIC, "Something went wrong on our side");
        if (fault->kind == FAULT_ERROR200)
            call->status = 200;
        break;
    default: break; /* on the way: send_now() and finish() */
    }
}

/* ---- handling ---- */

static bool is_json(const char *type)
{
    size_t n = strlen("application/json");

    return type && strncasecmp(type, "application/json", n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

static bool body_type_fits(const struct call *call)
{
    const char *type = http_header(call->x, "Content-Type");

    if (call->admin || !call->sb->vendor->media)
        return is_json(type);
    return type && call->sb->vendor->media(type);
}

static bool read_body(struct call *call)
{
    const struct buf *body = &call->request->body;
    enum endpoint_body wanted = call->endpoint->body;
    json_error_t error;

    if (wanted == NO_BODY && body->n)
        call_violation(call, RULE_BODY_ON_GET, "%zu bytes", body->n);
    if (wanted == NO_BODY || wanted == OTHER_BODY || (wanted == OPTIONAL_BODY && !body->n))
        return true;
    if (body->n > SANE_BODY && !call->endpoint->large)
        call_violation(call, RULE_BIG_BODY, "%zu bytes", body->n);
    if (!body_type_fits(call))
        return call_refuse_body(call, RULE_CONTENT_TYPE, "the Content-Type is none that the call takes");
    call->body = json_loadb(buf_z(body), body->n, JSON_REJECT_DUPLICATES, &error);
    if (!call->body)
        return call_refuse_body(call, RULE_MALFORMED, "the body is no JSON: %s", error.text);
    return true;
}

static void check_query(struct call *call)
{
    const char *const *known = call->endpoint->query;

    for (size_t i = 0; i < call->nparams; i++) {
        const char *name = call->params[i].name;
        bool listed = secret_name(name);

        for (size_t k = 0; known && known[k] && !listed; k++)
            listed = text_same(known[k], name);
        for (size_t k = 0; k < i; k++)
            listed = listed && !text_same(call->params[k].name, name);
        if (!listed)
            call_violation(call, RULE_UNKNOWN_QUERY, "%s", name);
    }
}

static void handle(struct http_exchange *x)
{
    struct call *call = http_kept(x);
    struct sandbox *sb = call->sb;

    call->now = http_now_us();
    sb->vendor->settle(sb, call->now);
    check_query(call);
    if (read_body(call))
        call->endpoint->handle(call);
    if (call->faulty && call->fault.phase == FAULT_AFTER)
        spoil(call);
    finish(call);
}

static void handle_or_spoil(struct call *call)
{
    struct sandbox *sb = call->sb;
    const struct endpoint *endpoint = call->endpoint;

    call->faulty = faults_fire(&sb->faults, &sb->rng, endpoint->name, endpoint->writes, &call->fault);
    if (!call->faulty || call->fault.phase != FAULT_BEFORE) {
        handle(call->x);
    } else if (call->fault.kind == FAULT_DELAY) {
        http_later(call->x, call->fault.arg, handle);
    } else {
        spoil(call);
        finish(call);
    }
}

static void no_admin_path(struct call *call)
{
    answer_text(call, 404, "text/plain", "no such admin path; see --help\n");
    finish(call);
}

static void on_request(void *context, struct http_exchange *x)
{
    struct sandbox *sb = context;
    struct call *call = http_kept(x);

    if (call->admin) {
        if (call->endpoint && method_fits(call))
            handle(x);
        else
            no_admin_path(call);
        return;
    }
    sb->vendor->settle(sb, call->now);
    if (!http_header(x, "User-Agent"))
        call_violation(call, RULE_NO_USER_AGENT, "%s", call->request->path);
    if (!call->endpoint)
        call_violation(call, RULE_PATH, "%s", call->request->path);
    else if (!method_fits(call))
        call_violation(call, RULE_METHOD, "%s %s", call->request->method, call->request->path);
    if (call->verdict == CALL_ADMITTED && call->endpoint && method_fits(call)) {
        handle_or_spoil(call);
        return;
    }
    if (call->verdict == CALL_BAD_KEYS)
        sb->vendor->problem(call, PROBLEM_KEYS, NULL);
    else if (call->verdict == CALL_THROTTLED)
        sb->vendor->problem(call, PROBLEM_THROTTLED, NULL);
    else
        sb->vendor->problem(call, call->endpoint ? PROBLEM_METHOD : PROBLEM_PATH, NULL);
    finish(call);
}

/* ---- the emulator ---- */

void emulator_init(struct sandbox *sb, const struct vendor *vendor, uint64_t seed)
{
    *sb = (struct sandbox){ .vendor = vendor,
                            .access_key = vendor->access_key,
                            .secret_key = vendor->secret_key };
    rng_seed(&sb->rng, seed);
    while (vendor->endpoints[sb->endpoints].name)
        sb->endpoints++;
    sb->counts = xcalloc(sb->endpoints, sizeof(*sb->counts));
    sb->creates = json_object();
    switches_init(&sb->switches, vendor->switches);
    state_init(&sb->state, vendor->schema);
    for (size_t i = 0; i < SW_CORE_COUNT; i++) {
        const struct switch_def *def = switches_def(&sb->switches, i);

        emulator_switch(sb, def->name, i == SW_RATE && vendor->rate ? vendor->rate : def->normal, NULL);
    }
    sb->data = vendor->create(sb, seed);
}

void emulator_free(struct sandbox *sb)
{
    sb->vendor->destroy(sb->data);
    state_free(&sb->state);
    limit_free(&sb->rate);
    limit_free(&sb->rate_bulk);
    reqlog_free(&sb->log);
    json_decref(sb->creates);
    free(sb->counts);
}

bool emulator_listen(struct sandbox *sb, uv_loop_t *loop, int *port, const char **error)
{
    struct http_hooks hooks = {
        .headers = on_headers,
        .request = on_request,
        .gone = on_gone,
        .malformed = on_malformed,
        .context = sb,
    };

    sb->server = http_server_new(loop, &hooks, port, error);
    return sb->server != NULL;
}

void emulator_created(struct sandbox *sb, const char *email)
{
    const json_t *before = json_object_get(sb->creates, email);

    json_object_set_new(sb->creates, email, json_integer(json_integer_value(before) + 1));
}

void emulator_dump(struct sandbox *sb, struct buf *out)
{
    struct jw j = jw_into(out);

    jw_object(&j);
    jw_kz(&j, "vendor", sb->vendor->name);
    sb->vendor->dump(sb, &j);
    if (!sb->vendor->edit) {
        jw_key(&j, "Users");
        state_dump(&sb->state, &j);
    }
    jw_end_object(&j);
    buf_putc(out, '\n');
}
