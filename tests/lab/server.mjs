// A local server that speaks as much of Stream's and Socket.IO's protocols as their clients need, and serves the apps.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';

/** What the servers saw: when each socket was accepted and when it ended, in epoch milliseconds. */
export class Witness {
  sockets = [];

  watch(server) {
    server.prependListener('upgrade', (request, stream) => {
      const seen = { url: `ws://${request.headers.host}${request.url}`, sec_websocket_key: request.headers['sec-websocket-key'], opened: Date.now(), closed: null };
      this.sockets.push(seen);
      request.seen = seen;
      stream.on('close', () => { seen.closed ??= Date.now(); });
    });
  }

  truth(title, exported) {
    const sockets = this.sockets.map((it) => ({
      url: it.url, sec_websocket_key: it.sec_websocket_key, client_open_ms: it.opened, server_close_ms: it.closed < exported ? it.closed : null,
      outcome: it.closed !== null && it.closed < exported ? 'closed' : 'open_at_export',
    }));
    const steps = sockets.flatMap((it) => [[it.client_open_ms, 1], [it.server_close_ms ?? Infinity, -1]]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let level = 0;
    const most = Math.max(0, ...steps.map(([, step]) => (level += step)));
    return { title, basis: 'accept and end at the server', accuracy_ms: 50, export_ms: exported, overlapping: most > 1, max_concurrent_open: most, sockets };
  }
}

const JSON_HEADERS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'content-type': 'application/json' };

/** `files`: path -> [type, text]. `push`: milliseconds between messages of the plain sockets and of Stream's. */
export async function serve(files, witness, { push = 0, handshake = 0 } = {}) {
  const http = createServer((request, answer) => {
    const path = request.url.split('?')[0];
    const found = files[path];
    if (!found) return answer.writeHead(path.startsWith('/favicon') ? 204 : 200, JSON_HEADERS).end('{}');
    answer.writeHead(200, { 'content-type': found[0], 'cache-control': 'no-store' }).end(found[1]);
  });
  const plain = new WebSocketServer({ noServer: true });
  const io = new Server(http, { cors: { origin: '*' }, destroyUpgrade: false });
  io.on('connection', () => {});
  io.of('/admin').on('connection', () => {});
  let connections = 0;
  witness.watch(http);
  http.on('upgrade', (request, stream, head) => {
    const { pathname, searchParams } = new URL(request.url, 'http://h');
    if (pathname.startsWith('/socket.io/')) return;
    setTimeout(() => plain.handleUpgrade(request, stream, head, (socket) => {
      request.seen.opened = Date.now();
      const every = push && setInterval(() => socket.send(JSON.stringify({ type: 'tick' })), push);
      socket.on('close', () => clearInterval(every));
      if (pathname !== '/connect') return;
      const user = JSON.parse(searchParams.get('json')).user_id;
      const id = `conn-${++connections}`;
      const health = () => socket.send(JSON.stringify({ type: 'health.check', connection_id: id, cid: '*', created_at: new Date().toISOString(), me: { id: user } }));
      health();
      socket.on('message', health);
    }), handshake);
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return { port: http.address().port, close: () => { io.close(); http.closeAllConnections(); http.close(); } };
}
