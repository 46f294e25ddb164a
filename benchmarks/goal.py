"""A goal as it is printed beside its figure, which says so where it falls short."""

from __future__ import annotations


def at_most(value: float, goal: float) -> str:
    """The goal of a figure that is to be small."""
    return f"<= {goal:g}{'' if value <= goal else '   falls short'}"


def at_least(value: float, goal: float) -> str:
    """The goal of a figure that is to be large."""
    return f">= {goal:g}{'' if value >= goal else '   falls short'}"
