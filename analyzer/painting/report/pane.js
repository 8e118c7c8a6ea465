// All about one socket, in the words of `har-sockets show`: beside the timeline, or a sheet at the foot of a narrow window.

const PARTNERS = 12;
const narrow = matchMedia('(max-width: 1099px)');

function button(sign, label, act) {
  const element = make('button', { type: 'button', textContent: sign });
  if (label !== sign) { element.title = label; element.setAttribute('aria-label', label); }
  element.onclick = act;
  return element;
}

const onEscape = (act) => (event) => { if (event.key === 'Escape') { event.preventDefault(); act(); } };

function boundsIn(bounds, capture) {
  const at = when(bounds, capture);
  if (!at) return 'time unknown';
  if (at.startsWith('by ') && bounds.earliest !== null) {
    const from = instant(bounds.earliest, capture), to = at.slice(3);
    if (from !== to) return 'between ' + from + ' and ' + to + ' (evidence: ' + bounds.evidence + ')';
  }
  return at + ' (' + bounds.evidence + ')';
}

function intervalIn(interval, socket, capture) {
  if (!interval) return socket.opened ? 'at no instant that the file proves' : 'never';
  const isBounded = interval.start > capture.ever, from = isBounded ? instant(interval.start, capture) : 'an unknown start';
  if (interval.end === null) return 'from ' + from + ', ' + (socket.outcome === 'open' ? capture.saved : capture.outcomes.unknown);
  if (!isBounded) return 'from ' + from + ' to ' + instant(interval.end, capture);
  const length = interval.end - interval.start;
  return length <= 1 ? 'at ' + from + ', for at least an instant' : from + ' to ' + instant(interval.end, capture) + ' (' + formatDuration(length) + ')';
}

