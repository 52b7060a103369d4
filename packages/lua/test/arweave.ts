import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves files over HTTP in the way of an Arweave gateway: `/data/<id>` as `/<id>`, `/block/<n>` as `/block/height/<n>`. */
export async function serveArweave(
  files: Record<string, string>,
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const content = files[path.replace('/height', '')] ?? files[`/data${path}`];
    if (content === undefined) return response.writeHead(404).end();
    const bytes = Buffer.from(content);
    const [, from, to] = request.headers.range?.match(/^bytes=(\d+)-(\d+)$/) ?? [];
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    response.writeHead(from === undefined ? 200 : 206, { 'Content-Length': part.length });
    return response.end(request.method === 'HEAD' ? undefined : part);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
