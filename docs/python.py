"""Write docs/python.md: the Python API, from the docstrings of the public names (`make python`)."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import analyzer
from analyzer import dataframes
from analyzer.views import Viewable

PAGE = Path(__file__).with_suffix(".md")
SECTIONS = {
    "Read and analyse": ("load", "read", "analyze", "CaptureError"),
    "Say what is allowed": ("Policy",),
    "Results": ("Report", "Run", "Verdict", "Session", "Overlap", "Finding", "Capture"),
    "Frames": ("captures_frame", "sessions_frame", "overlaps_frame", "findings_frame", "messages_frame"),
    "haralyzer": ("haralyzer_entry", "haralyzer_har"),
}
ENTRY = re.compile(r"^((?:\w+)(?:, \w+)*): (.*)$")  # of a docstring: what a field or setting means
HEAD = """\
# Python

`har-sockets` is imported as `analyzer`. Install it into the environment of your script or notebook, in a notebook with
`%pip install git+https://github.com/OWNER/har-sockets` (OWNER stands in the address of the project's page), in a clone
with `%pip install .`; an installation with pipx cannot be imported.

All public names are in the package `analyzer`. They have types, and importing them loads pandas and matplotlib only
when something needs them. The notebook [notebook.ipynb](notebook.ipynb) shows the usual steps: load a folder, find the
worst captures, draw one, count.

```python
from analyzer import Policy, captures_frame, load, sessions_frame

report = load("sample_hars/stream-chat-connect-on-every-mount.har")
print(report)  # <Report stream-chat-connect-on-every-mount.har: overlap, 4 sockets, peak 4, 1 error>
print(report.verdict, report.concurrency.proven_peak)  # overlap 4
print(sessions_frame(report)[["id", "outcome", "open_s"]])

run = load("sample_hars", Policy(per="user", tolerance="500ms"))
worst = captures_frame(run).sort_values("rank")  # 1 is the most urgent
print(worst[["name", "result", "proven_peak", "overlap_s", "overlap_at_most_s"]].head())
print(run[worst["name"].iloc[0]].verdict, "and", len(run) - 1, "more")  # overlap and 15 more

axes = report.plot()
axes.figure.savefig("timeline.png")
```

In a notebook, `report` at the end of a cell shows the verdict, the chart and the findings, and `run` a table of its
captures. What people see is masked: `repr`, `plot`, frames and notebooks show no token, no user id and no message.
The fields of the values are not masked.

The values are frozen [msgspec](https://jcristharif.com/msgspec/) structs. A sentence is a string that knows its parts
(`Sentence`), and msgspec encodes no subclass of `str` by itself: write
`msgspec.json.encode(report.findings, enc_hook=str)`, and the same for `msgspec.to_builtins`.

Masks are numbered per frame: `user-1` of one frame can be another user than `user-1` of the next. Before you put rows
of several frames together, make one frame of all results, `sessions_frame([run, another_run])`, or load with a key,
`load("captures", redaction_key="...")`: then a user has one name everywhere.
"""
SEAM = """\
### plot

{signature}

A method of `Report` and of `Run`. {text}
"""


def page() -> str:
    """Compose the whole page."""
    listed = [name for names in SECTIONS.values() for name in names]
    missing = sorted(set(analyzer.__all__) ^ set(listed))
    if missing:
        raise SystemExit(f"docs/python.py: in one of `__all__` and SECTIONS alone: {', '.join(missing)}")
    parts = [HEAD]
    for title, names in SECTIONS.items():
        parts.append(f"## {title}\n")
        parts += [section(name, getattr(analyzer, name)) for name in names]
        if title == "Results":
            text = "\n".join(paragraphs(Viewable.plot.__doc__ or "", {})).strip()
            parts.append(SEAM.format(signature=signature("plot", Viewable.plot), text=text))
    return "\n".join(parts)


def section(name: str, value: object) -> str:
    """Compose the section of one public name."""
    types = annotations(value) if inspect.isclass(value) and name != "Policy" else {}  # its signature has them
    shown = signature(name, value)
    body = "\n".join(paragraphs(value.__doc__ or "", types)).strip()
    if name.endswith("_frame"):
        names = getattr(dataframes, name.removesuffix("_frame").upper())
        body += "\n\n" + wrapped(f"All columns, in order: {', '.join(f'`{it}`' for it in names)}.")
    return f"### {name}\n\n{f'{shown}{chr(10) * 2}' if shown else ''}{body}\n"


def paragraphs(doc: str, types: dict[str, str]) -> Iterator[str]:
    """Turn a docstring into Markdown: its paragraphs, and lists of what fields mean."""
    for block in inspect.cleandoc(doc).split("\n\n"):
        is_list = ENTRY.match(block.partition("\n")[0])
        yield from (entries(block, types) if is_list else [wrapped(" ".join(block.split()))])
        yield ""


def entries(block: str, types: dict[str, str]) -> Iterator[str]:
    found: list[tuple[str, str]] = []
    for line in block.splitlines():
        match = ENTRY.match(line)
        if match:
            found.append((match[1], match[2]))
        else:
            names, text = found.pop()
            found.append((names, f"{text} {line}"))
    for names, text in found:
        kinds = list(dict.fromkeys(types[name] for name in names.split(", ") if name in types))
        shown = f" ({', '.join(f'`{kind}`' for kind in kinds)})" if kinds else ""
        yield wrapped(f"- {', '.join(f'`{name}`' for name in names.split(', '))}{shown}: {text}", "  ")


def wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def annotations(kind: type) -> dict[str, str]:
    """The types of the fields and properties of a class, as its source has them."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        own = {name: str(of) for name, of in inspect.get_annotations(base).items()}
        found |= {name: of for name, of in own.items() if "ClassVar" not in of}
        for name, member in vars(base).items():
            if isinstance(member, property) and member.fget is not None:
                found[name] = str(member.fget.__annotations__.get("return", ""))
    return found


def signature(name: str, value: object) -> str:
    """The signature as code, one argument per line where it is long. None for values that nobody constructs."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(value)))).body[0]  # type: ignore[arg-type]
    made = next((it for it in ast.walk(tree) if isinstance(it, ast.FunctionDef) and it.name == "__init__"), None)
    if name == "Policy":
        assert made is not None
        tree = made
    if not isinstance(tree, ast.FunctionDef):
        return ""
    arguments = joined(ast.unparse(tree.args).removeprefix("self, ").split(", "))
    arguments = [re.sub(r"(?<=\S)=(?=\S)", " = ", it).replace("'", '"') for it in arguments]
    returns = "" if name == "Policy" or tree.returns is None else f" -> {ast.unparse(tree.returns)}"
    line = f"{name}({', '.join(arguments)}){returns}"
    if len(line) > 110:
        line = "\n".join([f"{name}(", *(f"    {it}," for it in arguments), f"){returns}"])
    return f"```text\n{line}\n```"


def joined(parts: list[str]) -> list[str]:
    """Join what a comma within brackets has parted."""
    found: list[str] = []
    for part in parts:
        if found and found[-1].count("[") + found[-1].count("(") > found[-1].count("]") + found[-1].count(")"):
            found[-1] += f", {part}"
        else:
            found.append(part)
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
