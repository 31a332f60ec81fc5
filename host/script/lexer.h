/* From a formula's bytes to tokens; for host/script alone. */
#ifndef QS_HOST_SCRIPT_LEXER_H
#define QS_HOST_SCRIPT_LEXER_H

#include <stddef.h>

#include "host/base/context.h"

/* A token is a kind and its bytes; one-character operators are their own kind. */
enum {
  QS_TOKEN_END = 0,
  QS_TOKEN_NUMBER = 256,
  QS_TOKEN_NAME,
  QS_TOKEN_AT_MOST,  /* <= */
  QS_TOKEN_AT_LEAST, /* >= */
  QS_TOKEN_IF,
  QS_TOKEN_AND,
  QS_TOKEN_OR,
  QS_TOKEN_NOT
};

typedef struct qs_token {
  int kind;
  size_t at, length; /* in the text */
  double number;
} qs_token;

typedef struct qs_lexer {
  qs_context *context;
  const char *place, *text;
  size_t size;
  size_t next; /* the byte after the last token */
} qs_lexer;

/* Reads the next token; QS_ERROR_INPUT where the bytes are none. */
qs_status qs_lexer_read(qs_lexer *lexer, qs_token *token);

/* Complains of the token: "<place>: column N: got TOKEN: " and the message (printf style). */
qs_status qs_lexer_bad(const qs_lexer *lexer, const qs_token *token, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 1 and on, of the byte in its line. */
unsigned qs_lexer_column(const qs_lexer *lexer, size_t at);

#endif
