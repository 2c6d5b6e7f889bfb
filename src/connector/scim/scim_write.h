/* What the writing files of the SCIM connector share. lower.c says in a step's args what is wanted, whatever
 * the shape it will be sent in; patch.c, put.c and bulk.c give it the shape that the options ask for. */
#ifndef SCIM_WRITE_H
#define SCIM_WRITE_H

#include "scim_internal.h"

#define SCIM_JSON (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* What a step does, by its rank: members of one rank stand on the group, all others on the user. */
enum writing { WRITE_CREATE, WRITE_USER, WRITE_DELETE, WRITE_MEMBER };
enum writing scim_writing(const struct step *s);

/* The args of a step, read. Texts live as long as `root`. */
struct task {
    json_t *root;        /* owned */
    const json_t *edits; /* of {"path", "value" (null: cleared), "had": there is an entry}; NULL: none */
    int active;          /* 1, 0; -1: not concerned */
    bool manager_set;
    struct str manager; /* id; empty: no manager any more */
    struct str missing; /* id of a manager who is not there: the step is only refused */
    struct str group;   /* WRITE_MEMBER */
    bool add;
};
void task_read(struct task *w, const struct step *s);
void task_free(struct task *w);

json_t *json_text(struct str s);
/* A string member; {NULL,0}: none such. Borrowed. */
struct str json_member(const json_t *o, const char *key);
/* The attribute's value as it is sent: by its type, null when empty. */
json_t *json_of_attr(const struct attr *a, struct str value);
/* Puts the text into the request's body by scim_request(). Takes `body` over. */
void scim_json_request(const struct conn *c, struct request *out, enum scim_call call,
                       enum http_method method, const char *path, struct str id, json_t *body);

/* patch.c: the body of a PATCH. */
json_t *patch_user(const struct conn *c, const struct task *w);
json_t *patch_members(const struct str *add, size_t n_add, const struct str *remove, size_t n_remove);
/* False when a second time could leave two entries, or members, where one was meant. */
bool patch_repeats(const struct task *w);

/* put.c: sets what is wanted in a user's document, and nothing else. */
void document_set(const struct conn *c, json_t *user, const struct task *w);
json_t *document_new(const struct conn *c, const struct task *w); /* of a joiner */
/* The document that prepared() kept of this user, without what a PUT must not carry; NULL: none. The caller
 * owns it; *version as the service called it, in `arena`. */
json_t *document_take(struct conn *c, struct str id, struct arena *arena, struct str *version);

struct packing {
    struct conn *c;
    const struct step *const *steps;
    size_t n;
    struct str (*created)(void *ctx, uint32_t change);
    void *ctx;
    struct request *out;
};
struct str packing_user(const struct packing *p,
                        const struct step *s); /* empty: not known when only counting */
/* Fills w->manager in where the manager is a joiner who stands by now. */
void packing_manager(const struct packing *p, const struct step *s, struct task *w);

/* bulk.c ------------------------------------------------------------------------------------------ */

#define BULK_NONE UINT32_MAX

/* One operation of a Bulk request. */
struct operation {
    enum writing writing;
    uint32_t first;   /* the step that made it */
    uint32_t last;    /* WRITE_MEMBER: the last of those that joined it */
    uint32_t members; /* how many they are */
    bool refers;      /* one of them is created in the same request */
    uint32_t manager; /* WRITE_CREATE: the step of the new user's manager, or BULK_NONE */
    size_t cost;      /* bytes, at most */
};

/* Steps laid out as operations. What comes of a step depends on the steps alone, not on what is created
 * meanwhile: the answer is read with the same layout as the request was made. */
struct bulk {
    const struct conn *c;
    const struct step *const *steps;
    size_t n;             /* steps that found room */
    struct task *task;    /* owned, by step */
    uint32_t *of;         /* owned, by step: its operation; BULK_NONE: nothing is sent of it */
    uint32_t *next;       /* owned, by step: the next member of the same operation, or BULK_NONE */
    struct operation *op; /* owned */
    size_t n_ops;
    struct table creates; /* by change: the step that creates */
    struct table groups;  /* by group: the operations on it */
};
void bulk_lay(struct bulk *b, const struct conn *c, const struct step *const *steps, size_t n, size_t max_ops,
              size_t max_bytes);
void bulk_free(struct bulk *b);
/* The step among them that creates whom a change makes; BULK_NONE. */
uint32_t bulk_creates(const struct bulk *b, uint32_t change);
#define BULK_ID_MAX 12
void bulk_name(char out[BULK_ID_MAX], uint32_t op_first); /* its bulkId */
size_t bulk_pack(const struct packing *p);

/* settle.c, bulk_answer.c -------------------------------------------------------------------------- */

/* One thing that was sent, with what the service answers to it: a call, or an operation of a Bulk. */
struct written {
    enum writing writing;
    bool several; /* steps stand or fall together */
    bool repeats; /* a second time does no harm */
    int status;
    struct str user;     /* empty: of a create, or not known */
    const json_t *body;  /* NULL: none */
    struct str location; /* of what was written; empty: not said beside the body */
    struct str version;  /* the same */
    const struct task *task;
};
void settle_judged(struct conn *c, const struct written *x, const struct judged *j, struct settlement *out);
void settle_fault(struct conn *c, enum writing writing, bool several, bool repeats, int status,
                  const struct judged *j, struct settlement *out);
void settle_refused(struct settlement *out, const char *text);
/* A location ends with this collection ("Users") and id, percent-encoded or not. */
bool location_names(struct str url, const char *collection, struct str id);
/* Nothing is sent of a step: its manager is not there. */
bool step_left_out(const struct step *s, const struct task *w);
/* A Bulk answer with operations in it. */
void bulk_settle(struct conn *c, const struct step *const *steps, size_t n, const json_t *root,
                 struct settlement *out);

#endif
