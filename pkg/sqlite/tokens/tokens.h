#ifndef BTOOLS_TOKENS_H
#define BTOOLS_TOKENS_H

#include <stddef.h>
#include <stdint.h>

#include "sqlite3.h"

typedef struct sqlite3_api_routines sqlite3_api_routines;

/* btools_tokens_init adds the functions to a connection. */
int btools_tokens_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);

typedef struct btools_tokenizer btools_tokenizer;

/* btools_tokenizer_new makes a tokenizer "porter" with n arguments; NULL if that fails. */
btools_tokenizer *btools_tokenizer_new(const char **args, int n);
void btools_tokenizer_free(btools_tokenizer *t);

/* A buffer that grows; its bytes are malloc's. */
typedef struct {
	unsigned char *bytes;
	size_t size, room;
} btools_buffer;

/* What a text has: its list, and for each word that is not known its hash, its length in a byte and its bytes. Both are
 * the tokenizer's until the next call. */
typedef struct {
	btools_buffer list, words;
	size_t word_count;
} btools_tokens;

/* How many hashes a set of known words has: a line of the processor's cache. */
#define BTOOLS_SET_SIZE 8

/* btools_tokenize returns NULL if there is no memory. Known words have their hashes in known, each in the set that its
 * low bits are the number of, of which mask has all; after those of a set are zeros. All of them are forgotten at the end
 * of an age, which is never 0. */
const btools_tokens *btools_tokenize(btools_tokenizer *t, const char *text, int n, int wants_words, const uint64_t *known,
                                     uint64_t mask, uint32_t age);

#endif
