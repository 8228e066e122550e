"""What WHIP says in session descriptions: offers checked, answers tuned, candidates trickled.

Pure text in and out. An offer is refused here with a reason, before aiortc sees it, because
aiortc fails on odd ones with whatever exception the parser hits, or later in a background task.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.sdp import MediaDescription, SessionDescription, candidate_from_sdp

from bridge.streams.errors import BadOfferError, TooManyCandidatesError, UnsupportedError

__all__ = ["Fragment", "Offer", "read_fragment", "read_offer", "tune_answer"]

VIDEO_CODECS = ("H264", "VP8")

MAX_CANDIDATES = 64
"""ICE candidates of one session by default; a phone has about ten."""

# What aiortc's parser raises on nonsense: it was written for well-formed descriptions.
_PARSER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A usable offer.

    Attributes:
        sdp: Its text, with only those candidates that aiortc can use.
        kinds: ``"video"``, ``"audio"`` or ``"application"`` of each m-section, in order.
        first_mid: Identification of the m-section whose transport all share.
        username: The publisher's ICE user name.
        candidates: How many candidates it has, useless ones included.
    """

    sdp: str
    kinds: tuple[str, ...]
    first_mid: str
    username: str
    candidates: int = 0


@dataclass(frozen=True, slots=True)
class Fragment:
    """Trickled candidates (RFC 8840 section 9).

    Attributes:
        candidates: Usable candidates.
        username: ICE user name they belong to, None where not said.
        count: How many there were, useless ones included.
    """

    candidates: tuple[RTCIceCandidate, ...]
    username: str | None
    count: int = 0


def read_offer(text: str, *, max_candidates: int = MAX_CANDIDATES) -> Offer:
    """Checks a publisher's offer.

    Raises:
        TooManyCandidatesError: It has more than ``max_candidates`` ICE candidates.
        BadOfferError: It is no session description, or lacks what WebRTC needs.
        UnsupportedError: It asks for what the bridge does not do.
    """
    candidates = sum(line.startswith("a=candidate:") for line in text.splitlines())
    if candidates > max_candidates:
        raise TooManyCandidatesError(f"more than {max_candidates} candidates")
    sdp = _without_useless_candidates(text)
    try:
        description = SessionDescription.parse(sdp)
    except _PARSER_ERRORS as error:
        raise BadOfferError(f"the body is not a session description: {error or 'empty'}") from error
    if not text.startswith("v=0") or not description.media:
        raise BadOfferError("the body is not a session description with media")
    _check_kinds(description.media)
    usernames = [_check_transport(media) for media in description.media]
    mids = [media.rtp.muxId for media in description.media]
    if len(set(mids)) != len(mids) or not all(mids):
        raise BadOfferError("every m-section needs an a=mid of its own")
    bundles = [group.items for group in description.group if group.semantic == "BUNDLE"]
    if len(mids) > 1 and (not bundles or set(bundles[0]) != set(mids)):
        raise UnsupportedError("all m-sections must share one transport: a=group:BUNDLE with all")
    first_mid = str(bundles[0][0]) if bundles and bundles[0] else mids[0]
    kinds = tuple(media.kind for media in description.media)
    return Offer(sdp, kinds, first_mid, usernames[0], candidates)


def _check_kinds(sections: list[MediaDescription]) -> None:
    counts = Counter(media.kind for media in sections)
    if strange := counts.keys() - {"audio", "video", "application"}:
        raise UnsupportedError(f"the bridge takes no m={min(strange)}")
    if counts["video"] != 1:
        raise UnsupportedError(f"a view is exactly one video track, not {counts['video']}")
    if counts["audio"] > 1 or counts["application"] > 1:
        raise UnsupportedError("at most one audio track and one set of data channels")
    for media in sections:
        if media.kind == "application":
            if "webrtc-datachannel" not in media.fmt:
                raise UnsupportedError("m=application must be webrtc-datachannel")
            continue
        if media.direction not in ("sendonly", "sendrecv"):
            raise BadOfferError(f"m={media.kind} must be sendonly: a publisher only sends")
        if not media.rtcp_mux:
            raise BadOfferError(f"m={media.kind} lacks a=rtcp-mux")
        names = {codec.name.upper() for codec in media.rtp.codecs}
        if media.kind == "video" and not names & set(VIDEO_CODECS):
            raise UnsupportedError(
                f"no video codec in common: the bridge takes {' and '.join(VIDEO_CODECS)}"
            )


