"""What hopfield-rsb offers to symmetron."""

import pluggy

hookimpl = pluggy.HookimplMarker("symmetron")

PAPER = "arXiv:2111.12997"
# Energies are per spin, in units of twice the energy of a condensed pattern (J).
STATE = {"alpha": "1", "T": "J", "m": "1", "q": "1"}
UNITS = {**STATE, "residual": "1"}
BROKEN = {"q1": "1", "q2": "1", "q3": "1", "x1": "1", "x2": "1"}  # x is in units of 1/J at T = 0
LEVELS = {"q1": "1", "q2": "1", "mu1": "1/J", "mu2": "1/J", "replicon": "1"}
POINTS = ("line", "ansatz", "state", "alpha", "T", "m", "q", "residual")

_OBSERVABLES = {"u": "J", "m": "1", "q": "1", "specific_heat": "1"}
MEASURED = {f"{name}{end}": unit for name, unit in _OBSERVABLES.items() for end in ("", "_error")}
LADDER = {f"ladder_{name}": unit for name, unit in MEASURED.items()} | {"exchange_rate": "1"}
DRAWN = {f"draw_{name}": unit for name, unit in MEASURED.items()} | {"draw_pattern_u": "J"}
RUN = {
    "temperature": "J", "ladder": "J", "overlap": "1", "overlap_probability": "1", "overlap_error": "1", "draw": "1",
    "acceptance": "1", "tau": "sweep", "drift": "1",
}  # fmt: skip


@hookimpl
def symmetron_register(registrar):
    """Register the models, the solvers of their states, and what is exact or simulated at finite N."""
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
    for name, target, summary, tags in (
        ("hopfield", "Hopfield", "Hopfield's network with its log-determinant", ("spin-glass", "associative-memory")),
        ("pspin", "PSpin", "Pure Ising p-spin glass", ("spin-glass",)),
        ("mixed-pspin", "MixedPSpin", "Mixed Ising p-spin glass", ("spin-glass",)),
        ("sk", "SK", "Sherrington-Kirkpatrick model in a field", ("spin-glass",)),
    ):
        registrar.model(
            name,
            f"hopfield_rsb:{target}",
            summary=summary,
            family="physics",
            backends=("numpy",),
            devices=("cpu",),
            dtypes=("float64",),
            tags=tags,
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
        "rsb",
        "hopfield_rsb:rsb",
        summary="State with one or two steps of replica-symmetry breaking, breaking points optimised; exact at T = 0",
        units={**UNITS, **BROKEN, "chi": "1/J", "A": "1", "f": "J", "u": "J", "s": "1", "replicon": "1"},
        batch=("alpha", "T"),
        backends=("jax",),
        plot="hopfield_rsb:plot_phase_diagram",
        paper=PAPER,
        tags=("replica-symmetry-breaking",),
    )
    registrar.solver(
        "capacity",
        "hopfield_rsb:capacity",
        summary="Largest load with a retrieval state: replica symmetric, with one or two steps of breaking",
        units={**UNITS, **LEVELS, "chi": "1/J"},
        paper=PAPER,
        tags=("replica-symmetric", "replica-symmetry-breaking"),
    )
    registrar.solver(
        "phase-diagram",
        "hopfield_rsb:phase_diagram_table",
        summary="Every line of the phase diagram, traced by its own condition: spinodals, transitions, instabilities",
        units={**UNITS, "largest": "1"},
        outputs=dict.fromkeys(POINTS, ("point",)),
        plot="hopfield_rsb:plot_lines",
        paper=PAPER,
        tags=("replica-symmetric", "replica-symmetry-breaking"),
    )
    registrar.solver(
        "glassiness",
        "hopfield_rsb:glassiness",
        summary="Pressure of a state as that of hard spins plus that of soft hidden units",
        units={**STATE, "A": "1", "hard": "1", "soft": "1", "excess": "1", "size": "1"},
        batch=("alpha", "T"),
        plot="hopfield_rsb:plot_parts",
        paper=PAPER,
        tags=("replica-symmetric",),
    )
    registrar.solver(
        "monte-carlo",
        "hopfield_rsb:monte_carlo",
        summary="Simulation of literal patterns: energy, overlaps, P(q) with errors; parallel tempering, checkpoints",
        units={**STATE, **MEASURED, **LADDER, **DRAWN, **RUN, "budget": "min"},
        outputs={
            "overlap_probability": ("overlap",),
            "overlap_error": ("overlap",),
            **dict.fromkeys(LADDER, ("temperature",)),
            **dict.fromkeys(DRAWN, ("draw",)),
        },
        stochastic=True,
        backends=("numba",),
        plot="hopfield_rsb:plot_finite",
        paper=PAPER,
        tags=("finite-size",),
    )
    registrar.solver(
        "enumerate",
        "hopfield_rsb:enumeration",
        summary="Exact thermodynamics and P(q) of one draw of up to 22 spins, from all states",
        units={
            **STATE,
            "A": "1",
            "f": "J",
            "u": "J",
            "s": "1",
            "lnZ": "1",
            "specific_heat": "1",
            "overlap": "1",
            "overlap_probability": "1",
            "ground_energy": "J",
            "ground_states": "1",
        },
        # not stochastic: a sweep over T is of one network, and seeds may be swept to get several
        outputs={"overlap_probability": ("overlap",)},
        plot="hopfield_rsb:plot_finite",
        paper=PAPER,
        tags=("finite-size",),
    )
