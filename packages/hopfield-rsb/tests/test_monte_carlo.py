"""The simulation against the list of all states, and what a long run promises: seeds, checkpoints, budgets, refusals."""

import math

import numpy as np
import pytest

from hopfield_rsb import DenseHopfield, Hopfield, enumerate_exact, geometric_ladder, monte_carlo, random_patterns

pytest.importorskip("numba", reason="the simulation is compiled by the extra mc")

from hopfield_rsb import _monte_carlo_run

TEMPERATURES = [0.25, 0.5, 1.0]
POWER = DenseHopfield(P=4, kernel="power")


@pytest.mark.parametrize("kernel", ["distinct", "power"])
def test_ten_networks_within_four_standard_errors_of_all_states(kernel):
    pulls = {"u": [], "m": [], "q": []}
    for instance in range(10):
        N, K = 10 + instance % 5, 4 + round(16 * instance / 9)
        network = {"model": DenseHopfield(P=4, kernel=kernel), "N": N, "K": K, "seed": 100 + instance}
        update = "heat-bath" if instance % 2 else "metropolis"
        exact = enumerate_exact(T=np.array(TEMPERATURES), **network)
        found = monte_carlo(T=0.25, ladder=TEMPERATURES, sweeps=6000, start="random", update=update, **network)
        for name, values in pulls.items():
            values.extend((found[f"ladder_{name}"] - exact[name]) / found[f"ladder_{name}_error"])
        assert found["specific_heat"] == pytest.approx(exact["specific_heat"][0], abs=4 * found["specific_heat_error"])
        gap = np.abs(found["overlap_probability"] - exact["overlap_probability"][0])
        assert (gap <= 4 * found["overlap_error"] + 1e-3).all()
        assert found["converged"] and found["overlap_probability"].sum() == pytest.approx(1)
    for name, values in pulls.items():
        assert np.abs(values).max() < 4, name
    assert 0.7 < np.sqrt(np.mean(np.square([pulls["u"], pulls["m"]]))) < 1.3  # the errors are neither small nor large


@pytest.mark.parametrize("P, T", [(3, 0.4), (2, 0.6)])
def test_odd_and_pairwise_networks_too(P, T):
    network = {"model": Hopfield() if P == 2 else DenseHopfield(P=P, kernel="distinct"), "N": 11, "K": 4, "seed": 5}
    exact, found = enumerate_exact(T=T, **network), monte_carlo(T=T, ladder=[0.8, 1.2], sweeps=4000, **network)
    for name in ("u", "m", "q"):
        assert found[name] == pytest.approx(exact[name], abs=4 * found[f"{name}_error"])


def small(**changes):
    arguments = {"model": POWER, "N": 12, "K": 30, "T": 0.5, "ladder": [0.8], "sweeps": 700, "draws": 2, "seed": 3}
    return monte_carlo(**(arguments | changes))


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def test_a_seed_gives_the_same_run_and_another_one_does_not():
    assert_same(small(), small())
    assert small(seed=4)["u"] != small()["u"]


@pytest.mark.parametrize("stop", [1, 8, 30, 45, 46, 80])
def test_an_interrupted_run_goes_on_to_the_same_numbers(stop, tmp_path, monkeypatch):
    monkeypatch.setattr(_monte_carlo_run, "_SAVE_EVERY", 0.0)
    monkeypatch.setattr(_monte_carlo_run, "_REPORT_EVERY", 0.0)
    calls = []

    def interrupt(done, total, text):
        calls.append((done, total))
        if len(calls) == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small(checkpoint=tmp_path, progress=interrupt, sweeps=37)
    seen = []
    assert_same(small(checkpoint=tmp_path, progress=lambda *call: seen.append(call), sweeps=37), small(sweeps=37))
    assert seen[0][0] >= calls[-1][0] and seen[-1][0] == seen[-1][1] == calls[0][1] == 2 * (37 + 7)
    assert "draw 2 of 2" in seen[-1][2] and [path.name for path in tmp_path.iterdir()] == ["chains.npz"]


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    small(checkpoint=tmp_path, sweeps=20)
    with pytest.raises(ValueError, match="other values of T, temperatures"):
        small(checkpoint=tmp_path, sweeps=20, T=0.6)
    with pytest.raises(ValueError, match="other values of sweeps"):
        small(checkpoint=tmp_path, sweeps=30, burn_in=4)


def test_a_budget_ends_the_run_and_says_so():
    found = small(budget=1e-9, sweeps=10**5, draws=50)
    assert found["draws_done"] == 1 and found["sweeps_done"] < 1000 and not found["converged"]
    assert np.isfinite([found["u"], found["m"], found["q"]]).all()


def test_draws_are_those_of_the_enumeration_and_of_given_patterns():
    patterns = random_patterns(N=12, K=30, seed=3)
    assert_same(small(draws=1), small(draws=1, K=None, patterns=patterns))
    one, two = small(draws=1), small()
    assert one["draw_u"][0] == two["draw_u"][0] != two["draw_u"][1]
    assert two["u"] == pytest.approx(two["draw_u"].mean(), rel=1e-14)
    assert two["u_error"] == pytest.approx(abs(np.diff(two["draw_u"])[0]) / 2, rel=1e-12)
    first = enumerate_exact(model=POWER, N=12, T=1.0, patterns=patterns, energies=True)
    index = int((patterns[0] > 0) @ (1 << np.arange(12)))
    assert one["draw_pattern_u"][0] == pytest.approx(first["energies"][index], rel=1e-14)


