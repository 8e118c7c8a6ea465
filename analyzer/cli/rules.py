"""`har-sockets rules`."""

from typing import Annotated

import typer

from analyzer.cli.options import Delivery, among, command_with
from analyzer.cli.screen import refuse, show, terminal
from analyzer.rules import RULES

IDS = tuple(rule.id for rule in RULES)


@command_with(without=("out", "title", "meta", "tz", "verbose", "quiet"))
def rules(
    rule: Annotated[
        str | None,
        typer.Argument(metavar="[RULE]", help="A rule, such as duplicate-connection.", autocompletion=among(IDS)),
    ] = None,
    *,
    delivery: Delivery,
) -> None:
    """Explain the rules and causes.

    Without a name, list all of them.

    Example: har-sockets rules duplicate-connection
    """
    from analyzer.outputs import manual

    if rule is None:
        show(manual.render_list(RULES, **terminal()))
        return
    found = next((it for it in RULES if it.id == rule), None)
    if found is None:
        import difflib

        near = difflib.get_close_matches(rule, IDS, 1)
        refuse(f"no rule {rule}: {f'did you mean {near[0]}?' if near else '`har-sockets rules` lists them'}")
    show(manual.render(found, **terminal()))
