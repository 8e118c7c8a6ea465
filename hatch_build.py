"""Pack the rows of services and client libraries while the package is built, so that no start reads their TOML."""

from __future__ import annotations

import runpy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PackRows(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # the checkout packs its rows itself
            return
        services = Path(self.root, "analyzer", "services")
        packing = runpy.run_path(str(services / "packing.py"))  # the package itself may lack its libraries here
        self._folder = TemporaryDirectory()  # not the checkout: nobody may be allowed to write there
        for source in services.glob("*.toml"):
            packed = Path(self._folder.name, source.with_suffix(".json").name)
            packed.write_bytes(packing["pack"](source.read_bytes()))
            build_data["force_include"][str(packed)] = f"analyzer/services/{packed.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._folder.cleanup()
