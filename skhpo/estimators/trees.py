"""Single trees: pruned with a larger penalty, or grown to fewer leaves."""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.estimators.facts import Facts, Path, from_above, needs_seed, view_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.estimators.facts import Shape

_LEAF, _NO_FEATURE, _NO_THRESHOLD = -1, -2, -2.0  # as in scikit-learn's arrays


def _pruned(model: Any, value: float) -> Any:
    """Return the tree pruned with a larger penalty: pruning what was pruned with a smaller one gives the same."""
    view = view_of(model, ccp_alpha=value)
    methodcaller("_prune_tree")(view)
    return view


def _with_fewer_leaves(model: Any, value: int) -> Any:
    """Return the tree with fewer leaves.

    With ``max_leaf_nodes`` trees grow best first: each split adds two nodes behind all others, so the tree of L leaves
    is the first 2 L - 1 nodes.
    """
    tree = model.tree_
    n_nodes = min(2 * value - 1, tree.node_count)
    kind, arguments, state = tree.__reduce__()
    nodes = state["nodes"][:n_nodes].copy()
    is_open = (nodes["left_child"] >= n_nodes) | (nodes["right_child"] >= n_nodes)
    for field, at_leaf in {
        "left_child": _LEAF,
        "right_child": _LEAF,
        "feature": _NO_FEATURE,
        "threshold": _NO_THRESHOLD,
        "missing_go_to_left": 0,
    }.items():
        nodes[field][is_open] = at_leaf
    shorter = kind(*arguments)
    values = np.ascontiguousarray(state["values"][:n_nodes])
    shorter.__setstate__({"max_depth": _depth(nodes), "node_count": n_nodes, "nodes": nodes, "values": values})
    return view_of(model, max_leaf_nodes=value, tree_=shorter)


def _depth(nodes: NDArray[Any]) -> int:
    """Return the depth of a tree in which parents stand before their children."""
    depth = np.zeros(len(nodes), dtype=int)
    for node, (left, right) in enumerate(zip(nodes["left_child"], nodes["right_child"], strict=True)):
        if left != _LEAF:
            depth[[left, right]] = depth[node] + 1
    return int(depth.max())


def _leaves(value: Any) -> float | None:
    is_count = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= 2
    return float(value) if is_count else None


def _object_to_fewer_leaves(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:
    if estimator.ccp_alpha != 0:
        return "a ccp_alpha prunes the tree when all leaves are there"
    return needs_seed(estimator, values, shape)


_TREE = Facts(
    paths=(
        Path("ccp_alpha", _pruned, length=from_above, objection=needs_seed, settings="a seed"),
        Path(
            "max_leaf_nodes",
            _with_fewer_leaves,
            length=_leaves,
            objection=_object_to_fewer_leaves,
            settings="a seed, `ccp_alpha=0`",
        ),
    )
)
FACTS = {
    f"sklearn.tree.{name}{kind}": _TREE
    for name in ("DecisionTree", "ExtraTree")
    for kind in ("Classifier", "Regressor")
}
