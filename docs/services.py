"""Writes docs/services.md: the services and dev servers that are known, from the catalogue; and how many, in README.md.
A row that does not do what its examples say is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from analyzer.services import Match, Place, Row, loading

PAGE = Path(__file__).with_suffix(".md")
README = PAGE.parent.parent / "README.md"
EXAMPLE = """\
[[provider]]
id = "acme-push"
name = "Acme Push"
match = [
  { host = 'push\\.acme\\.example', path = '/v\\d+/socket' },
  { path = '/v\\d+/socket', query = { tenant = "", client = 'acme-.*' }, dev_host = true },
]
app = [{ in = "query", key = "tenant" }]
user = [
  { in = "query", key = "token", jwt = true, json = "sub" },
  { in = "sent", json = "auth.user_id" },
]
secrets = [
  { in = "path", pattern = '/key-([^/]+)' },
  { in = "sent", json = "auth.token" },
]
limits = [
  { scope = "user", mode = "production", max = 5, source = "https://acme.example/limits", checked = "2026-11-23" },
]
per_page = 1
billing = "by concurrent connections"
remedy = "Call acme.connect() once per user, and acme.close() in the clean-up."
link = "https://acme.example/docs"
verified = { date = "2026-11-23", by = "acme-push 2.1.0" }

[provider.client]
name = "acme-push"
version = { in = "query", key = "client", pattern = '^acme-(.+)$' }

[[provider.example]]
title = "user in the first message"
url = "wss://push.acme.example/v2/socket"
query = { tenant = "t1", client = "acme-2.1.0" }
sent = ['{"auth":{"user_id":"alice","token":"t0k3n"}}']
app = "t1"
user = "alice"
client = { name = "acme-push", version = "2.1.0" }
secrets = ["t0k3n"]

[[provider.example]]
title = "user in the token, on a developer's host"
url = "ws://localhost:9000/v2/socket"
query = { tenant = "t1", client = "acme-2.1.0", token = '<jwt {"sub":"bob"}>' }
app = "t1"
user = "bob"
client = { name = "acme-push", version = "2.1.0" }

[[provider.counterexample]]
title = "another server with such a path"
url = "wss://app.example.com/v2/socket"
"""
PAGE_TEXT = """\
# Services that are known

<!-- docs/services.py writes this page from analyzer/services/catalogue.toml -->

The catalogue recognises the service of a socket by its URL, subprotocols, first messages, and the code that opened it.
Its row then says where the user stands (two sockets of one user are a mistake, two of different services are not),
which limit the service documents, what is secret, and what to do. The catalogue is data:
`analyzer/services/catalogue.toml`.

A socket that matches no row is still checked, by its address. Then only its user, limit and remedy are unknown.

The first row that matches counts, so the order is from the most specific to the least. A row that claims the sockets of
another service does more harm than a row that misses some. So a path that anybody may use counts only together with
something that makes it certain.

## Services of your own

```sh norun
har-sockets --providers services.toml chat.har
```

The rows of that file come before the known ones, so they also replace them. A row that cannot work is refused by its id
when the file is loaded. A complete row:

```toml services
{example}```

| field | meaning |
|---|---|
| `id`, `name` | lower case words with hyphens, unique in the file; the name as the vendor writes it |
| `match` | a list of sets of conditions: one set must hold, with all its conditions |
| `app`, `user` | places of the account and of the user: the first that yields something counts |
| `client` | places of the client library's `name` (or the name itself), `version` and `runtime` |
| `secrets` | places of what must be masked everywhere, also if it occurs elsewhere |
| `limits` | what the service documents: `max` connections per `scope`, its `source` (https), the date `checked` |
| `per_page` | how many sockets a page opens by design; default 1 |
| `billing` | how connections are billed |
| `remedy`, `link` | what to do about an overlap, in a sentence or two; where that is documented (https) |
| `once` | a sentence quoted from the page of `link`: a user shall connect once per session (`repeated-connect`) |
| `dev_only` | `true` for a dev server |
| `console` | a pattern: a part of what its client library writes to the browser's console |
| `verified` | `by`: what the row was checked against; `date`: when |
| `example`, `counterexample` | sockets that the row must claim, and sockets that it must not (below) |

Required are `id`, `name` and `match`; within a limit `scope`, `max`, `source` and
`checked`; within `verified` both.

The `scope` of a limit is what the service counts per: `user`, `app`, `account` and so on. Its `mode` is `development`,
`production` or the name of a plan; without a `mode` the limit always applies. A limit per user fails a capture if
`--app-mode` names its mode.

Conditions of `match`. Patterns are regular expressions; in TOML write them in single quotes.

| condition | what it is compared with |
|---|---|
| `host`, `path` | the whole host (lower case, without the port), the whole path (decoded) |
| `port` | the number |
| `query` | by key: a pattern for the whole decoded value, or `""` for any value |
| `protocol` | the whole of one of the subprotocols offered or selected |
| `sent`, `received` | how one of the first four messages begins (binary ones as Latin-1) |
| `script` | some part of the URL of any code in the initiator's stack |
| `dev_host` | `true`: the host is a developer's own (localhost, private networks, `.local`, `.test`) |
| `by_page` | `true`: a script in a page of the same server opened it, and its path begins with that page's |
| `receives_only` | `true`: messages are recorded, and none of them was sent |

