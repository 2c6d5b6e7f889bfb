#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem_internal.h"
#include "rollcall/base/log.h"

static size_t whole_pages(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (n > SIZE_MAX - page)
        out_of_memory();
    return (n + page - 1) / page * page;
}

void secret_set(struct secret *s, struct str value)
{
    struct secret fresh = { 0 };
    if (value.n) {
        fresh.mapped = whole_pages(value.n + 1);
        fresh.p = mmap(NULL, fresh.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh.p == MAP_FAILED)
            out_of_memory();
        /* Both are a help where the system grants them, and no condition. */
        (void)madvise(fresh.p, fresh.mapped, MADV_DONTDUMP);
        (void)mlock(fresh.p, fresh.mapped);
        memcpy(fresh.p, value.p, value.n);
        fresh.n = value.n;
    }
    secret_deinit(s);
    *s = fresh;
}

void secret_deinit(struct secret *s)
{
    if (s->p) {
        explicit_bzero(s->p, s->mapped);
        munmap(s->p, s->mapped);
    }
    *s = (struct secret){ 0 };
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Length of what stands for the byte `want` at the front of `in`: itself, %XX, \uXXXX, or a backslash and
 * itself; 0 for none of them. */
static size_t spelled(struct str in, char want)
{
    if (in.n == 0)
        return 0;
    if (in.p[0] == '%' && in.n >= 3) {
        int high = hex_digit(in.p[1]), low = hex_digit(in.p[2]);
        if (high >= 0 && low >= 0 && (unsigned char)want == (unsigned)(high * 16 + low))
            return 3;
    }
    if (in.p[0] == '\\' && in.n >= 6 && in.p[1] == 'u' && in.p[2] == '0' && in.p[3] == '0') {
        int high = hex_digit(in.p[4]), low = hex_digit(in.p[5]);
        if (high >= 0 && low >= 0 && (unsigned char)want < 0x80 &&
            (unsigned char)want == (unsigned)(high * 16 + low))
            return 6;
    }
    if (in.p[0] == '\\' && in.n >= 2 && in.p[1] == want && (want == '"' || want == '/' || want == '\\'))
        return 2;
    if (in.p[0] == '+' && want == ' ')
        return 1;
    return in.p[0] == want ? 1 : 0;
}

/* A text that ends in the middle of a secret was cut there: so much of one is none by chance. */
#define CUT_MIN 8

static size_t match(const struct secret *s, struct str in)
{
    size_t at = 0;
    if (str_starts(in, (struct str){ s->p, s->n }))
        return s->n;
    for (size_t i = 0; i < s->n; i++) {
        size_t len = spelled((struct str){ in.p + at, in.n - at }, s->p[i]);
        if (!len)
            return at == in.n && i >= CUT_MIN ? at : 0;
        at += len;
    }
    return at;
}

void secret_scrub(const struct secret *const *secrets, size_t n, struct str in, struct buf *out)
{
    size_t kept = 0; /* start of what is not written yet */
    if (in.n == 0)
        return;
    for (size_t i = 0; i < in.n;) {
        size_t longest = 0;
        for (size_t k = 0; k < n; k++) {
            size_t len = match(secrets[k], (struct str){ in.p + i, in.n - i });
            longest = len > longest ? len : longest;
        }
        if (longest) {
            buf_add(out, in.p + kept, i - kept);
            buf_puts(out, "***");
            i += longest;
            kept = i;
        } else {
            i++;
        }
    }
    buf_add(out, in.p + kept, in.n - kept);
}
