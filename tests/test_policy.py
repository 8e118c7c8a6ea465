"""Settings from a file: found, read, refused, and overruled by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from analyzer import policy
from analyzer.cli import app
from analyzer.model import Assume, Policy, Scope, Severity
from analyzer.policy import PolicyError, Settings
from analyzer.rules import RULES

CAPTURES = Path(__file__).parent / "captures"
OVERUSE = str(CAPTURES / "chrome-S2-overuse.har")
IDS = [rule.id for rule in RULES]
WHOLE = """
per = "user"
max-open = 2
tolerance = 0
app-mode = "development"
count-dev-servers = true
assume = "no-bfcache"
fail-on = "error"
allow-undecided = true
allow-empty = true

[severity]
brief-overlap = "off"
failed-handshakes = "error"
"""


def loaded(text: str, folder: Path, name: str = "har-sockets.toml") -> Policy:
    (folder / name).write_text(text)
    return policy.policy(policy.load(folder / name, IDS))


def test_every_setting_is_read(tmp_path: Path) -> None:
    assert loaded(WHOLE, tmp_path) == Policy(
        per=Scope.USER,
        max_open=2,
        tolerance=0,
        app_mode="development",
        count_dev_servers=True,
        severities=(("brief-overlap", None), ("failed-handshakes", Severity.ERROR)),
        fail_on=Severity.ERROR,
        allow_undecided=True,
        allow_empty=True,
        assume=frozenset({Assume.NO_BFCACHE}),
    )


def test_no_settings_are_the_default(tmp_path: Path) -> None:
    assert loaded("", tmp_path) == Policy()


def test_pyproject_has_them_in_a_table_of_its_own(tmp_path: Path) -> None:
    text = (
        '[project]\nname = "x"\n[tool.har-sockets]\nmax-open = 3\n[tool.har-sockets.severity]\nbrief-overlap = "note"'
    )
    settings = loaded(text, tmp_path, "pyproject.toml")
    assert (settings.max_open, settings.severities) == (3, (("brief-overlap", Severity.NOTE),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("max-opn = 1", "no such setting: max-opn: did you mean max-open?", id="an unknown setting"),
        pytest.param("max_open = 1", "no such setting: max_open: did you mean max-open?", id="an underscore"),
        pytest.param("xyz = 1", "no such setting: xyz: choose per, scope, ", id="a setting that resembles none"),
        pytest.param("max-open = 0", "max-open must be a whole number from 1 to 1,000,000", id="a number out of range"),
        pytest.param("max-open = true", "max-open must be a whole number from 1 to 1,000,000", id="another type"),
        pytest.param(
            'storm-opens = "2"', "storm-opens must be a whole number from 2 to 1,000,000", id="a number in quotes"
        ),
        pytest.param('tolerance = "x"', 'tolerance must be a duration such as 250 (milliseconds) or "2s"', id="words"),
        pytest.param("tolerance = true", 'tolerance must be a duration such as 250 (milliseconds) or "2s"', id="true"),
        pytest.param("tolerance = -1", "tolerance must be a duration such as 250", id="a duration below 0"),
        pytest.param(
            'per = "tab"', 'per "tab": did you mean page? Choose capture, context, page, endpoint', id="another word"
        ),
        pytest.param('per = "usr"', 'per "usr": did you mean user?', id="a misspelt word"),
        pytest.param(
            "per = 1", "per must be capture, context, page, endpoint, service or user, in quotes", id="no word"
        ),
        pytest.param('assume = ["bfcash"]', 'assume "bfcash": did you mean bfcache?', id="a misspelt assumption"),
        pytest.param('allow-empty = "yes"', "allow-empty must be true or false, without quotes", id="a quoted switch"),
        pytest.param("baseline = 3", "baseline must be the path of a file, in quotes", id="a path"),
        pytest.param('[severity]\nnonsense = "off"', "severity has no rule nonsense", id="an unknown rule"),
        pytest.param('[severity]\ngost-socket = "off"', "did you mean ghost-socket?", id="a misspelt rule"),
        pytest.param('[severity]\nbrief-overlap = "fatal"', 'severity of a rule "fatal": choose off, note', id="level"),
        pytest.param('severity = "off"', "severity must be a table", id="no table"),
        pytest.param("max-open 1", "not TOML", id="no TOML"),
        pytest.param('baseline = "nowhere.json"', "nowhere.json: no such file", id="no baseline"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as raised:
        loaded(text, tmp_path)
    assert str(raised.value).startswith(str(tmp_path))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'tolerance = "2s"\noutlives = "1.5 s"', {"tolerance": 2_000_000, "outlives": 1_500_000}, id="units"
        ),
        pytest.param("tolerance = 26\noutlives = 0.5", {"tolerance": 26_000, "outlives": 500}, id="milliseconds"),
        pytest.param('per = "Users"\napp-mode = "PROD"', {"per": Scope.USER, "app_mode": "production"}, id="words"),
        pytest.param('fail-on = "info"', {"fail_on": Severity.NOTE}, id="another word for a severity"),
        pytest.param('fail-on = "never"', {"fail_on": None}, id="never"),
        pytest.param(
            '[severity]\nbrief-overlap = "Warn"', {"severities": (("brief-overlap", Severity.WARNING),)}, id="a level"
        ),
        pytest.param('assume = "no_bfcache"', {"assume": frozenset({Assume.NO_BFCACHE})}, id="one word for a list"),
    ],
)
def test_durations_and_words_are_read_as_on_the_command_line(
    text: str, expected: dict[str, object], tmp_path: Path
) -> None:
    settings = loaded(text, tmp_path)
    assert {name: getattr(settings, name) for name in expected} == expected


def test_every_setting_has_a_reader() -> None:
    names = [name.replace("_", "-") for name in Settings.__struct_fields__]
    assert sorted(names) == sorted([*policy.READERS, "severity"])


def test_a_table_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool.har-sockets = 7")
    with pytest.raises(PolicyError, match=r"tool\.har-sockets is not a table"):
        policy.find(tmp_path)


def test_the_nearest_file_with_settings_holds(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert policy.find(deep) is None or not policy.find(deep).is_relative_to(tmp_path)  # type: ignore[union-attr]
    (tmp_path / "pyproject.toml").write_text("[tool.har-sockets]\n")
    (tmp_path / "a" / "pyproject.toml").write_text('[project]\nname = "no settings of ours"\n')
    assert policy.find(deep) == tmp_path / "pyproject.toml"
    (tmp_path / "a" / "har-sockets.toml").write_text("")
    assert policy.find(deep) == tmp_path / "a" / "har-sockets.toml"


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "har-sockets.toml").write_text('baseline = "known.json"\nproviders = "/own.toml"')
    settings = policy.load(tmp_path / "har-sockets.toml", IDS)
    assert (settings.baseline, settings.providers) == (str(tmp_path / "known.json"), str(Path("/own.toml")))


def test_what_is_asked_for_wins() -> None:
    items = Settings(max_open=3, tolerance=100, severity={"brief-overlap": "off"})
    merged = policy.merge(Settings(max_open=2, per=Scope.USER), items)
    assert merged == Settings(max_open=2, per=Scope.USER, tolerance=100, severity={"brief-overlap": "off"})
    assert policy.merge(Settings(tolerance=0), items).tolerance == 0


# -- through the program ---------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    deep = tmp_path / "deep"
    deep.mkdir()
    monkeypatch.chdir(deep)
    return tmp_path


def answer(*arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_command_line_wins_over_the_file(folder: Path) -> None:
    (folder / "har-sockets.toml").write_text('per = "user"\nmax-open = 4\nfail-on = "note"')
    assert answer("analyze", OVERUSE, "--format", "json", "--max-open", "2")["policy"] == {
        "per": "user",
        "scope": None,
        "max_open": 2,
        "tolerance_ms": 250,
        "app_mode": None,
        "fail_on": "note",
        "assume": [],
    }


def test_the_gate_says_whose_settings_they_are(folder: Path) -> None:
    assert "Settings" not in CliRunner().invoke(app, ["check", OVERUSE]).stdout
    (folder / "har-sockets.toml").write_text("max-open = 4")
    last = CliRunner().invoke(app, ["check", OVERUSE]).stdout.splitlines()[-1]
    assert last == f"1 capture: 1 PASS. Every capture passes. Settings: {Path('..') / 'har-sockets.toml'}."


@pytest.mark.parametrize(
    "command",
    ["analyze {}", "check {}", "report {} -o x.json", "timeline {} -o x.svg", "show {} 1", "extract {} -o x.har"],
)
def test_every_command_on_captures_reads_the_settings(command: str, folder: Path) -> None:
    (folder / "har-sockets.toml").write_text("max-opn = 4")
    done = CliRunner().invoke(app, command.format(OVERUSE).split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert (
        done.stderr == f"har-sockets: {folder / 'har-sockets.toml'}: no such setting: max-opn: did you mean max-open?\n"
    )


@pytest.mark.parametrize(
    ("level", "status", "expected"),
    [
        pytest.param("off", 0, [], id="off: not told"),
        pytest.param("note", 0, [("duplicate-connection", "note")], id="note: told, and passes"),
        pytest.param("warning", 1, [("duplicate-connection", "warning")], id="warning: fails"),
    ],
)
def test_a_severity_is_set_by_rule(level: str, status: int, expected: list[tuple[str, str]], folder: Path) -> None:
    (folder / "har-sockets.toml").write_text(f'[severity]\nduplicate-connection = "{level}"')
    done = CliRunner().invoke(app, ["check", OVERUSE, "--format", "json"])
    (capture,) = json.loads(done.stdout)["captures"]
    assert done.exit_code == status
    assert [(finding["rule"], finding["severity"]) for finding in capture["findings"]] == expected
    assert capture["verdict"] == "overlap"


def test_own_services_of_the_settings_are_known(folder: Path) -> None:
    (folder / "own.toml").write_text(
        "[[provider]]\nid = 'acme'\nname = 'Acme'\nmatch = [{ path = '/connect' }]\n"
        "verified = { date = '2026-01-01', by = 'us' }\n"
    )
    (folder / "har-sockets.toml").write_text('providers = "own.toml"')
    (capture,) = answer("analyze", OVERUSE, "--format", "json")["captures"]
    assert {session["provider"] for session in capture["sessions"]} == {"acme"}


DEEP = b"max-open = " + b"[" * 100_000


@pytest.mark.parametrize("command", ["check", "analyze"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"# caf\xe9\nmax-open = 4", "not UTF-8, as TOML must be: byte 5", id="Latin-1"),
        pytest.param("max-open = 4".encode("utf-16"), "not UTF-8, as TOML must be: byte 0", id="UTF-16"),
        pytest.param(b"max-open = 4\x00", "not TOML", id="a NUL"),
        pytest.param(b"\x00" * 100, "not TOML", id="NULs alone"),
        pytest.param(bytes(range(256)), "not UTF-8", id="any bytes"),
        pytest.param(DEEP, "not TOML", id="nested without end"),
        pytest.param(b'baseline = "a\\u0000b"', "no baseline of har-sockets", id="a NUL in a path"),
        pytest.param(b'providers = "a\\u0000b"', "", id="a NUL in another path"),
        pytest.param(None, "not a file", id="a folder"),
        pytest.param(Path("nowhere"), "No such file or directory", id="a link to nowhere"),
    ],
)
def test_settings_that_cannot_be_read_are_wrong_usage_in_one_line(
    content: bytes | Path | None, message: str, command: str, folder: Path
) -> None:
    path = folder / "har-sockets.toml"
    if content is None:
        path.mkdir()
    elif isinstance(content, Path):
        path.symlink_to(folder / content)
    else:
        path.write_bytes(content)
    done = CliRunner().invoke(app, [command, OVERUSE])
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith(f"har-sockets: {folder}")
    assert message in done.stderr


@pytest.mark.parametrize("text", ["max-open = 4", "# none of ours\n"])
def test_a_shared_file_that_is_not_utf_8_is_wrong_usage(text: str, folder: Path) -> None:
    (folder / "pyproject.toml").write_bytes(b"# caf\xe9\n[tool.har-sockets]\n" + text.encode())
    done = CliRunner().invoke(app, ["check", OVERUSE])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "pyproject.toml: not UTF-8" in done.stderr


def test_settings_with_a_mark_of_the_byte_order_are_read(folder: Path) -> None:
    (folder / "har-sockets.toml").write_bytes(b"\xef\xbb\xbfmax-open = 4")
    assert CliRunner().invoke(app, ["check", OVERUSE]).exit_code == 0