A place names its source in `in`: `query` (with a `key`), `path`, `host`, `protocol`, `sent` or `received`. Then, in
this order: `pattern` takes its first group, `base64` decodes, `jwt` takes the claims of a JSON Web Token, and `json`
takes a member by its dotted name (from a list the first element, from an object all its texts).

### Examples

An example shows that a row works, and goes on to show it when the row is changed. The file is refused, with the name of
the row, if an example is not as it says.

`[[provider.example]]` is a socket that the row must claim, and exactly what it must read of it: `app`, `user`, `client`
(`name`, `version`, `runtime`) and `secrets`. What is left out must not be found. `[[provider.counterexample]]` is a
socket that the row must leave alone. If another row of the same file claims it, `service` names that row.

| field | meaning |
|---|---|
| `title` | what is special about this socket |
| `url`, `query` | its address; keys and decoded values to be added to it |
| `protocols` | subprotocols, offered or selected |
| `sent`, `received` | the first messages (of binary ones each byte is one character) |
| `scripts` | URLs of the code that opened it |
| `recorded` | `false`: the capture holds no messages |

In any text of an example `<jwt {{"sub":"alice"}}>` stands for a JSON Web Token with these claims, `<base64 text>` for
that text in Base64 (the alphabet for URLs, no padding), and `<hex 10 2f>` for the characters with these codes. One may
stand within another.

## Services

For all of them the user, the app and every value of a URL's query but small numbers are masked. A column names what
else is.

{services}

## Dev servers and test runners

Their sockets are listed, and count in no overlap rule unless you give `--count-dev-servers`.

{dev_servers}
"""


def page(rows: Sequence[Row]) -> str:
    """The page, as Markdown."""
    services = [
        [
            f"[{row.name}]({row.link})" if row.link else row.name,
            f"`{row.id}`",
            _recognised(row),
            _identity(row),
            "<br>".join(_limits(row)),
            str(row.per_page),
            _masked(row),
            _verified(row),
        ]
        for row in rows
        if not row.dev_only
    ]
    dev_servers = [
        [row.name, f"`{row.id}`", _recognised(row), str(row.per_page), _verified(row)] for row in rows if row.dev_only
    ]
    heads = ["service", "id", "recognised by", "identity", "documented limits", "sockets per page", "also masked"]
    heads.append("checked against")
    return PAGE_TEXT.format(
        example=EXAMPLE,
        services=_table(heads, services),
        dev_servers=_table(["dev server", "id", "recognised by", "sockets per page", "checked against"], dev_servers),
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") or "–" for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _verified(row: Row) -> str:
    return "" if row.verified is None else f"{row.verified.by}, {row.verified.date}"


def _recognised(row: Row) -> str:
    return "<br>or ".join(" and ".join(_conditions(match)) for match in row.match)


def _conditions(match: Match) -> Iterable[str]:
    if match.host is not None:
        yield f"host `{match.host}`"
    if match.dev_host:
        yield "a developer's own host"
    if match.port is not None:
        yield f"port `{match.port}`"
    if match.path is not None:
        yield f"path `{match.path}`"
    if match.query:
        pairs = (f"`{key}={pattern}`" if pattern else f"`{key}`" for key, pattern in match.query.items())
        yield "query with " + ", ".join(pairs)
    if match.protocol is not None:
        yield f"subprotocol `{match.protocol}`"
    if match.sent is not None:
        yield f"sends first `{match.sent}`"
    if match.received is not None:
        yield f"receives first `{match.received}`"
    if match.script is not None:
        yield f"opened by code at `{match.script}`"


def _identity(row: Row) -> str:
    parts = {"app": row.app, "user": row.user}
    return "<br>".join(f"{name}: {', else '.join(_told(places, ' or '))}" for name, places in parts.items() if places)


def _masked(row: Row) -> str:
    return "<br>".join(_told((place for place in row.secrets if place.where != "query"), " and "))


SPOTS = {
    "path": "the path",
    "host": "the host",
    "protocol": "a subprotocol",
    "sent": "a first message sent",
    "received": "a first message received",
}


def _told(places: Iterable[Place], word: str) -> list[str]:
    """What stands where: ``this` or `that` of the path`; each place once."""
    found: dict[tuple[str, bool], list[str]] = {}
    for place in places:
        spot = f"`{place.key}` of the query" if place.where == "query" else SPOTS[place.where]
        spot = f"the token in {spot}" if place.jwt else spot
        part = f"`{place.json}`" if place.json is not None else "a part" if place.pattern is not None else ""
        known = found.setdefault((spot, bool(part)), [])
        known += [part] if part not in known else []
    return [f"{word.join(parts)} of {spot}" if told else spot for (spot, told), parts in found.items()]


def _limits(row: Row) -> Iterable[str]:
    for limit in row.limits:
        mode = f" ({limit.mode})" if limit.mode else ""
        yield f"{limit.max:,} per {limit.scope}{mode}, [{limit.checked}]({limit.source})"


def count_services(readme: str, rows: Sequence[Row]) -> str:
    """Write how many there are."""
    return re.sub(r"\d+ services and dev servers", f"{len(rows)} services and dev servers", readme)


if __name__ == "__main__":
    rows = loading.load(loading.SOURCE)
    PAGE.write_text(page(rows), "utf-8")
    README.write_text(count_services(README.read_text("utf-8"), rows), "utf-8")
