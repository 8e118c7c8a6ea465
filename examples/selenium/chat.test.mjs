import { after, test } from 'node:test';
import { By, until } from 'selenium-webdriver';
import { port, server } from './server.mjs';
import { inBrowser } from './sockets.mjs';

after(() => server.close());

test('one socket', () =>
  inBrowser('one', async (driver) => {
    await driver.get(`http://localhost:${port}/one`);
    await driver.wait(until.elementTextIs(driver.findElement(By.id('chat')), 'hello'));
  }));

test('two sockets', () =>
  inBrowser('two', async (driver) => {
    await driver.get(`http://localhost:${port}/two`);
    await driver.wait(until.elementTextIs(driver.findElement(By.id('chat')), 'hello hello'));
  }));
