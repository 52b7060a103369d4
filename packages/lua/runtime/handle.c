/*
 * The module's entry points.
 *
 * `handle` is what a compute unit calls. `ao_boot`, `ao_preload` and `ao_seal` are called once, when a module is
 * built: they load the Lua files, and the memory they leave behind becomes the module's data. An instance therefore
 * starts with Lua running and its library loaded.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cipher.h"
#include "digest.h"
#include "drive.h"
#include "json.h"
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

#define EXPORT(name) __attribute__((export_name(name)))

/* Milliseconds since 1970 as the last message gave them. The standard C clock of this module reads it. */
int64_t ao_now;

static lua_State *L;
static Buffer reply;
static int booting = 1;

/* While a module is built, memory is wiped when freed: what is free must not become data of the module. */
static void *allocate(void *unused, void *block, size_t old_size, size_t size) {
  (void)unused;
  if (!booting) {
    if (size) return realloc(block, size);
    free(block);
    return NULL;
  }
  void *fresh = size ? malloc(size) : NULL;
  if (size && !fresh) return NULL;
  if (block) {
    if (fresh) memcpy(fresh, block, old_size < size ? old_size : size);
    memset(block, 0, old_size);
    free(block);
  }
  return fresh;
}

static int traceback(lua_State *l) {
  const char *message = lua_tostring(l, 1);
  if (!message) message = luaL_tolstring(l, 1, NULL);
  luaL_traceback(l, l, message, 1);
  return 1;
}

/* ---------------------------------------------------------------- handle */

/* Names of the process module in package.loaded: a program may replace it there while it runs. */
#define PROCESS ".process"

static void push_process_handle(lua_State *l) {
  lua_getfield(l, LUA_REGISTRYINDEX, "_LOADED");
  if (lua_getfield(l, -1, PROCESS) != LUA_TTABLE) {
    lua_getglobal(l, "require");
    lua_pushliteral(l, PROCESS);
    lua_call(l, 1, 1);
  }
  if (!lua_istable(l, -1) || lua_getfield(l, -1, "handle") != LUA_TFUNCTION)
    luaL_error(l, "module '%s' must return a table with a function 'handle'", PROCESS);
}

/* Pushes the decoded argument and wipes it: a host puts it on the C stack, where it would stay in every snapshot. */
static void take_argument(lua_State *l, int index) {
  char *text = lua_touserdata(l, index);
  size_t length = strlen(text);
  json_decode(l, text, length);
  memset(text, 0, length);
}

static int encode_result(lua_State *l, int status, lua_KContext context) {
  (void)status, (void)context;
  buffer_reset(&reply);
  if (!buffer_add(&reply, "{\"ok\":true,\"response\":", 22)) luaL_error(l, "not enough memory");
  json_encode(l, lua_gettop(l), &reply);
  if (!buffer_add(&reply, "}", 2)) luaL_error(l, "not enough memory");
  return 0;
}

static int evaluate(lua_State *l) {
  push_process_handle(l);
  take_argument(l, 1);
  if (!lua_istable(l, -1)) luaL_error(l, "the message must be a JSON object");
  lua_pushliteral(l, "Timestamp");
  lua_rawget(l, -2);
  if (lua_isnumber(l, -1)) ao_now = (int64_t)lua_tonumber(l, -1);
  lua_pop(l, 1);
  take_argument(l, 2);
  lua_callk(l, 2, 1, 0, encode_result);
  return encode_result(l, LUA_OK, 0);
}

/* Makes the error that has ended a thread a text with a traceback. */
static int describe(lua_State *l) {
  lua_State *thread = lua_touserdata(l, 1);
  lua_xmove(thread, l, 1);
  const char *message = lua_tostring(l, -1);
  if (!message) message = luaL_tolstring(l, -1, NULL);
  luaL_traceback(l, thread, message, 0);
  return 1;
}

static const char *failure(lua_State *thread, int status) {
  const char *message = "not enough memory";
  size_t length = strlen(message);
  if (status == LUA_YIELD) lua_pushliteral(thread, "attempt to yield from outside a coroutine");
  if (status != LUA_ERRMEM) {
    lua_pushcfunction(L, describe);
    lua_pushlightuserdata(L, thread);
    lua_pcall(L, 1, 1, 0);
    if (lua_isstring(L, -1)) message = lua_tolstring(L, -1, &length);
  }
  buffer_reset(&reply);
  if (buffer_add(&reply, "{\"ok\":false,\"response\":", 23) && json_encode_string(&reply, message, length) &&
      buffer_add(&reply, "}", 2))
    return reply.bytes;
  return "{\"ok\":false,\"response\":\"not enough memory\"}";
}

