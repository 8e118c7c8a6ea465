"""Write the JSON Schemas in docs/schemas/ (`make schemas`): of the settings file, and of the JSON output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from analyzer import triage
from analyzer.compare import Result
from analyzer.model import (
    MILLISECOND,
    CauseConfidence,
    Clock,
    Confidence,
    Level,
    Outcome,
    PageKind,
    Policy,
    Reach,
    Scope,
    Severity,
    SkipReason,
    Step,
    Verdict,
)
from analyzer.policy import Settings
from analyzer.rules import RULES
from analyzer.totals.frame import TABLES
from analyzer.version import HOME

Schema: TypeAlias = dict[str, Any]

FOLDER = Path(__file__).parent
DRAFT = "https://json-schema.org/draft/2020-12/schema"
ADDRESS = HOME.replace("//github.com/", "//raw.githubusercontent.com/") + "/HEAD/docs/schemas"

# -- the settings ----------------------------------------------------------------------------------------------

SETTINGS = {
    "per": "Which sockets are counted together: those of one capture, context (of a browser), page, address "
    "(endpoint), service or user.",
    "scope": "With --together: whether findings count the sockets of the HAR's tab or of the whole browser.",
    "max-open": "How many sockets may be open at the same time.",
    "tolerance": "Overlaps shorter than this are notes. Milliseconds, or a duration with a unit.",
    "app-mode": "Which connection limit of a service is enforced.",
    "count-dev-servers": "Whether sockets of development servers (hot or live reload) count.",
    "count-extensions": "Whether sockets that a browser extension opened count.",
    "assume": "What holds although the capture does not show it. Set it only where it is true.",
    "fail-on": "The lowest severity that makes `check` fail.",
    "allow-undecided": "Whether undecided captures pass.",
    "allow-empty": "Whether captures in which no socket opened pass.",
    "ghost-beats": "How many heartbeats a socket has to miss to be a ghost.",
    "storm-opens": "How many reconnects within a minute are a storm.",
    "outlives": "How long a socket may outlive its page. Milliseconds, or a duration with a unit.",
    "severity": "The severity per rule, or off.",
    "baseline": "A file of known findings, which pass; relative to this file.",
    "providers": "A file with services of your own; relative to this file.",
}
DURATIONS = ("tolerance", "outlives")
PART = r"\s*(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*[A-Za-zµμ]"  # analyzer/durations.py
WITH_UNIT: Schema = {"type": "string", "pattern": rf"^{PART}*(?:{PART}+)*\s*$"}


def settings() -> Schema:
    """Describe `har-sockets.toml`, and the table `[tool.har-sockets]` of pyproject.toml."""
    made = msgspec.json.schema(Settings)
    shapes, properties = made["$defs"], made["$defs"]["Settings"]["properties"]
    return {
        "$schema": DRAFT,
        "$id": f"{ADDRESS}/settings.json",
        "title": "Settings of har-sockets",
        "description": "The policy in har-sockets.toml, or in [tool.har-sockets] of pyproject.toml.",
        "type": "object",
        "properties": {name: _setting(name, shape, shapes) for name, shape in properties.items()},
        "additionalProperties": False,
    }


def _setting(name: str, shape: Schema, shapes: Schema) -> Schema:
    described: Schema = {"description": SETTINGS[name]}
    if name == "severity":
        levels = _plain(shape["additionalProperties"], shapes)
        rules = {rule.id: {"description": f"{rule.title}. Default: {rule.severity}.", **levels} for rule in RULES}
        return {**described, "type": "object", "properties": rules, "additionalProperties": False}
    described |= _plain(shape, shapes)
    default = _default(name)
    described |= {} if default is None else {"default": default}
    if name in DURATIONS:
        units = {"type": "string"} in described.get("anyOf", [])
        described["examples"] = ["250ms", "2s"] if units else [250, 2000]
        described |= {"anyOf": [{"type": "number", "minimum": 0}, WITH_UNIT]} if units else {}
    return described


def _plain(shape: Schema, shapes: Schema) -> Schema:
    """The shape without references, which editors do not follow, and without null, which TOML has not."""
    if "$ref" in shape:
        return {
            key: it
            for key, it in shapes[shape["$ref"].rpartition("/")[2]].items()
            if key not in ("title", "description")
        }
    if "anyOf" in shape:
        kinds = [_plain(it, shapes) for it in shape["anyOf"] if it != {"type": "null"}]
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if "items" in shape:
        return {**shape, "items": _plain(shape["items"], shapes)}
    return {key: it for key, it in shape.items() if key != "default"}


def _default(name: str) -> Any:
    field, policy = name.replace("-", "_"), Policy()
    value = getattr(policy, field, None)
    if name in DURATIONS:
        return value // MILLISECOND if value is not None else None
    return value if isinstance(value, bool | int | str) else None


# -- the JSON output -------------------------------------------------------------------------------------------

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
MILLISECONDS: Schema = {"type": "number", "minimum": 0}
INSTANT: Schema = {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"}
NAME, HASH = {"type": "string", "minLength": 1}, {"type": "string", "pattern": "^[0-9a-f]{64}$"}
POINTER = {"type": "string", "pattern": "^$|/"}


def said(description: str, shape: Schema) -> Schema:
    return {"description": description, **shape}


def optional(shape: Schema) -> Schema:
    """The shape, or null where the value is not known."""
    return {"anyOf": [shape, {"type": "null"}]}


def several(shape: Schema) -> Schema:
    return {"type": "array", "items": shape}


def one_of(names: Any) -> Schema:
    return {"enum": [str(name) for name in names]}


def record(**properties: Schema) -> Schema:
    """An object with all of these keys. New keys may come with a new version, and are no fault."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def with_newer(shape: Schema, **properties: Schema) -> Schema:
    """The shape with keys that came later: an answer of an earlier version lacks them."""
    return {**shape, "properties": shape["properties"] | properties}


