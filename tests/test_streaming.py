"""Results as they come: lines that a killed run leaves are taken over, and the file is that of an undisturbed run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas
import pytest

from tests.program import run_process, run_text

CAPTURES = Path(__file__).parent / "captures"
SOME = sorted(CAPTURES.glob("chrome-[S0]*.har"), reverse=True)  # those with users and tokens first
COUNT = 150  # captures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Captures with users and tokens, some of them equal, and one that is none."""
    folder = tmp_path / "captures"
    folder.mkdir()
    for n in range(COUNT):
        source = SOME[n % len(SOME)]
        (folder / f"{n:02}.har").write_bytes(source.read_bytes() + b"\n" * (n // len(SOME)))
    (folder / "30.har").write_text("no HAR")
    return folder


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "analyzer", *args]


def killed(after: int, path: Path, *args: str) -> None:
    """Kill a run once its file has so many lines. What an earlier run left under the same name does not count."""
    part = path.with_name(path.name + ".part")
    left = part.stat().st_mtime_ns if part.exists() else None
    with subprocess.Popen(command(*args), stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            if part.exists() and part.stat().st_mtime_ns != left and part.read_bytes().count(b"\n") >= after:
                break
            time.sleep(0.002)
        assert process.poll() is None, "the run ended before it could be killed"
        process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    "more", [(), ("--redaction-key", "k"), ("--jobs", "2")], ids=["ordinals", "a key", "two processes"]
)
def test_resumed_after_a_kill_the_file_is_that_of_an_undisturbed_run(
    folder: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    whole, broken = tmp_path / "whole.ndjson", tmp_path / "broken.ndjson"
    key = more if more[:1] == ("--redaction-key",) else ()
    assert run_text(str(folder), "-q", "--out", f"ndjson:{whole}", *key).returncode == 3
    arguments = (str(folder), "-q", "--out", f"ndjson:{broken}", *more)
    killed(5, broken, *arguments)
    killed(20, broken, *arguments, "--resume")
    assert not broken.exists()
    assert run_text(*arguments, "--resume").returncode == 3
    assert broken.read_bytes() == whole.read_bytes()
    assert sorted(it.name for it in tmp_path.iterdir()) == [
        "broken.ndjson",
        "broken.ndjson.resume",
        "captures",
        "whole.ndjson",
        "whole.ndjson.resume",
    ]


def test_resume_reads_only_what_is_new_or_changed(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    arguments = (str(folder), "-q", "--redaction-key", "k", "--out", f"ndjson:{path}")
    run_text(*arguments)
    before = path.read_bytes().splitlines()
    details = json.loads(before[1])
    edited = [before[0], json.dumps({**details, "entries": 999_999}).encode(), *before[2:]]  # shows whose line it is
    path.write_bytes(b"\n".join(edited) + b"\n")
    shutil.copy(SOME[1], folder / "00.har")
    shutil.copy(SOME[0], folder / "zz.har")
    run_text(*arguments, "--resume")
    after = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert len(after) == len(before) + 1
    assert after[1]["entries"] == 999_999
    assert (after[0]["sha256"], after[0]["sha256"] != json.loads(before[0])["sha256"]) == (after[0]["sha256"], True)
    assert Path(after[-1]["source"]).name == "zz.har"


def test_what_nobody_knows_how_it_was_written_is_read_anew(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    arguments = (str(folder), "-q", "--out", f"ndjson:{path}")
    run_text(*arguments)
    before = path.read_bytes()
    path.write_bytes(before.replace(b'"entries":', b'"entries":9'))
    (tmp_path / "r.ndjson.resume").unlink()
    done = run_text(*arguments, "--resume")
    assert (done.returncode, "all captures are read again" in done.stderr) == (3, True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((), ("--max-open", "2")),
        (("--redaction-key", "k"), ("--redaction-key", "k2")),
        (("--redaction-key", "k", "--show-secrets"), ("--redaction-key", "k")),
        (("--any",), ()),
    ],
)
@pytest.mark.parametrize("broken_off", [True, False])
def test_other_options_are_refused(
    first: tuple[str, ...], then: tuple[str, ...], broken_off: bool, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "r.ndjson"
    arguments = (str(folder), "-q", "--out", f"ndjson:{path}")
    if broken_off:
        killed(5, path, *arguments, *first)
    else:
        run_text(*arguments, *first)
    before = {it: it.read_bytes() for it in tmp_path.glob("r.ndjson*")}
    done = run_text(*arguments, *then, "--resume")
    assert (done.returncode, "had other options" in done.stderr) == (2, True)
    assert {it: it.read_bytes() for it in tmp_path.glob("r.ndjson*")} == before


def test_earlier_results_of_other_captures_are_left_out_and_counted(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    some = sorted(map(str, folder.glob("0*.har")))
    run_text(*some, "-q", "--out", f"ndjson:{path}")
    done = run_text(*some[:3], "-q", "--resume", "--out", f"ndjson:{path}")
    gone = f"--resume: {len(some) - 3} earlier results of captures that are not among these 3: left out"
    assert (done.returncode, gone in done.stderr) == (0, True)
    assert len(path.read_bytes().splitlines()) == 3


@pytest.mark.parametrize("finished", [True, False])
def test_what_other_options_wrote_is_never_taken_over(finished: bool, folder: Path, tmp_path: Path) -> None:
    """A run without --resume begins anew: of what an earlier one left under this name nothing counts."""
    path = tmp_path / "r.ndjson"
    arguments = (str(folder), "-q", "--out", f"ndjson:{path}")
    open_ = ("--show-secrets", "--show-users")
    if finished:
        run_text(*arguments, *open_)
    else:
        killed(30, path, *arguments, *open_)
        killed(40, path, *arguments, *open_, "--resume")
        assert (tmp_path / "r.ndjson.old").exists()
    killed(5, path, *arguments)
    assert run_text(*arguments, "--resume").returncode == 3
    whole = tmp_path / "whole.ndjson"
    run_text(str(folder), "-q", "--out", f"ndjson:{whole}")
    assert path.read_bytes() == whole.read_bytes()


def test_the_same_options_are_the_same_whatever_their_order(folder: Path, tmp_path: Path) -> None:
    base, path = tmp_path / "base.json", tmp_path / "r.ndjson"
    run_text("check", str(folder), "--write-baseline", str(base))
    assert base.read_text().count("fingerprint") > 3
    arguments = (str(folder), "-q", "--baseline", str(base), "--out", f"ndjson:{path}", "--resume")
    assert [run_text(*arguments).returncode for _ in range(4)] == [3, 3, 3, 3]


def test_other_services_are_other_options(folder: Path, tmp_path: Path) -> None:
    own, path = tmp_path / "own.toml", tmp_path / "r.ndjson"
    row = "[[provider]]\nid = '{}'\nname = 'A'\nmatch = [{{ path = '.*' }}]\nverified = {{ date = '2026-01-01', by = 'us' }}\n"
    arguments = (str(folder), "-q", "--providers", str(own), "--out", f"ndjson:{path}")
    own.write_text(row.format("acme"))
    run_text(*arguments)
    own.write_text(row.format("other"))
    done = run_text(*arguments, "--resume")
    assert (done.returncode, "had other options" in done.stderr) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_line(folder: Path) -> None:
    done = run_process(str(folder / "00.har"), "-q", "--out", "ndjson:/dev/full")
    assert (done.returncode, done.stderr.count(b"\n"), b"cannot be written" in done.stderr) == (2, 1, True)


def test_a_name_that_was_written_twice_counts_once(folder: Path, tmp_path: Path) -> None:
    """Ctrl-C may come while names are written."""
    whole, path, names = tmp_path / "whole.ndjson", tmp_path / "r.ndjson", tmp_path / "r.ndjson.resume"
    run_text(str(folder), "-q", "--out", f"ndjson:{whole}")
    arguments = (str(folder), "-q", "--out", f"ndjson:{path}")
    killed(20, path, *arguments)
    head, *lines = names.read_bytes().splitlines()
    assert lines
    names.write_bytes(b"\n".join([head, *lines, *lines[-3:]]) + b"\n")
    assert run_text(*arguments, "--resume").returncode == 3
    assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--resume",),
        ("--resume", "--out", "json:x.json"),
        ("--resume", "--out", "ndjson:x", "--out", "parquet:y/"),
        ("--jobs", "many"),
        ("--jobs", "0"),
    ],
)
def test_what_cannot_be_done_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    done = run_text(str(SOME[0]), *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_lines_on_standard_output_are_those_of_the_file(folder: Path, tmp_path: Path) -> None:
    done = run_text(str(folder), "--format", "ndjson", "--out", f"ndjson:{tmp_path / 'r.ndjson'}")
    assert done.stdout.encode() == (tmp_path / "r.ndjson").read_bytes()
    assert [json.loads(line)["source"] for line in done.stdout.splitlines()] == sorted(map(str, folder.iterdir()))


def test_a_folder_gets_a_parquet_dataset(folder: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    run_text(str(folder), "-q", "--out", f"parquet:{tmp_path / 'stream'}{os.sep}")
    run_text(str(folder), "-q", "--out", f"parquet:{tmp_path / 'whole'}{os.sep}", "--out", f"csv:{rows}")
    stream, whole = pandas.read_parquet(tmp_path / "stream"), pandas.read_parquet(tmp_path / "whole")
    assert len(stream) == len(whole) == len(pandas.read_csv(rows)) > 60
    assert stream.equals(whole)


def test_ctrl_c_says_what_was_done_and_how_to_go_on(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    arguments = command(str(folder), "-q", "--out", f"ndjson:{path}")
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        part = tmp_path / "r.ndjson.part"
        until = time.monotonic() + 60
        while time.monotonic() < until and not (part.exists() and b"\n" in part.read_bytes()):
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        _, output = process.communicate(timeout=60)
    if process.returncode == 3:
        pytest.skip("it was done before it could be interrupted")
    assert process.returncode == 130
    assert f"of {COUNT} captures are done; --resume goes on with" in output
    assert "Traceback" not in output
    assert run_text(str(folder), "-q", "--resume", "--out", f"ndjson:{path}").returncode == 3
    assert len(path.read_bytes().splitlines()) == COUNT


def test_ctrl_c_does_not_wait_for_what_other_processes_are_at(tmp_path: Path) -> None:
    """A pipe that brings nothing keeps its process for ever."""
    os.mkfifo(tmp_path / "a.har")
    os.mkfifo(tmp_path / "b.har")
    arguments = command(
        str(tmp_path / "a.har"), str(tmp_path / "b.har"), "-q", "--jobs", "2", "--out", "ndjson:/dev/null"
    )
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        memory = os.open(tmp_path / "a.har", os.O_WRONLY)  # waits until somebody reads
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        _, output = process.communicate(timeout=60)
        os.close(memory)
    assert (process.returncode, time.monotonic() - begun < 10) == (130, True)
    assert output == "har-sockets: interrupted: 0 of 2 captures are done\n"


def test_a_pipe_is_written_to_and_stays_one(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "out").open("wb") as out, subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=out) as reader:
        assert run_text(str(folder), "-q", "--out", f"ndjson:{tmp_path / 'pipe'}").returncode == 3
        assert reader.wait(timeout=60) == 0
    assert len((tmp_path / "out").read_bytes().splitlines()) == COUNT
    assert (tmp_path / "pipe").is_fifo()
    assert sorted(it.name for it in tmp_path.iterdir()) == ["captures", "out", "pipe"]


def test_a_torn_line_of_what_resume_goes_by_is_left_out(folder: Path, tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.ndjson", tmp_path / "r.ndjson"
    run_text(str(folder), "-q", "--out", f"ndjson:{whole}")
    arguments = (str(folder), "-q", "--out", f"ndjson:{path}")
    killed(20, path, *arguments)
    names = tmp_path / "r.ndjson.resume"
    names.write_bytes(names.read_bytes()[:-5])
    killed(30, path, *arguments, "--resume")
    assert run_text(*arguments, "--resume").returncode == 3
    assert [json.loads(line)["source"] for line in path.read_bytes().splitlines()] == [
        json.loads(line)["source"] for line in whole.read_bytes().splitlines()
    ]


def test_a_dataset_keeps_no_part_of_an_earlier_one(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("part-00007.parquet", "part-of-mine.parquet"):
        (data / name).write_bytes(b"earlier")
    run_text(str(folder), "-q", "--out", f"parquet:{data}{os.sep}")
    assert sorted(it.name for it in data.iterdir()) == ["part-00000.parquet", "part-of-mine.parquet"]
