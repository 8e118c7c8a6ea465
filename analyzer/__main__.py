"""`python -m analyzer` is `har-sockets`."""

from analyzer.cli import main

main()
