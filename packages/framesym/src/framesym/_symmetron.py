"""What framesym offers to symmetron."""

import pluggy

hookimpl = pluggy.HookimplMarker("symmetron")


@hookimpl
def symmetron_register(registrar):
    """Register the frame-averaging wrapper and a network to wrap."""
    registrar.model(
        "average",
        "framesym:average",
        summary="Any network, made exactly equivariant by averaging over frames of its input",
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
    _register_graphs(registrar)
    _register_applications(registrar)


_PAPER = "arXiv:2110.03336"
_MOTION = {"inputs": {"x": "point", "v": "vector", "charges": "invariant"}, "outputs": {"place": "point"}}
_FIELD = {"inputs": {"x": "point"}, "outputs": {"normal": "vector"}}
_EXACT = {"equivariance": {"group": "$group", "level": "exact"}}
_ORDER = ("permutation-equivariant",)


def _register_graphs(registrar):
    # Matrices of pairs of nodes have no feature word of a matrix group: the words of these networks are their own.
    registrar.model(
        "fa-mlp",
        "framesym:FAMLP",
        summary="Perceptron on the adjacency matrix of a graph, invariant to relabelling by canonical orders",
        outputs={"y": "scalar"},
        paper=_PAPER,
        tags=("graph", "permutation-invariant"),
    )
    registrar.model(
        "fa-gin-id",
        "framesym:FAGINID",
        summary="Graph isomorphism network with node identifiers, invariant to relabelling by canonical orders",
        outputs={"y": "scalar"},
        paper=_PAPER,
        tags=("graph", "permutation-invariant"),
    )
    registrar.solver(
        "separate-graphs",
        "framesym:separate_graphs",
        summary="Count the pairs of graphs that an untrained network does not tell apart, and check its invariance",
        units={"budget": "min"},
        outputs=dict.fromkeys(("pairs", "undistinguished", "invariance_error", "initialisations_done", "complete"), ()),
        stochastic=True,
        backends=("torch",),
        paper=_PAPER,
        tags=("graph",),
    )
    shares = ("accuracy", "accuracy_relabelled")
    curve = dict.fromkeys(("loss", "loss_validation"), ("epoch",))
    registrar.solver(
        "classify-graphs",
        "framesym:classify_graphs",
        summary="Train a network to tell the graphs of satisfiable formulas of EXP, test it on relabelled ones",
        units={"budget": "min", **dict.fromkeys(shares, "1")},
        outputs={**curve, **dict.fromkeys((*shares, "invariance_error", "epochs_done", "complete"), ())},
        stochastic=True,
        backends=("torch",),
        paper=_PAPER,
        tags=("graph", "training"),
    )
    graph = {"adjacency": ("graph", "node", "neighbour"), "size": ("graph",)}
    label, feature = {"label": ("graph",)}, {"feature": ("graph", "node")}
    public, gpl = "public combinatorial data (B. McKay)", "GPL-3.0 (ralphabb/GNN-RNI); not distributed"
    for name, target, summary, more, licence, size in (
        ("graph8c", "graph8c", "All 11117 connected graphs on 8 nodes", {}, public, "78 kB"),
        ("sr25", "sr25", "The 15 strongly regular graphs (25, 12, 5, 6)", {}, public, "0.8 kB"),
        (
            "exp",
            "exp_graphs",
            "600 pairs of graphs, equal for the 1-WL test",
            label | feature,
            gpl,
            "0.6 MB",
        ),
        ("cexp", "cexp_graphs", "As exp, half of the pairs told by the 1-WL test", label | feature, gpl, "0.7 MB"),
        ("brec", "brec", "400 pairs of graphs in seven categories", {"category": ("graph",)}, "MIT", "0.2 MB"),
        ("csl", "csl", "Circular skip links of 41 nodes, ten kinds, generated", label, "Apache-2.0", "0.3 MB"),
    ):
        registrar.dataset(
            name,
            f"framesym:{target}",
            summary=summary,
            outputs=graph | more,
            licence=licence,
            size=size,
            tags=("graph",),
        )


def _register_applications(registrar):
    """Register the networks, data and training of the n-body and surface experiments, and the report."""
    for name, target, summary, words, level in (
        ("gnn", "GNN", "Motion of points by message passing on coordinates as they are", _MOTION, {}),
        ("fa-gnn", "FAGNN", "Motion of points by message passing with a frame in every layer", _MOTION, _EXACT),
        ("pointnet", "PointNet", "Unit vectors on a point set by PointNet", _FIELD, {}),
        ("fa-pointnet", "FAPointNet", "Unit vectors on a point set by PointNet in its frames", _FIELD, _EXACT),
        ("fa-local-pointnet", "FALocalPointNet", "Unit vectors on a point set from frames of patches", _FIELD, _EXACT),
        ("dgcnn", "DGCNN", "Unit vectors on a point set by convolution on dynamic graphs", _FIELD, {}),
        ("fa-dgcnn", "FADGCNN", "Unit vectors on a point set by DGCNN in its frames", _FIELD, _EXACT),
    ):
        registrar.model(name, f"framesym:{target}", summary=summary, **words, **level, paper=_PAPER, tags=_ORDER)
    registrar.model(
        "egnn",
        "framesym:EGNN",
        summary="Motion of points by an E(n)-equivariant graph network, the control of fa-gnn",
        **_MOTION,
        equivariance={"group": "liegroups/e", "level": "exact"},
        paper="arXiv:2102.09844",
        tags=_ORDER,
    )
    curve = dict.fromkeys(("loss", "validation"), ("step",))
    moved = ("mse_test", "mse_validation", "mse_still", "mse_straight", "equivariance_float32", "equivariance_float64")
    registrar.solver(
        "nbody",
        "framesym:train_nbody",
        summary="Train a network for some minutes to predict the motion of charged particles, and test it",
        units={"budget": "min"},
        outputs={**curve, **dict.fromkeys((*moved, "parameters", "steps_done", "epochs"), ())},
        stochastic=True,
        backends=("torch",),
        paper=_PAPER,
        tags=("training",),
    )
    losses = ("loss_upright", "loss_turned", "lost", "moved", "loss_validation", "equivariance_float32")
    registrar.solver(
        "normals",
        "framesym:train_normals",
        summary="Train a network for some minutes on normals of upright surfaces, and test it on turned ones",
        units={"budget": "min", "turned_by": "degree"},
        outputs={
            **curve,
            **dict.fromkeys(("mesh_upright", "mesh_turned"), ("mesh",)),
            **dict.fromkeys((*losses, "turned_by", "parameters", "steps_done"), ()),
        },
        stochastic=True,
        backends=("torch",),
        paper=_PAPER,
        tags=("training",),
    )
    errors = ("error_rms", "error_max", "error_rms_float32", "error_max_float32", "gradient_error")
    items = ("frame_size", "gap", "rank", "degenerate", "stabiliser_order")
    registrar.solver(
        "equivariance-report",
        "framesym:equivariance_report",
        summary="How equivariant a network is on a chosen point set, with its frames, their gaps and its derivatives",
        outputs={**dict.fromkeys(items, ("item",)), **dict.fromkeys((*errors, "verdict", "finite"), ())},
        stochastic=True,
        backends=("torch",),
        paper=_PAPER,
        tags=("equivariance",),
    )
    registrar.dataset(
        "charged-particles",
        "framesym:nbody",
        summary="Five charged particles in space at two times, 7000 trajectories",
        outputs={
            **dict.fromkeys(("x", "v", "target"), ("trajectory", "particle", "axis")),
            "charges": ("trajectory", "particle"),
        },
        licence="generated by a seeded recipe",
        size="1.2 MB",
    )
    registrar.dataset(
        "surface-normals",
        "framesym:surface_normals",
        summary="4096 points with normals on each of twelve well-known meshes",
        outputs={"name": ("mesh",), **dict.fromkeys(("points", "normals"), ("mesh", "point", "axis"))},
        licence="terms of the single models vary (alecjacobson/common-3d-test-models)",
        size="0.8 MB",
    )
