/*
 * A believable tenant out of a seed: the same users for the same numbers on every machine.
 *
 * User 1 owns the keys and is nobody's manager; user 2 heads the tree, in which everybody has up to eight
 * reports. Inactive users are leaves of it, so that a fresh tenant has no active user under an inactive
 * manager.
 */
#include "lsq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORTS 8
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const char *const first_names[] = {
    "Asha", "Imran", "Meera", "Nila", "Ravi", "Sunita", "Karan", "Divya", "Arjun", "Fatima", "Joseph",
    "Lakshmi", "Manoj", "Neha", "Omar", "Priya", "Rahul", "Sana", "Tariq", "Uma", "Vikram", "Zara", "Anil",
    "Bhavna", "Chloe", "Deepak", "Esha", "Farid", "Gita", "Hari", "Isha", "Jaya", "Kavya", "Leena", "Mohan",
    "Nitin", "Pooja", "Rohan", "Sara", "Tara", "Ana\xc3\xafs", "Jos\xc3\xa9", "Ren\303\251e",
    "S\xc3\xb8ren",
};
static const char *const last_names[] = {
    "Rao", "Khan", "Pillai", "Das", "Sharma", "Iyer", "Menon", "Gupta", "Nair", "Reddy", "Bose", "Mehta",
    "Joshi", "Patel", "Singh", "Kumar", "Desai", "Kapoor", "Shetty", "Fernandes", "Chopra", "Saxena",
    "Verma", "Banerjee", "Ghosh", "Kulkarni", "Naidu", "Dutta", "Malik", "Thomas", "D'Souza",
    "Mu\xc3\xb1oz",
};
static const char *const mail_first[] = {
    "asha", "imran", "meera", "nila", "ravi", "sunita", "karan", "divya", "arjun", "fatima", "joseph",
    "lakshmi", "manoj", "neha", "omar", "priya", "rahul", "sana", "tariq", "uma", "vikram", "zara", "anil",
    "bhavna", "chloe", "deepak", "esha", "farid", "gita", "hari", "isha", "jaya", "kavya", "leena", "mohan",
    "nitin", "pooja", "rohan", "sara", "tara", "anais", "jose", "renee", "soren",
};
static const char *const mail_last[] = {
    "rao", "khan", "pillai", "das", "sharma", "iyer", "menon", "gupta", "nair", "reddy", "bose", "mehta",
    "joshi", "patel", "singh", "kumar", "desai", "kapoor", "shetty", "fernandes", "chopra", "saxena",
    "verma", "banerjee", "ghosh", "kulkarni", "naidu", "dutta", "malik", "thomas", "dsouza", "munoz",
};
/* clang-format on */
static const char *const departments[] = { "Sales",      "Marketing",   "Support",
                                           "Operations", "Collections", "Partnerships" };
static const char *const designations[] = { "Executive",    "Senior Executive", "Team Lead",
                                            "Area Manager", "Regional Manager", "Analyst" };
static const struct {
    const char *city, *state, *zip;
} offices[] = {
    { "Delhi", "DL", "110001" },     { "Mumbai", "MH", "400001" },  { "Pune", "MH", "411001" },
    { "Bengaluru", "KA", "560001" }, { "Chennai", "TN", "600001" }, { "Hyderabad", "TG", "500001" },
    { "Kolkata", "WB", "700001" },   { "Jaipur", "RJ", "302001" },
};
static const char *const cost_centres[] = { "CC-11", "CC-12", "CC-17", "CC-18", "CC-23" };

/* Two levels under the root: four regions, seven teams. */
static const struct {
    const char *name;
    int64_t code, parent;
} teams[] = {
    { "Example Org", 1, 0 }, { "North", 2, 1 },   { "South", 3, 1 },   { "East", 4, 1 },
    { "West", 5, 1 },        { "North 1", 6, 2 }, { "North 2", 7, 2 }, { "South 1", 8, 3 },
    { "South 2", 9, 3 },     { "East 1", 10, 4 }, { "West 1", 11, 5 }, { "West 2", 12, 5 },
};
static const char *const groups[] = { "South", "Renewals", "Key Accounts" };

static const struct {
    const char *schema_name, *slot, *title;
    int64_t data_type;
    const char *options;
} customs[] = {
    { "EmployeeId_HR", "mx_Custom_1", "HR Employee Id", 1, "" },
    { "Cost_Centre", "mx_Custom_2", "Cost Centre", 8,
      "[{\"IsDefault\":false,\"Text\":null,\"Value\":\"CC-11\",\"Order\":1},"
      "{\"IsDefault\":false,\"Text\":null,\"Value\":\"CC-12\",\"Order\":2}]" },
    { "Grade", "mx_Custom_3", "Grade", 1, "" },
    { "Joining_Batch", "mx_Custom_12", "Joining Batch", 1, "" },
};

