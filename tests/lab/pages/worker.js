// A dedicated or shared worker with a socket of its own: `after` ms, for `lasts` ms (0: for ever).
const asked = new URLSearchParams(self.location.search);

setTimeout(() => {
  const id = Math.random().toString(36).slice(2, 8);
  const socket = new WebSocket(`ws://${asked.get('host') ?? self.location.hostname}:${self.location.port}/feed?id=${id}&push=100`);
  if (Number(asked.get('lasts'))) setTimeout(() => socket.close(), Number(asked.get('lasts')));
}, Number(asked.get('after')));
