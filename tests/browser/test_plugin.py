"""The pytest plugin in projects of its users, each a pytest of its own."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest
from browsers import chromium
from socket_server import SocketServer

from analyzer import Verdict, analyze, read
from analyzer.model import Scope, Severity
from analyzer.testing import fixture

pytest_plugins = ["pytester"]
PLUGIN = "analyzer.testing.plugin"

OPEN = "new WebSocket(`ws://${location.host}/ws/%s`)"
PAGES = {
    "/one": f"<script>a = {OPEN % 'a'}</script>",
    "/two": f"<script>a = {OPEN % 'same'}; setTimeout(() => {{ b = {OPEN % 'same'} }}, 100)</script>",
}
TWO_LINES = """
from analyzer.testing import check_every_test
sockets_of_every_test = check_every_test()
"""
LAUNCH = """
import pytest
@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": %r}
"""
TEST = """
import pytest
def test_one(page):
    page.goto("%(one)s"); page.wait_for_function("a.readyState == 1")
def test_two(page):
    page.goto("%(two)s"); page.wait_for_function("window.b && b.readyState == 1"); page.wait_for_timeout(400)
@pytest.mark.sockets(max_open=2)
def test_two_allowed(page):
    page.goto("%(two)s"); page.wait_for_function("window.b && b.readyState == 1"); page.wait_for_timeout(400)
@pytest.mark.sockets("record")
def test_only_recorded(page):
    page.goto("%(two)s"); page.wait_for_function("window.b && b.readyState == 1"); page.wait_for_timeout(400)
@pytest.mark.sockets("off")
def test_switched_off(page):
    page.goto("%(two)s"); page.wait_for_function("window.b && b.readyState == 1"); page.wait_for_timeout(400)
def test_without_a_browser():
    pass
"""
ONLY_TWO = """
def test_two(page):
    page.goto("%(two)s"); page.wait_for_function("window.b && b.readyState == 1"); page.wait_for_timeout(400)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[SocketServer]:
    with SocketServer(PAGES) as running:
        yield running


class Project:
    """A project that uses Playwright, and what its pytest says."""

    def __init__(self, pytester: pytest.Pytester, server: SocketServer, needs: str) -> None:
        path = chromium()
        if importlib.util.find_spec(needs) is None:
            pytest.skip(f"{needs} is not installed")
        self.pytester = pytester
        self.places = {"one": server.url("/one"), "two": server.url("/two")}
        self.launch = LAUNCH % path

    def ran(self, test: str, *args: str, conftest: str = "", ini: str = "") -> pytest.RunResult:
        self.pytester.makeconftest(self.launch + conftest)
        self.pytester.makepyfile(test % self.places)
        self.pytester.makeini(f"[pytest]\n{ini}")
        installed = any(it.value == PLUGIN for it in entry_points(group="pytest11"))  # then it comes by itself
        return self.pytester.runpytest_subprocess(*([] if installed else ["-p", PLUGIN]), *args)

    def recorded(self, folder: str = "test-results/sockets") -> list[str]:
        """The tests of which there is a HAR."""
        return sorted(
            re.sub(r".*\.py-(.*?)(-chromium-)?$", r"\1", path.stem)
            for path in (self.pytester.path / folder).glob("*.har")
        )


@pytest.fixture
def project(pytester: pytest.Pytester, server: SocketServer) -> Project:
    return Project(pytester, server, "pytest_playwright")


RECORDED = ["test_one", "test_only_recorded", "test_two", "test_two_allowed"]


def test_two_lines_in_conftest_record_and_judge_every_test(project: Project) -> None:
    done = project.ran(TEST, conftest=TWO_LINES)
    done.assert_outcomes(passed=5, failed=1)
    assert [it.removesuffix("-chromium") for it in project.recorded()] == RECORDED
    done.stdout.fnmatch_lines(
        [
            "sockets: *test_two*.har: at most 1 open socket per capture",
            "  warning concurrent-sockets: 2 sockets of 127.0.0.1:*/ws/same were open at the same time for at least *s, *",
            "    socket #1 ws://127.0.0.1:*/ws/same: opened *, still open at the end",
            "    socket #2 ws://127.0.0.1:*/ws/same: opened *, still open at the end",
            "  more: har-sockets *.har",
            "FAILED *test_two*",
        ]
    )


