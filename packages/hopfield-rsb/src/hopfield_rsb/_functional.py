r"""The pressure of any trial order parameters, replica symmetric and with one or two steps of symmetry breaking (JAX).

Points are given in a chart that stays finite at T = 0: m, $q_1 \dots q_k$, $\chi = \beta(1 - q_{k+1})$ and the
breaking points as slopes $\mu_l = \beta x_l$. Everything is $T A = -f$, whose limit T = 0 is an ordinary point.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ._ansatz import RSB
from ._model_base import MeanFieldModel
from ._tilted import Level, fold, fold_tilted, half_line, innermost


@dataclass(frozen=True)
class Functional:
    r"""The functional $T A = -f$ of a model with k steps of replica-symmetry breaking, and its stationarity equations.

    A trial point is the vector $(m, q_1, \dots, q_k, \chi, \mu_1, \dots, \mu_k)$ of length 2 + 2k with
    $\chi = \beta(1 - q_{k+1})$ and $\mu_l = \beta x_l$ (the breaking points $x_l$ are often called $\theta$). All
    methods are pure JAX functions of one point: differentiate them, or map them with `jax.vmap`, within
    ``jax.enable_x64(True)``; in single precision they have no digits to speak of.

    Attributes:
        model: The model.
        ansatz: "RS" or :class:`RSB` of one or two steps.
        outer: Whether $q_1$ may differ from zero; if not, the outermost average is left out.

    Source:
        Replica theory of arXiv:2111.12997 (one step), Parisi's recursion for the second; for models with a
        log-determinant the Gaussian part of A. Crisanti, D. J. Amit, H. Gutfreund, Europhys. Lett. 2, 337 (1986).

    Examples:
        >>> import jax
        >>> from hopfield_rsb import PSpin, RSB
        >>> with jax.enable_x64(True):
        ...     trial = Functional(PSpin(p=3), RSB(1), outer=False)
        ...     ground = -trial.value(jax.numpy.array([0.0, 0.0, 0.3, 1.383563993]), 1.0, 0.0)
        >>> print(f"{ground:.9f}")
        -0.813534964
    """

    model: MeanFieldModel
    ansatz: "str | RSB" = "RS"
    outer: bool = True

    @property
    def k(self) -> int:
        """Number of breaking steps."""
        return steps(self.ansatz)

    def split(self, point):
        """Return m, (q_1, ..., q_k), chi and (mu_1, ..., mu_k) of a point."""
        k = self.k
        return point[0], tuple(point[1 + i] for i in range(k)), point[1 + k], tuple(point[2 + k + i] for i in range(k))

    def value(self, point, alpha, T):
        """Return T A = -f of a trial point."""
        variances = self.variances(point, alpha, T)
        mu = self.split(point)[3]
        averages = self.averages(point, alpha, T)
        spins = averages["log"] / mu[0] if self.k else averages["magnitude"]
        return self._gaussian(point, variances, mu, alpha, T) + spins

    def equations(self, point, alpha, T):
        """Return the residuals of the stationarity equations at a trial point, in the order of its components."""
        mu = self.split(point)[3]
        averages = self.averages(point, alpha, T)
        found = [averages["tanh"], *averages["overlaps"], averages["sech2"]]
        residuals = [value - point[i] for i, value in enumerate(found)]
        if self.k:
            variances = self.variances(point, alpha, T)
            slopes = jax.grad(self._gaussian, argnums=2)(point, variances, mu, alpha, T)
            residuals += [slope + extra for slope, extra in zip(slopes, averages["slopes"], strict=True)]
        return jnp.stack(residuals)

    def replicon(self, point, alpha, T):
        r"""Return the eigenvalue of fluctuations within the innermost clusters: negative is unstable, as at T = 0.

        $1 - \beta^2\xi''(q_{k+1})\langle\mathrm{sech}^4 h\rangle$, and
        $(1-\chi)^2 - \alpha\beta^2\langle\mathrm{sech}^4 h\rangle$ with a log-determinant.
        """
        chi = self.split(point)[2]
        sech4 = self.averages(point, alpha, T)["sech4"]
        if self.model.log_determinant:
            return (1 - chi) ** 2 - alpha * sech4 / T
        return 1 - self.model.xi(1 - T * chi, alpha, order=2) * sech4 / T

    def variances(self, point, alpha, T):
        """Return the variances of the local field's noise up to each level, k + 1 of them."""
        _, q, chi, mu = self.split(point)
        q = (*q, 1 - T * chi)
        if not self.model.log_determinant:
            return tuple(self.model.xi(value, alpha, order=1) for value in q)
        rooms = self._rooms(q, chi, mu)
        found = [q[0] / rooms[0] ** 2]
        for i in range(self.k):
            found.append(found[-1] + (q[i + 1] - q[i]) / (rooms[i] * rooms[i + 1]))
        return tuple(alpha * r for r in found)

    def averages(self, point, alpha, T):
        """Return the averages over the spins' local field that value and equations are made of, as a dict."""
        m, _, _, mu = self.split(point)
        variances = self.variances(point, alpha, T)
        field = jnp.abs(self.model.g(m, 1)) * jnp.ones(())
        widths = [_root(after - before) for before, after in zip((0.0, *variances), variances, strict=False)]
        if self.k == 0:
            level = innermost(field[None], widths[0], jnp.zeros(()), T)
            return {
                "tanh": level.tanh[0], "overlaps": [], "sech2": level.sech2[0], "sech4": level.sech4[0],
                "magnitude": level.magnitude[0],
            }  # fmt: skip
        if self.outer:
            fields, weights = half_line(field, widths[0])
            even, odd = fold(field, widths[0], fields, weights)
        else:
            fields, even, odd = field[None], jnp.ones(1), jnp.ones(1)
        if self.k == 1:
            level = innermost(fields, widths[1], mu[0], T)
            overlaps, slopes = [even @ level.tanh**2], [even @ (level.magnitude / mu[0] - level.log / mu[0] ** 2)]
        else:
            level, second, slopes_at = self._middle(fields, widths[1:], mu, T)
            overlaps = [even @ level.tanh**2, even @ second]
            slopes = [even @ slope for slope in slopes_at]
        return {
            "tanh": odd @ level.tanh, "overlaps": overlaps, "sech2": even @ level.sech2, "sech4": even @ level.sech4,
            "log": even @ level.log, "slopes": slopes,
        }  # fmt: skip

    def _middle(self, fields, widths, mu, T):
        """Return the averages over the middle level, its mean squared magnetisation, and the slopes in mu_1, mu_2."""
        nodes, weights = half_line(fields + mu[0] * widths[0] ** 2, widths[0])
        inner = innermost(nodes.ravel(), widths[1], mu[1], T)
        inner = Level(*(value.reshape(nodes.shape) for value in inner))
        ratio = mu[0] / mu[1]
        log, even, odd = fold_tilted(fields, widths[0], mu[0], ratio * inner.log, nodes, weights)
        mean_log = (even * inner.log).sum(1)
        magnitude = (even * inner.magnitude).sum(1)
        level = Level(
            log, (odd * inner.tanh).sum(1), (even * inner.sech2).sum(1), (even * inner.sech4).sum(1), magnitude
        )
        first = mean_log / (mu[0] * mu[1]) - log / mu[0] ** 2
        second = magnitude / mu[1] - mean_log / mu[1] ** 2
        return level, (even * inner.tanh**2).sum(1), (first, second)

    def _rooms(self, q, chi, mu):
        """Return the factors of the log-determinant, outermost first."""
        rooms = [1 - chi]
        for i in reversed(range(self.k)):
            rooms.insert(0, rooms[0] - mu[i] * (q[i + 1] - q[i]))
        return rooms

    def _gaussian(self, point, variances, mu, alpha, T):
        """Return the part of T A outside the spins' average, at variances that are held when mu is varied."""
        model = self.model
        m, q, chi, _ = self.split(point)
        q = (*q, 1 - T * chi)
        total = model.g(m) - m * model.g(m, 1)
        if not model.log_determinant:
            total += T * chi**2 / 2 * alpha * _second_difference(model, q[-1])
            for i in range(self.k):
                total -= mu[i] / 2 * alpha * (_onsager(model, q[i + 1]) - _onsager(model, q[i]))
            return total
        rooms = self._rooms(q, chi, mu)
        inside = T * jnp.log(rooms[-1]) - q[0] / rooms[0]
        outside = chi * variances[-1]
        for i in range(self.k):
            inside += jnp.log(rooms[i] / rooms[i + 1]) / mu[i]
            outside += mu[i] * (variances[i + 1] * q[i + 1] - variances[i] * q[i])
        return total - alpha / 2 * inside - outside / 2 - alpha * model.offset


def steps(ansatz) -> int:
    """Return the number of breaking steps of an ansatz."""
    return ansatz.k if isinstance(ansatz, RSB) else 0


def _root(variance):
    """Return the square root with a zero derivative at and below zero, where there is no noise."""
    positive = variance > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, variance, 1.0)), 0.0)


def _onsager(model, q):
    r"""Return $q\xi'(q) - \xi(q)$ per unit load."""
    return q * model.xi(q, order=1) - model.xi(q)


def _second_difference(model, q):
    r"""Return $[\xi(1)-\xi(q)-(1-q)\xi'(q)]/(1-q)^2$ per unit load, a polynomial in q."""
    tails = np.cumsum(model.noise[::-1])[::-1]
    value = 0.0 * q
    for coefficient in (np.arange(1, len(tails) - 1) * tails[2:])[::-1]:
        value = value * q + coefficient
    return value
