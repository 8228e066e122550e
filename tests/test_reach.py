"""Which addresses links and QR codes name."""

from __future__ import annotations

import pytest

from bridge import reach
from bridge.config import Settings, load_settings
from bridge.errors import InputError


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "local_addresses", lambda: ["172.17.0.1", "192.168.1.20"])
    monkeypatch.setattr(reach, "_outward", lambda: "192.168.1.20")


def of(settings: Settings, name: str | None = None) -> list[tuple[str, str]]:
    return [(one.kind, one.url) for one in reach.addresses(settings, 8443, name=name)]


@pytest.mark.usefixtures("networks")
def test_the_best_to_offer_comes_first() -> None:
    lan = [
        ("network", "https://192.168.1.20:8443"),
        ("network", "https://172.17.0.1:8443"),
        ("machine", "https://localhost:8443"),
    ]
    assert of(Settings()) == lan
    assert of(Settings(), "ghosthands.local") == [("name", "https://ghosthands.local:8443"), *lan]
    public = Settings(public_url="https://school.example")
    assert of(public) == [("public", "https://school.example"), *lan]


def test_one_address_is_the_only_one() -> None:
    assert of(Settings(host="192.168.1.20")) == [("network", "https://192.168.1.20:8443")]
    assert of(Settings(host="::1", insecure=True)) == [("machine", "http://[::1]:8443")]


def test_a_name_in_the_network_is_of_no_use_on_loopback() -> None:
    with pytest.raises(InputError, match="drop --mdns"):
        load_settings(mdns=True, host="127.0.0.1")
    with pytest.raises(InputError, match="mdns_name"):
        load_settings(mdns=True, mdns_name="Ghost Hands!")
