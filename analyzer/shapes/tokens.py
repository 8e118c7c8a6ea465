"""What has the shape of a secret: tokens, mail addresses, long numbers, home folders.

Two questions: does a run of characters in any text have it, and does a whole part of a path, which is a value more
often. What is encoded for a URL, however many times, is looked at as it was before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from analyzer.memo import memoize
from analyzer.patterns import Pattern
from analyzer.shapes.randomness import has_random_stretch

RUN = Pattern(r"[\w~+%.@-]+={0,2}")  # what may be a secret, in any text
EXTRACTED = Pattern(r"%3Ctoken%20\w+%3E", re.IGNORECASE)  # a mask in a capture that we extracted
JWT = Pattern(r"(?<![\w-])eyJ[\w-]*\.[\w-]+\.[\w-]*")
MAIL = Pattern(r"(?<=[^\s@/])[@＠](?:[\w-]+\.)+[^\W\d_]{2,}")
HEX = Pattern(r"(?<![^\W_])(?:[0-9a-f]{32}|[0-9A-F]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})")
PADDED = Pattern(r"(?=(?:.{4}){2,}$)[\w+/-]+={1,2}")  # Base64
UNBROKEN = Pattern(r"[^\W_]{20,}")  # letters and digits without a sign
MOST_DIGITS = 4  # of an ordinary name as long as that, in lower and upper case

# Files of an application: the name of a bundle holds a hash of what is in it.
FILE = Pattern(
    r"@?[\w.,~+-]+(?:@\d[\w.-]*)?\.(?:[cm]?[jt]sx?|html?|css|wasm|vue|svelte|php|aspx?|jsp)(?:\.map)?", re.IGNORECASE
)
# What may also be someone's own file: only a short hash at its end is passed over.
ASSET = Pattern(
    r"([\w.,~+-]*?)(?:[.-][\w-]{6,12})?(?:@\dx)?"
    r"\.(?:svg|png|jpe?g|gif|webp|avif|ico|woff2?|[ot]tf|eot|mp[34]|webm|json|webmanifest|txt|xml|map)",
    re.IGNORECASE,
)
# What dev servers and interfaces put in paths: it begins with an @ and names no one.
NO_ONE = ("@vite", "@fs", "@id", "@react-refresh", "@me")
VERSIONED = Pattern(r"(?:@[\w.-]+/)?[\w.-]+@(?:[v^~]?\d+(?:(?:\.\d+)+(?:[-+][\w.+-]+)?)?|latest|next|beta|canary)")

NUMBER = 9  # digits of a long one
LONG_NUMBER = Pattern(rf"(?<!\d)\d{{{NUMBER},}}(?!\d)")
INTERNATIONAL = Pattern(r"\+[\s(]*\d(?:[\s().·/-]*\d){6,}")  # of a telephone
GROUPED = Pattern(r"(?<![\w.])\(?\d{1,14}\)?(?:[\s.·()/+_\u2013-]{1,3}\d{2,14})+(?![\w.])")
GROUP = Pattern(r"\d+")
YEAR = Pattern(r"(?:19|20)\d\d")
STAMP = Pattern(  # a date, perhaps with a time
    r"(?<!\d)(?:(?:19|20)\d\d([-._/]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])|[0-3]\d([-./])[01]\d\2(?:19|20)\d\d)"
    r"(?:[-_T :]?(?:[01]\d|2[0-3])[-:._]?[0-5]\d(?:[-:._]?[0-5]\d(?:[.,]?\d{3}(?:\d{3})?)?)?Z?)?(?!\d)"
)

ENCODED_PERCENT = Pattern(r"%(?:25)+")
SEPARATOR = r"(?:[/\\]|%(?:25)*(?:2F|5C))"  # of a path, perhaps encoded
COLON = r"(?::|%(?:25)*3A)"
# Where home folders are: of Linux, macOS, Windows, and of one of them seen from another.
FOLDERS = (
    rf"(?:{SEPARATOR}+(?:mnt{SEPARATOR}[a-z]|var|usr|export|private|System{SEPARATOR}Volumes{SEPARATOR}Data))?"
    rf"{SEPARATOR}+(?:home|Users|run{SEPARATOR}media|Documents(?:[ +]|%(?:25)*20)and(?:[ +]|%(?:25)*20)Settings)"
    rf"{SEPARATOR}+"
)
WORD = rf"(?:(?!{SEPARATOR})[^\s'\"<>()|:*?,;])+"
PERSON = rf"({WORD}(?:\x20{WORD}){{1,2}}(?={SEPARATOR})|{WORD})"  # with spaces only where a folder follows
BEGINNING = rf"(?:(?<![^\W_])[A-Z]{COLON}|file{COLON}|@fs|wsl(?:\$|%(?:25)*24|\.localhost){SEPARATOR}[\w.-]+)"
# One is in all that the next two find, and most texts have none.
FOLDER = Pattern(r"home|Users|media|Settings", re.IGNORECASE)
HOME = Pattern(rf"{BEGINNING}{FOLDERS}{PERSON}", re.IGNORECASE)  # in any address
HOME_OF_FILE = Pattern(rf"(?<![\w./\\%-]){FOLDERS}{PERSON}")  # where a path of a file begins


def decode(text: str) -> str:
    """Return the text as it was before it was encoded for a URL, however many times."""
    for _ in range(4):  # a percent sign that was encoded at any depth is undone in one round
        before, text = text, unquote(ENCODED_PERCENT.sub("%", text), errors="replace") if "%" in text else text
        if before == text:
            break
    return text


@memoize(8192)  # most of what stands in one address stands in the next, too
def opaque(run: str) -> bool:
    """Has a run of characters the shape of a secret: a token, a mail address, long hex, random characters?"""
    plain = decode(run)
    if FILE.fullmatch(plain):
        return False
    stem = _stem(plain)
    undated = STAMP.sub(".", stem)
    return (
        JWT.search(stem) is not None
        or (MAIL.search(stem) is not None and VERSIONED.fullmatch(stem) is None)
        or HEX.search(stem) is not None
        or any(map(_is_mixed, UNBROKEN.findall(undated)))
        or has_random_stretch(undated)
    )


def _stem(name: str) -> str:
    """The name of an asset without a hash and its kind; any other name as it is."""
    asset = ASSET.fullmatch(name)
    return name if asset is None else asset[1]


def _is_mixed(text: str) -> bool:
    """Say whether it is of letters and digits; in lower and upper case, of more digits than a name has."""
    digits = sum(map(str.isdigit, text))
    return len(text) > digits > (0 if text.islower() or text.isupper() else MOST_DIGITS)


@memoize(8192)
def opaque_segment(segment: str) -> bool:
    """Has a whole part of a path the shape of a secret? It is one more often: also numbers, and what has an @."""
    if EXTRACTED.fullmatch(segment):
        return True
    plain = decode(segment)
    if plain in NO_ONE or FILE.fullmatch(plain) or VERSIONED.fullmatch(plain):
        return False
    stem = _stem(plain)
    return (
        "@" in stem
        or "＠" in stem
        or has_long_number(stem)
        or PADDED.fullmatch(plain) is not None
        or any(map(opaque, RUN.findall(plain)))
    )


def has_long_number(text: str) -> bool:
    """Say whether it holds a long number, in groups or not: of a telephone, a card, a person. A date is none."""
    if text.isdigit():
        return len(text) >= NUMBER
    rest = STAMP.sub("", text)
    return (
        LONG_NUMBER.search(rest) is not None
        or INTERNATIONAL.search(rest) is not None
        or any(map(_is_grouped_number, GROUPED.findall(rest)))
    )


def _is_grouped_number(text: str) -> bool:
    """Say whether groups of digits are one long number: no version, no address of a network, no years, no range."""
    groups = GROUP.findall(text)
    if set(text) <= set("0123456789.") and max(map(len, groups)) < 4 and len(groups) <= 4:
        return False
    if len(groups) == 2 and all(group.endswith("0") for group in groups):
        return False
    return sum(len(group) for group in groups if not YEAR.fullmatch(group)) >= NUMBER


def find_homes(host: str, path: str, is_file: bool) -> list[tuple[int, int]]:
    """Find where the path of an address names whose home folder it is in. `is_file`: it is no page of the web."""
    whole = host + path
    if FOLDER.search(whole) is None:
        return []
    own = HOME_OF_FILE.match(path) if is_file else None
    first = [] if own is None else [own.span(1)]
    spans = ((start - len(host), end - len(host)) for start, end in (it.span(1) for it in HOME.finditer(whole)))
    return first + [span for span in spans if not first or span[0] >= first[0][1]]


def mask_homes(text: str, mask: Callable[[str], str]) -> str:
    """Mask whose home folders a text names."""
    if FOLDER.search(text) is None:
        return text
    for pattern in (HOME, HOME_OF_FILE):
        text = pattern.sub(lambda match: match[0][: match.start(1) - match.start()] + mask(match[1]), text)
    return text
