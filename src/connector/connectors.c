#include "connectors_internal.h"

const struct connector *const connectors[] = { &leadsquared_connector, &scim_connector, NULL };

const struct connector *connector_named(const char *name)
{
    for (size_t i = 0; name && connectors[i]; i++)
        if (strcmp(connectors[i]->vendor.name, name) == 0)
            return connectors[i];
    return NULL;
}

void tenant_init(struct tenant *t)
{
    *t = (struct tenant){ .seats = -1 };
    refs_init(&t->refs);
}

void tenant_deinit(struct tenant *t)
{
    refs_deinit(&t->refs);
    *t = (struct tenant){ .seats = -1 };
}
