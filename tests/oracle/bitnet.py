"""Reference vectors of BitNet: small random models and what Hugging Face transformers makes of them.

Run by `cargo xtask golden bitnet`, in an environment with torch and transformers:

    python bitnet.py FOLDER

For each case it writes into FOLDER

- NAME.gguf, the model, with the tensor names and keys of llama.cpp;
- NAME.expected.gguf, what BitNetForCausalLM computes from it: `expected.tokens` (the prompt),
  `expected.positions` (which positions of it have a row of logits), `expected.greedy` (the tokens
  that greedy decoding appends) and the tensor `expected.logits`, one row for each position.

The modules are those of `AutoBitLinear` in offline mode: weights are trits times one scale, and
activations are rounded to eight bits for each token.

That rounding makes the function discontinuous: where an activation lies on the edge between two
integers, two programs that are both right to the last bit of an f32 differ in the third digit of
the logits. Such a position says nothing about a program, so a case takes the first seed whose
activations all keep EDGE away from an edge. In `long` that is asked of the positions with logits
and of those that are decoded, and of the others for what their keys and values are made from,
which in its one block is all that they give to later ones. The choice sees nothing but the
reference.
"""

import os
import struct
import sys

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # The modules as written, not as compiled.

import numpy as np
import torch
from transformers import BitNetConfig, BitNetForCausalLM
from transformers import logging
from transformers.integrations import bitnet
from transformers.integrations.bitnet import AutoBitLinear, replace_with_bitnet_linear
from transformers.utils.quantization_config import BitNetQuantConfig

logging.set_verbosity_error()

U32, I32, F32_VALUE, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
F32, F16, I8, TQ1_0, TQ2_0, I2_S = 0, 1, 24, 34, 35, 36
ALIGNMENT = 32
EDGE = 3e-5


class Watch:
    """The rounding of activations, and how near each position's come to an edge."""

    inner = bitnet.ActQuant
    calls = []

    @classmethod
    def apply(cls, x):
        scaled = x * (127 / x.abs().amax(-1, keepdim=True).clamp(min=1e-5))
        cls.calls.append(((scaled - scaled.floor()) - 0.5).abs().amin(-1)[0])
        return cls.inner.apply(x)


bitnet.ActQuant = Watch


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def pair(key, value):
    """One key of the header; lists are arrays of strings, floats or 32-bit integers."""
    if isinstance(value, bool):
        return text(key) + struct.pack("<IB", BOOL, value)
    if isinstance(value, int):
        return text(key) + struct.pack("<II", U32, value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", F32_VALUE, value)
    if isinstance(value, str):
        return text(key) + struct.pack("<I", STRING) + text(value)
    if isinstance(value[0], str):
        kind, body = STRING, b"".join(map(text, value))
    elif isinstance(value[0], float):
        kind, body = F32_VALUE, struct.pack(f"<{len(value)}f", *value)
    else:
        kind, body = I32, struct.pack(f"<{len(value)}i", *value)
    return text(key) + struct.pack("<IIQ", ARRAY, kind, len(value)) + body


def write(path, keys, tensors):
    """A GGUF file, version 3. A tensor is (name, type, dimensions with ne0 first, bytes)."""
    infos, data = b"", b""
    for name, kind, dims, body in tensors:
        infos += text(name) + struct.pack("<I", len(dims)) + struct.pack(f"<{len(dims)}Q", *dims)
        infos += struct.pack("<IQ", kind, len(data))
        data += body + bytes(-len(body) % ALIGNMENT)
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys))
    head += b"".join(pair(key, value) for key, value in keys) + infos
    with open(path, "wb") as file:
        file.write(head + bytes(-len(head) % ALIGNMENT) + data)


def i2_s(trits, scale):
    """128 weights in 32 bytes, the first quarter in the high bits; then the scale."""
    codes = (trits.reshape(-1, 4, 32) + 1).astype(np.uint8)
    packed = codes[:, 0] << 6 | codes[:, 1] << 4 | codes[:, 2] << 2 | codes[:, 3]
    return packed.tobytes() + np.float32([scale] * 8).tobytes()


def tq2_0(trits, scale):
    """256 weights in 64 bytes and the scale as f16."""
    codes = (trits.reshape(-1, 2, 4, 32) + 1).astype(np.uint8)
    packed = codes[:, :, 0] | codes[:, :, 1] << 2 | codes[:, :, 2] << 4 | codes[:, :, 3] << 6
    scales = np.full((len(codes), 1), scale, np.float16).view(np.uint8)
    return np.concatenate([packed.reshape(len(codes), 64), scales], axis=1).tobytes()


