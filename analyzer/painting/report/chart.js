// The timeline that one can move: only the lanes on screen exist, so ten thousand are as quick as ten.

const GROUP = 28, APART = 90, BAR = 12, CLOSE = 4, ROOMY = 200, NEAR = 20;  // pixels; sockets with a line of words each; microseconds
const FONT = '12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';
const measure = document.createElement('canvas').getContext('2d');

// An element of a kind, or of a kind and a class: `div.tools`.
function make(kind, properties, ...children) {
  const [name, className = ''] = kind.split('.'), element = Object.assign(document.createElement(name), { className });
  for (const [key, value] of Object.entries(properties || {})) {
    if (key in element) element[key] = value; else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const byId = (id) => document.getElementById(id), frameOf = (element) => element.getBoundingClientRect();

function draw(name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  return element;
}

const picture = (height, kind = '') => draw('svg', { class: 'plot ' + kind, height, 'aria-hidden': 'true' });
const paths = (marks) => marks.map(([kind, d]) => draw('path', { class: kind, d }));

// What is drawn: marks as [kind, path], between 0 and `wide` pixels. `x` places an instant.
function scene(capture, x, wide, ticks) {
  const end = capture.wide * 1.02;
  const clamp = (at) => at === null ? wide : max(-9, min(wide + 9, x(at)));
  const area = (from, to, tall, least = 0) => {
    const a = clamp(from), b = max(a + least, clamp(to));
    return b < 0 || a > wide ? '' : 'M' + a + ' 0H' + b + 'V' + tall + 'H' + a + 'z';
  };

  function back(tall) {
    const loads = capture.loads.map(([at], n) => [at, n + 1 < capture.loads.length ? capture.loads[n + 1][0] : null]);
    const stretches = (list) => list.map(([from, to]) => area(from, to < 0 ? null : to, tall, 1)).join('');
    const lines = (list) => list.map(([at]) => 'M' + clamp(at) + ' 0V' + tall).join('');
    return [['load', loads.filter((_, n) => n % 2 === 0).map(([from, to]) => area(from, to, tall)).join('')], ['maybe', stretches(capture.haze)],
      ['band', stretches(capture.bands)], ['grid', lines(ticks)], ['mark', lines(capture.loads)]].filter((it) => it[1]);
  }

  function head() {
    const words = [];
    capture.loads.forEach(([at, kind, page], n) => {
      const next = n + 1 < capture.loads.length ? capture.loads[n + 1][0] : end;
      const left = max(0, x(at)), room = min(wide, x(next)) - left;
      const label = [kind + ' ' + page, kind].find((it) => it.length * 6.8 + 6 < room);
      if (label && x(at) < wide) words.push([left + 4, 12, label]);
    });
    for (const [at, label] of ticks) if (x(at) + label.length * 7 < wide) words.push([x(at), headOf(capture) - 5, label, 'time']);
    return words;
  }

  function bars(socket, top, tall) {
    const bottom = top + tall, middle = top + tall / 2, marks = [];
    const bar = (kind, { start, end }, least = 1.5) => {
      if (end !== null && x(end) < 0 || x(start) > wide) return;
      const a = clamp(start);
      marks.push([kind, end === null ? 'M' + a + ' ' + top + 'H' + (wide - 8) + 'L' + wide + ' ' + middle + 'L' + (wide - 8) + ' ' + bottom + 'H' + a + 'z'
        : 'M' + a + ' ' + top + 'H' + max(a + least, clamp(end)) + 'V' + bottom + 'H' + a + 'z']);
    };
    const { connecting } = socket;
    if (connecting) marks.push(['connecting', 'M' + clamp(connecting.start) + ' ' + middle + 'H' + max(clamp(connecting.start) + 1.5, clamp(connecting.end))]);
    if (socket.possible) bar('possible', socket.possible);
    if (socket.proven) bar('proven', socket.proven);
    for (const part of overlapping(socket, capture)) bar('overlapping', part, 3);
    let at = 0, d = '', last = -CLOSE;  // nearer ticks would look like a pattern
    for (const step of socket.ticks) {
      const place = Math.round(x((at += step) * 1000));
      if (place < max(0, last + CLOSE) || place > wide) continue;
      d += 'M' + place + ' ' + (top + 3) + 'V' + (bottom - 3);
      last = place;
    }
    if (d) marks.push(['tick', d]);
    if (socket.failed !== null) marks.push(['failed', 'M' + (x(socket.failed) - 5) + ' ' + (middle - 5) + 'l10 10m0-10l-10 10']);
    return marks;
  }

  // Where words of this length stand so that they are in view: from the beginning of its bar, or beside it.
  function beside(socket, length, isAbove) {
    const lives = [socket.connecting, socket.possible, socket.proven, socket.failed !== null && { start: socket.failed, end: socket.failed }].filter(Boolean);
    if (!lives.length) return { left: 0 };
    const start = min(...lives.map((it) => x(it.start))), end = max(...lives.map((it) => it.end === null ? wide : x(it.end)));
    const fits = max(0, min(start, wide - length)), isUpon = !isAbove && end + length >= wide && start <= length;
    const left = isAbove || isUpon ? fits : end + length < wide ? max(0, end) : start - length;
    return { left: min(left, wide), isAway: end < 0 || start > wide, isUpon };
  }

  function counts(scale, tall) {
    const y = (level) => tall - level * (tall - 6) / scale.highest, marks = [];
    const line = (steps) => {
      const columns = new Map();
      let before = 0;
      for (const [at, level] of steps) {
        if (x(at) < 0) { before = level; continue; }
        if (x(at) > wide) break;
        const column = Math.round(x(at)), pair = columns.get(column);
        if (pair) { pair[0] = max(pair[0], level); pair[1] = level; } else columns.set(column, [level, level]);
      }
      let d = 'M0 ' + y(before);
      for (const [column, [most, last]] of columns) d += 'H' + column + 'V' + y(most) + 'V' + y(last);
      return d + 'H' + wide;
    };
    if (scale.possible.length) marks.push(['perhaps', line(scale.possible)]);
    if (scale.proven.length) marks.push(['surely', line(scale.proven)]);
    const words = [];
    let above = tall + 11;
    for (const [level, label] of scale.limits.slice().sort((a, b) => a[0] - b[0])) {
      marks.push(['limit', 'M0 ' + y(level) + 'H' + wide]);
      above = min(above - 13, y(level) + 12);
      words.push([wide - 4, above, label, 'reason']);
    }
    return { marks, words };
  }

  return { back, head, bars, beside, counts };
}

const widthOf = (words) => { measure.font = FONT; return measure.measureText(words).width; };

// `user · opened by · from–to`, after the number and what sets its address apart.
function caption(socket, capture) {
  return ' ' + [socket.place, socket.who, socket.opener, spanOf(socket, capture)].filter(Boolean).join(' · ');
}

const nameOf = (socket) => 'socket ' + socket.n + (socket.who ? ' of ' + socket.who : '');

// What a screen reader says of a lane: the answer first.
function describe(socket, capture) {
  const { certain, possible } = partners(socket, capture);
  const life = socket.proven ? 'certain from ' + instant(socket.proven.start, capture) + (socket.proven.end === null ? '' : ' to ' + instant(socket.proven.end, capture)) : 'not certainly open';
  const end = socket.outcome === 'open' ? 'still open' : socket.outcome === 'closed' ? 'closed' : socket.ending;
  return [nameOf(socket), life, end, certain.length ? 'overlaps ' + plural(certain.length, 'other') : 'overlaps no other',
    possible.length && 'possibly overlaps ' + (certain.length ? inEnglish(possible.length) + ' more' : plural(possible.length, 'other')), socket.address].filter(Boolean).join(', ');
}

function numbers(sockets, most) {
  return sockets.slice(0, most).map((it) => '#' + it.n).join(', ') + andMore(sockets, most);
}

// As `describe_scale` of analyzer/wording/timeline.py.
function describeScale({ proven, possible }) {
  const peaks = Object.entries({ certain: proven, possible }).filter((it) => it[1].length);
  return 'open sockets: ' + peaks.map(([kind, steps]) => kind + ' peak ' + inEnglish(steps.reduce((most, step) => max(most, step[1]), 0))).join(', ');
}

const headOf = (capture) => capture.loads.length ? 36 : 20;
const lanesOf = (roomy) => roomy ? { LANE: 34, TOP: 18 } : { LANE: 20, TOP: 4 };

function chart(capture, pick, moved) {
  const roomy = capture.sockets.length <= ROOMY, { LANE, TOP } = lanesOf(roomy);
  const end = capture.wide * 1.02;  // what goes on runs on to here
  const view = { from: 0, to: end };
  const words = picture(headOf(capture), 'words'), back = picture(0);
  const ruler = make('div.ruler', { title: 'Drag to select a stretch of time; the wheel zooms' }, words);
  const backdrop = make('div.backdrop', { 'aria-hidden': 'true' }, back);
  const spacer = make('div', { 'aria-hidden': 'true' });
  const lanes = make('div.lanes', { tabIndex: 0, role: 'listbox', 'aria-label': 'Sockets in time' }, backdrop, spacer);
  const none = make('p.empty', { hidden: true, textContent: 'No socket matches.' });
  const split = capture.scales.length > 1;
  const scales = capture.scales.map((scale) => {
    const tall = split ? 56 : 64, plot = picture(tall), title = describeScale(scale);
    const words = (className, textContent) => make('span', { className, textContent });
    const element = make('div.levels', { 'aria-hidden': 'true' }, words('peak', title), plot, words('most', inEnglish(scale.highest)), words('least', 0));
    return { ...scale, title, plot, element, tall };
  });
  const bottom = make('div.counts', {}, ...scales.map((it) => it.element));
  const selection = make('div.selection', { hidden: true }), tip = make('div.tip', { hidden: true, 'aria-hidden': 'true' });
  const box = make('div', { className: roomy ? 'chart' : 'chart dense' }, ruler, lanes, none, bottom, selection, tip);

  let rows = [], height = 0, chosen = null, width = 1, pending = false, drawing = null;
  const elements = new Map();  // place in rows -> element

  const x = (at) => (at - view.from) / (view.to - view.from) * width;

  function fill(sockets) {
    rows = [];
    let y = 0, section = -1, place = 0;
    for (const socket of sockets) {
      if (socket.section !== section) {
        section = socket.section;
        rows.push({ y, title: capture.sections[section] });
        y += GROUP;
      }
      rows.push({ y, socket, place: ++place });
      y += LANE;
    }
    height = y;
    spacer.style.height = y + 'px';
    lanes.hidden = !rows.length;
    none.hidden = rows.length > 0;
    lanes.scrollTop = 0;
    refresh();
  }

  function redraw() {
    if (pending || !drawing) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; paint(); });
  }

  function paint() {
    const bar = lanes.hidden ? 0 : lanes.offsetWidth - lanes.clientWidth;
    ruler.style.paddingRight = bottom.style.paddingRight = bar + 'px';
    width = frameOf(words).width || 1;
    drawing = scene(capture, x, width, marks(view.from, min(view.to, capture.wide), capture, width / APART));
    words.replaceChildren(...drawing.head().map(text));
    const tall = max(0, min(lanes.clientHeight, height));
    back.setAttribute('height', tall);
    back.replaceChildren(...paths(drawing.back(tall)));
    for (const scale of scales) {
      const counts = drawing.counts(scale, scale.tall);
      scale.plot.replaceChildren(...paths([...drawing.back(scale.tall), ...counts.marks]), ...counts.words.map(text));
    }
    for (const element of elements.values()) if (element.socket) place(element);
    paintLanes();
  }

  const text = ([x, y, label, kind = '']) => draw('text', { x, y, class: kind }, label);

  function paintLanes() {
    const first = lanes.scrollTop - LANE, last = lanes.scrollTop + lanes.clientHeight;
    const wanted = new Set();
    for (let n = countFirst(rows, ({ y }) => y < first - GROUP); n < rows.length && rows[n].y < last; n++) wanted.add(n);
    for (const [n, element] of elements) if (!wanted.has(n)) { element.remove(); elements.delete(n); }
    for (const n of wanted) if (!elements.has(n)) { const element = rows[n].socket ? lane(rows[n]) : group(rows[n]); elements.set(n, element); lanes.append(element); }
    mark();
  }

  function group(entry) {
    const element = make('p.group', { 'aria-hidden': 'true' }, make('b', { textContent: entry.title[0] }), ' ' + entry.title[1]);
    element.style.top = entry.y + 'px';
    return element;
  }

  function lane(entry) {
    const { socket } = entry, words = caption(socket, capture), span = spanOf(socket, capture);
    const label = make('span.label', { 'aria-hidden': 'true' }, make('b', { textContent: '#' + socket.n }), make('span', { textContent: words.slice(0, -span.length) }), span);
    const element = make('div.lane', { id: capture.prefix + 'lane-' + socket.n, role: 'option',
      'aria-selected': 'false', 'aria-setsize': rows[rows.length - 1].place, 'aria-posinset': entry.place }, picture(LANE), label, make('span.aloud', { textContent: describe(socket, capture) }));
    Object.assign(element, { socket, label, words: widthOf('#' + socket.n + words) + 12 });
    element.style.top = entry.y + 'px';
    place(element);
    return element;
  }

  // Draw the bar of a lane, and put its words where they are in view: above the bar, or beside it.
  function place(element) {
    const at = drawing.beside(element.socket, element.words, roomy);
    element.firstChild.replaceChildren(...paths(drawing.bars(element.socket, TOP, BAR)));
    element.label.style.left = at.left + 'px';
    element.label.classList.toggle('away', at.isAway);
    element.label.classList.toggle('upon', at.isUpon);
  }

  // -- moving and choosing

  function show(from, wide) {
    wide = min(end, max(NEAR, wide));
    view.from = max(0, min(end - wide, from));
    view.to = view.from + wide;
    redraw();
    moved();
  }

  function zoom(factor, around = (view.from + view.to) / 2) {
    const wide = min(end, max(NEAR, (view.to - view.from) * factor));
    show(around - (around - view.from) * wide / (view.to - view.from), wide);
  }

  const pan = (share) => show(view.from + share * (view.to - view.from), view.to - view.from);
  const all = () => show(0, end);

  function choose(socket) {
    chosen = socket;
    const entry = socket && rows.find((candidate) => candidate.socket === socket);
    if (entry) {
      if (entry.y < lanes.scrollTop + GROUP) lanes.scrollTop = max(0, entry.y - GROUP);
      else if (entry.y + LANE > lanes.scrollTop + lanes.clientHeight) lanes.scrollTop = entry.y + LANE - lanes.clientHeight;
      if (drawing) paintLanes();
    }
    mark();
  }

  function mark(hovered = null) {
    const focus = hovered || chosen, { certain, possible } = focus ? partners(focus, capture) : { certain: [], possible: [] };
    const kinds = { chosen: new Set([chosen]), hovered: new Set([hovered]), partner: new Set(certain), 'perhaps-partner': new Set(possible) };
    lanes.removeAttribute('aria-activedescendant');
    for (const node of elements.values()) if (node.socket) {
      for (const kind in kinds) node.classList.toggle(kind, kinds[kind].has(node.socket));
      node.setAttribute('aria-selected', node.socket === chosen);
      if (node.socket === chosen) lanes.setAttribute('aria-activedescendant', node.id);
    }
  }

  function hint(socket, event) {
    tip.hidden = !socket;
    mark(socket);
    if (!socket) return;
    const { certain, possible } = partners(socket, capture);
    const frame = frameOf(box), lane = frameOf(over(event));
    tip.textContent = '#' + socket.n + (certain.length ? ' overlaps ' + numbers(certain, 6) : possible.length ? ' possibly overlaps ' + numbers(possible, 6) : ' overlaps no other socket')
      + (certain.length && possible.length ? '; possibly ' + numbers(possible, 3) : '');
    tip.style.top = lane.bottom - frame.top + 2 + 'px';
    tip.style.left = max(0, min(event.clientX - frame.left + 12, frame.width - tip.offsetWidth - 4)) + 'px';
  }

  function next(step) {
    const sockets = rows.filter((it) => it.socket).map((it) => it.socket);
    const place = sockets.indexOf(chosen) + step;
    if (sockets.length) pick(sockets[max(0, min(sockets.length - 1, place))], false);
  }

  function fit(socket) {
    const ends = [socket.connecting, socket.possible].flatMap((it) => it ? [it.start, it.end ?? capture.span] : []).concat(socket.failed ?? []);
    if (!ends.length) return;
    const from = min(...ends), wide = max(1000, max(...ends) - from);
    show(from - wide * 0.1, wide * 1.2);
  }

  const KEYS = {
    ArrowDown: () => next(1), ArrowUp: () => next(-1), PageDown: () => next(10), PageUp: () => next(-10),
    Home: () => next(-rows.length), End: () => next(rows.length), ArrowLeft: () => pan(-0.1), ArrowRight: () => pan(0.1),
    '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), '0': all, f: () => chosen && fit(chosen),
    Enter: () => chosen && pick(chosen, true, true), ' ': () => chosen && pick(chosen, true, true), Escape: () => pick(null),
  };
  lanes.onkeydown = (event) => {
    const act = KEYS[event.key] || KEYS[event.key.toLowerCase()];
    if (event.ctrlKey || event.metaKey || event.altKey || !act || (event.key === 'Escape' && !chosen)) return;
    event.preventDefault();
    hint(null);
    act();
  };
  lanes.onscroll = () => { hint(null); if (drawing) paintLanes(); };

  const over = (event) => event.target.closest('.lane');
  lanes.onpointermove = (event) => {
    if (event.pointerType !== 'touch' && !pointers.size) hint(over(event) && over(event).socket, event);
  };
  lanes.onpointerleave = () => hint(null);
  lanes.ondblclick = (event) => over(event) && fit(over(event).socket);
  lanes.onclick = (event) => { if (over(event) && !(grabbed && grabbed.moved)) pick(over(event).socket, true); };

  // One pointer moves, or on the ruler and with Shift selects a stretch; two pinch.
  const pointers = new Map();
  let grabbed = null, pinch = null;
  const instantAt = (clientX) => view.from + (clientX - frameOf(words).left) / width * (view.to - view.from);
  box.onpointerdown = (event) => {
    if (event.button !== 0 || !event.target.closest('.lanes, .levels, .ruler')) return;
    if (event.target === lanes && event.pointerType !== 'touch') return;  // its scroll bar
    pointers.set(event.pointerId, event.clientX);
    grabbed = { x: event.clientX, from: view.from, moved: pointers.size > 1, selecting: event.shiftKey || Boolean(event.target.closest('.ruler')) };
    const [one, two] = pointers.values();
    pinch = pointers.size === 2 ? { apart: max(8, abs(one - two)), wide: view.to - view.from, at: instantAt((one + two) / 2) } : null;
    if (grabbed.selecting) event.preventDefault();
  };
  window.addEventListener('pointermove', (event) => {
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, event.clientX);
    if (pinch) {
      const [one, two] = pointers.values(), wide = min(end, max(NEAR, pinch.wide * pinch.apart / max(8, abs(one - two))));
      return show(pinch.at - ((one + two) / 2 - frameOf(words).left) / width * wide, wide);
    }
    if (!grabbed.moved && abs(event.clientX - grabbed.x) < 4) return;
    grabbed.moved = true;
    hint(null);
    if (grabbed.selecting) return select(event.clientX);
    box.classList.add('panning');
    show(grabbed.from - (event.clientX - grabbed.x) * (view.to - view.from) / width, view.to - view.from);
  });
  function release(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (grabbed.selecting && grabbed.moved && !pinch && event.type === 'pointerup') {
      const ends = [instantAt(grabbed.x), instantAt(event.clientX)].sort((a, b) => a - b);
      show(max(0, ends[0]), min(end, ends[1]) - max(0, ends[0]));
    }
    pinch = null;
    for (const clientX of pointers.values()) grabbed = { x: clientX, from: view.from, moved: true };  // the finger that stays
    setTimeout(() => { if (!pointers.size) grabbed = null; });  // after the click that may follow
    selection.hidden = true;
    box.classList.remove('panning');
  }
  window.addEventListener('pointerup', release);
  window.addEventListener('pointercancel', release);

  function select(clientX) {
    const frame = frameOf(box), plot = frameOf(words);
    const [from, to] = [grabbed.x, clientX].map((it) => max(plot.left, min(plot.right, it)) - frame.left - box.clientLeft).sort((a, b) => a - b);
    selection.hidden = false;
    selection.style.left = from + 'px';
    selection.style.width = to - from + 'px';
  }

  box.onwheel = (event) => {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.altKey || event.target.closest('.ruler') && !event.shiftKey && event.deltaY) {
      event.preventDefault();
      zoom(Math.pow(1.002, event.deltaY), max(view.from, min(view.to, instantAt(event.clientX))));
    } else if (sideways && abs(sideways) >= abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      pan(sideways / width);
    }
  };
  fill(capture.sockets);
  new ResizeObserver(paint).observe(box);  // also the first time, when it has its place

  function refresh() {
    for (const element of elements.values()) element.remove();
    elements.clear();
    redraw();
  }

  return { box, lanes, scales, roomy, view, end, fill, zoom, all, fit, choose, refresh, rows: () => rows };
}
