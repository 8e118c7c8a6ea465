// Run the steps of a test in a browser that notes its sockets, then judge them with `har-sockets check`.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import puppeteer from 'puppeteer';

export async function inBrowser(name, steps) {
  mkdirSync('netlogs', { recursive: true });
  const log = `netlogs/${name}.json`;
  const browser = await puppeteer.launch({ args: [`--log-net-log=${log}`] });
  try {
    await steps(await browser.newPage());
    await setTimeout(1000); // a socket that was open for less than half a second when its page went away proves nothing
  } finally {
    await browser.close(); // completes the log
  }
  const { status, stdout, stderr, error } = spawnSync('har-sockets', ['check', log], { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(stdout + stderr);
}
