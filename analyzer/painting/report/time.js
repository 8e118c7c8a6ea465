// What the page knows of each socket, and time in words. Instants are microseconds since the axis begins.

const KIND = ['section', 'clock', 'stack', 'address', 'service', 'user', 'who', 'opener', 'endpoint', 'query', 'serviceWords', 'openedBy',
  'createdWords', 'openedWords', 'closedWords', 'outcome', 'outcomeWords', 'ending', 'code', 'page', 'pageWords'], NUMBERS = 3;
const SECOND = 1e6, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, EXACT = 10000;
const { abs, floor, max, min } = Math, inEnglish = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ',');
let clock = 'since';  // or local, or utc: how instants are written

// The numbers of an article; only those of a large capture are packed.
async function readData(article) {
  const data = article.querySelector('.data'), text = data.textContent;
  return decode(JSON.parse('packed' in data.dataset ? await unpack(text) : text));
}

function decode(capture) {
  const word = (n) => capture.words[n];
  const kinds = capture.kinds.map((kind) => Object.fromEntries(KIND.map((name, k) => [name, k < NUMBERS ? kind[k] : word(kind[k])])));
  for (const kind of kinds) kind.place = kind.address.slice(capture.sections[kind.section][2]);
  capture.stacks = capture.stacks.map((stack) => stack.map(word));
  capture.sockets = capture.sockets.map((row) => {
    const socket = Object.create(kinds[row[1]]), at = row.slice(2, 14);
    for (let k = 0, before = 0; k < 12; k++) if (at[k] !== null) before = at[k] += before;
    socket.n = row[0];
    socket.created = bounds(at[0], at[1], socket.createdWords);
    socket.opened = bounds(at[2], at[3], socket.openedWords);
    socket.closed = bounds(at[4], at[5], socket.closedWords);
    socket.possible = interval(at[6], at[7]);
    socket.proven = interval(at[8], at[9]);
    [socket.first, socket.last] = [at[10], at[11]];
    [socket.sent, socket.received, socket.bytesSent, socket.bytesReceived, socket.entry, socket.ticks, socket.rhythm] = row.slice(14);
    socket.pointer = typeof socket.entry === 'number' ? capture.array + socket.entry : socket.entry;
    socket.failed = failure(socket);
    socket.connecting = connecting(socket);
    return socket;
  });
  capture.byNumber = new Map([...capture.sockets].sort((a, b) => a.n - b.n).map((socket) => [socket.n, socket]));
  for (const scale of capture.scales) for (const key of ['proven', 'possible']) scale[key] = levels(scale[key]);
  capture.clocks = new Map();  // where two or more were certainly open, by each clock
  for (const [start, end, by] of capture.bands) {
    if (!capture.clocks.has(by)) capture.clocks.set(by, []);
    capture.clocks.get(by).push({ start, end: end < 0 ? null : end });
  }
  return capture;
}

const bounds = (earliest, latest, evidence) => evidence ? { earliest, latest, evidence } : null;
const interval = (start, end) => start === null ? null : { start, end };

// As analyzer/timeline/lanes.py has it.
function failure({ outcome, closed, created }) {
  const at = outcome === 'failed' ? [closed?.latest, closed?.earliest, created?.latest, created?.earliest] : [];
  return at.find(Number.isFinite) ?? null;
}

function connecting({ created, opened, outcome, failed }) {
  if (!created || created.earliest === null) return null;
  const start = created.earliest;
  if (outcome === 'connecting' || outcome === 'failed') return { start, end: failed };
  return { start, end: opened ? opened.latest ?? opened.earliest ?? start : start };
}

// -- which were open at the same time

const before = (start, { end }) => end === null || start < end;
const meet = (a, b) => a && b && before(max(a.start, b.start), a) && before(max(a.start, b.start), b);

