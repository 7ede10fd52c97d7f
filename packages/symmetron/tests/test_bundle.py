"""Small blocks travel together, and nothing of it is seen in what comes home."""

import numpy as np
import pytest

import symmetron as sym
from symmetron import _bundle
from symmetron._bundle import BUDGET, Bundles, Job, work_through
from symmetron._compute import Block, Task
from symmetron.errors import Cancelled


@pytest.fixture(autouse=True)
def _lab(lab):
    return lab


def jobs(count):
    return [Job(np.array([i]), Task({}, {}, 1), str(i)) for i in range(count)]


def finish(bundle):
    for job in bundle:
        job.block = Block({}, {}, ("",), {"seconds": 0.0})


def sizes(seconds, count=100):
    """Return the sizes of the bundles in which every block takes so long, to the end."""
    bundles, found = Bundles(jobs(count)), []
    while bundle := bundles.next():
        fitting = bundle[: max(1, int(BUDGET // seconds) + 1)]  # a worker looks at the clock after each
        finish(fitting)
        bundles.answered(bundle, seconds * len(fitting))
        found.append(len(fitting))
    assert sum(found) == count
    return found


def test_bundles_of_quick_blocks_double():
    assert sizes(1e-6) == [1, 2, 4, 8, 16, 32, 37]


def test_slow_blocks_travel_alone():
    assert sizes(1.0, 9) == [1] * 9


def test_a_bundle_takes_its_budget_and_one_block_at_most():
    assert max(sizes(BUDGET / 5)) <= 6


def test_jobs_keep_their_order_when_they_come_back():
    bundles = Bundles(jobs(7))
    for _ in range(2):
        bundle = bundles.next()
        finish(bundle)
        bundles.answered(bundle, 0.0)
    bundle = bundles.next()
    assert [job.key for job in bundle] == ["3", "4", "5", "6"]
    finish(bundle[:1])
    bundles.answered(bundle, 1.0)
    assert [job.key for job in bundles.next()] == ["4", "5"]


def test_a_bundle_that_killed_is_taken_apart():
    bundles = Bundles(jobs(4))
    for _ in range(2):
        bundle = bundles.next()
        if len(bundle) == 1:
            finish(bundle)
            bundles.answered(bundle, 0.0)
    bundles.take_apart(bundle)
    assert [[job.key for job in bundles.next()] for _ in range(3)] == [["1"], ["2"], ["3"]]


def task(x, solver="inverse"):
    return Task({"entry": f"lab-plugin/{solver}"}, {"x": [x]}, 1)


def test_a_worker_answers_in_order_until_its_time_is_up(monkeypatch):
    monkeypatch.setattr(_bundle, "BUDGET", 60.0)
    answers = [Block.decode(*answer) for answer in work_through([task(2.0), task(0.0), task(4.0)])]
    assert [block.columns["y"].tolist() if block.columns else block.messages for block in answers] == [
        [0.5],
        ("ZeroDivisionError: float division by zero",),
        [0.25],
    ]
    monkeypatch.setattr(_bundle, "BUDGET", 0.0)
    assert len(work_through([task(2.0), task(4.0)])) == 1


def test_an_error_behind_a_finished_block_is_told_in_its_own_turn(monkeypatch):
    def work(x):
        if x == 0:
            raise Cancelled("enough")
        return b"", ""

    monkeypatch.setattr(_bundle, "work", work)
    assert work_through([1, 2, 0, 3]) == [(b"", "")] * 2
    with pytest.raises(Cancelled, match="enough"):
        work_through([0, 3])


def test_a_thousand_cells_are_a_few_messages_and_the_same_values(tmp_path):
    """y = 1/x, and one cell has no value."""

    class Counting(sym.Pool):
        messages = 0

        def submit(self, *arguments, **options):
            self.messages += 1
            return super().submit(*arguments, **options)

    x = np.arange(1000.0) - 500
    with Counting(workers=1) as pool:
        result = sym.sweep("lab-plugin/inverse", {"x": x}, executor=pool, store=tmp_path / "store")
        assert pool.messages < 200
    assert np.flatnonzero(result["failed"]).tolist() == [500]
    np.testing.assert_array_equal(np.delete(result["y"].values, 500), 1 / np.delete(x, 500))
    with sym.Store(tmp_path / "store") as store:
        assert len(store) == 999


def test_a_deadly_block_in_a_bundle_is_found(tmp_path):
    result = sym.sweep("lab-plugin/killer", {"x": range(64)}, victim=50, store=tmp_path / "store")
    assert np.flatnonzero(result["failed"]).tolist() == [50]
    assert np.delete(result["y"].values, 50).tolist() == [2 * x for x in range(64) if x != 50]
