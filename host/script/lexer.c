#include "host/script/lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/text.h"
#include "host/script/script.h"

enum { MAX_LITERAL = 48 };

static bool is_digit(int c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int byte_at(const qs_lexer *lexer, size_t at) {
  return at < lexer->size ? (unsigned char)lexer->text[at] : 0;
}

unsigned qs_lexer_column(const qs_lexer *lexer, size_t at) {
  size_t begin = at < lexer->size ? at : lexer->size;
  while (begin > 0 && lexer->text[begin - 1] != '\n') {
    begin--;
  }
  return (unsigned)(at - begin) + 1;
}

qs_status qs_lexer_bad(const qs_lexer *lexer, const qs_token *token, const char *format, ...) {
  char message[512], line[32] = "", found[QS_SHOWN_TEXT] = "the formula's end";
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  unsigned lines = 1, own = 1;
  for (size_t i = 0; i < lexer->size && lines < 2 * QS_SCRIPT_MAX_TEXT; i++) {
    lines += lexer->text[i] == '\n';
    own += i < token->at && lexer->text[i] == '\n';
  }
  if (lines > 1) {
    snprintf(line, sizeof line, "line %u, ", own);
  }
  if (token->kind != QS_TOKEN_END) {
    char bytes[QS_SHOWN_TEXT];
    const size_t length = token->length < sizeof bytes - 1 ? token->length : sizeof bytes - 1;
    memcpy(bytes, lexer->text + token->at, length);
    bytes[length] = '\0';
    if (length == 1 && (bytes[0] == '\0' || (unsigned char)bytes[0] >= 0x80)) {
      snprintf(found, sizeof found, "\\x%02X", (unsigned char)bytes[0]);
    } else {
      qs_text_show(bytes, found);
    }
  }
  return qs_fail(lexer->context, QS_ERROR_INPUT, "%s: %scolumn %u: got %s: %s", lexer->place, line,
                 qs_lexer_column(lexer, token->at), found, message);
}

static size_t digits_from(const qs_lexer *lexer, size_t at) {
  while (is_digit(byte_at(lexer, at))) {
    at++;
  }
  return at;
}

/* digits [. digits] [e [+-] digits], or . digits. */
static qs_status read_number(qs_lexer *lexer, qs_token *token) {
  size_t end = digits_from(lexer, token->at);
  if (byte_at(lexer, end) == '.') {
    end = digits_from(lexer, end + 1);
  }
  if (byte_at(lexer, end) == 'e' || byte_at(lexer, end) == 'E') {
    const size_t sign = end + 1 + (byte_at(lexer, end + 1) == '-' || byte_at(lexer, end + 1) == '+');
    end = is_digit(byte_at(lexer, sign)) ? digits_from(lexer, sign) : end;
  }
  char literal[MAX_LITERAL + 1];
  token->kind = QS_TOKEN_NUMBER;
  token->length = end - token->at;
  if (is_letter(byte_at(lexer, end)) || byte_at(lexer, end) == '.') {
    token->length++;
    return qs_lexer_bad(lexer, token, "not a number; numbers are written 1, 0.5 or 1.5e-3");
  }
  if (token->length > MAX_LITERAL) {
    return qs_lexer_bad(lexer, token, "a number has at most %d characters", MAX_LITERAL);
  }
  memcpy(literal, lexer->text + token->at, token->length);
  literal[token->length] = '\0';
  const qs_text_kind kind = qs_text_classify(literal, &token->number);
  if (kind != QS_TEXT_NUMBER) {
    return qs_lexer_bad(lexer, token, "not a number; numbers are finite, written 1, 0.5 or 1.5e-3");
  }
  lexer->next = end;
  return QS_OK;
}

static qs_status read_name(qs_lexer *lexer, qs_token *token) {
  static const struct {
    const char *word;
    int kind;
  } words[] = {{"if", QS_TOKEN_IF}, {"and", QS_TOKEN_AND}, {"or", QS_TOKEN_OR}, {"not", QS_TOKEN_NOT}};
  size_t end = token->at;
  while (is_letter(byte_at(lexer, end)) || is_digit(byte_at(lexer, end))) {
    end++;
  }
  token->kind = QS_TOKEN_NAME;
  token->length = end - token->at;
  if (token->length > QS_SCRIPT_MAX_NAME) {
    return qs_lexer_bad(lexer, token, "a name has at most %d characters", QS_SCRIPT_MAX_NAME);
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strlen(words[i].word) == token->length &&
        memcmp(words[i].word, lexer->text + token->at, token->length) == 0) {
      token->kind = words[i].kind;
    }
  }
  lexer->next = end;
  return QS_OK;
}

qs_status qs_lexer_read(qs_lexer *lexer, qs_token *token) {
  size_t at = lexer->next;
  while (at < lexer->size && strchr(" \t\r\n", lexer->text[at]) && lexer->text[at]) {
    at++;
  }
  const int c = byte_at(lexer, at), after = byte_at(lexer, at + 1);
  *token = (qs_token){.kind = QS_TOKEN_END, .at = at};
  if (at >= lexer->size) {
    return QS_OK;
  }
  if (is_digit(c) || (c == '.' && is_digit(after))) {
    return read_number(lexer, token);
  }
  if (is_letter(c)) {
    return read_name(lexer, token);
  }
  token->kind = c;
  token->length = 1;
  if ((c == '<' || c == '>' || c == '=' || c == '!') && after == '=') {
    token->kind = c == '<' ? QS_TOKEN_AT_MOST : QS_TOKEN_AT_LEAST;
    token->length = 2;
    if (c == '=' || c == '!') {
      return qs_lexer_bad(lexer, token, "numbers are not compared for equality; use <, <=, > or >=");
    }
  } else if (c == '\0' || !strchr("+-*/^()[],;=<>", c)) {
    const size_t character = qs_text_character(lexer->text + at, lexer->size - at);
    token->kind = 1; /* no operator */
    token->length = character > 1 ? character : 1;
    return qs_lexer_bad(lexer, token, "no such character in a formula; operators are + - * / ^ < <= > >=");
  }
  lexer->next = at + token->length;
  return QS_OK;
}
