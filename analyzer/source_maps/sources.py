"""Name the source files of a map: their addresses, and which of them hold code that is not the application's."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from analyzer.memo import memoize
from analyzer.patterns import Pattern

SCHEME = Pattern(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: `C:` is a drive
HIERARCHICAL = Pattern(r"(?:https?|file|capacitor|app)://", re.IGNORECASE)
DOTS = Pattern(r"/(?:\./)+")
# Code of packages, and what bundlers add. A package whose own map was used has a path like `node_modules/x/src/y.ts`;
# Phoenix comes from Elixir's `deps`; a name that begins with NUL is one of Rollup's and Vite's virtual modules.
FOREIGN = Pattern(
    r"(?:^|/)(?:node_modules|bower_components|jspm_packages|_virtual)/|\0|%00|(?:^|/)deps/phoenix(?:_\w+)?/"
    r"|(?:^|/)webpack/(?:runtime|bootstrap|startup|before-startup|universalModuleDefinition|container)\b|\(webpack\)"
    r"|(?:^|/)webpack[:/]external |^(?:node|ignored|external|org-dartlang-sdk|ng|angular):|/\[turbopack\]/"
    r"|(?:^|/)(?:@vite|vite)/(?:client|env|preload-helper|modulepreload-polyfill|dynamic-import-helper)\b"
    r"|^https?://(?:unpkg\.com|cdn\.jsdelivr\.net|esm\.sh|esm\.run|cdn\.skypack\.dev|ga\.jspm\.io|cdnjs\.cloudflare\.com)/"
)


def resolve(source: str, root: str, base: str) -> str:
    """Resolve a name in `sources` against the address of the map, or of the script that has the map within."""
    path = f"{root}{'' if root.endswith('/') else '/'}{source}" if root and not SCHEME.match(source) else source
    if SCHEME.match(path):
        scheme, _, rest = path.partition("://")
        return f"{scheme}://{DOTS.sub('/', rest)}" if rest else path
    if HIERARCHICAL.match(base):
        try:
            return urljoin(base, path)
        except ValueError:  # what is no address, such as `https://[`
            return path
    return DOTS.sub("/", path).removeprefix("./")


@memoize(4096)
def is_foreign(source: str) -> bool:
    """Is it the code of a package, or of the bundler?"""
    return FOREIGN.search(source) is not None
