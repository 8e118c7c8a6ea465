"""Find how this program was installed, so that every command that it suggests works as typed."""

from __future__ import annotations

import os
import re
import sys
from enum import Enum
from functools import cache
from itertools import pairwise
from pathlib import Path

import msgspec

from analyzer.patterns import Pattern

NAME = "har-sockets"
PACKAGE = Pattern(r"[\w.-]+")
EXTRA = Pattern(r"""extra\s*==\s*['"]([\w-]+)['"]""")
PYTHONS = ("python", "python3", "py")


class Manager(Enum):
    """A tool that installs a program into an environment of its own: two parts of that environment's path."""

    PIPX = ("pipx", "venvs")
    UV_TOOL = ("uv", "tools")
    UVX = ("uv", "archive-v")


class Source(msgspec.Struct, frozen=True):
    """Where the program was installed from (PEP 610)."""

    folder: Path | None  # a checkout, where it still exists
    url: str | None
    editable: bool


def install_hint(extra: str) -> str:
    """Name the command that adds the libraries of an extra to this installation."""
    source = find_source()
    packages = " ".join(list_packages(extra)) or extra
    origin = quote(str(source.folder or source.url or NAME))
    more = " ".join(f"--with {it}" for it in packages.split())
    match find_manager(sys.prefix):
        case Manager.PIPX:
            return f"pipx inject {NAME} {packages}"
        case Manager.UV_TOOL:
            return f"uv tool install --force {origin} {more}"
        case Manager.UVX:
            return f"uvx --from {origin} {more} {NAME}"
    if source.folder is None:
        return f"{_install()} {packages}"
    place = "." if source.folder == _here() else str(source.folder)
    return f"{_install()} {'-e ' if source.editable else ''}{quote(f'{place}[{extra}]')}"


def name_python() -> str:
    """Name the Python of this environment as a person can type it here."""
    return _name(Path(sys.executable), PYTHONS)


def name_program() -> str:
    """Name this program as a person can type it here: by its name where it is on PATH, else by its path."""
    called = Path(sys.argv[0])
    if find_manager(sys.prefix) is Manager.UVX:
        source = find_source()
        return f"uvx --from {quote(str(source.folder or source.url or NAME))} {NAME}"
    if called.name == "__main__.py" or called.stem not in (NAME, f"{NAME}-script"):
        return f"{name_python()} -m analyzer"
    return _name(called, (NAME,))


@cache
def find_source() -> Source:
    """Read where the program was installed from; a checkout that runs without an installation is its own source."""
    from importlib import metadata

    try:
        record = metadata.distribution(NAME).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        root = Path(__file__).parent.parent
        return Source(root if (root / "pyproject.toml").is_file() else None, None, True)
    return parse_source(record)


def parse_source(direct_url: str | None) -> Source:
    """Read a `direct_url.json`; an installation from an index has none."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    import msgspec

    try:
        record = msgspec.json.decode(direct_url or "{}")
        url = str(record["url"])
        editable = bool(record.get("dir_info", {}).get("editable"))
        revision = record.get("vcs_info", {}).get("vcs")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return Source(None, None, False)
    if not url.startswith("file:"):
        return Source(None, f"{revision}+{url}" if revision else url, False)
    folder = Path(url2pathname(urlsplit(url).path))
    return Source(folder if folder.is_dir() else None, None, editable)


def list_packages(extra: str) -> list[str]:
    """List the packages that an extra of this distribution needs."""
    from importlib import metadata

    try:
        needed = metadata.requires(NAME) or []
    except metadata.PackageNotFoundError:
        return []
    wanted = ((PACKAGE.match(it), EXTRA.search(it)) for it in needed)
    return [name[0] for name, of in wanted if name is not None and of is not None and of[1] == extra]


def find_manager(prefix: str) -> Manager | None:
    """Find the tool that made the environment, where it is one that installs programs by themselves."""
    pairs = list(pairwise(Path(prefix).parts))
    for manager in Manager:
        above, folder = manager.value
        if any(one == above and two.startswith(folder) for one, two in pairs):
            return manager
    return None


def _install() -> str:
    """Name the installer of this environment: `pip` alone may be that of another one."""
    import shutil
    from importlib.util import find_spec

    pip = shutil.which("pip")
    if pip is not None and Path(pip).absolute().parent == Path(sys.executable).absolute().parent:
        return "pip install"
    has_pip = find_spec("pip") is not None
    return f"{name_python()} -m pip install" if has_pip else f"uv pip install --python {name_python()}"


def _name(program: Path, names: tuple[str, ...]) -> str:
    """Name a program: the first of the names that PATH finds it by, else its path from here, else its whole path."""
    import shutil

    place = os.path.abspath(program)
    for name in names:
        path = shutil.which(name)
        if path is not None and os.path.splitext(os.path.abspath(path))[0] == os.path.splitext(place)[0]:
            return name
    near = os.path.relpath(place) if _is_below(place) else place
    return quote(near)


def _is_below(place: str) -> bool:
    here = _here()
    return here is not None and here in Path(place).parents


def _here() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # the folder was removed
        return None


def is_typeable(text: str) -> bool:
    """Check whether a command with this word can be pasted: a control or a byte that is no text would get lost."""
    return text.isprintable()


def quote(text: str) -> str:
    """Quote a word for the shell of this system, where it needs that."""
    import shlex

    if os.name != "nt":
        return shlex.quote(text)
    return f'"{text}"' if re.search(r"[^\w@%+=:,./\\~-]", text) else text
