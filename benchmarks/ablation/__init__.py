"""What each choice of the Bayesian sampler is worth, those included that did not pay and are not in the library."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread a process, before NumPy is loaded
