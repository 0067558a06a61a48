#!/usr/bin/env python3
"""Prints the sentences of validation that no sentence of some files resembles.

    unlike.py train/board/validation/*.jsonl -- train/board/sentences/[pqrs][0-9]-*.jsonl

A sentence resembles another one that has five of its words in a row, or whose different words and
its own are half the same (Jaccard).
"""
import json
import re
import sys
from collections import Counter, defaultdict

ALIKE = 0.5
RUN = 5


def words(line):
    return re.findall(r"[\w']+", json.loads(line)["text"].lower())


def runs(said):
    return {tuple(said[at : at + RUN]) for at in range(len(said) - RUN + 1)}


def lines(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            yield from (line for line in file if line.strip())


def main():
    split = sys.argv.index("--")
    others = [words(line) for line in lines(sys.argv[split + 1 :])]
    all_runs = set().union(*map(runs, others))
    sets = [set(said) for said in others]
    having = defaultdict(list)
    for at, said in enumerate(sets):
        for word in said:
            having[word].append(at)
    for line in lines(sys.argv[1:split]):
        said = words(line)
        own = set(said)
        shared = Counter(at for word in own for at in having[word])
        alike = (count / len(own | sets[at]) for at, count in shared.items())
        if not runs(said) & all_runs and max(alike, default=0) < ALIKE:
            sys.stdout.write(line)


if __name__ == "__main__":
    main()