def base3(codes):
    """Digits of the middle axis, most significant first, as the byte that TQ1_0 has for them."""
    value = np.zeros((codes.shape[0], codes.shape[2]), np.uint16)
    for digit in range(codes.shape[1]):
        value = value * 3 + codes[:, digit]
    value *= 3 ** (5 - codes.shape[1])
    return ((value * 256 + 242) // 243).astype(np.uint8)


def tq1_0(trits, scale):
    """256 weights: 32 and 16 bytes of five digits, 4 bytes of four, and the scale as f16."""
    codes = (trits.reshape(-1, 256) + 1).astype(np.uint16)
    count = len(codes)
    scales = np.full((count, 1), scale, np.float16).view(np.uint8)
    parts = [
        base3(codes[:, :160].reshape(count, 5, 32)),
        base3(codes[:, 160:240].reshape(count, 5, 16)),
        base3(codes[:, 240:].reshape(count, 4, 4)),
        scales,
    ]
    return np.concatenate(parts, axis=1).tobytes()


def linear_tensors(name, module, kind):
    rows, columns = module.weight.shape
    trits = module.weight.numpy().astype(np.int8)
    scale = module.weight_scale.item()
    bodies = {
        I2_S: lambda: i2_s(trits, scale),
        TQ2_0: lambda: tq2_0(trits, scale),
        TQ1_0: lambda: tq1_0(trits, scale),
        I8: lambda: trits.tobytes(),
    }
    yield f"{name}.weight", kind, [columns, rows], bodies[kind]()
    if kind == I8:  # A type without a scale of its own has it beside it.
        yield f"{name}.scale", F32, [1], np.float32([scale]).tobytes()


def vector(name, weight):
    return name, F32, [weight.numel()], weight.detach().numpy().astype(np.float32).tobytes()


LINEARS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
NORMS = {
    "attn_norm": "input_layernorm",
    "attn_sub_norm": "self_attn.attn_sub_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_sub_norm": "mlp.ffn_sub_norm",
}


def random_model(case, generator):
    config = BitNetConfig(
        vocab_size=case["vocab"],
        hidden_size=case["dim"],
        intermediate_size=case["ffn"],
        num_hidden_layers=case["layers"],
        num_attention_heads=case["heads"],
        num_key_value_heads=case["kv_heads"],
        hidden_act=case.get("act", "relu2"),
        max_position_embeddings=case["context"],
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": case["rope"]},
        tie_word_embeddings=True,
        attn_implementation="eager",
    )
    model = BitNetForCausalLM(config).eval().requires_grad_(False)
    quantization = BitNetQuantConfig(linear_class="autobitlinear", quantization_mode="offline")
    replace_with_bitnet_linear(model, ["lm_head"], quantization)
    for name, module in list(model.named_modules()):
        if isinstance(module, AutoBitLinear):
            module.to_empty(device="cpu")
            shape = module.weight.shape
            trits = generator.choice([-1, 0, 1], size=tuple(shape), p=[0.29, 0.42, 0.29])
            scale = np.float32(generator.uniform(0.7, 1.3) / np.sqrt(0.58 * shape[1]))
            if case["type"] in (TQ1_0, TQ2_0):
                scale = np.float32(np.float16(scale))
            module.weight.copy_(torch.from_numpy(trits.astype(np.float32)))
            module.weight_scale.fill_(float(scale))
        elif "norm" in name:
            width = module.weight.numel()
            weight = generator.uniform(0.5, 1.5, size=width).astype(np.float32)
            module.weight.copy_(torch.from_numpy(weight))
    embedding = model.model.embed_tokens.weight
    values = generator.normal(0.0, 0.25, size=tuple(embedding.shape)).astype(np.float16)
    embedding.copy_(torch.from_numpy(values.astype(np.float32)))
    model.tie_weights()
    assert model.lm_head.weight.data_ptr() == embedding.data_ptr()
    return model


def model_keys(case):
    arch = case.get("arch", "bitnet-b1.58")
    keys = [
        ("general.architecture", arch),
        ("general.name", case["name"]),
        (f"{arch}.vocab_size", case["vocab"]),
        (f"{arch}.context_length", case["context"]),
        (f"{arch}.embedding_length", case["dim"]),
        (f"{arch}.block_count", case["layers"]),
        (f"{arch}.feed_forward_length", case["ffn"]),
        (f"{arch}.rope.dimension_count", case["dim"] // case["heads"]),
        (f"{arch}.attention.head_count", case["heads"]),
        (f"{arch}.attention.head_count_kv", case["kv_heads"]),
        (f"{arch}.attention.layer_norm_rms_epsilon", 1e-5),
        (f"{arch}.rope.freq_base", case["rope"]),
        ("general.file_type", 40),
        ("general.quantization_version", 2),
    ]
    if "act" in case:
        keys.append((f"{arch}.hidden_act", case["act"]))
    return keys


def model_tensors(case, model):
    embedding = model.model.embed_tokens.weight.numpy()
    yield "token_embd.weight", F16, [case["dim"], case["vocab"]], embedding.astype("f2").tobytes()
    yield vector("output_norm.weight", model.model.norm.weight)
    for index, layer in enumerate(model.model.layers):
        for name, path in NORMS.items():
            yield vector(f"blk.{index}.{name}.weight", layer.get_submodule(path).weight)
        for name, path in LINEARS.items():
            module = layer.get_submodule(path)
            yield from linear_tensors(f"blk.{index}.{name}", module, case["type"])


@torch.no_grad()
def logits_of(model, tokens):
    """One row for each token, and whether each position's activations keep away from edges: those
    of the first three matrices, and all."""
    Watch.calls = []
    rows = model(torch.tensor([tokens])).logits[0].numpy()
    first, every = (torch.stack(calls).amin(0) for calls in (Watch.calls[:3], Watch.calls))
    return rows, (first > EDGE).numpy(), (every > EDGE).numpy()


def expected(case, model, generator):
    """What the reference computes; None when it says nothing (see above)."""
    tokens = [int(token) for token in generator.integers(0, case["vocab"], size=case["tokens"])]
    step = case.get("every", 1)
    rows, first, clear = logits_of(model, tokens)
    if step == 1:
        positions = list(range(len(tokens)))
    else:
        positions = [at for at in range(step - 1, len(tokens), step) if clear[at]]
    if not first.all() or not clear[positions].all() or not clear[-1]:
        return None
    sequence = list(tokens)
    while len(sequence) < len(tokens) + case["greedy"]:
        last, _, clear = logits_of(model, sequence)
        if not clear[-1]:
            return None
        sequence.append(int(last[-1].argmax()))
    keys = [
        ("general.architecture", "expected"),
        ("expected.tokens", tokens),
        ("expected.positions", positions),
        ("expected.greedy", sequence[len(tokens):]),
    ]
    kept = np.ascontiguousarray(rows[positions], np.float32)
    return keys, [("expected.logits", F32, [kept.shape[1], kept.shape[0]], kept.tobytes())]


CASES = [
    dict(name="plain", dim=128, ffn=256, layers=2, heads=4, kv_heads=2, vocab=96, context=128,
         rope=500000.0, type=I2_S, tokens=16, greedy=12),
    dict(name="odd", dim=90, ffn=131, layers=3, heads=5, kv_heads=1, vocab=77, context=64,
         rope=10000.0, type=I8, arch="bitnet-25", tokens=16, greedy=12),
    dict(name="heads", dim=160, ffn=100, layers=1, heads=20, kv_heads=5, vocab=61, context=64,
         rope=500000.0, type=I8, tokens=16, greedy=12),
    dict(name="long", dim=128, ffn=256, layers=1, heads=2, kv_heads=1, vocab=64, context=1024,
         rope=500000.0, type=I2_S, tokens=700, greedy=12, every=50),
    dict(name="tq2", dim=256, ffn=256, layers=1, heads=4, kv_heads=4, vocab=50, context=64,
         rope=10000.0, type=TQ2_0, arch="bitnet", act="relu2", tokens=12, greedy=8),
    dict(name="tq1", dim=256, ffn=256, layers=1, heads=8, kv_heads=2, vocab=50, context=64,
         rope=10000.0, type=TQ1_0, tokens=12, greedy=8),
    dict(name="silu", dim=96, ffn=150, layers=2, heads=6, kv_heads=3, vocab=64, context=64,
         rope=10000.0, type=I8, arch="bitnet", act="silu", tokens=12, greedy=8),
]


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for number, case in enumerate(CASES):
        for seed in range(1000 * number, 1000 * (number + 1)):
            generator = np.random.default_rng(seed)
            model = random_model(case, generator)
            vectors = expected(case, model, generator)
            if vectors is not None:
                break
        else:
            sys.exit(f"{case['name']}: no seed keeps away from edges")
        stem = os.path.join(folder, case["name"])
        write(f"{stem}.gguf", model_keys(case), list(model_tensors(case, model)))
        write(f"{stem}.expected.gguf", *vectors)
        print(f"{case['name']}: seed {seed}, {os.path.getsize(stem + '.gguf')} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