def _check_transport(media: MediaDescription) -> str:
    """The section's ICE user name, once all that encryption and ICE need is there."""
    if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
        raise BadOfferError(f"m={media.kind} lacks a=ice-ufrag or a=ice-pwd")
    if media.dtls is None or not media.dtls.fingerprints:
        raise BadOfferError(f"m={media.kind} lacks a=setup or a=fingerprint: media is encrypted")
    return media.ice.usernameFragment


def _without_useless_candidates(sdp: str) -> str:
    """Drops candidates that only cost time, and the mark of their end.

    Host names ending in .local hide a browser's address behind multicast DNS, whose look-up
    holds up the answer for seconds; the browser's own checks reveal the address anyway. With
    the end marked, ICE would give up before those checks arrive if no candidate is left.
    """
    kept = []
    for line in sdp.splitlines():
        if line.startswith("a=candidate:") and not _is_useful(line):
            continue
        if line != "a=end-of-candidates":
            kept.append(line)
    return "\r\n".join(kept) + "\r\n"


def _is_useful(line: str) -> bool:
    fields = line.split()
    return len(fields) > 4 and fields[2].lower() == "udp" and not fields[4].endswith(".local")


def read_fragment(text: str, *, mid: str, max_candidates: int = MAX_CANDIDATES) -> Fragment:
    """Reads the body of a PATCH.

    Args:
        text: ``application/trickle-ice-sdpfrag``.
        mid: The m-section to credit its candidates to: all share one transport.
        max_candidates: Most ICE candidates to take.

    Raises:
        TooManyCandidatesError: There are more.
        BadOfferError: A candidate is malformed, or nothing in it is known.
    """
    candidates, username, known, count = [], None, False, 0
    for line in text.splitlines():
        known |= line.startswith(("a=ice-", "a=mid:", "m=")) or line == "a=end-of-candidates"
        if line.startswith("a=ice-ufrag:"):
            username = line.partition(":")[2].strip()
        elif line.startswith("a=candidate:"):
            known, count = True, count + 1
            if count > max_candidates:
                raise TooManyCandidatesError(f"more than {max_candidates} candidates")
            if not _is_useful(line):
                continue
            try:
                candidate = candidate_from_sdp(line.partition(":")[2])
            except _PARSER_ERRORS as error:
                raise BadOfferError(f"malformed candidate: {line[:80]}") from error
            candidate.sdpMid = mid
            candidates.append(candidate)
    if not known:
        raise BadOfferError("the body is not a trickle ICE fragment")
    return Fragment(tuple(candidates), username, count)


def tune_answer(sdp: str, *, start_kbps: int, max_kbps: int) -> str:
    """Has Chromium send full resolution from the first frame, and keep it.

    Chromium starts near 300 kbit/s and shrinks the picture to match; two parameters of its own,
    in the answer's ``a=fmtp`` of each video codec, start it where a local network can carry it.

    aiortc's bandwidth estimate (REMB, fed by the abs-send-time header extension) never rises far
    above what comes in, and a still scene compresses to little: hands at a desk end up with 0.1
    Mbit/s and a smaller, slower picture as soon as they move. Without the extension there is no
    estimate, and Chromium adapts to the losses that receiver reports show, up to ``max_kbps``.

    Other publishers ignore all this.
    """
    rates = f"x-google-start-bitrate={start_kbps};x-google-max-bitrate={max_kbps}"
    sections = re.split(r"(?m)^(?=m=)", sdp)
    return "".join(
        _tune_section(section, rates) if section.startswith("m=video") else section
        for section in sections
    )


def _tune_section(section: str, rates: str) -> str:
    section = re.sub(r"(?m)^a=extmap:[^\r\n]*/abs-send-time\r?\n", "", section)
    section = re.sub(r"(?m)^a=rtcp-fb:[^\r\n]* goog-remb\r?\n", "", section)
    codecs = "|".join(VIDEO_CODECS)
    for payload_type in re.findall(rf"(?im)^a=rtpmap:(\d+) (?:{codecs})/", section):
        fmtp = rf"(?m)^(a=fmtp:{payload_type} [^\r\n]+)"
        if re.search(fmtp, section):
            section = re.sub(fmtp, rf"\1;{rates}", section)
        else:
            rtpmap = rf"(?m)^(a=rtpmap:{payload_type} [^\r\n]+)"
            section = re.sub(rtpmap, rf"\1\r\na=fmtp:{payload_type} {rates}", section)
    return section
