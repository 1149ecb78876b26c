"""Fitted prefixes of pipelines: what one candidate has fitted, no other fits again.

Candidates that differ only in late steps of a `Pipeline` share the early ones. A pipeline has a seam for that, its
parameter ``memory``: whatever has a method ``cache`` may stand between a pipeline and the fits of its steps. For one
task `reused` puts an object of ours there, which looks into a `PrefixCache`; all else remains scikit-learn's code. The
cache holds the training side after each step with the steps fitted so far, and the sides that were scored after each
step, which would cost as much again.

The steps inside of a step, those of a `ColumnTransformer`, a `FeatureUnion` or a `Pipeline`, are reused in the same way
(`steps`): scikit-learn's code fits the whole, and asks for each of them.

What comes out is to the bit what would come out without, because

* the key of an entry is all that a fit depends on: split, fraction of the rows, and of every step so far the name, the
  class, the parameters, and what `clone` keeps beside them. A step that may be random, or whose key cannot be known, is
  fitted each time, and so is what follows it;
* a side, the training or the test rows of a split, is known by its content, compared to the bit. Scorers may transform
  other rows than the test side;
* only copies leave the cache: data and fitted steps together, so that what is one array in both stays one. Copies have
  the same strides, since how sums are rounded depends on the order in memory. What cannot be copied so (`graph`) is not
  kept;
* a step that does more than give its result is not reused: one that draws from a global generator, writes into what it
  is given, or changes as it transforms (`watch`). What is not scikit-learn's own is done twice before it is trusted.

No fit fails because an object misbehaves when it is looked at: types are asked, not objects (`parts`), and where the
cache fails, the step is fitted.

Two things are not the same. Times tell what was done. And a step that is not fitted gives no warnings, and no lines of
``Pipeline(verbose=True)``. If a transformer depends on more than its data and parameters, that is seen only if its
second fit differs from its first.
"""

from skhpo.fits.prefix.cache import PrefixCache
from skhpo.fits.prefix.reuse import reused
from skhpo.fits.prefix.steps import early_step

__all__ = ["PrefixCache", "early_step", "reused"]
