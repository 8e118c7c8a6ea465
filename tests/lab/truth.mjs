// What really happened: the server's log and what the pages saw themselves, put together as NAME.truth.json.

/**
 * `allowed`: the sound verdicts; `assumed`: sound only if the answer names an assumption that has `names` in its text.
 * `sockets`: the server's log. `notes`: of the pages, in order. Instants in epoch milliseconds.
 */
export function truthOf({ title, why, allowed, assumed, names, browser, sockets, notes, started, exported }) {
  const seen = (id, event) => notes.find((it) => it.id === id && it.event === event)?.at ?? null;
  const lives = sockets.map((it) => {
    const id = new URL(it.url).searchParams.get('id');
    const closed = seen(id, 'close');
    const gone = closed === null ? unloaded(notes, it) : null;
    const end = closed ?? gone ?? it.ended;
    const ended = end !== null && end < exported;
    const opened = seen(id, 'open') ?? it.accepted;
    return {
      url: it.url,
      sec_websocket_key: it.key,
      created_ms: seen(id, 'created'),
      client_open_ms: opened,
      client_close_ms: closed !== null && closed < exported ? closed : null,
      server_accept_ms: it.accepted,
      server_close_ms: it.ended !== null && it.ended < exported ? it.ended : null,
      close_code: ended ? it.code : null,
      outcome: opened === null ? 'failed' : ended ? 'closed' : 'open_at_export',
      end_ms: ended ? end : null,
      end_basis: !ended ? null : closed !== null ? 'the page\'s close event' : gone !== null ? 'the page was unloaded' : 'the server saw the end',
    };
  });
  const { most, lasted } = overlap(lives, exported);
  return {
    title, why, allowed, assumed, names, browser, basis: 'the page\'s own events, else accept and end at the server', accuracy_ms: 20,
    capture_start_ms: started, export_ms: exported, overlapping: most > 1, max_concurrent_open: most, overlap_ms: Math.round(lasted),
    sockets: lives,
  };
}

const LATE_MS = 1000; // the server hears of the end a little later

/** When the page of a socket was unloaded, as the next page of the tab knows it. Only of a socket whose end the server saw. */
function unloaded(notes, { accepted, ended }) {
  const known = notes.map((it) => it.before_gone ?? null).filter((at) => at !== null && ended !== null && at > accepted && at <= ended && at > ended - LATE_MS);
  return known.at(-1) ?? null;
}

function overlap(lives, exported) {
  const steps = lives
    .filter((it) => it.client_open_ms !== null)
    .flatMap((it) => [[it.client_open_ms, 1], [it.end_ms ?? exported, -1]])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let [level, most, lasted, last] = [0, 0, 0, 0];
  for (const [at, step] of steps) {
    if (level > 1) lasted += at - last;
    level += step;
    last = at;
    most = Math.max(most, level);
  }
  return { most, lasted };
}