def refer(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def shapes() -> Schema:
    """Describe each kind of object by its name."""
    interval = record(start=optional(INSTANT), end=optional(INSTANT))
    return {
        "bounds": said(
            "Between which instants something happened.",
            record(
                earliest=said("Not before; null: no bound on this side.", optional(INSTANT)),
                latest=said("Not after; null: no bound on this side.", optional(INSTANT)),
                evidence=said("How the capture shows it (docs/json.md, Evidence).", NAME),
            ),
        ),
        "interval": said("From start until before end; end null: it has no known end.", interval),
        "code": with_newer(
            record(
                function=optional(TEXT),
                component=optional(TEXT),
                url=optional(TEXT),
                line=optional({"type": "integer"}),
                column=optional({"type": "integer"}),
            ),
            source=said("Where that is in a source file; absent without a source map.", refer("source")),
        ),
        "source": record(
            url=said("The source file.", TEXT),
            line=said("The line, from 1.", COUNT),
            column=said("The column, from 1.", COUNT),
        ),
        "policy": record(
            per=said("Which sockets are counted together (--per).", one_of(Scope)),
            scope=said("Which sockets findings count (--scope); null: by `per`.", optional(one_of(Reach))),
            max_open=said("How many may be open at the same time (--max-open).", {"type": "integer", "minimum": 1}),
            tolerance_ms=said("Overlaps shorter than this are notes (--tolerance).", MILLISECONDS),
            app_mode=said("Which limit of a service is enforced (--app-mode).", optional(TEXT)),
            fail_on=said("The lowest severity that fails (--fail-on).", TEXT),
            assume=said("What the user states about the captures (--assume).", several(TEXT)),
        ),
        "exporter": record(
            id=said("Which program wrote the capture (docs/json.md, Exporters).", NAME),
            name=said("Its name, as the capture has it.", optional(TEXT)),
            version=said("Its version, as the capture has it.", optional(TEXT)),
        ),
        "page": record(
            id=said("Names the page in this capture.", TEXT),
            url=said("Its masked address.", optional(TEXT)),
            start=said("When it began.", optional(INSTANT)),
            kind=said("How it was loaded; restore: from the back/forward cache.", one_of(PageKind)),
        ),
        "session": session(),
        "overlap": record(
            confidence=said("Whether the overlap is certain.", one_of(Confidence)),
            start=said("When two or more were first open.", optional(INSTANT)),
            end=said("When fewer than two were open again; null: no known end.", optional(INSTANT)),
            duration_ms=said("Its length, or the part of it that the capture shows.", MILLISECONDS),
            duration_is_lower_bound=said("Whether it may have lasted longer.", FLAG),
            peak=said("How many were open at most.", {"type": "integer", "minimum": 2}),
            sessions=said("The ids of the sockets that were open in it.", several(NAME)),
        ),
        "group": record(
            per=said("What the sockets of the group have in common.", one_of(Scope)),
            key=said("The values in common.", {"type": "object", "additionalProperties": optional(TEXT)}),
            sessions=said("How many sockets belong to the group.", COUNT),
            proven_peak=said("How many of them were certainly open at most.", COUNT),
            possible_peak=said("How many of them were possibly open at most.", COUNT),
            limits=said(
                "What the service documents per user.",
                several(record(mode=said("For which mode or plan.", optional(TEXT)), max=said("How many.", COUNT))),
            ),
        ),
        "finding": finding(),
        "caveat": record(
            id=said("Which limit (docs/json.md, Caveats).", NAME),
            message=said("The limit in a sentence.", TEXT),
            assumed=said("Whether the answer rests on it although the capture does not show it.", FLAG),
        ),
        "skipped": with_newer(
            record(
                pointer=said("Which part of the capture could not be read.", TEXT),
                offset=said("Where it begins, in bytes.", optional(COUNT)),
                problem=said("Why it could not be read.", TEXT),
            ),
            reason=said("The kind of reason (docs/json.md, Skipped parts).", one_of(SkipReason)),
        ),
        "unreadable": record(
            source=said("The capture that could not be read.", TEXT), problem=said("Why it could not be read.", TEXT)
        ),
        "console": console(),
        "capture": capture(),
        "comparison": comparison(),
        "folders": folders(),
        "socket": socket(),
        "sockets": said(
            "What `har-sockets show CAPTURE --format json` prints.",
            record(**head(), **whence(), sessions=said("The sockets of the capture.", several(refer("session")))),
        ),
        "summary": summary(),
    }  # fmt: skip


def console() -> Schema:
    return record(
        time=said("When it was written.", INSTANT),
        level=said("How grave it is.", one_of(Level)),
        text=said("Its words, masked.", TEXT),
        page=said("The id of the page that it comes from.", optional(TEXT)),
        pointer=said("Where it stands: a JSON Pointer into the capture.", POINTER),
        initiator=said("The code that wrote it. Line and column count from 1.", optional(refer("code"))),
        session=said("The socket that it names, or that was nearest to it.", optional(NAME)),
        named=said("Whether the socket's address is in the text.", optional(FLAG)),
        step=said("The step of the socket's life that was nearest.", optional(one_of(it.name.lower() for it in Step))),
        after_ms=said("From that step to the line; negative: the line came first.", optional({"type": "number"})),
    )


def capture() -> Schema:
    return with_newer(
        _capture(),
        console=said("Warnings and errors of the console that our recorder keeps.", several(refer("console"))),
        console_dropped=said("How many more lines the recording did not keep.", COUNT),
    )


def _capture() -> Schema:
    return record(
        source=said("The path as given; - for standard input.", TEXT),
        sha256=said("The hash of the file; null above 32 MiB.", optional(HASH)),
        content_sha256=said("The hash of the unpacked capture; null above 32 MiB.", optional(HASH)),
        bytes=said("The size of the file.", COUNT),
        format=said("What kind of file it is.", TEXT),
        files=said(
            "What the answer rests on: one file, or several with --together.",
            several(
                record(
                    source=said("The path as given.", TEXT),
                    sha256=said("The hash of the file; null above 32 MiB.", optional(HASH)),
                    bytes=said("The size of the file.", COUNT),
                    format=said("What kind of file it is.", TEXT),
                    exporter=refer("exporter"),
                    records=said("How many requests or events the file has.", COUNT),
                )
            ),
        ),
        clock=said("Whether instants are dates, or count from an unknown one.", one_of(Clock)),
        exporter=refer("exporter"),
        observed=said("The first and the last instant that the capture witnesses.", optional(refer("interval"))),
        entries=said("How many entries the capture has.", COUNT),
        verdict=said("Whether sockets were open at the same time, all counted.", one_of(Verdict)),
        concurrency=record(
            proven_peak=said("How many were certainly open at most.", COUNT),
            possible_peak=said("How many were possibly open at most.", COUNT),
            proven_overlap_ms=said("For how long two or more were certainly open.", MILLISECONDS),
        ),
        pages=several(refer("page")),
        tried=said("Which steps the recording covers.", several({"enum": ["load", "reload", "navigation", "return"]})),
        sessions=said("One object per socket, in the order of the file.", several(refer("session"))),
        overlaps=said("Periods with two or more open sockets, the certain ones first.", several(refer("overlap"))),
        groups=said("The sockets that are counted together.", several(refer("group"))),
        findings=said("What the rules say, by the policy.", several(refer("finding"))),
        not_checked=said(
            "Rules that need what the capture does not record.",
            several(record(rule=said("Which rule (docs/rules/).", NAME), reason=said("What is missing.", TEXT))),
        ),
        caveats=said("The limits of this capture.", several(refer("caveat"))),
        skipped=said("Parts that could not be read.", several(refer("skipped"))),
    )


def session() -> Schema:
    return record(
        id=said("s1, s2 ... in the order of the file.", {"type": "string", "pattern": r"^s\d+$"}),
        pointer=said("Its entry: a JSON Pointer into the capture.", POINTER),
        seen_in=said("Each entry that stands for it.", several(record(file=COUNT, pointer=POINTER))),
        websocket_key=said("The handshake's Sec-WebSocket-Key, where the capture has it.", optional(TEXT)),
        url=said("The masked URL.", TEXT),
        endpoint=said("Scheme, host, port and path, masked.", TEXT),
        provider=said("The id of its service.", optional(NAME)),
        identity=said("Whom it belongs to, masked.", optional(record(app=optional(TEXT), user=optional(TEXT)))),
        dev_only=said("Whether it belongs to a development server.", FLAG),
        extension=said("Whether a browser extension opened it.", FLAG),
        scope=said("Of a HAR and a NetLog together: this tab, or elsewhere in the browser.", optional(one_of(Reach))),
        client=said(
            "The client library.", optional(record(name=optional(TEXT), version=optional(TEXT), runtime=optional(TEXT)))
        ),
        page=said("The id of its page.", optional(TEXT)),
        initiator=said("The code that opened it. Line and column count from 1.", optional(refer("code"))),
        outcome=said("What became of it.", one_of(Outcome)),
        created=said("When its handshake was requested.", optional(refer("bounds"))),
        opened=said("When it opened; null: never, or not known.", optional(refer("bounds"))),
        closed=said("When it closed; null: open at the end, or not known.", optional(refer("bounds"))),
        proven=said("When it was certainly open.", optional(refer("interval"))),
        possible=said("When it was possibly open.", optional(refer("interval"))),
        close_code=said("The close code (RFC 6455).", optional({"type": "integer"})),
        close_reason=said("The close reason (RFC 6455).", optional(TEXT)),
        messages=record(
            sent=said("How many messages were sent.", optional(COUNT)),
            received=said("How many messages were received.", optional(COUNT)),
            first=said("When the first message passed.", optional(INSTANT)),
            last=said("When the last message passed.", optional(INSTANT)),
        ),
        problem=said("Why the handshake failed, or the error that closed it.", optional(TEXT)),
    )


def finding() -> Schema:
    shape = record(
        rule=said("Which rule (docs/rules/).", NAME),
        severity=said("How grave it is.", one_of(Severity)),
        confidence=said("Whether it is certain.", one_of(Confidence)),
        fingerprint=said("The same for the same fault in another capture.", TEXT),
        message=said("What was found, in a sentence.", TEXT),
        start=said("When it began.", optional(INSTANT)),
        end=said("When it ended.", optional(INSTANT)),
        sessions=said("The ids of the sockets that it is about.", several(NAME)),
        pointers=said("Where the capture shows it.", several(POINTER)),
        dev_only=said("Whether it concerns development alone.", FLAG),
        cause=said("Why it happened (docs/causes/).", optional(NAME)),
        proof=said("Where the capture shows the cause, one line each.", several(TEXT)),
        remedy=said("What to do.", optional(TEXT)),
        link=said("Where the service documents it.", optional(TEXT)),
    )
    return with_newer(
        shape,
        cause_confidence=said("How certain the cause is.", optional(one_of(CauseConfidence))),
        cause_unknown=said("Why no cause is named, where one would be due.", optional(TEXT)),
    )


def compared() -> dict[str, Schema]:
    """What a comparison says of two captures."""
    side = record(
        sessions=COUNT,
        proven_peak=COUNT,
        possible_peak=COUNT,
        proven_overlap_ms=MILLISECONDS,
        overlap_is_lower_bound=FLAG,
    )
    sides = {"before": side, "after": side}
    named = record(source=TEXT, sha256=optional(HASH), verdict=one_of(Verdict))
    names = ("added", "gone", "same", "same_before", "unchecked_after", "unchecked_before")
    findings = {name: several(refer("finding")) for name in names}
    return {
        "standing": said("How many were open, after against before.", {"enum": ["fewer", "more", "same", "untold"]}),
        "result": said("Whether the change fixed the overlap.", one_of(Result)),
        "missing": said("Keys of what overlapped before and opened no socket after.", several({"type": "object"})),
        "before": named,
        "after": named,
        "whole": record(**sides),
        "groups": several(record(key={"type": "object"}, **sides)),
        "findings": record(**findings),
    }


def comparison() -> Schema:
    return said("What `har-sockets compare --format json` prints.", record(**head(), **compared()))


def folders() -> Schema:
    return said(
        "What `har-sockets compare FOLDER FOLDER --format json` prints.",
        record(
            **head(),
            pairs=said(
                "One comparison per name that both folders have.",
                several(record(name=said("The path within the folder.", TEXT), **compared())),
            ),
            only_before=said("Names that the folder after does not have.", several(TEXT)),
            only_after=said("Names that the folder before does not have.", several(TEXT)),
            unreadable=said("Captures that could not be read.", several(refer("unreadable"))),
        ),
    )


def whence() -> dict[str, Schema]:
    return {
        "source": said("The path of the capture as given; - for standard input.", TEXT),
        "sha256": said("The hash of the file; null above 32 MiB.", optional(HASH)),
    }


def socket() -> Schema:
    frame = with_newer(
        record(
            function=said("The name of the function.", optional(TEXT)),
            url=said("The script.", optional(TEXT)),
            line=said("The line, from 1.", optional(COUNT)),
            column=said("The column, from 1.", optional(COUNT)),
        ),
        source=said("Where that is in a source file; absent without a source map.", refer("source")),
    )
    message = record(
        time=said("When it was sent or received.", optional(INSTANT)),
        direction=said("Which way it went.", {"enum": ["sent", "received"]}),
        type=said("What kind of message it is: text, binary, ...", TEXT),
        bytes=said("The size of its payload.", COUNT),
    )
    return said(
        "What `har-sockets show CAPTURE SOCKET --format json` prints.",
        with_newer(
            record(
                **head(),
                **whence(),
                session=refer("session"),
                page=said("The page that it belongs to.", optional(record(id=TEXT, url=TEXT, kind=one_of(PageKind)))),
                stack=said(
                    "The call stack that opened it, innermost first, one object per turn of the event loop.",
                    several(
                        record(
                            scheduled_by=said(
                                "How the turn was scheduled: await, setTimeout, <Component>.", optional(TEXT)
                            ),
                            frames=said("The calls of this turn.", several(frame)),
                        )
                    ),
                ),
                open_at_the_same_time=record(
                    proven=said("The ids of the sockets that were certainly open with it.", several(NAME)),
                    possible=said("The ids of those that were possibly open with it.", several(NAME)),
                ),
                overlaps=said("The overlaps that it is part of.", several(refer("overlap"))),
                findings=said("The findings that name it.", several(refer("finding"))),
                messages=said(
                    "Each message; null where the exporter does not record them.", optional(several(message))
                ),
            ),
            console=said("The lines of the console that are about it.", several(refer("console"))),
        ),
    )


def summary() -> Schema:
    names = said("The most urgent of these captures, the most urgent first.", several(TEXT))
    row = record(
        name=said("The service, client, rule, ...", TEXT),
        captures=said("Captures in which it occurs.", COUNT),
        overlap=said("Those with an overlap.", optional(COUNT)),
        overlap_share=said("Their share, 0 to 1.", optional({"type": "number", "minimum": 0, "maximum": 1})),
        undecided=said("Those that are undecided.", optional(COUNT)),
        peak_median=said("The median peak.", optional({"type": "number", "minimum": 0})),
        peak_highest=said("The highest peak.", optional(COUNT)),
        overlap_ms_median=said("The median of the time with 2 or more open.", optional(MILLISECONDS)),
        peak_capture=said("The capture with the highest peak.", optional(TEXT)),
        worst_captures=names,
    )
    worst = record(
        source=said("The path of the capture.", TEXT),
        result=said("What it shows at a glance.", one_of(triage.ORDER)),
        severity=said("How grave its gravest finding is.", optional(one_of(Severity))),
        sessions=said("How many sockets it has.", COUNT),
        proven_peak=said("How many were certainly open at most.", COUNT),
        possible_peak=said("How many were possibly open at most; null where sockets may be missing.", optional(COUNT)),
        proven_overlap_ms=said("How long 2 or more were certainly open.", MILLISECONDS),
        overlap_is_lower_bound=said("Whether that is a lower bound.", FLAG),
        services=said("The services of its sockets.", several(TEXT)),
        overlapping=said("The services or addresses of the sockets that made the result.", several(TEXT)),
        users=said("How many users are known.", COUNT),
        user_names=said("The users, masked unless --show-users was given.", several(TEXT)),
        causes=said("Why sockets overlapped (docs/causes/).", several(NAME)),
        rules=said("The rules of its findings (docs/rules/).", several(NAME)),
        problem=said("Why it could not be read.", optional(TEXT)),
        content_sha256=said("The hash of the unpacked capture; null above 32 MiB.", optional(HASH)),
    )
    return said(
        "What `har-sockets summary --format json` prints.",
        record(
            format=said("The number of this form of the JSON.", {"const": 1}),
            tool=record(name={"const": "har-sockets"}, version=TEXT),
            only=said("What --only asked for.", several(NAME)),
            captures=said("How many captures were counted.", COUNT),
            unreadable=said("How many captures could not be read.", COUNT),
            repeated=said("Results that were there before, counted once.", COUNT),
            not_understood=said("Lines that are not results: where, and why.", several(TEXT)),
            worst=said("The most urgent captures, the most urgent first.", several(worst)),
            tables=said("The tables by name.", record(**{name: several(row) for name in TABLES})),
        ),
    )


def head() -> dict[str, Schema]:
    """What every object of the output begins with."""
    return {
        "format": said("The number of this form of the JSON.", {"const": 1}),
        "tool": record(name={"const": "har-sockets"}, version=TEXT),
        "policy": refer("policy"),
    }


def output() -> Schema:
    """Describe what `--format json` prints, format 1."""
    run = with_newer(
        record(
            **head(),
            captures=said("One object per capture, in the order given.", several(refer("capture"))),
            unreadable=said("Captures that could not be read.", several(refer("unreadable"))),
        ),
        selection=said(
            "With --only or --top: which captures are in this document.",
            record(
                only=said("The results, rules and causes that were asked for.", several(TEXT)),
                top=said("How many were asked for at most.", optional(COUNT)),
                matching=said("How many captures of the run match.", COUNT),
                captures=said("How many captures the whole run has.", COUNT),
            ),
        ),
    )
    return {
        "$schema": DRAFT,
        "$id": f"{ADDRESS}/output.json",
        "title": "JSON of har-sockets, format 1",
        "description": (
            "What --format json prints. A line of --format ndjson is a #/$defs/capture or a #/$defs/unreadable, "
            "what compare prints is a #/$defs/comparison or #/$defs/folders, what show prints a #/$defs/socket or "
            "#/$defs/sockets, what summary prints a #/$defs/summary. Later versions may add keys."
        ),
        **run,
        "$defs": shapes(),
    }


SCHEMAS = {"settings.json": settings, "output.json": output}


def written(schema: Schema) -> str:
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for name, describe in SCHEMAS.items():
        (FOLDER / name).write_text(written(describe()), "utf-8", newline="\n")
