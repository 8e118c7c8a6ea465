// Is it a reload, which ends the sockets of its page, or a navigation, after which the back/forward cache may keep them?
import { ONE_AT_A_TIME, TOGETHER, APART, NO_CACHE, NO_REFERRER, attributes, back, both, button, click, f5, forward, hardF5, link, live, onload, silent, sleep, type, visit } from './verbs.mjs';

const RELOADED = 'The page was reloaded: its socket closed before the next one opened.';
/** Nothing in the file tells it from a reload: an answer may rest on that, if it says so. */
const IF_RELOADED = { assumed: ['no-overlap'], names: 'reload' };
const KEPT = 'A navigation: the back/forward cache keeps the page that was left, and its socket, while the next page has its own.';
const REPLACED = 'A navigation to the very address of the page replaces it: its socket closed before the next one opened.';
const DIFFERENT_URL = 'The address of the page had been changed by pushState, so the visit of its first address is a navigation, not a reload: '
  + 'the back/forward cache keeps the page that was left, and its socket.';

const RELOADS = {
  ...both('reload-f5', { why: RELOADED, allowed: ONE_AT_A_TIME, pages: { '/app': live() }, run: visit('/app', f5, f5, f5) }),
  'reload-f5-silent': { why: RELOADED, allowed: ONE_AT_A_TIME, pages: { '/app': silent() }, run: visit('/app', f5, f5, f5) },
  ...both('reload-f5-after-link', {
    why: `${RELOADED} The page had been reached by a link from one without a socket.`, allowed: ONE_AT_A_TIME,
    pages: { '/home': { body: link('/app') }, '/app': live() }, run: visit('/home', click('#link'), f5, f5),
  }),
  'reload-hard': { why: `${RELOADED} Ctrl-Shift-R.`, allowed: ONE_AT_A_TIME, pages: { '/app': live() }, run: visit('/app', hardF5, hardF5) },
  ...both('reload-by-script', { why: `${RELOADED} location.reload().`, allowed: ONE_AT_A_TIME, pages: { '/app': live(button('reload')) }, run: visit('/app', click('#reload'), click('#reload')) }),
  ...both('reload-hash-router', {
    why: `${RELOADED} An application whose routes are hashes: two of them, then F5, another one, F5.`, allowed: ONE_AT_A_TIME,
    pages: { '/app': live(button('hash', { to: '/room/5' }, 'room') + button('hash', { to: '/home' }, 'home')) }, run: visit('/app', click('#room'), click('#home'), f5, click('#room'), f5),
  }),
  ...both('reload-router', {
    why: 'An application whose routes are set by pushState: F5 at each of two. Each reload asks for another document than the load before it.', allowed: APART,
    pages: { '/app': live(button('pushState', { to: '/room/5' }, 'room')), '/room/5': live(button('pushState', { to: '/room/6' }, 'next')), '/room/6': live() }, run: visit('/app', click('#room'), f5, click('#next'), f5),
  }),
  ...both('reload-router-home', {
    why: 'An application whose routes are set by pushState: away and back to the first one by its router, F5 there.', allowed: APART,
    pages: { '/app': live(button('pushState', { to: '/room/5' }, 'room') + button('pushState', { to: '/app' }, 'home')) }, run: visit('/app', click('#room'), click('#home'), f5),
  }),
  'reload-history-go': { why: `${RELOADED} history.go(0).`, allowed: ONE_AT_A_TIME, pages: { '/app': live(button('go', { by: 0 })) }, run: visit('/app', click('#go')) },
  'reload-no-referrer-nocache': { ...NO_CACHE, why: `${RELOADED} The page has a Referrer-Policy of no-referrer.`, allowed: ONE_AT_A_TIME, pages: { '/app': live('', { head: NO_REFERRER }) }, run: visit('/app', f5, f5) },
  ...both('reload-after-pushstate', {
    why: 'pushState to another address, and F5 there: a reload. Its document is another one than that of the page before; the socket closed.', allowed: APART,
    pages: { '/app': live(button('pushState', { to: '/room/5' })), '/room/5': live() }, run: visit('/app', click('#pushState'), f5),
  }),
  ...both('reload-after-replacestate', {
    why: 'replaceState to another address, and F5 there: a reload.', allowed: APART,
    pages: { '/app': live(button('replaceState', { to: '/room/5' })), '/room/5': live() }, run: visit('/app', click('#replaceState'), f5),
  }),
  ...both('reload-after-pushstate-linked', {
    why: 'Reached by a link from /home, then pushState to another address, and F5 there: a reload.', allowed: APART,
    pages: { '/home': { body: link('/app') }, '/app': live(button('pushState', { to: '/room/5' })), '/room/5': live() }, run: visit('/home', click('#link'), click('#pushState'), f5),
  }),
  ...both('reload-after-hash', { why: `${RELOADED} The hash had been changed before.`, allowed: ONE_AT_A_TIME, pages: { '/app': live(button('hash', { to: 'part' })) }, run: visit('/app', click('#hash'), f5) }),
  ...both('reload-http', { why: `${RELOADED} Plain http and no localhost: no Sec-Fetch headers.`, allowed: APART, host: 'app.example', pages: { '/app': live() }, run: visit('/app', f5, f5) }),
  'reload-post': { why: 'The answer to a posted form was reloaded, which posts again.', allowed: APART, pages: { '/app': live('<form method="post" action="/app"><button id="post">post</button></form>') }, run: visit('/app', click('#post'), f5) },
  ...both('link-same', { why: REPLACED, allowed: APART, pages: { '/app': live(link('/app')) }, run: visit('/app', click('#link'), click('#link')) }),
  'link-same-no-referrer-nocache': { ...NO_CACHE, why: REPLACED, allowed: APART, pages: { '/app': live(link('/app'), { head: NO_REFERRER }) }, run: visit('/app', click('#link')) },
  ...both('typed-same', { why: REPLACED, allowed: APART, pages: { '/app': live() }, run: visit('/app', type('/app')) }),
  ...both('assign-same', { why: `${REPLACED} location.href = itself.`, allowed: APART, pages: { '/app': live(button('assign', { to: '/app' })) }, run: visit('/app', click('#assign')) }),
  'replace-same': { why: `${REPLACED} location.replace(itself).`, allowed: APART, pages: { '/app': live(button('replace', { to: '/app' })) }, run: visit('/app', click('#replace')) },
  'meta-refresh': { why: `${REPLACED} <meta http-equiv=refresh>, as a reload.`, allowed: APART, pages: { '/app': live('', { turns: [{ head: '<meta http-equiv="refresh" content="1">' }] }) }, run: visit('/app', () => sleep(1200)) },
  'form-get-same': { why: 'A form (GET) without fields leads to the address with an empty query: a navigation, the first time.', allowed: TOGETHER, pages: { '/app': live('<form action="/app"><button id="get">get</button></form>') }, run: visit('/app', click('#get'), click('#get')) },
  'reload-after-redirect': { why: `${RELOADED} The page had been reached by a redirect.`, allowed: ONE_AT_A_TIME, pages: { '/': { status: 302, headers: { location: '/app' } }, '/app': live() }, run: visit('/', f5, f5) },
  'reload-after-login': {
    why: `${RELOADED} The page had been reached by a posted form that redirects to it.`, allowed: ONE_AT_A_TIME,
    pages: { '/home': { body: '<form method="post" action="/login"><button id="post">post</button></form>' }, '/login': { status: 303, headers: { location: '/app' } }, '/app': live() },
    run: visit('/home', click('#post'), f5, f5),
  },
  'reload-with-frame': {
    why: `${RELOADED} The socket is that of an iframe of the same site.`, allowed: APART,
    pages: { '/app': { body: onload('frame', { to: '/part' }) }, '/part': live() }, run: visit('/app', f5, f5),
  },
  'replace-other': { why: 'location.replace to another address: nothing leads back, so the page is not kept.', allowed: APART, pages: { '/app': live(button('replace', { to: '/room' })), '/room': live() }, run: visit('/app', click('#replace')) },
  'redirect-to-itself': {
    why: 'The address redirects to itself once (a cookie is set), at the first visit and at a reload.', allowed: APART,
    pages: { '/app': live('', { turns: [{ status: 302, headers: { location: '/app', 'set-cookie': 'seen=1' } }, {}, { status: 302, headers: { location: '/app' } }] }) }, run: visit('/app', f5),
  },
};
const NAVIGATIONS = {
  ...both('pushstate-link', {
    why: DIFFERENT_URL, allowed: TOGETHER, pages: { '/app': live(button('pushState', { to: '/room/5' }) + link('/app')) }, run: visit('/app', click('#pushState'), click('#link')),
  }),
  'pushstate-link-silent-nocache': {
    ...NO_CACHE, why: DIFFERENT_URL, allowed: TOGETHER, pages: { '/app': silent(button('pushState', { to: '/room/5' }) + link('/app')) }, run: visit('/app', click('#pushState'), click('#link')),
  },
  'pushstate-link-no-referrer-nocache': {
    ...NO_CACHE, why: `${DIFFERENT_URL} Referrer-Policy: no-referrer.`, allowed: TOGETHER,
    pages: { '/app': live(button('pushState', { to: '/room/5' }) + link('/app'), { head: NO_REFERRER }) }, run: visit('/app', click('#pushState'), click('#link')),
  },
  'pushstate-assign-nocache': {
    ...NO_CACHE, why: `${DIFFERENT_URL} location.href = '/app'.`, allowed: TOGETHER,
    pages: { '/app': live(button('pushState', { to: '/room/5' }) + button('assign', { to: '/app' })) }, run: visit('/app', click('#pushState'), click('#assign')),
  },
  'pushstate-frame-link-nocache': {
    ...NO_CACHE, why: `${DIFFERENT_URL} The link is in an iframe whose address is that of the link, so the Referer equals the target.`, ...IF_RELOADED, allowed: TOGETHER,
    pages: { '/app': { ...live(button('pushState', { to: '/room/5' }) + '<iframe id="frame" src="/part" width="300" height="60"></iframe>') }, '/part': { body: onload('replaceState', { to: '/app' }) + '<a id="top" target="_top" href="/app">top</a>' } },
    run: visit('/app', click('#pushState'), (tab) => tab.clickInFrame('#frame')),
  },
  'pushstate-noreferrer-link-nocache': {
    ...NO_CACHE, why: `${DIFFERENT_URL} Both links say rel=noreferrer, so the second request equals that of a reload.`, ...IF_RELOADED, allowed: TOGETHER,
    pages: { '/home': { body: '<a id="link" rel="noreferrer" href="/app">link</a>' }, '/app': live(button('pushState', { to: '/room/5' }) + '<a id="link" rel="noreferrer" href="/app">link</a>') },
    run: visit('/home', click('#link'), click('#pushState'), click('#link')),
  },
  'prerender-link': {
    why: `${KEPT} The next page was prerendered before the click.`, allowed: TOGETHER,
    pages: { '/app': live(`<script type="speculationrules">{"prerender":[{"urls":["/room"],"eagerness":"immediate"}]}</script>${link('/room')}`), '/room': live() }, run: visit('/app', () => sleep(1200), click('#link', 1000)),
  },
  'pushstate-link-ticked-nocache': {
    why: `${DIFFERENT_URL} "Disable cache" was ticked after the first load.`, allowed: TOGETHER, pages: { '/app': live(button('pushState', { to: '/room/5' }) + link('/app')) },
    run: async (tab, lab) => { await visit('/app', click('#pushState'))(tab, lab); await lab.tools.set('cache-disabled', true); await sleep(300); await click('#link')(tab); },
  },
  ...both('pushstate-link-origin-policy', {
    why: `${DIFFERENT_URL} The first page is that of the root, and Referrer-Policy: origin leaves only that of any address.`, ...IF_RELOADED, allowed: TOGETHER,
    pages: { '/': live(button('pushState', { to: '/room/5' }) + link('/'), { head: '<meta name="referrer" content="origin">' }) }, run: visit('/', click('#pushState'), click('#link')),
  }),
  ...both('hash-link', {
    why: 'The hash was changed; then a link to the address without a hash: a navigation, not a replacement?', allowed: [...TOGETHER, 'no-overlap'],
    pages: { '/app': live(button('hash', { to: 'part' }) + link('/app')) }, run: visit('/app', click('#hash'), click('#link')),
  }),
  'pushstate-own-link': {
    why: 'pushState to its own address, then a link to it.', allowed: [...TOGETHER, 'no-overlap'], pages: { '/app': live(button('pushState', { to: '/app' }) + link('/app')) }, run: visit('/app', click('#pushState'), click('#link')),
  },
  'pushstate-form-nocache': {
    ...NO_CACHE, why: `${DIFFERENT_URL} A form (GET) leads back to the first address.`, allowed: TOGETHER,
    pages: { '/app': live(`${button('pushState', { to: '/room/5' })}<form action="/app"><input type="hidden" name="q" value="1"><button id="get">get</button></form>`) },
    run: visit('/app?q=1', click('#pushState'), click('#get')),
  },
  'pushstate-to-its-referrer-nocache': {
    ...NO_CACHE, why: `${DIFFERENT_URL} The page had been reached by a link from /home; pushState to /home, and the same link again: the request equals that of a reload in every header.`, ...IF_RELOADED, allowed: TOGETHER,
    pages: { '/home': { body: link('/app') }, '/app': live(button('pushState', { to: '/home' }) + link('/app')) }, run: visit('/home', click('#link'), click('#pushState'), click('#link')),
  },
  ...both('replacestate-link', {
    why: DIFFERENT_URL.replace('pushState', 'replaceState'), allowed: TOGETHER,
    pages: { '/app': live(button('replaceState', { to: '/room/5' }) + link('/app')) }, run: visit('/app', click('#replaceState'), click('#link')),
  }),
  ...both('pushstate-typed', {
    why: `${DIFFERENT_URL} Typed, or from a bookmark.`, ...IF_RELOADED, allowed: TOGETHER, pages: { '/app': live(button('pushState', { to: '/room/5' })) }, run: visit('/app', click('#pushState'), type('/app')),
  }),
  'pushstate-back-f5-nocache': {
    ...NO_CACHE, why: 'pushState and back again (no request), then F5: a reload.', allowed: APART,
    pages: { '/app': live(button('pushState', { to: '/room/5' }) + button('back')) }, run: visit('/app', click('#pushState'), click('#back'), f5),
  },
  'blank-between-nocache': { ...NO_CACHE, why: 'about:blank between two visits of one address: both pages are kept.', ...IF_RELOADED, allowed: TOGETHER, pages: { '/app': live() }, run: visit('/app', type('about:blank'), type('/app')) },
  'blank-between': { why: 'about:blank between two visits of one address: both pages are kept.', allowed: TOGETHER, pages: { '/app': live() }, run: visit('/app', type('about:blank'), type('/app')) },
  'data-url-between-nocache': { ...NO_CACHE, why: 'A data: URL between two visits of one address.', allowed: TOGETHER, pages: { '/app': live() }, run: visit('/app', type('data:text/html,<p>between'), type('/app')) },
  'page-between-nocache': { ...NO_CACHE, why: KEPT, allowed: TOGETHER, pages: { '/app': live(), '/other': { body: 'nothing' } }, run: visit('/app', type('/other'), type('/app')) },
  'link-other': { why: KEPT, allowed: TOGETHER, pages: { '/app': live(link('/room')), '/room': live() }, run: visit('/app', click('#link')) },
  'link-query-nocache': { ...NO_CACHE, why: KEPT, allowed: TOGETHER, pages: { '/app': live(link('/app?tab=2')) }, run: visit('/app', click('#link')) },
  'pushstate-link-http-nocache': {
    ...NO_CACHE, host: 'app.example', why: `${DIFFERENT_URL} Plain http and no localhost: no Sec-Fetch headers.`, allowed: TOGETHER,
    pages: { '/app': live(button('pushState', { to: '/room/5' }) + link('/app')) }, run: visit('/app', click('#pushState'), click('#link')),
  },
  'pushstate-link-sockets-only': {
    why: `${DIFFERENT_URL} Saved with the WS filter on: only equal titles are left.`, allowed: TOGETHER, pages: { '/app': live(button('pushState', { to: '/room/5' }) + link('/app')) },
    run: async (tab, lab) => { await visit('/app', click('#pushState'), click('#link'))(tab, lab); await lab.tools.filter({ types: ['Socket'] }); },
  },
  'reload-sockets-only': {
    why: `${RELOADED} Saved with the WS filter on: only equal titles are left.`, allowed: APART, pages: { '/app': live() },
    run: async (tab, lab) => { await visit('/app', f5, f5)(tab, lab); await lab.tools.filter({ types: ['Socket'] }); },
  },
  'connecting-link': {
    why: 'The page is left by a link while its socket is connecting; the back/forward cache keeps it, and the handshake ends there.', allowed: TOGETHER,
    pages: { '/app': { body: onload('open', { push: 200, hold: 1200 }) + link('/room') }, '/room': live() }, run: visit('/app', click('#link', 1500)),
  },
  'connecting-f5': {
    why: 'F5 while the socket of the page is connecting: it never opened.', allowed: APART,
    pages: { '/app': { body: onload('open', { push: 200, hold: 1200 }), turns: [{}, { body: onload('open', { push: 200 }) }] } }, run: visit('/app', f5, () => sleep(800)),
  },
  'back-forward': {
    why: 'A link, back, and forward: the back/forward cache brings the pages back.', allowed: TOGETHER, pages: { '/app': live(link('/room')), '/room': live() }, run: visit('/app', click('#link'), back, forward),
  },
};

