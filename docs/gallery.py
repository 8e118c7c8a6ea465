"""Write docs/gallery/: pictures of the report and the chart, in the order of a reader's questions (`make gallery`).

`--python` names the interpreter of another version, `--out` another folder, `--only` the first words of names.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import chats
import pypdfium2
from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
COLORS = 96  # of a picture's palette
NAMES = ("chromium", "chromium-browser", "google-chrome")
DESK = {"viewport": {"width": 1280, "height": 900}}
LAPTOP = {"viewport": {"width": 1366, "height": 657}}
DARK = {**LAPTOP, "color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ZOOMED = {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}
FILTER = "#?q=inbox&only=overlap"
TITLE = ("--title", "Chat of the demo shop", "--meta", "release=4.2")


class Picture(NamedTuple):
    """One picture: its file, what to look at, and how to take it of the captures `of`."""

    name: str
    words: str
    take: Callable[[Workshop, str], Image.Image]
    of: str = "4"


# -- how a picture is taken ------------------------------------------------------------------------------------------


def screen(settings: dict[str, Any], *steps: Callable[[Any], object], tall: int = 0) -> Any:
    """What a window shows after some steps; `tall`: of the whole page, that many pixels from the top."""

    def take(workshop: Workshop, captures: str) -> Image.Image:
        with workshop.open(captures, settings) as page:
            for step in steps:
                step(page)
                page.wait_for_timeout(400)
            data = page.screenshot(scale="css", full_page=tall > 0)
        image = Image.open(io.BytesIO(data))
        return image.crop((0, 0, image.width, min(tall, image.height))) if tall else image

    return take


def paper(number: int, size: str = "A4", *options: str) -> Any:
    """A printed page; the last one is -1."""

    def take(workshop: Workshop, captures: str) -> Image.Image:
        with workshop.open(captures, DESK, *options) as page:
            data = page.pdf(format=size, prefer_css_page_size=True, print_background=True)
        with pypdfium2.PdfDocument(data) as document:
            image = document[number % len(document)].render(scale=1).to_pil()
        framed = Image.new("RGB", (image.width + 2, image.height + 2), "#999")
        framed.paste(image, (1, 1))
        return framed

    return take


def chart(wide: int = 1_100) -> Any:
    """The picture that `har-sockets timeline` writes, at a width in pixels."""

    def take(workshop: Workshop, captures: str) -> Image.Image:
        image = Image.open(workshop.run("timeline", captures, ".png"))
        return image.convert("RGB").resize((wide, round(image.height * wide / image.width)), Image.Resampling.LANCZOS)

    return take


def choose(number: int) -> Callable[[Any], object]:
    return lambda page: page.locator(".lane").nth(number - 1).click()


def tap(number: int) -> Callable[[Any], object]:
    return lambda page: page.locator(".lane").nth(number - 1).tap()


def go(place: str) -> Callable[[Any], object]:
    return lambda page: page.evaluate("place => { location.hash = place; }", place)


SECTIONS: dict[str, tuple[Picture, ...]] = {
    "Was there an overlap, and which one?": (
        Picture("4", "Four sockets on a laptop: the answer, the picture and the first finding.", screen(LAPTOP)),
        Picture("4-whole", "The same page from its head to its foot.", screen(DESK, tall=3_000)),
        Picture("1", "One socket: no overlap.", screen(LAPTOP), "1"),
        Picture("2", "Two sockets of one user.", screen(LAPTOP), "2"),
        Picture("4-dark", "Where the system is dark.", screen(DARK)),
    ),
    "Who opened this one?": (
        Picture("4-pane", "A click on a bar: who opened it, when, and what it overlaps.", screen(LAPTOP, choose(3))),
        Picture("4-pane-dark", "The same in the dark.", screen(DARK, choose(3))),
    ),
    "And with many sockets?": (
        Picture("12", "Twelve sockets of three users, with a navigation.", screen(DESK), "12"),
        Picture("60", "Sixty sockets of eleven groups.", screen(DESK), "60"),
        Picture("500", "500 sockets: certain and possible counts have a scale each.", screen(DESK), "500"),
        Picture("5000", "5,000 sockets.", screen(DESK), "5000"),
    ),
    "Which of many captures?": (
        Picture("captures-16", "Sixteen captures, worst first.", screen(DESK), "suite16"),
        Picture("captures-2000", "2,000 captures.", screen(DESK), "suite2000"),
        Picture("captures-2000-filtered", "Those of the inbox with an overlap.", screen(DESK, go(FILTER)), "suite2000"),
        Picture("captures-2000-opened", "One of them opened.", screen(DESK, go("#c3")), "suite2000"),
    ),
    "What goes to the archive?": (
        Picture("paper-4", "The first sheet, A4.", paper(0)),
        Picture("paper-4-last", "The last sheet, to be signed (`--sign-off`).", paper(-1, "A4", "--sign-off")),
        Picture("paper-60", "Sixty sockets: the first sheet.", paper(0), "60"),
        Picture("paper-60-second", "The second sheet: the timeline goes on.", paper(1), "60"),
        Picture("paper-letter", "Letter.", paper(0, "Letter"), "12"),
        Picture("paper-captures", "Sixteen captures.", paper(0), "suite16"),
    ),
    "On a phone, and enlarged?": (
        Picture("phone", "A phone, 390 pixels wide.", screen(PHONE)),
        Picture("phone-pane", "A tap on a bar.", screen(PHONE, tap(2))),
        Picture("phone-sockets", "Twelve sockets: the page from its head.", screen(PHONE, tall=2_400), "12"),
        Picture("phone-captures", "Sixteen captures.", screen(PHONE), "suite16"),
        Picture("zoomed", "At 200 %.", screen(ZOOMED, tall=1_400)),
    ),
    "What goes into a ticket?": (
        Picture("chart-4", "The chart that `har-sockets timeline` writes.", chart()),
        Picture("chart-4-small", "The same as a thumbnail.", chart(200)),
        Picture("chart-1", "One socket.", chart(), "1"),
        Picture("chart-60", "Sixty sockets.", chart(), "60"),
        Picture("chart-500", "500 sockets.", chart(), "500"),
        Picture("chart-5000", "5,000 sockets.", chart(), "5000"),
    ),
}  # fmt: skip
BEFORE = ("4", "4-whole", "60", "500", "captures-16", "paper-4", "paper-60")
BEFORE += ("phone", "phone-pane", "zoomed", "chart-4", "chart-500")
HEAD = """\
# Pictures of the report

