"""Surfaces joined from seeds and from parts."""

from dataclasses import replace

import numpy as np
import pytest
from tables_made import alike, rich

from grids.errors import BadInput
from grids.tables.merging import merge


def test_merging_seeds_and_parts() -> None:
    whole = rich()
    seeds = [replace(whole, seeds=(s,), value=whole.value[..., [i]], diverged=whole.diverged[..., [i]],
                     curve=whole.curve[..., [i], :], extra={n: a[..., [i]] for n, a in whole.extra.items()})
             for i, s in enumerate(whole.seeds)]  # type: ignore[index]  # fmt: skip
    joined = merge(seeds[::-1], ["b", "a"])
    alike(whole, joined)
    np.testing.assert_array_equal(joined.extra["flops"], whole.extra["flops"])
    from grids.within import within

    parts = [within(whole, "clip=None,1.0"), within(whole, "clip=5.0")]
    alike(whole, merge(parts, ["a", "b"]))
    with pytest.raises(BadInput, match="is given twice"):
        merge([whole, whole], ["a", "b"])
    with pytest.raises(BadInput, match="different tasks: task; other"):
        merge([whole, replace(whole, provenance=replace(whole.provenance, task="other"))], ["a", "b"])
