// Each capture: its tools, its timeline, its table.

function tools(capture, redo) {
  const pick = (label, key, words) => {
    const values = [...new Set(capture.sockets.map((it) => it[key]))].sort();
    const select = make('select', {}, make('option', { value: '*', textContent: 'all' }),
      ...values.map((value) => make('option', { value: '=' + value, textContent: words ? words[value] : value || 'unknown' })));
    select.addEventListener('change', redo);
    return [make('label', {}, label, select), (it) => select.value === '*' || select.value === '=' + it[key]];
  };
  const text = make('input', { type: 'search' });
  text.addEventListener('input', redo);
  const matches = (it) => [it.label, it.address, it.service, it.user, it.opened, it.ended, it.initiator, it.page, it.pointer].join('\n').toLowerCase().includes(text.value.trim().toLowerCase());
  const picks = [pick('Service', 'service'), pick('User', 'user'), pick('Outcome', 'outcome', capture.outcomes), [make('label', {}, 'Text', text), matches]];
  return { parts: picks.map((it) => it[0]), holds: (it) => picks.every((pick) => pick[1](it)) };
}

function button(sign, label, act) {
  const element = make('button', { type: 'button', textContent: sign, title: label, 'aria-label': label });
  element.addEventListener('click', act);
  return element;
}

function start(capture, host) {
  const state = make('p', { className: 'state', role: 'status' });
  const filters = tools(capture, refill);
  const bar = make('div', { className: 'tools' }, ...filters.parts);
  host.append(bar);
  const time = chart(host, capture), rows = table(capture);
  const buttons = make('div', { className: 'zoom', role: 'group', 'aria-label': 'Time' });
  buttons.append(button('−', 'Zoom out', () => time.zoom(2)), button('+', 'Zoom in', () => time.zoom(0.5)), button('←', 'Earlier', () => time.pan(-0.25)),
    button('→', 'Later', () => time.pan(0.25)), button('All', 'Show all of the capture', () => time.all()));
  bar.append(buttons);
  const hint = make('p', { className: 'hint', textContent: 'Drag to move, Ctrl + wheel to zoom. Keys in the timeline: ↑ ↓ choose a socket, Enter zooms to it, ← → move, + − zoom, 0 shows everything.' });
  host.append(make('div', { className: 'under' }, state, hint));
  host.addEventListener('moved', say);
  let many = capture.sockets.length;

  function refill() {
    const chosen = capture.sockets.filter(filters.holds);
    many = chosen.length;
    time.fill(chosen);
    rows.filter(chosen);
    say();
  }

  function say() {
    const total = capture.sockets.length.toLocaleString('en');
    const whole = time.view.to - time.view.from >= time.end * 0.999;
    const span = whole ? 'the whole capture' : formatDuration(time.view.to - time.view.from) + ' from ' + since(time.view.from - capture.zero);
    state.textContent = (many === capture.sockets.length ? total : many.toLocaleString('en') + ' of ' + total) + (total === '1' ? ' socket, ' : ' sockets, ') + span;
  }

  time.fill(capture.sockets);
  say();
}

const started = new Map();

// Draw an article, once, when it is shown.
function startCapture(article) {
  if (article.querySelector('.data') && !started.has(article)) {
    started.set(article, readData(article).then((capture) => start(capture, article.querySelector('.live'))));
  }
  return started.get(article);
}

const alone = document.querySelector('main > .capture');
if (alone) startCapture(alone);
