/* model: the words of the field as types, and pure functions on them. No I/O, no time, no vendor. */
#ifndef ROLLCALL_MODEL_H
#define ROLLCALL_MODEL_H

#include "rollcall/model/attr.h"
#include "rollcall/model/change.h"
#include "rollcall/model/http.h"
#include "rollcall/model/person.h"
#include "rollcall/model/rate.h"
#include "rollcall/model/refs.h"
#include "rollcall/model/step.h"
#include "rollcall/model/user.h"
#include "rollcall/model/vendor.h"

#endif
