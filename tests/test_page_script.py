"""The script of the page: a minified copy of our scripts, small, and never an old one."""

from __future__ import annotations

import pytest
from minify import string

from analyzer.painting import script, templates

LARGEST = 40 * 1024  # bytes, with what runs before the page is laid out


def test_the_copy_is_of_these_scripts() -> None:
    assert templates.read_asset(script.MINIFIED) == script.minify(script.read_whole()), "run `make script`"


def test_it_is_small() -> None:
    assert len((script.make_script() + script.make_early()).encode()) < LARGEST


def test_scripts_that_have_changed_run_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    before, read = script.make_script(), templates.read_asset
    monkeypatch.setattr(templates, "read_asset", lambda name: read(name) + ("\nnew();\n" if name == "page.js" else ""))
    after = script.make_script()
    assert (after != before, "\nnew();\n" in after, "// Each capture" in after) == (True, True, True)


def test_names_and_texts_outlive_the_minifier() -> None:
    """What the page is found by, and every text with a letter outside of ASCII, is in the copy as in the scripts."""
    copy = script.make_script()
    for text in ("'≥ '", "'≤ '", "'still open'", "'Copy as Markdown'"):
        assert text in script.read_whole()
        assert text.strip("'") in copy, text
    assert string("text/javascript", "const alone = `a  b`; f(alone)").count("a  b") == 1
