r"""Convolutions of images with $\mathbb{R}^2 \rtimes H$, $H$ one of SO(2), SL(2) and GL+(2)."""

from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import conv2d, pad

from ._checks import check_choice, check_count, check_flag, check_positive
from ._field import GroupField
from ._kernel import (
    Siren,
    constant,
    group_features,
    group_window,
    kernel_points,
    plane_window,
    relative_poses,
)
from ._samples import SampleSet

Kernel = Literal["dense", "separable"]
Estimator = Literal["importance", "ratio"]


class _Convolution(nn.Module):
    """What both convolutions share: sizes, the window in the plane, the bias."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        group: Any,
        kernel_size: int,
        padding: int,
        radius: float,
        bias: bool,
    ):
        super().__init__()
        counts = {"inputs": inputs, "outputs": outputs, "kernel_size": kernel_size}
        for name, count in counts.items():
            check_count(count, name, 1)
        check_count(padding, "padding", 0)
        check_positive(radius, "radius", infinite=True)
        check_flag(bias, "bias")
        self.inputs, self.outputs = inputs, outputs
        self.features = group_features(group)
        self.group = getattr(group, "linear", group)
        self.kernel_size, self.padding, self.radius = kernel_size, padding, radius
        self.pixel = (2 / kernel_size) ** 2  # area of a pixel in the coordinates of the kernel
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def extra_repr(self) -> str:
        return f"{self.inputs}, {self.outputs}, {self.group!r}, kernel_size={self.kernel_size}"

    def _check_samples(self, samples: Any) -> None:
        if not isinstance(samples, SampleSet):
            raise TypeError(f"samples must be a SampleSet, not {type(samples).__name__}")
        if samples.group != self.group:
            raise ValueError(f"samples must be of {self.group!r}, not of {samples.group!r}")

    def _check_planes(self, planes: torch.Tensor) -> None:
        height, width = planes.shape[-2:]
        if min(height, width) + 2 * self.padding < self.kernel_size:
            raise ValueError(
                f"the image of {height} x {width} pixels is smaller than the kernel of {self.kernel_size}, "
                f"with padding {self.padding}"
            )

    def _plane_values(self, net: nn.Module, samples: SampleSet, like: torch.Tensor) -> torch.Tensor:
        """Return windowed kernel values times the area of a pixel, (N, K, K, values)."""
        points = kernel_points(samples, self.kernel_size)
        window = plane_window(points, self.radius) * self.pixel
        return net(constant(points, like)) * constant(window, like)[..., None]

    def _finish(self, planes: torch.Tensor, samples: SampleSet) -> GroupField:
        if self.bias is not None:
            planes = planes + self.bias.repeat(len(samples))[:, None, None]
        return GroupField.of_planes(planes, samples)


class LiftingConvolution(_Convolution):
    r"""Lift an image to a field on the plane times a group.

    $$ [k \star f](x, h) = \int f(x')\, k(h^{-1}(x' - x))\, |\det h|^{-1}\, dx' $$

    with points as (column, row) in units of half the kernel's width, and $k$ a coordinate network times a smooth
    window of the given radius. Deterministic at each $h$: only the pixels approximate the integral.

    Args:
        inputs: Channels of the image.
        outputs: Channels of the field.
        group: ``SO(2)``, ``SL(2)`` or ``GLPlus(2)`` (or $\mathbb{R}^2$ with one of them).
        kernel_size: Pixels on a side of the kernel.
        padding: Zero pixels added on each side.
        radius: Radius of the window at the identity, where half the kernel's width is 1. Elements that stretch by more
            than its inverse are cut off at the edge.
        bias: Whether to add a trainable constant to each channel.
        net: Module from points (..., 2) to kernel values (..., outputs * inputs); a :class:`Siren` by default.
        hidden: Units of the default network.
        omega: Frequency of the default network.

    Raises:
        ValueError: If an argument is not one of those allowed.

    Examples:
        >>> import torch, liegroups
        >>> G = liegroups.SO(2)
        >>> lift = liegroups.LiftingConvolution(1, 4, G, kernel_size=5)
        >>> lift(torch.rand(2, 1, 20, 20), liegroups.plane_sample_set(G, 8, seed=0)).data.shape
        torch.Size([2, 8, 4, 16, 16])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        group: Any,
        kernel_size: int = 5,
        padding: int = 0,
        radius: float = 1.0,
        bias: bool = True,
        net: nn.Module | None = None,
        hidden: int = 60,
        omega: float = 10.0,
    ):
        super().__init__(inputs, outputs, group, kernel_size, padding, radius, bias)
        deviation = 1 / (self.pixel * np.sqrt(inputs) * kernel_size)
        self.net = Siren(2, outputs * inputs, hidden, omega=omega, deviation=deviation) if net is None else net

    def kernel(self, samples: SampleSet, like: torch.Tensor) -> torch.Tensor:
        """Return the filters (N outputs, inputs, K, K) in the dtype and on the device of ``like``."""
        values = self._plane_values(self.net, samples, like)
        shrink = constant(1 / np.abs(np.linalg.det(samples.elements)), like)
        values = values.unflatten(-1, (self.outputs, self.inputs)) * shrink[:, None, None, None, None]
        return values.permute(0, 3, 4, 1, 2).flatten(0, 1)

    def forward(self, image: torch.Tensor, samples: SampleSet) -> GroupField:
        """Return the field at ``samples`` of an image (B, inputs, H, W)."""
        self._check_samples(samples)
        if image.ndim != 4 or image.shape[1] != self.inputs:
            raise ValueError(f"image must have shape (B, {self.inputs}, H, W), not {tuple(image.shape)}")
        self._check_planes(image)
        # Images have few channels, so patches times a matrix is cheap, and the result is channels-last, as all that
        # follows wants it; conv2d would return the other order for one channel.
        side = self.kernel_size
        patches = pad(image, (self.padding,) * 4).unfold(2, side, 1).unfold(3, side, 1).permute(0, 2, 3, 1, 4, 5)
        planes = patches.flatten(3) @ self.kernel(samples, image).flatten(1).mT
        return self._finish(planes.permute(0, 3, 1, 2), samples)


