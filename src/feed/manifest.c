/* A manifest: what another program says about the file it wrote. */
#include <jansson.h>
#include <string.h>

#include "feed_internal.h"

#define MANIFEST_MAX (64 * 1024)
#define WHY_MAX 200

static bool read_sha256(struct str s, char out[SHA256_HEX])
{
    if (s.n != SHA256_HEX - 1)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= 'A' && c <= 'F')
            c = (char)(c + ('a' - 'A'));
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        out[i] = c;
    }
    out[s.n] = '\0';
    return true;
}

/* "HASH  name" or "HASH *name", alone in its file. */
static bool sha256sum_line(struct str text, struct feed_options *out, char why[WHY_MAX])
{
    struct str line = str_trim(text);
    if (memchr(line.p, '\n', line.n)) {
        snprintf(why, WHY_MAX,
                 "it has several lines: exactly one of sha256sum(1), or a JSON object, is wanted");
        return false;
    }
    if (line.n && line.p[0] == '\\') /* sha256sum escapes the file's name then */
        line = (struct str){ line.p + 1, line.n - 1 };
    struct str hash = { line.p, line.n < SHA256_HEX - 1 ? line.n : SHA256_HEX - 1 };
    bool parted = line.n == hash.n || line.p[hash.n] == ' ' || line.p[hash.n] == '\t';
    if (parted && read_sha256(hash, out->manifest_sha256))
        return true;
    snprintf(why, WHY_MAX,
             "it is neither a JSON object with rows, bytes or sha256 nor a line of sha256sum(1)");
    return false;
}

/* A count under `name`: -1 when it is not there; false when it is something else. */
static bool json_count(const json_t *root, const char *name, int64_t *out, char why[WHY_MAX])
{
    const json_t *v = json_object_get(root, name);
    *out = -1;
    if (!v)
        return true;
    if (json_is_integer(v) && json_integer_value(v) >= 0) {
        *out = json_integer_value(v);
        return true;
    }
    snprintf(why, WHY_MAX, "\"%s\" is not a whole number", name);
    return false;
}

static bool json_manifest(const json_t *root, struct feed_options *out, char why[WHY_MAX])
{
    if (!json_is_object(root)) {
        snprintf(why, WHY_MAX, "it is JSON, but not an object");
        return false;
    }
    if (!json_count(root, "rows", &out->manifest_rows, why) ||
        !json_count(root, "bytes", &out->manifest_bytes, why))
        return false;
    const json_t *hash = json_object_get(root, "sha256");
    if (hash && !(json_is_string(hash) &&
                  read_sha256((struct str){ json_string_value(hash), json_string_length(hash) },
                              out->manifest_sha256))) {
        snprintf(why, WHY_MAX, "\"sha256\" is not 64 hexadecimal digits");
        return false;
    }
    if (out->manifest_rows < 0 && out->manifest_bytes < 0 && !hash) {
        snprintf(why, WHY_MAX, "it says none of \"rows\", \"bytes\" and \"sha256\"");
        return false;
    }
    return true;
}

bool feed_manifest(struct str text, struct feed_options *out, char why[WHY_MAX])
{
    out->manifest_rows = out->manifest_bytes = -1;
    out->manifest_sha256[0] = '\0';
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = (struct str){ text.p + 3, text.n - 3 };
    text = str_trim(text);
    if (text.n > MANIFEST_MAX) {
        snprintf(why, WHY_MAX, "it is larger than %d KiB", MANIFEST_MAX / 1024);
        return false;
    }
    if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '['))
        return sha256sum_line(text, out, why);
    json_error_t error;
    json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    bool good = root && json_manifest(root, out, why);
    if (!root)
        snprintf(why, WHY_MAX, "it is not JSON that can be read (line %d, column %d)", error.line,
                 error.column);
    json_decref(root);
    if (!good) {
        out->manifest_rows = out->manifest_bytes = -1;
        out->manifest_sha256[0] = '\0';
    }
    return good;
}
