"""The graph6 format of graphs, one line a graph."""

import numpy as np


def from_graph6(line: str) -> np.ndarray:
    """Return the adjacency matrix of a graph6 line.

    The format packs the upper triangle, column after column, six bits to a printable character.
    Source: B. D. McKay, https://users.cecs.anu.edu.au/~bdm/data/formats.txt.

    Args:
        line: One graph in graph6, with or without the header `>>graph6<<`.

    Returns:
        The symmetric matrix (n, n), uint8, of zeros and ones.

    Raises:
        ValueError: If the line is no graph6, or of the wrong length.

    Examples:
        >>> from framesym import from_graph6
        >>> from_graph6("DQc")  # the example of the format's definition: edges 0-2, 0-4, 1-3, 3-4
        array([[0, 0, 1, 0, 1],
               [0, 0, 0, 1, 0],
               [1, 0, 0, 0, 0],
               [0, 1, 0, 0, 1],
               [1, 0, 0, 1, 0]], dtype=uint8)
    """
    text = line.strip().removeprefix(">>graph6<<")
    digits = np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.int64) - 63
    if not len(digits) or digits.min() < 0 or digits.max() > 63:
        raise ValueError(f"a graph6 line holds only characters from '?' to '~' and at least one, got {_short(line)}")
    lead = 1 if digits[0] < 63 else 4 if len(digits) > 1 and digits[1] < 63 else 8
    head = digits[:1] if lead == 1 else digits[lead // 4 : lead]
    n = 0
    for digit in head.tolist():
        n = n << 6 | digit
    pairs = n * (n - 1) // 2
    if len(digits) != lead + -(-pairs // 6):
        raise ValueError(
            f"a graph6 line of {n} nodes has {lead + -(-pairs // 6)} characters, got {len(digits)}: {_short(line)}"
        )
    bits = (digits[lead:, None] >> np.arange(5, -1, -1) & 1).reshape(-1)
    adjacency = np.zeros((n, n), np.uint8)
    column, row = np.tril_indices(n, -1)
    adjacency[row, column] = bits[:pairs]
    return adjacency + adjacency.T


def _short(line: str) -> str:
    return repr(line if len(line) <= 40 else line[:37] + "...")
