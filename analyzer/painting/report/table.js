// The table: sorted by any column, a page of rows at a time. What the file gave as text stays text.

const ROWS = 500;
const COLUMNS = [
  [(it) => it.n, (it) => it.n],
  [(it) => it.address, (it) => it.address],
  [(it) => it.service, (it) => it.service],
  [(it) => it.user, (it) => it.user],
  [openedAt, (it) => [it.proven, it.possible, it.connecting].find(Boolean)?.start],
  [ended, (it) => it.outcome === 'open' ? Infinity : it.possible?.end ?? it.failed ?? 1e300],
  [(it, capture) => howLong(it.proven, capture.span), (it, capture) => it.proven ? (it.proven.end ?? capture.span) - it.proven.start : -1],
  [atMost, (it, capture) => it.possible ? (it.possible.end ?? capture.span) - it.possible.start : -1],
  [messages, (it) => it.sent === null ? -1 : it.sent + it.received],
  [(it) => it.pointer, (it) => typeof it.entry === 'number' ? it.entry : 1e300],
  [findingLinks, (it) => it.findings[0] ?? 1e300],
];

// Mark in the heads of a table by which column it is sorted.
function markOrder(heads, column, down) {
  heads.forEach((head, n) => n === column ? head.setAttribute('aria-sort', down ? 'descending' : 'ascending') : head.removeAttribute('aria-sort'));
}

function findingLinks(socket, { prefix }) {
  const there = socket.findings.filter((n) => byId(prefix + 'f' + n));
  return there.flatMap((n, k) => [k ? ' ' : '', make('a', { href: '#' + prefix + 'f' + n, textContent: 'f' + n })]);
}

function table(capture) {
  const element = document.querySelector('[data-table=' + capture.id + ']');
  const [body, rest] = element.tBodies;  // the rest is not laid out until it is wanted
  const heads = [...element.tHead.rows[0].cells];
  const next = make('button.next', { type: 'button', hidden: true });
  element.parentElement.after(next);
  let sockets = capture.sockets, column = 0, down = false, many = body.rows.length, chosen = null;

  heads.forEach((head, n) => {
    const words = head.textContent;
    head.replaceChildren(button(words, words, () => { down = column === n && !down; column = n; many = ROWS; fill(); }));
  });
  next.onclick = () => { many += ROWS; fill(); };
  for (const socket of capture.sockets) socket.findings = [];
  capture.findings.forEach(([, about], n) => about.forEach((it) => capture.byNumber.get(it)?.findings.push(n + 1)));
  if (!rest && body.rows.length < min(ROWS, sockets.length)) { many = ROWS; fill(); }  // a capture for which no rows were left
  else announce();

  function sort() {
    const key = COLUMNS[column][1];
    const pairs = sockets.map((socket) => [key(socket, capture), socket]);
    const less = (a, b) => a === undefined ? (b === undefined ? 0 : 1) : b === undefined ? -1 : a < b ? -1 : a > b ? 1 : 0;
    pairs.sort((a, b) => (down ? -1 : 1) * less(a[0], b[0]) || a[1].n - b[1].n);
    return pairs.map((pair) => pair[1]);
  }

  function fill() {
    const rows = sort().slice(0, many).map((socket) => {
      const cells = COLUMNS.map(([text], n) => {
        const cell = document.createElement(n ? 'td' : 'th');
        if (n) cell.append(...[text(socket, capture)].flat());
        else { cell.scope = 'row'; cell.append(make('a', { href: '#' + idOf(socket), textContent: socket.n })); }
        return cell;
      });
      const line = document.createElement('tr');
      line.id = idOf(socket);
      line.append(...cells);
      return line;
    });
    body.replaceChildren(...rows.length ? rows : [make('tr', {}, make('td', { colSpan: COLUMNS.length, textContent: 'No socket matches the filters above.' }))]);
    if (rest) rest.remove();
    announce();
    mark(chosen);
  }

  const idOf = (socket) => capture.prefix + 's' + socket.n;

  function mark(socket) {
    for (const row of element.querySelectorAll('tr.chosen')) row.classList.remove('chosen');
    chosen = socket;
    const row = socket && byId(idOf(socket));
    if (row) row.classList.add('chosen');
    return row;
  }

  // Show the row of a socket, however far down it is.
  function show(socket) {
    if (rest) rest.classList.remove('rest');
    if (!mark(socket)) { many = sort().indexOf(socket) + 1; fill(); }
    const row = mark(socket);
    if (!row) return;
    row.scrollIntoView({ block: 'center' });
    row.cells[0].firstChild.focus();
  }

  function announce() {
    markOrder(heads, column, down);
    const left = sockets.length - (sockets.length ? body.rows.length : 0);
    next.hidden = left <= 0;
    next.textContent = 'Show ' + inEnglish(min(ROWS, left)) + ' more of ' + inEnglish(left);
  }

  return { filter(chosen) { sockets = chosen; many = ROWS; fill(); }, refresh: fill, mark, show };
}
