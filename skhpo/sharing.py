"""What candidates of a search share, and why not."""

from skhpo.estimators import register_path
from skhpo.fits.explain import Explanation, explain

__all__ = ["Explanation", "explain", "register_path"]