def test_a_cold_start_on_the_pattern_stays_and_one_apart_does_not_converge():
    cold = monte_carlo(model=POWER, N=40, K=100, T=0.02, sweeps=300)
    assert cold["m"] > 0.97 and cold["q"] > 0.95 and cold["acceptance"] < 0.02
    apart = monte_carlo(model=POWER, N=40, K=400, T=0.1, sweeps=300, start="random", seed=1)
    assert not apart["converged"] and apart["tau"] > 6


def test_no_patterns_are_free_spins():
    found = monte_carlo(model=POWER, N=10, K=0, T=1.0, sweeps=500, start="random")
    assert found["u"] == found["u_error"] == found["m"] == 0
    mean = sum(abs(2 * a - 10) * math.comb(10, a) for a in range(11)) / 2**10 / 10
    assert found["q"] == pytest.approx(mean, abs=4 * found["q_error"])


def test_one_sweep_and_zero_temperature_give_numbers():
    found = monte_carlo(model=POWER, N=10, K=5, T=0.0, sweeps=1, burn_in=0, replicas=2, start="random")
    assert found["specific_heat"] == 0 and not found["converged"]
    values = [found[name] for name in ("u", "m", "q", "tau", "drift", "acceptance", "u_error", "m_error")]
    assert np.isfinite(values).all()


def test_ladders():
    np.testing.assert_allclose(geometric_ladder(lowest=0.1, highest=0.8, count=4), [0.1, 0.2, 0.4, 0.8])
    found = small(ladder=[0.8, 0.3, 0.8])
    assert found["temperature"].tolist() == [0.3, 0.5, 0.8]
    assert (found["exchange_rate"][:2] > 0.1).all() and found["exchange_rate"][2] == 0
    assert (np.diff(found["ladder_u"]) > 0).all() and found["u"] == found["ladder_u"][1]


@pytest.mark.parametrize("sweeps, burn_in", [(1, 0), (1, 1), (3, 0), (6, 3)])
def test_exchanges_of_any_number_of_sweeps_are_counted_by_attempts(sweeps, burn_in):
    # Without patterns every energy is 0 and every exchange that is tried happens.
    found = monte_carlo(
        model=POWER, N=6, K=0, T=0.5, ladder=[0.7, 0.9], sweeps=sweeps, burn_in=burn_in, draws=3, start="random"
    )
    tried = [sum((burn_in + t) % 2 == low for t in range(sweeps)) > 0 for low in range(2)]
    assert found["exchange_rate"].tolist() == [*map(float, tried), 0.0]


@pytest.mark.parametrize(
    "wrong, error, word",
    [
        ({"T": -0.1}, ValueError, "T must be finite"),
        ({"T": math.nan}, ValueError, "T must be finite"),
        ({"T": [0.1]}, TypeError, "T must be a number"),
        ({"ladder": [0.0]}, ValueError, "ladder must hold positive"),
        ({"ladder": "hot"}, TypeError, "ladder must be a list"),
        ({"T": 0.0, "ladder": [0.1]}, ValueError, "T must be positive where"),
        ({"N": 3}, ValueError, "N must be between 4 and 30000"),
        ({"N": 40000}, ValueError, "N must be between"),
        ({"K": 2.5}, TypeError, "K must be an integer"),
        ({"K": 0}, ValueError, "start is 'pattern'"),
        ({"alpha": 0.3}, ValueError, "give one of"),
        ({"replicas": 1}, ValueError, "replicas must be at least 2"),
        ({"sweeps": 0}, ValueError, "sweeps must be at least 1"),
        ({"burn_in": -1}, ValueError, "burn_in must be at least 0"),
        ({"draws": 0}, ValueError, "draws must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": 1.5}, TypeError, "seed must be an integer"),
        ({"update": "glauber"}, ValueError, "update must be one of 'metropolis', 'heat-bath', got 'glauber'"),
        ({"start": "warm"}, ValueError, "start must be one of"),
        ({"budget": 0.0}, ValueError, "budget must be"),
        ({"K": None, "patterns": np.ones((2, 8)), "draws": 2}, ValueError, "draws must be 1"),
        ({"K": None, "patterns": np.zeros((2, 8))}, ValueError, "made of -1 and 1"),
        ({"model": DenseHopfield(P=4)}, ValueError, "kernel 'gaussian'"),
        ({"model": "power"}, TypeError, "model must be a network"),
    ],
)
def test_wrong_input_is_refused(wrong, error, word):
    right = {"model": POWER, "N": 8, "K": 3, "T": 1.0, "sweeps": 5}
    with pytest.raises(error, match=word):
        monte_carlo(**(right | wrong))
    with pytest.raises(ValueError, match="lowest and highest"):
        geometric_ladder(lowest=0.0, highest=1.0, count=3)
