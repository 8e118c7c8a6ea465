// What the scenarios share: pages, what a user does, which answers are sound.
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export const link = (to, id = 'link') => `<a id="${id}" href="${to}">${id}</a> `;
export const button = (act, data = {}, id = act) => `<button id="${id}" data-do="${act}"${attributes(data)}>${id}</button> `;
export const onload = (act, data = {}) => `<i data-onload="${act}"${attributes(data)}></i>`;
export const attributes = (data) => Object.entries(data).map(([name, value]) => ` data-${name}="${value}"`).join('');
export const NO_REFERRER = '<meta name="referrer" content="no-referrer">';

/** A page with a socket that the server sends a message to, five times a second. */
export const live = (body = '', more = {}) => ({ title: 'Live', body: onload('open', { push: 200 }) + body, ...more });
/** A page with a socket on which nothing is ever sent. */
export const silent = (body = '', more = {}) => ({ title: 'Live', body: onload('open') + body, ...more });

export const ONE_AT_A_TIME = ['no-overlap'];
export const DOUBT = ['possible-overlap', 'inconclusive'];
export const TOGETHER = ['overlap', ...DOUBT];
export const APART = ['no-overlap', ...DOUBT];

export const NO_BFCACHE = { flags: ['--disable-features=BackForwardCache'] };
export const NO_CACHE = { disableCache: true };

/** The same scenario without and with "Disable cache". */
export const both = (name, scenario) => ({ [name]: scenario, [`${name}-nocache`]: { ...scenario, ...NO_CACHE } });

/** `first` typed, then each act. */
export const visit = (first, ...acts) => async (tab, lab) => {
  await tab.type(first);
  for (const act of acts) await act(tab, lab);
};
export const f5 = (tab) => tab.f5();
export const hardF5 = (tab) => tab.f5({ hard: true });
export const click = (selector, settle) => (tab) => tab.click(selector, settle);
export const type = (path) => (tab) => tab.type(path);
export const back = (tab) => tab.back();
export const forward = (tab) => tab.back(1);
