"""Wheel and sdist: what is in them, what they say of themselves, and that the wheel works without the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
import yaml
from trove_classifiers import classifiers

from analyzer.version import HOME, VERSION

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_hars/three-reloads.har"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
IN_THE_SDIST = (
    ".ci", ".gitattributes", ".github", ".pre-commit-hooks.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "Makefile", "README.md", "action.yml", "analyzer", "benchmarks", "docs", "examples", "hatch_build.py",
    "pyproject.toml", "sample_hars", "tests",
)  # fmt: skip
PACKED = [f"analyzer/services/{path.stem}.json" for path in (ROOT / "analyzer/services").glob("*.toml")]
LEFT_BEHIND = {"__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis", "node_modules", "test-results", "sockets"}
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def build(source: Path, target: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return built / f"har_sockets-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as file:
        return message_from_bytes(file.read(f"har_sockets-{VERSION}.dist-info/METADATA"))


def files_in(folder: Path, root: Path) -> set[str]:
    """Every file of a folder, or the file of that name, but not what Python, tools and examples leave there."""
    paths = (path for path in (folder, *folder.rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix() for path in paths if not LEFT_BEHIND & set(path.parts)}


def package_files() -> set[str]:
    """Every file of the package; rows of services as they are packed."""
    return {re.sub(r"\.toml$", ".json", name) for name in files_in(ROOT / "analyzer", ROOT)}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
    assert {name for name in names if ".dist-info/" not in name} == package_files()
    assert {"analyzer/py.typed", "analyzer/painting/report/page.html", "analyzer/services/catalogue.json"} <= names


def test_the_sdist_holds_the_checkout(built: Path, tmp_path: Path) -> None:
    """Also its tests and all that they read: who packages the program runs them, without Git."""
    with tarfile.open(built / f"har_sockets-{VERSION}.tar.gz") as file:
        file.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    assert {path.name for path in source.iterdir()} == {*IN_THE_SDIST, "PKG-INFO", ".gitignore"}
    for folder in IN_THE_SDIST:
        assert files_in(source / folder, source) == files_in(ROOT / folder, ROOT) - set(PACKED)
    (again,) = build(source, tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(again) as file:
        assert package_files() <= set(file.namelist())
    # A checkout that is mounted read-only builds, too: the build writes nothing into it.
    assert not any((source / path).exists() for path in PACKED)


def test_the_metadata_describes_the_project(metadata: Message) -> None:
    summary = metadata["Summary"]
    assert summary.startswith("Find overlapping WebSocket connections in HAR files")
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Author"] == "The har-sockets authors"
    assert metadata["Description-Content-Type"] == "text/markdown"
    value = metadata.get_all("Classifier", [])
    assert set(value) <= classifiers
    assert [it.rpartition(" :: ")[2] for it in value if re.search(r"Python :: 3\.\d+$", it)] == PYTHONS
    assert {"fast", "parquet", "cluster", "playwright", "dev", "release"} <= set(metadata.get_all("Provides-Extra", []))


def test_every_address_of_the_project_is_the_same(metadata: Message) -> None:
    urls = dict(it.split(", ") for it in metadata.get_all("Project-URL", []))
    assert {"Homepage", "Documentation", "Changelog", "Issues"} == set(urls)
    assert all(url.startswith(HOME) for url in urls.values())
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*.y*ml"), *WORKFLOWS]
    options = {
        socket
        for path in pages
        for socket in re.findall(r"https://github\.com/[\w.-]+/har-sockets", path.read_text("utf-8"))
    }
    assert options <= {HOME}


def test_what_the_addresses_name_is_there(metadata: Message) -> None:
    for _, url in (it.split(", ") for it in metadata.get_all("Project-URL", [])):
        path = re.match(rf"{re.escape(HOME)}/(?:blob|tree)/HEAD/(.+)", url)
        assert path is None or (ROOT / path[1]).exists()


def test_the_wheel_works_by_itself(wheel: Path, tmp_path: Path) -> None:
    """With the libraries of this environment; `make package` tries it in an environment of its own."""
    place = tmp_path / "site"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(place)
    shutil.copy(SAMPLE, tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    files = [f"report{suffix}" for suffix in (".html", ".md", ".xml", ".sarif", ".csv")]
    where = "import analyzer, sys; sys.stdout.write(analyzer.__file__)"
    outputs = [part for file in files for part in ("--out", file)]
    for arguments in (["-c", where], ["-m", "analyzer", SAMPLE.name, *outputs]):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "-c" not in arguments or done.stdout.startswith(str(place))
    assert [file for file in files if (tmp_path / file).stat().st_size <= 500] == []


# -- how it is set up, tested and released ---------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(("target", "extra"), [("demo", "."), ("environment", "'.[dev]'")])
def test_the_demo_needs_no_test_tools(target: str, extra: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "analyzer").mkdir()
    shutil.copy(ROOT / "analyzer/version.py", tmp_path / "analyzer")
    plan = subprocess.run(["make", "-n", target], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    (install,) = [line for line in plan.splitlines() if " install " in line]
    assert install.endswith(f"--editable {extra}")


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.stem for path in WORKFLOWS])
def test_github_takes_the_workflows(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_tests_every_system_and_python_that_the_metadata_names() -> None:
    matrix = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text("utf-8"))["jobs"]["matrix"]["strategy"][
        "matrix"
    ]
    assert matrix["python"] == PYTHONS
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "windows", "macos"}


def test_only_the_job_that_publishes_may_ask_for_an_identity() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))["jobs"]
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert jobs["publish"]["needs"] == "build"


def test_the_build_has_no_step_that_names_a_missing_command() -> None:
    """Every `make` target and script of the workflows exists."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = "\n".join(path.read_text("utf-8") for path in WORKFLOWS)
    assert set(re.findall(r"run: make ([\w-]+)", text)) <= targets
    assert all(os.access(ROOT / path, os.X_OK) for path in re.findall(r"run: (\.ci/\w+)", text))


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(("tag", "status"), [(f"v{VERSION}", 0), ("v99.0.0", 1)])
def test_a_tag_of_another_version_is_not_released(tag: str, status: int, tmp_path: Path) -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))["jobs"]
    (step,) = [step["run"] for step in jobs["build"]["steps"] if "GITHUB_REF_NAME" in step.get("run", "")]
    (tmp_path / "python").symlink_to(sys.executable)
    environment = {**os.environ, "GITHUB_REF_NAME": tag, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert subprocess.run(["bash", "-c", step], cwd=ROOT, env=environment, check=False).returncode == status


# -- for others' CI ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "is_accepted"),
    [
        ("a.har", True),
        ("b/a.har.gz", True),
        ("a.har.zst", True),
        ("a.har.zip", True),
        ("a.harx", False),
        ("har", False),
    ],
)
def test_the_hook_takes_captures(name: str, is_accepted: bool) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert bool(re.search(hook["files"], name)) is is_accepted
    assert hook["entry"].split() == ["har-sockets", "check"]
    assert hook["language"] == "python"
