"""What has the shape of a secret in a path, and what only looks like it."""

from __future__ import annotations

import pytest

from analyzer.shapes.tokens import opaque, opaque_segment


@pytest.mark.parametrize(
    "segment",
    [
        *("alice@corp.test", "alice%40corp.test", "alice%2540corp.test", "alice%252540corp.test", "alice%25%34%30corp.test"),
        *("mailto:alice@corp.test", "%61lice%2540corp.test", "alice@163.com", "@alice", "alice@corp", "alice＠corp.test"),
        *("+491701234567", "%2B491701234567", "%252B491701234567", "+49-170-1234567", "+1%20(415)%20555-2671", "tel:+49-30-123456"),
        *("415-555-2671", "415.555.2671", "(030)%20123-45-67", "0170-1234567", "06%2012%2034%2056%2078", "0170%2F1234567"),
        *("4111-1111-1111-1111", "4111%201111%201111%201111", "4111.1111.1111.1111", "3782-822463-10005"),
        *("4111_1111_1111_1111", "4111+1111+1111+1111", "4111%E2%80%931111%E2%80%931111%E2%80%931111", "415_555_2671"),
        *("123-45-6789", "123%2045%206789", "123.456.789-09", "DE89370400440532013000", "DE89%203704%200044%200532%200130%2000"),
        *("123456789", "user-491701234567", "call:415-555-2671", "20261129123045"),
        *("550e8400-e29b-41d4-a716-446655440000", "507f1f77bcf86cd799439011", "5f1234567890123456789012", "{550E8400-E29B-41D4-A716-446655440000}"),
        *("kQzvWnXb7rLpYsHd", "kQzvWnXbTrLpYsHdMcGfJa", "a1b2c3d4e5", "xoxb-kQzv-WnXb7rLp", "dGVzdA==", "avatar-kQzvWnXb7rLpYsHd.png"),
        "eyJhbGciOi.eyJzdWIi.c2ln",
    ],
)  # fmt: skip
def test_secrets(segment: str) -> None:
    assert opaque_segment(segment)


@pytest.mark.parametrize(
    "segment",
    [
        *("main.4f3a2b1c9d.js", "index-BdF3k9Qa.js", "index-BdF3k9Qa.js.map", "chunk-ABCD1234.mjs", "_app-3f2b8c1d9e0a4b5c.js"),
        *("polyfills-78c92fac7aa8fdd8.js.map", "main.8f3a9c2d1e0b4a5f6c7d8.chunk.css", "4bd1b696-3f2b8c1d9e0a4b5c.js", "@stream-io_chat.js"),
        *("logo.3f2b8c1d.svg", "logo@2x.png", "inter-latin-wght-normal.BdF3k9Qa.woff2", "apple-touch-icon-180x180.png"),
        *("react@18.3.1", "react-dom@19.0.0-rc.1", "@scope%2Fpackage@1.2.3", "next@latest", "@me", "@vite"),
        *("2026-11-29", "20261129", "2026-11-29T05-47-16Z", "2026-11-29T05%3A47%3A16.123Z", "20261129T054716Z", "29.11.2026"),
        *("snapshot-202611291230", "2026-11-29_12-30", "2024-2025-2026", "1990-1995-2000-2005", "room-2024-q1", "r20261129"),
        *("192.168.100.200", "120.0.6099.109", "10.0.19045.3803", "2024.10.15234", "1.2.3+20261129", "v2.13.0-rc.1"),
        *("10000-20000", "12345678", "1-800-flowers", "24-7", "UTC+02:00", "c++17"),
        *("getUserByIDAsync", "OAuth2Callback", "iPhone15ProMax", "zh-Hans-CN", "room-42", "product-12345", "x86_64-unknown-linux-gnu"),
        *("release-notes-2024-q1-summary", "100-best-restaurants-in-berlin-2026", "AmazonEC2ContainerServiceforEC2Role"),
        *("<token 1>", "%7Bid%7D", "100%25", "a%20b"),
    ],
)  # fmt: skip
def test_ordinary_parts_of_paths(segment: str) -> None:
    assert not opaque_segment(segment)


@pytest.mark.parametrize(
    "text",
    [
        *("net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "net::ERR_HTTP2_INADEQUATE_TRANSPORT_SECURITY", "ERR_QUIC_PROTOCOL_ERROR"),
        *("NS_ERROR_WEBSOCKET_CONNECTION_REFUSED", "__webpack_require__", "commitPassiveMountEffects_begin", "xhr.onreadystatechange"),
        *("Array.forEach", "e.prototype.connect", "useEffect(() => {})", "4111-1111", "session=", "StreamChat._setupConnection"),
    ],
)  # fmt: skip
def test_ordinary_words_of_texts(text: str) -> None:
    assert not opaque(text)
