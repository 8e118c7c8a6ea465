// All about the socket under the pointer, or the one that was chosen with the keyboard.

function details(box, capture) {
  const card = make('div', { className: 'card', id: capture.id + '-card', hidden: true });
  box.append(card);

  function facts(it) {
    return [
      ['Address', it.address],
      ['Service', [it.service, it.user].filter(Boolean).join(', ')],
      ['Opened', [it.opened || (it.q0 < 0 ? 'no opening recorded' : 'time unknown'), it.openedBy && '(' + it.openedBy + ')'].join(' ')],
      ['Ended', [it.ended, it.closedBy && '(' + it.closedBy + ')'].join(' ')],
      ['Certainly open', howLong(it.p0, it.p1, capture.span)],
      ['Possibly open', howLong(it.q0, it.q1, capture.span)],
      ['Messages', it.sent === null ? 'not recorded' : it.sent.toLocaleString('en') + ' sent, ' + it.received.toLocaleString('en') + ' received'
        + (it.ticks.length && it.ticks.length < it.sent + it.received ? '; ' + it.ticks.length + ' of them marked' : '')],
      ['Opened by', it.initiator],
      ['Page', it.page],
      ['In the file', it.pointer],
    ].filter((fact) => fact[1]);
  }

  function show(socket, lane) {
    card.hidden = !socket || !lane;
    if (card.hidden) return;
    if (card.socket !== socket) {
      const list = make('dl');
      for (const [name, said] of facts(socket)) list.append(make('dt', { textContent: name }), make('dd', { textContent: said }));
      card.replaceChildren(make('b', { textContent: 'Socket #' + socket.n + ': ' + socket.outcomeWords }), list);
      card.socket = socket;
    }
    const place = lane.getBoundingClientRect(), frame = box.getBoundingClientRect();
    const below = place.bottom + card.offsetHeight + 8 < window.innerHeight || place.top < card.offsetHeight + 8;
    card.style.top = (below ? place.bottom - frame.top + 6 : place.top - frame.top - card.offsetHeight - 6) + 'px';
    card.style.left = Math.max(10, Math.min(frame.width - card.offsetWidth - 10, frame.width * 0.2)) + 'px';
  }

  return { show };
}
