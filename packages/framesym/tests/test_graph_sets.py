"""The sets of graphs and their formats."""

import hashlib
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import framesym as fs
from framesym import _graph_sets

SLICE = Path(__file__).parent / "data"


@pytest.fixture
def slices(monkeypatch):
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))


def views(arrays):
    return [nx.from_numpy_array(a[:n, :n]) for a, n in zip(arrays["adjacency"], arrays["size"], strict=True)]


@pytest.mark.parametrize("n", [0, 1, 2, 5, 62, 63, 64, 130])
def test_graph6_is_that_of_networkx(n):
    graph = nx.gnp_random_graph(n, 0.3, seed=n)
    line = nx.to_graph6_bytes(graph).decode()
    assert line.startswith(">>graph6<<")
    for text in (line, line.removeprefix(">>graph6<<").strip()):
        found = fs.from_graph6(text)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, nx.to_numpy_array(graph) if n else np.zeros((0, 0)))


def test_the_longest_header_of_graph6_is_read():
    # 63 63 and six digits, here for n = 3: allowed by no writer, and defined by the format
    assert fs.from_graph6("~~?????B" + "w").tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize("line, message", [
    ("", "at least one, got ''"),
    ("D Q", "only characters from"),
    ("DQ", "5 nodes has 3 characters, got 2: 'DQ'"),
    ("DQcc", "has 3 characters, got 4"),
    ("Dé", "only characters from"),
])  # fmt: skip
def test_what_is_no_graph6_is_named(line, message):
    with pytest.raises(ValueError, match=message):
        fs.from_graph6(line)


def test_slices_have_the_properties_of_the_sets(slices):
    eight = fs.graph8c()
    assert eight["adjacency"].shape == (222, 8, 8) and (eight["size"] == 8).all()
    assert all(nx.is_connected(graph) for graph in views(eight))
    regular = fs.sr25()["adjacency"].astype(int)
    assert regular.shape == (15, 25, 25)
    # A^2 = k I + lambda A + mu (J - I - A), the definition of srg(25, 12, 5, 6)
    expected = 12 * np.eye(25) + 5 * regular + 6 * (1 - np.eye(25) - regular)
    np.testing.assert_array_equal(regular @ regular, expected)


@pytest.mark.parametrize("load", [fs.exp_graphs, fs.cexp_graphs])
def test_pairs_of_formulas_are_not_isomorphic(slices, load):
    arrays = load()
    assert arrays["label"].tolist() == [1, 0] * 12
    kinds = arrays["feature"]
    graphs = views(arrays)
    told = 0
    for graph, kind in zip(graphs, kinds, strict=True):
        nx.set_node_attributes(graph, {k: int(kind[k]) for k in graph}, "kind")
        assert nx.number_connected_components(graph) >= 2
    for one, other in zip(graphs[::2], graphs[1::2], strict=True):
        assert not nx.is_isomorphic(one, other, node_match=lambda a, b: a == b)
        hashes = [nx.weisfeiler_lehman_graph_hash(g, node_attr="kind", iterations=len(g)) for g in (one, other)]
        told += hashes[0] != hashes[1]
    assert told == (0 if load is fs.exp_graphs else 6)
    for adjacency, kind, n in zip(arrays["adjacency"], kinds, arrays["size"], strict=True):
        assert not adjacency[n:].any() and not adjacency[:, n:].any() and not kind[n:].any()


def test_pairs_of_brec(slices):
    arrays = fs.brec()
    assert arrays["category"].tolist() == [k for k in range(7) for _ in range(6)]
    graphs = views(arrays)
    for one, other in zip(graphs[:36:2], graphs[1:36:2], strict=True):
        assert sorted(d for _, d in one.degree) == sorted(d for _, d in other.degree) or one.size() != other.size()
        if len(one) < 20:
            assert not nx.is_isomorphic(one, other)


