// Records the sockets of a running Chromium, and judges them with `har-sockets check`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

// Begins to record: `browser` is a port or an address (http://localhost:9222, ws://...), `har` the file to write.
// Gives the function that ends the recording. It throws if more sockets were open than allowed, or if that is undecided.
export async function recordSockets(browser, har) {
  mkdirSync(dirname(har), { recursive: true });
  const recorder = spawn('har-sockets', ['record', '--attach', browser, '--output', har, '--overwrite']);
  let words = '';
  recorder.stderr.on('data', (data) => (words += data));
  const end = once(recorder, 'exit');
  await Promise.race([once(recorder.stderr, 'data'), end]); // it speaks as soon as it listens

  return async () => {
    recorder.kill('SIGINT'); // as Ctrl-C does: it saves, and leaves the browser as it is
    const [status] = await end;
    if (status !== 0) throw new Error(words);
    const check = spawnSync('har-sockets', ['check', '--allow-empty', har], { encoding: 'utf8' });
    if (check.status !== 0) throw new Error(check.stdout + check.stderr);
  };
}
