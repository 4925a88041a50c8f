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

/* put writes one. */
static void put(unsigned char *at, int n, uint64_t value) {
	for (int i = 0; i < n; i++) at[i] = (unsigned char)(value >> (8 * i));
}

/* A value as it is read: an integer, or bytes where they stand and how many there are. */
struct value {
	uint64_t kind, n;
	const char *bytes;
};

/* next reads a value. */
static int next(struct reader *r, struct value *v) {
	int rc = number(r, 1, &v->kind);
	if (rc != SQLITE_OK || v->kind == ROWS_NULL) return rc;
	rc = number(r, v->kind == ROWS_INTEGER ? 8 : 4, &v->n);
	if (rc != SQLITE_OK || v->kind == ROWS_INTEGER) return rc;
	if (v->kind > ROWS_BLOB || (uint64_t)(r->end - r->at) < v->n) return SQLITE_MISMATCH;
	v->bytes = (const char *)r->at;
	r->at += v->n;
	return SQLITE_OK;
}

/* bind gives the next value to a parameter of a statement, which is done with it before the bytes go. */
static int bind(struct reader *r, sqlite3_stmt *stmt, int parameter) {
	struct value v;
	const int rc = next(r, &v);
	if (rc != SQLITE_OK) return rc;
	switch (v.kind) {
	case ROWS_NULL:
		return sqlite3_bind_null(stmt, parameter);
	case ROWS_INTEGER:
		return sqlite3_bind_int64(stmt, parameter, (sqlite3_int64)v.n);
	case ROWS_TEXT:
		return sqlite3_bind_text64(stmt, parameter, v.bytes, v.n, SQLITE_STATIC, SQLITE_UTF8);
	default:
		return sqlite3_bind_blob64(stmt, parameter, v.bytes, v.n, SQLITE_STATIC);
	}
}

/* What the log of SQLite says last in this thread of a fault of the machine. A virtual table may say no more than that it
 * failed: vec0 does so of the statements that it runs itself. */
static _Thread_local int logged;

static void log_fault(void *data, int code, const char *message) {
	(void)data;
	(void)message;
	switch (code & 0xff) {
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
		logged = code;
	}
}

/* step runs a statement that returns nothing, and returns what is behind SQLITE_ERROR, if that is known. */
static int step(sqlite3_stmt *stmt) {
	logged = SQLITE_OK;
	if (sqlite3_step(stmt) == SQLITE_ROW) return SQLITE_MISUSE; /* a question, whose answer would be lost */
	const int rc = sqlite3_reset(stmt);
	return rc == SQLITE_ERROR && logged != SQLITE_OK ? logged : rc;
}

/* run runs a statement for n rows one after another and writes what each did. */
static int run(sqlite3 *db, sqlite3_stmt *stmt, struct reader r, sqlite3_int64 n, unsigned char *done) {
	const int parameters = sqlite3_bind_parameter_count(stmt);
	for (; n > 0; n--, done += 8) {
		int rc = SQLITE_OK;
		for (int i = 1; rc == SQLITE_OK && i <= parameters; i++) rc = bind(&r, stmt, i);
		if (rc != SQLITE_OK) return rc;
		sqlite3_set_last_insert_rowid(db, -1);
		rc = step(stmt);
		if (rc != SQLITE_OK) return rc;
		const uint64_t id = sqlite3_changes64(db) > 0 ? (uint64_t)sqlite3_last_insert_rowid(db) : 0;
		put(done, 8, id);
	}
	return r.at == r.end ? SQLITE_OK : SQLITE_MISMATCH;
}

/* A result that grows. */
struct buffer {
	unsigned char *bytes;
	sqlite3_uint64 size, room;
};

/* append makes room for n bytes and returns where they go; NULL if there is no memory. */
static unsigned char *append(struct buffer *b, sqlite3_uint64 n) {
	if (b->room - b->size < n) {
		const sqlite3_uint64 room = 2 * (b->size + n);
		unsigned char *grown = sqlite3_realloc64(b->bytes, room);
		if (grown == NULL) return NULL;
		b->bytes = grown;
		b->room = room;
	}
	b->size += n;
	return b->bytes + b->size - n;
}

