import { expect, test } from './sockets.mjs';

test('one socket', async ({ page }) => {
  await page.goto('/one');
  await expect(page.locator('#chat')).toHaveText('hello');
});

test('two sockets', async ({ page }) => {
  await page.goto('/two');
  await expect(page.locator('#chat')).toHaveText('hello hello');
});