Made by `make gallery` from the captures that `docs/chats.py` makes: a chat in a web shop whose widgets open sockets,
and sometimes never close them.
"""


class Workshop:
    """A folder with captures and what a version of har-sockets makes of them, and a browser to look at it."""

    def __init__(self, folder: Path, python: str, browser: Any) -> None:
        self.folder, self.python, self.browser = folder, python, browser
        self.run = cache(self._run)

    def _run(self, command: str, captures: str, ending: str, *options: str) -> Path:
        path = self.folder / f"{captures}{''.join(options)}{ending}".replace(" ", "-")
        arguments = [self.python, "-m", "analyzer", command, self._capture(captures), "-o", str(path), *options]
        subprocess.run(arguments, cwd=self.folder, check=True, capture_output=True)  # noqa: S603 - this program
        return path

    def _capture(self, captures: str) -> str:
        """The name of a capture, or of a folder of captures, made where it is missing."""
        many = captures.removeprefix("suite")
        path = self.folder / (captures if many != captures else f"chat-{captures}.har")
        if not path.exists():
            made = chats.suite(int(many)) if many != captures else [(".", chats.chat(int(captures)))]
            for name, data in made:
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(data)
        return path.name

    @contextmanager
    def open(self, captures: str, settings: dict[str, Any], *options: str) -> Iterator[Any]:
        context = self.browser.new_context(**settings)
        page = context.new_page()
        page.goto(self.run("report", captures, ".html", *TITLE, *options).as_uri())
        page.wait_for_timeout(600)
        yield page
        context.close()


def write(out: Path, python: str, only: list[str]) -> None:
    """Write the pictures, and with all of them the page that shows them."""
    out.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        workshop = Workshop(Path(folder), python, browser)
        for picture in (picture for pictures in SECTIONS.values() for picture in pictures):
            if not only or picture.name in only:
                image = picture.take(workshop, picture.of).convert("RGB")
                image = image.quantize(COLORS, dither=Image.Dither.NONE)
                image.save(out / f"{picture.name}.png", optimize=True)
        browser.close()


def text() -> str:
    """The page that shows the pictures, with those of the version before it."""
    sections = []
    for title, pictures in SECTIONS.items():
        shows = [f"{words}\n\n![{words}]({name}.png)\n" for name, words, *_ in pictures]
        sections.append(f"\n## {title}\n\n" + "\n".join(shows))
    words = {name: words for pictures in SECTIONS.values() for name, words, *_ in pictures}
    rows = [f"| {words[it]} | ![Before](before/{it}.png) | ![Now]({it}.png) |\n" for it in BEFORE]
    return f"{HEAD}{''.join(sections)}\n## Before and after\n\n| | 0.1.0 | now |\n|---|---|---|\n{''.join(rows)}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--out", type=Path, default=HERE / "gallery")
    parser.add_argument("--only", nargs="*", default=[])
    chosen = parser.parse_args()
    write(chosen.out, chosen.python, chosen.only)
    if not chosen.only:
        (chosen.out / "README.md").write_text(text(), "utf-8")
