// Many captures: an index that is searched, sorted, filtered and grouped; one capture is opened in its place.
// What is chosen stands in the address: `#?q=chat&only=overlap` is the index, `#c3` a capture.

const FEW = 200;  // rows
const captures = document.querySelector('.captures'), root = document.documentElement, articles = new Map();
const inEnglish = (number) => number.toLocaleString('en');
let lines = [], home = '#?', opened = '';

// Articles beyond the first ones are packed, many together. What is unpacked is markup of ours.
async function findArticle(id) {
  const packed = document.getElementById(id) ? null : document.querySelector('.packed[data-ids~=' + id + ']');
  if (packed) {
    const article = make('template', { innerHTML: JSON.parse(await unpack(packed.textContent))[id] }).content.firstElementChild;
    article.classList.add('unpacked');
    captures.append(article);
  }
  return document.getElementById(id);
}

function apologise(id) {
  const words = 'This browser cannot unpack the details of this capture. Open the page in a newer one, or write a report of this capture alone: har-sockets report CAPTURE';
  captures.append(make('article', { className: 'capture unpacked', id }, make('h2', { textContent: id }), make('p', { textContent: words })));
  return document.getElementById(id);
}

// Show a capture, in place of the index where there is one.
async function openCapture(id) {
  if (!captures) return document.getElementById(id);
  if (!articles.has(id)) articles.set(id, findArticle(id).catch(() => apologise(id)));
  const isNew = id !== opened;
  opened = id;
  const article = await articles.get(id);
  if (article && opened === id) {
    if (isNew) show(article);
    await startCapture(article);
  }
  return article;
}

