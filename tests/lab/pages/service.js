// A service worker that opens a socket when a page asks for it.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('message', (event) => {
  const { after, lasts } = event.data;
  const openLater = (done) => setTimeout(() => {
    const id = Math.random().toString(36).slice(2, 8);
    const socket = new WebSocket(`ws://${self.location.host}/feed?id=${id}&push=100`);
    setTimeout(() => { socket.close(); done(); }, Number(lasts));
  }, Number(after));
  event.waitUntil(new Promise(openLater));
});
