/* Hash table from a 64-bit digest to a 32-bit value, open addressing, 12 bytes a slot. The caller stores the
 * keys themselves and compares them: equal digests do not mean equal keys, so a look-up is a loop:
 *
 *     for (size_t it = table_find(&t, d); it != TABLE_END; it = table_next(&t, it, d))
 *         if (same_key(table_value(&t, it)))
 *             ...
 */
#ifndef ROLLCALL_BASE_TABLE_H
#define ROLLCALL_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TABLE_END SIZE_MAX
#define TABLE_NONE UINT32_MAX /* never a value */

struct table {
    uint64_t *digest; /* owned */
    uint32_t *value;  /* owned; TABLE_NONE marks an empty slot */
    size_t n, cap;    /* cap is a power of two, or 0 */
};

#define TABLE_INIT ((struct table){ 0 })
void table_deinit(struct table *t);
void table_clear(struct table *t);
void table_reserve(struct table *t, size_t n);
void table_add(struct table *t, uint64_t digest, uint32_t value); /* duplicates allowed */
size_t table_find(const struct table *t, uint64_t digest);
size_t table_next(const struct table *t, size_t it, uint64_t digest);
uint32_t table_value(const struct table *t, size_t it);
void table_set(struct table *t, size_t it, uint32_t value);

#endif
