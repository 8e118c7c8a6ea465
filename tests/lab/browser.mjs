// Chromium whose traffic Chromium's own DevTools front-end records; the HAR is built by the front-end's own exporter
// (models/har), called as its panel's "Export HAR" calls it.
import puppeteer from 'puppeteer-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--remote-allow-origins=*', '--disable-dev-shm-usage'];

const launch = (extra) => puppeteer.launch({ executablePath: CHROMIUM, headless: true, args: [...FLAGS, ...extra], protocolTimeout: 300_000 });

/** Opens DevTools on an empty tab, runs `scenario(page)`, and gives the HAR and when it was made. */
export async function record(scenario) {
  const [browser, viewer] = [await launch([]), await launch([])];
  try {
    const page = (await browser.pages())[0];
    const { host } = new URL(browser.wsEndpoint());
    const tabs = await (await fetch(`http://${host}/json/list?for_tab`)).json();
    const tab = tabs.find((it) => it.type === 'tab');
    const tools = await viewer.newPage();
    await tools.goto(`http://${host}/devtools/devtools_app.html?targetType=tab&ws=${host}/devtools/page/${tab.id}`);
    await tools.waitForFunction(async () => {
      const logs = await import('./models/logs/logs.js');
      const sdk = await import('./core/sdk/sdk.js');
      return logs.NetworkLog.NetworkLog.instance() && sdk.TargetManager.TargetManager.instance().primaryPageTarget();
    }, { timeout: 60_000 });
    await new Promise((done) => setTimeout(done, 1000));
    await scenario(page);
    const exported = Date.now();
    const har = await tools.evaluate(async () => {
      const logs = await import('./models/logs/logs.js');
      const har = await import('./models/har/har.js');
      const requests = logs.NetworkLog.NetworkLog.instance().requests();
      return JSON.stringify({ log: await har.Log.Log.build(requests, { sanitize: false }) });
    });
    return { har: JSON.parse(har), exported };
  } finally {
    await Promise.all([browser.close(), viewer.close()]);
  }
}
