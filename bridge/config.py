"""The bridge's settings: defaults < ``ghosthands.toml`` < ``GHOSTHANDS_*`` variables < flags."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bridge.errors import InputError
from bridge.protocol.names import check_name

__all__ = ["DEFAULT_FILE", "Settings", "load_settings"]

DEFAULT_FILE = Path("ghosthands.toml")

_YEAR_S = 365.25 * 86_400


def _check_origin(text: str) -> str:
    parts = urlsplit(text)
    is_origin = parts.netloc and text == f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or not is_origin:
        raise ValueError(f"{text!r} is no origin: write https://HOST or https://HOST:PORT")
    return text


Name = Annotated[str, AfterValidator(check_name)]


class Settings(BaseSettings):
    """Everything a bridge can be told, with the defaults that suit a lesson at home."""

    model_config = SettingsConfigDict(
        env_prefix="GHOSTHANDS_",
        extra="forbid",
        frozen=True,
        toml_file=DEFAULT_FILE,
        allow_inf_nan=False,
    )

    host: str = Field("0.0.0.0", description="Address to listen on.")  # noqa: S104
    port: int = Field(8443, ge=0, le=65535, description="Port for everything; 0 picks a free one.")
    rooms: tuple[Name, ...] = Field(("lesson",), description="Rooms that are open from the start.")

    insecure: bool = Field(False, description="Plain HTTP; on a loopback address only.")
    certificate: Path | None = Field(None, description="PEM certificate chain of your own.")
    private_key: Path | None = Field(None, description="PEM key of that certificate.")

    provider: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where the nets run.")
    fuser: str = Field(
        "selfcal", description="How views are fused; with a network of your own: hamuco=FILE.onnx."
    )
    anchor: Path | None = Field(None, description="An instrument, as `ghosthands anchor` finds it.")
    hand_colours: Path | None = Field(
        None, description="Colours of the ghost's hands: `ghosthands ensemble --texture` (.npz)."
    )
    record: Path | None = Field(None, description="Folder in which every room is recorded.")
    recorded_by: str = Field("", max_length=200, description="Who plays, as recordings say.")
    lessons: Path | None = Field(
        None, description="Folder of recordings (*.mcap) that any room's watchers may play there."
    )
    playback_control: Literal["watchers", "publishers", "nobody"] = Field(
        "watchers", description="Who may play those recordings in a room."
    )

    access: Literal["auto", "token", "open"] = Field(
        "auto",
        description="Whether rooms ask for tokens; auto: unless only this machine can connect.",
    )
    access_folder: Path | None = Field(
        None,
        description="Folder of the secret and the tokens, where bridges of one room share them; "
        "else each has its own.",
    )
    allowed_origins: tuple[Annotated[str, AfterValidator(_check_origin)], ...] = Field(
        (), description="Web pages besides the bridge's own that may connect: https://HOST[:PORT]."
    )
    publish_token_s: float = Field(
        86_400.0, ge=60, le=_YEAR_S, description="For how long a token lets publishers in."
    )
    watch_token_s: float = Field(
        86_400.0, ge=60, le=_YEAR_S, description="For how long a token lets watchers in."
    )
    attempts_per_address_per_min: int = Field(
        10, ge=1, description="Join codes and bad tokens that are looked at, from one address."
    )
    attempts_in_all_per_min: int = Field(
        30, ge=1, description="Join codes and bad tokens that are looked at, from everywhere."
    )

    cluster: SecretStr | None = Field(
        None,
        description="NATS server over which bridges share rooms: nats://[USER:PASSWORD@]HOST:4222.",
    )
    public_url: Annotated[str, AfterValidator(_check_origin)] | None = Field(
        None, description="Where devices reach this bridge, for the others of its cluster."
    )

    mdns: bool = Field(
        False, description="Give the bridge a name in the local network, MDNS_NAME.local."
    )
    mdns_name: str = Field(
        "ghosthands",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$",
        description="That name; one that is taken gets a number.",
    )
    show_links: bool = Field(
        True,
        description="Show links and join codes that let people in: in the terminal, and on the "
        "front page to whoever runs the bridge.",
    )

    max_scored_learners: int = Field(
        4, ge=0, le=64, description="Learners of a room that are scored at a time; 0: none."
    )
    max_rooms: int = Field(8, ge=1, description="Rooms that are open at a time.")
    max_views: int = Field(4, ge=1, le=16, description="Devices that may publish to one room.")
    max_subscribers: int = Field(200, ge=1, description="Watchers of one room.")
    max_message_bytes: int = Field(
        1 << 20, ge=1024, description="Largest WebSocket message; a larger one ends its connection."
    )
    max_messages_per_s: float = Field(
        500.0, ge=10, le=1e6, description="Messages a second of one client, over two seconds."
    )
    max_flood_wait_s: float = Field(
        60.0,
        ge=0,
        le=_YEAR_S,
        description="Longest wait of an address that was thrown out for too many messages again "
        "and again; 0: none.",
    )
    max_sdp_bytes: int = Field(65_536, ge=4096, description="Largest body of a WHIP request.")
    max_ice_candidates: int = Field(64, ge=1, description="Candidates of one WHIP session.")
    max_connections: int = Field(4096, ge=8, description="Connections of any kind.")
    max_connections_per_address: int = Field(
        512, ge=1, description="Connections of any kind of one address."
    )
    max_pending_per_address: int = Field(
        64, ge=1, description="Connections of one address that have not said what they want."
    )
    max_header_bytes: int = Field(
        8192, ge=1024, le=1 << 20, description="Largest line or header field of an HTTP request."
    )
    tls_handshake_s: float = Field(
        10.0, gt=0, le=_YEAR_S, description="Longest time that TLS takes to begin."
    )
    header_timeout_s: float = Field(
        10.0,
        gt=0,
        le=_YEAR_S,
        description="Longest time until a request's headers are there: the first one's, or the "
        "next one's after an answer.",
    )
    request_timeout_s: float = Field(
        30.0, gt=0, le=_YEAR_S, description="Longest time that a request takes."
    )
    ack_window: int = Field(
        10, ge=1, le=1000, description="Unacknowledged poses in flight to a watcher."
    )
    slow_after_s: float = Field(
        15.0,
        gt=0,
        le=_YEAR_S,
        description="A watcher that acknowledges nothing for so long is let go.",
    )
    ping_s: float = Field(
        10.0,
        gt=0,
        le=_YEAR_S,
        description="WebSocket ping interval; a peer half as long silent is gone.",
    )
    grace_s: float = Field(
        30.0, ge=0, le=_YEAR_S, description="How long a client that lost its connection may resume."
    )
    start_bitrate_kbps: int = Field(2500, ge=100, description="Video bitrate to start at.")
    max_bitrate_kbps: int = Field(4000, ge=100)
    ice_servers: tuple[str, ...] = Field((), description="STUN and TURN addresses; none on a LAN.")
    silence_s: float = Field(
        2.0, gt=0, le=_YEAR_S, description="A publisher silent for longer has left."
    )

    log_format: Literal["text", "json"] = Field("text", description="json: one object a line.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info")
    metrics_public: bool = Field(
        False, description="Show /metrics to other machines, too, and without a token."
    )

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return _is_loopback(self.host)

    @property
    def needs_tokens(self) -> bool:
        """Whether rooms ask for tokens."""
        return self.access == "token" or (self.access == "auto" and not self.on_loopback)

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("give both certificate and private_key, or neither")
        if self.insecure and not _is_loopback(self.host):
            raise ValueError(
                f"insecure serves plain HTTP, which browsers refuse a camera to except on this "
                f"machine: add --host 127.0.0.1 (not {self.host}) or drop --insecure"
            )
        if self.mdns and _is_loopback(self.host):
            raise ValueError(
                f"mdns gives the bridge a name in the network, but it listens to this machine only "
                f"({self.host}): drop --mdns, or give --host 0.0.0.0"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then variables, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(file: Path | None = None, **flags: Any) -> Settings:
    """Reads the settings from all sources.

    Args:
        file: A TOML file instead of ``ghosthands.toml`` in the working folder.
        flags: Values from the command line; those that are None are left to the other sources.

    Raises:
        InputError: A value is wrong, a name is unknown, or the file cannot be read; the message
            names the setting.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    if file is not None and not file.is_file():
        raise InputError(f"no settings file at {file}")

    class _Settings(Settings):
        model_config = SettingsConfigDict(toml_file=file or DEFAULT_FILE)

    try:
        return _Settings(**given)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}: "
            f"{problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        )
        raise InputError(f"settings: {problems}") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file or DEFAULT_FILE} is not valid TOML: {error}") from error
