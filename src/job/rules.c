/* Every key of a job file. The schema (jobs/job.schema.json) and the manual (rollcall-job(5)) are tested against this table.
 * Keys are read in this order: what others depend on comes first (the connector before attributes, attributes before match keys). */
#include <stddef.h>
#include <string.h>

#include "job_internal.h"

#define AT(member) offsetof(struct job, member)
#define COLUMN_AT(member) offsetof(struct job_column, member)
#define TEXT_BIT (1U << NODE_TEXT)
#define NUMBER_BIT (1U << NODE_NUMBER)
#define BOOL_BIT (1U << NODE_BOOL)
#define OBJECT_BIT (1U << NODE_OBJECT)
#define ARRAY_BIT (1U << NODE_ARRAY)

static const char *const encodings[] = { "utf-8", NULL };
static const char *const paces[] = { "safe", "tight", NULL };
static const char *const absents[] = { "ignore", "report", "deactivate", NULL };
static const char *const unknowns[] = { "keep", "reject", NULL };
static const char *const trips[] = { "kind", "plan", NULL };
static const char *const delimiters[] = { "auto", ",", ";", "tab", "|", NULL };

#define COLUMN_RULES(prefix, base)                                                                                   \
    { .path = prefix ".column", .type = RULE_TEXT, .flags = RULE_REQUIRED, .at = (base) + COLUMN_AT(column) },        \
    { .path = prefix ".values", .type = RULE_OWN, .kinds = OBJECT_BIT, .at = (base), .read = read_values },           \
    { .path = prefix ".values.*", .type = RULE_OWN, .kinds = TEXT_BIT },                                              \
    { .path = prefix ".unknown", .type = RULE_SWITCH, .at = (base) + COLUMN_AT(values_strict), .fallback = "keep",    \
      .choices = unknowns },                                                                                         \
    { .path = prefix ".default", .type = RULE_TEXT, .at = (base) + COLUMN_AT(fallback) }

#define ACTION_RULE(name, KIND, on)                                                                                  \
    { .path = "actions." name, .type = RULE_BOOL, .flags = RULE_POLICY, .at = AT(action[KIND]), .fallback = on }

#define LIMIT_RULES(name, target, number_max, percent_max)                                                           \
    { .path = "guards." name, .type = RULE_OBJECT },                                                                  \
    { .path = "guards." name ".number", .type = RULE_LIMIT, .flags = RULE_POLICY, .at = AT(target.number),            \
      .fallback = number_max, .min = 0, .max = JOB_COUNT_MAX },                                                      \
    { .path = "guards." name ".percent", .type = RULE_PERCENT, .flags = RULE_POLICY, .at = AT(target.percent),        \
      .fallback = percent_max, .min = 0, .max = 100 }

