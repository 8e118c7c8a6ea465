"""Which browser is started, with which arguments, and what is said where it does not start."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.recorder.errors import RecordingError
from analyzer.recorder.launch import (
    Settings,
    explain,
    find_program,
    launch,
    list_programs,
    make_arguments,
    remove_leftovers,
)


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho '[1:2:ERROR:a.cc(1)] Something is wrong' >&2\necho >&2\n")
    path.chmod(0o755)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="what can be run has another name there")
def test_chrome_and_chromium_come_before_edge_and_what_playwright_downloaded(tmp_path: Path) -> None:
    cache = tmp_path / ".cache" / "ms-playwright"
    programs = [
        program(tmp_path / "bin" / "google-chrome"),
        program(tmp_path / "bin" / "chromium"),
        program(tmp_path / "bin" / "microsoft-edge"),
        program(cache / "chromium-1200" / "chrome-linux64" / "chrome"),
        program(cache / "chromium-987" / "chrome-linux" / "chrome"),
    ]
    program(cache / "chromium_headless_shell-1200" / "chrome-linux" / "headless_shell")
    assert list(list_programs("linux", {"PATH": str(tmp_path / "bin")}, tmp_path)) == [str(path) for path in programs]


@pytest.mark.parametrize(
    ("platform", "environment", "path"),
    [
        ("darwin", {}, "Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
        ("darwin", {}, "Library/Caches/ms-playwright/chromium-1/chrome-mac/Chromium.app/Contents/MacOS/Chromium"),
        ("win32", {"LOCALAPPDATA": "TMP"}, "Google/Chrome/Application/chrome.exe"),
        ("win32", {"PROGRAMFILES(X86)": "TMP"}, "Microsoft/Edge/Application/msedge.exe"),
        ("win32", {"PLAYWRIGHT_BROWSERS_PATH": "TMP"}, "chromium-1/chrome-win/chrome.exe"),
    ],
)
def test_each_system_has_its_places(platform: str, environment: dict[str, str], path: str, tmp_path: Path) -> None:
    place = program(tmp_path / path)
    settings = {name: value.replace("TMP", str(tmp_path)) for name, value in environment.items()}
    assert str(place) in list(list_programs(platform, settings, tmp_path))


def test_a_program_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROME_PATH", sys.executable)
    assert find_program() == sys.executable
    monkeypatch.setenv("CHROME_PATH", str(tmp_path / "none"))
    with pytest.raises(RecordingError, match="none: there is no such program"):
        find_program()


def test_nothing_in_the_arguments_changes_a_page(tmp_path: Path) -> None:
    arguments = make_arguments(Settings(), tmp_path, 5)
    assert "--remote-debugging-port=5" in arguments  # with 0 a page sees `navigator.webdriver`
    assert not [it for it in arguments if "headless" in it or "certificate" in it or "disable-back" in it]
    own = make_arguments(Settings(headless=True, profile=tmp_path / "mine", ignores_https_errors=True), tmp_path, 5)
    assert {"--headless=new", f"--user-data-dir={tmp_path / 'mine'}", "--ignore-certificate-errors"} <= set(own)
    assert not [it for it in own if "password" in it or "keychain" in it]  # the profile's own stay in use


@pytest.mark.parametrize(
    ("messages", "reason"),
    [  # as Chromium 156 writes them
        ("[1:1:1129/23.2:ERROR:x11.cc:257] Missing X server or $DISPLAY\n[1:1:ERROR:e.cc] exiting", "use --headless"),
        ("Opening in existing browser session.\n", "open in a running browser"),
        ("[1:1:1/2.5:ERROR:c.cc:624] Failed to create a ProcessSingleton for your profile directory.", "running browser"),
        ("[1:1:1129/23.2:ERROR:a.cc:1] What nobody knows yet\n\n", "What nobody knows yet"),
        ("", "it ended immediately, without a message"),
    ],
)  # fmt: skip
def test_what_a_browser_writes_becomes_a_reason(messages: str, reason: str) -> None:
    assert explain(messages).endswith(reason) or reason in explain(messages)


@pytest.mark.skipif(sys.platform == "win32", reason="no such script there")
def test_a_browser_that_ends_at_once_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROME_PATH", str(program(tmp_path / "chrome")))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    with pytest.raises(RecordingError, match="chrome: does not start: Something is wrong"):
        asyncio.run(launch(Settings()))
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="whether a process runs is not asked there")
def test_what_a_recorder_that_was_killed_left_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    running = os.getpid()
    folders = {  # name -> the browser that wrote to it
        f"har-sockets-{ended.pid}-a": ended.pid,
        f"har-sockets-{ended.pid}-b": None,  # it had not started
        f"har-sockets-{ended.pid}-c": running,
        f"har-sockets-{running}-d": ended.pid,
        "har-sockets-notes-e": ended.pid,
    }
    for name, browser in folders.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "messages.txt").touch()
        if browser is not None:
            (tmp_path / name / "browser.pid").write_text(str(browser))
    (tmp_path / f"har-sockets-{ended.pid}-f").mkdir()  # the user's own
    remove_leftovers(tmp_path)
    assert sorted(path.name[-1] for path in tmp_path.iterdir()) == ["c", "d", "e", "f"]
