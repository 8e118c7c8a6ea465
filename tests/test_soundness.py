"""Real captures, edited as people and tools edit them: no claim may contradict what is known to have happened."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from analyzer.formats import read
from analyzer.model import Policy, Report, Session, Verdict
from analyzer.pipeline import analyze
from tests.kinds import WITHOUT_TRUTH

Json = dict[str, Any]
CAPTURES = Path(__file__).parent / "captures"
SLACK_MS = 5.0  # clocks of page, server and exporter; exporters cut to 1 ms
PAGE_SLACK_MS = 100.0  # a page that goes away: the old process closes a little after the next page began
BRIEF_MS = 10.0  # a shorter overlap (or gap) is at the edge of what a capture can show
MARK = "_harIndex"  # on each entry, its index in the original capture: an exporter's own field, read by nobody


class Life(NamedTuple):
    """What one socket really did, in epoch milliseconds."""

    opened: float
    end: float
    closed: bool  # else open at export
    url: str


ACCURATE = 5.0  # ms; a truth that is known less well proves nothing here (tests/test_causes.py looks at those)


class Golden(NamedTuple):
    name: str
    har: Json
    truth: dict[int, Life]  # by index of the entry
    attached: Path


def plain(url: str) -> str:
    return url.replace("wss://", "").replace("ws://", "").replace("https://", "").replace("http://", "").split("#")[0]


def load(path: Path) -> Json:
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(next(n for n in archive.namelist() if n.endswith(".har"))))
    return json.loads(path.read_bytes())


def true_end(socket: Json, truth: Json) -> float | None:
    for field in ("end_ms", "effective_close_ms", "client_close_ms", "server_close_ms"):
        if socket.get(field) is not None and socket["outcome"] == "closed":
            return socket[field]
    return truth["export_ms"] if socket["outcome"] == "open_at_export" else None


def by_entry(har: Json, truth: Json) -> dict[int, Json | None]:
    """Which true socket each entry is: by its index, by Sec-WebSocket-Key, by URL and creation. None: nobody knows."""
    keys, urls = {}, {}
    for n, entry in enumerate(har["log"]["entries"]):
        request = entry.get("request") or {}
        headers = {h.get("name", "").lower(): h.get("value", "") for h in request.get("headers") or []}
        if headers.get("sec-websocket-key"):
            keys[headers["sec-websocket-key"]] = n
        urls[n] = plain(request.get("url", ""))
    places: dict[int, Json | None] = {}
    rest = []
    for socket in truth["sockets"]:
        key = socket.get("sec_websocket_key") or socket.get("sec_websocket_key_seen_by_server")
        if isinstance(socket.get("har_index"), int):
            places[socket["har_index"]] = socket
        elif key in keys:
            places[keys[key]] = socket
        elif "har_index" not in socket:
            rest.append(socket)
    for socket in sorted(rest, key=lambda s: s.get("created_ms") or 0):
        same = [n for n, url in urls.items() if url == plain(socket["url"]) and n not in places]
        if same:
            places[same[0]] = socket
    return places


def golden(path: Path) -> Golden | None:
    stem = path.name.removesuffix(".har.zip").removesuffix(".har")
    truth = json.loads((path.parent / f"{stem}.truth.json").read_text())
    if truth.get("accuracy_ms", 0) > ACCURATE or "allowed" in truth:  # the lab's: tests/test_lifetimes.py
        return None
    har = load(path)
    sockets = {}
    for index, socket in by_entry(har, truth).items():
        end = true_end(socket, truth) if socket else None
        if socket and socket.get("client_open_ms") is not None and end is not None:
            sockets[index] = Life(socket["client_open_ms"], end, socket["outcome"] == "closed", plain(socket["url"]))
    for n, entry in enumerate(har["log"]["entries"]):
        entry[MARK] = n
    return Golden(stem, har, sockets, path.parent)


FILES = sorted(
    path
    for path in (*CAPTURES.glob("*.har"), *CAPTURES.glob("*/*.har"), *CAPTURES.glob("*.har.zip"))
    if path.name not in WITHOUT_TRUTH
)
GOLDEN = [it for it in map(golden, FILES) if it is not None]
each = pytest.mark.parametrize("golden", [pytest.param(g, id=g.name) for g in GOLDEN])
CHROME = [g for g in GOLDEN if g.har["log"]["creator"]["name"] == "WebInspector"]


def read_report(har: Json, policy: Policy | None = None, **layout: Any) -> Report:
    return analyze(read(io.BytesIO(json.dumps(har, **layout).encode()), "test.har"), policy or Policy())


def overlap(spans: list[Life], grow: float = 0.0) -> tuple[int, float]:
    """The true peak, and milliseconds with two or more open."""
    steps = sorted(
        [(t.opened, 1) for t in spans if t.end > t.opened] + [(t.end + grow, -1) for t in spans if t.end > t.opened]
    )
    level = peak = 0
    total = last = 0.0
    for at, step in steps:
        total += at - last if level >= 2 else 0
        level, last = level + step, at
        peak = max(peak, level)
    return peak, total


def is_plainly_socket(entry: Json) -> bool:
    """By URL or type: whatever else was removed, this is a socket."""
    return (
        entry.get("_resourceType") == "websocket"
        or entry.get("request", {}).get("url", "").startswith("ws")
        or entry.get("response", {}).get("status") == 101
    )


def unsound(report: Report, har: Json, truths: Callable[[Json], Life | None]) -> list[str]:
    """Every claim of the report that the truth contradicts. `truths`: what is known of an entry."""
    entries = har["log"]["entries"]
    true = {n: t for n, entry in enumerate(entries) if (t := truths(entry)) is not None}
    one = {(entries[n].get("_of"), entries[n].get(MARK, n)): t for n, t in true.items()}  # it may have several entries
    spans = list(one.values())
    loose_peak, _ = overlap(spans, grow=SLACK_MS)
    _peak, lasted = overlap(spans)
    faults = []
    if report.verdict is Verdict.OVERLAP and loose_peak < 2:
        faults.append("overlap, and there was none")
    if report.verdict in (Verdict.NO_OVERLAP, Verdict.NO_SOCKETS) and lasted > BRIEF_MS:
        faults.append(f"{report.verdict}, and two were open for {lasted:.0f} ms")
    if report.concurrency.proven_peak > loose_peak:
        faults.append(f"proven peak {report.concurrency.proven_peak}, and at most {loose_peak} were open")
    if report.concurrency.proven_overlap / 1000 > lasted + SLACK_MS * max(1, len(spans)):
        faults.append(
            f"proven overlap of {report.concurrency.proven_overlap / 1000:.0f} ms, and it was {lasted:.0f} ms"
        )
    places = {int(it.rpartition("/")[2]): s for s in report.sessions for it in (place.pointer for place in s.seen_in)}
    for n, t in true.items():
        if n in places:
            faults += [f"entry {n}: {why}" for why in wrong(places[n], t)]
        elif is_plainly_socket(entries[n]):
            faults.append(f"entry {n}: lost")
    return faults


def wrong(session: Session, true: Life) -> Iterator[str]:
    proven, possible = session.proven, session.possible
    if proven is not None and proven.start / 1000 < true.opened - SLACK_MS:
        yield f"proven {true.opened - proven.start / 1000:.1f} ms before it opened"
    if proven is not None and true.closed and (proven.end is None or proven.end / 1000 > true.end + SLACK_MS):
        yield (
            "proven for ever, and it closed"
            if proven.end is None
            else f"proven {proven.end / 1000 - true.end:.1f} ms after its end"
        )
    if true.end > true.opened:
        if possible is None:
            yield "said never to have been open"
        elif possible.start / 1000 > true.opened + SLACK_MS:
            yield f"possible only {possible.start / 1000 - true.opened:.1f} ms after it opened"
        elif possible.end is not None and possible.end / 1000 < true.end - PAGE_SLACK_MS:
            yield f"possible only until {true.end - possible.end / 1000:.1f} ms before its end"


def original(golden: Golden) -> Callable[[Json], Life | None]:
    return lambda entry: golden.truth.get(entry[MARK])


# -- edits -------------------------------------------------------------------------------------------------

Edit = Callable[[list[Json], Json], list[Json]]  # (entries, log) -> entries


def drop(*keys: str) -> Edit:
    return lambda entries, _: [{k: v for k, v in e.items() if k not in keys} for e in entries]


def put(**values: Any) -> Edit:
    return lambda entries, _: [
        {**e, **{k.replace("__", "_", 1) if k.startswith("__") else k: v for k, v in values.items()}} for e in entries
    ]


def without_pages(entries: list[Json], log: Json) -> list[Json]:
    log.pop("pages", None)
    return entries


def without_last_page(entries: list[Json], log: Json) -> list[Json]:
    log["pages"] = log.get("pages", [])[:-1]
    return entries


def without_first_page(entries: list[Json], log: Json) -> list[Json]:
    log["pages"] = log.get("pages", [])[1:]
    return entries


def kind(entry: Json) -> str:
    if is_plainly_socket(entry):
        return "websocket"
    return entry.get("_resourceType") or (
        "document" if "html" in ((entry.get("response") or {}).get("content") or {}).get("mimeType", "") else "other"
    )


def only(*kinds: str) -> Edit:
    return lambda entries, _: [
        e for e in entries if kind(e) in kinds or "websocket" in json.dumps(e.get("request", {}).get("headers")).lower()
    ]


def reversed_order(entries: list[Json], _: Json) -> list[Json]:
    return entries[::-1]


def shuffled(entries: list[Json], _: Json) -> list[Json]:
    return random.Random(7).sample(entries, len(entries))


def by_start(entries: list[Json], _: Json) -> list[Json]:
    return sorted(entries, key=lambda e: e.get("startedDateTime") or "")


def messages_emptied(entries: list[Json], _: Json) -> list[Json]:
    return [{**e, "_webSocketMessages": []} if "_webSocketMessages" in e else e for e in entries]


def first_message_kept(entries: list[Json], _: Json) -> list[Json]:
    return [
        {**e, "_webSocketMessages": (e["_webSocketMessages"] or [])[:1]} if "_webSocketMessages" in e else e
        for e in entries
    ]


def last_message_dropped(entries: list[Json], _: Json) -> list[Json]:
    return [
        {**e, "_webSocketMessages": (e["_webSocketMessages"] or [])[:-1]} if "_webSocketMessages" in e else e
        for e in entries
    ]


def messages_emptied_in_every_second(entries: list[Json], _: Json) -> list[Json]:
    out, n = [], 0
    for e in entries:
        if "_webSocketMessages" in e:
            n += 1
            e = {**e, "_webSocketMessages": []} if n % 2 else e
        out.append(e)
    return out


def first_entries_dropped(entries: list[Json], _: Json) -> list[Json]:
    return entries[len(entries) // 2 :]


def last_entries_dropped(entries: list[Json], _: Json) -> list[Json]:
    return entries[: len(entries) // 2 + 1]


def half_of_the_sockets(entries: list[Json], _: Json) -> list[Json]:
    sockets = [e for e in entries if kind(e) == "websocket"]
    return [e for e in entries if e not in sockets[::2]]


def headers_dropped(entries: list[Json], _: Json) -> list[Json]:
    return [
        {**e, "request": {**e.get("request", {}), "headers": []}, "response": {**e.get("response", {}), "headers": []}}
        for e in entries
    ]


def times_cut(entries: list[Json], _: Json) -> list[Json]:
    return [{**e, "time": int(e["time"]) if isinstance(e.get("time"), float) else e.get("time")} for e in entries]


def receive_dropped(entries: list[Json], _: Json) -> list[Json]:
    return [{**e, "timings": {k: v for k, v in (e.get("timings") or {}).items() if k != "receive"}} for e in entries]


def whole_seconds(entries: list[Json], log: Json, ms: float = 0) -> list[Json]:
    """Dates as a spreadsheet writes them: cut to the second, or rounded (`ms` 500)."""

    def cut(text: Any) -> Any:
        try:
            date = datetime.fromisoformat(text) + timedelta(milliseconds=ms)
        except (TypeError, ValueError):
            return text
        return date.replace(microsecond=0).isoformat().replace("+00:00", "Z") if date.year > 2000 else text

    for page in log.get("pages") or []:
        page["startedDateTime"] = cut(page.get("startedDateTime"))
    return [{**entry, "startedDateTime": cut(entry.get("startedDateTime"))} for entry in entries]


def timings_wiped(entries: list[Json], _: Json) -> list[Json]:
    return [{**e, "timings": dict.fromkeys(e.get("timings") or {}, 0)} for e in entries]


def imported(entries: list[Json], log: Json) -> list[Json]:
    """As DevTools writes a HAR that it imported: under its own name, and what it does not know is null."""
    log["creator"] = {"name": "WebInspector", "version": "537.36"}
    return [{**e, "_initiator": None, "_resourceType": kind(e) or "other"} for e in entries]


EDITS: dict[str, Edit] = {
    "as it is": lambda entries, _: entries,
    "keys in another order": lambda entries, _: [dict(sorted(e.items(), reverse=True)) for e in entries],
    "_webSocketMessages removed": drop("_webSocketMessages"),
    "messages emptied": messages_emptied,
    "messages emptied in every second socket": messages_emptied_in_every_second,
    "only the first message kept": first_message_kept,
    "the last message dropped": last_message_dropped,
    "pages removed": without_pages,
    "the last page removed": without_last_page,
    "the first page removed": without_first_page,
    "page references removed": drop("pageref"),
    "filtered to sockets": only("websocket"),
    "filtered to sockets and scripts": only("websocket", "script"),
    "documents removed": lambda entries, _: [e for e in entries if kind(e) != "document"],
    "filtered to documents and sockets": only("websocket", "document"),
    "the first half dropped": first_entries_dropped,
    "the second half dropped": last_entries_dropped,
    "every second socket dropped": half_of_the_sockets,
    "reversed": reversed_order,
    "shuffled": shuffled,
    "sorted by start": by_start,
    "timings removed": drop("timings"),
    "receive removed from timings": receive_dropped,
    "time removed": drop("time"),
    "time cut to whole milliseconds": times_cut,
    "timings and time removed": drop("timings", "time"),
    "headers removed": headers_dropped,
    "dates cut to whole seconds": whole_seconds,
    "dates rounded to whole seconds": lambda entries, log: whole_seconds(entries, log, 500),
    "timings wiped to 0": timings_wiped,
    "imported in DevTools": imported,
    "sorted by address": lambda entries, _: sorted(entries, key=lambda e: e["request"].get("url") or ""),
    "every entry twice": lambda entries, _: [e for e in entries for _ in (0, 1)],
    "all entries once more": lambda entries, _: [*entries, *entries],
    "dates emptied": put(startedDateTime=""),
    "dates removed": drop("startedDateTime"),
    "dates of 1969": put(startedDateTime="1969-12-31T23:59:59.000Z"),
    "dates of the year 58865": put(startedDateTime="+058865-11-06T00:00:00.000Z"),
    "initiators removed": drop("_initiator"),
    "close records removed": drop("_webSocketClose"),
    "exporter's own fields removed": lambda entries, _: [{k: v for k, v in e.items() if k[0] != "_" or k in (MARK, "_resourceType")} for e in entries],
}  # fmt: skip


def edited(golden: Golden, edit: Edit) -> Json:
    har = copy.deepcopy(golden.har)
    har["log"]["entries"] = edit(har["log"]["entries"], har["log"])
    return har


@pytest.mark.spread(5)
@each
@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in EDITS.items()])
def test_no_claim_contradicts_the_truth(golden: Golden, edit: Edit) -> None:
    har = edited(golden, edit)
    assert unsound(read_report(har), har, original(golden)) == []


@pytest.mark.spread(4)
@each
def test_the_layout_changes_no_answer(golden: Golden) -> None:
    """Compact, or indented: the same sessions, verdict and overlaps."""
    answers = [
        read_report(golden.har, **layout) for layout in ({"indent": 2}, {"separators": (",", ":")}, {"sort_keys": True})
    ]
    assert [(r.sessions, r.verdict, r.overlaps) for r in answers] == [
        (answers[0].sessions, answers[0].verdict, answers[0].overlaps)
    ] * 3


# -- clock steps -------------------------------------------------------------------------------------------


def shifted_date(text: Any, ms: float) -> Any:
    try:
        date = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return text
    return (
        (date + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if date.year > 2000
        else text
    )


def shifted(entry: Json, ms: float) -> Json:
    """The same entry where the machine's clock runs `ms` ahead."""
    out = {**entry, "startedDateTime": shifted_date(entry.get("startedDateTime"), ms)}
    if entry.get("_webSocketMessages"):
        out["_webSocketMessages"] = [
            {**m, "time": shifted_ticks(m.get("time"), ms)} for m in entry["_webSocketMessages"]
        ]
    return out


