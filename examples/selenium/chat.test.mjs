import { after, afterEach, beforeEach, test } from 'node:test';
import { Builder, By, until } from 'selenium-webdriver';
import { Options } from 'selenium-webdriver/chrome.js';
import { recordSockets } from './record.mjs';
import { port, server } from './server.mjs';

let driver, stop;

beforeEach(async ({ name }) => {
  const options = new Options().addArguments('--headless=new');
  driver = await new Builder().forBrowser('chrome').setChromeOptions(options).build();
  const { debuggerAddress } = (await driver.getCapabilities()).get('goog:chromeOptions');
  stop = await recordSockets(`http://${debuggerAddress}`, `sockets/${name}.har`);
});

afterEach(async () => {
  try {
    await stop(); // before the page closes, so that its sockets are still open
  } finally {
    await driver.quit();
  }
});

after(() => server.close());

async function chat(path, text) {
  await driver.get(`http://localhost:${port}${path}`);
  await driver.wait(until.elementTextIs(driver.findElement(By.id('chat')), text));
}

test('one socket', () => chat('/one', 'hello'));

test('two sockets', () => chat('/two', 'hello hello'));
