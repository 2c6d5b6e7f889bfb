/*
 * A believable tenant out of a seed: the same users for the same numbers on every machine.
 *
 * User 0 heads the tree, in which everybody has up to eight reports. Inactive users are leaves of it.
 */
#include "scim.h"

#include <stdio.h>
#include <string.h>

#define REPORTS 8
#define EPOCH 1735689600 /* 2025-01-01 */

/* Each name with its form in an address. */
static const struct {
    const char *name, *plain;
} first_names[] = {
    { "Alice", "alice" },       { "Bruno", "bruno" },   { "Carla", "carla" },        { "David", "david" },
    { "Emma", "emma" },         { "Farah", "farah" },   { "Georg", "georg" },        { "Hana", "hana" },
    { "Ivan", "ivan" },         { "Julia", "julia" },   { "Kofi", "kofi" },          { "Lena", "lena" },
    { "Marco", "marco" },       { "Nadia", "nadia" },   { "Oscar", "oscar" },        { "Paula", "paula" },
    { "Quentin", "quentin" },   { "Rosa", "rosa" },     { "Samir", "samir" },        { "Tomas", "tomas" },
    { "Ursula", "ursula" },     { "Victor", "victor" }, { "Wanda", "wanda" },        { "Yusuf", "yusuf" },
    { "Jos\xc3\xa9", "jose" },  { "Zo\xc3\xab", "zoe" }, { "Bj\xc3\xb6rn", "bjoern" }, { "Ma\xc5\x82gorzata", "malgorzata" },
}, last_names[] = {
    { "Adams", "adams" },   { "Berger", "berger" },       { "Costa", "costa" },         { "Dubois", "dubois" },
    { "Evans", "evans" },   { "Fischer", "fischer" },     { "Garcia", "garcia" },       { "Hansen", "hansen" },
    { "Ito", "ito" },       { "Jansen", "jansen" },       { "Kowalski", "kowalski" },   { "Lopez", "lopez" },
    { "Moreau", "moreau" }, { "Novak", "novak" },         { "Olsen", "olsen" },         { "Petrov", "petrov" },
    { "Quinn", "quinn" },   { "Rossi", "rossi" },         { "Smith", "smith" },         { "Tanaka", "tanaka" },
    { "Umar", "umar" },     { "Vargas", "vargas" },       { "Weber", "weber" },         { "O'Brien", "obrien" },
    { "M\xc3\xbcller", "mueller" }, { "\xc3\x98stby", "oestby" },
};
static const char *const departments[] = { "Sales",   "Marketing", "Support",     "Operations",
                                           "Finance", "Legal",     "Engineering", "People" };
static const char *const titles[] = { "Associate", "Specialist", "Senior Specialist", "Team Lead",
                                      "Analyst" };
static const char *const divisions[] = { "EMEA", "Americas", "APAC" };
static const char *const centers[] = { "CC-100", "CC-110", "CC-200", "CC-300" };
static const char *const groups[] = { "All Staff",  "Sales",    "Marketing", "Support",
                                      "Operations", "Finance",  "Legal",     "Engineering",
                                      "People",     "Managers", "VPN Users", "Leads" };
static const struct {
    const char *city, *region, *country, *zone, *locale, *language;
} places[] = {
    { "Berlin", "BE", "DE", "Europe/Berlin", "de-DE", "de" },
    { "Lyon", "ARA", "FR", "Europe/Paris", "fr-FR", "fr" },
    { "Austin", "TX", "US", "America/Chicago", "en-US", "en-US" },
    { "Osaka", "27", "JP", "Asia/Tokyo", "ja-JP", "ja" },
};

/* What is drawn for one user. */
struct draw {
    size_t number, first, last, place, department;
    bool leads, active;
    char name[96], mail[112], display[96];
};

static void one_value(struct jw *j, const char *key, const char *value, const char *type, bool primary)
{
    jw_key(j, key);
    jw_array(j);
    jw_object(j);
    jw_kz(j, "value", value);
    jw_kz(j, "type", type);
    if (primary)
        jw_kbool(j, "primary", true);
    jw_end_object(j);
    jw_end_array(j);
}

static void contact(struct jw *j, const struct draw *d)
{
    char text[48];

    one_value(j, "emails", d->mail, "work", true);
    if (d->number % 3) {
        snprintf(text, sizeof(text), "+49-30-%07zu", d->number);
        one_value(j, "phoneNumbers", text, "work", false);
    }
    if (d->number % 4 == 0) {
        jw_key(j, "addresses");
        jw_array(j);
        jw_object(j);
        jw_kz(j, "locality", places[d->place].city);
        jw_kz(j, "region", places[d->place].region);
        jw_kz(j, "country", places[d->place].country);
        jw_kz(j, "type", "work");
        jw_end_object(j);
        jw_end_array(j);
    }
    if (d->number % 25 == 7)
        one_value(j, "roles", "approver", "custom", false);
    if (d->number % 40 == 9)
        one_value(j, "entitlements", "report-viewer", "custom", false);
}