/* append_value appends a value as bind reads it. */
static int append_value(struct buffer *b, sqlite3_stmt *stmt, int column) {
	const int type = sqlite3_column_type(stmt, column);
	const void *bytes = NULL;
	unsigned char *at;
	switch (type) {
	case SQLITE_NULL:
		if ((at = append(b, 1)) == NULL) return SQLITE_NOMEM;
		*at = ROWS_NULL;
		return SQLITE_OK;
	case SQLITE_INTEGER:
		if ((at = append(b, 9)) == NULL) return SQLITE_NOMEM;
		*at = ROWS_INTEGER;
		put(at + 1, 8, (uint64_t)sqlite3_column_int64(stmt, column));
		return SQLITE_OK;
	case SQLITE_TEXT:
		bytes = sqlite3_column_text(stmt, column);
		break;
	case SQLITE_BLOB:
		bytes = sqlite3_column_blob(stmt, column);
		break;
	default: /* no table has such */
		return SQLITE_MISMATCH;
	}
	const int n = sqlite3_column_bytes(stmt, column);
	if (bytes == NULL && (type == SQLITE_TEXT || n > 0)) return SQLITE_NOMEM;
	if ((at = append(b, 5 + (sqlite3_uint64)n)) == NULL) return SQLITE_NOMEM;
	*at = type == SQLITE_TEXT ? ROWS_TEXT : ROWS_BLOB;
	put(at + 1, 4, (uint64_t)n);
	if (n > 0) memcpy(at + 5, bytes, (size_t)n);
	return SQLITE_OK;
}

/* ask binds the values to the parameters of a question, asks it and appends the rows of the answer. */
static int ask(sqlite3_stmt *stmt, struct reader values, struct buffer *answer) {
	const int parameters = sqlite3_bind_parameter_count(stmt);
	int rc = SQLITE_OK;
	for (int i = 1; rc == SQLITE_OK && i <= parameters; i++) rc = bind(&values, stmt, i);
	if (rc == SQLITE_OK && values.at != values.end) rc = SQLITE_MISMATCH;
	while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		rc = SQLITE_OK;
		for (int i = 0; rc == SQLITE_OK && i < sqlite3_data_count(stmt); i++) rc = append_value(answer, stmt, i);
	}
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* A cursor of each_value. */
struct values_cursor {
	sqlite3_vtab_cursor base;
	sqlite3_value *of; /* what the values are in */
	struct reader left;
	sqlite3_int64 key; /* of the value */
	struct value value;
	int at_end;
};

enum { VALUES_KEY, VALUES_VALUE, VALUES_OF }; /* its columns */

static int values_connect(sqlite3 *db, void *data, int argc, const char *const *argv, sqlite3_vtab **table, char **message) {
	(void)data;
	(void)argc;
	(void)argv;
	(void)message;
	int rc = sqlite3_declare_vtab(db, "CREATE TABLE each_value (key INTEGER, value, of HIDDEN)");
	if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
	if (rc != SQLITE_OK) return rc;
	*table = sqlite3_malloc(sizeof **table);
	if (*table == NULL) return SQLITE_NOMEM;
	memset(*table, 0, sizeof **table);
	return SQLITE_OK;
}

static int values_disconnect(sqlite3_vtab *table) {
	sqlite3_free(table);
	return SQLITE_OK;
}

/* values_plan has the values come from one place, which has to be given. */
static int values_plan(sqlite3_vtab *table, sqlite3_index_info *plan) {
	(void)table;
	for (int i = 0; i < plan->nConstraint; i++) {
		if (plan->aConstraint[i].iColumn != VALUES_OF || !plan->aConstraint[i].usable ||
		    plan->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) {
			continue;
		}
		plan->aConstraintUsage[i].argvIndex = 1;
		plan->aConstraintUsage[i].omit = 1;
		plan->estimatedRows = plan->estimatedCost = 100;
		return SQLITE_OK;
	}
	return SQLITE_CONSTRAINT;
}

