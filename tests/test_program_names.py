"""The program that wrote a capture is named, whatever its name looks like; a secret in that name is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.masking import mask
from analyzer.model import Policy, Report, Run


def program(name: str, version: str, report: Callable[..., Report]) -> str:
    analysis = report({"log": {"creator": {"name": name, "version": version}, "entries": []}})
    return mask(Run((analysis,), (), Policy())).reports[0].capture.exporter.label


@pytest.mark.parametrize(
    "name",
    [
        "internal_har_scrubber_v2",
        "cloudflare-har-sanitizer2",
        "SanitizedHarExporterV2",
        "HttpArchiveAnonymizer3000",
        "har-sanitizer-2024-build17",
        "AcmeHARScrubber2000Enterprise",
    ],
)
def test_the_name_of_a_program_is_shown_however_long_it_is(name: str, report: Callable[..., Report]) -> None:
    assert program(name, "1", report) == f"{name} 1"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        pytest.param("kQzvWnXb7rLpYsHd3f9QaB21", "kQzvWnXb7r", id="a random token"),
        pytest.param("har-sanitizer of 3f2b8c1e9d4e4b7a8c6d5e4f3a2b1c0d", "3f2b8c1e", id="beside words"),
        pytest.param("sanitizer by jane.doe@corp.example", "jane.doe", id="a mail address"),
        pytest.param("exporter token=sanitizersecretword99", "secretword99", id="named as a secret"),
        pytest.param("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.sig", "eyJzdWIi", id="a JSON Web Token"),
    ],
)
def test_a_secret_in_the_name_of_a_program_is_masked(name: str, secret: str, report: Callable[..., Report]) -> None:
    assert secret not in program(name, "1", report)
