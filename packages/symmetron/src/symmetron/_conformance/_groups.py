"""A group held against the protocol ``liegroups.Group``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import liegroups
from symmetron._build import build
from symmetron._conformance._inputs import with_example
from symmetron._conformance._report import Report
from symmetron._entry import Entry

_MEMBERS = ("name", "n", "dim", "compact", "affine", "generators", "discrete_generators", "sample", "elements")
_COUNT = 5
_EXACT = 1e-12
_MANY = 100_000  # a finite group with more elements may decline to list them


def check(report: Report, entry: Entry, example: Mapping[str, Any]) -> None:
    """Build the group with its example, its defaults or n = 3, and check every member."""
    if "infinite-dimensional" in entry.tags:
        report.note(entry.name, "not tried, because an infinite-dimensional group acts on nothing here")
        return
    table = with_example(report, entry, example, n=3)
    if table is None:
        return
    with report.using(f"{entry.name}, building it"):
        group: Any = build(table)
        where = f"{entry.name}, {getattr(group, 'name', group)}"
        if _members(report, where, group):
            _parts(report, where, group)


def _parts(report: Report, where: str, group: Any) -> None:
    for part in (_generators, _discrete, _sample, _elements):
        name = part.__name__.removeprefix("_").replace("discrete", "discrete_generators")
        with report.using(f"{where}, {name}()"):
            part(report, f"{where}, {name}()", group)


def _members(report: Report, where: str, group: Any) -> bool:
    missing = [name for name in _MEMBERS if not hasattr(group, name)]
    if missing:
        report.finding(where, f"it lacks {', '.join(missing)} of the protocol liegroups.Group; add what is missing")
        return False
    good = report.holds(isinstance(group.name, str), where, "its name must be text, such as 'SO(3)'")
    for name, kind, least in (("n", int, 1), ("dim", int, 0), ("compact", bool, 0), ("affine", bool, 0)):
        value = getattr(group, name)
        fits = isinstance(value, kind) and value >= least
        wanted = f"int >= {least}" if kind is int else "bool"
        good &= report.holds(fits, f"{where}, {name}", f"it must be {wanted}, got {value!r}")
    return bool(good)


def _matrices(report: Report, where: str, value: Any, shape: tuple[int, ...]) -> bool:
    """Check that a value is an array of float64 matrices; ``-1`` in the shape stands for any length."""
    fits = isinstance(value, np.ndarray) and value.dtype == np.float64 and value.ndim == len(shape)
    fits = fits and all(want in (-1, got) for want, got in zip(shape, value.shape, strict=True))
    got = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else repr(value)[:40]
    wanted = ", ".join("any" if size < 0 else str(size) for size in shape)
    return report.holds(
        bool(fits), where, f"it must be a numpy float64 array of shape ({wanted}), got {got}"
    ) and report.holds(bool(np.isfinite(value).all()), where, "it holds numbers that are not finite")


def _generators(report: Report, where: str, group: Any) -> None:
    basis = group.generators()
    if not _matrices(report, where, basis, (group.dim, group.n, group.n)) or not group.dim:
        return
    flat = basis.reshape(group.dim, -1)
    gram = flat @ flat.T
    if not report.holds(
        np.linalg.matrix_rank(flat) == group.dim,
        where,
        "they are not linearly independent; give a basis of the algebra",
    ):
        return
    off = np.abs(gram - np.diag(np.diag(gram))).max()
    report.holds(off <= _EXACT * gram.max(), where, "they are not orthogonal under tr(X^T Y); orthogonalise the basis")
    brackets = np.einsum("aij,bjk->abik", basis, basis)
    brackets = (brackets - brackets.swapaxes(0, 1)).reshape(-1, flat.shape[1])
    outside = brackets - brackets @ np.linalg.pinv(flat) @ flat
    report.holds(
        np.abs(outside).max() <= 1e-10 * max(1.0, np.abs(brackets).max()),
        where,
        "their commutators leave their span, so they generate no Lie algebra of this dimension; complete them",
    )
    if group.affine:
        report.holds(not basis[:, -1].any(), where, "the last row of an affine group's generators must be zero")
    _standard(report, where, group, basis)


def _standard(report: Report, where: str, group: Any, basis: np.ndarray) -> None:
    """Rotations, where the group has all of them, are in the order and sign that every package shares."""
    d = group.n - 1 if group.affine else group.n
    linear = basis[:, :d, :d]
    turns = linear[(linear == -linear.swapaxes(1, 2)).all(axis=(1, 2)) & linear.any(axis=(1, 2))]
    if d < 2 or len(turns) != d * (d - 1) // 2:
        return
    report.holds(
        np.array_equal(turns, liegroups.SO(d).generators()),
        where,
        f"the rotations among them are not those of liegroups.SO({d}).generators(), in that order; use these",
    )


def _discrete(report: Report, where: str, group: Any) -> None:
    found = group.discrete_generators()
    if _matrices(report, where, found, (-1, group.n, group.n)) and len(found):
        report.holds(np.abs(np.linalg.det(found)).min() > _EXACT, where, "one of them is not invertible")


def _sample(report: Report, where: str, group: Any) -> None:
    scale = None if group.compact else 1.0
    drawn = group.sample(_COUNT, 0, scale=scale)
    if not _matrices(report, where, drawn, (_COUNT, group.n, group.n)):
        return
    _matrices(report, f"{where} of none", group.sample(0, 0, scale=scale), (0, group.n, group.n))
    report.holds(np.abs(np.linalg.det(drawn)).min() > _EXACT, where, "an element is not invertible")
    report.holds(
        np.array_equal(drawn, group.sample(_COUNT, 0, scale=scale)), where, "the same seed gives other elements; use it"
    )
    if group.dim:
        other = group.sample(_COUNT, 1, scale=scale)
        report.holds(not np.array_equal(drawn, other), where, "another seed gives the same elements; use it")
    if group.affine:
        last = np.eye(group.n)[-1]
        report.holds(
            (drawn[:, -1] == last).all(), where, "the last row of an affine group's elements must be (0, ..., 1)"
        )
    if not group.compact:
        try:
            group.sample(_COUNT, 0)
        except (ValueError, TypeError):
            return
        report.finding(where, "a group that is not compact has no uniform measure; raise ValueError without a scale")


def _elements(report: Report, where: str, group: Any) -> None:
    found = group.elements()
    if found is None:
        if not group.dim:
            report.note(where, f"None for a finite group, which is right only above {_MANY} elements")
        return
    if not report.holds(group.dim == 0, where, "a group of positive dimension has no list of elements; return None"):
        return
    report.holds(bool(group.compact), where, "a finite group is compact; set compact = True")
    if not _matrices(report, where, found, (-1, group.n, group.n)):
        return
    known = _keys(found)
    report.holds(len(known) == len(found), where, "some occur twice; list each once")
    report.holds(_keys(np.eye(group.n)[None]) <= known, where, "the identity is not among them; add it")
    for generator in group.discrete_generators():
        if not report.holds(
            _keys(generator @ found) <= known,
            where,
            "a product with a discrete generator is not among them; complete them",
        ):
            return
    report.holds(_keys(group.sample(_COUNT, 0)) <= known, where, "sample() draws matrices that are not among them")


def _keys(matrices: np.ndarray) -> set[bytes]:
    return {(np.round(matrix, 9) + 0.0).tobytes() for matrix in matrices}
