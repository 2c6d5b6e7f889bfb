/* feed: bytes of an HR export -> rows -> persons. Everything but feed_reader (feed_reader.h, libuv) is pure.
 *
 * libcsv gives no positions, eats blank lines and lets an unclosed quote swallow the rest of a file; so the
 * bytes are cut into physical lines and records here, with the quotes followed, and libcsv is handed one
 * record at a time. Of a record whose quoting is wrong (a quote inside a bare field, text behind a closing
 * quote, a carriage return outside quotes) the whole physical line is rejected and the next line begins anew.
 * Limits: field 1 MiB, row 4 MiB; beyond, the feed is broken, not the row. Line ends are LF or CRLF. Blank
 * lines count as lines and as nothing else.
 *
 * Memory: of a row only what the caller keeps. A row's fields are valid during its callback. */
#ifndef ROLLCALL_FEED_H
#define ROLLCALL_FEED_H

#include "rollcall/model.h"

#define FEED_FIELD_MAX (1024 * 1024)
#define FEED_ROW_MAX (4 * 1024 * 1024)
#define FEED_COLUMNS_MAX 512

enum feed_proof_kind { FEED_PROOF_NONE, FEED_PROOF_TRAILER, FEED_PROOF_MANIFEST };

/* Text is borrowed for the feed's life. */
struct feed_options {
    const char *name; /* for messages: the path as the job has it */
    char delimiter;   /* 0: found in the header line among , ; tab | */
    enum feed_proof_kind proof;
    /* A trailer is a record, of any number of fields, with `trailer_value` in this column (white space at its
     * ends does not count); it is never a person, wherever it stands. It proves the feed when it is the last
     * record, ... */
    const char *trailer_column;
    const char *trailer_value;
    /* ... and this column has the number of rows before it: digits, rejected rows included. */
    const char *trailer_count;
    /* The manifest, when it is one (read by the caller): -1 and "" where it does not say. At least one is
     * said. */
    int64_t manifest_rows, manifest_bytes;
    char manifest_sha256[SHA256_HEX];
};

struct mapped_value {
    const char *from, *to;
};

/* One column of the mapping. */
struct mapped_column {
    const char *column;                /* feed column, exact; NULL: none, always the fallback */
    const struct mapped_value *values; /* value map; compared after canonical form */
    size_t n_values;
    bool values_strict;   /* a value that the map does not have is a reject; else it is kept */
    const char *fallback; /* for a blank cell; NULL: blank keeps what the user has */
    char separator;       /* ATTR_SET, ATTR_REFS: parts the values of a cell besides line ends, instead of the
                             attribute's own; 0: that one. To be sent they are parted by line ends */
};

/* From rows to persons. Borrowed for the feed's life. */
struct mapping {
    const struct schema *schema;
    struct mapped_column attr[SCHEMA_MAX]; /* by slot */
    bool manager;
    struct mapped_column manager_column;
    const char *status_column; /* NULL: everybody in the feed is active */
    const char *const *status_active;
    size_t n_active;
    const char *const *status_leaver;
    size_t n_leaver;
};

/* What the feed proves, design words. */
/* A feed without rows is broken whatever its trailer says: no company is empty. */
enum feed_proof { FEED_BROKEN, FEED_WHOLE, FEED_PROVEN };
extern const char *const feed_proof_name[3];

struct feed_summary {
    enum feed_proof proof;
    char how[120]; /* "trailer (41,207)", "manifest (rows, sha256)", "read to the end" */
    uint64_t rows; /* records behind the header, the trailer excluded */
    uint64_t rejected;
    uint64_t bytes;
    char sha256[SHA256_HEX]; /* of the bytes as read */
    char delimiter;
    bool bom;
    /* FEED_BROKEN: what and where, for people; reads well behind "feed 'NAME': ". "" else. */
    char broken[400];
    uint64_t broken_line;
};

struct feed;

/* A row that is a person (`send` of plain text is its normal form, of other types as written, trimmed; the
 * digest covers both forms and the status as written, so that which of two equal rows counts never matters);
 * `p` valid during the call. Return false to stop (the feed is then broken: "stopped"). */
typedef bool (*feed_person_cb)(void *ctx, const struct person *p);
/* A row that is none. `r` valid during the call. `known`: when r->keys_known, a person with the keys that
 * could be read (nothing else in it but the place); else NULL. Keys are known of rows rejected for their
 * encoding, status or a value, when every key column could be read and one has a value; never of rows whose
 * quotes, number of fields or end are wrong, nor of those with NUL bytes (a hole of zeros can join two rows).
 */
typedef bool (*feed_reject_cb)(void *ctx, const struct reject *r, const struct person *known);

struct feed *feed_new(const struct feed_options *options, const struct mapping *mapping,
                      const struct hash_key *key, feed_person_cb person, feed_reject_cb reject, void *ctx);
void feed_free(struct feed *f);

/* Bytes as they come. False when the feed is broken beyond use (no header, columns missing, limits passed):
 * feed_summary() says why, later bytes are ignored. Header mistakes (missing or repeated columns, with a
 * suggestion) are added to `errs` with line and column. */
bool feed_bytes(struct feed *f, const char *p, size_t n, struct errs *errs);
/* The end of the file; also after feed_bytes() gave false. `unchanged`: the file was the same size and time
 * at the end of the reading as at its start. Judges trailer or manifest and the last line. `broken` non-NULL:
 * reading failed with this text. A header that only the end of the file ends is judged, and its mistakes
 * added to `errs`, here. */
void feed_end(struct feed *f, bool unchanged, const char *broken, struct errs *errs);
const struct feed_summary *feed_summary(const struct feed *f);

/* The header as read, for the rejects file: original bytes (a byte order mark too) without line end. Borrowed
 * for the feed's life. */
struct str feed_header(const struct feed *f);

/* One line of the rejects file: the original bytes of a row, then the delimiter and the reason as one more
 * quoted column. `row` may end in a line end (kept behind the new column; "\n" when it has none). For the
 * header, `reason` is NULL and the column's name is written. */
void feed_reject_line(struct buf *out, struct str row, char delimiter, const struct reject *r);

/* A manifest: JSON {"rows": N, "bytes": N, "sha256": "..."} (any of them) or the line of sha256sum(1). False:
 * *why says what is wrong with it. */
bool feed_manifest(struct str text, struct feed_options *out, char why[200]);

#endif
