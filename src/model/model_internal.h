/* What model's files share. */
#ifndef MODEL_INTERNAL_H
#define MODEL_INTERNAL_H

#include "rollcall/model.h"

/* attr_canon() by the type alone; no separator for sets. */
bool canon_as(enum attr_type type, struct str bytes, struct buf *out);

#endif