function bytes(size) {
  for (const [unit, name] of [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB']]) if (size >= unit) return fixed(size / unit, 1) + ' ' + name;
  return size + ' B';
}

// [title, [[label, words or nodes], ...]]: what `describe_socket` of analyzer/wording/socket.py lists.
function facts(socket, capture) {
  const { certain, possible } = partners(socket, capture);
  const link = ({ n }) => make('a', { href: '#' + capture.prefix + 's' + n, textContent: '#' + n });
  const links = (sockets) => [...sockets.slice(0, PARTNERS).flatMap((it, n) => n ? [', ', link(it)] : [link(it)]), andMore(sockets, PARTNERS)];
  const exactly = (at) => hasClock(capture) ? instant(at, capture) : ((at - capture.zero) / SECOND).toLocaleString('en', { minimumFractionDigits: 3, maximumFractionDigits: 3 }) + ' s';
  const sum = (number, size) => number ? plural(number, 'message') + ', ' + bytes(size) : 'none';
  const first = socket.first !== null && exactly(socket.first), last = first && exactly(socket.last);
  const findings = capture.findings.map(([message, about], n) => [capture.prefix + 'f' + (n + 1), message, about]).filter((it) => it[2].includes(socket.n));
  return [
    ['Lifetime' + (hasClock(capture) ? ', ' + zoneOf(socket, capture) : ''), [
      ['outcome', socket.outcomeWords],
      ['opened', socket.opened && boundsIn(socket.opened, capture)],
      [socket.opened ? 'closed' : 'failed', socket.closed && socket.outcome !== 'unknown' && boundsIn(socket.closed, capture)],
      ['close code', socket.code],
      ['certainly open', intervalIn(socket.proven, socket, capture)],
      ['possibly open', intervalIn(socket.possible, socket, capture)],
      ['requested', boundsIn(socket.created, capture)],
    ]],
    ['Open at the same time', [
      ['certain', certain.length ? links(certain) : 'none'],
      ['possible', possible.length && links(possible)],
    ]],
    ['Opened by', [['', socket.openedBy || 'not recorded']]],
    ['Findings', findings.map(([id, message]) => ['', [byId(id) ? make('a', { href: '#' + id, textContent: message }) : message]])],
    ['Address', [
      ['address', socket.endpoint],
      ['service', socket.serviceWords],
      ['page', socket.pageWords],
      ['in the file', socket.pointer],
    ]],
    ['Messages', socket.sent === null ? [['', 'This exporter does not record messages.']]
      : [['sent', sum(socket.sent, socket.bytesSent)], ['received', sum(socket.received, socket.bytesReceived)], first === last ? ['time', first] : ['first to last', first + ' to ' + last]]],
    ['URL', [['', socket.query && socket.endpoint + socket.query]]],
  ].map(([title, list]) => [title, list.filter((fact) => fact[1])]).filter((part) => part[1].length);
}

// `local time, 2026-11-23 (UTC+01:00)`
function zoneOf(socket, capture) {
  const bounds = socket.created || socket.opened || socket.closed, at = bounds && (bounds.earliest ?? bounds.latest) || 0;
  const minutes = clock === 'utc' ? 0 : -new Date((capture.epoch + at) / 1000).getTimezoneOffset();
  const two = (it) => String(floor(it)).padStart(2, '0');
  return (clock === 'utc' ? '' : 'local time, ') + moment(at, capture).slice(0, 10) + ' UTC' + (minutes ? (minutes < 0 ? '-' : '+') + two(abs(minutes) / 60) + ':' + two(abs(minutes) % 60) : '');
}

const title = (socket) => nameOf(socket)[0].toUpperCase() + nameOf(socket).slice(1);

// The same as Markdown. Text of the capture stands as code, in which nothing is a mark, a link or a mention.
function markdown(socket, capture) {
  const fence = (text, least) => '`'.repeat(max(least, ...(text.match(/`+/g) || []).map((it) => it.length + 1)));
  const code = (text) => { const around = fence(text, 1), space = around.length > 1 ? ' ' : ''; return around + space + text + space + around; };
  const words = (value) => typeof value === 'string' ? value : value.map((it) => it.textContent ?? it).join('');
  const lines = ['### Socket ' + socket.n + (socket.who && ' of ' + code(socket.who)), ''];
  for (const [name, list] of facts(socket, capture)) {
    lines.push('', '**' + name + '**', '');
    for (const [label, value] of list) lines.push('- ' + (label && label + ': ') + code(words(value)));
  }
  const stack = capture.stacks[socket.stack].map((line) => (line[0] === '>' ? '→ ' : '  ') + line.slice(1)).join('\n');
  if (stack) lines.push('', '**Call stack that opened it**', '', fence(stack, 3) + 'text', stack, fence(stack, 3));
  return lines.join('\n') + '\n';
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // not every browser lets a file do that
    const before = document.activeElement, area = make('textarea.aloud', { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    before.focus();
  }
}

// How many messages came when: those sent upwards, those received downwards.
function rhythm(socket) {
  const digits = [...socket.rhythm].map(Number), columns = digits.length / 2;
  const bar = (n) => { const level = digits[n], x = n % columns; return level ? 'M' + x + ' 10v' + (n < columns ? -level : level) + 'h.8V10z' : ''; };
  const svg = draw('svg', { class: 'rhythm', viewBox: '0 0 ' + columns + ' 20', preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Messages over its life: sent above the line, received below' });
  const half = (from) => digits.slice(0, columns).map((_, n) => bar(from + n)).join('');
  svg.append(draw('path', { class: 'proven', d: half(0) }), draw('path', { class: 'received', d: half(columns) }), draw('path', { class: 'grid', d: 'M0 10H' + columns }));
  return svg;
}

function pane(capture, act) {
  const element = make('section.pane', { id: capture.prefix + 'pane', tabIndex: -1, hidden: true });
  let socket = null;
  element.onkeydown = onEscape(() => act.close(true));
  document.addEventListener('click', (event) => {
    if (socket && narrow.matches && event.target.isConnected && !event.target.closest('.pane, .lane, a, tr')) act.close(false);
  });

  function show(next) {
    socket = next;
    element.hidden = !socket;
    if (!socket) return element.replaceChildren();
    const state = make('span.copied', { role: 'status' }), copies = (make) => async () => { await copy(make()); state.textContent = 'copied'; };
    const name = title(socket), parts = [], calls = capture.stacks[socket.stack];
    const line = ([style, ...words]) => make('li', {}, make(style === '>' ? 'b' : style === '~' ? 'i' : 'span', { textContent: (style === '>' ? '→ your code: ' : '') + words.join('') }));
    for (const [title, list] of facts(socket, capture)) {
      const terms = make('dl');
      for (const [label, value] of list) terms.append(make('dt', { textContent: label }), make('dd', {}, ...typeof value === 'string' ? [value] : value));
      parts.push(make('h4', { textContent: title }), list.some((fact) => fact[0]) ? terms : make('ul', {}, ...list.map((fact) => make('li', {}, ...fact[1]))));
      if (title === 'Messages' && socket.rhythm) parts.push(rhythm(socket));
      if (title === 'Opened by' && calls.length) parts.push(make('details', {}, make('summary', { textContent: 'Call stack that opened it' }), make('ol.stack', {}, ...calls.map(line))));
    }
    element.setAttribute('aria-label', name);
    element.replaceChildren(
      make('div.heading', {}, make('h3', { textContent: name }), state, button('×', 'Close', () => act.close(true))),
      make('p.actions', {}, button('Copy as Markdown', 'Copy as Markdown', copies(() => markdown(socket, capture))),
        button('Copy link', 'Copy link', copies(() => location.href.split('#')[0] + '#' + capture.prefix + 's' + socket.n)),
        button('Zoom', 'Zoom to it', () => act.fit(socket)), button('Row', 'Its row in the table', () => act.row(socket))),
      ...parts);
    element.scrollTop = 0;
  }

  return { element, show, refresh: () => socket && show(socket), get isOpen() { return Boolean(socket); } };
}
