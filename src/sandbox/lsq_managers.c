/*
 * Update User's Managers in Bulk (fact sheet 5.4): taken at once, applied later, pair by pair, and silent
 * about pairs that could not be. What became of each stands in /admin/stats, as the product shows it in its
 * Request History only.
 */
#include "lsq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- taking a batch ---- */

static void refuse_batch(struct call *call, const char *text)
{
    struct jw j = jw_into(&call->out);

    if (call_switch(call, SW_MANAGER_REFUSAL) == 1) {
        lsq_refuse(call, "MXInvalidInputException", "%s", text);
        return;
    }
    jw_object(&j);
    jw_kz(&j, "ErrorMessage", text);
    jw_kz(&j, "Status", "Error");
    jw_kz(&j, "WFAId", NULL);
    jw_end_object(&j);
}

static struct user *user_of(struct sandbox *sb, const char *id)
{
    struct user *u = lsq_is_guid(id) ? state_by_id(&sb->state, id) : NULL;

    return u && !lsq_obsolete(u->f) ? u : NULL;
}

/* Why a pair cannot be, or NULL. */
static const char *fault_of(struct sandbox *sb, const struct lsq_pair *pair)
{
    if (!user_of(sb, pair->user_id))
        return "no such user";
    if (!*pair->manager_id)
        return switches_get(&sb->switches, SW_MANAGER_CLEAR) == ACCEPT ? NULL : "no manager given";
    return user_of(sb, pair->manager_id) ? NULL : "no such manager";
}

/* Client mistakes that can be seen when the batch comes in. */
static void judge(struct call *call, const struct lsq_batch *batch, size_t at)
{
    struct sandbox *sb = call->sb;
    const struct lsq_pair *pair = &batch->pair[at];
    const struct user *u = user_of(sb, pair->user_id), *m = user_of(sb, pair->manager_id);

    if (!u)
        call_violation(call, RULE_UNKNOWN_USER, "%s", pair->user_id);
    if (!m)
        call_violation(call, RULE_UNKNOWN_REFERENCE, "ManagerId '%s'", pair->manager_id);
    if (m && !lsq_active(m->f))
        call_violation(call, RULE_INACTIVE_MANAGER, "%s", pair->manager_id);
    if (u && u == m)
        call_violation(call, RULE_OWN_MANAGER, "%s", pair->user_id);
    if (u && text_same(u->f[U_MANAGER], pair->manager_id))
        call_violation(call, RULE_NO_CHANGE, "%s", pair->user_id);
    if (u && text_same(u->f[U_USERID], lsq_of(call)->key_owner))
        call_violation(call, RULE_KEY_OWNER, "%s", call->endpoint->name);
    for (size_t i = 0; i < at; i++) {
        if (text_same(batch->pair[i].user_id, pair->user_id))
            call_violation(call, RULE_DUPLICATE_PAIR, "%s", pair->user_id);
    }
}

static bool read_pair(struct call *call, const json_t *object, struct lsq_pair *pair)
{
    static const struct body_key keys[] = { { "UserId", BODY_STRING, true },
                                            { "ManagerId", BODY_STRING | BODY_NULL, true } };
    const char *manager;
    json_t *got[2];

    if (!body_read(call, object, "pair", keys, 2, got))
        return false;
    manager = json_is_string(got[1]) ? json_string_value(got[1]) : "";
    /* What is longer than an id is cut: it is not one either way. */
    snprintf(pair->user_id, sizeof(pair->user_id), "%s",
             json_string_length(got[0]) > LSQ_GUID ? "?" : json_string_value(got[0]));
    snprintf(pair->manager_id, sizeof(pair->manager_id), "%s", strlen(manager) > LSQ_GUID ? "?" : manager);
    pair->result = "waiting";
    return true;
}

static bool read_batch(struct call *call, struct lsq_batch *batch)
{
    bool bad = false;
    size_t i;
    json_t *one;

    json_array_foreach(call->body, i, one)
    {
        if (!read_pair(call, one, &batch->pair[i]))
            return false;
        batch->pairs++;
        judge(call, batch, i);
        bad = bad || fault_of(call->sb, &batch->pair[i]);
    }
    if (!bad || call_switch(call, SW_MANAGER_BAD_PAIR) == BAD_PAIR_SKIP)
        return true;
    refuse_batch(call, "Invalid UserId or ManagerId");
    return false;
}

/* The newest LSQ_BATCHES_KEPT are kept for the report, and all that wait. */
static void keep_batch(struct lsq *lsq, struct lsq_batch *batch)
{
    if (lsq->nbatches >= LSQ_BATCHES_KEPT && lsq->batches[0]->done) {
        free(lsq->batches[0]);
        lsq->nbatches--;
        memmove(lsq->batches, lsq->batches + 1, lsq->nbatches * sizeof(struct lsq_batch *));
    }
    lsq->batches = xrealloc(lsq->batches, lsq->nbatches + 1, sizeof(struct lsq_batch *));
    lsq->batches[lsq->nbatches++] = batch;
}

