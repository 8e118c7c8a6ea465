"""The JSON Schemas in docs/schemas/: valid, as the code has them, and true of every answer and setting."""

from __future__ import annotations

import copy
import importlib.util
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from analyzer import masking, policy, triage
from analyzer.cli import app
from analyzer.compare import Paired, compare
from analyzer.formats import read
from analyzer.model import Policy, Run, Unreadable
from analyzer.outputs import (
    comparison,
    comparison_pairs,
    json as json_output,
    ndjson,
    show,
    show_list,
    totals,
)
from analyzer.pipeline import analyze
from analyzer.rules import RULES
from analyzer.totals.results import collect_results, read_results, select

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs/schemas"
SAMPLES = sorted((ROOT / "sample_hars").glob("*.har"))
GOLDEN = sorted((ROOT / "tests/captures").rglob("*.har"))
IDS = [rule.id for rule in RULES]


def script() -> ModuleType:
    """docs/schemas/write.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("schemas", FOLDER / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SETTINGS, OUTPUT = (json.loads((FOLDER / name).read_text("utf-8")) for name in ("settings.json", "output.json"))


def closed(schema: Any) -> Any:
    """The schema, so that it refuses every key that it does not name."""
    if isinstance(schema, list):
        return [closed(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    options = {key: closed(it) for key, it in schema.items()}
    return {"additionalProperties": False, **options} if "properties" in options and "required" in options else options


def validator(schema: Any, part: str | None = None) -> jsonschema.Draft202012Validator:
    if part is not None:
        schema = {"$schema": schema["$schema"], "$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


STRICT = closed(OUTPUT)


def problems(document: Any, part: str | None = None, schema: Any = STRICT) -> list[str]:
    return [f"{it.json_path}: {it.message}"[:300] for it in validator(schema, part).iter_errors(document)]


def described(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every property, by its path."""
    if isinstance(schema, list):
        for item in schema:
            yield from described(item, path)
    elif isinstance(schema, dict):
        for name, item in schema.get("properties", {}).items():
            yield f"{path}.{name}", item
        for key, item in schema.items():
            children = item.items() if key in ("properties", "$defs") else [(key, item)]
            for name, child in children:
                yield from described(child, f"{path}.{name}")


# -- both ------------------------------------------------------------------------------------------------------


def test_the_files_are_those_that_the_script_writes() -> None:
    module = script()
    assert {path.name for path in FOLDER.glob("*.json")} == set(module.SCHEMAS)
    for name, describe in module.SCHEMAS.items():
        assert (FOLDER / name).read_text("utf-8") == module.written(describe())


@pytest.mark.parametrize("schema", [SETTINGS, OUTPUT], ids=["settings", "output"])
def test_a_schema_is_valid(schema: Any) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("format", "wrong"), [("date-time", "2026-13-01T00:00:00Z"), ("uri", "/a"), ("uri-reference", "a b")]
)
def test_formats_are_checked(format: str, wrong: str) -> None:
    """By packages of their own: without one, its format would be no check."""
    assert not validator({"$schema": OUTPUT["$schema"], "format": format}).is_valid(wrong)


# -- the JSON output -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_every_golden_answer_is_valid(path: Path) -> None:
    golden = path.with_suffix(".json")
    assert problems(json.loads(golden.read_text("utf-8")), "capture") == []


@pytest.fixture(scope="module")
def run() -> Run:
    reports = tuple(analyze(read(path, source=path.name)) for path in SAMPLES)
    return masking.mask(Run(reports, (Unreadable("x.har", "it is empty"),), Policy()))


def test_the_answer_of_a_run_is_valid(run: Run) -> None:
    assert problems(json.loads(json_output.render(run))) == []


def test_the_answer_for_selected_captures_is_valid() -> None:
    arguments = [str(ROOT / "sample_hars"), "--format", "json", "--only", "overlap", "--top", "2"]
    document = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert (len(document["captures"]), document["selection"]["captures"]) == (2, len(SAMPLES))
    assert problems(document) == []


def test_the_lines_of_ndjson_are_valid(run: Run) -> None:
    *captures, bad = [json.loads(line) for line in ndjson.render(run).splitlines()]
    assert [problem for capture in captures for problem in problems(capture, "capture")] == []
    assert problems(bad, "unreadable") == []


def test_a_comparison_is_valid(run: Run) -> None:
    before, after, *_ = run.reports
    assert problems(json.loads(comparison.json(compare(before, after), run)), "comparison") == []


def test_a_comparison_of_folders_is_valid(run: Run) -> None:
    pairs = Paired((("a.har", compare(*run.reports[:2])),), ("b.har",), ("c.har",))
    assert problems(json.loads(comparison_pairs.json(pairs, run)), "folders") == []


def test_each_socket_and_the_list_of_sockets_are_valid(run: Run) -> None:
    for report in run.reports:
        alone = Run((report,), (), run.policy)
        assert problems(json.loads(show_list.json(alone)), "sockets") == []
        for session in report.sessions:
            assert problems(json.loads(show.json(alone, session)), "socket") == []


