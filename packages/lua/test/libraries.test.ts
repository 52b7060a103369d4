import { createCipheriv, createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';

const WIDTH = 256;

onEachLoader(
  'the libraries',
  (run) => {
    it('calculates with integers of 256 bits', async () => {
      const number = fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n });
      const anySize = fc.oneof(
        number,
        fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
        fc.constantFrom(0n, 1n, -1n, 2n ** 255n - 1n, -(2n ** 255n)),
      );
      const wrap = (value: bigint) => BigInt.asIntN(WIDTH, value);
      const floor = (a: bigint, b: bigint) => a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(anySize, anySize), { minLength: 20, maxLength: 20 }),
          async (pairs) => {
            const source = `local bint = require(".bint")(${WIDTH})
          for _, pair in ipairs{${pairs.map(([a, b]) => `{"${a}", "${b || 3n}"}`)}} do
            local a, b = bint(pair[1]), bint(pair[2])
            local all = {a + b, a - b, a * b, a // b, a % b, bint.tdiv(a, b), bint.tmod(a, b), -a, a & b, a | b, a ~ b, ~a,
              a << 37, a >> 41, bint.tobase(a, 16), a < b, a <= b, a == b, bint.ult(a, b)}
            for i = 1, #all do all[i] = tostring(all[i]) end
            print(table.concat(all, " "))
          end`;
            const expected = pairs.map(([a, given]) => {
              const b = given || 3n;
              const quotient = floor(a, b);
              return [
                ...[
                  a + b,
                  a - b,
                  a * b,
                  quotient,
                  a - quotient * b,
                  a / b,
                  a % b,
                  -a,
                  a & b,
                  a | b,
                  a ^ b,
                  ~a,
                  a << 37n,
                ].map(wrap),
                wrap(BigInt.asUintN(WIDTH, a) >> 41n),
                BigInt.asUintN(WIDTH, a).toString(16),
                ...[a < b, a <= b, a === b, BigInt.asUintN(WIDTH, a) < BigInt.asUintN(WIDTH, b)],
              ].join(' ');
            });
            expect((await run.process.run(source)).split('\n')).toEqual(expected);
          },
        ),
        { numRuns: 10 },
      );
    });

    it('takes bints, integers, integral floats and digits for numbers, and nothing else', async () => {
      const bint = (expression: string) =>
        run.process.run(`local bint = require(".bint")(256) return tostring(${expression})`);
      expect(await bint('bint("0xff") + "1" + 1 + 1.0')).toBe('258');
      expect(await bint('bint(2) + 0.5')).toBe('2.5');
      expect(await bint('bint.ipow(2, 200)')).toBe(String(2n ** 200n));
      expect(await bint('bint.upowmod(3, 200, 1000007)')).toBe(String(3n ** 200n % 1000007n));
      expect(await bint('bint.tonumber(bint.ipow(2, 100))')).toBe('1.2676506002282e+30');
      expect(await bint('math.type(bint.tonumber(bint("-5")))')).toBe('integer');
      expect(await bint('bint.__lt(1, bint(2))')).toBe('true');
      expect(await bint('bint(7) / 2')).toBe('3.5');
      expect(await bint('bint.eq(3, "3")')).toBe('true');
      expect(await bint('bint.frombase("zz", 36)')).toBe('1295');
      expect(await bint('bint.fromle(bint.tole(bint("-12345678901234567890")))')).toBe(
        '-12345678901234567890',
      );
      expect(await bint('bint.tobint("1.5")')).toBe('nil');
      expect(await bint('bint(10000 * 10.0 ^ 18)')).toBe('10000000000000000000000');
      expect(
        await bint('tostring(bint.trunc(-2.7)) .. tostring(bint.floor(-2.7)) .. tostring(bint.ceil(-2.2))'),
      ).toBe('-2-3-2');
      expect(await bint('bint.isbint(1)')).toBe('false');
      expect(await bint('bint("123"):iszero()')).toBe('false');
      for (const bad of ['"1.5"', '1.5', '"x"', '{}', 'nil', '""']) {
        await expect(bint(`bint(${bad})`)).rejects.toThrow('is not an integer');
      }
      await expect(bint('bint(1) // 0')).rejects.toThrow('division by zero');
    });

    it('hashes like everybody else', async () => {
      const algorithms = {
        md5: 'md5',
        sha1: 'sha1',
        sha2_256: 'sha256',
        sha2_512: 'sha512',
        sha3_256: 'sha3-256',
        sha3_512: 'sha3-512',
        blake2b: 'blake2b512',
      };
      // Around the block sizes of 64, 72, 128 and 136 bytes, where the padding changes.
      const lengths = [
        0, 1, 55, 56, 63, 64, 65, 71, 72, 111, 112, 119, 120, 127, 128, 129, 135, 136, 137, 256, 1000,
      ];
      const lines = await run.process.run(`local crypto = require(".crypto")
      for _, length in ipairs{${lengths}} do
        for _, name in ipairs{${Object.keys(algorithms).map((name) => `"${name}"`)}} do
          print(crypto.digest[name](("\\255"):rep(length)).asHex())
        end
      end`);
      const expected = lengths.flatMap((length) =>
        Object.values(algorithms).map((name) =>
          createHash(name).update(Buffer.alloc(length, 255)).digest('hex'),
        ),
      );
      expect(lines.split('\n')).toEqual(expected);
    });

    it('knows the digests that node does not', async () => {
      const digest = (expression: string) =>
        run.process.run(`require(".crypto").digest.${expression}.asHex()`);
      expect(await digest('keccak256("")')).toBe(
        'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
      );
      expect(await digest('keccak512("")')).toBe(
        '0eab42de4c3ceb9235fc91acffe746b29c29a8c366b7c60e4e67c466f36a4304c00fa9caf9d87976ba469bcbe06713b435f091ef2769fb160cdab33d3670680e',
      );
      // RFC 1319 and RFC 1320.
      const digits = '12345678901234567890123456789012345678901234567890123456789012345678901234567890';
      const old: [string, string, string][] = [
        ['', '8350e5a3e24c153df2275c9f80692773', '31d6cfe0d16ae931b73c59d7e0c089c0'],
        ['abc', 'da853b0d3f88d99b30283a69e6ded6bb', 'a448017aaf21d8525fc10ae87aa6729d'],
        [digits, 'd5976f79d83d3a0dc9806c3c66f3efd8', 'e33b4ddc9c38f2199c3e7b164fcc0536'],
      ];
      for (const [source, md2, md4] of old) {
        expect(await digest(`md2("${source}")`)).toBe(md2);
        expect(await digest(`md4("${source}")`)).toBe(md4);
      }
      // RFC 7693 and the keyed test vectors of BLAKE2.
      expect(await digest('blake2b("abc", 32)')).toBe(
        'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319',
      );
    });

    it('makes HMACs and derives keys', async () => {
      const hmac = createHmac('sha512', 'k'.repeat(200)).update('data').digest('hex');
      expect(
        await run.process.run('require(".crypto").mac.createHmac("data", ("k"):rep(200), "sha512").asHex()'),
      ).toBe(hmac);
      const key = pbkdf2Sync('password', 'salt', 3, 50, 'sha256').toString('hex');
      expect(
        await run.process.run('require(".crypto").kdf.pbkdf2("password", "salt", 3, 50, "sha256").asHex()'),
      ).toBe(key);
      const bytes = 'require(".crypto").mac.createHmac({100, 97, 116, 97}, {107}, "sha256").asHex()';
      expect(await run.process.run(bytes)).toBe(createHmac('sha256', 'k').update('data').digest('hex'));
      await expect(run.process.run('require(".crypto").mac.createHmac("d", "k", "md9")')).rejects.toThrow(
        'no HMAC with md9',
      );
    });

    it('encrypts with AES in every mode, and decrypts', async () => {
      const vector = '0123456789abcdef';
      for (const bits of [128, 192, 256]) {
        const key = 'k'.repeat(bits / 8);
        for (const mode of ['ECB', 'CBC', 'CFB', 'OFB', 'CTR']) {
          const aes = (call: string) => run.process.run(`require(".crypto").cipher.aes.${call}`);
          const cipher = createCipheriv(
            `aes-${bits}-${mode.toLowerCase()}`,
            key,
            mode === 'ECB' ? null : vector,
          );
          const text = 'a text of three blocks: it has 48 bytes and ends';
          const expected = cipher.setAutoPadding(false).update(text, 'utf8', 'hex');
          const rest = `"${key}", "${vector}", "${mode}", ${bits}`;
          expect(await aes(`encrypt("${text}", ${rest}).asHex()`)).toBe(expected);
          expect(await aes(`decrypt("${expected}", ${rest}).asString()`)).toBe(text);
        }
      }
      const short = `local aes = require(".crypto").cipher.aes
        local sealed = aes.encrypt("ao", ("k"):rep(16)).asHex()
        return #sealed .. aes.decrypt(sealed, ("k"):rep(16)).asString():gsub("%z", ".")`;
      expect(await run.process.run(short)).toBe('32ao..............');
      await expect(run.process.run('require(".crypto").cipher.aes.encrypt("a", "b")')).rejects.toThrow(
        '16, 24 or 32',
      );
      await expect(
        run.process.run('require(".crypto").cipher.aes.encrypt("a", ("b"):rep(16), nil, "CBC", 256)'),
      ).rejects.toThrow('a key of 256 bits has 32 bytes, not 16');
    });

    it('has streams, arrays and hex', async () => {
      expect(
        await run.process.run(`local utils = require(".crypto").utils
        return utils.stream.toHex(utils.stream.fromString("ab")) .. utils.array.toHex(utils.array.fromHex("00ff10"))
          .. require(".crypto").digest.md5(utils.stream.fromHex("6162")).asHex()`),
      ).toBe(`616200ff10${createHash('md5').update('ab').digest('hex')}`);
      await expect(run.process.run('require(".crypto").utils.hex.hexToString("xy")')).rejects.toThrow(
        'hexadecimal',
      );
    });

    it('encodes base64 and base64url', async () => {
      for (const bytes of [[], [0], [255, 254], [1, 2, 3], [250, 251, 252, 253]]) {
        const text = Buffer.from(bytes);
        expect(await run.process.run(`require(".base64").encode(string.char(${bytes}))`)).toBe(
          text.toString('base64'),
        );
        expect(
          await run.process.run(
            `local b = require(".base64") return b.encode(string.char(${bytes}), b.makeencoder("-", "_", ""))`,
          ),
        ).toBe(text.toString('base64url'));
        expect(
          await run.process.run(
            `require(".base64").decode("${text.toString('base64')}") == string.char(${bytes})`,
          ),
        ).toBe('true');
      }
    });

    it('dumps values as Lua', async () => {
      expect(await run.process.run('Dump({1, {b = "x\\ny", ["end"] = true}})')).toBe(
        '{\n  1,\n  {\n    b = "x\\ny",\n    ["end"] = true\n  }\n}',
      );
      expect(await run.process.run('load("return " .. Dump({a = {1, 2}, [3] = "q\\"" }))().a[2]')).toBe('2');
      expect(await run.process.run('require(".pretty").tprint({a = {b = 1}, c = true})')).toBe(
        'a: \n b: 1\nc: true\n',
      );
    });

    it('helps with functions and arrays', async () => {
      expect(
        await run.process.run(`local U = Utils
        local double, odd = function(x) return x * 2 end, function(x) return x % 2 == 1 end
        return table.concat(U.map(double, {1, 2, 3}), ",") .. ";" .. table.concat(U.filter(odd)({1, 2, 3}), ",")
          .. ";" .. U.reduce(function(a, x) return a + x end)(0)({1, 2, 3}) .. ";" .. U.find(odd, {2, 3, 5})
          .. ";" .. table.concat(U.concat({1}, {2, 3}), ",") .. ";" .. table.concat(U.reverse({1, 2, 3}), ",")
          .. ";" .. U.compose(double, function(x) return x + 1 end)(3) .. ";" .. U.prop("a", {a = "A"})
          .. ";" .. tostring(U.propEq("a", "A", {a = "A"})) .. tostring(U.includes(2, {1, 2})) .. tostring(U.includes(3)({1}))
          .. ";" .. #U.keys({a = 1, b = 2}) .. U.values({"v"})[1]`),
      ).toBe('2,4,6;1,3;6;3;1,2,3;3,2,1;8;A;truetruefalse;2v');
    });
  },
  { shared: true },
);
