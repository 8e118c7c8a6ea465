// Writes one HAR a scenario: `npm install`, then `node record.mjs FOLDER [NAME...]`.
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createServer as vite } from 'vite';
import { record } from './browser.mjs';
import { serve } from './server.mjs';

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
const app = (entry, query, { wait = 1500, act, push = 300, handshake = 0, ...how } = {}) => async () => {
  const script = await bundle(entry, how);
  const name = entry.replace('.jsx', '.js');
  const files = { '/': html(`/${name}`), '/frame.html': html(`/${name}`), [`/${name}`]: ['text/javascript', script] };
  const server = await serve(files, { push, handshake });
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

/** A module that Vite serves, and that is edited while the page is open. */
const hot = (first, second, wait = 2500) => async () => {
  const server = await serve({}, { push: 300 });
  const root = await mkdtemp(join(tmpdir(), 'lab-'));
  await symlink(join(HERE, 'node_modules'), join(root, 'node_modules'));
  const fill = (text) => text.replaceAll('PORT', server.port);
  await writeFile(join(root, 'index.html'), '<!doctype html><title>lab</title><script type="module" src="/main.js"></script>');
  await writeFile(join(root, 'main.js'), "import './feed.js';\n");
  await writeFile(join(root, 'feed.js'), fill(first));
  const dev = await vite({ root, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } });
  await dev.listen();
  try {
    return await record(async (page) => {
      await page.goto(`http://127.0.0.1:${dev.httpServer.address().port}/`);
      await sleep(1500);
      await writeFile(join(root, 'feed.js'), fill(second));
      await sleep(wait);
    });
  } finally {
    await dev.close();
    server.close();
  }
};
const FEED = "export function open() {\n  return new WebSocket('ws://127.0.0.1:PORT/feed');\n}\nconst socket = open();\nimport.meta.hot.accept();\n";
const DISPOSED = `${FEED}import.meta.hot.dispose(() => socket.close());\n`;
const EDIT = (text) => `${text}console.log('edited');\n`;
const blip = async (page) => {
  await sleep(1500);
  await page.setOfflineMode(true); // real `offline` and `online` events; open sockets stay
  await sleep(300);
  await page.setOfflineMode(false);
};
const LONG = 65_000; // two heartbeats of Stream's client

const SCENARIOS = {
  // StrictMode
  'strict-clean-18': app('react.jsx', 'strict&parts=CleanTicker', { react: 18, handshake: 40 }),
  'strict-clean-19': app('react.jsx', 'strict&parts=CleanTicker', { handshake: 40 }),
  'strict-hook-18': app('react.jsx', 'strict&parts=HookChat', { react: 18 }),
  'strict-leak-18': app('react.jsx', 'strict&parts=Ticker', { react: 18 }),
  'strict-leak-19': app('react.jsx', 'strict&parts=Ticker'),
  'strict-two-parts': app('react.jsx', 'parts=Ticker,Ticker'),
  'strict-connecting': app('react.jsx', 'strict&parts=Chat', { wait: LONG }),
  'strict-connecting-18': app('react.jsx', 'strict&parts=Chat', { react: 18 }),
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
  // workers and iframes
  worker: app('plain.js', 'do=worker'),
  iframe: app('plain.js', 'do=frame'),
  // Socket.IO
  'socketio-force-new': app('plain.js', 'do=twice'),
  'socketio-same-namespace': app('plain.js', 'do=options'),
  'socketio-minified': app('plain.js', 'do=twice', { minify: true }),
  'socketio-namespaces': app('plain.js', 'do=namespaces'),
  'socketio-shared': app('plain.js', 'do=shared'),
  'socketio-two-hosts': app('plain.js', 'do=hosts'),
  // hot reload
  'hot-reload': hot(FEED, EDIT(FEED)),
  'hot-reload-disposed': hot(DISPOSED, EDIT(DISPOSED)),
};

const [folder, ...names] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
for (const name of names.length ? names : Object.keys(SCENARIOS)) {
  const har = JSON.parse(await SCENARIOS[name]());
  await writeFile(join(folder, `chrome-cause-${name}.har`), `${JSON.stringify(har, null, 1)}\n`);
  console.log(name, har.log.entries.filter((it) => it._resourceType === 'websocket').length);
}
process.exit(0);
