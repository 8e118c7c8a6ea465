"""Draws docs/report.png: the HTML report of one of the samples in a real browser (`make screenshot`)."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from analyzer import Policy, Run, analyze, masking, read
from analyzer.outputs import html

HERE = Path(__file__).parent
SAMPLE = "sample_hars/stream-chat-connect-on-every-mount.har"
SIZE = {"width": 1200, "height": 860}

report = analyze(read(HERE.parent / SAMPLE, source=SAMPLE))
meta = (("release", "4.2"), ("build", "1234"))
run = masking.mask(Run((report,), (), Policy(), "Chat of the demo shop", meta))
with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
    page_file = Path(folder) / "report.html"
    page_file.write_bytes(html.render(run))
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    page = browser.new_page(viewport=SIZE)
    page.goto(page_file.as_uri())
    page.wait_for_timeout(300)
    page.screenshot(path=HERE / "report.png")
    browser.close()
