// The last page that the file shows is not the last one, or is it?
import { APART, DOUBT, ONE_AT_A_TIME, NO_BFCACHE, TOGETHER, back, button, click, f5, link, live, onload, silent, sleep, type, visit } from './verbs.mjs';

const PAUSED = 'Recording was paused (the red button) over it';
const REFUSED = 'http://127.0.0.1:2/';
const UNKNOWN_HOST = 'http://nowhere.invalid/';

/** The acts while nothing is recorded. */
const paused = (...acts) => async (tab, lab) => {
  await lab.tools.recording(false);
  await sleep(200);
  for (const act of acts) await act(tab, lab);
  await lab.tools.recording(true);
  await sleep(400);
};
/** Nothing in the file shows it: an answer may rest on an assumption, if it names it. */
const UNSEEN = { assumed: ['no-overlap'], names: 'page' };
const filter = (how) => (tab, lab) => lab.tools.filter(how);
const pause = (ms) => () => sleep(ms);
/** Bodies are read when the file is saved, which a page that is gone or pending cannot answer: saved once before. */
const save = async (tab, lab) => { await lab.tools.exportHar(); };
const crash = async (tab) => { tab.client.send('Page.crash').catch(() => {}); await sleep(700); };
const stop = async (tab) => { await tab.client.send('Page.stopLoading'); await sleep(300); };
const closeTab = async (tab, lab) => { await lab.browser.newPage(); await tab.client.send('Page.close'); await sleep(500); };

/** A page that opens its sockets when asked to, so that none is opened while nothing is recorded. */
const asked = (data = {}, body = '') => ({ title: 'Live', body: button('open', data) + button('close') + body });
const open = click('#open');
const close = click('#close');

