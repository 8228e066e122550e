"""Several bridges that serve one set of rooms, joined by NATS.

A room's devices publish to one bridge, since their frames are fused there: that bridge *feeds* the
room. Whoever watches may be connected to any bridge; the one that feeds the room publishes what it
says on a subject of the room, and the bridges with watchers there take it in as a player's poses
are taken in::

    phone ──WHIP──> bridge A ══ghosthands.room.lesson.A══> NATS ══> bridge B ──> watcher
    tablet ─WHIP─> bridge B ──307──> bridge A       watcher's commands: B ══> NATS ══> A

Heartbeats (every 0.3 s, and at once when something changes) tell which rooms a bridge feeds and
watches and how many devices it has. One that is silent for 1.5 s is gone: its rooms are fed by
nobody, whose watchers on other bridges are told so, and whichever bridge a device then publishes to
by way of the registrar feeds them next. Watchers stay where they are.

Who feeds a new room is decided in one place, so that two phones that come to two bridges at the
same moment end on one, and rooms that begin at the same moment are spread: by the *registrar*, the
live bridge with the lowest id, so all agree without a word. It picks the bridge with the fewest
devices and remembers that for ten seconds, until heartbeats show it. There is no lock server to
keep: should two bridges feed one room all the same, as after a time in which they did not hear each
other, the lower in rank sends its devices to the other.

Without NATS a bridge is alone: its own rooms go on, and it tries to connect once a second.

====================  ==========================================================================
file                  concept
====================  ==========================================================================
``wire``              subjects and what is in heartbeats: bytes to values, sans-I/O
``peers``             the other bridges, ranks, and where a new room goes: sans-I/O
``client``            NATS' client: its address, its TLS and its end
``link``              the connection to NATS, which comes back by itself
``membership``        heartbeats out and in, and the others' clocks
``fanout``            ``FanOut`` with NATS behind it
``following``         a room that another bridge feeds
``relay``             the rooms here that are other bridges' rooms, too
``cluster``           all of it, for the server
====================  ==========================================================================

Nothing here is imported unless the bridge has a ``cluster`` setting.
"""

from __future__ import annotations

from bridge.cluster.cluster import Cluster

__all__ = ["Cluster"]
