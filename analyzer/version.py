"""The version of the distribution and its address (importlib.metadata would cost a tenth of the start-up to ask)."""

VERSION = "0.1.0"
HOME = "https://github.com/OWNER/har-sockets"  # as in README.md and pyproject.toml; OWNER until it is published
PUBLISHED = "/OWNER/" not in HOME
