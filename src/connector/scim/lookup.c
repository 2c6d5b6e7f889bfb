/* READ_LOOKUP: the users who carry given keys, one search each, or who have given ids. What a search did not
 * find is not there only where its filter is known to work and to compare as we do: services that mind case
 * are met, and such that answer a filter they do not understand with nobody. That decides what the reading
 * proves. */
#include <inttypes.h>
#include <string.h>

#include "scim_read.h"

#define LOOKUP_PAGES_MAX 1000

enum { STAGE_GROUPS, STAGE_ASKED };

static const struct attr id_attr = { .name = "id", .type = ATTR_TEXT };

static const struct want *want_of(const struct conn *c, const struct scim_ask *a)
{
    return &c->reading->wanted.v[a->want];
}

static bool ignores_case(const struct conn *c, int slot)
{
    return c->config.schema->attr[slot].type == ATTR_FOLD;
}

static char swapped(char ch)
{
    bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
    return letter ? (char)(ch ^ 0x20) : ch;
}

static bool has_letters(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (swapped(s.p[i]) != s.p[i])
            return true;
    return false;
}

/* The value as this ask spells it. */
static void spell(const struct conn *c, const struct scim_ask *a, struct buf *out)
{
    const struct want *w = want_of(c, a);
    if (a->spelling == SWAPPED)
        for (size_t i = 0; i < w->value.n; i++)
            buf_putc(out, swapped(w->value.p[i]));
    else
        buf_str(out, a->spelling == FOLDED ? w->canon : w->value);
}

/* Requests ---------------------------------------------------------------------------------------- */

static void filter_value(const struct attr *attr, struct str value, struct buf *out)
{
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    struct jw w;
    bool valid = attr_canon(attr, value, &canon) && canon.n > 0;
    char first = valid ? canon.p[canon.n > 1 && canon.p[0] == '-'] : '\0';
    if (valid && attr->type == ATTR_BOOL && canon.n == 1) {
        buf_puts(out, canon.p[0] == '1' ? "true" : "false");
    } else if (valid && attr->type == ATTR_NUMBER && first >= '0' && first <= '9') {
        buf_str(out, buf_view(&canon));
    } else {
        jw_init(&w, out, false);
        jw_str(&w, value);
    }
    buf_deinit(&canon);
}

void scim_filter_path(const struct attr *attr, bool plain, struct str value, struct buf *out)
{
    struct buf filter = BUF_INIT(REQUEST_TARGET_MAX);
    struct scim_path p = { .attr = str_of(attr->name) };
    scim_path(p.attr, &p);
    if (p.urn.n > 0)
        buf_printf(&filter, "%.*s:", STR_ARG(p.urn));
    buf_str(&filter, p.attr);
    if (p.filter_attr.n > 0 && !plain)
        buf_printf(&filter,
                   str_ieq_ascii(p.filter_attr, STR("type")) ? "[%.*s eq \"%.*s\"]" : "[%.*s eq %.*s]",
                   STR_ARG(p.filter_attr), STR_ARG(p.filter_value));
    if (p.sub.n > 0)
        buf_printf(&filter, ".%.*s", STR_ARG(p.sub));
    buf_puts(&filter, " eq ");
    filter_value(attr, value, &filter);
    buf_puts(out, "?filter=");
    url_encode(out, buf_view(&filter));
    buf_deinit(&filter);
}

void scim_lookup_path(const struct conn *c, const struct scim_ask *a, struct buf *out)
{
    const struct attr *attr = &c->config.schema->attr[want_of(c, a)->slot];
    struct buf value = BUF_INIT(ATTR_CANON_MAX);
    spell(c, a, &value);
    buf_puts(out, "/Users");
    scim_filter_path(attr, a->plain, buf_view(&value), out);
    if (a->start > 1)
        buf_printf(out, "&startIndex=%" PRIu64 "&count=%" PRId64, a->start, scim_number(c, OPTION_PAGE_SIZE));
    buf_str(out, buf_view(&c->reading->attributes));
    buf_deinit(&value);
}

static struct scim_ask *find_add(struct conn *c, size_t want, enum spelling spelling)
{
    struct scim_ask *a = scim_ask_add(c, ASK_FIND);
    a->want = want;
    a->spelling = spelling;
    a->plain = c->reading->plain_filters;
    return a;
}

static void add_asks(struct conn *c)
{
    struct scim_reading *r = c->reading;
    for (size_t i = 0; i < r->wanted.n; i++)
        if (r->wanted.v[i].slot >= 0)
            find_add(c, i, AS_GIVEN);
        else
            scim_ask_add(c, ASK_BY_ID)->want = i;
    r->stage = STAGE_ASKED;
}

void scim_lookup_begin(struct conn *c)
{
    struct scim_reading *r = c->reading;
    r->cut_short = false;
    /* A question that a reading before did not come to the end of is asked again. */
    for (size_t i = 0; i < SCHEMA_MAX; i++)
        if (r->sense[i] == SENSE_ASKED)
            r->sense[i] = SENSE_NOT_KNOWN;
    wanted_begin(&r->wanted, c->config.schema, &id_attr, &c->asks.goal);
    for (size_t i = 0; i < c->asks.goal.n_lookups; i++)
        wanted_add(&r->wanted, i);
    if (scim_maps_groups(c) && r->map.groups_from_members && r->wanted.n > 0)
        scim_groups_begin(c);
    else
        add_asks(c);
}

/* Answers ----------------------------------------------------------------------------------------- */