function partners(socket, capture) {
  if (!socket.partners) {
    const certain = [], possible = [];
    for (const other of capture.byNumber.values()) {
      if (other === socket || !meet(socket.possible, other.possible)) continue;
      (other.clock === socket.clock && meet(socket.proven, other.proven) ? certain : possible).push(other);
    }
    socket.partners = { certain, possible };
  }
  return socket.partners;
}

// How many at the beginning of a sorted list fulfil a condition.
function countFirst(list, condition) {
  let low = 0, high = list.length;
  while (low < high) { const middle = (low + high) >> 1; if (condition(list[middle])) low = middle + 1; else high = middle; }
  return low;
}

// The parts of its certain life in which another one was certainly open, too.
function overlapping(socket, capture) {
  if (!socket.proven) return [];
  const bands = capture.clocks.get(socket.clock) || [];
  const parts = [];
  for (let n = countFirst(bands, ({ end }) => end !== null && end <= socket.proven.start); n < bands.length; n++) {
    const { start, end } = bands[n], { proven } = socket;
    if (!meet(bands[n], proven)) break;
    parts.push({ start: max(start, proven.start), end: end === null ? proven.end : proven.end === null ? end : min(end, proven.end) });
  }
  return parts;
}

// -- words, as in analyzer/model/time.py, wording/instants.py and wording/lifetimes.py

// As Python rounds: what lies in the middle goes to the even digit.
function fixed(value, digits) {
  const scaled = value * 10 ** digits;
  const middle = abs(scaled % 1) === 0.5 && value * 2 ** (digits + 1) % 1 === 0;
  return (middle ? 2 * Math.round(scaled / 2) / 10 ** digits : value).toFixed(digits);
}

function formatDuration(time) {
  if (time < 10000) return +(time / 1000).toPrecision(2) + ' ms';
  if (time < SECOND - 500) return fixed(time / 1000, 0) + ' ms';
  if (time < MINUTE - SECOND / 20) return fixed(time / SECOND, time < 10 * SECOND ? 2 : 1) + ' s';
  const seconds = +fixed(time / SECOND, 0), minutes = floor(seconds / 60), hours = floor(minutes / 60);
  if (minutes < 60) return minutes + ' min ' + seconds % 60 + ' s';
  return hours < 48 ? hours + ' h ' + minutes % 60 + ' min' : floor(hours / 24) + ' d ' + hours % 24 + ' h';
}

// An instant, counted from the first one that the capture witnesses; a page may have begun before.
function since(at, capture) {
  const distance = at - capture.zero, sign = distance < 0 ? '-' : '';
  if (capture.span >= SECOND && capture.span < MINUTE) return fixed(distance / SECOND, 2) + ' s';
  const seconds = floor(abs(distance) / SECOND), hours = floor(seconds / 3600);
  if (hours) return sign + inEnglish(hours) + ' h ' + floor(seconds % 3600 / 60) + ' min ' + seconds % 60 + ' s';
  return distance ? sign + formatDuration(abs(distance)) : '0 s';
}

// The same by the clock on the wall, as text in ISO form: `2026-11-23 18:53:27.985123`; none where no calendar reaches.
function moment(at, capture) {
  const all = capture.epoch + at, date = new Date(all / 1000);
  if (isNaN(date)) return '';
  const local = clock === 'utc' ? date : new Date(date - 60000 * date.getTimezoneOffset());
  return local.toISOString().slice(0, 19).replace('T', ' ') + '.' + String((all % SECOND + SECOND) % SECOND).padStart(6, '0');
}

const hasClock = (capture) => clock !== 'since' && capture.epoch !== null;

// By the clock it has its date where the capture goes on past midnight.
function instant(at, capture) {
  const days = hasClock(capture) && [at, 0, capture.span].map((it) => moment(it, capture));
  return days && days[0].slice(days[1].slice(0, 10) === days[2].slice(0, 10) ? 11 : 0, 23) || since(at, capture);
}

