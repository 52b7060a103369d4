import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';

const bytes = (hex: string) => `require(".crypto.util.hex").hexToString("${hex}")`;
const ascending = (length: number, first = 0) =>
  Buffer.from(Array.from({ length }, (_, i) => first + i)).toString('hex');

/** Of MORUS-1280: key, initialization vector, header, text, and what they give, in the test vectors of Project Wycheproof. */
const MORUS = [
  [
    '3c24399f107ba81b80dab291f924c206',
    '4bedc807541a52a2a110deb5f8edf387',
    '',
    '69',
    '88c34cf02f43761396da7634334ed53973',
  ],
  [
    'e425cdfa80dd46de07d1908bcf231531',
    'f3ee5c62c47cf0652708bdafceec45b3',
    '02b8eaca091b9aec473ee9d4ccb57634e8736264ab50d0da6b8366af3e27c9',
    '',
    '5bc08d54e4ecbe380312f9cc9e464292',
  ],
  [
    'b56eaddd3072fa53828e16b4ed6d4712',
    'c4373b457411a4daa2c542d8ec367894',
    '',
    'e2c95815fc4ff8e8e3329b21e9c8d997de58abf0d3d82760d5aa436bb16495a4',
    '30829c2b67cbf91fde9f77b2da92615c090b2d9a26aa1c06ab74b72b955f9fa19aff50a0a2ffc5ad218e845c1261b2ae',
  ],
  [
    'e995a28f93137bb7964e6333698d029b23f922eb80a0b181e273c3214d478df4',
    'f85e31f7d7b2253eb78590586757331d',
    '',
    '',
    'df2f83c0454a2ccfb9d241f680a15270',
  ],
  [
    'b1e13e8494cd0774a5f2844a08d42cffc81edb2fd2a0d11bf84cb0a8ef37815d',
    'c0aaccecd86cb1fbc528b16e079d5d81',
    'd0735a541d0b5b82e55fdd9305668e025e80e17155f09228596220945c6750c858',
    'df3ce9bc61aa060906950ab7042fbe84283064929698722e896e578a137e387edb',
    '85e0f80f8e49e360cb4a5494cff57e34e9f8806553d072704f7d9dd1156fb92cfae8ddac2ee13f67630f1a59b789dbf4c3',
  ],
] as const;

