// Without a framework: what it does is chosen by the query of its address. It also runs in a worker and in an iframe.
import { io } from 'socket.io-client';
import { StreamChat } from 'stream-chat';

const asked = new URLSearchParams(self.location.search);
const ORIGIN = self.location.origin;

function connect(user = 'alice') {
  const client = new StreamChat('labkey', { baseURL: ORIGIN });
  client.connectUser({ id: user }, client.devToken(user));
}

const open = () => new WebSocket(`${ORIGIN.replace('http', 'ws')}/feed`);

const DOES = {
  stream: () => connect(),
  websocket: () => { io(ORIGIN, { transports: ['websocket'] }); },
  worker: () => { DOES.websocket(); new Worker('/plain.js?do=websocket', { name: 'background' }); },
  frame: () => {
    connect();
    const frame = document.createElement('iframe');
    frame.src = '/frame.html?do=stream';
    document.body.append(frame);
  },
  watch: () => {
    let socket = open();
    const reconnect = () => { if (asked.has('closes')) socket.close(); socket = open(); };
    addEventListener('online', () => reconnect());
  },
  both: () => { connect(); setTimeout(() => connect(), 400); },
  twice: () => { io(ORIGIN); io(ORIGIN, { forceNew: true }); },
  namespaces: () => { io(ORIGIN, { transports: ['websocket'] }); io(`${ORIGIN}/admin`, { transports: ['websocket'], forceNew: true }); },
  shared: () => { io(ORIGIN); io(`${ORIGIN}/admin`); },
  hosts: () => { io(ORIGIN, { transports: ['websocket'] }); io(ORIGIN.replace('127.0.0.1', 'localhost'), { transports: ['websocket'] }); },
};
DOES[asked.get('do')]();
