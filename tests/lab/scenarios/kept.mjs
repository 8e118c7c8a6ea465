// The back/forward cache keeps a page: when does its socket end? With `log`, DevTools events of the same run, too.
import { DOUBT, back, click, link, live, onload, silent, type, visit } from './verbs.mjs';

const MOST_KEPT = 6; // pages that the cache holds
const idle = (end) => ({ title: 'Live', body: onload('open', { end }) + link('/room') });
const ROOMS = Array.from({ length: MOST_KEPT + 2 }, (_, n) => `/room${n}`);

export const KEPT = {
  'kept-survives': {
    log: true, why: 'A link, and back 1.5 s later: the cache kept the page and its connection; Chrome closed it when the page came back.', allowed: DOUBT, assumed: ['overlap'], names: 'back/forward cache',
    pages: { '/app': idle(0), '/room': live() }, run: visit('/app', click('#link', 1500), back),
  },
  'kept-server-closes': {
    log: true, why: 'A link, and back 3 s later; in between the server closed the connection of the page that the cache kept. The page saw it only when it came back.', allowed: DOUBT, assumed: ['overlap'], names: 'back/forward cache',
    pages: { '/app': idle(2000), '/room': live() }, run: visit('/app', click('#link', 3000), back),
  },
  'kept-evicted': {
    log: true, why: 'More pages than the cache holds were visited: the first page was dropped from it, and its socket closed then. No close is recorded.', allowed: DOUBT,
    pages: Object.fromEntries([['/app', silent()], ...ROOMS.map((path) => [path, { title: 'Room' }]), ['/last', live()]]),
    run: visit('/app', ...ROOMS.map((path) => type(path)), type('/last')),
  },
};
