#include "rollcall/base/digest.h"

#include <endian.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "mem_internal.h"

/* With a fixed algorithm libcrypto fails only for want of memory. */
static void must(int result)
{
    if (result != 1)
        out_of_memory();
}

void sha256_init(struct sha256 *s)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(ctx != NULL);
    must(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL));
    s->ctx = ctx;
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
    must(EVP_DigestUpdate(s->ctx, p, n));
}

void sha256_end(struct sha256 *s, unsigned char out[SHA256_BYTES])
{
    must(EVP_DigestFinal_ex(s->ctx, out, NULL));
    sha256_abort(s);
}

void sha256_abort(struct sha256 *s)
{
    EVP_MD_CTX_free(s->ctx);
    s->ctx = NULL;
}

void sha256_of(struct str s, unsigned char out[SHA256_BYTES])
{
    must(EVP_Digest(s.p ? s.p : "", s.n, out, NULL, EVP_sha256(), NULL));
}

void sha256_hex(const unsigned char d[SHA256_BYTES], char out[SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        out[2 * i] = digits[d[i] >> 4];
        out[2 * i + 1] = digits[d[i] & 15];
    }
    out[SHA256_HEX - 1] = '\0';
}

void hmac_sha256(struct str key, struct str text, unsigned char out[SHA256_BYTES])
{
    if (key.n > INT32_MAX) /* libcrypto counts a key's bytes in an int; no secret is that long */
        out_of_memory();
    const unsigned char *bytes = (const unsigned char *)(text.p ? text.p : "");
    must(HMAC(EVP_sha256(), key.p ? key.p : "", (int)key.n, bytes, text.n, out, NULL) != NULL);
}

static inline uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v0 = rotl(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v2 = rotl(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

uint64_t hash64(const struct hash_key *key, const void *p, size_t n)
{
    struct sip s = {
        key->k0 ^ UINT64_C(0x736f6d6570736575),
        key->k1 ^ UINT64_C(0x646f72616e646f6d),
        key->k0 ^ UINT64_C(0x6c7967656e657261),
        key->k1 ^ UINT64_C(0x7465646279746573),
    };
    const unsigned char *u = p;
    size_t left = n;
    for (; left >= 8; left -= 8, u += 8) {
        uint64_t word;
        memcpy(&word, u, 8);
        sip_word(&s, le64toh(word));
    }
    uint64_t last = 0;
    if (left)
        memcpy(&last, u, left);
    sip_word(&s, le64toh(last) | (uint64_t)n << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