static int new_thread(lua_State *l) {
  lua_State *thread = lua_newthread(l);
  lua_pushcfunction(thread, evaluate);
  return 1;
}

/*
 * Both arguments are NUL-terminated JSON. The result is, too, and is valid until the next call.
 *
 * A host may unwind and rewind this function and drive_fetch, and no other: build.sh says so to binaryen.
 */
EXPORT("handle") const char *handle(char *message, char *environment) {
  if (!L) return "{\"ok\":false,\"response\":\"this runtime has no Lua program in it: build a module from it first\"}";
  lua_settop(L, 0);
  lua_pushcfunction(L, new_thread);
  if (lua_pcall(L, 0, 1, 0) != LUA_OK) return failure(NULL, LUA_ERRMEM);
  lua_State *thread = lua_tothread(L, 1);
  lua_pushlightuserdata(thread, message);
  lua_pushlightuserdata(thread, environment);
  int status = lua_resume(thread, NULL, 2);
  while (status == LUA_YIELD && drive_is_wanted()) {
    drive_fetch();
    status = lua_resume(thread, NULL, 0);
  }
  const char *result = status == LUA_OK ? reply.bytes : failure(thread, status);
  lua_settop(L, 0);
  return result;
}

/* ---------------------------------------------------------------- building a module */

static int require_dotted(lua_State *l) {
  lua_getglobal(l, "require");
  lua_pushvalue(l, 2);
  lua_call(l, 1, 1);
  return 1;
}

/* `require('ao')` finds the file that is known as `.ao`: the module is the same, not a second one. */
static int search_dotted(lua_State *l) {
  lua_pushfstring(l, ".%s", luaL_checkstring(l, 1));
  luaL_getsubtable(l, LUA_REGISTRYINDEX, "_PRELOAD");
  lua_pushvalue(l, -2);
  if (lua_rawget(l, -2) == LUA_TNIL) return 0;
  lua_pushcfunction(l, require_dotted);
  lua_pushvalue(l, 2);
  return 2;
}

/* There are no files to look for: with the searchers for files, every failed require would list paths. */
static void use_preloaded_only(void) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "searchers");
  lua_pushcfunction(L, search_dotted);
  lua_rawseti(L, -2, 2);
  for (int i = (int)lua_rawlen(L, -1); i > 2; i--) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
}

EXPORT("ao_boot") int ao_boot(void) {
  L = lua_newstate(allocate, NULL);
  if (!L) return 0;
  luaL_openlibs(L);
  luaL_requiref(L, "json", luaopen_json, 0);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_insert(L, 1);
  lua_setfield(L, 1, ".json");
  luaL_requiref(L, ".digest", luaopen_digest, 0);
  luaL_requiref(L, ".cipher", luaopen_cipher, 0);
  drive_open_library(L);
  use_preloaded_only();
  lua_settop(L, 0);
  return 1;
}

static const char *protect(int arguments) {
  lua_pushcfunction(L, traceback);
  lua_insert(L, 1);
  return lua_pcall(L, arguments, 0, 1) == LUA_OK ? NULL : lua_tostring(L, -1);
}

static int preload(lua_State *l) {
  const char *name = lua_touserdata(l, 1), *chunk = lua_touserdata(l, 2), *source = lua_touserdata(l, 3);
  luaL_getsubtable(l, LUA_REGISTRYINDEX, "_PRELOAD");
  if (luaL_loadbufferx(l, source, strlen(source), chunk, "t") != LUA_OK) lua_error(l);
  lua_setfield(l, -2, name);
  return 0;
}

/* Makes `source` what require(name) runs. Returns NULL, or why it cannot be compiled. */
EXPORT("ao_preload") const char *ao_preload(const char *name, const char *chunk, const char *source) {
  lua_settop(L, 0);
  lua_pushcfunction(L, preload);
  lua_pushlightuserdata(L, (void *)name);
  lua_pushlightuserdata(L, (void *)chunk);
  lua_pushlightuserdata(L, (void *)source);
  return protect(3);
}

/* Runs the process module and tidies up. Returns NULL, or why the module's top level failed. */
EXPORT("ao_seal") const char *ao_seal(void) {
  lua_settop(L, 0);
  lua_getglobal(L, "require");
  lua_pushliteral(L, PROCESS);
  const char *error = protect(1);
  if (error) return error;
  lua_settop(L, 0);
  /* Lua's own settings let memory grow to more than three times what is in use. Memory is what snapshots cost. */
  lua_gc(L, LUA_GCSETPAUSE, 150);
  lua_gc(L, LUA_GCSETSTEPMUL, 400);
  lua_gc(L, LUA_GCCOLLECT, 0);
  lua_gc(L, LUA_GCCOLLECT, 0);
  booting = 0;
  return NULL;
}
