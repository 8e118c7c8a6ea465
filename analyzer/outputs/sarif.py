"""Write SARIF 2.1.0 for code scanning: one result per finding.

A result is at the code that opened the socket, if its address shows a file of the repository. Otherwise it is in the
capture, and the code (a bundle) is a related location. Fingerprints are those of the findings: the
same fault in another capture is the same alert.

The text of a result is whole sentences. Beside it stand the id of its template, which is among the `messageStrings` of
its rule, and the values that belong into it (`arguments`), so that it can be said in another language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from analyzer import gate
from analyzer.document import Json, pretty
from analyzer.model import Finding, Initiator, Policy, Report, Rule, Run, Session, Severity, plural
from analyzer.model.sentence import Sentence, assemble, chain, parts_of
from analyzer.patterns import Pattern
from analyzer.version import HOME, VERSION
from analyzer.wording import facts, harmless, manual, titles
from analyzer.wording.coverage import describe_unchecked

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RESULTS = 25_000  # that GitHub takes of a run
RELATED = 10  # places of further sockets
SCHEME = Pattern(r"(?!data:)[A-Za-z][A-Za-z0-9+.-]*:")
URL = Pattern(r"[A-Za-z][A-Za-z0-9+.-]*://")
BUNDLER = Pattern(r"(?:webpack|webpack-internal|turbopack|rollup|vite|ng|file):", re.IGNORECASE)
SOURCE = Pattern(r"(?:^|/)src/|\.(?:[cm]?tsx?|jsx|vue|svelte|astro)$")  # a file of a repository, not a bundle
STRAY = Pattern(r"%(?![0-9A-Fa-f]{2})")


def render(run: Run) -> bytes:
    ids = list(dict.fromkeys([rule.id for rule in run.rules] + [f.rule for r in run.reports for f in r.findings]))
    manuals = {rule.id: rule for rule in run.rules}
    results = [(report, finding) for report in run.reports for finding in report.findings]
    results.sort(key=lambda pair: pair[1].severity.rank, reverse=True)
    templates: dict[str, dict[str, Json]] = {id: {} for id in ids}
    for _, finding in results[:RESULTS]:
        sentence = _join_sentences(finding)
        templates[finding.rule][_identify(sentence)] = {"text": harmless.safe(sentence.template, 4000)}
    driver = {
        "name": "har-sockets",
        "version": VERSION,
        "semanticVersion": VERSION,
        "informationUri": HOME,
        "rules": [_rule(id, manuals.get(id), templates[id]) for id in ids],
    }
    log: Json = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "har-sockets/"},
        "columnKind": "utf16CodeUnits",
        "invocations": [
            {"executionSuccessful": not run.unreadable, "toolExecutionNotifications": list(_notifications(run))}
        ],
        "artifacts": [_artifact(report) for report in run.reports],
        "results": [_result(finding, report, ids, run.policy) for report, finding in results[:RESULTS]],
    }
    if run.title or run.meta:
        log["properties"] = {"title": run.title and harmless.safe(run.title), "meta": dict(facts.head(run))}
    return pretty({"$schema": SCHEMA, "version": "2.1.0", "runs": [log]})


def _rule(id: str, rule: Rule | None, templates: dict[str, Json]) -> Json:
    strings: Json = {"messageStrings": templates} if templates else {}
    if rule is None:
        return {"id": id, **strings}
    first = rule.manual.partition("\n\n")[0].replace("\n", " ")
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": first or rule.title},
        "help": {"text": rule.manual or rule.title, "markdown": manual.markdown(rule)},
        "helpUri": f"{HOME}/blob/HEAD/docs/rules/{rule.id}.md",
        "defaultConfiguration": {"level": rule.severity},
        **strings,
    }


def _message(finding: Finding) -> Json:
    more = "".join(f" {it}" for it in (finding.explanation, finding.remedy) if it)
    text = harmless.safe(finding.message, 1000) + harmless.safe(more, 1000)
    if "{" in text:  # a reader would take it for the place of a value
        return {"text": text}
    sentence = _join_sentences(finding)
    values = [harmless.safe(value, 1000) for value in sentence.values]
    return {"text": text, "id": _identify(sentence), **({"arguments": values} if values else {})}


def _join_sentences(finding: Finding) -> Sentence:
    """Put together what a result says, with its values."""
    parts = [parts_of(it) for it in (finding.message, finding.explanation) if it]
    parts += [(finding.remedy,)] if finding.remedy else []
    return chain([assemble(part) for part in parts], " ")


def _identify(sentence: Sentence) -> str:
    """Make the id of its template: equal for equal templates, in each version."""
    import hashlib

    return hashlib.sha256(sentence.template.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _result(finding: Finding, report: Report, ids: list[str], policy: Policy) -> Json:
    sessions = report.named(finding.sessions)
    code = next((session.initiator for session in sessions if _in_code(session.initiator)), None)
    places = [_in_capture(report, session) for session in sessions[:RELATED]] or [_file(report)]
    if code is not None:
        places = [_in_source(code), *places] if _is_source(code) else [places[0], _in_source(code), *places[1:]]
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": finding.severity,
        "message": _message(finding),
        "locations": [places[0]],
        "partialFingerprints": {
            "harSockets/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint}:1",  # the one that GitHub reads
        },
        "properties": {
            "capture": harmless.safe(report.capture.source, 4000),
            "verdict": report.verdict,
            "confidence": finding.confidence,
            "sessions": list(finding.sessions),
            "pointers": [harmless.safe(pointer) for pointer in finding.pointers],
        },
    }
    if places[1:]:
        result["relatedLocations"] = [{"id": n, **place} for n, place in enumerate(places[1:])]
    if gate.is_in_baseline(finding, policy):
        result["suppressions"] = [{"kind": "external", "justification": "It is in the baseline."}]
    return result


def _notifications(run: Run) -> Iterable[Json]:
    """Notify of what could not be read, of the limits of each capture, and of rules that it cannot show."""
    for file in run.unreadable:
        yield _notification(Severity.ERROR, f"{titles.PROBLEM.capitalize()}: {file.problem}", _place(file.source))
    for report in run.reports:
        for skipped in report.capture.skipped:
            place = _place(report.capture.source, skipped.pointer)
            yield _notification(Severity.WARNING, f"{titles.UNREADABLE}: {skipped.problem}", place)
        for caveat in report.capture.caveats:
            level = Severity.WARNING if caveat.hides_sockets else Severity.NOTE
            yield _notification(level, caveat.message, _file(report))
        for unchecked in report.not_checked:
            text = f"Not checked: {describe_unchecked([unchecked])}."
            yield {**_notification(Severity.NOTE, text, _file(report)), "associatedRule": {"id": unchecked.rule}}
    left = sum(len(report.findings) for report in run.reports) - RESULTS
    if left > 0:
        yield _notification(Severity.WARNING, f"{plural(left, 'more result')} left out, not more severe.", None)


def _notification(level: Severity, text: str, place: Json | None) -> Json:
    notification: Json = {"level": level, "message": {"text": harmless.safe(text, 1000)}}
    return notification if place is None else {**notification, "locations": [place]}


# -- places ----------------------------------------------------------------------------------------------------


def _in_code(code: Initiator | None) -> bool:
    """Decide whether the code names a file."""
    return code is not None and code.url is not None and SCHEME.match(code.url) is not None


def _is_source(code: Initiator) -> bool:
    """Decide by its address whether the code is a file of the repository, not a bundle."""
    url = code.opener.url or ""
    is_source = BUNDLER.match(url) is not None or SOURCE.search(_within(url)) is not None
    return code.is_own and (code.opener.source is not None or is_source)


def _in_source(code: Initiator) -> Json:
    frame = code.opener if code.opener.source is None else code.opener.source
    place: Json = {"artifactLocation": {"uri": _within(frame.url or "")}}
    if frame.line is not None and frame.line >= 1:
        place["region"] = {"startLine": frame.line}
        if frame.column is not None and frame.column >= 1:
            place["region"]["startColumn"] = frame.column
    name = code.component or code.opener.function
    names = {"logicalLocations": [{"name": harmless.safe(name), "kind": "function"}]} if name else {}
    opener = f"Opened by {harmless.safe(name)}" if name else "Opened here"
    return {
        "physicalLocation": place,
        "message": {"text": opener},
        "properties": {"url": _uri(code.url or "")},
        **names,
    }


def _in_capture(report: Report, session: Session) -> Json:
    return {**_place(report.capture.source, session.pointer), "message": {"text": session.name}}


def _file(report: Report) -> Json:
    return _place(report.capture.source)


def _place(source: str, pointer: str = "") -> Json:
    """Locate a file (its first line: readers ask for one), and the place in it, as a JSON Pointer."""
    place: Json = {"physicalLocation": {"artifactLocation": {"uri": _path(source)}, "region": {"startLine": 1}}}
    if pointer:
        place["logicalLocations"] = [{"fullyQualifiedName": harmless.safe(pointer), "kind": "element"}]
    return place


def _artifact(report: Report) -> Json:
    capture = report.capture
    artifact: Json = {"location": {"uri": _path(capture.source)}, "length": capture.bytes}
    return artifact if capture.sha256 is None else {**artifact, "hashes": {"sha-256": capture.sha256}}


def _within(url: str) -> str:
    """Take the path of a URL, as of a file in the repository: GitHub accepts no scheme but `file`."""
    rest = URL.sub("", _uri(url)).partition("/")[2] if URL.match(url) else _uri(url)  # a source may be a mere path
    path = rest.partition("?")[0].partition("#")[0]
    return re.sub(r"^[./]*/", "", path).replace(":", "%3A") or "index.html"


def _path(source: str) -> str:
    """Write a path as a URI reference, a URL as it is, standard input as `stdin`."""
    if source == "-":
        return "stdin"
    if URL.match(source):
        return _uri(source)
    path = quote(source.replace("\\", "/").encode("utf-8", "surrogatepass"), safe="/~")
    return f"file://{path}" if path.startswith("/") else path


def _uri(url: str) -> str:
    """Encode a URL of a capture as a URI (RFC 3986)."""
    encoded = quote(url[:4000].encode("utf-8", "surrogatepass"), safe=":/?#@!$&'()*+,;=%~")
    scheme, _, rest = STRAY.sub("%25", encoded).partition("#")
    return f"{scheme}#{rest.replace('#', '%23')}" if rest else scheme
