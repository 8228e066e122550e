"""One reading of a bridge: its metrics, and its health where it shows that."""

from __future__ import annotations

import ssl as tls
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bridge.errors import ConnectionFailedError, InputError

__all__ = ["Reading", "parse_metrics", "take_reading"]

_TIMEOUT_S = 5.0

Labels = frozenset[tuple[str, str]]
Samples = Mapping[str, Mapping[Labels, float]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a bridge said at one instant.

    Attributes:
        at_s: When, on this program's monotonic clock.
        samples: Values by sample name and labels.
        rooms: Each room's summary, as ``/health`` has it; empty where it is not shown.
    """

    at_s: float
    samples: Samples
    rooms: Mapping[str, Any]

    def value(self, name: str, **labels: str) -> float | None:
        """One sample; None if there is none of that name with exactly these labels."""
        return self.samples.get(name, {}).get(frozenset(labels.items()))

    def labelled(self, name: str, **labels: str) -> dict[str, float]:
        """Samples that have these labels and one more, by that label's value."""
        wanted = set(labels.items())
        found = {}
        for have, value in self.samples.get(name, {}).items():
            rest = have - wanted
            if wanted <= have and len(rest) == 1:
                ((_, key),) = rest
                found[key] = value
        return found


def parse_metrics(text: str) -> Samples:
    """Prometheus' text format as values by sample name and labels.

    Raises:
        ConnectionFailedError: It is no such text.
    """
    samples: dict[str, dict[Labels, float]] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = frozenset(sample.labels.items())
                samples.setdefault(sample.name, {})[labels] = sample.value
    except ValueError as error:
        raise ConnectionFailedError(f"/metrics is not in Prometheus' format: {error}") from error
    return samples


async def take_reading(
    client: aiohttp.ClientSession, url: str, *, ssl: tls.SSLContext | bool = True
) -> Reading:
    """Asks a bridge how it does.

    Args:
        client: The HTTP client.
        url: The bridge: ``https://HOST:PORT``.
        ssl: What to trust, as aiohttp takes it.

    Raises:
        InputError: The address cannot be used.
        ConnectionFailedError: There is no bridge, or it does not show its metrics.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(f"{url!r} is no address of a bridge: give https://HOST:PORT")
    base = url.rstrip("/")
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with client.get(f"{base}/metrics", ssl=ssl, timeout=timeout) as response:
            if response.status in (401, 403):
                raise ConnectionFailedError(
                    f"{base} shows its metrics to its own machine only: run this there, or start "
                    "it with metrics_public"
                )
            if response.status != 200:
                raise ConnectionFailedError(f"{base}/metrics: HTTP status {response.status}")
            text = await response.text()
        async with client.get(f"{base}/health", ssl=ssl, timeout=timeout) as response:
            rooms = (await response.json())["rooms"] if response.status == 200 else {}
    except aiohttp.ClientConnectorCertificateError as error:
        raise ConnectionFailedError(
            f"{base} has a certificate that is not trusted: add --insecure if it is your own"
        ) from error
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
        why = str(error) or f"nothing within {_TIMEOUT_S:g} s"
        raise ConnectionFailedError(f"cannot read {base}: {why}") from error
    return Reading(time.monotonic(), parse_metrics(text), rooms)
