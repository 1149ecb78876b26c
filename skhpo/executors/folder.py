"""A folder by which the workers of one search hand each other objects.

The objects are pickled, and a pickle that is opened can run code. So a file is only opened if it carries the signature
of a key that was made for this one search and never touches the disk: it travels through the pipes of the workers. Who
can write into the folder, which only its user can enter, can delete and spoil what is in it, and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import pickle
import secrets
import shutil
import weakref
from pathlib import Path
from typing import Any

from skhpo.executors.directory import private_directory, remove

_SIGNATURE_BYTES = 32


class SharedFolder:
    """Objects by name, in files; whoever takes one has it.

    The directory is made when the folder is first pickled, that is, when there are others to share it with, and lives
    until `close`, garbage collection or the end of the process that made it, whichever is first. Where there is no
    directory, the disk is full or the file is gone, nothing is kept and nothing found.

    Parameters
    ----------
    max_bytes : int
        About how much each worker will keep in it.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._path: Path | None = None
        self._key = secrets.token_bytes(32)

    @property
    def is_open(self) -> bool:
        """Whether there is a directory that can be reached from here."""
        return self._path is not None and self._path.is_dir()

    def put(self, name: str, value: Any) -> int | None:
        """Keep an object; returns its size in bytes, or None if it was not kept."""
        if self._path is None:
            return None
        part = self._path / f"{name}.{os.getpid()}"
        try:
            content = pickle.dumps(value, protocol=5)
            if shutil.disk_usage(self._path).free < 2 * len(content):  # it may be memory, which others need too
                return None
            with part.open("xb") as file:
                file.write(self._sign(name, content))
                file.write(content)
            part.replace(self._path / name)
        except Exception:  # noqa: BLE001 - whatever cannot be pickled says so in its own way
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            return None
        return len(content)

    def take(self, name: str) -> Any | None:
        """Return an object and remove it, or None."""
        if self._path is None:
            return None
        try:
            file = self._path / name
            content = memoryview(file.read_bytes())
            file.unlink()
        except OSError:
            return None
        signature, content = content[:_SIGNATURE_BYTES], content[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._sign(name, content)):
            return None
        try:
            return pickle.loads(content)  # noqa: S301 - signed by a worker of this search
        except Exception:  # noqa: BLE001 - whatever a __setstate__ raises
            return None

    def has(self, name: str) -> bool:
        """Whether there is an object of that name."""
        return self._path is not None and (self._path / name).exists()

    def remove(self, name: str) -> None:
        """Remove an object, if there is one."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                (self._path / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the directory, if this process made it."""
        if hasattr(self, "_remove"):
            self._remove()
        self._path = None

    def _sign(self, name: str, content: bytes | memoryview) -> bytes:
        signature = hashlib.blake2b(name.encode() + b"\0", key=self._key, digest_size=_SIGNATURE_BYTES)
        signature.update(content)
        return signature.digest()

    def __getstate__(self) -> dict[str, Any]:
        if self._path is None:
            with contextlib.suppress(OSError):
                directory = private_directory(self.max_bytes)
                self._remove = weakref.finalize(self, remove, directory, os.getpid())
                self._path = Path(directory)
        return {name: value for name, value in vars(self).items() if name != "_remove"}
