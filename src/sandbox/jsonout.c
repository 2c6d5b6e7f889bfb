#include "jsonout.h"

#include <stdio.h>
#include <string.h>

static void lead(struct jsonout *j)
{
    if (j->comma)
        buf_byte(j->out, ',');
    j->comma = true;
}

static void begin(struct jsonout *j, char c)
{
    lead(j);
    buf_byte(j->out, c);
    j->comma = false;
}

static void end(struct jsonout *j, char c)
{
    buf_byte(j->out, c);
    j->comma = true;
}

void jo_object(struct jsonout *j)
{
    begin(j, '{');
}

void jo_object_end(struct jsonout *j)
{
    end(j, '}');
}

void jo_array(struct jsonout *j)
{
    begin(j, '[');
}

void jo_array_end(struct jsonout *j)
{
    end(j, ']');
}

static void quoted(struct buf *out, const char *text, size_t len)
{
    size_t plain = 0;

    buf_byte(out, '"');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, text + plain, i - plain);
        plain = i + 1;
        if (c == '"' || c == '\\') {
            buf_byte(out, '\\');
            buf_byte(out, (char)c);
        } else {
            buf_printf(out, "\\u%04x", (unsigned)c);
        }
    }
    buf_add(out, text + plain, len - plain);
    buf_byte(out, '"');
}

void jo_key(struct jsonout *j, const char *key)
{
    lead(j);
    quoted(j->out, key, strlen(key));
    buf_byte(j->out, ':');
    j->comma = false;
}

void jo_text_n(struct jsonout *j, const char *text, size_t len)
{
    lead(j);
    quoted(j->out, text, len);
}

void jo_text(struct jsonout *j, const char *text)
{
    jo_text_n(j, text, strlen(text));
}

void jo_int(struct jsonout *j, int64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)value);

    lead(j);
    buf_add(j->out, digits, (size_t)n);
}

void jo_bool(struct jsonout *j, bool value)
{
    lead(j);
    buf_str(j->out, value ? "true" : "false");
}

void jo_null(struct jsonout *j)
{
    lead(j);
    buf_str(j->out, "null");
}

void jo_raw(struct jsonout *j, const char *text, size_t len)
{
    lead(j);
    buf_add(j->out, text, len);
}

void jo_pair(struct jsonout *j, const char *key, const char *text)
{
    jo_key(j, key);
    if (text)
        jo_text(j, text);
    else
        jo_null(j);
}

void jo_pair_int(struct jsonout *j, const char *key, int64_t value)
{
    jo_key(j, key);
    jo_int(j, value);
}

void jo_pair_bool(struct jsonout *j, const char *key, bool value)
{
    jo_key(j, key);
    jo_bool(j, value);
}
