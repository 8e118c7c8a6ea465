// The timeline as a picture: what is in view, with title, verdict, numbers and legend, always in light colours.

const LANES = 500, PICTURE = 1200, EDGE = 24, LINE = 18;

// Marks and words of a picture, each with its place: [kind, path, x, y] and [words, x, y, kind].
function compose(article, capture, time) {
  const wide = PICTURE - 2 * EDGE, x = (at) => (at - time.view.from) / (time.view.to - time.view.from) * wide;
  const drawing = scene(capture, x, wide, marks(time.view.from, min(time.view.to, capture.wide), capture, wide / APART));
  const shapes = [], words = [], { LANE, TOP } = lanesOf(time.roomy);
  let y = EDGE;
  const put = (marks, at) => shapes.push(...marks.map(([kind, d]) => [kind, d, EDGE, at]));
  const write = (text, left, at, kind = '') => words.push([text, left, at, kind]);
  const paragraph = (text, kind, line) => { for (const part of wrap(text, wide)) write(part, EDGE, (y += line) - 4, kind); };

  paragraph([textOf(document, 'h1'), textOf(article, 'h2')].filter(Boolean).join(': '), 'title', 24);
  paragraph([textOf(article, '.sign'), textOf(article, '.said')].filter(Boolean).join('  '), 'verdict', 20);
  y += 8;
  for (const [left, top, text, kind] of drawing.head()) write(text, EDGE + left, y + top, kind);
  y += headOf(capture);
  const from = y, back = shapes.length;
  let many = 0, left = 0;
  for (const { socket, title } of time.rows()) {
    if (socket && many === LANES) { left++; continue; }
    if (many === LANES) continue;
    if (title) { write(title[0], EDGE, y + 19, 'strong'); write(title[1], EDGE + widthOf(title[0]) * 1.13 + 10, y + 19); y += GROUP; continue; }
    many++;
    put(drawing.bars(socket, TOP, BAR), y);
    const text = isolate('#' + socket.n + caption(socket, capture)), at = drawing.beside(socket, widthOf(text) + 12, time.roomy);
    write(text, EDGE + at.left + (time.roomy ? 2 : 5), y + (time.roomy ? 13 : 14), at.isUpon ? 'upon' : '');
    y += LANE;
  }
  shapes.splice(back, 0, ...drawing.back(y - from).map(([kind, d]) => [kind, d, EDGE, from]));
  if (left) { write('and ' + plural(left, 'more socket'), EDGE, y += LINE); }
  for (const scale of time.scales) {
    y += 12 + LINE;
    const counts = drawing.counts(scale, scale.tall);
    put([...drawing.back(scale.tall), ...counts.marks, ['grid', 'M0 0V' + scale.tall + 'H' + wide]], y);
    write(inEnglish(scale.highest), EDGE + 4, y + 12, 'time');
    write(scale.title, EDGE + 4, y - 4);
    write('0', EDGE + 4, y + scale.tall - 3, 'time');
    for (const [at, top, text] of counts.words) write(text, EDGE + at, y + top, 'end');
    y += scale.tall;
  }
  y += 10;
  let right = EDGE;
  for (const item of article.querySelectorAll('.legend li')) {
    const text = item.textContent.trim(), length = 34 + widthOf(text) + 18;
    if (right + length > PICTURE - EDGE) { right = EDGE; y += LINE + 2; }
    for (const path of item.querySelectorAll('path')) shapes.push([path.getAttribute('class'), path.getAttribute('d'), right, y]);
    write(text, right + 34, y + 12);
    right += length;
  }
  return { shapes, words, height: y + LINE + EDGE, left };
}

// Words from right to left turn neither the number before them nor the times after them around.
const isolate = (text) => /[\u0590-\u08ff\ufb1d-\ufefc]/.test(text) ? text.replace(/[^·]+/g, String.fromCharCode(0x2066) + '$&' + String.fromCharCode(0x2069)) : text;

const textOf = (place, selector) => place.querySelector(selector)?.textContent.trim() || '';

function wrap(text, wide) {
  const list = [''];
  for (const word of text.split(/\s+/)) {
    const last = list[list.length - 1];
    if (last && widthOf(last + ' ' + word) * 1.3 > wide) list.push(word); else list[list.length - 1] = last ? last + ' ' + word : word;
  }
  return list;
}

