"""What liegroups offers to symmetron."""

import pluggy

hookimpl = pluggy.HookimplMarker("symmetron")

_PAPER = "arXiv:2310.11366"
_COMPACT = ("continuous", "compact")
_NOT_COMPACT = ("continuous",)
_AFFINE = ("continuous", "affine")
_FINITE = ("finite", "compact")
_GROUPS = (
    ("so", "SO", "Rotations of R^n", _COMPACT),
    ("o", "O", "Rotations and reflections of R^n", _COMPACT),
    ("u", "U", "Unitary matrices, as real ones of twice the size", _COMPACT),
    ("su", "SU", "Unitary matrices of determinant 1, as real ones of twice the size", _COMPACT),
    ("sl", "SL", "Matrices of determinant 1, real or complex", _NOT_COMPACT),
    ("gl", "GL", "Invertible matrices", _NOT_COMPACT),
    ("gl-plus", "GLPlus", "Matrices of positive determinant", _NOT_COMPACT),
    ("sp", "Sp", "Symplectic matrices of even size n", _NOT_COMPACT),
    ("lorentz", "Lorentz", "Matrices that preserve a form of signature (p, q), and orientations", _NOT_COMPACT),
    ("se", "SE", "Rigid motions of R^n", _AFFINE),
    ("e", "E", "Rigid motions and reflections of R^n", _AFFINE),
    ("sim", "Sim", "Similarities of R^n", _AFFINE),
    ("aff", "Aff", "Affine maps of R^n", _AFFINE),
    ("cyclic", "Cyclic", "Rotations of the plane by 2 pi/n", _FINITE),
    ("dihedral", "Dihedral", "Symmetries of a regular n-gon", _FINITE),
    ("symmetric", "Symmetric", "Permutations of n things", _FINITE),
    ("tetrahedral", "Tetrahedral", "Symmetries of the tetrahedron", _FINITE),
    ("octahedral", "Octahedral", "Symmetries of the cube", _FINITE),
    ("icosahedral", "Icosahedral", "Symmetries of the icosahedron", _FINITE),
    ("matrix-group", "MatrixGroup", "The group of given generators", _NOT_COMPACT),
    ("direct-product", "DirectProduct", "Two groups side by side", _NOT_COMPACT),
    ("semidirect-product", "SemidirectProduct", "A linear group with the translations", _AFFINE),
)


@hookimpl
def symmetron_register(registrar):
    """Register the groups, their decompositions, convolution networks with an application, and its data."""
    for name, target, summary, tags in _GROUPS:
        registrar.group(name, f"liegroups:{target}", summary=summary, tags=tags)
    registrar.solver(
        "decompose",
        "liegroups:decompose",
        summary="Factors of a matrix in the polar, KAK, Iwasawa or exponential chart, with the Haar density there",
        units={"coordinates": "1", "log_density": "1", "cut_distance": "rad"},
        outputs={"factors": ("factor", "row", "column"), "coordinates": ("coordinate",)},
        paper=_PAPER,
        tags=("decomposition",),
    )
    registrar.solver(
        "haar-integral",
        "liegroups:integrate",
        summary="Integral over a group with respect to Haar measure, with its standard error",
        stochastic=True,
        paper=_PAPER,
        tags=("integration",),
    )
    _register_convolution(registrar)


def _register_convolution(registrar):
    # An image is a scalar field: its values stay and its pixels move, which a feature word of one array cannot say.
    registrar.model(
        "lie-resnet",
        "liegroups:LieResNet",
        summary="Classifier of images on the plane times SO(2), SL(2) or GL+(2)",
        inputs={"image": "scalar"},
        outputs={"logits": "scalar"},
        equivariance={"group": "$group", "level": "statistical"},
        paper=_PAPER,
        tags=("image",),
    )
    registrar.model(
        "lie-conv",
        "liegroups:LieConv",
        summary="One layer from images to images by way of the plane times SO(2), SL(2) or GL+(2)",
        inputs={"image": "scalar"},
        outputs={"features": "scalar"},
        equivariance={"group": "$group", "level": "statistical"},
        paper=_PAPER,
        tags=("image",),
    )
    registrar.model(
        "plain-cnn",
        "liegroups:PlainCNN",
        summary="Classifier of images by ordinary convolutions, the control of lie-resnet",
        inputs={"image": "scalar"},
        outputs={"logits": "scalar"},
        tags=("image",),
    )
    shares = ("accuracy_affine", "accuracy_upright", "error")
    curve = dict.fromkeys(("loss", "accuracy_validation"), ("step",))
    registrar.solver(
        "affnist",
        "liegroups:affnist",
        summary="Train an image classifier on upright MNIST for some minutes, test it on affinely moved digits",
        units={"budget": "min", "accuracy_validation": "1", **dict.fromkeys(shares, "1")},
        outputs={**curve, **dict.fromkeys((*shares, "parameters", "steps_done", "epochs"), ())},
        stochastic=True,
        backends=("torch",),
        paper=_PAPER,
        tags=("image", "training"),
    )
    licence = "CC BY-SA 3.0 (Y. LeCun and C. Cortes)"
    registrar.dataset(
        "mnist",
        "liegroups:mnist",
        summary="70000 handwritten digits, 28 x 28",
        outputs={"image": ("digit", "row", "column"), "label": ("digit",)},
        licence=licence,
        size="11.6 MB",
        tags=("image",),
    )
    for name, summary, size in (
        ("affnist-like", "MNIST test digits moved by random affine maps, 40 x 40", "2.9 MB"),
        ("homnist-like", "MNIST test digits moved by random homographies, 40 x 40", "1.5 MB"),
    ):
        registrar.dataset(
            name,
            f"liegroups:{name.replace('-', '_')}",
            summary=summary,
            outputs={"image": ("digit", "row", "column"), "label": ("digit",), "matrix": ("digit", "i", "j")},
            licence=licence,
            size=size,
            tags=("image",),
        )
