"""A policy takes values as people write them, holds each in one form, and refuses the rest by name."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from analyzer import Policy
from analyzer.durations import parse
from analyzer.model import Assume, Scope, Severity


@pytest.mark.parametrize(
    "value", [250, 250.0, "250ms", "0.25 s", "250", timedelta(milliseconds=250), parse("250ms", "s")]
)
def test_a_duration_is_a_timedelta_a_text_or_a_number_of_milliseconds(value: Any) -> None:
    assert Policy(tolerance=value, outlives=value) == Policy(tolerance="250ms", outlives="250ms")
    assert Policy(tolerance=value).tolerance == 250_000


def test_words_become_members_of_enumerations() -> None:
    policy = Policy(
        per="user", fail_on="error", assume="bfcache", severities={"ghost-socket": "off", "brief-overlap": "warning"}
    )
    assert (policy.per, policy.fail_on, policy.assume) == (Scope.USER, Severity.ERROR, {Assume.BFCACHE})
    assert policy.severities == (("ghost-socket", None), ("brief-overlap", Severity.WARNING))
    assert Policy(baseline=["a", "a"]).baseline == {"a"}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"per": "usr"}, "per: 'usr' is none of capture, context, page, endpoint, service, user; did you mean 'user'?"),
        ({"per": None}, "per: None is none of capture, context, page, endpoint, service, user"),
        ({"max_open": 0}, "max_open: 0 is less than 1"),
        ({"max_open": "2"}, "max_open: '2' is not a whole number"),
        ({"max_open": True}, "max_open: True is not a whole number"),
        ({"tolerance": "soon"}, "tolerance: 'soon' is not a duration: write 250ms, 1.5s or 2m"),
        ({"tolerance": -1}, "tolerance: '-1' is not a duration: it must be 0 or more"),
        ({"outlives": None}, "outlives: NoneType is not a duration: give a timedelta, '250ms' or a number"),
        ({"app_mode": "productoin"}, "app_mode: 'productoin' is none of development, production; did you mean 'production'?"),
        ({"fail_on": "wrning"}, "fail_on: 'wrning' is none of note, warning, error; did you mean 'warning'?"),
        ({"severities": {"ghost-socket": "no"}}, "severities, ghost-socket: 'no' is none of note, warning, error; did you mean 'note'?"),
        ({"assume": ["bf-cache"]}, "assume: 'bf-cache' is none of no-bfcache, bfcache, recorded-from-start; did you mean 'bfcache'?"),
        ({"allow_undecided": "yes"}, "allow_undecided: 'yes' is neither True nor False"),
        ({"baseline": 1}, "baseline: expected texts, not 1"),
        ({"ghost_beats": 0}, "ghost_beats: 0 is less than 1"),
        ({"storm_opens": 1}, "storm_opens: 1 is less than 2"),
    ],
)  # fmt: skip
def test_a_value_that_it_does_not_know_is_refused_by_name(value: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message is compared
        Policy(**value)
    assert str(refused.value) == problem


def test_a_name_that_it_does_not_know_is_refused_with_the_nearest() -> None:
    wrong: dict[str, Any] = {"tolerence": 1}
    with pytest.raises(TypeError, match=r"Policy has no setting 'tolerence'; did you mean 'tolerance'\?"):
        Policy(**wrong)


def test_values_are_given_by_name() -> None:
    unnamed: Any = Policy
    with pytest.raises(TypeError, match="Policy takes settings by name, such as per="):
        unnamed("user", 1)


def test_a_policy_stays_the_same_when_it_is_copied() -> None:
    policy = Policy(tolerance="1s", outlives=3, per="page", app_mode="production", severities={"ghost-socket": "off"})
    for other in (copy.copy(policy), pickle.loads(pickle.dumps(policy)), msgspec.structs.replace(policy)):
        assert other == policy
    assert msgspec.structs.replace(policy, file="x").tolerance == 1_000_000


def test_python_takes_the_aliases_of_the_command_line() -> None:
    policy = Policy(per="users", fail_on="warn", app_mode="prod", severities={"ghost-socket": "err"})
    assert (policy.per, policy.fail_on, policy.app_mode) == ("user", "warning", "production")
    assert policy.severities == (("ghost-socket", "error"),)
    assert Policy(fail_on="none").fail_on is None
