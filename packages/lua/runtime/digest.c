/*
 * Message digests for `.crypto`: text in, raw bytes out. In C, because programs hash whole messages with them.
 */
#include <stdint.h>
#include <string.h>

#include "digest.h"
#include "lauxlib.h"

#define ROTL32(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define ROTR32(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define ROTL64(x, n) ((x) << (n) | (x) >> (64 - (n)))
#define ROTR64(x, n) ((x) >> (n) | (x) << (64 - (n)))

static uint32_t big32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
static uint64_t big64(const uint8_t *p) { return (uint64_t)big32(p) << 32 | big32(p + 4); }

/* The target is little-endian, so a copy is a little-endian load. */
static uint32_t little32(const uint8_t *p) {
  uint32_t value;
  memcpy(&value, p, sizeof value);
  return value;
}
static uint64_t little64(const uint8_t *p) {
  uint64_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

/*
 * MD5, SHA-1 and SHA-2 read blocks and end with 0x80, zeros and the length in bits. `length_bytes` is the room for
 * that length: 8, or 16 with blocks of 128 bytes.
 */
typedef void (*Compress)(void *state, const uint8_t *block);

static void process(void *state, Compress compress, const uint8_t *data, size_t size, size_t block, int big_endian) {
  size_t length_bytes = block / 8, at = 0;
  for (; size - at >= block; at += block) compress(state, data + at);
  uint8_t tail[256] = {0};
  size_t rest = size - at, total = rest + 1 + length_bytes <= block ? block : 2 * block;
  memcpy(tail, data + at, rest);
  tail[rest] = 0x80;
  uint64_t bits = (uint64_t)size * 8;
  for (size_t i = 0; i < 8; i++)
    tail[big_endian ? total - 1 - i : total - length_bytes + i] = (uint8_t)(bits >> (8 * i));
  for (at = 0; at < total; at += block) compress(state, tail + at);
}

/* ---------------------------------------------------------------- MD2 (RFC 1319) */

static const uint8_t md2_pi[256] = {
    41,  46,  67,  201, 162, 216, 124, 1,   61,  54,  84,  161, 236, 240, 6,   19,
    98,  167, 5,   243, 192, 199, 115, 140, 152, 147, 43,  217, 188, 76,  130, 202,
    30,  155, 87,  60,  253, 212, 224, 22,  103, 66,  111, 24,  138, 23,  229, 18,
    190, 78,  196, 214, 218, 158, 222, 73,  160, 251, 245, 142, 187, 47,  238, 122,
    169, 104, 121, 145, 21,  178, 7,   63,  148, 194, 16,  137, 11,  34,  95,  33,
    128, 127, 93,  154, 90,  144, 50,  39,  53,  62,  204, 231, 191, 247, 151, 3,
    255, 25,  48,  179, 72,  165, 181, 209, 215, 94,  146, 42,  172, 86,  170, 198,
    79,  184, 56,  210, 150, 164, 125, 182, 118, 252, 107, 226, 156, 116, 4,   241,
    69,  157, 112, 89,  100, 113, 135, 32,  134, 91,  207, 101, 230, 45,  168, 2,
    27,  96,  37,  173, 174, 176, 185, 246, 28,  70,  97,  105, 52,  64,  126, 15,
    85,  71,  163, 35,  221, 81,  175, 58,  195, 92,  249, 206, 186, 197, 234, 38,
    44,  83,  13,  110, 133, 40,  132, 9,   211, 223, 205, 244, 65,  129, 77,  82,
    106, 220, 55,  200, 108, 193, 171, 250, 36,  225, 123, 8,   12,  189, 177, 74,
    120, 136, 149, 139, 227, 99,  232, 109, 233, 203, 213, 254, 59,  0,   29,  57,
    242, 239, 183, 14,  102, 88,  208, 228, 166, 119, 114, 248, 235, 117, 75,  10,
    49,  68,  80,  180, 143, 237, 31,  26,  219, 153, 141, 51,  159, 17,  131, 20,
};

typedef struct {
  uint8_t digest[16], checksum[16];
} Md2;

static void md2_compress(Md2 *md2, const uint8_t *block) {
  uint8_t x[48], last = md2->checksum[15];
  for (int i = 0; i < 16; i++) {
    x[i] = md2->digest[i];
    x[16 + i] = block[i];
    x[32 + i] = md2->digest[i] ^ block[i];
  }
  for (int round = 0, t = 0; round < 18; t = (t + round++) & 255)
    for (int i = 0; i < 48; i++) t = x[i] ^= md2_pi[t];
  memcpy(md2->digest, x, 16);
  for (int i = 0; i < 16; i++) last = md2->checksum[i] ^= md2_pi[block[i] ^ last];
}

static int md2(lua_State *L) {
  size_t size;
  const uint8_t *data = (const uint8_t *)luaL_checklstring(L, 1, &size);
  Md2 md2 = {0};
  for (; size >= 16; data += 16, size -= 16) md2_compress(&md2, data);
  uint8_t block[16];
  memset(block, (int)(16 - size), 16);
  memcpy(block, data, size);
  md2_compress(&md2, block);
  memcpy(block, md2.checksum, 16);
  md2_compress(&md2, block);
  lua_pushlstring(L, (const char *)md2.digest, 16);
  return 1;
}

/* ---------------------------------------------------------------- MD4 (RFC 1320) */

static void md4_compress(void *state, const uint8_t *block) {
  static const uint8_t shifts[12] = {3, 7, 11, 19, 3, 5, 9, 13, 3, 9, 11, 15}, words[4] = {0, 8, 4, 12};
  uint32_t *h = state, a = h[0], b = h[1], c = h[2], d = h[3];
  for (int i = 0; i < 48; i++) {
    uint32_t f;
    int word, at = i % 16;
    switch (i / 16) {
      case 0: f = (b & c) | (~b & d); word = at; break;
      case 1: f = ((b & c) | (b & d) | (c & d)) + 0x5a827999; word = at % 4 * 4 + at / 4; break;
      default: f = (b ^ c ^ d) + 0x6ed9eba1; word = words[at % 4] + words[at / 4] / 4;
    }
    uint32_t next = ROTL32(a + f + little32(block + 4 * word), shifts[i / 16 * 4 + i % 4]);
    a = d;
    d = c;
    c = b;
    b = next;
  }
  h[0] += a;
  h[1] += b;
  h[2] += c;
  h[3] += d;
}

/* ---------------------------------------------------------------- MD5 (RFC 1321) */

static const uint32_t md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
static const uint8_t md5_shifts[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

static void md5_compress(void *state, const uint8_t *block) {
  uint32_t *h = state, a = h[0], b = h[1], c = h[2], d = h[3];
  for (int i = 0; i < 64; i++) {
    uint32_t f;
    int word;
    switch (i / 16) {
      case 0: f = (b & c) | (~b & d); word = i; break;
      case 1: f = (d & b) | (~d & c); word = (5 * i + 1) % 16; break;
      case 2: f = b ^ c ^ d; word = (3 * i + 5) % 16; break;
      default: f = c ^ (b | ~d); word = 7 * i % 16;
    }
    uint32_t next = b + ROTL32(a + f + md5_sines[i] + little32(block + 4 * word), md5_shifts[i / 16 * 4 + i % 4]);
    a = d;
    d = c;
    c = b;
    b = next;
  }
  h[0] += a;
  h[1] += b;
  h[2] += c;
  h[3] += d;
}

static int md4_or_5(lua_State *L, Compress compress) {
  size_t size;
  const char *data = luaL_checklstring(L, 1, &size);
  uint32_t h[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  process(h, compress, (const uint8_t *)data, size, 64, 0);
  lua_pushlstring(L, (const char *)h, sizeof h);
  return 1;
}

static int md4(lua_State *L) { return md4_or_5(L, md4_compress); }
static int md5(lua_State *L) { return md4_or_5(L, md5_compress); }

/* ---------------------------------------------------------------- SHA-1 and SHA-2 (FIPS 180-4) */

static void push_big32(lua_State *L, const uint32_t *words, int count) {
  uint8_t out[32];
  for (int i = 0; i < count * 4; i++) out[i] = (uint8_t)(words[i / 4] >> (24 - i % 4 * 8));
  lua_pushlstring(L, (const char *)out, (size_t)count * 4);
}

static void sha1_compress(void *state, const uint8_t *block) {
  uint32_t *h = state, w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  for (int i = 0; i < 16; i++) w[i] = big32(block + 4 * i);
  for (int i = 16; i < 80; i++) w[i] = ROTL32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    uint32_t f, k;
    if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
    else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
    else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    else f = b ^ c ^ d, k = 0xca62c1d6;
    uint32_t next = ROTL32(a, 5) + f + e + k + w[i];
    e = d;
    d = c;
    c = ROTL32(b, 30);
    b = a;
    a = next;
  }
  h[0] += a;
  h[1] += b;
  h[2] += c;
  h[3] += d;
  h[4] += e;
}

static int sha1(lua_State *L) {
  size_t size;
  const char *data = luaL_checklstring(L, 1, &size);
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  process(h, sha1_compress, (const uint8_t *)data, size, 64, 1);
  push_big32(L, h, 5);
  return 1;
}

/* SHA-256 uses the upper halves of the first 64 of these. */
static const uint64_t sha2_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static void sha256_compress(void *state, const uint8_t *block) {
  uint32_t *h = state, w[64], v[8];
  for (int i = 0; i < 16; i++) w[i] = big32(block + 4 * i);
  for (int i = 16; i < 64; i++) {
    uint32_t s0 = ROTR32(w[i - 15], 7) ^ ROTR32(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = ROTR32(w[i - 2], 17) ^ ROTR32(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t s1 = ROTR32(v[4], 6) ^ ROTR32(v[4], 11) ^ ROTR32(v[4], 25);
    uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + (uint32_t)(sha2_constants[i] >> 32) + w[i];
    uint32_t s0 = ROTR32(v[0], 2) ^ ROTR32(v[0], 13) ^ ROTR32(v[0], 22);
    uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

static int sha2_256(lua_State *L) {
  size_t size;
  const char *data = luaL_checklstring(L, 1, &size);
  uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  process(h, sha256_compress, (const uint8_t *)data, size, 64, 1);
  push_big32(L, h, 8);
  return 1;
}

/* The same words start BLAKE2b. */
static const uint64_t sha512_start[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static void sha512_compress(void *state, const uint8_t *block) {
  uint64_t *h = state, w[80], v[8];
  for (int i = 0; i < 16; i++) w[i] = big64(block + 8 * i);
  for (int i = 16; i < 80; i++) {
    uint64_t s0 = ROTR64(w[i - 15], 1) ^ ROTR64(w[i - 15], 8) ^ w[i - 15] >> 7;
    uint64_t s1 = ROTR64(w[i - 2], 19) ^ ROTR64(w[i - 2], 61) ^ w[i - 2] >> 6;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 80; i++) {
    uint64_t s1 = ROTR64(v[4], 14) ^ ROTR64(v[4], 18) ^ ROTR64(v[4], 41);
    uint64_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + sha2_constants[i] + w[i];
    uint64_t s0 = ROTR64(v[0], 28) ^ ROTR64(v[0], 34) ^ ROTR64(v[0], 39);
    uint64_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

static int sha2_512(lua_State *L) {
  size_t size;
  const char *data = luaL_checklstring(L, 1, &size);
  uint64_t h[8];
  memcpy(h, sha512_start, sizeof h);
  process(h, sha512_compress, (const uint8_t *)data, size, 128, 1);
  uint8_t out[64];
  for (int i = 0; i < 64; i++) out[i] = (uint8_t)(h[i / 8] >> (56 - i % 8 * 8));
  lua_pushlstring(L, (const char *)out, sizeof out);
  return 1;
}

/* ---------------------------------------------------------------- SHA-3 (FIPS 202) and the older Keccak */

static void keccak_permute(uint64_t s[25]) {
  static const uint8_t rotations[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};
  static const uint8_t lanes[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};
  static const uint64_t constants[24] = {
      0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
      0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
      0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
      0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
      0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
  };
  for (int round = 0; round < 24; round++) {
    uint64_t c[5];
    for (int x = 0; x < 5; x++) c[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
    for (int x = 0; x < 5; x++) {
      uint64_t d = c[(x + 4) % 5] ^ ROTL64(c[(x + 1) % 5], 1);
      for (int y = 0; y < 25; y += 5) s[y + x] ^= d;
    }
    uint64_t moved = s[1];
    for (int i = 0; i < 24; i++) {
      uint64_t next = s[lanes[i]];
      s[lanes[i]] = ROTL64(moved, rotations[i]);
      moved = next;
    }
    for (int y = 0; y < 25; y += 5) {
      memcpy(c, s + y, sizeof c);
      for (int x = 0; x < 5; x++) s[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
    }
    s[0] ^= constants[round];
  }
}

static int keccak(lua_State *L, size_t digest, uint8_t padding) {
  size_t size, rate = 200 - 2 * digest;
  const uint8_t *data = (const uint8_t *)luaL_checklstring(L, 1, &size);
  uint64_t s[25] = {0};
  uint8_t *bytes = (uint8_t *)s;
  for (; size >= rate; data += rate, size -= rate) {
    for (size_t i = 0; i < rate; i++) bytes[i] ^= data[i];
    keccak_permute(s);
  }
  for (size_t i = 0; i < size; i++) bytes[i] ^= data[i];
  bytes[size] ^= padding;
  bytes[rate - 1] ^= 0x80;
  keccak_permute(s);
  lua_pushlstring(L, (const char *)bytes, digest);
  return 1;
}

static int sha3_256(lua_State *L) { return keccak(L, 32, 0x06); }
static int sha3_512(lua_State *L) { return keccak(L, 64, 0x06); }
static int keccak256(lua_State *L) { return keccak(L, 32, 0x01); }
static int keccak512(lua_State *L) { return keccak(L, 64, 0x01); }

/* ---------------------------------------------------------------- BLAKE2b (RFC 7693) */

static void blake2b_compress(uint64_t h[8], const uint8_t block[128], uint64_t count, int last) {
  static const uint8_t sigma[10][16] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
      {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
      {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
      {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
      {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
  };
  uint64_t v[16], m[16];
  memcpy(v, h, 64);
  memcpy(v + 8, sha512_start, 64);
  v[12] ^= count;
  if (last) v[14] = ~v[14];
  for (int i = 0; i < 16; i++) m[i] = little64(block + 8 * i);
  for (int round = 0; round < 12; round++) {
    const uint8_t *order = sigma[round % 10];
    for (int i = 0; i < 8; i++) {
      /* Four columns, then four diagonals. */
      int shift = i / 4;
      uint64_t *a = v + i % 4, *b = v + 4 + (i + shift) % 4, *c = v + 8 + (i + 2 * shift) % 4, *d = v + 12 + (i + 3 * shift) % 4;
      *a += *b + m[order[2 * i]];
      *d = ROTR64(*d ^ *a, 32);
      *c += *d;
      *b = ROTR64(*b ^ *c, 24);
      *a += *b + m[order[2 * i + 1]];
      *d = ROTR64(*d ^ *a, 16);
      *c += *d;
      *b = ROTR64(*b ^ *c, 63);
    }
  }
  for (int i = 0; i < 8; i++) h[i] ^= v[i] ^ v[i + 8];
}

/* (data [, bytes of the digest [, key]]) */
static int blake2b(lua_State *L) {
  size_t size, key_size;
  const uint8_t *data = (const uint8_t *)luaL_checklstring(L, 1, &size);
  lua_Integer digest = luaL_optinteger(L, 2, 64);
  const char *key = luaL_optlstring(L, 3, "", &key_size);
  luaL_argcheck(L, digest >= 1 && digest <= 64, 2, "a digest has 1 to 64 bytes");
  luaL_argcheck(L, key_size <= 64, 3, "a key has at most 64 bytes");
  uint64_t h[8], count = 0;
  uint8_t block[128] = {0};
  memcpy(h, sha512_start, sizeof h);
  h[0] ^= 0x01010000 ^ (uint64_t)key_size << 8 ^ (uint64_t)digest;
  if (key_size) {
    memcpy(block, key, key_size);
    count = 128;
    blake2b_compress(h, block, count, size == 0);
  }
  if (size || !key_size) {
    for (; size > 128; data += 128, size -= 128) blake2b_compress(h, data, count += 128, 0);
    memset(block, 0, sizeof block);
    memcpy(block, data, size);
    blake2b_compress(h, block, count + size, 1);
  }
  lua_pushlstring(L, (const char *)h, (size_t)digest);
  return 1;
}

int luaopen_digest(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"md2", md2},           {"md4", md4},           {"md5", md5},           {"sha1", sha1},           {"sha2_256", sha2_256},
      {"sha2_512", sha2_512}, {"sha3_256", sha3_256}, {"sha3_512", sha3_512}, {"keccak256", keccak256}, {"keccak512", keccak512},
      {"blake2b", blake2b},   {NULL, NULL},
  };
  luaL_newlib(L, functions);
  return 1;
}
