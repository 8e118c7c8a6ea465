"""Make a Windows console obey escape sequences, which it shows as signs until it is asked to."""

from __future__ import annotations

import sys
from typing import TextIO

VIRTUAL_TERMINAL = 4  # ENABLE_VIRTUAL_TERMINAL_PROCESSING


def enable(stream: TextIO) -> bool:
    """Switch escape sequences on, and return whether the terminal behind a stream obeys them."""
    if sys.platform != "win32":
        return True
    import ctypes
    import msvcrt

    mode = ctypes.c_ulong()
    console = msvcrt.get_osfhandle(stream.fileno())
    kernel = ctypes.windll.kernel32
    if not kernel.GetConsoleMode(console, ctypes.byref(mode)):
        return False
    return bool(kernel.SetConsoleMode(console, mode.value | VIRTUAL_TERMINAL))  # 0 before Windows 10
