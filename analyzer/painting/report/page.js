// Each capture: its tools, its timeline, its table; and links to the sockets in them.

function filters(capture, redo) {
  const pick = (label, key, words) => {
    const values = [...new Set(capture.sockets.map((it) => it[key]))].sort();
    const field = make('select', {}, make('option', { value: '', textContent: 'all' }),
      ...values.map((value) => make('option', { value: '=' + value, textContent: words ? words[value] : value || 'unknown' })));
    return { label, field, accepts: (it) => field.value === '=' + it[key] };
  };
  const text = make('input', { type: 'search' });
  const accepts = (it) => ['#' + it.n, it.address, it.service, it.user, openedAt(it, capture), ended(it, capture), it.openedBy, it.page, it.pointer].join('\n').toLowerCase().includes(text.value.trim().toLowerCase());
  const picks = [pick('Service', 'service'), pick('User', 'user'), pick('Outcome', 'outcome', capture.outcomes), { label: 'Text', field: text, accepts }];
  const panel = make('div.filters', { role: 'group', 'aria-label': 'Filter' }, ...picks.map(({ label, field }) => make('label', {}, label, field)));
  panel.oninput = redo;
  const active = () => picks.filter(({ field }) => field.value.trim());
  const reset = () => { for (const { field } of picks) field.value = ''; redo(); };
  return { panel, active, reset, accepts: (socket) => active().every((pick) => pick.accepts(socket)) };
}

// A button that opens what stands after it.
function folded(words, panel) {
  const element = button(words, words, () => open(panel.hidden));
  const open = (state) => { panel.hidden = !state; element.setAttribute('aria-expanded', state); };
  open(false);
  element.onkeydown = panel.onkeydown = onEscape(() => { open(false); element.focus(); });
  return element;
}

function live(capture, host) {
  const state = make('p.state', { role: 'status' });
  const filter = filters(capture, refill), filterButton = folded('Filter', filter.panel);
  const time = chart(capture, choose, say), rows = table(capture);
  const side = pane(capture, { close, fit: time.fit, row(socket) { reveal(socket); rows.show(socket); } });
  const menu = make('span.menu', {}), choices = make('span.choices', { role: 'group', 'aria-label': 'Save' },
    button('PNG', 'Save as PNG', () => save('png')), button('SVG', 'Save as SVG', () => save('svg')));
  const saveButton = folded('Save', choices);
  document.addEventListener('click', ({ target }) => { if (!choices.hidden && target !== saveButton) saveButton.click(); });
  choices.onclick = () => { saveButton.click(); saveButton.focus(); };
  menu.append(saveButton, choices);
  const touch = matchMedia('(hover: none)').matches;
  host.append(
    make('div.tools', { role: 'group', 'aria-label': 'Timeline' }, button('−', 'Zoom out', () => time.zoom(2)), button('+', 'Zoom in', () => time.zoom(0.5)),
      button('All', 'Show all of the capture', () => time.all()), filterButton, menu, state),
    filter.panel, time.box, side.element,
    make('p.hint', { textContent: touch ? 'Tap a bar for its details. Pinch to zoom, drag sideways to move.'
      : 'Click a bar for details. Drag to move, Ctrl + wheel to zoom. Keys: ↑ ↓ choose, Enter details, F zoom to it, ← → move, + − zoom, 0 all.' }));
  let many = capture.sockets.length;

  function refill() {
    const matching = capture.sockets.filter(filter.accepts), active = filter.active().length;
    many = matching.length;
    filterButton.textContent = active ? 'Filter (' + active + ')' : 'Filter';
    time.fill(matching);
    rows.filter(matching);
    say();
  }

  function say() {
    const total = inEnglish(capture.sockets.length);
    const whole = time.view.to - time.view.from >= time.end * 0.999;
    const span = whole ? 'the whole capture' : formatDuration(time.view.to - time.view.from) + ' from ' + instant(time.view.from, capture);
    state.textContent = (many === capture.sockets.length ? total : inEnglish(many) + ' of ' + total) + (total === '1' ? ' socket, ' : ' sockets, ') + span;
  }

  // A socket that the filter leaves out ends it: for the bars, the table, and what is said of them.
  function reveal(socket) {
    if (!filter.accepts(socket)) filter.reset();
  }

  // Choose a socket: its bar, its row, the address; `open` its details, and go into them with `enter`.
  function choose(socket, open, enter) {
    if (socket) reveal(socket);
    time.choose(socket);
    rows.mark(socket);
    if (open || side.isOpen) side.show(socket);
    if (socket) history.replaceState(null, '', '#' + capture.prefix + 's' + socket.n);
    if (side.isOpen && narrow.matches) uncover(byId(capture.prefix + 'lane-' + socket.n));
    if (enter) side.element.focus({ preventScroll: narrow.matches });
  }

  // The sheet at the foot does not hide the bar that it is about.
  function uncover(lane) {
    const hidden = lane ? frameOf(lane).bottom + 8 - frameOf(side.element).top : 0;
    if (hidden > 0) scrollBy(0, hidden);
  }

  function close(back) {
    side.show(null);
    if (back) time.lanes.focus();
  }

  function save(format) {
    const left = savePicture(format, host.closest('.capture'), capture, time);
    state.textContent = 'Saved' + (left ? ' without ' + plural(left, 'socket') + ': a picture has ' + LANES + ' at most' : '');
  }

  if (capture.epoch !== null) offerTime();
  say();
  return {
    go(n) {
      const socket = capture.byNumber.get(n);
      if (!socket) return;
      choose(socket, true);
      time.lanes.focus({ preventScroll: true });
      host.scrollIntoView({ block: 'nearest' });
    },
    rewrite() { time.refresh(); rows.refresh(); side.refresh(); say(); },
  };
}

