r"""Guerra's interpolation and the transport equation: the pressure between a model and a field solved by hand (JAX).

$t$ multiplies the couplings, $w$ is a field, and $x_1, \dots, x_{k+1}$ are variances of Gaussian fields of one level
each. At
given order parameters the pressure is

$$ A(t, w, x) = t\,\Big\{\beta[g - M g'] + \tfrac{\beta^2}2[\xi(1) - \xi(Q_{k+1}) - (1-Q_{k+1})\xi'(Q_{k+1})]
   - \tfrac{\beta^2}{2}\sum_l\theta_l[\Lambda(Q_{l+1})-\Lambda(Q_l)]\Big\} + \text{average of}\, \ln 2\cosh h, $$

with the field $w + t g'(M)$ and variances $x_l + t[\xi'(Q_l)-\xi'(Q_{l-1})]$ in h. Guerra's path is
$w = (1-t)g'(M)$, $x_l = (1-t)[\xi'(Q_l)-\xi'(Q_{l-1})]$: along it the average does not move, and A grows at a
constant rate. Read as a
function of (t, w, x) with order parameters that solve the equations everywhere, A obeys

$$ \partial_t A - g'(M)\,\partial_w A - \sum_l [\xi'(Q_l)-\xi'(Q_{l-1})]\,\partial_{x_l} A = \{\dots\}, $$

whose characteristics are those straight paths: the two proofs are one.
"""

from collections.abc import Sequence
from typing import Any

from ._ansatz import RSB
from ._functional import Functional
from ._model_base import MeanFieldModel


def interpolated_pressure(
    model: MeanFieldModel,
    ansatz: str | RSB,
    point: Any,
    *,
    alpha: float = 1.0,
    T: float,
    t: Any = 1.0,
    w: Any = 0.0,
    x: Sequence = (),
):
    r"""Return the pressure $A(t, w, x)$ of trial order parameters, a JAX function of everything in it.

    Args:
        model: A model with Gaussian noise: anything but P = 2 with its log-determinant.
        ansatz: "RS" or `RSB(1)`.
        point: Trial order parameters as in :class:`Functional`: M, Q_1, ..., chi, mu_1, ...
        alpha: Load in the model's unit.
        T: Temperature, positive.
        t: Weight of the couplings: 0 leaves a field, 1 is the model.
        w: Additional field.
        x: Additional variances of the field's noise, one a level; none if empty.

    Raises:
        ValueError: The model has a log-determinant, the ansatz two steps, T is not positive, or x has a wrong length.

    Source:
        F. Guerra, Commun. Math. Phys. 233, 1 (2003); for the transport equation arXiv:2111.12997.

    Examples:
        >>> import jax
        >>> from hopfield_rsb import DenseHopfield
        >>> with jax.enable_x64(True):
        ...     print(round(float(interpolated_pressure(DenseHopfield(P=4), "RS", [0.9, 0.8, 0.5], T=0.4, t=0.0)), 12))
        0.69314718056
    """
    import jax.numpy as jnp

    from ._tilted import fold, half_line, innermost

    trial = Functional(model, ansatz)
    k = trial.k
    if model.log_determinant:
        raise ValueError("model must have Gaussian noise, got one with a log-determinant")
    if k > 1:
        raise ValueError(f"ansatz must be 'RS' or RSB(1), got {ansatz!r}")
    if len(x) not in (0, k + 1):
        raise ValueError(f"x must have {k + 1} entries or none, got {len(x)}")
    if isinstance(T, float | int) and not T > 0:
        raise ValueError(f"T must be positive, got {T!r}")
    point = jnp.asarray(point)
    m, _, _, mu = trial.split(point)
    variances = trial.variances(point, alpha, T)
    levels = [after - before for before, after in zip((0.0, *variances), variances, strict=False)]
    extra = tuple(x) or (0.0,) * (k + 1)
    widths = [_root(added + t * level) for added, level in zip(extra, levels, strict=True)]
    field = jnp.abs(w + t * model.g(m, 1)) * jnp.ones(())
    couplings = trial.value(point, alpha, T) - _spins(trial, point, alpha, T)
    if k == 0:
        return (t * couplings + innermost(field[None], widths[0], jnp.zeros(()), T).magnitude[0]) / T
    fields, weights = half_line(field, widths[0])
    even, _ = fold(field, widths[0], fields, weights)
    level = innermost(fields, widths[1], mu[0], T)
    return (t * couplings + even @ level.log / mu[0]) / T


def _spins(trial, point, alpha, T):
    averages = trial.averages(point, alpha, T)
    return averages["log"] / trial.split(point)[3][0] if trial.k else averages["magnitude"]


def _root(variance):
    """Return the square root with a zero derivative where there is no noise."""
    import jax.numpy as jnp

    positive = variance > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, variance, 1.0)), 0.0)
