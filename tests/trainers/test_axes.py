"""Which axes of a space an optimizer has."""

import numpy as np
import pytest

from grids.errors import BadInput
from grids.space import PRESETS
from trainers.axes import fit_space
from trainers.rules import get_rule


def test_a_preset_keeps_the_axes_that_the_rule_has_free() -> None:
    assert fit_space("paper-cifar", get_rule("adam"), "adam") == PRESETS["paper-cifar"]
    assert fit_space("paper-cifar", get_rule("sgd"), "sgd").names == ("alpha",)
    text = "adam:epsilon=1e-3"
    assert fit_space("paper-cifar", get_rule(text), text).names == ("alpha",)
    text = "adam:alpha=0.1,epsilon=1e-3"
    with pytest.raises(BadInput, match="has no axis of the space"):
        fit_space("paper-cifar", get_rule(text), text)


def test_adabelief_has_an_axis_of_its_own_in_the_papers_language_space() -> None:
    usual, alpha = PRESETS["paper-ptb"].axis("epsilon"), PRESETS["paper-ptb"].axis("alpha")
    assert usual.values[:3] == (1e-8, 5e-8, 1e-7)
    for text in ("adabelief", "adabelief:rectify=true", "delayed-adabelief"):
        space = fit_space("paper-ptb", get_rule(text), text)
        assert space.axis("alpha") == alpha
        np.testing.assert_allclose(np.array(space.axis("epsilon").values), 1e-8 * np.array(usual.values), rtol=1e-12)
        assert space.axis("epsilon").values[:2] == (1e-16, 5e-16)
    assert fit_space("paper-ptb", get_rule("adam"), "adam") == PRESETS["paper-ptb"]
    assert fit_space("paper-cifar", get_rule("adabelief"), "adabelief") == PRESETS["paper-cifar"]


@pytest.mark.parametrize(
    ("space", "message"), [("alpha=-1,0.1", r"adam': alpha=-1 is out of range"), ("alpha=0.1,beta1=0.5,1", "beta1=1")]
)
def test_an_axis_out_of_range_is_refused(space: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        fit_space(space, get_rule("adam"), "adam")
