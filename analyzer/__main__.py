"""The program: `har-sockets`, and `python -m analyzer`."""

import gc

gc.disable()  # a short life with few cycles: collecting costs a tenth of the start-up, imports included

from analyzer.cli import main  # noqa: E402 - the line above is for this one

if __name__ == "__main__":
    main()