function when(bounds, capture, sign) {
  if (!bounds || bounds.earliest === null && bounds.latest === null) return '';
  if (bounds.latest === null) return 'after ' + instant(bounds.earliest, capture);
  if (bounds.earliest !== null && bounds.latest - bounds.earliest <= EXACT) return instant(bounds.latest, capture);
  return (sign ? '≤ ' : 'by ') + instant(bounds.latest, capture);
}

const openedAt = (socket, capture) => when(socket.opened, capture, true);

function ended(socket, capture) {
  const timed = socket.outcome === 'closed' && socket.closed && socket.closed.latest !== null;
  return timed ? when(socket.closed, capture) + ', ' + socket.ending : socket.ending;
}

// From when to when it was open, by what is certain, as `lifetimes.span` has it.
function spanOf(socket, capture) {
  if (socket.outcome === 'failed') return socket.ending.startsWith('closed') ? socket.ending : capture.outcomes.failed;
  if (socket.outcome === 'connecting') return capture.outcomes.connecting;
  const end = socket.outcome === 'closed' && when(socket.closed, capture);
  return (when(socket.opened, capture) || 'start unknown') + ' – ' + (end || (socket.outcome === 'open' ? 'still open' : capture.outcomes[socket.outcome]));
}

function howLong(interval, span) {
  if (!interval) return '–';
  return (interval.end === null ? '≥ ' : '') + inWords(max(0, (interval.end ?? span) - interval.start));
}

// At most, until the capture was saved.
function atMost({ possible, outcome }, capture) {
  if (!possible) return '–';
  if (possible.end !== null) return '≤ ' + inWords(possible.end - possible.start);
  return outcome === 'open' ? '≤ ' + inWords(max(0, capture.span - possible.start)) : capture.outcomes.unknown;
}

const inWords = (length) => length < 10 ? 'an instant' : formatDuration(length);

const messages = (it) => it.sent === null ? 'not recorded' : inEnglish(it.sent) + ', ' + inEnglish(it.received);

const andMore = (list, most) => list.length > most ? ' and ' + inEnglish(list.length - most) + ' more' : '';

const plural = (number, thing) => inEnglish(number) + ' ' + thing + (number === 1 ? '' : 's');

// -- ticks

// Round instants between two others, about `most`. Steps, units and how a label is written are those of
// analyzer/timeline/ticks.py, which every other picture has, too (tests/browser/test_page_ticks.py compares them).
function marks(from, to, capture, most) {
  if (!capture.unit) return [];  // nothing has a time
  const step = TICKS.steps.find((it) => it * most >= to - from) || TICKS.steps[TICKS.steps.length - 1];
  const byClock = hasClock(capture), ticks = [];
  const zone = clock === 'local' ? new Date().getTimezoneOffset() * MINUTE : 0;
  const origin = byClock ? (zone - capture.epoch) % step : capture.zero;
  for (let at = origin + Math.ceil((from - origin) / step) * step; at <= to; at += step) {
    ticks.push([at, byClock ? clockMark(at, step, capture) : mark(at - capture.zero, step, capture.unit)]);
  }
  return ticks;
}

function clockMark(at, step, capture) {
  const words = moment(at, capture);
  return step >= DAY ? words.slice(0, 10) : words.slice(11, step >= 10 * SECOND ? 19 : step >= 1000 ? 23 : 26);
}

function mark(at, step, unit) {
  if (at === 0) return '0 s';
  const [name, size] = TICKS.units.find((it) => step >= it[1]) || unit, distance = abs(at);
  const decimals = String(distance % size).padStart(String(size).length - 1, '0').replace(/0+$/, '');
  return (at < 0 ? '-' : '') + inEnglish(floor(distance / size)) + (decimals && '.' + decimals) + ' ' + name;
}

// How many were open, as steps [[instant, level], ...]: each number is the change from the one two before it.
function levels(changes) {
  const steps = [];
  for (let n = 0, at = 0, level = 0; n < changes.length; n += 2) steps.push([at += changes[n], level += changes[n + 1]]);
  return steps;
}
