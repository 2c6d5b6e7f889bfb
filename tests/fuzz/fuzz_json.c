/* The streaming reader: however a document is cut, its tokens and its verdict are the same; depths fit, texts
 * are UTF-8, and every verdict but a good one has words. */
#include "fuzz.h"

struct parse {
    struct jsonread *json;
    struct sha256 tokens;
    unsigned open;
    enum json_result result;
};

static bool token(void *ctx, enum json_kind kind, unsigned depth, struct str text)
{
    struct parse *p = ctx;
    claim(depth <= JSON_DEPTH_MAX && text.n <= JSON_TEXT_MAX && utf8_valid(text));
    if (kind == JR_OBJECT_END || kind == JR_ARRAY_END)
        p->open--;
    claim(depth == p->open);
    if (kind == JR_OBJECT || kind == JR_ARRAY)
        p->open++;
    sha256_add(&p->tokens, &kind, sizeof kind);
    sha256_add(&p->tokens, &text.n, sizeof text.n);
    sha256_add(&p->tokens, text.p, text.n);
    return true;
}

static bool give(void *ctx, const char *p, size_t n)
{
    struct parse *parse = ctx;
    parse->result = jsonread_bytes(parse->json, p, n);
    return parse->result == JR_OK;
}

static enum json_result parse(struct str text, uint64_t seed, unsigned char digest[SHA256_BYTES])
{
    struct parse p = { .result = JR_OK };
    sha256_init(&p.tokens);
    p.json = jsonread_new(token, &p);
    in_pieces(text, seed, give, &p);
    enum json_result r = jsonread_end(p.json);
    claim(p.result == JR_OK || r == p.result);
    claim((r == JR_BAD) == (jsonread_why(p.json)[0] != '\0'));
    claim(r != JR_OK || p.open == 0);
    jsonread_free(p.json);
    sha256_end(&p.tokens, digest);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char a[SHA256_BYTES], b[SHA256_BYTES];
    struct input in = { data, size };
    uint64_t seed = take(&in, 255) + 1;
    struct str text = rest(&in);
    enum json_result whole = parse(text, 0, a), cut = parse(text, seed, b);
    claim(whole == cut);
    claim(whole != JR_OK || memcmp(a, b, sizeof a) == 0);
    return 0;
}
