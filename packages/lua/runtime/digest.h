#ifndef AO_DIGEST_H
#define AO_DIGEST_H

#include "lua.h"

/* The Lua module `.digest`: md5, sha1, sha2_256, sha2_512, sha3_256, sha3_512, keccak256, keccak512, blake2b. */
int luaopen_digest(lua_State *L);

#endif
