/* Tokens of streamed answers, as every vendor's reader takes them. */
#ifndef CONNECTOR_TOKENS_H
#define CONNECTOR_TOKENS_H

#include "rollcall/base.h"

bool json_is_scalar(enum json_kind kind);
/* A scalar as text: "true", "false", numbers as written; null is {NULL,0}. */
struct str json_scalar(enum json_kind kind, struct str text);

#endif
