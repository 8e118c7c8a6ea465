// The timeline that one can move: only the lanes on screen exist, so ten thousand are as quick as ten.

const LANE = 20, GROUP = 28, LEVELS = 80, HEAD = 36, APART = 90;

function make(name, properties, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key in element) element[key] = value; else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function draw(name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  return element;
}

const picture = (height) => draw('svg', { class: 'plot', height, 'aria-hidden': 'true' });
const row = (...cells) => make('div', { className: 'row' }, ...cells);

function chart(host, capture) {
  const end = capture.wide * 1.02;  // what goes on runs on to here
  const view = { from: 0, to: end };
  const proven = levels(capture.proven), possible = levels(capture.possible), highest = capture.highest;
  const words = picture(HEAD), back = picture(0), counts = picture(LEVELS);
  words.classList.add('words');
  const backdrop = make('div', { className: 'backdrop', 'aria-hidden': 'true' }, row(make('span'), back, make('span')));
  const lanes = make('div', { className: 'lanes', tabIndex: 0, role: 'listbox', 'aria-label': 'Sockets in time', 'aria-describedby': capture.id + '-card' }, backdrop);
  const spacer = make('div', { 'aria-hidden': 'true' });
  const none = make('p', { className: 'empty', hidden: true, textContent: 'No socket matches.' });
  const scale = make('div', { className: 'names scale', 'aria-hidden': 'true' }, make('span', { textContent: 'open sockets' }),
    make('span', { className: 'most', textContent: highest }), make('span', { className: 'least', textContent: '0' }));
  const top = row(make('div'), words, make('div', { className: 'ends', textContent: 'how it ended' }));
  const beside = draw('svg', { class: 'ends words', height: LEVELS, 'aria-hidden': 'true' });
  const bottom = row(scale, make('div', { className: 'levels' }, counts), beside);
  bottom.classList.add('counts');
  const box = make('div', { className: capture.terse ? 'chart terse' : 'chart' }, top, lanes, none, bottom);
  const card = details(box, capture);
  lanes.append(spacer);
  host.append(box);

  let beneath = -13;
  for (const [level, , label] of capture.limits.slice().sort((a, b) => b[0] - a[0])) {
    beneath = Math.min(LEVELS - 2, Math.max(beneath + 13, LEVELS - level * (LEVELS - 6) / highest + 4));
    beside.append(draw('text', { y: beneath }, label));
  }

  let rows = [], height = 0, chosen = null, width = 1, pending = false;
  const elements = new Map();  // place in rows -> element

  const x = (at) => (at - view.from) / (view.to - view.from) * width;
  const clamp = (at) => Math.max(-9, Math.min(width + 9, x(at)));

  function fill(sockets) {
    rows = [];
    let y = 0, section = -1;
    for (const socket of sockets) {
      if (socket.section !== section) {
        section = socket.section;
        rows.push({ y, title: capture.sections[section] });
        y += GROUP;
      }
      rows.push({ y, socket });
      y += LANE;
    }
    let n = 0;
    for (const entry of rows) if (entry.socket) entry.place = ++n;
    height = y;
    spacer.style.height = y + 'px';
    lanes.hidden = !rows.length;
    none.hidden = rows.length > 0;
    for (const element of elements.values()) element.remove();
    elements.clear();
    lanes.scrollTop = 0;
    if (chosen && !sockets.includes(chosen)) choose(null);
    redraw();
  }

  function redraw() {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => { pending = false; paint(); });
  }

  function paint() {
    const bar = lanes.hidden ? 0 : lanes.offsetWidth - lanes.clientWidth;
    top.style.paddingRight = bottom.style.paddingRight = bar + 'px';
    width = words.getBoundingClientRect().width || 1;
    paintHead();
    paintBack(back, Math.min(lanes.clientHeight, height));
    paintLevels();
    for (const element of elements.values()) element.remove();
    elements.clear();
    paintLanes();
  }

  const ticks = () => marks(view.from, Math.min(view.to, capture.wide), capture, width / APART);

  function paintHead() {
    words.replaceChildren();
    capture.loads.forEach(([at, kind, page], n) => {
      const next = n + 1 < capture.loads.length ? capture.loads[n + 1][0] : end;
      const left = Math.max(0, x(at)), room = Math.min(width, x(next)) - left;
      const label = [kind + ' ' + page, kind].find((it) => it.length * 6.8 + 6 < room);
      if (label && x(at) < width) words.append(draw('text', { x: left + 4, y: 12 }, label));
    });
    for (const [at, label] of ticks()) {
      if (x(at) + label.length * 7 < width) words.append(draw('text', { class: 'time', x: x(at), y: 31 }, label));
    }
  }

  function paintBack(svg, tall) {
    svg.setAttribute('height', Math.max(0, tall));
    svg.replaceChildren();
    let load = '', starts = '', band = '', grid = '';
    capture.loads.forEach(([at], n) => {
      const from = clamp(at), to = n + 1 < capture.loads.length ? clamp(capture.loads[n + 1][0]) : width;
      if (n % 2 === 0) load += 'M' + from + ' 0H' + to + 'V' + tall + 'H' + from + 'z';
      starts += 'M' + from + ' 0V' + tall;
    });
    for (const [from, to] of capture.bands) {
      const a = clamp(from), b = to < 0 ? width : clamp(to);
      if (b >= 0 && a <= width) band += 'M' + a + ' 0H' + Math.max(a + 1, b) + 'V' + tall + 'H' + a + 'z';
    }
    for (const [at] of ticks()) grid += 'M' + x(at) + ' 0V' + tall;
    for (const [kind, d] of [['load', load], ['band', band], ['grid', grid], ['mark', starts]]) if (d) svg.append(draw('path', { class: kind, d }));
  }

  function paintLevels() {
    paintBack(counts, LEVELS);
    const y = (level) => LEVELS - level * (LEVELS - 6) / highest;
    const line = (steps) => {
      const columns = new Map();
      let before = 0;
      for (const [at, level] of steps) {
        if (at < view.from) { before = level; continue; }
        if (at > view.to) break;
        const column = Math.round(x(at)), pair = columns.get(column);
        if (pair) { pair[0] = Math.max(pair[0], level); pair[1] = level; } else columns.set(column, [level, level]);
      }
      let d = 'M0 ' + y(before);
      for (const [column, [most, last]] of columns) d += 'H' + column + 'V' + y(most) + 'V' + y(last);
      return d + 'H' + width;
    };
    counts.append(draw('path', { class: 'perhaps', d: line(possible) }), draw('path', { class: 'surely', d: line(proven) }));
    for (const [level] of capture.limits) counts.append(draw('path', { class: 'limit', d: 'M0 ' + y(level) + 'H' + width }));
  }

  function paintLanes() {
    const first = lanes.scrollTop - LANE, last = lanes.scrollTop + lanes.clientHeight;
    let low = 0, high = rows.length;
    while (low < high) { const middle = (low + high) >> 1; if (rows[middle].y < first - GROUP) low = middle + 1; else high = middle; }
    const wanted = new Set();
    for (let n = low; n < rows.length && rows[n].y < last; n++) wanted.add(n);
    for (const [n, element] of elements) if (!wanted.has(n)) { element.remove(); elements.delete(n); }
    for (const n of wanted) if (!elements.has(n)) { const element = rows[n].socket ? lane(rows[n]) : group(rows[n]); elements.set(n, element); lanes.append(element); }
    mark();
  }

  function group(entry) {
    const element = make('p', { className: 'group', 'aria-hidden': 'true' }, make('b', { textContent: entry.title[0] }), ' ' + entry.title[1]);
    element.style.top = entry.y + 'px';
    return element;
  }

  function lane(entry) {
    const socket = entry.socket, plot = picture(LANE);
    plot.append(...bars(socket));
    const phrases = ['', socket.address, socket.service, socket.user, socket.opened && 'opened ' + socket.opened, socket.ended,
      'certainly open ' + howLong(socket.p0, socket.p1, capture.span)];
    const element = row(make('span', { className: 'name' }, make('span', { className: 'aloud', textContent: 'socket ' }), socket.label), plot,
      make('span', { className: 'end', textContent: socket.ended, 'aria-hidden': 'true' }),
      make('span', { className: 'aloud', textContent: phrases.filter((word, n) => word || !n).join(', ') }));
    element.classList.add('lane');
    element.id = capture.id + '-s' + socket.n;
    element.socket = socket;
    element.style.top = entry.y + 'px';
    const places = { role: 'option', 'aria-selected': 'false', 'aria-setsize': rows[rows.length - 1].place, 'aria-posinset': entry.place };
    for (const key in places) element.setAttribute(key, places[key]);
    return element;
  }

  function bars(socket) {
    const paths = [];
    const bar = (kind, start, until) => {
      if (start < 0 || (until >= 0 && x(until) < 0) || x(start) > width) return;
      const a = clamp(start);
      const d = until < 0 ? 'M' + a + ' 4H' + (width - 8) + 'L' + width + ' 10L' + (width - 8) + ' 16H' + a + 'z'
        : 'M' + a + ' 4H' + Math.max(a + 1.5, clamp(until)) + 'V16H' + a + 'z';
      paths.push(draw('path', { class: kind, d }));
    };
    if (socket.c0 >= 0) paths.push(draw('path', { class: 'connecting', d: 'M' + clamp(socket.c0) + ' 10H' + Math.max(clamp(socket.c0) + 1.5, socket.c1 < 0 ? width : clamp(socket.c1)) }));
    bar('possible', socket.q0, socket.q1);
    bar('proven', socket.p0, socket.p1);
    let at = 0, ticks = '';
    for (const step of socket.ticks) { at += step; const place = Math.round(x(at * 1000)); if (place >= 0 && place <= width) ticks += 'M' + place + ' 7v6'; }
    if (ticks) paths.push(draw('path', { class: 'tick', d: ticks }));
    if (socket.failed >= 0) paths.push(draw('path', { class: 'failed', d: 'M' + (x(socket.failed) - 5) + ' 5l10 10m0-10l-10 10' }));
    return paths;
  }

  // -- moving and choosing

  function zoom(factor, around) {
    const center = around === undefined ? (view.from + view.to) / 2 : around;
    const least = 20;  // microseconds
    const wide = Math.min(end, Math.max(least, (view.to - view.from) * factor));
    show(center - (center - view.from) * wide / (view.to - view.from), wide);
  }

  function show(from, wide) {
    view.from = Math.max(0, Math.min(end - wide, from));
    view.to = view.from + wide;
    redraw();
    host.dispatchEvent(new Event('moved'));
  }

  const pan = (share) => show(view.from + share * (view.to - view.from), view.to - view.from);

  function choose(socket, follow) {
    chosen = socket;
    const entry = socket && rows.find((candidate) => candidate.socket === socket);
    if (entry && follow) {
      if (entry.y < lanes.scrollTop) lanes.scrollTop = Math.max(0, entry.y - GROUP);
      else if (entry.y + LANE > lanes.scrollTop + lanes.clientHeight) lanes.scrollTop = entry.y + LANE - lanes.clientHeight;
      paintLanes();
    }
    mark();
    card.show(socket, entry ? element(socket) : null);
  }

  const element = (socket) => [...elements.values()].find((it) => it.socket === socket);

  function mark() {
    for (const node of elements.values()) if (node.socket) {
      node.classList.toggle('chosen', node.socket === chosen);
      node.setAttribute('aria-selected', node.socket === chosen);
    }
    if (chosen && element(chosen)) lanes.setAttribute('aria-activedescendant', element(chosen).id);
    else lanes.removeAttribute('aria-activedescendant');
  }

  function next(step) {
    const sockets = rows.filter((it) => it.socket).map((it) => it.socket);
    const place = sockets.indexOf(chosen) + step;
    if (sockets.length) choose(sockets[Math.max(0, Math.min(sockets.length - 1, place))], true);
  }

  function fit(socket) {
    const ends = [socket.c0, socket.q0, socket.q1 < 0 ? capture.span : socket.q1, socket.failed].filter((at) => at >= 0);
    const from = Math.min(...ends), wide = Math.max(1000, Math.max(...ends) - from);
    show(from - wide * 0.1, Math.min(end, wide * 1.2));
  }

  const KEYS = {
    ArrowDown: () => next(1), ArrowUp: () => next(-1), PageDown: () => next(10), PageUp: () => next(-10),
    Home: () => next(-rows.length), End: () => next(rows.length), ArrowLeft: () => pan(-0.1), ArrowRight: () => pan(0.1),
    '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), '0': () => show(0, end), Escape: () => choose(null),
    Enter: () => chosen && fit(chosen),
  };
  lanes.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  lanes.addEventListener('scroll', () => { card.show(null); paintLanes(); });
  lanes.addEventListener('blur', () => card.show(null));

  const over = (event) => event.target.closest('.lane');
  lanes.addEventListener('pointermove', (event) => { if (!grabbed) card.show(over(event) && over(event).socket, over(event)); });
  lanes.addEventListener('pointerleave', () => card.show(null));
  lanes.addEventListener('dblclick', (event) => over(event) && fit(over(event).socket));

  let grabbed = null;
  box.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch' || !event.target.closest('.lanes, .levels, .words')) return;
    if (event.target === lanes) return;  // its scroll bar
    grabbed = { x: event.clientX, from: view.from, moved: false };
  });
  window.addEventListener('pointermove', (event) => {
    if (!grabbed) return;
    if (!grabbed.moved && Math.abs(event.clientX - grabbed.x) < 4) return;
    grabbed.moved = true;
    box.classList.add('panning');
    card.show(null);
    show(grabbed.from - (event.clientX - grabbed.x) * (view.to - view.from) / width, view.to - view.from);
  });
  window.addEventListener('pointerup', (event) => {
    if (grabbed && !grabbed.moved && over(event)) { lanes.focus(); choose(over(event).socket); }
    grabbed = null;
    box.classList.remove('panning');
  });
  box.addEventListener('wheel', (event) => {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.altKey) {
      event.preventDefault();
      const place = (event.clientX - words.getBoundingClientRect().left) / width;
      zoom(Math.pow(1.002, event.deltaY), view.from + Math.max(0, Math.min(1, place)) * (view.to - view.from));
    } else if (sideways && Math.abs(sideways) >= Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      pan(sideways / width);
    }
  }, { passive: false });
  new ResizeObserver(redraw).observe(box);

  return { fill, zoom, pan, all: () => show(0, end), view, end };
}
