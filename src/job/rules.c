/* Every key of a job file. The schema (jobs/job.schema.json) and the manual (rollcall-job(5)) are tested
 * against this table. Keys are read in this order: what others depend on comes first (the connector before
 * attributes, attributes before match keys). */
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
static const char *const separators[] = { ";", ",", "|", "tab", NULL };
static const char *const delimiters[] = { "auto", ",", ";", "tab", "|", NULL };

/* Laid out by hand: one key after the other. */
/* clang-format off */
#define COLUMN_RULES(prefix, base)                                                                           \
    { prefix ".column", RULE_TEXT, RULE_REQUIRED, .at = (base) + COLUMN_AT(column) },                        \
    { prefix ".values", RULE_OWN, 0, .kinds = OBJECT_BIT, .at = (base), .read = read_values },               \
    { prefix ".values.*", RULE_OWN, 0, .kinds = TEXT_BIT },                                                  \
    { prefix ".unknown", RULE_SWITCH, 0, .at = (base) + COLUMN_AT(values_strict), .fallback = "keep",        \
      .choices = unknowns },                                                                                 \
    { prefix ".default", RULE_TEXT, 0, .at = (base) + COLUMN_AT(fallback) }

#define ACTION_RULE(name, KIND, on)                                                                          \
    { "actions." name, RULE_BOOL, RULE_POLICY, .at = AT(action[KIND]), .fallback = on }

#define LIMIT_RULES(name, target, number_max, percent_max)                                                   \
    { "guards." name, RULE_OBJECT, .flags = 0 },                                                             \
    { "guards." name ".number", RULE_LIMIT, RULE_POLICY, .at = AT(target.number), .fallback = number_max,    \
      .min = 0, .max = JOB_COUNT_MAX },                                                                      \
    { "guards." name ".percent", RULE_PERCENT, RULE_POLICY, .at = AT(target.percent),                        \
      .fallback = percent_max, .min = 0, .max = 100 }

