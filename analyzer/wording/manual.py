"""Write the manual page of a rule or a cause from its docstring."""

from __future__ import annotations

from analyzer.model import Cause, Rule, join_words
from analyzer.patterns import Pattern

CODE = " " * 4  # begins each line of a paragraph of code
LEAD = Pattern(r"(How it is detected|How severe it is|Why it matters|What to do|What it needs):\s+(\w)")


def markdown(rule: Rule) -> str:
    """Write the page of one rule, as docs/rules/ has it."""
    body = [LEAD.sub(lambda match: f"**{match[1]}.** {match[2].upper()}", paragraph) for paragraph in paragraphs(rule)]
    return "\n\n".join([f"# {rule.id}", f"{rule.title}. Severity: {rule.severity}.", *body]) + "\n"


def paragraphs(page: Rule | Cause) -> list[str]:
    """Split the manual into paragraphs without the line ends of the source, except those of code; then say what a
    rule needs."""
    needs = page.needs if isinstance(page, Rule) else ()
    text = [it if it.startswith(CODE) else " ".join(it.split()) for it in page.manual.split("\n\n")]
    if needs:
        things = join_words([need.thing for need in needs])
        text.append(
            f"What it needs: {things}. Where a capture does not record that, a report lists the rule as not checked."
        )
    return text
