"""What rules need of a capture: without it a rule is silent and listed as not checked; without the rest it still speaks."""

from __future__ import annotations

import io
import json
from array import array
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from analyzer.compare import compare
from analyzer.extract import extract
from analyzer.formats import read
from analyzer.masking import mask
from analyzer.merge import merge
from analyzer.model import Capture, Messages, Need, Page, Policy, Report, Run, Trace
from analyzer.outputs import html, json as json_output, markdown, sarif, text
from analyzer.pipeline import analyze
from analyzer.rules import RULES
from analyzer.wording import manual
from analyzer.wording.comparison import finding_parts
from tests import small_har

HERE = Path(__file__).parent / "captures"
FIRING = {  # captures in which a rule says something
    "duplicate-connection": ["chrome-S2-overuse"],
    "limit-exceeded": ["chrome-S2-overuse"],
    "concurrent-sockets": ["chrome-04-overlap-open", "chrome-last-204"],
    "brief-overlap": ["recorder-a-visit", "chrome-bug-mqtt-one-id"],
    "possible-overlap": ["mitmproxy-reversed-sequence"],
    "user-still-connected": ["chrome-S4-two-users"],
    "ghost-socket": ["chrome-cause-reconnect-long", "chrome-cause-remount-connecting"],
    "socket-outlives-page": ["chrome-09-nav-back", "chrome-kept-server-closes", "chrome-kept-survives"],
    "reconnect-storm": ["chrome-20-storm"],
    "repeated-connect": ["chrome-bug-stream-each-visit"],
    "failed-handshakes": ["chrome-10-failed"],
    "dev-server-socket": ["chrome-16-hmr"],
    "nothing-recorded": ["webkit-D"],
}
POLICY = Policy(app_mode="development")
MISSING = Messages(array("q"), b"", array("b"), array("q"), recorded=False)
AN_EXTENSION = small_har.stack("start", url="chrome-extension://abcdefgh/content.js")


def captures(rule: str) -> list[Capture]:
    return [read(HERE / f"{name}.har") for name in FIRING[rule]] if rule in FIRING else [BUILT[rule]]


def capture(*sockets: small_har.Json) -> Capture:
    return read(io.BytesIO(json.dumps(small_har.har(*sockets)).encode()))


BUILT = {
    "unrelated-sockets": capture(
        small_har.socket(0, 9, url="wss://ws-mt1.pusher.com/app/k1?protocol=7"),
        small_har.socket(1, 9, url="wss://chat.stream-io-api.com/connect?api_key=k1&user_id=u"),
    ),
    "extension-socket": capture(small_har.socket(0, 9, calls=AN_EXTENSION), small_har.socket(0, 9)),
}


def untimed(messages: Messages) -> Messages:
    return Messages(array("q"), messages.directions, messages.opcodes, messages.lengths)


OF_TRACES: dict[Need, Callable[[Trace], Trace]] = {
    Need.MESSAGES: lambda trace: msgspec.structs.replace(trace, messages=MISSING),
    Need.TIMES: lambda trace: msgspec.structs.replace(trace, messages=untimed(trace.messages)),
    Need.STACKS: lambda trace: msgspec.structs.replace(trace, initiator=None, scripts=()),
    Need.OPENERS: lambda trace: msgspec.structs.replace(trace, initiator=None, scripts=(), extension=None),
    Need.PAGES: lambda trace: msgspec.structs.replace(trace, page=None),
    Need.DEPARTURES: lambda trace: trace,
    Need.USERS: lambda trace: msgspec.structs.replace(trace, opening=()),
}


def unended(page: Page) -> Page:
    return msgspec.structs.replace(page, end=None, shows_departure=False)


def without(need: Need, whole: Capture) -> Capture:
    """The capture as an exporter would have written it that does not record this."""
    pages = {Need.PAGES: (), Need.DEPARTURES: tuple(map(unended, whole.pages))}.get(need, whole.pages)
    return msgspec.structs.replace(whole, traces=tuple(map(OF_TRACES[need], whole.traces)), pages=pages)


def fires(rule: str, report: Report) -> bool:
    return any(finding.rule == rule for finding in report.findings)


def reasons(report: Report) -> dict[str, str]:
    return {it.rule: it.reason for it in report.not_checked}


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_a_rule_needs_what_silences_it_and_nothing_else(rule: str) -> None:
    examples = captures(rule)
    for example in examples:
        whole = analyze(example, POLICY)
        assert fires(rule, whole)
        assert rule not in reasons(whole)
    for need in Need:
        reports = [analyze(without(need, example), POLICY) for example in examples]
        silent = not any(fires(rule, report) for report in reports)
        assert [rule in reasons(report) for report in reports] == [silent] * len(reports), need


GHOST = read(HERE / "chrome-cause-reconnect-long.har")


def part(whole: Capture, need: Need, *numbers: int) -> Capture:
    """The capture in which these sockets alone lack it, as one of several files of a run may have them."""
    bare = without(need, whole).traces
    traces = tuple(bare[n] if n in numbers else trace for n, trace in enumerate(whole.traces))
    return msgspec.structs.replace(whole, traces=traces)


