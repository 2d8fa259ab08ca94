"""How well prompts are understood, field by field: captions of random shots, of which every truth is known.

For each language it writes captions in all five styles, reads them back and counts, of the fields that a
caption tells, how many were read right; and of those it does not tell, how often something wrong was read
into them.

    python benchmarks/understanding.py --shots 400 --typos 0.1
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from rich import box
from rich.console import Console
from rich.table import Table

from ozora.director.understanding.measure import FIELDS, Score, measure
from ozora.world.languages import CODES

FIRST_SEED = 70_000


def main() -> None:
    """Print the table, and with ``--show FIELD`` what went wrong in it."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--shots", type=int, default=200, help="shots for each language")
    parser.add_argument("--typos", type=float, default=0.0, help="share of letters misspelt")
    parser.add_argument("--languages", default=",".join(CODES))
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--show", default="", help="a field whose misreadings are printed")
    parser.add_argument("--most", type=int, default=20)
    asked = parser.parse_args()
    codes = asked.languages.split(",")
    start = time.perf_counter()
    scores: dict[str, Score] = {}
    for code in codes:
        scores[code] = measure(code, range(asked.seed, asked.seed + asked.shots), typos=asked.typos)
    told = f"% read right of what {asked.shots} x 5 captions tell, {asked.typos:.0%} letters misspelt"
    title = f"{told} (in brackets: % read wrongly into captions that do not tell)"
    table = Table(title=title, box=box.SIMPLE_HEAD)
    table.add_column("field")
    for code in codes:
        table.add_column(code, justify="right")
    for field in FIELDS:
        table.add_row(field, *(scores[code].cell(field) for code in codes))
    for name, count in (("a word unknown", "unknown"), ("a word unused", "unused")):
        of = (100 * getattr(scores[code], count) / scores[code].captions for code in codes)
        table.add_row(f"[grey50]{name}[/]", *(f"[grey50]{share:.1f}[/]" for share in of))
    console = Console(width=140)
    console.print(table)
    prompts = sum(score.captions for score in scores.values())
    console.print(f"{prompts} captions in {time.perf_counter() - start:.0f} s")
    for code in codes if asked.show else ():
        wrong = [one for one in scores[code].wrong if one.field == asked.show]
        console.print(Counter((one.truth, one.read) for one in wrong).most_common(12))
        for one in wrong[: asked.most]:
            console.print(f"{code} {one.field}: {one.truth} read as {one.read} | {one.text}", highlight=False,
                          soft_wrap=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
