/* Requests as values. */
#include <string.h>

#include "rollcall/model.h"

void request_init(struct request *r)
{
    *r = (struct request){ .arena = ARENA_INIT };
}

/* Freed memory is handed out again, to whoever logs next. The text is the arena's, which is ours: casting
 * const away is right. */
static void wipe_secrets(struct request *r)
{
    for (size_t i = 0; i < r->n_headers; i++)
        if (r->header[i].secret && r->header[i].value.n)
            explicit_bzero((char *)(uintptr_t)r->header[i].value.p, r->header[i].value.n);
}

void request_deinit(struct request *r)
{
    wipe_secrets(r);
    arena_deinit(&r->arena);
    request_init(r);
}

void request_clear(struct request *r)
{
    wipe_secrets(r);
    struct arena arena = r->arena;
    arena_clear(&arena);
    *r = (struct request){ .arena = arena };
}

static bool fits_a_header(struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool request_header(struct request *r, const char *name, struct str value, bool secret)
{
    if (!fits_a_header(value))
        return false;
    if (r->n_headers == REQUEST_HEADERS_MAX)
        abort();
    struct str copy = { arena_z(&r->arena, value), value.n };
    r->header[r->n_headers++] = (struct header){ .name = name, .value = copy, .secret = secret };
    return true;
}

static bool unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void url_encode(struct buf *out, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char triple[3] = { '%', hex[c >> 4], hex[c & 15] };
        if (unreserved(s.p[i]))
            buf_putc(out, s.p[i]);
        else
            buf_add(out, triple, sizeof(triple));
    }
}
