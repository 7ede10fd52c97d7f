"""What hopfield-rsb offers to symmetron."""

import pluggy

hookimpl = pluggy.HookimplMarker("symmetron")

PAPER = "arXiv:2111.12997"
# Energies are per spin, in units of twice the energy of a condensed pattern (J).
UNITS = {"alpha": "1", "T": "J", "m": "1", "q": "1", "residual": "1"}


@hookimpl
def symmetron_register(registrar):
    """Register the dense network and its replica-symmetric solvers."""
    registrar.model(
        "dense-hopfield",
        "hopfield_rsb:DenseHopfield",
        summary="Dense Hebbian network of P-body couplings: kernel, load unit, signal and noise",
        family="physics",
        backends=("numpy",),
        devices=("cpu",),
        dtypes=("float64",),
        paper=PAPER,
        tags=("spin-glass", "associative-memory"),
    )
    registrar.solver(
        "rs",
        "hopfield_rsb:rs",
        summary="Replica-symmetric state: order parameters, free energy, entropy, replicon; exact at T = 0",
        units={**UNITS, "r": "1", "A": "1", "f": "J", "u": "J", "s": "1", "replicon": "1"},
        batch=("alpha", "T"),
        plot="hopfield_rsb:plot_phase_diagram",
        paper=PAPER,
        tags=("replica-symmetric",),
    )
    registrar.solver(
        "capacity",
        "hopfield_rsb:capacity",
        summary="Largest load with a retrieval state in the replica-symmetric theory",
        units={**UNITS, "chi": "1/J"},
        paper=PAPER,
        tags=("replica-symmetric",),
    )
