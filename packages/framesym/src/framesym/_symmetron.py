"""What framesym offers to symmetron."""

import pluggy

hookimpl = pluggy.HookimplMarker("symmetron")


@hookimpl
def symmetron_register(registrar):
    """Register the frame-averaging wrapper and a network to wrap."""
    registrar.model(
        "average",
        "framesym:average",
        summary="Any network, made equivariant to O, SO, E or SE(d) by frames of principal axes",
        equivariance={"group": "$group", "level": "exact"},
        paper="arXiv:2110.03336",
        tags=("symmetrizer",),
    )
    registrar.model(
        "point-network",
        "framesym:PointNetwork",
        summary="Classifier of weighted point sets on Fourier features of the coordinates",
        inputs={"x": "point", "weights": "invariant"},
        outputs={"logits": "scalar"},
        paper="arXiv:2006.10739",
        tags=("permutation-invariant",),
    )
