// What the pages of the lab do. Buttons name an action (`data-do`) and what it needs; the body names what is done on load.
const opened = [];
const page = Math.random().toString(36).slice(2, 8);

// What a page sees of its sockets, for the truth; a binding of the browser, so that no request is made of it.
function note(event, detail) {
  globalThis.labNote?.(JSON.stringify({ event, page, at: performance.timeOrigin + performance.now(), ...detail }));
}

function openSocket({ push = 0, hold = 0, end = 0, host = location.hostname, id = Math.random().toString(36).slice(2, 8) } = {}) {
  const socket = new WebSocket(`ws://${host}:${location.port}/feed?id=${id}&push=${push}&hold=${hold}&end=${end}`);
  note('created', { id });
  for (const event of ['open', 'close']) socket.addEventListener(event, () => note(event, { id }));
  opened.push(socket);
  return socket;
}

function wait(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const ACTIONS = {
  open: openSocket,
  openLater: ({ after, ...data }) => setTimeout(() => openSocket(data), Number(after)),
  close: () => opened.shift()?.close(),
  pushState: ({ to }) => history.pushState(null, '', to),
  replaceState: ({ to }) => history.replaceState(null, '', to),
  hash: ({ to }) => { location.hash = to; },
  assign: ({ to }) => { location.href = to; },
  replace: ({ to }) => location.replace(to),
  reload: () => location.reload(),
  go: ({ by }) => history.go(Number(by)),
  back: () => history.back(),
  busyPagehide: ({ ms }) => addEventListener('pagehide', () => wait(Number(ms))),
  busyUnload: ({ ms }) => addEventListener('unload', () => wait(Number(ms))),
  busyBeforeUnload: ({ ms }) => addEventListener('beforeunload', () => wait(Number(ms))),
  longTask: ({ ms }) => setTimeout(() => wait(Number(ms)), 30),
  frame: ({ to }) => {
    const frame = document.createElement('iframe');
    frame.src = to;
    document.body.append(frame);
  },
  fetch: async ({ from }) => (await fetch(from)).text(), // unread it would never be finished
  worker: (data) => { new Worker(`/worker.js?${new URLSearchParams(data)}`); },
  shared: (data) => { new SharedWorker(`/worker.js?${new URLSearchParams(data)}`); },
  service: async ({ script = '/service.js' }) => { await navigator.serviceWorker.register(script); },
  tellService: async ({ after, lasts }) => (await navigator.serviceWorker.ready).active.postMessage({ after, lasts }),
};

addEventListener('pagehide', (event) => note('pagehide', { persisted: event.persisted }));
addEventListener('pageshow', (event) => {
  const [{ type, unloadEventEnd }] = performance.getEntriesByType('navigation'); // of the page before, where it is of this origin
  note('pageshow', { persisted: event.persisted, url: location.href, type, states: opened.map((it) => it.readyState), before_gone: unloadEventEnd ? performance.timeOrigin + unloadEventEnd : null });
});
addEventListener('click', ({ target }) => ACTIONS[target.dataset.do]?.({ ...target.dataset }));
addEventListener('DOMContentLoaded', () => {
  for (const it of document.querySelectorAll('[data-onload]')) ACTIONS[it.dataset.onload]({ ...it.dataset });
});
