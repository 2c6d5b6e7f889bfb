/* Digests: SHA-256 and HMAC-SHA-256 (libcrypto) where others verify or secrets are involved, SipHash-2-4 for
 * tables. */
#ifndef ROLLCALL_BASE_DIGEST_H
#define ROLLCALL_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "rollcall/base/text.h"

#define SHA256_BYTES 32
#define SHA256_HEX 65 /* with the NUL */

struct sha256 {
    void *ctx; /* owned */
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, unsigned char out[SHA256_BYTES]); /* also releases */
void sha256_abort(struct sha256 *s); /* release without a result; fine after end */
void sha256_of(struct str s, unsigned char out[SHA256_BYTES]);
void sha256_hex(const unsigned char d[SHA256_BYTES], char out[SHA256_HEX]); /* lower case */
void hmac_sha256(struct str key, struct str text, unsigned char out[SHA256_BYTES]);

/* Keyed, for hash tables and key digests; `key` is chosen once a run so that no feed can be written against
 * it. */
struct hash_key {
    uint64_t k0, k1;
};
uint64_t hash64(const struct hash_key *key, const void *p, size_t n);

#endif
