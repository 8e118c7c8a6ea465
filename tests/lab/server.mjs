// A local server that speaks as much of Stream's and Socket.IO's protocols as their clients need, and serves the apps.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';

const JSON_HEADERS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'content-type': 'application/json' };

/** `files`: path -> [type, text]. `push`: milliseconds between messages of the plain sockets and of Stream's. */
export async function serve(files, { push = 0, handshake = 0 } = {}) {
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
  http.on('upgrade', (request, stream, head) => {
    const { pathname, searchParams } = new URL(request.url, 'http://h');
    if (pathname.startsWith('/socket.io/')) return;
    setTimeout(() => plain.handleUpgrade(request, stream, head, (socket) => {
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
