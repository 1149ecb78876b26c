"""Benchmarks: ``python -m benchmarks`` lists them, ``python -m benchmarks NAME`` runs one.

Importing any of them limits BLAS and OpenMP to one thread, which has to happen before NumPy is loaded.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
