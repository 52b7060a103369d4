/*
 * AES (FIPS 197) in the modes ECB, CBC, CFB, OFB and CTR (NIST SP 800-38A), for `.crypto`. Written to be small: a program
 * that hides something in a process, whose state everybody can compute, has nothing to fear from timing.
 */
#include "cipher.h"

#include <stdint.h>
#include <string.h>

#include "lauxlib.h"

#define BLOCK 16

static uint8_t sbox[256], inverse_sbox[256];

static uint8_t twice(uint8_t x) { return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1b : 0)); }

static uint8_t times(uint8_t x, int factor) {
  uint8_t product = 0;
  for (; factor; factor >>= 1, x = twice(x))
    if (factor & 1) product ^= x;
  return product;
}

static uint8_t rotate(uint8_t x, int bits) { return (uint8_t)(x << bits | x >> (8 - bits)); }

/* p runs through all of the field by multiplication with 3, q by division: they stay inverse. */
static void make_tables(void) {
  uint8_t p = 1, q = 1;
  do {
    p ^= twice(p);
    q ^= (uint8_t)(q << 1);
    q ^= (uint8_t)(q << 2);
    q ^= (uint8_t)(q << 4);
    if (q & 0x80) q ^= 0x09;
    sbox[p] = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^ 0x63;
  } while (p != 1);
  sbox[0] = 0x63;
  for (int i = 0; i < 256; i++) inverse_sbox[sbox[i]] = (uint8_t)i;
}

typedef struct {
  int rounds;
  uint8_t keys[15 * BLOCK];
} Schedule;

static void expand_key(Schedule *schedule, const uint8_t *key, int key_bytes) {
  int words = key_bytes / 4;
  uint8_t *out = schedule->keys, constant = 1;
  schedule->rounds = words + 6;
  memcpy(out, key, (size_t)key_bytes);
  for (int i = words; i < 4 * (schedule->rounds + 1); i++) {
    uint8_t word[4];
    memcpy(word, out + 4 * i - 4, 4);
    if (i % words == 0) {
      uint8_t first = word[0];
      for (int j = 0; j < 3; j++) word[j] = sbox[word[j + 1]];
      word[3] = sbox[first];
      word[0] ^= constant;
      constant = twice(constant);
    } else if (words == 8 && i % 8 == 4) {
      for (int j = 0; j < 4; j++) word[j] = sbox[word[j]];
    }
    for (int j = 0; j < 4; j++) out[4 * i + j] = out[4 * (i - words) + j] ^ word[j];
  }
}

static void add(uint8_t *block, const uint8_t *other) {
  for (int i = 0; i < BLOCK; i++) block[i] ^= other[i];
}

/* Multiplies each column by a matrix whose rows are the same four factors, each row shifted by one. */
static void mix_columns(uint8_t *block, const uint8_t factors[4]) {
  for (uint8_t *column = block; column < block + BLOCK; column += 4) {
    uint8_t in[4];
    memcpy(in, column, 4);
    for (int row = 0; row < 4; row++) {
      column[row] = 0;
      for (int j = 0; j < 4; j++) column[row] ^= times(in[j], factors[(j - row + 4) % 4]);
    }
  }
}

static void encrypt_block(const Schedule *schedule, uint8_t *block) {
  add(block, schedule->keys);
  for (int round = 1; round <= schedule->rounds; round++) {
    uint8_t in[BLOCK];
    memcpy(in, block, BLOCK);
    for (int i = 0; i < BLOCK; i++) block[i] = sbox[in[(i + i % 4 * 4) % BLOCK]];
    if (round < schedule->rounds) mix_columns(block, (const uint8_t[]){2, 3, 1, 1});
    add(block, schedule->keys + round * BLOCK);
  }
}

static void decrypt_block(const Schedule *schedule, uint8_t *block) {
  for (int round = schedule->rounds; round >= 1; round--) {
    uint8_t in[BLOCK];
    add(block, schedule->keys + round * BLOCK);
    if (round < schedule->rounds) mix_columns(block, (const uint8_t[]){14, 11, 13, 9});
    memcpy(in, block, BLOCK);
    for (int i = 0; i < BLOCK; i++) block[(i + i % 4 * 4) % BLOCK] = inverse_sbox[in[i]];
  }
  add(block, schedule->keys);
}

enum { ECB, CBC, CFB, OFB, CTR };

static void count_up(uint8_t *counter) {
  for (int i = BLOCK - 1; i >= 0 && ++counter[i] == 0; i--) continue;
}

/* `chain` is the initialization vector, and what it becomes from block to block. */
static void process_block(const Schedule *schedule, int mode, int decrypting, uint8_t *chain, uint8_t *block) {
  uint8_t in[BLOCK], mask[BLOCK];
  memcpy(in, block, BLOCK);
  if (mode == ECB || mode == CBC) {
    if (mode == CBC && !decrypting) add(block, chain);
    (decrypting ? decrypt_block : encrypt_block)(schedule, block);
    if (mode == CBC && decrypting) add(block, chain);
    memcpy(chain, decrypting ? in : block, BLOCK);
    return;
  }
  memcpy(mask, chain, BLOCK);
  encrypt_block(schedule, mask);
  add(block, mask);
  if (mode == CTR) count_up(chain);
  else if (mode == OFB) memcpy(chain, mask, BLOCK);
  else memcpy(chain, decrypting ? in : block, BLOCK);
}

/* (data, key, initialization vector, mode, decrypting): the data is filled up to whole blocks with zeros. */
static int aes(lua_State *L) {
  static const char *const modes[] = {"ECB", "CBC", "CFB", "OFB", "CTR", NULL};
  size_t size, key_bytes, chain_bytes;
  const char *data = luaL_checklstring(L, 1, &size), *key = luaL_checklstring(L, 2, &key_bytes);
  const char *vector = luaL_checklstring(L, 3, &chain_bytes);
  int mode = luaL_checkoption(L, 4, NULL, modes), decrypting = lua_toboolean(L, 5);
  luaL_argcheck(L, key_bytes == 16 || key_bytes == 24 || key_bytes == 32, 2, "a key has 16, 24 or 32 bytes");
  luaL_argcheck(L, chain_bytes == BLOCK, 3, "an initialization vector has 16 bytes");
  Schedule schedule;
  uint8_t chain[BLOCK];
  expand_key(&schedule, (const uint8_t *)key, (int)key_bytes);
  memcpy(chain, vector, BLOCK);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  for (size_t at = 0; at < size; at += BLOCK) {
    uint8_t block[BLOCK] = {0};
    memcpy(block, data + at, size - at < BLOCK ? size - at : BLOCK);
    process_block(&schedule, mode, decrypting, chain, block);
    luaL_addlstring(&out, (const char *)block, BLOCK);
  }
  luaL_pushresult(&out);
  return 1;
}

int luaopen_cipher(lua_State *L) {
  make_tables();
  lua_newtable(L);
  lua_pushcfunction(L, aes);
  lua_setfield(L, -2, "aes");
  return 1;
}
