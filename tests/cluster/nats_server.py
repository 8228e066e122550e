"""nats-server as a process, which a test may kill and start again."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

SERVER = Path(sys.executable).with_name("nats-server")


class NatsServer:
    """Args: its folder, and more arguments of ``nats-server``."""

    def __init__(self, folder: Path, *arguments: str, user: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._arguments = arguments
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.port = -1

    @property
    def url(self) -> str:
        return f"nats://{self._user}127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, again on the same port."""
        for old in self._folder.glob("*.ports"):
            old.unlink()
        where = ("-a", "127.0.0.1", "-p", str(self.port), "--ports_file_dir", str(self._folder))
        self._process = subprocess.Popen(
            (SERVER, *where, *self._arguments),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end_s = time.monotonic() + 20
        while time.monotonic() < end_s:
            for path in self._folder.glob("*.ports"):
                if text := path.read_text():
                    self.port = int(json.loads(text)["nats"][0].rpartition(":")[2])
                    return
            time.sleep(0.01)
        raise AssertionError("nats-server has not started")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
