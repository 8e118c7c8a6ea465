// Several exports put together in one file, as people do it by hand or with jq.
import { APART, TOGETHER, button, click, f5, live, silent, visit } from './verbs.mjs';
import { DevTools } from '../devtools.mjs';

const entries = (...hars) => hars.flatMap((it) => it.log.entries);
const concatenated = (first, second) => ({ log: { ...first.log, pages: [...first.log.pages, ...second.log.pages], entries: entries(first, second) } });
const onePage = (first, second) => ({ log: { ...second.log, entries: entries(first, second) } });
const byStart = (first, second) => {
  const { log } = concatenated(first, second);
  return { log: { ...log, entries: log.entries.toSorted((a, b) => a.startedDateTime.localeCompare(b.startedDateTime)) } };
};
const entriesOnly = (first, second) => ({ log: { entries: entries(first, second) } });

/** Exported after `before`, and again after `after`. */
const twice = (merge, before, after) => async (tab, lab) => {
  await visit('/app', ...before)(tab, lab);
  const first = await lab.tools.exportHar();
  for (const act of after) await act(tab, lab);
  return merge(first, await lab.tools.exportHar());
};
const ONE = 'Two exports of one tab put together: each socket of the first is in the second, too';
const close = click('#close', 700);
const open = click('#open', 700);
const exportedTwice = (allowed, merge, before, after, page = live) => ({ why: `${ONE}.`, allowed, pages: { '/app': page(button('close') + button('open')) }, run: twice(merge, before, after) });

/** Two tabs, each with its DevTools and "Preserve log" off, each reloaded so that their pages have different numbers. */
const twoTabs = (merge, first, second) => async (tab, lab) => {
  await visit('/app', ...first)(tab, lab);
  const other = await lab.openTab();
  const tools = await DevTools.open(lab.viewer, lab.browser, { preserveLog: false });
  await visit('/app', ...second)(other, lab);
  return merge(await lab.tools.exportHar(), await tools.exportHar());
};
const TABS = 'Two tabs, both open, each reloaded without "Preserve log"; their files put together.';

export const MERGED = {
  'merged-exports': exportedTwice(APART, concatenated, [], [close]),
  'merged-exports-still-open': exportedTwice(APART, concatenated, [], []),
  'merged-exports-silent': exportedTwice(APART, concatenated, [], [], silent),
  'merged-exports-pages-once': exportedTwice(APART, onePage, [], [close]),
  'merged-exports-by-start': exportedTwice(APART, byStart, [close], [open]),
  'merged-exports-entries-only': exportedTwice(APART, entriesOnly, [], [close]),
  'merged-exports-reload': exportedTwice(APART, concatenated, [f5], [f5]),
  'merged-exports-overlap': exportedTwice(TOGETHER, concatenated, [open], [close]),
  'two-tabs': { preserveLog: false, why: TABS, allowed: TOGETHER, pages: { '/app': live() }, run: twoTabs(concatenated, [f5], [f5, f5]) },
  'two-tabs-by-start': { preserveLog: false, why: TABS, assumed: ['no-overlap'], allowed: TOGETHER, pages: { '/app': silent() }, run: twoTabs(byStart, [f5], [f5, f5]) },
  'two-tabs-as-a-reload': { preserveLog: false, why: 'Two tabs, both open, the second one reloaded without "Preserve log"; their files put together look like one tab that was reloaded, but for the messages.', allowed: TOGETHER, pages: { '/app': live() }, run: twoTabs(concatenated, [], [f5]) },
  'two-tabs-as-a-reload-silent': { preserveLog: false, why: 'Two tabs, both open, the second one reloaded without "Preserve log"; their files put together look like one tab that was reloaded.', assumed: ['no-overlap'], allowed: TOGETHER, pages: { '/app': silent() }, run: twoTabs(concatenated, [], [f5]) },
  'two-tabs-same-number': { preserveLog: false, why: TABS.replace('each reloaded', 'neither reloaded'), allowed: TOGETHER, pages: { '/app': live() }, run: twoTabs(concatenated, [], []) },
};
