"""Pack the rows of services and client libraries before the package is built, so that no start reads their TOML."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackRows(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        services = Path(self.root, "analyzer", "services")
        packing = runpy.run_path(str(services / "packing.py"))  # the package itself may lack its libraries here
        for source in services.glob("*.toml"):
            source.with_suffix(".json").write_bytes(packing["pack"](source.read_bytes()))
