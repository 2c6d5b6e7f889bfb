/* Any answer to each of LeadSquared's writes: one settlement a step, its text fit to be shown, a new id only
 * of a create that was done; what was answered with a refusal or not at all is never called done. */
#include "lsq_bed.h"

static void one_endpoint(struct bed *b, uint8_t endpoint, size_t n, const struct answer *a)
{
    struct step step[3];
    const struct step *at[3];
    struct settlement out[3];
    for (size_t i = 0; i < n; i++) {
        step[i] = (struct step){ .endpoint = endpoint,
                                 .user = STR("33333333-aaaa-4bbb-8ccc-000000000001"),
                                 .user_ref = NO_CHANGE,
                                 .manager_ref = NO_CHANGE,
                                 .args = STR("{\"ManagerId\":\"x\"}") };
        at[i] = &step[i];
    }
    b->k->settle(b->conn, at, n, a, out);
    for (size_t i = 0; i < n; i++) {
        claim(memchr(out[i].text, 0, sizeof out[i].text) && utf8_valid(str_of(out[i].text)));
        claim(memchr(out[i].new_id, 0, sizeof out[i].new_id));
        claim(out[i].settled != SETTLED_DONE || (a->sent == SENT_ANSWERED && a->status / 100 == 2));
        claim(out[i].settled == SETTLED_DONE || out[i].text[0]);
        claim(out[i].settled != SETTLED_NOT_DONE || a->status / 100 != 2 || out[i].again == AGAIN_THROTTLED ||
              out[i].again == AGAIN_LATER || out[i].blast == BLAST_RUN);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct bed b;
    bed_init(&b);
    b.conn = b.k->conn_new(&b.config);
    struct answer a = bed_answer(&in);
    char *body = piece_of((const char *)in.p, in.n);
    a.body = a.sent == SENT_ANSWERED ? (struct str){ body, in.n } : (struct str){ NULL, 0 };
    for (size_t i = 0; i < b.k->vendor.n_endpoints; i++)
        if (b.k->vendor.endpoints[i].write)
            one_endpoint(&b, (uint8_t)i, b.k->vendor.endpoints[i].batch > 1 ? 3 : 1, &a);
    bed_deinit(&b);
    free(body);
    return 0;
}
