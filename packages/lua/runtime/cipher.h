#ifndef AO_CIPHER_H
#define AO_CIPHER_H

#include "lua.h"

int luaopen_cipher(lua_State *L);

#endif
