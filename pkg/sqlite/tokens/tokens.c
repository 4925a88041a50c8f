#include "tokens.h"

#include <stdlib.h>
#include <string.h>

/* Lists. A token is its length in two bytes, little-endian, and its bytes. FTS5 takes no more of a longer one. */

#define MAX_TOKEN 32768

static int append(btools_buffer *b, const void *bytes, size_t n) {
	if (b->room - b->size < n) {
		size_t room = 2 * (b->size + n);
		unsigned char *grown = realloc(b->bytes, room);
		if (grown == NULL) return SQLITE_NOMEM;
		b->bytes = grown;
		b->room = room;
	}
	if (n > 0) memcpy(b->bytes + b->size, bytes, n);
	b->size += n;
	return SQLITE_OK;
}

static int append_token(btools_buffer *list, const char *token, int n) {
	if (n > MAX_TOKEN) n = MAX_TOKEN;
	const unsigned char length[2] = {(unsigned char)n, (unsigned char)(n >> 8)};
	const int rc = append(list, length, sizeof length);
	return rc != SQLITE_OK ? rc : append(list, token, (size_t)n);
}

/* The API of FTS5 of a connection; NULL if it has none. */
static fts5_api *api_of(sqlite3 *db) {
	fts5_api *api = NULL;
	sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &stmt, NULL) == SQLITE_OK) {
		sqlite3_bind_pointer(stmt, 1, &api, "fts5_api_ptr", NULL);
		sqlite3_step(stmt);
	}
	sqlite3_finalize(stmt);
	return api != NULL && api->iVersion >= 3 ? api : NULL;
}

/* A connection: the list that each of the last texts has. A row of the table has one in each column. */

#define PENDING 4

struct pending {
	btools_buffer text, list;
};

struct connection {
	struct pending pending[PENDING];
	int next;
};

static void connection_free(void *data) {
	struct connection *c = data;
	for (int i = 0; i < PENDING; i++) {
		free(c->pending[i].text.bytes);
		free(c->pending[i].list.bytes);
	}
	free(c);
}

/* tokenized(text, list) is text; when FTS5 tokenizes that next, it has the list. */
static void tokenized(sqlite3_context *context, int argc, sqlite3_value **argv) {
	(void)argc;
	struct connection *c = sqlite3_user_data(context);
	struct pending *p = &c->pending[c->next];
	const unsigned char *text = sqlite3_value_text(argv[0]), *list = sqlite3_value_blob(argv[1]);
	const size_t text_size = (size_t)sqlite3_value_bytes(argv[0]), list_size = (size_t)sqlite3_value_bytes(argv[1]);
	p->text.size = p->list.size = 0;
	if (text_size > 0) {
		/* The list first: a text that has none, for want of memory, must not stand there. */
		if (append(&p->list, list, list_size) != SQLITE_OK || append(&p->text, text, text_size) != SQLITE_OK) {
			sqlite3_result_error_nomem(context);
			return;
		}
		c->next = (c->next + 1) % PENDING;
	}
	sqlite3_result_value(context, argv[0]);
}

/* The tokenizer that stands in for FTS5's "porter" has that do all the work but for texts that have a list. */
struct stand_in {
	struct connection *connection;
	fts5_tokenizer_v2 porter;
	Fts5Tokenizer *porter_made;
};

/* What a connection needs to make one. */
struct maker {
	struct connection *connection;
	fts5_tokenizer_v2 porter;
	void *porter_data;
};

static int stand_in_create(void *data, const char **args, int n, Fts5Tokenizer **out) {
	const struct maker *m = data;
	struct stand_in *s = malloc(sizeof *s);
	if (s == NULL) return SQLITE_NOMEM;
	s->connection = m->connection;
	s->porter = m->porter;
	const int rc = m->porter.xCreate(m->porter_data, args, n, &s->porter_made);
	if (rc != SQLITE_OK) {
		free(s);
		return rc;
	}
	*out = (Fts5Tokenizer *)s;
	return SQLITE_OK;
}

static void stand_in_delete(Fts5Tokenizer *t) {
	struct stand_in *s = (struct stand_in *)t;
	s->porter.xDelete(s->porter_made);
	free(s);
}

