/*
 * JSON for messages and results. Written in C because every message is decoded and every result encoded.
 *
 * Values:  null is nil, so a null in an object is an absent key and a null in an array a hole.
 *          Numbers without fraction and exponent that fit 64 bits are Lua integers, all others floats.
 *          A table is an array when it is empty or has [1]; it must then have exactly the keys 1..n.
 *          Any other table is an object and must have string keys only.
 * Order:   object keys are written in byte order, so equal tables give equal text whatever built them.
 * Text:    strings that are not UTF-8 are written with U+FFFD for every broken sequence, by the rule that
 *          TextDecoder follows, so that no host sees a different text than another one.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "lauxlib.h"
#include "lobject.h"
#include "lstate.h"

#define MAX_DEPTH 200
#define REPLACEMENT "\xEF\xBF\xBD"
/* A buffer that once held a huge result is given back, so that it does not stay in every later snapshot. */
#define KEEP_CAPACITY (256 * 1024)

/* ---------------------------------------------------------------- buffer */

int buffer_add(Buffer *out, const char *bytes, size_t length) {
  if (length > out->capacity - out->length) {
    size_t capacity = out->capacity ? out->capacity : 1024;
    while (capacity - out->length < length) {
      if (capacity > SIZE_MAX / 2) return 0;
      capacity *= 2;
    }
    char *grown = realloc(out->bytes, capacity);
    if (!grown) return 0;
    out->bytes = grown;
    out->capacity = capacity;
  }
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
  return 1;
}

void buffer_reset(Buffer *out) {
  out->length = 0;
  if (out->capacity <= KEEP_CAPACITY) return;
  free(out->bytes);
  out->bytes = NULL;
  out->capacity = 0;
}

/* ---------------------------------------------------------------- decode */

typedef struct {
  lua_State *L;
  const char *start;
  const char *at;
  const char *end;
  int depth;
} Reader;

static Buffer unescaped;

static void decode_value(Reader *r);

static void reject(Reader *r, const char *problem) {
  luaL_error(r->L, "json: %s at byte %d", problem, (int)(r->at - r->start) + 1);
}

static void skip_space(Reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r')) r->at++;
}

static int hex4(Reader *r) {
  int value = 0;
  if (r->end - r->at < 4) reject(r, "unfinished \\u escape");
  for (int i = 0; i < 4; i++) {
    char c = *r->at++;
    value <<= 4;
    if (c >= '0' && c <= '9') value |= c - '0';
    else if (c >= 'a' && c <= 'f') value |= c - 'a' + 10;
    else if (c >= 'A' && c <= 'F') value |= c - 'A' + 10;
    else reject(r, "invalid \\u escape");
  }
  return value;
}

static size_t utf8(char *out, uint32_t code) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xC0 | code >> 6);
    out[1] = (char)(0x80 | (code & 63));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xE0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 63));
    out[2] = (char)(0x80 | (code & 63));
    return 3;
  }
  out[0] = (char)(0xF0 | code >> 18);
  out[1] = (char)(0x80 | (code >> 12 & 63));
  out[2] = (char)(0x80 | (code >> 6 & 63));
  out[3] = (char)(0x80 | (code & 63));
  return 4;
}

