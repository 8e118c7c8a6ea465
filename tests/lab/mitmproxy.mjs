// Captures of mitmproxy: `node mitmproxy.mjs FOLDER`, with `mitmdump` on the path. One visit is saved in the order of each
// view (save.har) and once at the end (hardump).
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './chromium.mjs';
import { startSite } from './site.mjs';
import { openTab } from './tab.mjs';
import { truthOf } from './truth.mjs';
import { writeCapture } from './write.mjs';
import { APART, DOUBT, TOGETHER, button, click, f5, live, sleep, visit } from './scenarios/verbs.mjs';

const now = () => performance.timeOrigin + performance.now();
const ADDON = fileURLToPath(new URL('mitm_views.py', import.meta.url));
const VIEWS = ['time', 'method', 'url', 'size', 'reversed'];

const [c, b, a] = ['c', 'b', 'a'].map((id, n) => button('open', { id, push: 100 * (n + 1) }, `open-${id}`));
const buttons = { title: 'Live', body: c + b + a + button('close') };
const opens = (id) => click(`#open-${id}`, 700);
const close = click('#close', 400);

/** The addresses fall while time goes on, so the view by address is the reverse of the order of start. */
const VISITS = {
  sequence: { why: 'Three sockets one after the other', together: false, pages: { '/app': buttons }, run: visit('/app', opens('c'), close, opens('b'), close, opens('a'), close) },
  overlap: { why: 'Three sockets, the first two at once', together: true, pages: { '/app': buttons }, run: visit('/app', opens('c'), opens('b'), close, close, opens('a'), close) },
  reload: { why: 'Three loads of a page with a socket', together: false, pages: { '/app': live() }, run: visit('/app', f5, f5) },
};

const freePort = () => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => done(port)); });
});
const ask = (port, path) => new Promise((done, failed) => {
  get({ host: '127.0.0.1', port, path: `http://127.0.0.1:1${path}` }, (answer) => answer.resume().on('end', done)).on('error', failed);
});

async function startProxy(folder) {
  const port = await freePort();
  const proxy = spawn('mitmdump', ['-q', '--listen-host', '127.0.0.1', '-p', port, '-s', ADDON, '--set', `hardump=${join(folder, 'hardump.har')}`, '--set', `confdir=${folder}`], { stdio: 'ignore' });
  const ended = new Promise((done) => proxy.on('exit', done));
  for (let n = 0; n < 100; n++) {
    await sleep(200);
    if (await ask(port, '/__ready').then(() => true, () => false)) break;
  }
  return { port, stop: () => { proxy.kill('SIGINT'); return ended; } };
}

async function record({ pages, run }) {
  const folder = await mkdtemp(join(tmpdir(), 'lab-mitm-'));
  const site = await startSite(pages);
  const proxy = await startProxy(folder);
  const { browser, close: quit } = await launch([`--proxy-server=http://127.0.0.1:${proxy.port}`, '--proxy-bypass-list=<-loopback>']);
  const lab = { notes: [] };
  try {
    const [page] = await browser.pages();
    const tab = await openTab(lab, await page.createCDPSession(), `http://127.0.0.1:${site.port}`);
    const started = now();
    await run(tab, lab);
    const exported = now();
    await ask(proxy.port, `/__save?${folder}`);
    const sockets = structuredClone(await site.log());
    const version = await browser.version();
    await proxy.stop();
    const hars = Object.fromEntries(await Promise.all([...VIEWS, 'hardump'].map(async (view) => [view, JSON.parse(await readFile(join(folder, `${view}.har`), 'utf8'))])));
    return { hars, truth: { browser: version, sockets, notes: lab.notes, started, exported } };
  } finally {
    await quit();
    await proxy.stop();
    await site.stop();
    await rm(folder, { recursive: true });
  }
}

/** The requests that the lab itself made of the proxy. */
function withoutLab(har) {
  har.log.entries = har.log.entries.filter(({ request }) => !request.url.includes('/__'));
  return har;
}

const [folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
for (const [name, scenario] of Object.entries(VISITS)) {
  const { hars, truth } = await record(scenario);
  for (const [view, har] of Object.entries(hars)) {
    const allowed = view === 'hardump' || scenario.together ? (scenario.together ? TOGETHER : DOUBT) : APART;
    const known = truthOf({ title: `mitmproxy-${view}-${name}`, why: `${scenario.why}; mitmproxy, ${view === 'hardump' ? 'hardump' : `save.har of the view by ${view}`}.`, allowed, ...truth });
    await writeCapture(join(folder, `mitmproxy-${view}-${name}`), withoutLab(har), known);
    console.log(name, view, har.log.entries.length, known.max_concurrent_open);
  }
}
process.exit();