static void enterprise(struct jw *j, const struct draw *d, struct rng *rng, const char *manager)
{
    char text[32];

    jw_key(j, SCIM_ENTERPRISE);
    jw_object(j);
    snprintf(text, sizeof(text), "E%05zu", d->number + 1);
    jw_kz(j, "employeeNumber", text);
    jw_kz(j, "costCenter", centers[rng_below(rng, array_len(centers))]);
    jw_kz(j, "organization", "Example Org");
    jw_kz(j, "division", divisions[rng_below(rng, array_len(divisions))]);
    jw_kz(j, "department", departments[d->department]);
    if (manager) {
        jw_key(j, "manager");
        jw_object(j);
        jw_kz(j, "value", manager);
        jw_end_object(j);
    }
    jw_end_object(j);
    if (d->number % 2 == 0) {
        snprintf(text, sizeof(text), "B-%06zu", d->number + 1);
        jw_key(j, SCIM_BADGE);
        jw_object(j);
        jw_kz(j, "badgeNumber", text);
        jw_end_object(j);
    }
}

static void document(struct buf *out, const struct draw *d, struct rng *rng, const char *manager)
{
    struct jw j = jw_into(out);
    char text[160];

    jw_object(&j);
    jw_kz(&j, "userName", d->name);
    if (d->number % 31 != 30) {
        snprintf(text, sizeof(text), "E%05zu", d->number + 1);
        jw_kz(&j, "externalId", text);
    }
    jw_key(&j, "name");
    jw_object(&j);
    jw_kz(&j, "formatted", d->display);
    jw_kz(&j, "familyName", last_names[d->last].name);
    jw_kz(&j, "givenName", first_names[d->first].name);
    jw_end_object(&j);
    jw_kz(&j, "displayName", d->display);
    if (d->number % 17 == 3)
        jw_kz(&j, "nickName", first_names[d->first].name);
    if (d->number % 5 == 0) {
        snprintf(text, sizeof(text), "https://people.example.com/%zu", d->number + 1);
        jw_kz(&j, "profileUrl", text);
    }
    jw_kz(&j, "title", d->number ? titles[rng_below(rng, array_len(titles))] : "Managing Director");
    jw_kz(&j, "userType", d->number % 13 == 12 ? "Contractor" : "Employee");
    jw_kz(&j, "preferredLanguage", places[d->place].language);
    jw_kz(&j, "locale", places[d->place].locale);
    jw_kz(&j, "timezone", places[d->place].zone);
    jw_kbool(&j, "active", d->active);
    contact(&j, d);
    enterprise(&j, d, rng, manager);
    jw_end_object(&j);
}

static void person(struct sandbox *sb, struct rng *rng, size_t i, size_t n)
{
    struct draw d = { .number = i };
    struct buf text = BUF_INIT(ANSWER_MAX);
    const char *f[S_COUNT] = { [S_VERSION] = "1" };
    char id[SCIM_ID_MAX], external[32], time[32];

    d.first = rng_below(rng, array_len(first_names));
    d.last = rng_below(rng, array_len(last_names));
    d.place = rng_below(rng, array_len(places));
    d.department = rng_below(rng, array_len(departments));
    d.leads = i * REPORTS + 1 < n;
    d.active = d.leads || i % 11 != 10;
    snprintf(d.name, sizeof(d.name), "%s.%s.%zu@example.com", first_names[d.first].plain,
             last_names[d.last].plain, i + 1);
    snprintf(d.mail, sizeof(d.mail), i % 97 == 96 ? "%s.%s.%zu@Mail.Example.COM" : "%s.%s.%zu@example.com",
             first_names[d.first].plain, last_names[d.last].plain, i + 1);
    snprintf(d.display, sizeof(d.display), "%s %s", first_names[d.first].name, last_names[d.last].name);
    snprintf(external, sizeof(external), "E%05zu", i + 1);
    scim_new_id(sb, rng, d.name, id);
    document(&text, &d, rng, i ? sb->state.users[(i - 1) / REPORTS].f[S_ID] : NULL);
    f[S_ID] = id;
    f[S_NAME] = d.name;
    f[S_EXTERNAL] = i % 31 != 30 ? external : "";
    f[S_DISPLAY] = d.display;
    f[S_DOC] = buf_z(&text);
    f[S_CREATED] = f[S_MODIFIED] = time_rfc3339(time, (EPOCH + (unix_us)i * 60) * SECOND_US, true);
    state_add(&sb->state, f, 0);
    buf_deinit(&text);
}

static void into_groups(struct sandbox *sb, struct rng *rng, size_t i, size_t n)
{
    struct scim *scim = sb->data;
    const char *id = sb->state.users[i].f[S_ID];

    if (i % 2 == 0)
        scim_member_add(sb, scim->groups[0], id);
    if (i % 3 == 0)
        scim_member_add(sb, scim->groups[1 + rng_below(rng, array_len(departments))], id);
    if (i * REPORTS + 1 < n)
        scim_member_add(sb, scim->groups[9], id);
    if (i % 9 == 4)
        scim_member_add(sb, scim->groups[10], id);
}

void scim_generate(struct sandbox *sb, size_t users, uint64_t seed)
{
    struct scim *scim = sb->data;
    struct rng rng;
    char id[SCIM_ID_MAX], external[32];

    rng_seed(&rng, seed);
    for (size_t i = 0; i < users; i++)
        person(sb, &rng, i, users);
    for (size_t i = 0; i < array_len(groups); i++) {
        scim_new_id(sb, &rng, groups[i], id);
        snprintf(external, sizeof(external), "G%02zu", i + 1);
        scim_group_add(sb, id, groups[i], i % 2 ? "" : external, EPOCH * SECOND_US);
    }
    for (size_t i = 0; i < users; i++)
        into_groups(sb, &rng, i, users);
    /* A group in a group. */
    scim_member_add(sb, scim->groups[11], scim->groups[9]->id);
}
