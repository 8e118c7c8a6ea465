// `test` of Playwright Test, but each test records the sockets of its browser, and fails if too many were open.
import { readFileSync } from 'node:fs';
import { test as base, expect } from '@playwright/test';
import { recordSockets } from './record.mjs';

export { expect };

export const test = base.extend({
  launchOptions: [
    async ({ launchOptions }, use) => {
      const args = [...(launchOptions.args ?? []), '--remote-debugging-port=0']; // 0: any free port
      await use({ ...launchOptions, args });
    },
    { scope: 'worker' },
  ],
  sockets: [
    async ({ browser }, use, testInfo) => {
      const stop = await recordSockets(await addressOf(browser), testInfo.outputPath('sockets.har'));
      const sockets = { end: () => (sockets.ended ??= stop()) };
      await use(sockets);
      if (!sockets.ended) await sockets.end(); // a test without `page` and `context`
    },
    { auto: true },
  ],
  context: async ({ context, sockets }, use) => {
    await use(context);
    await sockets.end(); // before the context closes, so that its sockets are still open
  },
});

// A Chromium writes its port into its profile.
async function addressOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { commandLine } = await session.send('SystemInfo.getInfo');
  await session.detach();
  const [, profile] = /--user-data-dir=(.*?)(?: --|$)/.exec(commandLine);
  const [port, path] = readFileSync(`${profile}/DevToolsActivePort`, 'utf8').split('\n');
  return `ws://127.0.0.1:${port}${path}`;
}
