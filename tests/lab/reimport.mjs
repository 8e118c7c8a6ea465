// Captures of other programs, imported in the Network panel and exported again: `node reimport.mjs FOLDER CAPTURE...`.
// The truth is that of the first capture; the panel's file names its sockets by their Sec-WebSocket-Key.
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { launch } from './chromium.mjs';
import { DevTools } from './devtools.mjs';
import { writeCapture } from './write.mjs';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function exportedAgain(viewer, text) {
  const { browser, close } = await launch();
  const tools = await DevTools.open(viewer, browser);
  try {
    await tools.importHar(text);
    await sleep(500);
    return await tools.exportHar();
  } finally {
    await tools.close();
    await close();
  }
}

/** What may be said: of Chrome's own what was said of the first one, for the rest nothing that the truth contradicts. */
async function allowed(path, { overlapping }) {
  const { verdict } = JSON.parse(await readFile(path.replace(/\.har$/, '.json'), 'utf8'));
  if (/^chrome-\d/.test(basename(path))) return [verdict];
  return [overlapping ? 'overlap' : 'no-overlap', 'possible-overlap', 'inconclusive'];
}

const [folder, ...paths] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const viewer = await launch();
for (const path of paths) {
  const name = basename(path, '.har');
  const har = await exportedAgain(viewer.browser, await readFile(path, 'utf8'));
  const { sockets, ...truth } = JSON.parse(await readFile(path.replace(/\.har$/, '.truth.json'), 'utf8'));
  await writeCapture(join(folder, `chrome-reimported-${name}`), har, {
    ...truth, title: `${name}, imported in DevTools and exported again`, why: 'The creator is Chrome\'s; what was recorded is not.',
    allowed: await allowed(path, truth), sockets: sockets.map(({ har_index: _, ...it }) => it),
  });
  console.log(name, har.log.entries.length);
}
await viewer.close();
process.exit();