@pytest.mark.parametrize(
    ("args", "ini"),
    [
        pytest.param(["--sockets", "check"], "", id="the command line"),
        pytest.param([], "sockets = check", id="the ini file"),
    ],
)
def test_all_tests_are_judged_when_asked_by(args: list[str], ini: str, project: Project) -> None:
    project.ran(ONLY_TWO, *args, ini=ini).assert_outcomes(failed=1)
    assert [it.removesuffix("-chromium") for it in project.recorded()] == ["test_two"]


@pytest.mark.parametrize(
    ("args", "ini", "failed"),
    [
        pytest.param(["--sockets-max-open", "2"], "", 0, id="more allowed"),
        pytest.param([], "sockets_max_open = 2", 0, id="more allowed, in the ini file"),
        pytest.param(["--sockets-max-open", "1"], "sockets_max_open = 2", 1, id="the command line wins"),
        pytest.param(["--sockets-fail-on", "error"], "", 0, id="only errors fail"),
        pytest.param(["--sockets", "off"], "", 0, id="all switched off"),
        pytest.param(["--sockets", "record"], "", 0, id="only recorded"),
    ],
)
def test_options(args: list[str], ini: str, failed: int, project: Project) -> None:
    done = project.ran(ONLY_TWO, *args, ini=ini, conftest=TWO_LINES)
    done.assert_outcomes(passed=1 - failed, failed=failed)


@pytest.mark.parametrize(
    ("ini", "message"),
    [
        pytest.param("sockets = sometimes", "*sockets = sometimes: not one of off, record, check", id="mode"),
        pytest.param("sockets_per = moon", "*sockets_per = moon: not one of capture, *", id="scope"),
        pytest.param("sockets_max_open = many", "*sockets_max_open = many: not a number", id="number"),
    ],
)
def test_a_setting_that_cannot_be_is_told_before_any_test(ini: str, message: str, project: Project) -> None:
    done = project.ran(ONLY_TWO, ini=ini)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([message])


def test_a_marker_with_a_setting_that_does_not_exist_is_told(project: Project) -> None:
    test = "@pytest.mark.sockets(max_opne=2)\ndef test_it(page):\n    pass\n"
    done = project.ran(f"import pytest\n{test}", "--sockets", "check")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["*test_it*: sockets: max_opne: not one of mode, per, max_open, *"])


def test_sockets_that_a_fixture_opens_before_the_test_are_recorded_too(project: Project) -> None:
    conftest = """
@pytest.fixture
def logged_in(page):
    page.goto("%(one)s"); page.wait_for_function("a.readyState == 1")
    return page
"""
    test = "def test_it(logged_in):\n    pass\n"
    project.ran(test, "--sockets", "check", conftest=conftest % project.places).assert_outcomes(passed=1)
    (path,) = (project.pytester.path / "test-results/sockets").glob("*.har")
    report = analyze(read(path))
    assert ([session.outcome for session in report.sessions], report.capture.caveats) == (["open"], ())


def test_the_words_of_the_options_are_those_of_the_policy() -> None:
    assert (tuple(Scope), tuple(Severity)) == (fixture.SCOPES, fixture.SEVERITIES)


def test_the_output_folder_can_be_chosen(project: Project) -> None:
    project.ran(TEST, "-k", "test_one", "--sockets", "check", "--sockets-output", "elsewhere")
    assert [it.removesuffix("-chromium") for it in project.recorded("elsewhere")] == ["test_one"]


def test_a_test_can_take_the_recording(project: Project) -> None:
    test = """
from analyzer.testing import assert_sockets
def test_it(page, socket_recording):
    page.goto("%(one)s"); page.wait_for_function("a.readyState == 1")
    report = socket_recording.report()
    assert [session.outcome for session in report.sessions] == ["open"]
    assert_sockets(report)
    assert_sockets(socket_recording.path, per="endpoint", max_open=1)
"""
    project.ran(test).assert_outcomes(passed=1)
    (path,) = (project.pytester.path / "test-results/sockets").glob("*.har")
    assert analyze(read(path)).verdict is Verdict.NO_OVERLAP


