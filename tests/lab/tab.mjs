// A tab of a Chromium, and what a user does in it.

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

class Tab {
  constructor(client, base) {
    Object.assign(this, { client, base });
  }

  /** An address typed or taken from the bookmarks; `settle`: ms to wait after it. */
  async type(path, settle = 700) {
    const url = path.includes(':') ? path : this.base + path;
    await this.client.send('Page.navigate', { url, transitionType: 'typed' }).catch(() => {});
    await sleep(settle);
  }

  async f5({ hard = false, settle = 700 } = {}) {
    await this.client.send('Page.reload', { ignoreCache: hard });
    await sleep(settle);
  }

  /** A real click of the mouse; no script of ours runs in the page. */
  async click(selector, settle = 500) {
    const [left, top, right, , , bottom] = await this.quad(selector);
    await this.press((left + right) / 2, (top + bottom) / 2, settle);
  }

  /** A click on what stands first in an iframe. */
  async clickInFrame(selector, settle = 700) {
    const [left, top] = await this.quad(selector);
    await this.press(left + 18, top + 18, settle);
  }

  async quad(selector) {
    const { root } = await this.client.send('DOM.getDocument', { depth: 0 });
    const { nodeId } = await this.client.send('DOM.querySelector', { nodeId: root.nodeId, selector });
    const { quads } = await this.client.send('DOM.getContentQuads', { nodeId });
    return quads[0];
  }

  async press(x, y, settle) {
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.client.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    }
    await sleep(settle);
  }

  /** The browser's own arrow. */
  async back(by = -1, settle = 700) {
    const { currentIndex, entries } = await this.client.send('Page.getNavigationHistory');
    await this.client.send('Page.navigateToHistoryEntry', { entryId: entries[currentIndex + by].id });
    await sleep(settle);
  }
}

/** `client`: a session of the Chrome DevTools Protocol with the tab; what its pages note goes to `lab.notes`. */
export async function openTab(lab, client, base) {
  client.on('Runtime.bindingCalled', ({ name, payload }) => { if (name === 'labNote') lab.notes.push(JSON.parse(payload)); });
  await client.send('Runtime.enable');
  await client.send('Page.enable');
  await client.send('Runtime.addBinding', { name: 'labNote' });
  return new Tab(client, base);
}
