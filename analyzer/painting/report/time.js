// What the page knows of each socket, and time in words. Instants are microseconds since the axis begins; -1: none.

const NAMES = ['n', 'section', 'address', 'service', 'user', 'outcome', 'opened', 'ended', 'c0', 'c1', 'q0', 'q1',
  'p0', 'p1', 'failed', 'sent', 'received', 'page', 'initiator', 'entry', 'openedBy', 'closedBy', 'ticks'];
const WORDY = ['address', 'service', 'user', 'outcome', 'ended', 'page', 'initiator', 'openedBy', 'closedBy'];
const SECOND = 1e6, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

function decode(capture) {
  for (let i = 0; i < capture.sockets.length; i++) {
    const socket = {}, row = capture.sockets[i];
    NAMES.forEach((name, k) => { socket[name] = row[k]; });
    for (const name of WORDY) socket[name] = capture.words[socket[name]];
    socket.pointer = typeof socket.entry === 'number' ? capture.array + socket.entry : socket.entry;
    socket.label = ('#' + socket.n + ' ' + socket.address.slice(capture.sections[socket.section][2])).trim();
    socket.outcomeWords = capture.outcomes[socket.outcome];
    capture.sockets[i] = socket;
  }
  return capture;
}

// As analyzer/model/time.py says it: to three figures.
function formatDuration(time) {
  if (time < 10000) return +(time / 1000).toPrecision(2) + ' ms';
  if (time < SECOND - 500) return (time / 1000).toFixed(0) + ' ms';
  if (time < MINUTE - SECOND / 20) return (time / SECOND).toFixed(time < 10 * SECOND ? 2 : 1) + ' s';
  const seconds = Math.round(time / SECOND), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  if (minutes < 60) return minutes + ' min ' + seconds % 60 + ' s';
  return hours < 48 ? hours + ' h ' + minutes % 60 + ' min' : Math.floor(hours / 24) + ' d ' + hours % 24 + ' h';
}

// An instant, counted from the first one that the capture witnesses; a page may have begun before.
const since = (at) => (at < 0 ? '-' : '') + formatDuration(Math.abs(at));

function howLong(start, end, span) {
  if (start < 0) return '–';
  const length = Math.max(0, (end < 0 ? span : end) - start);
  return (end < 0 ? '≥ ' : '') + inWords(length);
}

// At most, until the capture was saved.
function atMost(socket, capture) {
  if (socket.q0 < 0) return '–';
  if (socket.q1 >= 0) return '≤ ' + inWords(socket.q1 - socket.q0);
  return socket.outcome === 'open' ? '≤ ' + inWords(Math.max(0, capture.span - socket.q0)) : capture.outcomes.unknown;
}

const inWords = (length) => length < 10 ? 'an instant' : formatDuration(length);

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
