import pytest

from skhpo.content.changes import look_again, noticing_changes


@pytest.mark.parametrize("first", [KeyboardInterrupt("the first"), ValueError("the fit"), None])
def test_an_interrupt_while_objects_are_looked_at_again_is_heard_unless_one_is_on_its_way(first):
    looked = []

    def interrupted():
        looked.append("interrupted")
        raise KeyboardInterrupt("the second")

    @noticing_changes
    def fit():
        look_again(interrupted)
        look_again(lambda: looked.append("after"))
        if first is not None:
            raise first

    is_on_its_way = isinstance(first, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt, match="the first" if is_on_its_way else "the second"):
        fit()
    assert looked == (["interrupted", "after"] if is_on_its_way else ["interrupted"])
    look_again(lambda: looked.append("no fit is under way"))
    assert "no fit is under way" not in looked


def test_what_cannot_be_described_again_does_not_fail_a_fit():
    @noticing_changes
    def fit():
        look_again(lambda: 1 / 0)
        return "fitted"

    assert fit() == "fitted"