typedef int token_callback(void *, int, const char *, int, int, int);

static int replay(const btools_buffer *list, void *context, token_callback *token) {
	size_t at = 0;
	while (at < list->size) {
		if (list->size - at < 2) return SQLITE_ERROR;
		const size_t n = list->bytes[at] | (size_t)list->bytes[at + 1] << 8;
		at += 2;
		if (list->size - at < n) return SQLITE_ERROR;
		/* Where a token stood matters to highlights only, and not to what is stored. */
		const int rc = token(context, 0, (const char *)list->bytes + at, (int)n, 0, 0);
		if (rc != SQLITE_OK) return rc;
		at += n;
	}
	return SQLITE_OK;
}

static int stand_in_tokenize(Fts5Tokenizer *t, void *context, int flags, const char *text, int n, const char *locale,
                             int locale_size, token_callback *token) {
	struct stand_in *s = (struct stand_in *)t;
	for (int i = 0; flags == FTS5_TOKENIZE_DOCUMENT && n > 0 && i < PENDING; i++) {
		struct pending *p = &s->connection->pending[i];
		if (p->text.size == (size_t)n && memcmp(p->text.bytes, text, (size_t)n) == 0) {
			p->text.size = 0;
			return replay(&p->list, context, token);
		}
	}
	return s->porter.xTokenize(s->porter_made, context, flags, text, n, locale, locale_size, token);
}

/* take_token_lists() puts the stand-in in the place of "porter" for tables that are opened from then on. */
static void take_token_lists(sqlite3_context *context, int argc, sqlite3_value **argv) {
	(void)argc;
	(void)argv;
	fts5_api *fts5 = api_of(sqlite3_context_db_handle(context));
	struct maker *m = calloc(1, sizeof *m);
	if (m == NULL) {
		sqlite3_result_error_nomem(context);
		return;
	}
	m->connection = sqlite3_user_data(context);
	fts5_tokenizer_v2 *porter = NULL, stand_in = {2, stand_in_create, stand_in_delete, stand_in_tokenize};
	int rc = fts5 != NULL ? fts5->xFindTokenizer_v2(fts5, "porter", &m->porter_data, &porter) : SQLITE_ERROR;
	if (rc == SQLITE_OK) {
		m->porter = *porter;
		rc = fts5->xCreateTokenizer_v2(fts5, "porter", m, &stand_in, free);
	}
	if (rc != SQLITE_OK) {
		free(m);
		sqlite3_result_error_code(context, rc);
	}
}

int btools_tokens_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
	(void)message;
	(void)api;
	const int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
	struct connection *c = calloc(1, sizeof *c);
	if (c == NULL) return SQLITE_NOMEM;
	const int rc = sqlite3_create_function_v2(db, "take_token_lists", 0, flags, c, take_token_lists, NULL, NULL, connection_free);
	if (rc != SQLITE_OK) return rc; /* and c is freed */
	return sqlite3_create_function_v2(db, "tokenized", 2, flags, c, tokenized, NULL, NULL, NULL);
}

/* A tokenizer outside of any table. Its stems are remembered, since most words of a text are among the last few thousand:
 * each at the place that the low bits of its hash are. All that is asked of a word is in one line of the processor's
 * cache, which is where the time goes. */

#define CACHE_BITS 14
#define CACHE_LINE 64
#define MAX_WORD 25

struct stem {
	uint64_t hash;     /* 0 where there is none */
	uint32_t known_in; /* the word is known in this age */
	unsigned char word_size, stem_size;
	char word[MAX_WORD], stem[MAX_WORD];
};

_Static_assert(sizeof(struct stem) == CACHE_LINE, "a stem takes a line of the cache");

struct btools_tokenizer {
	sqlite3 *db; /* whose tokenizers these are */
	fts5_tokenizer_v2 unicode, porter;
	Fts5Tokenizer *unicode_made, *porter_made;
	struct stem *stems;
	btools_tokens result;
	int wants_words;
	const uint64_t *known;
	uint64_t known_mask;
	uint32_t age;
	int other; /* the text has a word whose stem cannot be found alone */
};

