#ifndef BTOOLS_ROWS_H
#define BTOOLS_ROWS_H

#include "sqlite3.h"

typedef struct sqlite3_api_routines sqlite3_api_routines;

/* btools_rows_log has run_rows know what the log of SQLite says. It is for before SQLite begins to work, and later in
 * vain. */
void btools_rows_log(void);

/* btools_rows_init adds the function to a connection. */
int btools_rows_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);

#endif
