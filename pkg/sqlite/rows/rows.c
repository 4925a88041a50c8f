#include "rows.h"

#include <stdint.h>
#include <string.h>

/* The kinds of values, as package rows writes them. */
enum { ROWS_NULL, ROWS_INTEGER, ROWS_TEXT, ROWS_BLOB };

struct reader {
	const unsigned char *at, *end;
};

/* number reads a little-endian integer of n bytes. */
static int number(struct reader *r, int n, uint64_t *value) {
	if (r->end - r->at < n) return SQLITE_MISMATCH;
	*value = 0;
	for (int i = 0; i < n; i++) *value |= (uint64_t)r->at[i] << (8 * i);
	r->at += n;
	return SQLITE_OK;
}

/* bind gives the next value to a parameter of a statement, which is done with it before the bytes go. */
static int bind(struct reader *r, sqlite3_stmt *stmt, int parameter) {
	uint64_t kind, value = 0;
	int rc = number(r, 1, &kind);
	if (rc == SQLITE_OK && kind != ROWS_NULL) rc = number(r, kind == ROWS_INTEGER ? 8 : 4, &value);
	if (rc != SQLITE_OK) return rc;
	if (kind == ROWS_NULL) return sqlite3_bind_null(stmt, parameter);
	if (kind == ROWS_INTEGER) return sqlite3_bind_int64(stmt, parameter, (sqlite3_int64)value);
	const char *bytes = (const char *)r->at;
	if (kind > ROWS_BLOB || (uint64_t)(r->end - r->at) < value) return SQLITE_MISMATCH;
	r->at += value;
	if (kind == ROWS_TEXT) return sqlite3_bind_text64(stmt, parameter, bytes, value, SQLITE_STATIC, SQLITE_UTF8);
	return sqlite3_bind_blob64(stmt, parameter, bytes, value, SQLITE_STATIC);
}

/* run runs a statement for n rows one after another and writes what each did. */
static int run(sqlite3 *db, sqlite3_stmt *stmt, struct reader r, sqlite3_int64 n, unsigned char *done) {
	const int parameters = sqlite3_bind_parameter_count(stmt);
	for (; n > 0; n--, done += 8) {
		int rc = SQLITE_OK;
		for (int i = 1; rc == SQLITE_OK && i <= parameters; i++) rc = bind(&r, stmt, i);
		if (rc != SQLITE_OK) return rc;
		sqlite3_set_last_insert_rowid(db, -1);
		if (sqlite3_step(stmt) == SQLITE_ROW) return SQLITE_MISUSE; /* a question, whose answer would be lost */
		rc = sqlite3_reset(stmt);
		if (rc != SQLITE_OK) return rc;
		const uint64_t id = sqlite3_changes64(db) > 0 ? (uint64_t)sqlite3_last_insert_rowid(db) : 0;
		for (int i = 0; i < 8; i++) done[i] = (unsigned char)(id >> (8 * i));
	}
	return r.at == r.end ? SQLITE_OK : SQLITE_MISMATCH;
}

static void run_rows(sqlite3_context *context, int argc, sqlite3_value **argv) {
	(void)argc;
	sqlite3 *db = sqlite3_context_db_handle(context);
	const char *sql = (const char *)sqlite3_value_text(argv[0]);
	const sqlite3_int64 n = sqlite3_value_int64(argv[1]);
	const unsigned char *bytes = sqlite3_value_blob(argv[2]);
	const struct reader rows = {bytes, bytes + sqlite3_value_bytes(argv[2])};
	/* Each row takes a byte and more. */
	unsigned char *done = n >= 0 && n <= rows.end - rows.at ? sqlite3_malloc64(8 * (sqlite3_uint64)n + 1) : NULL;
	sqlite3_stmt *stmt = NULL;
	int rc = done == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK) rc = run(db, stmt, rows, n, done);
	if (rc == SQLITE_OK) {
		sqlite3_result_blob64(context, done, 8 * (sqlite3_uint64)n, sqlite3_free);
	} else {
		const int extended = sqlite3_extended_errcode(db);
		const int of_db = (extended & 0xff) == (rc & 0xff); /* and not found out here */
		sqlite3_result_error(context, of_db ? sqlite3_errmsg(db) : sqlite3_errstr(rc), -1);
		sqlite3_result_error_code(context, of_db ? extended : rc);
		sqlite3_free(done);
	}
	sqlite3_finalize(stmt);
}

int btools_rows_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
	(void)message;
	(void)api;
	return sqlite3_create_function_v2(db, "run_rows", 3, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, run_rows, NULL, NULL, NULL);
}