def test_one_socket_that_shows_it_is_enough() -> None:
    assert reasons(analyze(part(GHOST, Need.MESSAGES, *range(1, len(GHOST.traces))))) == {}


def test_what_no_socket_has_together_is_named_together() -> None:
    others = part(part(GHOST, Need.MESSAGES, 0), Need.STACKS, *range(1, len(GHOST.traces)))
    assert reasons(analyze(others)) == {
        "ghost-socket": "no socket of this capture has messages, their times and call stacks"
    }


def test_all_that_is_missing_is_named() -> None:
    report = analyze(without(Need.STACKS, without(Need.MESSAGES, GHOST)))
    assert reasons(report)["ghost-socket"] == "this capture has no messages and no call stacks"


def test_a_rule_that_is_off_is_not_listed() -> None:
    report = analyze(without(Need.MESSAGES, GHOST), Policy(severities={"ghost-socket": "off"}))
    assert reasons(report) == {}


@pytest.mark.parametrize("name", ["webkit-D.har", "chrome-har-D.har", "cypress-har-generator-B.har"])
def test_without_a_socket_there_is_nothing_to_check(name: str) -> None:
    assert analyze(read(HERE / name)).not_checked == ()


def test_a_capture_that_happens_to_have_no_message_is_checked() -> None:
    silent = msgspec.structs.replace(MISSING, recorded=True)
    traces = tuple(msgspec.structs.replace(trace, messages=silent) for trace in GHOST.traces)
    report = analyze(msgspec.structs.replace(GHOST, traces=traces))
    assert not fires("ghost-socket", report)
    assert reasons(report) == {}


def test_of_a_run_each_file_shows_what_it_has() -> None:
    """The NetLog alone has no stacks and no pages; the HAR beside it has both."""
    runs = HERE.parent / "runs"
    har, netlog = read(runs / "two-tabs.har"), read(runs / "two-tabs.netlog.json.gz")
    assert set(reasons(analyze(netlog))) == {"ghost-socket", "socket-outlives-page", "repeated-connect"}
    assert reasons(analyze(merge([har, netlog]))) == reasons(analyze(har)) == {}


@pytest.mark.parametrize(
    "name", ["firefox-D.har", "playwright-D.full.har", "mitmproxy-K.hardump.har", "chrome-S2-overuse.har"]
)
def test_an_extract_lists_the_same(name: str) -> None:
    small = read(io.BytesIO(extract(HERE / name).data))
    assert analyze(small).not_checked == analyze(read(HERE / name)).not_checked


@pytest.mark.parametrize(
    "name", ["netlog-chrome156-25-cut.netlog.json", "trace-11-workers.trace.json.gz", "cdp-07-failed.cdp.json"]
)
def test_an_extract_of_another_format_lists_the_same_but_departures(name: str) -> None:
    """Our own format has no ends of pages, so `socket-outlives-page` is listed in addition."""
    was, is_now = (reasons(analyze(it)) for it in (read(HERE / name), read(io.BytesIO(extract(HERE / name).data))))
    assert is_now == {**is_now, **was}
    assert set(is_now) - set(was) <= {"socket-outlives-page"}


# -- users ---------------------------------------------------------------------------------------------------------

DISCORD = "wss://gateway.discord.gg/?v=10"  # its row reads the user from a message; it has no limit per user
STREAM = "wss://chat.stream-io-api.com/connect?api_key=k1"  # its row reads the user from the URL, else from a message
OF_ALICE, OF_BOB = '{"op":2,"d":{"token":"MTAwMDAwMDAx.made.up"}}', '{"op":2,"d":{"token":"MTAwMDAwMDAy.made.up"}}'
NO_CONTENTS = "this capture has no contents of the messages that name the user"


def user(url: str, data: str = "x", start: float = 0) -> small_har.Json:
    return small_har.socket(start, 9, url=url, data=data, kind="send")


TWO_USERS = capture(user(DISCORD, OF_ALICE), user(DISCORD, OF_ALICE, 1), user(DISCORD, OF_BOB, 2))
ANY_ADDRESS = user("wss://api.example/ws")
IN_URL = user(f"{STREAM}&json=%7B%22user_id%22%3A%22u%22%7D")
AFTERWARDS = small_har.socket(10, 19, url=DISCORD)


def without_messages(whole: Capture) -> Capture:
    return without(Need.MESSAGES, without(Need.USERS, whole))


@pytest.mark.parametrize("bare", [without(Need.USERS, TWO_USERS), without_messages(TWO_USERS)])
def test_users_that_only_messages_name_are_not_checked_without_them(bare: Capture) -> None:
    """Whether a capture has no messages at all, or their lengths alone, as a NetLog does."""
    rules = {"duplicate-connection", "user-still-connected"}
    whole, report = analyze(TWO_USERS, POLICY), analyze(bare, POLICY)
    assert all(fires(rule, whole) for rule in rules)
    assert reasons(whole) == {}
    assert not any(fires(rule, report) for rule in rules)
    assert fires("concurrent-sockets", report)
    assert {rule for rule, reason in reasons(report).items() if reason == NO_CONTENTS} == rules