static int make(fts5_api *api, const char *name, const char **args, int n, fts5_tokenizer_v2 *kind, Fts5Tokenizer **made) {
	void *data = NULL;
	fts5_tokenizer_v2 *found = NULL;
	const int rc = api->xFindTokenizer_v2(api, name, &data, &found);
	if (rc != SQLITE_OK) return rc;
	*kind = *found;
	return kind->xCreate(data, args, n, made);
}

btools_tokenizer *btools_tokenizer_new(const char **args, int n) {
	btools_tokenizer *t = calloc(1, sizeof *t);
	if (t == NULL) return NULL;
	const size_t stems_size = sizeof *t->stems << CACHE_BITS;
	t->stems = aligned_alloc(CACHE_LINE, stems_size);
	if (t->stems != NULL) memset(t->stems, 0, stems_size);
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
	fts5_api *api = NULL;
	if (t->stems == NULL || n < 1 || sqlite3_open_v2(":memory:", &t->db, flags, NULL) != SQLITE_OK ||
	    (api = api_of(t->db)) == NULL || make(api, args[0], args + 1, n - 1, &t->unicode, &t->unicode_made) != SQLITE_OK ||
	    make(api, "porter", args, n, &t->porter, &t->porter_made) != SQLITE_OK) {
		btools_tokenizer_free(t);
		return NULL;
	}
	return t;
}

void btools_tokenizer_free(btools_tokenizer *t) {
	if (t->porter_made != NULL) t->porter.xDelete(t->porter_made);
	if (t->unicode_made != NULL) t->unicode.xDelete(t->unicode_made);
	sqlite3_close(t->db);
	free(t->stems);
	free(t->result.list.bytes);
	free(t->result.words.bytes);
	free(t);
}

static inline uint64_t mix(uint64_t hash, uint64_t bits) {
	hash = (hash ^ bits) * 0xFF51AFD7ED558CCDu;
	return hash ^ hash >> 32;
}

/* The parts of a word that is no multiple of eight bytes long overlap. */
static inline uint64_t hash_of(const char *word, size_t n) {
	uint64_t hash = n * 0x9E3779B97F4A7C15u, bits = 0;
	uint32_t first, last;
	if (n >= sizeof bits) {
		for (size_t at = 0; at + sizeof bits < n; at += sizeof bits) {
			memcpy(&bits, word + at, sizeof bits);
			hash = mix(hash, bits);
		}
		memcpy(&bits, word + n - sizeof bits, sizeof bits);
	} else if (n >= sizeof first) {
		memcpy(&first, word, sizeof first);
		memcpy(&last, word + n - sizeof last, sizeof last);
		bits = (uint64_t)first << 32 | last;
	} else if (n > 0) {
		bits = (uint64_t)(unsigned char)word[0] << 16 | (uint64_t)(unsigned char)word[n / 2] << 8 | (unsigned char)word[n - 1];
	}
	hash = mix(hash, bits);
	return hash != 0 ? hash : 1;
}

/* What tokenizing a word alone gave. */
struct alone {
	const char *word; /* that has to come out as it is; NULL for any */
	int n, tokens;
	struct stem *stem; /* takes what comes out; may be NULL */
};

static int take_alone(void *context, int flags, const char *token, int n, int start, int end) {
	struct alone *a = context;
	(void)flags;
	a->tokens += start == 0 && end == a->n ? 1 : 2;
	if (a->word != NULL && (n != a->n || memcmp(a->word, token, (size_t)n) != 0)) a->tokens = 2;
	if (a->stem != NULL) {
		if (n > MAX_WORD) return SQLITE_ERROR;
		memcpy(a->stem->stem, token, (size_t)n);
		a->stem->stem_size = (unsigned char)n;
	}
	return SQLITE_OK;
}