static int values_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor) {
	(void)table;
	struct values_cursor *c = sqlite3_malloc(sizeof *c);
	if (c == NULL) return SQLITE_NOMEM;
	memset(c, 0, sizeof *c);
	*cursor = &c->base;
	return SQLITE_OK;
}

static int values_close(sqlite3_vtab_cursor *cursor) {
	struct values_cursor *c = (struct values_cursor *)cursor;
	sqlite3_value_free(c->of);
	sqlite3_free(c);
	return SQLITE_OK;
}

static int values_next(sqlite3_vtab_cursor *cursor) {
	struct values_cursor *c = (struct values_cursor *)cursor;
	c->key++;
	c->at_end = c->left.at == c->left.end;
	return c->at_end ? SQLITE_OK : next(&c->left, &c->value);
}

static int values_filter(sqlite3_vtab_cursor *cursor, int plan, const char *name, int argc, sqlite3_value **argv) {
	(void)plan;
	(void)name;
	(void)argc;
	struct values_cursor *c = (struct values_cursor *)cursor;
	sqlite3_value_free(c->of);
	c->of = sqlite3_value_dup(argv[0]);
	if (c->of == NULL) return SQLITE_NOMEM;
	c->left.at = sqlite3_value_blob(c->of);
	c->left.end = c->left.at + sqlite3_value_bytes(c->of);
	c->key = -1;
	return values_next(cursor);
}

static int values_eof(sqlite3_vtab_cursor *cursor) { return ((struct values_cursor *)cursor)->at_end; }

static int values_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column) {
	const struct values_cursor *c = (struct values_cursor *)cursor;
	const struct value *v = &c->value;
	if (column == VALUES_KEY) {
		sqlite3_result_int64(context, c->key);
	} else if (column == VALUES_OF) {
		sqlite3_result_value(context, c->of);
	} else if (v->kind == ROWS_INTEGER) {
		sqlite3_result_int64(context, (sqlite3_int64)v->n);
	} else if (v->kind == ROWS_TEXT) {
		sqlite3_result_text64(context, v->bytes, v->n, SQLITE_TRANSIENT, SQLITE_UTF8);
	} else if (v->kind == ROWS_BLOB) {
		sqlite3_result_blob64(context, v->bytes, v->n, SQLITE_TRANSIENT);
	}
	return SQLITE_OK;
}

static int values_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *id) {
	*id = ((struct values_cursor *)cursor)->key;
	return SQLITE_OK;
}

static const sqlite3_module each_value = {
	.xConnect = values_connect,
	.xDisconnect = values_disconnect,
	.xBestIndex = values_plan,
	.xOpen = values_open,
	.xClose = values_close,
	.xFilter = values_filter,
	.xNext = values_next,
	.xEof = values_eof,
	.xColumn = values_column,
	.xRowid = values_rowid,
};

/* fail makes what went wrong the result. */
static void fail(sqlite3_context *context, int rc) {
	sqlite3 *db = sqlite3_context_db_handle(context);
	const int extended = sqlite3_extended_errcode(db);
	const int of_db = (extended & 0xff) == (rc & 0xff); /* and not found out here */
	sqlite3_result_error(context, of_db ? sqlite3_errmsg(db) : sqlite3_errstr(rc), -1);
	sqlite3_result_error_code(context, of_db ? extended : rc);
}

/* The statements of a connection that are prepared and not in use, so that they need not be prepared again. Their texts
 * are a fixed number. */
struct statements {
	sqlite3_stmt *idle[32];
	int n;
};

/* take returns a statement prepared. */
static int take(struct statements *all, sqlite3 *db, const char *sql, sqlite3_stmt **stmt) {
	for (int i = 0; sql != NULL && i < all->n; i++) {
		if (strcmp(sqlite3_sql(all->idle[i]), sql) != 0) continue;
		*stmt = all->idle[i];
		all->idle[i] = all->idle[--all->n];
		return SQLITE_OK;
	}
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
}

