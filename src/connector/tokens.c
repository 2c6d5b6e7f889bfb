#include "tokens.h"

bool json_is_scalar(enum json_kind kind)
{
    return kind == JR_NULL || kind == JR_FALSE || kind == JR_TRUE || kind == JR_NUMBER || kind == JR_STRING;
}

struct str json_scalar(enum json_kind kind, struct str text)
{
    switch (kind) {
    case JR_FALSE: return STR("false");
    case JR_TRUE: return STR("true");
    case JR_NUMBER:
    case JR_STRING: return text;
    default: return (struct str){ 0 };
    }
}
