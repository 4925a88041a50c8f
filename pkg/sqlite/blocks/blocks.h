#ifndef BTOOLS_BLOCKS_H
#define BTOOLS_BLOCKS_H

#include "sqlite3.h"

typedef struct sqlite3_api_routines sqlite3_api_routines;

/* btools_blocks_init adds the functions to a connection. */
int btools_blocks_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);

#endif