const CACHED = { headers: { 'cache-control': 'max-age=600' } };
const NOT_STORED = { headers: { 'cache-control': 'no-store' } };
const PROXY = onload('service', { script: '/proxy.js' });

// What stands between the page and the server changes what is asked for.
const BETWEEN = {
  'reload-cached': { why: `${RELOADED} The server allows its document to be cached.`, allowed: ONE_AT_A_TIME, pages: { '/app': live('', CACHED) }, run: visit('/app', f5, f5) },
  'pushstate-link-cached': { why: `${DIFFERENT_URL} Its document comes from the browser's cache.`, allowed: TOGETHER, pages: { '/app': live(button('pushState', { to: '/room/5' }) + link('/app'), CACHED) }, run: visit('/app', click('#pushState'), click('#link')) },
  'typed-cached': { why: `${REPLACED} Its document may come from the browser's cache.`, allowed: APART, pages: { '/app': live('', CACHED) }, run: visit('/app', type('/app')) },
  'link-same-cached': { why: `${REPLACED} Its document may come from the browser's cache.`, allowed: APART, pages: { '/app': live(link('/app'), CACHED) }, run: visit('/app', click('#link')) },
  ...both('reload-service-worker', { why: `${RELOADED} A service worker answers every request of the page.`, allowed: APART, pages: { '/app': live(PROXY) }, run: visit('/app', () => sleep(500), f5, f5, f5) }),
  ...both('pushstate-link-service-worker', {
    why: `${DIFFERENT_URL} A service worker answers every request of the page.`, allowed: TOGETHER,
    pages: { '/app': live(PROXY + button('pushState', { to: '/room/5' }) + link('/app')) }, run: visit('/app', () => sleep(500), f5, click('#pushState'), click('#link')),
  }),
  'link-no-store': { why: 'A link from a page whose document may not be stored.', allowed: [...TOGETHER, 'no-overlap'], pages: { '/app': live(link('/room'), NOT_STORED), '/room': live('', NOT_STORED) }, run: visit('/app', click('#link')) },
  'link-unload-handler': { why: 'A link from a page with an unload handler.', allowed: [...TOGETHER, 'no-overlap'], pages: { '/app': live(onload('busyUnload', { ms: 1 }) + link('/room')), '/room': live() }, run: visit('/app', click('#link')) },
};
const AND_RELOADED = {
  'back-f5': {
    why: 'A link, back, F5: the back/forward cache keeps the page that was reached by the link, and its socket.', allowed: TOGETHER,
    pages: { '/app': live(link('/room')), '/room': live() }, run: visit('/app', click('#link'), back, f5),
  },
  'link-f5': {
    why: 'A link, F5: the back/forward cache keeps the first page, and its socket.', allowed: TOGETHER, pages: { '/app': live(link('/room')), '/room': live() }, run: visit('/app', click('#link'), f5),
  },
  'reload-with-foreign-frame': {
    why: `${RELOADED} The socket is that of an iframe of another site, which closes with the page.`, allowed: APART,
    pages: { '/app': { body: onload('frame', { to: 'http://localhost:PORT/part' }) }, '/part': live() }, run: visit('/app', f5, f5),
  },
  'reload-after-assign-nocache': { ...NO_CACHE, why: `${RELOADED} The page had been reached by location.href.`, allowed: ONE_AT_A_TIME, pages: { '/home': { body: button('assign', { to: '/app' }) }, '/app': live() }, run: visit('/home', click('#assign'), f5, f5) },
  'reload-typed-typed-nocache': { ...NO_CACHE, why: `${REPLACED} Typed again twice, F5 between.`, allowed: APART, pages: { '/app': live() }, run: visit('/app', type('/app'), f5, type('/app')) },
  'link-both-ways-nocache': { ...NO_CACHE, why: KEPT, allowed: TOGETHER, pages: { '/app': live(link('/room')), '/room': live(link('/app')) }, run: visit('/app', click('#link'), click('#link')) },
};

