import fc from 'fast-check';
import { expect, it } from 'vitest';
import { onEachLoader } from './each-loader.ts';
import { OTHER, tag } from './test-process.ts';

/** A Lua literal for any text. */
const luaString = (text: string) =>
  `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

onEachLoader(
  'json',
  (run) => {
    const encode = (value: string) => run.process.run(`require("json").encode(${value})`);
    const decode = (json: string, expression = 'value') =>
      run.process.run(
        `local value = require("json").decode(${luaString(json)}) return tostring(${expression})`,
      );

    it.each([
      ['{}', '[]'],
      ['{1, 2, 3}', '[1,2,3]'],
      ['{b = 1, a = 2, ["a b"] = 3, A = 4}', '{"A":4,"a":2,"a b":3,"b":1}'],
      ['{nested = {list = {{}}, flag = false}}', '{"nested":{"flag":false,"list":[[]]}}'],
      ['true', 'true'],
      ['nil', 'null'],
      ['9223372036854775807', '9223372036854775807'],
      ['math.mininteger', '-9223372036854775808'],
      ['1.0', '1'],
      ['0.1', '0.1'],
      ['1/3', '0.3333333333333333'],
      ['5e-324', '4.94065645841247e-324'],
      ['1e100', '1e+100'],
      ['-0.0', '-0'],
      ['"a\\"b\\\\c\\n\\t\\8\\12\\r/"', '"a\\"b\\\\c\\n\\t\\b\\f\\r/"'],
      ['"\\0\\1\\31"', '"\\u0000\\u0001\\u001f"'],
      ['"häß 語 😀"', '"häß 語 😀"'],
    ])('writes %s', async (value, json) => {
      expect(await encode(value)).toBe(json);
    });

    it.each([
      ['0/0', 'nan is not a JSON number'],
      ['math.huge', 'inf is not a JSON number'],
      ['{1, nil, 3}', 'an array has holes'],
      ['{1, x = 2}', 'a table with [1] has a key of type string too'],
      ['{[2.5] = 1}', 'an object has a key of type number'],
      ['{[true] = 1}', 'an object has a key of type boolean'],
      ['{print}', 'cannot encode a function'],
      ['_G', 'json: '],
      ['(function() local t = {} t.t = t return t end)()', 'a table contains itself'],
    ])('refuses to write %s', async (value, problem) => {
      await expect(encode(value)).rejects.toThrow(problem);
    });

    it('writes U+FFFD for what is not UTF-8, as TextDecoder does', async () => {
      const broken = [
        [0x80],
        [0xc3],
        [0xc3, 0x28],
        [0xe2, 0x82],
        [0xe2, 0x28, 0xa1],
        [0xf0, 0x9f, 0x98],
        [0xed, 0xa0, 0x80],
        [0xc0, 0xaf],
        [0xf5, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xff, 0x41, 0xfe],
      ];
      for (const bytes of broken) {
        const expected = new TextDecoder().decode(Uint8Array.from([0x5b, ...bytes, 0x5d]));
        expect(await run.process.run(`"[" .. string.char(${bytes}) .. "]"`)).toBe(expected);
      }
    });

    it('writes the same text for equal tables, however they came to be', async () => {
      expect(
        await run.process.run(`local a, b = {}, {}
        for i = 1, 50 do a["k" .. i] = i b["k" .. 51 - i] = 51 - i end
        for i = 1, 500 do b["x" .. i] = i end
        for i = 1, 500 do b["x" .. i] = nil end
        local json = require("json") return json.encode(a) == json.encode(b)`),
      ).toBe('true');
    });

    it.each([
      [
        '[1, 2.5, -3e2, 0]',
        'value[1] .. " " .. value[2] .. " " .. value[3] .. " " .. value[4]',
        '1 2.5 -300.0 0',
      ],
      ['9223372036854775807', 'math.type(value) .. value', 'integer9223372036854775807'],
      ['-9223372036854775808', 'math.type(value) .. value', 'integer-9223372036854775808'],
      ['-9223372036854775809', 'math.type(value)', 'float'],
      ['9223372036854775808', 'math.type(value) .. value', 'float9.2233720368548e+18'],
      ['1.0', 'math.type(value)', 'float'],
      ['12345678901234567890123', 'value', '1.2345678901235e+22'],
      [' \t\n\r{"a" : [ ] , "b":{}} ', '#value.a', '0'],
      ['[null, 1]', 'tostring(value[1]) .. value[2]', 'nil1'],
      ['{"a": null, "b": 2}', 'tostring(value.a) .. value.b', 'nil2'],
      ['{"a": 1, "a": 2}', 'value.a', '2'],
      ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', 'value == "\\"\\\\/\\b\\f\\n\\r\\t"', 'true'],
      ['"\\u0041\\u00e4\\u8a9e\\ud83d\\ude00"', 'value', 'Aä語😀'],
      ['"a\\u0000b"', '#value .. value:byte(2)', '30'],
      ['"\\ud800"', 'value', '\ufffd'],
      ['"\\udc00x"', 'value', '\ufffdx'],
      ['"\\ud800\\u0041"', 'value', '\ufffdA'],
      ['true', 'value', 'true'],
    ])('reads %s', async (json, expression, expected) => {
      expect(await decode(json, expression)).toBe(expected);
    });

    it.each([
      ['', 'unexpected end at byte 1'],
      ['[1', "expected ',' or ']' at byte 3"],
      ['[1,]', 'unexpected character at byte 4'],
      ['{"a"}', "expected ':' at byte 5"],
      ['{a:1}', 'expected a key at byte 2'],
      ['{"a":1,}', 'expected a key at byte 8'],
      ['01', 'unexpected text after the value at byte 2'],
      ['1.', 'invalid number at byte 3'],
      ['-', 'invalid number at byte 2'],
      ['+1', 'unexpected character at byte 1'],
      ['1e', 'invalid number at byte 3'],
      ['1e999', 'number out of range'],
      ['nul', 'unexpected character at byte 1'],
      ['NaN', 'unexpected character at byte 1'],
      ['"a', 'unfinished string'],
      ['"a\nb"', 'control character in a string at byte 3'],
      ['"\\x"', 'invalid escape at byte 3'],
      ['"\\u12"', 'unfinished \\u escape'],
      ['"\\u12g4"', 'invalid \\u escape'],
      ['[] []', 'unexpected text after the value at byte 4'],
      ['\u0000', 'unexpected character at byte 1'],
    ])('refuses to read %j', async (json, problem) => {
      await expect(decode(json)).rejects.toThrow(problem);
    });

    it('refuses to read what is nested too deeply', async () => {
      expect(await decode(`${'['.repeat(200)}${']'.repeat(200)}`, '#value')).toBe('1');
      await expect(decode('['.repeat(201))).rejects.toThrow('nested too deeply');
      await expect(decode('{"a":'.repeat(100_000))).rejects.toThrow('nested too deeply');
      expect(
        await run.process.run('local t = {} for i = 1, 199 do t = {t} end return #require("json").encode(t)'),
      ).toBe('400');
      await expect(
        run.process.run('local t = {} for i = 1, 200 do t = {t} end require("json").encode(t)'),
      ).rejects.toThrow('nested too deeply');
    });

    it('gives back any JSON', async () => {
      const { value } = fc.letrec((tie) => ({
        value: fc.oneof(
          { depthSize: 'small' },
          fc.string({ unit: 'binary' }),
          fc.string(),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.integer(),
          fc.boolean(),
          // Not empty, because an empty object comes back as an empty array.
          fc.array(tie('value')),
          fc.dictionary(fc.string(), tie('value'), { minKeys: 1, noNullPrototype: true }),
        ),
      }));
      await run.process.run(
        'Handlers.add("back", "Back", function(msg) local json = require("json") msg.reply({Data = json.encode(json.decode(msg.Data))}) end)',
      );
      await fc.assert(
        fc.asyncProperty(value, fc.nat(4), async (sent, indent) => {
          const { Messages } = await run.process.from(
            OTHER,
            { Action: 'Back' },
            { Data: JSON.stringify(sent, null, indent) },
          );
          expect(JSON.parse(Messages[0]?.Data ?? '')).toEqual(JSON.parse(JSON.stringify(sent)));
        }),
        { numRuns: 200 },
      );
    });

    it('goes on after a refusal in the middle of a value', async () => {
      await run.process.run(
        'for i = 1, 100 do pcall(require("json").encode, {a = {b = {"x", print}}}) pcall(require("json").decode, "[[[1,") end',
      );
      expect(await encode('{a = {b = {"x"}}}')).toBe('{"a":{"b":["x"]}}');
    });

    it('carries text of every kind from message to result', async () => {
      await run.process.run(
        'Handlers.add("echo", "Echo", function(msg) msg.reply({Data = msg.Data, Note = msg.Note}) end)',
      );
      const text = '\u0000\u0001"\\\n\u007f\u2028ä語😀\ufffd';
      const { Messages } = await run.process.from(OTHER, { Action: 'Echo', Note: text }, { Data: text });
      expect(Messages[0]?.Data).toBe(text);
      expect(tag(Messages[0], 'Note')).toBe(text);
    });

    it('answers even when the result can not be written', async () => {
      const { ok, response } = await run.process.evaluate({
        Tags: [{ name: 'Action', value: 'Eval' }],
        Data: 'ao.outbox.Messages = {{ Data = print }}',
      });
      expect(ok).toBe(false);
      expect(response).toContain('json: cannot encode a function');
      expect(await run.process.run('1')).toBe('1');
    });
  },
  { shared: true },
);
