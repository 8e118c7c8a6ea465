"""The version of the distribution (importlib.metadata would cost a tenth of the start-up to ask)."""

VERSION = "0.1.0"
