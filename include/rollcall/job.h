/* job: the job file. Loads JSON, finds every mistake in one go with file, line, column, JSON path and a
 * suggestion, and gives back one plain struct that only engine and cli read. Described by
 * jobs/job.schema.json; docs in rollcall-job(5).
 *
 * Unknown keys are mistakes, "_comment" (any key that starts with it) is allowed everywhere. Paths in a job
 * are relative to the job file's folder. */
#ifndef ROLLCALL_JOB_H
#define ROLLCALL_JOB_H

#include "rollcall/model.h"

#define JOB_FILE_MAX (4 * 1024 * 1024)
#define JOB_OPTIONS_MAX 48
#define JOB_CREDENTIALS_MAX VENDOR_CREDENTIALS_MAX

enum job_absent { JOB_ABSENT_IGNORE, JOB_ABSENT_REPORT, JOB_ABSENT_DEACTIVATE };

enum job_proof { JOB_PROOF_NONE, JOB_PROOF_TRAILER, JOB_PROOF_MANIFEST };

struct job_value {
    char *from, *to;
};

struct job_column {
    char *column;
    struct job_value *values;
    size_t n_values;
    bool values_strict; /* "unknown": "reject" (else "keep") */
    char *fallback;     /* "default" */
    char separator;     /* attributes of several values: parts them in a cell; 0: the attribute's own */
};

struct job_guard {
    int64_t number; /* -1: off */
    double percent; /* -1: off */
};

struct job {
    char *path; /* of the job file, as given */
    char *dir;  /* its folder */
    char *name; /* "name", or the file's name without .json */

    struct {
        char *path;     /* resolved against dir; "-" stays */
        char *given;    /* as the file has it, for messages */
        char *encoding; /* "utf-8" for now */
        char delimiter; /* 0: detect */
        enum job_proof proof;
        char *trailer_column, *trailer_value, *trailer_count;
        char *manifest; /* resolved path */
    } feed;

    struct {
        const struct vendor *vendor;
        char *url; /* https, no user info, no query, no trailing slash; http only to loopback literals or
                      where the caller allows the host */
        char *credential[JOB_CREDENTIALS_MAX]; /* references ("env:X", "file:P", "cmd:[...]"), in the vendor's
                                                  order; NULL not given */
        struct rates rate, bulk_rate;          /* bulk_rate.n == 0: none of its own */
        unsigned concurrency;
        char *pace;    /* "safe" or "tight" */
        char *ca_file; /* resolved; NULL */
        int64_t max_pause_us;
        char *quota_day;                             /* time zone offset of the day's quota: "+00:00" */
        struct option_value option[JOB_OPTIONS_MAX]; /* in the vendor's order; defaults filled in */
    } target;

    struct schema schema;                 /* attributes in the file's order, match keys, manager key */
    struct job_column column[SCHEMA_MAX]; /* by slot */
    struct job_column manager;            /* column NULL: not mapped */
    struct {
        char *column; /* NULL: everybody in the feed is active */
        char **active;
        size_t n_active;
        char **leaver;
        size_t n_leaver;
    } status;

    enum job_absent absent;
    bool action[CHANGE_KINDS];
    struct job_guard guard[CHANGE_KINDS];
    bool trip_plan;           /* "on_trip": "plan" (else "kind") */
    struct job_guard rejects; /* more than this: the feed counts as broken (exit 4) */
    char **protected_keys;
    size_t n_protected;
    int64_t rejects_ok, failures_ok;
    int64_t plan_ttl_us, settle_us, visible_us /* read back gives up */;
    struct {
        char *audit, *rejects,
            *junit; /* resolved paths, "{run}" is replaced by the run's id; NULL: not written */
    } report;

    /* Of the canonical form of everything that decides what is done, defaults filled in: all but "$schema",
     * "name", comments, the places of feed, manifest and reports, credentials, and what only paces the calls
     * (rate, bulk_rate, concurrency, pace, max_pause, quota_day, ca_file). The feed's bytes are hashed in the
     * plan itself. */
    char policy_sha256[SHA256_HEX];
    char file_sha256[SHA256_HEX];
    struct arena arena; /* owns all text above */
};

struct job_context {
    const struct vendor *const *vendors; /* NULL-terminated */
    const char *const *insecure_hosts;   /* --insecure-http; NULL-terminated or NULL */
};

/* Loads and checks. NULL when there was any mistake (all are in `errs`) or the file cannot be read. Texts of
 * mistakes are printable and never repeat a credential. */
struct job *job_load(const char *path, const struct job_context *context, struct errs *errs);
void job_free(struct job *j);

/* Resolves a credential reference. `env` looks a name up in the environment (the caller's, rooms do not read
 * it), `run` runs an argument array without a shell and gives its standard output, or false and `why` (NULL:
 * commands are off). False: `why` says what to do, without the secret, and `out` is untouched. A secret is
 * one line of at most 16 KiB without control characters; a line end behind it is dropped. A file must be a
 * regular one, ours or root's, that nobody else can read or write; relative to the job file's folder. As
 * containers mount them: root's file may be readable by others on a read-only mount or in memory (tmpfs), and
 * a link is followed where nobody else can change where it leads. A command is refused when others can write
 * the job file or its folder. */
struct job_secret_ops {
    const char *(*env)(void *ctx, const char *name);
    bool (*run)(void *ctx, const char *const *argv, struct buf *out, char why[300]);
    void *ctx;
};
bool job_secret(const struct job *j, const char *reference, const struct job_secret_ops *ops,
                struct secret *out, char why[300]);

/* The host a URL names, lower case, without brackets, for --allow-host: compared before any secret is read.
 * `loopback`: a literal address of this machine (names such as localhost are none). False when it is no URL
 * that a job may have. */
bool job_host(const char *url, char host[256], bool *loopback, bool *https);

/* Where the job's secrets may be sent: target.url first, then each option that is an address and is set.
 * Plain http among them was allowed by job_load. */
#define JOB_ADDRESSES_MAX (1 + JOB_OPTIONS_MAX)
struct job_address {
    const char *option; /* its name; NULL: target.url */
    const char *url;    /* the job's */
    char host[256];     /* as job_host gives it */
    bool https;
};
size_t job_addresses(const struct job *j, struct job_address out[JOB_ADDRESSES_MAX]);

#endif
