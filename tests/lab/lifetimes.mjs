// Captures of how pages end and sockets with them: `node lifetimes.mjs FOLDER [NAME...]`, NAME as in SCENARIOS.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './chromium.mjs';
import { DevTools } from './devtools.mjs';
import { SCENARIOS } from './scenarios/index.mjs';
import { startSite } from './site.mjs';
import { openTab } from './tab.mjs';
import { truthOf } from './truth.mjs';
import { writeCapture, writeLog } from './write.mjs';

const now = () => performance.timeOrigin + performance.now();

async function record(viewer, scenario) {
  const { pages, run, host = '127.0.0.1', flags = [], late = false, log = false, ...how } = scenario;
  const site = await startSite(pages);
  const { browser, close } = await launch([...flags, ...(host === '127.0.0.1' ? [] : [`--host-resolver-rules=MAP ${host} 127.0.0.1`])]);
  const lab = { notes: [], browser, viewer, site };
  try {
    const [page] = await browser.pages();
    const tab = await openTab(lab, await page.createCDPSession(), `http://${host}:${site.port}`);
    lab.attach = async () => { lab.tools = await DevTools.open(viewer, browser, how); };
    lab.openTab = async () => openTab(lab, await (await browser.newPage()).createCDPSession(), tab.base);
    if (!late) await lab.attach();
    const events = log ? await hear(await page.createCDPSession()) : null;
    const started = now();
    const given = await run(tab, lab);
    const exported = now();
    const har = given ?? await lab.tools.exportHar();
    return { har, events, truth: { browser: await browser.version(), sockets: await site.log(), notes: lab.notes, started, exported: lab.exported ?? exported } };
  } finally {
    await lab.tools?.close().catch(() => {});
    await close();
    await site.stop();
  }
}

/** The events of a session of the protocol from now on, as scripts save them. */
async function hear(client) {
  const events = [];
  client.on('*', (method, params) => { events.push({ method, params }); });
  for (const domain of ['Network', 'Page']) await client.send(`${domain}.enable`);
  return events;
}

/** On a slow machine things can happen too late; then what happened is not what `allowed` says. Doubt alone says nothing. */
function isTrue({ overlapping, overlap_ms: lasted, allowed }) {
  if (!allowed.includes('overlap') && !allowed.includes('no-overlap')) return true;
  return allowed.includes(overlapping ? 'overlap' : 'no-overlap') && (!overlapping || lasted > 150);
}

async function make(name, folder, viewer) {
  const scenario = SCENARIOS[name];
  for (let tries = 1; tries <= 3; tries++) {
    const { har, events, truth } = await record(viewer, scenario);
    const known = truthOf({ title: name, ...scenario, ...truth });
    if (!isTrue(known)) continue;
    await writeCapture(join(folder, `chrome-${name}`), har, known);
    if (events) await writeLog(join(folder, `cdp-${name}`), events, known);
    return console.log(name, `${known.sockets.length} sockets, ${known.max_concurrent_open} at once for ${known.overlap_ms} ms`);
  }
  throw new Error('the machine is too slow, or the scenario is wrong');
}

const [folder, ...names] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const viewer = await launch();
for (const name of names.length ? names : Object.keys(SCENARIOS)) {
  await make(name, folder, viewer.browser).catch((error) => { console.error(name, error); process.exitCode = 1; });
}
await viewer.close();
process.exit();
