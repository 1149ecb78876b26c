"""What a worker is called."""

from __future__ import annotations

import functools
import os
import socket
import threading


def worker_name(pid: int | None = None) -> str:
    """Return the name of the worker that calls, or of the main thread of another process of this host.

    Examples
    --------
    >>> from skhpo.executors.naming import worker_name
    >>> worker_name(4711)
    '...:4711'
    """
    if pid is not None:
        return f"{_host()}:{pid}"
    thread = threading.current_thread()
    name = worker_name(os.getpid())
    return name if thread is threading.main_thread() else f"{name}:{thread.native_id}"


@functools.cache
def _host() -> str:
    return socket.gethostname().partition(".")[0]