function show(article) {
  leave();
  root.classList.add('one');
  article.classList.add('opened');
  const ids = lines.map((line) => line.id).filter(Boolean), n = ids.indexOf(article.id), name = article.querySelector('h2');
  const link = (words, id, rel) => make('a', id ? { textContent: words, href: '#' + id, rel } : { textContent: words, role: 'link', 'aria-disabled': 'true' });
  captures.before(make('nav', { className: 'between', 'aria-label': 'Captures' }, link('← All captures', home.slice(1), 'up'), link('Previous', ids[n - 1], 'prev'), link('Next', ids[n + 1], 'next'),
    make('span', { textContent: n < 0 ? '' : inEnglish(n + 1) + ' of ' + inEnglish(ids.length) })));
  name.tabIndex = -1;
  name.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function leave() {
  root.classList.remove('one');
  document.querySelector('.between')?.remove();
  captures.querySelector('.opened')?.classList.remove('opened');
}

function startIndex() {
  const form = document.querySelector('.choose'), fields = [...form.querySelectorAll('[name=q], [name=by]')], [search, grouping] = fields, board = document.querySelector('.board'), heads = [...board.tHead.rows[0].cells];
  const status = form.querySelector('[role=status]'), buttons = [...form.querySelectorAll('[data-key]')], kinds = [...form.querySelectorAll('fieldset')];
  const names = heads.map((head) => head.textContent.toLowerCase()), next = make('button', { type: 'button', className: 'next', textContent: 'Show more' });
  const all = [...board.querySelectorAll('tbody tr')].map((row, n) => ({ row, n, id: row.querySelector('a')?.hash.slice(1), facets: row.dataset.k.split(' ') }));
  let column = 0, down = false, many = 0, at = 0;

  const cell = (line, n) => (line.row.cells[n]?.textContent || '').trim();
  const text = (line) => line.text ||= [line.row.textContent, line.row.dataset.f, ...line.facets.map((n) => buttons[n].dataset.key)].join('\n').toLowerCase();
  const pressed = (kind) => [...kind.querySelectorAll('[aria-pressed=true]')];
  const compare = (a, b) => typeof a === 'number' ? a - b : a.localeCompare(b, 'en', { numeric: true });

  function key(line) {
    if (!column) return line.n;
    if (names[column] === 'overlap time') return +line.row.dataset.t || 0;
    return heads[column].className === 'num' ? parseInt((/[\d,]+/.exec(cell(line, column)) || ['0'])[0].replace(/,/g, '')) : cell(line, column) || '\uffff';
  }

  function choose() {
    const words = search.value.toLowerCase().split(/\s+/), by = grouping.value, groups = new Map();
    const wanted = kinds.map((kind) => pressed(kind).map((button) => '' + buttons.indexOf(button))).filter((some) => some.length);
    lines = all.filter((line) => wanted.every((some) => some.some((n) => line.facets.includes(n))) && words.every((word) => !word || text(line).includes(word)));
    for (const line of lines) line.key = key(line);
    lines.sort((a, b) => (down ? -1 : 1) * compare(a.key, b.key) || a.n - b.n);
    for (const line of lines) {
      const name = by && ((by === 'f' ? line.row.dataset.f : cell(line, by).split(', ')[0]) || 'none');
      if (!groups.has(name)) groups.set(name, { name, n: groups.size, size: 0 });
      line.group = groups.get(name);
      line.group.size++;
    }
    lines.sort((a, b) => a.group.n - b.group.n);
    fill(0);
    status.textContent = (lines.length < all.length ? inEnglish(lines.length) + ' of ' : '') + inEnglish(all.length) + ' captures';
    heads.forEach((head, n) => n === column ? head.setAttribute('aria-sort', down ? 'descending' : 'ascending') : head.removeAttribute('aria-sort'));
  }

  // A page of rows at a time: thousands take seconds to lay out.
  function fill(from) {
    const wide = (name, words, more) => make('tr', {}, make(name, { colSpan: heads.length, textContent: words, ...more }));
    if (!from) board.replaceChildren(board.tHead, make('tbody', {}, ...lines.length ? [] : [wide('td', 'No capture matches.')]));
    for (const [n, { row, group }] of lines.slice(from, from + FEW).entries()) {
      if (group.name && group !== lines[from + n - 1]?.group) board.append(make('tbody', {}, wide('th', group.name + ' · ' + inEnglish(group.size), { scope: 'rowgroup', className: 'group' })));
      board.tBodies[board.tBodies.length - 1].append(row);
    }
    many = from + FEW;
    next.hidden = many >= lines.length;
  }

  function note() {
    const state = [...fields.map((field) => [field.name, field.value.trim()]), ...kinds.map((kind) => [kind.name, pressed(kind).map((button) => button.dataset.key).join()]), ['sort', column || down ? (down ? '-' : '') + names[column] : '']];
    home = '#?' + new URLSearchParams(state.filter((pair) => pair[1]));
    history.replaceState(null, '', home);
    choose();
  }

  function recall() {
    home = location.hash.startsWith('#?') ? location.hash : '#?';
    const state = new URLSearchParams(home.slice(2)), sort = state.get('sort') || '';
    for (const field of fields) field.value = state.get(field.name) || '';
    for (const kind of kinds) for (const button of kind.querySelectorAll('button')) button.setAttribute('aria-pressed', (state.get(kind.name) || '').split(',').includes(button.dataset.key));
    down = sort.startsWith('-');
    column = Math.max(0, names.indexOf(sort.replace('-', '')));
    choose();
  }

  function route() {
    const id = /^#(c\d+)(?:-|$)/.exec(location.hash)?.[1];
    if (id) return void openCapture(id);
    if (location.hash && !location.hash.startsWith('#?')) return;
    const from = lines.findIndex((line) => line.id && line.id === opened);
    leave();
    opened = '';
    if ((location.hash || '#?') !== home) recall();
    if (from >= 0) focus(from);
  }

  function focus(n) {
    while (n >= many) fill(many);
    at = n;
    lines[n].row.querySelector('th').firstElementChild.focus();
  }

  function step(by) {
    const n = lines.findIndex((line) => line.row.contains(document.activeElement)), to = n < 0 ? Math.min(at, lines.length - 1) : n + by;
    if (lines[to]) focus(to);
  }

  heads.forEach((head, n) => {
    if (head.className === 'plain') return;
    const button = make('button', { type: 'button', textContent: head.textContent });
    button.addEventListener('click', () => { down = column === n ? !down : head.className === 'num'; column = n; note(); });
    head.replaceChildren(button);
  });
  for (const button of buttons) button.addEventListener('click', () => { button.setAttribute('aria-pressed', button.getAttribute('aria-pressed') === 'false'); note(); });
  form.addEventListener('input', () => { at = 0; note(); });
  search.addEventListener('keydown', (event) => { if (event.key === 'Enter') step(0); });
  board.parentElement.after(next);
  next.addEventListener('click', () => fill(many));
  new IntersectionObserver(([entry]) => { if (entry.isIntersecting) fill(many); }).observe(next);
  window.addEventListener('beforeprint', () => { while (many < lines.length) fill(many); });
  window.addEventListener('hashchange', route);
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
    const by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key], arrow = event.key.length > 1;
    if (opened && by && !arrow) document.querySelector(by > 0 ? '.between [rel=next]' : '.between [rel=prev]')?.click();
    else if (opened && (event.key === 'Escape' || event.key === 'u')) location.hash = home;
    else if (!opened && by && (!arrow || board.contains(document.activeElement))) step(by);
    else if (!opened && event.key === '/') search.focus();
    else return;
    event.preventDefault();
  });
  recall();
  route();
}

if (captures) startIndex();
