// Many captures: an index that is searched, sorted, filtered and grouped; one capture is opened in its place.
// What is chosen stands in the address: `#?q=chat&only=overlap` is the index, `#c3` a capture.

const FEW = 200;  // rows that are laid out at once
const captures = document.querySelector('.captures'), articles = new Map();
let lines = [], home = '#?', opened = '';

// Articles beyond the first ones are packed, many together. What is unpacked is markup of ours.
async function findArticle(id) {
  const packed = byId(id) ? null : document.querySelector('.packed[data-ids~=' + id + ']');
  if (packed) {
    const template = make('template', { innerHTML: JSON.parse(await unpack(packed.textContent))[id] });
    template.content.firstElementChild.classList.add('unpacked');
    captures.append(template.content);
  }
  return byId(id);
}

// Show a capture, in place of the index where there is one.
async function openCapture(id) {
  if (!captures) return byId(id);
  const isNew = id !== opened;
  opened = id;
  if (!articles.has(id)) articles.set(id, findArticle(id));
  const article = await articles.get(id);
  if (opened !== id) return null;
  if (!article) {
    leave();
    opened = '';
    document.querySelector('.choose [role=status]').textContent = 'Capture ' + id + ' is not in this page.';
    return null;
  }
  if (isNew) show(article);
  await startCapture(article);
  return article;
}

