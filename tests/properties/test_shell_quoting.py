"""Whatever a value holds, every shell sets exactly that value."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stsctl.credentials import Secret
from stsctl.formats.shell import SHELLS
from tests.shells import MODES, Mode

_MEANT_TO_HURT = " \t\n\r*?[]{}()~$`'\"\\!#&|;<>^%=:,/.-+@_aA0\x01\x1b\x7f\xa0é‘’–\u2001\u2028本🚀"
VALUES = st.lists(
    st.text(st.sampled_from(_MEANT_TO_HURT), max_size=24)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
    min_size=8,
    max_size=24,
)


@pytest.mark.parametrize("mode", MODES, ids=str)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values=VALUES)
@example(values=["~", "=ls", "a:~", "a:=ls", "{a,b}", "-n", "\\101", "+(a)", "a(.)", "\n\n", " ", "."])
def test_every_value_arrives_unchanged(mode: Mode, values: list[str]) -> None:
    """Splitting, globbing (in a folder whose files would match), quoting and line ends change nothing."""
    texts = [SHELLS[mode.shell].render({"GONE": None, f"V{i}": Secret(value)}) for i, value in enumerate(values)]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a", "aA", "052", "101", "export", "GONE", "V0=a", "V0='a'", "'a'", ".a", "-n", "*"):
            (Path(folder) / name).touch()
        environ = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8", "GONE": "still here"}
        after = mode.environment_after(texts, environ=environ, folder=Path(folder))
    assert {name: value for name, value in after.items() if name[0] == "V" and name[1:].isdigit()} == {
        f"V{i}": value for i, value in enumerate(values)
    }
    assert "GONE" not in after
