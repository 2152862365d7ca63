#pragma once
#include <sqlite3.h>

/// sqlite3_db_config is variadic, which Swift cannot call; these options take an int and tell the new value.
static inline int csqlite_config(sqlite3 *db, int option, int on) {
    return sqlite3_db_config(db, option, on, (int *)0);
}

/// SQLITE_TRANSIENT is a cast of -1 to a function pointer, which Swift cannot import. It makes SQLite copy
/// the bytes.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 n) {
    return sqlite3_bind_text64(statement, index, bytes, n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/// As above; no bytes are an empty blob, where a null pointer would have bound NULL.
static inline int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 n) {
    return n == 0 ? sqlite3_bind_zeroblob(statement, index, 0)
                  : sqlite3_bind_blob64(statement, index, bytes, n, SQLITE_TRANSIENT);
}

/// Extended result codes are macros with arithmetic, which Swift cannot import.
static const int csqlite_constraint_foreign_key = SQLITE_CONSTRAINT_FOREIGNKEY;
static const int csqlite_constraint_not_null = SQLITE_CONSTRAINT_NOTNULL;
static const int csqlite_constraint_unique = SQLITE_CONSTRAINT_UNIQUE;
static const int csqlite_constraint_primary_key = SQLITE_CONSTRAINT_PRIMARYKEY;
static const int csqlite_constraint_rowid = SQLITE_CONSTRAINT_ROWID;

/// sqlite3_config is variadic. What it says counts before the library's first use.
static inline int csqlite_leave_memory_uncounted(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// As above. What a statement or a savepoint may have to undo stays in memory, however much it is.
static inline int csqlite_undo_from_memory(void) {
    return sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
}
