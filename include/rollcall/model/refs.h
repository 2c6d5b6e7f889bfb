/* Things of the tenant that feeds name and calls need by id: teams, groups, templates, companies. */
#ifndef ROLLCALL_MODEL_REFS_H
#define ROLLCALL_MODEL_REFS_H

#include "rollcall/base.h"

enum ref_kind { REF_TEAM, REF_GROUP, REF_TEMPLATE, REF_COMPANY, REF_FOLDER, REF_KINDS };

enum ref_found { REF_OK, REF_UNKNOWN, REF_AMBIGUOUS };

struct ref {
    enum ref_kind kind;
    struct str id;     /* canonical as ATTR_GUID */
    struct str send;   /* the id as the vendor writes it */
    struct str name;   /* as the vendor shows it */
    struct str parent; /* id of what it lies in; empty at the top */
};

#define REF_DEPTH_MAX 32 /* names in one path */

struct refs {
    struct ref *v; /* owned; entries in the order of refs_add */
    size_t n, cap;
    struct arena arena;   /* text of the entries */
    struct table by_id;   /* the next three are refs.c's own */
    struct table by_last; /* by the last name of a path */
    struct str *path;     /* owned; of each entry the name as paths are compared */
    size_t path_cap;
};

void refs_init(struct refs *r);
void refs_deinit(struct refs *r);
/* Copies an entry; `parent_id` may be added before or after, or never. Of entries of one kind with the same
 * id the first stands. False, and nothing added, when the id is empty or a text is not valid UTF-8. Moves
 * r->v: entries found before may not be kept over it. */
bool refs_add(struct refs *r, enum ref_kind kind, struct str id, struct str name, struct str parent_id);

/* Finds what a feed means: an id in any spelling, a name, or a path "Parent / Name" of two names or more, the
 * last the thing's own, each the parent of the next; it need not begin at the top. Names are compared case
 * folded, white space around them and around slashes does not count. REF_AMBIGUOUS when several things fit in
 * one way or another (two names, or the id of one and the name of another): never guess. On REF_OK *out is
 * the entry (borrowed); else NULL. The empty text is REF_UNKNOWN. */
enum ref_found refs_find(const struct refs *r, enum ref_kind kind, struct str name_or_id,
                         const struct ref **out);
const struct ref *refs_by_id(const struct refs *r, enum ref_kind kind, struct str id); /* or NULL */
/* A name close to the unknown one, for the message; or NULL. Borrowed. */
const char *refs_suggest(const struct refs *r, enum ref_kind kind, struct str name);

#endif
