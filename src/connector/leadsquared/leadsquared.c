/* The life of a connection. */
#include <stdlib.h>

#include "leadsquared_internal.h"

const char *lsq_text(const struct conn *c, enum lsq_option o)
{
    const char *text = c->config.options[o].text;
    return text ? text : "";
}

int64_t lsq_number(const struct conn *c, enum lsq_option o)
{
    return c->config.options[o].number;
}

struct conn *lsq_conn_new(const struct conn_config *config)
{
    struct conn *c = xcalloc(1, sizeof(*c));
    c->config = *config;
    lsq_reading_new(c);
    return c;
}

void lsq_conn_free(struct conn *c)
{
    if (!c)
        return;
    lsq_reading_free(c);
    free(c);
}
