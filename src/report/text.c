/* Text for people: safe, counted, shortened. */
#include <string.h>

#include "report_internal.h"

const enum change_kind kinds_shown[CHANGE_KINDS] = { CHANGE_CREATE,     CHANGE_UPDATE,   CHANGE_MANAGER,
                                                     CHANGE_MEMBERSHIP, CHANGE_ACTIVATE, CHANGE_DEACTIVATE,
                                                     CHANGE_RETIRE };

const char *const kind_mark[CHANGE_KINDS] = {
    [CHANGE_CREATE] = "+",     [CHANGE_ACTIVATE] = "^",   [CHANGE_UPDATE] = "~", [CHANGE_MANAGER] = ">",
    [CHANGE_MEMBERSHIP] = ">", [CHANGE_DEACTIVATE] = "-", [CHANGE_RETIRE] = "x",
};

const char *const kind_plural[CHANGE_KINDS] = {
    [CHANGE_CREATE] = "creates",         [CHANGE_ACTIVATE] = "activations",
    [CHANGE_UPDATE] = "updates",         [CHANGE_MANAGER] = "manager moves",
    [CHANGE_MEMBERSHIP] = "memberships", [CHANGE_DEACTIVATE] = "deactivations",
    [CHANGE_RETIRE] = "retirements",
};

const char *const hold_words[HOLDS] = {
    [HOLD_NONE] = "none",
    [HOLD_ACTION_OFF] = "switched off",
    [HOLD_PROTECTED] = "protected",
    [HOLD_NO_PROOF] = "no proof",
    [HOLD_GUARD] = "guard",
    [HOLD_UNKNOWN_MANAGER] = "unknown manager",
    [HOLD_OWN_MANAGER] = "own manager",
    [HOLD_LEAVING_MANAGER] = "leaving manager",
    [HOLD_CYCLE] = "cycle",
    [HOLD_INACTIVE_MANAGER] = "inactive manager",
    [HOLD_UNKNOWN_REF] = "unknown name",
    [HOLD_AMBIGUOUS_REF] = "ambiguous name",
    [HOLD_READ_ONLY] = "read only",
    [HOLD_NEED] = "need",
    [HOLD_SEATS] = "seats",
};

const char *const outcome_words[OUTCOMES] = {
    [OUTCOME_NONE] = "not tried",        [OUTCOME_APPLIED] = "applied",
    [OUTCOME_ALREADY] = "already",       [OUTCOME_FAILED] = "failed",
    [OUTCOME_STALE] = "stale",           [OUTCOME_WITHHELD] = "withheld",
    [OUTCOME_UNRESOLVED] = "unresolved", [OUTCOME_NOT_VISIBLE] = "not visible",
};

void put_text(struct buf *out, struct str text)
{
    printable(out, text, 0);
}

void put_shown(struct buf *out, struct str text)
{
    while (text.n > 0) {
        const char *slash = memchr(text.p, '\\', text.n);
        size_t n = slash ? (size_t)(slash - text.p) : text.n;
        printable(out, (struct str){ text.p, n }, 0);
        if (slash)
            buf_putc(out, '\\');
        n += slash != NULL;
        text = (struct str){ text.p + n, text.n - n };
    }
}

void put_line(struct buf *out, const char *before, struct str shown)
{
    buf_puts(out, before);
    put_shown(out, shown);
    buf_putc(out, '\n');
}

void put_spaces(struct buf *out, size_t n)
{
    while (n-- > 0)
        buf_putc(out, ' ');
}

/* Bytes of the longest beginning that takes no more than so many columns. */
static size_t fitting(struct str s, size_t columns)
{
    size_t n = 0, used = 0;
    while (n < s.n) {
        size_t next = n + 1;
        while (next < s.n && ((unsigned char)s.p[next] & 0xc0) == 0x80)
            next++;
        used += utf8_width((struct str){ s.p + n, next - n });
        if (used > columns)
            break;
        n = next;
    }
    return n;
}

void put_cut(struct buf *out, struct str shown, size_t columns)
{
    if (utf8_width(shown) <= columns) {
        buf_str(out, shown);
        return;
    }
    size_t dots = columns < 3 ? columns : 3;
    buf_str(out, (struct str){ shown.p, fitting(shown, columns - dots) });
    buf_add(out, "...", dots);
}

void put_brief(struct buf *out, struct str pattern)
{
    static const char dots[] = "urn:...:";
    size_t last = 0, before = 0;
    for (size_t i = 0; str_starts(pattern, STR("urn:")) && i < pattern.n && pattern.p[i] != ' '; i++) {
        if (pattern.p[i] == ':') {
            before = last;
            last = i;
        }
    }
    if (before < sizeof dots) {
        put_shown(out, pattern);
        return;
    }
    buf_puts(out, dots);
    put_shown(out, (struct str){ pattern.p + before + 1, pattern.n - before - 1 });
}

#define ARROW "' -> '"
#define VALUE_LEAST 6 /* columns of a value below which nothing can be told from it */

void put_pattern(struct buf *out, struct str shown, size_t columns)
{
    const char *arrow = shown.n ? memmem(shown.p, shown.n, ARROW, sizeof ARROW - 1) : NULL;
    const char *quote = arrow ? memchr(shown.p, '\'', (size_t)(arrow - shown.p)) : NULL;
    size_t head = quote ? utf8_width((struct str){ shown.p, (size_t)(quote - shown.p) }) : 0;
    size_t around = head + 1 + sizeof ARROW - 1 + 1;
    if (utf8_width(shown) <= columns || !quote || shown.p[shown.n - 1] != '\'' ||
        columns < around + 2 * VALUE_LEAST) {
        put_cut(out, shown, columns);
        return;
    }
    struct str before = { quote + 1, (size_t)(arrow - quote - 1) };
    struct str after = { arrow + sizeof ARROW - 1, 0 };
    after.n = (size_t)(shown.p + shown.n - 1 - after.p);
    size_t room = columns - around, wide[2] = { utf8_width(before), utf8_width(after) }, half = room / 2;
    size_t first = wide[0] <= half ? wide[0] : wide[1] <= half ? room - wide[1] : half;
    buf_str(out, (struct str){ shown.p, (size_t)(quote + 1 - shown.p) });
    put_cut(out, before, first);
    buf_puts(out, ARROW);
    put_cut(out, after, room - first);
    buf_putc(out, '\'');
}

void put_count(struct buf *out, int64_t n)
{
    char text[28];
    buf_puts(out, text_count(text, n));
}

void put_counted(struct buf *out, int64_t n, const char *one, const char *many)
{
    put_count(out, n);
    buf_putc(out, ' ');
    buf_puts(out, n == 1 ? one : many);
}

struct str hold_why(enum hold hold, struct str why)
{
    struct str word = str_of(hold_words[hold]);
    if (str_starts(why, word) && why.n > word.n + 2 && memcmp(why.p + word.n, ": ", 2) == 0)
        return (struct str){ why.p + word.n + 2, why.n - word.n - 2 };
    return why;
}

void put_hold(struct buf *out, enum hold hold, struct str why)
{
    buf_puts(out, hold_words[hold]);
    if (!why.n)
        return;
    buf_puts(out, ": ");
    put_shown(out, hold_why(hold, why));
}
