"""From words to a masked run, and from a run to bytes: what the commands on many captures have in common."""

from __future__ import annotations

import typer

from analyzer import fleet, outputs, redaction
from analyzer.cli.options import Allowed, Delivery, Masking, Reading, catalogue
from analyzer.cli.screen import refuse, say, show, terminal, write
from analyzer.model import Report, Run, Unreadable

UNREADABLE = 3


def ask(
    captures: list[str],
    reading: Reading,
    masking: Masking,
    allowed: Allowed = Allowed(),  # noqa: B008 - frozen
    delivery: Delivery = Delivery(),  # noqa: B008
) -> Run:
    """The captures, analysed and masked, with what whoever asks says of them."""
    delivery.check()
    policy = reading.policy(allowed)
    results = list(fleet.results(sources(captures), policy, catalogue(reading.providers)))
    run = Run(
        tuple(result for result in results if isinstance(result, Report)),
        tuple(result for result in results if isinstance(result, Unreadable)),
        policy,
        delivery.title,
        delivery.pairs(),
    )
    return redaction.masked(
        run, secrets=not masking.show_secrets, users=not masking.show_users, key=masking.redaction_key
    )


def sources(captures: list[str]) -> list[str]:
    """The captures that are meant."""
    try:
        return fleet.expand(captures)
    except fleet.NothingToRead as problem:
        refuse(str(problem))


def deliver(run: Run, delivery: Delivery, format: str | None = None) -> None:
    """Files first, then standard output: what `--format` says, else `format`, else nothing."""
    for name, path in delivery.files():
        write(path, outputs.render(name, run))
    shown = delivery.format or format
    if shown and not delivery.quiet:
        show(_text(run) if shown == "text" else outputs.render(shown, run))


def _text(run: Run) -> bytes:
    from analyzer.outputs import text

    return text.render(run, **terminal())


def finish(run: Run) -> None:
    """What could not be read, a line each, and the status for it."""
    for it in run.unreadable:
        say(f"{it.source}: {it.problem}")
    if run.unreadable:
        raise typer.Exit(UNREADABLE)
