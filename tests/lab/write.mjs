// A capture beside its truth, small.
import { writeFile } from 'node:fs/promises';

/** What no reader needs: bodies. */
function strip(har) {
  for (const { response } of har.log.entries) {
    delete response.content?.text;
    delete response.content?.encoding;
  }
  return har;
}

/** An entry per line: small, and a difference can be read. */
function laidOut({ log: { entries, ...rest } }) {
  const lines = entries.map((it) => JSON.stringify(it)).join(',\n');
  const head = JSON.stringify({ ...rest, entries: [] }).slice(0, -2);
  return `{"log":${head}\n${lines}\n]}}\n`;
}

/** `path`.har and `path`.truth.json. */
export async function writeCapture(path, har, truth) {
  await writeFile(`${path}.har`, laidOut(strip(har)));
  await writeFile(`${path}.truth.json`, `${JSON.stringify(truth, null, 1)}\n`);
}

/** `path`.cdp.json, an event per line, and `path`.truth.json. */
export async function writeLog(path, events, truth) {
  await writeFile(`${path}.cdp.json`, `[${events.map((it) => JSON.stringify(it)).join(',\n')}]\n`);
  await writeFile(`${path}.truth.json`, `${JSON.stringify(truth, null, 1)}\n`);
}
