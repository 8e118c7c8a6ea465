"""The program: `har-sockets`, and `python -m analyzer`."""

import gc
import os
import signal
from typing import NoReturn

# Ctrl-C while all is being imported ends it as later on, without a traceback; `main` tidies up, too.
signal.signal(signal.SIGINT, signal.SIG_DFL)
gc.disable()  # a short life with few cycles: collecting costs a tenth of the start-up, imports included

from analyzer.cli import run_command  # noqa: E402 - the line above is for this one


def _interrupt(*_: object) -> NoReturn:
    """Ctrl-C: files that are half written are removed on the way out; the status is a shell's for it."""
    raise SystemExit(128 + signal.SIGINT)


def main() -> NoReturn:
    """The entry point. Never returns; what the operating system frees needs no tidying up."""
    signal.signal(signal.SIGINT, _interrupt)
    os._exit(run_command())


if __name__ == "__main__":
    main()
