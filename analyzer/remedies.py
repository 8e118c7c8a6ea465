"""Choose what to do about a cause: what a fault or habit of the client library asks for, else what the service does."""

from __future__ import annotations

import msgspec

from analyzer import callstacks
from analyzer.model import Session
from analyzer.model.sentence import Sentence, term


class Advice(msgspec.Struct, frozen=True):
    """What to do, with its page. says: what the library does, for the end of a sentence; empty where nothing is known.
    fault_of: the library, where it has a fault: then the application's code may be right."""

    remedy: str | None
    link: str | None
    says: Sentence = Sentence("")
    fault_of: str | None = None


def advise(
    cause: str, session: Session, remedy: str | None = None, link: str | None = None, *, by_service: bool = False
) -> Advice:
    """Return the remedy that fits: the library's for this cause, then the service's if it may be `by_service`, then
    this one."""
    library = callstacks.library(session)
    fault = callstacks.fault(cause, session)
    row = fault or (library.find_habit(cause) if library is not None else None)
    if row is not None and library is not None:
        return Advice(
            row.remedy, row.link, Sentence(": {}", term(row.says)), library.name if fault is not None else None
        )
    provider = session.provider if by_service else None
    if provider is not None and provider.remedy:
        return Advice(provider.remedy, provider.link or link)
    return Advice(remedy, link)
