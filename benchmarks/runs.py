"""Many independent runs, some at a time, in the order given, until there are no more or the time is over."""

from __future__ import annotations

import math
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, as_completed


def run(one, tasks, note, *, jobs=1, minutes=math.inf):
    """Run ``one(task)`` for each task, and hand each result to ``note(result, number, n)`` in this process.

    Returns how many tasks are left when the time is over: then none is started, and those that run are waited for.
    """
    end = time.monotonic() + 60 * minutes
    n = 0
    if jobs == 1:
        for task in tasks:
            if time.monotonic() < end:
                n += 1
                note(one(task), n, len(tasks))
        return len(tasks) - n
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures = [pool.submit(one, task) for task in tasks]
        for future in as_completed(futures):
            if not future.cancelled():
                n += 1
                note(future.result(), n, len(tasks))
            if time.monotonic() >= end:
                for each in futures:
                    each.cancel()
    return len(tasks) - n
