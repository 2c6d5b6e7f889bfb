#include "say.h"

#include <stdarg.h>
#include <string.h>

#define VENDOR_COLUMNS 200 /* shown of a text of the vendor's */

void say_cut(char *out, size_t cap, struct str s)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

void say_text(char *out, size_t cap, const char *fmt, ...)
{
    char line[2048];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    say_cut(out, cap, str_of(line));
}

void say_words(const struct conn_config *config, const struct secret *session, struct str words,
               struct buf *out)
{
    struct buf clean = BUF_INIT(16384);
    const struct secret *keys[CONN_CREDENTIALS_MAX + 1];
    size_t n = 0;
    if (session && session->n > 0)
        keys[n++] = session;
    for (size_t i = 0; i < CONN_CREDENTIALS_MAX; i++)
        if (config->credential[i])
            keys[n++] = config->credential[i];
    secret_scrub(keys, n, words, &clean);
    printable(out, buf_view(&clean), VENDOR_COLUMNS);
    buf_deinit(&clean);
}

bool judged_transport(const struct answer *a, struct judged *out)
{
    if (a->sent == SENT_ANSWERED)
        return false;
    struct buf detail = BUF_INIT(2048);
    *out = (struct judged){ .fault = a->sent == SENT_NOT ? FAULT_NOT_SENT : FAULT_LOST, .wait_us = -1 };
    printable(&detail, str_of(a->detail), VENDOR_COLUMNS);
    say_text(out->text, sizeof(out->text), "%s: %s%s%s",
             out->fault == FAULT_NOT_SENT ? "not sent" : "sent, but no whole answer",
             transport_error_name[a->error], detail.n ? ": " : "", detail.n ? detail.p : "");
    buf_deinit(&detail);
    return true;
}