@pytest.mark.parametrize(
    ("sockets", "is_listed"),
    [
        ([user(DISCORD), user(DISCORD)], True),
        ([user(DISCORD), user(DISCORD), ANY_ADDRESS], True),
        ([user(DISCORD), ANY_ADDRESS], False),  # one socket is no duplicate, whosever it is
        ([user(DISCORD), AFTERWARDS], False),
        ([user(DISCORD), IN_URL], False),
        ([IN_URL, IN_URL], False),
        ([ANY_ADDRESS, ANY_ADDRESS], False),
        ([user(STREAM), user(STREAM)], True),
        ([user("wss://example.com/socket/websocket?vsn=2.0.0")] * 2, False),  # Phoenix: in the token of the URL, if any
    ],
)
def test_only_sockets_whose_messages_would_name_the_user_are_in_doubt(
    sockets: list[small_har.Json], is_listed: bool
) -> None:
    report = analyze(without_messages(capture(*sockets)))
    assert ("duplicate-connection" in reasons(report)) == is_listed
    assert ("user-still-connected" in reasons(report)) == is_listed
    assert "concurrent-sockets" not in reasons(report)


def test_a_message_that_names_nobody_is_an_answer() -> None:
    assert reasons(analyze(capture(user(DISCORD), user(DISCORD)))) == {}
    one = part(capture(user(DISCORD), user(DISCORD)), Need.USERS, 1)
    assert reasons(analyze(one)) == {}


@pytest.mark.parametrize(
    ("url", "mode", "is_listed"),
    [(STREAM, "development", True), (STREAM, None, False), (DISCORD, "development", False)],
)
def test_a_limit_is_in_doubt_where_one_applies(url: str, mode: str | None, is_listed: bool) -> None:
    report = analyze(without_messages(capture(user(url), user(url))), Policy(app_mode=mode))
    assert ("limit-exceeded" in reasons(report)) == is_listed


@pytest.mark.parametrize("has_contents", [True, False])
def test_an_extract_has_no_contents_and_still_knows_whether_the_capture_had(has_contents: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text(json.dumps(small_har.har(*[user(DISCORD, "x" * has_contents)] * 2)), "utf-8")
    report = analyze(read(io.BytesIO(extract(path).data)))
    assert reasons(report) == reasons(analyze(read(path)))
    assert ("duplicate-connection" in reasons(report)) == (not has_contents)


# -- outputs -------------------------------------------------------------------------------------------------------


def run(report: Report) -> Run:
    return mask(Run((report,), (), Policy(), rules=RULES))


BARE = run(analyze(without(Need.STACKS, GHOST)))
SENTENCE = "Not checked: ghost-socket, repeated-connect (this capture has no call stacks)."


def test_every_output_for_people_lists_them_in_one_sentence() -> None:
    assert SENTENCE in text.render(BARE, width=200).decode()
    assert SENTENCE in markdown.render(BARE).decode()
    assert SENTENCE in html.render(BARE).decode()
    assert "Not checked" not in text.render(run(analyze(GHOST)), width=200).decode()


def test_programs_get_the_rule_and_the_reason() -> None:
    (document,) = json.loads(json_output.render(BARE))["captures"]
    reason = "this capture has no call stacks"
    assert document["not_checked"][0] == {"rule": "ghost-socket", "reason": reason}
    (invocation,) = json.loads(sarif.render(BARE))["runs"][0]["invocations"]
    rules = [it["associatedRule"]["id"] for it in invocation["toolExecutionNotifications"] if "associatedRule" in it]
    assert rules == ["ghost-socket", "repeated-connect"]


def test_the_manual_says_what_a_rule_needs() -> None:
    pages = {rule.id: manual.markdown(rule) for rule in RULES}
    assert "**What it needs.** Messages, their times and call stacks." in pages["ghost-socket"]
    assert "What it needs" not in pages["concurrent-sockets"]


# -- comparisons -----------------------------------------------------------------------------------------------------


def test_what_the_capture_after_cannot_show_is_not_gone() -> None:
    """Recorded again with an exporter that has no stacks, a ghost would not be reported: that does not mean it is gone."""
    comparison = compare(analyze(GHOST), analyze(without(Need.STACKS, GHOST)))
    assert "ghost-socket" not in {it.rule for it in comparison.gone}
    assert {it.rule for it in comparison.unchecked_after} == {"ghost-socket"}
    titles = [title for title, _ in finding_parts(comparison)]
    assert titles[-1] == "Not checked after: 1, ghost-socket (this capture has no call stacks)"


def test_what_the_capture_before_cannot_show_is_not_new() -> None:
    comparison = compare(analyze(without(Need.STACKS, GHOST)), analyze(GHOST))
    assert "ghost-socket" not in {it.rule for it in comparison.added}
    assert {it.rule for it in comparison.unchecked_before} == {"ghost-socket"}
