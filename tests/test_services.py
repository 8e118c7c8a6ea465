"""Whose socket it is: every row with what it must claim, and what it must leave alone."""

from __future__ import annotations

import importlib.util
import json
from array import array
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given, strategies as st

from analyzer.model import Attribution, Client, Direction, Identity, Messages, Opening, Provider, Trace
from analyzer.services import Match, Place, Row, clients, loading
from analyzer.services.loading import CatalogueError, builtin, load
from analyzer.services.matching import attribute

DOCS = Path(__file__).parent.parent / "docs"
ROWS = {row.id: row for row in builtin()}


# -- traces, short to write ------------------------------------------------------------------------------------


def trace(
    url: str,
    query: dict[str, str] | None = None,
    *,
    protocols: Iterable[str] = (),
    sent: Iterable[str] = (),
    received: Iterable[str] = (),
    scripts: Iterable[str] = (),
    cut: bool = False,
    recorded: bool = True,
) -> Trace:
    """A socket that opened with these; what was sent stands before what was received."""
    messages = [(Direction.SEND, text) for text in sent] + [(Direction.RECEIVE, text) for text in received]
    return Trace(
        pointer="/log/entries/0",
        url=f"{url}?{urlencode(query)}" if query else url,
        endpoint=url.partition("?")[0],
        events=(),
        messages=Messages(
            array("q"), bytes(it is Direction.SEND for it, _ in messages), array("b"), array("q"), recorded
        ),
        protocols=tuple(protocols),
        opening=tuple(Opening(direction, text, cut) for direction, text in messages),
        scripts=tuple(scripts),
    )


def compact(value: Any) -> str:
    """As JSON.stringify writes it."""
    return json.dumps(value, separators=(",", ":"))


def base64(value: Any) -> str:
    return urlsafe_b64encode(compact(value).encode()).decode().rstrip("=")


def jwt(**claims: Any) -> str:
    return f"{base64({'alg': 'HS256', 'typ': 'JWT'})}.{base64(claims)}.c2lnbmF0dXJl"


