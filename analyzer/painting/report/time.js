// What the page knows of each socket, and time in words. Instants are microseconds since the axis begins; -1: none.

const NAMES = ['n', 'section', 'address', 'service', 'user', 'outcome', 'opened', 'ended', 'c0', 'c1', 'q0', 'q1',
  'p0', 'p1', 'failed', 'sent', 'received', 'page', 'initiator', 'entry', 'openedBy', 'closedBy', 'ticks'];
const WORDY = ['address', 'service', 'user', 'outcome', 'ended', 'page', 'initiator', 'openedBy', 'closedBy'];
const SECOND = 1e6, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

function decoded(capture) {
  for (let i = 0; i < capture.sockets.length; i++) {
    const it = {}, row = capture.sockets[i];
    NAMES.forEach((name, k) => { it[name] = row[k]; });
    for (const name of WORDY) it[name] = capture.words[it[name]];
    it.pointer = typeof it.entry === 'number' ? capture.array + it.entry : it.entry;
    it.label = ('#' + it.n + ' ' + it.address.slice(capture.sections[it.section][2])).trim();
    it.outcomeWords = capture.outcomes[it.outcome];
    capture.sockets[i] = it;
  }
  return capture;
}

// As analyzer/model/time.py says it: to three figures.
function spoken(time) {
  if (time < 10000) return +(time / 1000).toPrecision(2) + ' ms';
  if (time < SECOND - 500) return (time / 1000).toFixed(0) + ' ms';
  if (time < MINUTE - SECOND / 20) return (time / SECOND).toFixed(time < 10 * SECOND ? 2 : 1) + ' s';
  const seconds = Math.round(time / SECOND), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  if (minutes < 60) return minutes + ' min ' + seconds % 60 + ' s';
  return hours < 48 ? hours + ' h ' + minutes % 60 + ' min' : Math.floor(hours / 24) + ' d ' + hours % 24 + ' h';
}

// An instant, counted from the first one that the capture witnesses; a page may have begun before.
const since = (at) => (at < 0 ? '-' : '') + spoken(Math.abs(at));

function howLong(start, end, span) {
  if (start < 0) return '–';
  const length = Math.max(0, (end < 0 ? span : end) - start);
  return (end < 0 ? '≥ ' : '') + inWords(length);
}

// At most, until the capture was saved.
function atMost(it, span) {
  if (it.q0 < 0) return '–';
  if (it.q1 >= 0) return '≤ ' + inWords(it.q1 - it.q0);
  return it.outcome === 'open' ? '≤ ' + inWords(Math.max(0, span - it.q0)) : 'no end known';
}

const inWords = (length) => length < 10 ? 'an instant' : spoken(length);

const messages = (it) => it.sent === null ? 'not recorded' : it.sent.toLocaleString('en') + ', ' + it.received.toLocaleString('en');

// Round instants between two others, about `most`. Steps, units and how a label is written are those of
// analyzer/timeline/ticks.py, which every other picture has, too (tests/browser/test_page_ticks.py compares them).
function marks(from, to, capture, most) {
  if (!capture.unit) return [];  // nothing has a time
  const step = TICKS.steps.find((it) => it * most >= to - from) || TICKS.steps[TICKS.steps.length - 1];
  const ticks = [];
  for (let at = capture.zero + Math.ceil((from - capture.zero) / step) * step; at <= to; at += step) {
    ticks.push([at, mark(at - capture.zero, step, capture.unit)]);
  }
  return ticks;
}

function mark(at, step, unit) {
  if (at === 0) return '0 s';
  const [name, size] = TICKS.units.find((it) => step >= it[1]) || unit, distance = Math.abs(at);
  const decimals = String(distance % size).padStart(String(size).length - 1, '0').replace(/0+$/, '');
  return (at < 0 ? '-' : '') + Math.floor(distance / size).toLocaleString('en') + (decimals && '.' + decimals) + ' ' + name;
}

// How many were open, as steps [[instant, level], ...]: each number is the change from the one two before it.
function levels(changes) {
  const steps = [];
  for (let n = 0, at = 0, level = 0; n < changes.length; n += 2) steps.push([at += changes[n], level += changes[n + 1]]);
  return steps;
}
