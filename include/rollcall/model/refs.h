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

struct refs {
    struct ref *v; /* owned */
    size_t n, cap;
    struct arena arena;
};

void refs_init(struct refs *r);
void refs_deinit(struct refs *r);
void refs_add(struct refs *r, enum ref_kind kind, struct str id, struct str name, struct str parent_id);

/* Finds by id, by name (case folded), or by "Parent / Name" when names repeat. REF_AMBIGUOUS when several fit: never guess.
 * On REF_OK *out is the entry (borrowed). */
enum ref_found refs_find(const struct refs *r, enum ref_kind kind, struct str name_or_id, const struct ref **out);
const struct ref *refs_by_id(const struct refs *r, enum ref_kind kind, struct str id);
/* A name close to the unknown one, for the message; or NULL. */
const char *refs_suggest(const struct refs *r, enum ref_kind kind, struct str name);

#endif
