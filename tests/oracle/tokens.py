"""Token numbers of tricky texts, as Hugging Face's `tokenizers` makes them.

Trains a small byte-level BPE vocabulary with the pre-tokenizer of Llama 3, and writes it and what
it makes of some hundred texts to FOLDER. Run by `cargo xtask golden tokens`, in an environment with
`tokenizers`:

    python tokens.py FOLDER
"""

import json
import pathlib
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

FOLDER = pathlib.Path(sys.argv[1])
TOKENS = 700
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTROL = [
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|start|>",
    "<|start|>end",
    "<｜fullwidth｜>",
]
DEFINED = ["[[TOOL]]", "\t\t\t\t"]

CORPUS = """
The valve on the north side closes when the pressure falls below two bar. Open it again by hand.
Set the fan to forty percent, then wait until the greenhouse is at 21.5 degrees; it's what we'd do.
They've said that you'll see 1,234,567 readings, and I'm sure they're right: don't count them twice.
Die Klappe öffnet sich, sobald der Fühler über 28 °C meldet. Größe, Maße und Straße sind bekannt.
La vanne se ferme à 18 h 30 ; l'été dernier, c'était déjà trop tard. Où est le problème ?
Клапан закрывается, когда давление падает ниже двух бар. Откройте его снова вручную.
阀门在压力低于两巴时关闭。请再次手动打开。温室里的温度是二十一度。
温室の弁は圧力が下がると閉じます。もう一度手で開けてください。
वाल्व बंद हो जाता है जब दबाव गिरता है। يغلق الصمام عندما ينخفض الضغط.
fn main() { let value = device.read("fan_set", 40)?; println!("{value:>8.3}"); } // returns Ok(())
for (int i = 0; i < 16; i++) { sum += a[i] * b[i]; }\r\n\tif (sum != 0x1F)\r\n\t\treturn -1;
{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "fan_set"}}
    indented    with    spaces\n\n\n        and more\n\t\ttabs   \n
😀 🎉 👩‍👩‍👧 🇩🇪 naïve café résumé Ångström
"""

TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\r\n", " \n", "\n ", " \n ", "\t", "\t\t", "\t\t\t\t\t",
    "a", " a", "  a", "   a", "a ", "a  ", "a\n", "a \n", "a\n b", "a\n  b", "a \n\n  b",
    "a\r\n\r\nb", "Hello, world!", "Hello world", "HELLO WORLD", "hello  world",
    "hello   world   ", "it's", "IT'S", "it'S", "don't", "we'll", "we'LL", "we'Ll", "they've",
    "they're", "I'm", "I'd", "'s", "''s", "'x", "'", "''", "' s", "'ll'", "'l", "'r", "'re've",
    "x'mas", "'twas", "rock'n'roll", "\u017f", "it'\u017f", "'\u017fx", "'K", "'\u212a",
    "’s it’s", "1", "12", "123", "1234", "12345", "1234567890", "3.14159", "1,234,567", "0x1F",
    "1e-5", "v1.2.3", " 1", "  1", " 123 456", "a1b2", "١٢٣٤", "Ⅷ", "²³", "½ 3¼",
    "①②③④", "_x", "__init__", "x_y", "-x", "--x", "---", " ---", "a-b", "(x)", "(x) ",
    "((", "a.b.c", "...", "…", "x = (y);\n\n  z", "if (a != b) {\n\treturn;\n}\n",
    "#include <stdio.h>\r\n", "a\tb", "a\t\tb", "a\t b", "a \tb", " \t a", "\ta\n\tb", "é",
    "e\u0301", "ÅA\u030a", "naïve", "Straße", "GRÖSSE", "中文", "中 文", "中文abc",
    "abc中文", "日本語のテキスト", "한국어", "ไทย", "हिन्दी",
    "עברית", "العربية", "😀", "😀😀", " 😀", "a😀b", "👩‍👩‍👧",
    "🇩🇪🇫🇷", "☺️", "\u200b", "a\u200bb", "\ufeff", "\ufeffa", "\u00a0", "a\u00a0b",
    "\u00a0\u00a0b", "\u3000", "a\u3000\u3000b", "\u2028", "a\u2028b", "\u0085", "a\u0085b",
    "\u1680a", "\u180ea", "\x0b\x0ca", "\x00", "a\x00b", "\x7f", "\x1b[0m", "𝒳𝓎", "𠀀𠀁",
    "\U0010ffff", "ª º", "ʰ", "ǅ", "ㄱ", "Ⓐ", "〇", "々", "ー", "Ġ", "Ċ", "Ġhello",
    "Ã¤", "\u0120\u0120", "<|begin_of_text|>", "<|begin_of_text|>Hello<|eot_id|>",
    "<|eot_id|><|eot_id|>", " <|eot_id|> ", "<|eot_id|", "<|eot_id>", "<<|eot_id|>>",
    "<|start|>end", "<|start|>en", "<|start|><|start|>end.", "a  <|eot_id|>  b",
    "a \n<|eot_id|>\n b", "<｜fullwidth｜>", "<｜fullwidth", "[[TOOL]]", "[[TOOL]",
    "[[[TOOL]]]", "x[[TOOL]]y<|end_of_text|>z", "\t\t\t", "\t\t\t\t", "\t\t\t\t\t\t\t\t\t",
    "a" * 100, "ab" * 60, "the " * 30, " " * 50, "\n" * 20, "!" * 40, "7" * 20, "中" * 30,
    "valve" * 12,
]


