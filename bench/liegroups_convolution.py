"""Group convolution of images on one thread: separable against dense kernels, and where the time of a step goes.

One training step (forward, backward) of networks that differ in the kernel alone, interleaved, best of several rounds;
then what a sample set's kernels cost to make beside a pass over images.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

import torch
from _setting import print_setting
from torch.nn.functional import cross_entropy

import liegroups as lg

ROUNDS = 5


def best(cases):
    """Return the best seconds of each case over interleaved rounds, after one to warm up."""
    found = dict.fromkeys(cases, float("inf"))
    for turn in range(ROUNDS + 1):
        for name, case in cases.items():
            start = time.perf_counter()
            case()
            if turn:
                found[name] = min(found[name], time.perf_counter() - start)
    return found


def step(net, batch, side=40):
    """Return a function that does one training step."""
    image, label = torch.rand(batch, 1, side, side), torch.randint(0, 10, (batch,))

    def run():
        net.zero_grad()
        cross_entropy(net(image), label).backward()

    return run


def main():
    """Print the ratios."""
    print_setting("liegroups", "torch", "numpy")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    group = lg.SL(2)
    print("one training step of lie-resnet, SL(2), 40 x 40 pixels, kernels 5 x 5, float32")
    for samples, width, batch in ((4, 16, 8), (8, 16, 8), (10, 40, 2)):
        nets = {
            kernel: lg.LieResNet(group, samples=samples, width=width, depth=width, kernel=kernel, resample="fixed")
            for kernel in ("dense", "separable")
        }
        seconds = best({kernel: step(net, batch) for kernel, net in nets.items()})
        ratio = seconds["dense"] / seconds["separable"]
        times = ", ".join(f"{kernel} {1e3 * value / batch:.1f} ms an image" for kernel, value in seconds.items())
        print(f"  N = {samples:2}, width {width}: {times}: {ratio:.1f} x")

    print("one group convolution, forward and backward, N = 8, 16 channels, 18 x 18 pixels, batch 8")
    field = lg.GroupField(torch.rand(8, 8, 16, 18, 18, requires_grad=True), lg.plane_sample_set(group, 8, 0, 0.3))
    layers = {k: lg.GroupConvolution(16, 16, group, k, padding=2) for k in ("dense", "separable")}
    seconds = best({k: lambda layer=layer: layer(field).data.sum().backward() for k, layer in layers.items()})
    print(f"  dense {1e3 * seconds['dense']:.1f} ms, separable {1e3 * seconds['separable']:.1f} ms: "
          f"{seconds['dense'] / seconds['separable']:.1f} x")  # fmt: skip

    net = lg.LieResNet(group, samples=8).eval()
    image = torch.rand(64, 1, 40, 40)

    def kernels():
        layer, like = net.last, torch.zeros(())
        layer.mixing_kernel(net.samples, net.samples, like), layer.plane_kernel(net.samples, like)

    with torch.no_grad():
        cases = {
            "a new sample set": lambda: lg.plane_sample_set(group, 8, 0, 0.3),
            "kernels of the last layer": kernels,
            "a pass over 64 images": lambda: net(image),
        }
        for name, value in best(cases).items():
            print(f"  {name}: {1e3 * value:.2f} ms")


if __name__ == "__main__":
    main()
