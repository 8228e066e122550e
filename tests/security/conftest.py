"""A bridge that asks for tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.security.helpers import Guarded, guarded_bridge


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    """With more attempts than by default: those have tests of their own."""
    async with guarded_bridge(
        tmp_path, attempts_per_address_per_min=1000, attempts_in_all_per_min=1000
    ) as bridge:
        yield bridge


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
