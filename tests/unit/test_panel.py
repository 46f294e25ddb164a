"""The panel of `assume`."""

from __future__ import annotations

import pytest
from rich.style import Style

from stsctl.cli import panel
from stsctl.console_table import Color


@pytest.mark.parametrize("color", Color)
def test_each_colour_of_a_role_is_one_of_the_terminal_s(color: Color) -> None:
    """What a configuration may say can be shown: none is a name that rich has not."""
    assert Style.parse(panel.style_of(color)).color is not None
