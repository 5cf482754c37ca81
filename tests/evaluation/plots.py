"""Plots of the evaluation as SVG for inlining in a page; no script, no external reference."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from tests.evaluation.metrics import Share
from tests.evaluation.summary import OUTCOME_NAMES, Calibration, Confusion, Outcomes, Row

# Paul Tol's "bright" scheme, told apart with any kind of colour vision.
_COLOURS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377")
_MOST_TOPICS = 16


def bars(rows: Sequence[Row]) -> str:
    """Return the shares as points with their intervals, one line a name and colour a group."""
    names = sorted({row.name for row in rows}, reverse=True)
    groups = sorted({row.group for row in rows})
    figure, axes = _axes(6.5, 0.6 + 0.34 * len(names))
    for number, group in enumerate(groups):
        mine = [row for row in rows if row.group == group and row.share.n]
        places = [
            names.index(row.name) + 0.18 - 0.36 * number / max(len(groups) - 1, 1) for row in mine
        ]
        _points(axes, places, [row.share for row in mine], group, number, horizontal=True)
    axes.set_yticks(range(len(names)), [_plain(name) for name in names])
    axes.set_xlim(0, 1.01)
    axes.set_xlabel("share right, 95 % interval")
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower left", fontsize=8)
    return _svg(figure)


def reliability_diagram(groups: dict[str, Calibration]) -> str:
    """Return accuracy over mean confidence of each bin; on the diagonal they agree."""
    figure, axes = _axes(4.5, 4.0)
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    for number, (group, found) in enumerate(groups.items()):
        xs, shares = [b.confidence for b in found.bins], [b.accuracy for b in found.bins]
        _points(axes, xs, shares, f"{group} (ECE {found.error:.3f})", number)
        axes.plot(xs, [s.value for s in shares], color=_colour(number), linewidth=1)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence", ylabel="share right")
    axes.legend(loc="lower right", fontsize=8)
    return _svg(figure)


def outcome_bars(outcomes: Sequence[Outcomes]) -> str:
    """Return what happened to each kind of message as stacked bars."""
    figure, axes = _axes(6.5, 0.9 + 0.4 * len(outcomes))
    left = np.zeros(len(outcomes))
    for number, name in enumerate(OUTCOME_NAMES):
        widths = np.array([part.counts.get(name, 0) / max(part.n, 1) for part in outcomes])
        axes.barh(range(len(outcomes)), widths, left=left, color=_colour(number), label=name)
        left += widths
    labels = [f"{part.group} {part.kind} (n={part.n})" for part in outcomes]
    axes.set_yticks(range(len(outcomes)), labels)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.18), ncol=5, fontsize=7, frameon=False)
    return _svg(figure)


def confusion_plot(confusions: Sequence[Confusion]) -> str:
    """Return the pairs of the topics that are confused most as a matrix of counts."""
    worst: dict[str, int] = {}
    for pair in confusions:
        worst[pair.wanted] = worst.get(pair.wanted, 0) + pair.count
    wanted = sorted(worst, key=lambda name: (-worst[name], name))[:_MOST_TOPICS]
    got = sorted({pair.got for pair in confusions if pair.wanted in wanted})
    counts = np.zeros((len(wanted), len(got)))
    for pair in confusions:
        if pair.wanted in wanted:
            counts[wanted.index(pair.wanted), got.index(pair.got)] = pair.count
    figure, axes = _axes(2.6 + 0.28 * len(got), 2.4 + 0.28 * len(wanted))
    # Not imshow: that puts a bitmap into the page.
    most = max(counts.max(initial=0), 2) * 1.4
    edges = np.arange(len(got) + 1) - 0.5, np.arange(len(wanted) + 1) - 0.5
    axes.pcolormesh(*edges, counts, cmap="Blues", vmin=0, vmax=most, edgecolor="#eeeeee")
    axes.invert_yaxis()
    for row, column in zip(*np.nonzero(counts)):
        text = f"{counts[row, column]:.0f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(got)), [_plain(name) for name in got], rotation=90, fontsize=7)
    axes.set_yticks(range(len(wanted)), [_plain(name) for name in wanted], fontsize=7)
    axes.set(xlabel="taken for", ylabel="asked")
    return _svg(figure)


def learning_curve(points: dict[str, list[tuple[float, Share]]]) -> str:
    """Return accuracy over the number of training examples, per language."""
    figure, axes = _axes(5.5, 3.5)
    for number, (group, curve) in enumerate(sorted(points.items())):
        xs, shares = [x for x, _ in curve], [share for _, share in curve]
        _points(axes, xs, shares, group, number)
        axes.plot(xs, [s.value for s in shares], color=_colour(number), linewidth=1)
    axes.set(xlabel="training examples, both languages", ylabel="topics right")
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
    return _svg(figure)


def _axes(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot()


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _points(
    axes: Any,
    places: Sequence[float],
    shares: Sequence[Share],
    label: str,
    number: int,
    horizontal: bool = False,
) -> None:
    values = np.array([share.value for share in shares])
    bounds = np.array([share.interval for share in shares]).reshape(-1, 2)
    errors = np.clip(np.stack([values - bounds[:, 0], bounds[:, 1] - values]), 0, None)
    style = {"fmt": "os^Dv"[number % 5], "color": _colour(number), "label": label, "capsize": 2}
    style |= {"markersize": 4, "linewidth": 1}
    if horizontal:
        axes.errorbar(values, places, xerr=errors, **style)
    else:
        axes.errorbar(places, values, yerr=errors, **style)


def _plain(text: str) -> str:
    """Return `text` so that matplotlib reads no formula in it."""
    return text.replace("$", r"\$")


def _svg(figure: Figure) -> str:
    """Return the bare <svg> element, letters as outlines, the same for the same figures."""
    buffer = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "upright"}):
        figure.savefig(buffer, format="svg", metadata=nothing, bbox_inches="tight")
    text = buffer.getvalue()
    return text[text.index("<svg") :]
