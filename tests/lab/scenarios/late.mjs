// Recording began late: DevTools was opened on a page that was already loaded and has a socket.
import { APART, DOUBT, TOGETHER, button, click, f5, link, live, silent, type, visit } from './verbs.mjs';

const LATE = 'DevTools was opened on a loaded page, whose socket is not in the file';
const attach = (tab, lab) => lab.attach();
const clear = (tab, lab) => lab.tools.clear();
const late = (why, allowed, pages, ...acts) => ({ late: true, why: `${LATE}. ${why}`, allowed, pages, run: visit('/app', attach, ...acts) });
const FRAME = 'http://localhost:PORT/part';
const SWAP = button('open', { push: 200 }) + button('close') + link('/room');

export const LATE_RECORDING = {
  'late-open': late('It then opened a second one.', DOUBT, { '/app': live(button('open', { push: 200 })) }, click('#open', 900)),
  'late-frame': late('Then an iframe of the same site was loaded, with a socket.', DOUBT, { '/app': live(button('frame', { to: '/part' })), '/part': live() }, click('#frame', 1200)),
  'late-foreign-frame': late('Then an iframe of another site was loaded, with a socket.', DOUBT, { '/app': live(button('frame', { to: FRAME })), '/part': live() }, click('#frame', 1200)),
  'late-frame-f5': late('Then an iframe with a socket, then F5, which ends both.', DOUBT, { '/app': live(button('frame', { to: '/part' })), '/part': live() }, click('#frame', 900), f5),
  'late-open-f5': late('It opened a second one; then F5, which ends both.', DOUBT, { '/app': live(button('open', { push: 200 })) }, click('#open', 900), f5),
  'late-f5': late('Then F5, which ends it, and again: from the first F5 on all is in the file.', APART, { '/app': live() }, f5, f5),
  'late-link': late('Then a link: the back/forward cache keeps the page and its socket, while the next page has its own.', DOUBT, { '/app': live(link('/room')), '/room': live() }, click('#link', 900)),
  'late-link-f5': late('Then a link, and F5: the back/forward cache keeps the first page and its socket all the time.', DOUBT, { '/app': live(link('/room')), '/room': live() }, click('#link', 900), f5),
  'late-after-link-f5': {
    late: true, why: 'A link; then DevTools was opened, then F5: the back/forward cache keeps the first page and its socket all the time.', assumed: ['no-overlap'], allowed: DOUBT,
    pages: { '/app': live(link('/room')), '/room': live() }, run: visit('/app', click('#link', 900), attach, f5, f5),
  },
  'late-after-typed-f5': {
    late: true, why: 'Another address typed; then DevTools was opened, then F5: the back/forward cache keeps the first page and its socket all the time, and the file does not show it.', assumed: ['no-overlap'], allowed: DOUBT,
    pages: { '/app': live(), '/room': live() }, run: visit('/app', type('/room'), attach, f5),
  },
  'late-worker': late('A worker of the page then opened one.', DOUBT, { '/app': live(button('worker', { after: 100, lasts: 0 })) }, click('#worker', 900)),
  'cleared-open': { why: 'The log was cleared while a socket was open; then a second one was opened. The file equals one of a single page that was saved with the filter for sockets.', allowed: ['overlap', 'no-overlap', ...DOUBT], pages: { '/app': live(SWAP) }, run: visit('/app', clear, click('#open', 900)) },
  'cleared-open-fetch': { why: 'The log was cleared while a socket was open; then a second one was opened, and something was fetched.', allowed: DOUBT, pages: { '/app': live(SWAP + button('fetch', { from: '/app.js' })) }, run: visit('/app', clear, click('#fetch'), click('#open', 900)) },
  'late-frame-http': { ...late('Then an iframe of the same site was loaded, with a socket. Plain http: no Sec-Fetch headers.', DOUBT, { '/app': live(button('frame', { to: '/part' })), '/part': live() }, click('#frame', 1200)), host: 'app.example' },
  'late-fetch-open': late('It then fetched something and opened a second one.', DOUBT, { '/app': live(button('open', { push: 200 }) + button('fetch', { from: '/app.js' })) }, click('#fetch'), click('#open', 900)),
  'whole-frame-beside': {
    why: 'Recorded from the load on: the page has a silent socket, and so has an iframe that runs the same script.', allowed: TOGETHER,
    pages: { '/app': silent(button('frame', { to: '/part' })), '/part': silent() }, run: visit('/app', click('#frame', 1200)),
  },
  'cleared-f5': { why: 'The log was cleared while a socket was open; then F5, which ends it.', allowed: APART, pages: { '/app': live() }, run: visit('/app', clear, f5) },
  'cleared-link': { why: 'The log was cleared while a socket was open; then a link: the back/forward cache keeps it.', allowed: DOUBT, pages: { '/app': live(SWAP), '/room': live() }, run: visit('/app', clear, click('#link', 900)) },
  'no-preserve-link': { preserveLog: false, why: '"Preserve log" off: a link clears the log, while the back/forward cache keeps the page and its socket.', allowed: DOUBT, pages: { '/app': live(link('/room')), '/room': live() }, run: visit('/app', click('#link', 900)) },
  'no-preserve-f5': { preserveLog: false, why: '"Preserve log" off: F5 clears the log and ends the socket.', allowed: APART, pages: { '/app': live() }, run: visit('/app', f5, f5) },
  'whole-frame': {
    why: 'Recorded from the load on: an iframe of another site, one socket, closed, then one in the iframe.', allowed: APART,
    pages: { '/app': live(button('close') + button('frame', { to: FRAME })), '/part': live() }, run: visit('/app', click('#close'), click('#frame', 1200)),
  },
};