onEachLoader(
  'ciphers',
  (run) => {
    it.each(MORUS)('MORUS gives what its test vectors say: %s', async (key, vector, header, text, sealed) => {
      const found = await run.process.run(`local morus = require(".crypto").cipher.morus
        local key, vector = ${bytes(key)}, ${bytes(vector)}
        local sealed = morus.encrypt(key, vector, ${bytes(text)}, ${bytes(header)})
        local text = morus.decrypt(key, vector, sealed.asString(), ${header.length / 2})
        return sealed.asHex() .. " " .. require(".crypto.util.hex").stringToHex(text)`);
      // The header stands before the encrypted text, as aos has it.
      expect(found).toBe(`${header}${sealed} ${text}`);
    });

    it('NORX gives what its specification says', async () => {
      const text = ascending(128);
      const found = await run.process.run(`local norx = require(".crypto").cipher.norx
        local key, nonce, text = ${bytes(ascending(32))}, ${bytes(ascending(32, 32))}, ${bytes(text)}
        local sealed = norx.encrypt(key, nonce, text, text, text)
        return sealed.asHex():sub(-64) .. tostring(norx.decrypt(key, nonce, sealed.asString(), text, text) == text)`);
      expect(found).toBe('d1f2fa3305a32376e23a61d1c989303fbfbd935aa55b17e4e7254733c473408etrue');
    });

    it('NORX, MORUS and ISAAC give what aos does', async () => {
      const found = await run.process.run(`local cipher = require(".crypto").cipher
        print(cipher.norx.encrypt("super_duper_secret_password_shhh", ("0"):rep(32), "ao", "ao", "ao").asHex())
        print(cipher.morus.encrypt("super_secret_shh", ("0"):rep(16), "ao").asHex())
        print(cipher.issac.encrypt("ao", "secret_key").asHex())`);
      expect(found).toBe(
        '0bb35a06938e6541eccd4440adb7b46118535f60b09b4adf378807a53df19fc4ea28\n514ed31473d8fb0b76c6cbb17af35ed01d0a\n7851',
      );
    });

    it('gives back texts of all lengths, and none that was changed or has another key', async () => {
      await run.process.run(`local cipher = require(".crypto").cipher
        local key, other = ("k"):rep(32), ("o"):rep(32)
        for length = 0, 200 do
          local text, header = ("\\0\\255x"):rep(70):sub(1, length), ("h"):rep(length % 100)
          for name, vector in pairs({ norx = key, morus = ("v"):rep(16) }) do
            local rest = name == "norx" and header or #header
            local sealed = cipher[name].encrypt(key, vector, text, header).asString()
            assert(cipher[name].decrypt(key, vector, sealed, rest) == text)
            local at = length % #sealed + 1
            local changed = sealed:sub(1, at - 1) .. string.char(sealed:byte(at) ~ 1) .. sealed:sub(at + 1)
            assert(cipher[name].decrypt(key, vector, changed, rest) == nil)
            assert(cipher[name].decrypt(other, vector, sealed, rest) == nil)
          end
        end
        assert(cipher.norx.decrypt(key, key, "short") == nil)
        assert(cipher.morus.decrypt(key, ("v"):rep(16), "short", 4) == nil)`);
      for (const call of ['norx.encrypt("k", "n", "text")', 'morus.encrypt("k", "v", "text")'])
        await expect(run.process.run(`require(".crypto").cipher.${call}`)).rejects.toThrow('a key has');
    });

    it('ISAAC gives what its author published', async () => {
      // randvect.txt: the second and the third 256 numbers after a seed of zeros.
      const found = await run.process.run(`local issac = require(".crypto").cipher.issac
        issac.seedIsaac("")
        local words = {}
        for i = 1, 768 do words[i] = string.format("%08x", issac.getRandom()) end
        return words[257] .. words[258] .. words[768]`);
      expect(found).toBe('f650e4c8e448e96d4bb5af29');
    });

    it('ISAAC gives random numbers, from a seed or from those of the process', async () => {
      const found = await run.process.run(`local crypto = require(".crypto")
        local issac, seen = crypto.cipher.issac, {}
        for i = 1, 2000 do
          local n = crypto.random(1, 6, "seed" .. i)
          assert(math.type(n) == "integer" and n >= 1 and n <= 6)
          seen[n] = true
          assert(issac.getRandomChar() >= 32 and issac.getRandomChar() <= 126)
        end
        assert(crypto.random(0, 99, "s") == issac.random(0, 99, "s"))
        assert(crypto.random() ~= crypto.random())
        local text = "Printable text, ~ and all."
        assert(issac.decrypt(issac.encrypt(text, "key").asString(), "key") == text)
        return #seen`);
      expect(found).toBe('6');
    });

    it('is found by the names of its parts', async () => {
      const found = await run.process.run(`local crypto = require(".crypto")
        local parts = {
          require(".crypto.init") == crypto, require(".crypto.digest.init") == crypto.digest,
          require(".crypto.digest.sha2_256").sha2_256 == crypto.digest.sha2_256,
          require(".crypto.digest.sha1").sha1 == crypto.digest.sha1,
          require(".crypto.digest.sha3").keccak256 == crypto.digest.keccak256,
          require(".crypto.mac.hmac").hmac == crypto.mac.createHmac,
          require(".crypto.kdf.pbkdf2").pbkdf2 == crypto.kdf.pbkdf2,
        }
        for _, name in ipairs({ "md2", "md4", "md5", "sha2_512", "blake2b" }) do
          parts[#parts + 1] = require(".crypto.digest." .. name) == crypto.digest[name]
        end
        for _, name in ipairs({ "aes", "issac", "morus", "norx" }) do
          parts[#parts + 1] = require(".crypto.cipher." .. name) == crypto.cipher[name]
        end
        for _, name in ipairs({ "array", "bit", "hex", "queue", "stream" }) do
          parts[#parts + 1] = require(".crypto.util." .. name) == crypto.utils[name]
        end
        for i, same in ipairs(parts) do assert(same, i) end
        return crypto.digest.md5("a").asHex()`);
      expect(found).toBe(createHash('md5').update('a').digest('hex'));
    });

    it('has arrays and queues', async () => {
      const found = await run.process.run(`local utils = require(".crypto").utils
        local array, queue = utils.array, utils.queue()
        local abc = array.fromString("abc")
        array.writeToQueue(queue, abc)
        assert(queue.size() == 3 and queue.getHead() == 97 and queue.getTail() == 99)
        local first = array.readFromQueue(queue, 2)
        assert(queue.pop() == 99 and queue.pop() == nil and queue.size() == 0)
        queue.push(1) queue.reset()
        assert(queue.size() == 0)
        local both = array.concat(first, abc)
        assert(#abc == 3 and #first == 2 and array.size(both) == 5)
        return table.concat({ array.toString(both), array.toString(array.slice(both, 2, 3)),
          array.toString(array.truncate(both, 2)), array.toHex(array.XOR(abc, abc)),
          array.toString(array.substitute({ 3, 1 }, abc)), array.toString(array.permute(abc, { 2, 2 })),
          utils.bit.band(6, 3) }, " ")`);
      expect(found).toBe('ababc ba ab 000000 ca bb 2');
    });
  },
  { shared: true },
);
