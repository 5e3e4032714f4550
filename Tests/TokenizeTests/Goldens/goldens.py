"""Writes small tokenizers and what the reference makes of the corpus with them: NAME.json and NAME.cases.jsonl.

Needs Python 3.11, tokenizers 0.23.3 and sentencepiece 0.2.3. Run in this folder as `python goldens.py`. Training breaks
ties as it likes: every run writes other, equally good tokenizers.
"""

import base64
import io
import json
import pathlib

import corpus
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as spm
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CLIP_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
CLIP_PATTERN = r"<\|startoftext\|>|<\|endoftext\|>|" + CLIP_WORDS
CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())


def clip_pipeline(tokenizer, start, end):
    """The parts around CLIP's model, as transformers' CLIPTokenizer has them."""
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CLIP_PATTERN), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", end), ("<|startoftext|>", start), trim_offsets=False, add_prefix_space=False
    )
    return tokenizer


def clip(texts):
    tokenizer = clip_pipeline(Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>")), 0, 1)
    trainer = trainers.BpeTrainer(
        vocab_size=800,
        special_tokens=["<|startoftext|>", "<|endoftext|>"],
        initial_alphabet=ALPHABET,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def roberta(texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    mask = AddedToken("<mask>", lstrip=True, special=True)
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", mask],
        initial_alphabet=ALPHABET,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.add_tokens([AddedToken("extra", single_word=True), AddedToken("new word", rstrip=True)])
    return tokenizer


def bert(texts):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=600, special_tokens=specials, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    ids = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ids)
    return tokenizer


def sentencepiece_model(texts, **options):
    """A trained sentencepiece model as its protocol buffer."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=written, minloglevel=2, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        **options,
    )
    model = spm.ModelProto()
    model.ParseFromString(written.getvalue())
    return model


def unigram_pipeline(model):
    """A sentencepiece model as T5's and SigLIP's converted files have it."""
    pieces = [(piece.piece, piece.score) for piece in model.pieces]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    charsmap = model.normalizer_spec.precompiled_charsmap
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Precompiled(charsmap), normalizers.Strip(left=False, right=True),
         normalizers.Replace(Regex(" {2,}"), "▁")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.add_special_tokens(["<pad>", "</s>", "<unk>"])
    return tokenizer


def unigram(texts):
    spaces = [(mark, "20") for mark in ("9", "A", "D", "D A", "A0", "3000")]
    letters = [("41", "61"), ("FB01", "66 69"), ("FF21", "41"), ("65 301", "E9"), ("AD", "")]
    letters.append(("1F44D 1F3FD", "79 65 73"))
    path = pathlib.Path("rules.tsv")
    path.write_text("".join("\t".join(rule) + "\n" for rule in letters + spaces))
    model = sentencepiece_model(texts, vocab_size=350, normalization_rule_tsv=str(path), character_coverage=0.98)
    path.unlink()
    return unigram_pipeline(model)


def gemma(texts):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", behavior="merged_with_previous")
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=800, special_tokens=specials + [f"<0x{n:02X}>" for n in range(256)], limit_alphabet=90,
        show_progress=False, max_token_length=12,
    )
    tokenizer.train_from_iterator([word for text in texts for word in (" " + text).split(" ")], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", special_tokens=[("<bos>", 2), ("<eos>", 1)]
    )
    return tokenizer


def probe(normalizer=None, pre_tokenizer=None):
    """A tokenizer whose ids are the bytes of what it was given after normalizing, 256 more at the end of a piece."""
    letters = dict(zip(sorted(ALPHABET), range(256)))
    vocabulary = letters | {letter + "$": number + 256 for letter, number in letters.items()}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], end_of_word_suffix="$"))
    if normalizer:
        tokenizer.normalizer = normalizer
    parts = [pre_tokenizer] if pre_tokenizer else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        parts + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    return tokenizer


PUNCTUATION = Regex(r"[!\"\#\$%&'\(\)\*\+,\-\./:;<=>\?@\[\\\]\^_`\{\|\}\~]")


def probes():
    """Every normalizer and pre-tokenizer by itself."""
    n, p = normalizers, pre_tokenizers
    yield from {
        "nfc": probe(n.NFC()), "nfd": probe(n.NFD()), "nfkc": probe(n.NFKC()), "nfkd": probe(n.NFKD()),
        "lowercase": probe(n.Lowercase()), "strip": probe(n.Strip()), "strip_left": probe(n.Strip(right=False)),
        "strip_accents": probe(n.Sequence([n.NFD(), n.StripAccents()])), "prepend": probe(n.Prepend("▁")),
        "replace_spaces": probe(n.Replace(Regex(r"\s+"), " ")), "replace_literal": probe(n.Replace("aa", "b")),
        "replace_punctuation": probe(n.Replace(PUNCTUATION, "")),
        "byte_level_normalizer": probe(n.ByteLevel()),
        "bert_cased": probe(n.BertNormalizer(lowercase=False)),
        "bert_plain": probe(n.BertNormalizer(False, False, False, False)),
        "bert_accents": probe(n.BertNormalizer(strip_accents=False)),
        "whitespace": probe(None, p.Whitespace()), "whitespace_split": probe(None, p.WhitespaceSplit()),
        "bert_split": probe(None, p.BertPreTokenizer()), "punctuation": probe(None, p.Punctuation()),
        "punctuation_contiguous": probe(None, p.Punctuation("contiguous")),
        "punctuation_previous": probe(None, p.Punctuation("merged_with_previous")),
        "punctuation_next": probe(None, p.Punctuation("merged_with_next")),
        "punctuation_removed": probe(None, p.Punctuation("removed")),
        "digits": probe(None, p.Digits()), "digits_single": probe(None, p.Digits(individual_digits=True)),
        "gpt2": probe(None, p.ByteLevel(add_prefix_space=True)),
        "clip_split": probe(None, p.Split(Regex(CLIP_PATTERN), "removed", True)),
        "cl100k": probe(None, p.Split(Regex(CL100K), "isolated")),
        "qwen2": probe(None, p.Split(Regex(CL100K.replace("{1,3}", "")), "isolated")),
        "split_literal": probe(None, p.Split("a", "merged_with_next")),
        "metaspace": probe(None, p.Metaspace()),
        "metaspace_first": probe(n.Strip(), p.Metaspace(prepend_scheme="first")),
        "metaspace_first_split": probe(None, p.Sequence([p.Digits(), p.Metaspace(prepend_scheme="first")])),
        "metaspace_whole": probe(None, p.Metaspace(prepend_scheme="never", split=False)),
    }.items()


def families():
    texts = corpus.training()
    yield from {
        "clip": clip(texts), "roberta": roberta(texts), "bert": bert(texts), "unigram": unigram(texts),
        "gemma": gemma(texts),
    }.items()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def cases(tokenizer, texts, limit=None):
    tokenizer.no_padding()
    tokenizer.no_truncation() if limit is None else tokenizer.enable_truncation(limit)
    told = {"limit": limit} if limit else {}
    return [{"text": text, "ids": tokenizer.encode(text).ids} | told for text in texts]


def write(folder, name, tokenizer, all_cases):
    (folder / f"{name}.json").write_text(compact(json.loads(tokenizer.to_str())))
    (folder / f"{name}.cases.jsonl").write_text("".join(compact(case) + "\n" for case in all_cases))


def write_probes(file, texts):
    """One file: the model that all share, then per line a name, the other parts and the cases."""
    file.write(compact(json.loads(probe().to_str())["model"]) + "\n")
    for name, tokenizer in probes():
        parts = {key: json.loads(tokenizer.to_str())[key] for key in ("normalizer", "pre_tokenizer")}
        file.write("\t".join([name, compact(parts), compact(cases(tokenizer, texts))]) + "\n")


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    for name, tokenizer in families():
        texts = corpus.plain() + list(corpus.shuffled(20))
        write(here, name, tokenizer, cases(tokenizer, texts) + cases(tokenizer, texts[:20], 8))
    with open(here / "probes.tsv", "w") as file:
        write_probes(file, corpus.PROBES)
