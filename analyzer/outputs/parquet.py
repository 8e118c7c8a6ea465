"""Write one row per session as Apache Parquet, in the columns of the CSV: instants are timestamps (UTC)."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

from analyzer.document.table import columns, flat_sessions
from analyzer.installation import install_hint
from analyzer.model import Run
from analyzer.outputs import NotInstalled

if TYPE_CHECKING:
    import pyarrow

INSTANTS = ("_earliest", "_latest", "_start", "_end", "_first", "_last")
NUMBERS = (
    *("initiator_line", "initiator_column", "initiator_source_line", "initiator_source_column"),
    *("close_code", "messages_sent", "messages_received"),
)

LARGEST = (1 << 63) - 1


def render(run: Run) -> bytes:
    """Render the sessions of a run. Raises NotInstalled without pyarrow, the extra `parquet`."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise NotInstalled(f"parquet needs pyarrow: {install_hint('parquet')}") from None
    names = columns()
    schema = pyarrow.schema([(name, _type(name, pyarrow)) for name in names])
    rows = [row for report in run.reports for row in flat_sessions(report)]
    cells = {name: [_cell(row[name], name) for row in rows] for name in names}
    data = io.BytesIO()
    parquet.write_table(pyarrow.table(cells, schema=schema), data)
    return data.getvalue()


def _type(name: str, arrow: Any) -> pyarrow.DataType:
    if name.endswith(INSTANTS):
        return arrow.timestamp("us", tz="UTC")
    if name in NUMBERS:
        return arrow.int64()
    if name.endswith("_s"):
        return arrow.float64()
    return arrow.bool_() if name in ("dev_only", "extension") else arrow.string()


def _cell(value: object, name: str) -> object:
    """Convert a value for its column. Text may hold lone surrogates, which UTF-8 has no form for."""
    if isinstance(value, str):
        return datetime.fromisoformat(value) if name.endswith(INSTANTS) else _text(value)
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:  # a line of a file that says anything
        return None
    return value


def _text(value: str) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
