/* Times as text. The calendar is reckoned here: the C library's functions ask the environment for a time
 * zone. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rollcall/base/clock.h"
#include "rollcall/base/mem.h"

#define SPAN_MAX_US (36500 * DAY_US) /* a hundred years; far enough from overflow to be added to any date */

struct civil {
    int64_t year;
    int month, day, hour, minute, second; /* month 1-12 */
};

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March so that the leap day is the
 * last (Howard Hinnant's days_from_civil). */
static int64_t days_of(int64_t year, int month, int day)
{
    if (month <= 2)
        year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_of(int64_t seconds)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;
    struct civil c = {
        .year = year_of_era + era * 400 + (from_march >= 10),
        .month = (int)(from_march < 10 ? from_march + 3 : from_march - 9),
        .day = (int)(day_of_year - (153 * from_march + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
    };
    return c;
}

char *time_rfc3339(char out[32], unix_us t, bool with_us)
{
    int64_t seconds = t / SECOND_US, us = t % SECOND_US;
    if (us < 0) {
        us += SECOND_US;
        seconds--;
    }
    struct civil c = civil_of(seconds);
    int n = snprintf(out, 32, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                     c.minute, c.second);
    size_t at = n > 0 && n < 32 ? (size_t)n : 0;
    if (with_us)
        snprintf(out + at, 32 - at, ".%06" PRId64 "Z", us);
    else
        snprintf(out + at, 32 - at, "Z");
    return out;
}

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const days_short[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
static const char *const days_long[] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
                                         "Friday", "Saturday", "Sunday" };

/* The readers below take what they read off the front of `s`. */
static bool read_word(struct str *s, const char *const *words, size_t n, int *index)
{
    for (size_t i = 0; i < n; i++) {
        struct str word = str_of(words[i]);
        if (str_starts(*s, word)) {
            s->p += word.n;
            s->n -= word.n;
            *index = (int)i;
            return true;
        }
    }
    return false;
}

static bool read_literal(struct str *s, const char *literal)
{
    int index;
    return read_word(s, &literal, 1, &index);
}

static bool read_digits(struct str *s, size_t digits, int *out)
{
    int value = 0;
    if (s->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        value = value * 10 + (s->p[i] - '0');
    }
    s->p += digits;
    s->n -= digits;
    *out = value;
    return true;
}

static bool read_clock(struct str *s, struct civil *c)
{
    return read_digits(s, 2, &c->hour) && read_literal(s, ":") && read_digits(s, 2, &c->minute) &&
           read_literal(s, ":") && read_digits(s, 2, &c->second);
}

static bool read_year(struct str *s, size_t digits, struct civil *c)
{
    int year;
    if (!read_digits(s, digits, &year))
        return false;
    c->year = year;
    return true;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool imf_fixdate(struct str s, struct civil *c)
{
    int weekday;
    return read_word(&s, days_short, array_len(days_short), &weekday) && read_literal(&s, ", ") &&
           read_digits(&s, 2, &c->day) && read_literal(&s, " ") &&
           read_word(&s, months, array_len(months), &c->month) && read_literal(&s, " ") &&
           read_year(&s, 4, c) && read_literal(&s, " ") && read_clock(&s, c) && read_literal(&s, " GMT") &&
           s.n == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT. The century: RFC 9110 would ask the clock; a fixed pivot serves until 2070.
 */
static bool rfc850_date(struct str s, struct civil *c)
{
    int weekday;
    bool good = read_word(&s, days_long, array_len(days_long), &weekday) && read_literal(&s, ", ") &&
                read_digits(&s, 2, &c->day) && read_literal(&s, "-") &&
                read_word(&s, months, array_len(months), &c->month) && read_literal(&s, "-") &&
                read_year(&s, 2, c) && read_literal(&s, " ") && read_clock(&s, c) &&
                read_literal(&s, " GMT") && s.n == 0;
    c->year += c->year < 70 ? 2000 : 1900;
    return good;
}

/* Sun Nov  6 08:49:37 1994 */
static bool asctime_date(struct str s, struct civil *c)
{
    int weekday;
    return read_word(&s, days_short, array_len(days_short), &weekday) && read_literal(&s, " ") &&
           read_word(&s, months, array_len(months), &c->month) && read_literal(&s, " ") &&
           (read_literal(&s, " ") ? read_digits(&s, 1, &c->day) : read_digits(&s, 2, &c->day)) &&
           read_literal(&s, " ") && read_clock(&s, c) && read_literal(&s, " ") && read_year(&s, 4, c) &&
           s.n == 0;
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool time_parse_http(struct str s, unix_us *out)
{
    struct civil c = { 0 };
    if (!imf_fixdate(s, &c) && !rfc850_date(s, &c) && !asctime_date(s, &c))
        return false;
    c.month++;
    /* A leap second (:60) counts as the second after it. */
    if (c.day < 1 || c.day > days_in_month(c.year, c.month) || c.hour > 23 || c.minute > 59 || c.second > 60)
        return false;
    int64_t days = days_of(c.year, c.month, c.day);
    *out = (((days * 24 + c.hour) * 60 + c.minute) * 60 + c.second) * SECOND_US;
    return true;
}

struct unit {
    const char *name;
    int64_t us;
};

static const struct unit shown_units[] = {
    { "d", DAY_US }, { "h", HOUR_US }, { "min", MINUTE_US }, { "s", SECOND_US }
};

char *time_span(char out[32], int64_t us)
{
    const char *sign = us < 0 ? "-" : "";
    uint64_t left = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    if (left == 0) {
        snprintf(out, 32, "0 s");
        return out;
    }
    if (left < 950000) {
        if (left >= 95000)
            snprintf(out, 32, "%s0.%" PRIu64 " s", sign, (left + 50000) / 100000);
        else
            snprintf(out, 32, "%s%" PRIu64 " ms", sign, (left + 999) / 1000);
        return out;
    }
    size_t last = array_len(shown_units) - 1;
    left = (left + SECOND_US / 2) / SECOND_US;
    /* Rounded to the smaller unit that will be shown; rounding up may make a larger unit full, so the largest
     * is looked for again. */
    size_t first = last;
    for (size_t i = last + 1; i-- > 0;) {
        uint64_t unit = (uint64_t)(shown_units[i].us / SECOND_US);
        uint64_t smaller = i < last ? (uint64_t)(shown_units[i + 1].us / SECOND_US) : 1;
        if (left < unit)
            break;
        left = (left + smaller / 2) / smaller * smaller;
        first = i;
    }
    uint64_t unit = (uint64_t)(shown_units[first].us / SECOND_US);
    uint64_t rest = left % unit;
    int n = snprintf(out, 32, "%s%" PRIu64 " %s", sign, left / unit, shown_units[first].name);
    if (rest && n > 0 && n < 32) {
        uint64_t smaller = (uint64_t)(shown_units[first + 1].us / SECOND_US);
        snprintf(out + n, 32 - (size_t)n, " %" PRIu64 " %s", rest / smaller, shown_units[first + 1].name);
    }
    return out;
}

bool time_parse_span(struct str s, int64_t *us)
{
    static const struct unit units[] = {
        { "ms", 1000 },   { "s", SECOND_US }, { "min", MINUTE_US },
        { "h", HOUR_US }, { "d", DAY_US },    { "", SECOND_US },
    };
    size_t digits = 0;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    int64_t count;
    if (!str_to_i64((struct str){ s.p, digits }, &count))
        return false;
    struct str name = { s.p + digits, s.n - digits };
    for (size_t i = 0; i < array_len(units); i++) {
        if (!str_is(name, units[i].name))
            continue;
        int64_t span;
        if (__builtin_mul_overflow(count, units[i].us, &span) || span > SPAN_MAX_US)
            return false;
        *us = span;
        return true;
    }
    return false;
}
