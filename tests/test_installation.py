"""Every command that a message suggests works as typed: by the environment that the program runs in."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from analyzer import installation
from analyzer.installation import Manager, Source, find_manager, install_hint, list_packages, name_program, parse_source

posix = pytest.mark.skipif(sys.platform == "win32", reason="quotes and paths of POSIX")


def record(url: str, **more: object) -> str:
    return json.dumps({"url": url, **more})


def test_an_installation_from_an_index_has_no_source() -> None:
    assert parse_source(None) == Source(None, None, False)
    assert parse_source("not JSON") == Source(None, None, False)
    assert parse_source("[]") == Source(None, None, False)


def test_a_checkout_is_a_source_while_it_exists(tmp_path: Path) -> None:
    folder = tmp_path / "har sockets"
    folder.mkdir()
    assert parse_source(record(folder.as_uri(), dir_info={"editable": True})) == Source(folder, None, True)
    assert parse_source(record(folder.as_uri(), dir_info={})) == Source(folder, None, False)
    folder.rmdir()
    assert parse_source(record(folder.as_uri(), dir_info={})) == Source(None, None, False)


def test_an_address_is_a_source_for_tools_that_install_anew() -> None:
    details = record("https://git.example/har-sockets.git", vcs_info={"vcs": "git", "commit_id": "0" * 40})
    assert parse_source(details).url == "git+https://git.example/har-sockets.git"


@pytest.mark.parametrize(
    ("prefix", "manager"),
    [
        ("/u/a/.local/share/pipx/venvs/har-sockets", Manager.PIPX),
        ("/u/a/.local/share/uv/tools/har-sockets", Manager.UV_TOOL),
        ("/u/a/.cache/uv/archive-v0/4Xy", Manager.UVX),
        ("/u/a/project/.venv", None),
        ("/usr", None),
    ],
)
def test_the_tool_that_made_an_environment_is_known_by_its_path(prefix: str, manager: Manager | None) -> None:
    assert find_manager(prefix) is manager


@pytest.mark.parametrize("extra", ["playwright", "parquet", "cluster", "fast"])
def test_the_packages_of_an_extra_are_those_of_the_distribution(extra: str) -> None:
    wanted = {"playwright": "playwright", "parquet": "pyarrow", "cluster": "distributed", "fast": "zstandard"}
    assert wanted[extra] in list_packages(extra)
    assert "pytest" not in list_packages(extra)


@posix
@pytest.mark.parametrize(
    ("prefix", "source", "hint"),
    [
        pytest.param("/v", Source(None, None, False), "pip install pyarrow", id="from an index"),
        pytest.param("/v", Source(Path("/s/a b"), None, False), "pip install '/s/a b[parquet]'", id="from a folder"),
        pytest.param("/v", Source(Path("/s"), None, True), "pip install -e '/s[parquet]'", id="editable"),
        pytest.param("/x/pipx/venvs/h", Source(None, None, False), "pipx inject har-sockets pyarrow", id="pipx"),
        pytest.param(
            "/x/uv/tools/h", Source(Path("/s"), None, False), "uv tool install --force /s --with pyarrow", id="uv tool"
        ),
        pytest.param(
            "/x/uv/archive-v0/h", Source(None, "git+https://g", False),
            "uvx --from git+https://g --with pyarrow har-sockets", id="uvx",
        ),
    ],
)  # fmt: skip
def test_the_hint_names_a_command_that_reaches_this_installation(
    prefix: str, source: Source, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(installation, "find_source", lambda: source)
    monkeypatch.setattr(installation, "_install", lambda: "pip install")
    assert install_hint("parquet") == hint


@posix
def test_in_the_folder_of_the_checkout_its_name_is_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(installation, "find_source", lambda: Source(tmp_path, None, True))
    assert re.search(r" install (--python \S+ )?-e '\.\[playwright\]'$", install_hint("playwright"))


def test_no_message_offers_an_extra_of_a_package_that_no_index_has() -> None:
    sources = (Path(__file__).parent.parent / "analyzer").rglob("*")
    texts = [it.read_text("utf-8") for it in sources if it.suffix in (".py", ".html", ".js", ".toml")]
    assert len(texts) > 100
    assert [text for text in texts if re.search(r"pip install ['\"]?har-sockets|install har-sockets\[", text)] == []


@posix
@pytest.mark.parametrize(
    ("called", "on_path", "name"),
    [
        pytest.param("bin/har-sockets", "bin", "har-sockets", id="on PATH"),
        pytest.param("bin/har-sockets", "", "bin/har-sockets", id="below the current folder"),
        pytest.param("../elsewhere/har-sockets", "", "{above}/elsewhere/har-sockets", id="elsewhere"),
    ],
)
def test_the_program_is_named_as_it_can_be_typed_here(
    called: str, on_path: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    program = here / called
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(here)
    monkeypatch.setenv("PATH", str(here / on_path) if on_path else "/nowhere")
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert name_program() == name.format(above=tmp_path)


@posix
def test_as_a_module_it_is_named_with_its_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "analyzer" / "__main__.py")])
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert re.fullmatch(r"python\S* -m analyzer", name_program())
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    assert name_program() == f"{Path(sys.executable).absolute()} -m analyzer"