def test_a_summary_is_valid(run: Run) -> None:
    assert problems(json.loads(totals.json(collect_results(run), 20)), "summary") == []
    lines = ((f"r:{n}", line) for n, line in enumerate(ndjson.render(run).splitlines()))
    result = select(read_results(lines), ("overlap",))
    assert problems(json.loads(totals.json(result)), "summary") == []


def test_a_selection_is_valid(run: Run) -> None:
    document = json.loads(json_output.render(triage.select(run, ("overlap",), 3)))
    assert (problems(document), document["selection"]["top"]) == ([], 3)


def test_a_new_key_is_no_fault_and_a_missing_one_is(run: Run) -> None:
    document = json.loads(json_output.render(run))
    more = {**document, "new": 1}
    assert problems(more, schema=OUTPUT) == []
    assert problems(more) != []
    for name in document:
        assert problems({key: it for key, it in document.items() if key != name}, schema=OUTPUT) != []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 2),
        (("captures", 0, "verdict"), "maybe"),
        (("captures", 0, "sessions", 0, "id"), "1"),
        (("captures", 0, "sessions", 0, "created", "earliest"), "2026-11-23"),
        (("captures", 0, "overlaps", 0, "duration_ms"), None),
        (("captures", 0, "findings", 0, "severity"), "fatal"),
    ],
)
def test_a_wrong_value_is_refused(path: tuple[Any, ...], value: Any, run: Run) -> None:
    document = copy.deepcopy(json.loads(json_output.render(run)))
    assert document["captures"][0]["overlaps"]
    *way, last = path
    node = document
    for step in way:
        node = node[step]
    node[last] = value
    assert problems(document, schema=OUTPUT) != []


def test_every_key_is_in_the_documentation() -> None:
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", (ROOT / "docs/json.md").read_text("utf-8")))))
    assert {path.rpartition(".")[2] for path, _ in described(OUTPUT)} - words == set()


# -- the settings ----------------------------------------------------------------------------------------------


def test_every_setting_and_rule_is_described() -> None:
    names = {name.replace("_", "-") for name in policy.Settings.__struct_fields__}
    assert set(SETTINGS["properties"]) == names
    assert set(SETTINGS["properties"]["severity"]["properties"]) == set(IDS)
    assert [path for path, shape in described(SETTINGS) if not shape.get("description", "").endswith(".")] == []
    assert "null" not in json.dumps(SETTINGS)


def test_a_default_is_that_of_the_policy(tmp_path: Path) -> None:
    options = {name: it["default"] for name, it in SETTINGS["properties"].items() if "default" in it}
    assert {"per", "max-open", "tolerance", "fail-on", "outlives"} <= set(options)
    path = tmp_path / "har-sockets.toml"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items()))
    assert policy.policy(policy.load(path, IDS)) == Policy()


SET = [
    ('per = "user"', True),
    ("max-open = 2", True),
    ("tolerance = 250", True),
    ('app-mode = "production"', True),
    ("count-dev-servers = true", True),
    ('assume = "no-bfcache"', True),
    ('assume = ["no-bfcache", "recorded-from-start"]', True),
    ('fail-on = "error"', True),
    ('[severity]\nghost-socket = "off"', True),
    ('per = "everything"', False),
    ("max-open = 0", False),
    ("tolerance = -1", False),
    ("tolerance = true", False),
    ('app-mode = "staging"', False),
    ('count-dev-servers = "yes"', False),
    ('assume = "luck"', False),
    ('fail-on = "fatal"', False),
    ('[severity]\nghost-socket = "loud"', False),
    ('[severity]\nno-such-rule = "off"', False),
    ("max_open = 2", False),
    ("no-such-setting = 1", False),
]


@pytest.mark.parametrize(("text", "is_accepted"), SET, ids=[text.replace("\n", " ") for text, _ in SET])
@pytest.mark.parametrize("name", ["har-sockets.toml", "pyproject.toml"])
def test_the_schema_takes_what_the_program_takes(name: str, text: str, is_accepted: bool, tmp_path: Path) -> None:
    assert validator(SETTINGS).is_valid(tomllib.loads(text)) is is_accepted
    path = tmp_path / name
    if name == "pyproject.toml":
        text = f"[tool.har-sockets]\n{text}".replace("[severity]", "[tool.har-sockets.severity]")
    path.write_text(text)
    try:
        policy.load(path, IDS)
    except policy.PolicyError:
        assert not is_accepted
    else:
        assert is_accepted


def test_an_editor_finds_the_schema_by_its_first_line(tmp_path: Path) -> None:
    """`#:schema` is a comment for TOML, and the address of the schema for editors (Taplo, Even Better TOML, Tombi)."""
    path = tmp_path / "har-sockets.toml"
    path.write_text(f'#:schema {SETTINGS["$id"]}\nper = "user"\n')
    assert policy.load(path, IDS).per == "user"
