// A page in a browser of its own, which notes its sockets. After the test `har-sockets check` judges them.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { test as base, expect } from '@playwright/test';

export { expect };

export const test = base.extend({
  context: async ({ playwright }, use, { outputDir }) => {
    mkdirSync(outputDir, { recursive: true });
    const log = `${outputDir}/net.json`;
    const browser = await playwright.chromium.launch({ args: [`--log-net-log=${log}`] });
    await use(await browser.newContext());
    await new Promise((resolve) => setTimeout(resolve, 1000)); // see README.md
    await browser.close(); // completes the log
    const { status, stdout, stderr, error } = spawnSync('har-sockets', ['check', log], { encoding: 'utf8' });
    if (status !== 0) throw error ?? new Error(stdout + stderr);
  },
});
