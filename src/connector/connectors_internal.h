/* The connectors that connectors.c puts into its table. */
#ifndef CONNECTORS_INTERNAL_H
#define CONNECTORS_INTERNAL_H

#include "rollcall/connector.h"

extern const struct connector leadsquared_connector;
extern const struct connector scim_connector;

#endif