static const struct rule rules[] = {
    { .path = "$schema", .type = RULE_IGNORED },
    { .path = "name", .type = RULE_OWN, .kinds = TEXT_BIT, .at = AT(name), .read = read_name },

    { .path = "feed", .type = RULE_OBJECT, .flags = RULE_REQUIRED },
    { .path = "feed.path", .type = RULE_OWN, .kinds = TEXT_BIT, .flags = RULE_REQUIRED, .read = read_feed_path },
    { .path = "feed.encoding", .type = RULE_WORD, .flags = RULE_POLICY, .at = AT(feed.encoding), .fallback = "utf-8",
      .choices = encodings },
    { .path = "feed.delimiter", .type = RULE_OWN, .kinds = TEXT_BIT, .flags = RULE_POLICY, .at = AT(feed.delimiter),
      .fallback = "auto", .choices = delimiters, .read = read_delimiter, .write = write_delimiter },
    { .path = "feed.proof", .type = RULE_OBJECT, .read = read_proof },
    { .path = "feed.proof.trailer", .type = RULE_OBJECT },
    { .path = "feed.proof.trailer.column", .type = RULE_TEXT, .flags = RULE_REQUIRED | RULE_POLICY,
      .at = AT(feed.trailer_column) },
    { .path = "feed.proof.trailer.value", .type = RULE_TEXT, .flags = RULE_REQUIRED | RULE_POLICY,
      .at = AT(feed.trailer_value) },
    { .path = "feed.proof.trailer.count", .type = RULE_TEXT, .flags = RULE_REQUIRED | RULE_POLICY,
      .at = AT(feed.trailer_count) },
    { .path = "feed.proof.manifest", .type = RULE_PATH, .flags = RULE_POLICY, .at = AT(feed.manifest), .write = write_manifest },

    { .path = "target", .type = RULE_OBJECT, .flags = RULE_REQUIRED },
    { .path = "target.connector", .type = RULE_OWN, .kinds = TEXT_BIT, .flags = RULE_REQUIRED | RULE_POLICY,
      .read = read_connector, .write = write_connector },
    { .path = "target.url", .type = RULE_OWN, .kinds = TEXT_BIT, .flags = RULE_REQUIRED | RULE_POLICY, .read = read_url,
      .write = write_url },
    { .path = "target.credentials", .type = RULE_OWN, .kinds = OBJECT_BIT, .read = read_credentials },
    { .path = "target.credentials.*", .type = RULE_OWN, .kinds = TEXT_BIT | OBJECT_BIT },
    { .path = "target.credentials.*.cmd", .type = RULE_OWN, .kinds = ARRAY_BIT, .flags = RULE_REQUIRED },
    { .path = "target.rate", .type = RULE_OWN, .kinds = ARRAY_BIT, .at = AT(target.rate), .read = read_rate },
    { .path = "target.bulk_rate", .type = RULE_OWN, .kinds = ARRAY_BIT, .at = AT(target.bulk_rate), .read = read_rate },
    { .path = "target.concurrency", .type = RULE_OWN, .kinds = NUMBER_BIT, .at = AT(target.concurrency), .min = 1, .max = 64,
      .read = read_concurrency },
    { .path = "target.pace", .type = RULE_WORD, .at = AT(target.pace), .fallback = "safe", .choices = paces },
    { .path = "target.max_pause", .type = RULE_SPAN, .at = AT(target.max_pause_us), .fallback = "5min", .min = 0, .max = DAY_US },
    { .path = "target.quota_day", .type = RULE_OWN, .kinds = TEXT_BIT, .at = AT(target.quota_day), .fallback = "+00:00",
      .read = read_quota_day },
    { .path = "target.ca_file", .type = RULE_PATH, .at = AT(target.ca_file) },
    { .path = "target.options", .type = RULE_OWN, .kinds = OBJECT_BIT, .flags = RULE_POLICY, .read = read_options,
      .write = write_options },
    { .path = "target.options.*", .type = RULE_OWN, .kinds = TEXT_BIT | NUMBER_BIT | BOOL_BIT },

    { .path = "attributes", .type = RULE_OWN, .kinds = OBJECT_BIT, .flags = RULE_REQUIRED | RULE_POLICY,
      .read = read_attributes, .write = write_attributes },
    { .path = "attributes.*", .type = RULE_OWN, .kinds = TEXT_BIT | OBJECT_BIT },
    COLUMN_RULES("attributes.*", 0),
    { .path = "match", .type = RULE_OWN, .kinds = ARRAY_BIT, .flags = RULE_REQUIRED | RULE_POLICY, .read = read_match,
      .write = write_match },
    { .path = "manager", .type = RULE_OBJECT, .read = read_manager, .flags = RULE_POLICY, .write = write_manager },
    { .path = "manager.key", .type = RULE_OWN, .kinds = TEXT_BIT, .read = read_manager_key },
    COLUMN_RULES("manager", AT(manager)),
    { .path = "status", .type = RULE_OBJECT, .read = read_status, .flags = RULE_POLICY, .write = write_status },
    { .path = "status.column", .type = RULE_TEXT, .flags = RULE_REQUIRED, .at = AT(status.column) },
    { .path = "status.active", .type = RULE_OWN, .kinds = ARRAY_BIT, .flags = RULE_REQUIRED, .read = read_active },
    { .path = "status.leaver", .type = RULE_OWN, .kinds = ARRAY_BIT, .flags = RULE_REQUIRED, .read = read_leaver },

    { .path = "absent", .type = RULE_CHOICE, .flags = RULE_POLICY, .at = AT(absent), .fallback = "report", .choices = absents },
    { .path = "actions", .type = RULE_OBJECT, .read = read_actions },
    ACTION_RULE("create", CHANGE_CREATE, "true"),
    ACTION_RULE("activate", CHANGE_ACTIVATE, "true"),
    ACTION_RULE("update", CHANGE_UPDATE, "true"),
    ACTION_RULE("manager", CHANGE_MANAGER, "true"),
    ACTION_RULE("membership", CHANGE_MEMBERSHIP, "true"),
    ACTION_RULE("deactivate", CHANGE_DEACTIVATE, "true"),
    ACTION_RULE("retire", CHANGE_RETIRE, "false"),
    { .path = "guards", .type = RULE_OBJECT },
    LIMIT_RULES("create", guard[CHANGE_CREATE], "200", "20"),
    LIMIT_RULES("activate", guard[CHANGE_ACTIVATE], "50", "10"),
    LIMIT_RULES("update", guard[CHANGE_UPDATE], "1000", "50"),
    LIMIT_RULES("manager", guard[CHANGE_MANAGER], "500", "25"),
    LIMIT_RULES("membership", guard[CHANGE_MEMBERSHIP], "500", "25"),
    LIMIT_RULES("deactivate", guard[CHANGE_DEACTIVATE], "25", "5"),
    LIMIT_RULES("retire", guard[CHANGE_RETIRE], "25", "5"),
    LIMIT_RULES("rejects", rejects, "1000", "10"),
    { .path = "guards.on_trip", .type = RULE_SWITCH, .flags = RULE_POLICY, .at = AT(trip_plan), .fallback = "kind",
      .choices = trips },
    { .path = "protected", .type = RULE_OWN, .kinds = ARRAY_BIT, .flags = RULE_POLICY, .read = read_protected,
      .write = write_protected },

    { .path = "rejects_ok", .type = RULE_INT, .flags = RULE_POLICY, .at = AT(rejects_ok), .fallback = "0", .min = 0,
      .max = JOB_COUNT_MAX },
    { .path = "failures_ok", .type = RULE_INT, .flags = RULE_POLICY, .at = AT(failures_ok), .fallback = "0", .min = 0,
      .max = JOB_COUNT_MAX },
    { .path = "plan_ttl", .type = RULE_SPAN, .flags = RULE_POLICY, .at = AT(plan_ttl_us), .fallback = "24h", .min = MINUTE_US,
      .max = 30 * DAY_US },
    { .path = "settle", .type = RULE_SPAN, .flags = RULE_POLICY, .at = AT(settle_us), .fallback = "30s", .min = 0, .max = HOUR_US },
    { .path = "visible_timeout", .type = RULE_SPAN, .flags = RULE_POLICY, .at = AT(visible_us), .fallback = "2min", .min = 0,
      .max = DAY_US },

    { .path = "report", .type = RULE_OBJECT, .read = read_report },
    { .path = "report.audit", .type = RULE_OWN, .kinds = TEXT_BIT, .at = AT(report.audit), .read = read_report_path },
    { .path = "report.rejects", .type = RULE_OWN, .kinds = TEXT_BIT, .at = AT(report.rejects), .read = read_report_path },
    { .path = "report.junit", .type = RULE_OWN, .kinds = TEXT_BIT, .at = AT(report.junit), .read = read_report_path },
};

size_t rules_count(void)
{
    return array_len(rules);
}

const struct rule *rules_at(size_t i)
{
    return &rules[i];
}

const char *rule_key_below(const struct rule *r, const char *prefix)
{
    size_t n = strlen(prefix);
    const char *key = r->path;
    if (n > 0) {
        if (strncmp(r->path, prefix, n) != 0 || r->path[n] != '.')
            return NULL;
        key += n + 1;
    }
    return strchr(key, '.') ? NULL : key;
}
