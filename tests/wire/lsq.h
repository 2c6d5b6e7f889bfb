/* What the wire tests of LeadSquared share beside reading_bed.h: a connection with its keys and two match
 * keys, and what every request has. */
#ifndef WIRE_LSQ_H
#define WIRE_LSQ_H

#include "reading_bed.h"

#define ID(n) "33333333-aaaa-4bbb-8ccc-000000000" n
#define TEAM(n) "44444444-aaaa-4bbb-8ccc-00000000000" n

static inline void lsq_init(struct wire *t)
{
    wire_init(t, "leadsquared");
    wire_credential(t, 0, "AKEY$1");
    wire_credential(t, 1, "SKEY-2");
    wire_map(t, "mx_Custom_1");
    wire_map(t, "EmailAddress");
    t->schema.key[0] = 0;
    t->schema.key[1] = 1;
    t->schema.n_keys = 2;
    t->schema.manager = true;
}

/* Method, target, body, and the header fields that every request has (fact sheet 2.2, 2.3). */
static inline void assert_request(const struct wire *t, const struct request *q, const char *endpoint,
                                  enum http_method method, const char *target, const char *body)
{
    ck_assert_str_eq(t->k->vendor.endpoints[q->endpoint].name, endpoint);
    ck_assert_int_eq(q->method, method);
    assert_str(q->target, target);
    assert_str(q->log_target, target);
    assert_str(q->body, body ? body : "");
    assert_str(header_of(q, "x-LSQ-AccessKey"), "AKEY$1");
    assert_str(header_of(q, "x-LSQ-SecretKey"), "SKEY-2");
    assert_str(header_of(q, "Accept"), "application/json");
    assert_str(header_of(q, "User-Agent"), "rollcall/0.1");
    assert_str(header_of(q, "Content-Type"), body ? "application/json" : "");
    ck_assert(q->write == t->k->vendor.endpoints[q->endpoint].write);
    ck_assert(q->harmless == t->k->vendor.endpoints[q->endpoint].harmless);
    for (size_t i = 0; i < q->n_headers; i++)
        ck_assert(q->header[i].secret == str_starts(str_of(q->header[i].name), STR("x-LSQ-")));
}

#endif
