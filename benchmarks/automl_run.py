"""One run of `benchmarks/automl.py` in a process of its own: ``python -m benchmarks.automl_run '{"entrant": ...}'``.

The last line that it prints is JSON. With ``"clock": "cpu"`` the entrant's clock goes on as its process and children
compute, so that a budget is the same for all on a machine that others use. It has at least a thirtieth of the real
seconds: a loop that sleeps until a moment comes to its end.
"""

import contextlib
import importlib
import json
import resource
import sys
import threading
import time
from importlib.metadata import PackageNotFoundError, version

_SLOWEST = 1 / 30  # of the real clock
_real_time, _real_monotonic, _real_sleep = time.time, time.monotonic, time.sleep


def cpu_seconds():
    """Return what this process and those of its children that have ended have computed."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


class CpuClock:
    """Counts computed seconds, from a real moment on; never goes back.

    On a machine that takes ``slower`` times as long, a second is that much longer.
    """

    def __init__(self, cpu=cpu_seconds, real=_real_monotonic, slower=1.0):
        self._cpu, self._real, self._slower = cpu, real, slower
        self._cpu_began, self._real_began = cpu(), real()

    def __call__(self):
        """Return the seconds since it was made."""
        seconds = max(self._cpu() - self._cpu_began, (self._real() - self._real_began) * _SLOWEST)
        return seconds / self._slower


def install(clock):
    """Let all that is imported from now on go by a clock. What waits for threads and processes keeps the real one."""
    for name in ("queue", "concurrent.futures", "multiprocessing.connection"):
        importlib.import_module(name)

    began, stood = _real_time(), _real_monotonic()
    time.time = lambda: began + clock()
    time.monotonic = time.perf_counter = lambda: stood + clock()
    time.time_ns = lambda: int(1e9 * time.time())
    time.monotonic_ns = time.perf_counter_ns = lambda: int(1e9 * time.monotonic())


class Memory(threading.Thread):
    """The most that this process and its children have had in memory, looked up twice a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak = 0
        self.start()

    def run(self):
        try:
            import psutil
        except ImportError:
            return
        me = psutil.Process()
        while True:
            with contextlib.suppress(psutil.Error):  # one has ended meanwhile
                self.peak = max(self.peak, sum(each.memory_info().rss for each in [me, *me.children(recursive=True)]))
            _real_sleep(0.5)

    @property
    def megabytes(self):
        """Return them, or None where psutil is not installed."""
        return self.peak / 1e6 or None


def loss_of(y, found, *, is_classifier):
    """Return the log loss of probabilities, clipped at 1e-7, or the root mean squared error of numbers."""
    import numpy as np

    y, found = np.asarray(y), np.asarray(found, dtype=float)
    if not is_classifier:
        return float(np.sqrt(np.mean((y - found.ravel()) ** 2)))
    found = np.clip(found, 1e-7, 1 - 1e-7)
    right = found[np.arange(len(y)), y.astype(int)] / found.sum(axis=1)
    return float(-np.log(right).mean())


def measure(entrant, split, *, is_classifier, budget, seed):
    """Return loss, seconds and memory of an entrant."""
    from benchmarks.automl_entrants import ENTRANTS, Problem

    memory, began = Memory(), time.monotonic()
    real_began = _real_monotonic()
    variants = ENTRANTS[entrant].fit(Problem(split.X, split.y, is_classifier, budget, seed))
    fitted, real_fitted = time.monotonic(), _real_monotonic()
    found = variants.pop("")(split.X_new)
    row = {
        "loss": loss_of(split.y_new, found, is_classifier=is_classifier),
        "fit_s": fitted - began,
        "real_fit_s": real_fitted - real_began,
        "predict_s": time.monotonic() - fitted,
        "peak_mb": memory.megabytes,
    }
    others = {
        name: loss_of(split.y_new, predict(split.X_new), is_classifier=is_classifier)
        for name, predict in variants.items()
    }
    return row | ({"variants": others} if others else {})


def run(entrant, table, seed, budget):
    """Return the row of a run; a failure is one, too."""
    from benchmarks import automl_tables as tables
    from benchmarks.automl_entrants import ENTRANTS

    library = ENTRANTS[entrant].library
    if table == "generated":
        split, is_classifier = tables.generated(), True
    else:
        split, is_classifier = tables.split(table, seed), tables.ALL[table].is_classifier
    about = {"rows": len(split.y), "columns": split.X.shape[1], "version": _version(library)}
    try:
        found = measure(entrant, split, is_classifier=is_classifier, budget=budget, seed=seed)
    except Exception as error:  # noqa: BLE001  # whatever an entrant fails of is its result
        found = {"error": f"{type(error).__name__}: {error}"[:300]}
    return about | found | {"cpu_s": cpu_seconds()}


def _version(library):
    try:
        return version(library)
    except PackageNotFoundError:  # run from the sources
        return importlib.import_module(library).__version__


def main(text):
    wanted = json.loads(text)
    slower = wanted.pop("slower", 1.0)
    if wanted.pop("clock") == "cpu":
        install(CpuClock(slower=slower))
    import warnings

    warnings.simplefilter("ignore")
    print(json.dumps(run(**wanted)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
