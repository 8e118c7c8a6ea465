// Writes one HAR a scenario: `npm install`, then `node record.mjs FOLDER [NAME...]`.
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createServer as vite } from 'vite';
import { record } from './browser.mjs';
import { serve, Witness } from './server.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function bundle(entry, { react = 19, minify = false } = {}) {
  const mode = minify ? 'production' : 'development';
  const alias = react === 18 ? { react: 'react18', 'react-dom': 'react-dom18' } : {};
  const made = await build({
    entryPoints: [join(HERE, 'apps', entry)], bundle: true, write: false, format: 'iife', minify, alias, jsx: 'automatic', jsxDev: !minify,
    define: { 'process.env.NODE_ENV': JSON.stringify(mode), global: 'globalThis' }, logLevel: 'error', mainFields: ['browser', 'module', 'main'],
  });
  return made.outputFiles[0].text;
}

const html = (script) => ['text/html', `<!doctype html><title>lab</title><div id="root"></div><script src="${script}"></script>`];

/** A page that runs the bundle of one app. */
const app = (entry, query, { wait = 1500, act, push = 300, handshake = 0, ...how } = {}) => async (witness) => {
  const script = await bundle(entry, how);
  const name = entry.replace('.jsx', '.js');
  const files = { '/': html(`/${name}`), '/frame.html': html(`/${name}`), [`/${name}`]: ['text/javascript', script] };
  const server = await serve(files, witness, { push, handshake });
  try {
    return await record(async (page) => {
      await page.goto(`http://127.0.0.1:${server.port}/?${query}`);
      await act?.(page);
      await sleep(wait);
    });
  } finally {
    server.close();
  }
};

/** Modules that Vite serves, one by one; `edit` is written over the first of them while the page is open. */
const modules = (files, { edit, act, wait = 2500 } = {}) => async (witness) => {
  const server = await serve({}, witness, { push: 300 });
  const root = await mkdtemp(join(tmpdir(), 'lab-'));
  await symlink(join(HERE, 'node_modules'), join(root, 'node_modules'));
  const fill = (text) => text.replaceAll('PORT', server.port);
  const [name] = Object.keys(files);
  await writeFile(join(root, 'index.html'), `<!doctype html><title>lab</title><div id="root"></div><script type="module" src="/main.jsx"></script>`);
  for (const [file, text] of Object.entries({ 'main.jsx': `import './${name}';\n`, ...files })) await writeFile(join(root, file), fill(text));
  const dev = await vite({ root, logLevel: 'error', server: { port: 0, host: '127.0.0.1' }, esbuild: { jsx: 'automatic', jsxDev: true } });
  await dev.listen();
  witness.watch(dev.httpServer);
  const address = `http://127.0.0.1:${dev.httpServer.address().port}/`;
  try {
    await dev.warmupRequest('/main.jsx');
    return await record(async (page) => {
      await page.goto(address);
      await sleep(2500);
      if (edit) await writeFile(join(root, name), fill(edit));
      await sleep(wait);
      await act?.(page);
    });
  } finally {
    await dev.close();
    server.close();
  }
};
const FEED = `export function open() {
  return new WebSocket('ws://127.0.0.1:PORT/feed');
}
`;
const HOT = `${FEED}const socket = open();\nimport.meta.hot.accept();\n`;
const DISPOSED = `${HOT}import.meta.hot.dispose(() => socket.close());\n`;
const CLICKED = `${FEED}document.onclick = open;\nimport.meta.hot.accept();\n`;
const EDIT = (text) => `${text}console.log('edited');\n`;
const CHAT = `import { StreamChat } from 'stream-chat';
import { useEffect } from 'react';
export function connect() {
  const client = new StreamChat('labkey', { baseURL: 'http://127.0.0.1:PORT' });
  client.connectUser({ id: 'alice' }, client.devToken('alice'));
}
export function Chat() {
  useEffect(() => { connect(); }, []);
  return null;
}
`;
const ROOT = `import { createRoot } from 'react-dom/client';
import { Chat } from './chat.jsx';
createRoot(document.getElementById('root')).render(<><Chat /><Chat /></>);
`;
const clicks = async (page) => {
  await page.mouse.click(9, 9);
  await sleep(700);
  await page.mouse.click(9, 9);
  await sleep(1500);
};
const blip = async (page) => {
  await sleep(1500);
  await page.setOfflineMode(true); // real `offline` and `online` events; open sockets stay
  await sleep(300);
  await page.setOfflineMode(false);
};
const LONG = 65_000; // two heartbeats of Stream's client