/* learn finds the stem of a word; 0 if that cannot be told from the word alone. */
static int learn(btools_tokenizer *t, struct stem *stem, const char *word, int n, uint64_t hash) {
	struct alone same = {word, n, 0, NULL}, stemmed = {NULL, n, 0, stem};
	stem->hash = stem->known_in = 0;
	if (t->unicode.xTokenize(t->unicode_made, &same, FTS5_TOKENIZE_DOCUMENT, word, n, NULL, 0, take_alone) != SQLITE_OK ||
	    same.tokens != 1 ||
	    t->porter.xTokenize(t->porter_made, &stemmed, FTS5_TOKENIZE_DOCUMENT, word, n, NULL, 0, take_alone) != SQLITE_OK ||
	    stemmed.tokens != 1) {
		return 0;
	}
	memcpy(stem->word, word, (size_t)n);
	stem->word_size = (unsigned char)n;
	stem->hash = hash;
	return 1;
}

static int is_known(const btools_tokenizer *t, uint64_t hash) {
	const uint64_t *set = t->known + (hash & t->known_mask) * BTOOLS_SET_SIZE;
	for (int i = 0; i < BTOOLS_SET_SIZE; i++) {
		const uint64_t one = __atomic_load_n(&set[i], __ATOMIC_RELAXED);
		if (one == hash) return 1;
		if (one == 0) return 0;
	}
	return 0;
}

static int note_word(btools_tokenizer *t, const char *word, int n, uint64_t hash) {
	if (n > UINT8_MAX) return SQLITE_OK;
	const unsigned char length = (unsigned char)n;
	t->result.word_count++;
	int rc = append(&t->result.words, &hash, sizeof hash);
	if (rc == SQLITE_OK) rc = append(&t->result.words, &length, 1);
	return rc != SQLITE_OK ? rc : append(&t->result.words, word, (size_t)n);
}

static int take_word(void *context, int flags, const char *word, int n, int start, int end) {
	btools_tokenizer *t = context;
	(void)flags;
	(void)start;
	(void)end;
	if (n > MAX_WORD) {
		t->other = 1;
		return SQLITE_OK;
	}
	const uint64_t hash = hash_of(word, (size_t)n);
	struct stem *stem = &t->stems[hash & ((1u << CACHE_BITS) - 1)];
	if (stem->hash != hash || stem->word_size != n || memcmp(stem->word, word, (size_t)n) != 0) {
		if (!learn(t, stem, word, n, hash)) {
			t->other = 1;
			return SQLITE_OK;
		}
	}
	if (t->wants_words && stem->known_in != t->age) {
		if (is_known(t, hash)) {
			stem->known_in = t->age;
		} else {
			const int rc = note_word(t, word, n, hash);
			if (rc != SQLITE_OK) return rc;
		}
	}
	return append_token(&t->result.list, stem->stem, stem->stem_size);
}

static int take_word_only(void *context, int flags, const char *word, int n, int start, int end) {
	(void)flags;
	(void)start;
	(void)end;
	btools_tokenizer *t = context;
	const uint64_t hash = hash_of(word, (size_t)n);
	return is_known(t, hash) ? SQLITE_OK : note_word(t, word, n, hash);
}

static int take_token(void *context, int flags, const char *token, int n, int start, int end) {
	btools_tokenizer *t = context;
	(void)flags;
	(void)start;
	(void)end;
	return append_token(&t->result.list, token, n);
}

const btools_tokens *btools_tokenize(btools_tokenizer *t, const char *text, int n, int wants_words, const uint64_t *known,
                                     uint64_t mask, uint32_t age) {
	t->wants_words = wants_words;
	t->known = known;
	t->known_mask = mask;
	t->age = age;
	t->result.list.size = t->result.words.size = t->result.word_count = 0;
	t->other = 0;
	const int flags = FTS5_TOKENIZE_DOCUMENT;
	int rc = t->unicode.xTokenize(t->unicode_made, t, flags, text, n, NULL, 0, take_word);
	if (rc == SQLITE_OK && t->other) {
		t->result.list.size = t->result.words.size = t->result.word_count = 0;
		rc = t->porter.xTokenize(t->porter_made, t, flags, text, n, NULL, 0, take_token);
		if (rc == SQLITE_OK && wants_words) {
			rc = t->unicode.xTokenize(t->unicode_made, t, flags, text, n, NULL, 0, take_word_only);
		}
	}
	return rc == SQLITE_OK ? &t->result : NULL;
}