const REDIRECTED = {
  'reload-redirected': {
    why: `${RELOADED} The server then sent it elsewhere, as where a session has ended.`, allowed: APART,
    pages: { '/app': live('', { turns: [{}, { status: 302, headers: { location: '/login' } }] }), '/login': live() }, run: visit('/app', f5),
  },
  'redirect-back': {
    why: 'A link to another site, which redirects back to the address of the page.', allowed: [...TOGETHER, 'no-overlap'],
    pages: { '/app': live(link('http://localhost:PORT/auth')), '/auth': { status: 302, headers: { location: 'http://127.0.0.1:PORT/app' } } }, run: visit('/app', click('#link', 900)),
  },
  'post-redirect-get': {
    why: 'A form is posted to the address of the page, which redirects to itself.', allowed: [...TOGETHER, 'no-overlap'],
    pages: { '/app': live('<form method="post" action="/app"><button id="post">post</button></form>', { turns: [{}, { status: 303, headers: { location: '/app' } }] }) }, run: visit('/app', click('#post', 900)),
  },
  'frame-click-http': {
    why: 'Plain http, so no Sec-Fetch headers: a click in an iframe loads another document there. The page stays, and its socket.', allowed: ONE_AT_A_TIME, host: 'app.example',
    pages: { '/app': live('<iframe id="frame" src="/part" width="300" height="60"></iframe>'), '/part': { body: link('/next') }, '/next': { body: 'next' } }, run: visit('/app', (tab) => tab.clickInFrame('#frame'), () => sleep(500)),
  },
  'frame-click-http-f5': {
    why: 'Plain http, so no Sec-Fetch headers: a click in an iframe loads another document there; then F5.', allowed: APART, host: 'app.example',
    pages: { '/app': live('<iframe id="frame" src="/part" width="300" height="60"></iframe>'), '/part': { body: link('/next') }, '/next': { body: 'next' } }, run: visit('/app', (tab) => tab.clickInFrame('#frame'), f5),
  },
};

export const RELOAD = { ...RELOADS, ...NAVIGATIONS, ...BETWEEN, ...AND_RELOADED, ...REDIRECTED };
