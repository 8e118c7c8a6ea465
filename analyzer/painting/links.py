"""Link the sockets that our sentences name, `#3`, to their rows, on pages."""

from __future__ import annotations

from markupsafe import Markup, escape

from analyzer.model.sentence import Kind, Sentence
from analyzer.painting.part import Part
from analyzer.patterns import Pattern

NUMBER = Pattern(r"(?<![\w/#])#(\d{1,9})\b")


def link(text: str, part: Part) -> Markup:
    """Escape a text, with a link where it names a socket of the capture; what a sentence quotes stays as it is."""
    if not isinstance(text, Sentence):
        return _link(text, part)
    links, ours = Markup(), ""
    for piece in text.parts:
        if isinstance(piece, str) or piece.kind is Kind.NUMBER:
            ours += piece if isinstance(piece, str) else piece.text
        else:
            links, ours = links + _link(ours, part) + piece.text, ""
    return links + _link(ours, part)


def _link(text: str, part: Part) -> Markup:
    links, place = Markup(), 0
    for match in NUMBER.finditer(text):
        if f"s{match[1]}" in part.ids:
            links += escape(text[place : match.start()]) + link_to(match[1], part)
            place = match.end()
    return links + text[place:]


def link_to(number: str, part: Part) -> Markup:
    """Link to the row of a socket, where the page has rows."""
    if f"s{number}" not in part.ids:
        return Markup(f"<b>#{number}</b>")  # noqa: S704 - a number
    return Markup(f'<a href="#{part.prefix}s{number}">#{number}</a>')  # noqa: S704 - numbers and a prefix of ours
