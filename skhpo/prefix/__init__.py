"""Fitted prefixes of pipelines: what one candidate has fitted, no other fits again.

Candidates that differ only in late steps of a `Pipeline` share the early ones. A pipeline has a seam for that, its
parameter ``memory``: whatever has a method ``cache`` may stand between a pipeline and the fits of its steps. For one
task `reused` puts an object of ours there, which looks into a `PrefixCache`; all else remains scikit-learn's code. The
cache holds the training side after each step with the steps fitted so far, and the sides that were scored after each
step, which would cost as much again.

What comes out is to the bit what would come out without, because

* the key of an entry is all that a fit depends on: split, fraction of the rows, and of every step so far the name, the
  class, the parameters, and what `clone` keeps beside them. A step that may be random, or whose key cannot be known, is
  fitted each time, and so is what follows it;
* a side is known by its content, compared to the bit, never by who asks: scorers transform what they like;
* nobody gets an array that the cache keeps, only copies with the same strides: a step may write into its input, and
  how sums are rounded depends on the order in memory.

Not the same are the times, which tell what was done, and what a fit does on the side, as warnings and the lines of
``Pipeline(verbose=True)``: a step that is not fitted does not do it. That a transformer depends on more than its data
and parameters cannot be seen from here.
"""

from skhpo.prefix.cache import PrefixCache
from skhpo.prefix.reuse import reused

__all__ = ["PrefixCache", "reused"]
