"""The bridge's settings: defaults < ``ghosthands.toml`` < ``GHOSTHANDS_*`` variables < flags."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator
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

Name = Annotated[str, AfterValidator(check_name)]


class Settings(BaseSettings):
    """Everything a bridge can be told, with the defaults that suit a lesson at home."""

    model_config = SettingsConfigDict(
        env_prefix="GHOSTHANDS_", extra="forbid", frozen=True, toml_file=DEFAULT_FILE
    )

    host: str = Field("0.0.0.0", description="Address to listen on.")  # noqa: S104
    port: int = Field(8443, ge=0, le=65535, description="Port for everything; 0 picks a free one.")
    rooms: tuple[Name, ...] = Field(("lesson",), description="Rooms that are open from the start.")

    insecure: bool = Field(False, description="Plain HTTP; on a loopback address only.")
    certificate: Path | None = Field(None, description="PEM certificate chain of your own.")
    private_key: Path | None = Field(None, description="PEM key of that certificate.")

    provider: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where the nets run.")
    fuser: str = Field("selfcal", description="How views are fused.")
    anchor: Path | None = Field(None, description="An instrument, as `ghosthands anchor` finds it.")
    record: Path | None = Field(None, description="Folder in which every room is recorded.")

    max_rooms: int = Field(8, ge=1)
    max_views: int = Field(4, ge=1, description="Devices that may publish to one room.")
    max_subscribers: int = Field(200, ge=1, description="Watchers of one room.")
    max_message_bytes: int = Field(1 << 20, ge=1024)
    ack_window: int = Field(10, ge=1, description="Unacknowledged poses in flight to a watcher.")
    start_bitrate_kbps: int = Field(2500, ge=100, description="Video bitrate to start at.")
    max_bitrate_kbps: int = Field(4000, ge=100)
    ice_servers: tuple[str, ...] = Field((), description="STUN and TURN addresses; none on a LAN.")
    silence_s: float = Field(2.0, gt=0, description="A publisher silent for longer has left.")

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("give both certificate and private_key, or neither")
        if self.insecure and not _is_loopback(self.host):
            raise ValueError(
                f"insecure serves plain HTTP, which browsers refuse a camera to except on this "
                f"machine: add --host 127.0.0.1 (not {self.host}) or drop --insecure"
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
