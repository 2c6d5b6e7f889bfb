/* connector: a vendor's protocol without any I/O. It makes requests and reads answers; it never waits, sends,
 * logs or knows the time but as an argument. A vendor is one file that reads like its documentation.
 *
 * The door was walked on paper through four protocols of different shape before it was settled; what SCIM,
 * the second to be built, taught beyond that is marked so:
 *
 *   LeadSquared, a joiner with team, manager, phone: User/Create carries names, e-mail, role, team and a
 * manager who already exists; PhoneMain needs User/Update afterwards: one change, several steps, the later
 * ones with NEED_CREATED; a manager who is created in the same run makes a manager step (`manager_ref`) that
 * goes to UpdateReportingManagerInBulk once both exist. The roster is two listings compared (Users.Get and
 * paged AdvancedSearch); writes that answer only with a count set `verify`. SCIM, group membership: written
 * on the group. lower() gives a step per user and group with endpoint "PATCH /Groups" and `group` = the
 * group's id, so pack() puts many users into one PATCH of one group. A listing proves itself by totalResults
 * and distinct ids; `next` stops as incomplete when a page makes no progress. ETags travel in `args`. POST
 * /Bulk is an endpoint with a large batch; operations missing from its answer settle as SETTLED_NOT_DONE.
 * Taught: steps of one Bulk may refer to users whom the same request creates (endpoint.inside); a PUT
 * replaces the user whole, so he is read right before (endpoint.prelude, prepare, prepared); a conditional
 * write that met a newer version is neither refused nor unknown (SETTLED_STALE); a token comes from another
 * address (request.url) and ends in the middle of a run (AGAIN_LOGIN); where everybody cannot be listed, not
 * finding somebody proves nothing unless the service's filter ignores case (PROOF_FOUND); who may be whose
 * manager is not checked, so the order of manager moves is free (vendor.managers_unordered). Appenate, no
 * listing allowed on some tenants: READ_LOOKUP is given the keys of the feed's persons and asks one after the
 * other; the proof is then PROOF_LOOKED_UP and absence means nothing. Credentials travel in the query or
 * body: `log_target` shows neither. LeadsyGroup, accesses (memberships with a role) are read per user: `next`
 * may ask a request per user after the listing and the same users enter the roster only when both answers are
 * there. The session is a JWT: `login` gives the request that must be answered before others go; AGAIN_LOGIN
 * on a 401 asks for it again, once.
 *
 * Ownership: a `struct conn` borrows its schema, refs, roster and credentials from the engine for its whole
 * life. Requests are filled into a caller's `struct request` and own their text. */
#ifndef ROLLCALL_CONNECTOR_H
#define ROLLCALL_CONNECTOR_H

#include "rollcall/model.h"
#include "rollcall/roster.h"

#define CONN_CREDENTIALS_MAX VENDOR_CREDENTIALS_MAX

/* What a connector needs to know of its target. All borrowed. */
struct conn_config {
    const char *base_url; /* of the target, as net sends to it: no slash at the end */
    const struct schema *schema;
    const struct option_value *options; /* in the order of the vendor's table */
    const struct secret
        *credential[CONN_CREDENTIALS_MAX]; /* in the order of the vendor's table; NULL: not given */
    unsigned page_concurrency;             /* how many reads may be open at once */
    const char *user_agent;                /* "rollcall/0.1" */
};

/* What READ_TENANT finds out. Filled by the connector, owned by the caller. */
struct tenant {
    char id[120];      /* names the tenant for the lease and the ledger: OrgId, CompanyId, SCIM base URL */
    char label[120];   /* for people: "22824" */
    char own_user[80]; /* id of the user whose credentials these are: always protected; "" unknown */
    char advice[300];  /* what the vendor tells us about the target (another host is the right one); "" */
    struct refs refs;  /* teams, groups ... */
    int64_t seats;     /* how many users may be active; -1: not known */
};

void tenant_init(struct tenant *t);
void tenant_deinit(struct tenant *t);

/* Reading ------------------------------------------------------------------------------------------------------------------- */

enum read_kind {
    READ_TENANT, /* own user, attributes (a mapped one that is missing is an error in `errs`; wire names are
                    filled into the schema), teams */
    READ_ROSTER, /* everybody, into `roster` */
    READ_LOOKUP, /* the users that `lookups` name, into `roster`, inactive ones included; a key that nobody
                    has brings nobody. Where not everybody can be listed this is the roster itself. Of no
                    look-ups at all: nobody, complete and sealed */
};

struct lookup {
    int slot;         /* key attribute, or -1: by the vendor's id */
    struct str value; /* as sent; borrowed until the read is over */
};

struct read_goal {
    enum read_kind kind;
    struct tenant *tenant; /* READ_TENANT: filled */
    struct schema *schema; /* READ_TENANT: wire names of custom attributes are filled in */
    struct errs *errs;     /* READ_TENANT: what people must mend in the job */
    struct roster
        *roster; /* READ_ROSTER, READ_LOOKUP: a fresh, unsealed one; the connector seals it when complete */
    const struct lookup *lookups;
    size_t n_lookups;
};