/* A surrogate without its partner cannot be written as UTF-8 and becomes U+FFFD. */
static uint32_t unicode_escape(Reader *r) {
  uint32_t code = (uint32_t)hex4(r);
  if (code >= 0xDC00 && code <= 0xDFFF) return 0xFFFD;
  if (code < 0xD800 || code > 0xDBFF) return code;
  if (r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u') return 0xFFFD;
  const char *second = r->at;
  r->at += 2;
  uint32_t low = (uint32_t)hex4(r);
  if (low >= 0xDC00 && low <= 0xDFFF) return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  r->at = second;
  return 0xFFFD;
}

static void decode_string(Reader *r) {
  r->at++;
  const char *run = r->at;
  int escaped = 0;
  buffer_reset(&unescaped);
  for (;;) {
    while (r->at < r->end && (unsigned char)*r->at >= 0x20 && *r->at != '"' && *r->at != '\\') r->at++;
    if (r->at >= r->end) reject(r, "unfinished string");
    if ((unsigned char)*r->at < 0x20) reject(r, "control character in a string");
    if (*r->at == '"') break;
    if (!buffer_add(&unescaped, run, (size_t)(r->at - run))) luaL_error(r->L, "not enough memory");
    escaped = 1;
    r->at++;
    if (r->at >= r->end) reject(r, "unfinished string");
    char decoded[4];
    size_t size = 1;
    switch (*r->at++) {
      case '"': decoded[0] = '"'; break;
      case '\\': decoded[0] = '\\'; break;
      case '/': decoded[0] = '/'; break;
      case 'b': decoded[0] = '\b'; break;
      case 'f': decoded[0] = '\f'; break;
      case 'n': decoded[0] = '\n'; break;
      case 'r': decoded[0] = '\r'; break;
      case 't': decoded[0] = '\t'; break;
      case 'u': size = utf8(decoded, unicode_escape(r)); break;
      default: r->at--; reject(r, "invalid escape");
    }
    if (!buffer_add(&unescaped, decoded, size)) luaL_error(r->L, "not enough memory");
    run = r->at;
  }
  if (!escaped) {
    lua_pushlstring(r->L, run, (size_t)(r->at - run));
  } else {
    if (!buffer_add(&unescaped, run, (size_t)(r->at - run))) luaL_error(r->L, "not enough memory");
    lua_pushlstring(r->L, unescaped.bytes, unescaped.length);
  }
  r->at++;
}

static int is_digit(Reader *r) { return r->at < r->end && *r->at >= '0' && *r->at <= '9'; }

static void skip_digits(Reader *r) {
  if (!is_digit(r)) reject(r, "invalid number");
  while (is_digit(r)) r->at++;
}

static void decode_number(Reader *r) {
  const char *start = r->at;
  int integer = 1;
  if (*r->at == '-') r->at++;
  if (is_digit(r) && *r->at == '0') r->at++;
  else skip_digits(r);
  if (r->at < r->end && *r->at == '.') {
    integer = 0;
    r->at++;
    skip_digits(r);
  }
  if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
    integer = 0;
    r->at++;
    if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
    skip_digits(r);
  }
  int negative = *start == '-';
  /* 19 digits cannot overflow 64 bits without a sign. */
  if (integer && r->at - start - negative <= 19) {
    uint64_t value = 0;
    for (const char *c = start + negative; c < r->at; c++) value = value * 10 + (uint64_t)(*c - '0');
    if (value <= (uint64_t)INT64_MAX + (uint64_t)negative) {
      lua_pushinteger(r->L, (lua_Integer)(negative ? 0 - value : value));
      return;
    }
  }
  /* The text behind the number is never a character strtod would take for a part of it: the grammar above ended it. */
  double value = strtod(start, NULL);
  if (!isfinite(value)) reject(r, "number out of range");
  lua_pushnumber(r->L, value);
}

static void enter(Reader *r) {
  if (++r->depth > MAX_DEPTH) reject(r, "nested too deeply");
  luaL_checkstack(r->L, 4, "json");
}

static void decode_array(Reader *r) {
  enter(r);
  lua_newtable(r->L);
  r->at++;
  skip_space(r);
  if (r->at < r->end && *r->at == ']') {
    r->at++;
    r->depth--;
    return;
  }
  for (lua_Integer i = 1;; i++) {
    decode_value(r);
    lua_rawseti(r->L, -2, i);
    skip_space(r);
    if (r->at < r->end && *r->at == ',') {
      r->at++;
      continue;
    }
    if (r->at < r->end && *r->at == ']') break;
    reject(r, "expected ',' or ']'");
  }
  r->at++;
  r->depth--;
}

static void decode_object(Reader *r) {
  enter(r);
  lua_newtable(r->L);
  r->at++;
  skip_space(r);
  if (r->at < r->end && *r->at == '}') {
    r->at++;
    r->depth--;
    return;
  }
  for (;;) {
    skip_space(r);
    if (r->at >= r->end || *r->at != '"') reject(r, "expected a key");
    decode_string(r);
    skip_space(r);
    if (r->at >= r->end || *r->at != ':') reject(r, "expected ':'");
    r->at++;
    decode_value(r);
    lua_rawset(r->L, -3);
    skip_space(r);
    if (r->at < r->end && *r->at == ',') {
      r->at++;
      continue;
    }
    if (r->at < r->end && *r->at == '}') break;
    reject(r, "expected ',' or '}'");
  }
  r->at++;
  r->depth--;
}

static int take(Reader *r, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0) return 0;
  r->at += length;
  return 1;
}

