import { after, afterEach, before, beforeEach, test } from 'node:test';
import puppeteer from 'puppeteer';
import { recordSockets } from './record.mjs';
import { port, server } from './server.mjs';

let browser, page, stop;

before(async () => {
  browser = await puppeteer.launch();
});

beforeEach(async ({ name }) => {
  stop = await recordSockets(browser.wsEndpoint(), `sockets/${name}.har`);
  page = await browser.newPage();
});

afterEach(async () => {
  try {
    await stop(); // before the page closes, so that its sockets are still open
  } finally {
    await page.close();
  }
});

after(async () => {
  await browser.close();
  server.close();
});

async function chat(path, text) {
  await page.goto(`http://localhost:${port}${path}`);
  await page.waitForFunction((words) => document.querySelector('#chat').innerText === words, {}, text);
}

test('one socket', () => chat('/one', 'hello'));

test('two sockets', () => chat('/two', 'hello hello'));
