/* Reading a scenario file. */
#include <stdarg.h>

#include "scenario.h"

static const char default_schema[] = "EmployeeId text key\n"
                                     "EmailAddress fold key email\n"
                                     "Department text\n"
                                     "Team ref membership\n"
                                     "manager EmployeeId\n";

static bool bad(struct scenario *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool bad(struct scenario *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(s->error, sizeof(s->error), fmt, ap);
    va_end(ap);
    return false;
}

static bool next_line(struct str *text, struct str *line)
{
    if (!text->n)
        return false;
    const char *end = memchr(text->p, '\n', text->n);
    size_t n = end ? (size_t)(end - text->p) : text->n;
    *line = (struct str){ text->p, n };
    text->p += end ? n + 1 : n;
    text->n -= end ? n + 1 : n;
    return true;
}

static struct str word(struct str *line)
{
    *line = str_trim(*line);
    size_t n = 0;
    while (n < line->n && line->p[n] != ' ')
        n++;
    struct str w = { line->p, n };
    line->p += n;
    line->n -= n;
    return w;
}

/* Schema: NAME TYPE FLAG...; "manager NAME" last ------------------------------------------------------------------------------ */

static bool attr_type_of(struct str w, enum attr_type *out)
{
    static const char *const name[] = { "text", "fold", "guid", "number", "bool", "set", "ref", "refs" };
    for (size_t i = 0; i < array_len(name); i++) {
        if (str_is(w, name[i])) {
            *out = (enum attr_type)i;
            return true;
        }
    }
    return false;
}

static bool attr_flag_of(struct scenario *s, struct str w, struct attr *a, size_t slot)
{
    static const struct {
        const char *name;
        unsigned set, clear;
    } flag[] = {
        { "required", ATTR_REQUIRED, 0 }, { "membership", ATTR_MEMBERSHIP, 0 }, { "secret", ATTR_SECRET, 0 },
        { "noupdate", 0, ATTR_UPDATE },   { "nocreate", 0, ATTR_CREATE },       { "noread", 0, ATTR_READ },
    };
    if (str_is(w, "key"))
        s->schema.key[s->schema.n_keys++] = (uint8_t)slot;
    else if (str_is(w, "email"))
        s->options.email_slot = (int)slot;
    else {
        size_t i = 0;
        while (i < array_len(flag) && !str_is(w, flag[i].name))
            i++;
        if (i == array_len(flag))
            return false;
        a->flags = (a->flags | flag[i].set) & ~flag[i].clear;
    }
    return true;
}

static bool schema_line(struct scenario *s, struct str line)
{
    struct str name = word(&line), type = word(&line), flag;
    if (str_is(name, "manager")) {
        int slot = schema_slot(&s->schema, type);
        s->schema.manager = slot >= 0;
        s->schema.manager_key = (uint8_t)(slot < 0 ? 0 : slot);
        return slot >= 0 || bad(s, "manager by unknown attribute");
    }
    struct attr *a = &s->schema.attr[s->schema.n];
    if (s->schema.n == SCHEMA_MAX || name.n >= sizeof(a->name) || !attr_type_of(type, &a->type))
        return bad(s, "bad attribute '%.*s'", STR_ARG(name));
    memcpy(a->name, name.p, name.n);
    a->flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE;
    a->ref_kind = REF_TEAM;
    a->separator = a->type == ATTR_SET || a->type == ATTR_REFS ? ';' : '\0';
    while ((flag = word(&line)).n)
        if (!attr_flag_of(s, flag, a, s->schema.n))
            return bad(s, "unknown flag '%.*s'", STR_ARG(flag));
    s->schema.n++;
    return true;
}

/* Options -------------------------------------------------------------------------------------------------------------------- */

static bool kind_of(struct str w, enum change_kind *out)
{
    for (unsigned k = 0; k < CHANGE_KINDS; k++) {
        if (str_is(w, change_kind_name[k])) {
            *out = (enum change_kind)k;
            return true;
        }
    }
    return false;
}

static int64_t number(struct str w)
{
    int64_t n = -1; /* "-": off */
    return str_to_i64(w, &n) ? n : -1;
}

/* "off", "10", "2.5" */
static double real(struct scenario *s, struct str w)
{
    char *end, *z = arena_z(&s->arena, w);
    double d = strtod(z, &end);
    return end == z ? -1 : d;
}

static bool absent_of(struct scenario *s, struct str w)
{
    s->options.absent = str_is(w, "ignore")       ? ABSENT_IGNORE
                        : str_is(w, "deactivate") ? ABSENT_DEACTIVATE
                                                  : ABSENT_REPORT;
    return str_is(w, "report") || s->options.absent != ABSENT_REPORT ||
           bad(s, "absent is ignore, report or deactivate");
}

static bool proof_of(struct scenario *s, struct str feed, struct str roster)
{
    s->proof.feed_proven = str_is(feed, "proven");
    s->proof.feed_whole = s->proof.feed_proven || str_is(feed, "whole");
    s->proof.roster = str_is(roster, "all")         ? PROOF_ALL
                      : str_is(roster, "looked-up") ? PROOF_LOOKED_UP
                      : str_is(roster, "found")     ? PROOF_FOUND
                                                    : PROOF_NONE;
    return true;
}

static bool option_kind(struct scenario *s, struct str name, struct str line)
{
    enum change_kind kind;
    struct str w = word(&line);
    if (!kind_of(w, &kind))
        return bad(s, "unknown kind '%.*s'", STR_ARG(w));
    if (str_is(name, "off"))
        s->options.action[kind] = false;
    else if (str_is(name, "on"))
        s->options.action[kind] = true;
    else if (str_is(name, "unable"))
        s->options.vendor_kinds &= ~(1U << kind);
    else if (str_is(name, "accept"))
        s->options.accept[kind] = number(word(&line));
    else if (str_is(name, "guard")) {
        s->options.guard[kind].number = number(word(&line));
        s->options.guard[kind].percent = real(s, word(&line));
    } else {
        return bad(s, "unknown option '%.*s'", STR_ARG(name));
    }
    return true;
}

/* "stick USER ATTRIBUTE WANTED < SEEN" */
static bool stick_of(struct scenario *s, struct str rest)
{
    if (s->n_sticks == STICKS_MAX)
        return bad(s, "too many sticks");
    s->stick[s->n_sticks].user = word(&rest);
    s->stick[s->n_sticks].attribute = word(&rest);
    const char *seen = memchr(rest.p, '<', rest.n);
    if (!seen)
        return bad(s, "stick USER ATTRIBUTE WANTED < SEEN");
    s->stick[s->n_sticks].wanted = str_trim((struct str){ rest.p, (size_t)(seen - rest.p) });
    s->stick[s->n_sticks].seen = str_trim((struct str){ seen + 1, rest.n - (size_t)(seen + 1 - rest.p) });
    s->n_sticks++;
    return true;
}

static bool option_line(struct scenario *s, struct str line)
{
    struct str name = word(&line), rest = str_trim(line);
    if (str_is(name, "absent"))
        return absent_of(s, rest);
    if (str_is(name, "protect")) {
        s->protected_keys[s->options.n_protected++] = arena_z(&s->arena, rest);
        return s->options.n_protected < array_len(s->protected_keys) || bad(s, "too many protected");
    }
    if (str_is(name, "stick"))
        return stick_of(s, rest);
    if (str_is(name, "own"))
        s->options.own_user = arena_z(&s->arena, rest);
    else if (str_is(name, "trip"))
        s->options.on_trip = str_is(rest, "plan") ? TRIP_PLAN : TRIP_KIND;
    else if (str_is(name, "patterns"))
        s->patterns = true;
    else if (str_is(name, "early-moves"))
        s->options.early_moves_from_leavers = true;
    else if (str_is(name, "rejects")) {
        s->options.rejects_number = number(word(&rest));
        s->options.rejects_percent = real(s, word(&rest));
    } else if (str_is(name, "proof")) {
        struct str feed = word(&rest);
        return proof_of(s, feed, word(&rest));
    } else {
        return option_kind(s, name, line);
    }
    return true;
}

/* Teams: ID NAME [< PARENT-ID] -------------------------------------------------------------------------------------------------- */

static bool team_line(struct scenario *s, struct str line)
{
    struct str id = word(&line), parent = { NULL, 0 };
    const char *in = memchr(line.p, '<', line.n);
    if (in) {
        parent = str_trim((struct str){ in + 1, line.n - (size_t)(in + 1 - line.p) });
        line.n = (size_t)(in - line.p);
    }
    return refs_add(&s->refs, REF_TEAM, id, str_trim(line), parent) || bad(s, "bad team");
}

/* Tables ---------------------------------------------------------------------------------------------------------------------- */

static bool table_line(struct scenario *s, struct table_text *t, struct str line)
{
    struct str *cell = t->n_head ? t->cell[t->n] : t->head;
    size_t n = 0;
    for (size_t from = 0, i = 0; i <= line.n; i++) {
        if (i < line.n && line.p[i] != '|')
            continue;
        if (n == CELLS_MAX || t->n == ROWS_MAX)
            return bad(s, "table too large");
        cell[n++] = str_trim((struct str){ line.p + from, i - from });
        from = i + 1;
    }
    if (!t->n_head) {
        t->n_head = n;
        return true;
    }
    t->n++;
    return n == t->n_head || bad(s, "line '%.*s' has %zu cells, the header %zu", STR_ARG(line), n, t->n_head);
}

static void defaults(struct scenario *s)
{
    s->options.absent = ABSENT_REPORT;
    s->options.vendor_kinds = (1U << CHANGE_KINDS) - 1;
    s->options.own_user = "";
    s->options.email_slot = -1;
    s->options.protected_keys = s->protected_keys;
    s->options.rejects_number = -1;
    s->options.rejects_percent = -1;
    for (unsigned k = 0; k < CHANGE_KINDS; k++) {
        s->options.action[k] = k != CHANGE_RETIRE;
        s->options.guard[k] = (struct guard){ .number = -1, .percent = -1 };
        s->options.accept[k] = -1;
    }
    s->proof = (struct plan_proof){ .feed_proven = true, .feed_whole = true, .roster = PROOF_ALL };
    refs_init(&s->refs);
}

enum section { NOWHERE, SCHEMA, OPTIONS, TEAMS, USERS, FEED, EXPECT };

static enum section section_of(struct str line)
{
    static const char *const name[] = { "", "schema:", "options:", "teams:", "users:", "feed:", "expect:" };
    for (size_t i = 1; i < array_len(name); i++)
        if (str_is(line, name[i]))
            return (enum section)i;
    return NOWHERE;
}

static bool default_schema_read(struct scenario *s)
{
    struct str text = STR(default_schema), line;
    while (next_line(&text, &line))
        if (!schema_line(s, line))
            return false;
    return true;
}

static bool section_line(struct scenario *s, enum section at, struct str line)
{
    switch (at) {
    case SCHEMA: return schema_line(s, line);
    case OPTIONS: return option_line(s, line);
    case TEAMS: return team_line(s, line);
    case USERS: return table_line(s, &s->users, line);
    case FEED: return table_line(s, &s->rows, line);
    default: return bad(s, "line in no section: '%.*s'", STR_ARG(line));
    }
}

bool scenario_read(struct scenario *s, struct str text)
{
    struct str rest = text, line;
    enum section at = NOWHERE;
    defaults(s);
    while (next_line(&rest, &line)) {
        line = str_trim(line);
        enum section begins = section_of(line);
        if (begins == EXPECT) {
            s->expected = rest;
            s->expected_at = text.n - rest.n;
            return s->schema.n || default_schema_read(s);
        }
        if (begins != NOWHERE)
            at = begins;
        else if (line.n && line.p[0] != '#' && !section_line(s, at, line))
            return false;
        if (begins > SCHEMA && !s->schema.n && !default_schema_read(s))
            return false;
    }
    return bad(s, "no 'expect:'");
}

void scenario_deinit(struct scenario *s)
{
    refs_deinit(&s->refs);
    arena_deinit(&s->arena);
}
