"""Whose the other end of a connection is, as Linux tells it."""

from __future__ import annotations

import ipaddress
import sys

import pytest

from bridge.access.peer import owner_of

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="this machine forbids: its words")

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
REST = "01 00000000:00000000 00:00000000 00000000"
V4 = f"   1: 0100007F:D431 0100007F:20FB {REST}  1000        0 4711 1 0 20 4 30 10 -1"
V6 = (
    f"   2: 00000000000000000000000001000000:D432 00000000000000000000000001000000:20FB {REST}"
    "  1001        0 4712 1 0"
)
MAPPED = (
    f"   3: 0000000000000000FFFF00000100007F:D433 0000000000000000FFFF00000100007F:20FB {REST}"
    "  1002        0 4713 1 0"
)
OTHER_END = f"   4: 0100007F:20FB 0100007F:D431 {REST}     0        0 4714 1 0 20 4 30 10 -1"


def end(address: str, port: int) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    return ipaddress.ip_address(address), port


@pytest.mark.parametrize(
    ("address", "port", "owner"),
    [("127.0.0.1", 54321, 1000), ("::1", 54322, 1001), ("127.0.0.1", 54323, 1002)],
)
def test_the_owner_is_that_of_the_clients_end(address: str, port: int, owner: int) -> None:
    rows = [HEAD, OTHER_END, V4, V6, MAPPED]
    assert owner_of(rows, end(address, port), end(address, 8443)) == owner


def test_what_is_not_in_the_table_has_no_owner() -> None:
    rows = [HEAD, V4, "nonsense", "1: zz:1 0100007F:20FB 01 0 0 0 x", ""]
    assert owner_of(rows, end("127.0.0.1", 1), end("127.0.0.1", 8443)) is None
    assert owner_of(rows, end("127.0.0.1", 54321), end("127.0.0.2", 8443)) is None