function show(article) {
  const ids = lines.map((line) => line.id).filter(Boolean), n = ids.indexOf(opened), heading = article.querySelector('h2');
  const [up, before, after] = captures.querySelectorAll('.between a');
  up.href = home;
  [[before, ids[n - 1]], [after, n < 0 ? null : ids[n + 1]]].forEach(([link, id]) => id ? link.href = '#' + id : link.removeAttribute('href'));
  captures.querySelector('.between span').textContent = n < 0 ? '' : inEnglish(n + 1) + ' of ' + inEnglish(ids.length);
  leave();
  document.documentElement.classList.add('one');
  article.classList.add('opened');
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function leave() {
  document.documentElement.classList.remove('one');
  captures.querySelector('.opened')?.classList.remove('opened');
}

function startIndex(panel, board) {
  const fields = [...panel.querySelectorAll('[name]')], [search, grouping] = fields, status = panel.querySelector('[role=status]');
  const order = panel.querySelector('.order select'), more = panel.querySelector('details');
  const kinds = [...panel.querySelectorAll('fieldset')], buttons = [...panel.querySelectorAll('button')], next = document.querySelector('.index .next');
  const heads = [...board.tHead.rows[0].cells], names = heads.map((head) => head.textContent.toLowerCase());
  const all = [...board.querySelectorAll('tbody tr')].map((row, n) => ({ row, n, id: row.querySelector('a')?.hash.slice(1), keys: row.dataset.k.split(' '), numbers: row.dataset.n.split(' ') }));
  let column = 1, down = false, many = 0, at = 0;

  const count = (some) => inEnglish(some.reduce((sum, { numbers }) => sum + +numbers[4], 0));
  const cell = ({ row }, n) => row.cells[n]?.textContent.trim() || '';
  const press = (button, isOn) => button.setAttribute('aria-pressed', isOn);
  const pressed = (place) => [...place.querySelectorAll('[aria-pressed=true]')].map((button) => button.dataset.key);
  const compare = (a, b) => column === 1 ? a.n - b.n : heads[column].className === 'num' ? a.numbers[column - 4] - b.numbers[column - 4] : !cell(a, column) - !cell(b, column) || cell(a, column).localeCompare(cell(b, column), 'en', { numeric: true });

  function choose() {
    const words = search.value.toLowerCase().split(/\s+/), wanted = kinds.map(pressed).filter((keys) => keys.length), groups = new Map();
    const matches = (text) => words.every((word) => text.includes(word));
    lines = all.filter(({ row, keys }) => wanted.every((some) => some.some((key) => keys.includes(key))) && matches((row.textContent + row.dataset.k).toLowerCase()));
    lines.sort((a, b) => (down ? -1 : 1) * compare(a, b) || a.n - b.n);
    for (const line of lines) {
      const name = grouping.value && (cell(line, grouping.value).split(', ')[0] || 'none');
      groups.set(name, groups.get(name) || { name, lines: [] });
      line.group = groups.get(name);
      line.group.lines.push(line);
    }
    lines = [...groups.values()].flatMap((group) => group.lines);
    fill(0);
    status.textContent = (lines.length < all.length ? count(lines) + ' of ' : '') + count(all) + ' captures';
    order.value = column;
    more.querySelector('b').textContent = pressed(more).length || '';
    markOrder(heads, column, down);
  }

  // Some rows at a time: thousands take seconds to lay out.
  function fill(from) {
    const wide = (name, more) => make('tbody', {}, make('tr', {}, make(name, { colSpan: heads.length, ...more })));
    if (!from) board.replaceChildren(board.tHead, lines.length ? make('tbody') : wide('td', { textContent: 'No capture matches.' }));
    lines.slice(from, from + FEW).forEach(({ row, group }, n) => {
      if (group.name && group !== lines[from + n - 1]?.group) board.append(wide('th', { scope: 'rowgroup', className: 'group', textContent: group.name + ' · ' + count(group.lines) }));
      board.lastElementChild.append(row);
    });
    many = from + FEW;
    next.hidden = many >= lines.length;
  }

  function sort(n) {
    down = n === column ? !down : heads[n].className === 'num';
    column = n;
  }

  function note() {
    const state = [...fields.map((field) => [field.name, field.value.trim()]), ['only', pressed(panel).join()], ['sort', column > 1 || down ? (down ? '-' : '') + names[column] : '']];
    home = '#?' + new URLSearchParams(state.filter((pair) => pair[1]));
    history.replaceState(null, '', home);
    choose();
  }

  function recall() {
    home = /^#\?/.test(location.hash) ? location.hash : '#?';
    const state = new URLSearchParams(home.slice(2)), read = (name) => state.get(name) || '';
    for (const field of fields) field.value = read(field.name);
    for (const button of buttons) press(button, read('only').split(',').includes(button.dataset.key));
    more.open = more.open || pressed(more).length > 0;
    down = read('sort')[0] === '-';
    column = Math.max(1, names.indexOf(read('sort').replace('-', '')));
    choose();
  }

  function route() {
    const id = /^#(c\d+)(-|$)/.exec(location.hash)?.[1], from = lines.findIndex((line) => line.id && line.id === opened);
    if (id) return void openCapture(id);
    if (!/^(#\?|$)/.test(location.hash)) return;
    leave();
    opened = '';
    if ((location.hash || '#?') !== home) recall();
    focus(from);
  }

  function focus(n) {
    if (!lines[n]) return;
    while (n >= many) fill(many);
    at = n;
    lines[n].row.querySelector('th').firstElementChild.focus();
  }

  function step(by) {
    const n = lines.findIndex((line) => line.row.contains(document.activeElement));
    focus(n < 0 ? Math.min(at, lines.length - 1) : n + by);
  }

  heads.forEach((head, n) => {
    if (!head.scope || head.className === 'plain') return;
    const words = head.textContent;
    order.add(new Option(words, n));
    head.replaceChildren(button(words, words, () => { sort(n); note(); }));
  });
  order.addEventListener('input', () => sort(+order.value));
  for (const button of buttons) button.addEventListener('click', () => { press(button, !pressed(button.parentElement).includes(button.dataset.key)); note(); });
  panel.addEventListener('input', () => { at = 0; note(); });
  search.addEventListener('keydown', (event) => { if (event.key === 'Enter') step(0); });
  next.addEventListener('click', () => fill(many));
  new IntersectionObserver(([entry]) => { if (entry.isIntersecting) fill(many); }).observe(next);
  window.addEventListener('beforeprint', () => { while (many < lines.length) fill(many); });
  window.addEventListener('hashchange', route);
  document.addEventListener('keydown', (event) => {
    const { key } = event, by = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[key], letter = key.length === 1;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
    if (opened && by && letter) captures.querySelectorAll('.between a')[by > 0 ? 2 : 1].click();
    else if (opened && (key === 'Escape' || key === 'u')) location.hash = home;
    else if (!opened && by && (letter || board.contains(document.activeElement))) step(by);
    else if (!opened && key === '/') search.focus();
    else return;
    event.preventDefault();
  });
  recall();
  route();
}

if (captures) startIndex(document.querySelector('.choose'), document.querySelector('.board'));
