"""Draw what the upload benches found: python plot.py results.json results.svg."""

import json
import statistics
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams |= {"svg.hashsalt": "mediagate", "svg.fonttype": "none", "font.size": 9}
from matplotlib import pyplot as plt  # noqa: E402  # after the choice of how to draw

OURS, OTHERS = "#2463b5", "#b9c2cd"


def bars(axes, names, values, title):
    colours = [OURS if name.startswith("**") else OTHERS for name in names]
    shown = [name.strip("*").replace("**", "") for name in names]
    drawn = axes.barh(shown, values, color=colours)
    axes.bar_label(drawn, fmt="{:.4g}", padding=3)
    axes.invert_yaxis()
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)


def main(source, target):
    found = json.loads(Path(source).read_text())
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    seconds = {label: statistics.median(one["acknowledged"] for one in rows) for label, rows in found["large"].items()}
    bars(left, list(seconds), list(seconds.values()), "1 GiB until acknowledged, seconds (less is better)")
    rates = {label: statistics.median(one["rate"] for one in rows["10"]) for label, rows in found["small"].items()}
    bars(right, list(rates), list(rates.values()), "100 KiB files a second, 10 clients (more is)")
    figure.savefig(target, metadata={"Date": None})


main(*sys.argv[1:])
