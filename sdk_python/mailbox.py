"""Messages of one kind that wait to be taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

__all__ = ["Mailbox"]

T = TypeVar("T")


class Mailbox(Generic[T]):
    """What has come and was not taken yet, oldest first, as an asynchronous iterator.

    Each message is handed out once, whoever asks. The iterator ends when the connection ends in
    good order, and raises what it ended with otherwise; what had come before is handed out first.

    Drop policy: oldest first. When ``most`` messages wait, a new one takes the place of the oldest,
    so whoever takes none has the newest ones later, and ``last`` at any time.

    Args:
        most: Messages that may wait.
        on_dropped: Called with each message that is dropped.

    Attributes:
        last: The newest that has come, taken or not; None before the first.
        dropped: How many were dropped.
    """

    def __init__(self, most: int, on_dropped: Callable[[T], None] | None = None) -> None:
        self.last: T | None = None
        self.dropped = 0
        self._most = most
        self._on_dropped = on_dropped
        self._waiting: deque[T] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._error: BaseException | None = None

    @property
    def waiting(self) -> int:
        """How many can be taken at once."""
        return len(self._waiting)

    def put(self, message: T) -> None:
        """A message has come."""
        if len(self._waiting) >= self._most:
            dropped = self._waiting.popleft()
            self.dropped += 1
            if self._on_dropped is not None:
                self._on_dropped(dropped)
        self._waiting.append(message)
        self.last = message
        self._news.set()

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will come, because of an error if there is one."""
        self._ended, self._error = True, error
        self._news.set()

    async def ready(self) -> None:
        """Waits until a message waits, or none will come; takes nothing."""
        while not self._waiting and not self._ended:
            self._news.clear()
            await self._news.wait()

    def take(self) -> T:
        """The oldest message, at once.

        Raises:
            StopAsyncIteration: None waits, and none will come.
        """
        if self._waiting:
            return self._waiting.popleft()
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._waiting and not self._ended:  # another may have taken it
            await self.ready()
        return self.take()