const PAUSES = {
  'paused-f5': { why: `A reload. ${PAUSED}.`, allowed: APART, pages: { '/app': asked({ push: 200 }) }, run: visit('/app', open, paused(f5), open) },
  'paused-f5-silent': { why: `Three loads. ${PAUSED}.`, allowed: APART, pages: { '/app': asked() }, run: visit('/app', open, paused(f5, type('/app'), f5), open) },
  'paused-f5-closed': { why: `A reload. ${PAUSED}; the next page then opens two sockets, one after the other.`, allowed: APART, pages: { '/app': asked({ push: 100 }) }, run: visit('/app', open, paused(f5), open, close, open) },
  'paused-f5-two': { why: `A reload. ${PAUSED}; the next page then opens two sockets at once.`, allowed: TOGETHER, pages: { '/app': asked() }, run: visit('/app', open, paused(f5), open, open) },
  'paused-link': { why: `A link. ${PAUSED}; the back/forward cache keeps the first page's socket.`, allowed: TOGETHER, pages: { '/app': asked({ push: 200 }, link('/room')), '/room': asked() }, run: visit('/app', open, paused(click('#link')), open) },
  'paused-detour-f5': {
    why: `To another page and back. ${PAUSED}; then F5 of the second visit, while the back/forward cache keeps the first: its request equals that of a reload of the first.`, ...UNSEEN, names: 'paused', allowed: TOGETHER,
    pages: { '/app': asked(), '/room': { body: 'nothing' } }, run: visit('/app', open, paused(type('/room'), type('/app')), f5, open),
  },
  'paused-link-f5': {
    why: `A link. ${PAUSED}; then F5 of the second page, while the back/forward cache keeps the first: as pushState and F5, but for its Referer.`, allowed: TOGETHER,
    pages: { '/app': asked({}, link('/room')), '/room': asked() }, run: visit('/app', open, paused(click('#link')), f5, open),
  },
  'paused-nothing': { why: `Nothing happened. ${PAUSED}, which leaves no trace. Both sockets are of one document.`, allowed: TOGETHER, pages: { '/app': asked() }, run: visit('/app', open, paused(), click('#open', 1000)) },
};
const FILTERS = {
  'filter-feed': { why: 'A text filter shows the sockets and nothing else: as the filter for sockets. Two reloads.', allowed: APART, pages: { '/app': live() }, run: visit('/app', f5, f5, filter({ text: 'feed' })) },
  'filter-feed-kept': { why: 'A text filter shows the sockets and nothing else. A link, and the page that was left keeps its socket.', allowed: TOGETHER, pages: { '/app': live(link('/room')), '/room': live() }, run: visit('/app', click('#link'), filter({ text: 'feed' })) },
  'filter-last-page': {
    why: 'A filter on one domain hides the last page, which is of another, but not the socket of its worker. The first page was reloaded away from: location.replace.', allowed: APART,
    pages: { '/app': live(button('replace', { to: 'http://localhost:PORT/room' })), '/room': { body: onload('worker', { after: 300, lasts: 0, host: '127.0.0.1' }) } },
    run: visit('/app', click('#replace', 1500), filter({ text: 'domain:127.0.0.1' })),
  },
  'filter-last-page-socket': {
    why: 'A filter on one domain hides the last page, which is of another, but not its socket.', allowed: TOGETHER,
    pages: { '/app': live(link('http://localhost:PORT/room')), '/room': { body: onload('open', { push: 200, host: '127.0.0.1' }) } },
    run: visit('/app', click('#link', 1200), filter({ text: 'domain:127.0.0.1' })),
  },
  'filter-hides-a-socket': {
    why: 'A filter on the domain of an iframe hides the page and its socket, which is open at the same time.', allowed: DOUBT,
    pages: { '/app': { body: onload('open', { push: 200 }) + onload('frame', { to: 'http://localhost:PORT/part' }) }, '/part': live() }, run: visit('/app', pause(600), filter({ text: 'domain:localhost' })),
  },
  'filter-scripts-and-sockets': { why: 'Saved with the types Socket and JavaScript. Two reloads.', allowed: APART, pages: { '/app': live() }, run: visit('/app', f5, f5, filter({ types: ['Socket', 'JavaScript'] })) },
  'filter-documents-and-sockets': { why: 'Saved with the types Socket and Document. Two reloads.', allowed: APART, pages: { '/app': live() }, run: visit('/app', f5, f5, filter({ types: ['Socket', 'Document'] })) },
};
const LIVE_ONE = { '/app': live() };
const GONE = {
  'last-refused': { why: 'An address that refuses was typed: an error page took the place of the page.', allowed: APART, pages: LIVE_ONE, run: visit('/app', type(REFUSED), pause(800)) },
  'last-refused-link': { why: 'A link to an address that refuses: an error page took the place of the page.', allowed: APART, pages: { '/app': silent(link(REFUSED)) }, run: visit('/app', click('#link', 1500)) },
  'last-unknown-host': { why: 'An unknown host was typed: an error page took the place of the page.', allowed: APART, pages: { '/app': silent() }, run: visit('/app', type(UNKNOWN_HOST), pause(800)) },
  'last-refused-then-socket': {
    why: 'A reload after the server had gone away: an error page; then it is back, and reloaded again.', allowed: APART,
    pages: { '/app': live('', { turns: [{}, { drop: true }, {}] }) }, run: visit('/app', f5, pause(600), f5),
  },
  'last-204': { why: 'An answer of 204 changes nothing: the page lives on, and opens a second socket.', allowed: TOGETHER, pages: { '/app': live(link('/none') + button('open', { push: 200 })), '/none': { status: 204 } }, run: visit('/app', click('#link', 900), click('#open', 900)) },
  'last-204-silent': { why: 'An answer of 204 changes nothing: the page lives on.', allowed: ONE_AT_A_TIME, pages: { '/app': silent(link('/none')), '/none': { status: 204 } }, run: visit('/app', click('#link', 1200)) },
  'last-download': { why: 'A download changes nothing: the page lives on, and opens a second socket.', allowed: TOGETHER, pages: { '/app': live(link('/file') + button('open')), '/file': { text: 'a file', headers: { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename="a.bin"' } } }, run: visit('/app', click('#link', 900), click('#open', 900)) },
  'last-500': { why: 'An answer of 500 with a text is a page: a navigation.', allowed: APART, pages: { '/app': live(link('/broken')), '/broken': { status: 500, body: 'broken' } }, run: visit('/app', click('#link', 1200)) },
  'last-500-empty': { why: 'An answer of 500 without a text: the browser shows an error page of its own.', allowed: APART, pages: { '/app': live(link('/broken')), '/broken': { status: 500, text: '' } }, run: visit('/app', click('#link', 1200)) },
  'last-500-reload': { why: 'A reload that is answered by 500 with a text: a page, and the socket of the one before closed.', allowed: APART, pages: { '/app': live('', { turns: [{}, { status: 500, body: 'broken' }, {}] }) }, run: visit('/app', f5, f5) },
  'last-refused-no-bfcache': { ...NO_BFCACHE, why: 'An address that refuses was typed: an error page took the place of the page. No back/forward cache: the socket closed.', allowed: APART, pages: LIVE_ONE, run: visit('/app', type(REFUSED), pause(800)) },
  'last-refused-tries-no-bfcache': { ...NO_BFCACHE, why: 'Two addresses that refuse were typed, then one that answers. No back/forward cache: the first one closed the socket.', allowed: APART, pages: { '/app': live(), '/room': live() }, run: visit('/app', type(REFUSED), type(UNKNOWN_HOST), type('/room')) },
  'last-500-empty-no-bfcache': { ...NO_BFCACHE, why: 'An answer of 500 without a text: an error page of the browser. No back/forward cache: the socket closed.', allowed: APART, pages: { '/app': silent(link('/broken')), '/broken': { status: 500, text: '' } }, run: visit('/app', click('#link', 1200)) },
  'last-blank-no-bfcache': { ...NO_BFCACHE, why: 'about:blank at the end. No back/forward cache: the socket closed.', ...UNSEEN, allowed: APART, pages: LIVE_ONE, run: visit('/app', type('about:blank'), pause(800)) },
  'last-204-no-bfcache': { ...NO_BFCACHE, why: 'An answer of 204 changes nothing: the page lives on.', allowed: ONE_AT_A_TIME, pages: { '/app': live(link('/none')), '/none': { status: 204 } }, run: visit('/app', click('#link', 1200)) },
  'last-blank': { why: 'about:blank at the end.', ...UNSEEN, allowed: APART, pages: LIVE_ONE, run: visit('/app', type('about:blank'), pause(800)) },
  'last-chrome-page': { why: 'A page of the browser itself at the end.', ...UNSEEN, allowed: APART, pages: LIVE_ONE, run: visit('/app', type('chrome://version'), pause(800)) },
  'last-crash': { why: 'The page crashed before the file was saved: its socket closed.', ...UNSEEN, allowed: APART, pages: LIVE_ONE, run: visit('/app', save, crash, pause(800)) },
  'last-crash-reload': { why: 'The page crashed, and was reloaded a second later.', allowed: APART, pages: LIVE_ONE, run: visit('/app', save, crash, pause(800), f5) },
  'last-tab-closed': { why: 'The tab was closed before the file was saved.', ...UNSEEN, allowed: APART, pages: LIVE_ONE, run: visit('/app', closeTab, pause(800)) },
  'last-superseded': { why: 'A link that is never answered, then another one: the page lives on until that.', allowed: APART, pages: { '/app': live(link('/never')), '/never': { hang: true }, '/room': { body: 'nothing' } }, run: visit('/app', save, click('#link', 900), type('/room')) },
  'last-stopped': { why: 'A link that is never answered, and the stop button: the page lives on, and opens a second socket.', allowed: TOGETHER, pages: { '/app': live(link('/never') + button('open', { push: 200 })), '/never': { hang: true } }, run: visit('/app', save, click('#link', 900), stop, click('#open', 900)) },
  'error-page-back': { why: 'A link to an address that refuses, then back: the back/forward cache brings the page back, whose socket closes then; it opens another one.', allowed: APART, pages: { '/app': live(link(REFUSED) + button('open', { push: 200 })) }, run: visit('/app', click('#link', 900), back, click('#open', 900)) },
  'error-page-back-no-bfcache': { ...NO_BFCACHE, why: 'A link to an address that refuses, then back, which loads the page anew.', allowed: APART, pages: { '/app': live(link(REFUSED)) }, run: visit('/app', click('#link', 900), back, pause(600)) },
  'last-pending': { why: 'A navigation that is never answered: the page lives on, and opens a second socket.', allowed: TOGETHER, pages: { '/app': live(link('/never') + onload('openLater', { after: 1800, push: 200 })), '/never': { hang: true } }, run: visit('/app', save, click('#link', 2200)) },
  'last-pending-reload': { why: 'A reload that is never answered: the page lives on.', allowed: ONE_AT_A_TIME, pages: { '/app': live('', { turns: [{}, { hang: true }] }) }, run: visit('/app', save, async (tab) => { tab.f5(); await sleep(1500); }) },
};

export const LAST_PAGE = { ...PAUSES, ...FILTERS, ...GONE };
