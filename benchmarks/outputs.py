"""Render every output of many captures, and compare the outputs of two versions of the program.

    python benchmarks/outputs.py render OUT CAPTURE... [--together] [--each N] [--jobs N]
    python benchmarks/outputs.py compare BEFORE AFTER [--explain FILE.toml]
    python benchmarks/outputs.py agree OUT

`render` asks the program that this Python imports about each capture, alone and with all others of its folder, so the
Python of another checkout renders what that one says. `compare` groups what differs by kind: the same change in 200
captures is one line. `agree` reads the pictures of `render`: do terminal, page and chart show the same time and the
same groups? `compare` exits with 1 if a difference has no explanation, `agree` if pictures disagree.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import differences
import pictures
from typer.testing import CliRunner

PNG = 8  # every eighth capture also as PNG: that has no mark that the SVG lacks, and takes as long as all the rest
SUFFIXES = {
    "json": "json",
    "markdown": "md",
    "html": "html",
    "csv": "csv",
    "captures": "captures.csv",
    "junit": "xml",
    "sarif": "sarif",
    "github": "github.txt",
    "svg": "svg",
    "png": "png",
}

FILES = tuple(name for name in SUFFIXES if name != "png")


class Question(NamedTuple):
    """Hold one command line: its words after the captures, and the files that it writes besides."""

    name: str
    command: str
    options: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    columns: int = 80
    ascii: bool = False


TEXTS = (
    Question("text-80-ascii", "analyze", ascii=True),
    Question("text-120", "analyze", columns=120),
    Question("text-120-ascii", "analyze", columns=120, ascii=True),
    Question("check", "check"),
)
OF_ONE = (
    Question("text-80", "analyze", files=FILES),
    *TEXTS,
    Question("text-verbose", "analyze", ("--verbose",)),
    Question("open", "analyze", ("--quiet", "--show-secrets", "--show-users"), ("json",)),
    Question("per-user", "analyze", ("--quiet", "--per", "user", "--assume", "no-bfcache"), ("json",)),
    Question("sockets", "show"),
    Question("socket", "show", ("1", "--verbose"), ("html",)),
)
TOGETHER = ("--any", "--together")
PICTURE = Question("picture", "analyze", ("--quiet",), ("png",))
OF_FOLDER = (
    Question("text-80", "analyze", files=FILES),
    *TEXTS,
)


class Task(NamedTuple):
    """Hold captures about which the same questions are asked, and where the answers go."""

    root: Path  # the captures are named from here, so that no answer holds its path
    captures: tuple[str, ...]
    out: Path
    questions: tuple[Question, ...]
    options: tuple[str, ...] = ()


# -- one command -------------------------------------------------------------------------------------------


def ask(task: Task, question: Question) -> None:
    """Run one command, and save what it prints, its status and its files."""
    from analyzer.cli import app

    os.chdir(task.root)
    environment = {"COLUMNS": str(question.columns), "TERM": "dumb" if question.ascii else "xterm", "NO_COLOR": "1"}
    runner = CliRunner(charset="ascii" if question.ascii else "utf-8")
    result = runner.invoke(app, words_of(task, question), env=environment)
    crash = "" if result.exception is None or isinstance(result.exception, SystemExit) else f"{result.exception!r}\n"
    text = f"{result.stdout}{result.stderr}{crash}exit status {result.exit_code}\n"
    for path, name in ((str(task.out), "OUT"), (str(task.root), "ROOT"), (sys.prefix, "PREFIX")):
        text = text.replace(path, name)
    (task.out / f"{question.name}.txt").write_text(text, "utf-8")


def words_of(task: Task, question: Question) -> list[str]:
    """Write the command line of a question."""
    files = [f"{name}:{task.out / question.name}.{SUFFIXES[name]}" for name in question.files]
    outs = [word for file in files for word in ("--out", file)]
    return [question.command, *task.captures, *question.options, *task.options, *outs]


def answer(task: Task) -> None:
    """Ask all questions of a task."""
    task.out.mkdir(parents=True, exist_ok=True)
    for question in task.questions:
        ask(task, question)


# -- many --------------------------------------------------------------------------------------------------


def render(out: Path, given: Sequence[Path], together: bool, each: int, jobs: int) -> None:
    """Render all captures below the folders, each alone and all of a folder at once."""
    began = time.perf_counter()
    out = out.resolve()
    with multiprocessing.Pool(jobs, begin) as pool:
        folders = [folder_task(out, path.resolve()) for path in given if path.is_dir()]
        united = [task._replace(out=Path(f"{task.out}.together"), options=TOGETHER) for task in folders if together]
        pool.map(answer, folders + united, chunksize=1)
        tasks = [task for folder in folders for task in capture_tasks(folder, together)][::each]
        tasks += [single_task(out, path.resolve()) for path in given if not path.is_dir()]
        tasks[::PNG] = [task._replace(questions=(*task.questions, PICTURE)) for task in tasks[::PNG]]
        for number, _ in enumerate(pool.imap_unordered(answer, tasks, chunksize=1), 1):
            if number % 100 == 0:
                print(f"{number:,} of {len(tasks):,}, {time.perf_counter() - began:.0f} s", flush=True)
    print(f"{len(folders):,} folders, {len(tasks):,} captures and runs, {time.perf_counter() - began:.0f} s: {out}")


def begin() -> None:
    """Be called as the program is: answers name it as it was typed."""
    sys.argv = ["har-sockets"]


def folder_task(out: Path, folder: Path) -> Task:
    return Task(folder.parent, (folder.name,), out / label(folder) / "all", OF_FOLDER, ("--any",))


def single_task(out: Path, path: Path) -> Task:
    return Task(path.parent, (path.name,), out / label(path.parent) / path.name, OF_ONE)


def label(folder: Path) -> str:
    """Name a folder by its last two parts: several are called `captures`."""
    return "-".join(folder.parts[-2:])


def capture_tasks(folder: Task, together: bool) -> list[Task]:
    """List the captures of a folder as the program found them; with `together` also runs: names that begin alike."""
    root, out = folder.root / folder.captures[0], folder.out.parent
    with (folder.out / "text-80.captures.csv").open(encoding="utf-8", newline="") as stream:
        names = sorted({existing(root, Path(row["source"]).relative_to(root.name)) for row in csv.DictReader(stream)})
    tasks = [Task(root, (name,), out / name, OF_ONE) for name in names]
    runs: dict[str, list[str]] = defaultdict(list)
    for name in names if together else ():
        runs[str(Path(name).parent / Path(name).name.partition(".")[0])].append(name)
    return tasks + [
        Task(root, tuple(parts), out / f"{run}.together", OF_ONE, TOGETHER[1:])
        for run, parts in runs.items()
        if len(parts) > 1
    ]


def existing(root: Path, path: Path) -> str:
    """Name the file of a capture: one in a zip has the name of the zip first."""
    return str(next(it for it in (path, *path.parents) if (root / it).exists()))


def main(arguments: Iterable[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    rendering = parts.add_parser("render", help="save every output of many captures")
    rendering.add_argument("out", type=Path)
    rendering.add_argument("captures", nargs="+", type=Path, help="files and folders")
    rendering.add_argument("--together", action="store_true", help="files whose names begin alike are one run, too")
    rendering.add_argument("--each", type=int, default=1, metavar="N", help="render alone only one capture in N")
    rendering.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    comparing = parts.add_parser("compare", help="group what differs between two folders that render wrote")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument("--explain", type=Path, metavar="FILE.toml", help="which differences are meant, and why")
    agreeing = parts.add_parser("agree", help="check that terminal, page and chart show the same time and groups")
    agreeing.add_argument("out", type=Path)
    given = parser.parse_args(list(arguments) if arguments is not None else None)
    if given.part == "agree":
        return pictures.agree(given.out)
    if given.part == "compare":
        return differences.compare(given.before, given.after, given.explain)
    render(given.out, given.captures, given.together, given.each, given.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