class GroupConvolution(_Convolution):
    r"""Convolve a field on the plane times a group.

    $$ [k \star f](x, h) = \int_H \int f(x', h')\, k(h^{-1}(x' - x), h^{-1} h')\, |\det h'|^{-1}\, dx'\, d\mu(h') $$

    The integral over $h'$ is a sum over the samples that the input lives on, and the determinant is theirs. With
    ``estimator="importance"`` it is $\frac1N \sum_i w_i \cdots$, whose mean over draws is the integral. With
    ``"ratio"`` it is $\sum_i w_i \kappa(h^{-1}h'_i) \cdots / \sum_i w_i \kappa(h^{-1}h'_i)$ with $\kappa$ the window in
    the group: the denominator estimates a constant, by invariance of $\mu$, so the limit differs by a factor only; its
    variance is bounded where single weights are large, and its bias is of order $1/N$.

    A separable kernel $k(x, u) = k_x(x)\, k_u(u)$ (Knigge et al., ICML 2022) mixes elements and channels pixel by
    pixel, then convolves each channel with its own filter: at $K = 5$ and $N C = 400$ a 25th of the work.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        group: ``SO(2)``, ``SL(2)`` or ``GLPlus(2)`` (or $\mathbb{R}^2$ with one of them).
        kernel: ``"separable"`` or ``"dense"``.
        kernel_size: Pixels on a side of the kernel.
        padding: Zero pixels added on each side.
        radius: Radius of the window in the plane, where half the kernel's width is 1.
        reach: Radius of the window in the group: the Frobenius norm of the symmetric part of $h^{-1} h'$ at which the
            kernel vanishes. Rotations, being compact, need no window.
        estimator: ``"importance"`` or ``"ratio"``.
        bias: Whether to add a trainable constant to each channel.
        net: For a dense kernel, a module from (point, coordinates of the group) (..., 2 + f) to values
            (..., outputs * inputs); f is 2 (SO), 4 (SL) or 5 (GL): symmetric coordinates, cosine, sine.
        plane_net: For a separable kernel, a module from points (..., 2) to values (..., outputs).
        group_net: For a separable kernel, a module from coordinates (..., f) to values (..., outputs * inputs).
        hidden: Units of the default networks.
        omega: Frequency of the default networks in the plane.
        group_omega: Frequency of the default separable network in the group.

    Raises:
        ValueError: If an argument is not one of those allowed.

    Examples:
        >>> import torch, liegroups
        >>> G = liegroups.SO(2)
        >>> field = liegroups.GroupField(torch.rand(2, 8, 3, 20, 20), liegroups.plane_sample_set(G, 8, seed=0))
        >>> out = liegroups.GroupConvolution(3, 4, G, kernel_size=5, padding=2)(field)
        >>> out.data.shape, out.samples is field.samples
        (torch.Size([2, 8, 4, 20, 20]), True)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        group: Any,
        kernel: Kernel = "separable",
        kernel_size: int = 5,
        padding: int = 0,
        radius: float = 1.0,
        reach: float = 1.0,
        estimator: Estimator = "importance",
        bias: bool = True,
        net: nn.Module | None = None,
        plane_net: nn.Module | None = None,
        group_net: nn.Module | None = None,
        hidden: int = 60,
        omega: float = 10.0,
        group_omega: float = 3.0,
    ):
        super().__init__(inputs, outputs, group, kernel_size, padding, radius, bias)
        check_choice(kernel, ("dense", "separable"), "kernel")
        check_choice(estimator, ("importance", "ratio"), "estimator")
        check_positive(reach, "reach", infinite=True)
        check_positive(group_omega, "group_omega")
        wrong = ("plane_net", "group_net") if kernel == "dense" else ("net",)
        for name, given in {"net": net, "plane_net": plane_net, "group_net": group_net}.items():
            if given is not None and not isinstance(given, nn.Module):
                raise TypeError(f"{name} must be a torch.nn.Module or None, not {given!r}")
            if given is not None and name in wrong:
                raise ValueError(f"{name} is not read by a {kernel} kernel")
        self.kind, self.reach, self.estimator = kernel, reach, estimator
        mixing, plane = 1 / np.sqrt(inputs), 1 / (self.pixel * kernel_size)
        if kernel == "dense":
            features, values = 2 + self.features, outputs * inputs
            self.net = net or Siren(features, values, hidden, omega=omega, deviation=mixing * plane)
        else:
            self.plane_net = plane_net or Siren(2, outputs, hidden, omega=omega, deviation=plane)
            self.group_net = group_net or Siren(
                self.features, outputs * inputs, hidden, omega=group_omega, deviation=mixing
            )

    def weights(self, out: SampleSet, given: SampleSet) -> np.ndarray:
        """Return the weight of each input element in the sum at each output element, window included, (O, I)."""
        window = group_window(relative_poses(out, given)[1], self.reach)
        weighted = np.exp(given.log_weights) * window
        if self.estimator == "importance":
            weighted = weighted / len(given)
        else:
            total = weighted.sum(axis=1, keepdims=True)
            weighted = weighted / np.where(total > 0, total, 1.0)
        return weighted / np.abs(np.linalg.det(given.elements))

    def dense_kernel(self, out: SampleSet, given: SampleSet, like: torch.Tensor) -> torch.Tensor:
        """Return the filters (O outputs, I inputs, K, K) of a dense kernel."""
        points = constant(kernel_points(out, self.kernel_size), like)[:, None]
        poses = constant(relative_poses(out, given)[0], like)[:, :, None, None]
        shape = (len(out), len(given), self.kernel_size, self.kernel_size)
        coordinates = torch.cat([points.expand(*shape, -1), poses.expand(*shape, -1)], -1)
        window = plane_window(kernel_points(out, self.kernel_size), self.radius) * self.pixel
        factor = self.weights(out, given)[:, :, None, None] * window[:, None]
        values = self.net(coordinates) * constant(factor, like)[..., None]
        values = values.unflatten(-1, (self.outputs, self.inputs)).permute(0, 4, 1, 5, 2, 3)
        return values.flatten(2, 3).flatten(0, 1)

    def mixing_kernel(self, out: SampleSet, given: SampleSet, like: torch.Tensor) -> torch.Tensor:
        """Return the factor in the group of a separable kernel, (O outputs, I inputs)."""
        values = self.group_net(constant(relative_poses(out, given)[0], like))
        values = values * constant(self.weights(out, given), like)[..., None]
        values = values.unflatten(-1, (self.outputs, self.inputs)).permute(0, 2, 1, 3)
        return values.flatten(2, 3).flatten(0, 1)

    def plane_kernel(self, out: SampleSet, like: torch.Tensor) -> torch.Tensor:
        """Return the factor in the plane of a separable kernel, (O outputs, 1, K, K)."""
        values = self._plane_values(self.plane_net, out, like)
        return values.permute(0, 3, 1, 2).flatten(0, 1)[:, None]

    def forward(self, field: GroupField, samples: SampleSet | None = None) -> GroupField:
        """Return the convolved field, at the field's own samples unless others are given."""
        if not isinstance(field, GroupField):
            raise TypeError(f"field must be a GroupField, which carries its samples, not {type(field).__name__}")
        if field.channels != self.inputs:
            raise ValueError(f"field must have {self.inputs} channels, not {field.channels}")
        out = field.samples if samples is None else samples
        self._check_samples(out)
        self._check_samples(field.samples)
        planes = field.planes().contiguous(memory_format=torch.channels_last)
        self._check_planes(planes)
        if self.kind == "dense":
            kernel = self.dense_kernel(out, field.samples, planes)
            return self._finish(conv2d(planes, kernel, padding=self.padding), out)
        mixing = self.mixing_kernel(out, field.samples, planes)[:, :, None, None]
        filters = self.plane_kernel(out, planes)
        mixed = conv2d(planes, mixing.contiguous(memory_format=torch.channels_last))
        return self._finish(conv2d(mixed, filters, padding=self.padding, groups=len(filters)), out)