def packet(client_id: str, user: str | None = None, password: str | None = None, level: int = 4) -> str:
    """A CONNECT packet of MQTT 3.1.1 or 5, as Latin-1."""

    def text(value: str) -> bytes:
        return len(value).to_bytes(2, "big") + value.encode()

    flags = 0x02 | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    body = text("MQTT") + bytes([level, flags, 0, 60]) + (b"\0" if level == 5 else b"") + text(client_id)
    body += b"".join(text(value) for value in (user, password) if value is not None)
    length = bytes([len(body)]) if len(body) < 128 else bytes([len(body) % 128 | 128, len(body) // 128])
    return (b"\x10" + length + body).decode("latin-1")


def told(
    app: str | None = None, user: str | None = None, client: tuple[str | None, ...] | None = None, secrets: Any = ()
) -> tuple[Identity | None, Client | None, tuple[str, ...]]:
    identity = Identity(app, user) if app is not None or user is not None else None
    return identity, Client(*client) if client else None, tuple(secrets)


ALICE = jwt(sub="alice")
STREAM = {"api_key": "k3y", "stream-auth-type": "jwt"}
STREAM_JS = "stream-chat-js-v9.53.0-browser|client_bundle=browser-esm"
HELLO = '{"type":"health.check","connection_id":"c-1","me":{"id":"alice","name":"Alice A."}}'
TWILIO = jwt(sub="AC123", grants={"identity": "alice", "chat": {"service_sid": "IS1"}})
GRAPHQL = compact({"type": "connection_init", "payload": {"headers": {"Authorization": f"Bearer {ALICE}"}}})
APPSYNC = {"host": "x1y2.appsync-api.eu-west-1.amazonaws.com", "x-api-key": "da2-made-up"}
IAM = {"host": "events.example.com", "Authorization": "AWS4-HMAC-SHA256 made-up", "x-amz-security-token": "session"}
SUPABASE = {"apikey": "anon-key", "vsn": "2.0.0"}
SIGNALR = {"id": "q1w2e3r4t5y6u7i8o9p0Aa", "access_token": ALICE}
UUID = "5f1c9c1e-8f0b-4c1e-9f0a-3f6a1b2c3d4e"
NAME_IDENTIFIER = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
AWARE = "\x01\x0a\x01\x84\x9d\x91\x92\x03\x00\x02{}"  # as y-protocols writes the first state of a client

MATCHES = [
    # -- dev servers
    pytest.param(
        "live-server",
        trace("ws://127.0.0.1:5500//ws", received=["x"], scripts=["http://127.0.0.1:5500/"]),
        told(),
        id="Live Server, in a folder's page",
    ),
    pytest.param(
        "live-server",
        trace(
            "ws://127.0.0.1:5500/a%20b/index.html/ws",
            received=["reload"],
            scripts=["http://127.0.0.1:5500/a%20b/index.html?x=1"],
        ),
        told(),
        id="Live Server, in a page with a name",
    ),
    pytest.param(
        "live-server",
        trace("ws://192.168.1.7:8080/docs//ws", scripts=["http://192.168.1.7:8080/docs/"]),
        told(),
        id="Live Server seen from a telephone, no message yet",
    ),
    pytest.param(
        "cypress",
        trace("wss://app.example/__socket/", {"EIO": "4", "transport": "websocket"}),
        told(),
        id="Cypress beside the application under test",
    ),
    pytest.param(
        "cypress",
        trace("ws://localhost:3000/__socket.io/", {"EIO": "3", "transport": "websocket"}),
        told(),
        id="Cypress before version 8",
    ),
    pytest.param(
        "cypress",
        trace("ws://localhost:3000/__socket-graphql", protocols=["graphql-transport-ws"]),
        told(),
        id="Cypress and its GraphQL",
    ),
    pytest.param(
        "cypress",
        trace("ws://localhost:41234/__launchpad/graphql-ws", protocols=["graphql-transport-ws"]),
        told(),
        id="Cypress before a test is chosen",
    ),
    pytest.param(
        "vitest",
        trace("ws://localhost:63315/__vitest_browser_api__", {"type": "tester", "token": "t"}),
        told(),
        id="Vitest in a browser",
    ),
    pytest.param(
        "vitest", trace("ws://localhost:51204/__vitest_api__", {"token": "t"}), told(), id="Vitest's own page"
    ),
    pytest.param(
        "karma",
        trace(
            "ws://localhost:9876/socket.io/",
            {"EIO": "4", "transport": "websocket"},
            scripts=["http://localhost:9876/socket.io/socket.io.js", "http://localhost:9876/karma.js"],
        ),
        told(),
        id="Karma",
    ),
    pytest.param(
        "vite",
        trace("ws://localhost:5173/", {"token": "t0k3n"}, protocols=["vite-hmr"]),
        told(),
        id="Vite by its subprotocol",
    ),
    pytest.param(
        "vite", trace("ws://localhost:5173/", protocols=["vite-ping"]), told(), id="Vite probing a restarted server"
    ),
    pytest.param(
        "webpack-dev-server",
        trace(
            "ws://app.dev.example.com/ws", scripts=["webpack-internal:///./node_modules/webpack-dev-server/client/x.js"]
        ),
        told(),
        id="webpack-dev-server on any host, by the code that opened it",
    ),
    pytest.param(
        "webpack-dev-server",
        trace("ws://localhost:3000/ws", received=['{"type":"hot"}', '{"type":"liveReload"}']),
        told(),
        id="webpack-dev-server by the first message",
    ),
    pytest.param(
        "webpack-dev-server",
        trace("ws://192.168.1.7:8080/ws", received=['{"type":"hash","data":"0123456789abcdef0123"}']),
        told(),
        id="webpack-dev-server without hot reload, by its hash",
    ),
    pytest.param(
        "webpack-dev-server",
        trace("ws://localhost:8080/sockjs-node/123/abcdefgh/websocket", received=["o"]),
        told(),
        id="webpack-dev-server of old, by its SockJS path, before SockJS",
    ),
    pytest.param("next", trace("ws://localhost:3000/_next/hmr", {"id": "x"}), told(), id="Next.js"),
    pytest.param(
        "next", trace("ws://localhost:3000/docs/_next/webpack-hmr"), told(), id="Next.js of old, under a base path"
    ),
    pytest.param(
        "parcel",
        trace("ws://localhost:1234/", scripts=["http://localhost:1234/hmr-runtime.js"]),
        told(),
        id="Parcel by the code that opened it",
    ),
    pytest.param(
        "browser-sync",
        trace("ws://localhost:3000/browser-sync/socket.io/", {"EIO": "4", "transport": "websocket"}),
        told(),
        id="Browsersync, although it speaks Socket.IO",
    ),
    pytest.param("livereload", trace("ws://localhost:35729/livereload"), told(), id="LiveReload on a developer's host"),
    pytest.param(
        "livereload",
        trace(
            "wss://preview.example.com/_reload",
            sent=[compact({"command": "hello", "protocols": ["http://livereload.com/protocols/official-7"]})],
        ),
        told(),
        id="LiveReload on any path, by its first message",
    ),
    pytest.param("angular-webpack", trace("ws://localhost:4200/ng-cli-ws"), told(), id="Angular CLI"),
    pytest.param("storybook", trace("ws://localhost:6006/storybook-server-channel"), told(), id="Storybook"),
    pytest.param(
        "expo-metro",
        trace("ws://10.0.0.5:8081/hot", sent=['{"type":"register-entrypoints","entryPoints":["x.bundle"]}']),
        told(),
        id="Metro by its first message",
    ),
    pytest.param(
        "expo-metro",
        trace("ws://localhost:8081/message", scripts=["http://localhost:8081/index.bundle?platform=web&dev=true"]),
        told(),
        id="Expo by code that Metro served",
    ),
    pytest.param(
        "expo-metro",
        trace("ws://localhost:8081/inspector/debug", {"device": "d1", "page": "1"}),
        told(),
        id="Metro's inspector",
    ),
    pytest.param("expo-metro", trace("ws://localhost:8081/_expo/ws/x"), told(), id="Expo's own path"),
    pytest.param(
        "phoenix-live-reload",
        trace("ws://localhost:4000/phoenix/live_reload/socket/websocket", {"vsn": "2.0.0"}),
        told(),
        id="Phoenix live reload, before Phoenix",
    ),
    pytest.param("react-devtools", trace("ws://localhost:8097/"), told(), id="React DevTools by its port"),
    # -- chat, calls, push
    pytest.param(
        "stream-chat",
        trace(
            "wss://chat.stream-io-api.com/connect",
            {
                "json": compact(
                    {"user_id": "alice", "user_details": {"id": "alice", "name": "Alice A.", "email": "a@h.example"}}
                ),
                **STREAM,
                "authorization": jwt(user_id="alice"),
                "X-Stream-Client": STREAM_JS,
            },
            received=[HELLO],
        ),
        told(
            "k3y",
            "alice",
            ("stream-chat-js", "9.53.0", "browser"),
            ["Alice A.", "a@h.example", jwt(user_id="alice"), "alice"],
        ),
        id="Stream Chat in a browser",
    ),
    pytest.param(
        "stream-chat",
        trace(
            "ws://127.0.0.1:4100/connect",
            {
                "json": compact({"user_details": {"id": "bob"}}),
                **STREAM,
                "X-Stream-Client": "stream-chat-react-v14.12.0-llc-v9.53.0|app=shop|client_bundle=browser-esm",
            },
        ),
        told("k3y", "bob", ("stream-chat-react", "14.12.0", "browser")),
        id="Stream Chat's React SDK at a local test server",
    ),
    pytest.param(
        "stream-chat",
        trace("wss://chat-proxy-dublin.stream-io-api.com/connect", {"api_key": "k3y", "authorization": ALICE}),
        told("k3y", None, None, [ALICE]),
        id="Stream Chat by its host alone",
    ),
    pytest.param(
        "stream-chat",
        trace(
            "wss://chat.stream-io-api.com/api/v2/connect",
            {**STREAM, "X-Stream-Client": "stream-chat-js-v10.0.0-browser"},
            sent=[
                compact(
                    {
                        "token": "t0k3n",
                        "products": ["chat"],
                        "user_details": {"id": "alice", "name": "Alice A.", "email": "a@h.example"},
                    }
                )
            ],
        ),
        told("k3y", "alice", ("stream-chat-js", "10.0.0", "browser"), ["t0k3n", "Alice A.", "a@h.example"]),
        id="Stream Chat version 10, user and token in the first message",
    ),
    pytest.param(
        "stream-video",
        trace(
            "wss://video.stream-io-api.com/video/connect",
            {**STREAM, "X-Stream-Client": "stream-video-react-v1.20.1|client_bundle=browser-esm"},
            sent=[
                compact(
                    {
                        "token": "t0k3n",
                        "products": ["video"],
                        "user_details": {"id": "alice", "name": "Alice A.", "email": "a@h.example"},
                    }
                )
            ],
            received=['{"type":"connection.ok","connection_id":"c-1","me":{"id":"alice","name":"Alice"}}'],
        ),
        told(
            "k3y",
            "alice",
            ("stream-video-react", "1.20.1", "browser"),
            ["t0k3n", "Alice A.", "a@h.example", "alice", "Alice"],
        ),
        id="Stream Video's coordinator",
    ),
    pytest.param(
        "stream-video",
        trace(
            "ws://localhost:3030/video/connect",
            {**STREAM, "X-Stream-Client": "stream-video-js-v1.60.0|client_bundle=node-cjs"},
            received=['{"type":"connection.ok","me":{"id":"bob"}}'],
        ),
        told("k3y", "bob", ("stream-video-js", "1.60.0", "node"), ["bob"]),
        id="Stream Video at a local test server",
    ),
    pytest.param(
        "stream-video-sfu",
        trace(
            "wss://sfu-fra1-x.stream-io-video.com/ws",
            {"attempt": "1", "user_id": "alice", "api_key": "k3y", "user_session_id": "s-1", "cid": "default:call-1"},
            sent=[f"\x0a\x7f\x0a\x7d{ALICE}\x12\x24s-1"],
        ),
        told("default:call-1", "alice", None, [ALICE]),
        id="Stream Video's SFU, counted by call",
    ),
    pytest.param(
        "sendbird",
        trace(
            "wss://ws-0A1B2C3D-4E5F.sendbird.com/",
            {"p": "JS", "pv": "Mozilla", "sv": "4.22.12", "ai": "0A1B2C3D-4E5F", "user_id": "alice"},
            protocols=[quote('{"token":"s3cr3t"}')],
        ),
        told("0A1B2C3D-4E5F", "alice", ("JS", "4.22.12", None), ["s3cr3t"]),
        id="Sendbird, token in the subprotocol",
    ),
    pytest.param(
        "sendbird",
        trace(
            "wss://ws-0A1B2C3D-4E5F.sendbird.com/",
            {"p": "JS", "sv": "4.22.12", "ai": "0A1B2C3D-4E5F"},
            protocols=[quote('{"auth":"session-key"}')],
        ),
        told("0A1B2C3D-4E5F", None, ("JS", "4.22.12", None), ["session-key"]),
        id="Sendbird reconnecting, which no longer names the user",
    ),
    pytest.param(
        "pusher",
        trace(
            "wss://ws-eu.pusher.com/app/0a1b2c3d",
            {"protocol": "7", "client": "js", "version": "8.6.0", "flash": "false"},
            sent=[
                compact(
                    {
                        "event": "pusher:subscribe",
                        "data": {
                            "auth": "0a1b2c3d:5ig",
                            "channel_data": compact({"user_id": "42", "user_info": {"name": "Alice A."}}),
                            "channel": "presence-room",
                        },
                    }
                )
            ],
        ),
        told("0a1b2c3d", "42", ("js", "8.6.0", None), ["0a1b2c3d", "0a1b2c3d:5ig", "Alice A."]),
        id="Pusher with a presence channel",
    ),
    pytest.param(
        "pusher",
        trace(
            "ws://reverb.example.com:8080/app/local-key",
            {"protocol": "7", "client": "js", "version": "8.6.0", "flash": "false"},
            sent=[
                compact(
                    {"event": "pusher:signin", "data": {"auth": "local-key:5ig", "user_data": compact({"id": "alice"})}}
                )
            ],
        ),
        told("local-key", "alice", ("js", "8.6.0", None), ["local-key", "local-key:5ig"]),
        id="Pusher's protocol on a server of one's own, signed in",
    ),
    pytest.param(
        "ably",
        trace(
            "wss://main.realtime.ably.net/",
            {
                "key": "appId.keyId:s3cr3t",
                "clientId": "alice",
                "format": "json",
                "v": "5",
                "agent": "ably-js/2.28.0 browser",
            },
        ),
        told("appId", "alice", ("ably-js", "2.28.0", "browser"), ["appId.keyId:s3cr3t"]),
        id="Ably with a key",
    ),
    pytest.param(
        "ably",
        trace(
            "wss://ably.example.com/",
            {"access_token": "t0k3n", "format": "json", "v": "5", "agent": "ably-js/2.28.0 browser"},
            received=['{"action":4,"connectionId":"c","connectionDetails":{"clientId":"bob","connectionKey":"c!k3y"}}'],
        ),
        told(None, "bob", ("ably-js", "2.28.0", "browser"), ["t0k3n", "c!k3y"]),
        id="Ably at a host of one's own, user from CONNECTED",
    ),
    pytest.param(
        "slack-socket-mode",
        trace("wss://wss-primary.slack.com/link/", {"ticket": "t1ck3t", "app_id": "A123"}),
        told("A123", None, None, ["t1ck3t"]),
        id="Slack's Socket Mode",
    ),
    pytest.param(
        "slack-web",
        trace("wss://wss-primary.slack.com/", {"token": "xoxc-made-up", "gateway_server": "T123ABC-1"}),
        told("T123ABC", None, None, ["xoxc-made-up"]),
        id="Slack in a browser, by workspace",
    ),
    pytest.param(
        "discord",
        trace(
            "wss://gateway-us-east1-b.discord.gg/",
            {"v": "10", "encoding": "json"},
            sent=[
                compact({"op": 6, "d": {"token": "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.made-up", "session_id": "s3ss10n"}})
            ],
        ),
        told(None, "198622483471925248", None, ["MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.made-up", "s3ss10n"]),
        id="Discord, user from the token",
    ),
    pytest.param(
        "intercom",
        trace("wss://nexus-europe-websocket.intercom.io/pubsub/5-made_up", {"X-Nexus-Version": "0.14.0"}),
        told(None, None, None, ["5-made_up"]),
        id="Intercom, token in the path",
    ),
    pytest.param(
        "livekit",
        trace(
            "wss://shop-1.livekit.cloud/rtc",
            {
                "access_token": jwt(sub="alice", name="Alice A.", metadata="vip", video={"room": "r1"}),
                "sdk": "js",
                "version": "2.23.0",
                "protocol": "16",
            },
        ),
        told(
            "r1",
            "alice",
            ("js", "2.23.0", None),
            [jwt(sub="alice", name="Alice A.", metadata="vip", video={"room": "r1"}), "Alice A.", "vip"],
        ),
        id="LiveKit Cloud, counted by room",
    ),
    pytest.param(
        "livekit",
        trace(
            "ws://rtc.example.com/live/rtc", {"access_token": ALICE, "sdk": "js", "version": "2.9.1", "protocol": "15"}
        ),
        told(None, "alice", ("js", "2.9.1", None), [ALICE]),
        id="LiveKit on a server of one's own",
    ),
    pytest.param(
        "livekit",
        trace("wss://rtc.example.com/rtc/v1", {"access_token": ALICE, "join_request": "CgJ4"}),
        told(None, "alice", None, [ALICE, "CgJ4"]),
        id="LiveKit joining by the newer path",
    ),
    pytest.param(
        "twilio-conversations",
        trace(
            "wss://tsock.us1.twilio.com/v3/wsconnect",
            sent=[f'TWILSOCK V3.0 400\r\n{{"id":"TM1","method":"init","token":"{TWILIO}","capabilities":[]}}\r\n'],
        ),
        told("AC123", "alice", None, [TWILIO]),
        id="Twilio Conversations",
    ),
    pytest.param(
        "twilio-voice",
        trace(
            "wss://voice-js.roaming.twilio.com/signal",
            sent=[compact({"type": "listen", "version": "1.6", "payload": {"token": TWILIO}})],
        ),
        told("AC123", "alice", None, [TWILIO]),
        id="Twilio Voice",
    ),
    pytest.param(
        "twilio-video",
        trace(
            "wss://global.vss.twilio.com/signaling",
            sent=[
                '{"type":"hello","version":2}',
                compact({"body": {"type": "connect", "token": TWILIO}, "type": "msg"}),
            ],
        ),
        told("AC123", "alice", None, [TWILIO]),
        id="Twilio Video's signalling",
    ),
    pytest.param(
        "twilio-video",
        trace("wss://sdkgw.us1.twilio.com", sent=[compact({"type": "connect", "token": TWILIO, "version": 1})]),
        told("AC123", "alice", None, [TWILIO]),
        id="Twilio Video's insights",
    ),
    pytest.param(
        "openai-realtime",
        trace(
            "wss://api.openai.com/v1/realtime",
            {"model": "gpt-realtime"},
            protocols=["realtime", "openai-insecure-api-key.ek_made-up"],
        ),
        told(None, None, None, ["ek_made-up"]),
        id="OpenAI, key in the subprotocol",
    ),
    pytest.param(
        "openai-realtime",
        trace(
            "wss://shop.openai.azure.com/openai/realtime",
            {"api-version": "2025-04-01-preview", "deployment": "gpt-realtime"},
        ),
        told(),
        id="OpenAI at Azure",
    ),
    # -- clouds
    pytest.param(
        "azure-webpubsub",
        trace("wss://shop.webpubsub.azure.com/client/hubs/chat", {"access_token": ALICE}),
        told("chat", "alice", None, [ALICE]),
        id="Azure Web PubSub",
    ),
    pytest.param(
        "azure-webpubsub",
        trace(
            "wss://shop.webpubsub.azure.com/clients/socketio/hubs/chat/",
            {"EIO": "4", "transport": "websocket", "access_token": ALICE},
        ),
        told("chat", "alice", None, [ALICE]),
        id="Azure Web PubSub for Socket.IO, before Socket.IO",
    ),
    pytest.param(
        "azure-signalr",
        trace(
            "wss://shop.service.signalr.net/client/",
            {"hub": "chat", "asrs.op": "/chat", "asrs_request_id": "r", "id": "c0nn", "access_token": ALICE},
            sent=['{"protocol":"json","version":1}\x1e'],
        ),
        told("chat", "alice", None, [ALICE, "c0nn"]),
        id="Azure SignalR, before SignalR",
    ),
    pytest.param(
        "azure-signalr",
        trace(
            "wss://shop.service.signalr.net/client/",
            {"hub": "chat", "id": "c0nn", "access_token": jwt(**{"asrs.s.uid": "alice", "sub": "s-1"})},
        ),
        told("chat", "alice", None, [jwt(**{"asrs.s.uid": "alice", "sub": "s-1"}), "c0nn"]),
        id="Azure SignalR, its user in a claim with dots",
    ),
    pytest.param(
        "aws-appsync-events",
        trace(
            "wss://x1y2.appsync-realtime-api.eu-west-1.amazonaws.com/event/realtime",
            protocols=["aws-appsync-event-ws", f"header-{base64(APPSYNC)}"],
        ),
        told(APPSYNC["host"], None, None, [base64(APPSYNC), "da2-made-up"]),
        id="AppSync Events, key in the subprotocol",
    ),
    pytest.param(
        "aws-appsync-events",
        trace("wss://events.example.com/event/realtime", protocols=["aws-appsync-event-ws"]),
        told("events.example.com"),
        id="AppSync Events with a domain of one's own",
    ),
    pytest.param(
        "aws-appsync-events",
        trace("wss://events.example.com/event/realtime", protocols=["aws-appsync-event-ws", f"header-{base64(IAM)}"]),
        told("events.example.com", None, None, [base64(IAM), "AWS4-HMAC-SHA256 made-up", "session"]),
        id="AppSync Events with IAM",
    ),
    pytest.param(
        "aws-appsync",
        trace(
            "wss://x1y2.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
            {"header": b64encode(compact(APPSYNC).encode()).decode(), "payload": "e30="},
            protocols=["graphql-ws"],
        ),
        told("x1y2", None, None, [b64encode(compact(APPSYNC).encode()).decode(), "da2-made-up"]),
        id="AppSync, before GraphQL",
    ),
    pytest.param(
        "aws-appsync",
        trace(
            "wss://api.example.com/graphql/realtime",
            {"header": base64(IAM), "payload": "e30="},
            protocols=["graphql-ws"],
        ),
        told("api.example.com", None, None, [base64(IAM), "AWS4-HMAC-SHA256 made-up", "session"]),
        id="AppSync with a domain of one's own",
    ),
    pytest.param(
        "aws-appsync",
        trace("wss://api.example.com/graphql/realtime", protocols=["graphql-ws", f"header-{base64(APPSYNC | IAM)}"]),
        told(
            "api.example.com",
            None,
            None,
            [base64(APPSYNC | IAM), "AWS4-HMAC-SHA256 made-up", "da2-made-up", "session"],
        ),
        id="AppSync, header in the subprotocol",
    ),
    pytest.param(
        "aws-apigateway-ws",
        trace("wss://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod", {"token": "t"}),
        told("a1b2c3"),
        id="API Gateway",
    ),
    pytest.param(
        "aws-iot",
        trace(
            "wss://a1b2-ats.iot.eu-west-1.amazonaws.com/mqtt",
            {"X-Amz-Signature": "51gn", "X-Amz-Security-Token": "s3ss10n"},
            protocols=["mqtt"],
            sent=[packet("device-7", "?SDK=JS&Version=2.2")],
        ),
        told("a1b2-ats.iot.eu-west-1.amazonaws.com", "device-7", None, ["51gn", "s3ss10n"]),
        id="AWS IoT by client id, before MQTT",
    ),
    pytest.param(
        "firebase-rtdb",
        trace("wss://shop-1.firebaseio.com/.ws", {"v": "5"}),
        told("shop-1"),
        id="Firebase's first socket",
    ),
    pytest.param(
        "firebase-rtdb",
        trace(
            "wss://s-gke-euw1-nssi3-3.europe-west1.firebasedatabase.app/.ws",
            {"v": "5", "ns": "shop-1", "ac": "app-check"},
            sent=[
                '{"t":"d","d":{"r":1,"a":"s","b":{"c":{}}}}',
                f'{{"t":"d","d":{{"r":2,"a":"auth","b":{{"cred":"{jwt(sub="alice", name="Alice A.", email="a@example.com")}"}}}}}}',
            ],
        ),
        told(
            "shop-1",
            "alice",
            None,
            [jwt(sub="alice", name="Alice A.", email="a@example.com"), "Alice A.", "a@example.com", "app-check"],
        ),
        id="Firebase signed in",
    ),
    pytest.param(
        "firebase-rtdb",
        trace("ws://127.0.0.1:9000/.ws", {"v": "5", "ns": "demo"}),
        told("demo"),
        id="Firebase's emulator",
    ),
    pytest.param(
        "supabase-realtime",
        trace(
            "wss://abcdefgh.supabase.co/realtime/v1/websocket",
            SUPABASE,
            sent=[
                f'["1","1","realtime:room","phx_join",{{"config":{{}},"access_token":"{jwt(sub="alice", email="a@example.com")}"}}]'
            ],
        ),
        told("abcdefgh", "alice", None, ["anon-key", jwt(sub="alice", email="a@example.com"), "a@example.com"]),
        id="Supabase, before Phoenix",
    ),
    pytest.param(
        "supabase-realtime",
        trace("ws://localhost:54321/realtime/v1/websocket", {"apikey": "anon-key", "vsn": "1.0.0"}),
        told("localhost", None, None, ["anon-key"]),
        id="Supabase on a server of one's own",
    ),
    # -- frameworks and protocols
    pytest.param(
        "blazor-server",
        trace("wss://app.example.com/_blazor", {"id": "c1rcu1t"}),
        told(None, None, None, ["c1rcu1t"]),
        id="Blazor by its path",
    ),
    pytest.param(
        "blazor-server",
        trace("wss://app.example.com/circuit", sent=['{"protocol":"blazorpack","version":1}\x1e']),
        told(),
        id="Blazor by its protocol, before SignalR",
    ),
    pytest.param(
        "signalr",
        trace("wss://app.example.com/hubs/chat", SIGNALR, sent=['{"protocol":"messagepack","version":2}\x1e']),
        told("/hubs/chat", "alice", None, [ALICE, SIGNALR["id"]]),
        id="SignalR by its first message",
    ),
    pytest.param(
        "signalr",
        trace(
            "wss://app.example.com/hubs/chat",
            {"id": SIGNALR["id"]},
            scripts=["http://localhost/node_modules/@microsoft/signalr/dist/esm/WebSocketTransport.js"],
        ),
        told("/hubs/chat", None, None, [SIGNALR["id"]]),
        id="SignalR without messages, by the code that opened it",
    ),
    pytest.param(
        "socket-io",
        trace(
            "wss://app.example.com/socket.io/",
            {"EIO": "4", "transport": "websocket", "sid": "s1d"},
            sent=["2probe", f'40/admin,{{"token":"Bearer {ALICE}"}}'],
        ),
        told("app.example.com", "alice", None, ["s1d", ALICE]),
        id="Socket.IO with a token for its namespace",
    ),
    pytest.param(
        "socket-io",
        trace("ws://localhost:3000/rt/", {"EIO": "3", "transport": "websocket", "token": ALICE}),
        told("localhost", "alice", None, [ALICE]),
        id="Socket.IO of old on another path",
    ),
    pytest.param(
        "phoenix-liveview",
        trace("ws://localhost:4000/live/websocket", {"_csrf_token": "c5rf", "vsn": "2.0.0"}),
        told(),
        id="LiveView by its token",
    ),
    pytest.param(
        "phoenix-liveview",
        trace(
            "wss://app.example.com/lv/websocket",
            {"vsn": "2.0.0"},
            sent=['["4","4","lv:phx-GAbc","phx_join",{"url":"/"}]'],
        ),
        told(),
        id="LiveView on another path, by its join",
    ),
    pytest.param(
        "phoenix",
        trace("wss://app.example.com/socket/websocket", {"token": "t0k3n", "vsn": "2.0.0"}),
        told(None, None, None, ["t0k3n"]),
        id="Phoenix by its version",
    ),
    pytest.param(
        "phoenix",
        trace("wss://app.example.com/rt", protocols=["phoenix", "base64url.bearer.phx.c2VjcmV0LXRva2Vu"]),
        told(None, None, None, ["c2VjcmV0LXRva2Vu", "secret-token"]),
        id="Phoenix, token in the subprotocol",
    ),
    pytest.param(
        "actioncable",
        trace(
            "wss://app.example.com/cable",
            {"token": "t0k3n"},
            protocols=["actioncable-v1-json", "actioncable-unsupported"],
        ),
        told(None, None, None, ["t0k3n"]),
        id="Action Cable",
    ),
    pytest.param(
        "hasura",
        trace("wss://shop.hasura.app/v1/graphql", protocols=["graphql-ws"], sent=[GRAPHQL]),
        told("shop.hasura.app", "alice", None, [ALICE]),
        id="Hasura Cloud, before GraphQL",
    ),
    pytest.param(
        "hasura",
        trace(
            "wss://api.example.com/v1/graphql",
            protocols=["graphql-transport-ws"],
            sent=[
                '{"type":"connection_init","payload":{"headers":{"X-Hasura-Admin-Secret":"s3cr3t","x-hasura-user-id":"7"}}}'
            ],
        ),
        told("api.example.com", "7", None, ["s3cr3t"]),
        id="Hasura on a server of one's own, with its admin secret",
    ),
    pytest.param(
        "graphql-transport-ws",
        trace("wss://api.example.com/graphql", protocols=["graphql-transport-ws"], sent=[GRAPHQL]),
        told("api.example.com", "alice", None, [ALICE]),
        id="graphql-ws, user from the payload",
    ),
    pytest.param(
        "graphql-transport-ws",
        trace(
            "wss://api.example.com/graphql",
            protocols=["graphql-transport-ws"],
            sent=[f'{{"type":"connection_init","payload":{{"authToken":"{ALICE}","apiKey":"s3cr3t"}}}}'],
        ),
        told("api.example.com", "alice", None, [ALICE, "s3cr3t"]),
        id="graphql-ws with a token and a key",
    ),
    pytest.param(
        "subscriptions-transport-ws",
        trace("wss://api.example.com/graphql", protocols=["graphql-ws"], sent=[GRAPHQL]),
        told("api.example.com", "alice", None, [ALICE]),
        id="subscriptions-transport-ws, whose subprotocol is graphql-ws",
    ),
    pytest.param(
        "subscriptions-transport-ws",
        trace(
            "wss://api.example.com/graphql",
            protocols=["graphql-ws"],
            sent=[f'{{"type":"connection_init","payload":{{"access_token":"{ALICE}","password":"s3cr3t"}}}}'],
        ),
        told("api.example.com", "alice", None, [ALICE, "s3cr3t"]),
        id="subscriptions-transport-ws with a token and a password",
    ),
    pytest.param(
        "mqtt-ws",
        trace("wss://broker.example.com/mqtt", protocols=["mqtt"], sent=[packet("web-1", "alice", "s3cr3t")]),
        told("broker.example.com", "alice", None, ["s3cr3t"]),
        id="MQTT by user name",
    ),
    pytest.param(
        "mqtt-ws",
        trace("wss://broker.example.com/", protocols=["mqtt"], sent=[packet("web-" + "1" * 140, level=5)]),
        told("broker.example.com", "web-" + "1" * 140),
        id="MQTT 5 without a user name, by client id",
    ),
    pytest.param(
        "centrifugo",
        trace(
            "wss://app.example.com/connection/websocket",
            sent=[f'{{"connect":{{"token":"{ALICE}","name":"js"}},"id":1}}'],
        ),
        told("app.example.com", "alice", None, [ALICE]),
        id="Centrifugo in JSON",
    ),
    pytest.param(
        "centrifugo",
        trace(
            "wss://app.example.com/rt",
            protocols=["centrifuge-protobuf"],
            sent=[f"\x7f\x08\x01\x22\x7b\x0a\x79{ALICE}\x22\x02js"],
        ),
        told("app.example.com", "alice", None, [ALICE]),
        id="Centrifugo in Protobuf",
    ),
    pytest.param(
        "centrifugo",
        trace("wss://app.example.com/connection/websocket", sent=['{"connect":{"token":"opaque"},"id":1}']),
        told("app.example.com", None, None, ["opaque"]),
        id="Centrifugo with a token that is none of JSON",
    ),
    pytest.param(
        "nats-ws",
        trace(
            "wss://nats.example.com/",
            sent=[
                'CONNECT {"lang":"nats.ws","version":"1.30.0","user":"alice","pass":"s3cr3t","auth_token":"t0k3n"}\r\nPING\r\n'
            ],
            received=['INFO {"server_id":"N1","version":"2.10.0"}\r\n'],
        ),
        told("nats.example.com", "alice", ("nats.ws", "1.30.0", None), ["s3cr3t", "t0k3n"]),
        id="NATS by user",
    ),
    pytest.param(
        "nats-ws",
        trace(
            "wss://nats.example.com/",
            sent=['CONNECT {"lang":"nats.ws","version":"1.30.0","jwt":"eyJ.x.y","nkey":"UABC","sig":"51gn"}\r\n'],
        ),
        told("nats.example.com", "UABC", ("nats.ws", "1.30.0", None), ["eyJ.x.y", "UABC", "51gn"]),
        id="NATS by public key",
    ),
    # -- rows of 2026-11-30
    pytest.param("rsbuild", trace("ws://localhost:3000/rsbuild-hmr", {"token": "t"}), told(), id="Rsbuild"),
    pytest.param("bun", trace("ws://localhost:3000/_bun/hmr"), told(), id="Bun"),
    pytest.param(
        "visual-studio-browser-link",
        trace(
            "ws://localhost:52385/d7a5b1ce43a943cebdf6831703f64f3e/browserLinkSignalR/connect",
            {"transport": "webSockets", "connectionToken": "t"},
        ),
        told(),
        id="Browser Link, before SignalR",
    ),
    pytest.param(
        "dotnet-watch",
        trace(
            "wss://localhost:36013/",
            protocols=["c2VjcmV0"],
            scripts=["https://localhost:7001/_framework/aspnetcore-browser-refresh.js"],
        ),
        told(),
        id="dotnet watch by the code that opened it",
    ),
    pytest.param(
        "hotwire-spark",
        trace("ws://localhost:3000/hotwire-spark", protocols=["actioncable-v1-json", "actioncable-unsupported"]),
        told(),
        id="Hotwire Spark, before Action Cable",
    ),
    pytest.param(
        "web-dev-server",
        trace("ws://localhost:8000/wds", scripts=["http://localhost:8000/__web-dev-server__web-socket.js"]),
        told(),
        id="the dev server of Modern Web",
    ),
    pytest.param(
        "signalr",
        trace(
            "wss://app.example.com/hubs/chat",
            {"id": SIGNALR["id"], "access_token": jwt(nameid="bob")},
            sent=['{"protocol":"json","version":1}\x1e'],
        ),
        told("/hubs/chat", "bob", None, [jwt(nameid="bob"), SIGNALR["id"]]),
        id="SignalR with .NET's short name of the claim",
    ),
    pytest.param(
        "signalr",
        trace(
            "wss://app.example.com/hubs/chat",
            {"id": SIGNALR["id"], "access_token": jwt(**{NAME_IDENTIFIER: "bob"})},
            sent=['{"protocol":"json","version":1}\x1e'],
        ),
        told("/hubs/chat", "bob", None, [jwt(**{NAME_IDENTIFIER: "bob"}), SIGNALR["id"]]),
        id="SignalR with .NET's long name of the claim",
    ),
    pytest.param(
        "phoenix",
        trace("wss://app.example.com/socket/websocket", {"token": ALICE, "vsn": "2.0.0"}),
        told(None, "alice", None, [ALICE]),
        id="Phoenix with a token of Guardian",
    ),
    pytest.param(
        "phoenix",
        trace(
            "wss://app.example.com/socket/websocket",
            {"vsn": "2.0.0"},
            protocols=["phoenix", f"base64url.bearer.phx.{urlsafe_b64encode(ALICE.encode()).decode().rstrip('=')}"],
        ),
        told(None, "alice", None, [urlsafe_b64encode(ALICE.encode()).decode().rstrip("="), ALICE]),
        id="Phoenix with a token of Guardian in the subprotocol",
    ),
    pytest.param(
        "actioncable",
        trace("wss://app.example.com/cable", {"token": ALICE}, protocols=["actioncable-v1-json"]),
        told(None, "alice", None, [ALICE]),
        id="Action Cable with a JSON Web Token",
    ),
    pytest.param("trunk", trace("ws://127.0.0.1:8080/.well-known/trunk/ws"), told(), id="Trunk"),
    pytest.param("crisp", trace("wss://client.relay.crisp.chat/w/b1/"), told(), id="Crisp"),
    pytest.param(
        "livechat",
        trace(
            "wss://api.livechatinc.com/v3.5/customer/rtm/ws",
            {"organization_id": "o1"},
            sent=['{"request_id":"r","action":"login","payload":{"token":"Bearer t0k3n"}}'],
        ),
        told("o1", None, None, ["Bearer t0k3n"]),
        id="LiveChat by organisation",
    ),
    pytest.param(
        "livechat",
        trace("wss://api-dal.livechatinc.com/v3.3/customer/rtm/ws", {"license_id": "42"}),
        told("42"),
        id="LiveChat by licence",
    ),
    pytest.param(
        "walletconnect",
        trace(
            "wss://relay.walletconnect.org/",
            {"auth": jwt(iss="did:key:z6Mk", sub="a1"), "projectId": "p1", "ua": "wc-2/js-2.25.0/chrome"},
        ),
        told("p1", "did:key:z6Mk", None, [jwt(iss="did:key:z6Mk", sub="a1")]),
        id="WalletConnect by the key of the browser",
    ),
    pytest.param(
        "gemini-live",
        trace(
            "wss://generativelanguage.googleapis.com/ws/"
            "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
            {"key": "AIza-made-up"},
        ),
        told(None, None, None, ["AIza-made-up"]),
        id="Gemini with an API key",
    ),
    pytest.param(
        "gemini-live",
        trace(
            "ws://localhost:9000/ws/"
            "google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained",
            {"access_token": "auth_tokens/made-up"},
        ),
        told(None, None, None, ["auth_tokens/made-up"]),
        id="Gemini with an ephemeral token, at a proxy",
    ),
    pytest.param(
        "elevenlabs",
        trace(
            "wss://api.eu.residency.elevenlabs.io/v1/convai/conversation",
            {"agent_id": "a1", "source": "react_sdk", "version": "1.25.0"},
            protocols=["convai", "bearer.s3cr3t"],
        ),
        told("a1", None, None, ["s3cr3t"]),
        id="ElevenLabs, token in the subprotocol",
    ),
    pytest.param(
        "deepgram",
        trace("wss://api.deepgram.com/v1/listen", {"model": "nova-3"}, protocols=["token", "s3cr3t"]),
        told(None, None, None, ["s3cr3t"]),
        id="Deepgram, key in the subprotocol",
    ),
    pytest.param(
        "assemblyai",
        trace("wss://streaming.eu.assemblyai.com/v3/ws", {"token": "t0k3n"}),
        told(None, None, None, ["t0k3n"]),
        id="AssemblyAI",
    ),
    pytest.param(
        "assemblyai",
        trace("wss://api.assemblyai.com/v2/realtime/ws", {"token": "t0k3n"}),
        told(None, None, None, ["t0k3n"]),
        id="AssemblyAI of old",
    ),
    pytest.param(
        "azure-webpubsub",
        trace(
            "wss://push.example.com/client/hubs/chat",
            {"access_token": ALICE},
            protocols=["json.reliable.webpubsub.azure.v1"],
        ),
        told("chat", "alice", None, [ALICE]),
        id="Azure Web PubSub with a domain of one's own",
    ),
    pytest.param(
        "convex",
        trace(
            "wss://small-mouse-123.convex.cloud/api/1.48.0/sync",
            sent=[
                '{"connectionCount":0,"lastCloseReason":"InitialConnect","clientTs":7,"type":"Connect","sessionId":"s"}',
                compact(
                    {
                        "type": "Authenticate",
                        "baseVersion": 0,
                        "tokenType": "User",
                        "value": jwt(sub="alice", name="Alice A.", email="a@example.com"),
                    }
                ),
            ],
        ),
        told(
            "small-mouse-123.convex.cloud",
            "alice",
            ("convex", "1.48.0", None),
            [jwt(sub="alice", name="Alice A.", email="a@example.com"), "Alice A.", "a@example.com"],
        ),
        id="Convex, signed in",
    ),
    pytest.param(
        "convex",
        trace(
            "ws://127.0.0.1:3210/api/1.23.0/sync",
            sent=['{"connectionCount":0,"lastCloseReason":"InitialConnect","type":"Connect","sessionId":"s"}'],
        ),
        told("127.0.0.1", None, ("convex", "1.23.0", None)),
        id="Convex on this machine, by its first message",
    ),
    pytest.param(
        "liveblocks",
        trace(
            "wss://api.liveblocks.io/v8",
            {"roomId": "r1", "tok": jwt(k="acc", pid="p1", uid="alice"), "version": "3.24.2"},
        ),
        told("r1", "alice", ("liveblocks", "3.24.2", None), [jwt(k="acc", pid="p1", uid="alice")]),
        id="Liveblocks, counted by room",
    ),
    pytest.param(
        "liveblocks",
        trace("ws://localhost:1153/v7", {"roomId": "r1", "pubkey": "pk_made_up", "version": "2.0.0"}),
        told("r1", None, ("liveblocks", "2.0.0", None), ["pk_made_up"]),
        id="Liveblocks with a public key, at a local test server",
    ),
    pytest.param(
        "liveblocks",
        trace("wss://api.liveblocks.io/ai/v7", {"tok": jwt(uid="alice"), "version": "3.24.2"}),
        told(None, "alice", ("liveblocks", "3.24.2", None), [jwt(uid="alice")]),
        id="Liveblocks and its AI",
    ),
    pytest.param(
        "instantdb",
        trace(
            "wss://api.instantdb.com/runtime/session",
            {"app_id": UUID},
            sent=[compact({"op": "init", "app-id": UUID, "refresh-token": "t0k3n", "__admin-token": "4dm1n"})],
        ),
        told(UUID, None, None, ["t0k3n", "4dm1n"]),
        id="InstantDB",
    ),
    pytest.param(
        "zero",
        trace(
            "ws://localhost:4848/sync/v30/connect",
            {"clientID": "c", "clientGroupID": "g", "userID": "alice", "wsid": "w", "ts": "1", "lmid": "0"},
            protocols=[quote(base64({"initConnectionMessage": [], "authToken": ALICE}))],
        ),
        told("localhost", "alice", None, [ALICE, base64({"initConnectionMessage": [], "authToken": ALICE})]),
        id="Zero, token in the subprotocol",
    ),
    pytest.param(
        "appwrite",
        trace(
            "wss://fra.cloud.appwrite.io/v1/realtime",
            {"project": "p1", "jwt": ALICE},
            sent=['{"type":"authentication","data":{"session":"s3ss10n"}}'],
        ),
        told("p1", None, None, [ALICE, "s3ss10n"]),
        id="Appwrite Cloud",
    ),
    pytest.param(
        "appwrite",
        trace(
            "ws://localhost/v1/realtime",
            {"project": "p1", "channels[]": "files"},
            received=[
                '{"type":"connected","data":{"channels":["files"],"user":'
                '{"$id":"alice","name":"Alice A.","email":"a@example.com"}}}'
            ],
        ),
        told("p1", "alice", None, ["Alice A.", "a@example.com"]),
        id="Appwrite on a server of one's own, by its first message",
    ),
    pytest.param(
        "partykit",
        trace("wss://shop.alice.partykit.dev/parties/main/room-1", {"_pk": "client-7"}),
        told("/parties/main/room-1"),
        id="PartyKit",
    ),
    pytest.param(
        "partykit",
        trace("ws://127.0.0.1:8787/live/room-1", {"_pk": UUID, "token": "t"}),
        told("/live/room-1"),
        id="PartyKit with a path of one's own, by the random number of a client",
    ),
    pytest.param(
        "partykit",
        trace("wss://app.example.com/agents/chat/alice", {"_pk": UUID}, sent=["\x00\x00\x01\x00", AWARE]),
        told("/agents/chat/alice"),
        id="Cloudflare Agents, before Yjs",
    ),
    pytest.param(
        "hocuspocus",
        trace("wss://abc123.collab.tiptap.cloud/"),
        told("abc123.collab.tiptap.cloud"),
        id="Tiptap Cloud",
    ),
    pytest.param(
        "hocuspocus",
        trace(
            "ws://127.0.0.1:1234/",
            sent=[f"\x07doc-one\x02\x00\x7f{ALICE}\x054.8.0", f"\x07doc-one{AWARE}"],
        ),
        told("127.0.0.1", "alice", None, [ALICE]),
        id="Hocuspocus by its awareness",
    ),
    pytest.param(
        "hocuspocus",
        trace(
            "ws://127.0.0.1:1234/",
            sent=["\x07doc-one\x02\x00\x05t0k3n"],
            received=["\x07doc-one\x02\x02\x0aread-write"],
        ),
        told("127.0.0.1", None, None, ["t0k3n"]),
        id="Hocuspocus by the answer to the token",
    ),
    pytest.param(
        "y-websocket",
        trace("ws://127.0.0.1:1234/room-1", {"token": "x"}, sent=["\x00\x00\x01\x00", AWARE]),
        told("/room-1"),
        id="Yjs, counted by document",
    ),
    pytest.param(
        "y-websocket",
        trace(
            "wss://app.example.com/yjs/room-2",
            sent=["\x00\x00\x06\x01\xb6\xac\xcf5\x05", '\x01\x1c\x01\xb6\xac\xcf5\x01\x15{"user":{"name":"A"}}'],
        ),
        told("/yjs/room-2"),
        id="Yjs with a document that is not empty, and a small client number",
    ),
    pytest.param(
        "colyseus",
        trace(
            "ws://localhost:2567/_Ab1Cd2Ef/gH3iJ4kL5",
            {"sessionId": "m6N7o8P9q", "reconnectionToken": "r3c", "_authToken": "t0k3n"},
        ),
        told("gH3iJ4kL5", None, None, ["t0k3n", "r3c"]),
        id="Colyseus, counted by room",
    ),
    pytest.param(
        "nakama",
        trace(
            "ws://127.0.0.1:7350/ws",
            {"lang": "en", "status": "true", "token": jwt(tid="t", uid="alice", usn="Alice A.")},
        ),
        told("127.0.0.1", "alice", None, [jwt(tid="t", uid="alice", usn="Alice A."), "Alice A."]),
        id="Nakama",
    ),
    pytest.param(
        "signalr-classic",
        trace(
            "wss://app.example.com/signalr/connect",
            {
                "transport": "webSockets",
                "clientProtocol": "2.1",
                "connectionToken": "t0k3n",
                "connectionData": '[{"name":"chathub"}]',
                "tid": "3",
            },
        ),
        told("app.example.com", None, None, ["t0k3n"]),
        id="SignalR for ASP.NET",
    ),
    pytest.param(
        "anycable",
        trace(
            "wss://app.example.com/cable",
            {"jid": "t0k3n"},
            protocols=["actioncable-v1-ext-json", "anycable-token.s3cr3t"],
        ),
        told(None, None, None, ["t0k3n", "s3cr3t"]),
        id="AnyCable with its extended protocol",
    ),
    pytest.param(
        "trpc",
        trace(
            "ws://localhost:3001/",
            {"connectionParams": "1"},
            sent=[
                f'{{"method":"connectionParams","data":{{"token":"{ALICE}"}}}}',
                '{"id":1,"method":"subscription","params":{"path":"onPost"}}',
            ],
        ),
        told("localhost", "alice", None, [ALICE]),
        id="tRPC with a token",
    ),
    pytest.param(
        "trpc",
        trace(
            "wss://app.example.com/api/trpc",
            sent=['[{"id":1,"jsonrpc":"2.0","method":"query","params":{"input":{"path":1},"path":"post.byId"}}]'],
        ),
        told("app.example.com"),
        id="tRPC by its first call, in a batch",
    ),
    pytest.param(
        "stomp",
        trace(
            "ws://localhost:15674/ws",
            protocols=["v12.stomp", "v11.stomp", "v10.stomp"],
            sent=["CONNECT\nlogin:alice\npasscode:s3cr3t\naccept-version:1.2,1.1,1.0\nheart-beat:0,0\n\n\x00"],
        ),
        told("localhost", "alice", None, ["s3cr3t"]),
        id="STOMP by its subprotocol",
    ),
    pytest.param(
        "stomp",
        trace(
            "wss://app.example.com/stomp/042/k3x0ab5d/websocket",
            sent=[compact([f"CONNECT\nAuthorization:Bearer {ALICE}\naccept-version:1.2\nheart-beat:0,0\n\n\x00"])],
            received=["o"],
        ),
        told("app.example.com", "alice", None, [ALICE]),
        id="STOMP within SockJS, before SockJS",
    ),
    pytest.param(
        "meteor",
        trace(
            "ws://localhost:3000/websocket",
            sent=[
                '{"msg":"connect","version":"1","support":["1","pre2","pre1"]}',
                '{"msg":"method","id":"1","method":"login","params":[{"resume":"t0k3n"}]}',
            ],
        ),
        told("localhost", None, None, ["t0k3n"]),
        id="Meteor, signed in again",
    ),
    pytest.param(
        "meteor",
        trace(
            "wss://app.example.com/sockjs/123/ab_cd5e0/websocket",
            sent=[
                compact([compact({"msg": "connect", "version": "1", "support": ["1"]})]),
                compact([compact({"msg": "method", "params": [{"password": {"digest": "d1g35t"}}]})]),
            ],
            received=["o"],
        ),
        told("app.example.com", None, None, ["d1g35t"]),
        id="Meteor within SockJS, before SockJS",
    ),
    pytest.param(
        "sockjs",
        trace("wss://app.example.com/echo/042/k3x0ab5d/websocket", received=["o", 'a["hello"]']),
        told("/echo"),
        id="SockJS by its address and first frame",
    ),
    pytest.param(
        "parse-livequery",
        trace(
            "wss://app.example.com/parse",
            sent=[
                compact(
                    {
                        "op": "connect",
                        "applicationId": "app-1",
                        "javascriptKey": "j5",
                        "masterKey": "m4st3r",
                        "sessionToken": "r:t0k3n",
                    }
                )
            ],
        ),
        told("app-1", None, None, ["j5", "m4st3r", "r:t0k3n"]),
        id="Parse",
    ),
    pytest.param(
        "socketcluster",
        trace(
            "ws://localhost:8000/socketcluster/",
            sent=[f'{{"event":"#handshake","data":{{"authToken":"{ALICE}"}},"cid":1}}'],
        ),
        told("localhost", "alice", None, [ALICE]),
        id="SocketCluster",
    ),
    pytest.param(
        "bayeux",
        trace(
            "wss://app.example.com/cometd",
            sent=['[{"id":"1","version":"1.0","channel":"/meta/handshake","supportedConnectionTypes":["websocket"]}]'],
        ),
        told("app.example.com"),
        id="CometD",
    ),
    pytest.param(
        "xmpp",
        trace(
            "wss://chat.example.com:5291/",
            protocols=["xmpp"],
            sent=[
                '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="example.com" version="1.0"/>',
                '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">AGFsaWNlAHMzY3IzdA==</auth>',
            ],
        ),
        told("example.com", None, None, ["AGFsaWNlAHMzY3IzdA=="]),
        id="XMPP by its subprotocol",
    ),
    pytest.param(
        "wamp",
        trace(
            "wss://app.example.com/ws",
            protocols=["wamp.2.json"],
            sent=[
                '[1,"shop",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"alice"}]',
                '[5,"s3cr3t",{}]',
            ],
        ),
        told("shop", "alice", None, ["s3cr3t"]),
        id="WAMP by realm",
    ),
    pytest.param(
        "home-assistant",
        trace(
            "ws://homeassistant.local:8123/api/websocket",
            sent=['{"type":"auth","access_token":"t0k3n"}'],
            received=['{"type":"auth_required","ha_version":"2026.11.0"}'],
        ),
        told("homeassistant.local", None, None, ["t0k3n"]),
        id="Home Assistant",
    ),
]

# What a row must leave alone, and the row that it gets.
NEAR = [
    pytest.param(
        "live-server",
        trace("ws://localhost:3000/ws", received=["reload"], scripts=["http://localhost:3000/"]),
        None,
        id="an application's /ws, asked for by a script in its page",
    ),
    pytest.param(
        "live-server",
        trace("ws://127.0.0.1:5500//ws", sent=["hello"], received=["x"], scripts=["http://127.0.0.1:5500/"]),
        None,
        id="one that sends",
    ),
    pytest.param(
        "live-server",
        trace("ws://127.0.0.1:5500//ws", received=["x"], scripts=["http://127.0.0.1:5500/main.js"]),
        None,
        id="one that a script of its own asked for",
    ),
    pytest.param(
        "live-server",
        trace("ws://127.0.0.1:8080//ws", received=["x"], scripts=["http://127.0.0.1:5500/"]),
        None,
        id="one of another server than the page's",
    ),
    pytest.param(
        "live-server",
        trace("wss://app.example/live.html/ws", received=["x"], scripts=["https://app.example/live.html"]),
        None,
        id="one on a public host",
    ),
    pytest.param(
        "live-server",
        trace("ws://localhost:8000/feed/ws", received=["x"], scripts=["http://localhost:8000/feed"]),
        None,
        id="an application that puts /ws behind the path of a route",
    ),
    pytest.param(
        "live-server",
        trace("ws://127.0.0.1:5500//ws", scripts=["http://127.0.0.1:5500/"], recorded=False),
        None,
        id="one of which messages were not recorded",
    ),
    pytest.param(
        "live-server",
        trace("ws://127.0.0.1:5500//ws", received=["x"], scripts=["http://127.0.0.1:5500/", "http://cdn.example/a.js"]),
        None,
        id="one that a library opened for the page",
    ),
    pytest.param(
        "cypress",
        trace("wss://app.example/socket.io/", {"EIO": "4", "transport": "websocket"}),
        "socket-io",
        id="an application's Socket.IO",
    ),
    pytest.param("cypress", trace("wss://app.example/__socket-feed"), None, id="a path that only begins so"),
    pytest.param("cypress", trace("wss://app.example/api/__socket"), None, id="a path that only ends so"),
    pytest.param("vitest", trace("wss://app.example/vitest_api"), None, id="a path that only looks alike"),
    pytest.param(
        "karma",
        trace(
            "ws://localhost:9876/socket.io/",
            {"EIO": "4", "transport": "websocket"},
            scripts=["http://localhost:9876/base/src/app.spec.js"],
        ),
        "socket-io",
        id="the Socket.IO of what Karma tests",
    ),
    pytest.param(
        "vite", trace("ws://localhost:5173/", {"token": "t"}, protocols=["vite"]), None, id="not Vite's subprotocol"
    ),
    pytest.param("webpack-dev-server", trace("ws://localhost:3000/ws"), None, id="an application's /ws on localhost"),
    pytest.param(
        "webpack-dev-server",
        trace("ws://localhost:3000/ws", received=['{"type":"hotel","data":1}', '{"type":"hash","data":"x"}']),
        None,
        id="an application's /ws with other messages",
    ),
    pytest.param(
        "webpack-dev-server",
        trace("wss://app.example.com/ws", received=['{"type":"hot"}']),
        None,
        id="webpack's message on a public host",
    ),
    pytest.param(
        "webpack-dev-server",
        trace(
            "ws://localhost:8080/live", scripts=["webpack-internal:///./node_modules/webpack-dev-server/client/x.js"]
        ),
        None,
        id="an application's socket that hot reload opened anew",
    ),
    pytest.param("next", trace("wss://app.example.com/hmr"), None, id="hmr outside _next"),
    pytest.param("parcel", trace("ws://localhost:1234/"), None, id="the root of a developer's host"),
    pytest.param(
        "browser-sync",
        trace("ws://localhost:3000/socket.io/", {"EIO": "4", "transport": "websocket"}),
        "socket-io",
        id="an application's Socket.IO beside Browsersync",
    ),
    pytest.param("livereload", trace("wss://app.example.com/livereload"), None, id="/livereload on a public host"),
    pytest.param("angular-webpack", trace("ws://localhost:4200/ws"), None, id="Angular with another path"),
    pytest.param("storybook", trace("ws://localhost:6006/channel"), None, id="Storybook with another path"),
    pytest.param(
        "expo-metro", trace("ws://localhost:8081/message"), None, id="an application's /message on Metro's port"
    ),
    pytest.param(
        "expo-metro",
        trace("wss://app.example.com/hot", sent=['{"type":"register-entrypoints"}']),
        None,
        id="/hot on a public host",
    ),
    pytest.param(
        "phoenix-live-reload",
        trace("ws://localhost:4000/socket/websocket", {"vsn": "2.0.0"}),
        "phoenix",
        id="an application's Phoenix beside live reload",
    ),
    pytest.param("react-devtools", trace("ws://localhost:8097/chat"), None, id="a path on React DevTools' port"),
    pytest.param("react-devtools", trace("wss://app.example.com:8097/"), None, id="its port on a public host"),
    pytest.param(
        "stream-chat", trace("wss://app.example.com/connect", {"api_key": "k"}), None, id="/connect with a key"
    ),
    pytest.param(
        "stream-chat",
        trace("wss://chat.stream-io-api.com.example.com/connect"),
        None,
        id="a host that only begins like Stream's",
    ),
    pytest.param(
        "stream-chat",
        trace("wss://app.example.com/api/v2/connect", {**STREAM, "X-Stream-Client": "acme"}),
        None,
        id="version 10's path with another client",
    ),
    pytest.param(
        "stream-video", trace("wss://app.example.com/video/connect", STREAM), None, id="no client of Stream Video"
    ),
    pytest.param(
        "stream-video-sfu",
        trace("wss://sfu.example.com/ws", {"user_id": "a", "api_key": "k", "user_session_id": "s", "attempt": "1"}),
        None,
        id="an SFU's socket without a call",
    ),
    pytest.param("sendbird", trace("wss://ws-x.sendbird.com/", {"p": "JS"}), None, id="Sendbird's host without an app"),
    pytest.param(
        "pusher", trace("wss://app.example.com/app/k3y", {"client": "js"}), None, id="/app/ without a protocol"
    ),
    pytest.param("ably", trace("wss://app.example.com/", {"v": "3", "format": "json"}), None, id="v and format alone"),
    pytest.param(
        "slack-socket-mode",
        trace("wss://app.example.com/link/", {"ticket": "t"}),
        None,
        id="a ticket at another host",
    ),
    pytest.param(
        "slack-web",
        trace("wss://wss-primary.slack.com/link/", {"ticket": "t", "token": "x"}),
        "slack-socket-mode",
        id="Socket Mode at the host of Slack's web client",
    ),
    pytest.param(
        "discord", trace("wss://gateway.example.gg/", {"v": "10", "encoding": "json"}), None, id="a gateway of another"
    ),
    pytest.param("intercom", trace("wss://nexus-websocket-a.intercom.io/other"), None, id="Intercom with another path"),
    pytest.param(
        "livekit", trace("wss://app.example.com/rtc", {"access_token": "opaque"}), None, id="/rtc with another token"
    ),
    pytest.param(
        "twilio-conversations", trace("wss://tsock.example.com/v3/wsconnect"), None, id="Twilio's path elsewhere"
    ),
    pytest.param("twilio-voice", trace("wss://voice-js.example.com/signal"), None, id="/signal elsewhere"),
    pytest.param("twilio-video", trace("wss://app.example.com/signaling"), None, id="/signaling elsewhere"),
    pytest.param(
        "openai-realtime",
        trace("wss://app.example.com/v1/realtime", {"model": "x"}, protocols=["realtime"]),
        None,
        id="OpenAI's path at a proxy of one's own",
    ),
    pytest.param(
        "azure-webpubsub", trace("wss://app.example.com/client/hubs/chat"), None, id="/client/hubs/ elsewhere"
    ),
    pytest.param(
        "azure-signalr",
        trace("wss://app.example.com/client/", {"hub": "c", "id": "x"}, sent=['{"protocol":"json","version":1}\x1e']),
        "signalr",
        id="SignalR on a server of one's own",
    ),
    pytest.param(
        "aws-appsync-events", trace("wss://app.example.com/event/realtime"), None, id="the path without its subprotocol"
    ),
    pytest.param(
        "aws-appsync",
        trace("wss://api.example.com/graphql", {"payload": "e30="}, protocols=["graphql-ws"]),
        "subscriptions-transport-ws",
        id="GraphQL without AppSync's header",
    ),
    pytest.param(
        "aws-apigateway-ws", trace("wss://bucket.s3.eu-west-1.amazonaws.com/prod"), None, id="another host of Amazon's"
    ),
    pytest.param(
        "aws-iot",
        trace("wss://iot.example.com/mqtt", protocols=["mqtt"]),
        "mqtt-ws",
        id="MQTT at another broker",
    ),
    pytest.param("firebase-rtdb", trace("wss://app.example.com/.ws", {"v": "5"}), None, id="/.ws without a namespace"),
    pytest.param(
        "supabase-realtime",
        trace("wss://app.example.com/realtime/v1/websocket", {"vsn": "2.0.0"}),
        "phoenix",
        id="Supabase's path without a key",
    ),
    pytest.param("blazor-server", trace("wss://app.example.com/_blazor"), None, id="Blazor's path without a circuit"),
    pytest.param("signalr", trace("wss://app.example.com/hubs/chat", {"id": "42"}), None, id="an id alone"),
    pytest.param(
        "signalr",
        trace("wss://app.example.com/chat", {"id": "42"}, scripts=["http://localhost/lib/signalr.min.js"]),
        None,
        id="an application's socket that SignalR's code led to",
    ),
    pytest.param(
        "socket-io",
        trace("wss://app.example.com/socket.io/", {"transport": "websocket"}),
        None,
        id="Socket.IO's path without its version",
    ),
    pytest.param(
        "phoenix-liveview",
        trace("wss://app.example.com/socket/websocket", {"_csrf_token": "c", "vsn": "2.0.0"}),
        "phoenix",
        id="a Phoenix socket with a CSRF token",
    ),
    pytest.param("phoenix", trace("wss://app.example.com/live/websocket"), None, id="/websocket without a version"),
    pytest.param("actioncable", trace("wss://app.example.com/cable"), None, id="/cable without its subprotocol"),
    pytest.param(
        "hasura",
        trace(
            "wss://api.example.com/v1/graphql",
            protocols=["graphql-ws"],
            sent=['{"type":"connection_init","payload":{}}'],
        ),
        "subscriptions-transport-ws",
        id="/v1/graphql of another server",
    ),
    pytest.param(
        "graphql-transport-ws", trace("wss://api.example.com/graphql"), None, id="/graphql without a subprotocol"
    ),
    pytest.param(
        "subscriptions-transport-ws",
        trace("wss://api.example.com/graphql", protocols=["graphql-transport-ws"]),
        "graphql-transport-ws",
        id="the library graphql-ws, whose subprotocol is another",
    ),
    pytest.param("mqtt-ws", trace("wss://broker.example.com/mqtt"), None, id="/mqtt without its subprotocol"),
    pytest.param(
        "centrifugo",
        trace("wss://app.example.com/connection/websocket", sent=['{"hello":{}}']),
        None,
        id="Centrifugo's path with another message",
    ),
    pytest.param(
        "nats-ws",
        trace("wss://app.example.com/", sent=["CONNECT\n\n\x00"], received=["INFO: welcome"]),
        None,
        id="STOMP, which connects by the same word",
    ),
    pytest.param("rsbuild", trace("ws://localhost:3000/hmr", {"token": "t"}), None, id="another path for hot reload"),
    pytest.param("bun", trace("ws://localhost:3000/bun/hmr"), None, id="a path that only looks like Bun's"),
    pytest.param(
        "visual-studio-browser-link",
        trace("wss://app.example.com/signalr/connect", {"transport": "webSockets", "connectionToken": "t"}),
        "signalr-classic",
        id="an application's SignalR",
    ),
    pytest.param(
        "dotnet-watch",
        trace("wss://localhost:7001/", scripts=["https://localhost:7001/_framework/blazor.server.js"]),
        None,
        id="other code of the framework",
    ),
    pytest.param(
        "hotwire-spark",
        trace("ws://localhost:3000/cable", protocols=["actioncable-v1-json"]),
        "actioncable",
        id="an application's Action Cable",
    ),
    pytest.param("web-dev-server", trace("ws://localhost:8000/wds"), None, id="/wds of an application"),
    pytest.param("trunk", trace("wss://app.example.com/trunk/ws"), None, id="a /ws of a trunk of one's own"),
    pytest.param(
        "crisp", trace("wss://client.relay.crisp.chat.example.com/"), None, id="a host that begins like Crisp's"
    ),
    pytest.param(
        "livechat", trace("wss://rtm.example.com/v1/customer/rtm/ws"), None, id="LiveChat's path on another host"
    ),
    pytest.param(
        "walletconnect",
        trace("wss://relay.example.com/", {"auth": ALICE, "projectId": "p1"}),
        None,
        id="a relay of somebody else's",
    ),
    pytest.param(
        "gemini-live", trace("wss://generativelanguage.googleapis.com/ws/other"), None, id="Google's host, another path"
    ),
    pytest.param(
        "elevenlabs",
        trace("wss://api.elevenlabs.io/v1/text-to-speech/v1/stream-input", {"model_id": "m"}),
        None,
        id="ElevenLabs' speech, which is no conversation",
    ),
    pytest.param("deepgram", trace("wss://app.example.com/v1/listen"), None, id="/v1/listen at a proxy of one's own"),
    pytest.param("assemblyai", trace("wss://app.example.com/v3/ws", {"token": "t"}), None, id="/v3/ws elsewhere"),
    pytest.param(
        "convex", trace("wss://app.example.com/api/1.48.0/sync", sent=['{"type":"hello"}']), None, id="an API's /sync"
    ),
    pytest.param(
        "convex", trace("wss://app.example.com/api/v1/sync", sent=['{"type":"Connect"}']), None, id="a /sync of v1"
    ),
    pytest.param(
        "liveblocks",
        trace("wss://app.example.com/v7", {"roomId": "r1", "tok": "opaque", "version": "1"}),
        None,
        id="a room with a token that is none of JSON",
    ),
    pytest.param(
        "instantdb", trace("wss://app.example.com/runtime/session", {"app_id": "42"}), None, id="a session of an app 42"
    ),
    pytest.param(
        "zero", trace("wss://app.example.com/sync/v2/connect", {"clientID": "c"}), None, id="a sync of others"
    ),
    pytest.param(
        "appwrite",
        trace("wss://app.example.com/v1/realtime", {"project": "p1"}, received=['{"type":"welcome"}']),
        None,
        id="Appwrite's path with another first message",
    ),
    pytest.param("partykit", trace("wss://app.example.com/parties/main/room-1"), None, id="a room without a client"),
    pytest.param("partykit", trace("wss://app.example.com/feed", {"_pk": "42"}), None, id="a primary key"),
    pytest.param(
        "hocuspocus",
        trace("ws://127.0.0.1:1234/room-1", sent=["\x00\x00\x01\x00", AWARE]),
        "y-websocket",
        id="Yjs without the document's name before each message",
    ),
    pytest.param(
        "hocuspocus",
        trace("wss://app.example.com/rpc", sent=["\x0ahello world"], received=["\x04data\x02\x02read-write"]),
        None,
        id="another binary protocol that begins with a length",
    ),
    pytest.param(
        "y-websocket",
        trace("wss://app.example.com/rpc", sent=["\x00\x00\x01\x00", "\x01\x0a\x01\x02\x03{}"]),
        None,
        id="another binary protocol whose messages begin with 0 and 1",
    ),
    pytest.param(
        "y-websocket",
        trace("ws://127.0.0.1:1234/", sent=[f"\x07doc-one{AWARE}"]),
        "hocuspocus",
        id="Hocuspocus, which several documents share",
    ),
    pytest.param(
        "colyseus",
        trace("wss://app.example.com/workspace/documents", {"sessionId": "1"}),
        None,
        id="a session with a number",
    ),
    pytest.param(
        "nakama", trace("wss://app.example.com/ws", {"token": ALICE, "lang": "en"}), None, id="/ws with a token"
    ),
    pytest.param(
        "signalr-classic",
        trace("wss://app.example.com/connect", {"transport": "webSockets", "id": "1"}),
        None,
        id="/connect without SignalR's token",
    ),
    pytest.param(
        "anycable",
        trace("wss://app.example.com/cable", protocols=["actioncable-v1-json", "actioncable-unsupported"]),
        "actioncable",
        id="AnyCable in the words of Action Cable",
    ),
    pytest.param(
        "trpc",
        trace(
            "wss://app.example.com/rpc", sent=['{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["logs"]}']
        ),
        None,
        id="JSON-RPC of others",
    ),
    pytest.param(
        "stomp", trace("wss://app.example.com/", sent=["CONNECT\n\n\x00"]), None, id="CONNECT without a version"
    ),
    pytest.param(
        "meteor", trace("wss://app.example.com/websocket", sent=['{"msg":"hello"}']), None, id="/websocket with a msg"
    ),
    pytest.param(
        "sockjs",
        trace("wss://app.example.com/rooms/123/lobby/websocket", received=["ok"]),
        None,
        id="a room with three digits",
    ),
    pytest.param(
        "parse-livequery", trace("wss://app.example.com/", sent=['{"op":"connect","id":1}']), None, id="an op of others"
    ),
    pytest.param(
        "socketcluster",
        trace("wss://app.example.com/", sent=['{"event":"handshake"}']),
        None,
        id="a handshake of others",
    ),
    pytest.param(
        "bayeux", trace("wss://app.example.com/", sent=['[{"channel":"/chat/1"}]']), None, id="a channel without Bayeux"
    ),
    pytest.param("xmpp", trace("wss://app.example.com/xmpp-websocket"), None, id="XMPP's path without its subprotocol"),
    pytest.param(
        "wamp", trace("wss://app.example.com/", sent=['[1,"shop",{}]']), None, id="a list without a subprotocol"
    ),
    pytest.param(
        "home-assistant",
        trace(
            "ws://127.0.0.1/rt/api/websocket",
            sent=['{"type":"auth","access_token":"t"}'],
            received=['{"type":"welcome","n":1}'],
        ),
        None,
        id="Home Assistant's path, but no word of its server",
    ),
]


# -- the rows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("id", "socket", "expected"), MATCHES)
def test_a_row_claims(id: str, socket: Trace, expected: Any) -> None:
    attribution = attribute(socket, builtin())
    assert attribution.provider == ROWS[id].provider
    assert (attribution.identity, attribution.client, attribution.secrets) == expected


@pytest.mark.parametrize(("id", "socket", "other"), NEAR)
def test_a_row_leaves_alone(id: str, socket: Trace, other: str | None) -> None:
    attribution = attribute(socket, builtin())
    assert (attribution.provider and attribution.provider.id) == other
    assert attribute(socket, [ROWS[id]]) == Attribution()


def cases(id: str) -> list[Trace]:
    return [case.values[1] for case in MATCHES if case.values[0] == id]


@pytest.mark.parametrize("id", ROWS)
def test_every_row_has_a_case_and_a_near_miss(id: str) -> None:
    assert cases(id)
    assert [case for case in NEAR if case.values[0] == id]


@pytest.mark.parametrize(("id", "match"), [(row.id, match) for row in builtin() for match in row.match])
def test_every_set_of_conditions_has_a_case(id: str, match: Match) -> None:
    alone = msgspec.structs.replace(ROWS[id], match=(match,))
    assert [case for case in cases(id) if attribute(case, [alone]).provider]


def places(row: Row) -> list[Place]:
    named = (row.client.name, row.client.version, row.client.runtime)
    return [*row.app, *row.user, *row.secrets, *(place for place in named if isinstance(place, Place))]


@pytest.mark.parametrize(("id", "place"), [(row.id, place) for row in builtin() for place in places(row)])
def test_every_place_yields_something_in_a_case(id: str, place: Place) -> None:
    alone = Row(id, id, ROWS[id].match, ROWS[id].verified, secrets=(place,))
    assert [case for case in cases(id) if attribute(case, [alone]).secrets]


def test_no_dev_server_has_users_or_limits() -> None:
    dev_servers = [row for row in builtin() if row.dev_only]
    assert len(dev_servers) == 22
    assert [row.id for row in dev_servers if row.app or row.user or row.limits] == []


def test_the_limits_per_user_are_those_that_are_documented_so() -> None:
    options = {(row.id, it.mode, it.max) for row in builtin() for it in row.limits if it.scope == "user"}
    assert options == {
        ("stream-chat", "development", 3),
        ("stream-chat", "production", 50),
        ("sendbird", None, 30),
    }


def test_a_remedy_is_a_short_instruction_with_its_source() -> None:
    for row in builtin():
        assert (row.remedy is None) == (row.link is None), row.id
        if row.remedy is not None:
            assert row.remedy[0].isupper(), row.id
            assert row.remedy.endswith("."), row.id
            assert len(row.remedy) <= 260, row.id


def test_sockets_by_design() -> None:
    assert {row.id: row.per_page for row in builtin() if row.per_page > 1} == {
        "storybook": 2,
        "cypress": 2,
        "twilio-video": 2,
    }


# -- which user -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "received", "user"),
    [
        pytest.param(
            {"json": '{"user_id":"alice"}', "authorization": jwt(user_id="bob")},
            HELLO,
            "alice",
            id="the query's JSON first",
        ),
        pytest.param(
            {"json": '{"client_request_id":"r"}', "authorization": jwt(user_id="bob")},
            HELLO,
            "bob",
            id="then the token",
        ),
        pytest.param({"json": "{}", "authorization": "undefined"}, HELLO, "alice", id="then the first message"),
        pytest.param({"json": "{", "authorization": "a.b.c"}, "{", None, id="nobody, where nothing can be read"),
        pytest.param({"json": '{"user_id":""}', "authorization": ""}, HELLO, "alice", id="an empty name is none"),
        pytest.param({"json": '{"user_id":42}'}, "", "42", id="a number is written as it is"),
    ],
)
def test_the_user_is_read_from_the_first_place_that_has_one(
    query: dict[str, str], received: str, user: str | None
) -> None:
    socket = trace("wss://chat.stream-io-api.com/connect", {**STREAM, **query}, received=[received])
    assert attribute(socket, builtin()).identity == Identity("k3y", user)


def test_the_beginning_of_a_long_first_message_is_enough() -> None:
    me = {"id": "alice", "name": "Alice", "devices": [{"id": f"device {n}", "note": '"[{'} for n in range(500)]}
    message = compact({"type": "health.check", "connection_id": "c-1", "me": me, "cid": "*"})
    assert len(message) > 4096
    socket = trace("wss://chat.stream-io-api.com/connect", STREAM, received=[message[:4096]], cut=True)
    assert attribute(socket, builtin()).identity == Identity("k3y", "alice")


@pytest.mark.parametrize("length", [*range(100), 4096])
def test_a_message_that_is_cut_anywhere_gives_the_user_or_none(length: int) -> None:
    socket = trace("wss://chat.stream-io-api.com/connect", STREAM, received=[HELLO[:length]], cut=True)
    whole = HELLO.index(',"name"')
    assert attribute(socket, builtin()).identity == Identity("k3y", "alice" if length > whole else None)


def test_a_message_that_is_whole_is_not_mended() -> None:
    socket = trace("wss://chat.stream-io-api.com/connect", STREAM, received=[HELLO[:-1]])
    assert attribute(socket, builtin()).identity == Identity("k3y", None)


def test_the_first_of_several_values_of_a_query_counts() -> None:
    socket = trace("wss://chat.stream-io-api.com/connect?api_key=first&api_key=second")
    assert attribute(socket, builtin()).identity == Identity("first", None)


def test_an_extracted_capture_tells_by_itself() -> None:
    texts = Attribution(Provider("stream-chat", "stream-chat"), Identity("<token 1>", "user-1"))
    socket = msgspec.structs.replace(trace("wss://host.example/<token 2>"), attribution=texts)
    assert attribute(socket, builtin()) == msgspec.structs.replace(texts, provider=ROWS["stream-chat"].provider)


# -- nothing that a capture holds raises ------------------------------------------------------------------------

TEXT = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(
    [
        "{",
        "[",
        '{"a',
        '{"me":{"id":',
        "40{",
        "CONNECT {",
        "eyJ.eyJ.x",
        "a.b.c",
        "\x10\x00\x00\x04MQTT",
        "%ff%zz",
        "&=;?#",
    ]
)
PARTS = st.lists(TEXT, max_size=6).map("".join)


@given(
    url=PARTS | st.builds("wss://chat.stream-io-api.com/connect?{}".format, PARTS),
    key=st.sampled_from(["json", "authorization", "access_token", "header", "key", "X-Stream-Client", "token"]),
    value=PARTS,
    protocols=st.lists(PARTS | st.just("mqtt") | PARTS.map("header-{}".format), max_size=2),
    messages=st.lists(PARTS, max_size=3),
    cut=st.booleans(),
)
def test_malformed_input_raises_nothing(
    url: str, key: str, value: str, protocols: list[str], messages: list[str], cut: bool
) -> None:
    arguments = url + ("&" if "?" in url else "?") + f"{key}={quote(value, errors='surrogatepass')}"
    for one in (url, arguments):
        socket = trace(one, protocols=protocols, sent=messages, received=messages, scripts=messages, cut=cut)
        attribute(socket, builtin())
        for row in builtin():  # whatever matches, its places are read
            attribute(socket, [msgspec.structs.replace(row, match=(Match(path=".*"),))])


@pytest.mark.parametrize("depth", [100, 900, 1000, 2000])
def test_deeply_nested_json_raises_nothing(depth: int) -> None:
    nested = '{"user_details":' + "[" * depth + "1" + "]" * depth + "}"
    socket = trace("wss://chat.stream-io-api.com/connect", {**STREAM, "json": nested}, sent=[nested])
    assert attribute(socket, builtin()).provider == ROWS["stream-chat"].provider


# -- rows of one's own ------------------------------------------------------------------------------------------

OWN = """
[[provider]]
id = "own"
name = "Own"
match = [{ path = '/connect' }]
verified = { date = "2026-11-23", by = "us" }
"""


def loaded(folder: Path, text: str) -> Sequence[Row]:
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return load(path)


def test_rows_of_ones_own_come_first(tmp_path: Path) -> None:
    own = loaded(tmp_path, OWN)
    socket = trace("wss://chat.stream-io-api.com/connect", STREAM)
    attribution = attribute(socket, builtin()).provider
    assert attribution is not None
    assert attribution.id == "stream-chat"
    assert attribute(socket, (*own, *builtin())).provider == own[0].provider


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(OWN + "nmae = 'x'", "provider own: there is no field `nmae`", id="an unknown field"),
        pytest.param(
            OWN.replace("path =", "paht ="),
            "provider own: match, entry 1: there is no field `paht`",
            id="an unknown condition",
        ),
        pytest.param(OWN.replace("'/connect'", "'('"), "provider own: pattern '('", id="a path that is no pattern"),
        pytest.param(
            OWN.replace("path = '/connect'", "query = { key = '*' }"),
            "provider own: pattern '*'",
            id="a query that is no pattern",
        ),
        pytest.param(OWN + OWN, "provider own: this id is used twice", id="an id that is there twice"),
        pytest.param(OWN.replace("{ path = '/connect' }", ""), "provider own: match", id="nothing to match"),
        pytest.param(OWN.replace(" path = '/connect' ", ""), "provider own: match", id="a match without conditions"),
        pytest.param(
            OWN + "user = [{ in = 'query', json = 'id' }]",
            "provider own: a place in the query needs a key",
            id="a place in the query without a key",
        ),
        pytest.param(
            OWN + "user = [{ in = 'path', key = 'id' }]",
            "provider own: a place in the query needs a key, and no other",
            id="a key outside the query",
        ),
        pytest.param(
            OWN + "secrets = [{ in = 'path', pattern = '/x' }]",
            "provider own: pattern '/x': it needs a group, whose text is the value",
            id="a pattern without a group",
        ),
        pytest.param(
            OWN + "secrets = [{ in = 'path', pattern = '/(?:x)' }]",
            "provider own: pattern '/(?:x)': it needs a group, whose text is the value",
            id="a pattern whose only group captures nothing",
        ),
        pytest.param(
            OWN + "secrets = [{ in = 'body' }]",
            "provider own: secrets, entry 1, in: there is no place 'body': choose query, ",
            id="a place that is none",
        ),
        pytest.param(
            OWN + "per_page = 'two'", "provider own: per_page: must be a whole number, not a text", id="a wrong type"
        ),
        pytest.param(OWN + "per_page = 0", "provider own: per_page", id="no sockets per page"),
        pytest.param(
            OWN + "limits = [{ scope = 'user', max = 0, source = 'https://x', checked = '2026-11-23' }]",
            "provider own: per_page and the max of a limit",
            id="a limit of none",
        ),
        pytest.param(
            OWN + "limits = [{ scope = 'nonsense', max = 1, source = 'https://x', checked = '2026-11-23' }]",
            "provider own: scope 'nonsense': not one of user, app",
            id="a scope that is none",
        ),
        pytest.param(
            OWN + "limits = [{ scope = 'user', max = 1, source = 'https://x', checked = 'yesterday' }]",
            "provider own: 'yesterday': write the date as YYYY-MM-DD",
            id="a date that is none",
        ),
        pytest.param(
            OWN.replace("path = ", "host = 'Acme\\.example', path = "),
            "provider own: host 'Acme\\\\.example': write it in lower case",
            id="a host in upper case, which would never match",
        ),
        pytest.param(OWN.replace("path = ", "port = 0, path = "), "provider own: port 0: ", id="a port that is none"),
        pytest.param(OWN + "link = 'http://x'", "provider own: http://x", id="a link that is not https"),
        pytest.param(
            OWN.replace(', by = "us"', ""),
            'provider own: verified: needs `by`, such as { date = "2026-11-23", by = "acme-push 2.1.0" }',
            id="half of what it was checked against",
        ),
        pytest.param(
            OWN.replace("match = [{ path = '/connect' }]", ""),
            "provider own: needs `match`, such as match = [{ host = 'push\\.acme\\.example' }]",
            id="no match",
        ),
        pytest.param(
            OWN + "client = { name = 3 }",
            "provider own: client, name: must be a text or a table { ... }, not a whole number",
            id="one of several types",
        ),
        pytest.param(OWN.replace('"own"', '"Own Row"'), "provider Own Row: id", id="an id with blanks"),
        pytest.param(OWN.replace('id = "own"', ""), "row 1: needs `id`", id="no id"),
        pytest.param("[[provider", "not TOML", id="not TOML"),
        pytest.param("", "a catalogue has [[provider]] tables", id="an empty file"),
        pytest.param(OWN.replace("[[provider]]", "[provider]"), "a catalogue has [[provider]] tables", id="one table"),
    ],
)
def test_a_catalogue_that_cannot_work_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        loaded(tmp_path, text)
    assert str(refused.value).startswith(problem)


