"""The arms of the ablation by name: each a sampler of a space, with one change from the defaults."""

from dataclasses import replace

from skhpo.samplers.bayes import BayesOptions, BayesSampler
from skhpo.surrogates.hyperparameters import LogNormal
from skhpo.surrogates.score_model import ModelOptions
from skhpo.surrogates.warping import Standardised

from . import variants, warps


def of(sampler=BayesSampler, **options):
    return lambda space, seed: sampler(space, seed, options=BayesOptions(**options))


def model(**options):
    return of(model=replace(ModelOptions(), **options))


def dimension_scaled(space, seed):
    return model(lengthscale=variants.dimension_scaled(space.n_columns))(space, seed)


ARMS = {
    "default": of(),
    "acquisition: EI": of(variants.Improving),
    "acquisition: EI, incumbent's mean known": of(variants.ImprovingOverMean),
    "acquisition: EI over the best observed": of(variants.ImprovingOverObserved),
    "acquisition: UCB, width 1": of(width=1.0),
    "acquisition: UCB, width 2": of(width=2.0),
    "acquisition: UCB, width 4": of(width=4.0),
    "acquisition: UCB, width uniform in 1 to 5": of(variants.WidthDrawn),
    "acquisition: a quarter EI": of(variants.ImprovingAtTimes),
    "design: 2 points": of(n_init=2),
    "design: 5 points": of(n_init=5),
    "design: 8 points": of(n_init=8),
    "trust region for young models": of(variants.Trusting),
    "scores: standardised": model(warp=Standardised),
    "scores: half-rank, log at the top": model(warp=variants.from_four(warps.HalfRankLog)),
    "scores: ranks": model(warp=variants.from_four(warps.NormalScores)),
    "scores: Yeo-Johnson": model(warp=variants.from_four(warps.YeoJohnson)),
    "lengthscales: dimension-scaled": dimension_scaled,
    "lengthscales: LogNormal(0.7, 1)": model(lengthscale=LogNormal(0.7, 1.0)),
    "lengthscales: Gamma(1.21, 1.52)": model(lengthscale=variants.Gamma(1.21, 1.52)),
    "smoothness: nu = 5/2": model(nu=2.5),
    "noise: LogNormal(-6, 2)": model(noise=LogNormal(-6.0, 2.0)),
}