def test_circular_skip_links_are_ten_kinds():
    arrays = fs.csl(copies=2, seed=3)
    assert arrays["label"].tolist() == [k for k in range(10) for _ in range(2)]
    assert (arrays["adjacency"].sum(-1) == 4).all()
    np.testing.assert_array_equal(arrays["adjacency"], arrays["adjacency"].swapaxes(1, 2))
    graphs = views(arrays)
    for k, (step, graph) in enumerate(zip(_graph_sets.CSL, graphs[::2], strict=True)):
        assert nx.is_isomorphic(graph, nx.circulant_graph(41, [1, step]))
        assert nx.is_isomorphic(graph, graphs[2 * k + 1])
        assert not np.array_equal(arrays["adjacency"][2 * k], arrays["adjacency"][2 * k + 1])
    assert fs.csl(copies=0)["adjacency"].shape == (0, 41, 41)
    np.testing.assert_array_equal(fs.csl(copies=2, seed=3)["adjacency"], arrays["adjacency"])
    with pytest.raises(ValueError, match="copies must be at least 0, got -1"):
        fs.csl(copies=-1)


def test_graphs_are_fetched_by_hash_where_there_is_no_file(monkeypatch, tmp_path):
    pytest.importorskip("pooch", reason="pooch is in the extra `data`")
    monkeypatch.delenv("SYMMETRON_DATA", raising=False)
    source = SLICE / "framesym" / "graphs"
    hashes = {"sr251256.g6": "sha256:" + hashlib.sha256((source / "sr251256.g6").read_bytes()).hexdigest()}
    assert hashes["sr251256.g6"] == _graph_sets.FILES["sr251256.g6"]  # the slice is the whole file
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *args: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(source))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(_graph_sets, "ORIGIN", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        fetched = fs.sr25()
        with pytest.raises(ValueError, match="hash"):
            fs.graph8c()  # the slice is not the whole file
        server.shutdown()
    monkeypatch.setenv("SYMMETRON_DATA", str(SLICE))
    np.testing.assert_array_equal(fetched["adjacency"], fs.sr25()["adjacency"])


def test_what_cannot_be_fetched_is_explained(monkeypatch, tmp_path):
    pytest.importorskip("pooch", reason="pooch is in the extra `data`")
    monkeypatch.delenv("SYMMETRON_DATA", raising=False)
    with socket.socket() as unused:  # bound but not listening: connections are refused
        unused.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        monkeypatch.setattr(_graph_sets, "ORIGIN", origin)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        with pytest.raises(ConnectionError, match=rf"sr251256\.g6 could not be fetched from {origin}.*SYMMETRON_DATA"):
            fs.sr25()


def test_missing_files_are_explained(monkeypatch):
    monkeypatch.delenv("SYMMETRON_DATA", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install framesym\[data\]"):
        fs.graph8c()
    with pytest.raises(FileNotFoundError, match=r"\$SYMMETRON_DATA/framesym/graphs/CEXP_GRAPHSAT\.txt is not there"):
        fs.cexp_graphs()
    with pytest.raises(FileNotFoundError, match=r"framesym/brec/basic\.g6pairs is not there"):
        fs.brec()


@pytest.mark.parametrize("text, message", [
    ("", "at graph 0 before its end"),
    ("1\n2 1\n0 1 1\n", "at graph 0 before its end"),
    ("1\n2 1\n0 2 1\n0 1 0\n", "a node of degree 2 has 1 neighbours"),
    ("1\n2 1\n0 1 1\n0 0\n", "a graph is not symmetric"),
    ("1\n2 1\n0 1 5\n0 1 0\n", "out of bounds"),
    ("x", "invalid literal"),
])  # fmt: skip
def test_broken_files_are_named(monkeypatch, tmp_path, text, message):
    folder = tmp_path / "framesym" / "graphs"
    folder.mkdir(parents=True)
    (folder / "EXP_GRAPHSAT.txt").write_text(text)
    monkeypatch.setenv("SYMMETRON_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=rf"EXP_GRAPHSAT\.txt is no file of EXP.*{message}"):
        fs.exp_graphs()
    (tmp_path / "framesym" / "brec").mkdir()
    (tmp_path / "framesym" / "brec" / "basic.g6pairs").write_text("D?? D?? D??\n")
    with pytest.raises(ValueError, match="a line must hold two graphs, got 3"):
        fs.brec()
