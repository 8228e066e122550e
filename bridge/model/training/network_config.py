"""What the configurations of all networks share: plain values in and out, and checks of them.

A configuration is a frozen dataclass whose fields are numbers, texts, tuples of these, None, and
perhaps another such dataclass (the weights of its losses).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from bridge.errors import InputError

__all__ = ["check_kinds", "check_weights", "demand", "from_plain", "plain"]

Config = TypeVar("Config")


def plain(config: Any) -> dict[str, Any]:
    """Values for JSON and TOML, which has no None: absent keys are defaults."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(config).items()
        if value is not None
    }


def from_plain(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """The configuration that `plain` described.

    Raises:
        InputError: A key is unknown or a value cannot be used.
    """
    hints = get_type_hints(kind)
    unknown = sorted(set(values) - hints.keys())
    if unknown:
        raise InputError(f"{kind.__name__} has no {', '.join(unknown)}")
    try:
        return kind(**{name: _typed(name, hints[name], value) for name, value in values.items()})
    except TypeError as error:
        raise InputError(f"{kind.__name__} cannot be made: {error}") from error


def _typed(name: str, hint: Any, value: Any) -> Any:
    if get_origin(hint) is tuple:
        if isinstance(value, str):
            raise InputError(f"{name} must be a list, not {value!r}")
        return tuple(value)
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise InputError(f"{name} must be a table of weights, not {value!r}")
        return from_plain(hint, value)
    return value


def check_kinds(config: Any) -> None:
    """Demands values of the kinds of their fields: choices, whole numbers, switches, texts.

    Raises:
        InputError: A value is another.
    """
    for name, hint in get_type_hints(type(config)).items():
        choices, value = get_args(hint), getattr(config, name)
        if choices and all(isinstance(c, str | int) for c in choices) and value not in choices:
            raise InputError(f"{name} must be one of {', '.join(map(str, choices))}: {value!r}")
        if hint is int and not (type(value) is int and value >= 1):
            raise InputError(f"{name} must be a whole number of at least 1, not {value!r}")
        if hint is bool and not isinstance(value, bool):
            raise InputError(f"{name} must be true or false, not {value!r}")
        if hint == (str | None) and not isinstance(value, str | None):
            raise InputError(f"{name} must be a text, not {value!r}")


def demand(config: Any, rules: Iterable[tuple[str, Any, str]]) -> None:
    """Demands what else must hold: rows of a field, whether it is wrong, and what it must be.

    Raises:
        InputError: A field is wrong.
    """
    for name, wrong, want in rules:
        if wrong:
            raise InputError(f"{name} must be {want}, not {getattr(config, name)!r}")


def check_weights(weights: Any) -> None:
    """Demands finite weights of 0 or more.

    Raises:
        InputError: One is not.
    """
    for f in fields(weights):
        value = getattr(weights, f.name)
        if not 0 <= value < float("inf"):
            raise InputError(f"loss weight {f.name} must be 0 or more, not {value}")
