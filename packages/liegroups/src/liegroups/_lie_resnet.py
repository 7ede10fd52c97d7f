r"""Networks on images that are equivariant under $\mathbb{R}^2 \rtimes H$, up to the sampling of H."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import gelu

from ._checks import check_choice, check_count, check_positive
from ._convolution import Estimator, GroupConvolution, Kernel, LiftingConvolution
from ._field import GroupField
from ._plane_samples import plane_sample_set
from ._pooling import FieldNorm, GroupPool, PlanePool
from ._samples import SampleSet, Scheme

Resample = Literal["forward", "shift", "fixed"]


class _Sampled(nn.Module):
    """A network with a policy for its samples: drawn anew in training, or fixed."""

    draws: torch.Tensor

    def __init__(
        self,
        group: Any,
        samples: int,
        scale: float,
        scheme: Scheme,
        closed_under: int,
        arc: float,
        resample: Resample,
        seed: int,
    ):
        super().__init__()
        check_choice(resample, ("forward", "shift", "fixed"), "resample")
        check_count(seed, "seed", 0)
        check_count(samples, "samples", 1)
        self.group = getattr(group, "linear", group)
        self.scale = scale
        self.scheme: Scheme = scheme
        self.closed_under, self.arc = closed_under, arc
        self.resample, self.seed = resample, seed
        # How often training has drawn: part of the state, so that a resumed run draws the same sets.
        self.register_buffer("draws", torch.zeros((), dtype=torch.int64))
        self.samples = self._draw(samples, self.seed)

    def _draw(self, count: int, *seed: int) -> SampleSet:
        return plane_sample_set(
            self.group, count, seed, self.scale, self.scheme, closed_under=self.closed_under, arc=self.arc
        )

    def use_samples(self, samples: SampleSet | int, seed: int | None = None) -> None:
        """Set the fixed samples, by a set or by a number of elements, such as more of them for testing."""
        if isinstance(samples, SampleSet):
            if samples.group != self.group:
                raise ValueError(f"samples must be of {self.group!r}, not of {samples.group!r}")
            self.samples = samples
        else:
            self.samples = self._draw(samples, self.seed if seed is None else seed)

    def get_extra_state(self) -> torch.Tensor:
        """Return the fixed samples, which the statistics of the norms belong to, as a table (N, 2 n^2 + 1).

        A row has an element, its inverse and its logarithmic weight, in float64.
        """
        elements, inverses, log_weights = self.samples.tables()
        rows = [elements.reshape(len(elements), -1), inverses.reshape(len(elements), -1), log_weights[:, None]]
        return torch.from_numpy(np.concatenate(rows, axis=1))

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Set the fixed samples to those of a state."""
        n = self.group.n
        table = state.detach().cpu().numpy()
        if table.ndim != 2 or table.shape[1] != 2 * n * n + 1:
            raise ValueError(f"the samples of the state must have shape (N, {2 * n * n + 1}), not {table.shape}")
        elements, inverses, log_weights = np.split(table, [n * n, 2 * n * n], axis=1)
        self.samples = SampleSet(
            elements.reshape(-1, n, n), inverses.reshape(-1, n, n), log_weights[:, 0], self.samples.group
        )

    def _current(self) -> SampleSet:
        if not self.training or self.resample == "fixed":
            return self.samples
        draw = 1 + int(self.draws)
        self.draws += 1
        if self.resample == "forward":
            return self._draw(len(self.samples), self.seed, draw)
        step = self.arc if self.arc == math.pi else self.arc / 2
        (g,), (back,), _ = plane_sample_set(self.group, 1, (self.seed, draw), self.scale, "mc", arc=step).tables()
        return SampleSet(g @ self.samples.elements, self.samples.inverses @ back, self.samples.log_weights, self.group)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw initial parameters from a seed; the global random state is put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def _check_image(image: Any, channels: int) -> None:
    if not isinstance(image, torch.Tensor) or not image.is_floating_point():
        raise TypeError("image must be a floating torch tensor of shape (B, C, H, W)")
    if image.ndim != 4 or image.shape[1] != channels:
        raise ValueError(
            f"image must have shape (B, {channels}, H, W), not {tuple(image.shape)}; "
            "an image is acted on by moving its pixels, which no feature word says"
        )


def _dtype(name: str) -> torch.dtype:
    check_choice(name, ("float32", "float64"), "dtype")
    return getattr(torch, name)


