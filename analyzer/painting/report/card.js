// All about the socket under the pointer, or the one that was chosen with the keyboard.

function details(box, capture) {
  const card = make('div', { className: 'card', id: capture.id + '-card', hidden: true });
  box.append(card);

  function facts(socket) {
    return [
      ['Address', socket.address],
      ['Service', [socket.service, socket.user].filter(Boolean).join(', ')],
      ['Opened', [socket.opened || (socket.q0 < 0 ? 'no opening recorded' : 'time unknown'), socket.openedBy && '(' + socket.openedBy + ')'].join(' ')],
      ['Ended', [socket.ended, socket.closedBy && '(' + socket.closedBy + ')'].join(' ')],
      ['Certainly open', howLong(socket.p0, socket.p1, capture.span)],
      ['Possibly open', howLong(socket.q0, socket.q1, capture.span)],
      ['Messages', socket.sent === null ? 'not recorded' : socket.sent.toLocaleString('en') + ' sent, ' + socket.received.toLocaleString('en') + ' received'
        + (socket.ticks.length && socket.ticks.length < socket.sent + socket.received ? '; ' + socket.ticks.length + ' of them marked' : '')],
      ['Opened by', socket.initiator],
      ['Page', socket.page],
      ['In the file', socket.pointer],
    ].filter((fact) => fact[1]);
  }

  function show(socket, lane) {
    card.hidden = !socket || !lane;
    if (card.hidden) return;
    if (card.socket !== socket) {
      const list = make('dl');
      for (const [name, value] of facts(socket)) list.append(make('dt', { textContent: name }), make('dd', { textContent: value }));
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
