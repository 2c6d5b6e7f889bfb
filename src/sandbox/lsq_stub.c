#include "lsq.h"
void lsq_user_create(struct call *call) { lsq_success(call); }
void lsq_user_update(struct call *call) { lsq_success(call); }
void lsq_activate(struct call *call) { lsq_success(call); }
void lsq_deactivate(struct call *call) { lsq_success(call); }
void lsq_mark_obsolete(struct call *call) { lsq_success(call); }
void lsq_bulk_update(struct call *call) { lsq_success(call); }
void lsq_manager_bulk(struct call *call) { lsq_success(call); }
void lsq_settle(struct sandbox *sb, uint64_t now) { (void)sb; (void)now; }
void lsq_report(struct sandbox *sb, struct jsonout *j) { (void)sb; (void)j; }
