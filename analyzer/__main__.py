"""The program: `har-sockets`, and `python -m analyzer`."""

import gc
import signal

# Ctrl-C while all is being imported ends it as later on, without a traceback; `cli` tidies up, too.
signal.signal(signal.SIGINT, signal.SIG_DFL)
gc.disable()  # a short life with few cycles: collecting costs a tenth of the start-up, imports included

from analyzer.cli import main  # noqa: E402 - the line above is for this one

if __name__ == "__main__":
    main()
