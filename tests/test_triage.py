"""Many captures: the most urgent first, paths in full, and only those that are asked for."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import msgspec
import pandas
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from analyzer import triage
from analyzer.cli import app
from analyzer.document.captures import columns
from analyzer.formats import read
from analyzer.model import Policy, Report, Run, Unreadable
from analyzer.outputs import captures, html, markdown, text
from analyzer.pipeline import analyze
from analyzer.totals.results import collect_results
from analyzer.wording import counts
from tests.test_packing_page import articles

CAPTURES = Path(__file__).parent / "captures"
SAMPLES = Path(__file__).parent.parent / "sample_hars"


@pytest.fixture(scope="module")
def run() -> Run:
    reports: tuple[Report, ...] = tuple(analyze(read(path)) for path in sorted(SAMPLES.glob("*.har")))
    return Run(reports, (Unreadable("broken/x.har", "/log: not a HAR"),), Policy())


def names(run: Run) -> list[str]:
    return [report.capture.source for report in run.reports]


def test_overlaps_come_first_the_gravest_and_longest_before_the_others(run: Run) -> None:
    rows = triage.worst_first(triage.rows(run))
    places = [triage.ORDER.index(it.result) for it in rows]
    assert places == sorted(places)
    overlaps = [it for it in rows if it.result == "overlap"]
    grave = [it for it in overlaps if it.severity == "error"]
    assert overlaps[: len(grave)] == grave != []
    assert [it.overlap for it in grave] == sorted((it.overlap for it in grave), reverse=True)
    assert rows[-1].source == "broken/x.har"


def test_equally_urgent_captures_keep_their_order() -> None:
    rows = [triage.unreadable(name, "no JSON") for name in "cab"]
    assert [it.source for it in triage.worst_first(rows)] == ["c", "a", "b"]


def test_a_row_has_result_peak_length_service_users_and_cause(run: Run) -> None:
    row = next(it for it in triage.rows(run) if "every-mount" in it.source)
    assert (row.words, row.peak, row.length) == ("overlap", "4", "≥ 2.23 s")
    assert (row.services, row.users, row.causes) == (("Stream Chat",), 1, ("several-client-instances",))
    possible = next(it for it in triage.rows(run) if "cannot-decide" in it.source)
    assert (possible.words, possible.peak) == ("possible overlap", "1 to 2")


def repeat(run: Run) -> Run:
    """The captures of the run, each three times under other names, the first one four times."""
    again = []
    for n in range(2):
        for report in run.reports:
            capture = report.capture.with_file(source=f"{n}/{report.capture.source}")
            again.append(msgspec.structs.replace(report, capture=capture))
    first = msgspec.structs.replace(run.reports[0], capture=run.reports[0].capture.with_file(source="again.har"))
    return msgspec.structs.replace(run, reports=(*run.reports, *again, first))


def test_the_same_file_under_several_names_is_one_line_everywhere(run: Run) -> None:
    many, number = repeat(run), len(run.reports)
    words = f"{2 * number + 1} of them are the same file as another one, under other names."
    whole = text.render(many).decode()
    lines = whole.splitlines()[1 : number + 2]
    assert sorted(line.rpartition("  ")[2].removesuffix(" ×3") for line in lines[:-1]) == sorted(
        name + (" ×4" if n == 0 else "") for n, name in enumerate(names(run))
    )
    assert words in whole.replace("\n", " ")
    top = triage.select(many, (), 2)
    assert len(top.reports) in (6, 7)  # JSON has them all
    assert f"Shown: the 2 worst; {number - 1} more." in text.render(top).decode()
    page = html.render(many).decode()
    assert len(re.findall('<article class="capture"', page)) == number
    assert page.count("</a> ×3") == number - 1
    assert collect_results(many).repeated == 2 * number + 1
    assert markdown.render(many).decode().count(" ×3 |") == number - 1


def test_the_page_has_details_of_the_worst_and_lists_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "IN_FULL", 3)
    monkeypatch.setattr(html, "ROOM", 0)
    page = html.render(run).decode()
    worst = {it.source for it in triage.worst_first(triage.rows(run))[:3]}
    places = {f"c{n}" for n, name in enumerate(names(run), 1) if name in worst}
    assert set(re.findall(r'<article class="capture" id="(c\d+)"', page)) == places
    assert "Details are in this page for the 3 worst captures" in page
    assert f"--top {len(run.reports)}" in page
    assert all(Path(name).name in page for name in names(run))
    few = html.render(triage.select(run, (), 5)).decode()
    assert list(articles(few)) == re.findall(r'href="#(c\d+)"', few)[:5]


def test_counts_by_the_policy_say_of_which_captures_they_are(run: Run) -> None:
    whole, part = (html.render(it).decode() for it in (run, triage.select(run, (), 6)))
    assert ("of the captures shown" in whole, part.count(", of the captures shown")) == (False, 2)


def test_each_timeline_of_the_page_takes_the_data_of_its_capture(run: Run) -> None:
    page = html.render(run).decode()
    order = re.findall(r'<article class="capture" id="(c\d+)".*?</article>', page, re.DOTALL)
    assert order != sorted(order, key=lambda id: int(id[1:]))  # worst first, not in the order given
    pattern = r'<article class="capture" id="(c\d+)"(?:(?!</article>).)*?class="data">(.*?)</script>'
    pairs = [(id, json.loads(data)["id"]) for id, data in re.findall(pattern, page, re.DOTALL)]
    assert len(pairs) > 10
    assert all(id == of for id, of in pairs)


def test_the_service_is_that_of_the_sockets_that_overlap(run: Run) -> None:
    rows = {Path(it.source).name: it for it in triage.rows(run)}
    beside = rows["dev-server-beside-app.har"]
    assert "Vite dev server" in beside.services
    chat = triage.row(analyze(read(CAPTURES / "chrome-cause-two-clients-modules.har")), Policy())
    assert ("Vite dev server" in chat.services, chat.targets) == (True, ("Stream Chat",))
    unknown = rows["playwright-overlap.har"]
    assert (unknown.services, [it.count("/") > 0 for it in unknown.targets]) == ((), [True])


def test_users_are_named_and_a_service_selects(run: Run) -> None:
    row = next(it for it in triage.rows(run) if "two-users" in it.source)
    assert row.users == len(row.user_names) > 1
    assert ", ".join(row.user_names) in text.render(run).decode()
    for word in ("stream-chat", "Stream Chat"):
        assert triage.meaning(word, (), {"stream-chat": "Stream Chat"}) == ("stream-chat",)
    selection = triage.select(run, ("stream-chat",))
    assert names(selection) == [it.source for it in triage.rows(run) if "Stream Chat" in it.services] != []


def test_one_row_per_capture_as_csv(run: Run) -> None:
    frame = pandas.read_csv(io.BytesIO(captures.render(run)))
    assert list(frame["source"]) == [it.source for it in triage.worst_first(triage.rows(run))]
    assert list(frame.columns) == columns()
    assert frame["problem"].iloc[-1] == "/log: not a HAR"


def test_a_pipe_gets_every_path_in_full_on_one_line(run: Run) -> None:
    lines = text.render(run).decode().splitlines()
    rows = lines[1 : 1 + len(run.reports) + 1]
    assert sorted(line.rpartition("  ")[2] for line in rows[:-1]) == sorted(names(run))
    assert rows[-1].endswith("broken/x.har: /log: not a HAR")
    assert {"service", "users", "likely", "cause"} <= set(lines[0].split())


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_a_terminal_gets_lines_that_fit_and_whole_file_names_from_100_columns(
    run: Run, width: int, unicode: bool
) -> None:
    output = text.render(run, width=width, unicode=unicode, cut=True).decode()
    assert max(map(cell_len, output.splitlines())) <= width
    assert unicode or output.isascii()
    if width >= 100 and unicode:
        assert [Path(name).name for name in names(run) if Path(name).name not in output] == []


def test_the_summary_counts_all_whatever_is_shown(run: Run) -> None:
    whole = triage.run_total(run)
    assert counts.WORST_FIRST.split()[0] in text.render(run).decode()
    assert whole.startswith(f"{len(run.reports) + 1} captures: ")
    for only, top in ((("overlap",), None), ((), 3), (("no-sockets",), 2)):
        assert triage.run_total(triage.select(run, only, top)) == whole
        assert whole.replace(" ", "") in text.render(triage.select(run, only, top)).decode().replace("\n", "").replace(
            " ", ""
        )


def test_the_worst_are_shown_and_the_rest_is_counted(run: Run) -> None:
    selection = triage.select(run, (), 3)
    assert names(selection) == [it.source for it in triage.worst_first(triage.rows(run))[:3]]
    assert f"Shown: the 3 worst; {len(run.reports) - 2} more." in text.render(selection).decode()


def test_one_result_selects_its_captures_in_the_given_order(run: Run) -> None:
    selection = triage.select(run, ("possible-overlap", "inconclusive"))
    expected = [it.source for it in triage.rows(run) if it.result in ("possible-overlap", "inconclusive")]
    assert names(selection) == expected != []
    assert [it.source for it in triage.select(run, ("unreadable",)).unreadable] == ["broken/x.har"]
    none = triage.select(run, ("ghost-socket",))
    assert "No capture with ghost-socket." in text.render(none).decode()


@pytest.mark.parametrize(
    ("word", "results"),
    [
        pytest.param("overlap", ("overlap",), id="a result"),
        pytest.param("Possible_Overlap", ("possible-overlap",), id="any case, any line"),
        pytest.param("overlaps", ("overlap",), id="plural"),
        pytest.param("undecided", ("possible-overlap", "inconclusive"), id="undecided is two results"),
        pytest.param("failed", ("no-socket-opened",), id="an alias"),
        pytest.param("dev-server", ("dev-server-overlap",), id="only with a dev server"),
        pytest.param("ghost-socket", ("ghost-socket",), id="a rule"),
    ],
)
def test_words_have_a_meaning(word: str, results: tuple[str, ...]) -> None:
    assert triage.meaning(word, ["ghost-socket"]) == results


def test_the_command_filters_every_output_and_its_status_counts_all(tmp_path: Path) -> None:
    broken = tmp_path / "broken.har"
    broken.write_text("no JSON")
    arguments = [str(SAMPLES), str(broken), "--only", "possible-overlap", "--out", f"csv:{tmp_path / 'a.csv'}"]
    done = CliRunner().invoke(app, ["analyze", *arguments, "--format", "json"])
    document = json.loads(done.stdout)
    assert done.exit_code == 3
    assert {it["verdict"] for it in document["captures"]} == {"possible-overlap"}
    assert document["unreadable"] == []
    assert document["selection"]["captures"] == len(list(SAMPLES.glob("*.har"))) + 1
    assert "playwright-overlap.har" not in (tmp_path / "a.csv").read_text()
    lines = CliRunner().invoke(app, ["analyze", str(SAMPLES), "--top", "2", "--format", "ndjson"]).stdout.splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == ["overlap", "overlap"]


def test_an_unknown_word_is_answered_with_the_nearest() -> None:
    done = CliRunner().invoke(app, ["analyze", str(SAMPLES), "--only", "duplicate-conection"])
    assert (done.exit_code, "did you mean duplicate-connection?" in done.output) == (2, True)


def test_the_page_lists_the_worst_first_and_links_the_worst_capture_of_each_row(run: Run) -> None:
    page = html.render(run).decode()
    worst = triage.worst_first(triage.rows(run))[0].source
    place = f"c{names(run).index(worst) + 1}"
    links = re.findall(r'href="#(c\d+)"', page)
    assert links[0] == place
    assert set(links) <= set(re.findall(r'<article class="capture" id="(c\d+)"', page))
    assert re.search(rf'<th scope="row">Stream Chat<.*href="#{place}"', page)
    assert "broken/x.har" in page
