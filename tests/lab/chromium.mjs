// A Chromium with little that differs from a user's own: no switch that turns the back/forward cache or a throttle off.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--headless=new', '--no-sandbox', '--no-first-run', '--disable-dev-shm-usage', '--disable-sync', '--disable-extensions',
  '--disable-background-networking', '--disable-component-update', '--remote-allow-origins=*', '--remote-debugging-port=0', '--window-size=1000,700'];

export async function launch(flags = []) {
  const profile = await mkdtemp(join(tmpdir(), 'lab-profile-'));
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM, ignoreDefaultArgs: true, defaultViewport: null, protocolTimeout: 40_000,
    args: [...FLAGS, ...flags, `--user-data-dir=${profile}`, 'about:blank'],
  });
  const close = async () => { await browser.close(); await rm(profile, { recursive: true, force: true }); };
  return { browser, close };
}
