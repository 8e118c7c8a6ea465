// Run the steps of a test in a browser that notes its sockets, then judge them with `har-sockets check`.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Builder } from 'selenium-webdriver';
import { Options } from 'selenium-webdriver/chrome.js';

export async function inBrowser(name, steps) {
  mkdirSync('netlogs', { recursive: true });
  const log = resolve(`netlogs/${name}.json`);
  const options = new Options().addArguments('--headless=new', `--log-net-log=${log}`);
  const driver = await new Builder().forBrowser('chrome').setChromeOptions(options).build();
  try {
    await steps(driver);
    await driver.sleep(1000); // see README.md
  } finally {
    await driver.quit(); // completes the log
  }
  const { status, stdout, stderr, error } = spawnSync('har-sockets', ['check', log], { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(stdout + stderr);
}
