// A page whose end comes late, while a service worker, which is no part of it, has a socket open.
import { APART, ONE_AT_A_TIME, TOGETHER, button, click, f5, link, live, onload, silent, sleep, visit } from './verbs.mjs';

const SERVICE = onload('service') + button('tellService', { after: 500, lasts: 600 });
const LATE = 'the page, and its socket, live on until its end; meanwhile a service worker has a socket open';

/** The service worker is told, and the page is left at once. */
const leave = (act) => async (tab, lab) => {
  await sleep(500);
  await tab.click('#tellService', 50);
  await act(tab, lab);
  await sleep(1800);
};
const slow = (why, body, act, more = {}, page = live) => ({
  why: `${why}: ${LATE}.`, allowed: TOGETHER, pages: { '/app': page(SERVICE + body + link('/app'), more), ...more.others }, run: visit('/app', leave(act)),
});
const LATE_ANSWER = { turns: [{}, { delay: 1500 }] };
const afterTask = (act) => async (tab, lab) => { await tab.click('#longTask', 60); await act(tab, lab); };

export const SLOW = {
  'slow-pagehide-f5': slow('F5 of a page with a busy pagehide handler', onload('busyPagehide', { ms: 1500 }), f5),
  'slow-pagehide-f5-nocache': { ...slow('F5 of a page with a busy pagehide handler, "Disable cache" on', onload('busyPagehide', { ms: 1500 }), f5), disableCache: true },
  'slow-pagehide-link-same': slow('A link to the page\'s own address, which replaces it; busy pagehide handler', onload('busyPagehide', { ms: 1500 }), click('#link')),
  'slow-pagehide-silent': slow('F5 of a page with a busy pagehide handler', onload('busyPagehide', { ms: 1500 }), f5, {}, silent),
  'slow-unload-f5': slow('F5 of a page with a busy unload handler', onload('busyUnload', { ms: 1500 }), f5),
  'slow-beforeunload-f5': slow('F5 of a page with a busy beforeunload handler', onload('busyBeforeUnload', { ms: 1500 }), f5),
  'slow-task-f5': slow('F5 of a page that is busy', button('longTask', { ms: 1800 }), afterTask(f5)),
  'slow-answer-f5': slow('F5, answered after 1.5 s', '', f5, LATE_ANSWER),
  'slow-answer-link-same': slow('A link to the page\'s own address, answered after 1.5 s', '', click('#link'), LATE_ANSWER),
  'slow-answer-link': { ...slow('A link to another page, answered after 1.5 s', '', click('#other'), {}), pages: { '/app': live(SERVICE + link('/room', 'other')), '/room': { body: 'nothing', delay: 1500 } } },
  'slow-pagehide-proxied': {
    why: `F5 of a page with a busy pagehide handler, whose requests go through a service worker: the worker's own fetch of the document names the next page while the old one lives. ${LATE}.`, allowed: TOGETHER,
    pages: { '/app': silent(onload('service', { script: '/proxy.js' }) + button('tellService', { after: 500, lasts: 600 }) + onload('busyPagehide', { ms: 1500 })) }, run: visit('/app', () => sleep(500), leave(f5)),
  },
  'slow-answer-proxied': {
    why: `F5, answered after 1.5 s, of a page whose requests go through a service worker. ${LATE}.`, allowed: TOGETHER,
    pages: { '/app': silent(onload('service', { script: '/proxy.js' }) + button('tellService', { after: 500, lasts: 600 }), LATE_ANSWER) }, run: visit('/app', () => sleep(500), leave(f5)),
  },
  'slow-pagehide-alone': { why: 'F5 of a page with a busy pagehide handler. No other socket.', allowed: ONE_AT_A_TIME, pages: { '/app': live(onload('busyPagehide', { ms: 1200 })) }, run: visit('/app', f5, () => sleep(1500)) },
  'slow-answer-alone': { why: 'F5, answered after 1.2 s. No other socket.', allowed: ONE_AT_A_TIME, pages: { '/app': live('', { turns: [{}, { delay: 1200 }] }) }, run: visit('/app', f5, () => sleep(1500)) },
  'service-apart': {
    why: 'F5, and a service worker that opened its socket a second after that, when the old page was gone; the next page has none.', allowed: APART,
    pages: { '/app': live(onload('service') + button('tellService', { after: 1500, lasts: 600 }), { turns: [{}, { body: onload('service') }] }) }, run: visit('/app', leave(f5), () => sleep(600)),
  },
};
