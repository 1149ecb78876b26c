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
* nobody gets what the cache keeps, only copies of it: data and fitted steps together, so that what is one array in both
  stays one, and with the same strides, since how sums are rounded depends on the order in memory. What cannot be copied
  so (`graph`) is not kept;
* a step that does more than give its result is not reused: one that draws from a global generator, writes into what it
  is given, or changes as it transforms (`watch`). What is not scikit-learn's own is done twice before it is trusted.

Whatever an object does when it is looked at, no fit fails of it: types are asked, not objects (`parts`), and where the
cache fails, the step is fitted.

Not the same are the times, which tell what was done, and what a fit does on the side, as warnings and the lines of
``Pipeline(verbose=True)``: a step that is not fitted does not do it. That a transformer depends on more than its data
and parameters is seen only if its second fit differs from its first.
"""

from skhpo.fits.prefix.cache import PrefixCache
from skhpo.fits.prefix.reuse import reused

__all__ = ["PrefixCache", "reused"]
