"""The front page on the bridge's own machine, and on everyone else's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, Page

from bridge.access import Keyring
from bridge.access.codes import join_code
from tests.qr_reader import read_qr
from tests.serving import serving
from tests.web.waiting import wait_until

pytestmark = pytest.mark.browser

PUBLIC = "https://bridge.test:8443"


class Host:
    """A running bridge that asks for tokens and says that it is reached at ``PUBLIC``."""

    def __init__(self, printed: str, keyring: Keyring) -> None:
        found = re.search(r"^Overview +(http://[^,\s]+)", printed, re.MULTILINE)
        assert found is not None
        self.url = found[1]
        self.keyring = keyring

    def code(self, scope: str) -> str:
        return join_code(self.keyring.secret, "lesson", scope)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    home = tmp_path_factory.mktemp("home")
    with serving(home, "--access", "token", "--public-url", PUBLIC) as (printed, _):
        yield Host(printed, Keyring(home / "config" / "ghosthands" / "access"))


def be_elsewhere(page: Page) -> None:
    """Makes it a browser of another machine; tests/security tells how the bridge knows."""
    page.route("**/lobby*", lambda route: route.fulfill(json={"invited": False}))


def scan(code: Locator) -> str:
    """What a phone's camera reads on the screen."""
    picture = np.frombuffer(code.screenshot(), np.uint8)
    return read_qr(cv2.imdecode(picture, cv2.IMREAD_GRAYSCALE))


def test_the_host_shows_codes_that_let_in(host: Host, page: Page, axe: Callable[..., None]) -> None:
    page.goto(host.url)
    card = page.locator(".room-card")
    wait_until(lambda: card.count() == 1, "the room's card")
    assert page.locator("#join").is_hidden()
    assert page.locator("#ways").is_hidden()
    assert page.locator("#address-field").is_hidden()  # There is only one.
    for name, scope, start in (("capture", "publish", "&autostart=1"), ("viewer", "watch", "")):
        link = scan(card.locator(f"[data-page={name}] svg"))
        head, _, token = link.partition("#token=")
        assert head == f"{PUBLIC}/{name}?room=lesson{start}"
        assert host.keyring.check(token).scope == scope
    assert host.code("watch") in card.locator(".typed").inner_text()
    assert host.code("publish") in card.locator(".typed").inner_text()
    # Tokens are in links only, not in what people read over one's shoulder.
    assert "token" not in card.inner_text()
    wait_until(lambda: "no device" in card.locator(".facts").inner_text(), "the room's state")
    axe(page)
    page.emulate_media(color_scheme="light")
    axe(page)
    card.get_by_role("link", name="Open here: Learner").click()
    page.wait_for_url("**/viewer?room=lesson")
    wait_until(lambda: page.locator("#state").inner_text() == "Connected", "the viewer")


def test_everyone_else_types_a_code(host: Host, page: Page, axe: Callable[..., None]) -> None:
    be_elsewhere(page)
    page.goto(host.url)
    page.locator("#join").wait_for()
    assert page.locator("#invite").is_hidden()
    assert "token=" not in page.content()
    assert page.locator("svg.qr").count() == 0
    page.locator("#certificate-android summary").click()
    axe(page)
    note = page.locator("#join-note")
    place = note.bounding_box()
    for room, code, words in (
        ("lesson", "AAAA-AAAA", "That is not the code of this room."),
        ("no-such-room", host.code("watch"), "That is not the code of this room."),
        ("!!!", host.code("watch"), "Type the room’s name"),
    ):
        page.locator("#join-room").fill(room)
        page.locator("#join-code").fill(code)
        page.locator("#join-code").press("Enter")
        wait_until(lambda words=words: words in note.inner_text(), words)
        assert page.locator("#join-code").evaluate("e => e === document.activeElement")
    assert note.bounding_box() == place  # An answer moves nothing.
    page.locator("#join-room").fill("lesson")
    page.locator("#join-code").press("Enter")
    page.wait_for_url("**/viewer?room=lesson")
    wait_until(lambda: page.locator("#state").inner_text() == "Connected", "the viewer")


def test_a_headset_goes_to_its_own_page(host: Host, page: Page) -> None:
    be_elsewhere(page)
    page.goto(f"{host.url}/?room=lesson&page=learn")
    page.locator("#join-code").fill(host.code("watch"))
    page.locator("#join-code").press("Enter")
    page.wait_for_url("**/learn?room=lesson")


def focused(page: Page) -> str:
    """The name of what has the focus; fails where that is not to be seen."""
    name, outline = page.evaluate(
        "() => { const e = document.activeElement; return [e === document.body ? '' :"
        " e.getAttribute('aria-label') || e.id || e.textContent.trim(),"
        " getComputedStyle(e).outlineStyle]; }"
    )
    assert not name or outline != "none", f"no visible focus on {name}"
    return str(name)


def walk(page: Page) -> list[str]:
    """Tabs through the page from its top; what it met, in order."""
    met: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = focused(page)
        if not name or name in met:
            break
        met.append(name)
    return met


def test_the_keyboard_reaches_everything(host: Host, page: Page) -> None:
    page.goto(host.url)
    page.locator(".room-card").wait_for()
    met = walk(page)
    assert met[:6] == [
        "Copy link: Teacher, room lesson",
        "Open here: Teacher, room lesson",
        "Copy link: Learner, room lesson",
        "Open here: Learner, room lesson",
        "Copy link: Headset, room lesson",
        "Open here: Headset, room lesson",
    ]
    assert "The camera was refused" in met
    assert len(met) == page.locator("a:visible, button:visible, summary:visible").count()
    be_elsewhere(page)
    page.reload()
    page.locator("#join").wait_for()
    met = walk(page)
    assert met[:4] == ["join-room", "join-code", "join-enter", "iPhone, iPad: Safari"]
    page.get_by_text("Android: Chrome").focus()
    page.keyboard.press("Enter")
    wait_until(page.get_by_text(", the line with the address").is_visible, "the steps for Android")


def test_help_opens_where_the_address_points(host: Host, page: Page) -> None:
    be_elsewhere(page)
    page.goto(f"{host.url}/#certificate-ios")
    wait_until(page.get_by_text("visit this website").first.is_visible, "the steps for iOS")
