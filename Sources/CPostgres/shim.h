#pragma once
#include <postgresql/libpq-fe.h>

/// The codes of error fields are character literals, which arrive in Swift as numbers of no fixed type.
static const int cpostgres_field_state = PG_DIAG_SQLSTATE;
static const int cpostgres_field_message = PG_DIAG_MESSAGE_PRIMARY;
static const int cpostgres_field_table = PG_DIAG_TABLE_NAME;
static const int cpostgres_field_column = PG_DIAG_COLUMN_NAME;
static const int cpostgres_field_constraint = PG_DIAG_CONSTRAINT_NAME;

/// Notices go nowhere: libpq would print them on standard error, and Swift has no C function that ignores
/// them.
static inline void cpostgres_ignore_notice(void *context, const char *message) {
    (void)context;
    (void)message;
}
static inline void cpostgres_ignore_notices(PGconn *connection) {
    PQsetNoticeProcessor(connection, cpostgres_ignore_notice, (void *)0);
}
