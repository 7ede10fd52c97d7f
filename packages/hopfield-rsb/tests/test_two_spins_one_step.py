"""The one-step retrieval state of two-spin couplings next to its end, against the equations in 30 digits.

The values below were computed once from the equations of Crisanti, Amit, Gutfreund (1986) at T = 0, written down by hand
and integrated by Gauss-Legendre rules on 72 panels with 24 nodes in 32 digits; `test_residual_in_high_precision` does
the integral again.
"""

import mpmath
import numpy as np
import pytest

from hopfield_rsb import RSB, DenseHopfield, Hopfield, capacity, solve

# alpha: m, q_1, chi, mu
STATE = {
    "alpha": "0.13818648",
    "m": "0.9668072912894340971828",
    "q": "0.9964933966277829085233",
    "chi": "0.05285800300744933891568",
    "mu": "36.81832167410960037093",
}
END = 0.13818648956487483  # maximum of the polynomial through five loads at fixed m


def residuals(alpha, m, q, chi, mu, nodes=24):
    """Return the four equations at T = 0: m, q_1, chi and the derivative of the pressure by mu."""
    inside = 1 - chi
    outside = inside - mu * (1 - q)
    r1, jump = q / outside**2, (1 - q) / (outside * inside)
    b, width = mpmath.sqrt(alpha * jump), mpmath.sqrt(alpha * r1)
    # the zeros of the inner average are pi/(2 mu) off the axis where the field vanishes, at z = -m / width = -2.1
    cuts = [*np.arange(-12, -4, 0.5), *np.arange(-4, 0, 0.1), *np.arange(0, 12.5, 0.5)]
    x, w = zip(*legendre(nodes), strict=True)
    total = [mpmath.mpf(0)] * 4
    for low, high in zip(map(mpmath.mpf, cuts[:-1]), map(mpmath.mpf, cuts[1:]), strict=True):
        for at, weight in zip(x, w, strict=True):
            z = (low + high) / 2 + (high - low) / 2 * at
            a = m + width * z
            up = mpmath.exp(mu * a) * mpmath.ncdf(a / b + mu * b)
            down = mpmath.exp(-mu * a) * mpmath.ncdf(mu * b - a / b)
            mass = up + down
            sign = (up - down) / mass
            edge = mpmath.npdf(a / b) / b * mpmath.exp(-((mu * b) ** 2) / 2) / mass
            size = (up * (a + mu * b * b) + down * (mu * b * b - a)) / mass + 2 * b * b * edge
            log = (mu * b) ** 2 / 2 + mpmath.log(mass)
            share = weight * (high - low) / 2 * mpmath.npdf(z)
            parts = (sign, sign**2, 2 * edge, size / mu - log / mu**2)
            total = [old + share * part for old, part in zip(total, parts, strict=True)]
    held = -mpmath.log(outside / inside) / mu**2 - (1 - q) / (mu * outside) - q * (1 - q) / outside**2
    return [
        total[0] - m,
        total[1] - q,
        total[2] - chi,
        total[3] - alpha / 2 * (held + jump + r1 - r1 * q),
    ]


def legendre(count):
    """Return nodes and weights on [-1, 1]: double precision, improved by Newton's iteration."""
    found = []
    for x in map(mpmath.mpf, np.polynomial.legendre.leggauss(count)[0]):
        for _ in range(3):
            before, here = mpmath.mpf(1), x
            for k in range(2, count + 1):
                before, here = here, ((2 * k - 1) * x * here - (k - 1) * before) / k
            slope = count * (x * here - before) / (x * x - 1)
            x -= here / slope
        found.append((x, 2 / ((1 - x * x) * slope**2)))
    return found


@pytest.mark.slow
def test_residual_in_high_precision():
    """A state exists at a load above .138186465: the end of the branch is not below it."""
    with mpmath.workdps(30):
        assert max(map(abs, residuals(*map(mpmath.mpf, STATE.values())))) < 1e-18


def test_state_next_to_the_end():
    state = solve(Hopfield(), float(STATE["alpha"]), 0.0, RSB(1))
    found = {"m": state.m, "q": state.q[0], "chi": state.chi, "mu": state.x[0]}
    assert state.branch == "retrieval" and state.ansatz == "1RSB"
    # At 7e-8 of the load from the end m changes by 1.7e3 a unit of load (from the 32-digit values at fixed m), mu by 2e6:
    # float64 knows the load of a state to 1e-12.
    slopes = {"m": 1.7e3, "q": 1.7e3, "chi": 3e3, "mu": 2e6}
    for name, value in found.items():
        assert float(value) == pytest.approx(float(STATE[name]), rel=0, abs=2e-12 * slopes[name]), name


def test_the_branch_ends_where_the_capacity_says():
    end = capacity(model=Hopfield(), ansatz="1RSB")["alpha"]
    assert end == pytest.approx(END, abs=1e-12)
    loads = end * (1 - np.array([1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10, -1e-10, -1e-8, -1e-4, -1e-2]))
    states = solve(DenseHopfield(P=2), loads, 0.0, RSB(1))
    assert states.ansatz[:8].tolist() == ["1RSB"] * 8 and (np.diff(states.m[:8]) < 0).all()
    assert states.branch[8:].tolist() == ["none"] * 4 and (states.residual[:8] <= 1e-11).all()
