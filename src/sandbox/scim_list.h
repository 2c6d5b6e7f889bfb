/* A listing as it was asked for, and one page of it: by startIndex, or by cursor (RFC 9865). */
#ifndef SANDBOX_SCIM_LIST_H
#define SANDBOX_SCIM_LIST_H

#include "scim.h"

struct scim_listing {
    bool groups;
    struct scim_filter *filter; /* owned */
    struct scim_path sort;      /* owned; attr NULL: none */
    bool down;
    char *text;  /* owned: what tells it from other listings: filter and sorting as they were sent */
    bool cursor; /* it goes on by cursor */
    int64_t start, count;
};

struct scim_page {
    size_t from, to;
    size_t could; /* users it would have without a fault */
    size_t next;  /* where a cursor goes on; all for nowhere */
    size_t all;
    int64_t start, total;
};

/* Reads startIndex, count and cursor, once the text is there. False: answered. */
bool scim_paging_read(struct call *call, struct scim_listing *l);

/* Which part of `count` matches this page shows; switches and faults bend it. False: answered. */
bool scim_page_window(struct call *call, const struct scim_listing *l, size_t count, struct scim_page *p);

/* Everything of the answer but the Resources. */
void scim_page_head(struct call *call, const struct scim_listing *l, const struct scim_page *p, struct jw *j);

#endif