static bool in_flight(const struct lsq *lsq)
{
    for (size_t i = 0; i < lsq->nbatches; i++) {
        if (!lsq->batches[i]->done)
            return true;
    }
    return false;
}

void lsq_manager_bulk(struct call *call)
{
    struct lsq *lsq = lsq_of(call);
    struct lsq_batch *batch;

    if (!json_is_array(call->body)) {
        call_refuse_body(call, RULE_WRONG_TYPE, "the body is no array");
        return;
    }
    if (json_array_size(call->body) == 0 || json_array_size(call->body) > LSQ_PAIRS_MAX) {
        call_violation(call, RULE_TOO_MANY_PAIRS, "%zu pairs", json_array_size(call->body));
        refuse_batch(call, "A batch holds 1 to 100 pairs");
        return;
    }
    batch = xcalloc(1, sizeof(*batch));
    if (!read_batch(call, batch)) {
        free(batch);
        return;
    }
    if (in_flight(lsq))
        call_violation(call, RULE_BATCH_IN_FLIGHT, "%zu pairs", batch->pairs);
    batch->work_id = ++lsq->last_work_id;
    batch->seq = call->seq;
    batch->due_us = call->now + (uint64_t)call_switch(call, SW_MANAGER_DELAY) * 1000;
    keep_batch(lsq, batch);
    buf_printf(&call->out, "{\"ErrorMessage\":null,\"Status\":\"Success\",\"WFAId\":\"%llu\"}",
               (unsigned long long)batch->work_id);
}

/* ---- applying it ---- */

/* Would u under m close a ring? Chains are followed as far as there are users. */
static bool closes_ring(struct sandbox *sb, const struct user *u, const struct user *m)
{
    for (size_t i = 0; m && i <= sb->state.count; i++) {
        if (m == u)
            return true;
        m = *m->f[U_MANAGER] ? state_by_id(&sb->state, m->f[U_MANAGER]) : NULL;
    }
    return false;
}

static const char *apply_pair(struct sandbox *sb, const struct lsq_batch *batch, const struct lsq_pair *pair)
{
    const char *fault = fault_of(sb, pair);
    bool check = switches_get(&sb->switches, SW_MANAGER_CHECK) == 1;
    struct log_entry *entry = reqlog_entry(&sb->log, batch->seq);
    struct user *u = user_of(sb, pair->user_id), *m = user_of(sb, pair->manager_id);

    if (fault)
        return fault;
    if (m && m != u && closes_ring(sb, u, m)) {
        reqlog_violation(&sb->log, batch->seq, rule_name(RULE_MANAGER_RING), pair->user_id);
        if (check)
            return "closes a ring";
    }
    if (check && m == u)
        return "own manager";
    if (check && m && !lsq_active(m->f))
        return "manager is inactive";
    state_begin(&sb->state, u, batch->due_us);
    state_set(&sb->state, u, U_MANAGER, m ? m->f[U_USERID] : "", m ? LSQ_GUID : 0);
    if (entry) {
        entry->applied = true;
        reqlog_touch(entry, u->number);
    }
    return "applied";
}

static void apply_batch(struct sandbox *sb, struct lsq_batch *batch)
{
    int64_t how = switches_get(&sb->switches, SW_MANAGER_APPLY);
    size_t n = how == APPLY_ALL ? batch->pairs : how == APPLY_HALF ? batch->pairs / 2 : 0;

    batch->done = true;
    for (size_t i = 0; i < batch->pairs; i++)
        batch->pair[i].result = i < n ? apply_pair(sb, batch, &batch->pair[i]) : "lost";
    for (size_t i = 0; n && i < sb->endpoints; i++)
        sb->counts[i].applied += sb->vendor->endpoints[i].handle == lsq_manager_bulk;
}

void lsq_settle(struct sandbox *sb, uint64_t now)
{
    struct lsq *lsq = sb->data;

    for (size_t i = 0; i < lsq->nbatches; i++) {
        if (!lsq->batches[i]->done && lsq->batches[i]->due_us <= now)
            apply_batch(sb, lsq->batches[i]);
    }
}

void lsq_report(struct sandbox *sb, struct jw *j)
{
    const struct lsq *lsq = sb->data;

    jw_key(j, "batches");
    jw_array(j);
    for (size_t i = 0; i < lsq->nbatches; i++) {
        const struct lsq_batch *b = lsq->batches[i];

        jw_object(j);
        jw_kint(j, "WFAId", (int64_t)b->work_id);
        jw_kint(j, "seq", (int64_t)b->seq);
        jw_kbool(j, "done", b->done);
        jw_key(j, "pairs");
        jw_array(j);
        for (size_t k = 0; k < b->pairs; k++) {
            jw_object(j);
            jw_kz(j, "UserId", b->pair[k].user_id);
            jw_kz(j, "ManagerId", b->pair[k].manager_id);
            jw_kz(j, "result", b->pair[k].result);
            jw_end_object(j);
        }
        jw_end_array(j);
        jw_end_object(j);
    }
    jw_end_array(j);
}
