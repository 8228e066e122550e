from __future__ import annotations

import pytest

from bridge.config import Settings, load_settings
from bridge.errors import InputError


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
