from __future__ import annotations

import pytest

from bridge.access.origins import is_allowed, is_loopback_host

OWN = {"scheme": "https", "host": "bridge.local:8443"}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("https://bridge.local:8443", True),
        ("https://school.example", True),
        ("http://bridge.local:8443", False),
        ("https://bridge.local", False),
        ("https://bridge.local:84430", False),
        ("https://evil.bridge.local:8443", False),
        ("https://school.example.evil", False),
        ("null", False),
        ("", False),
        ("*", False),
    ],
)
def test_own_and_allowed_pages_may(origin: str | None, allowed: bool) -> None:
    given = is_allowed(origin, **OWN, allowed=("https://school.example",), loopback_only=False)
    assert given == allowed


@pytest.mark.parametrize(
    "host", ["localhost:1", "localhost", "127.0.0.1:80", "[::1]:80", "127.9.9.9"]
)
def test_on_loopback_the_name_must_be_one_too(host: str) -> None:
    assert is_loopback_host(host)
    assert is_allowed(f"http://{host}", scheme="http", host=host, allowed=(), loopback_only=True)


@pytest.mark.parametrize(
    "host", ["evil.example:80", "localhost.evil.example", "10.0.0.1", "", "[", "127.0.0.1.nip.io"]
)
def test_another_name_was_made_to_lead_here(host: str) -> None:
    assert not is_loopback_host(host)
    assert not is_allowed(
        f"http://{host}", scheme="http", host=host, allowed=(), loopback_only=True
    )
