"""`har-sockets rules`."""

from typing import Annotated

import typer

from analyzer.cli.options import among, command
from analyzer.cli.screen import refuse, show, terminal
from analyzer.rules import RULES

IDS = tuple(rule.id for rule in RULES)


@command
def rules(
    rule: Annotated[
        str | None,
        typer.Argument(metavar="[RULE]", help="One of them.", show_default=False, autocompletion=among(IDS)),
    ] = None,
) -> None:
    """The manual: all rules with their severities, or all about one.

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
