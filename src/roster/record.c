/* The packed record of one user. */
#include <assert.h>
#include <string.h>

#include "roster_internal.h"

enum {
    FLAG_STATE = 3,
    FLAG_ADMINISTRATOR = 4,
    FLAG_GUID = 8,
    SLOT_BITS = 0x3f,
    SLOT_SHOWN_DIFFERS = 0x80,
};

_Static_assert(SCHEMA_MAX <= SLOT_BITS + 1, "a slot has six bits");
_Static_assert(USER_STATES <= FLAG_STATE + 1, "a state has two bits");
_Static_assert(ROSTER_USER_MAX < UINT32_MAX, "lengths are read into 32 bits");

static void put_text(struct buf *out, struct str s)
{
    size_t n = s.n;
    for (; n > 0x7f; n >>= 7)
        buf_putc(out, (char)(0x80 | (n & 0x7f)));
    buf_putc(out, (char)n);
    buf_str(out, s);
}

static struct str get_text(const unsigned char **p)
{
    size_t n = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char c = *(*p)++;
        n |= (size_t)(c & 0x7f) << shift;
        if (!(c & 0x80))
            break;
    }
    struct str s = { (const char *)*p, n };
    *p += n;
    return s;
}

static bool put_value(const struct attr *a, size_t slot, struct str text, struct buf *canon, struct buf *out)
{
    buf_clear(canon);
    if (!attr_canon(a, text, canon) || canon->full)
        return false;
    bool differs = !str_eq(buf_view(canon), text);
    buf_putc(out, (char)(slot | (differs ? SLOT_SHOWN_DIFFERS : 0)));
    put_text(out, buf_view(canon));
    if (differs)
        put_text(out, text);
    return true;
}

static bool id_good(struct str id)
{
    return id.n <= ROSTER_ID_MAX && utf8_valid(id);
}

bool record_pack(const struct schema *schema, const struct user *u, struct buf *canon, struct buf *out)
{
    char digits[GUID_DIGITS];
    size_t count = 0;
    if (!u->id.n || !id_good(u->id) || !id_good(u->manager_id))
        return false;
    for (size_t slot = 0; slot < schema->n; slot++)
        count += u->text[slot].n > 0;
    buf_clear(out);
    buf_putc(out, (char)((unsigned)u->state | (u->administrator ? FLAG_ADMINISTRATOR : 0) |
                         (attr_guid(u->id, digits) ? FLAG_GUID : 0)));
    put_text(out, u->id);
    put_text(out, u->manager_id);
    buf_putc(out, (char)count);
    for (size_t slot = 0; slot < schema->n; slot++)
        if (u->text[slot].n && !put_value(&schema->attr[slot], slot, u->text[slot], canon, out))
            return false;
    return !out->full;
}

enum user_state record_state(record rec)
{
    return (enum user_state)(rec[0] & FLAG_STATE);
}

bool record_administrator(record rec)
{
    return rec[0] & FLAG_ADMINISTRATOR;
}

struct str record_id(record rec)
{
    rec++;
    return get_text(&rec);
}

struct str record_manager(record rec)
{
    rec++;
    get_text(&rec);
    return get_text(&rec);
}

struct str record_value(record rec, size_t slot, enum record_form form)
{
    rec++;
    get_text(&rec);
    get_text(&rec);
    for (unsigned count = *rec++; count > 0; count--) {
        unsigned char head = *rec++;
        struct str canon = get_text(&rec);
        struct str shown = head & SLOT_SHOWN_DIFFERS ? get_text(&rec) : canon;
        if ((head & SLOT_BITS) == slot)
            return form == FORM_CANON ? canon : shown;
        if ((head & SLOT_BITS) > slot)
            break;
    }
    return (struct str){ NULL, 0 };
}

/* From behind the id to the end. */
static struct str after_id(record rec)
{
    rec++;
    get_text(&rec);
    const unsigned char *from = rec;
    get_text(&rec);
    for (unsigned count = *rec++; count > 0; count--) {
        unsigned char head = *rec++;
        get_text(&rec);
        if (head & SLOT_SHOWN_DIFFERS)
            get_text(&rec);
    }
    return (struct str){ (const char *)from, (size_t)(rec - from) };
}

size_t record_size(record rec)
{
    struct str rest = after_id(rec);
    return (size_t)((const unsigned char *)rest.p - rec) + rest.n;
}

bool record_same(record a, record b)
{
    return a[0] == b[0] && str_eq(after_id(a), after_id(b));
}

struct str id_key(struct str id, char digits[GUID_DIGITS])
{
    return attr_guid(id, digits) ? (struct str){ digits, GUID_DIGITS } : id;
}

struct str record_id_key(record rec, char digits[GUID_DIGITS])
{
    return rec[0] & FLAG_GUID ? id_key(record_id(rec), digits) : record_id(rec);
}