def test_a_test_that_fails_anyway_keeps_its_own_message_and_its_recording(project: Project) -> None:
    test = 'def test_it(page):\n    page.goto("%(two)s"); page.wait_for_function("window.b && b.readyState == 1"); page.wait_for_timeout(400)\n    assert 1 == 2\n'
    done = project.ran(test, "--sockets", "check")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E *assert 1 == 2"])
    done.stdout.no_fnmatch_line("*concurrent-sockets*")
    assert len(project.recorded()) == 1


def test_a_test_that_closes_its_context_is_recorded(project: Project) -> None:
    test = 'def test_it(page, context):\n    page.goto("%(one)s"); page.wait_for_function("a.readyState == 1"); context.close()\n'
    project.ran(test, "--sockets", "check").assert_outcomes(passed=1)
    (path,) = (project.pytester.path / "test-results/sockets").glob("*.har")
    assert [session.outcome for session in analyze(read(path)).sessions] == ["closed"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("fails", [True, False], ids=["it fails", "it passes by itself"])
def test_a_test_whose_driver_is_killed_keeps_its_recording_and_is_no_pass(fails: bool, project: Project) -> None:
    pytest.importorskip("psutil")
    test = """
import psutil, time
def test_it(page):
    page.goto("%(one)s"); page.wait_for_function("a.readyState == 1"); page.wait_for_timeout(300)
    for child in psutil.Process().children(recursive=True):
        if "node" in child.name():
            child.kill()
"""
    done = project.ran(test + ("    page.title()\n" if fails else ""), "--sockets", "check")
    assert done.parseoutcomes()["failed"] == 1
    done.stdout.no_fnmatch_line("*INTERNALERROR*")
    done.stdout.no_fnmatch_line("*analyzer/recorder/playwright.py*")  # no traceback through the recorder
    (path,) = (project.pytester.path / "test-results/sockets").glob("*.har")
    report = analyze(read(path))
    assert ([it.outcome for it in report.sessions], report.verdict) == (["unknown"], Verdict.INCONCLUSIVE)
    if not fails:
        done.stdout.fnmatch_lines(
            ["  undecided: The browser, or the program that controls it, ended during the recording*"]
        )


def test_nothing_happens_in_a_project_that_does_not_ask(project: Project) -> None:
    project.ran(ONLY_TWO).assert_outcomes(passed=1)
    assert not (project.pytester.path / "test-results/sockets").exists()


def test_the_report_is_attached_to_pytest_html(project: Project) -> None:
    if importlib.util.find_spec("pytest_html") is None:
        pytest.skip("pytest-html is not installed")
    project.ran(TEST, "-k", "test_one", "--sockets", "check", "--html", "report.html", "--self-contained-html")
    page = (project.pytester.path / "report.html").read_text("utf-8")
    assert "sockets" in page
    assert "test_one" in page
    (name,) = re.findall(r"test-results/sockets/[\w.%-]+\.har", page)[:1]
    assert (project.pytester.path / name).exists()  # a link that holds where the folder is moved


def test_the_async_fixture(pytester: pytest.Pytester, server: SocketServer) -> None:
    """In an environment with pytest-playwright-asyncio: that and pytest-playwright exclude each other."""
    test = """
import pytest
pytestmark = pytest.mark.asyncio(loop_scope="session")
async def test_one(page):
    await page.goto("%(one)s"); await page.wait_for_timeout(400)
async def test_two(page):
    await page.goto("%(two)s"); await page.wait_for_timeout(700)
async def test_taken(page, async_socket_recording):
    await page.goto("%(one)s"); await page.wait_for_timeout(400)
"""
    project = Project(pytester, server, "pytest_playwright_asyncio")
    ini = "asyncio_default_fixture_loop_scope = session\n"
    done = project.ran(test, conftest=TWO_LINES, ini=ini)
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["*concurrent-sockets: 2 sockets of *"])
    assert len(project.recorded()) == 3