static void decode_value(Reader *r) {
  skip_space(r);
  if (r->at >= r->end) reject(r, "unexpected end");
  switch (*r->at) {
    case '"': decode_string(r); return;
    case '{': decode_object(r); return;
    case '[': decode_array(r); return;
    case 't': if (take(r, "true")) { lua_pushboolean(r->L, 1); return; } break;
    case 'f': if (take(r, "false")) { lua_pushboolean(r->L, 0); return; } break;
    case 'n': if (take(r, "null")) { lua_pushnil(r->L); return; } break;
    default: if (*r->at == '-' || is_digit(r)) { decode_number(r); return; }
  }
  reject(r, "unexpected character");
}

void json_decode(lua_State *L, const char *text, size_t length) {
  Reader r = {L, text, text, text + length, 0};
  decode_value(&r);
  skip_space(&r);
  if (r.at != r.end) reject(&r, "unexpected text after the value");
}

/* ---------------------------------------------------------------- encode */

/* Keys of the objects being written, innermost last. They stay alive through the tables that hold them. */
static TString **keys;
static size_t keys_capacity;

typedef struct {
  lua_State *L;
  Buffer *out;
  size_t keys;
  int depth;
} Writer;

static void put(Writer *w, const char *bytes, size_t length) {
  if (!buffer_add(w->out, bytes, length)) luaL_error(w->L, "not enough memory");
}

/*
 * Length of the UTF-8 sequence at `at`, or 0 when it is broken; `broken` is then the number of bytes one U+FFFD stands for.
 */
static size_t sequence(const unsigned char *at, const unsigned char *end, size_t *broken) {
  unsigned char lead = at[0], low = 0x80, high = 0xBF;
  size_t size;
  *broken = 1;
  if (lead >= 0xC2 && lead <= 0xDF) size = 2;
  else if (lead >= 0xE0 && lead <= 0xEF) size = 3;
  else if (lead >= 0xF0 && lead <= 0xF4) size = 4;
  else return 0;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (size_t i = 1; i < size; i++) {
    if (at + i >= end || at[i] < low || at[i] > high) {
      *broken = i;
      return 0;
    }
    low = 0x80;
    high = 0xBF;
  }
  return size;
}

int json_encode_string(Buffer *out, const char *text, size_t length) {
  const unsigned char *at = (const unsigned char *)text, *end = at + length, *run = at;
  if (!buffer_add(out, "\"", 1)) return 0;
  while (at < end) {
    if (*at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
      at++;
      continue;
    }
    char escape[8];
    size_t size, taken = 1;
    if (*at >= 0x80) {
      size_t whole = sequence(at, end, &taken);
      if (whole) {
        at += whole;
        continue;
      }
      memcpy(escape, REPLACEMENT, size = 3);
    } else {
      escape[0] = '\\';
      size = 2;
      switch (*at) {
        case '"': escape[1] = '"'; break;
        case '\\': escape[1] = '\\'; break;
        case '\b': escape[1] = 'b'; break;
        case '\f': escape[1] = 'f'; break;
        case '\n': escape[1] = 'n'; break;
        case '\r': escape[1] = 'r'; break;
        case '\t': escape[1] = 't'; break;
        default:
          memcpy(escape + 1, "u00", 3);
          escape[4] = "0123456789abcdef"[*at >> 4];
          escape[5] = "0123456789abcdef"[*at & 15];
          size = 6;
      }
    }
    if (!buffer_add(out, (const char *)run, (size_t)(at - run)) || !buffer_add(out, escape, size)) return 0;
    at += taken;
    run = at;
  }
  return buffer_add(out, (const char *)run, (size_t)(end - run)) && buffer_add(out, "\"", 1);
}

static void encode_string(Writer *w, const char *text, size_t length) {
  if (!json_encode_string(w->out, text, length)) luaL_error(w->L, "not enough memory");
}

static void encode_number(Writer *w, int index) {
  char text[40];
  int length;
  if (lua_isinteger(w->L, index)) {
    length = snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(w->L, index));
  } else {
    double value = lua_tonumber(w->L, index);
    if (!isfinite(value)) luaL_error(w->L, "json: %s is not a JSON number", isnan(value) ? "nan" : "inf");
    /* The shortest of the three that reads back as the same number. */
    for (int digits = 15; digits <= 17; digits++) {
      length = snprintf(text, sizeof text, "%.*g", digits, value);
      if (strtod(text, NULL) == value) break;
    }
  }
  put(w, text, (size_t)length);
}

static void encode_value(Writer *w, int index);

