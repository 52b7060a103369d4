/* Included before every Lua source file: what luaconf.h leaves open. */
#ifndef AO_LUAHOST_H
#define AO_LUAHOST_H

/* One fixed seed: with addresses and the time in it, the order of pairs() would differ from host to host. */
#define luai_makeseed() 0x616f6c75u

double ao_random(void);
void ao_seed(unsigned int seed);
#define l_rand() ao_random()
#define l_srand(seed) ao_seed(seed)
#define L_RANDMAX 9007199254740991.0

/* table.sort would otherwise take its pivot from the clock. */
#define l_randomizePivot() 0u

/* The sign of a NaN differs between processors, and with it what "%f" writes. */
#include <stdio.h>
int ao_snprintf(char *out, size_t size, const char *format, ...);
#define snprintf ao_snprintf

#endif
