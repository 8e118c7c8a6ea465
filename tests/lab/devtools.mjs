// Chromium's own DevTools front-end in a second browser, attached to a tab as it is when docked to it. Its Network panel
// records, filters, imports and exports; nothing of what it writes is made here.

const ATTACHED = async () => {
  const sdk = await import('./core/sdk/sdk.js');
  return Boolean(sdk.TargetManager.TargetManager.instance().primaryPageTarget());
};
const SETTLED_MS = 700; // the panel asks the browser for events only after it has been shown
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export class DevTools {
  constructor(page) {
    this.page = page;
  }

  static attached = new Set();

  /** Opens the Network panel on the tab of `browser` that has none yet, "Preserve log" on unless told otherwise. */
  static async open(viewer, browser, { preserveLog = true, disableCache = false } = {}) {
    const { host } = new URL(browser.wsEndpoint());
    const tabs = await (await fetch(`http://${host}/json/list?for_tab`)).json();
    const tab = tabs.find((it) => it.type === 'tab' && !DevTools.attached.has(it.id));
    DevTools.attached.add(tab.id);
    const page = await viewer.newPage();
    await page.goto(`http://${host}/devtools/devtools_app.html?targetType=tab&ws=${host}/devtools/page/${tab.id}&panel=network`);
    await page.waitForFunction(ATTACHED, { timeout: 60_000 });
    const tools = new DevTools(page);
    await page.evaluate(async () => {
      const ui = await import('./ui/legacy/legacy.js');
      await ui.ViewManager.ViewManager.instance().showView('network');
      const panels = await import('./panels/network/network.js');
      globalThis.panel = panels.NetworkPanel.NetworkPanel.instance();
    });
    await tools.set('network-log.preserve-log', preserveLog);
    await tools.set('cache-disabled', disableCache);
    await sleep(SETTLED_MS);
    return tools;
  }

  /** A setting of the front-end, as its checkbox sets it. */
  async set(name, value) {
    await this.page.evaluate(async (name, value) => {
      const common = await import('./core/common/common.js');
      common.Settings.Settings.instance().moduleSetting(name).set(value);
    }, name, value);
  }

  /** The red button. */
  async recording(on) {
    await this.page.evaluate((on) => globalThis.panel.toggleRecord(on), on);
  }

  async clear() {
    await this.page.evaluate(async () => {
      const logs = await import('./models/logs/logs.js');
      logs.NetworkLog.NetworkLog.instance().reset(true);
    });
  }

  /** What is typed into the filter's text field, and the types pressed beside it ("Socket", "Document", "JavaScript"). */
  async filter({ text = '', types = [] }) {
    await this.page.evaluate((text, types) => {
      const view = globalThis.panel.networkLogView;
      view.setTextFilterValue(text);
      for (const type of types) view.resourceCategoryFilterUI.toggleTypeFilter(type, true);
    }, text, types);
    await sleep(200);
  }

  /** "Import HAR". */
  async importHar(text) {
    await this.page.evaluate((text) => globalThis.panel.networkLogView.onLoadFromFile(new File([text], 'a.har')), text);
  }

  /** "Export HAR", the file that it saves. */
  async exportHar({ sanitize = false } = {}) {
    const text = await this.page.evaluate(async (sanitize) => {
      const workspace = await import('./models/workspace/workspace.js');
      const files = workspace.FileManager.FileManager.instance();
      const parts = [];
      files.save = async (url, content) => { parts.push(content?.text ?? content ?? ''); return { fileSystemPath: url }; };
      files.append = (url, content) => { parts.push(content); files.dispatchEventToListeners('AppendedToURL', url); };
      files.close = () => {};
      await globalThis.panel.networkLogView.exportAll({ sanitize });
      return parts.join('');
    }, sanitize);
    return JSON.parse(text);
  }

  async close() {
    await this.page.close();
  }
}