def random_texts(count):
    """Texts of few characters each that a pre-tokenizer tells apart."""
    draw = random.Random(4)
    alphabet = list("aAzßЖ中5٣½ \t\n\r'._-(😀")
    alphabet += ["\u00a0", "\u0301", "'s", "'LL", "  ", "the", "valve"]
    for _ in range(count):
        yield "".join(draw.choice(alphabet) for _ in range(draw.randint(1, 24)))
    words = CORPUS.split(" ")
    for _ in range(count // 2):
        yield " ".join(draw.choice(words) for _ in range(draw.randint(1, 12)))


def trained():
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS, initial_alphabet=alphabet, min_frequency=2, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS.splitlines(keepends=True) * 2, trainer)
    plain = [AddedToken(text, normalized=False, special=False) for text in DEFINED]
    tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in CONTROL])
    tokenizer.add_tokens(plain)
    return tokenizer


def write(name, rows):
    """One row a line, in JSON."""
    lines = [json.dumps(row, ensure_ascii=True) for row in rows]
    (FOLDER / name).write_text("[\n" + ",\n".join(lines) + "\n]\n")


def main():
    tokenizer = trained()
    model = json.loads(tokenizer.to_str())["model"]
    numbers = tokenizer.get_vocab(with_added_tokens=True)
    types = {text: 3 for text in CONTROL} | {text: 4 for text in DEFINED}
    tokens = sorted(numbers, key=numbers.get)
    assert [numbers[token] for token in tokens] == list(range(len(tokens)))
    write("tokens.json", [[token, types.get(token, 1)] for token in tokens])
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    write("merges.json", merges)
    rows = []
    for text in dict.fromkeys(TEXTS + list(random_texts(240))):
        tokenizer.encode_special_tokens = False
        special = tokenizer.encode(text, add_special_tokens=False).ids
        tokenizer.encode_special_tokens = True
        plain = tokenizer.encode(text, add_special_tokens=False).ids
        shown = tokenizer.decode(special, skip_special_tokens=False)
        hidden = tokenizer.decode(special, skip_special_tokens=True)
        rows.append([text, plain, special, shown, hidden])
    write("texts.json", rows)
    print(f"{len(tokens)} tokens, {len(merges)} merges, {len(rows)} texts", file=sys.stderr)


if __name__ == "__main__":
    main()
