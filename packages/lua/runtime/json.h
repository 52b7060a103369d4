#ifndef AO_JSON_H
#define AO_JSON_H

#include <stddef.h>
#include "lua.h"

/* A byte buffer that outlives Lua errors: a longjmp out of an encoder leaks nothing, the next use starts over. */
typedef struct {
  char *bytes;
  size_t length;
  size_t capacity;
} Buffer;

/* Returns 0 when memory has run out; nothing has been added then. */
int buffer_add(Buffer *out, const char *bytes, size_t length);
void buffer_reset(Buffer *out);

/* Pushes the decoded value. Raises a Lua error naming the byte at which the text stops being JSON. */
void json_decode(lua_State *L, const char *text, size_t length);

/* Appends the value at `index` (absolute). Raises a Lua error for what JSON cannot say. */
void json_encode(lua_State *L, int index, Buffer *out);

/* Appends `text` as a JSON string. Never raises; returns 0 when memory has run out. */
int json_encode_string(Buffer *out, const char *text, size_t length);

int luaopen_json(lua_State *L);

#endif
