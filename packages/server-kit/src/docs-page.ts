import { createHash } from 'node:crypto';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
details { border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: .5rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .6rem .9rem; }
summary b { display: inline-block; min-width: 4.2rem; }
summary code { font-size: 1rem; }
summary span { opacity: .75; margin-left: .8rem; }
form { padding: 0 .9rem .9rem; }
label { display: grid; grid-template-columns: 12rem 1fr; gap: .6rem; margin: .3rem 0; align-items: start; }
label small { opacity: .7; display: block; }
input, textarea { font: 14px/1.4 ui-monospace, monospace; padding: .3rem .5rem; width: 100%; box-sizing: border-box; }
textarea { min-height: 8rem; }
button { font: inherit; padding: .3rem 1.2rem; margin-top: .5rem; cursor: pointer; }
pre { overflow: auto; max-height: 30rem; padding: .7rem; border-radius: .4rem; background: color-mix(in srgb, currentColor 8%, transparent); }
`;

const SCRIPT = `
const make = (tag, fields = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), fields);
  node.append(...children);
  return node;
};
const show = async (response, output, ms) => {
  const head = response.status + ' ' + response.statusText + '  (' + Math.round(ms) + ' ms)';
  const headers = [...response.headers].map(([name, value]) => name + ': ' + value).join('\\n');
  let text = await response.text();
  try { text = JSON.stringify(JSON.parse(text), null, 2); } catch {}
  const rest = text.length - 100000;
  if (rest > 0) text = text.slice(0, 100000) + '\\n… ' + rest + ' more characters';
  output.textContent = head + '\\n' + headers + '\\n\\n' + text;
};
const send = async (method, path, parameters, bodyInput, bodyType, output) => {
  let url = path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of parameters) {
    if (input.value === '' && parameter.in !== 'path') continue;
    if (parameter.in === 'path') url = url.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
    else if (parameter.in === 'query') query.set(parameter.name, input.value);
    else headers[parameter.name] = input.value;
  }
  const search = String(query);
  const request = { method, headers };
  if (bodyInput) {
    headers['content-type'] = bodyType;
    request.body = bodyInput.type === 'file' ? bodyInput.files[0] : bodyInput.value;
  }
  output.textContent = '…';
  const started = performance.now();
  try {
    await show(await fetch('.' + url + (search ? '?' + search : ''), request), output, performance.now() - started);
  } catch (error) {
    output.textContent = String(error);
  }
};
const form = (method, path, operation) => {
  const parameters = (operation.parameters ?? []).map((parameter) => {
    const { type = '', description = '' } = parameter.schema;
    const input = make('input', { required: parameter.required, placeholder: String(parameter.schema.default ?? type) });
    const about = make('span', {}, parameter.name, make('small', { textContent: [parameter.in, description].filter(Boolean).join(': ') }));
    return { parameter, input, row: make('label', {}, about, input) };
  });
  const node = make('form', {}, ...parameters.map(({ row }) => row));
  const [bodyType, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  let bodyInput;
  if (bodyType) {
    bodyInput = bodyType === 'application/json'
      ? make('textarea', { value: '{}', title: JSON.stringify(content.schema, null, 2) })
      : make('input', { type: 'file' });
    node.append(make('label', {}, make('span', {}, 'body', make('small', { textContent: bodyType })), bodyInput));
  }
  const output = make('pre', { hidden: true });
  node.append(make('button', { textContent: 'Send' }), output);
  node.addEventListener('submit', (event) => {
    event.preventDefault();
    output.hidden = false;
    void send(method.toUpperCase(), path, parameters, bodyInput, bodyType, output);
  });
  return node;
};
const api = await (await fetch('./openapi.json')).json();
document.title = api.info.title;
document.querySelector('h1').textContent = api.info.title + ' ' + api.info.version;
for (const [path, operations] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(operations)) {
    const head = make('summary', {}, make('b', { textContent: method.toUpperCase() }),
      make('code', { textContent: path }), make('span', { textContent: operation.summary ?? '' }));
    document.querySelector('main').append(make('details', {}, head, form(method, path, operation)));
  }
}
`;

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>ao</title>
<style>${STYLE}</style>
</head>
<body>
<h1>ao</h1>
<p>Every route of this unit, to be tried. The same for programs: <a href="./openapi.json">openapi.json</a>.</p>
<main></main>
<script type="module">${SCRIPT}</script>
</body>
</html>
`;

/** A page that lists the routes of `openapi.json` beside it and sends requests. It needs nothing from elsewhere. */
export function docsPage(): { html: string; policy: string } {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${hash(SCRIPT)}`,
    `style-src ${hash(STYLE)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { html: HTML, policy: policy.join('; ') };
}
