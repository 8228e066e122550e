from __future__ import annotations

import pytest

from bridge.config import Settings, load_settings
from bridge.errors import InputError
from bridge.protocol import Status, ViewStatus, Welcome
from bridge.resume import ResumeStore


@pytest.mark.parametrize(
    ("host", "access", "needed"),
    [
        ("127.0.0.1", "auto", False),
        ("localhost", "auto", False),
        ("::1", "auto", False),
        ("0.0.0.0", "auto", True),
        ("::", "auto", True),
        ("192.168.1.5", "auto", True),
        ("bridge.local", "auto", True),
        ("127.0.0.1", "token", True),
        ("0.0.0.0", "open", False),
    ],
)
def test_tokens_are_needed_where_others_can_connect(host: str, access: str, needed: bool) -> None:
    assert load_settings(host=host, access=access).needs_tokens == needed


@pytest.mark.parametrize("origin", ["*", "evil", "https://", "https://a/b", "ftp://a", "null"])
def test_an_origin_that_is_none_is_refused(origin: str) -> None:
    with pytest.raises(InputError, match="allowed_origins"):
        load_settings(allowed_origins=(origin,))


def test_every_limit_has_words() -> None:
    for name, field in Settings.model_fields.items():
        if name.startswith(("max_", "attempts_", "header_", "request_")) and "kbps" not in name:
            assert field.description, name


FLOATS = [name for name, field in Settings.model_fields.items() if field.annotation is float]


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e308"])
@pytest.mark.parametrize("name", FLOATS)
def test_a_number_without_end_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GHOSTHANDS_{name.upper()}", value)
    with pytest.raises(InputError, match=rf"^settings: {name}: Input should be [^;]*$"):
        load_settings()


def test_the_protocol_takes_every_number_that_the_settings_take() -> None:
    with pytest.raises(InputError, match="ack_window"):
        load_settings(ack_window=1001)
    window = load_settings(ack_window=1000).ack_window
    assert Welcome(1, "lesson", "bridge", 0, window).ack_window == 1000
    with pytest.raises(InputError, match="max_views"):
        load_settings(max_views=17)
    count = load_settings(max_views=16).max_views
    views = tuple(ViewStatus(f"view-{k}", True, 30.0, 640, 480, 0, 3) for k in range(count))
    assert len(Status(views, 30.0, 80.0, recording=False).views) == 16


def test_the_longest_times_can_be_counted() -> None:
    longest = load_settings(grace_s=31_557_600.0).grace_s
    assert len(ResumeStore(clock_ns=lambda: 0, grace_s=longest)) == 0
