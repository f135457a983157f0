"""Coordinate gradientless descent: GLD along one axis at a time."""

from tuning.searchers.gld import GLD
from tuning.searchers.registry import searcher


@searcher(
    "cgld",
    label="CGLD",
    summary="GLD along one axis at a time",
    place=5,
    paper=True,
    kernel="tuning.kernels.descent:descent",
    law="tuning.exact.descent:DescentLaw",
    variants=("ball=clip", "radius_max=7,radius_min=2", "radius_max=0.5,radius_min=0.5"),
)
class CGLD(GLD):
    """GLD whose balls lie on one axis: step s moves along axis s mod d, in the space's order of axes.

    Everything else is as in GLD: the options, the radii (from the space's longest axis, whichever axis moves), the
    start, the ties and the draws. The AvaGrad paper names this searcher without details.
    """

    def axes(self, step: int) -> tuple[int, ...]:
        """The one axis that moves in the given step (from 0)."""
        return (step % len(self.space.shape),)
