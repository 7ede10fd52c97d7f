"""Starting points of broken states."""

import numpy as np

# Slopes mu of the breaking point to try, times the width of the local field's noise.
_RETRIEVAL = (2.0, 1.0, 4.0, 10.0, 40.0, 0.5)
_LOG_DETERMINANT = (20.0, 10.0, 14.0, 40.0, 100.0, 4.0)  # that glass is all but symmetric: q_1 is close to 1
_CONTINUOUS = ((1.2, 0.4), (1.1, 0.7), (0.5, 0.3), (2.0, 0.9), (5.0, 0.95))  # and shares of the overlap q
_DISCONTINUOUS = (1.1, 0.4, 2.0)
_ROOMS = (0.5, 0.3, 0.8)  # 1 - q_2 in units of T/3, next to the transition
_CRITICAL = 0.2  # symmetric overlap below which the transition is near
_ALMOST = 0.97  # of the largest slope, where theta = 1


def one_step(model, alpha, T, m, q, chi, *, ordered: bool, outer: bool) -> np.ndarray:
    """Return starting points (n, s, 4) of one-step states from replica-symmetric guesses m, q, chi of shape (n,)."""
    width = np.sqrt(alpha * (1.0 if model.log_determinant else model.xi(1.0, order=1)))
    cold = np.maximum(T, 1e-300)
    most = _ALMOST / cold
    if model.retrieves and ordered:
        slopes, share = (_LOG_DETERMINANT, 0.998) if model.log_determinant else (_RETRIEVAL, 0.95)
        rows = [[m, share * q, chi / 2, np.minimum(slope / width, most)] for slope in slopes]
    elif model.log_determinant:
        # chi + mu (q_2 - q_1) stays below 1, where the determinant vanishes, and close to the symmetric chi.
        rows = []
        for share, inner, rest in (
            (0.4, 0.5, 0.9),
            (0.7, 0.5, 1.0),
            (0.35, 0.4, 1.1),
            (0.2, 0.7, 0.9),
            (0.8, 0.3, 0.8),
        ):
            tight = inner * chi + (1 - inner) * np.maximum(chi - 0.06 * q / cold, 0.0)
            spread = 1 - T * tight - share * q
            rows.append([m, share * q, tight, np.minimum(rest * (chi - tight) / spread, most)])
    elif outer:
        # Next to a continuous transition the breaking point and the spread of overlaps are proportional to q.
        tight = chi - np.minimum(chi / 2, 0.06 * q / cold)
        rows = [[m, share * q, tight, np.minimum(slope * q / width, most)] for slope, share in _CONTINUOUS]
        rows += [[m, share * q, chi / 2, np.minimum(slope / width, most)] for slope, share in _CONTINUOUS]
    else:
        rows = [[m, 0 * q, chi, np.minimum(slope / width, most)] for slope in _DISCONTINUOUS]
        rows += [[m, 0 * q, room / (3 * np.maximum(T, 0.3 * width)), most] for room in _ROOMS]
    starts = np.stack([np.stack(row, axis=-1) for row in rows], axis=1)
    if not ordered and outer and model.continuous:
        critical = _critical(model, alpha, T, m, q, chi)
        starts = np.concatenate([np.where((q < _CRITICAL)[:, None, None], critical, starts[:, :1]), starts], axis=1)
    return starts


def _critical(model, alpha, T, m, q, chi):
    r"""Return what one-step states tend to at a continuous transition, where the symmetric overlap q vanishes.

    Expanded in q: $q_1 = q/3$ and $\theta = \frac43\kappa q$ to first order, and $q_2 = q + 0.59\kappa q^2$ (the
    coefficient from states solved at $q = 0.01$), with $\kappa = 1$ for quadratic noise and
    $\sqrt\alpha/(1+\sqrt\alpha)$ with a hidden layer.
    """
    cold = np.maximum(T, 1e-300)
    share = np.sqrt(alpha) / (1 + np.sqrt(alpha)) if model.log_determinant else 1.0
    row = [m, q / 3, chi - np.minimum(0.59 * share * q * q / cold, chi / 2), np.minimum(4 / 3 * share * q, 0.9) / cold]
    return np.stack(row, axis=-1)[:, None]


def two_steps(T, point, outer: bool) -> np.ndarray:
    """Return starting points (n, s, 6) of two-step states around one-step states (n, 4)."""
    m, q1, chi, mu = point.T
    q2 = 1 - T * chi
    most = _ALMOST / np.maximum(T, 1e-300)
    rows = []
    for lower, middle, inner, first, second in (
        (0.9, 0.4, 0.7, 0.6, 2.0),
        (0.97, 0.5, 0.5, 0.7, 3.0),
        (0.8, 0.3, 0.8, 0.4, 1.5),
        (0.95, 0.7, 0.5, 0.9, 6.0),
        (0.5, 0.3, 0.7, 0.4, 1.6),
        (0.99, 0.8, 0.3, 0.95, 10.0),
    ):
        between = q1 + middle * (q2 - q1)
        tail = [inner * chi, np.minimum(first * mu, most / 2), np.minimum(second * mu, most)]
        rows.append([m, lower * q1 if outer else 0 * q1, between, *tail])
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=1)
