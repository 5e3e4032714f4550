"""Makes the goldens of the sound and text families from transformers 5.23.0 and torch 2.13.0:

    python sound_and_text.py        writes the folders bert…, clap…, whisper and ast beside itself

CLAP is only asked about clips of up to its window, with is_longer false: beyond, and for fused batches, its reference
draws lots. AST's features are those that transformers computes without torchaudio.
"""

import pathlib

import numpy as np
import torch

# PyPI's torchvision cannot be imported beside the CPU build of torch unless these operators exist.
LIBRARY = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    LIBRARY.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import tokenizers  # noqa: E402
import transformers  # noqa: E402
from checkpoints import Case, randomise  # noqa: E402

TEXTS = [
    "A dog barks twice, then it rains.",
    "the",
    "Über den Dächern: naïve café — 3,14 / 42!",
    "waves break on a beach while somebody plays the piano, slowly, and a dog barks at the rain " * 3,
    "",
]

def sound(seconds, rate, seed):
    """Noise, tones and a pause."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    wave = 0.05 * random.standard_normal(time.size) + 0.3 * np.sin(2 * np.pi * 440 * time * (1 + 0.2 * time))
    wave += 0.2 * np.sin(2 * np.pi * 0.21 * rate * time)
    wave[time.size // 2 : time.size // 2 + time.size // 10] *= 1e-3
    return wave.astype("<f4")


def add_sounds(case, sounds, expected):
    case.add("audio", [{"file": case.raw(samples, "f32")} for samples in sounds], expected)


# ---------------------------------------------------------------- tokenizers


def word_pieces(folder):
    """A WordPiece tokenizer of some seventy tokens."""
    words = "a dog barks twice then it rain ##s the waves break on beach piano plays slow ##ly cafe".split()
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *",.:/!—", *"abcdefghijklmnopqrstuvwxyz0123456789"]
    pieces += [f"##{letter}" for letter in "abcdefghijklmnoprtuvwyz"]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = tokenizers.BertWordPieceTokenizer(vocabulary)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer, len(vocabulary)


def byte_pairs(folder):
    """RoBERTa's kind of tokenizer, trained on the texts above."""
    tokenizer = tokenizers.ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(
        TEXTS, vocab_size=300, min_frequency=1, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = tokenizers.processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer, tokenizer.get_vocab_size()


def ids_of(tokenizer, text, limit):
    tokenizer.enable_truncation(limit)
    return torch.tensor([tokenizer.encode(text).ids])


# ---------------------------------------------------------------- families


@torch.inference_mode()
def bert_vectors(model, tokenizer, limit, pool):
    """pool: of the last hidden states [tokens, D]."""
    states = [model(ids_of(tokenizer, text, limit)).last_hidden_state[0] for text in TEXTS]
    return np.stack([pool(state).numpy() for state in states])


def bert(folder, seed=1, pool="mean_tokens", **sizes):
    """As sentence-transformers lay it out. pool: mean_tokens or cls_token."""
    case = Case(folder)
    (case.folder / "1_Pooling").mkdir(exist_ok=True)
    tokenizer, size = word_pieces(case.folder)
    model = transformers.BertModel(transformers.BertConfig(vocab_size=size, **sizes), add_pooling_layer=False)
    randomise(model, seed).save_pretrained(folder)
    modes = ("mean_tokens", "cls_token", "max_tokens")
    case.write("1_Pooling/config.json", {f"pooling_mode_{mode}": mode == pool for mode in modes})
    case.write("sentence_bert_config.json", {"max_seq_length": 24})
    take = (lambda state: state.mean(0)) if pool == "mean_tokens" else (lambda state: state[0])
    case.texts(TEXTS, bert_vectors(model, tokenizer, 24, take))
    case.close()


@torch.inference_mode()
def clap(folder, seed=2, lengths=(1, 0.3), extractor=None, audio=None, text=None, **sizes):
    """lengths: of the clips, in windows."""
    case = Case(folder)
    tokenizer, size = byte_pairs(case.folder)
    extractor = transformers.ClapFeatureExtractor(**(extractor or {}))
    extractor.save_pretrained(folder)
    text = {"vocab_size": size, **(text or {})}
    config = transformers.ClapConfig(audio_config=audio or {}, text_config=text, **sizes)
    model = randomise(transformers.ClapModel(config), seed)
    # Statistics of decibels.
    model.audio_model.audio_encoder.batch_norm.running_mean.mul_(20).sub_(30)
    model.audio_model.audio_encoder.batch_norm.running_var.mul_(100)
    model.save_pretrained(folder)
    clips = [
        sound(length * extractor.max_length_s, extractor.sampling_rate, seed + index)
        for index, length in enumerate(lengths)]
    vectors = []
    for clip in clips:
        features = extractor(clip, sampling_rate=extractor.sampling_rate, return_tensors="pt")["input_features"]
        pooled = model.audio_model(input_features=features.float(), is_longer=torch.tensor([[False]])).pooler_output
        vectors.append(model.audio_projection(pooled)[0].numpy())
    add_sounds(case, clips, vectors)
    limit = config.text_config.max_position_embeddings - 2
    texts = [model.text_model(ids_of(tokenizer, text, limit)).pooler_output for text in TEXTS]
    case.texts(TEXTS, [model.text_projection(pooled)[0].numpy() for pooled in texts])
    case.close()


@torch.inference_mode()
def whisper_vectors(encoder, extractor, sounds):
    """[windows · seconds, D]: the means of the frames of each second."""
    vectors = []
    for samples in sounds:
        features = extractor(samples, sampling_rate=16000, return_tensors="pt")["input_features"]
        frames = encoder(features).last_hidden_state[0]
        vectors.append(frames.reshape(extractor.chunk_length, -1, frames.shape[-1]).mean(1).numpy())
    return np.concatenate(vectors)


def whisper(folder, seed=3, lengths=(1, 0.6), extractor=None, **sizes):
    case = Case(folder)
    extractor = transformers.WhisperFeatureExtractor(**(extractor or {}))
    extractor.save_pretrained(folder)
    model = randomise(transformers.WhisperModel(whisper_config(**sizes)), seed)
    model.save_pretrained(folder)
    sounds = [sound(length * extractor.chunk_length, 16000, seed + index) for index, length in enumerate(lengths)]
    add_sounds(case, sounds, whisper_vectors(model.encoder, extractor, sounds))
    case.close()


def whisper_config(**sizes):
    """With next to no decoder: it is not asked for."""
    return transformers.WhisperConfig(
        decoder_layers=1, decoder_ffn_dim=4, vocab_size=8, max_target_positions=4, pad_token_id=0, bos_token_id=0,
        eos_token_id=0, decoder_start_token_id=0, **sizes)


@torch.inference_mode()
def ast(folder, seed=4, lengths=(1, 0.4), extractor=None, **sizes):
    case = Case(folder)
    extractor = transformers.ASTFeatureExtractor(**(extractor or {}))
    extractor.save_pretrained(folder)
    model = randomise(transformers.ASTModel(transformers.ASTConfig(**sizes)), seed)
    model.save_pretrained(folder)
    seconds = extractor.max_length / 100
    sounds = [sound(length * seconds, 16000, seed + index) for index, length in enumerate(lengths)]
    features = [extractor(samples, sampling_rate=16000, return_tensors="pt")["input_values"] for samples in sounds]
    add_sounds(case, sounds, [model(value).pooler_output[0].numpy() for value in features])
    case.close()


# ---------------------------------------------------------------- the small ones

SMALL_CLAP = dict(
    extractor=dict(
        sampling_rate=4000, max_length_s=1, hop_length=32, fft_window_size=256, feature_size=32, frequency_min=50,
        frequency_max=2000, truncation="rand_trunc"),
    audio=dict(
        spec_size=64, num_mel_bins=32, window_size=2, patch_embeds_hidden_size=4, hidden_size=32,
        num_attention_heads=[1, 2, 2, 4], depths=[2, 3, 2, 2], mlp_ratio=2.0),
    text=dict(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=40),
    projection_dim=12)


def write_small(root):
    sizes = dict(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40, max_position_embeddings=32)
    bert(root / "bert", **sizes)
    bert(root / "bert-first-token", seed=11, pool="cls_token", hidden_act="relu", **sizes)
    clap(root / "clap", **SMALL_CLAP)
    fused = {**SMALL_CLAP, "extractor": {**SMALL_CLAP["extractor"], "truncation": "fusion", "padding": "repeat"}}
    fused["audio"] = {**SMALL_CLAP["audio"], "enable_fusion": True, "aff_block_r": 2}
    clap(root / "clap-fused", seed=22, **fused)
    whisper(
        root / "whisper", extractor=dict(chunk_length=2, feature_size=20), d_model=16, encoder_layers=2,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32, num_mel_bins=20,
        max_source_positions=100)
    ast(
        root / "ast", extractor=dict(max_length=64, num_mel_bins=32), max_length=64, num_mel_bins=32, patch_size=8,
        frequency_stride=5, time_stride=6, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32)


if __name__ == "__main__":
    write_small(pathlib.Path(__file__).parent)