const lives = new Map();  // article -> what is live in it, once it was opened

async function startCapture(article) {
  const host = article.querySelector('.live');
  if (host && !lives.has(article)) lives.set(article, readData(article).then((capture) => live(capture, host)));
  return lives.get(article);
}

const alone = document.querySelector('main > .capture');

// `#c3-s2`, `#s2`: a socket; `#c3-f2`, `#f2`: a finding; `#c3`: a capture.
async function go() {
  const [, id = alone?.id, kind, n] = location.hash.match(/^#(?:(c\d+)-?)?(?:([sf])(\d+))?$/) || [''];
  const article = id && await openCapture(id);
  const started = article && await startCapture(article);
  if (kind === 's' && started) started.go(+n);
  else if (kind) byId(location.hash.slice(1))?.scrollIntoView();
}

function follow(event) {
  const link = event.target.closest('a[href^="#"]');
  if (!link || !/^#(c\d+-)?[sf]\d+$/.test(link.hash) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, '', link.hash);
  go();
}

// -- how the page looks, and how it writes instants: choices of the reader, which the browser keeps where it may

function choice(name, values, act) {
  const key = 'har-sockets ' + name, select = make('select', {}, ...values.map(([value, textContent]) => make('option', { value, textContent })));
  let before = null;
  try { before = localStorage.getItem(key); } catch { /* a browser that keeps nothing for files */ }
  if (values.some((it) => it[0] === before)) select.value = before;
  select.onchange = () => {
    try { localStorage.setItem(key, select.value); } catch { /* as above */ }
    act(select.value);
  };
  if (select.value !== values[0][0]) act(select.value);
  switches.append(make('label', {}, name[0].toUpperCase() + name.slice(1), select));
}

const switches = make('div.switches', {});
document.querySelector('header').append(switches);
choice('theme', [['', 'as the system'], ['light', 'light'], ['dark', 'dark']], (theme) => {
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
});
const offerTime = once(() => choice('time', [['since', 'since the start'], ['local', 'local time'], ['utc', 'UTC']], async (chosen) => {
  clock = chosen;
  for (const started of await Promise.all(lives.values())) started.rewrite();
}));

function once(act) {
  let isDone = false;
  return () => { if (!isDone) { isDone = true; act(); } };
}

// -- paper shows the static picture, and all that is folded

addEventListener('beforeprint', () => {
  for (const folded of document.querySelectorAll('details:not([open])')) { folded.open = true; folded.classList.add('for-paper'); }
});
addEventListener('afterprint', () => {
  for (const folded of document.querySelectorAll('.for-paper')) { folded.open = false; folded.classList.remove('for-paper'); }
});

document.addEventListener('click', follow);
addEventListener('hashchange', go);
if (alone) startCapture(alone);
go();
addEventListener('load', () => setTimeout(go));  // as it ends loading, the browser goes to the row of a socket
