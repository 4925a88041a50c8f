#include "blocks.h"

#include <stdint.h>
#include <string.h>

#define QUERY_BITS 4

/* word reads a little-endian word. */
static inline uint64_t word(const unsigned char *p) {
	uint64_t w;
	memcpy(&w, p, sizeof w);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* weigh adds up the components of a query whose bits are set. */
static inline int32_t weigh(const uint64_t *query, uint64_t set) {
	return __builtin_popcountll(query[0] & set) + 2 * __builtin_popcountll(query[1] & set) +
	       4 * __builtin_popcountll(query[2] & set) - 8 * __builtin_popcountll(query[3] & set);
}

static inline void score_all(const uint64_t *query, int words, const unsigned char *codes, int n, unsigned char *scores) {
	for (int i = 0; i < n; i++, codes += 16 * words, scores += 4) {
		int32_t score = 0;
		for (int at = 0; at < words; at++) {
			score += 2 * weigh(query + QUERY_BITS * at, word(codes + 8 * at)) +
			         weigh(query + QUERY_BITS * at, word(codes + 8 * (words + at)));
		}
		for (int byte = 0; byte < 4; byte++) scores[byte] = (unsigned char)((uint32_t)score >> (8 * byte));
	}
}

/* Processors of before 2008 have no instruction that counts bits. */
#if defined(__x86_64__)
__attribute__((target("popcnt"))) static void score_counting(const uint64_t *query, int words, const unsigned char *codes,
                                                             int n, unsigned char *scores) {
	score_all(query, words, codes, n, scores);
}
#endif

static void code_scores(sqlite3_context *context, int argc, sqlite3_value **argv) {
	(void)argc;
	const int query_bytes = sqlite3_value_bytes(argv[0]), code_bytes = sqlite3_value_bytes(argv[1]);
	const unsigned char *query = sqlite3_value_blob(argv[0]), *codes = sqlite3_value_blob(argv[1]);
	const int words = query_bytes / (8 * QUERY_BITS);
	if (words == 0 || words > 1 << 16 || query_bytes % (8 * QUERY_BITS) != 0 || code_bytes % (16 * words) != 0) {
		return; /* NULL */
	}
	const int n = code_bytes / (16 * words);
	uint64_t *masks = sqlite3_malloc64((sqlite3_uint64)query_bytes);
	unsigned char *scores = sqlite3_malloc64(4 * (sqlite3_uint64)n + 1);
	if (masks == NULL || scores == NULL) {
		sqlite3_free(masks);
		sqlite3_free(scores);
		sqlite3_result_error_nomem(context);
		return;
	}
	for (int i = 0; i < QUERY_BITS * words; i++) masks[i] = word(query + 8 * i);
#if defined(__x86_64__)
	if (__builtin_cpu_supports("popcnt"))
		score_counting(masks, words, codes, n, scores);
	else
#endif
		score_all(masks, words, codes, n, scores);
	sqlite3_free(masks);
	sqlite3_result_blob64(context, scores, 4 * (sqlite3_uint64)n, sqlite3_free);
}

static void in_force(sqlite3_context *context, int argc, sqlite3_value **argv) {
	(void)argc;
	const int bytes = sqlite3_value_bytes(argv[0]);
	const unsigned char *from = sqlite3_value_blob(argv[0]), *to = sqlite3_value_blob(argv[1]);
	const int64_t at = sqlite3_value_int64(argv[2]);
	const int n = bytes / 8, set_bytes = (n + 7) / 8;
	if (bytes % 8 != 0 || sqlite3_value_bytes(argv[1]) != bytes) {
		return; /* NULL */
	}
	unsigned char *set = sqlite3_malloc64((sqlite3_uint64)set_bytes + 1);
	if (set == NULL) {
		sqlite3_result_error_nomem(context);
		return;
	}
	memset(set, 0, (size_t)set_bytes);
	for (int i = 0; i < n; i++) {
		const int64_t begins = (int64_t)word(from + 8 * i), ends = (int64_t)word(to + 8 * i);
		set[i / 8] |= (unsigned char)((begins <= at && at < ends) << (i % 8));
	}
	sqlite3_result_blob64(context, set, (sqlite3_uint64)set_bytes, sqlite3_free);
}

int btools_blocks_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
	(void)message;
	(void)api;
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	const int rc = sqlite3_create_function_v2(db, "code_scores", 2, flags, NULL, code_scores, NULL, NULL, NULL);
	if (rc != SQLITE_OK) return rc;
	return sqlite3_create_function_v2(db, "in_force", 3, flags, NULL, in_force, NULL, NULL, NULL);
}
