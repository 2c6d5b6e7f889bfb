#include "rollcall/base/digest.h"

#include "rollcall/base/mem.h"
#include "unit.h"

static void assert_hex(const unsigned char d[SHA256_BYTES], const char *want)
{
    char hex[SHA256_HEX];
    sha256_hex(d, hex);
    ck_assert_str_eq(hex, want);
}

/* FIPS 180-4 examples. */
START_TEST(sha256_known_answers)
{
    unsigned char d[SHA256_BYTES];
    sha256_of(STR("abc"), d);
    assert_hex(d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_of(STR(""), d);
    assert_hex(d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_of((struct str){ NULL, 0 }, d);
    assert_hex(d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(sha256_in_pieces)
{
    unsigned char d[SHA256_BYTES];
    struct sha256 s;
    sha256_init(&s);
    for (int i = 0; i < 1000000; i += 1000) {
        char as[1000];
        memset(as, 'a', sizeof(as));
        sha256_add(&s, as, 7);
        sha256_add(&s, as, 993);
    }
    sha256_end(&s, d);
    assert_hex(d, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    sha256_abort(&s);
    sha256_init(&s);
    sha256_abort(&s);
    sha256_abort(&s);
}
END_TEST

/* RFC 4231, cases 1, 2 and 6. */
START_TEST(hmac_known_answers)
{
    unsigned char d[SHA256_BYTES];
    char key[131];
    memset(key, 0x0b, 20);
    hmac_sha256((struct str){ key, 20 }, STR("Hi There"), d);
    assert_hex(d, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), d);
    assert_hex(d, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    hmac_sha256((struct str){ key, sizeof(key) },
                STR("Test Using Larger Than Block-Size Key - Hash Key First"), d);
    assert_hex(d, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hmac_sha256((struct str){ NULL, 0 }, (struct str){ NULL, 0 }, d);
    assert_hex(d, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
END_TEST

/* The authors' test vectors: key 00 01 .. 0f, input 00 01 .. of each length. */
START_TEST(siphash_known_answers)
{
    static const struct hash_key key = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
    static const struct {
        size_t n;
        uint64_t want;
    } cases[] = {
        { 0, UINT64_C(0x726fdb47dd0e0e31) },  { 1, UINT64_C(0x74f839c593dc67fd) },
        { 2, UINT64_C(0x0d6c8009d9a94f5a) },  { 7, UINT64_C(0xab0200f58b01d137) },
        { 8, UINT64_C(0x93f5f5799a932462) },  { 15, UINT64_C(0xa129ca6149be45e5) },
        { 16, UINT64_C(0x3f2acc7f57c29bdb) }, { 63, UINT64_C(0x958a324ceb064572) },
    };
    unsigned char in[64];
    for (unsigned i = 0; i < 64; i++)
        in[i] = (unsigned char)i;
    for (size_t i = 0; i < array_len(cases); i++)
        ck_assert_uint_eq(hash64(&key, in, cases[i].n), cases[i].want);
    ck_assert_uint_eq(hash64(&key, NULL, 0), cases[0].want);
}
END_TEST

START_TEST(hash_depends_on_key_length_and_every_byte)
{
    struct hash_key a = { 1, 2 }, b = { 1, 3 };
    char text[41] = "0123456789012345678901234567890123456789";
    ck_assert_uint_ne(hash64(&a, text, 40), hash64(&b, text, 40));
    for (size_t n = 0; n < 40; n++)
        ck_assert_uint_ne(hash64(&a, text, n), hash64(&a, text, n + 1));
    uint64_t whole = hash64(&a, text, 40);
    for (size_t i = 0; i < 40; i++) {
        text[i] ^= 1;
        ck_assert_uint_ne(hash64(&a, text, 40), whole);
        text[i] ^= 1;
    }
    ck_assert_uint_eq(hash64(&a, text, 40), whole);
}
END_TEST

UNIT("base_digest", sha256_known_answers, sha256_in_pieces, hmac_known_answers, siphash_known_answers,
     hash_depends_on_key_length_and_every_byte)