enum read_next {
    READ_REQUEST,    /* *out and *id are a request to send */
    READ_WAIT,       /* nothing to send before an answer comes */
    READ_COMPLETE,   /* done; `proof` and `why` tell what it proves ("two listings") */
    READ_INCOMPLETE, /* failed: `why` says what did not agree or was refused, for people. Begin again if that
                        makes sense (`again`) */
};

struct read_state {
    char why[400];
    enum roster_proof proof;
    enum again again; /* of READ_INCOMPLETE: AGAIN_NO when another try cannot help (credentials, no right) */
    bool refused_login; /* credentials were refused */
};

/* What the end of one read means for the engine: what it should do before the same request may be asked
 * again. */
struct read_verdict {
    bool good;
    enum again again; /* not good: AGAIN_LATER, AGAIN_THROTTLED and AGAIN_LOGIN: the connector will offer the
                         request again by `next`, after a login in the last case */
    int64_t wait_us;  /* AGAIN_THROTTLED: -1 when not said */
    char text[SETTLED_TEXT_MAX]; /* for people and the log; no secret */
};

struct conn; /* a connector's instance, its own business */

struct connector {
    struct vendor vendor;

    /* Never NULL; what is wrong with the configuration was found by job (options table). */
    struct conn *(*conn_new)(const struct conn_config *config);
    void (*conn_free)(struct conn *c);

    /* A request that must be answered well before any other may go (a login), or false. NULL: the protocol
     * has none. Asked before every call; the login itself waits until the calls under way are answered, and
     * nothing else goes before its own answer. A verdict or settlement with AGAIN_LOGIN says that the session
     * was refused: login() then offers one again. */
    bool (*login)(struct conn *c, struct request *out);
    struct read_verdict (*login_end)(struct conn *c, const struct answer *a);

    /* Starts a reading; one at a time. What `goal` points to stays the caller's and must live until it is
     * over. */
    void (*read_begin)(struct conn *c, const struct read_goal *goal);
    enum read_next (*read_next)(struct conn *c, struct request *out, unsigned *id, struct read_state *state);
    /* An answer as it arrives. Each request has its own read `id`. `head` may be called again for the same id
     * when the transport starts over: earlier bytes are void. */
    void (*read_head)(struct conn *c, unsigned id, int status);
    void (*read_bytes)(struct conn *c, unsigned id, const char *p, size_t n);
    /* The answer ended, well or badly; `a->body` is empty (it was streamed). */
    struct read_verdict (*read_end)(struct conn *c, unsigned id, const struct answer *a);

    /* How many requests a READ_LOOKUP of n look-ups takes, and of which endpoint: so that the cheaper of
     * looking up and listing again is chosen. NULL: looking up is not possible. */
    size_t (*lookup_calls)(const struct conn *c, size_t n, uint8_t *endpoint);

    /* Writing ---------------------------------------------------------------------------------------------------------------- */

    /* All changes of one user that are to be done -> steps. `change[i]` has number `seq[i]` in the plan's
     * order. Steps go to `emit` in the order in which they must happen; text in them lives in `arena`.
     * `roster` tells the user as he is now (sealed). A change that the protocol cannot express must not come
     * here: vendor.kinds and attribute flags say so beforehand. It sees one user only: where the new manager
     * is a joiner (`manager_after.id` empty, `key` not) it leaves the step's `manager_ref` at NO_CHANGE, and
     * who knows all changes sets it to that joiner's create and adds the NEED_CREATED; pack() never sends a
     * manager that is still unknown by then, settle() refuses such a step. */
    void (*lower)(struct conn *c, const struct roster *roster, const struct change *const *change,
                  const uint32_t *seq, size_t n, struct arena *arena,
                  void (*emit)(void *ctx, const struct step *step), void *ctx);

    /* Optional: before packing, a chance to put steps of a whole wave together where a bulk call is cheaper
     * (LeadSquared: team moves of users with no other change). Rewrites steps in place (endpoint, group,
     * args), but for those of an endpoint that is `inside`. NULL: nothing to gain. */
    void (*combine)(struct conn *c, const struct roster *roster, struct step *steps, size_t n,
                    struct arena *arena);

    /* Fills a request with the first k of n steps (all of one wave, equal endpoint and group) and returns k
     * >= 1. `created` gives the id of a user created by a change, by the change's number; {NULL,0} when
     * planning only counts calls (the request is then not sent), also for creates of earlier calls: whether a
     * user is created by this same call, only the steps tell. */
    size_t (*pack)(struct conn *c, const struct step *const *steps, size_t n,
                   struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out);

    /* Endpoints with a `prelude`: the request that reads what a call with these steps is built on. It changes
     * nothing. `prepared` gets its answer, body held: true and pack() can build the call from it (until that
     * pack(), or the next prepare() for the same user, the connector keeps what it needs); false: out[0..n-1]
     * say what becomes of the steps (nothing was written: "unknown" counts as not done). Both NULL where no
     * endpoint has a prelude. */
    void (*prepare)(struct conn *c, const struct step *const *steps, size_t n,
                    struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out);
    bool (*prepared)(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                     struct settlement *out);

    /* Reads the answer of a call with exactly these steps: out[0..n-1]. */
    void (*settle)(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                   struct settlement *out);
};

/* The table of all connectors, NULL-terminated. */
extern const struct connector *const connectors[];
const struct connector *connector_named(const char *name); /* or NULL */

#endif