// How each kind of mark looks on the page, in light colours.
function looksOf(article, kinds) {
  const root = document.documentElement, before = root.dataset.theme, svg = draw('svg', { class: 'plot' });
  root.dataset.theme = 'light';
  article.append(svg);
  const style = (element) => getComputedStyle(element), looks = {}, tiles = {};
  for (const kind of kinds) {
    const path = draw('path', { class: kind });
    svg.append(path);
    const { fill, stroke, strokeWidth, strokeDasharray } = style(path), id = /#([\w-]+)/.exec(fill)?.[1];
    looks[kind] = { fill: id ? 'url(#' + id + ')' : fill, stroke, width: parseFloat(strokeWidth), dash: (strokeDasharray.match(/[\d.]+/g) || []).map(Number) };
    if (id && !tiles[id]) {
      const pattern = byId(id);
      tiles[id] = { turn: +/-?\d+/.exec(pattern.getAttribute('patternTransform'))[0], rects: [...pattern.children].map((it) => [+it.getAttribute('width'), style(it).fill]) };
    }
  }
  const colors = Object.fromEntries(['ink', 'soft', 'bad', 'paper'].map((name) => [name, style(root).getPropertyValue('--' + name).trim()]));
  colors.verdict = style(article.querySelector('.verdict') || article).color;
  svg.remove();
  if (before) root.dataset.theme = before; else delete root.dataset.theme;
  return { looks, tiles, colors };
}

const WORDS = { title: ['bold 18px', 'ink'], verdict: ['bold 15px', 'verdict'], strong: ['bold 12px', 'ink'], upon: ['12px', 'ink'], '': ['12px', 'ink'], time: ['12px', 'soft'], end: ['12px', 'bad'] };
const FAMILY = 'system-ui, "DejaVu Sans", sans-serif';

function asSvg({ shapes, words, height, title }, { looks, tiles, colors }) {
  const svg = draw('svg', { xmlns: 'http://www.w3.org/2000/svg', width: PICTURE, height, viewBox: '0 0 ' + PICTURE + ' ' + height, role: 'img', 'font-family': FAMILY }), defs = draw('defs', {});
  svg.append(draw('title', {}, title), defs, draw('rect', { width: PICTURE, height, fill: colors.paper }));
  for (const id in tiles) {
    const pattern = draw('pattern', { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(' + tiles[id].turn + ')' });
    pattern.append(...tiles[id].rects.map(([width, fill]) => draw('rect', { width, height: 6, fill })));
    defs.append(pattern);
  }
  for (const [kind, d, x, y] of shapes) {
    const { fill, stroke, width, dash } = looks[kind];
    svg.append(draw('path', { d, transform: 'translate(' + x + ' ' + y + ')', fill, stroke, 'stroke-width': width, 'stroke-dasharray': dash.join(' ') || 'none' }));
  }
  for (const [text, x, y, kind] of words) {
    const [font, color] = WORDS[kind], [size, weight] = font.split(' ').reverse();
    svg.append(draw('text', { x, y, fill: colors[color], 'font-size': size, 'font-weight': weight || 'normal', 'text-anchor': kind === 'end' ? 'end' : 'start' }, text));
  }
  return new XMLSerializer().serializeToString(svg);
}

function asCanvas({ shapes, words, height }, { looks, tiles, colors }) {
  const canvas = make('canvas', { width: 2 * PICTURE, height: 2 * height }), paper = canvas.getContext('2d');
  paper.scale(2, 2);
  paper.fillStyle = colors.paper;
  paper.fillRect(0, 0, PICTURE, height);
  const patterns = {};
  for (const id in tiles) {
    const tile = make('canvas', { width: 24, height: 24 }), ink = tile.getContext('2d');
    for (const [width, fill] of tiles[id].rects) { ink.fillStyle = fill; ink.fillRect(0, 0, 4 * width, 24); }
    patterns[id] = paper.createPattern(tile, 'repeat');
    patterns[id].setTransform(new DOMMatrix().rotate(tiles[id].turn).scale(0.25));
  }
  for (const [kind, d, x, y] of shapes) {
    const { fill, stroke, width, dash } = looks[kind], path = new Path2D(d);
    paper.save();
    paper.translate(x, y);
    if (fill !== 'none') { paper.fillStyle = patterns[/#([\w-]+)/.exec(fill)?.[1]] || fill; paper.fill(path); }
    if (stroke !== 'none') { paper.strokeStyle = stroke; paper.lineWidth = width; paper.setLineDash(dash); paper.stroke(path); }
    paper.restore();
  }
  for (const [text, x, y, kind] of words) {
    const [font, color] = WORDS[kind];
    paper.font = font + ' ' + FAMILY;
    paper.textAlign = kind === 'end' ? 'end' : 'start';
    paper.fillStyle = colors[color];
    paper.fillText(text, x, y);
  }
  return canvas;
}

// Save a picture, and return how many sockets had no room in it.
function savePicture(format, article, capture, time) {
  const content = compose(article, capture, time), looks = looksOf(article, new Set(content.shapes.map((it) => it[0])));
  const name = textOf(article, 'h2') || document.title;
  content.title = name + ': ' + textOf(article, '.said');
  const give = (blob) => {
    const link = make('a', { href: URL.createObjectURL(blob), download: name.replace(/[^\w.-]+/g, '-') + '.' + format });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };
  if (format === 'svg') give(new Blob([asSvg(content, looks)], { type: 'image/svg+xml' }));
  else asCanvas(content, looks).toBlob(give, 'image/png');
  return content.left;
}
