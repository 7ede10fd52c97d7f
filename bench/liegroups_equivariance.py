r"""Equivariance error of a sampled SL(2) convolution against the number of samples: data for a figure, and a table.

Two layers, lifting and group convolution, on blurred MNIST digits f and on the same digits moved by elements g of
SL(2). An equivariant F has F(L_g f)(g x, g) = F(f)(x, 1); the error is the root mean square of the difference over that
of F. The samples in between are drawn anew for every g, so what is measured is the sum over the group, down to a floor
that the pixels set. Needs MNIST (the extra `data`, or SYMMETRON_DATA).
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from _setting import print_setting
from scipy.ndimage import gaussian_filter

import liegroups as lg

COUNTS = (4, 8, 16, 32, 64, 128, 256)
CASES = {
    "importance, Sobol'": ("importance", "sobol"),
    "importance, independent": ("importance", "mc"),
    "ratio, Sobol'": ("ratio", "sobol"),
    "ratio, independent": ("ratio", "mc"),
}
SIDE, DIGITS, ELEMENTS, KERNEL = 64, 4, 8, 13
SCALE, REACH = 0.5, 1.2


def at(g):
    """Return the sample set of one element."""
    return lg.SampleSet(g[None], np.linalg.inv(g)[None], np.zeros(1), lg.SL(2))


def main():
    """Print the table and write the data."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="*", default=COUNTS)
    parser.add_argument("--output", default="liegroups_equivariance.npz")
    options = parser.parse_args()
    print_setting("liegroups", "torch", "numpy", "scipy")
    torch.manual_seed(0)
    group = lg.SL(2)
    digits = lg.warp(lg.mnist("test")["image"][:DIGITS] / 255.0, 1.6 * np.eye(2), SIDE)
    images = gaussian_filter(digits, (0, 2, 2))
    plane = {"kernel_size": KERNEL, "padding": KERNEL // 2, "radius": 0.6, "omega": 2.0}
    lift = lg.LiftingConvolution(1, 4, group, **plane).double()
    layers = {
        estimator: lg.GroupConvolution(4, 2, group, reach=REACH, estimator=estimator, bias=False, **plane).double()
        for estimator in ("importance", "ratio")
    }
    layers["ratio"].load_state_dict(layers["importance"].state_dict())
    maps = lg.plane_sample_set(group, ELEMENTS, 99, 0.2).elements
    moved = [lg.warp(images, g) for g in maps]

    def outputs(layer, image, h, samples):
        with torch.no_grad():
            field = lift(torch.from_numpy(image)[:, None], samples).map(torch.tanh)
            return layer(field, at(h)).data[:, 0].numpy()

    inside = np.hypot(*np.meshgrid(*2 * [np.arange(SIDE) - (SIDE - 1) / 2])) < SIDE / 4
    errors = np.zeros((len(CASES), len(options.counts), ELEMENTS))
    for i, (estimator, scheme) in enumerate(CASES.values()):
        for j, count in enumerate(options.counts):
            for k, (g, image) in enumerate(zip(maps, moved, strict=True)):
                one, other = (lg.plane_sample_set(group, count, (k, side), SCALE, scheme) for side in (0, 1))
                straight = outputs(layers[estimator], images, np.eye(2), one)
                back = lg.warp(outputs(layers[estimator], image, g, other), np.linalg.inv(g))
                difference = np.mean((back - straight)[..., inside] ** 2)
                errors[i, j, k] = difference / np.mean(straight[..., inside] ** 2)
    rms = np.sqrt(errors.mean(-1))
    print("relative equivariance error of lifting and group convolution over SL(2)")
    print(f"  {'samples':24}" + "".join(f"{count:8}" for count in options.counts))
    for name, row in zip(CASES, rms, strict=True):
        print(f"  {name:24}" + "".join(f"{value:8.3f}" for value in row))
    np.savez(options.output, counts=options.counts, cases=list(CASES), errors=rms)
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
