/* Changes for a tiny connector, and the waves that come of them: every change is one step but a create, which
 * has its manager as a second one; moves go in batches. */
#ifndef ENGINE_WORK_BED_H
#define ENGINE_WORK_BED_H

#include "unit.h"
#include "work.h"

enum tiny_call {
    TINY_STATE,
    TINY_CREATE,
    TINY_UPDATE,
    TINY_MOVE,
    TINY_BULK,
    TINY_READ,
    TINY_PUT,
    TINY_CALLS
};
#define BATCH 4
#define CHANGES_MAX 40

struct bed {
    struct schema schema;
    struct roster *roster;
    unsigned read;
    struct change change[CHANGES_MAX];
    uint32_t n;
    struct work work;
    bool early, rides;             /* rides: a move goes with the user's update, in one step */
    bool bulk, puts;               /* everything goes in bulk calls; updates need a prelude */
    uint32_t need_of[CHANGES_MAX]; /* of change i: change it needs, + 1 */
    uint64_t calls[TINY_CALLS];
};

extern const struct connector tiny;
extern const struct connector tiny_free; /* takes anybody as manager at any time */

void bed_init(struct bed *b);
void bed_deinit(struct bed *b);
void user(struct bed *b, const char *id, const char *manager);
struct change *change(struct bed *b, enum change_kind kind, const char *who);
void joiner(struct bed *b, const char *who, const char *manager_key);
void move(struct bed *b, const char *who, const char *to);
void build(struct bed *b); /* no more users and changes */
void waves(struct bed *b); /* as tiny takes them */
void waves_of(struct bed *b, const struct connector *k);
/* "off D | create N | move N, move B": kinds as endpoints call them, waves apart. */
void assert_waves(struct bed *b, const char *want);
const char *text_of(const struct bed *b, uint32_t change);

#endif
