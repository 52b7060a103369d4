/*
 * Arweave as files: `/data/<id>`, `/tx/<id>` and `/block/<height>`, for reading, if the host has a WeaveDrive.
 *
 * A host may need time for a file. Then it unwinds the C stack, and rewinds it when it has the file: code that can do that
 * (binaryen calls it asyncify) is slower by a third. So the stack is empty already when the host is asked. io.open
 * yields, like coroutine.yield but to the very bottom; `handle` has the whole file read, and resumes.
 */
#define _GNU_SOURCE /* fopencookie */
#include "drive.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lauxlib.h"
#include "lualib.h"

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

IMPORT("env", "__asyncjs__weavedrive_open") int weavedrive_open(const char *path, const char *mode);
IMPORT("env", "__asyncjs__weavedrive_read") int weavedrive_read(int file, void *to, size_t length);
IMPORT("env", "__asyncjs__weavedrive_close") int weavedrive_close(int file);
#ifdef __wasm64__
IMPORT("wasi_snapshot_preview1", "fd_seek") int wasi_seek(int file, int64_t offset, int whence, int64_t *position);
static int host_seek(int file, int whence, int64_t *position) { return wasi_seek(file, 0, whence, position); }
#else
IMPORT("wasi_snapshot_preview1", "fd_seek")
int wasi_seek(int file, int32_t offset, int32_t offset_high, int whence, int64_t *position);
static int host_seek(int file, int whence, int64_t *position) { return wasi_seek(file, 0, 0, whence, position); }
#endif

typedef struct {
  int64_t size, position;
  /* Programs for ao write file:read(file:seek("end")): what is read then begins with the first byte. */
  int from_start;
  char bytes[];
} Content;

/* The path that a program waits for; then what is there, or why it can not be had. */
static char *wanted;
static Content *fetched;
static int problem = ENOENT;

int drive_is_wanted(void) { return wanted != NULL; }

/* ---------------------------------------------------------------- the host's file */

/* In one call, from the first byte: what hosts make of a position differs from host to host. */
__attribute__((noinline)) static Content *read_whole(int file) {
  int64_t size, start;
  if (host_seek(file, SEEK_END, &size) || host_seek(file, SEEK_SET, &start) || size < 0) return NULL;
  problem = ENOMEM;
  Content *content = size < INT32_MAX ? malloc(sizeof *content + (size_t)size) : NULL;
  if (!content) return NULL;
  problem = EIO;
  content->size = size;
  content->position = content->from_start = 0;
  if (size == 0 || weavedrive_read(file, content->bytes, (size_t)size) == size) return content;
  free(content);
  return NULL;
}

void drive_fetch(void) {
  problem = ENOENT;
  int file = weavedrive_open(wanted, "r");
  if (file > 0) {
    problem = EIO;
    fetched = read_whole(file);
    weavedrive_close(file);
  }
  free(wanted);
  wanted = NULL;
}

/* ---------------------------------------------------------------- the program's file */

static ssize_t content_read(void *cookie, char *to, size_t length) {
  Content *content = cookie;
  if (content->from_start) content->position = content->from_start = 0;
  if (content->position >= content->size) return 0;
  int64_t left = content->size - content->position;
  if ((int64_t)length > left) length = (size_t)left;
  memcpy(to, content->bytes + content->position, length);
  content->position += (int64_t)length;
  return (ssize_t)length;
}

static int content_seek(void *cookie, off_t *offset, int whence) {
  Content *content = cookie;
  int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? content->position : content->size;
  if (from + *offset < 0) {
    errno = EINVAL;
    return -1;
  }
  if (whence != SEEK_CUR || *offset != 0) content->from_start = whence == SEEK_END && *offset == 0;
  *offset = content->position = from + *offset;
  return 0;
}

static int content_close(void *cookie) {
  free(cookie);
  return 0;
}

/* Lua's io.open asks for it when the file has been fetched. There are no other files. */
FILE *fopen(const char *restrict path, const char *restrict mode) {
  (void)path, (void)mode;
  errno = fetched ? ENOMEM : problem;
  problem = ENOENT;
  if (!fetched) return NULL;
  FILE *file = fopencookie(fetched, "r", (cookie_io_functions_t){content_read, NULL, content_seek, content_close});
  if (!file) free(fetched);
  fetched = NULL;
  return file;
}

/* ---------------------------------------------------------------- io.open */

/* The library functions that are replaced here are the replacements' second upvalue, and are called in their place: with
 * the same stack and, for the functions that coroutine.wrap makes, the same first upvalue. */
static lua_CFunction original(lua_State *l) { return lua_tocfunction(l, lua_upvalueindex(2)); }

static void replace(lua_State *l, const char *library, const char *name, lua_CFunction function) {
  lua_getglobal(l, library);
  lua_pushnil(l);
  lua_getfield(l, -2, name);
  lua_pushcclosure(l, function, 2);
  lua_setfield(l, -2, name);
  lua_pop(l, 1);
}

/* Stops here until the file is there. */
static int wait(lua_State *l, lua_KFunction go_on) {
  if (lua_isyieldable(l)) return lua_yieldk(l, 0, 0, go_on);
  free(wanted);
  wanted = NULL;
  return luaL_error(l, "a file of Arweave can not be opened from inside of sort, gsub, require or a finalizer");
}

static int starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

static int open_fetched(lua_State *l, int status, lua_KContext context) {
  (void)status, (void)context;
  return original(l)(l);
}

static int drive_io_open(lua_State *l) {
  const char *path = luaL_checkstring(l, 1), *mode = luaL_optstring(l, 2, "r");
  problem = ENOENT;
  if (starts_with(path, "/data/") || starts_with(path, "/tx/") || starts_with(path, "/block/")) {
    if (mode[0] == 'r' && !strchr(mode, '+')) {
      wanted = strdup(path);
      return wanted ? wait(l, open_fetched) : luaL_error(l, "not enough memory");
    }
    problem = EROFS;
  }
  return original(l)(l);
}

/* Lua's own opens the file itself. */
static const char io_lines[] =
    "local lines = io.lines "
    "function io.lines(path, ...) "
    "  if path == nil then return lines(path, ...) end "
    "  local file, problem = io.open(path) "
    "  if not file then error(problem, 2) end "
    "  return file:lines(...) "
    "end";

/* ---------------------------------------------------------------- coroutines */

/* If the coroutine that was resumed waits for a file, the one that resumed it waits, too. */
static int go_on(lua_State *l, int status, lua_KContext context) {
  (void)status, (void)context;
  int results = original(l)(l);
  if (!wanted) return results;
  lua_pop(l, results);
  return wait(l, go_on);
}

static int resume(lua_State *l) { return go_on(l, LUA_OK, 0); }

static int wrap(lua_State *l) {
  original(l)(l);
  lua_getupvalue(l, -1, 1);
  lua_pushcfunction(l, lua_tocfunction(l, -2));
  lua_pushcclosure(l, resume, 2);
  return 1;
}

void drive_open_library(lua_State *l) {
  replace(l, "io", "open", drive_io_open);
  replace(l, "coroutine", "resume", resume);
  replace(l, "coroutine", "wrap", wrap);
  luaL_loadbuffer(l, io_lines, sizeof io_lines - 1, "=io.lines");
  lua_call(l, 0, 0);
}
