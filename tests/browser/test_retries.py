"""What is tried again where it fails: only tests that compare instants which several processes noted."""

from __future__ import annotations

from pathlib import Path

import pytest
import test_listener
import test_recorder
import test_second_witness
from browsers import COMPARES_INSTANTS, Late

pytest_plugins = ["pytester"]

RETRIED = {
    test_recorder.test_the_verdict_is_decided_and_the_bounds_are_those_of_the_server,
    test_recorder.test_a_socket_that_is_quicker_than_the_listening_is_not_lost,
    test_recorder.test_what_the_back_forward_cache_kept_ends_within_the_bounds,
    test_recorder.test_without_the_protocol_nothing_wrong_is_claimed,
    test_recorder.test_two_recordings_made_at_once_are_one_timeline,
    test_second_witness.test_both_witnesses_together,
    test_listener.test_every_socket_is_recorded_from_its_first_act,
    test_listener.test_sockets_that_are_older_than_the_recording_are_in_it,
    test_listener.test_older_sockets_are_listed_wherever_they_are,
    test_listener.test_a_page_that_does_not_say_what_it_has_decides_nothing,
}


def test_no_other_test_is_tried_again(request: pytest.FixtureRequest) -> None:
    """Of all that this run collected, wherever the marker was put: on a test, a class, a module."""
    names = {f"tests/browser/{it.__module__}.py::{it.__name__}" for it in RETRIED}
    result = {item.nodeid.partition("[")[0] for item in request.session.items if item.get_closest_marker("flaky")}
    assert result <= names
    assert all(COMPARES_INSTANTS.mark in it.pytestmark for it in RETRIED)


def test_only_that_miss_is_tried_again() -> None:
    assert COMPARES_INSTANTS.kwargs == {"reruns": 2, "only_rerun": [Late.__name__]}


def test_each_retry_and_its_miss_is_in_the_summary(pytester: pytest.Pytester) -> None:
    root = Path(__file__).parent.parent
    pytester.makeconftest((root / "conftest.py").read_text("utf-8"))
    (pytester.path / "browsers.py").write_text((root / "browser/browsers.py").read_text("utf-8"))
    pytester.makeini("[pytest]\nmarkers = flaky(reruns): again\n")
    pytester.makepyfile(
        """
        from browsers import COMPARES_INSTANTS, Late
        tries = []
        @COMPARES_INSTANTS
        def test_late():
            tries.append(1)
            if len(tries) == 1:
                raise Late("43608 microseconds off")
        @COMPARES_INSTANTS
        def test_wrong():
            assert 1 == 2
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:playwright")
    assert {"passed": 1, "failed": 1, "rerun": 1}.items() <= done.parseoutcomes().items()
    done.stdout.fnmatch_lines(["1 test was retried:", "*::test_late: *Late: 43608 microseconds off"])
