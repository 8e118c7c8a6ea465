// What the page knows of each socket, and time in words. Instants are microseconds since the axis begins; -1: none.

const NAMES = ['n', 'section', 'address', 'service', 'user', 'outcome', 'opened', 'ended', 'c0', 'c1', 'q0', 'q1',
  'p0', 'p1', 'failed', 'sent', 'received', 'page', 'initiator', 'entry', 'openedBy', 'closedBy', 'ticks', 'clock'];
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

// As analyzer/model.py says it: to three figures.
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

// Round instants between two others, so that their labels have room.
function marks(from, to, zero, most) {
  const steps = [];
  for (let unit = 1; unit <= SECOND; unit *= 10) steps.push(unit, 2 * unit, 5 * unit);
  steps.push(...[10, 15, 30].map((n) => n * SECOND), ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE));
  steps.push(...[1, 2, 3, 6, 12].map((n) => n * HOUR));
  for (let days = 1; days < 1e6; days *= 2) steps.push(days * DAY);
  const step = steps.find((it) => it >= (to - from) / Math.max(1, most)) || to - from;
  const told = [];
  for (let at = zero + Math.ceil((from - zero) / step) * step; at <= to; at += step) told.push([at, mark(at - zero, step)]);
  return told;
}

function mark(at, step) {
  if (at === 0) return '0 s';
  const units = [[DAY, 'd'], [HOUR, 'h'], [MINUTE, 'min'], [1000, 'ms'], [1, 'µs']];
  if (step >= MINUTE) { const [size, name] = units.find((it) => step >= it[0]); return +(at / size).toFixed(3) + ' ' + name; }
  if (step >= 1000) return +(at / SECOND).toFixed(3) + ' s';
  return +(at / SECOND).toFixed(6) + ' s';
}

// How many hold at once, as steps [[instant, level], ...].
function levels(intervals) {
  const changes = [];
  for (const [start, end] of intervals) {
    if (start < 0 || (end >= 0 && end <= start)) continue;
    changes.push([start, 1]);
    if (end >= 0) changes.push([end, -1]);
  }
  changes.sort((a, b) => a[0] - b[0]);
  const told = [];
  let level = 0;
  for (const [at, change] of changes) {
    level += change;
    if (told.length && told[told.length - 1][0] === at) told[told.length - 1][1] = level;
    else told.push([at, level]);
  }
  return told;
}

// Sockets of different clocks prove nothing about each other: one line a clock.
function lines(capture) {
  const clocks = [...new Set(capture.sockets.map((it) => it.clock))];
  const proven = clocks.map((clock) => levels(capture.sockets.filter((it) => it.clock === clock).map((it) => [it.p0, it.p1])));
  return { proven, possible: [levels(capture.sockets.map((it) => [it.q0, it.q1]))] };
}
