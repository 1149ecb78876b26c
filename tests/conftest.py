"""What all tests share."""

import os

# One BLAS thread, in this process and in workers: sums then add up in one order, and equal fits are equal to the bit.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
