/* Answers to writes -> what became of each step. What an answer means whatever the call is answer.c's; here
 * is what each call says when it was done, and how far a failure reaches. */
#include <string.h>

#include "leadsquared_internal.h"

enum done { DONE, DONE_BY_WORD /* a count or a promise: only reading back tells */, DONE_UNCLEAR };

static bool succeeded(const struct envelope *e)
{
    return str_ieq_ascii(str_of(e->status), STR("Success"));
}

/* The id of the new user: Message.Id, as in the API's other creates; the block is not documented for users.
 */
static enum done done_create(const json_t *root, const struct envelope *e, struct settlement *out)
{
    static const char *const name[] = { "Id", "UserId" };
    const json_t *place[] = { json_object_get(root, "Message"), root };
    for (size_t p = 0; succeeded(e) && p < array_len(place); p++)
        for (size_t i = 0; i < array_len(name); i++) {
            const json_t *v = json_object_get(place[p], name[i]);
            size_t n = json_string_length(v);
            if (n > 0 && n < sizeof(out->new_id)) {
                say_cut(out->new_id, sizeof(out->new_id), (struct str){ json_string_value(v), n });
                return DONE;
            }
        }
    say_text(out->text, sizeof(out->text), "%s",
             succeeded(e) ? "created, but the answer names no id"
                          : "the answer does not say whether it was done");
    return DONE_UNCLEAR;
}

static enum done done_by_status(const struct envelope *e, struct settlement *out)
{
    if (succeeded(e))
        return DONE;
    say_text(out->text, sizeof(out->text), "the answer does not say whether it was done");
    return DONE_UNCLEAR;
}

/* Only a count comes back: any other than ours means somebody was missed, or was moved who should not have
 * been. */
static enum done done_bulk_team(const json_t *root, const struct envelope *e, size_t n,
                                struct settlement *out)
{
    const json_t *message = json_object_get(root, "Message"),
                 *rows = json_object_get(message, "AffectedRows");
    if (!succeeded(e) || !json_is_integer(rows) || json_is_false(json_object_get(message, "IsSuccessful"))) {
        say_text(out->text, sizeof(out->text), "the answer does not say how many were moved");
        return DONE_UNCLEAR;
    }
    if ((uint64_t)json_integer_value(rows) == n)
        return DONE_BY_WORD;
    say_text(out->text, sizeof(out->text), "%zu users were to be moved, the tenant says %lld", n,
             (long long)json_integer_value(rows));
    return DONE_UNCLEAR;
}

static enum done done_of(const struct step *s, const json_t *root, const struct envelope *e, size_t n,
                         struct settlement *out)
{
    switch (s->endpoint) {
    case CALL_CREATE: return done_create(root, e, out);
    case CALL_BULK_TEAM: return done_bulk_team(root, e, n, out);
    case CALL_MANAGERS:
        /* It is only taken on: done some time later, pair by pair, and no call tells. */
        return done_by_status(e, out) == DONE ? DONE_BY_WORD : DONE_UNCLEAR;
    default: return done_by_status(e, out);
    }
}

/* UpdateReportingManagerInBulk puts a refusal of the whole batch into ErrorMessage. */
static bool batch_refused(const struct step *s, const struct envelope *e)
{
    return s->endpoint == CALL_MANAGERS && e->message[0] != '\0';
}

static void settle_fault(const struct step *s, size_t n, const struct answer *a, const struct judged *j,
                         struct settlement *out)
{
    bool harmless = leadsquared_connector.vendor.endpoints[s->endpoint].harmless;
    say_text(out->text, sizeof(out->text), "%s", j->text);
    out->blast =
        n == 1 && leadsquared_connector.vendor.endpoints[s->endpoint].batch == 1 ? BLAST_STEP : BLAST_CALL;
    switch (j->fault) {
    case FAULT_NONE:
    case FAULT_REFUSED:
    case FAULT_GONE:
    case FAULT_STALE:
    case FAULT_TOO_LARGE:
        out->settled = SETTLED_REFUSED;
        out->again = AGAIN_NO;
        break;
    case FAULT_LOGIN:
        out->settled = SETTLED_NOT_DONE;
        out->blast = BLAST_RUN;
        out->again = AGAIN_NO;
        break;
    case FAULT_THROTTLED:
        out->settled = SETTLED_NOT_DONE;
        out->blast = BLAST_TENANT;
        out->again = AGAIN_THROTTLED;
        out->wait_us = j->wait_us;
        break;
    case FAULT_PASSING:
        out->settled = harmless ? SETTLED_NOT_DONE : SETTLED_UNKNOWN;
        out->blast = a->status == 503 ? BLAST_TENANT : out->blast;
        out->again = AGAIN_LATER;
        break;
    case FAULT_NOT_SENT:
        out->settled = SETTLED_NOT_DONE;
        out->again = AGAIN_LATER;
        break;
    case FAULT_LOST:
        out->settled = SETTLED_UNKNOWN;
        out->again = AGAIN_LATER;
        break;
    }
}

static void settle_answer(struct conn *c, const struct step *s, size_t n, const struct answer *a,
                          struct settlement *out)
{
    json_t *root = a->body.n > 0 && a->body.n <= ANSWER_BODY_MAX
                       ? json_loadb(a->body.p, a->body.n, JSON_DECODE_ANY, NULL)
                       : NULL;
    struct envelope e;
    struct judged j;
    envelope_of(&e, a->body, root);
    /* Only a JSON answer refuses a batch: the text of a page is no ErrorMessage. */
    if (json_is_object(root) && batch_refused(s, &e))
        e.error = true;
    judge(c, a, &e, &j);
    if (j.fault != FAULT_NONE) {
        settle_fault(s, n, a, &j, out);
    } else {
        enum done done = done_of(s, root, &e, n, out);
        out->settled = done == DONE_UNCLEAR ? SETTLED_UNKNOWN : SETTLED_DONE;
        out->verify = done == DONE_BY_WORD;
        out->again = done == DONE_UNCLEAR ? AGAIN_LATER : AGAIN_NO;
        out->blast = done == DONE_UNCLEAR && n > 1 ? BLAST_CALL : BLAST_STEP;
    }
    json_decref(root);
}

/* A pair that pack() left out: nobody knows the manager. */
static bool left_out(const struct step *s)
{
    if (s->endpoint != CALL_MANAGERS || s->manager_ref != NO_CHANGE)
        return false;
    json_t *args = json_loadb(s->args.p, s->args.n, 0, NULL);
    bool known = json_is_string(json_object_get(args, "ManagerId"));
    json_decref(args);
    return !known;
}

void lsq_settle(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                struct settlement *out)
{
    struct settlement all = { .wait_us = -1 };
    settle_answer(c, steps[0], n, a, &all);
    for (size_t i = 0; i < n; i++) {
        out[i] = all;
        if (all.settled != SETTLED_DONE || !left_out(steps[i]))
            continue;
        out[i] = (struct settlement){
            .settled = SETTLED_REFUSED, .blast = BLAST_STEP, .again = AGAIN_NO, .wait_us = -1
        };
        say_text(out[i].text, sizeof(out[i].text), "not sent: the new manager does not exist");
    }
}
