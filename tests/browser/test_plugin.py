"""The pytest plugin in projects of its users, each a pytest of its own."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
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

KILLS = """
import psutil
def test_it(page):
    page.goto("%%(one)s"); page.wait_for_function("a.readyState == 1"); page.wait_for_timeout(300)
    children = psutil.Process().children(recursive=True)
    for child in children:
        if "%s" in child.name():
            child.kill()
    psutil.wait_procs([child for child in children if "chrom" in child.name()], timeout=10)
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


def test_two_lines_in_conftest_record_and_judge_every_test(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    done = project.ran(TEST, conftest=TWO_LINES)
    done.assert_outcomes(passed=5, failed=1)
    assert [it.removesuffix("-chromium") for it in project.recorded()] == RECORDED
    done.stdout.fnmatch_lines(
        [
            "2 sockets open at once (1 allowed per user): test-results/sockets/*test_two*.har",
            "  warning concurrent-sockets: 2 sockets of 127.0.0.1:*/ws/same were open at the same time for at least *s, *",
            "    socket #1 ws://127.0.0.1:*/ws/same: opened *, still open at the end",
            "    socket #2 ws://127.0.0.1:*/ws/same: opened *, still open at the end",
            "  counted: The user of 2 of the sockets is unknown, so they are counted by browser context, *",
            "  more: har-sockets *.har",
            "FAILED *test_two* - Failed: 2 sockets *",
        ]
    )


@pytest.mark.parametrize(
    ("args", "ini"),
    [
        pytest.param(["--sockets", "check"], "", id="the command line", marks=pytest.mark.slow),
        pytest.param([], "sockets = check", id="the ini file"),
    ],
)
def test_all_tests_are_judged_when_asked_by(args: list[str], ini: str, project: Project) -> None:
    project.ran(ONLY_TWO, *args, ini=ini).assert_outcomes(failed=1)
    assert [it.removesuffix("-chromium") for it in project.recorded()] == ["test_two"]


@pytest.mark.parametrize(
    ("args", "ini", "failed"),
    [
        pytest.param(["--sockets-max-open", "2"], "", 0, id="more allowed", marks=pytest.mark.slow),
        pytest.param([], "sockets_max_open = 2", 0, id="more allowed, in the ini file", marks=pytest.mark.slow),
        pytest.param(["--sockets-max-open", "1"], "sockets_max_open = 2", 1, id="the command line wins"),
        pytest.param(["--sockets-fail-on", "error"], "", 0, id="only errors fail", marks=pytest.mark.slow),
        pytest.param(["--sockets", "off"], "", 0, id="all switched off"),
        pytest.param(["--sockets", "record"], "", 0, id="only recorded", marks=pytest.mark.slow),
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
    done.stdout.no_fnmatch_line("*fixture.py:*")


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
def test_a_test_whose_browser_is_killed_keeps_its_recording_and_is_no_pass(fails: bool, project: Project) -> None:
    pytest.importorskip("psutil")
    done = project.ran(KILLS % "chrom" + ("    page.title()\n" if fails else ""), "--sockets", "check")
    assert done.parseoutcomes()["failed"] == 1
    done.stdout.no_fnmatch_line("*INTERNALERROR*")
    done.stdout.no_fnmatch_line("*analyzer/recorder/*")  # no traceback through the recorder
    (path,) = (project.pytester.path / "test-results/sockets").glob("*.har")
    report = analyze(read(path))
    assert ([it.outcome for it in report.sessions], report.verdict) == (["unknown"], Verdict.INCONCLUSIVE)
    if not fails:
        done.stdout.fnmatch_lines(
            [
                "undecided whether too many sockets were open at the same time (1 allowed per user): *.har",
                "  undecided: The browser, or the program that controls it, ended during the recording*",
                "    what to do: Record again*",
            ]
        )


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_browser_whose_driver_is_killed_reports_its_end(project: Project) -> None:
    """Without its driver it closes in order, and the recorder hears that."""
    pytest.importorskip("psutil")
    done = project.ran(KILLS % "node", "--sockets", "check")
    assert done.parseoutcomes()["passed"] == 1
    done.stdout.no_fnmatch_line("*INTERNALERROR*")
    (path,) = (project.pytester.path / "test-results/sockets").glob("*.har")
    report = analyze(read(path))
    assert ([it.outcome for it in report.sessions], report.verdict) == (["closed"], Verdict.NO_OVERLAP)


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


TWO_USERS = """
def test_it(browser):
    pages = [browser.new_context().new_page() for _ in range(2)]
    for page in pages:
        page.goto("%(one)s"); page.wait_for_function("a.readyState == 1")
"""
OWN_BROWSER = """
import pytest
from playwright.sync_api import sync_playwright
@pytest.fixture(scope="session")
def own():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE)
        yield browser
        browser.close()
"""


def test_two_users_in_one_test_pass_and_two_sockets_of_one_of_them_fail(project: Project) -> None:
    second = '\ndef test_more(browser):\n    page = browser.new_page()\n    page.goto("%(two)s"); page.wait_for_function("window.b && b.readyState == 1"); page.wait_for_timeout(400)\n    browser.new_page().goto("%(one)s")\n'
    done = project.ran(TWO_USERS + second, "--sockets", "check")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["2 sockets open at once (1 allowed per user): *test_more*.har"])


def test_two_users_count_together_where_the_test_says_so(project: Project) -> None:
    done = project.ran(TWO_USERS, "--sockets", "check", "--sockets-per", "capture")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["2 sockets open at once (1 allowed per capture): *.har"])


def test_a_browser_that_a_project_starts_itself_is_recorded_in_each_test(project: Project) -> None:
    test = """
def test_first(own):
    page = own.new_page()
    page.goto("%(two)s"); page.wait_for_function("window.b && b.readyState == 1"); page.wait_for_timeout(400)
    page.context.close()
def test_second(own):
    page = own.new_page()
    page.goto("%(one)s"); page.wait_for_function("a.readyState == 1")
    page.context.close()
def test_without():
    pass
"""
    own = OWN_BROWSER.replace("EXECUTABLE", repr(chromium()))
    project.ran(own + test, "--sockets", "check", "-p", "no:playwright").assert_outcomes(passed=2, failed=1)
    assert project.recorded() == ["test_first", "test_second"]


def test_all_browsers_of_a_test_are_in_one_recording(project: Project) -> None:
    """One that the test connects to again is there once."""
    test = """
from analyzer.testing.browsers import BROWSERS
def test_it(page, browser_type, launch_browser, tmp_path):
    other = launch_browser()
    profile = browser_type.launch_persistent_context(tmp_path, executable_path=EXECUTABLE)
    attached = browser_type.connect_over_cdp(BROWSERS.running[1].endpoint)
    assert len(BROWSERS.running) == 4 and attached.contexts
    for it in (page, other.new_page(), profile.pages[0]):
        it.goto("%(one)s"); it.wait_for_function("a.readyState == 1")
    profile.close()
"""
    test = test.replace("EXECUTABLE", repr(chromium()))
    done = project.ran(test, "--sockets", "check")
    done.assert_outcomes(passed=1)
    (path,) = (project.pytester.path / "test-results/sockets").glob("*.har")
    report = analyze(read(path))
    assert sorted(session.outcome for session in report.sessions) == ["closed", "open", "open"]
    assert len({session.user_context for session in report.sessions}) == 3
    assert report.capture.caveats == ()


def test_a_page_of_the_session_counts_in_each_test(project: Project) -> None:
    """Its socket is older than the recordings of these tests."""
    conftest = """
@pytest.fixture(scope="session")
def shared(browser):
    page = browser.new_page()
    page.goto("%(one)s"); page.wait_for_function("a.readyState == 1")
    return page
"""
    test = """
def test_first(shared):
    assert shared.evaluate("a.readyState") == 1
def test_second(shared):
    shared.evaluate("b = new WebSocket(a.url)"); shared.wait_for_function("b.readyState == 1"); shared.wait_for_timeout(400)
    shared.evaluate("a.close()"); shared.wait_for_function("a.readyState == 3")
def test_third(shared):
    assert shared.evaluate("b.readyState") == 1
def test_without():
    pass
"""
    done = project.ran(test, "--sockets", "check", conftest=conftest % project.places)
    done.assert_outcomes(passed=3, failed=1)
    recorded = [name.removesuffix("-chromium") for name in project.recorded()]
    assert recorded == ["test_first", "test_second", "test_third"]
    paths = sorted((project.pytester.path / "test-results/sockets").glob("*.har"))
    outcomes = [[session.outcome for session in analyze(read(path)).sessions] for path in paths]
    assert outcomes == [["open"], ["closed", "open"], ["open"]]


AS_SEEN = """
from analyzer.testing import browsers
browsers._read_endpoint = lambda line: None  # as of a browser that cannot be reached
"""


def test_a_browser_without_the_protocol_is_recorded_as_playwright_sees_it(project: Project) -> None:
    done = project.ran(TEST, "--sockets", "check", conftest=AS_SEEN)
    done.assert_outcomes(passed=5, failed=1)  # two sockets without an end are a possible overlap
    done.stdout.fnmatch_lines(
        [
            "undecided whether too many sockets were open at the same time (1 allowed per user): *test_two*.har",
            "    what to do: Run it in Chromium: *",
        ]
    )
    for path in (project.pytester.path / "test-results/sockets").glob("*.har"):
        report = analyze(read(path))
        assert {caveat.id for caveat in report.capture.caveats} == {"instants-as-seen"}
        assert {session.user_context for session in report.sessions} == {"context_1"}


def test_two_users_without_the_protocol_pass(project: Project) -> None:
    project.ran(TWO_USERS, "--sockets", "check", conftest=AS_SEEN).assert_outcomes(passed=1)
    (path,) = (project.pytester.path / "test-results/sockets").glob("*.har")
    report = analyze(read(path))
    assert [session.outcome for session in report.sessions] == ["unknown", "unknown"]


@pytest.mark.slow  # six browsers at a time
def test_workers_of_xdist_and_playwrights_traces_change_nothing(project: Project) -> None:
    if importlib.util.find_spec("xdist") is None:
        pytest.skip("pytest-xdist is not installed")
    done = project.ran(TEST, "--sockets", "check", "-n", "2", "--tracing", "on", "--output", "artifacts")
    done.assert_outcomes(passed=5, failed=1)
    assert [it.removesuffix("-chromium") for it in project.recorded()] == RECORDED
    done.stdout.fnmatch_lines(["2 sockets open at once (1 allowed per user): *test_two*.har"])


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A screen that nobody sees."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("Xvfb is not installed")
    with subprocess.Popen([program, "-displayfd", "1"], stdout=subprocess.PIPE, text=True) as screen:
        assert screen.stdout is not None
        monkeypatch.setenv("DISPLAY", f":{screen.stdout.readline().strip()}")
        yield
        screen.terminate()


@pytest.mark.usefixtures("display")
def test_a_window_that_is_shown_is_recorded(project: Project) -> None:
    project.ran(TEST, "--sockets", "check", "--headed").assert_outcomes(passed=5, failed=1)


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
    assert len(async_socket_recording.report().sessions) == 1
async def test_two_users(browser):
    for _ in range(2):
        page = await (await browser.new_context()).new_page()
        await page.goto("%(one)s"); await page.wait_for_timeout(200)
"""
    project = Project(pytester, server, "pytest_playwright_asyncio")
    ini = "asyncio_default_fixture_loop_scope = session\n"
    done = project.ran(test, conftest=TWO_LINES, ini=ini)
    done.assert_outcomes(passed=3, failed=1)
    done.stdout.fnmatch_lines(["*concurrent-sockets: 2 sockets of *"])
    assert len(project.recorded()) == 4
    project.ran(test, conftest=TWO_LINES + AS_SEEN, ini=ini).assert_outcomes(passed=3, failed=1)
