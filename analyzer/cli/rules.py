"""`har-sockets rules`."""

from typing import Annotated

import typer

from analyzer import choices
from analyzer.causes import CAUSES
from analyzer.cli.delivery import Delivery
from analyzer.cli.options import command_with
from analyzer.cli.screen import refuse, show, terminal
from analyzer.cli.words import among
from analyzer.rules import RULES

PAGES = {page.id: page for page in (*RULES, *CAUSES)}


@command_with(without=("output", "open_", "format", "out", "title", "meta", "tz", "verbose", "quiet"))
def rules(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A rule or cause, or how it begins.", autocompletion=among(PAGES)),
    ] = None,
    *,
    delivery: Delivery,
) -> None:
    """Explain the rules and causes.

    Without a name, list all of them.

    Example: har-sockets rules duplicate-connection
    """
    from analyzer.outputs import manual

    if name is None:
        show(manual.render_list(RULES, CAUSES, **terminal()))
    else:
        show(manual.render(PAGES[_choose(name)], **terminal()))


def _choose(name: str) -> str:
    """Return the one page whose id is this, or begins so."""
    typed = name.strip().lower().replace("_", "-").replace(" ", "-")
    beginning = [id for id in PAGES if id.startswith(typed)]
    if typed in PAGES or len(beginning) == 1:
        return typed if typed in PAGES else beginning[0]
    containing = beginning or [id for id in PAGES if typed in id]
    near = choices.nearest(typed, PAGES)
    if containing:
        refuse(f"{name}: which of them: {choices.alternatives(containing)}?")
    refuse(f"{name}: no such rule or cause: {f'did you mean {near}?' if near else '`har-sockets rules` lists them'}")