/* give keeps a statement for the next time, as long as there is room. */
static void give(struct statements *all, sqlite3_stmt *stmt) {
	if (stmt == NULL || all->n == sizeof all->idle / sizeof *all->idle) {
		sqlite3_finalize(stmt);
		return;
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt); /* whose bytes go */
	all->idle[all->n++] = stmt;
}

/* finalize_all is called when the connection is closed. */
static void finalize_all(void *statements) {
	struct statements *all = statements;
	while (all->n > 0) sqlite3_finalize(all->idle[--all->n]);
	sqlite3_free(all);
}

static void run_rows(sqlite3_context *context, int argc, sqlite3_value **argv) {
	(void)argc;
	sqlite3 *db = sqlite3_context_db_handle(context);
	struct statements *statements = sqlite3_user_data(context);
	const char *sql = (const char *)sqlite3_value_text(argv[0]);
	const sqlite3_int64 n = sqlite3_value_int64(argv[1]);
	const unsigned char *bytes = sqlite3_value_blob(argv[2]);
	const struct reader rows = {bytes, bytes + sqlite3_value_bytes(argv[2])};
	/* Each row takes a byte and more, unless there is one only, of a statement without parameters. */
	unsigned char *done = n >= 0 && (n <= 1 || n <= rows.end - rows.at) ? sqlite3_malloc64(8 * (sqlite3_uint64)n + 1) : NULL;
	sqlite3_stmt *stmt = NULL;
	int rc = done == NULL ? SQLITE_NOMEM : take(statements, db, sql, &stmt);
	if (rc == SQLITE_OK) rc = run(db, stmt, rows, n, done);
	if (rc == SQLITE_OK) {
		sqlite3_result_blob64(context, done, 8 * (sqlite3_uint64)n, sqlite3_free);
	} else {
		fail(context, rc);
		sqlite3_free(done);
	}
	give(statements, stmt);
}

static void rows_of(sqlite3_context *context, int argc, sqlite3_value **argv) {
	(void)argc;
	struct statements *statements = sqlite3_user_data(context);
	const char *sql = (const char *)sqlite3_value_text(argv[0]);
	const unsigned char *bytes = sqlite3_value_blob(argv[1]);
	const struct reader values = {bytes, bytes + sqlite3_value_bytes(argv[1])};
	struct buffer answer = {NULL, 0, 0};
	sqlite3_stmt *stmt = NULL;
	int rc = take(statements, sqlite3_context_db_handle(context), sql, &stmt);
	if (rc == SQLITE_OK && (stmt == NULL || !sqlite3_stmt_readonly(stmt))) rc = SQLITE_MISUSE;
	if (rc == SQLITE_OK) rc = ask(stmt, values, &answer);
	if (rc == SQLITE_OK && answer.size > 0) {
		sqlite3_result_blob64(context, answer.bytes, answer.size, sqlite3_free);
	} else if (rc == SQLITE_OK) {
		sqlite3_result_zeroblob(context, 0);
	} else {
		fail(context, rc);
		sqlite3_free(answer.bytes);
	}
	give(statements, stmt);
}

void btools_rows_log(void) { sqlite3_config(SQLITE_CONFIG_LOG, log_fault, NULL); }

int btools_rows_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
	(void)message;
	(void)api;
	const int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
	struct statements *all = sqlite3_malloc64(sizeof *all);
	if (all == NULL) return SQLITE_NOMEM;
	all->n = 0;
	int rc = sqlite3_set_clientdata(db, "btools_rows", all, finalize_all);
	if (rc == SQLITE_OK) rc = sqlite3_create_function_v2(db, "run_rows", 3, flags, all, run_rows, NULL, NULL, NULL);
	if (rc == SQLITE_OK) rc = sqlite3_create_function_v2(db, "rows_of", 2, flags, all, rows_of, NULL, NULL, NULL);
	if (rc == SQLITE_OK) rc = sqlite3_create_module_v2(db, "each_value", &each_value, NULL, NULL);
	return rc;
}
