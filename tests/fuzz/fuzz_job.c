/* A job file of any bytes: either a job and no mistake, or mistakes and no job; every mistake is a printable
 * line. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "rollcall/connector.h"
#include "rollcall/job.h"

#define VENDORS_MAX 16

static void check_errs(const struct errs *errs)
{
    for (size_t i = 0; i < errs->n; i++) {
        claim(errs->v[i].text[0] && utf8_valid(str_of(errs->v[i].text)));
        for (const char *c = errs->v[i].text; *c; c++)
            claim((unsigned char)*c >= ' ');
    }
}

static void check_job(const struct job *j)
{
    struct job_address address[JOB_ADDRESSES_MAX];
    claim(j->target.vendor && j->schema.n > 0 && j->schema.n <= SCHEMA_MAX && j->schema.n_keys > 0 &&
          j->target.rate.n > 0);
    size_t n = job_addresses(j, address);
    claim(n > 0 && !address[0].option && address[0].url == j->target.url);
    for (size_t i = 0; i < n; i++) {
        bool loopback = false, https;
        char host[256];
        claim(job_host(address[i].url, host, &loopback, &https) && host[0] &&
              strcmp(host, address[i].host) == 0 && (https || loopback));
    }
    for (size_t k = 0; k < j->schema.n_keys; k++)
        claim(j->schema.key[k] < j->schema.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct vendor *vendors[VENDORS_MAX + 1];
    const struct job_context context = { .vendors = vendors };
    struct errs errs = ERRS_INIT;
    struct buf text = BUF_INIT(SIZE_MAX);
    char path[64];
    for (size_t i = 0; connectors[i] && i < VENDORS_MAX; i++)
        vendors[i] = &connectors[i]->vendor;
    int fd = memfd_create("job", MFD_CLOEXEC);
    claim(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct job *j = job_load(path, &context, &errs);
    claim((j != NULL) != errs_any(&errs));
    check_errs(&errs);
    errs_format(&errs, &text);
    if (j)
        check_job(j);
    job_free(j);
    errs_deinit(&errs);
    buf_deinit(&text);
    close(fd);
    return 0;
}