def shifted_ticks(ticks: Any, ms: float) -> Any:
    if not isinstance(ticks, int | float) or ticks < 1e9:
        return ticks
    return ticks + (ms if ticks > 1e11 else ms / 1000)


def stepped(golden: Golden, at: int, ms: float) -> Json:
    har = copy.deepcopy(golden.har)
    entries = har["log"]["entries"]
    har["log"]["entries"] = entries[:at] + [shifted(e, ms) for e in entries[at:]]
    border = entries[at].get("startedDateTime") or ""
    for page in har["log"].get("pages") or []:
        if (page.get("startedDateTime") or "") >= border:
            page["startedDateTime"] = shifted_date(page["startedDateTime"], ms)
    return har


def steps(golden: Golden, ms: float) -> list[int]:
    """Where a step shows: the entry after it starts before the one before it of its page, or its page is another.

    One that is hidden by a longer pause between two entries of a page leaves no trace at all in the file.
    """
    entries = golden.har["log"]["entries"]
    places = [n for n in range(1, len(entries)) if kind(entries[n]) == "websocket" or n == len(entries) // 2]
    return [n for n in places if shows(entries, n, ms)]


def shows(entries: list[Json], n: int, ms: float) -> bool:
    before = [e for e in entries[:n] if e.get("pageref") == entries[n].get("pageref") and started(e)]
    if not before:
        return True
    return started(entries[n]) + ms < started(before[-1]) - 300


def started(entry: Json) -> float:
    """Epoch milliseconds; 0 for no date."""
    try:
        date = datetime.fromisoformat(entry.get("startedDateTime") or "")
    except ValueError:
        return 0.0
    return date.timestamp() * 1000 if date.year > 2000 else 0.0


@pytest.mark.spread(4)
@pytest.mark.parametrize(
    "ms",
    [
        pytest.param(-30_000, id="half a minute back"),
        pytest.param(-2_000, id="two seconds back"),
        pytest.param(-86_400_000, id="a day back"),
    ],
)
@pytest.mark.parametrize("golden", [pytest.param(g, id=g.name) for g in CHROME])
def test_a_clock_set_back_makes_no_false_verdict(golden: Golden, ms: float) -> None:
    """Whatever entry it happens at. What was true of the sockets stays true; each socket's times are of its own clock."""
    for at in steps(golden, ms):
        har = stepped(golden, at, ms)
        report = read_report(har)
        true = {e[MARK]: t for e in har["log"]["entries"] if (t := golden.truth.get(e[MARK]))}
        loose_peak, _ = overlap(list(true.values()), grow=SLACK_MS)
        _, lasted = overlap(list(true.values()))
        assert not (report.verdict is Verdict.OVERLAP and loose_peak < 2), f"overlap, and there was none (step at {at})"
        assert not (report.verdict is Verdict.NO_OVERLAP and lasted > BRIEF_MS), (
            f"no overlap, and there was (step at {at})"
        )
        assert report.concurrency.proven_peak <= loose_peak, f"step at {at}"


# -- merges ------------------------------------------------------------------------------------------------


def renumbered(golden: Golden, by: int) -> Json:
    """The same capture with page_1 as page_(1 + by) and so on."""
    har = copy.deepcopy(golden.har)
    names = {
        p["id"]: f"page_{int(p['id'].removeprefix('page_')) + by}"
        for p in har["log"].get("pages", [])
        if p["id"].removeprefix("page_").isdigit()
    }
    for page in har["log"].get("pages", []):
        page["id"] = names.get(page["id"], page["id"])
    for entry in har["log"]["entries"]:
        if entry.get("pageref") in names:
            entry["pageref"] = names[entry["pageref"]]
    return har


def merged(first: Json, second: Json, by_date: bool) -> Json:
    har = copy.deepcopy(first)
    for entry in har["log"]["entries"]:
        entry["_of"] = 0
    har["log"]["entries"] += [{**e, "_of": 1} for e in copy.deepcopy(second["log"]["entries"])]
    har["log"]["pages"] = (har["log"].get("pages") or []) + copy.deepcopy(second["log"].get("pages") or [])
    if by_date:
        har["log"]["entries"].sort(key=lambda e: e.get("startedDateTime") or "")
    return har


PAIRS = [
    (a, b)
    for a in GOLDEN
    for b in GOLDEN
    if a is not b
    and a.har["log"]["creator"]["name"] == b.har["log"]["creator"]["name"]
    # Sockets without a page look the same as a worker's of the other capture: nothing in the file tells them apart.
    and "chrome-26-late-attach" not in (a.name, b.name)
]
SAMPLE = random.Random(3).sample(PAIRS, min(len(PAIRS), 60))


@pytest.mark.parametrize(
    "by_date", [pytest.param(False, id="one after the other"), pytest.param(True, id="in order of time")]
)
@pytest.mark.parametrize("by", [pytest.param(0, id="pages as they are"), pytest.param(100, id="pages renumbered")])
@pytest.mark.parametrize(
    "at_once", [pytest.param(False, id="years apart"), pytest.param(True, id="recorded at the same time")]
)
def test_two_captures_in_one_file_make_no_false_claim(by: int, by_date: bool, at_once: bool) -> None:
    failed = []
    for a, b in SAMPLE:
        shift = offset(a, b) if at_once else 0.0
        second = moved(b, shift) if by == 0 else moved(b._replace(har=renumbered(b, by)), shift)
        har = merged(a.har, second, by_date)
        truths = (a.truth, {n: t._replace(opened=t.opened + shift, end=t.end + shift) for n, t in b.truth.items()})
        faults = unsound(read_report(har), har, lambda e, truths=truths: truths[e["_of"]].get(e[MARK]))
        failed += [(a.name, b.name, faults)] if faults else []
    assert failed == []


def offset(a: Golden, b: Golden) -> float:
    """By how much to move b so that it began half a second after a."""
    begins = [min((t.opened for t in g.truth.values()), default=None) for g in (a, b)]
    return 0.0 if None in begins else float(int(begins[0] - begins[1] + 500))  # type: ignore[operator]


def moved(golden: Golden, ms: float) -> Json:
    har = copy.deepcopy(golden.har)
    har["log"]["entries"] = [shifted(e, ms) for e in har["log"]["entries"]]
    for page in har["log"].get("pages") or []:
        page["startedDateTime"] = shifted_date(page.get("startedDateTime"), ms)
    return har


@pytest.mark.spread(3)
@each
def test_a_capture_merged_with_itself_makes_no_false_claim(golden: Golden) -> None:
    """The same file twice: every socket has two entries. It was open once."""
    har = merged(golden.har, golden.har, by_date=False)
    report = read_report(har)
    _, lasted = overlap(list(golden.truth.values()))
    assert not (report.verdict is Verdict.NO_OVERLAP and lasted > BRIEF_MS)


# -- files, not only documents -----------------------------------------------------------------------------


@pytest.mark.spread(4)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.999])
@each
def test_a_cut_off_capture_never_says_that_nothing_overlaps(golden: Golden, part: float) -> None:
    data = json.dumps(golden.har, indent=2).encode()
    begins = data.index(b'"entries"') + 12
    report = analyze(read(io.BytesIO(data[: begins + int((len(data) - begins - 8) * part)]), "test.har"))
    assert "cut-off" in {caveat.id for caveat in report.capture.caveats}
    assert report.verdict not in (Verdict.NO_OVERLAP, Verdict.NO_SOCKETS)


@pytest.mark.spread(2)
@each
def test_a_cut_off_capture_makes_no_false_claim(golden: Golden) -> None:
    data = json.dumps(golden.har, indent=2).encode()
    begins = data.index(b'"entries"') + 12
    for part in (0.2, 0.5, 0.8, 0.95):
        report = analyze(read(io.BytesIO(data[: begins + int((len(data) - begins) * part)]), "test.har"))
        rest = copy.deepcopy(golden.har)
        rest["log"]["entries"] = rest["log"]["entries"][: report.capture.records]
        assert unsound(report, rest, original(golden)) == []


def test_there_are_captures_of_many_exporters() -> None:
    names = Counter(g.har["log"]["creator"]["name"] for g in GOLDEN)
    assert len(names) >= 8 and sum(bool(g.truth) for g in GOLDEN) >= 30
