/* Small readers of text: times, spans, rates; canonical forms (the canonical form of a canonical form is
 * itself); what is shown is safe to show. */
#include "fuzz.h"
#include "rollcall/model.h"

static void times(struct str s)
{
    unix_us t;
    int64_t span;
    struct rate r, again;
    char text[40];
    if (time_parse_http(s, &t)) {
        time_rfc3339(text, t, true);
        claim(strlen(text) < 32);
    }
    if (time_parse_span(s, &span)) {
        claim(span >= 0);
        time_span(text, span);
    }
    if (rate_parse(s, &r)) {
        struct rates rates = { { r }, 1 };
        claim(r.calls > 0 && r.span_us > 0);
        claim(rate_parse(str_of(rate_text(text, &r)), &again) && again.calls == r.calls &&
              again.span_us == r.span_us);
        claim(rates_least_us(&rates, 1000, true) >= rates_least_us(&rates, 1000, false));
    }
}

static void canonical(struct str s, enum attr_type type)
{
    const struct attr a = { .type = type, .separator = ';' };
    struct buf once = BUF_INIT(ATTR_CANON_MAX), twice = BUF_INIT(ATTR_CANON_MAX);
    bool good = attr_canon(&a, s, &once);
    claim(good == (utf8_valid(s) && s.n <= ATTR_VALUE_MAX));
    if (good) {
        claim(!once.full && utf8_valid(buf_view(&once)));
        claim(attr_canon(&a, buf_view(&once), &twice));
        claim(str_eq(buf_view(&once), buf_view(&twice)));
    }
    buf_deinit(&once);
    buf_deinit(&twice);
}

static void shown(struct str s)
{
    struct buf out = BUF_INIT(SIZE_MAX), encoded = BUF_INIT(SIZE_MAX);
    printable(&out, s, 0);
    claim(utf8_valid(buf_view(&out)));
    for (size_t i = 0; i < out.n; i++)
        claim((unsigned char)out.p[i] >= ' ' && out.p[i] != 0x7f);
    buf_clear(&out);
    printable(&out, s, 20);
    claim(utf8_width(buf_view(&out)) <= 20);
    url_encode(&encoded, s);
    claim(encoded.n >= s.n && encoded.n <= 3 * s.n);
    buf_deinit(&out);
    buf_deinit(&encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    char *copy = piece_of((const char *)data, size);
    enum attr_type type = take(&in, ATTR_REFS + 1);
    struct str s = { copy + (size - in.n), in.n };
    times(s);
    canonical(s, type);
    shown(s);
    free(copy);
    return 0;
}