static const struct rule rules[] = {
    { "$schema", RULE_IGNORED, .flags = 0 },
    { "name", RULE_OWN, 0, .kinds = TEXT_BIT, .at = AT(name), .read = read_name },

    { "feed", RULE_OBJECT, .flags = RULE_REQUIRED },
    { "feed.path", RULE_OWN, RULE_REQUIRED, .kinds = TEXT_BIT, .read = read_feed_path },
    { "feed.encoding", RULE_WORD, RULE_POLICY, .at = AT(feed.encoding), .fallback = "utf-8",
      .choices = encodings },
    { "feed.delimiter", RULE_OWN, RULE_POLICY, .kinds = TEXT_BIT, .at = AT(feed.delimiter),
      .fallback = "auto", .choices = delimiters, .read = read_delimiter, .write = write_delimiter },
    { "feed.proof", RULE_OBJECT, 0, .read = read_proof },
    { "feed.proof.trailer", RULE_OBJECT, .flags = 0 },
    { "feed.proof.trailer.column", RULE_TEXT, RULE_REQUIRED | RULE_POLICY,
      .at = AT(feed.trailer_column) },
    { "feed.proof.trailer.value", RULE_TEXT, RULE_REQUIRED | RULE_POLICY, .at = AT(feed.trailer_value) },
    { "feed.proof.trailer.count", RULE_TEXT, RULE_REQUIRED | RULE_POLICY, .at = AT(feed.trailer_count) },
    { "feed.proof.manifest", RULE_PATH, RULE_POLICY, .at = AT(feed.manifest), .write = write_manifest },

    { "target", RULE_OBJECT, .flags = RULE_REQUIRED },
    { "target.connector", RULE_OWN, RULE_REQUIRED | RULE_POLICY, .kinds = TEXT_BIT,
      .read = read_connector, .write = write_connector },
    { "target.url", RULE_OWN, RULE_REQUIRED | RULE_POLICY, .kinds = TEXT_BIT, .read = read_url,
      .write = write_url },
    { "target.credentials", RULE_OWN, 0, .kinds = OBJECT_BIT, .read = read_credentials },
    { "target.credentials.*", RULE_OWN, 0, .kinds = TEXT_BIT | OBJECT_BIT },
    { "target.credentials.*.cmd", RULE_OWN, RULE_REQUIRED, .kinds = ARRAY_BIT },
    { "target.rate", RULE_OWN, 0, .kinds = ARRAY_BIT, .at = AT(target.rate), .read = read_rate },
    { "target.bulk_rate", RULE_OWN, 0, .kinds = ARRAY_BIT, .at = AT(target.bulk_rate),
      .read = read_rate },
    { "target.concurrency", RULE_OWN, 0, .kinds = NUMBER_BIT, .at = AT(target.concurrency), .min = 1,
      .max = 64, .read = read_concurrency },
    { "target.pace", RULE_WORD, 0, .at = AT(target.pace), .fallback = "safe", .choices = paces },
    { "target.max_pause", RULE_SPAN, 0, .at = AT(target.max_pause_us), .fallback = "5min", .min = 0,
      .max = DAY_US },
    { "target.quota_day", RULE_OWN, 0, .kinds = TEXT_BIT, .at = AT(target.quota_day),
      .fallback = "+00:00", .read = read_quota_day },
    { "target.ca_file", RULE_PATH, 0, .at = AT(target.ca_file) },
    { "target.options", RULE_OWN, RULE_POLICY, .kinds = OBJECT_BIT, .read = read_options,
      .write = write_options },
    { "target.options.*", RULE_OWN, 0, .kinds = TEXT_BIT | NUMBER_BIT | BOOL_BIT },

    { "attributes", RULE_OWN, RULE_REQUIRED | RULE_POLICY, .kinds = OBJECT_BIT, .read = read_attributes,
      .write = write_attributes },
    { "attributes.*", RULE_OWN, 0, .kinds = TEXT_BIT | OBJECT_BIT },
    COLUMN_RULES("attributes.*", 0),
    { "attributes.*.separator", RULE_OWN, 0, .kinds = TEXT_BIT, .at = COLUMN_AT(separator),
      .choices = separators, .read = read_separator },
    { "match", RULE_OWN, RULE_REQUIRED | RULE_POLICY, .kinds = ARRAY_BIT, .read = read_match,
      .write = write_match },
    { "manager", RULE_OBJECT, RULE_POLICY, .read = read_manager, .write = write_manager },
    { "manager.key", RULE_OWN, 0, .kinds = TEXT_BIT, .read = read_manager_key },
    COLUMN_RULES("manager", AT(manager)),
    { "status", RULE_OBJECT, RULE_POLICY, .read = read_status, .write = write_status },
    { "status.column", RULE_TEXT, RULE_REQUIRED, .at = AT(status.column) },
    { "status.active", RULE_OWN, RULE_REQUIRED, .kinds = ARRAY_BIT, .read = read_active },
    { "status.leaver", RULE_OWN, RULE_REQUIRED, .kinds = ARRAY_BIT, .read = read_leaver },

    { "absent", RULE_CHOICE, RULE_POLICY, .at = AT(absent), .fallback = "report", .choices = absents },
    { "actions", RULE_OBJECT, 0, .read = read_actions },
    ACTION_RULE("create", CHANGE_CREATE, "true"),
    ACTION_RULE("activate", CHANGE_ACTIVATE, "true"),
    ACTION_RULE("update", CHANGE_UPDATE, "true"),
    ACTION_RULE("manager", CHANGE_MANAGER, "true"),
    ACTION_RULE("membership", CHANGE_MEMBERSHIP, "true"),
    ACTION_RULE("deactivate", CHANGE_DEACTIVATE, "true"),
    ACTION_RULE("retire", CHANGE_RETIRE, "false"),
    { "guards", RULE_OBJECT, .flags = 0 },
    LIMIT_RULES("create", guard[CHANGE_CREATE], "200", "20"),
    LIMIT_RULES("activate", guard[CHANGE_ACTIVATE], "50", "10"),
    LIMIT_RULES("update", guard[CHANGE_UPDATE], "1000", "50"),
    LIMIT_RULES("manager", guard[CHANGE_MANAGER], "500", "25"),
    LIMIT_RULES("membership", guard[CHANGE_MEMBERSHIP], "500", "25"),
    LIMIT_RULES("deactivate", guard[CHANGE_DEACTIVATE], "25", "5"),
    LIMIT_RULES("retire", guard[CHANGE_RETIRE], "25", "5"),
    LIMIT_RULES("rejects", rejects, "1000", "10"),
    { "guards.on_trip", RULE_SWITCH, RULE_POLICY, .at = AT(trip_plan), .fallback = "kind",
      .choices = trips },
    { "protected", RULE_OWN, RULE_POLICY, .kinds = ARRAY_BIT, .read = read_protected,
      .write = write_protected },

    { "rejects_ok", RULE_INT, RULE_POLICY, .at = AT(rejects_ok), .fallback = "0", .min = 0,
      .max = JOB_COUNT_MAX },
    { "failures_ok", RULE_INT, RULE_POLICY, .at = AT(failures_ok), .fallback = "0", .min = 0,
      .max = JOB_COUNT_MAX },
    { "plan_ttl", RULE_SPAN, RULE_POLICY, .at = AT(plan_ttl_us), .fallback = "24h", .min = MINUTE_US,
      .max = 30 * DAY_US },
    { "settle", RULE_SPAN, RULE_POLICY, .at = AT(settle_us), .fallback = "30s", .min = 0,
      .max = HOUR_US },
    { "visible_timeout", RULE_SPAN, RULE_POLICY, .at = AT(visible_us), .fallback = "2min", .min = 0,
      .max = DAY_US },

    { "report", RULE_OBJECT, 0, .read = read_report },
    { "report.audit", RULE_OWN, 0, .kinds = TEXT_BIT, .at = AT(report.audit), .read = read_report_path },
    { "report.rejects", RULE_OWN, 0, .kinds = TEXT_BIT, .at = AT(report.rejects),
      .read = read_report_path },
    { "report.junit", RULE_OWN, 0, .kinds = TEXT_BIT, .at = AT(report.junit), .read = read_report_path },
};
/* clang-format on */

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
