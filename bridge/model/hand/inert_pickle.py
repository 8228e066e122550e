"""Reads a pickle as data: what it asks to be called is written down, and never called.

Python's own unpickler runs what a file tells it to. Even with a list of allowed classes it lets a
file reserve memory without end (by a huge memo index) or hash for hours (by tuples nested in
themselves). So the few opcodes that arrays need are carried out here, in a stack machine whose
values are numbers, strings, tuples, lists, dicts with text keys, and records of calls. The opcodes
are decoded by ``pickletools``, which is documented not to run anything.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from bridge.errors import ModelError

__all__ = ["Call", "Global", "read_pickle"]

_Kind = TypeVar("_Kind")

# A file of model arrays has some thousands.
_MOST_OPCODES = 200_000

_LITERALS = frozenset(
    {
        "NONE",
        "NEWTRUE",
        "NEWFALSE",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "BINFLOAT",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINBYTES",
        "SHORT_BINBYTES",
    }
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_SHORT_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """The name of something in a Python module; the module is not imported.

    Attributes:
        name: ``module.name`` as the file has it.
    """

    name: str


@dataclass(slots=True, eq=False)
class Call:
    """A call that a pickle asks for, not made.

    Attributes:
        name: What would be called.
        arguments: With what.
        state: What the result would then be given as its state; None without.
    """

    name: str
    arguments: tuple[object, ...]
    state: object = None


class _Mark:
    """Where the items of the next container begin on the stack."""


_MARK = _Mark()


def read_pickle(data: bytes, allowed: Collection[str]) -> object:
    """The value of a pickle of protocol 2 to 4, with records in the place of objects.

    Strings of Python 2 become str, a character for each byte (latin-1).

    Args:
        data: The file's bytes.
        allowed: The ``module.name`` that the pickle may name.

    Raises:
        ModelError: It names anything else, is damaged or truncated, goes on after its end, or has
            what arrays do not need. Messages are whole clauses for a caller to put the file's name
            before.
    """
    machine = _Machine(allowed)
    end = -1
    try:
        with warnings.catch_warnings():
            # Of odd escapes in text opcodes, which are refused anyway.
            warnings.simplefilter("ignore")
            for count, (opcode, argument, position) in enumerate(pickletools.genops(data)):
                if count >= _MOST_OPCODES:
                    raise ModelError("it is far longer than any hand model's")
                if opcode.name == "STOP":
                    end = position or 0
                else:
                    machine.step(opcode.name, argument)
        value = machine.pop()
    except ValueError as error:
        raise ModelError(f"it is damaged or no pickle ({error})") from error
    if machine.stack or end + 1 != len(data):
        raise ModelError("it goes on after its end")
    return value


class _Machine:
    """The stack and the memo of one pickle."""

    def __init__(self, allowed: Collection[str]) -> None:
        self.stack: list[object] = []
        self._memo: dict[int, object] = {}
        self._allowed = allowed

    def step(self, name: str, argument: Any) -> None:
        """Carries out one opcode.

        Raises:
            ModelError: It is not needed for arrays, or names what is not allowed.
            ValueError: The stack does not hold what the opcode takes.
        """
        if name in _LITERALS:
            self.stack.append(_CONSTANTS.get(name, argument))
            return
        if name in _SHORT_TUPLES:
            count = _SHORT_TUPLES[name]
            items = [self.pop() for _ in range(count)]
            self.stack.append(tuple(reversed(items)))
            return
        match name:
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                self.stack.append(_MARK)
            case "EMPTY_DICT":
                self.stack.append({})
            case "EMPTY_LIST":
                self.stack.append([])
            case "TUPLE":
                self.stack.append(tuple(self._since_mark()))
            case "APPEND":
                item = self.pop()
                self._top(list).append(item)
            case "APPENDS":
                items = self._since_mark()
                self._top(list).extend(items)
            case "SETITEM":
                value, key = self.pop(), self.pop()
                self._set([key, value])
            case "SETITEMS":
                self._set(self._since_mark())
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._top(object)
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._top(object)
            case "BINGET" | "LONG_BINGET":
                if argument not in self._memo:
                    raise ValueError(f"nothing was kept as {argument}")
                self.stack.append(self._memo[argument])
            case "GLOBAL":
                # pickletools joins module and name by a space; neither can have one.
                self._name(str(argument).replace(" ", "."))
            case "STACK_GLOBAL":
                attribute, module = self.pop(), self.pop()
                self._name(f"{module}.{attribute}")
            case "REDUCE" | "NEWOBJ":
                arguments, called = self.pop(), self.pop()
                if not isinstance(called, Global) or not isinstance(arguments, tuple):
                    raise ValueError("a call of what is no name")
                self.stack.append(Call(called.name, arguments))
            case "BUILD":
                state = self.pop()
                self._top(Call).state = state
            case _:
                raise ModelError(f"it uses the pickle opcode {name}, which no hand model needs")

    def pop(self) -> object:
        """Takes the newest value off the stack."""
        if not self.stack or self.stack[-1] is _MARK:
            raise ValueError("a value is missing")
        return self.stack.pop()

    def _top(self, kind: type[_Kind]) -> _Kind:
        top = self.stack[-1] if self.stack else _MARK
        if top is _MARK or not isinstance(top, kind):
            raise ValueError(f"a value is no {kind.__name__}")
        return top

    def _since_mark(self) -> list[object]:
        items: list[object] = []
        while self.stack:
            item = self.stack.pop()
            if item is _MARK:
                items.reverse()
                return items
            items.append(item)
        raise ValueError("a mark is missing")

    def _set(self, items: list[object]) -> None:
        if len(items) % 2:
            raise ValueError("a key without a value")
        target = self._top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Other keys could be made to take for ever to hash.
            if not isinstance(key, str):
                raise ValueError("a key is no text")
            target[key] = value

    def _name(self, name: str) -> None:
        if name not in self._allowed:
            raise ModelError(
                f"it asks for {name[:100]!r}, which no hand model needs. Nothing in it was run; do"
                " not open it with other programs"
            )
        self.stack.append(Global(name))