const SCENARIOS = {
  // StrictMode
  'strict-clean-18': app('react.jsx', 'strict&parts=CleanTicker', { react: 18, push: 150, wait: 2500 }),
  'strict-clean-19': app('react.jsx', 'strict&parts=CleanTicker', { push: 150, wait: 2500 }),
  'strict-hook-18': app('react.jsx', 'strict&parts=HookChat', { react: 18 }),
  'strict-leak-18': app('react.jsx', 'strict&parts=Ticker', { react: 18 }),
  'strict-leak-19': app('react.jsx', 'strict&parts=Ticker'),
  'two-parts': app('react.jsx', 'parts=Ticker,Ticker'),
  'strict-connecting': app('react.jsx', 'strict&parts=Chat', { wait: LONG }),
  'remount-connecting': app('react.jsx', 'remount&parts=Chat', { wait: LONG, handshake: 2500 }),
  'remount-leaky': app('react.jsx', 'remount&parts=LeakyChat', { wait: LONG, handshake: 2500 }),
  'strict-never-disconnects': app('react.jsx', 'strict&parts=LeakyChat', { wait: LONG }),
  // several clients, reconnects
  'two-clients': app('react.jsx', 'parts=Chat,Inbox'),
  'two-clients-minified': app('react.jsx', 'parts=Chat,Inbox', { minify: true }),
  'two-clients-two-users': app('react.jsx', 'parts=Chat,Inbox&second=bob'),
  'one-place-twice': app('plain.js', 'do=both'),
  'reconnect-long': app('plain.js', 'do=stream', { act: blip, wait: LONG }),
  'reconnect-minified': app('plain.js', 'do=stream', { act: blip, minify: true }),
  'reconnect-own': app('plain.js', 'do=watch', { act: blip }),
  'reconnect-own-closes': app('plain.js', 'do=watch&closes', { act: blip }),
  // workers and iframes
  worker: app('plain.js', 'do=worker'),
  iframe: app('plain.js', 'do=frame'),
  // Socket.IO
  'socketio-force-new': app('plain.js', 'do=twice'),
  'socketio-minified': app('plain.js', 'do=twice', { minify: true }),
  'socketio-namespaces': app('plain.js', 'do=namespaces'),
  'socketio-shared': app('plain.js', 'do=shared'),
  'socketio-two-hosts': app('plain.js', 'do=hosts'),
  // hot reload
  'hot-reload': modules({ 'feed.js': HOT }, { edit: EDIT(HOT) }),
  'hot-reload-disposed': modules({ 'feed.js': DISPOSED }, { edit: EDIT(DISPOSED) }),
  'hot-reload-then-clicks': modules({ 'feed.js': CLICKED }, { edit: EDIT(CLICKED), act: clicks }),
  // modules with URLs of their own
  'two-clients-modules': modules({ 'app.jsx': ROOT, 'chat.jsx': CHAT }),
};

const [folder, ...names] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
for (const name of names.length ? names : Object.keys(SCENARIOS)) {
  const witness = new Witness();
  const { har, exported } = await SCENARIOS[name](witness);
  const write = (suffix, document) => writeFile(join(folder, `chrome-cause-${name}${suffix}`), `${JSON.stringify(document, null, 1)}\n`);
  await write('.har', har);
  await write('.truth.json', witness.truth(name, exported));
  console.log(name, har.log.entries.filter((it) => it._resourceType === 'websocket').length);
}
process.exit(0);