static void tenant(struct lsq *lsq, struct rng *rng)
{
    char id[LSQ_GUID + 1];

    lsq_guid(rng, id);
    free(lsq->org_id);
    lsq->org_id = xmemdup(id, LSQ_GUID);
    free(lsq->org_name);
    lsq->org_name = xmemdup("Example Org", 11);
    lsq->org_code = 10001;
    for (size_t i = 0; i < COUNT(teams); i++) {
        lsq_guid(rng, id);
        lsq_team_add(lsq, id, teams[i].name, teams[i].code, teams[i].parent);
    }
    for (size_t i = 0; i < COUNT(groups); i++) {
        lsq_guid(rng, id);
        lsq_group_add(lsq, id, groups[i]);
    }
    lsq_standard_attributes(lsq, rng);
    for (size_t i = 0; i < COUNT(customs); i++) {
        struct lsq_attribute *a;

        lsq_guid(rng, id);
        a = lsq_attribute_add(lsq, id, customs[i].schema_name, customs[i].slot, customs[i].title);
        a->data_type = customs[i].data_type;
        free(a->options);
        a->options = xmemdup(customs[i].options, strlen(customs[i].options));
    }
}

static void key_owner(struct sandbox *sb, struct rng *rng)
{
    struct lsq *lsq = sb->data;
    const char *f[U_COUNT] = { 0 };
    char id[LSQ_GUID + 1];

    lsq_guid(rng, id);
    f[U_USERID] = id;
    f[U_FIRST] = "Sync";
    f[U_LAST] = "Robot";
    f[U_EMAIL] = "sync.robot@example.com";
    f[U_ROLE] = "Administrator";
    f[U_STATUS] = "0";
    f[U_TIMEZONE] = "Asia/Kolkata";
    state_add(&sb->state, f, 0);
    free(lsq->key_owner);
    lsq->key_owner = xmemdup(id, LSQ_GUID);
}

static const char *role_of(size_t i, bool leads, struct rng *rng)
{
    if (i == 1)
        return "Administrator";
    if (leads)
        return "Sales_Manager";
    return rng_below(rng, 12) == 0 ? "Marketing_User" : "Sales_User";
}

/* i counts from 0; 0 is the key owner, 1 the head. */
static void person(struct sandbox *sb, struct rng *rng, size_t i, size_t n)
{
    struct lsq *lsq = sb->data;
    const char *f[U_COUNT] = { 0 };
    char id[LSQ_GUID + 1], email[96], phone[32], mobile[32], employee[32], grade[16];
    size_t first = rng_below(rng, COUNT(first_names)), last = rng_below(rng, COUNT(last_names));
    size_t office = rng_below(rng, COUNT(offices));
    bool leads = (i - 1) * REPORTS + 2 < n;

    lsq_guid(rng, id);
    snprintf(email, sizeof(email), i % 97 == 96 ? "%s.%s.%zu@Example.COM" : "%s.%s.%zu@example.com",
             mail_first[first], mail_last[last], i);
    snprintf(phone, sizeof(phone), "+91-98%08zu", i);
    snprintf(mobile, sizeof(mobile), "+91-97%08zu", i);
    snprintf(employee, sizeof(employee), "E%06zu", i);
    snprintf(grade, sizeof(grade), "G%u", 1 + (unsigned)rng_below(rng, 9));
    f[U_USERID] = id;
    f[U_FIRST] = first_names[first];
    f[U_LAST] = last_names[last];
    f[U_EMAIL] = email;
    f[U_ROLE] = role_of(i, leads, rng);
    f[U_STATUS] = !leads && i % 11 == 10 ? "1" : "0";
    f[U_PHONEMAIN] = phone;
    f[U_PHONEMOBILE] = i % 3 ? mobile : "";
    f[U_DEPARTMENT] = departments[rng_below(rng, COUNT(departments))];
    f[U_DESIGNATION] = i == 1 ? "Managing Director" : designations[rng_below(rng, COUNT(designations))];
    f[U_OFFICE] = f[U_CITY] = offices[office].city;
    f[U_STATE] = offices[office].state;
    f[U_ZIP] = offices[office].zip;
    f[U_COUNTRY] = "India";
    f[U_TIMEZONE] = "Asia/Kolkata";
    f[U_DATEFORMAT] = "mm/dd/yy";
    f[U_TEAMID] = lsq->teams[i == 1 ? 0 : 1 + rng_below(rng, COUNT(teams) - 1)].id;
    if (i > 1)
        f[U_MANAGER] = sb->state.users[(i - 2) / REPORTS + 1].f[U_USERID];
    f[U_GROUPS] = i % 5 == 0 ? "South" : i % 7 == 0 ? "South,Renewals" : "";
    f[U_CUSTOM] = i % 53 == 52 ? "" : employee;
    f[U_CUSTOM + 1] = i % 29 == 28 ? "" : cost_centres[rng_below(rng, COUNT(cost_centres))];
    f[U_CUSTOM + 2] = i % 41 == 40 ? "" : grade;
    f[U_BILLING] = i == 1 ? "true" : "";
    f[U_AUTOMATION] = i % 401 == 400 ? "true" : "";
    state_add(&sb->state, f, 0);
}

void lsq_generate(struct sandbox *sb, size_t users, uint64_t seed)
{
    struct rng rng;

    rng_seed(&rng, seed);
    tenant(sb->data, &rng);
    key_owner(sb, &rng);
    for (size_t i = 1; i < users; i++)
        person(sb, &rng, i, users);
}
