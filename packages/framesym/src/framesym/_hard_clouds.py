"""Point sets by name: a generic one, and those on which frames of principal axes fail or nearly fail."""

import itertools
import math
from typing import Literal, get_args

import torch
from torch import Tensor

CloudName = Literal[
    "generic",
    "nearly-degenerate",
    "cube",
    "octahedron",
    "tetrahedron",
    "prism",
    "hexagon",
    "planar",
    "collinear",
    "repeated",
    "single",
]
_SOLID = ("tetrahedron", "prism")


def cloud(name: CloudName, points: int, d: int) -> Tensor:
    """Return a point set (n, d) in float64.

    Args:
        name: Which one.
        points: Number of points of those that have no number of their own.
        d: Dimension of space; tetrahedron and prism need three.
    """
    if name not in get_args(CloudName):
        raise ValueError(f"cloud_name must be one of {', '.join(get_args(CloudName))}, got {name!r}")
    if name in _SOLID and d != 3:
        raise ValueError(f"{name} needs three dimensions, got {d}")
    if name in ("hexagon", "planar") and d < 2:
        raise ValueError(f"{name} needs at least two dimensions, got {d}")
    random = torch.Generator().manual_seed(1)
    normal = torch.randn(points, d, generator=random, dtype=torch.float64)
    eye = torch.eye(d, dtype=torch.float64)
    if name == "generic":
        return normal * torch.linspace(1, 2, d, dtype=torch.float64)
    if name == "planar":
        return normal * torch.tensor([1.0, 1.5] + [0.0] * (d - 2))
    if name == "collinear":
        return normal[:, :1] * (eye[0] + 1)
    if name == "repeated":
        return normal[:1].repeat(points, 1)
    if name == "single":
        return normal[:1]
    if name in ("cube", "tetrahedron"):
        corners = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=d)), dtype=torch.float64)
        return corners if name == "cube" else corners[corners.prod(-1) > 0]
    octahedron = torch.cat([eye, -eye])
    if name == "octahedron":
        return octahedron
    if name == "nearly-degenerate":
        return octahedron * (1 + 1e-6 * torch.arange(d, dtype=torch.float64))
    angles = torch.arange(6, dtype=torch.float64) * (math.pi / 3)
    hexagon = torch.nn.functional.pad(torch.stack([angles.cos(), angles.sin()], -1), (0, d - 2))
    return hexagon if name == "hexagon" else torch.cat([hexagon[::2] + eye[2], hexagon[::2] - eye[2]])
