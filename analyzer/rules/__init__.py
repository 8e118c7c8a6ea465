"""List the rules. Each rule is one pure function over a report, and its module's docstring is its manual page."""

from __future__ import annotations

from analyzer.rules import (
    brief_overlap,
    concurrent_sockets,
    dev_server_socket,
    duplicate_connection,
    extension_socket,
    failed_handshakes,
    ghost_socket,
    limit_exceeded,
    nothing_recorded,
    possible_overlap,
    reconnect_storm,
    repeated_connect,
    socket_outlives_page,
    unrelated_sockets,
    user_still_connected,
)

RULES = (
    duplicate_connection.RULE,
    limit_exceeded.RULE,
    concurrent_sockets.RULE,
    unrelated_sockets.RULE,
    brief_overlap.RULE,
    possible_overlap.RULE,
    user_still_connected.RULE,
    ghost_socket.RULE,
    socket_outlives_page.RULE,
    reconnect_storm.RULE,
    repeated_connect.RULE,
    failed_handshakes.RULE,
    dev_server_socket.RULE,
    extension_socket.RULE,
    nothing_recorded.RULE,
)