def test_a_row_of_ones_own_needs_no_date(tmp_path: Path) -> None:
    (row,) = loaded(tmp_path, OWN.replace('verified = { date = "2026-11-23", by = "us" }', ""))
    assert row.verified is None
    assert attribute(trace("wss://own.example/connect"), [row]).provider == row.provider


def test_every_row_of_the_program_says_what_it_was_checked_against() -> None:
    assert [row.id for row in builtin() if row.verified is None] == []


def test_a_catalogue_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no such file"):
        load(tmp_path / "none.toml")


def test_a_catalogue_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogueError, match="not TOML"):
        load(path)


# -- docs/services.md -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def docs_script() -> ModuleType:
    """docs/services.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("services", DOCS / "services.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_services_is_what_its_script_writes(docs_script: ModuleType) -> None:
    assert (DOCS / "services.md").read_text("utf-8") == docs_script.page(builtin())


@pytest.mark.parametrize("rows", [loading, clients])
def test_what_is_packed_is_what_is_written(docs_script: ModuleType, rows: ModuleType) -> None:
    """`make services` packs it."""
    assert rows.PACKED.read_bytes() == docs_script.packed(rows.load(rows.SOURCE))


def test_the_example_of_the_page_works(docs_script: ModuleType, tmp_path: Path) -> None:
    (row,) = loaded(tmp_path, docs_script.EXAMPLE)
    assert f"```toml services\n{docs_script.EXAMPLE}```" in (DOCS / "services.md").read_text("utf-8")
    for host, sent, user in (
        ("push.acme.example", '{"auth":{"user_id":"alice","token":"t0k3n"}}', "alice"),
        ("localhost:9000", f'{{"auth":{{"user_id":"bob","token":"{ALICE}"}}}}', "bob"),
    ):
        attribution = attribute(
            trace(f"wss://{host}/v2/socket", {"tenant": "t1", "client": "acme-2.1.0"}, sent=[sent]), [row]
        )
        assert attribution.provider == row.provider
        assert attribution.identity == Identity("t1", user)
        assert attribution.client == Client("acme-push", "2.1.0", None)
        assert len(attribution.secrets) == 1
    assert attribute(trace("wss://app.example.com/v2/socket"), [row]) == Attribution()
