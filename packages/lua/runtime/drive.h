#ifndef AO_DRIVE_H
#define AO_DRIVE_H

#include "lua.h"

/* Replaces io.open by one that finds the files of Arweave, and coroutine.resume and wrap by ones that let it wait. */
void drive_open_library(lua_State *l);

/* Whether a program has stopped to wait for a file. */
int drive_is_wanted(void);

/* Reads the file that is wanted, if there is one. Then the program can go on. */
void drive_fetch(void);

#endif
