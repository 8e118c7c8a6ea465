import { after, test } from 'node:test';
import { port, server } from './server.mjs';
import { inBrowser } from './sockets.mjs';

after(() => server.close());

test('one socket', () =>
  inBrowser('one', async (page) => {
    await page.goto(`http://localhost:${port}/one`);
    await page.waitForFunction(() => document.querySelector('#chat').innerText === 'hello');
  }));

test('two sockets', () =>
  inBrowser('two', async (page) => {
    await page.goto(`http://localhost:${port}/two`);
    await page.waitForFunction(() => document.querySelector('#chat').innerText === 'hello hello');
  }));