bool scim_lookup_on_user(struct conn *c, struct scim_ask *a, const struct user *u)
{
    const struct want *w = want_of(c, a);
    if (wanted_is(&c->reading->wanted, w, u)) {
        struct buf asked = BUF_INIT(ATTR_CANON_MAX);
        a->found = true;
        spell(c, a, &asked);
        if (w->slot >= 0 && !str_eq(buf_view(&asked), str_trim(u->text[w->slot])))
            a->respelled = true;
        buf_deinit(&asked);
    } else if (a->ask.kind == ASK_BY_ID) {
        return false;
    }
    return a->spelling != SWAPPED && wanted_user(&c->reading->wanted, u);
}

static void learn_from_found(struct conn *c, const struct scim_ask *a, int slot)
{
    struct scim_reading *r = c->reading;
    enum filter_sense *sense = &r->sense[slot];
    if (*sense != SENSE_NOT_KNOWN)
        return;
    /* Who was listed is searched for as the service itself spells him. */
    if (!ignores_case(c, slot) || a->respelled || scim_number(c, OPTION_ROSTER) != SCIM_LOOK_UP) {
        *sense = SENSE_GOOD;
    } else if (has_letters(want_of(c, a)->value)) {
        *sense = SENSE_ASKED;
        find_add(c, a->want, SWAPPED);
    }
}

static void take_search(struct conn *c, struct scim_ask *a)
{
    const struct want *w = want_of(c, a);
    bool found = a->found || a->found_before;
    if (a->spelling == SWAPPED)
        c->reading->sense[w->slot] = found ? SENSE_GOOD : SENSE_MINDS_CASE;
    else if (found)
        learn_from_found(c, a, w->slot);
    else if (a->spelling == AS_GIVEN && ignores_case(c, w->slot) && !str_eq(w->canon, w->value))
        find_add(c, a->want, FOLDED);
}

bool scim_lookup_take(struct conn *c, struct scim_ask *a, char why[200])
{
    uint64_t next = a->start + a->count;
    if (a->ask.kind == ASK_BY_ID) {
        if (a->found)
            return true;
        say_text(why, 200, "the answer is another user than the one asked for");
        return false;
    }
    if (a->count > 0 && a->total >= 0 && next <= (uint64_t)a->total && next < LOOKUP_PAGES_MAX * a->count) {
        struct scim_ask *more = scim_ask_again(c, a);
        more->start = next;
        more->found_before = a->found || a->found_before;
        return true;
    }
    if (a->total >= 0 && next <= (uint64_t)a->total) {
        say_text(why, 200, "the search states %" PRId64 " users and brought %" PRIu64, a->total, next - 1);
        return false;
    }
    /* By cursor no search is followed: who is meant may stand on the next page. */
    if (a->next_cursor && !a->found && !a->found_before)
        c->reading->cut_short = true;
    take_search(c, a);
    return true;
}

/* `emails[type eq "work"].value eq` is not everybody's: without the type the search finds more, and who was
 * not meant is left out. */
bool scim_lookup_refused(struct conn *c, struct scim_ask *a, int status)
{
    struct scim_path p;
    int slot = want_of(c, a)->slot;
    if (status != 400 || a->plain || !scim_path(str_of(c->config.schema->attr[slot].name), &p) ||
        p.filter_attr.n == 0)
        return false;
    c->reading->plain_filters = true;
    scim_ask_again(c, a)->plain = true;
    return true;
}

/* The end ----------------------------------------------------------------------------------------- */

/* What keeps the look-ups of this slot from proving that somebody is not there; NULL: nothing. */
static const char *doubt(const struct conn *c, int slot)
{
    const struct scim_reading *r = c->reading;
    bool asked = false, letters = false;
    for (size_t i = 0; i < r->wanted.n; i++)
        if (r->wanted.v[i].slot == slot) {
            asked = true;
            letters = letters || has_letters(r->wanted.v[i].value);
        }
    if (!asked || r->sense[slot] == SENSE_GOOD || (ignores_case(c, slot) && !letters))
        return NULL;
    if (r->sense[slot] == SENSE_MINDS_CASE)
        return "the service's filter minds upper and lower case there, so who was not found may be there in "
               "another spelling";
    return "nobody was found by it, so whether the service's filter takes it, and in any case, is not known";
}

static void conclude(struct conn *c)
{
    struct scim_reading *r = c->reading;
    const char *text = NULL;
    size_t slot = 0;
    for (; slot < c->config.schema->n; slot++)
        if ((text = doubt(c, (int)slot)) != NULL)
            break;
    if (r->cut_short)
        asks_complete(
            &c->asks, PROOF_FOUND,
            "%zu keys looked up; the service has more pages of a search that found nobody, by cursor",
            r->wanted.n);
    else if (text)
        asks_complete(&c->asks, PROOF_FOUND, "%zu keys looked up; '%s': %s", r->wanted.n,
                      c->config.schema->attr[slot].name, text);
    else
        asks_complete(&c->asks, PROOF_LOOKED_UP, "%zu keys looked up", r->wanted.n);
}

void scim_lookup_advance(struct conn *c)
{
    if (c->reading->stage == STAGE_GROUPS) {
        add_asks(c);
    } else if (asks_seal_found(&c->asks, c->config.schema, "userName")) {
        c->looked_up = true;
        conclude(c);
    }
}

/* Where nothing can be searched, listing everybody again is cheaper than any number of searches. */
size_t scim_lookup_calls(const struct conn *c, size_t n, uint8_t *endpoint)
{
    *endpoint = CALL_SEARCH;
    return c->service.filter ? n : SIZE_MAX;
}
