/* Logging in: what token.c and request.c share. */
#ifndef SCIM_TOKEN_H
#define SCIM_TOKEN_H

#include "scim_internal.h"

struct str scim_credential(const struct conn *c, enum scim_credential which); /* "" when not given */
struct str scim_token_value(const struct conn *c);                            /* "" while there is none */
const struct secret *scim_token_secret(
    const struct conn *c); /* NULL, or perhaps empty, while there is none */
void scim_token_free(struct conn *c);
void scim_request_begin(const struct conn *c, struct request *out, enum scim_call call,
                        enum http_method method);
void scim_basic(struct request *out, struct str user, struct str password); /* RFC 7617 */

#endif