static void encode_array(Writer *w, int index) {
  lua_Integer count = (lua_Integer)lua_rawlen(w->L, index), found = 0;
  lua_pushnil(w->L);
  while (lua_next(w->L, index)) {
    lua_pop(w->L, 1);
    if (!lua_isinteger(w->L, -1)) luaL_error(w->L, "json: a table with [1] has a key of type %s too", luaL_typename(w->L, -1));
    lua_Integer key = lua_tointeger(w->L, -1);
    if (key < 1 || key > count) luaL_error(w->L, "json: an array has holes");
    found++;
  }
  if (found != count) luaL_error(w->L, "json: an array has holes");
  put(w, "[", 1);
  for (lua_Integer i = 1; i <= count; i++) {
    if (i > 1) put(w, ",", 1);
    lua_rawgeti(w->L, index, i);
    encode_value(w, lua_gettop(w->L));
    lua_pop(w->L, 1);
  }
  put(w, "]", 1);
}

static int by_bytes(const void *left, const void *right) {
  TString *a = *(TString *const *)left, *b = *(TString *const *)right;
  size_t la = tsslen(a), lb = tsslen(b);
  int order = memcmp(getstr(a), getstr(b), la < lb ? la : lb);
  return order ? order : (la > lb) - (la < lb);
}

static void remember_key(Writer *w, TString *key) {
  if (w->keys == keys_capacity) {
    size_t capacity = keys_capacity ? keys_capacity * 2 : 64;
    TString **grown = realloc(keys, capacity * sizeof *keys);
    if (!grown) luaL_error(w->L, "not enough memory");
    keys = grown;
    keys_capacity = capacity;
  }
  keys[w->keys++] = key;
}

static void encode_object(Writer *w, int index) {
  lua_State *L = w->L;
  size_t first = w->keys;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) luaL_error(L, "json: an object has a key of type %s", luaL_typename(L, -1));
    remember_key(w, tsvalue(L->top - 1));
  }
  size_t last = w->keys;
  qsort(keys + first, last - first, sizeof *keys, by_bytes);
  put(w, "{", 1);
  for (size_t i = first; i < last; i++) {
    TString *key = keys[i];
    if (i > first) put(w, ",", 1);
    encode_string(w, getstr(key), tsslen(key));
    put(w, ":", 1);
    /* Pushed as it is: lua_pushlstring could start a collection, whose finalizers could change the table. */
    setsvalue2s(L, L->top, key);
    L->top++;
    lua_rawget(L, index);
    encode_value(w, lua_gettop(L));
    lua_pop(L, 1);
  }
  put(w, "}", 1);
  w->keys = first;
}

static void encode_table(Writer *w, int index) {
  /* A cycle has no depth at which it ends, so the limit is what catches it. */
  if (++w->depth > MAX_DEPTH) luaL_error(w->L, "json: nested too deeply, or a table contains itself");
  luaL_checkstack(w->L, 4, "json");
  lua_pushnil(w->L);
  if (!lua_next(w->L, index)) {
    put(w, "[]", 2);
  } else {
    lua_pop(w->L, 2);
    int array = lua_rawgeti(w->L, index, 1) != LUA_TNIL;
    lua_pop(w->L, 1);
    if (array) encode_array(w, index);
    else encode_object(w, index);
  }
  w->depth--;
}

static void encode_value(Writer *w, int index) {
  size_t length;
  const char *text;
  switch (lua_type(w->L, index)) {
    case LUA_TNIL: put(w, "null", 4); return;
    case LUA_TBOOLEAN:
      if (lua_toboolean(w->L, index)) put(w, "true", 4);
      else put(w, "false", 5);
      return;
    case LUA_TNUMBER: encode_number(w, index); return;
    case LUA_TSTRING:
      text = lua_tolstring(w->L, index, &length);
      encode_string(w, text, length);
      return;
    case LUA_TTABLE: encode_table(w, index); return;
    default: luaL_error(w->L, "json: cannot encode a %s", luaL_typename(w->L, index));
  }
}

void json_encode(lua_State *L, int index, Buffer *out) {
  Writer w = {L, out, 0, 0};
  encode_value(&w, index);
}

/* ---------------------------------------------------------------- the Lua module */

static int lua_encode(lua_State *L) {
  static Buffer out;
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  buffer_reset(&out);
  json_encode(L, 1, &out);
  lua_pushlstring(L, out.bytes, out.length);
  return 1;
}

static int lua_decode(lua_State *L) {
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  lua_settop(L, 1);
  json_decode(L, text, length);
  return 1;
}

int luaopen_json(lua_State *L) {
  static const luaL_Reg functions[] = {{"encode", lua_encode}, {"decode", lua_decode}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
