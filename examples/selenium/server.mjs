// A chat as small as can be, in place of yours: /one opens one socket, /two opens two at the same time.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const page = (sockets) => `<!doctype html>
<title>Chat</title>
<p id="chat"></p>
<script>
  for (let number = 1; number <= ${sockets}; number += 1) {
    const socket = new WebSocket('ws://' + location.host + '/chat');
    socket.onopen = () => socket.send('hello ');
    socket.onmessage = ({ data }) => document.querySelector('#chat').append(data);
  }
</script>`;

export const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'text/html');
  response.end(page(request.url === '/two' ? 2 : 1));
});
const sockets = new WebSocketServer({ server });
const log = () => console.log(`server: ${sockets.clients.size} open`);
sockets.on('connection', (socket) => {
  log();
  socket.on('message', (data) => socket.send(String(data)));
  socket.on('close', log);
});
export const port = process.env.PORT ?? 8123;
server.listen(port);