class LieConv(_Sampled):
    r"""One equivariant layer on images: lift to the group, activate, convolve with the group, project to the plane.

    Args:
        group: ``SO(2)``, ``SL(2)`` or ``GLPlus(2)``, or $\mathbb{R}^2$ with one of them.
        inputs: Channels of the image.
        outputs: Channels of the result.
        width: Channels between the two convolutions.
        samples: Number of group elements.
        kernel: ``"separable"`` or ``"dense"``.
        kernel_size: Pixels on a side of the kernels, odd; the result is as large as the image.
        scale: Standard deviation of the samples in each orthonormal coordinate of the symmetric part;
            without effect for ``SO(2)``.
        reach: Radius of the kernels in the group, in the same coordinates.
        estimator: ``"importance"`` (unbiased) or ``"ratio"`` (bounded variance) for the sum over the group.
        reduce: ``"mean"`` or ``"max"`` over the group at the end.
        scheme: ``"sobol"`` or ``"mc"``.
        closed_under: Number of rotations that map the sample set to itself; 4 makes quarter turns exact.
        arc: The angles of the samples are between minus and plus this, in radians.
        resample: ``"forward"`` draws a new set in every training step, ``"fixed"`` keeps one. Evaluation always uses
            the fixed set in ``samples``.
        seed: Seed of the parameters and of the samples.
        dtype: Type of the parameters.

    Raises:
        ValueError: If an argument is not one of those allowed.

    Examples:
        >>> import torch, liegroups
        >>> layer = liegroups.LieConv(liegroups.SO(2), inputs=1, outputs=4, samples=8, closed_under=4).eval()
        >>> image = torch.rand(2, 1, 12, 12)
        >>> turned = layer(image.rot90(1, (2, 3)))
        >>> torch.allclose(turned, layer(image).rot90(1, (2, 3)), atol=1e-5)
        True
    """

    def __init__(
        self,
        group: Any,
        inputs: int = 1,
        outputs: int = 8,
        width: int = 8,
        samples: int = 8,
        kernel: Kernel = "separable",
        kernel_size: int = 5,
        scale: float = 0.3,
        reach: float = 1.0,
        estimator: Estimator = "importance",
        reduce: Literal["max", "mean"] = "mean",
        scheme: Scheme = "sobol",
        closed_under: int = 1,
        arc: float = math.pi,
        resample: Resample = "forward",
        seed: int = 0,
        dtype: Literal["float32", "float64"] = "float32",
    ):
        super().__init__(group, samples, scale, scheme, closed_under, arc, resample, seed)
        _odd(kernel_size, "kernel_size")
        _counts(inputs=inputs, outputs=outputs, width=width)
        _positive(reach=reach)
        padding = kernel_size // 2
        self.inputs = inputs
        with _seeded(seed):
            self.lift = LiftingConvolution(inputs, width, group, kernel_size, padding)
            self.convolution = GroupConvolution(
                width, outputs, group, kernel, kernel_size, padding, reach=reach, estimator=estimator
            )
        self.pool = GroupPool(reduce, over="group")
        self.to(_dtype(dtype))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the image (B, outputs, H, W) of an image (B, inputs, H, W)."""
        _check_image(image, self.inputs)
        return self.pool(self.convolution(self.lift(image, self._current()).map(gelu)))


class _Block(nn.Module):
    """Two convolutions with norms around a skip connection, on the samples of the input."""

    def __init__(self, width: int, **options: Any):
        super().__init__()
        self.first, self.second = (GroupConvolution(width, width, bias=False, **options) for _ in range(2))
        self.first_norm, self.second_norm = FieldNorm(width), FieldNorm(width)

    def forward(self, field: GroupField) -> GroupField:
        inner = self.first_norm(self.first(field)).map(gelu)
        inner = self.second_norm(self.second(inner))
        return inner.map(lambda data: gelu(data + field.data))


class LieResNet(_Sampled):
    r"""Classify images by a residual network on the plane times a group.

    A lifting convolution, a pool of the grid, residual blocks of two group convolutions, a second pool, a last group
    convolution, the maximum over group and plane, and a perceptron of one hidden layer: the architecture of Mironenco
    and Forré (ICLR 2024, arXiv:2310.11366), with separable kernels, weights, and one sample set for all layers of a
    pass. Batch statistics a channel take the place of the layer norms there, which hide how the sums depend on the
    number of samples. They differ from one sample set to the next, so :meth:`calibrate` the network for the set that it
    is evaluated with.

    Args:
        group: ``SO(2)``, ``SL(2)`` or ``GLPlus(2)``, or $\mathbb{R}^2$ with one of them.
        channels: Channels of the image.
        classes: Number of logits.
        width: Channels of the lifted field.
        depth: Channels before the last pool.
        samples: Number of group elements.
        blocks: Number of residual blocks.
        kernel: ``"separable"`` or ``"dense"``.
        kernel_size: Pixels on a side of the kernels, odd.
        lift_size: Pixels on a side of the lifting kernel.
        radius: Radius of the windows in the plane, in units of half the kernel.
        scale: Standard deviation of the samples in each orthonormal coordinate of the symmetric part;
            without effect for ``SO(2)``.
        reach: Radius of the kernels in the group, in the same coordinates.
        estimator: ``"ratio"`` (bounded variance) or ``"importance"`` (unbiased) for the sums over the group.
        reduce: ``"max"`` or ``"mean"`` over the group at the end, of the maximum over the plane.
        scheme: ``"sobol"`` or ``"mc"``.
        closed_under: Number of rotations that map the sample set to itself; 4 makes quarter turns exact.
        arc: The angles of the samples are between minus and plus this, in radians.
        resample: ``"forward"`` draws a new set in every training step, ``"fixed"`` keeps one. Evaluation always uses
            the fixed set in ``samples``; ``use_samples`` changes it, and it is part of the state that is saved.
        hidden: Units of the kernel networks.
        omega: Frequency of the kernel networks in the plane.
        seed: Seed of the parameters and of the samples.
        dtype: Type of the parameters.

    Raises:
        ValueError: If an argument is not one of those allowed.

    Examples:
        >>> import torch, liegroups
        >>> net = liegroups.LieResNet(liegroups.SO(2), samples=4, width=4)
        >>> net(torch.rand(2, 1, 28, 28)).shape
        torch.Size([2, 10])
        >>> net.use_samples(8)
        >>> len(net.samples)
        8
    """

    def __init__(
        self,
        group: Any,
        channels: int = 1,
        classes: int = 10,
        width: int = 16,
        depth: int = 64,
        samples: int = 8,
        blocks: int = 1,
        kernel: Kernel = "separable",
        kernel_size: int = 5,
        lift_size: int = 5,
        radius: float = 1.0,
        scale: float = 0.3,
        reach: float = 1.0,
        estimator: Estimator = "ratio",
        reduce: Literal["max", "mean"] = "max",
        scheme: Scheme = "sobol",
        closed_under: int = 1,
        arc: float = math.pi,
        resample: Resample = "forward",
        hidden: int = 60,
        omega: float = 10.0,
        seed: int = 0,
        dtype: Literal["float32", "float64"] = "float32",
    ):
        super().__init__(group, samples, scale, scheme, closed_under, arc, resample, seed)
        _odd(kernel_size, "kernel_size")
        check_count(blocks, "blocks", 0)
        _counts(channels=channels, classes=classes, width=width, depth=depth, lift_size=lift_size, hidden=hidden)
        _positive(radius=radius, reach=reach, omega=omega)
        self.channels = channels
        plane = {"radius": radius, "hidden": hidden, "omega": omega}
        options = {
            "group": group, "kernel": kernel, "kernel_size": kernel_size, "padding": kernel_size // 2, "reach": reach,
            "estimator": estimator, **plane,
        }  # fmt: skip
        with _seeded(seed):
            self.lift = LiftingConvolution(channels, width, group, lift_size, bias=False, **plane)
            self.lift_norm = FieldNorm(width)
            self.blocks = nn.ModuleList(_Block(width, **options) for _ in range(blocks))
            self.last = GroupConvolution(width, depth, bias=False, **options)
            self.last_norm = FieldNorm(depth)
            self.halve, self.pool = PlanePool(), GroupPool(reduce, plane="max")
            self.head = nn.Sequential(nn.Linear(depth, 4 * depth), nn.GELU(), nn.Linear(4 * depth, classes))
        self.to(_dtype(dtype))

    @torch.no_grad()
    def calibrate(self, images: torch.Tensor, batch: int = 250) -> None:
        """Set the statistics of the norms to those of some images at the fixed samples; call it after training.

        Args:
            images: Images (B, channels, H, W) of the kind that the network was trained on; a thousand are enough.
            batch: Images at a time.
        """
        modes = [(part, part.training) for part in self.modules()]
        norms = [part for part in self.modules() if isinstance(part, FieldNorm)]
        policy, momenta = self.resample, [norm.momentum for norm in norms]
        try:
            self.train()
            self.resample = "fixed"
            for count, part in enumerate(images.split(batch)):
                for norm in norms:
                    norm.momentum = 1 / (count + 1)  # a plain mean over the parts
                self(part)
        finally:
            self.resample = policy
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
            for part, training in modes:
                part.training = training

    def features(self, image: torch.Tensor) -> GroupField:
        """Return the field (B, N, depth, H', W') before the last pool."""
        _check_image(image, self.channels)
        field = self.lift_norm(self.halve(self.lift(image, self._current()))).map(gelu)
        for block in self.blocks:
            field = block(field)
        return self.last_norm(self.last(self.halve(field))).map(gelu)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return logits (B, classes) of images (B, channels, H, W)."""
        return self.head(self.pool(self.features(image)))


def _odd(size: Any, argument: str) -> None:
    if check_count(size, argument, 1) % 2 == 0:
        raise ValueError(f"{argument} must be an odd integer >= 1, not {size!r}")


def _counts(**counts: Any) -> None:
    for argument, count in counts.items():
        check_count(count, argument, 1)


def _positive(**numbers: Any) -> None:
    for argument, number in numbers.items():
        check_positive(number, argument)
