/* base: what every room stands on. No room's subject lives here; nothing here knows users, vendors or runs.
 */
#ifndef ROLLCALL_BASE_H
#define ROLLCALL_BASE_H

#include "rollcall/base/arena.h"
#include "rollcall/base/clock.h"
#include "rollcall/base/digest.h"
#include "rollcall/base/err.h"
#include "rollcall/base/file.h"
#include "rollcall/base/jsonread.h"
#include "rollcall/base/jsonwrite.h"
#include "rollcall/base/log.h"
#include "rollcall/base/mem.h"
#include "rollcall/base/rng.h"
#include "rollcall/base/table.h"
#include "rollcall/base/text.h"

#endif
