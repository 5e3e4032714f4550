"""Makes the goldens of the picture families from transformers 5.23.0, torch 2.13.0 and torchvision 0.28.0:

    python vision.py        writes the folders clip…, siglip…, efficientnet-lite0 and resize beside itself
"""
import json
import pathlib
import string
import sys

import numpy as np
import torch
import torchvision_operators  # noqa: F401
from PIL import Image  # noqa: E402
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: E402
from torchvision.transforms import InterpolationMode  # noqa: E402
from torchvision.transforms.v2 import functional as tv  # noqa: E402
from transformers import (  # noqa: E402
    CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPVisionConfig, CLIPVisionModelWithProjection, Siglip2Config,
    Siglip2ImageProcessor, Siglip2Model, SiglipConfig, SiglipImageProcessor, SiglipModel)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil  # noqa: E402
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil  # noqa: E402

import efficientnet  # noqa: E402
from checkpoints import Case, picture, randomise  # noqa: E402

HERE = pathlib.Path(__file__).parent
TEXTS = ["A cat, and a dog!", "it's", "", "naïve CAFÉ at night " * 12]
VISION = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4)
TEXT = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2)


def byte_alphabet():
    return sorted(pre_tokenizers.ByteLevel.alphabet())


def clip_tokenizer(folder):
    letters = byte_alphabet()
    merges = [("c", "a"), ("ca", "t</w>"), ("a", "n"), ("an", "d</w>"), ("d", "o"), ("n", "i"), ("ni", "g")]
    tokens = letters + [letter + "</w>" for letter in letters] + [a + b for a, b in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    ids = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(
        vocab=ids, merges=merges, continuing_subword_prefix="", end_of_word_suffix="</w>", fuse_unk=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(pattern=regex(r"\s+"), content=" "), normalizers.Lowercase()])
    words = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(regex(words), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    begin, end = ids["<|startoftext|>"], ids["<|endoftext|>"]
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", end), ("<|startoftext|>", begin), trim_offsets=False, add_prefix_space=False)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer, begin, end


def regex(pattern):
    from tokenizers import Regex
    return Regex(pattern)


def siglip_tokenizer(folder):
    """A unigram model with the class's own canonical text: SigLIP 1."""
    pieces = [("<unk>", 0.0), ("</s>", 0.0)] + [("▁", -3.0), ("▁a", -2.0), ("▁cat", -2.5), ("dog", -2.6)]
    pieces += [(letter, -4.0 - 0.01 * n) for n, letter in enumerate(string.ascii_lowercase + "ïé")]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def canonical(text):
    return " ".join(text.lower().translate(str.maketrans("", "", string.punctuation)).split())


def gemma_tokenizer(folder):
    """Byte pairs with bytes to fall back on: SigLIP 2."""
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    merges = [("c", "a"), ("ca", "t"), ("▁", "a"), ("d", "o"), ("do", "g")]
    tokens = specials + fallback + ["▁"] + list(string.ascii_lowercase) + [a + b for a, b in merges]
    tokenizer = Tokenizer(models.BPE(
        vocab={token: index for index, token in enumerate(tokens)}, merges=merges, fuse_unk=True, unk_token="<unk>",
        byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern=" ", behavior="merged_with_previous")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def truncated(tokenizer, text, limit):
    tokenizer.enable_truncation(limit)
    return tokenizer.encode(text).ids


def padded(tokenizer, text, limit, padding):
    ids = truncated(tokenizer, text, limit)
    return ids + [padding] * (limit - len(ids))


@torch.inference_mode()
def image_vectors(model, processor, pictures):
    return np.concatenate([
        model.get_image_features(**doubled(processor(Image.fromarray(one), return_tensors="pt"))).pooler_output.numpy()
        for one in pictures])


def save_processor(processor, case):
    """transformers leaves the backend's name out; put back, it says whose samples these are."""
    processor.save_pretrained(case.folder)
    path = case.folder / "preprocessor_config.json"
    case.write(path.name, dict(json.loads(path.read_text()), image_processor_type=type(processor).__name__))


def doubled(inputs):
    inputs["pixel_values"] = inputs["pixel_values"].double()
    return dict(inputs)


@torch.inference_mode()
def text_vectors(model, rows):
    return np.concatenate([
        model.get_text_features(input_ids=torch.tensor([ids])).pooler_output.numpy() for ids in rows])


def clip(folder, processor, pictures, vision=VISION, text=TEXT, image=32, patch=8, dimensions=20, limit=20, **more):
    """OpenAI's way, or OpenCLIP's with `hidden_act` and an end by its id."""
    case = Case(folder)
    tokenizer, begin, end = clip_tokenizer(case.folder)
    shared = {key: more[key] for key in ("hidden_act",) if key in more}
    config = CLIPConfig(
        vision_config=dict(vision, image_size=image, patch_size=patch, **shared),
        text_config=dict(
            text, vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=limit, bos_token_id=begin,
            eos_token_id=more.get("end", end), **shared), projection_dim=dimensions)
    model = randomise(CLIPModel(config), seed=1)
    model.save_pretrained(case.folder)
    save_processor(processor, case)
    model.double()
    case.pictures(pictures, image_vectors(model, processor, pictures))
    case.texts(TEXTS, text_vectors(model, [truncated(tokenizer, one, limit) for one in TEXTS]))
    case.close()


def clip_vision_alone(folder, pictures):
    """A tower saved alone, without prefix, with an old processor file."""
    case = Case(folder)
    config = CLIPVisionConfig(**VISION, image_size=32, patch_size=8, projection_dim=12)
    model = randomise(CLIPVisionModelWithProjection(config), seed=2)
    model.save_pretrained(case.folder)
    old = dict(size=32, crop_size=32, resample=3, do_resize=True, do_center_crop=True, do_normalize=True,
               feature_extractor_type="CLIPFeatureExtractor", image_mean=[0.48145466, 0.4578275, 0.40821073],
               image_std=[0.26862954, 0.26130258, 0.27577711])
    case.write("preprocessor_config.json", old)
    processor = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    model.double()
    with torch.inference_mode():
        vectors = [model(**doubled(processor(Image.fromarray(one), return_tensors="pt"))).image_embeds.numpy()
                   for one in pictures]
    case.pictures(pictures, np.concatenate(vectors))
    case.close()


def siglip(folder, processor, pictures, second, vision=VISION, text=TEXT, image=32, patch=8, limit=24):
    """Both generations of fixed resolution; a projection of its own size with the second."""
    case = Case(folder)
    tokenizer = gemma_tokenizer(case.folder) if second else siglip_tokenizer(case.folder)
    case.write("tokenizer_config.json", dict(tokenizer_class="GemmaTokenizer", pad_token="<pad>") if second else dict(
        tokenizer_class="SiglipTokenizer", pad_token={"content": "</s>"}))
    config = SiglipConfig(
        vision_config=dict(vision, image_size=image, patch_size=patch),
        text_config=dict(
            text, vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=limit,
            projection_size=vision["hidden_size"]))
    model = randomise(SiglipModel(config), seed=3)
    model.save_pretrained(case.folder)
    save_processor(processor, case)
    finish_siglip(case, model, processor, pictures, tokenizer, limit, second)


def naflex(folder, pictures, vision=VISION, text=TEXT, patch=8, side=4, most=24, limit=24):
    case = Case(folder)
    tokenizer = gemma_tokenizer(case.folder)
    case.write("tokenizer_config.json", dict(tokenizer_class="Siglip2Tokenizer", pad_token="<pad>"))
    config = Siglip2Config(
        vision_config=dict(vision, patch_size=patch, num_patches=side * side),
        text_config=dict(
            text, vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=limit,
            projection_size=vision["hidden_size"]))
    model = randomise(Siglip2Model(config), seed=4)
    model.save_pretrained(case.folder)
    processor = Siglip2ImageProcessor(patch_size=patch, max_num_patches=most)
    save_processor(processor, case)
    finish_siglip(case, model, processor, pictures, tokenizer, limit, True)


def finish_siglip(case, model, processor, pictures, tokenizer, limit, second):
    model.double()
    case.pictures(pictures, image_vectors(model, processor, pictures))
    prepare, padding = (str.lower, 0) if second else (canonical, 1)
    rows = [padded(tokenizer, prepare(one), limit, padding) for one in TEXTS]
    case.texts(TEXTS, text_vectors(model, rows))
    case.close()


def resize(folder):
    """What Pillow and torchvision make of pictures, sample by sample."""
    folder.mkdir(exist_ok=True)
    cases = []
    filters = {"bicubic": (Image.BICUBIC, InterpolationMode.BICUBIC),
               "bilinear": (Image.BILINEAR, InterpolationMode.BILINEAR)}
    for number, (width, height, to_width, to_height) in enumerate(
            [(97, 61, 32, 32), (40, 70, 24, 42), (11, 13, 29, 31), (300, 9, 17, 9), (5, 120, 5, 30), (1, 1, 6, 4),
             (40, 77, 32, 32)]):
        pixels = np.random.default_rng(number).integers(0, 256, (height, width, 3)).astype("uint8")
        pixels.tofile(folder / f"{number}.rgb")
        for name, (pillow, torchvision) in filters.items():
            planes = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
            made = {
                "pillow": np.asarray(Image.fromarray(pixels).resize((to_width, to_height), pillow)),
                "torchvision": tv.resize(planes, [to_height, to_width], interpolation=torchvision, antialias=True)
                .permute(1, 2, 0).numpy()}
            for backend, result in made.items():
                expected = f"{number}-{name}-{backend}.rgb"
                np.ascontiguousarray(result).tofile(folder / expected)
                cases.append(dict(
                    file=f"{number}.rgb", width=width, height=height, toWidth=to_width, toHeight=to_height,
                    filter=name, backend=backend, expected=expected))
    (folder / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


def main():
    pictures = [picture(61, 47, 1), picture(40, 77, 2), picture(30, 32, 3)]
    crop = dict(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    wide = dict(size={"shortest_edge": 27}, crop_size={"height": 32, "width": 32})
    clip(HERE / "clip", CLIPImageProcessor(**crop), pictures, end=2)
    clip(HERE / "clip-gelu-pillow", CLIPImageProcessorPil(**crop), pictures, hidden_act="gelu")
    clip(HERE / "clip-bordered", CLIPImageProcessor(**wide), pictures)
    clip(HERE / "clip-bordered-pillow", CLIPImageProcessorPil(**wide), pictures)
    clip_vision_alone(HERE / "clip-vision", pictures)
    exact = dict(size={"height": 32, "width": 32})
    siglip(HERE / "siglip", SiglipImageProcessor(**exact), pictures, second=False)
    siglip(HERE / "siglip-2", SiglipImageProcessorPil(**exact, resample=2), pictures, second=True)
    naflex(HERE / "siglip2-naflex", pictures + [picture(90, 17, 4)])
    efficientnet.case(HERE / "efficientnet-lite0", pictures, efficientnet.TINY)
    resize(HERE / "resize")


if __name__ == "__main__":
    sys.exit(main())
