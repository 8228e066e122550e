"""``ghosthands token``: who may enter the rooms of this machine's bridge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bridge.commands.console import console
from bridge.commands.paths import data_folder

if TYPE_CHECKING:
    from bridge.access import Keyring

__all__ = ["token"]

token = typer.Typer(
    no_args_is_help=True,
    help="Make and revoke the tokens with which people and programs enter rooms.",
)


@token.command()
def make(
    scope: Annotated[
        Literal["publish", "watch"],
        typer.Argument(help="To send video or play recordings, or to watch and learn."),
    ],
    room: Annotated[str, typer.Option(help="The room.")] = "lesson",
    hours: Annotated[float, typer.Option(help="For how long it lets in.", min=0.01)] = 24.0,
    note: Annotated[str, typer.Option("--for", help="For whom; shown in the list.")] = "",
) -> None:
    """Make a token and print it."""
    made = _keyring().make(room, scope, lifetime_s=hours * 3600, note=note)
    typer.echo(made)
    page = "capture" if scope == "publish" else "viewer"
    console.print(
        f"As a link: https://HOST:8443/{page}?room={room}#token=TOKEN. For commands: --token, or "
        "the variable GHOSTHANDS_TOKEN.",
        style="dim",
    )


@token.command()
def code(
    room: Annotated[str, typer.Option(help="The room.")] = "lesson",
) -> None:
    """Print a room's join codes, for people to type on the bridge's front page."""
    from bridge.access.codes import join_code
    from bridge.protocol.names import check_name

    secret = _keyring().secret
    for scope in ("watch", "publish"):
        typer.echo(f"{scope:8}{join_code(secret, check_name(room), scope)}")


@token.command("list")
def list_() -> None:
    """List the tokens that let in now, by their ids."""
    issued = _keyring().issued()
    if not issued:
        console.print("No token lets anyone in. Make one: ghosthands token make watch")
        return
    typer.echo(f"{'id':14}{'room':14}{'for':9}{'until':18}note")
    for one in issued:
        until = datetime.fromtimestamp(one.expires_s, UTC).astimezone()
        typer.echo(f"{one.id:14}{one.room:14}{one.scope:9}{until:%Y-%m-%d %H:%M}  {one.note}")


@token.command()
def revoke(
    ids: Annotated[list[str], typer.Argument(help="Ids, as the list shows them.")],
) -> None:
    """End tokens; whoever is in a room with one has to leave it within a second."""
    keyring = _keyring()
    for one in ids:
        keyring.revoke(one)
    console.print(f"Revoked: {', '.join(ids)}.")


@token.command()
def rotate() -> None:
    """Make a new secret: every token and join code ends, and everybody has to leave."""
    keyring = _keyring()
    keyring.rotate()
    console.print("All tokens and join codes have ended. Make new ones, or start the bridge again.")


def _keyring() -> Keyring:
    from bridge.access import Keyring
    from bridge.config import load_settings

    return Keyring(load_settings().access_folder or data_folder() / "access")
