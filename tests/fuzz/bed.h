/* A connection for the fuzzers: a vendor with default options and the attributes that a target maps. */
#ifndef BED_H
#define BED_H

#include "fuzz.h"
#include "rollcall/connector.h"

struct bed {
    const struct connector *k;
    struct schema schema;
    struct option_value option[64];
    struct secret key[CONN_CREDENTIALS_MAX];
    struct conn_config config;
    struct conn *conn;
};

static inline void bed_option(struct bed *b, const char *name, const char *value)
{
    const struct vendor *v = &b->k->vendor;
    int i = vendor_option(v, name);
    claim(i >= 0 && i < 64);
    struct option_value *o = &b->option[i];
    *o = (struct option_value){ .text = value };
    if (v->options[i].type == OPT_BOOL)
        o->number = strcmp(value, "true") == 0;
    if (v->options[i].type == OPT_INT)
        claim(str_to_i64(str_of(value), &o->number));
    if (v->options[i].type == OPT_SPAN)
        claim(time_parse_span(str_of(value), &o->number));
    for (int64_t k = 0; v->options[i].type == OPT_CHOICE && v->options[i].choices[k]; k++)
        if (strcmp(v->options[i].choices[k], value) == 0)
            o->number = k;
}

/* Not connected: options may still be set. The first two attributes are match keys. */
static inline void bed_begin(struct bed *b, const char *vendor, const char *const *mapped, size_t n)
{
    *b = (struct bed){ .k = connector_named(vendor) };
    for (size_t i = 0; i < b->k->vendor.n_options; i++)
        bed_option(b, b->k->vendor.options[i].name, b->k->vendor.options[i].fallback);
    for (size_t i = 0; i < n; i++)
        if (vendor_attr(&b->k->vendor, str_of(mapped[i]), &b->schema.attr[b->schema.n]))
            b->schema.n++;
    b->schema.key[1] = 1;
    b->schema.n_keys = 2;
    b->schema.manager = true;
    for (size_t i = 0; i < b->k->vendor.n_credentials; i++) {
        secret_set(&b->key[i], STR("KEY"));
        b->config.credential[i] = &b->key[i];
    }
    b->config.base_url = "https://api.example.com/v2";
    b->config.schema = &b->schema;
    b->config.options = b->option;
    b->config.page_concurrency = 2;
    b->config.user_agent = "rollcall/0.1";
}

static inline void bed_deinit(struct bed *b)
{
    b->k->conn_free(b->conn);
    for (size_t i = 0; i < CONN_CREDENTIALS_MAX; i++)
        secret_deinit(&b->key[i]);
}

static const int statuses[] = { 200, 200, 200, 200, 200, 429, 500, 401, 503, 404, 204, 301 };

/* Status, Retry-After and how far it came from one byte. */
static inline struct answer bed_answer(struct input *in)
{
    unsigned kind = take(in, 256);
    struct answer a = { .status = statuses[kind % array_len(statuses)],
                        .retry_after_us = kind > 200 ? SECOND_US : -1 };
    if (kind == 255)
        a = (struct answer){ .sent = SENT_NOT, .error = NET_CONNECT, .retry_after_us = -1 };
    if (kind == 254)
        a = (struct answer){ .sent = SENT_UNKNOWN, .error = NET_TRUNCATED, .retry_after_us = -1 };
    return a;
}

#endif
