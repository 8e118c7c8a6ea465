// The site that the browser visits, in a thread of its own, so that its clock is not late: pages, and sockets of which
// it writes down when each was accepted and when it ended.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';

const now = () => performance.timeOrigin + performance.now();
const SCRIPTS = ['app', 'worker', 'service', 'proxy'];

/** Starts the site. `pages`: path -> {title, body, head, status, headers, delay, hang, drop, text, turns: what differs at the first, second ... visit}. */
export async function startSite(pages) {
  const thread = new Worker(fileURLToPath(import.meta.url), { workerData: { pages } });
  const messages = [];
  const waiting = [];
  thread.on('message', (message) => (waiting.shift() ?? ((it) => messages.push(it)))(message));
  const next = () => (messages.length ? messages.shift() : new Promise((done) => waiting.push(done)));
  const { port } = await next();
  return {
    port,
    log: async () => { thread.postMessage('log'); return (await next()).log; },
    stop: () => thread.terminate(),
  };
}

function html({ title = 'lab', head = '', body = '' }) {
  return `<!doctype html><html><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">${head}<script src="/app.js"></script></head><body>${body}</body></html>`;
}

async function serve({ pages }) {
  const scripts = Object.fromEntries(await Promise.all(SCRIPTS.map(async (name) => [`/${name}.js`, await readFile(new URL(`pages/${name}.js`, import.meta.url), 'utf8')])));
  const log = [];
  const visits = {};
  const http = createServer((request, answer) => {
    const path = request.url.split('?')[0];
    visits[path] = (visits[path] ?? 0) + 1;
    if (scripts[path]) return answer.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'no-store' }).end(scripts[path]);
    const page = pages[path];
    if (!page) return answer.writeHead(404, { 'content-type': 'text/html' }).end(html({ title: 'not found' }));
    const turn = { ...page, ...page.turns?.[visits[path] - 1] };
    if (turn.hang) return undefined;
    if (turn.drop) return request.socket.resetAndDestroy();
    const filled = (text) => text.replaceAll('PORT', http.address().port);
    const headers = Object.fromEntries(Object.entries(turn.headers ?? {}).map(([name, value]) => [name, filled(value)]));
    const body = turn.status === 204 || turn.status === 302 ? '' : turn.text ?? filled(html(turn));
    setTimeout(() => answer.writeHead(turn.status ?? 200, { 'content-type': 'text/html', ...headers }).end(body), turn.delay ?? 0);
    return undefined;
  });
  const sockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, stream, head) => {
    const seen = { url: `ws://${request.headers.host}${request.url}`, key: request.headers['sec-websocket-key'], asked: now(), accepted: null, ended: null, code: null };
    log.push(seen);
    stream.on('error', () => {});
    stream.on('close', () => { seen.ended ??= now(); });
    const asked = new URL(request.url, 'http://h').searchParams;
    setTimeout(() => sockets.handleUpgrade(request, stream, head, (socket) => {
      seen.accepted = now();
      const push = Number(asked.get('push'));
      const end = Number(asked.get('end'));
      if (end) setTimeout(() => socket.close(4001), end);
      const timer = push && setInterval(() => socket.send('{"type":"tick"}'), push);
      socket.on('close', (code) => { clearInterval(timer); seen.ended ??= now(); seen.code = code; });
      socket.on('error', () => {});
    }), Number(asked.get('hold')));
  });
  http.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: http.address().port }));
  parentPort.on('message', () => parentPort.postMessage({ log }));
}

if (parentPort && workerData?.pages) await serve(workerData);
