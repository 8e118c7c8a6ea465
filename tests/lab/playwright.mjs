// Captures of Playwright's recordHar: `node playwright.mjs FOLDER [NAME...]`, NAME as `WAY-SCENARIO`.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { launch } from './chromium.mjs';
import { startSite } from './site.mjs';
import { openTab } from './tab.mjs';
import { truthOf } from './truth.mjs';
import { writeCapture } from './write.mjs';
import { APART, ONE_AT_A_TIME, TOGETHER, back, button, click, f5, link, live, type, visit } from './scenarios/verbs.mjs';

const now = () => performance.timeOrigin + performance.now();
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const KEEPS = ['--disable-back-forward-cache'];

/** Each opens a browser, and gives its contexts and how it is closed. Only `launched` has no back/forward cache. */
const WAYS = {
  launched: async () => {
    const browser = await chromium.launch({ executablePath, headless: true });
    return { browser, close: () => browser.close() };
  },
  'own-arguments': async () => {
    const browser = await chromium.launch({ executablePath, headless: true, ignoreDefaultArgs: KEEPS });
    return { browser, close: () => browser.close() };
  },
  connected: async () => {
    const { browser: running, close } = await launch();
    const { host } = new URL(running.wsEndpoint());
    const browser = await chromium.connectOverCDP(`http://${host}`);
    return { browser, close: async () => { await browser.close(); await close(); } };
  },
};
const WAY_WHY = {
  launched: 'A browser that Playwright launched has no back/forward cache.',
  'own-arguments': 'Playwright launched the browser without its argument that turns the back/forward cache off.',
  connected: 'Playwright was connected to a running browser (connectOverCDP), whose back/forward cache is on.',
};
const APP = { '/app': live(link('/room') + button('pushState', { to: '/room/5' }) + link('/app', 'same')), '/room': live() };

/** `kept`: where the back/forward cache is on, the page that was left keeps its socket. */
const STEPS = {
  f5: { kept: false, decided: true, run: visit('/app', f5, f5) },
  'f5-routed': { kept: false, routed: true, run: visit('/app', f5, f5) },
  'pushstate-link-routed': { kept: true, routed: true, run: visit('/app', click('#pushState'), click('#same', 900)) },
  link: { kept: true, run: visit('/app', click('#link', 900)) },
  'pushstate-link': { kept: true, run: visit('/app', click('#pushState'), click('#same', 900)) },
  'blank-between': { kept: true, run: visit('/app', type('about:blank'), type('/app')) },
  'link-back': { kept: true, run: visit('/app', click('#link', 900), back) },
  'typed-same': { kept: false, run: visit('/app', type('/app')) },
};

function sound(way, { kept, decided }) {
  if (kept && way !== 'launched') return { allowed: TOGETHER, assumed: ['no-overlap'], names: 'back/forward cache' };
  return { allowed: decided ? ONE_AT_A_TIME : APART };
}

async function record(way, { run, routed }) {
  const site = await startSite(APP);
  const folder = await mkdtemp(join(tmpdir(), 'lab-har-'));
  const lab = { notes: [] };
  const { browser, close } = await WAYS[way]();
  try {
    const path = join(folder, 'a.har');
    const context = await browser.newContext({ recordHar: { path } });
    const page = await context.newPage();
    if (routed) await page.route('**/*', (route) => route.continue()); // which turns the cache off
    const tab = await openTab(lab, await context.newCDPSession(page), `http://127.0.0.1:${site.port}`);
    const started = now();
    await run(tab, lab);
    const exported = now();
    const sockets = structuredClone(await site.log());
    await context.close();
    const har = JSON.parse(await readFile(path, 'utf8'));
    return { har, truth: { browser: browser.version(), sockets, notes: lab.notes, started, exported } };
  } finally {
    await close();
    await site.stop();
    await rm(folder, { recursive: true });
  }
}

const ALL = Object.keys(WAYS).flatMap((way) => Object.keys(STEPS).map((steps) => `${way}-${steps}`));
const [folder, ...names] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
for (const name of names.length ? names : ALL) {
  const way = Object.keys(WAYS).find((it) => name.startsWith(it));
  const steps = STEPS[name.slice(way.length + 1)];
  const { har, truth } = await record(way, steps);
  const known = truthOf({ title: `playwright-${name}`, why: WAY_WHY[way], ...sound(way, steps), ...truth });
  await writeCapture(join(folder, `chrome-playwright-${name}`), har, known);
  console.log(name, `${known.sockets.length} sockets, ${known.max_concurrent_open} at once for ${known.overlap_ms} ms`);
}
process.exit();
